//! The general engine with answers kept for words, against itself without: the same ids and the same places, on all
//! files and corpora, and on text that is made to be cut in the wrong places.

#[expect(dead_code, reason = "other tests use all of it")]
mod common;

use common::{shared, unzip};
use comptok::{FullOptions, Offsets, Scratch, Setting, Special, Tokenizer};
use comptok_core::{
    Kernel, Request,
    blob::{Header, Tables},
    general::{self, Found, Memory, cut, steps::Pipeline},
    kernel::Tier,
    model::{Model, Random},
};
use serde_json::{Value, json};

/// Pieces of which texts are drawn.
const PIECES: [&str; 64] = [
    " ", " ", " ", " ", "  ", "   ", "\n", "\r\n", "\r", "\t", "\u{a0}", "\u{3000}", "\u{200b}",
    "\u{2028}", "▁", "▁▁", "a", "the", "word", "words", "Hello", "naïve", "É", "e\u{301}",
    "\u{301}", "\u{94d}", "\u{200d}", "\u{600}", "中", "文字", "です", "한국", "👍🏽", "''", "``",
    "'", "...", "1", "2024", "½", "ﬁ", "\u{0}", "\u{ad}", "\u{fdfa}", "don't", ",", "-", "(", "~",
    "“", "”", "…", "、", "「", "！", "\u{1}", "\u{7f}", "≮", "<eop>", "(^o^)", "[REF]", "Q", "b",
    "__BT__",
];

fn drawn(seed: u64) -> String {
    let mut random = Random::new(seed);
    (0..random.below(60)).map(|_| PIECES[random.below(PIECES.len())]).collect()
}

/// Ids, places and numbers of parts: word by word, twice, and all at once.
fn compare_places(name: &str, tokenizer: &Tokenizer, text: &str) {
    let header = Header::parse(tokenizer.as_bytes()).expect("a blob");
    let tables = Tables::new(tokenizer.as_bytes(), &header);
    let request = Request { text: text.as_bytes(), special: Special::All, strict: false };
    let model = Model::parse(&tables).expect("a model");
    let shows = |id: u32| model.shows_source(id);
    let all = |memory: &mut Memory, aligned: bool| {
        let mut all = Vec::new();
        let result = general::encode_in(&tables, &request, aligned, memory, |found| {
            let Found { id, start, end, word, added, source } = found;
            let source = if shows(id) { source.to_string() } else { String::new() };
            // Where nobody asks for places, those of added tokens may be there or not.
            let (start, end) = if aligned { (start, end) } else { (0, 0) };
            all.push((id, start, end, word, added, source));
        });
        (result, all)
    };
    for aligned in [true, false] {
        let (mut words, mut plain) = (Memory::default(), Memory::default());
        words.own(&[1; 32], 1 << 20);
        let wanted = all(&mut plain, aligned);
        for _ in 0..2 {
            assert_eq!(all(&mut words, aligned), wanted, "{name}: {text:?}");
        }
    }
}

fn compare(
    name: &str,
    tokenizer: &Tokenizer,
    text: &str,
    words: &mut Scratch,
    plain: &mut Scratch,
) {
    compare_places(name, tokenizer, text);
    let (mut with, mut without) = (Vec::new(), Vec::new());
    let first = tokenizer.encode_into(text, Special::All, &mut with, words);
    let second = tokenizer.encode_into(text, Special::All, &mut without, plain);
    assert_eq!((first, &with), (second, &without), "{name}: {text:?}");
    let mut slice = vec![0; without.len()];
    let count = Ok(without.len());
    assert_eq!(tokenizer.encode_to_slice(text, Special::All, &mut slice, words), count, "{name}");
    assert_eq!(slice, without, "{name}: {text:?}");
    assert_eq!(tokenizer.count_with(text, Special::All, words), count, "{name}: {text:?}");
    if let Some((_, short)) = slice.split_last_mut() {
        let result = tokenizer.encode_to_slice(text, Special::All, short, words);
        assert!(matches!(result, Err(comptok::EncodeError::Full { .. })), "{name}: {result:?}");
    }
    let options = FullOptions {
        add_special_tokens: false,
        offsets: Offsets::Bytes,
        truncation: Setting::Off,
        padding: Setting::Off,
        ..FullOptions::default()
    };
    // Twice, so that words of the first time are known the second time.
    let full = tokenizer.encode_full(text, &options).expect("an answer");
    assert_eq!(tokenizer.encode_full(text, &options).as_ref(), Ok(&full), "{name}: {text:?}");
    assert_eq!(full.ids(), without, "{name}: {text:?}");
    let mut fresh = None;
    std::thread::scope(|scope| {
        // A thread of its own has nothing in its memory yet.
        scope
            .spawn(|| fresh = tokenizer.encode_full(text, &options).ok())
            .join()
            .expect("no panic");
    });
    assert_eq!(fresh.as_ref(), Some(&full), "{name}: {text:?}");
}

/// What ends in ▁ at the end of a text may go on with the space that comes in another one.
#[test]
fn the_end_of_a_text_is_no_word() {
    let Some(shared) = shared() else { return };
    for name in ["mistral01", "phi_3", "t5_small"] {
        let file = unzip(&shared.join(format!("vocabs/tokenizer_json/{name}.json.gz")));
        let tokenizer = Tokenizer::from_bytes(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
        let (mut words, mut plain) = (Scratch::new(), Scratch::with_cache(0));
        for end in ["  ▁", " ▁", " \u{A0}", " \t", "  "] {
            for text in [format!("a{end}"), format!("a{end} 1 b")] {
                compare(name, &tokenizer, &text, &mut words, &mut plain);
            }
        }
    }
}

fn corpus(shared: &std::path::Path, name: &str) -> String {
    let text = std::fs::read_to_string(shared.join(format!("corpus/{name}.txt")));
    text.expect("the corpus is UTF-8")
}

/// Drawn texts, and parts of each corpus.
fn compare_texts(name: &str, tokenizer: &Tokenizer, draws: u64, corpora: &[String], parts: usize) {
    let (mut words, mut plain) = (Scratch::new(), Scratch::with_cache(0));
    for seed in 0..draws {
        compare(name, tokenizer, &drawn(seed), &mut words, &mut plain);
    }
    for corpus in corpora {
        for part in 0..parts {
            let mut start = corpus.len() / parts * part;
            while !corpus.is_char_boundary(start) {
                start += 1;
            }
            let text: String = corpus[start..].chars().take(1500).collect();
            compare(name, tokenizer, &text, &mut words, &mut plain);
        }
    }
}

#[test]
fn words_and_the_whole_are_the_same() {
    let Some(shared) = shared() else { return };
    let corpora = ["english", "multilingual", "code"].map(|name| corpus(&shared, name));
    let full = std::env::var("COMPTOK_FULL").as_deref() == Ok("1");
    let (draws, parts) = if full { (4000, 400) } else { (150, 12) };
    for name in [
        "bert_uncased",
        "bert_base_cased",
        "bert_cased_no_cjk",
        "t5_small",
        "xlnet_base_cased",
        "mistral01",
        "mistral03",
        "phi_3",
        "ort_nmt",
        "gte",
    ] {
        let file = unzip(&shared.join(format!("vocabs/tokenizer_json/{name}.json.gz")));
        let tokenizer = Tokenizer::from_bytes(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
        compare_texts(name, &tokenizer, draws, &corpora, parts);
    }
}

/// Patterns of which lists are drawn.
const PATTERNS: [&str; 22] = [
    r"\s?\p{L}+",
    r"\s?\p{L}+",
    r"\s?\p{P}+",
    r" ?[!-/:-~]+",
    r"[^\s\p{L}]+",
    r"\p{L}+\s?",
    r"\w+|\s+",
    r"[a-z]+|[A-Z]|\d",
    r"[a-zA-Z]+'[a-z]",
    r"\S+",
    r"\S",
    "[\r\n]",
    r"\n+",
    r"\s+$",
    r"[a-z]+$",
    r" x|[a-zA-Z0-9]",
    r"a b",
    r". ",
    "marks",
    "gpt2",
    r"'s|'t",
    "0",
];

/// Lists of patterns that separate ASCII chars one way or another, and tokens that are looked for in normalized text,
/// which is the text itself.
#[test]
fn steps_that_separate_ascii_are_the_same() {
    let Some(shared) = shared() else { return };
    let corpora = ["english", "multilingual", "code"].map(|name| corpus(&shared, name));
    let file = unzip(&shared.join("vocabs/tokenizer_json/gpt2.json.gz"));
    let file: Value = serde_json::from_slice(&file).expect("JSON");
    let lists: [(Vec<&str>, bool); 10] = [
        (vec!["0", "gpt2"], true),
        (vec!["marks", "gpt2", "0", "[0-9][0-9][0-9]"], true),
        (vec![r"[a-z]\p{P}", "gpt2"], true),
        (vec![r".['-]", "gpt2", "marks"], true),
        (vec!["[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", "[一-龥ࠀ-一가-퟿]+", "0"], true),
        (
            vec!["[\r\n]", r"\s?[A-Za-zÀ-ɏ]+", r"\s?[!-/:-~！-／‘-‟]+", r"\s+$", "[一-龥]+", "0"],
            true,
        ),
        (vec![r" ?\w+", r"\d", "[!-~]"], true),
        (vec![r"[^\S\n]?[a-zA-Z0-9]+|\.\w", "[=+]+"], true),
        (vec![r"\s?\p{L}+ ?", "0"], false),
        (vec![r"\s?\p{L}+(?= )", "0"], false),
    ];
    // Others are drawn; where nothing is proven, nothing is compared either.
    let mut random = Random::new(7);
    let others = (0..60).map(|_| {
        let list: Vec<&str> =
            (0..2 + random.below(4)).map(|_| PATTERNS[random.below(PATTERNS.len())]).collect();
        (list, None)
    });
    let mut proven = 0;
    let lists = lists.into_iter().map(|(list, cuts)| (list, Some(cuts))).chain(others);
    for (number, (list, cuts)) in lists.enumerate() {
        let name = format!("list {number}");
        let mut steps: Vec<Value> = list
            .iter()
            .map(|step| match *step {
                "0" => json!({ "type": "Digits", "individual_digits": true }),
                "marks" => json!({ "type": "Punctuation", "behavior": "Contiguous" }),
                "gpt2" => json!({
                    "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true
                }),
                regex => json!({
                    "type": "Split", "pattern": { "Regex": regex }, "behavior": "Isolated", "invert": false
                }),
            })
            .collect();
        if !list.contains(&"gpt2") {
            steps.push(json!({
                "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false
            }));
        }
        let mut file = file.clone();
        file["pre_tokenizer"] = json!({ "type": "Sequence", "pretokenizers": steps });
        let token = |id: u32, content: &str, normalized: bool, strips: bool| {
            json!({
                "id": id, "content": content, "single_word": strips, "lstrip": strips, "rstrip": false,
                "normalized": normalized, "special": !normalized
            })
        };
        file["added_tokens"] = json!([
            token(50256, "<eop>", false, false),
            token(50257, "[REF]", true, false),
            token(50258, "__BT__", true, true),
            token(50259, "d w", true, false),
        ]);
        let tokenizer = Tokenizer::from_bytes(file.to_string().as_bytes());
        let tokenizer = tokenizer.unwrap_or_else(|e| panic!("{name}: {e}"));
        let tables = Tables::new(tokenizer.as_bytes(), tokenizer.header());
        let pipeline = Pipeline::parse(tables.pipeline).expect("steps");
        let is_cut = pipeline.settings.cuts & cut::MARKS != 0;
        assert_eq!(is_cut, cuts.unwrap_or(is_cut), "{name}: {list:?}");
        proven += usize::from(is_cut);
        let (draws, parts) = if cuts.is_some() { (400, 8) } else { (40, 1) };
        compare_texts(&name, &tokenizer, draws, &corpora, parts);
    }
    assert!(proven > 15, "{proven} lists are cut");
}

/// Models of SentencePiece, whose sums go on from word to word.
#[test]
fn sentences_word_by_word_are_the_same() {
    let Some(shared) = shared() else { return };
    let corpora = ["english", "multilingual"].map(|name| corpus(&shared, name));
    let full = std::env::var("COMPTOK_FULL").as_deref() == Ok("1");
    let (draws, parts) = if full { (4000, 20) } else { (150, 1) };
    let models = std::fs::read_dir(shared.join("vocabs/sentencepiece")).expect("models");
    for model in models {
        let path = model.expect("a model").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let tokenizer = Tokenizer::from_bytes(&unzip(&path)).unwrap_or_else(|e| panic!("{e}"));
        let (mut words, mut plain) = (Scratch::new(), Scratch::with_cache(0));
        for seed in 0..draws {
            compare(name, &tokenizer, &drawn(seed), &mut words, &mut plain);
        }
        for end in ["▁▁", "▁", " ", "  ", "x▁", "\u{3000}", "\u{200b}", "\u{200b} ", ""] {
            for text in ["x {}", "x {} y", "{}x {}", "{} {}  y z", "{}"] {
                compare(name, &tokenizer, &text.replace("{}", end), &mut words, &mut plain);
            }
        }
        // Sums leave the range where they begin anew, and most words have been seen before.
        for corpus in &corpora {
            for part in 0..parts {
                let mut start = corpus.len() / parts * part;
                while !corpus.is_char_boundary(start) {
                    start += 1;
                }
                let text: String = corpus[start..].chars().take(200_000).collect();
                let (mut with, mut without) = (Vec::new(), Vec::new());
                let first = tokenizer.encode_into(&text, Special::All, &mut with, &mut words);
                let second = tokenizer.encode_into(&text, Special::All, &mut without, &mut plain);
                assert_eq!(first, second, "{name}");
                let at = with.iter().zip(&without).position(|(with, without)| with != without);
                assert_eq!((at, with.len()), (None, without.len()), "{name}");
            }
        }
    }
}

/// Words are found by the kernel's masks.
#[test]
fn words_are_the_same_with_every_kernel() {
    let Some(shared) = shared() else { return };
    let corpora = ["english", "multilingual", "code"].map(|name| corpus(&shared, name));
    let files = ["bert_uncased", "mistral01", "t5_small"].map(|name| {
        let file = unzip(&shared.join(format!("vocabs/tokenizer_json/{name}.json.gz")));
        Tokenizer::from_bytes(&file).unwrap_or_else(|e| panic!("{name}: {e}"))
    });
    let model = unzip(&shared.join("vocabs/sentencepiece/xlnet_base_cased.model.gz"));
    let model = Tokenizer::from_bytes(&model).unwrap_or_else(|e| panic!("{e}"));
    let mut kernels = 0;
    for (tokenizer, text) in
        files.iter().chain([&model]).flat_map(|t| corpora.iter().map(move |c| (t, c)))
    {
        let text: String = text.chars().take(100_000).collect();
        let ids = |scratch: Scratch<'_>| {
            let (mut scratch, mut ids) = (scratch, Vec::new());
            tokenizer.encode_into(&text, Special::All, &mut ids, &mut scratch).map(|_| ids)
        };
        let wanted = ids(Scratch::with_cache(0));
        for kernel in Tier::ALL.into_iter().filter_map(Kernel::of) {
            assert_eq!(ids(Scratch::new().kernel(kernel)), wanted, "{kernel:?}");
            kernels += 1;
        }
    }
    assert!(kernels >= 24, "{kernels}");
}

#[test]
fn a_word_at_the_end_may_go_on_elsewhere() {
    let Some(shared) = shared() else { return };
    for name in ["mistral01", "mistral03", "phi_3", "xlnet_base_cased"] {
        let file = unzip(&shared.join(format!("vocabs/tokenizer_json/{name}.json.gz")));
        let tokenizer = Tokenizer::from_bytes(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
        let (mut words, mut plain) = (Scratch::new(), Scratch::with_cache(0));
        for end in ["▁▁", "▁", " ", "  ", "x▁", "\u{3000}", "\u{a0}"] {
            for text in ["x {}", "x {} y", "x {}", "x {}  y z", "x{}</s> {}", "> {} {}y)."] {
                compare(name, &tokenizer, &text.replace("{}", end), &mut words, &mut plain);
            }
        }
    }
}

#[test]
fn every_char_in_a_word_is_as_by_the_steps() {
    let Some(shared) = shared() else { return };
    for name in ["t5_small", "xlnet_base_cased", "bert_uncased", "mistral01"] {
        let file = unzip(&shared.join(format!("vocabs/tokenizer_json/{name}.json.gz")));
        let tokenizer = Tokenizer::from_bytes(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
        let (mut words, mut plain) = (Scratch::new(), Scratch::with_cache(0));
        let (mut with, mut without) = (Vec::new(), Vec::new());
        let first = ('\0'..'\u{3000}').step_by(if name == "t5_small" { 1 } else { 5 });
        for c in first.chain(('\u{3000}'..=char::MAX).step_by(97)) {
            let text =
                format!("é a{c}b {c}\u{301}{c} {c}{c}\u{94d}\u{200d}{c} ,{c}É\n{c}\u{600}{c}");
            if u32::from(c) % 3 == 0 {
                compare_places(name, &tokenizer, &text);
            }
            with.clear();
            without.clear();
            tokenizer.encode_into(&text, Special::All, &mut with, &mut words).expect("an answer");
            tokenizer
                .encode_into(&text, Special::All, &mut without, &mut plain)
                .expect("an answer");
            assert_eq!(with, without, "{name} {c:?}");
        }
    }
}

/// Some merge 64 symbols at a time, of which some are bytes of a char.
#[test]
fn words_of_any_number_of_chars_are_as_by_the_steps() {
    let Some(shared) = shared() else { return };
    let kinds: [&[&str]; 4] = [
        &["a", "n", "t", "e", "\u{E000}", "中"],
        &["中", "文", "的", "国", "漢", "字", "\u{E000}", "𠀀"],
        &["ж", "о", "в", "é", "▁", "\u{10FFFF}"],
        &["\u{E000}", "\u{E001}", "𠀀"],
    ];
    for name in ["mistral01", "mistral03", "phi_3", "t5_small"] {
        let file = unzip(&shared.join(format!("vocabs/tokenizer_json/{name}.json.gz")));
        let tokenizer = Tokenizer::from_bytes(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
        let (mut words, mut plain) = (Scratch::new(), Scratch::with_cache(0));
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for seed in 0..600 {
            let mut random = Random::new(seed);
            let kind = kinds[random.below(kinds.len())];
            let count = 1 + random.below(200);
            // Half of it is of one char, so that some runs are long.
            let same = random.below(kind.len());
            let word: String = (0..count)
                .map(|at| if at % 50 < 25 { random.below(kind.len()) } else { same })
                .map(|number| kind[number])
                .collect();
            let text = format!("{word} x {word}{word} {word}");
            with.clear();
            without.clear();
            let first = tokenizer.encode_into(&text, Special::All, &mut with, &mut words);
            let second = tokenizer.encode_into(&text, Special::All, &mut without, &mut plain);
            assert_eq!((first, &with), (second, &without), "{name} {seed}: {text:?}");
        }
    }
}

#[test]
fn what_is_removed_at_the_beginning_moves_all_places() {
    let Some(shared) = shared() else { return };
    for name in ["t5_small", "xlnet_base_cased"] {
        let file = unzip(&shared.join(format!("vocabs/tokenizer_json/{name}.json.gz")));
        let tokenizer = Tokenizer::from_bytes(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
        for text in ["\u{7f}a few words", "\u{301}\u{1}a few", "</s>\u{7f}\u{7f}é few", "\u{7f}"] {
            compare_places(name, &tokenizer, text);
        }
    }
}
