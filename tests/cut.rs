//! Texts cut at `last_cut`: the ids of the parts are those of the whole, for every pattern and every
//! kind of added token, and the parts are no longer than what they are made of.

#[allow(dead_code, reason = "each test file uses a part")]
mod common;
#[path = "../tok-core/tests/drawn/mod.rs"]
#[allow(dead_code, reason = "each test file uses a part")]
mod drawn;
#[path = "support/variants.rs"]
mod variants;

use comptok::{
    Options, Special, Tokenizer,
    load::{FileOptions, PatternArg},
};
use comptok_core::pre_tokenizer::{Kind, Syntax};
use variants::{ADDED, BAKED, add, nfc, prefix_space, some_patterns, texts, tokenizer};

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
    let texts = texts(15, 300);
    for added in ADDED {
        for pattern in some_patterns() {
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
