//! Vocabularies of real size with other flags, steps and added tokens, drawn: everything of an encoding beside the
//! reference's, on pieces of the corpus and on difficult texts.

use std::path::Path;

use comptok::{FullOptions, Offsets, Scratch, Special, Tokenizer};
use comptok_bake::{FileOptions, bake_file};
use comptok_oracle::{asked, random, random::Random, reference::unzip, same, samples, seeds};
use serde_json::{Value, json};

/// Files that are not too large to be baked again and again.
const NAMES: [&str; 17] = [
    "bert_base_cased",
    "bert_chinese",
    "bert_uncased",
    "clip_base",
    "falcon",
    "gpt2",
    "gpt_neox",
    "gte",
    "mistral01",
    "mistral03",
    "modernbert",
    "ort_nmt",
    "phi_3",
    "roberta_base",
    "t5_small",
    "whisper_large_v3",
    "xlnet_base_cased",
];

fn one<T: Copy>(random: &mut Random, of: &[T]) -> T {
    of[random.below(of.len())]
}

fn is(random: &mut Random, of: usize) -> bool {
    random.below(of) == 0
}

fn normalizer(random: &mut Random) -> Value {
    match random.below(9) {
        0..3 => {
            json!({"type": one(random, &["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt"])})
        }
        3 | 4 => json!({"type": "BertNormalizer", "clean_text": is(random, 2),
            "handle_chinese_chars": is(random, 2), "strip_accents": one(random, &[None, Some(true), Some(false)]),
            "lowercase": is(random, 2)}),
        5 => json!({"type": "Strip", "strip_left": is(random, 2), "strip_right": is(random, 2)}),
        6 => json!({"type": "Replace", "pattern": {"String": one(random, &[" ", "e", "``", "th"])},
            "content": one(random, &["▁", "", " ", "x"])}),
        7 => {
            json!({"type": "Replace", "pattern": {"Regex": one(random, &[" {2,}", r"\s", r"\d+"])},
            "content": one(random, &["▁", "", " "])})
        }
        _ => json!({"type": "Prepend", "prepend": one(random, &["▁", " ", "a"])}),
    }
}

fn pre_tokenizer(random: &mut Random) -> Value {
    match random.below(8) {
        0 | 1 => {
            json!({"type": "ByteLevel", "add_prefix_space": is(random, 2), "trim_offsets": true,
            "use_regex": !is(random, 4)})
        }
        2 | 3 => json!({"type": "Metaspace", "replacement": "▁", "split": !is(random, 3),
            "prepend_scheme": one(random, &["always", "first", "never"])}),
        4 => {
            json!({"type": one(random, &["WhitespaceSplit", "Whitespace", "BertPreTokenizer", "UnicodeScripts"])})
        }
        5 => json!({"type": "Digits", "individual_digits": is(random, 2)}),
        6 => {
            json!({"type": "Punctuation", "behavior": one(random, &["Isolated", "Removed", "Contiguous",
            "MergedWithNext", "MergedWithPrevious"])})
        }
        _ => {
            json!({"type": "Split", "pattern": {"Regex": one(random, &[r" ?\w+|[^\w\s]+|\s+", r"\p{N}{1,3}", "[0-9]"])},
            "behavior": one(random, &["Isolated", "MergedWithNext"]), "invert": is(random, 4)})
        }
    }
}

/// The steps as they are, others, none, or more.
fn change(
    random: &mut Random,
    steps: &mut Value,
    one: fn(&mut Random) -> Value,
    kind: &str,
    field: &str,
) {
    match random.below(6) {
        0..2 => {}
        2 => *steps = one(random),
        3 => *steps = Value::Null,
        4 => {
            let all: Vec<Value> = (0..1 + random.below(3)).map(|_| one(random)).collect();
            *steps = json!({"type": kind, field: all});
        }
        _ if steps.is_null() => *steps = one(random),
        _ => {
            let mut all = vec![steps.clone(), one(random)];
            if is(random, 2) {
                all.reverse();
            }
            *steps = json!({"type": kind, field: all});
        }
    }
}

fn entries(model: &Value) -> Vec<&str> {
    match &model["vocab"] {
        Value::Object(vocab) => vocab.keys().map(String::as_str).collect(),
        Value::Array(vocab) => vocab.iter().filter_map(|piece| piece[0].as_str()).collect(),
        _ => Vec::new(),
    }
}

/// Another tokenizer of the same vocabulary.
fn drawn(random: &mut Random, file: &mut Value, words: &[&str]) {
    change(random, &mut file["normalizer"], normalizer, "Sequence", "normalizers");
    change(random, &mut file["pre_tokenizer"], pre_tokenizer, "Sequence", "pretokenizers");
    (file["truncation"], file["padding"]) = (Value::Null, Value::Null);
    let known = entries(&file["model"]);
    let some: Vec<String> = (0..3).map(|_| one(random, &known).to_owned()).collect();
    let unk = match random.below(3) {
        0 => Value::Null,
        1 => json!(some[0]),
        _ => file["model"]["unk_token"].clone(),
    };
    match file["model"]["type"].as_str() {
        Some("WordPiece") => {
            file["model"]["max_input_chars_per_word"] = one(random, &[4, 12, 100]).into();
        }
        Some("Unigram") => file["model"]["byte_fallback"] = is(random, 2).into(),
        _ => {
            file["model"]["unk_token"] = unk;
            for flag in ["fuse_unk", "byte_fallback", "ignore_merges"] {
                if is(random, 2) {
                    file["model"][flag] = is(random, 2).into();
                }
            }
        }
    }
    let tokens = file["added_tokens"].as_array_mut().expect("a list");
    if is(random, 3) {
        tokens.retain(|_| random.below(2) > 0);
    }
    for token in tokens.iter_mut() {
        if is(random, 3) {
            let flag = one(random, &["lstrip", "rstrip", "single_word", "normalized", "special"]);
            token[flag] = is(random, 2).into();
        }
    }
    let mut next = tokens.iter().filter_map(|token| token["id"].as_u64()).max().unwrap_or(0) + 1;
    for _ in 0..random.below(5) {
        let content = match random.below(3) {
            0 => one(random, words).to_owned(),
            1 => one(random, &some.iter().map(String::as_str).collect::<Vec<_>>()).to_owned(),
            _ => format!("{} {}", one(random, words), one(random, words)),
        };
        if content.is_empty() || tokens.iter().any(|token| token["content"] == content) {
            continue;
        }
        tokens.push(json!({"id": next, "content": content, "single_word": is(random, 3),
            "lstrip": is(random, 3), "rstrip": is(random, 3), "normalized": is(random, 2),
            "special": is(random, 2)}));
        next += 1;
    }
}

fn check(
    ours: &Tokenizer,
    theirs: &tokenizers::Tokenizer,
    special: Special<'_>,
    text: &str,
    scratch: &mut Scratch<'_>,
) -> Result<usize, String> {
    let options = FullOptions { offsets: Offsets::Chars, special, ..FullOptions::default() };
    let plain = FullOptions { add_special_tokens: false, ..options.clone() };
    let Some(wanted) = asked(|| theirs.encode_char_offsets(text, false)) else { return Ok(0) };
    let (found, wanted) = match (ours.encode_full(text, &plain), wanted) {
        (Ok(found), Ok(wanted)) => (found, wanted),
        (Err(_), Err(_)) => return Ok(0),
        (Ok(found), Err(error)) => return Err(format!("{:?}\nnot {error}", found.ids())),
        (Err(error), Ok(wanted)) => return Err(format!("{error}\nnot {:?}", wanted.get_ids())),
    };
    same!(found.ids(), wanted.get_ids(), "ids");
    same!(found.offsets(), wanted.get_offsets(), "offsets");
    same!(found.word_ids(), wanted.get_word_ids(), "words");
    same!(found.tokens().collect::<Vec<_>>(), wanted.get_tokens().to_vec(), "tokens");
    let ids = wanted.get_ids();
    for known in [false, true] {
        let mut found = Vec::new();
        ours.encode_into(text, special, &mut found, scratch).map_err(|error| error.to_string())?;
        same!(found, ids, "words are known: {known}");
        let spans = ours.tokens(text, special, scratch).map(|span| span.map(|span| span.id));
        same!(spans.collect::<Result<Vec<_>, _>>(), Ok(ids.to_vec()), "spans");
    }
    same!(ours.count(text, special), Ok(ids.len()), "count");
    if let (Some(Ok(wanted)), Ok(found)) =
        (asked(|| theirs.encode_char_offsets(text, true)), ours.encode_full(text, &options))
    {
        same!(found.ids(), wanted.get_ids(), "ids with added ones");
        same!(found.offsets(), wanted.get_offsets(), "offsets with added ones");
    }
    for skip in [false, true] {
        if let Some(Ok(wanted)) = asked(|| theirs.decode(ids, skip)) {
            same!(ours.decode_lossy(ids, skip), wanted, "decode({skip})");
        }
    }
    Ok(1)
}

struct Corpus(Vec<String>);

impl Corpus {
    fn new(shared: &Path) -> Self {
        let names = ["chat", "code", "english", "multilingual"];
        Self(
            names
                .map(|name| {
                    let path = shared.join(format!("corpus/{name}.txt"));
                    let bytes = std::fs::read(path).expect("it is there");
                    String::from_utf8_lossy(&bytes[..bytes.len().min(6 << 20)]).into_owned()
                })
                .into(),
        )
    }

    fn piece(&self, random: &mut Random, most: usize) -> &str {
        let text = &self.0[random.below(self.0.len())];
        let boundary = |at: usize| (at..).find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        let from = boundary(random.below(text.len() - most - 8));
        &text[from..boundary(from + 1 + random.below(most))]
    }
}

#[test]
fn real_vocabularies_with_other_steps() {
    let Some(shared) = samples::shared() else { return };
    let corpus = Corpus::new(&shared);
    let seeds = seeds(10);
    let cases = seeds.end - seeds.start;
    std::panic::set_hook(Box::new(|_| ()));
    let (mut failures, mut compared, mut tokenizers) = (Vec::new(), 0, 0);
    for seed in seeds {
        let mut random = Random::new(seed);
        let random = &mut random;
        let name = one(random, &NAMES);
        let bytes = unzip(&shared.join(format!("vocabs/tokenizer_json/{name}.json.gz")));
        let mut file: Value = serde_json::from_slice(&bytes).expect("JSON");
        let words: Vec<&str> = (0..12)
            .flat_map(|_| corpus.piece(random, 60).split(' '))
            .filter(|w| !w.is_empty())
            .collect();
        drawn(random, &mut file, &words);
        let text = file.to_string();
        let added: Vec<String> = file["added_tokens"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|token| token["content"].as_str().map(str::to_owned))
            .collect();
        file["model"]["vocab"] = Value::Null;
        file["model"]["merges"] = Value::Null;
        let what = || {
            let file = file.to_string();
            // A table of replacements is long.
            let (before, rest) = file.split_once("_charsmap\":\"").unwrap_or((&file, ""));
            let behind = rest.split_once('"').map_or(rest, |(_, behind)| behind);
            format!("seed {seed}, {name}, {before}…{behind}")
        };
        let baked = bake_file(text.as_bytes(), &FileOptions::default());
        let theirs = asked(|| text.parse::<tokenizers::Tokenizer>());
        let (baked, mut theirs) = match (baked, theirs) {
            (Ok(baked), Some(Ok(theirs))) => (baked, theirs),
            (Err(error), Some(Ok(_))) if !error.to_string().contains("cannot bake") => {
                failures.push(format!("refused: {error}\n{}", what()));
                continue;
            }
            (Ok(_), Some(Err(error))) => {
                failures.push(format!("the reference refuses: {error}\n{}", what()));
                continue;
            }
            _ => continue,
        };
        let excused = ["both match", "is empty when normalized"];
        if baked.warnings.iter().any(|w| excused.iter().any(|e| w.message.contains(e))) {
            continue;
        }
        tokenizers += 1;
        let ours = Tokenizer::from_bytes(&baked.blob).expect("just baked");
        let mut scratch = Scratch::new();
        for number in 0..40 {
            let mut text = match number % 4 {
                3 => random::text(random, 300),
                2 => corpus.piece(random, 2000).to_owned(),
                _ => corpus.piece(random, 300).to_owned(),
            };
            for _ in 0..random.below(4) {
                let at = random.below(text.len() + 1);
                let at = (at..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(0);
                if !added.is_empty() {
                    text.insert_str(at, &added[random.below(added.len())]);
                }
            }
            let special = if is(random, 3) { Special::AsText } else { Special::All };
            theirs.set_encode_special_tokens(special == Special::AsText);
            match check(&ours, &theirs, special, &text, &mut scratch) {
                Ok(count) => compared += count,
                Err(error) => {
                    // The shortest part of it that is wrong, too.
                    let mut text: Vec<char> = text.chars().collect();
                    let mut size = text.len() / 2;
                    while size > 0 {
                        let mut at = 0;
                        while at < text.len() {
                            let end = (at + size).min(text.len());
                            let less = [&text[..at], &text[end..]].concat();
                            let less_text: String = less.iter().collect();
                            let result =
                                check(&ours, &theirs, special, &less_text, &mut Scratch::new());
                            if result.is_err() { text = less } else { at = end }
                        }
                        size /= 2;
                    }
                    let text: String = text.iter().collect();
                    let again = check(&ours, &theirs, special, &text, &mut Scratch::new());
                    let error: String = error.chars().take(600).collect();
                    failures.push(format!("{special:?} {text:?}: {again:?}\n{error}\n{}", what()));
                    break;
                }
            }
        }
        if failures.len() > 4 {
            break;
        }
    }
    println!("{tokenizers} tokenizers, {compared} texts\n{}", failures.join("\n\n"));
    assert!(failures.is_empty());
    assert!(compared as u64 > 10 * cases, "{compared}");
}
