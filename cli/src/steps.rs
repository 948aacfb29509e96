//! The names of a pipeline's steps, as HuggingFace's files have them.

use comptok_core::blob::Tables;
use comptok_core::general::steps::{Decoder, Normalizer, Pipeline, PostProcessor, PreTokenizer};
use comptok_core::model::Model;

/// The kind of a `.model` file.
pub(crate) const SENTENCE_PIECE: &str = "a model of SentencePiece";

/// What a tokenizer does around its model, step by step.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    pub(crate) normalizers: Vec<&'static str>,
    pub(crate) pre_tokenizers: Vec<&'static str>,
    pub(crate) post_processors: Vec<&'static str>,
    pub(crate) decoders: Vec<&'static str>,
}

impl Steps {
    /// The steps that the general engine interprets; `None` if there are none in the blob.
    pub(crate) fn of(tables: &Tables<'_>) -> Option<Self> {
        let pipeline = Pipeline::parse(tables.pipeline)?;
        Some(Self {
            normalizers: pipeline.normalizers().map(normalizer).collect(),
            pre_tokenizers: pipeline.pre_tokenizers().map(pre_tokenizer).collect(),
            post_processors: pipeline.post_processors().map(post_processor).collect(),
            decoders: pipeline.decoders().map(decoder).collect(),
        })
    }
}

/// What kind of model a blob holds, and whether its alphabet is bytes.
pub(crate) fn kind(tables: &Tables<'_>) -> (&'static str, bool) {
    match Model::parse(tables) {
        None | Some(Model::Bpe(_)) => ("byte-level BPE", true),
        Some(Model::CharBpe(_)) => ("BPE over characters", false),
        Some(Model::Unigram(_)) => ("Unigram", false),
        Some(Model::WordPiece(_)) => ("WordPiece", false),
        Some(Model::WordLevel(_)) => ("WordLevel", false),
        Some(Model::SentencePiece(_)) => (SENTENCE_PIECE, false),
    }
}

fn normalizer(step: Normalizer<'_>) -> &'static str {
    match step {
        Normalizer::Bert { .. } => "BertNormalizer",
        Normalizer::Nfc => "NFC",
        Normalizer::Nfd => "NFD",
        Normalizer::Nfkc => "NFKC",
        Normalizer::Nfkd => "NFKD",
        Normalizer::Lowercase => "Lowercase",
        Normalizer::StripAccents => "StripAccents",
        Normalizer::Nmt => "Nmt",
        Normalizer::ByteLevel => "ByteLevel",
        Normalizer::Strip { .. } => "Strip",
        Normalizer::Replace { .. } => "Replace",
        Normalizer::Prepend(_) => "Prepend",
        Normalizer::Precompiled(_) => "Precompiled",
    }
}

fn pre_tokenizer(step: PreTokenizer<'_>) -> &'static str {
    match step {
        PreTokenizer::ByteLevel { .. } => "ByteLevel",
        PreTokenizer::Metaspace { .. } => "Metaspace",
        PreTokenizer::Split { .. } => "Split",
        PreTokenizer::Punctuation(_) => "Punctuation",
        PreTokenizer::Digits { .. } => "Digits",
        PreTokenizer::Delimiter(_) => "CharDelimiterSplit",
        PreTokenizer::FixedLength(_) => "FixedLength",
        PreTokenizer::Bert => "BertPreTokenizer",
        PreTokenizer::Whitespace => "Whitespace",
        PreTokenizer::WhitespaceSplit => "WhitespaceSplit",
        PreTokenizer::UnicodeScripts => "UnicodeScripts",
    }
}

fn post_processor(step: PostProcessor<'_>) -> &'static str {
    match step {
        PostProcessor::Bert { .. } => "BertProcessing",
        PostProcessor::Roberta { .. } => "RobertaProcessing",
        PostProcessor::ByteLevel { .. } => "ByteLevel",
        PostProcessor::Template { .. } => "TemplateProcessing",
    }
}

fn decoder(step: Decoder<'_>) -> &'static str {
    match step {
        Decoder::ByteLevel => "ByteLevel",
        Decoder::WordPiece { .. } => "WordPiece",
        Decoder::Metaspace { .. } => "Metaspace",
        Decoder::Bpe { .. } => "BPEDecoder",
        Decoder::Ctc { .. } => "CTC",
        Decoder::ByteFallback => "ByteFallback",
        Decoder::Fuse => "Fuse",
        Decoder::Replace { .. } => "Replace",
        Decoder::Strip { .. } => "Strip",
    }
}
