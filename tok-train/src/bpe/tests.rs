//! The trainer beside the textbook: all pairs are counted anew for each merge.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use comptok_core::model::Random;
use proptest::prelude::*;

use super::*;

/// Words of a few letters, in which pairs repeat and overlap.
fn words() -> impl Strategy<Value = BTreeMap<Vec<u8>, u64>> {
    let letters =
        prop_oneof![Just(&b"ab"[..]), Just(&b"abc "[..]), Just(&b"xyz\xC3\xA9\0\xFF"[..])];
    letters.prop_flat_map(|letters| {
        let letter = prop::sample::select(letters);
        let word = prop_oneof![
            9 => prop::collection::vec(letter.clone(), 1..12),
            1 => prop::collection::vec(letter, 30..90),
        ];
        prop::collection::btree_map(word, prop_oneof![9 => 1..20u64, 1 => Just(1 << 40)], 1..40)
    })
}

/// rustbpe: the most frequent pair, the smaller one among equals, becomes the next token.
fn textbook(words: &BTreeMap<Vec<u8>, u64>, vocab_size: usize, least: u64) -> Vec<Vec<u8>> {
    let mut tokens: Vec<Vec<u8>> = (0..=255).map(|byte| vec![byte]).collect();
    let mut split: Vec<(Vec<usize>, u64)> =
        words.iter().map(|(w, c)| (w.iter().map(|b| usize::from(*b)).collect(), *c)).collect();
    while tokens.len() < vocab_size {
        let mut counts: BTreeMap<(usize, usize), u64> = BTreeMap::new();
        for (word, count) in &split {
            for two in word.windows(2) {
                *counts.entry((two[0], two[1])).or_default() += count;
            }
        }
        // The first of the largest ones.
        let best = counts.iter().rev().max_by_key(|(_, count)| **count);
        let Some((&(left, right), &count)) = best else { break };
        if count < least {
            break;
        }
        for (word, _) in &mut split {
            let (mut merged, mut at) = (Vec::new(), 0);
            while at < word.len() {
                let is_pair = word[at] == left && word.get(at + 1) == Some(&right);
                merged.push(if is_pair { tokens.len() } else { word[at] });
                at += if is_pair { 2 } else { 1 };
            }
            *word = merged;
        }
        tokens.push([&tokens[left][..], &tokens[right]].concat());
    }
    tokens
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn ranks_are_those_of_the_textbook(words in words(), more in 0usize..60, least in 0u64..9) {
        let counts = Counts::from_words(Unit::Byte, words.iter().map(|(w, c)| (w, *c)));
        let vocab_size = 256 + more;
        let wanted = textbook(&words, vocab_size, least.max(1));
        for threads in [1, 2] {
            for long in [words::LONG, 2, 20] {
                let trainer = BpeTrainer {
                    ties: Ties::RustBpe,
                    vocab_size,
                    min_frequency: least,
                    threads,
                    ..BpeTrainer::default()
                };
                let trained = trainer.train_linking(&counts, &(), long).expect("it trains");
                prop_assert_eq!(trained.tokens(), &wanted[..], "{} threads, {}", threads, long);
            }
        }
    }

    /// With the ties of HuggingFace pairs come back, with lists of words of their own.
    #[test]
    fn linked_words_are_merged_alike(words in words(), more in 0usize..60) {
        let counts = Counts::from_words(Unit::Byte, words.iter().map(|(w, c)| (w, *c)));
        let trainer = BpeTrainer { vocab_size: 12 + more, threads: 1, ..BpeTrainer::default() };
        let wanted = trainer.train_linking(&counts, &(), usize::MAX).expect("it trains");
        for long in [2, 20] {
            let trained = trainer.train_linking(&counts, &(), long).expect("it trains");
            prop_assert!(trained == wanted, "{}", long);
        }
    }
}

/// The processor time is not known here: the shortest of some runs.
fn shortest(mut run: impl FnMut()) -> Duration {
    let once = |_| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..3).map(once).min().unwrap_or_default()
}

/// One word of megabytes takes time for its length, not for length times vocabulary.
#[test]
fn a_long_word_takes_linear_time() {
    let word = |len: usize| -> Vec<u8> {
        let mut random = Random::new(7);
        (0..len).map(|_| b'a' + random.below(16) as u8).collect()
    };
    let time = |len: usize, vocab_size: usize| {
        let counts = Counts::from_words(Unit::Byte, [(word(len), 1)]);
        let trainer = BpeTrainer { vocab_size, threads: 1, ..BpeTrainer::default() };
        shortest(|| {
            let trained = trainer.train(&counts, &()).expect("it trains");
            assert_eq!(trained.tokens().len(), vocab_size);
        })
    };
    let is_linear = || {
        let small = time(1 << 17, 1000);
        let longer = time(1 << 19, 1000);
        let larger = time(1 << 17, 4000);
        // Four times as much of one; the product of both would be 16 times.
        longer < small * 10 && larger < small * 4
    };
    // Others may use the processor at the wrong moment.
    assert!((0..5).any(|_| is_linear()));
}

/// The same for one letter, whose pairs overlap.
#[test]
fn a_run_of_one_letter_is_merged_in_halves() {
    let counts = Counts::from_words(Unit::Byte, [(vec![b'a'; 3_000_000], 1)]);
    let trainer = BpeTrainer { ties: Ties::RustBpe, vocab_size: 276, ..BpeTrainer::default() };
    let trained = trainer.train(&counts, &()).expect("it trains");
    let lens: Vec<usize> = trained.tokens()[256..].iter().map(Vec::len).collect();
    assert_eq!(lens[..5], [2, 4, 8, 16, 32]);
    let known: HashMap<&[u8], usize> =
        (0..).zip(trained.tokens()).map(|(id, t)| (&**t, id)).collect();
    assert_eq!(known.len(), trained.tokens().len());
}
