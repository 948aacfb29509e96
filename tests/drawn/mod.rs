//! Small models of SentencePiece and of T5's kind, drawn, and texts for them.
//!
//! Their pieces and replacements have all that a proof of a cut may overlook: marks beside letters, letters and marks
//! that become others with what stands behind them, chars that are not known, sums that differ by what is rounded.

mod base64;

use std::collections::BTreeMap;

pub(crate) use base64::base64;
use comptok_bake::byte_level;
use comptok_core::{model::Random, pre_tokenizer::Kind};
use serde_json::{Map, Value, json};

/// Chars of pieces and texts.
const CHARS: [&str; 20] = [
    "a", "e", "b", "A", "'", ",", "=", "(", "1", "é", "≠", "\u{301}", "\u{338}", "ﬁ", "字", "，",
    "▁", "…", "f", "i",
];
/// Replacements; those of the first rows are as real tables have them.
pub(crate) const REPLACED: [(&str, &str); 16] = [
    ("e\u{301}", "é"),
    ("=\u{338}", "≠"),
    ("ﬁ", "fi"),
    ("，", ","),
    ("A", "a"),
    ("…", "..."),
    ("A\u{301}", "é"),
    ("\u{3000}", " "),
    ("'e", "é"),
    ("e,", "b"),
    ("b", ","),
    ("a\u{301}", " "),
    ("a\u{338}", "'a"),
    ("i\u{301}", "▁"),
    ("(", ""),
    ("'", "b"),
];

/// A table of replacements: a double array over the bytes of what is replaced.
pub(crate) fn charsmap(entries: &[(&str, &str)]) -> Vec<u8> {
    let (mut units, mut used) = (vec![0u32; 1 << 13], vec![false; 1 << 13]);
    let mut texts = Vec::new();
    used[0] = true;
    // Nodes whose children are to be placed: where they stand, and what is spelled up to them.
    let mut nodes = vec![(0usize, Vec::new())];
    while let Some((at, spelled)) = nodes.pop() {
        let mut children: BTreeMap<u8, Option<&str>> = BTreeMap::new();
        for (text, becomes) in entries {
            match text.as_bytes().strip_prefix(&*spelled) {
                Some([]) => _ = children.insert(0, Some(becomes)),
                Some([next, ..]) => _ = children.entry(*next).or_default(),
                None => {}
            }
        }
        let fits = |base: &usize| children.keys().all(|&byte| !used[base ^ usize::from(byte)]);
        let base = (256..1 << 12).find(fits).expect("room");
        let is_end = u32::from(children.contains_key(&0));
        units[at] |= (((base ^ at) as u32) << 10) | (is_end << 8);
        for (byte, becomes) in children {
            let child = base ^ usize::from(byte);
            used[child] = true;
            if let Some(becomes) = becomes {
                units[child] = 1 << 31 | texts.len() as u32;
                texts.extend(becomes.bytes().chain([0]));
            } else {
                units[child] = u32::from(byte);
                nodes.push((child, [&*spelled, &[byte]].concat()));
            }
        }
    }
    let len = units.len() as u32 * 4;
    let units = units.iter().flat_map(|unit| unit.to_le_bytes());
    len.to_le_bytes().into_iter().chain(units).chain(texts).collect()
}

/// A field of a message that has bytes.
pub(crate) fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut all = vec![number << 3 | 2];
    let mut len = bytes.len();
    while len >= 0x80 {
        all.push(len as u8 | 0x80);
        len >>= 7;
    }
    all.push(len as u8);
    all.extend(bytes);
    all
}

pub(crate) fn piece(text: &str, score: f32, kind: u8) -> Vec<u8> {
    let score = [&[0x15][..], &score.to_le_bytes()].concat();
    field(1, &[field(1, text.as_bytes()), score, vec![0x18, kind]].concat())
}

/// What a piece is.
pub(crate) const NORMAL: u8 = 1;
pub(crate) const UNKNOWN: u8 = 2;
const CONTROL: u8 = 3;
const USER_DEFINED: u8 = 4;
const UNUSED: u8 = 5;
const BYTE: u8 = 6;

/// How text is cut.
pub(crate) const UNIGRAM: u8 = 1;
const BPE: u8 = 2;
const WORD: u8 = 3;
const CHAR: u8 = 4;

/// Pieces: chars, and what is joined of them.
fn pieces(random: &mut Random) -> Vec<String> {
    let mut pieces: Vec<String> = vec!["a".into(), "▁".into()];
    // Some are not known, but perhaps all letters.
    let letters = ('A'..='Z').chain('a'..='z').map(String::from);
    let letters = letters.take([0, 52][random.below(2)]);
    let known = [8, 2][random.below(2)];
    let chars = CHARS.iter().map(|char| char.to_string()).filter(|_| random.below(known) > 0);
    for char in chars.chain(letters) {
        if !pieces.contains(&char) {
            pieces.push(char);
        }
    }
    for _ in 0..random.below(24) {
        let mut part = || pieces[random.below(pieces.len())].clone();
        let joined = part() + &part();
        // ▁ within a piece leaves nothing to be cut.
        let spoils = joined.trim_start_matches('▁').contains('▁') || joined.starts_with("▁▁");
        if !pieces.contains(&joined) && joined.len() < 16 && !spoils {
            pieces.push(joined);
        }
    }
    pieces
}

fn score(random: &mut Random) -> f32 {
    -(random.below(4000) as f32) / 256.0 - 1.0
}

/// None, some that tables have, or any.
fn entries(random: &mut Random) -> Vec<(&'static str, &'static str)> {
    let most = [0, 8, REPLACED.len()][random.below(3)];
    REPLACED[..most].iter().filter(|_| random.below(3) > 0).copied().collect()
}

/// A model of SentencePiece, and what it was made of.
pub(crate) fn model(seed: u64) -> (Vec<u8>, String) {
    let mut random = Random::new(seed);
    let kind = [UNIGRAM, BPE, UNIGRAM, BPE, WORD, CHAR][random.below(6)];
    let pieces = pieces(&mut random);
    let mut file = piece("<unk>", 0.0, UNKNOWN);
    for text in &pieces {
        let score = score(&mut random);
        let kind = match (random.below(24), text.chars().count()) {
            (0, 2..) => USER_DEFINED,
            (1, _) if text != "▁" => UNUSED,
            (2, _) if text != "▁" => CONTROL,
            _ => NORMAL,
        };
        file.extend(piece(text, score, kind));
    }
    let byte_fallback = random.below(4) == 0;
    if byte_fallback {
        (0..=255u8).for_each(|byte| file.extend(piece(&format!("<0x{byte:02X}>"), 0.0, BYTE)));
    }
    let mut switch = |of| u8::from(random.below(of) == 0);
    let trainer = [0x18, kind, 0x98, 2, u8::from(byte_fallback), 0xC0, 1, switch(8)];
    let mut rules = vec![0x18, 1 - switch(4), 0x20, switch(2), 0x28, 1 - switch(8)];
    file.extend(field(2, &trainer));
    let entries = entries(&mut random);
    if !entries.is_empty() {
        rules.extend(field(2, &charsmap(&entries)));
    }
    file.extend(field(3, &rules));
    (file, format!("seed {seed}: kind {kind}, {pieces:?}, {entries:?}"))
}

/// A tokenizer.json as T5 has it.
pub(crate) fn t5(seed: u64) -> (Vec<u8>, String) {
    let mut random = Random::new(seed);
    let (pieces, entries) = (pieces(&mut random), entries(&mut random));
    let unk = [json!(["<unk>", 0.0])].into_iter();
    // Many sums are the same but for what is rounded, which depends on what is added first.
    let mut score = || -(random.below(90) as f64) / 10.0;
    let scored = pieces.iter().map(|text| json!([text, score()]));
    let vocab: Vec<Value> = unk.chain(scored).collect();
    let table = json!({"type": "Precompiled", "precompiled_charsmap": base64(&charsmap(&entries))});
    let file = json!({
        "version": "1.0",
        "added_tokens": [],
        "normalizer": if entries.is_empty() { Value::Null } else { table },
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "WhitespaceSplit"},
            {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true},
        ]},
        "model": {"type": "Unigram", "unk_id": 0, "vocab": vocab, "byte_fallback": false},
    });
    (file.to_string().into_bytes(), format!("T5, seed {seed}: {pieces:?}, {entries:?}"))
}

/// What is joined of chars, and of what was joined before.
fn joined(random: &mut Random, mut texts: Vec<String>) -> (Vec<String>, Vec<[String; 2]>) {
    let mut merges = Vec::new();
    // ▁ stands nowhere but in front, or behind marks too, or anywhere.
    let spaces = random.below(5);
    let is_fine = |whole: &str| {
        let behind = |at: usize| whole[..at].chars().next_back();
        whole.match_indices('▁').all(|(at, _)| match behind(at) {
            None | Some('▁') => true,
            Some(before) => spaces == 0 || spaces < 3 && before.is_ascii_punctuation(),
        })
    };
    for _ in 0..random.below(60) {
        let mut part = || texts[random.below(texts.len())].clone();
        let (left, right) = (part(), part());
        let whole = left.clone() + &right;
        if whole.len() < 24 && is_fine(&whole) && !texts.contains(&whole) {
            texts.push(whole);
            merges.push([left, right]);
        }
    }
    (texts, merges)
}

/// Chars that have a token.
fn chars(random: &mut Random) -> Vec<String> {
    let letters = ('A'..='Z').chain('a'..='z').map(String::from).take([0, 52][random.below(2)]);
    let known = [8, 2][random.below(2)];
    let chars = CHARS.iter().map(|char| char.to_string()).filter(|_| random.below(known) > 0);
    let mut all: Vec<String> = chars.chain(letters).chain(["▁".into(), "x".into()]).collect();
    all.sort();
    all.dedup();
    all
}

fn tokenizer_json(normalizer: &Value, pre_tokenizer: &Value, model: &Value) -> Vec<u8> {
    let added = json!([{
        "id": 1, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true,
    }]);
    let file = json!({
        "version": "1.0", "added_tokens": added, "normalizer": normalizer,
        "pre_tokenizer": pre_tokenizer, "model": model,
    });
    file.to_string().into_bytes()
}

/// A tokenizer.json as Llama 2 has it.
pub(crate) fn llama(seed: u64) -> (Vec<u8>, String) {
    let mut random = Random::new(seed);
    let chars = chars(&mut random);
    let (mut texts, mut merges) = joined(&mut random, chars);
    if random.below(6) == 0 {
        // What stands for chars without a token merges.
        texts.push("<unk>▁".into());
        merges.push(["<unk>".into(), "▁".into()]);
    }
    let mut switch = |of| random.below(of) == 0;
    let byte_fallback = switch(2);
    let bytes =
        (0..=255u8).map(|byte| format!("<0x{byte:02X}>")).take(256 * usize::from(byte_fallback));
    let all = ["<unk>".into(), "<s>".into()].into_iter().chain(bytes).chain(texts.iter().cloned());
    let vocab: Value =
        all.zip(0..).map(|(text, id)| (text, json!(id))).collect::<serde_json::Map<_, _>>().into();
    let model = json!({
        "type": "BPE", "vocab": vocab, "merges": merges, "unk_token": "<unk>", "dropout": null,
        "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": switch(2),
        "byte_fallback": byte_fallback, "ignore_merges": switch(8),
    });
    let replace = json!({"type": "Replace", "pattern": {"String": " "}, "content": "▁"});
    let prepend = json!({"type": "Prepend", "prepend": "▁"});
    let scheme = ["first", "never", "always"][random.below(3)];
    let metaspace = json!({
        "type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": random.below(3) == 0,
    });
    let split = json!({
        "type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": false,
    });
    let (normalizer, pre_tokenizer) = match random.below(4) {
        0 => (json!({"type": "Sequence", "normalizers": [prepend, replace]}), Value::Null),
        1 => (replace, Value::Null),
        2 => (replace, split),
        _ => (Value::Null, metaspace),
    };
    let file = tokenizer_json(&normalizer, &pre_tokenizer, &model);
    (file, format!("Llama, seed {seed}: {normalizer}, {pre_tokenizer}, {texts:?}"))
}

/// Byte-level BPE whose merges join anything, with steps that separate words, and others, in any order.
pub(crate) fn stepped(seed: u64) -> (Vec<u8>, String) {
    let mut random = Random::new(seed);
    let mut texts: Vec<String> = (0..=255).map(|byte| byte_level::to_text(&[byte])).collect();
    let some = [" ", "\n", "\t", "\r", "a", "e", "b", "A", "'", ",", "(", "=", "1"];
    let mut joined: Vec<String> = some.map(|text| byte_level::to_text(text.as_bytes())).into();
    let mut merges = Vec::new();
    for _ in 0..random.below(50) {
        let mut part = || joined[random.below(joined.len())].clone();
        let (left, right) = (part(), part());
        let whole = left.clone() + &right;
        if whole.chars().count() < 9 && !texts.contains(&whole) {
            texts.push(whole.clone());
            joined.push(whole);
            merges.push([left, right]);
        }
    }
    let vocab = ["<unk>".into(), "<s>".into()].into_iter().chain(texts).zip(0..);
    let vocab: Value = vocab.map(|(text, id)| (text, json!(id))).collect::<Map<_, _>>().into();
    let model = json!({
        "type": "BPE", "vocab": vocab, "merges": merges, "unk_token": null, "dropout": null,
        "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false,
        "byte_fallback": false, "ignore_merges": random.below(4) == 0,
    });
    let byte_level = |prefix: bool, regex: bool| json!({"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": true, "use_regex": regex});
    let mut steps: Vec<Value> = (0..random.below(4)).map(|_| step(&mut random)).collect();
    steps.push(byte_level(random.below(8) == 0, random.below(2) == 0));
    let pre_tokenizer = json!({"type": "Sequence", "pretokenizers": steps});
    let replace = |text: &str, content: &str| json!({"type": "Replace", "pattern": {"String": text}, "content": content});
    let normalizer = match random.below(12) {
        0..6 => Value::Null,
        6 => replace(" ", "▁"),
        7 => replace("a", " "),
        other => {
            let name = ["NFC", "NFKC", "NFD", "Lowercase", "Nmt"][other % 5];
            json!({"type": name})
        }
    };
    let file = tokenizer_json(&normalizer, &pre_tokenizer, &model);
    (file, format!("stepped {seed}: {normalizer} {steps:?} {merges:?}"))
}

/// One that separates words, one that looks at chars, or any.
fn step(random: &mut Random) -> Value {
    let regex = |regex: &str, behavior: &str| {
        let pattern = json!({"Regex": regex});
        json!({"type": "Split", "pattern": pattern, "behavior": behavior, "invert": false})
    };
    let behavior = ["Isolated", "Contiguous", "Removed", "MergedWithPrevious", "MergedWithNext"]
        [[0, random.below(5)][random.below(2)]];
    match random.below(8) {
        0..3 => {
            let kinds: Vec<Kind> =
                Kind::ALL.into_iter().filter(|kind| kind.regex().len() == 1).collect();
            regex(kinds[random.below(kinds.len())].regex()[0], "Isolated")
        }
        3 => json!({"type": "Digits", "individual_digits": random.below(2) == 0}),
        4 => json!({"type": "Punctuation", "behavior": behavior}),
        5 => regex(
            [
                "\\p{N}",
                "\\p{N}{1,3}",
                "[0-9][0-9][0-9]",
                "\\d",
                "[\\r\\n]",
                "\\d{1,3}(?=(?:\\d{3})*\\b)",
                "(?=(\\d{3})+(?!\\d))",
                "(?<=[a-z])(?=[A-Z,])",
                "[A-Z]?[a-z]+\\b|(?<! )-",
            ][random.below(9)],
            behavior,
        ),
        6 => regex(["\\s+", " ?a", ",", "\\s?[ae]+", "[^\\n]+"][random.below(5)], behavior),
        _ => {
            json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": random.below(2) == 0})
        }
    }
}

/// Words, and white space of all kinds between them.
pub(crate) fn lines(random: &mut Random) -> String {
    const PARTS: [&str; 26] = [
        " ", " ", "  ", "\n", "\n\n", "\n  ", " \n", "\n \n", "\t", "\r\n", "\r", "\u{a0}",
        "\u{3000}", "!!\n", "a", "be", "Ae", "12", "1234", "'s", ",", "(=", "é", "中文", "\u{301}",
        "\u{85}",
    ];
    (0..1 + random.below(24)).map(|_| PARTS[random.below(PARTS.len())]).collect()
}

/// A tokenizer.json as BERT has it.
pub(crate) fn bert(seed: u64) -> (Vec<u8>, String) {
    let mut random = Random::new(seed);
    let chars = chars(&mut random);
    let (texts, _) = joined(&mut random, chars);
    let rest = texts.iter().filter(|_| random.below(3) > 0).map(|text| format!("##{text}"));
    let rest: Vec<String> = rest.collect();
    let all = ["[UNK]".into(), "<s>".into()].into_iter().chain(texts).chain(rest);
    let vocab: Value =
        all.zip(0..).map(|(text, id)| (text, json!(id))).collect::<serde_json::Map<_, _>>().into();
    let model = json!({
        "type": "WordPiece", "vocab": vocab, "unk_token": "[UNK]", "continuing_subword_prefix": "##",
        "max_input_chars_per_word": ([100, 6][random.below(2)]),
    });
    let mut switch = || random.below(2) == 0;
    let normalizer = json!({
        "type": "BertNormalizer", "clean_text": switch(), "handle_chinese_chars": switch(),
        "strip_accents": ([None, Some(true), Some(false)][usize::from(switch()) + usize::from(switch())]),
        "lowercase": switch(),
    });
    let file = tokenizer_json(&normalizer, &json!({"type": "BertPreTokenizer"}), &model);
    (file, format!("BERT, seed {seed}: {normalizer}, {vocab}"))
}

/// A tokenizer.json whose text is normalized in many ways before white space splits it.
pub(crate) fn xlnet(seed: u64) -> (Vec<u8>, String) {
    let mut random = Random::new(seed);
    let (pieces, entries) = (pieces(&mut random), entries(&mut random));
    let unk = [json!(["<unk>", 0.0]), json!(["<s>", 0.0])].into_iter();
    let mut score = || -(random.below(90) as f64) / 10.0;
    let vocab: Vec<Value> = unk.chain(pieces.iter().map(|text| json!([text, score()]))).collect();
    let model = json!({"type": "Unigram", "unk_id": 0, "vocab": vocab, "byte_fallback": false});
    let replace = |pattern: Value, content| json!({"type": "Replace", "pattern": pattern, "content": content});
    let mut steps = vec![
        replace(json!({"String": "''"}), "="),
        replace(json!({"String": "b"}), ["", "a ", "é"][random.below(3)]),
        replace(json!({"Regex": " {2,}"}), [" ", "▁", "x"][random.below(3)]),
        json!({"type": (["NFC", "NFD", "NFKC", "NFKD"][random.below(4)])}),
        json!({"type": "StripAccents"}),
        json!({"type": "Lowercase"}),
        json!({"type": "Strip", "strip_left": random.below(2) == 0, "strip_right": true}),
    ];
    if !entries.is_empty() {
        let table = base64(&charsmap(&entries));
        steps.push(json!({"type": "Precompiled", "precompiled_charsmap": table}));
    }
    steps.retain(|_| random.below(3) == 0);
    let normalizer = json!({"type": "Sequence", "normalizers": steps});
    let scheme = ["first", "never", "always"][random.below(3)];
    let metaspace = json!({
        "type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": random.below(3) > 0,
    });
    let splits =
        json!({"type": (["WhitespaceSplit", "Whitespace", "BertPreTokenizer"][random.below(3)])});
    let pre_tokenizer = match random.below(3) {
        0 => metaspace,
        _ => json!({"type": "Sequence", "pretokenizers": [splits, metaspace]}),
    };
    let file = tokenizer_json(&normalizer, &pre_tokenizer, &model);
    let mut shown = normalizer;
    if let Some(last) = shown["normalizers"].as_array_mut().and_then(|steps| steps.last_mut())
        && last["type"] == "Precompiled"
    {
        *last = json!(entries);
    }
    (file, format!("XLNet, seed {seed}: {shown}, {pre_tokenizer}, {pieces:?}"))
}

/// A text for any of them.
pub(crate) fn any_text(random: &mut Random) -> String {
    const OTHERS: [&str; 16] = [
        "\n", "\t", "\r\n", "  ", " ▁", "<s>", "##a", "x", "B", "É", "\u{a0}", "\u{1}", "''",
        "\u{600}", "中", "한",
    ];
    let other = |random: &mut Random| match random.below(2) {
        0 => text(random),
        _ => OTHERS[random.below(OTHERS.len())].to_owned(),
    };
    (0..1 + random.below(4)).map(|_| other(random)).collect()
}

pub(crate) fn text(random: &mut Random) -> String {
    let parts = (0..1 + random.below(40)).map(|_| match random.below(12) {
        0..6 => CHARS[random.below(CHARS.len())],
        6..9 => REPLACED[random.below(REPLACED.len())].0,
        9..11 => " ",
        _ => ["\u{3000}", "Z", "-"][random.below(3)],
    });
    parts.collect()
}
