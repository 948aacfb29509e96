//! The way through a tokenizer.json in which nothing is odd: strings and numbers are read where they
//! stand. At anything else it gives up, and [`stream`](super::stream) reads the file again and says
//! what is wrong.

use super::json::skip_value;
use super::stream::{Document, RawMerges, RawModel, RawVocab, TOP_LEVEL};
use crate::spec::Vocab;

/// A position in the text.
struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

/// The document, or `None` where the text is not plain.
pub(super) fn document(text: &str) -> Option<Document> {
    let mut cursor = Cursor { text, at: 0 };
    let mut document = Document::default();
    cursor.space();
    cursor.object(|cursor, key| {
        if key == "model" {
            document.model = Some(cursor.model()?);
        } else if TOP_LEVEL.contains(&key) || key == "role_to_token" {
            document.members.insert(key.to_owned(), cursor.value()?);
        } else {
            return None;
        }
        Some(())
    })?;
    cursor.space();
    (cursor.at == text.len()).then_some(document)
}

impl<'t> Cursor<'t> {
    fn bytes(&self) -> &'t [u8] {
        &self.text.as_bytes()[self.at..]
    }

    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline(always)]
    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// The byte, and white space behind it.
    #[inline(always)]
    fn take(&mut self, byte: u8) -> Option<()> {
        if self.peek() != Some(byte) {
            return None;
        }
        self.at += 1;
        self.space();
        Some(())
    }

    /// A comma, and `true`; or the byte that ends the list.
    #[inline(always)]
    fn more(&mut self, end: u8) -> Option<bool> {
        self.space();
        match self.peek()? {
            b',' => self.take(b',').map(|()| true),
            byte if byte == end => {
                self.at += 1;
                Some(false)
            }
            _ => None,
        }
    }

    /// The members of an object; `read` leaves the cursor behind the value.
    fn object(&mut self, mut read: impl FnMut(&mut Self, &str) -> Option<()>) -> Option<()> {
        self.take(b'{')?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Some(());
        }
        loop {
            let start = self.at + 1;
            let end = self.plain()?;
            let key = self.text.get(start..end)?;
            self.space();
            self.take(b':')?;
            read(self, key)?;
            if !self.more(b'}')? {
                return Some(());
            }
        }
    }

    /// Any value.
    fn value<T: serde_core::de::DeserializeOwned>(&mut self) -> Option<T> {
        let end = skip_value(self.text, self.at)?;
        let value = serde_json::from_str(self.text.get(self.at..end)?).ok()?;
        self.at = end;
        Some(value)
    }

    /// The end of a string's text, if it has no escapes; the cursor is then behind it.
    fn plain(&mut self) -> Option<usize> {
        if self.peek() != Some(b'"') {
            return None;
        }
        let end = self.at + 1 + plain_len(&self.bytes()[1..]);
        if self.text.as_bytes().get(end) != Some(&b'"') {
            return None;
        }
        self.at = end + 1;
        Some(end)
    }

    /// Appends the text of a string.
    #[inline(always)]
    fn string(&mut self, to: &mut Vec<u8>) -> Option<()> {
        if self.peek() != Some(b'"') {
            return None;
        }
        let bytes = &self.bytes()[1..];
        let len = plain_len(bytes);
        if bytes.get(len) != Some(&b'"') {
            return self.escaped(to);
        }
        to.extend_from_slice(&bytes[..len]);
        self.at += len + 2;
        Some(())
    }

    /// The same for a string with escapes.
    #[cold]
    fn escaped(&mut self, to: &mut Vec<u8>) -> Option<()> {
        let text: String = self.value()?;
        to.extend_from_slice(text.as_bytes());
        Some(())
    }

    /// A whole number up to `u32::MAX`.
    #[inline(always)]
    fn id(&mut self) -> Option<u32> {
        let bytes = self.bytes();
        let len = bytes.iter().take(11).take_while(|byte| byte.is_ascii_digit()).count();
        let number = bytes[..len].iter().fold(0, |sum, byte| sum * 10 + u64::from(byte - b'0'));
        let odd = len == 0
            || len > 1 && bytes[0] == b'0'
            || matches!(bytes.get(len), Some(b'.' | b'e' | b'E'));
        self.at += len;
        if odd { None } else { u32::try_from(number).ok() }
    }

    /// A number, as serde_json reads it.
    fn number(&mut self) -> Option<f64> {
        if !matches!(self.peek()?, b'-' | b'0'..=b'9') {
            return None;
        }
        self.value()
    }

    fn model(&mut self) -> Option<RawModel> {
        let mut model = RawModel::default();
        self.object(|cursor, key| {
            match key {
                "vocab" => model.vocab = Some(cursor.vocab()?),
                "merges" => model.merges = Some(cursor.merges()?),
                _ => _ = model.members.insert(key.to_owned(), cursor.value()?),
            }
            Some(())
        })?;
        Some(model)
    }

    fn vocab(&mut self) -> Option<RawVocab> {
        if self.peek() == Some(b'[') {
            return self.pieces().map(RawVocab::List);
        }
        // Entries take more than this in the file; what is not used is not touched.
        let len = self.text.len() - self.at;
        let mut vocab = Vocab::with_capacity(len / 16, len / 2);
        self.take(b'{')?;
        if self.peek() == Some(b'}') {
            return None;
        }
        loop {
            self.string(vocab.bytes())?;
            self.space();
            self.take(b':')?;
            let id = self.id()?;
            vocab.end(id);
            if !self.more(b'}')? {
                return Some(RawVocab::Map(vocab));
            }
        }
    }

    fn pieces(&mut self) -> Option<Vec<(String, f64)>> {
        let mut pieces = Vec::with_capacity((self.text.len() - self.at) / 32);
        self.take(b'[')?;
        loop {
            self.take(b'[')?;
            let start = self.at;
            let piece = match self.plain() {
                Some(end) => self.text.get(start + 1..end)?.to_owned(),
                None => self.value()?,
            };
            self.space();
            self.take(b',')?;
            pieces.push((piece, self.number()?));
            self.space();
            self.take(b']')?;
            if !self.more(b']')? {
                return Some(pieces);
            }
        }
    }

    fn merges(&mut self) -> Option<RawMerges> {
        let len = self.text.len() - self.at;
        let mut merges = RawMerges::with_capacity(len / 16, len / 2);
        self.take(b'[')?;
        if self.peek() == Some(b']') {
            return None;
        }
        let is_pair = self.peek() == Some(b'[');
        loop {
            let start = merges.text().len();
            if is_pair {
                self.take(b'[')?;
                self.string(merges.text())?;
                let middle = merges.text().len();
                self.space();
                self.take(b',')?;
                self.string(merges.text())?;
                self.space();
                self.take(b']')?;
                merges.push_pair(middle);
            } else {
                self.string(merges.text())?;
                merges.push_line(start).ok()?;
            }
            if !self.more(b']')? {
                return Some(merges.of_form(is_pair));
            }
        }
    }
}

/// How many bytes stand before a quote, a backslash or a control character.
#[inline(always)]
fn plain_len(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // The lowest byte that is found is right; what is borrowed goes up.
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let mut at = 0;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let quote = zero(word ^ (ONES * b'"' as u64));
        let escape = zero(word ^ (ONES * b'\\' as u64));
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let found = (quote | escape | control) & HIGH;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|&&byte| byte >= 0x20 && byte != b'"' && byte != b'\\').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_end_where_they_end() {
        for end in [b'"', b'\\', 0, 0x1F] {
            for len in 0..40 {
                let mut bytes: Vec<u8> =
                    (0..len).map(|at| [b' ', 0xC3, 0x80, b'z'][at % 4]).collect();
                assert_eq!(plain_len(&bytes), len);
                bytes.extend([end, b'a', b'"', 1, b'\\', 0xFF, 0xFF, 0xFF, 0xFF]);
                assert_eq!(plain_len(&bytes), len);
            }
        }
    }

    /// What is read here is what the other reader reads.
    #[test]
    fn agrees_with_the_other_reader() {
        let plain = [
            r#"{"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}"#,
            " {\n\"version\" : \"1.0\" , \"model\" : { \"vocab\" : { \"a\\\"\" : 10 , \"\" : 4294967295 } , \
             \"merges\" : [ [ \"a\\u00e9\" , \"b\" ] , [\"c d\",\"\"] ] , \"x\" : [1, {\"y\": null}] } }\r\n",
            r#"{"model":{"vocab":[["a",-1.5],["é",0],["\n",-3e2],["b",12345678901234567890]]}}"#,
            r##"{"model":{"vocab":{"a":0},"vocab":{"b":1},"merges":["#version: 2","a b"]},"padding":null}"##,
            r#"{}"#,
        ];
        let odd = [
            r#"{"model":{"vocab":{"a":01}}}"#,
            r#"{"model":{"vocab":{"a":1.0}}}"#,
            r#"{"model":{"vocab":{"a":4294967296}}}"#,
            r#"{"model":{"vocab":{"a":-1}}}"#,
            r#"{"model":{"vocab":{"a":0,}}}"#,
            r#"{"model":{"vocab":{}}}"#,
            r#"{"model":{"vocab":[]}}"#,
            r#"{"model":{"vocab":[["a",true]]}}"#,
            r#"{"model":{"vocab":[["a",1,2]]}}"#,
            r#"{"model":{"vocab":{"a":0},"merges":["a b",["a","b"]]}}"#,
            r#"{"model":{"vocab":{"a":0},"merges":["a  b"]}}"#,
            r#"{"model":{"vocab":{"a":0},"merges":5}}"#,
            "{\"model\":{\"vocab\":{\"a\u{1}\":0}}}",
            r#"{"other":1}"#,
            r#"{"model":{}} x"#,
            r#"{"model":{"vocab":{"a":0}}"#,
            "",
        ];
        let same = |text: &str| {
            let fast = document(text)?;
            let slow = super::super::stream::read::<Document>(text).expect("it is right");
            assert_eq!(format!("{fast:?}"), format!("{slow:?}"), "{text}");
            Some(())
        };
        for text in plain {
            assert!(same(text).is_some(), "{text}");
            // Where it ends too early, or a byte is another one, it is odd or it is the same.
            for at in (0..text.trim_end().len()).filter(|&at| text.is_char_boundary(at)) {
                assert!(same(&text[..at]).is_none());
                for other in ["\"", "\\", ",", "]", "}", "0", " ", "e", "."] {
                    let rest = text[at..].chars().next().map_or(0, char::len_utf8);
                    _ = same(&[&text[..at], other, &text[at + rest..]].concat());
                }
            }
        }
        for text in odd {
            assert!(document(text).is_none(), "{text}");
        }
    }
}
