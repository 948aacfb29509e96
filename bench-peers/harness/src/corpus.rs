//! Text to encode.

use crate::Error;

/// About so many bytes make a document.
const DOCUMENT: usize = 64 << 10;

/// How a file is divided into documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Not at all.
    Whole,
    /// Every 64 KiB, at the end of a line where there is one.
    Documents,
    /// At each line end, which is left out: a message on each line.
    Lines,
}

impl Cut {
    pub(crate) fn named(name: &str) -> Result<Self, Error> {
        match name {
            "whole" => Ok(Self::Whole),
            "documents" => Ok(Self::Documents),
            "lines" => Ok(Self::Lines),
            _ => Err(format!("a cut is whole, documents or lines, not {name:?}").into()),
        }
    }

    pub(crate) fn apply(self, text: &str) -> Vec<&str> {
        match self {
            Self::Whole => vec![text],
            Self::Lines => text.lines().filter(|line| !line.is_empty()).collect(),
            Self::Documents => {
                let (mut rest, mut documents) = (text, Vec::new());
                while !rest.is_empty() {
                    let (document, after) = rest.split_at(document_len(rest));
                    documents.push(document);
                    rest = after;
                }
                documents
            }
        }
    }
}

fn document_len(text: &str) -> usize {
    if text.len() <= DOCUMENT {
        return text.len();
    }
    let mut window = DOCUMENT;
    while !text.is_char_boundary(window) {
        window -= 1;
    }
    match text.as_bytes()[..window].iter().rposition(|&byte| byte == b'\n') {
        Some(newline) => newline + 1,
        None => window,
    }
}

/// The bytes of a base64 text.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_end_at_line_ends_and_hold_everything() {
        let text = "äbc defg\n".repeat(30_000) + &"ü".repeat(70_000);
        let documents = Cut::Documents.apply(&text);
        assert_eq!(documents.concat(), text);
        assert!(documents.iter().all(|document| document.len() <= DOCUMENT));
        assert!(documents[0].ends_with('\n'));
        assert_eq!(Cut::Lines.apply("a\n\nb"), ["a", "b"]);
        assert_eq!(Cut::Whole.apply(&text), [&*text]);
    }

    #[test]
    fn base64_is_read() {
        assert_eq!(base64("aGVsbG8="), Some(b"hello".to_vec()));
        assert_eq!(base64("IQ=="), Some(b"!".to_vec()));
        assert_eq!(base64("a*"), None);
    }
}
