//! How text is cut, as the arguments say, and in words for files of counts.

use comptok::train::Splitter;
use comptok_bake::read::PatternArg;
use comptok_bake::spec::{Behavior, Family, Pattern, PreTokenizer, PrependScheme};
use comptok_core::pre_tokenizer::Kind;

use super::args::{CorpusArgs, ModelArg, TiesArg};
use super::failure;
use crate::Failure;

/// The choice of a pre-tokenizer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    bytes: bool,
    family: Family,
    pattern: String,
}

impl Cut {
    pub(super) fn of(args: &CorpusArgs) -> Self {
        let bytes = args.model == ModelArg::Bpe;
        let family = match args.ties {
            TiesArg::Huggingface => Family::HuggingFace,
            TiesArg::Rustbpe => Family::Tiktoken,
        };
        let default = match (args.model, args.ties) {
            (ModelArg::Bpe, TiesArg::Huggingface) => "gpt2",
            // rustbpe's own pattern finds what this one finds.
            (ModelArg::Bpe, TiesArg::Rustbpe) => "llama3",
            (ModelArg::Wordpiece, _) => "bert",
            (ModelArg::Wordlevel, _) => "whitespace",
            (ModelArg::Unigram, _) => "metaspace",
        };
        let pattern = args.pattern.as_deref().unwrap_or(default);
        // One name for each pattern, so that counts of one fit each other.
        let pattern = Kind::from_name(pattern)
            .map_or_else(|| pattern.to_owned(), |kind| kind.name().to_owned());
        Self { bytes, family: if bytes { family } else { Family::HuggingFace }, pattern }
    }

    /// For the head of a file of counts.
    pub(super) fn describe(&self) -> String {
        let unit = if self.bytes { "bytes" } else { "chars" };
        // A pattern with a name means the same to both libraries.
        let syntax = match self.family {
            _ if !self.bytes || Kind::from_name(&self.pattern).is_some() => "any",
            Family::HuggingFace | Family::SentencePiece => "huggingface",
            Family::Tiktoken => "rustbpe",
        };
        format!("{unit} {syntax} {}", self.pattern)
    }

    /// The other way round: the pattern that words were counted with, for what is now trained from them.
    pub(super) fn from_description(text: &str, args: &CorpusArgs) -> Option<Self> {
        let (unit, rest) = text.split_once(' ')?;
        let (_, pattern) = rest.split_once(' ')?;
        let asked = Self::of(args);
        let cut = Self { bytes: unit == "bytes", pattern: pattern.to_owned(), ..asked.clone() };
        let wanted = if args.pattern.is_some() { &asked } else { &cut };
        (cut.describe() == text && wanted == &cut && cut.bytes == asked.bytes).then_some(cut)
    }

    pub(super) fn splitter(&self) -> Result<Splitter, Failure> {
        if self.bytes {
            let pattern = PatternArg::from(&*self.pattern);
            return Splitter::byte_level(pattern, self.family).map_err(failure);
        }
        let part = match &*self.pattern {
            "bert" => PreTokenizer::Bert,
            "whitespace" => PreTokenizer::Whitespace,
            "whitespace-split" => PreTokenizer::WhitespaceSplit,
            "metaspace" => PreTokenizer::Metaspace {
                replacement: '▁',
                prepend_scheme: PrependScheme::Always,
                split: true,
            },
            other => match PatternArg::from(other) {
                PatternArg::Named(name) => {
                    let patterns = PatternArg::Named(name).pre_tokenizer();
                    patterns.map_err(|error| Failure::data(error.message))?
                }
                PatternArg::Regex(regex) => PreTokenizer::Split {
                    pattern: Pattern::Regex(regex.to_owned()),
                    behavior: Behavior::Isolated,
                    invert: false,
                },
            },
        };
        Splitter::new(Some(part), Family::HuggingFace).map_err(failure)
    }
}
