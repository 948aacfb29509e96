//! CLIP's file of merges, from which the whole tokenizer follows.

use super::Read;
use super::json::utf8;
use super::stream::RawMerges;
use super::tokens::Tokens;
use crate::byte_level;
use crate::error::{ReadError, quote};
use crate::spec::{
    AddedToken, Behavior, Bpe, Decoder, Family, Model, Normalizer, Pattern, PostProcessor,
    PreTokenizer, Spec, Vocab,
};

/// How the file begins.
pub(super) const MARK: &str = "\"bpe_simple_vocab_16e6.txt#version";

/// Merges that are used; the file goes on behind them.
const MERGES: usize = 49_152 - 256 - 2;

const START: &str = "<|startoftext|>";
const END: &str = "<|endoftext|>";
const SUFFIX: &str = "</w>";

/// Reads CLIP's `bpe_simple_vocab_16e6.txt`.
///
/// The vocabulary is the 256 bytes, the same at the end of a word, what the merges make, and two
/// special tokens. Around it is what HuggingFace's file for it has.
///
/// # Errors
///
/// [`ReadError`] with the line.
pub fn clip_bpe(bytes: &[u8]) -> Result<Read, ReadError> {
    let text = utf8(bytes)?;
    let mut lines = text.lines();
    if !lines.next().is_some_and(|line| line.starts_with(MARK)) {
        return Err(ReadError::whole("the first line is not that of CLIP's file"));
    }
    let mut listed = Vocab::default();
    // Printable bytes come first.
    let order = || {
        (0..=u8::MAX).filter(|&b| is_own_char(b)).chain((0..=u8::MAX).filter(|&b| !is_own_char(b)))
    };
    for suffix in ["", SUFFIX] {
        for byte in order() {
            let token = format!("{}{suffix}", byte_level::char_of(byte));
            listed.push(token.as_bytes(), listed.len() as u32);
        }
    }
    for (number, line) in lines.clone().take(MERGES).enumerate() {
        let Some((left, right)) = line.split_once(' ') else {
            let message =
                format!("found {}, two tokens and a space between are wanted", quote(line));
            return Err(ReadError { line: number + 2, column: 1, path: String::new(), message });
        };
        let token = format!("{left}{right}");
        listed.push(token.as_bytes(), listed.len() as u32);
    }
    for special in [START, END] {
        listed.push(special.as_bytes(), listed.len() as u32);
    }
    let mut oddities = Vec::new();
    let tokens = Tokens::new(listed, |line, _| line.into(), &mut oddities);
    let merges = RawMerges::from_lines(lines.take(MERGES));
    if let Some(problem) = merges.problem.clone() {
        return Err(below_the_mark(problem.into_line_error()));
    }
    let pairs = tokens
        .merges(merges.iter(), merges.len(), b"", &mut oddities)
        .map_err(|problem| below_the_mark(problem.into_line_error()))?;
    let warnings = oddities.into_iter().map(|problem| problem.into_line_error().into()).collect();
    let id = |name: &str| tokens.id(name.as_bytes()).unwrap_or_default();
    let special = |name: &str, normalized| AddedToken {
        id: id(name),
        content: name.to_owned(),
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized,
        special: true,
    };
    let spec = Spec {
        family: Family::HuggingFace,
        added_tokens: vec![special(START, true), special(END, false)],
        normalizer: Some(Normalizer::Sequence(vec![
            Normalizer::Nfc,
            Normalizer::Replace {
                pattern: Pattern::Regex(r"\s+".to_owned()),
                content: " ".to_owned(),
            },
            Normalizer::Lowercase,
        ])),
        pre_tokenizer: Some(PreTokenizer::Sequence(vec![
            PreTokenizer::Split {
                pattern: Pattern::Regex(PATTERN.to_owned()),
                behavior: Behavior::Removed,
                invert: true,
            },
            PreTokenizer::ByteLevel {
                add_prefix_space: false,
                trim_offsets: true,
                use_regex: true,
            },
        ])),
        post_processor: Some(PostProcessor::Roberta {
            sep: (END.to_owned(), id(END)),
            cls: (START.to_owned(), id(START)),
            trim_offsets: false,
            add_prefix_space: false,
        }),
        decoder: Some(Decoder::ByteLevel {
            add_prefix_space: true,
            trim_offsets: true,
            use_regex: true,
        }),
        model: Model::Bpe(Bpe {
            unk_token: Some(END.to_owned()),
            continuing_subword_prefix: Some(String::new()),
            end_of_word_suffix: Some(SUFFIX.to_owned()),
            ..Bpe::new(tokens.vocab, pairs)
        }),
        truncation: None,
        padding: None,
    };
    Ok(Read { spec, warnings })
}

const PATTERN: &str = concat!(
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]",
    r"|[^\s\p{L}\p{N}]+",
);

/// Whether a byte stands for itself in the byte-level alphabet.
fn is_own_char(byte: u8) -> bool {
    byte_level::char_of(byte) == char::from(byte)
}

/// Merges begin in the second line.
fn below_the_mark(mut error: ReadError) -> ReadError {
    error.line += usize::from(error.line > 0);
    error
}
