//! A library with a tokenizer of its own, baked from a file of this package while it compiles.
//!
//! `vocab/words.json` is a byte-level BPE with 64 merges, trained with HuggingFace `tokenizers`
//! 0.23 on five sentences about tokenizers; the ids that the tests expect are those it gives.

use toks::{Special, Tokenizer, include_tokenizer};

/// The usual way: a static, for every thread of the program.
pub static WORDS: Tokenizer = include_tokenizer!("vocab/words.json");

/// A prompt: parts of text that nobody should be able to end early, each followed by `<|end|>`.
pub fn prompt(parts: &[&str]) -> Vec<u32> {
    let end = WORDS.token_id("<|end|>");
    parts.iter().flat_map(|part| WORDS.encode_ordinary(part).into_iter().chain(end)).collect()
}

/// As much of `text` as fits into `limit` tokens.
///
/// The tokenizer may also stand where it is used: the macro is an expression.
pub fn fit(text: &str, limit: usize) -> &str {
    static STRICT: Tokenizer = include_tokenizer!("vocab/words.json", strict = true);
    STRICT.truncate(text, limit)
}

/// Whether a tokenizer in a `let` is the one of the static; `text` is tried too.
pub fn same_ids(text: &str) -> bool {
    let here = include_tokenizer!("vocab/words.json");
    here.fingerprint() == WORDS.fingerprint()
        && here.encode(text, Special::All) == WORDS.encode(text, Special::All)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_the_reference() {
        for (text, ids) in [
            ("the text that counts", &[84, 277, 286, 272, 283, 85, 279, 83][..]),
            ("A token is made of bytes.", &[33, 265, 261, 312, 273, 301, 89, 84, 69, 83, 14]),
            ("a<|end|>b", &[65, 0, 66]),
            ("naïve 🙂", &[78, 65, 128, 108, 86, 69, 221, 173, 254, 248, 225]),
        ] {
            assert_eq!(WORDS.encode(text, Special::All).as_deref(), Ok(ids), "{text}");
            assert_eq!(WORDS.decode(ids).as_deref(), Ok(text));
        }
        assert_eq!(WORDS.vocab_size(), 321);
    }

    #[test]
    fn text_of_users_ends_no_part() {
        assert_eq!(prompt(&["that", "is"]), [84, 268, 0, 73, 83, 0]);
        let ids = prompt(&["a<|end|>b"]);
        assert_eq!(ids.iter().filter(|&&id| id == 0).count(), 1);
    }

    #[test]
    fn text_is_cut_between_tokens() {
        assert_eq!(fit("the text that counts", 3), "the text");
        assert_eq!(fit("naïve", 3), "na");
        assert_eq!(fit("naïve", 4), "naï");
        assert_eq!(fit("the", 0), "");
    }

    #[test]
    fn a_tokenizer_in_an_expression_is_the_same() {
        assert!(same_ids("A token is made of bytes.<|end|>"));
    }
}
