//! vocab.json and merges.txt, the two files of GPT-2.

use super::Read;
use super::json::{member, under, utf8, warnings};
use super::stream::{RawMerges, vocab_json};
use super::tokens::Tokens;
use crate::error::ReadError;
use crate::spec::{AddedToken, Bpe, Decoder, Family, Model, PostProcessor, PreTokenizer, Spec};

const END_OF_TEXT: &str = "<|endoftext|>";

/// Reads a byte-level BPE in the form of two files, as HuggingFace's `ByteLevelBPETokenizer` does.
///
/// Text is cut by GPT-2's pattern, no space is put in front, and `<|endoftext|>` is a special token
/// if the vocabulary has it. Errors in either file are told apart by their path: that of a merge is
/// `merges[…]`.
pub fn vocab_merges(vocab_json_bytes: &[u8], merges_txt: &[u8]) -> Result<Read, ReadError> {
    let vocab_text = utf8(vocab_json_bytes)?;
    let merges_text = utf8(merges_txt)?;
    let listed = vocab_json(vocab_text)?;
    let mut oddities = Vec::new();
    let tokens = Tokens::new(listed, member, &mut oddities);
    let mut found = warnings(oddities, vocab_text);

    let lines = RawMerges::from_lines(merges_text.lines());
    let mut oddities = Vec::new();
    let merges = under("merges", &mut oddities, |oddities| match lines.problem.clone() {
        Some(problem) => Err(problem),
        None => tokens.merges(lines.iter(), lines.len(), b"", oddities),
    });
    let pairs = merges.map_err(|problem| problem.into_line_error())?;
    found.extend(oddities.into_iter().map(|problem| problem.into_line_error().into()));

    let added_tokens = match tokens.id(END_OF_TEXT.as_bytes()) {
        Some(id) => vec![AddedToken {
            id,
            content: END_OF_TEXT.to_owned(),
            single_word: false,
            lstrip: false,
            rstrip: false,
            normalized: false,
            special: true,
        }],
        None => Vec::new(),
    };
    let model = Model::Bpe(Bpe::new(tokens.vocab, pairs));
    let spec = Spec {
        family: Family::HuggingFace,
        added_tokens,
        normalizer: None,
        pre_tokenizer: Some(PreTokenizer::ByteLevel {
            add_prefix_space: false,
            trim_offsets: true,
            use_regex: true,
        }),
        model,
        post_processor: Some(PostProcessor::ByteLevel {
            add_prefix_space: true,
            trim_offsets: false,
            use_regex: true,
        }),
        decoder: Some(Decoder::ByteLevel {
            add_prefix_space: true,
            trim_offsets: true,
            use_regex: true,
        }),
        truncation: None,
        padding: None,
    };
    Ok(Read { spec, warnings: found })
}
