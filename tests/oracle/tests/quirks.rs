//! Which tokenizer.json are read, and as what: the same as HuggingFace `tokenizers` does.
//!
//! Small files with every component, then seeded mutations of them. Both must accept or both refuse
//! a file, and if they accept it, what the library saves and what we write are one text.

use std::panic::{AssertUnwindSafe, catch_unwind};

use comptok_bake::{read, write};
use serde_json::{Value, json};
use tokenizers::Tokenizer;

/// What the library makes of a file.
enum Reference {
    /// It saves this after loading.
    Loaded(String),
    Refused,
    /// Some faults, and some texts under normalization, are panics there.
    Panicked,
}

fn reference(text: &str) -> Reference {
    let load = || Tokenizer::from_bytes(text).ok().map(|tokenizer| tokenizer.to_string(true));
    match catch_unwind(AssertUnwindSafe(load)) {
        Ok(Some(saved)) => Reference::Loaded(saved.expect("it was loaded")),
        Ok(None) => Reference::Refused,
        Err(_) => Reference::Panicked,
    }
}

/// The same of ours.
fn ours(text: &str) -> Result<String, String> {
    let read = read::tokenizer_json(text.as_bytes()).map_err(|error| error.in_file("x"))?;
    // Of two tokens with one id the library saves the one that its hash table has first.
    if read.warnings.iter().any(|warning| warning.message.contains(" has the id of ")) {
        return Err(SHARED_ID.to_owned());
    }
    write::tokenizer_json(&read.spec).map_err(|error| format!("not written: {error}"))
}

/// In messages about files that the library loads and we do not.
const KNOWN: [&str; 2] = [SHARED_ID, ARRAY];

/// Structures written as arrays of their members, which no version writes.
const ARRAY: &str = "found an array, an object is wanted";

/// In the message of a merge whose part shares its id with another token. The library loads such a
/// file, but what it saves of it cannot be loaded.
const SHARED_ID: &str = "shares its id";

/// Whether we read the file; fails if the library thinks otherwise.
#[track_caller]
fn compare(text: &str) -> bool {
    match (reference(text), ours(text)) {
        (Reference::Loaded(theirs), Ok(ours)) if ours == theirs => true,
        (Reference::Loaded(theirs), Ok(ours)) => {
            // What is saved is not always what counts there: a template finds its tokens by their
            // keys, not by the names inside, and a content that was special once stays special.
            let parse = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
            let mut expected = parse(&theirs);
            name_by_key(&mut expected["post_processor"]);
            let file = parse(text);
            let listed = file["added_tokens"].as_array().expect("a list");
            for token in expected["added_tokens"].as_array_mut().expect("a list") {
                let mut same = listed.iter().filter(|other| other["content"] == token["content"]);
                token["special"] = json!(same.any(|other| other["special"] == true));
            }
            assert_eq!(parse(&ours), expected, "{text}");
            true
        }
        (Reference::Loaded(_), Err(error)) if KNOWN.iter().any(|known| error.contains(known)) => {
            false
        }
        (Reference::Loaded(theirs), Err(error)) => panic!("{error}\n{text}\n{theirs}"),
        (Reference::Refused, Ok(_)) => panic!("refused there, read here\n{text}"),
        (Reference::Refused, Err(_)) => false,
        (Reference::Panicked, ours) => ours.is_ok(),
    }
}

/// Gives the tokens of a template the names under which they are listed.
fn name_by_key(processor: &mut Value) {
    if let Some(tokens) = processor.get_mut("special_tokens").and_then(Value::as_object_mut) {
        tokens.iter_mut().for_each(|(key, token)| token["id"] = json!(key));
    }
    if let Some(steps) = processor.get_mut("processors").and_then(Value::as_array_mut) {
        steps.iter_mut().for_each(name_by_key);
    }
}

fn bpe() -> Value {
    json!({
        "type": "BPE", "dropout": null, "unk_token": "<unk>", "continuing_subword_prefix": null,
        "end_of_word_suffix": "</w>", "fuse_unk": true, "byte_fallback": false,
        "ignore_merges": false, "vocab": {"<unk>": 0, "a": 1, "b": 2, "ab": 3, "abb": 5},
        "merges": [["a", "b"], ["ab", "b"]]
    })
}

fn file(model: Value) -> Value {
    let token = |id: u32, content: &str, special: bool| {
        json!({
            "id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": true,
            "normalized": !special, "special": special
        })
    };
    json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": [token(0, "<unk>", true), token(6, "<x>", false)],
        "normalizer": null,
        "pre_tokenizer": null,
        "post_processor": null,
        "decoder": null,
        "model": model
    })
}

/// The file with one member exchanged.
fn with(key: &str, value: Value) -> Value {
    let mut file = file(bpe());
    file[key] = value;
    file
}

/// A character map: a trie without entries and one text.
fn charsmap() -> String {
    format!("AAQA{}AABhAA==", "A".repeat(1364))
}

fn components() -> Vec<(&'static str, Value)> {
    let byte_level = json!({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false});
    let metaspace = json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"});
    let replace = json!({"type": "Replace", "pattern": {"String": "a"}, "content": "b"});
    let mut all = Vec::new();
    let mut add =
        |key, values: Vec<Value>| all.extend(values.into_iter().map(|value| (key, value)));
    let unit = |tag: &str| json!({"type": tag});
    let bert = json!({
        "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": false,
        "strip_accents": null, "lowercase": true
    });
    let strip = json!({"type": "Strip", "strip_left": true, "strip_right": false});
    let prepend = json!({"type": "Prepend", "prepend": "▁"});
    add(
        "normalizer",
        vec![
            bert.clone(),
            strip.clone(),
            json!({"type": "Precompiled", "precompiled_charsmap": charsmap()}),
            replace.clone(),
            json!({"type": "Replace", "pattern": {"Regex": "a+"}, "content": ""}),
            prepend.clone(),
            json!({"type": "Sequence", "normalizers": [strip, prepend, unit("NFC"), bert, replace]}),
        ],
    );
    let names = ["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel"];
    add("normalizer", names.iter().map(|name| unit(name)).collect());
    let split = json!({
        "type": "Split", "pattern": {"Regex": "a+"}, "behavior": "MergedWithNext", "invert": true
    });
    let digits = json!({"type": "Digits", "individual_digits": true});
    add(
        "pre_tokenizer",
        vec![
            byte_level.clone(),
            metaspace.clone(),
            split.clone(),
            digits.clone(),
            json!({"type": "CharDelimiterSplit", "delimiter": "-"}),
            json!({"type": "Punctuation", "behavior": "Contiguous"}),
            json!({"type": "FixedLength", "length": 3}),
            json!({"type": "Sequence", "pretokenizers": [split, digits, unit("Whitespace")]}),
        ],
    );
    let names = [
        "BertPreTokenizer",
        "Whitespace",
        "WhitespaceSplit",
        "UnicodeScripts",
        "Punctuation",
        "FixedLength",
    ];
    add("pre_tokenizer", names.iter().map(|name| unit(name)).collect());
    let bert = json!({"type": "BertProcessing", "sep": ["b", 2], "cls": ["a", 1]});
    add(
        "post_processor",
        vec![
            bert.clone(),
            json!({
                "type": "RobertaProcessing", "sep": ["b", 2], "cls": ["a", 1], "trim_offsets": true,
                "add_prefix_space": false
            }),
            byte_level.clone(),
            json!({
                "type": "TemplateProcessing",
                "single": [
                    {"SpecialToken": {"id": "a", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}
                ],
                "pair": [
                    {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}
                ],
                "special_tokens": {
                    "b": {"id": "b", "ids": [2], "tokens": ["b"]},
                    "a": {"id": "a", "ids": [1, 2], "tokens": ["a", "b"]}
                }
            }),
            json!({"type": "Sequence", "processors": [bert, byte_level]}),
        ],
    );
    add(
        "decoder",
        vec![
            byte_level.clone(),
            metaspace,
            json!({"type": "WordPiece", "prefix": "##", "cleanup": true}),
            json!({"type": "BPEDecoder", "suffix": "</w>"}),
            json!({
                "type": "CTC", "pad_token": "<pad>", "word_delimiter_token": "|", "cleanup": false
            }),
            unit("ByteFallback"),
            unit("Fuse"),
            replace.clone(),
            json!({"type": "Strip", "content": " ", "start": 1, "stop": 0}),
            json!({"type": "Sequence", "decoders": [unit("Fuse"), replace, byte_level]}),
        ],
    );
    add(
        "truncation",
        vec![json!({
            "direction": "Left", "max_length": 512, "strategy": "OnlyFirst", "stride": 3
        })],
    );
    let padding = |strategy: Value| {
        json!({
            "strategy": strategy, "direction": "Right", "pad_to_multiple_of": 8, "pad_id": 0,
            "pad_type_id": 0, "pad_token": "[PAD]"
        })
    };
    add("padding", vec![padding(json!("BatchLongest")), padding(json!({"Fixed": 5}))]);
    add(
        "model",
        vec![
            bpe(),
            json!({
                "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "##a": 2, "a": 1}
            }),
            json!({"type": "WordLevel", "vocab": {"a": 1, "<unk>": 0}, "unk_token": "<unk>"}),
            json!({
                "type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["a", -1.5], ["b", -3]],
                "byte_fallback": true
            }),
        ],
    );
    all
}

#[test]
fn every_component_is_read_and_written_alike() {
    for (key, value) in components() {
        let text = with(key, value.clone()).to_string();
        assert!(compare(&text), "{text}");
        // Without its type, in older files, some are still read.
        let mut untyped = value;
        untyped.as_object_mut().expect("an object").remove("type");
        compare(&with(key, untyped.clone()).to_string());
        untyped["type"] = json!("Unheard");
        compare(&with(key, untyped.clone()).to_string());
        untyped["type"] = json!(3);
        compare(&with(key, untyped).to_string());
    }
}

#[test]
fn quirks() {
    let metaspace = |more: Value| {
        let mut value = json!({"type": "Metaspace", "replacement": "▁"});
        value.as_object_mut().expect("an object").extend(more.as_object().expect("one").clone());
        value
    };
    for (accepted, key, value) in [
        // 2.0, which 0.23 refuses too, is the format of the next version, and is read.
        (false, "version", json!("2.1")),
        (false, "version", json!(1.0)),
        (false, "version", json!(null)),
        (false, "unheard", json!(null)),
        (false, "model", json!(null)),
        (false, "added_tokens", json!(null)),
        (true, "added_tokens", json!([])),
        (true, "pre_tokenizer", metaspace(json!({}))),
        (true, "pre_tokenizer", metaspace(json!({"add_prefix_space": true, "str_rep": "▁"}))),
        (true, "pre_tokenizer", metaspace(json!({"add_prefix_space": null, "split": null}))),
        (false, "pre_tokenizer", metaspace(json!({"add_prefix_space": false}))),
        (
            true,
            "pre_tokenizer",
            metaspace(json!({"add_prefix_space": false, "prepend_scheme": "never"})),
        ),
        (true, "decoder", metaspace(json!({"add_prefix_space": true, "prepend_scheme": "never"}))),
        (false, "decoder", metaspace(json!({"prepend_scheme": null}))),
        (false, "decoder", metaspace(json!({"replacement": "__"}))),
        (false, "decoder", metaspace(json!({"str_rep": 3}))),
        (false, "pre_tokenizer", json!({"type": "Delimiter", "delimiter": "-"})),
        (false, "pre_tokenizer", json!({"type": "Digits"})),
        (true, "normalizer", json!({"type": "Unheard", "strip_left": true, "strip_right": true})),
        (true, "normalizer", json!({"strip_left": true, "strip_right": true, "more": 1})),
        (true, "normalizer", json!({"normalizers": []})),
        (true, "normalizer", json!({"type": "NFC", "more": 1})),
        (false, "normalizer", json!({"precompiled_charsmap": charsmap()})),
        (false, "normalizer", json!({"type": "Precompiled", "precompiled_charsmap": "AAA"})),
        (false, "normalizer", json!({"type": "Precompiled", "precompiled_charsmap": "BAAAAAAA"})),
        (false, "normalizer", json!({"type": "Precompiled", "precompiled_charsmap": "AAAAAP8="})),
        (
            true,
            "normalizer",
            json!({"type": "Bert", "clean_text": true, "handle_chinese_chars": false, "lowercase": true}),
        ),
        (
            true,
            "post_processor",
            json!({
                "type": "BertProcessing", "sep": ["b", 2], "cls": ["a", 1], "trim_offsets": true,
                "add_prefix_space": false
            }),
        ),
        (true, "post_processor", json!({"sep": ["b", 2], "cls": ["a", 1]})),
        (false, "post_processor", json!({"sep": ["b", 2, 3], "cls": ["a", 1]})),
        (
            true,
            "post_processor",
            json!({"type": "ByteLevel", "single": [], "pair": [], "special_tokens": {}}),
        ),
        (false, "post_processor", json!({"processors": []})),
        (false, "post_processor", json!({"type": "TemplateProcessing", "single": "$A"})),
        (false, "truncation", json!({"max_length": 5, "strategy": "longest_first", "stride": 0})),
        (true, "truncation", json!({"max_length": 5, "strategy": "LongestFirst", "stride": 9})),
    ] {
        let text = with(key, value).to_string();
        assert_eq!(compare(&text), accepted, "{text}");
    }
}

#[test]
fn models() {
    let bpe_with = |more: Value| {
        let mut value = bpe();
        value.as_object_mut().expect("an object").extend(more.as_object().expect("one").clone());
        value
    };
    let mut untyped = bpe();
    untyped.as_object_mut().expect("an object").remove("type");
    let mut damaged = untyped.clone();
    damaged["merges"] = json!([["a", "q"]]);
    let mut word_piece = damaged.clone();
    word_piece["continuing_subword_prefix"] = json!("##");
    word_piece["max_input_chars_per_word"] = json!(9);
    for (accepted, model) in [
        (true, untyped),
        // Read as a WordLevel, and as a WordPiece.
        (true, damaged),
        (true, word_piece),
        (true, bpe_with(json!({"merges": []}))),
        (true, bpe_with(json!({"merges": ["a b", "#version: 3", "ab b"]}))),
        (true, bpe_with(json!({"merges": ["#version 0.2"]}))),
        (false, bpe_with(json!({"merges": [["#version", "b"]]}))),
        (false, bpe_with(json!({"merges": ["a b", ["ab", "b"]]}))),
        (false, bpe_with(json!({"merges": [["a", "b"], "ab b"]}))),
        (false, bpe_with(json!({"merges": ["a  b"]}))),
        (false, bpe_with(json!({"merges": ["ab"]}))),
        (false, bpe_with(json!({"merges": [""]}))),
        (false, bpe_with(json!({"merges": [["a"]]}))),
        (false, bpe_with(json!({"merges": [["a", "b", "b"]]}))),
        (false, bpe_with(json!({"merges": [["a", 1]]}))),
        (false, bpe_with(json!({"merges": [["b", "b"]]}))),
        (false, bpe_with(json!({"merges": null}))),
        (true, bpe_with(json!({"merges": [["a", "b"], ["ab", "b"], ["a", "b"]]}))),
        (true, bpe_with(json!({"vocab": {"a": 0, "b c": 1, "ab c": 2}, "merges": [["a", "b c"]]}))),
        (
            true,
            bpe_with(json!({"continuing_subword_prefix": "##", "vocab": {
            "a": 0, "##b": 1, "ab": 2, "##bb": 3
        }, "merges": [["a", "##b"], ["##b", "##b"]]})),
        ),
        (
            false,
            bpe_with(json!({"continuing_subword_prefix": "###", "vocab": {
            "a": 0, "b": 1, "ab": 2
        }, "merges": [["a", "b"]]})),
        ),
        (false, bpe_with(json!({"vocab": {"a": 1.0}}))),
        (false, bpe_with(json!({"vocab": {"a": -1}}))),
        (false, bpe_with(json!({"vocab": {"a": 4_294_967_296_u64}}))),
        (false, bpe_with(json!({"vocab": {"a": "1"}}))),
        (true, bpe_with(json!({"dropout": 1}))),
        (false, bpe_with(json!({"dropout": 1.1}))),
        (false, bpe_with(json!({"dropout": -0.1}))),
        (true, bpe_with(json!({"dropout": 0.1}))),
        (true, bpe_with(json!({"fuse_unk": null, "byte_fallback": null, "ignore_merges": null}))),
        (false, bpe_with(json!({"unk_token": 3}))),
        (false, json!({"type": "Unigram", "unk_id": 1, "vocab": [["a", -1.0]]})),
        (false, json!({"type": "Unigram", "unk_id": 0, "vocab": []})),
        (true, json!({"type": "Unigram", "vocab": []})),
        (true, json!({"unk_id": null, "vocab": [["a", -1.0], ["a", -2.5e-7], ["b", 1e22]]})),
        (false, json!({"type": "Unigram", "vocab": [["a", -1.0]], "byte_fallback": null})),
        (false, json!({"type": "Unigram", "vocab": {"a": 0}})),
        (false, json!({"type": "Unigram", "vocab": [["a", "b"]]})),
        (false, json!({"type": "Unigram", "vocab": [["a"]]})),
        (true, json!({"vocab": {"a": 7}, "unk_token": "b"})),
        (false, json!({"vocab": {"a": 7}})),
        (false, json!({"type": "WordPiece", "vocab": {"a": 7}, "unk_token": "b"})),
        (true, json!({"type": "WordLevel", "vocab": {"a": 7}, "unk_token": "b", "merges": 3})),
    ] {
        let text = with("model", model).to_string();
        assert_eq!(compare(&text), accepted, "{text}");
    }
}

/// Scores and numbers as they are written; keys that are repeated.
#[test]
fn texts() {
    let file = |model: &str| format!("{{\"model\": {model}, \"version\": \"1.0\"}}");
    for (accepted, model) in [
        (true, r#"{"vocab": {"a": 0, "b": 1, "a": 2}, "merges": []}"#),
        (true, r#"{"vocab": {"a": 0}, "merges": [], "vocab": {"b": 0}}"#),
        (true, r#"{"merges": ["a b"], "vocab": {"a": 0, "b": 1, "ab": 2}, "type": "BPE"}"#),
        (true, r#"{"vocab": {"\u0061\n\ud83d\ude00": 0}, "merges": []}"#),
        (false, r#"{"vocab": {"\ud83d": 0}, "merges": []}"#),
        (false, r#"{"vocab": {"a": 0}, "merges": [],}"#),
        (false, r#"{"vocab": {"a": 00}, "merges": []}"#),
        (false, "{\"vocab\": {\"a\n\": 0}, \"merges\": []}"),
        (true, r#"{"vocab": [["a", -12.345678901234567890123456789], ["b", -1e-310]]}"#),
        (true, r#"{"vocab": [["a", -7.123456789012345], ["b", 123456789012345678901234567890]]}"#),
        (false, r#"{"vocab": [["a", 1e999]]}"#),
        (false, r#"{"vocab": [["a", NaN]]}"#),
    ] {
        let text = file(model);
        assert_eq!(compare(&text), accepted, "{text}");
    }
    let text = file(r#"{"vocab": {"a": 0}, "merges": []}"#);
    for (accepted, text) in [
        (false, format!("\u{feff}{text}")),
        (true, format!(" \r\n\t{text}\n")),
        (false, format!("{text} x")),
        (false, format!("{text}{text}")),
        (false, text[..text.len() - 1].to_owned()),
        (false, format!("[{text}]")),
        (false, String::new()),
        (false, "{}".to_owned()),
        (
            false,
            r#"{"model": {"vocab": {"a": 0}, "merges": []}, "version": "1.0", "version": "2"}"#
                .to_owned(),
        ),
        (
            true,
            r#"{"model": {"vocab": {"a": 0}, "merges": []}, "model": {"vocab": {}, "merges": []}}"#
                .to_owned(),
        ),
        (false, format!(r#"{{"model": {}"#, "[".repeat(100_000))),
    ] {
        assert_eq!(compare(&text), accepted, "{text}");
    }
}

#[test]
fn added_tokens() {
    let token = |id: u32, content: &str| {
        json!({
            "id": id, "content": content, "single_word": false, "lstrip": true, "rstrip": false,
            "normalized": false, "special": true
        })
    };
    let mut missing = token(9, "x");
    missing.as_object_mut().expect("an object").remove("special");
    let mut other = token(7, "x");
    other["lstrip"] = json!(false);
    let mut more = token(6, "x");
    more["more"] = json!([]);
    for (accepted, tokens) in [
        (true, json!([token(5, "x"), token(6, "y")])),
        (true, json!([token(90, "x"), token(80, "y"), token(0, "ab"), token(70, "z")])),
        (true, json!([token(5, ""), token(6, "x")])),
        (true, json!([token(5, "x"), token(6, "x"), token(7, "y")])),
        (true, json!([token(5, "x"), other])),
        (true, json!([more])),
        (false, json!([missing])),
        (false, json!([{"id": 3, "content": "x"}])),
        (false, json!([[5, "x", false, false, false, false, false]])),
        (false, json!(["x"])),
        (false, json!({})),
    ] {
        let text = with("added_tokens", tokens).to_string();
        assert_eq!(compare(&text), accepted, "{text}");
    }
}

/// A stream of numbers that depends on nothing but its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// Number of values below and at `value`.
fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(members) => members.values().map(size).sum::<usize>(),
        _ => 0,
    }
}

/// Changes the value that comes `index` values after `value`, itself included, depth first.
fn change(value: &mut Value, index: &mut usize, with: &mut dyn FnMut(&mut Value)) {
    if *index == 0 {
        with(value);
    }
    *index = index.wrapping_sub(1);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| change(item, index, with)),
        Value::Object(members) => {
            members.iter_mut().for_each(|(_, member)| change(member, index, with));
        }
        _ => {}
    }
}

/// Something else that could stand in a file.
fn other(random: &mut Random) -> Value {
    match random.below(16) {
        0 | 1 => Value::Null,
        2 => json!(true),
        3 => json!(false),
        4 => json!(0),
        5 => json!(1),
        6 => json!(-1),
        7 => json!(1.5),
        8 => json!(4_294_967_296_u64),
        9 => json!(""),
        10 => json!("a"),
        11 => json!("ab"),
        12 => json!("A"),
        13 => json!([]),
        14 => json!({}),
        _ => json!(["a", "b"]),
    }
}

/// Removes, doubles, renames or exchanges something.
fn mutate(file: &mut Value, keys: &[String], random: &mut Random) {
    let mut index = random.below(size(file));
    let kind = random.below(5);
    let mut with = |value: &mut Value| match value {
        Value::Array(items) if kind < 3 && !items.is_empty() => {
            let at = random.below(items.len());
            match kind {
                0 => _ = items.remove(at),
                1 => items.insert(at, items[at].clone()),
                _ => items.push(other(random)),
            }
        }
        Value::Object(members) if kind < 3 && !members.is_empty() => {
            let at = random.below(members.len());
            let key = members.keys().nth(at).expect("in range").clone();
            match kind {
                0 => _ = members.remove(&key),
                1 => {
                    let value = members.remove(&key).expect("it is there");
                    members.insert(keys[random.below(keys.len())].clone(), value);
                }
                _ => {
                    let key = keys[random.below(keys.len())].clone();
                    _ = members.insert(key, other(random));
                }
            }
        }
        value => *value = other(random),
    };
    change(file, &mut index, &mut with);
}

/// Every key of a file.
fn collect_keys(value: &Value, keys: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_keys(item, keys)),
        Value::Object(members) => {
            for (key, member) in members {
                if !keys.contains(key) {
                    keys.push(key.clone());
                }
                collect_keys(member, keys);
            }
        }
        _ => {}
    }
}

#[test]
fn mutations() {
    let mut random = Random(42);
    let files: Vec<Value> = components().into_iter().map(|(key, value)| with(key, value)).collect();
    let mut keys = Vec::new();
    files.iter().for_each(|file| collect_keys(file, &mut keys));
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..400 {
        for original in &files {
            let mut file = original.clone();
            for _ in 0..=random.below(2) {
                mutate(&mut file, &keys, &mut random);
            }
            match compare(&file.to_string()) {
                true => accepted += 1,
                false => refused += 1,
            }
        }
    }
    println!("{accepted} accepted, {refused} refused");
    assert!(accepted > 2000 && refused > 2000);
}
