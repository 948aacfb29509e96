//! Drawn tokenizers whose text is cut into words, of the kinds of T5, Llama 2, BERT, XLNet and byte-level BPE: the ids and
//! places of the reference.

#[path = "../../drawn/mod.rs"]
mod drawn;

use comptok::{FullOptions, Offsets, Scratch, Special, Tokenizer};
use comptok_core::model::Random;
use comptok_oracle::seeds;

#[test]
fn ids_are_those_of_the_reference() {
    let options = FullOptions {
        offsets: Offsets::Chars,
        add_special_tokens: false,
        ..FullOptions::default()
    };
    let mut several = 0;
    for seed in seeds(2000) {
        let kinds = [drawn::t5, drawn::llama, drawn::bert, drawn::xlnet, drawn::stepped];
        let draw = kinds[seed as usize % kinds.len()];
        let (file, name) = draw(seed);
        let ours = Tokenizer::from_bytes(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
        let theirs = tokenizers::Tokenizer::from_bytes(&file).expect("the reference reads it");
        let (mut scratch, mut random) = (Scratch::new(), Random::new(seed));
        for _ in 0..40 {
            let text = match random.below(2) {
                0 => drawn::any_text(&mut random),
                _ => drawn::lines(&mut random),
            };
            let mut ids = Vec::new();
            let wanted = theirs.encode_char_offsets(text.as_str(), false).expect("an answer");
            // Words that are new, and words that are known.
            for _ in 0..2 {
                ids.clear();
                ours.encode_into(&text, Special::All, &mut ids, &mut scratch).expect("an answer");
                assert_eq!(ids, wanted.get_ids(), "{text:?}, {name}");
                let full = ours.encode_full(text.as_str(), &options).expect("an answer");
                let places: Vec<_> =
                    full.offsets().iter().copied().zip(full.word_ids().iter().copied()).collect();
                let offsets = wanted.get_offsets().iter().copied();
                let wanted: Vec<_> = offsets.zip(wanted.get_word_ids().iter().copied()).collect();
                assert_eq!(places, wanted, "{text:?}, {name}");
            }
            several += usize::from(ids.len() > 1);
        }
    }
    assert!(several > 10_000, "{several}");
}

/// Those of SentencePiece have no reference here: the whole text has to do, and what is kept of the library's answers
/// (tests/golden).
#[test]
fn models_cut_into_words_are_as_the_whole() {
    for seed in 0..5000 {
        let (file, name) = drawn::model(seed);
        let tokenizer = Tokenizer::from_bytes(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
        let (mut words, mut plain) = (Scratch::new(), Scratch::with_cache(0));
        let mut random = Random::new(seed);
        for _ in 0..20 {
            let text = drawn::any_text(&mut random);
            let ids = |scratch: &mut Scratch<'_>| {
                let mut ids = Vec::new();
                tokenizer.encode_into(&text, Special::All, &mut ids, scratch).map(|_| ids)
            };
            let wanted = ids(&mut plain);
            assert_eq!(
                [ids(&mut words), ids(&mut words)],
                [wanted.clone(), wanted],
                "{text:?}, {name}"
            );
        }
    }
}
