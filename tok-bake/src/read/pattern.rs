//! Pre-tokenizer patterns by name, for files that do not hold their own.

use crate::error::{ReadError, quote};
use crate::spec::{Behavior, Pattern, PreTokenizer};

/// How a user says which pattern cuts the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatternArg<'a> {
    /// One of [`NAMES`].
    Named(&'a str),
    /// A regular expression.
    Regex(&'a str),
}

impl<'a> From<&'a str> for PatternArg<'a> {
    /// A word of lower-case letters, digits, `_` and `-` is a name; anything else is a regular
    /// expression. (A pattern that is such a word would find nothing but that word.)
    fn from(text: &'a str) -> Self {
        let is_name = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        match text.bytes().all(is_name) {
            true => Self::Named(text),
            false => Self::Regex(text),
        }
    }
}

impl PatternArg<'_> {
    /// The pre-tokenizer that cuts by this pattern.
    ///
    /// # Errors
    /// If there is no pattern of that name.
    pub fn pre_tokenizer(self) -> Result<PreTokenizer, ReadError> {
        let name = match self {
            Self::Regex(regex) => return Ok(split(regex, Behavior::Isolated, false)),
            Self::Named(name) => name,
        };
        match TABLE.iter().find(|entry| entry.0 == name) {
            // What this one does not find is dropped.
            Some(("clip", regexes)) => Ok(split(regexes[0], Behavior::Removed, true)),
            Some((_, [regex])) => Ok(split(regex, Behavior::Isolated, false)),
            Some((_, regexes)) => Ok(PreTokenizer::Sequence(
                regexes.iter().map(|regex| split(regex, Behavior::Isolated, false)).collect(),
            )),
            None => Err(ReadError::whole(format!(
                "unknown pattern {}; known are {}; or give a regular expression",
                quote(name),
                NAMES.join(", ")
            ))),
        }
    }
}

/// Whether a regular expression is one of those here that leave no char of any text unmatched.
pub(crate) fn matches_everything(regex: &str) -> bool {
    TABLE.iter().any(|&(name, regexes)| name != "clip" && regexes == [regex])
}

fn split(regex: &str, behavior: Behavior, invert: bool) -> PreTokenizer {
    PreTokenizer::Split { pattern: Pattern::Regex(regex.to_owned()), behavior, invert }
}

/// The names that are known.
pub const NAMES: [&str; TABLE.len()] = {
    let mut names = [""; TABLE.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = TABLE[at].0;
        at += 1;
    }
    names
};

/// GPT-2's, which is that of byte-level pre-tokenizers.
#[cfg(test)]
pub(crate) const GPT2: &str = TABLE[0].1[0];

/// Every pattern as its owner writes it; several are applied one after the other.
const TABLE: [(&str, &[&str]); 11] = [
    ("gpt2", &[r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"]),
    ("r50k", &[r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"]),
    (
        "cl100k",
        &[concat!(
            r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+",
            r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
        )],
    ),
    (
        "llama3",
        &[concat!(
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}",
            r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        )],
    ),
    (
        "qwen2",
        &[concat!(
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}",
            r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        )],
    ),
    (
        "qwen3_5",
        &[concat!(
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}",
            r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        )],
    ),
    (
        "o200k",
        &[concat!(
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
            r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*",
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
            r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        )],
    ),
    (
        "tekken",
        &[concat!(
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
            r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*",
            r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        )],
    ),
    (
        "kimi",
        &[concat!(
            r"[\p{Han}]+",
            r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*",
            r"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
            r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+",
            r"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
            r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        )],
    ),
    (
        "deepseek_v3",
        &[
            r"\p{N}{1,3}",
            "[一-龥぀-ゟ゠-ヿ]+",
            concat!(
                r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"##,
                r"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*",
                r"|\s*[\r\n]+|\s+(?!\S)|\s+",
            ),
        ],
    ),
    (
        "clip",
        &[concat!(
            r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d",
            r"|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
        )],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_name_and_anything_else_a_regex() {
        assert_eq!(PatternArg::from("o200k"), PatternArg::Named("o200k"));
        assert_eq!(PatternArg::from(r"\S+"), PatternArg::Regex(r"\S+"));
        for name in NAMES {
            assert_eq!(PatternArg::from(name), PatternArg::Named(name));
            assert!(PatternArg::Named(name).pre_tokenizer().is_ok());
        }
        let error = PatternArg::from("o200").pre_tokenizer().expect_err("no such name");
        assert_eq!(
            error.to_string(),
            "unknown pattern \"o200\"; known are gpt2, r50k, cl100k, llama3, qwen2, qwen3_5, o200k, \
             tekken, kimi, deepseek_v3, clip; or give a regular expression"
        );
    }
}
