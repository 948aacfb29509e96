//! Readers: file contents to [`Spec`], one per format.
//!
//! [`read`] recognises the format from the content; each reader can also be called by name.

mod json;
pub mod pattern;
pub(crate) mod place;
mod recognise;
mod stream;
mod tiktoken;
mod tokenizer_json;
mod tokens;
mod vocab_merges;

use crate::error::{ReadError, Warning};
use crate::spec::Spec;

pub use pattern::PatternArg;
pub use recognise::{Format, recognise};
pub use tiktoken::tiktoken;
pub use tokenizer_json::tokenizer_json;
pub use vocab_merges::vocab_merges;

/// What a reader makes of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The tokenizer.
    pub spec: Spec,
    /// What the reference accepts but is probably not meant, such as a token that is listed twice.
    pub warnings: Vec<Warning>,
}

impl Read {
    /// The tokenizer, if there was nothing to warn about; else the first warning as an error.
    pub fn strict(self) -> Result<Spec, ReadError> {
        match self.warnings.into_iter().next() {
            Some(warning) => Err(warning.into()),
            None => Ok(self.spec),
        }
    }
}

/// What a file does not say itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// Cuts the text. Rank files need it, other files have their own.
    pub pattern: Option<PatternArg<'a>>,
    /// Special tokens and their ids, for rank files.
    pub special_tokens: &'a [(String, u32)],
}

/// Reads a file of any format that is made of one file, recognised from its content.
pub fn read(bytes: &[u8], options: Options<'_>) -> Result<Read, ReadError> {
    let Options { pattern, special_tokens } = options;
    let format = recognise(bytes);
    let error = |message: &str| Err(ReadError::whole(format!("{message} (this is a {format})")));
    match (format, pattern) {
        (Format::Tiktoken, Some(pattern)) => tiktoken(bytes, pattern, special_tokens),
        (Format::Tiktoken, None) => Err(ReadError::whole(format!(
            "a rank file does not hold its pattern; give one by name ({}) or as a regular \
             expression",
            pattern::NAMES.join(", ")
        ))),
        (Format::TokenizerJson, Some(_)) => error("the file has its own pattern; give none"),
        (Format::TokenizerJson, None) if !special_tokens.is_empty() => {
            error("the file has its own special tokens; give none")
        }
        (Format::TokenizerJson, None) => tokenizer_json(bytes),
        (Format::VocabJson, _) => error("the merges are missing; give merges.txt too"),
        (Format::MergesTxt, _) => error("the vocabulary is missing; give vocab.json too"),
        (Format::Blob, _) => error("the file is baked already"),
        (Format::Gzip, _) => error("decompress the file first"),
        (Format::SentencePiece | Format::TekkenJson | Format::VocabTxt, _) => {
            Err(ReadError::whole(format!("not supported yet: {format}")))
        }
        (Format::Unknown, _) => Err(ReadError::whole(
            "unknown format; known are tokenizer.json, tiktoken ranks, vocab.json with merges.txt",
        )),
    }
}
