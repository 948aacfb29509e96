//! Long texts in parts, cut where it makes no difference.

use std::io::{self, Read};

use comptok::{Options, Tokenizer};

/// A part of a text. The ids of the parts, one after the other, are the ids of the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window<'w> {
    pub(crate) text: &'w [u8],
    /// How to encode it.
    pub(crate) options: Options<'static>,
    /// Bytes of the text before it.
    pub(crate) start: u64,
    /// Newlines before it.
    pub(crate) newlines: u64,
}

impl Window<'_> {
    /// The line of a byte in it, from 1.
    pub(crate) fn line(&self, at: usize) -> u64 {
        1 + self.newlines + newlines(self.text.get(..at).unwrap_or(self.text))
    }
}

fn newlines(text: &[u8]) -> u64 {
    text.iter().filter(|&&byte| byte == b'\n').count() as u64
}

/// A text in parts of about the wanted size: longer where there is no place to cut.
pub(crate) struct Windows<'t, R> {
    reader: R,
    tokenizer: &'t Tokenizer,
    options: Options<'static>,
    size: usize,
    buffer: Vec<u8>,
    /// Bytes at the front of the buffer that have been given out.
    given: usize,
    start: u64,
    newlines: u64,
    ended: bool,
}

impl<'t, R: Read> Windows<'t, R> {
    pub(crate) fn new(
        reader: R,
        tokenizer: &'t Tokenizer,
        options: Options<'static>,
        size: usize,
    ) -> Self {
        Self {
            reader,
            tokenizer,
            options,
            size,
            buffer: Vec::new(),
            given: 0,
            start: 0,
            newlines: 0,
            ended: false,
        }
    }

    pub(crate) fn next(&mut self) -> io::Result<Option<Window<'_>>> {
        self.start += self.given as u64;
        self.newlines += newlines(&self.buffer[..self.given]);
        self.buffer.drain(..self.given);
        let options = Options { continued: self.start > 0, ..self.options };
        let mut wanted = self.size;
        self.given = loop {
            self.fill(wanted)?;
            if self.ended {
                break self.buffer.len();
            }
            if let Some(cut) = self.tokenizer.last_cut(&self.buffer, options) {
                break cut;
            }
            wanted = self.buffer.len().saturating_mul(2).max(wanted);
        };
        let text = &self.buffer[..self.given];
        let window = Window { text, options, start: self.start, newlines: self.newlines };
        Ok((!text.is_empty()).then_some(window))
    }

    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        let missing = wanted.saturating_sub(self.buffer.len()) as u64;
        if missing > 0 && !self.ended {
            let read = self.reader.by_ref().take(missing).read_to_end(&mut self.buffer)?;
            self.ended = (read as u64) < missing;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptok::{Special, vocab::CL100K_BASE};

    fn parts(text: &[u8], size: usize) -> Vec<String> {
        let options = Options::new(Special::All);
        let mut windows = Windows::new(text, &CL100K_BASE, options, size);
        let mut parts = Vec::new();
        while let Some(window) = windows.next().expect("a slice can be read") {
            assert_eq!(window.start, parts.iter().map(String::len).sum::<usize>() as u64);
            assert_eq!(window.newlines, newlines(&text[..window.start as usize]));
            assert_eq!(window.options.continued, window.start > 0);
            parts.push(String::from_utf8_lossy(window.text).into_owned());
        }
        parts
    }

    #[test]
    fn no_window_is_lost_or_changed() {
        assert_eq!(parts(b"", 1), [""; 0]);
        let text = "a b\nc  d \n\n12 3 é à ü b ".repeat(10);
        for size in 1..80 {
            let parts = parts(text.as_bytes(), size);
            assert_eq!(parts.concat(), text);
            assert!(parts.len() > 1, "{size}");
        }
    }

    /// What is read at once is bounded by pre-tokens and special tokens, whatever they are made of.
    #[test]
    fn windows_stay_small() {
        for text in [
            "在很长的文本里没有空格，也没有字母。",
            "длинный текст, в котором нет латинских букв. ",
            "1234567890",
            "👨‍👩‍👧‍👦! ",
            "<|endoftext|>",
            "e\u{301}\u{323} ",
            "\u{a0}\u{3000}字",
            "\n\n a",
        ] {
            let text = text.repeat(200_000 / text.len());
            let longest = parts(text.as_bytes(), 1000).iter().map(String::len).max();
            assert!(longest <= Some(1000), "{longest:?}: {:?}", text.chars().next());
        }
    }
}
