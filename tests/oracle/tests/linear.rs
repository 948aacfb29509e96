//! Time grows with the text and no faster, through whole tokenizers, whatever the text is.

#![cfg(all(target_os = "linux", target_pointer_width = "64"))]

use comptok::{FullOptions, Scratch, Special, Tokenizer};
use comptok_oracle::{clock::processor_time, reference::unzip, samples};

/// Texts that are slow for something that is not linear.
fn slow_texts(len: usize) -> [(&'static str, String); 9] {
    let fill = |part: &str| part.repeat(len / part.len());
    [
        ("one letter", fill("a")),
        ("spaces", fill(" ")),
        ("##", fill("#")),
        ("combining marks", fill("\u{301}")),
        ("unknown chars", fill("𒀀")),
        ("zéa", fill("zéa")),
        ("short words", fill("a b ")),
        ("open ends", fill("▁ \u{a0} ")),
        ("line ends", fill("\r\n\n ")),
    ]
}

/// Four times the text may take twelve times as long: what is linear takes four, and up to eight with caches that
/// do not hold it any more; what is quadratic takes sixteen.
#[test]
fn time_is_linear() {
    let Some(shared) = samples::shared() else { return };
    let json = |name: &str| shared.join(format!("vocabs/tokenizer_json/{name}.json.gz"));
    let model = |name: &str| shared.join(format!("vocabs/sentencepiece/{name}.model.gz"));
    let mut slow = Vec::new();
    for path in [
        json("bert_uncased"),
        json("t5_small"),
        json("xlnet_base_cased"),
        json("mistral01"),
        json("ort_nmt"),
        json("clip_base"),
        json("gpt2"),
        model("mistral_v1"),
        model("test_model"),
    ] {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let tokenizer = Tokenizer::from_bytes(&unzip(&path)).expect("a tokenizer");
        let (short, long) = (slow_texts(1 << 18), slow_texts(1 << 20));
        for ((what, short), (_, long)) in short.iter().zip(&long) {
            slow.extend(slower(&format!("{name}: {what}"), &tokenizer, short, long));
        }
    }
    assert!(slow.is_empty(), "{slow:#?}");
}

/// What is slow, if a text that is four times as long takes too much longer.
fn slower(name: &str, tokenizer: &Tokenizer, short: &str, long: &str) -> Option<String> {
    let (mut scratch, mut ids) = (Scratch::new(), Vec::new());
    let mut time = |text: &str| {
        ids.clear();
        let start = processor_time();
        tokenizer.encode_into(text, Special::All, &mut ids, &mut scratch).expect("ids");
        (processor_time() - start).as_secs_f64()
    };
    let (mut one, mut four) = (f64::MAX, f64::MAX);
    for _ in 0..6 {
        one = one.min(time(short));
        four = four.min(time(long));
        if four < 12.0 * one {
            break;
        }
    }
    println!("{name}: {:.1} MB/s, {:.1} times", long.len() as f64 / 1e6 / four, four / one);
    (four >= 12.0 * one && four > 0.01).then(|| format!("{name}: {:.1}", four / one))
}

/// Each of many tokens of white space looks for more of it on both sides.
#[test]
fn white_space_that_added_tokens_swallow() {
    let mut slow = Vec::new();
    for flags in 0..16 {
        let [lstrip, rstrip, normalized, metaspace] = [1, 2, 4, 8].map(|bit| flags & bit != 0);
        let step = match metaspace {
            true => {
                r#"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": true}"#
            }
            false => r#"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true}"#,
        };
        let file = format!(
            r#"{{"version": "1.0", "added_tokens": [{{"id": 2, "content": " ", "single_word": false,
                "lstrip": {lstrip}, "rstrip": {rstrip}, "normalized": {normalized}, "special": false}}],
            "pre_tokenizer": {step},
            "model": {{"type": "BPE", "vocab": {{"a": 0, "b": 1}}, "merges": []}}}}"#
        );
        let tokenizer = Tokenizer::from_bytes(file.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
        let [short, long] = [1 << 14, 1 << 16].map(|len| " ".repeat(len));
        slow.extend(slower(&format!("flags {flags}"), &tokenizer, &short, &long));
    }
    assert!(slow.is_empty(), "{slow:#?}");
}

#[test]
fn templates_of_many_pieces() {
    let [one, eight] = [16, 128].map(|thousands| {
        let piece = r#"{"Sequence": {"id": "A", "type_id": 0}}"#;
        let pieces = vec![piece; 1000 * thousands].join(",");
        let file = format!(
            r#"{{"version": "1.0", "model": {{"type": "BPE", "vocab": {{"a": 0}}, "merges": []}},
            "post_processor": {{"type": "TemplateProcessing", "single": [{pieces}],
                "pair": [{piece}], "special_tokens": {{}}}}}}"#
        );
        let tokenizer = Tokenizer::from_bytes(file.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
        let start = processor_time();
        let encoding = tokenizer.encode_full("a", &FullOptions::default()).expect("ids");
        assert_eq!(encoding.len(), 1000 * thousands);
        (processor_time() - start).as_secs_f64()
    });
    // What is quadratic takes 64 times as long.
    assert!(eight < 24.0 * one.max(0.01), "{one} {eight}");
}
