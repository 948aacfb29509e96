//! Drawn tokenizers and long texts among short ones: threads give the ids, counts and errors of one thread, and each
//! text what it gives on its own, whatever is forbidden or broken in it.

#![expect(
    clippy::duplicate_mod,
    reason = "both kinds of drawn tokenizers have a part of their own"
)]

#[path = "drawn/bytes.rs"]
#[allow(dead_code, reason = "each test file uses a part")]
mod bytes;
#[allow(dead_code, reason = "each test file uses a part")]
mod drawn;
#[path = "drawn/seeds.rs"]
#[allow(unreachable_pub, reason = "a crate of comparisons passes them on")]
mod seeds;

use comptok::{BatchError, Options, Special, Tokenizer};
use comptok_core::model::Random;
use seeds::seeds;

/// A text of about that many bytes, of a few that come again and again.
fn long(random: &mut Random, len: usize, mut draw: impl FnMut(&mut Random) -> String) -> Vec<u8> {
    let parts: Vec<String> = (0..60).map(|_| draw(random).replace("<s>", "s")).collect();
    let mut text = Vec::new();
    while text.len() < len {
        text.extend_from_slice(parts[random.below(parts.len())].as_bytes());
    }
    text
}

/// Puts something at a few places, towards the end too.
fn spoil(random: &mut Random, text: &mut Vec<u8>) {
    for _ in 0..random.below(3) {
        let what: [&[u8]; 6] =
            [b"<s>", b"<s> ", b"\xFF", b"\xE4\xB8", b"\xF0\x90", " \u{10FFFE}".as_bytes()];
        let what = what[random.below(what.len())];
        let at = random.below(text.len() + 1);
        text.splice(at..at, what.iter().copied());
    }
}

fn check(name: &str, tokenizer: &Tokenizer, texts: &[Vec<u8>], random: &mut Random) -> usize {
    let (all, forbid) = (Options::new(Special::All), Options::new(Special::Forbid));
    let as_text = Options::new(Special::AsText);
    let mut compared = 0;
    for options in [all, forbid, as_text] {
        for strict in [false, true] {
            let options = Options { strict, ..options };
            let each = texts.iter().enumerate().map(|(index, text)| {
                tokenizer.encode(text, options).map_err(|error| BatchError { index, error })
            });
            let wanted: Result<Vec<_>, _> = each.collect();
            let threads = 2 + random.below(4);
            let found = tokenizer.encode_batch_in(threads, texts, options);
            let what = || format!("{threads} threads, {options:?}: {name}");
            assert!(found == wanted, "{}: {:?}, {:?}", what(), found.err(), wanted.err());
            let counts = wanted.as_ref().map(|all| all.iter().map(Vec::len).collect());
            let found = tokenizer.count_batch_in(threads, texts, options);
            assert_eq!(found, counts.map_err(|error| *error), "{}", what());
            for text in texts.iter().filter(|text| text.len() > 50_000) {
                let wanted = tokenizer.encode(text, options);
                let found = tokenizer.encode_parallel_in(threads, text, options);
                assert!(found == wanted, "{}: {:?}, {:?}", what(), found.err(), wanted.err());
            }
            compared += texts.len();
        }
    }
    compared
}

#[test]
fn threads_give_what_one_gives() {
    let mut compared = 0;
    let seeds = seeds(6);
    let cases = seeds.end - seeds.start;
    for seed in seeds {
        let mut check_one = |name: &str, file: &[u8], draw: &dyn Fn(&mut Random) -> String| {
            let tokenizer = Tokenizer::from_bytes(file).unwrap_or_else(|e| panic!("{name}: {e}"));
            let mut random = Random::new(seed);
            let random = &mut random;
            let mut texts: Vec<Vec<u8>> = (0..random.below(60))
                .map(|_| {
                    let len = [0, 10, 300, 3000][random.below(4)];
                    long(random, len, draw)
                })
                .collect();
            for _ in 0..1 + random.below(2) {
                let len = 60_000 + random.below(80_000);
                let text = long(random, len, draw);
                texts.insert(random.below(texts.len() + 1), text);
            }
            // Only in some texts, so that those behind are looked at too.
            for text in &mut texts {
                if text.len() > 50_000 && random.below(2) == 0 {
                    spoil(random, text);
                }
            }
            compared += check(name, &tokenizer, &texts, random);
        };
        for draw in [drawn::t5, drawn::llama, drawn::bert, drawn::xlnet, drawn::model] {
            let (file, name) = draw(seed);
            check_one(&name, &file, &drawn::any_text);
        }
        let (file, name) = drawn::stepped(seed);
        check_one(&name, &file, &drawn::lines);
        let drawn = bytes::tokenizer_json(seed);
        check_one(&drawn.name, &drawn.file, &|random| drawn.text(random));
    }
    eprintln!("{compared} texts");
    assert!(compared as u64 > 6 * 6 * cases);
}
