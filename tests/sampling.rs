//! Encoding by chance: the same seed gives the same ids, other seeds others, and all of them decode to the
//! text.

#[expect(dead_code, reason = "other tests use all of it")]
mod common;
#[allow(dead_code, reason = "each test file uses a part")]
mod drawn;

use comptok::{Sampler, Special, Tokenizer};
use serde_json::{Value, json};
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

fn load(model: &Value, pre_tokenizer: &Value) -> Tokenizer {
    let file = json!({"version": "1.0", "added_tokens": [], "normalizer": null,
        "pre_tokenizer": pre_tokenizer, "model": model});
    Tokenizer::from_bytes(file.to_string().as_bytes()).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn of_equal_ways_the_first_is_the_one_that_encoding_takes() {
    // Sums from the end are other ones than those from the beginning, too.
    for (pieces, text) in [
        (&[("bb", -1.0)][..], "bbb"),
        (&[("bb", -1.0)], "bxbbb"),
        (&[("f", -2.0), ("i", -2.1), ("fi", -4.1), ("b", -1000.1)], "fibfib"),
    ] {
        let vocab: Vec<Value> = pieces.iter().map(|piece| json!(piece)).collect();
        let vocab = [vec![json!(["<unk>", 0.0])], vocab].concat();
        let model = json!({"type": "Unigram", "unk_id": 0, "vocab": vocab, "byte_fallback": false});
        let tokenizer = load(&model, &Value::Null);
        let wanted = tokenizer.encode(text, Special::All).expect("an answer");
        for count in [1, 2, 9] {
            let ways = tokenizer.nbest(text, Special::All, count).expect("an answer");
            assert_eq!(ways[0].0, wanted, "{text}, {count}");
            assert!(ways.is_sorted_by(|a, b| a.1 >= b.1), "{text}, {count}");
        }
    }
}

/// The bytes that are left without one that has no token are a token as a whole.
#[test]
fn without_dropout_nothing_else_is_merged() {
    let byte_level = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    let vocab: serde_json::Map<String, Value> = (0..=255u8)
        .filter(|&byte| byte != b'b')
        .map(|byte| (comptok_core::byte_level::char_of(byte).to_string(), byte.into()))
        .chain([("ac".to_owned(), 256.into())])
        .collect();
    let model = json!({"type": "BPE", "vocab": vocab, "merges": [], "ignore_merges": true});
    let tokenizer = load(&model, &byte_level);
    let wanted = tokenizer.encode("abc ac", Special::All);
    assert_eq!(wanted, Ok(vec![97, 99, 32, 97, 99]));
    for mut sampler in [Sampler::new(1), Sampler::new(1).dropout(0.0)] {
        assert_eq!(tokenizer.encode_sampled("abc ac", Special::All, &mut sampler), wanted);
    }
}

/// As sentencepiece 0.2.3 gives them: a user-defined piece has 0.1 for each char after the first, whatever the
/// scores of the others are.
#[test]
fn user_defined_pieces_have_a_score_of_their_own() {
    for (a, b) in [(-1.0, -2.0), (0.2, -1.0), (-20.0, -30.0f32)] {
        let pieces = [("<unk>", 0.0, 2), ("a", a, 1), ("b", b, 1), ("ab", 7.0, 4), ("é", -3.0, 4)];
        let mut file: Vec<u8> = pieces
            .iter()
            .flat_map(|&(text, score, kind)| drawn::piece(text, score, kind))
            .collect();
        file.extend(drawn::field(2, &[0x18, drawn::UNIGRAM]));
        // No space in front, and all spaces stay.
        file.extend(drawn::field(3, &[0x18, 0, 0x20, 0]));
        let tokenizer = Tokenizer::from_bytes(&file).expect("a model");
        let ways = |text: &str| tokenizer.nbest(text, Special::All, 3).expect("it has ways");
        assert_eq!(
            ways("ab"),
            [(vec![3], 0.1f32.into()), (vec![1, 2], f64::from(a) + f64::from(b))]
        );
        assert_eq!(ways("é"), [(vec![4], 0.0)]);
        assert_eq!(ways("abé")[0], (vec![3, 4], 0.1f32.into()));
    }
}
