//! The small fixture with other stages, and texts that try them. The file that includes this has a
//! module `drawn`.

#[path = "patterns.rs"]
mod patterns;

use crate::drawn::random;
use comptok::Tokenizer;
use comptok_core::pre_tokenizer::{Kind, Syntax};
pub(crate) use patterns::BAKED;
use serde_json::{Value, json};

const FIXTURE: &str = include_str!("../fixtures/tiny.json");

/// The fixture with other stages.
pub(crate) fn tokenizer(patterns: &[&str], change: impl FnOnce(&mut Value)) -> Tokenizer {
    let mut file: Value = serde_json::from_str(FIXTURE).expect("JSON");
    if !patterns.is_empty() {
        let split = |pattern: &&str| {
            json!({"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated",
                   "invert": false})
        };
        let mut steps: Vec<Value> = patterns.iter().map(split).collect();
        steps.push(json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
                          "use_regex": false}));
        file["pre_tokenizer"] = json!({"type": "Sequence", "pretokenizers": steps});
    }
    change(&mut file);
    Tokenizer::from_bytes(file.to_string().as_bytes())
        .unwrap_or_else(|e| panic!("{patterns:?}: {e}"))
}

pub(crate) fn nfc(file: &mut Value) {
    file["normalizer"] = json!({"type": "NFC"});
}

pub(crate) fn prefix_space(file: &mut Value) {
    file["pre_tokenizer"]["add_prefix_space"] = true.into();
}

/// Adds tokens: content, then the names of members that are true (`special` among them).
pub(crate) fn add(file: &mut Value, tokens: &[(&str, &[&str])]) {
    for (i, (content, members)) in tokens.iter().enumerate() {
        let has = |name| members.contains(&name);
        let token = json!({
            "id": 277 + i, "content": content, "single_word": has("single_word"),
            "lstrip": has("lstrip"), "rstrip": has("rstrip"), "normalized": has("normalized"),
            "special": has("special"),
        });
        file["added_tokens"].as_array_mut().expect("an array").push(token);
    }
}

/// Added tokens of every kind, for [`add`].
pub(crate) const ADDED: [&[(&str, &[&str])]; 9] = [
    &[("<x>", &["special"])],
    &[("<x>", &["lstrip", "rstrip"])],
    &[("the", &["single_word"]), ("文字", &["single_word", "normalized"])],
    &[("\u{212A} \u{212A}", &["normalized"]), ("k b", &["normalized"])],
    &[("  ", &[]), ("\n\n\n", &["normalized"]), ("A B", &["lstrip"])],
    &[("é", &["normalized"]), ("e\u{301}", &[])],
    &[("a", &["rstrip"]), ("ab", &[]), ("abababab", &["special"])],
    &[("12", &["normalized", "lstrip"]), ("1", &["single_word"])],
    &[("the the", &["special", "rstrip", "single_word"])],
];

/// A scanner of each kind, and an automaton.
pub(crate) fn some_patterns() -> [&'static [&'static str]; 4] {
    [&[], Kind::Cl100k.regex_in(Syntax::Oniguruma), Kind::O200k.regex(), &BAKED[0..1]]
}

const PIECES: [&[u8]; 48] = [
    b"a",
    b"B",
    b"the",
    b"THE",
    b"ab",
    b"ababc",
    b"'s",
    b"'LL",
    b"'r",
    b"'",
    b" ",
    b"  ",
    b"\n",
    b"\r\n",
    b"/",
    b"!",
    b"0",
    b"123",
    b"12",
    b"<|endoftext|>",
    b"<|end",
    b"<x>",
    b" <x>",
    b"<x> ",
    "é".as_bytes(),
    "e\u{301}".as_bytes(),
    "\u{323}\u{301}".as_bytes(),
    "中".as_bytes(),
    "文字".as_bytes(),
    "А".as_bytes(),
    "текст".as_bytes(),
    "\u{A0}".as_bytes(),
    "\u{3000}".as_bytes(),
    "，".as_bytes(),
    "。\n".as_bytes(),
    "ſ".as_bytes(),
    "\u{212A}".as_bytes(),
    "\u{212A} b".as_bytes(),
    "\u{1100}\u{1161}".as_bytes(),
    "\u{11A8}".as_bytes(),
    "👨‍👩".as_bytes(),
    "ǅ".as_bytes(),
    "ʰ".as_bytes(),
    "Ⅷ".as_bytes(),
    b"\t",
    b"\xFF",
    b"\xE4\xB8",
    b"\xF0\x9F",
];

/// Texts of about `len` bytes: every other one of few different pieces.
pub(crate) fn texts(count: usize, len: usize) -> Vec<Vec<u8>> {
    let mut random = random();
    let mut texts = Vec::new();
    for i in 0..count {
        // All pieces, or the same few again and again.
        let few: Vec<usize> = (0..1 + i % 5).map(|_| random(PIECES.len())).collect();
        let mut text = Vec::new();
        while text.len() < len {
            let piece = if i % 2 == 0 { random(PIECES.len()) } else { few[random(few.len())] };
            text.extend_from_slice(PIECES[piece]);
        }
        texts.push(text);
    }
    texts
}
