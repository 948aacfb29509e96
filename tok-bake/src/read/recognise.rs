//! File formats, told apart by content; names of files play no part.

use std::fmt;

use super::{clip, gguf, json::top_level};

/// A format that a file may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// tokenizer.json of HuggingFace `tokenizers`.
    TokenizerJson,
    /// Ranks in base64, one per line.
    Tiktoken,
    /// An object of token: id.
    VocabJson,
    /// Two tokens per line.
    MergesTxt,
    /// A blob that comptok has baked.
    Blob,
    /// A model of SentencePiece.
    SentencePiece,
    /// Mistral's tekken.json.
    TekkenJson,
    /// One token per line.
    VocabTxt,
    /// CLIP's merges.
    ClipBpe,
    /// A file of llama.cpp.
    Gguf,
    /// Something compressed with gzip.
    Gzip,
    /// None of these.
    Unknown,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TokenizerJson => "tokenizer.json",
            Self::Tiktoken => "tiktoken ranks",
            Self::VocabJson => "vocab.json",
            Self::MergesTxt => "merges.txt",
            Self::Blob => "comptok blob",
            Self::SentencePiece => "SentencePiece model",
            Self::TekkenJson => "tekken.json",
            Self::VocabTxt => "vocab.txt",
            Self::ClipBpe => "CLIP's merges",
            Self::Gguf => "GGUF",
            Self::Gzip => "gzip",
            Self::Unknown => "unknown format",
        })
    }
}

/// Lines of a text file that are looked at.
const LINES: usize = 50;

/// Recognises the format of a file from its content.
pub fn recognise(bytes: &[u8]) -> Format {
    match bytes {
        [b'C', b'T', b'O', b'K', ..] => return Format::Blob,
        [0x1F, 0x8B, ..] => return Format::Gzip,
        _ if bytes.starts_with(gguf::MAGIC) => return Format::Gguf,
        _ if is_sentencepiece(bytes) => return Format::SentencePiece,
        _ => {}
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if let Some(format) = json_by_head(bytes) {
        return format;
    }
    // A file that stops being UTF-8 somewhere is still of its format; the reader says where.
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    };
    match text.trim_ascii_start().as_bytes().first() {
        Some(b'{') => json(text),
        Some(_) if !text.contains('\0') => lines(text),
        _ => Format::Unknown,
    }
}

/// Bytes that mostly tell what a JSON object is.
const HEAD: usize = 4096;

/// A JSON object of which the first bytes are enough: the others need not be looked at.
fn json_by_head(bytes: &[u8]) -> Option<Format> {
    let head = bytes.get(..HEAD)?;
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).ok()?,
    };
    let text = text.trim_ascii_start();
    text.starts_with('{').then(|| decided(text)).flatten()
}

/// A JSON object, from the names of its members.
fn json(text: &str) -> Format {
    decided(text).unwrap_or_else(|| {
        let is_tekken = |key: &str| matches!(key, "config" | "special_tokens");
        match top_level(text).any(|(key, _)| is_tekken(&key)) {
            true => Format::TekkenJson,
            false => Format::TokenizerJson,
        }
    })
}

/// What the first member says that belongs to one format only.
fn decided(text: &str) -> Option<Format> {
    top_level(text).find_map(|(key, value)| match (&*key, value) {
        // In a vocab.json every value is an id, whatever the names.
        (_, Some(b'0'..=b'9' | b'-')) => Some(Format::VocabJson),
        ("model" | "added_tokens" | "pre_tokenizer" | "decoder", Some(_)) => {
            Some(Format::TokenizerJson)
        }
        _ => None,
    })
}

/// A text file, from its first lines.
fn lines(text: &str) -> Format {
    if text.starts_with(clip::MARK) {
        return Format::ClipBpe;
    }
    if text.starts_with("#version") {
        return Format::MergesTxt;
    }
    let lines = || text.lines().filter(|line| !line.is_empty()).take(LINES);
    let is_rank = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let is_base64 = |word: &str| {
            word.len().is_multiple_of(4)
                && word
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
        };
        words.next().is_some_and(is_base64)
            && words.next().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if lines().next().is_some_and(is_rank) {
        return Format::Tiktoken;
    }
    if lines().all(|line| line.split(' ').count() == 2) {
        return Format::MergesTxt;
    }
    if lines().all(|line| !line.contains(' ')) {
        return Format::VocabTxt;
    }
    Format::Unknown
}

/// Whether the bytes begin like the protobuf of a model: a piece (field 1) that begins with a string
/// (field 1) and goes on with a score (field 2, four bytes), a type (field 3) or another piece.
fn is_sentencepiece(bytes: &[u8]) -> bool {
    let [0x0A, len, 0x0A, text_len, rest @ ..] = bytes else {
        return false;
    };
    let (len, text_len) = (*len as usize, *text_len as usize);
    let next = rest.get(text_len);
    match len.checked_sub(text_len + 2) {
        Some(0) => len < 0x80 && next.is_none_or(|tag| matches!(tag, 0x0A | 0x12 | 0x1A)),
        Some(2..=10) => len < 0x80 && matches!(next, Some(0x15 | 0x18)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the first bytes say is what all of them say, wherever they end.
    #[test]
    fn the_head_of_json_is_enough_or_is_not_asked() {
        for (rest, format) in [
            ("\"model\": {\"vocab\": {}}}", Format::TokenizerJson),
            ("\"model\": 5}", Format::VocabJson),
            ("\"é\": -5, \"decoder\": 1}", Format::VocabJson),
            ("\"config\": {}, \"special_tokens\": []}", Format::TekkenJson),
            ("\"added_tokens\"  :  [ ]}", Format::TokenizerJson),
        ] {
            for len in HEAD - 60..HEAD + 10 {
                let text = format!("{{\"a\": \"{}é\", {rest}", "x".repeat(len));
                assert_eq!(recognise(text.as_bytes()), format, "{len}, {rest}");
            }
        }
    }

    #[test]
    fn formats_have_their_marks() {
        for (bytes, format) in [
            (&b"CTOK\x01"[..], Format::Blob),
            (b"\x1F\x8B\x08", Format::Gzip),
            (b"\n\x0E\n\x05<unk>\x15\0\0\0\0\x18\x02", Format::SentencePiece),
            (b"\n\x09\n\x05<unk>\x18\x02\n\x07", Format::SentencePiece),
            (b"{\"version\": \"1.0\", \"model\": {}}", Format::TokenizerJson),
            (b" \n{}", Format::TokenizerJson),
            (b"\xEF\xBB\xBF{\"model\": {\"type\": \"BPE\"}}", Format::TokenizerJson),
            (b"{\"version\": \"1.0\", \"model\": {\"vo\xFF", Format::TokenizerJson),
            (b"{\"!\": 0, \"model\": 1}", Format::VocabJson),
            (b"{\"model\": 1}", Format::VocabJson),
            (b"{\"config\": {\"pattern\": \"x\"}, \"vocab\": []}", Format::TekkenJson),
            (b"IQ== 0\nIg== 1\n", Format::Tiktoken),
            (b"\r\nIQ== 0\r\n??? 1\r\n", Format::Tiktoken),
            (b"#version: 0.2\n", Format::MergesTxt),
            (b"\"bpe_simple_vocab_16e6.txt#version: 0.2\ni n\n", Format::ClipBpe),
            (b"GGUF\x03\0\0\0", Format::Gguf),
            (b"\xC4\xA0 t\n\xC4\xA0 a\nh e", Format::MergesTxt),
            (b"[PAD]\n[UNK]\n##s\n", Format::VocabTxt),
            (b"one\ntwo three four\n", Format::Unknown),
            (b"", Format::Unknown),
            (b"\0\0\0\0", Format::Unknown),
            (b"\xFF\xFE", Format::Unknown),
        ] {
            assert_eq!(recognise(bytes), format, "{}", bytes.escape_ascii());
        }
    }
}
