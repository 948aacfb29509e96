//! Readers: file contents to [`Spec`], one per format.
//!
//! [`read`] recognises the format from the content; each reader can also be called by name.

mod clip;
mod fast;
mod gguf;
mod json;
pub mod pattern;
pub(crate) mod place;
mod recognise;
mod sentencepiece;
mod stream;
mod tekken;
mod tiktoken;
mod tokenizer_json;
mod tokens;
mod vocab_merges;
mod vocab_txt;

use std::io::Read as _;

use crate::error::{ReadError, Warning};
use crate::spec::Spec;

pub use clip::clip_bpe;
pub use gguf::{gguf, gguf_patterns};
pub use pattern::PatternArg;
pub use recognise::{Format, recognise};
pub use sentencepiece::sentencepiece;
pub use tekken::tekken;
pub use tiktoken::tiktoken;
pub use tokenizer_json::tokenizer_json;
pub use vocab_merges::vocab_merges;
pub use vocab_txt::vocab_txt;

pub(crate) use json::{Problem, member};
pub(crate) use tokens::Tokens;

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
        (Format::VocabJson, _) => error("the merges are missing; give merges.txt too"),
        (Format::MergesTxt, _) => error("the vocabulary is missing; give vocab.json too"),
        (Format::Blob, _) => error("the file is baked already"),
        (Format::Gzip, _) => {
            let inside = gunzip(bytes)?;
            match recognise(&inside) {
                Format::Gzip => error("gzip in gzip; decompress the file first"),
                _ => read(&inside, options),
            }
        }
        (Format::Unknown, _) => Err(ReadError::whole(
            "unknown format; known are tokenizer.json, tekken.json, tiktoken ranks, SentencePiece \
             models, vocab.txt, CLIP's merges, GGUF, vocab.json with merges.txt",
        )),
        (_, Some(_)) => error("the file has its own pattern; give none"),
        (_, None) if !special_tokens.is_empty() => {
            error("the file has its own special tokens; give none")
        }
        (Format::TokenizerJson, None) => tokenizer_json(bytes),
        (Format::TekkenJson, None) => tekken(bytes),
        (Format::SentencePiece, None) => sentencepiece(bytes),
        (Format::VocabTxt, None) => vocab_txt(bytes),
        (Format::ClipBpe, None) => clip_bpe(bytes),
        (Format::Gguf, None) => gguf(bytes),
    }
}

/// Most bytes that a compressed file may hold: more than any tokenizer, less than memory.
const GZIP_LIMIT: u64 = 1 << 29;

fn gunzip(bytes: &[u8]) -> Result<Vec<u8>, ReadError> {
    let mut inside = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(bytes).take(GZIP_LIMIT + 1);
    match reader.read_to_end(&mut inside) {
        Ok(len) if len as u64 <= GZIP_LIMIT => Ok(inside),
        Ok(_) => Err(ReadError::whole(format!("gzip holds more than {GZIP_LIMIT} bytes"))),
        Err(error) => Err(ReadError::whole(format!("damaged gzip: {error}"))),
    }
}
