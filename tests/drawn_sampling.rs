//! Encoding by chance, and the best few ways, with drawn tokenizers: against the ways that there are, one by one, and
//! against encoding without chance.

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

use std::collections::BTreeSet;

use comptok::{EncodeError, Sampler, Special, Tokenizer};
use comptok_core::model::Random;
use seeds::seeds;
use serde_json::{Value, json};

fn sampled(tokenizer: &Tokenizer, text: &str, sampler: Sampler) -> Result<Vec<u32>, EncodeError> {
    let mut sampler = sampler;
    tokenizer.encode_sampled(text, Special::All, &mut sampler)
}

/// What holds for any tokenizer.
fn check(name: &str, tokenizer: &Tokenizer, text: &str, seed: u64) {
    let name = format!("{text:?}, {name}");
    let plain = tokenizer.encode(text, Special::All);
    let sample = |sampler| sampled(tokenizer, text, sampler);
    let new = || Sampler::new(seed);
    assert_eq!(sample(new()), plain, "nothing is left to chance: {name}");
    assert_eq!(sample(new().dropout(0.0)), plain, "no dropout: {name}");
    let ways = tokenizer.nbest(text, Special::All, 8);
    let Ok(plain) = plain else {
        assert_eq!(ways.map(|_| ()), plain.map(|_| ()), "the best ways: {name}");
        return;
    };
    assert_eq!(sample(new().unigram(None, 0.0)), Ok(plain.clone()), "alpha 0: {name}");
    let samplers: [&dyn Fn() -> Sampler; 5] = [
        &|| new().dropout(0.3),
        &|| new().dropout(1.0),
        &|| new().unigram(None, 0.4),
        &|| new().unigram(Some(4), 0.4),
        &|| new().unigram(Some(1), 0.4),
    ];
    // Chars that are no tokens alone are bytes.
    let bytes = |id: &u32| -> Vec<u8> {
        let token = tokenizer.token_bytes(*id).unwrap_or_default();
        let text = std::str::from_utf8(token).unwrap_or_default();
        let byte = text.strip_prefix("<0x").and_then(|rest| rest.strip_suffix('>'));
        match byte.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => vec![byte],
            None => token.to_vec(),
        }
    };
    let bytes = |ids: &[u32]| -> Vec<u8> { ids.iter().flat_map(bytes).collect() };
    let unknown = tokenizer.token_to_id("<unk>").or_else(|| tokenizer.token_to_id("[UNK]"));
    // Of words that are tokens as a whole, bytes that are none are left out when they are merged.
    let all_bytes = name.contains("tokenizer.json");
    let all_bytes = !all_bytes || (0..=255u8).all(|byte| tokenizer.token_id([byte]).is_some());
    let is_known = |ids: &[u32]| all_bytes && !ids.iter().any(|id| Some(*id) == unknown);
    for (way, sampler) in samplers.iter().enumerate() {
        let ids = sample(sampler()).unwrap_or_else(|e| panic!("sampler {way}: {e}, {name}"));
        assert_eq!(sample(sampler()), Ok(ids.clone()), "sampler {way}, the same seed: {name}");
        if is_known(&plain) && is_known(&ids) {
            assert_eq!(bytes(&ids), bytes(&plain), "sampler {way}: {name}");
        }
    }
    let ways = ways.unwrap_or_else(|e| panic!("the best ways: {e}, {name}"));
    assert_eq!(ways[0].0, plain, "the best way: {name}");
    let is_sorted = ways.windows(2).all(|two| two[0].1 >= two[1].1);
    assert!(is_sorted, "scores: {:?}, {name}", ways.iter().map(|way| way.1).collect::<Vec<_>>());
    assert_eq!(tokenizer.nbest(text, Special::All, 0), Ok(Vec::new()));
}

#[test]
fn any_tokenizer() {
    for seed in seeds(120) {
        for draw in [drawn::t5, drawn::llama, drawn::bert, drawn::xlnet, drawn::model] {
            let (file, name) = draw(seed);
            let tokenizer = Tokenizer::from_bytes(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
            let mut random = Random::new(seed);
            for _ in 0..8 {
                check(&name, &tokenizer, &drawn::any_text(&mut random), seed);
            }
        }
        let drawn = bytes::tokenizer_json(seed);
        let tokenizer = Tokenizer::from_bytes(&drawn.file);
        let tokenizer = tokenizer.unwrap_or_else(|e| panic!("{}: {e}", drawn.name));
        let mut random = Random::new(seed);
        for _ in 0..8 {
            check(&drawn.name, &tokenizer, &drawn.text(&mut random), seed);
        }
    }
}

/// A few pieces, of which many sums are the same.
fn pieces(random: &mut Random) -> Vec<(String, f64)> {
    let mut pieces = vec![("<unk>".to_owned(), 0.0)];
    for _ in 0..2 + random.below(10) {
        let chars = (0..1 + random.below(3)).map(|_| ["a", "b", "é"][random.below(3)]);
        let text: String = chars.collect();
        if !pieces.iter().any(|(other, _)| *other == text) {
            let score = match random.below(2) {
                0 => -(random.below(6) as f64),
                _ => -(random.below(1000) as f64) / 300.0,
            };
            pieces.push((text, score));
        }
    }
    pieces
}

/// All ways through a text, and their sums.
fn all_ways(pieces: &[(String, f64)], text: &str) -> Vec<(Vec<u32>, f64)> {
    let Some(first) = text.chars().next() else { return vec![(Vec::new(), 0.0)] };
    let mut firsts: Vec<(usize, u32, f64)> = pieces
        .iter()
        .zip(0..)
        .skip(1)
        .filter(|((piece, _), _)| text.starts_with(piece.as_str()))
        .map(|((piece, score), id)| (piece.len(), id, *score))
        .collect();
    if !firsts.iter().any(|(len, ..)| *len == first.len_utf8()) {
        let least = pieces.iter().map(|piece| piece.1).fold(f64::INFINITY, f64::min);
        firsts.push((first.len_utf8(), 0, least - 10.0));
    }
    let mut ways = Vec::new();
    for (len, id, score) in firsts {
        for (rest, sum) in all_ways(pieces, &text[len..]) {
            ways.push(([vec![id], rest].concat(), score + sum));
        }
    }
    ways
}

fn unigram(pieces: &[(String, f64)]) -> Tokenizer {
    let vocab: Vec<Value> = pieces.iter().map(|(text, score)| json!([text, score])).collect();
    let file = json!({"version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": null,
        "model": {"type": "Unigram", "unk_id": 0, "vocab": vocab, "byte_fallback": false}});
    Tokenizer::from_bytes(file.to_string().as_bytes()).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn the_best_ways_are_those_that_there_are() {
    for seed in seeds(1500) {
        let mut random = Random::new(seed);
        let pieces = pieces(&mut random);
        let tokenizer = unigram(&pieces);
        for _ in 0..6 {
            let chars = (0..1 + random.below(7)).map(|_| ["a", "b", "é", "x"][random.below(4)]);
            let text: String = chars.collect();
            let mut wanted = all_ways(&pieces, &text);
            wanted.sort_by(|a, b| b.1.total_cmp(&a.1));
            let count = [1, 2, 5, 1000][random.below(4)];
            let found = tokenizer.nbest(&text, Special::All, count).expect("an answer");
            let name = format!("{text:?}, {count} of {pieces:?}");
            assert_eq!(found.len(), wanted.len().min(count), "{name}");
            for (at, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
                assert!((found.1 - wanted.1).abs() < 1e-9, "{at}: {found:?} {wanted:?}, {name}");
            }
            // Neighbouring unknown chars are one, and then perhaps a piece.
            let all: BTreeSet<&[u32]> = wanted.iter().map(|way| &way.0[..]).collect();
            let known = |ids: &[u32]| !ids.contains(&0) && text.chars().all(|c| c != 'x');
            if wanted.iter().all(|(ids, _)| known(ids)) {
                let ids: BTreeSet<&[u32]> = found.iter().map(|way| &way.0[..]).collect();
                assert_eq!(ids.len(), found.len(), "twice: {name}");
                assert!(ids.is_subset(&all), "{found:?}: {name}");
            }
            check(&name, &tokenizer, &text, seed);
        }
    }
}

/// How often a way is drawn, of so many.
const DRAWS: usize = 4000;

fn shares(tokenizer: &Tokenizer, text: &str, mut sampler: Sampler) -> Vec<(Vec<u32>, f64)> {
    let mut counts: Vec<(Vec<u32>, f64)> = Vec::new();
    for _ in 0..DRAWS {
        let ids = tokenizer.encode_sampled(text, Special::All, &mut sampler).expect("an answer");
        match counts.iter_mut().find(|(other, _)| *other == ids) {
            Some((_, count)) => *count += 1.0 / DRAWS as f64,
            None => counts.push((ids, 1.0 / DRAWS as f64)),
        }
    }
    counts
}

fn assert_shares(name: &str, found: &[(Vec<u32>, f64)], wanted: &[(Vec<u32>, f64)]) {
    let total: f64 = wanted.iter().map(|(_, chance)| chance).sum();
    for (ids, chance) in wanted {
        let chance = chance / total;
        let share = found.iter().find(|(other, _)| other == ids).map_or(0.0, |way| way.1);
        let spread = (chance * (1.0 - chance) / DRAWS as f64).sqrt();
        assert!(
            (share - chance).abs() < 6.0 * spread + 0.002,
            "{ids:?}: {share}, {chance}, {name}"
        );
    }
    assert!(found.iter().all(|(ids, _)| wanted.iter().any(|way| way.0 == *ids)), "{name}");
}

#[test]
fn ways_are_drawn_as_often_as_their_scores_say() {
    for seed in seeds(25) {
        let mut random = Random::new(seed);
        let mut pieces = pieces(&mut random);
        for char in ["a", "b", "é"] {
            if !pieces.iter().any(|(piece, _)| piece == char) {
                pieces.push((char.to_owned(), -1.5));
            }
        }
        let tokenizer = unigram(&pieces);
        let text: String = (0..4).map(|_| ["a", "b", "é"][random.below(3)]).collect();
        let mut ways = all_ways(&pieces, &text);
        ways.sort_by(|a, b| b.1.total_cmp(&a.1));
        let name = format!("{text:?}, {pieces:?}");
        let chances = |alpha: f64, ways: &[(Vec<u32>, f64)]| -> Vec<(Vec<u32>, f64)> {
            ways.iter().map(|(ids, score)| (ids.clone(), (alpha * score).exp())).collect()
        };
        let found = shares(&tokenizer, &text, Sampler::new(seed).unigram(None, 1.0));
        assert_shares(&name, &found, &chances(1.0, &ways));
        let best = tokenizer.nbest(&text, Special::All, 3).expect("an answer");
        let found = shares(&tokenizer, &text, Sampler::new(seed).unigram(Some(3), 0.5));
        assert_shares(&name, &found, &chances(0.5, &best));
    }
}

/// Each merge is left out as often as is asked for, of bytes and of chars.
#[test]
fn merges_are_left_out_as_often_as_asked() {
    let vocab = json!({"a": 0, "b": 1, "ab": 2, "c": 3});
    for pre_tokenizer in [
        Value::Null,
        json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}),
    ] {
        let file = json!({"version": "1.0", "added_tokens": [], "normalizer": null,
            "pre_tokenizer": pre_tokenizer,
            "model": {"type": "BPE", "vocab": vocab, "merges": [["a", "b"]]}});
        let tokenizer = Tokenizer::from_bytes(file.to_string().as_bytes());
        let tokenizer = tokenizer.unwrap_or_else(|e| panic!("{e}"));
        for dropout in [0.1, 0.5, 0.9, 1.0] {
            let found = shares(&tokenizer, "cab", Sampler::new(1).dropout(dropout));
            let left_out = f64::from(dropout);
            let mut wanted = vec![(vec![3, 0, 1], left_out)];
            if left_out < 1.0 {
                wanted.push((vec![3, 2], 1.0 - left_out));
            }
            assert_shares(&format!("dropout {dropout}, {pre_tokenizer}"), &found, &wanted);
        }
    }
}
