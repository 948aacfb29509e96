//! A profile changes where answers are found, and no id.

#[expect(dead_code, reason = "only the place of the corpora is needed")]
mod common;

use comptok::{
    Special, Tokenizer,
    load::{FileOptions, PatternArg, Profile},
};
use comptok_bake::bake_file;
use comptok_core::blob::{Section, Tables};
use std::{fs, path::Path};

fn vocabulary(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vocab").join(name);
    fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn bake(file: &[u8], options: &FileOptions<'_>) -> Tokenizer {
    let baked = bake_file(file, options).unwrap_or_else(|e| panic!("{e}"));
    Tokenizer::from_bytes(&baked.blob).unwrap_or_else(|e| panic!("{e}"))
}

/// Answers of several ids.
fn answers(tokenizer: &Tokenizer) -> usize {
    Tables::new(tokenizer.as_bytes(), tokenizer.header()).answers.len()
}

/// Texts in which words are frequent, and others.
fn texts() -> Vec<String> {
    let mut texts = vec![
        "The quick Zxqvbn fox Zxqvbn-jumped over Qwertzuiop, it's Zxqvbn's. ".repeat(40),
        "Достопримечательность и достопримечательности. 日本語の文章です。日本語 ".repeat(20),
        " hello\n\n  \tworld 12345 !!! <|endoftext|> e\u{301}".repeat(10),
        String::new(),
        // Text that is here without the corpora too.
        include_str!("../README.md").to_owned() + include_str!("words.rs"),
    ];
    if let Some(shared) = common::shared() {
        for file in ["english.txt", "code.txt", "multilingual.txt", "chat.txt"] {
            let text = fs::read_to_string(shared.join("corpus").join(file)).expect("a corpus");
            texts.push(text.chars().skip(1000).take(150_000).collect());
        }
    }
    texts
}

fn check(name: &str, file: &[u8], options: &FileOptions<'_>) {
    let texts = texts();
    let plain = bake(file, options);
    assert_eq!(answers(&plain), 0, "{name}");
    // Less text than is encoded: what the profile knows and what it does not.
    let profile: String =
        texts.iter().map(|text| text.chars().take(60_000).collect::<String>()).collect();
    let mut last = 0;
    for max_bytes in [0, 4 << 10, Profile::MAX_BYTES] {
        let profile = Profile { text: profile.as_bytes(), max_bytes };
        let with = FileOptions { profile: Some(profile), ..*options };
        let tuned = bake(file, &with);
        let grown = tuned.as_bytes().len().saturating_sub(plain.as_bytes().len());
        eprintln!("{name}: {} ids in answers, {grown} bytes of {max_bytes}", answers(&tuned));
        assert!(grown <= max_bytes, "{name}: {grown} bytes of {max_bytes}");
        assert!(answers(&tuned) >= last);
        last = answers(&tuned);
        assert_eq!(tuned.fingerprint(), plain.fingerprint());
        assert_ne!(tuned.header().source, plain.header().source);
        assert!(bake(file, &with).as_bytes() == tuned.as_bytes(), "{name}: not the same twice");
        if max_bytes == 4 << 10 {
            continue;
        }
        for text in &texts {
            for special in [Special::All, Special::AsText] {
                let wanted = plain.encode(text, special).expect("nothing is forbidden");
                assert!(tuned.encode(text, special).as_ref() == Ok(&wanted), "{name}");
                assert_eq!(tuned.count(text, special), Ok(wanted.len()), "{name}");
            }
            let (mut a, mut b) = (comptok::Scratch::new(), comptok::Scratch::new());
            let part: String = text.chars().take(5000).collect();
            let spans = |tokenizer: &Tokenizer, scratch: &mut comptok::Scratch<'_>| {
                let spans = tokenizer.tokens(&part, Special::All, scratch);
                spans.collect::<Result<Vec<_>, _>>().expect("nothing is forbidden")
            };
            assert!(spans(&tuned, &mut a) == spans(&plain, &mut b), "{name}");
        }
    }
    assert!(last > 100, "{name}: {last}");
}

#[test]
fn gpt2_has_the_same_ids() {
    check("gpt2", &vocabulary("gpt2.json"), &FileOptions::default());
}

#[test]
fn ranks_have_the_same_ids_with_any_pattern() {
    // The first ranks, so that more words are several tokens.
    let file: String = String::from_utf8(vocabulary("cl100k_base.tiktoken"))
        .expect("text")
        .lines()
        .take(5000)
        .map(|line| format!("{line}\n"))
        .collect();
    let special_tokens = [("<|endoftext|>".to_owned(), 100_000)];
    for pattern in [
        PatternArg::Named("o200k"),
        PatternArg::Named("clip"),
        // No scanner is written for this one.
        PatternArg::Regex(r"\w+| ?[^\w\s]+|\s+(?!\S)|\s"),
    ] {
        let options = FileOptions {
            pattern: Some(pattern),
            special_tokens: &special_tokens,
            ..FileOptions::default()
        };
        check(&format!("{pattern:?}"), file.as_bytes(), &options);
    }
}

#[test]
fn bytes_without_a_token_are_no_answer() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/missing_bytes.json");
    let file = fs::read(path).expect("the fixture");
    let text = "aé ab\u{3} the the\u{3} tokens ".repeat(30);
    let plain = bake(&file, &FileOptions::default());
    let profile = Some(Profile::new(text.as_bytes()));
    let tuned = bake(&file, &FileOptions { profile, ..FileOptions::default() });
    for strict in [false, true] {
        let options = comptok::Options { strict, ..comptok::Options::new(Special::All) };
        assert_eq!(tuned.encode(&text, options), plain.encode(&text, options));
    }
    let range = tuned.header().sections[Section::Answers as usize];
    assert!(range.1 > 0);
}
