//! Damaged files: any answer will do, but a panic will not.

use comptok_bake::read::{self, Options, PatternArg};
use comptok_bake::write;

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

const RANKS: &str = "YQ== 0\nYg== 1\r\nYWI= 2\n\nIA== 3\nICA= 4";

/// A stream of numbers that depends on nothing but its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

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
    let results = [
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

#[test]
fn nothing_panics() {
    let mut random = Random(3);
    let (mut read, mut refused) = (0, 0);
    for original in [BPE, LEGACY, UNIGRAM, WORD_PIECE, RANKS, "#version: 0.2\na b\n"] {
        assert!(try_everything(original.as_bytes()), "{original}");
        for _ in 0..500 {
            let mut bytes = original.as_bytes().to_vec();
            for _ in 0..=random.below(3) {
                damage(&mut bytes, &mut random);
            }
            match try_everything(&bytes) {
                true => read += 1,
                false => refused += 1,
            }
        }
        for end in 0..original.len() {
            try_everything(&original.as_bytes()[..end]);
        }
    }
    assert_eq!(read + refused, 3000);
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
