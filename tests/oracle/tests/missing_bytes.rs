//! Rank files that lack the tokens of some bytes, beside `tiktoken-rs`: the same ids where it encodes,
//! an error where it panics.

use comptok::{
    EncodeError, Special, Tokenizer,
    load::{FileOptions, PatternArg},
};
use comptok_core::pre_tokenizer::Kind;
use comptok_oracle::random::Random;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tiktoken_rs::CoreBPE;

const LETTERS: &[u8] = b"abcde";

/// Any tokens of a few letters, some of which have no token of their own; every other byte has one.
fn tokens(random: &mut Random) -> Vec<Vec<u8>> {
    let lacks: Vec<u8> = LETTERS.iter().copied().filter(|_| random.below(2) == 0).collect();
    let mut tokens: Vec<Vec<u8>> =
        (0..=255).filter(|byte| !lacks.contains(byte)).map(|byte| vec![byte]).collect();
    for _ in 0..random.below(60) {
        let len = if random.below(8) == 0 { 12 } else { 2 + random.below(4) };
        let token: Vec<u8> = (0..len).map(|_| LETTERS[random.below(LETTERS.len())]).collect();
        if !tokens.contains(&token) {
            tokens.push(token);
        }
    }
    tokens
}

fn base64(token: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in token.chunks(3) {
        let bits = three.iter().fold(0, |bits, &byte| bits << 8 | usize::from(byte));
        let bits = bits << (8 * (3 - three.len()));
        let digit = |at: usize| char::from(DIGITS[bits >> (18 - 6 * at) & 63]);
        text.extend((0..4).map(|at| if at <= three.len() { digit(at) } else { '=' }));
    }
    text
}

fn file(tokens: &[Vec<u8>]) -> String {
    let line = |(rank, token): (usize, &Vec<u8>)| format!("{} {rank}\n", base64(token));
    tokens.iter().enumerate().map(line).collect()
}

#[test]
fn ids_and_errors_are_those_of_tiktoken() {
    let [pattern] = Kind::R50k.regex() else { panic!("it is one pattern") };
    let mut random = Random::new(5);
    let (mut encoded, mut failed) = (0, 0);
    // Its panics are expected, and many.
    std::panic::set_hook(Box::new(|_| ()));
    for _ in 0..300 {
        let tokens = tokens(&mut random);
        let options =
            FileOptions { pattern: Some(PatternArg::Named("r50k")), ..FileOptions::default() };
        let ours = Tokenizer::from_bytes_with(file(&tokens).as_bytes(), &options)
            .unwrap_or_else(|error| panic!("{error}"));
        let ranks = tokens.iter().cloned().zip(0..);
        let theirs =
            CoreBPE::new(ranks.collect(), Default::default(), pattern).expect("a tokenizer");
        for round in 0..40 {
            let len = if round % 10 == 0 { 300 } else { 1 + random.below(20) };
            let text: String = (0..len)
                .map(|_| match random.below(12) {
                    0 => ' ',
                    _ => char::from(LETTERS[random.below(LETTERS.len())]),
                })
                .collect();
            let wanted = catch_unwind(AssertUnwindSafe(|| theirs.encode_ordinary(&text)));
            match (ours.encode(&text, Special::AsText), wanted) {
                (Ok(ids), Ok(wanted)) => {
                    assert_eq!(ids, wanted, "{text:?}");
                    assert_eq!(ours.count(&text, Special::AsText), Ok(ids.len()));
                    encoded += 1;
                }
                (Err(EncodeError::NoToken { byte, at }), Err(_)) => {
                    assert_eq!(text.as_bytes().get(at), Some(&byte), "{text:?}");
                    assert!(!tokens.contains(&vec![byte]), "{text:?}");
                    failed += 1;
                }
                (ours, theirs) => {
                    let _ = std::panic::take_hook();
                    panic!("{text:?}: {ours:?}, {theirs:?}");
                }
            }
        }
    }
    let _ = std::panic::take_hook();
    println!("{encoded} texts have ids, {failed} have none");
    assert!(encoded > 1000 && failed > 1000);
}
