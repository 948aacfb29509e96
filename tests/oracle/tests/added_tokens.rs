//! Drawn added tokens with every flag, in a byte-level BPE with an engine of its own, against `tokenizers`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use comptok::{Special, Tokenizer};
use comptok_bake::byte_level;
use comptok_oracle::{random::Random, reference::Reference, samples};
use serde_json::{Value, json};

/// No two of them have the same normal form: of such the library takes one or the other.
const CONTENTS: [&str; 13] =
    ["ab", "a", "b", " a", "cd", "c d", "é", "<x>", "  ", "中", "a ", "ba", "\u{212B}"];
const PIECES: [&str; 16] = [
    "ab", "a", "b", "cd", "c d", " ", "  ", "é", "e\u{301}", "\u{301}", "<x>", "中", "x", "!",
    "\n", "\u{212B}",
];

fn file(random: &mut Random) -> Value {
    let vocab: serde_json::Map<String, Value> =
        (0..=255).map(|byte| (byte_level::to_text(&[byte]), json!(byte))).collect();
    let mut contents = CONTENTS.to_vec();
    let tokens: Vec<Value> = (0..1 + random.below(4))
        .map(|i| {
            let content = contents.swap_remove(random.below(contents.len()));
            let mut flag = |of: usize| random.below(of) == 0;
            json!({"id": 256 + i, "content": content, "single_word": flag(2), "lstrip": flag(4),
                "rstrip": flag(4), "normalized": flag(2), "special": flag(2)})
        })
        .collect();
    let normalizer = if random.below(2) == 0 { json!({"type": "NFC"}) } else { Value::Null };
    json!({"version": "1.0", "truncation": null, "padding": null, "added_tokens": tokens,
        "normalizer": normalizer,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": random.below(3) == 0,
            "trim_offsets": true, "use_regex": true},
        "post_processor": null,
        // With this an engine of its own runs the file.
        "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true,
            "use_regex": true},
        "model": {"type": "BPE", "dropout": null, "unk_token": null,
            "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false,
            "byte_fallback": false, "ignore_merges": false, "vocab": vocab, "merges": []}})
}

#[test]
fn drawn_tokens_and_texts() {
    let rounds = if samples::full() { 40_000 } else { 3_000 };
    let (mut random, mut compared) = (Random::new(21), 0);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    for _ in 0..rounds {
        let file = file(&mut random);
        let (normalizer, prefix) =
            (file["normalizer"].clone(), file["pre_tokenizer"]["add_prefix_space"].clone());
        let file = file.to_string();
        let ours = Tokenizer::from_bytes(file.as_bytes()).unwrap_or_else(|e| panic!("{e}\n{file}"));
        let reference = Reference::hugging_face(file.as_bytes());
        for _ in 0..12 {
            let text: String = (0..random.below(14)).map(|_| *random.pick(&PIECES)).collect();
            let ids = ours.encode(&text, Special::All).expect("any text");
            // Some white space that two tokens swallow is a panic there.
            let Ok(theirs) = catch_unwind(AssertUnwindSafe(|| reference.special(&text))) else {
                continue;
            };
            compared += 1;
            let tokens = &file["{\"added_tokens\":".len()..file.find("\"decoder\"").unwrap_or(0)];
            if ids != theirs {
                std::panic::set_hook(hook);
                panic!("{ids:?}, not {theirs:?}: {text:?}\n{tokens}\n{normalizer} {prefix}");
            }
        }
    }
    std::panic::set_hook(hook);
    println!("{compared} texts");
    assert!(compared > 10 * rounds, "{compared}");
}

/// The library keeps added tokens in a hash map with random keys: of two with one normal form it finds
/// sometimes the one, sometimes the other. We find the first in the order of ids, which is one of them.
#[test]
fn of_two_with_one_normal_form_the_first_counts() {
    let vocab: serde_json::Map<String, Value> =
        (0..=255).map(|byte| (byte_level::to_text(&[byte]), json!(byte))).collect();
    let token = |id: u32, content: &str| {
        json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": true, "special": false})
    };
    let file = json!({"version": "1.0", "truncation": null, "padding": null,
        "added_tokens": [token(256, "e\u{301}x"), token(257, "éx")],
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
            "use_regex": true},
        "post_processor": null, "decoder": null,
        "model": {"type": "BPE", "dropout": null, "unk_token": null,
            "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false,
            "byte_fallback": false, "ignore_merges": false, "vocab": vocab, "merges": []}});
    let file = file.to_string();
    let mut answers: Vec<Vec<u32>> = (0..200)
        .map(|_| {
            let theirs = tokenizers::Tokenizer::from_bytes(file.as_bytes()).expect("a tokenizer");
            theirs.encode_fast("éx", false).expect("any text").get_ids().to_vec()
        })
        .collect();
    answers.sort();
    answers.dedup();
    let ours = Tokenizer::from_bytes(file.as_bytes()).expect("a tokenizer");
    assert_eq!(ours.encode("éx", Special::All).expect("any text"), [256]);
    assert_eq!(answers, [[256], [257]]);
}
