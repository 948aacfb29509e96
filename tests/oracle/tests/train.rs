//! Trainers: the merges, words and pieces of `tokenizers`, and the ranks of rustbpe.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use comptok_bake::read::PatternArg;
use comptok_bake::spec::{Family, Model, PreTokenizer, PrependScheme};
use comptok_oracle::random::Random;
use comptok_oracle::samples::shared;
use comptok_train::bpe::{BpeTrainer, Ties, byte_alphabet};
use comptok_train::unigram::UnigramTrainer;
use comptok_train::word_level::WordLevelTrainer;
use comptok_train::wordpiece::WordPieceTrainer;
use comptok_train::{Counter, Counts, Lines, Splitter, Texts, TrainError, Trained, Unit};
use serde_json::Value;
use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::models::unigram::Unigram;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::metaspace::Metaspace;
use tokenizers::tokenizer::Trainer;
use tokenizers::{AddedToken, Tokenizer, TokenizerBuilder};

/// Vocabulary and merges, as the reference writes them.
type Bpe = (BTreeMap<String, u64>, Vec<(String, String)>);

fn reference_bpe(model: &BPE) -> Bpe {
    let json = serde_json::to_value(model).expect("it writes itself");
    let text = |value: &Value| value.as_str().expect("a string").to_owned();
    let vocab = json["vocab"].as_object().expect("tokens");
    let merges = json["merges"].as_array().expect("merges");
    (
        vocab.iter().map(|(token, id)| (token.clone(), id.as_u64().expect("an id"))).collect(),
        merges.iter().map(|merge| (text(&merge[0]), text(&merge[1]))).collect(),
    )
}

fn our_bpe(trained: &Trained) -> Bpe {
    let token = |id: u32| String::from_utf8(trained.tokens()[id as usize].clone()).expect("text");
    (
        (0..).zip(trained.tokens()).map(|(id, _)| (token(id), u64::from(id))).collect(),
        trained.merges().iter().map(|&(left, right, _)| (token(left), token(right))).collect(),
    )
}

fn count(splitter: &Splitter, path: &std::path::Path, threads: usize) -> Counts {
    let mut counter = Counter::new(splitter).threads(threads);
    let file = std::fs::File::open(path).expect("a corpus");
    counter.count(Lines::new(file, "corpus"), &()).expect("sound text");
    counter.finish(&()).expect("it finishes")
}

/// The reference's tokenizer with this pre-tokenizer.
fn reference(splitter: &Splitter, model: tokenizers::ModelWrapper) -> Tokenizer {
    let spec = comptok_bake::Spec {
        family: Family::HuggingFace,
        added_tokens: Vec::new(),
        normalizer: None,
        pre_tokenizer: splitter.pre_tokenizer().cloned(),
        model: Model::WordLevel { vocab: Default::default(), unk_token: String::new() },
        post_processor: None,
        decoder: None,
        truncation: None,
        padding: None,
    };
    let json = comptok_bake::write::tokenizer_json(&spec).expect("it can be written");
    let mut tokenizer: Tokenizer = json.parse().expect("the reference reads it");
    tokenizer.with_model(model);
    tokenizer
}

#[test]
fn merges_of_real_text_are_those_of_tokenizers() {
    let Some(shared) = shared() else { return };
    for (name, pattern) in [("english", "gpt2"), ("code", "o200k"), ("multilingual", "cl100k")] {
        let path = shared.join("corpus").join(format!("{name}.txt"));
        let named = PatternArg::Named(pattern);
        let splitter = Splitter::byte_level(named, Family::HuggingFace).expect("a known name");
        let special_tokens = vec!["<|endoftext|>".to_owned(), "the".to_owned()];
        let trained = |threads| {
            let trainer = BpeTrainer {
                vocab_size: 32_000,
                special_tokens: special_tokens.clone(),
                initial_alphabet: byte_alphabet(),
                threads,
                ..BpeTrainer::default()
            };
            trainer.train(&count(&splitter, &path, threads), &()).expect("it trains")
        };
        let ours = trained(1);
        assert!(trained(2) == ours && trained(3) == ours, "{name}: threads");
        let mut tokenizer = reference(&splitter, BPE::default().into());
        let mut trainer = tokenizers::models::TrainerWrapper::from(
            BpeTrainerBuilder::new()
                .vocab_size(32_000)
                .show_progress(false)
                .special_tokens(
                    special_tokens.iter().map(|t| AddedToken::from(&**t, true)).collect(),
                )
                .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
                .build(),
        );
        let file = path.to_str().expect("a path that is text").to_owned();
        tokenizer.train_from_files(&mut trainer, vec![file]).expect("it trains");
        let tokenizers::ModelWrapper::BPE(model) = tokenizer.get_model() else {
            panic!("it was trained")
        };
        let (theirs, ours) = (reference_bpe(model), our_bpe(&ours));
        assert_eq!(ours.1.len(), 32_000 - 257, "{name}");
        assert!(ours.1 == theirs.1, "{name}: merges");
        assert!(ours.0 == theirs.0, "{name}: vocabulary");
    }
}

/// Ranks that rustbpe 0.1.0 from PyPI gives: `tests/golden/train_rustbpe.py` writes the file.
#[test]
fn ranks_are_those_of_rustbpe() {
    let Some(shared) = shared() else { return };
    let golden = include_str!("../../golden/rustbpe.csv");
    let mut rows = 0;
    for row in golden.lines().skip(2) {
        let [corpus, pattern, size, hash] = row.split(',').collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        let path = shared.join("corpus").join(format!("{corpus}.txt"));
        let named = PatternArg::Named(pattern);
        let splitter = Splitter::byte_level(named, Family::Tiktoken).expect("a known name");
        let trainer = BpeTrainer {
            ties: Ties::RustBpe,
            vocab_size: size.parse().expect("a number"),
            ..BpeTrainer::default()
        };
        let trained = trainer.train(&count(&splitter, &path, 2), &()).expect("it trains");
        assert_eq!(fnv(trained.tokens()), hash, "{row}");
        rows += 1;
    }
    assert!(rows >= 6, "{rows}");
}

/// As the script computes it: each token's length and bytes.
fn fnv(tokens: &[Vec<u8>]) -> String {
    let mut hash = 0xCBF2_9CE4_8422_2325u64;
    for token in tokens {
        for byte in (token.len() as u32).to_le_bytes().iter().chain(token) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }
    format!("{hash:016x}")
}

/// Words of a few letters, some of them often.
fn words(random: &mut Random, letters: &[char]) -> Vec<(String, u64)> {
    let mut words = BTreeMap::new();
    for _ in 0..random.below(60) + 1 {
        let len = random.below(9) + 1;
        let word: String = (0..len).map(|_| letters[random.below(letters.len())]).collect();
        words.insert(word, random.below(20) as u64 + 1);
    }
    words.into_iter().collect()
}

/// The words as a text, which `process` below cuts again.
fn feed<T: Trainer>(trainer: &mut T, words: &[(String, u64)]) {
    let lines = words.iter().map(|(word, count)| format!("{word} ").repeat(*count as usize));
    let lines: Vec<String> = lines.collect();
    let process = |line: &str| Ok(line.split_terminator(' ').map(str::to_owned).collect());
    trainer.feed(lines.iter(), process).expect("words");
}

#[test]
fn options_do_what_they_do_in_tokenizers() {
    let mut random = Random::new(5);
    let mut again = 0;
    for case in 0..3000 {
        let letters: &[char] =
            [&['a', 'b'][..], &['a', 'b', 'c', 'é'], &['a', '中', 'Ġ', '#', 'x', 'y', 'z']]
                [case % 3];
        let words = words(&mut random, letters);
        let mut ours = BpeTrainer {
            vocab_size: 3 + random.below(40),
            min_frequency: [0, 0, 1, 5][random.below(4)],
            threads: 1 + random.below(2),
            ..BpeTrainer::default()
        };
        let mut theirs =
            BpeTrainerBuilder::new().show_progress(false).min_frequency(ours.min_frequency);
        if random.below(3) == 0 {
            // Tokens that merges make, too.
            ours.special_tokens = ["ab", "<s>", "a", "abab", "ab"][..1 + random.below(5)]
                .iter()
                .map(|token| (*token).to_owned())
                .collect();
            let tokens = ours.special_tokens.iter().map(|t| AddedToken::from(&**t, true));
            theirs = theirs.special_tokens(tokens.collect());
        }
        if random.below(3) == 0 {
            ours.initial_alphabet = ['q', 'a', '中'].into_iter().collect();
            theirs = theirs.initial_alphabet(ours.initial_alphabet.iter().copied().collect());
        }
        if random.below(3) == 0 {
            ours.max_token_length = Some(random.below(6));
            theirs = theirs.max_token_length(ours.max_token_length);
        }
        // Only where no two chars are equally frequent does the reference not leave it to chance.
        let counts =
            Counts::from_words(Unit::Char, words.iter().map(|(word, count)| (word, *count)));
        let mut frequencies: HashMap<char, u64> = HashMap::new();
        for (word, count) in &words {
            for c in word.chars() {
                *frequencies.entry(c).or_default() += count;
            }
        }
        let distinct: HashSet<u64> = frequencies.values().copied().collect();
        if random.below(3) == 0
            && distinct.len() == frequencies.len()
            && ours.initial_alphabet.is_empty()
        {
            ours.limit_alphabet = Some(1 + random.below(4));
            theirs = theirs.limit_alphabet(ours.limit_alphabet.unwrap_or_default());
        }
        let mut theirs = theirs.vocab_size(ours.vocab_size).build();
        feed(&mut theirs, &words);
        let mut model = BPE::default();
        theirs.train(&mut model).expect("it trains");
        let wanted = reference_bpe(&model);
        let found = match ours.train(&counts, &()) {
            Ok(trained) => our_bpe(&trained),
            Err(TrainError::VocabTooSmall { wanted: size, least }) => {
                assert!(size == ours.vocab_size && least == wanted.0.len() && wanted.1.is_empty());
                continue;
            }
            Err(error) => panic!("{error}: {ours:?}"),
        };
        if found != wanted {
            // A pair that came back with the same count waits twice in the reference's queue, and chance
            // decides which goes first.
            let mut model = BPE::default();
            let tries = (0..50).any(|_| {
                feed(&mut theirs, &words);
                theirs.train(&mut model).expect("it trains");
                reference_bpe(&model) == found
            });
            assert!(tries, "case {case}: {ours:?}\n{words:?}\nfound {found:?}\nwanted {wanted:?}");
            again += 1;
        }
    }
    assert!(again < 30, "{again}");
}

/// With a prefix the reference numbers symbols by chance: ours must be one of its answers.
#[test]
fn prefixes_and_suffixes_are_those_of_tokenizers() {
    let mut random = Random::new(9);
    for case in 0..200 {
        let words = words(&mut random, &['a', 'b', 'c'][..2 + case % 2]);
        let mut ours = BpeTrainer { vocab_size: 6 + random.below(20), ..BpeTrainer::default() };
        let mut theirs = BpeTrainerBuilder::new().show_progress(false).vocab_size(ours.vocab_size);
        if case % 4 != 3 {
            ours.continuing_subword_prefix = Some("##".to_owned());
            theirs = theirs.continuing_subword_prefix("##".to_owned());
        }
        if case % 4 >= 2 {
            ours.end_of_word_suffix = Some("</w>".to_owned());
            theirs = theirs.end_of_word_suffix("</w>".to_owned());
        }
        let counts =
            Counts::from_words(Unit::Char, words.iter().map(|(word, count)| (word, *count)));
        let mut theirs = theirs.build();
        let Ok(trained) = ours.train(&counts, &()) else { continue };
        let merges = our_bpe(&trained).1;
        let tokens: BTreeSet<String> = our_bpe(&trained).0.into_keys().collect();
        let found = (0..20_000).any(|_| {
            feed(&mut theirs, &words);
            let mut model = BPE::default();
            theirs.train(&mut model).expect("it trains");
            let wanted = reference_bpe(&model);
            wanted.1 == merges && wanted.0.into_keys().eq(tokens.iter().cloned())
        });
        assert!(found, "case {case}: {ours:?}\n{words:?}\nfound {merges:?}");
    }
}

fn special(tokens: &[&str]) -> Vec<AddedToken> {
    tokens.iter().map(|token| AddedToken::from(*token, true)).collect()
}

#[test]
fn word_level_is_that_of_tokenizers() {
    let mut random = Random::new(3);
    for _ in 0..300 {
        let words = words(&mut random, &['a', 'b', 'é']);
        let ours = WordLevelTrainer {
            vocab_size: 2 + random.below(30),
            min_frequency: random.below(6) as u64,
            special_tokens: vec!["<unk>".to_owned()],
            ..WordLevelTrainer::default()
        };
        let mut theirs = tokenizers::models::wordlevel::WordLevelTrainer::builder()
            .vocab_size(ours.vocab_size)
            .min_frequency(ours.min_frequency)
            .special_tokens(special(&["<unk>"]))
            .show_progress(false)
            .build()
            .expect("options");
        feed(&mut theirs, &words);
        let mut model = tokenizers::models::wordlevel::WordLevel::default();
        theirs.train(&mut model).expect("it trains");
        let counts =
            Counts::from_words(Unit::Char, words.iter().map(|(word, count)| (word, *count)));
        let trained = ours.train(&counts, &()).expect("it trains");
        let wanted: BTreeMap<String, u32> =
            tokenizers::Model::get_vocab(&model).into_iter().collect();
        let found = (0..).zip(trained.tokens());
        let found: BTreeMap<String, u32> = found
            .map(|(id, token)| (String::from_utf8(token.clone()).expect("text"), id))
            .collect();
        assert_eq!(found, wanted);
    }
}

/// Real text has few ties that matter: of two vocabularies of the reference and ours, each pair differs in
/// about as many tokens.
#[test]
fn wordpiece_is_as_near_as_the_reference_to_itself() {
    let Some(shared) = shared() else { return };
    let text = std::fs::read_to_string(shared.join("corpus/english.txt")).expect("a corpus");
    let lines: Vec<&str> = text.lines().take(20_000).collect();
    let splitter =
        Splitter::new(Some(PreTokenizer::Bert), Family::HuggingFace).expect("it is supported");
    let mut counter = Counter::new(&splitter);
    counter.count(Texts(lines.iter()), &()).expect("sound text");
    let counts = counter.finish(&()).expect("it finishes");
    let ours = WordPieceTrainer {
        vocab_size: 8_000,
        special_tokens: vec!["[UNK]".to_owned()],
        ..WordPieceTrainer::default()
    };
    let ours = ours.train(&counts, &()).expect("it trains");
    let ours: BTreeSet<String> =
        ours.tokens().iter().map(|token| String::from_utf8(token.clone()).expect("text")).collect();
    let run = || -> BTreeSet<String> {
        let mut tokenizer =
            reference(&splitter, tokenizers::models::wordpiece::WordPiece::default().into());
        let mut trainer = tokenizers::models::TrainerWrapper::from(
            tokenizers::models::wordpiece::WordPieceTrainer::builder()
                .vocab_size(8_000)
                .special_tokens(special(&["[UNK]"]))
                .show_progress(false)
                .build(),
        );
        tokenizer.train(&mut trainer, lines.iter()).expect("it trains");
        tokenizer.get_vocab(true).into_keys().collect()
    };
    let theirs = [run(), run(), run()];
    let apart = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.symmetric_difference(b).count();
    let among = apart(&theirs[0], &theirs[1])
        .max(apart(&theirs[0], &theirs[2]))
        .max(apart(&theirs[1], &theirs[2]));
    let nearest = theirs.iter().map(|other| apart(other, &ours)).min().unwrap_or(usize::MAX);
    assert!(nearest <= among + 2, "{nearest} tokens differ, {among} among runs of the reference");
}

#[test]
fn unigram_pieces_and_scores_are_those_of_tokenizers() {
    let Some(shared) = shared() else { return };
    for (name, len, size) in
        [("english", 1_000_000, 4000), ("multilingual", 300_000, 3000), ("code", 500_000, 1500)]
    {
        let path = shared.join("corpus").join(format!("{name}.txt"));
        let text = std::fs::read_to_string(path).expect("a corpus");
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let mut sum = 0;
        let lines: Vec<&str> = lines
            .into_iter()
            .take_while(|line| {
                sum += line.len();
                sum <= len
            })
            .collect();
        let metaspace = PreTokenizer::Metaspace {
            replacement: '▁',
            prepend_scheme: PrependScheme::Always,
            split: true,
        };
        let splitter = Splitter::new(Some(metaspace), Family::HuggingFace).expect("supported");
        let train = |threads| {
            let mut counter = Counter::new(&splitter).threads(threads);
            counter.count(Texts(lines.iter()), &()).expect("sound text");
            let counts = counter.finish(&()).expect("it finishes");
            let trainer = UnigramTrainer {
                vocab_size: size,
                unk_token: Some("<unk>".to_owned()),
                threads,
                ..UnigramTrainer::default()
            };
            trainer.train(&counts, &()).expect("it trains")
        };
        let ours = train(1);
        assert!(train(2) == ours && train(3) == ours, "{name}: threads");
        let Model::Unigram { pieces, .. } = ours.model() else { panic!("it was trained") };
        let run = || -> HashMap<String, f64> {
            let mut tokenizer = TokenizerBuilder::<
                Unigram,
                tokenizers::NormalizerWrapper,
                Metaspace,
                tokenizers::PostProcessorWrapper,
                tokenizers::DecoderWrapper,
            >::new()
            .with_model(Unigram::default())
            .with_pre_tokenizer(Some(Metaspace::default()))
            .build()
            .expect("parts");
            let mut trainer = tokenizers::models::unigram::UnigramTrainer::builder()
                .vocab_size(size as u32)
                .unk_token(Some("<unk>".to_owned()))
                .show_progress(false)
                .build()
                .expect("options");
            tokenizer.train(&mut trainer, lines.iter()).expect("it trains");
            tokenizer.get_model().iter().cloned().collect()
        };
        let (a, b) = (run(), run());
        let apart = |a: &HashMap<String, f64>, b: &HashMap<String, f64>| {
            a.keys().filter(|key| !b.contains_key(*key)).count()
        };
        let ours: HashMap<String, f64> = pieces.iter().cloned().collect();
        assert!(apart(&a, &ours) <= apart(&a, &b), "{name}: {} pieces", apart(&a, &ours));
        // Chars without a piece of their own have scores by chance.
        let common = a.iter().filter(|(piece, _)| piece.chars().count() > 1);
        let apart = common.map(|(piece, score)| {
            (ours.get(piece).map_or(0.0, |ours| (score - ours).abs()), piece.clone())
        });
        let (farthest, piece) =
            apart.fold((0.0, String::new()), |a, b| if b.0 > a.0 { b } else { a });
        assert!(farthest < 1e-4, "{name}: {piece:?} by {farthest}");
    }
}
