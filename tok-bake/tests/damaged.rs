//! Damaged files: any answer will do, but a panic will not.

use comptok_bake::read::{self, Options, PatternArg};
use comptok_bake::{bake::model_alone, spec::Spec, write};
use comptok_core::{
    blob::{Header, Tables},
    model::Random,
    model::{Model, Scratch},
};

const BPE: &str = r###"{
  "version": "1.0",
  "truncation": {"direction": "Right", "max_length": 512, "strategy": "LongestFirst", "stride": 0},
  "padding": {"strategy": {"Fixed": 5}, "direction": "Left", "pad_to_multiple_of": 8, "pad_id": 0,
    "pad_type_id": 0, "pad_token": "[PAD]"},
  "added_tokens": [
    {"id": 0, "content": "<unk>", "single_word": false, "lstrip": false, "rstrip": true,
      "normalized": false, "special": true},
    {"id": 9, "content": "é\u00e9 \ud83d\ude00", "single_word": false, "lstrip": false,
      "rstrip": true, "normalized": true, "special": false}
  ],
  "normalizer": {"type": "Sequence", "normalizers": [
    {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": false,
      "strip_accents": null, "lowercase": true},
    {"type": "Precompiled", "precompiled_charsmap": "BAAAAAAAAABhAA=="},
    {"type": "Replace", "pattern": {"Regex": "a+"}, "content": "b"}, {"type": "NFC"}]},
  "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
    {"type": "Split", "pattern": {"String": " "}, "behavior": "Removed", "invert": false},
    {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": true},
    {"type": "CharDelimiterSplit", "delimiter": "-"},
    {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true}]},
  "post_processor": {"type": "Sequence", "processors": [
    {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<unk>", "type_id": 0}},
      {"Sequence": {"id": "A", "type_id": 0}}], "pair": [],
      "special_tokens": {"<unk>": {"id": "<unk>", "ids": [0], "tokens": ["<unk>"]}}},
    {"type": "BertProcessing", "sep": ["b", 2], "cls": ["a", 1]}]},
  "decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"},
    {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
  "model": {"type": "BPE", "dropout": 0.5, "unk_token": "<unk>", "continuing_subword_prefix": "#",
    "end_of_word_suffix": null, "fuse_unk": true, "byte_fallback": false, "ignore_merges": true,
    "vocab": {"<unk>": 0, "a": 1, "#b": 2, "ab": 3, "é": 4, "éb": 5, "\"\\": 7},
    "merges": [["a", "#b"], ["é", "#b"]]}
}"###;

const LEGACY: &str = r###"{"model": {"merges": ["#version: 0.2", "t h", "th e"],
 "vocab": {"t": 0, "h": 1, "e": 2, "th": 3, "the": 4, "\u0120": 5}}, "normalizer": null}"###;

const UNIGRAM: &str = r###"{"model": {"type": "Unigram", "unk_id": 0,
 "vocab": [["<unk>", 0.0], ["▁a", -1.5], ["b", -3], ["c", -1e-7]], "byte_fallback": false}}"###;

const WORD_PIECE: &str = r###"{"model": {"unk_token": "[UNK]", "continuing_subword_prefix": "##",
 "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "a": 1, "##a": 2}}}"###;

const WORD_LEVEL: &str =
    r#"{"model": {"type": "WordLevel", "unk_token": "a", "vocab": {"a": 0, "b": 7, "ab": 3}}}"#;

const VERSION_2: &str = r###"{"version": "2.0", "role_to_token": {"bos": "a"},
 "normalizer": {"type": "MetaspaceNormalizer", "replacement": "▁", "prepend": "always",
  "drop_whitespace": false},
 "pre_tokenizer": {"type": "Split", "pattern": {"String": "▁"}, "behavior": "MergedWithNext",
  "invert": false},
 "post_processor": {"type": "TemplateProcessing", "single": [{"ids": [1]}, {"seq": "A"}],
  "pair": [{"seq": "A"}, {"seq": "B", "type_id": 1}]},
 "model": {"type": "BPE", "byte_level": false, "vocab": {"▁": 0, "a": 1, "▁a": 2},
  "merges": [["▁", "a"]]}}"###;

const TEKKEN: &str = r###"{"config": {"pattern": "a|b", "default_vocab_size": 5,
 "default_num_special_tokens": 2}, "special_tokens": [{"rank": 1, "token_str": "[X]"}],
 "vocab": [{"rank": 0, "token_bytes": "YQ==", "token_str": "a"}, {"rank": 1, "token_bytes": "Yg=="},
  {"rank": 2, "token_bytes": "YWI="}]}"###;

const VOCAB_TXT: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\nplay\n##ing\n##s\na\n##b\n";

const CLIP: &str = "\"bpe_simple_vocab_16e6.txt#version: 0.2\ni n\nt h\na n</w>\nt h</w>\n";

/// A model of SentencePiece, of this type.
fn sentencepiece(kind: u8) -> Vec<u8> {
    let field = |number: u8, bytes: &[u8]| {
        let mut field = vec![number << 3 | 2, bytes.len() as u8];
        field.extend(bytes);
        field
    };
    let mut file = Vec::new();
    for (text, score, kind) in [
        ("<unk>", 0.0f32, 2),
        ("<s>", 0.0, 3),
        ("▁", -2.0, 1),
        ("a", -3.0, 1),
        ("b", -3.5, 1),
        ("ab", -4.0, 5),
        ("▁a", -1.0, 1),
        ("aab", -7.0, 1),
        ("<x>", 0.0, 4),
    ] {
        let mut piece = field(1, text.as_bytes());
        piece.push(0x15);
        piece.extend(score.to_le_bytes());
        piece.extend([0x18, kind]);
        file.extend(field(1, &piece));
    }
    file.extend(field(2, &[0x18, kind, 0xC0, 1, 0]));
    // A table that makes b of B.
    let mut table = vec![8, 0, 0, 0];
    table.extend([0u8; 8]);
    table.extend(b"b\0");
    file.extend(field(3, &[field(2, &table), vec![0x18, 1, 0x20, 1]].concat()));
    file
}

fn gguf() -> Vec<u8> {
    let mut file = b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0".to_vec();
    let text = |text: &str| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    let key = |name: &str, kind: u8| [text(name), vec![kind, 0, 0, 0]].concat();
    let strings = |name: &str, values: &[&str]| {
        let mut bytes = [key(name, 9), vec![8, 0, 0, 0]].concat();
        bytes.extend((values.len() as u64).to_le_bytes());
        values.iter().for_each(|value| bytes.extend(text(value)));
        bytes
    };
    file.extend([key("tokenizer.ggml.model", 8), text("gpt2")].concat());
    file.extend([key("general.size", 4), vec![1, 2, 3, 4]].concat());
    file.extend(strings("tokenizer.ggml.tokens", &["a", "b", "ab", "Ġ"]));
    file.extend(strings("tokenizer.ggml.merges", &["a b"]));
    file
}

const RANKS: &str = "YQ== 0\nYg== 1\r\nYWI= 2\n\nIA== 3\nICA= 4";

/// Flips, removes, doubles, exchanges, cuts.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    if bytes.is_empty() {
        return;
    }
    let at = random.below(bytes.len());
    let len = 1 + random.below(12.min(bytes.len() - at));
    match random.below(6) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = b"\"\\{}[],:0-\n\xFF\0 e"[random.below(15)],
        2 => _ = bytes.drain(at..at + len),
        3 => {
            let copy = bytes[at..at + len].to_vec();
            let to = random.below(bytes.len());
            bytes.splice(to..to, copy);
        }
        4 => {
            let other = random.below(bytes.len());
            bytes.swap(at, other);
        }
        _ => bytes.truncate(at),
    }
}

/// Feeds the bytes to everything that reads, and what was read to the writer.
fn try_everything(bytes: &[u8]) -> bool {
    _ = read::recognise(bytes);
    let special_tokens = [("<|a|>".to_owned(), 9)];
    let options =
        Options { pattern: Some(PatternArg::from("gpt2")), special_tokens: &special_tokens };
    // Also as what it may have become.
    let results = [
        read::sentencepiece(bytes),
        read::gguf(bytes),
        read::tekken(bytes),
        read::vocab_txt(bytes),
        read::clip_bpe(bytes),
        read::tokenizer_json(bytes),
        read::read(bytes, options),
        read::tiktoken(bytes, PatternArg::Regex("a{2}+$"), &special_tokens),
        read::vocab_merges(bytes, b"#version\na b\n"),
        read::vocab_merges(br#"{"a": 0, "b": 1, "ab": 2}"#, bytes),
    ];
    let mut is_read = false;
    for result in results {
        match result {
            Ok(read) => {
                is_read = true;
                run(&read.spec);
                if let Ok(written) = write::tokenizer_json(&read.spec) {
                    let again = read::tokenizer_json(written.as_bytes());
                    assert!(again.is_ok(), "{}", String::from_utf8_lossy(bytes));
                }
            }
            Err(error) => {
                assert!(!error.message.is_empty() && error.message.len() < 1000);
                // No position lies outside the file.
                assert!(
                    error.line <= bytes.iter().filter(|&&b| matches!(b, b'\n' | b'\r')).count() + 1
                );
            }
        }
    }
    is_read
}

/// Bakes the model and lets it cut some text.
fn run(spec: &Spec) {
    let Ok(blob) = model_alone(spec) else { return };
    let header = Header::parse(&blob).expect("a blob of our own");
    let tables = Tables::new(&blob, &header);
    let model = Model::parse(&tables).expect("a model of our own");
    let (mut scratch, mut out) = (Scratch::default(), Vec::new());
    for text in ["", "a", "aab ab <x>B  b", "▁a▁▁ab", "é日𝄞 \u{301}zz<0x41>", "the playing"]
    {
        out.clear();
        if model.tokenize(text, &mut scratch, &mut out).is_ok() {
            assert!(out.iter().all(|token| token.start <= token.end));
            out.iter().for_each(|token| _ = model.token_text(token.id));
        }
    }
}

#[test]
fn nothing_panics() {
    let mut random = Random::new(3);
    let (mut read, mut refused) = (0, 0);
    let originals = [
        BPE,
        LEGACY,
        UNIGRAM,
        WORD_PIECE,
        WORD_LEVEL,
        VERSION_2,
        TEKKEN,
        VOCAB_TXT,
        CLIP,
        RANKS,
        "#version: 0.2\na b\n",
    ]
    .map(|text| text.as_bytes().to_vec());
    let models = [1, 2, 3, 4].map(sentencepiece);
    for original in originals.into_iter().chain(models).chain([gguf()]) {
        assert!(try_everything(&original), "{}", original.escape_ascii());
        for _ in 0..640 {
            let mut bytes = original.clone();
            for _ in 0..=random.below(3) {
                damage(&mut bytes, &mut random);
            }
            match try_everything(&bytes) {
                true => read += 1,
                false => refused += 1,
            }
        }
        for end in 0..original.len() {
            try_everything(&original[..end]);
        }
    }
    assert_eq!(read + refused, 10_240);
    assert!(read > 100 && refused > 100, "{read} read, {refused} refused");
}

/// Files that would take long, or much stack, if something were not linear.
#[test]
fn size_and_depth_do_no_harm() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(50_000), close.repeat(50_000));
    for text in [
        format!("{{\"normalizer\": {}}}", deep("{\"normalizers\": [", "]}")),
        format!("{{\"model\": {{\"merges\": {}}}}}", deep("[", "]")),
        format!("{{\"model\": {{\"vocab\": {{\"a\": {}}}}}}}", deep("{\"a\": ", "}")),
        deep("[", "]"),
    ] {
        assert!(read::tokenizer_json(text.as_bytes()).is_err());
        read::recognise(text.as_bytes());
    }
    // Every entry is odd, and every warning has its own position to be found.
    let vocab: Vec<String> = (0..20_000).map(|id| format!("\"a\": {id}")).collect();
    let text = format!("{{\"model\": {{\"vocab\": {{{}}}, \"merges\": []}}}}", vocab.join(","));
    let read = read::tokenizer_json(text.as_bytes()).expect("odd, but read");
    assert_eq!(read.warnings.len(), 19_999);
    let merges = vec!["\"a a\""; 20_000].join(",");
    let text =
        format!("{{\"model\": {{\"vocab\": {{\"a\": 0, \"aa\": 1}}, \"merges\": [{merges}]}}}}");
    let read = read::tokenizer_json(text.as_bytes()).expect("odd, but read");
    assert_eq!(read.warnings.len(), 19_999);
}
