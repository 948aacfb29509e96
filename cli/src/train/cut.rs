//! How text is normalized and cut, as the arguments say, and in words for files of counts.

use std::path::Path;

use comptok::train::Splitter;
use comptok_bake::Spec;
use comptok_bake::read::{self, PatternArg};
use comptok_bake::spec::{
    Behavior, Decoder, Family, Model, Normalizer, Pattern, PreTokenizer, PrependScheme, Vocab,
};
use comptok_bake::write;
use comptok_core::pre_tokenizer::Kind;

use super::args::{CorpusArgs, ModelArg, NormalizerArg, TiesArg};
use super::failure;
use crate::Failure;
use crate::io::read_file;

/// The choice of normalizers and a pre-tokenizer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    bytes: bool,
    family: Family,
    normalizers: Vec<NormalizerArg>,
    how: How,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum How {
    Pattern(String),
    /// As a tokenizer.json says, of which this is the part around the model.
    File(String),
}

impl Cut {
    pub(super) fn of(args: &CorpusArgs) -> Result<Self, Failure> {
        let bytes = args.model == ModelArg::Bpe;
        let family = match args.ties {
            _ if !bytes => Family::HuggingFace,
            TiesArg::Huggingface => Family::HuggingFace,
            TiesArg::Rustbpe => Family::Tiktoken,
        };
        let normalizers = args.normalizers.clone();
        if let Some(path) = &args.from {
            if family == Family::Tiktoken {
                return Err(Failure::Usage("--from does not go with ties like rustbpe".into()));
            }
            let how = How::File(steps_of(path)?);
            return Ok(Self { bytes, family, normalizers, how });
        }
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
        Ok(Self { bytes, family, normalizers, how: How::Pattern(pattern) })
    }

    /// For the head of a file of counts.
    pub(super) fn describe(&self) -> String {
        let unit = if self.bytes { "bytes" } else { "chars" };
        let names = self.normalizers.iter().map(|name| format!("+{}", name.name()));
        let names: String = names.collect();
        match &self.how {
            How::File(json) => format!("{unit}{names} file {json}"),
            How::Pattern(pattern) => {
                // A pattern with a name means the same to both libraries.
                let syntax = match self.family {
                    _ if !self.bytes || Kind::from_name(pattern).is_some() => "any",
                    Family::HuggingFace | Family::SentencePiece => "huggingface",
                    Family::Tiktoken => "rustbpe",
                };
                format!("{unit}{names} {syntax} {pattern}")
            }
        }
    }

    /// The other way round: how words were cut that were counted before, for what is now trained from
    /// them.
    pub(super) fn from_description(text: &str, args: &CorpusArgs) -> Option<Self> {
        let (unit, rest) = text.split_once(' ')?;
        let (syntax, how) = rest.split_once(' ')?;
        let asked = Self::of(args).ok()?;
        let mut names = unit.split('+');
        let bytes = names.next()? == "bytes";
        let normalizers = names.map(NormalizerArg::from_name).collect::<Option<Vec<_>>>()?;
        let how = match syntax {
            "file" => How::File(how.to_owned()),
            _ => How::Pattern(how.to_owned()),
        };
        let cut = Self { bytes, family: asked.family, normalizers, how };
        let says_how = args.pattern.is_some() || args.from.is_some();
        let fits = cut.describe() == text
            && cut.bytes == asked.bytes
            && (!says_how || cut.how == asked.how)
            && (args.normalizers.is_empty() || cut.normalizers == asked.normalizers);
        fits.then_some(cut)
    }

    pub(super) fn splitter(&self) -> Result<Splitter, Failure> {
        let mut steps: Vec<Normalizer> = Vec::new();
        let parts = match &self.how {
            How::File(json) => {
                let spec = spec(json.as_bytes(), "--from")?;
                steps.extend(spec.normalizer);
                spec.pre_tokenizer
            }
            How::Pattern(pattern) if self.bytes => {
                let pattern = PatternArg::from(&**pattern);
                let splitter = Splitter::byte_level(pattern, self.family).map_err(failure)?;
                if self.normalizers.is_empty() {
                    return Ok(splitter);
                }
                splitter.pre_tokenizer().cloned()
            }
            How::Pattern(pattern) => Some(words(pattern)?),
        };
        steps.extend(self.normalizers.iter().map(|name| name.normalizer()));
        let normalizer = match steps.len() {
            0 | 1 => steps.pop(),
            _ => Some(Normalizer::Sequence(steps)),
        };
        Splitter::with_normalizer(normalizer, parts, self.family).map_err(failure)
    }

    /// The decoder that the file has.
    pub(super) fn decoder(&self) -> Option<Decoder> {
        match &self.how {
            How::File(json) => spec(json.as_bytes(), "--from").ok()?.decoder,
            How::Pattern(_) => None,
        }
    }
}

/// Pre-tokenizers for models of words.
fn words(name: &str) -> Result<PreTokenizer, Failure> {
    Ok(match name {
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
    })
}

fn spec(bytes: &[u8], name: &str) -> Result<Spec, Failure> {
    let read = read::tokenizer_json(bytes);
    read.map(|read| read.spec).map_err(|error| Failure::data(format!("{name}: {error}")))
}

/// The normalizer, the pre-tokenizer and the decoder of a tokenizer.json, as a small tokenizer.json.
fn steps_of(path: &Path) -> Result<String, Failure> {
    let name = path.display().to_string();
    let spec = Spec {
        added_tokens: Vec::new(),
        model: Model::WordLevel { vocab: Vocab::default(), unk_token: String::new() },
        post_processor: None,
        truncation: None,
        padding: None,
        ..spec(&read_file(path)?, &name)?
    };
    write::tokenizer_json(&spec).map_err(|error| Failure::data(format!("{name}: {error}")))
}
