//! What readers and the writer say when they fail.

use std::fmt;

/// Why a file could not be read, and where.
///
/// `Display` gives the message alone; [`in_file`](Self::in_file) puts file, line and column before
/// it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// Line of the failure, from 1; 0 if unknown.
    pub line: usize,
    /// Column of the failure in chars, from 1; 0 if unknown.
    pub column: usize,
    /// Where in a JSON file, such as `model.merges[1043]`, or in what was said about the file, such as
    /// `special_tokens[0]`; empty elsewhere.
    pub path: String,
    /// What was found, and what was wanted or what to do.
    pub message: String,
}

impl ReadError {
    /// An error about the file as a whole.
    pub(crate) fn whole(message: impl Into<String>) -> Self {
        Self { line: 0, column: 0, path: String::new(), message: message.into() }
    }

    /// An error about a special token that was given with the file.
    pub(crate) fn special_token(index: usize, message: impl Into<String>) -> Self {
        Self { path: format!("special_tokens[{index}]"), ..Self::whole(message) }
    }

    /// The number of the special token at fault, of those that were given with the file.
    pub fn special_token_index(&self) -> Option<usize> {
        self.path.strip_prefix("special_tokens[")?.strip_suffix(']')?.parse().ok()
    }

    /// The error as a compiler would show it: `file:line:column: message`.
    pub fn in_file(&self, file: impl fmt::Display) -> String {
        format!("{}: {}", place(file, self.line, self.column), self.message)
    }
}

/// `file:line:column`, as far as that is known.
fn place(file: impl fmt::Display, line: usize, column: usize) -> String {
    match line {
        0 => file.to_string(),
        line => format!("{file}:{line}:{column}"),
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ReadError {}

/// Something odd that the reference accepts, and we with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Line, from 1; 0 if unknown.
    pub line: usize,
    /// Column in chars, from 1; 0 if unknown.
    pub column: usize,
    /// Where in a JSON file, such as `model.merges[1043]`; empty elsewhere.
    pub path: String,
    /// What was found, and what is made of it.
    pub message: String,
}

impl Warning {
    /// A warning about a part of a tokenizer, whose place is not known yet.
    pub(crate) fn about(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { line: 0, column: 0, path: path.into(), message: message.into() }
    }

    /// Where it is, as a compiler would show it: `file:line:column`.
    pub fn place_in(&self, file: impl fmt::Display) -> String {
        place(file, self.line, self.column)
    }
}

impl From<Warning> for ReadError {
    fn from(warning: Warning) -> Self {
        let Warning { line, column, path, message } = warning;
        Self { line, column, path, message }
    }
}

impl From<ReadError> for Warning {
    fn from(error: ReadError) -> Self {
        let ReadError { line, column, path, message } = error;
        Self { line, column, path, message }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Why a [`Spec`](crate::Spec) cannot be written with the same meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteError {
    /// What stands in the way, and what to do.
    pub message: String,
}

impl WriteError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for WriteError {}

/// Chars of quoted input that a message shows.
const QUOTE_LIMIT: usize = 40;

/// `text` in quotes, escaped, cut to a short length.
pub(crate) fn quote(text: &str) -> String {
    match text.char_indices().nth(QUOTE_LIMIT) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// As [`quote`], for bytes that may not be UTF-8.
pub(crate) fn quote_bytes(bytes: &[u8]) -> String {
    // Four bytes per char at most, so that a huge token is not copied for a short quotation.
    let head = bytes.get(..QUOTE_LIMIT * 4 + 4).unwrap_or(bytes);
    quote(&String::from_utf8_lossy(head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotations_are_short_and_escaped() {
        assert_eq!(quote("a\n\"é"), r#""a\n\"é""#);
        assert_eq!(quote(&"é".repeat(40)), format!("\"{}\"", "é".repeat(40)));
        assert_eq!(quote(&"é".repeat(41)), format!("\"{}\"…", "é".repeat(40)));
        assert_eq!(quote_bytes(b"\xFFa"), "\"\u{FFFD}a\"");
        assert_eq!(quote_bytes(&[b'x'; 1000]), format!("\"{}\"…", "x".repeat(40)));
    }

    #[test]
    fn errors_name_the_file_line_and_column() {
        let mut error = ReadError::whole("no tokens");
        assert_eq!(error.in_file("x.tiktoken"), "x.tiktoken: no tokens");
        (error.line, error.column) = (12, 7);
        assert_eq!(error.in_file("x.tiktoken"), "x.tiktoken:12:7: no tokens");
        assert_eq!(error.to_string(), "no tokens");
    }
}
