//! Small models, drawn, with tables of replacements: text cut into words gives the ids of the whole, and those of the
//! library.

mod drawn;

use std::path::PathBuf;

use comptok::{FullOptions, Offsets, Scratch, Special, Tokenizer};
use comptok_core::model::Random;
use drawn::{
    NORMAL, REPLACED, UNIGRAM, UNKNOWN, any_text, base64, bert, charsmap, field, lines, llama,
    model, piece, stepped, t5, text, xlnet,
};
use serde_json::json;
use sha2::{Digest, Sha256};

/// Texts of a model that the library has been asked about.
const TEXTS: usize = 25;

#[test]
fn texts_cut_into_words_are_as_the_whole() {
    let full = std::env::var("COMPTOK_FULL").as_deref() == Ok("1");
    let mut several = 0;
    // tests/oracle has more of them, with optimizations.
    let seeds = 0..if full { 20_000 } else { 250 };
    let all = [model, t5, llama, bert, xlnet, stepped];
    for (file, name) in seeds.flat_map(|seed| all.map(|draw| draw(seed))) {
        let tokenizer = Tokenizer::from_bytes(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
        let (mut words, mut plain) = (Scratch::new(), Scratch::with_cache(0));
        let mut random = Random::new(file.len() as u64);
        for _ in 0..40 {
            let text = match random.below(4) {
                0 => lines(&mut random),
                _ => any_text(&mut random),
            };
            let ids = |scratch: &mut Scratch<'_>| {
                let mut ids = Vec::new();
                let result = tokenizer.encode_into(&text, Special::All, &mut ids, scratch);
                result.map(|_| ids)
            };
            let wanted = ids(&mut plain);
            several += usize::from(wanted.as_ref().is_ok_and(|ids| ids.len() > 1));
            // Words that are new, and words that are known.
            for _ in 0..2 {
                assert_eq!(ids(&mut words), wanted, "{text:?}, {name}");
            }
        }
    }
    assert!(several > 20_000, "{several}");
}

/// Ids, places in bytes and decoded texts of a model's first texts, hashed.
fn summary(seed: u64, file: &[u8]) -> String {
    let tokenizer = Tokenizer::from_bytes(file).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
    let (mut random, mut scratch) = (Random::new(!seed), Scratch::new());
    let mut hash = Sha256::new();
    for _ in 0..TEXTS {
        let text = text(&mut random);
        let mut ids = Vec::new();
        for token in tokenizer.tokens(&text, Special::All, &mut scratch) {
            let comptok::Span { id, start, end, .. } = token.expect("a token");
            hash.update(format!("{id}:{start}:{end} "));
            ids.push(id);
        }
        hash.update(format!("\n{}\n", tokenizer.decode(&ids).expect("text")));
    }
    hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The library's answers are in golden/drawn_models.csv, which a script beside it writes: it reads the models and texts
/// that this test leaves in the folder named by `COMPTOK_WRITE_MODELS`.
#[test]
fn answers_are_those_of_the_library() {
    let golden =
        include_str!("golden/drawn_models.csv").lines().filter(|line| !line.starts_with('#'));
    let golden: Vec<&str> = golden.skip(1).collect();
    let folder = std::env::var_os("COMPTOK_WRITE_MODELS").map(PathBuf::from);
    let mut differ = Vec::new();
    for seed in 0..600 {
        let (file, _) = model(seed);
        if let Some(folder) = &folder {
            let mut random = Random::new(!seed);
            let texts = (0..TEXTS).map(|_| text(&mut random) + "\n").collect::<String>();
            std::fs::write(folder.join(format!("{seed}.model")), &file).expect("a folder");
            std::fs::write(folder.join(format!("{seed}.txt")), texts).expect("a folder");
        } else if golden.get(seed as usize) != Some(&&*format!("{seed},{}", summary(seed, &file))) {
            differ.push(seed);
        }
    }
    assert!(differ.is_empty(), "{} of {}: {differ:?}", differ.len(), golden.len());
}

/// So that a table that is read in another way than it is written does not go unseen.
#[test]
fn replacements_are_made() {
    let pieces = ["a", "é", "fi", "=", ","].map(|text| piece(text, -1.0, NORMAL)).concat();
    let rules = field(3, &[&[0x18, 0][..], &field(2, &charsmap(&REPLACED))].concat());
    let file = [piece("<unk>", 0.0, UNKNOWN), pieces, field(2, &[0x18, UNIGRAM]), rules].concat();
    let tokenizer = Tokenizer::from_bytes(&file).expect("a model");
    for (text, wanted) in
        [("Aa", &[1, 1][..]), ("e\u{301}", &[2]), ("ﬁ，", &[3, 5]), ("'ea", &[2, 1])]
    {
        assert_eq!(tokenizer.encode_ordinary(text), wanted, "{text}");
    }
}

/// A word that begins with what is removed follows what is in front of it; otherwise all of it would seem to stand
/// earlier.
#[test]
fn what_is_removed_behind_a_newline_moves_no_places() {
    let table = charsmap(&[("\u{b}", ""), ("\n", " ")]);
    let table = json!({"type": "Precompiled", "precompiled_charsmap": base64(&table)});
    let vocab = json!([["<unk>", 0.0], ["▁", -1.0], ["▁x", -1.0], ["▁b", -1.0], ["b", -3.0]]);
    for normalizers in [json!([table]), json!([{"type": "NFKD"}, table])] {
        let file = json!({"version": "1.0", "added_tokens": [],
            "normalizer": {"type": "Sequence", "normalizers": normalizers},
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                {"type": "WhitespaceSplit"},
                {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}]},
            "model": {"type": "Unigram", "unk_id": 0, "vocab": vocab, "byte_fallback": false}});
        let tokenizer = Tokenizer::from_bytes(file.to_string().as_bytes());
        let tokenizer = tokenizer.unwrap_or_else(|e| panic!("{e}"));
        for (text, wanted) in [
            ("x\n\u{b}b b", &[(0, 1), (3, 4), (5, 6)][..]),
            ("\n\u{b}b", &[(2, 3)]),
            ("x b\n\u{b}\u{b}b", &[(0, 1), (2, 3), (6, 7)]),
        ] {
            let options = FullOptions { offsets: Offsets::Chars, ..FullOptions::default() };
            let full = tokenizer.encode_full(text, &options).expect("an answer");
            assert_eq!(full.offsets(), wanted, "{text:?}, {:?}", full.ids());
        }
    }
}

/// A prefix stands in front of what the normalizers before it leave of the whole text, not of its first word.
#[test]
fn a_prefix_stands_in_front_of_what_is_left() {
    let file = json!({"version": "1.0", "added_tokens": [],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": false,
                "strip_accents": null, "lowercase": false},
            {"type": "Prepend", "prepend": "ab"}]},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {"type": "WordLevel", "unk_token": "<unk>",
            "vocab": {"<unk>": 0, "ab": 1, "abx": 2, "x": 3}}});
    let tokenizer = Tokenizer::from_bytes(file.to_string().as_bytes());
    let tokenizer = tokenizer.unwrap_or_else(|e| panic!("{e}"));
    for (text, wanted) in [
        ("\u{200b} ", &[1][..]),
        ("\u{200b} x", &[1, 3]),
        ("\u{200b}x x", &[2, 3]),
        ("\u{200b}", &[]),
    ] {
        assert_eq!(tokenizer.encode_ordinary(text), wanted, "{text:?}");
    }
}
