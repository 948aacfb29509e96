//! Drawn tokenizers: normalizers, pre-tokenizers, a model trained small with the reference on them,
//! post-processors and decoders in any order, and everything of an encoding compared with the reference.

use std::panic::{AssertUnwindSafe, catch_unwind};

use comptok::{
    DecodeError, Direction, EncodeError, FullOptions, Offsets, Padding, PaddingStrategy, Scratch,
    Setting, Special, Tokenizer, Truncation, TruncationStrategy,
};
use comptok_bake::{FileOptions, bake_file, read, write};
use proptest::{
    prelude::*,
    sample::{select, subsequence},
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};
use tokenizers::{
    Encoding, Model, NormalizedString, Normalizer, PaddingDirection, PaddingParams,
    TruncationDirection, TruncationParams, models::TrainerWrapper,
};

type Reference = tokenizers::Tokenizer;

/// What models are trained on.
const CORPUS: &[&str] = &[
    "the cat sat on the mat, and the dog (a big one) barked at 12 cats in 2024",
    "naïve café élève Ünïcode straße ИВАН ест борщ 中文字符 日本語テキスト 한국어 สวัสดี",
    "it's don't we'll they've hello world hello worlds HELLO World word words wordy",
    "  indented    code();\n\treturn x == y ? 1 : 0; // comment\r\n\r\n",
    "a-b_c d.e,f!g?h:i;j ##ab ▁under ﬁne ① ½ ² İstanbul <0x41>",
];

/// What texts are made of.
const PIECES: &[&str] = &[
    "the ",
    "cat",
    "Cat",
    " ",
    "  ",
    "\n",
    "\t",
    "\u{a0}",
    "\u{3000}",
    "\u{85}",
    "naïve",
    "e\u{301}",
    "a\u{323}\u{301}",
    "\u{301}",
    "İ",
    "ẞ",
    "ﬁ",
    "①",
    "½",
    "²",
    "中文",
    "字",
    "テキスト",
    "ｶﾞ",
    "한국",
    "각",
    "👍🏽",
    "👨‍👩‍👧",
    "©\u{200d}",
    "\u{200b}",
    "\u{feff}",
    "\u{fffd}",
    "\u{0}",
    "\u{7f}",
    "\u{ad}",
    "12",
    "2024",
    "٣",
    "it's",
    "DON'T",
    "...",
    "!?",
    "-",
    "_",
    "##ab",
    "▁",
    "<s>",
    " <s> ",
    "[X]",
    "word",
    "words",
    "zq",
    "é",
    "Ü",
    "ß",
    "ИВАН",
    "\u{600}1",
    "\r\n",
    "\u{2028}",
    "ह\u{93f}न्दी",
    "สวัสดี",
    "\u{1d160}",
    "𝒜",
    "ab",
    "AB",
    "<0x41>",
    "`",
    "''",
];

fn pattern() -> BoxedStrategy<Value> {
    prop_oneof![
        select(vec!["a", " ", "the", "##", "é", "▁", "-"]).prop_map(|text| json!({"String": text})),
        select(vec![
            r"\s+",
            r"\d",
            r"[aeiou]+",
            r"\p{L}+",
            r"\s?\p{L}+",
            r"\s?[!-/:-~]+",
            r"[\r\n]",
            r" ?\w+",
            r"[0-9][0-9]",
            r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
            r"\p{P}",
            r"[^\s]+",
            r" {2,}",
            r"\d{1,3}(?=(?:\d{3})*\b)",
            r"(?=(\d{3})+(?!\d))",
            r"\b",
            r"a?(?=[ -])|(?<=e)[a-z]",
            r"^\s*|\s$",
        ])
        .prop_map(|regex| json!({"Regex": regex})),
    ]
    .boxed()
}

fn behavior() -> BoxedStrategy<&'static str> {
    let all = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"];
    select(all.to_vec()).boxed()
}

fn normalizer() -> BoxedStrategy<Value> {
    let plain = ["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel"];
    prop_oneof![
        6 => select(plain.to_vec()).prop_map(|name| json!({"type": name})),
        3 => (any::<bool>(), any::<bool>(), any::<Option<bool>>(), any::<bool>()).prop_map(|(clean, cjk, strip, lower)| {
            json!({"type": "BertNormalizer", "clean_text": clean, "handle_chinese_chars": cjk,
                "strip_accents": strip, "lowercase": lower})
        }),
        1 => (any::<bool>(), any::<bool>())
            .prop_map(|(l, r)| json!({"type": "Strip", "strip_left": l, "strip_right": r})),
        2 => (pattern(), select(vec!["", " ", "x", "▁", "éé"]))
            .prop_map(|(p, c)| json!({"type": "Replace", "pattern": p, "content": c})),
        1 => select(vec!["▁", " ", "ab", "é"]).prop_map(|p| json!({"type": "Prepend", "prepend": p})),
    ]
    .boxed()
}

fn pre_tokenizer() -> BoxedStrategy<Value> {
    let plain = ["BertPreTokenizer", "Whitespace", "WhitespaceSplit", "UnicodeScripts"];
    let scheme = select(vec!["always", "first", "never"]);
    prop_oneof![
        4 => select(plain.to_vec()).prop_map(|name| json!({"type": name})),
        3 => (any::<bool>(), any::<bool>()).prop_map(|(prefix, regex)| {
            json!({"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": true, "use_regex": regex})
        }),
        3 => (scheme, any::<bool>()).prop_map(|(scheme, split)| {
            json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split})
        }),
        3 => (pattern(), behavior(), any::<bool>())
            .prop_map(|(p, b, i)| json!({"type": "Split", "pattern": p, "behavior": b, "invert": i})),
        1 => behavior().prop_map(|b| json!({"type": "Punctuation", "behavior": b})),
        1 => any::<bool>().prop_map(|i| json!({"type": "Digits", "individual_digits": i})),
        1 => select(vec!["a", " ", "é"]).prop_map(|d| json!({"type": "CharDelimiterSplit", "delimiter": d})),
        1 => (1..9usize).prop_map(|l| json!({"type": "FixedLength", "length": l})),
    ]
    .boxed()
}

fn post_processor() -> BoxedStrategy<Value> {
    let type_id = 0..3u32;
    let flags = (any::<bool>(), any::<bool>());
    prop_oneof![
        Just(json!({"type": "BertProcessing", "sep": ["[X]", 1], "cls": ["<s>", 0]})),
        flags.prop_map(|(trim, prefix)| {
            json!({"type": "RobertaProcessing", "sep": ["[X]", 1], "cls": ["<s>", 0],
                "trim_offsets": trim, "add_prefix_space": prefix})
        }),
        flags.prop_map(|(trim, prefix)| {
            json!({"type": "ByteLevel", "trim_offsets": trim, "add_prefix_space": prefix, "use_regex": true})
        }),
        (type_id.clone(), type_id).prop_map(|(a, b)| {
            json!({"type": "TemplateProcessing",
                "single": [{"SpecialToken": {"id": "S", "type_id": a}}, {"Sequence": {"id": "A", "type_id": b}}],
                "pair": [{"Sequence": {"id": "B", "type_id": a}}, {"SpecialToken": {"id": "S", "type_id": b}},
                    {"Sequence": {"id": "A", "type_id": 1}}, {"SpecialToken": {"id": "X", "type_id": 0}}],
                "special_tokens": {"S": {"id": "S", "ids": [0, 1], "tokens": ["<s>", "[X]"]},
                    "X": {"id": "X", "ids": [1], "tokens": ["[X]"]}}})
        }),
    ]
    .boxed()
}

fn decoder() -> BoxedStrategy<Value> {
    prop_oneof![
        Just(json!({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true})),
        any::<bool>().prop_map(|c| json!({"type": "WordPiece", "prefix": "##", "cleanup": c})),
        select(vec!["always", "first", "never"]).prop_map(|s| {
            json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": s, "split": true})
        }),
        Just(json!({"type": "BPEDecoder", "suffix": "</w>"})),
        any::<bool>().prop_map(|c| {
            json!({"type": "CTC", "pad_token": "a", "word_delimiter_token": "-", "cleanup": c})
        }),
        Just(json!({"type": "ByteFallback"})),
        Just(json!({"type": "Fuse"})),
        (pattern(), select(vec!["", " ", "x"]))
            .prop_map(|(p, c)| json!({"type": "Replace", "pattern": p, "content": c})),
        (0..3usize).prop_map(|start| json!({"type": "Strip", "content": " ", "start": start, "stop": 0})),
    ]
    .boxed()
}

/// None, one, or a sequence.
fn steps(
    one: BoxedStrategy<Value>,
    kind: &'static str,
    field: &'static str,
) -> BoxedStrategy<Value> {
    prop_oneof![
        1 => Just(Value::Null),
        3 => one.clone(),
        3 => prop::collection::vec(one, 0..4)
            .prop_map(move |steps| json!({"type": kind, field: steps})),
    ]
    .boxed()
}

fn model() -> BoxedStrategy<Value> {
    let bpe = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(unk, fuse, fallback, suffix, ignore)| {
            json!({"type": "BPE", "dropout": null, "unk_token": unk.then_some("<unk>"),
                "continuing_subword_prefix": null, "end_of_word_suffix": suffix.then_some("</w>"),
                "fuse_unk": fuse, "byte_fallback": fallback, "ignore_merges": ignore, "vocab": {}, "merges": []})
        },
    );
    prop_oneof![
        3 => bpe,
        2 => (3..12usize).prop_map(|max| json!({"type": "WordPiece", "unk_token": "<unk>",
            "continuing_subword_prefix": "##", "max_input_chars_per_word": max, "vocab": {"<unk>": 0}})),
        1 => Just(json!({"type": "WordLevel", "unk_token": "<unk>", "vocab": {"<unk>": 0}})),
        2 => Just(json!({"type": "Unigram", "unk_id": 0, "byte_fallback": false, "vocab": [["<unk>", 0.0]]})),
    ]
    .boxed()
}

fn added_tokens() -> BoxedStrategy<Vec<Value>> {
    let contents =
        subsequence(vec!["the", "cat", "<s>", "[X]", "▁", "é", "12", "中", "word "], 0..5);
    contents
        .prop_flat_map(|contents| {
            let flags = prop::collection::vec(any::<[bool; 5]>(), contents.len());
            (Just(contents), flags)
        })
        .prop_map(|(contents, flags)| {
            let all = contents.into_iter().zip(flags);
            all.map(|(content, [word, left, right, normalized, special])| {
                // Most tokens stand for themselves.
                json!({"id": 0, "content": content, "single_word": word && left, "lstrip": left && right,
                    "rstrip": right, "normalized": normalized, "special": special})
            })
            .collect()
        })
        .boxed()
}

fn text() -> BoxedStrategy<String> {
    prop::collection::vec(select(PIECES.to_vec()), 0..12).prop_map(|parts| parts.concat()).boxed()
}

#[derive(Debug, Clone)]
struct Case {
    file: Value,
    texts: Vec<String>,
    truncation: (usize, usize, u8, bool),
    padding: (Option<usize>, bool, Option<usize>),
}

fn case() -> impl Strategy<Value = Case> {
    let file = (
        steps(normalizer(), "Sequence", "normalizers"),
        steps(pre_tokenizer(), "Sequence", "pretokenizers"),
        steps(post_processor(), "Sequence", "processors"),
        steps(decoder(), "Sequence", "decoders"),
        model(),
        added_tokens(),
    )
        .prop_map(|(normalizer, pre_tokenizer, post_processor, decoder, model, added_tokens)| {
            json!({"version": "1.0", "truncation": null, "padding": null, "added_tokens": added_tokens,
                "normalizer": normalizer, "pre_tokenizer": pre_tokenizer,
                "post_processor": post_processor, "decoder": decoder, "model": model})
        });
    let truncation = (0..12usize, 0..4usize, 0..3u8, any::<bool>());
    let padding = (any::<Option<bool>>(), any::<bool>(), any::<Option<bool>>()).prop_map(
        |(fixed, left, multiple)| {
            (fixed.map(|f| if f { 7 } else { 20 }), left, multiple.map(|_| 5))
        },
    );
    let texts = prop::collection::vec(text(), 8);
    (file, texts, truncation, padding).prop_map(|(file, texts, truncation, padding)| Case {
        file,
        texts,
        truncation,
        padding,
    })
}

/// Whether an added token becomes empty: the reference finds it at each place without end.
fn finds_nothing(tokenizer: &Reference) -> bool {
    let normalizer = tokenizer.get_normalizer();
    tokenizer.get_added_tokens_decoder().values().filter(|token| token.normalized).any(|token| {
        let mut text = NormalizedString::from(token.content.as_str());
        let done = normalizer.map(|normalizer| normalizer.normalize(&mut text));
        !matches!(done, None | Some(Ok(()))) || text.is_empty()
    })
}

/// The file with a model trained on what its steps make of the corpus.
fn trained(file: &Value) -> Option<Value> {
    let mut tokenizer: Reference = file.to_string().parse().ok()?;
    if finds_nothing(&tokenizer) {
        return None;
    }
    let mut trainer = tokenizer.get_model().get_trainer();
    match &mut trainer {
        TrainerWrapper::BpeTrainer(trainer) => {
            trainer.vocab_size = 300;
            trainer.show_progress = false;
        }
        TrainerWrapper::WordPieceTrainer(trainer) => {
            trainer.set_vocab_size(300);
            trainer.set_show_progress(false);
        }
        TrainerWrapper::WordLevelTrainer(trainer) => {
            trainer.vocab_size = 60;
            trainer.show_progress = false;
            trainer.special_tokens = vec![tokenizers::AddedToken::from("<unk>", true)];
        }
        TrainerWrapper::UnigramTrainer(trainer) => {
            trainer.vocab_size = 120;
            trainer.show_progress = false;
            trainer.unk_token = Some("<unk>".to_owned());
            trainer.special_tokens = vec![tokenizers::AddedToken::from("<unk>", true)];
        }
    }
    let corpus = CORPUS.iter().map(|line| (*line).to_owned());
    tokenizer.train(&mut trainer, corpus).ok()?;
    let mut model = serde_json::to_value(tokenizer.get_model()).ok()?;
    // Training may drop what the file said.
    for name in [
        "unk_token",
        "fuse_unk",
        "byte_fallback",
        "end_of_word_suffix",
        "ignore_merges",
        "max_input_chars_per_word",
    ] {
        if let Some(value) = file["model"].get(name) {
            model[name] = value.clone();
        }
    }
    let vocab_has_unk = model["vocab"].get("<unk>").is_some() || model["type"] == "Unigram";
    if !vocab_has_unk && model["unk_token"].is_string() {
        let vocab = model["vocab"].as_object_mut()?;
        let id = vocab.len();
        vocab.insert("<unk>".to_owned(), id.into());
    }
    let mut file = file.clone();
    file["model"] = model;
    Some(file)
}

fn compare(name: &str, ours: &comptok::Encoding, theirs: &Encoding) -> Result<(), String> {
    macro_rules! same {
        ($field:literal, $ours:expr, $theirs:expr) => {
            let (ours, theirs) = ($ours, $theirs);
            if ours != theirs {
                return Err(format!("{name}: {}: {ours:?}\nreference: {theirs:?}", $field));
            }
        };
    }
    same!("ids", ours.ids(), theirs.get_ids());
    same!("tokens", ours.tokens().collect::<Vec<_>>(), theirs.get_tokens().to_vec());
    same!("offsets", ours.offsets(), theirs.get_offsets());
    same!("type_ids", ours.type_ids(), theirs.get_type_ids());
    same!("words", ours.word_ids(), theirs.get_word_ids());
    same!("special", ours.special_tokens_mask(), theirs.get_special_tokens_mask());
    same!("attention", ours.attention_mask(), theirs.get_attention_mask());
    same!("sequences", ours.sequence_ids(), theirs.get_sequence_ids());
    same!("parts", ours.overflowing().len(), theirs.get_overflowing().len());
    for (ours, theirs) in ours.overflowing().iter().zip(theirs.get_overflowing()) {
        compare(&format!("{name}, overflowing"), ours, theirs)?;
    }
    Ok(())
}

/// What the reference says, unless it panics.
fn asked<T>(ask: impl FnOnce() -> tokenizers::Result<T>) -> Option<Result<T, String>> {
    let answer = catch_unwind(AssertUnwindSafe(ask)).ok()?;
    Some(answer.map_err(|error| error.to_string()))
}

#[derive(Debug, Default)]
struct Counts {
    tokenizers: usize,
    encodings: usize,
    refused: usize,
}

fn check(case: &Case, counts: &mut Counts) -> Result<(), String> {
    let Some(Some(file)) = catch_unwind(|| trained(&case.file)).ok() else { return Ok(()) };
    let json = file.to_string();
    let Some(Ok(mut theirs)) = asked(|| json.parse::<Reference>()) else { return Ok(()) };
    let baked = bake_file(json.as_bytes(), &FileOptions::default());
    let (ours, warnings) = match baked {
        Ok(baked) => {
            let ours = Tokenizer::from_bytes(&baked.blob).expect("just baked");
            (ours, baked.warnings)
        }
        Err(error) => {
            counts.refused += 1;
            // What an automaton cannot do, and nothing else.
            return match error.to_string() {
                text if text.contains("cannot bake") => Ok(()),
                text => Err(format!("refused: {text}")),
            };
        }
    };
    // The reference takes either of two added tokens that become the same, and finds empty ones.
    let excused = ["both match", "is empty when normalized"];
    if warnings.iter().any(|warning| excused.iter().any(|excuse| warning.message.contains(excuse)))
    {
        return Ok(());
    }
    counts.tokenizers += 1;
    check_written(&json, &theirs)?;
    let options = |add| FullOptions {
        add_special_tokens: add,
        offsets: Offsets::Chars,
        ..FullOptions::default()
    };
    for (i, text) in case.texts.iter().enumerate() {
        let other = &case.texts[(i + 1) % case.texts.len()];
        let add = i % 2 == 0;
        let name = format!("{text:?} / {other:?} (add {add})");
        let answers = [
            (
                asked(|| theirs.encode_char_offsets(text.as_str(), add)),
                ours.encode_full(text, &options(add)),
            ),
            (
                asked(|| theirs.encode_char_offsets((text.as_str(), other.as_str()), add)),
                ours.encode_full((text, other), &options(add)),
            ),
            (
                asked(|| theirs.encode_char_offsets(vec![text.as_str(), other.as_str()], add)),
                ours.encode_full(vec![text.as_str(), other.as_str()], &options(add)),
            ),
        ];
        for (theirs_says, ours_says) in answers {
            match (theirs_says, ours_says) {
                (None, _) => {}
                (Some(Err(_)), Err(_)) => {}
                (Some(Ok(reference)), Ok(found)) => {
                    counts.encodings += 1;
                    compare(&name, &found, &reference)?;
                    let ids = reference.get_ids();
                    check_stream(&ours, &theirs, ids)
                        .map_err(|error| format!("{name}: {error}"))?;
                    for skip in [false, true] {
                        if let Some(Ok(wanted)) = asked(|| theirs.decode(ids, skip)) {
                            let found = ours.decode_lossy(ids, skip);
                            if found != wanted {
                                return Err(format!(
                                    "{name}: decode({skip}): {found:?}\nreference: {wanted:?}"
                                ));
                            }
                        }
                    }
                }
                (Some(Err(error)), Ok(found)) => {
                    return Err(format!("{name}: {:?}\nreference: error {error}", found.ids()));
                }
                (Some(Ok(reference)), Err(error)) => {
                    return Err(format!("{name}: {error}\nreference: {:?}", reference.get_ids()));
                }
            }
        }
        check_roads(&ours, text).map_err(|error| format!("{name}: {error}"))?;
        theirs.set_encode_special_tokens(true);
        if let Some(Ok(reference)) = asked(|| theirs.encode_char_offsets(text.as_str(), add)) {
            let options = FullOptions { special: Special::AsText, ..options(add) };
            let found = ours.encode_full(text, &options).map_err(|error| error.to_string())?;
            compare(&format!("{name}, special as text"), &found, &reference)?;
        }
        theirs.set_encode_special_tokens(false);
    }
    check_limits(case, &ours, &theirs, counts)
}

/// What is written of a file that was read is the same tokenizer to the reference.
fn check_written(json: &str, theirs: &Reference) -> Result<(), String> {
    let read = read::tokenizer_json(json.as_bytes()).map_err(|error| error.in_file("it"))?;
    let written = write::tokenizer_json(&read.spec).map_err(|error| error.to_string())?;
    let again: Reference = written.parse().map_err(|error| format!("{error}: {written}"))?;
    let saved = |tokenizer: &Reference| tokenizer.to_string(false).map_err(|e| e.to_string());
    let (again, wanted) = (saved(&again)?, saved(theirs)?);
    if again == wanted { Ok(()) } else { Err(format!("written: {again}\nreference: {wanted}")) }
}

/// A stream gives the reference's texts, up to the first error.
fn check_stream(ours: &Tokenizer, theirs: &Reference, ids: &[u32]) -> Result<(), String> {
    for skip in [false, true] {
        let (mut stream, mut wanted) = (ours.decode_stream(skip), theirs.decode_stream(skip));
        for &id in ids {
            match (stream.step(id), asked(|| wanted.step(id))) {
                (Ok(found), Some(Ok(wanted))) if found == wanted => {}
                (Err(_), Some(Err(_))) | (_, None) => break,
                // The reference has no text for an id without a token; a stream says so.
                (Err(DecodeError::UnknownId { .. }), Some(Ok(None))) => {}
                (found, wanted) => {
                    return Err(format!(
                        "stream({skip}) of {ids:?}, {id}: {found:?}\nreference: {wanted:?}"
                    ));
                }
            }
        }
    }
    Ok(())
}

/// All ways to encode a text agree.
fn check_roads(tokenizer: &Tokenizer, text: &str) -> Result<(), String> {
    let special = Special::AsText;
    let options = FullOptions {
        add_special_tokens: false,
        special,
        offsets: Offsets::Bytes,
        truncation: Setting::Off,
        padding: Setting::Off,
    };
    let (Ok(ids), Ok(full)) =
        (tokenizer.encode(text, special), tokenizer.encode_full(text, &options))
    else {
        return Ok(());
    };
    let same = |name: &str, found: &[u32]| {
        if found == ids { Ok(()) } else { Err(format!("{name}: {found:?}\nencode: {ids:?}")) }
    };
    same("whole encoding", full.ids())?;
    let mut scratch = Scratch::new();
    for _ in 0..2 {
        let mut found = Vec::new();
        let _ = tokenizer.encode_into(text, special, &mut found, &mut scratch);
        same("encode_into", &found)?;
        let mut ends = 0;
        let mut found = Vec::new();
        for token in tokenizer.tokens(text, special, &mut scratch).flatten() {
            if token.end > text.len() || token.start > token.end {
                return Err(format!("a token at {}..{}", token.start, token.end));
            }
            ends = ends.max(token.end);
            found.push(token.id);
        }
        same("tokens", &found)?;
        let mut slice = vec![0; ids.len()];
        let written = tokenizer.encode_to_slice(text, special, &mut slice, &mut scratch);
        same("encode_to_slice", &slice)?;
        if written != Ok(ids.len()) {
            return Err(format!("encode_to_slice: {written:?} of {}", ids.len()));
        }
        if let Some(less) = slice.len().checked_sub(1) {
            let full = tokenizer.encode_to_slice(text, special, &mut slice[..less], &mut scratch);
            if !matches!(full, Err(EncodeError::Full { .. })) {
                return Err(format!("encode_to_slice with less: {full:?}"));
            }
        }
    }
    let count = |limit| tokenizer.count_until(text, limit);
    let less = ids.len().checked_sub(1).and_then(count);
    if (count(ids.len()), less, tokenizer.count(text, special))
        != (Some(ids.len()), None, Ok(ids.len()))
    {
        return Err(format!("counted: {:?}, {less:?}", count(ids.len())));
    }
    for limit in 0..ids.len() {
        let cut = tokenizer.truncate(text, limit);
        if !text.starts_with(cut) || limit > 0 && tokenizer.count_ordinary(cut) > limit {
            return Err(format!("truncated to {limit}: {cut:?}"));
        }
    }
    Ok(())
}

/// Truncation and padding.
fn check_limits(
    case: &Case,
    ours: &Tokenizer,
    theirs: &Reference,
    counts: &mut Counts,
) -> Result<(), String> {
    let (max_length, stride, strategy, left) = case.truncation;
    let (fixed, pad_left, multiple) = case.padding;
    let mut theirs = theirs.clone();
    let truncation = TruncationParams {
        max_length,
        stride,
        strategy: match strategy {
            0 => tokenizers::TruncationStrategy::LongestFirst,
            1 => tokenizers::TruncationStrategy::OnlyFirst,
            _ => tokenizers::TruncationStrategy::OnlySecond,
        },
        direction: if left { TruncationDirection::Left } else { TruncationDirection::Right },
    };
    // Encodes, and cuts afterwards as 0.22 and 0.23.3 do: 0.23.2 forgets what overflows.
    let mut bare = theirs.clone();
    bare.with_post_processor(None::<tokenizers::PostProcessorWrapper>);
    if !matches!(asked(|| theirs.with_truncation(Some(truncation)).map(|_| ())), Some(Ok(()))) {
        return Ok(());
    }
    theirs.with_padding(Some(PaddingParams {
        strategy: match fixed {
            Some(length) => tokenizers::PaddingStrategy::Fixed(length),
            None => tokenizers::PaddingStrategy::BatchLongest,
        },
        direction: if pad_left { PaddingDirection::Left } else { PaddingDirection::Right },
        pad_to_multiple_of: multiple,
        pad_id: 3,
        pad_type_id: 2,
        pad_token: "P".to_owned(),
    }));
    let side = |left: bool| if left { Direction::Left } else { Direction::Right };
    let options = FullOptions {
        offsets: Offsets::Chars,
        truncation: Setting::On(Truncation {
            max_length,
            stride,
            strategy: match strategy {
                0 => TruncationStrategy::LongestFirst,
                1 => TruncationStrategy::OnlyFirst,
                _ => TruncationStrategy::OnlySecond,
            },
            direction: side(left),
        }),
        padding: Setting::On(Padding {
            strategy: fixed.map_or(PaddingStrategy::BatchLongest, PaddingStrategy::Fixed),
            direction: side(pad_left),
            pad_to_multiple_of: multiple,
            pad_id: 3,
            pad_type_id: 2,
            pad_token: "P".to_owned(),
        }),
        ..FullOptions::default()
    };
    for (i, text) in case.texts.iter().enumerate() {
        let other = (i % 2 == 0).then(|| case.texts[(i + 1) % case.texts.len()].as_str());
        let name = format!("{text:?} / {other:?}, {:?} {:?}", case.truncation, case.padding);
        // Without truncation while encoding, but with it while post-processing.
        let reference = asked(|| {
            let first = bare.encode_char_offsets(text.as_str(), false)?;
            let second = other.map(|text| bare.encode_char_offsets(text, false)).transpose()?;
            theirs.post_process(first, second, true)
        });
        let found = match other {
            Some(other) => ours.encode_full((text, other), &options),
            None => ours.encode_full(text, &options),
        };
        if let Some(Ok(reference)) = reference {
            let found = match found {
                Ok(found) => found,
                // Where the stride is too long and nothing has to be cut, the reference does not see it.
                Err(error) if error.to_string().starts_with("stride") => continue,
                Err(error) => {
                    return Err(format!("{name}: {error}\nreference: {:?}", reference.get_ids()));
                }
            };
            // Types of what overflows from the second text are those of a single text there.
            counts.encodings += 1;
            compare_limited(&name, &found, &reference)?;
        } else if reference.is_some() && found.is_ok() {
            return Err(format!("{name}: {found:?}\nreference: an error"));
        }
    }
    Ok(())
}

/// As [`compare`]; the second text was encoded alone by the reference, so types of parts may differ.
fn compare_limited(name: &str, ours: &comptok::Encoding, theirs: &Encoding) -> Result<(), String> {
    let fields = |ids: &[u32], offsets: &[(usize, usize)], special: &[u32], attention: &[u32]| {
        (ids.to_vec(), offsets.to_vec(), special.to_vec(), attention.to_vec())
    };
    let ours_fields =
        fields(ours.ids(), ours.offsets(), ours.special_tokens_mask(), ours.attention_mask());
    let their_fields = fields(
        theirs.get_ids(),
        theirs.get_offsets(),
        theirs.get_special_tokens_mask(),
        theirs.get_attention_mask(),
    );
    if ours_fields != their_fields {
        return Err(format!("{name}: {ours_fields:?}\nreference: {their_fields:?}"));
    }
    if ours.overflowing().len() != theirs.get_overflowing().len() {
        return Err(format!(
            "{name}: {} parts, the reference has {}",
            ours.overflowing().len(),
            theirs.get_overflowing().len()
        ));
    }
    let parts = ours.overflowing().iter().zip(theirs.get_overflowing());
    parts.into_iter().try_for_each(|(ours, theirs)| compare_limited(name, ours, theirs))
}

#[test]
fn drawn_tokenizers_agree() {
    let cases = std::env::var("COMPTOK_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(150);
    let seed = std::env::var("COMPTOK_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(7u8);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    // The reference's panics are no news.
    std::panic::set_hook(Box::new(|_| {}));
    let mut counts = Counts::default();
    let mut failures = Vec::new();
    for _ in 0..cases {
        let mut tree = case().new_tree(&mut runner).expect("it can be drawn");
        if let Err(mut error) = check(&tree.current(), &mut counts) {
            // The smallest that still fails.
            let mut smallest = tree.current();
            for _ in 0..200 {
                if !tree.simplify() {
                    break;
                }
                loop {
                    match check(&tree.current(), &mut Counts::default()) {
                        Err(other) => {
                            (error, smallest) = (other, tree.current());
                            break;
                        }
                        Ok(()) if tree.complicate() => {}
                        Ok(()) => break,
                    }
                }
            }
            let mut file = smallest.file;
            file["model"]["vocab"] = Value::Null;
            failures.push(format!("{file}\n{error}"));
            if failures.len() >= 5 {
                break;
            }
        }
    }
    let _ = std::panic::take_hook();
    assert!(failures.is_empty(), "{}\n{counts:?}", failures.join("\n\n"));
    assert!(counts.tokenizers > cases / 2, "{counts:?}");
    println!("{counts:?}");
}
