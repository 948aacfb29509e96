//! `include_tokenizer!` where people write it: in statics, constants and functions.

#![cfg(feature = "macros")]

use comptok::{Tokenizer, include_tokenizer};

static TINY: Tokenizer = include_tokenizer!("tests/fixtures/tiny.json");

static RANKS: Tokenizer = comptok::include_tokenizer!(
    "tests/fixtures/tiny.tiktoken",
    pattern = "gpt2",
    special_tokens = {"<|endoftext|>": 276},
    strict = true,
);

const CONSTANT: Tokenizer = include_tokenizer!("tests/fixtures/tiny.json",);

const TEXT: &str = "the token, in there: é 123";
const IDS: [u32; 13] = [257, 268, 44, 32, 259, 258, 260, 58, 32, 275, 32, 274, 51];

#[test]
fn a_static_encodes_and_decodes() {
    let ids = TINY.encode_ordinary(TEXT);
    assert_eq!(ids, IDS);
    assert_eq!(TINY.decode(&ids).as_deref(), Ok(TEXT));
}

#[test]
fn ranks_and_tokenizer_json_agree() {
    assert_eq!(RANKS.encode_ordinary(TEXT), TINY.encode_ordinary(TEXT));
    let special = comptok::Special::All;
    for tokenizer in [&RANKS, &TINY] {
        let ids = tokenizer.encode("a<|endoftext|>", special);
        assert_eq!(ids, Ok(vec![97, 276]));
    }
}

#[test]
fn the_blob_begins_on_a_cache_line() {
    for tokenizer in [&TINY, &RANKS] {
        assert_eq!(tokenizer.as_bytes().as_ptr().align_offset(64), 0);
        assert_eq!(tokenizer.verify(), Ok(()));
    }
}

#[test]
fn a_constant_and_a_local_are_the_same() {
    let local = include_tokenizer!("tests/fixtures/tiny.json");
    fn count(text: &str) -> usize {
        static INNER: Tokenizer = include_tokenizer!(r"tests/fixtures/tiny.json");
        INNER.count_ordinary(text)
    }
    assert_eq!(local.encode_ordinary(TEXT), IDS);
    assert_eq!(CONSTANT.encode_ordinary(TEXT), IDS);
    assert_eq!(count(TEXT), 13);
    assert_eq!(local.as_bytes(), CONSTANT.as_bytes());
}

#[test]
fn a_macro_may_pass_the_path() {
    macro_rules! tokenizers {
        ($($path:literal),*) => { [$(include_tokenizer!($path)),*] };
    }
    let [tiny, missing] =
        tokenizers!("tests/fixtures/tiny.json", "tests/fixtures/missing_bytes.json");
    assert_eq!(tiny.fingerprint(), TINY.fingerprint());
    assert_ne!(missing.fingerprint(), TINY.fingerprint());
}
