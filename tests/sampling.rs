//! Encoding by chance: the same seed gives the same ids, other seeds others, and all of them decode to the
//! text.

#[expect(dead_code, reason = "other tests use all of it")]
mod common;

use comptok::{Sampler, Special, Tokenizer};
use std::collections::HashSet;

/// Texts of many ways to be cut.
const TEXT: &str = "the tokens of a longer sentence, which is tokenized by chance";

fn draws(tokenizer: &Tokenizer, sampler: impl Fn(u64) -> Sampler) -> HashSet<Vec<u32>> {
    let best = tokenizer.encode(TEXT, Special::All).expect("nothing is forbidden");
    let wanted = tokenizer.decode_lossy(&best, true);
    let mut ways = HashSet::new();
    for seed in 0..40 {
        let draw = |sampler: &mut Sampler| {
            tokenizer.encode_sampled(TEXT, Special::All, sampler).expect("nothing is forbidden")
        };
        let mut one = sampler(seed);
        let ids = draw(&mut one);
        assert_eq!(ids, draw(&mut sampler(seed)), "the same seed");
        assert_eq!(tokenizer.decode_lossy(&ids, true), wanted);
        ways.insert(ids);
        // A sampler goes on, it does not begin again.
        ways.insert(draw(&mut one));
    }
    ways
}

fn check(tokenizer: &Tokenizer, sampler: impl Fn(u64, f32) -> Sampler) {
    let best = tokenizer.encode(TEXT, Special::All).expect("nothing is forbidden");
    let different = draws(tokenizer, |seed| sampler(seed, 0.8)).len();
    assert!(different > 5, "{tokenizer:?}: {different}");
    assert_eq!(draws(tokenizer, |seed| sampler(seed, 0.0)), [best].into());
}

#[test]
fn by_seed() {
    let tiny = include_bytes!("fixtures/tiny.json");
    let tiny = Tokenizer::from_bytes(tiny).expect("a tokenizer");
    let letters = tiny.encode_sampled("the", Special::All, &mut Sampler::new(1).dropout(1.0));
    assert_eq!(letters.map(|ids| ids.len()), Ok(3));
    let Some(shared) = common::shared() else { return };
    let json = |name: &str| {
        let file = shared.join(format!("vocabs/tokenizer_json/{name}.json.gz"));
        Tokenizer::from_bytes(&common::unzip(&file)).unwrap_or_else(|e| panic!("{name}: {e}"))
    };
    let model = |name: &str| {
        let file = shared.join(format!("vocabs/sentencepiece/{name}.model.gz"));
        Tokenizer::from_bytes(&common::unzip(&file)).unwrap_or_else(|e| panic!("{name}: {e}"))
    };
    for bpe in [json("gpt2"), json("mistral01"), model("mistral_v1")] {
        check(&bpe, |seed, dropout| Sampler::new(seed).dropout(dropout));
    }
    for unigram in [json("t5_small"), model("test_model")] {
        check(&unigram, |seed, alpha| Sampler::new(seed).unigram(None, alpha.into()));
        check(&unigram, |seed, alpha| Sampler::new(seed).unigram(Some(64), alpha.into()));
    }
}

/// The best few are different, ordered, and the first is the encoding.
#[test]
fn best_few() {
    let Some(shared) = common::shared() else { return };
    let file = shared.join("vocabs/tokenizer_json/t5_small.json.gz");
    let tokenizer = Tokenizer::from_bytes(&common::unzip(&file)).expect("a tokenizer");
    // Several parts, since added tokens cut the text.
    let text = "the tokens</s>of a longer sentence</s>";
    let ways = tokenizer.nbest(text, Special::All, 50).expect("nothing is forbidden");
    assert_eq!(ways.len(), 50);
    assert_eq!(Ok(&ways[0].0), tokenizer.encode(text, Special::All).as_ref());
    assert!(ways.is_sorted_by(|a, b| a.1 >= b.1));
    assert_eq!(ways.iter().map(|way| &way.0).collect::<HashSet<_>>().len(), 50);
    assert_eq!(tokenizer.nbest(text, Special::All, 0), Ok(Vec::new()));
}
