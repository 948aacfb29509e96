//! Why nothing was trained.

use std::fmt;
use std::io;
use std::sync::Arc;

/// Why counting or training ended without a result.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum TrainError {
    /// A file could not be read or written.
    Io {
        /// The file.
        name: String,
        /// What the system says.
        error: Arc<io::Error>,
    },
    /// A text is not UTF-8.
    Utf8 {
        /// The file; empty for texts from elsewhere.
        name: String,
        /// Of the first bad byte, from the beginning of the file.
        offset: u64,
    },
    /// A line is longer than a text may be.
    TooLong {
        /// The file.
        name: String,
        /// Where the line begins.
        offset: u64,
        /// The longest allowed, in bytes.
        limit: usize,
    },
    /// What the trainers do not do.
    Unsupported(String),
    /// There is no word to learn from.
    Empty,
    /// The units alone, with the special tokens, are more than the vocabulary may hold.
    VocabTooSmall {
        /// The size that was asked for.
        wanted: usize,
        /// The smallest possible.
        least: usize,
    },
    /// Options that contradict each other or the counted words.
    Options(String),
    /// A file of counted words is damaged or does not fit.
    Counts {
        /// The file.
        name: String,
        /// What is wrong with it.
        message: String,
    },
    /// A number that the trainer has no room for.
    TooMuch(&'static str),
}

impl TrainError {
    /// A failure of the system at `name`.
    pub fn io(name: impl fmt::Display, error: io::Error) -> Self {
        Self::Io { name: name.to_string(), error: Arc::new(error) }
    }
}

impl fmt::Display for TrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { name, error } => write!(f, "{name}: {error}"),
            Self::Utf8 { name, offset } if name.is_empty() => {
                write!(f, "not UTF-8 at byte {offset}")
            }
            Self::Utf8 { name, offset } => write!(f, "{name}: not UTF-8 at byte {offset}"),
            Self::TooLong { name, offset, limit } => {
                write!(f, "{name}: the line at byte {offset} is longer than {limit} bytes")
            }
            Self::Unsupported(what) => write!(f, "training does not support {what}"),
            Self::Empty => f.write_str("no words to learn from: the text is empty"),
            Self::VocabTooSmall { wanted, least } => write!(
                f,
                "a vocabulary of {wanted} is too small: alphabet and special tokens are {least}"
            ),
            Self::Options(message) => f.write_str(message),
            Self::Counts { name, message } => write!(f, "{name}: {message}"),
            Self::TooMuch(what) => write!(f, "{what}"),
        }
    }
}

impl std::error::Error for TrainError {}
