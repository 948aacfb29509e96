//! The answers of the reference libraries, as ../shared/vectors records them, through the loaded
//! road and through the static one.

#![expect(clippy::print_stdout, reason = "a test says how many rows it checked")]

mod common;

use common::{ids, rows, shared, unzip};
use comptok::{
    Options, Scratch, Special, Tokenizer,
    load::{FileOptions, PatternArg},
};
use serde_json::Value;

/// What a `static` holds: the same blob through `from_static`.
fn as_static(tokenizer: &Tokenizer) -> Tokenizer {
    Tokenizer::from_static(Box::leak(tokenizer.as_bytes().into()))
}

fn encode(tokenizer: &Tokenizer, text: &str, special: Special<'_>) -> Vec<u32> {
    let found = tokenizer.encode(text, special).expect("nothing is forbidden");
    // The other ways to the same ids.
    let mut scratch = Scratch::new();
    let spans: Vec<_> = tokenizer
        .tokens(text, special, &mut scratch)
        .map(|span| span.expect("nothing is forbidden"))
        .collect();
    assert_eq!(spans.iter().map(|span| span.id).collect::<Vec<_>>(), found, "tokens: {text:?}");
    assert_eq!(tokenizer.count(text, special), Ok(found.len()), "count: {text:?}");
    let mut slice = vec![0; found.len()];
    let written = tokenizer.encode_to_slice(text, special, &mut slice, &mut scratch);
    assert_eq!((written, &slice), (Ok(found.len()), &found), "encode_to_slice: {text:?}");
    found
}

fn check_hf(name: &str, expected_rows: usize) {
    let Some(shared) = shared() else { return };
    let loaded = Tokenizer::from_bytes(&unzip(
        &shared.join(format!("vocabs/tokenizer_json/{name}.json.gz")),
    ))
    .unwrap_or_else(|e| panic!("{name}: {e}"));
    let (header, rows) = rows(&shared.join(format!("vectors/hf/{name}.jsonl.gz")));
    assert_eq!(header["vocab_size"].as_u64(), Some(loaded.vocab_size() as u64), "{name}");
    let mut checked = 0;
    for tokenizer in [as_static(&loaded), loaded] {
        for row in rows.iter().filter(|row| row["kind"] == "single") {
            check_hf_row(&tokenizer, row);
            checked += 1;
        }
    }
    println!("hf/{name}: {checked} rows");
    assert_eq!(checked, 2 * expected_rows, "{name}");
}

fn check_hf_row(tokenizer: &Tokenizer, row: &Value) {
    let text = row["text"].as_str().expect("text");
    let special = ids(&row["special"]["ids"]);
    assert_eq!(encode(tokenizer, text, Special::All), special, "special: {text:?}");
    let plain = if row["plain"].is_null() { special.clone() } else { ids(&row["plain"]["ids"]) };
    assert_eq!(encode(tokenizer, text, Special::All), plain, "plain: {text:?}");
    if !row["encode_special_tokens_ids"].is_null() {
        let as_text = ids(&row["encode_special_tokens_ids"]);
        assert_eq!(encode(tokenizer, text, Special::AsText), as_text, "as text: {text:?}");
    }
    for (field, skip) in [("decode_skip", true), ("decode_keep", false)] {
        assert_eq!(
            Some(&*tokenizer.decode_lossy(&special, skip)),
            row[field].as_str(),
            "{field}: {text:?}"
        );
    }
    if let Some(steps) = row["decode_stream"].as_array() {
        let mut stream = tokenizer.decode_stream(false);
        let found: Vec<_> =
            special.iter().map(|&id| stream.step(id).expect("the id has a token")).collect();
        let wanted: Vec<_> = steps.iter().map(|step| step.as_str().map(str::to_owned)).collect();
        assert_eq!(found, wanted, "decode_stream: {text:?}");
    }
}

/// Every one of these has 352 rows of one text. The vectors of the other tokenizers (roberta_base,
/// modernbert, falcon, whisper_large_v3: post-processors, Punctuation and Digits; mistral01,
/// mistral03, phi_3, clip_base, sqlpilot, hw_doc_summarizer: BPE with options; t5_small,
/// xlnet_base_cased, ort_nmt: Unigram; the BERT family and gte: WordPiece) and the rows of pairs,
/// pre-tokenized input, truncation and padding wait for the whole pipeline.
#[test]
fn hf_gpt2() {
    check_hf("gpt2", 352);
}

#[test]
fn hf_gpt_neox() {
    check_hf("gpt_neox", 352);
}

#[test]
fn hf_mpt() {
    check_hf("mpt", 352);
}

#[test]
fn hf_phi_2() {
    check_hf("phi_2", 352);
}

#[test]
fn hf_deepseek_v3() {
    check_hf("deepseek_v3", 352);
}

#[test]
fn hf_qwen2_base() {
    check_hf("qwen2_base", 352);
}

fn check_tiktoken(name: &str, ranks: &str) {
    let Some(shared) = shared() else { return };
    let (header, rows) = rows(&shared.join(format!("vectors/tiktoken/{name}.jsonl.gz")));
    let specials = header["specials"].as_object().expect("specials");
    let specials: Vec<(String, u32)> = specials
        .iter()
        .map(|(token, id)| (token.clone(), id.as_u64().expect("an id") as u32))
        .collect();
    let options = FileOptions {
        pattern: Some(PatternArg::Regex(header["pat_str"].as_str().expect("a pattern"))),
        special_tokens: &specials,
        ..FileOptions::default()
    };
    let file = unzip(&shared.join(format!("vocabs/tiktoken/{ranks}.tiktoken.gz")));
    let loaded =
        Tokenizer::from_bytes_with(&file, &options).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(header["n_vocab"].as_u64(), Some(loaded.id_limit().into()), "{name}");
    assert_eq!(loaded.special_tokens().count(), specials.len(), "{name}");
    let mut checked = 0;
    for tokenizer in [as_static(&loaded), loaded] {
        for row in &rows {
            check_tiktoken_row(&tokenizer, row);
            checked += 1;
        }
    }
    let decoded = rows.iter().filter(|row| !row["decode_with_offsets"].is_null()).count();
    println!("tiktoken/{name}: {checked} rows, {decoded} of 352 with decoded text");
    assert!(decoded >= 350, "{name}: {decoded}");
    assert_eq!(checked, 2 * 352, "{name}");
}

fn check_tiktoken_row(tokenizer: &Tokenizer, row: &Value) {
    let text = row["text"].as_str().expect("text");
    let ordinary = ids(&row["ordinary"]);
    assert_eq!(encode(tokenizer, text, Special::AsText), ordinary, "ordinary: {text:?}");
    assert_eq!(tokenizer.encode_ordinary(text), ordinary, "{text:?}");
    let all = match &row["all_special"] {
        Value::Null => ordinary.clone(),
        all => ids(all),
    };
    assert_eq!(encode(tokenizer, text, Special::All), all, "all_special: {text:?}");
    let raises = tokenizer.encode(text, Options::new(Special::Forbid)).is_err();
    assert_eq!(Some(raises), row["raises_default"].as_bool(), "raises_default: {text:?}");
    // The long rows record ids only.
    if !row["decode_with_offsets"].is_null() {
        let decoded = &row["decode_with_offsets"];
        let (decoded_text, offsets) = tokenizer.decode_with_offsets(&all).expect("known ids");
        let offsets: Vec<u32> = offsets.into_iter().map(|at| at as u32).collect();
        assert_eq!(Some(&*decoded_text), decoded[0].as_str(), "{text:?}");
        assert_eq!(offsets, ids(&decoded[1]), "decode_with_offsets: {text:?}");
        let wanted = row["tokens_bytes_b64"].as_array().expect("tokens");
        assert_eq!(all.len(), wanted.len(), "{text:?}");
        for (&id, wanted) in all.iter().zip(wanted) {
            let bytes = tokenizer.token_bytes(id).expect("the id has a token");
            assert_eq!(Some(&*base64(bytes)), wanted.as_str(), "tokens_bytes: {text:?}");
        }
    }
    if !row["decode"].is_null() {
        let decoded = tokenizer.decode_lossy(&all, false);
        assert_eq!(Some(&*decoded), row["decode"].as_str(), "decode: {text:?}");
    }
    let single = tokenizer.token_id(text).map(u64::from);
    assert_eq!(single, row["single_token"].as_u64(), "single_token: {text:?}");
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, &byte| word << 8 | u32::from(byte))
            << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= chunk.len() { digit as char } else { '=' });
        }
    }
    text
}

#[test]
fn tiktoken_r50k_base() {
    check_tiktoken("r50k_base", "r50k_base");
}

#[test]
fn tiktoken_p50k_base() {
    check_tiktoken("p50k_base", "p50k_base");
}

#[test]
fn tiktoken_p50k_edit() {
    check_tiktoken("p50k_edit", "p50k_base");
}

#[test]
fn tiktoken_cl100k_base() {
    check_tiktoken("cl100k_base", "cl100k_base");
}

#[test]
fn tiktoken_o200k_base() {
    check_tiktoken("o200k_base", "o200k_base");
}

#[test]
fn tiktoken_qwen() {
    check_tiktoken("qwen", "qwen");
}

#[test]
fn tiktoken_whisper_multilingual() {
    check_tiktoken("whisper_multilingual", "whisper_multilingual");
}
