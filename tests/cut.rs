//! Texts cut at `last_cut`: the ids of the parts are those of the whole, for every pattern and every
//! kind of added token, and the parts are no longer than what they are made of.

#[allow(dead_code, reason = "each test file uses a part")]
mod common;
#[allow(dead_code, reason = "each test file uses a part")]
#[path = "../tok-core/tests/drawn/mod.rs"]
mod drawn;

use comptok::{
    Options, Special, Tokenizer,
    load::{FileOptions, PatternArg},
};
use comptok_core::pre_tokenizer::{Kind, Syntax};
use drawn::random;
use serde_json::{Value, json};

/// Patterns without a scanner: they become automata. The last ones look far ahead.
const BAKED: [&str; 6] = [
    r"\p{Han}+|\p{L}+|\p{N}{2}|[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,2}|\s*\n|\s+(?!\S)|.",
    r"\w+|[^\w\s]+",
    r"a+b|\p{L}|\s+",
    r" ?\p{L}+|\p{N}+$|\p{N}",
    r"(?:ab)*c|.|\n",
];

const FIXTURE: &str = include_str!("fixtures/tiny.json");

/// The fixture with other stages.
fn tokenizer(patterns: &[&str], change: impl FnOnce(&mut Value)) -> Tokenizer {
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

fn nfc(file: &mut Value) {
    file["normalizer"] = json!({"type": "NFC"});
}

fn prefix_space(file: &mut Value) {
    file["pre_tokenizer"]["add_prefix_space"] = true.into();
}

/// Adds tokens: content, then the names of members that are true (`special` among them).
fn add(file: &mut Value, tokens: &[(&str, &[&str])]) {
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

/// Encodes a text of which `size` bytes are seen at a time, more where it has to be. Returns the ids
/// and the most bytes that were seen at once.
fn in_parts(
    tokenizer: &Tokenizer,
    text: &[u8],
    special: Special<'_>,
    size: usize,
) -> (Vec<u32>, usize) {
    let (ids, most, _) = in_parts_counting(tokenizer, text, special, size);
    (ids, most)
}

/// As [`in_parts`], and the sum of the bytes that were searched for a place.
fn in_parts_counting(
    tokenizer: &Tokenizer,
    text: &[u8],
    special: Special<'_>,
    size: usize,
) -> (Vec<u32>, usize, usize) {
    let (mut ids, mut at, mut most, mut looked_at) = (Vec::new(), 0, 0, 0);
    let mut seen = size;
    loop {
        let options = Options { continued: at > 0, ..Options::new(special) };
        let found = text.get(at..at + seen).map(|part| {
            looked_at += part.len();
            (part, tokenizer.last_cut(part, options))
        });
        let part = match found {
            Some((part, Some(place))) => {
                assert!(0 < place && place <= part.len(), "{place}");
                &part[..place]
            }
            Some((_, None)) => {
                seen *= 2;
                continue;
            }
            None => &text[at..],
        };
        most = most.max(seen);
        ids.extend(tokenizer.encode(part, options).expect("any text"));
        at += part.len();
        if at == text.len() {
            return (ids, most, looked_at);
        }
        seen = size;
    }
}

#[track_caller]
fn check(name: &str, tokenizer: &Tokenizer, text: &[u8], sizes: &[usize]) {
    for special in [Special::All, Special::AsText] {
        let whole = tokenizer.encode(text, special).expect("any text");
        for &size in sizes {
            let (parts, _) = in_parts(tokenizer, text, special, size);
            let common = parts.iter().zip(&whole).take_while(|(a, b)| a == b).count();
            let near = |ids: &[u32]| {
                let ids = &ids[common.saturating_sub(8)..ids.len().min(common + 8)];
                (ids.to_vec(), tokenizer.decode_lossy(ids, false))
            };
            assert!(
                parts == whole,
                "{name}, {special:?}, {size} bytes at a time: {:?}, not {:?}",
                near(&parts),
                near(&whole)
            );
        }
    }
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

fn texts(count: usize, len: usize) -> Vec<Vec<u8>> {
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

#[test]
fn every_pattern() {
    let texts = texts(12, 250);
    let long = texts[..8].concat();
    let mut patterns: Vec<Vec<&str>> =
        Kind::ALL.iter().map(|kind| kind.regex_in(Syntax::Oniguruma).to_vec()).collect();
    patterns.extend(BAKED.map(|pattern| vec![pattern]));
    for pattern in &patterns {
        for normalize in [false, true] {
            let tokenizer = tokenizer(pattern, |file| {
                if normalize {
                    nfc(file)
                }
            });
            let name = format!("{pattern:?}, nfc {normalize}");
            for text in &texts {
                check(&name, &tokenizer, text, &[7, 40, 90]);
            }
            check(&name, &tokenizer, &long, &[1000, 3000]);
        }
    }
}

#[test]
fn every_kind_of_added_token() {
    let added: [&[(&str, &[&str])]; 9] = [
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
    let texts = texts(15, 300);
    let patterns: [&[&str]; 4] =
        [&[], Kind::Cl100k.regex_in(Syntax::Oniguruma), Kind::O200k.regex(), &BAKED[0..1]];
    for added in added {
        for pattern in patterns {
            for (normalize, prefix) in [(false, false), (true, false), (false, true), (true, true)]
            {
                if prefix && !pattern.is_empty() {
                    continue;
                }
                let tokenizer = tokenizer(pattern, |file| {
                    add(file, added);
                    if normalize {
                        nfc(file);
                    }
                    if prefix {
                        prefix_space(file);
                    }
                });
                let name = format!("{added:?} {pattern:?}, nfc {normalize}, prefix {prefix}");
                for text in &texts {
                    check(&name, &tokenizer, text, &[1, 60]);
                }
                check(&name, &tokenizer, &texts.concat(), &[2000]);
            }
        }
    }
}

#[test]
fn rank_files() {
    let ranks = include_bytes!("fixtures/tiny.tiktoken");
    for pattern in ["gpt2", "r50k", "cl100k", "o200k"] {
        let tokens =
            [("<x>".to_owned(), 300), ("<|end".to_owned(), 301), ("a <x>".to_owned(), 302)];
        let options = FileOptions {
            pattern: Some(PatternArg::Named(pattern)),
            special_tokens: &tokens,
            ..FileOptions::default()
        };
        let tokenizer =
            Tokenizer::from_bytes_with(ranks, &options).unwrap_or_else(|e| panic!("{e}"));
        for text in texts(20, 250) {
            check(pattern, &tokenizer, &text, &[1, 60]);
        }
    }
}

/// Text of any kind is seen in parts of about the wanted size: no letters, no spaces, whatever.
#[test]
fn parts_are_short() {
    let texts = [
        "很长的文本里没有空格，也没有别的。",
        "длинный текст, в нем нет латинских букв. ",
        "1234567890",
        "👨‍👩‍👧‍👦! ",
        "<|endoftext|>",
        "e\u{301}\u{323} ",
        "\u{a0}\u{3000}字",
        "\n\n a",
        "ababc",
        "字",
        "a\u{323}\u{301}\u{302}",
        "THEtheTHE",
        "!!a",
        "'s'll",
    ];
    let mut patterns: Vec<Vec<&str>> =
        Kind::ALL.iter().map(|kind| kind.regex_in(Syntax::Oniguruma).to_vec()).collect();
    patterns.extend(BAKED[..4].iter().map(|pattern| vec![*pattern]));
    for pattern in &patterns {
        for normalize in [false, true] {
            let tokenizer = tokenizer(pattern, |file| {
                if normalize {
                    nfc(file)
                }
            });
            for text in texts {
                let pre_token_is_long = ["字", "ababc"].contains(&text)
                    || text.starts_with('a') && !pattern[0].starts_with("'s")
                    || text == "!!a"
                    || text == "THEtheTHE"
                    || text.ends_with('0');
                let text = text.repeat(8_000 / text.len());
                let whole = tokenizer.encode(&text, Special::All).expect("any text");
                let (parts, most) = in_parts(&tokenizer, text.as_bytes(), Special::All, 500);
                assert!(parts == whole, "{pattern:?}, nfc {normalize}: {:?}", text.chars().next());
                assert!(
                    most == 500 || pre_token_is_long,
                    "{pattern:?}, nfc {normalize}: {:?}",
                    text.chars().next()
                );
            }
        }
    }
}

/// One pre-token that is far longer than what is read at a time is read whole, and what is read again and
/// again on the way is no more than twice the text.
#[test]
fn a_long_pre_token_takes_linear_time() {
    let gpt2 = Kind::Gpt2.regex();
    for (tokenizer, letter) in [
        (tokenizer(gpt2, |_| ()), "字"),
        (tokenizer(gpt2, nfc), "字"),
        (tokenizer(gpt2, nfc), "\u{301}"),
        (tokenizer(&BAKED[..1], |_| ()), "字"),
    ] {
        let text = letter.repeat(1_000_000 / letter.len()) + " end of it";
        let whole = tokenizer.encode(&text, Special::All).expect("any text");
        let (ids, most, looked_at) =
            in_parts_counting(&tokenizer, text.as_bytes(), Special::All, 1 << 16);
        assert!(ids == whole && most > text.len() / 2, "{letter}");
        assert!(looked_at < 3 * text.len(), "{letter}: {looked_at}");
    }
}

#[test]
fn real_text() {
    let Some(shared) = common::shared() else { return };
    let mut patterns: Vec<Vec<&str>> =
        Kind::ALL.iter().map(|kind| kind.regex_in(Syntax::Oniguruma).to_vec()).collect();
    patterns.extend(BAKED[..5].iter().map(|pattern| vec![*pattern]));
    let mut compared = 0;
    for name in ["english", "code", "multilingual", "chat", "adversarial/combining"] {
        let file = shared.join(format!("corpus/{name}.txt"));
        let text = std::fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let text = &text[text.len() / 2..][..5_000];
        for pattern in &patterns {
            let tokenizer = tokenizer(pattern, nfc);
            check(name, &tokenizer, text, &[50, 3000]);
            compared += 1;
        }
    }
    assert_eq!(compared, 5 * (Kind::ALL.len() + 5));
}
