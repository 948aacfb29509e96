//! Training with the steps around the model: drawn texts are counted as `tokenizers` counts them and give the
//! same merges and words; what is written loads there and in tiktoken, with the same ids.

use std::collections::{BTreeMap, HashMap};

use comptok::load::{FileOptions, PatternArg};
use comptok::{Options, Special, Tokenizer};
use comptok_bake::byte_level;
use comptok_bake::spec::Family;
use comptok_bake::{Spec, read, write};
use comptok_oracle::samples::shared;
use comptok_train::bpe::{BpeTrainer, Ties, byte_alphabet};
use comptok_train::unigram::UnigramTrainer;
use comptok_train::word_level::WordLevelTrainer;
use comptok_train::wordpiece::WordPieceTrainer;
use comptok_train::{Counter, Counts, Memory, Splitter, Texts, Unit};
use proptest::prelude::*;
use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::models::wordlevel::WordLevel;
use tokenizers::tokenizer::PreTokenizer as _;
use tokenizers::{AddedToken, OffsetReferential, OffsetType};

const NORMALIZERS: [&str; 12] = [
    "null",
    r#"{"type": "NFC"}"#,
    r#"{"type": "NFD"}"#,
    r#"{"type": "NFKC"}"#,
    r#"{"type": "NFKD"}"#,
    r#"{"type": "Lowercase"}"#,
    r#"{"type": "Nmt"}"#,
    r#"{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true}"#,
    r#"{"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}, {"type": "Strip", "strip_left": true, "strip_right": true}]}"#,
    r#"{"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}"#,
    r#"{"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}"#,
    r#"{"type": "ByteLevel"}"#,
];

const PRE_TOKENIZERS: [&str; 15] = [
    "null",
    r#"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}"#,
    r#"{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}"#,
    r#"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}"#,
    r#"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": true}"#,
    r#"{"type": "BertPreTokenizer"}"#,
    r#"{"type": "Whitespace"}"#,
    r#"{"type": "WhitespaceSplit"}"#,
    r#"{"type": "UnicodeScripts"}"#,
    r#"{"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, {"type": "Punctuation", "behavior": "Isolated"}]}"#,
    r#"{"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithNext", "invert": false}"#,
    r#"{"type": "Split", "pattern": {"Regex": "[a-z]+"}, "behavior": "Contiguous", "invert": true}"#,
    r#"{"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": true}]}"#,
    r#"{"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "\\p{N}{1,3}"}, "behavior": "Isolated", "invert": false}, {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}]}"#,
    r#"{"type": "Sequence", "pretokenizers": [{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}, {"type": "Punctuation", "behavior": "Contiguous"}]}"#,
];

fn json(normalizer: &str, pre_tokenizer: &str) -> String {
    format!(
        r#"{{"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": {normalizer}, "pre_tokenizer": {pre_tokenizer}, "post_processor": null, "decoder": null,
        "model": {{"type": "WordLevel", "vocab": {{}}, "unk_token": ""}}}}"#
    )
}

fn splitter(json: &str) -> Splitter {
    let Spec { normalizer, pre_tokenizer, .. } =
        read::tokenizer_json(json.as_bytes()).expect("it is sound").spec;
    Splitter::with_normalizer(normalizer, pre_tokenizer, Family::HuggingFace).expect("supported")
}

/// Words as the model sees them.
fn readable(counts: &Counts) -> BTreeMap<String, u64> {
    let text = |word: &[u8]| match counts.unit() {
        Unit::Byte => byte_level::to_text(word),
        Unit::Char => String::from_utf8(word.to_vec()).expect("text"),
    };
    counts.iter().map(|(word, count)| (text(word), count)).collect()
}

/// What the reference's trainers are fed.
fn reference_words(tokenizer: &tokenizers::Tokenizer, texts: &[String]) -> BTreeMap<String, u64> {
    let mut words = BTreeMap::new();
    for text in texts {
        // As `train` does it.
        let vocabulary = tokenizer.get_added_vocabulary();
        let mut text = vocabulary.extract_and_normalize(tokenizer.get_normalizer(), text);
        if let Some(pre_tokenizer) = tokenizer.get_pre_tokenizer() {
            pre_tokenizer.pre_tokenize(&mut text).expect("it cuts");
        }
        for (word, ..) in text.get_splits(OffsetReferential::Original, OffsetType::Byte) {
            if !word.is_empty() {
                *words.entry(word.to_owned()).or_default() += 1;
            }
        }
    }
    words
}

fn count(splitter: &Splitter, texts: &[String], threads: usize, memory: Memory) -> Counts {
    let mut counter = Counter::new(splitter).threads(threads).memory(memory);
    counter.count(Texts(texts.iter()), &()).expect("sound text");
    counter.finish(&()).expect("it finishes")
}

type Bpe = (BTreeMap<String, u64>, Vec<(String, String)>);

fn reference_bpe(tokenizer: &tokenizers::Tokenizer, texts: &[String], vocab_size: usize) -> Bpe {
    let mut tokenizer = tokenizer.clone();
    tokenizer.with_model(BPE::default());
    let trainer = BpeTrainerBuilder::new().vocab_size(vocab_size).show_progress(false).build();
    let mut trainer = tokenizers::models::TrainerWrapper::from(trainer);
    tokenizer.train(&mut trainer, texts.iter()).expect("it trains");
    let json = serde_json::to_value(tokenizer.get_model()).expect("it writes itself");
    let text = |value: &serde_json::Value| value.as_str().expect("a string").to_owned();
    let vocab = json["vocab"].as_object().expect("tokens");
    let merges = json["merges"].as_array().expect("merges");
    (
        vocab.iter().map(|(token, id)| (token.clone(), id.as_u64().expect("an id"))).collect(),
        merges.iter().map(|merge| (text(&merge[0]), text(&merge[1]))).collect(),
    )
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    let word = prop_oneof![
        8 => "[a-d]{1,6}",
        2 => "[A-Z][a-c]{0,3}",
        2 => "[0-9]{1,5}",
        1 => "[éüñçÀ\u{301}\u{327}ﬁﬀ½²]{1,3}",
        1 => "[中文日本語한국]{1,3}",
        1 => "[.,!?'’«»$+§¿-]{1,3}",
        1 => "[▁Ġ\u{200B}\u{A0}\t]{1,2}",
    ];
    let gap = prop_oneof![8 => Just(" "), 1 => Just("  "), 1 => Just(""), 1 => Just("\n")];
    let text = prop::collection::vec((word, gap), 0..12);
    let text = text.prop_map(|parts| parts.iter().map(|(w, g)| format!("{w}{g}")).collect());
    prop::collection::vec(text, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Whatever the steps, however the texts come and wherever the counts lie.
    #[test]
    fn drawn_texts_give_what_they_give_in_tokenizers(
        texts in texts(),
        normalizer in prop::sample::select(&NORMALIZERS[..]),
        pre_tokenizer in prop::sample::select(&PRE_TOKENIZERS[..]),
        more in 0usize..80,
    ) {
        let json = json(normalizer, pre_tokenizer);
        let tokenizer: tokenizers::Tokenizer = json.parse().expect("the reference reads it");
        let splitter = splitter(&json);
        let counts = count(&splitter, &texts, 1, Memory::Unlimited);
        let wanted = reference_words(&tokenizer, &texts);
        prop_assert_eq!(readable(&counts), wanted.clone());
        let mut backwards = texts.clone();
        backwards.reverse();
        let spill = Memory::Spill { bytes: 1, folder: std::env::temp_dir() };
        prop_assert_eq!(readable(&count(&splitter, &backwards, 2, spill)), wanted.clone());
        if counts.is_empty() {
            return Ok(());
        }
        let mut merges = Vec::new();
        for threads in [1, 2] {
            let vocab_size = 60 + more;
            let trainer = BpeTrainer { vocab_size, threads, ..BpeTrainer::default() };
            let Ok(trained) = trainer.train(&counts, &()) else { return Ok(()) };
            let token = |id: u32| String::from_utf8_lossy(&trained.tokens()[id as usize]).into_owned();
            let ours: Bpe = (
                (0..trained.tokens().len() as u32).map(|id| (token(id), u64::from(id))).collect(),
                trained.merges().iter().map(|&(left, right, _)| (token(left), token(right))).collect(),
            );
            // Where a pair comes back with the same count, chance decides in the reference.
            let same = (0..30).any(|_| reference_bpe(&tokenizer, &texts, vocab_size) == ours);
            prop_assert!(same, "{:?}", ours);
            merges.push(ours);
        }
        prop_assert_eq!(&merges[0], &merges[1]);
        if counts.unit() == Unit::Char {
            let trainer = WordLevelTrainer { vocab_size: 5 + more, ..WordLevelTrainer::default() };
            let ours: Vec<String> = trainer.train(&counts, &()).expect("it trains").tokens().iter()
                .map(|token| String::from_utf8(token.clone()).expect("text")).collect();
            let mut theirs = tokenizer;
            theirs.with_model(WordLevel::default());
            let trainer = tokenizers::models::wordlevel::WordLevelTrainer::builder()
                .vocab_size(5 + more).show_progress(false).build().expect("options");
            let mut trainer = tokenizers::models::TrainerWrapper::from(trainer);
            theirs.train(&mut trainer, texts.iter()).expect("it trains");
            let wanted: HashMap<String, u32> = theirs.get_vocab(false);
            let ours: HashMap<String, u32> = ours.into_iter().zip(0..).collect();
            prop_assert_eq!(ours, wanted);
        }
    }
}

fn sample() -> Option<Vec<String>> {
    let shared = shared()?;
    let mut lines = Vec::new();
    for name in ["english", "multilingual", "code"] {
        let path = shared.join("corpus").join(format!("{name}.txt"));
        let text = std::fs::read_to_string(path).expect("a corpus");
        lines.extend(text.split_inclusive('\n').take(1500).map(str::to_owned));
    }
    Some(lines)
}

/// Every model with steps of its own: the file loads in `tokenizers` and has the same ids there.
#[test]
fn written_files_have_the_same_ids_in_the_references() {
    let Some(lines) = sample() else { return };
    let (learn, other): (Vec<String>, Vec<String>) = {
        let mut number = 0;
        lines.into_iter().partition(|_| {
            number += 1;
            number % 4 > 0
        })
    };
    let special = |token: &str| vec![token.to_owned()];
    let wordpiece = json(NORMALIZERS[7], PRE_TOKENIZERS[5]);
    let metaspace = json(NORMALIZERS[3], PRE_TOKENIZERS[3]);
    let bytes = json(NORMALIZERS[1], PRE_TOKENIZERS[1]);
    for (name, json) in [
        ("bpe", &bytes),
        ("wordpiece", &wordpiece),
        ("wordlevel", &wordpiece),
        ("unigram", &metaspace),
    ] {
        let splitter = splitter(json);
        let counts = count(&splitter, &learn, 2, Memory::Unlimited);
        let vocab_size = 6000;
        let trained = match name {
            "bpe" => BpeTrainer {
                vocab_size,
                special_tokens: special("<|end|>"),
                initial_alphabet: byte_alphabet(),
                ..BpeTrainer::default()
            }
            .train(&counts, &()),
            "wordpiece" => WordPieceTrainer {
                vocab_size,
                special_tokens: special("[UNK]"),
                ..WordPieceTrainer::default()
            }
            .train(&counts, &()),
            "wordlevel" => WordLevelTrainer {
                vocab_size,
                special_tokens: special("<unk>"),
                ..WordLevelTrainer::default()
            }
            .train(&counts, &()),
            _ => UnigramTrainer {
                vocab_size,
                unk_token: Some("<unk>".to_owned()),
                ..UnigramTrainer::default()
            }
            .train(&counts, &()),
        };
        let spec = trained.expect("it trains").spec(&splitter);
        let text = write::tokenizer_json(&spec).expect("it can be written");
        let mut theirs: tokenizers::Tokenizer = text.parse().expect("the reference reads it");
        theirs.set_encode_special_tokens(true);
        let ours = Tokenizer::from_spec(&spec).expect("it can be baked");
        let from_file = Tokenizer::from_bytes(text.as_bytes()).expect("it can be read");
        let mut ids = 0;
        for line in &other {
            let wanted = theirs.encode_fast(line.as_str(), false).expect("it encodes");
            let options = Options::new(Special::AsText);
            let found = ours.encode(line.as_bytes(), options).expect("it encodes");
            assert_eq!(found, wanted.get_ids(), "{name}: {line:?}");
            let found = from_file.encode(line.as_bytes(), options).expect("it encodes");
            assert_eq!(found, wanted.get_ids(), "{name}: {line:?}");
            ids += found.len();
        }
        assert!(ids > 10_000, "{name}: {ids}");
        assert_eq!(theirs.get_vocab_size(true), vocab_size, "{name}");
    }
}

/// A rank file and its pattern in tiktoken.
#[test]
fn written_ranks_have_the_same_ids_in_tiktoken() {
    let Some(lines) = sample() else { return };
    for pattern in ["cl100k", "llama3"] {
        let named = PatternArg::Named(pattern);
        let splitter = Splitter::byte_level(named, Family::Tiktoken).expect("a known name");
        let counts = count(&splitter, &lines, 2, Memory::Unlimited);
        let trainer = BpeTrainer { ties: Ties::RustBpe, vocab_size: 8000, ..BpeTrainer::default() };
        let spec = trainer.train(&counts, &()).expect("it trains").spec(&splitter);
        let file = write::tiktoken(&spec).expect("it can be written");
        let ours = Tokenizer::from_bytes_with(
            file.as_bytes(),
            &FileOptions { pattern: Some(named), ..FileOptions::default() },
        )
        .expect("it can be read");
        let spec = read::read(
            file.as_bytes(),
            read::Options { pattern: Some(named), ..Default::default() },
        )
        .expect("it is sound")
        .spec;
        let comptok_bake::spec::Model::Bpe(model) = &spec.model else { panic!("ranks") };
        let ranks = model.vocab.iter().map(|(token, rank)| (token.to_vec(), rank));
        let regex = comptok_core::pre_tokenizer::Kind::from_name(pattern)
            .expect("a known name")
            .regex_in(comptok_core::pre_tokenizer::Syntax::FancyRegex)
            .join("|");
        let theirs =
            tiktoken_rs::CoreBPE::new(ranks.collect(), Default::default(), &regex).expect("ranks");
        for line in &lines {
            let found = ours.encode(line.as_bytes(), Options::new(Special::AsText));
            assert_eq!(found.expect("it encodes"), theirs.encode_ordinary(line), "{line:?}");
        }
    }
}

/// Special tokens are in the file as the reference has them.
#[test]
fn special_tokens_are_added_tokens_there() {
    let splitter = splitter(&json("null", PRE_TOKENIZERS[1]));
    let counts = count(&splitter, &["the cat the cat".to_owned()], 1, Memory::Unlimited);
    let trainer = BpeTrainer {
        vocab_size: 14,
        special_tokens: vec!["<s>".to_owned(), "</s>".to_owned()],
        ..BpeTrainer::default()
    };
    let spec = trainer.train(&counts, &()).expect("it trains").spec(&splitter);
    let text = write::tokenizer_json(&spec).expect("it can be written");
    let theirs: tokenizers::Tokenizer = text.parse().expect("the reference reads it");
    let added: Vec<(u32, AddedToken)> = {
        let mut added: Vec<_> = theirs.get_added_tokens_decoder().into_iter().collect();
        added.sort_by_key(|(id, _)| *id);
        added
    };
    let wanted = [(0, AddedToken::from("<s>", true)), (1, AddedToken::from("</s>", true))];
    assert_eq!(added, wanted);
}
