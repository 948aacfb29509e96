//! Any ids: whole, lossy and one by one.
#![no_main]

use std::sync::LazyLock;

use comptok::{
    Tokenizer,
    load::{FileOptions, PatternArg},
};
use libfuzzer_sys::fuzz_target;

static TOKENIZER: LazyLock<Tokenizer> = LazyLock::new(|| {
    let options = FileOptions {
        pattern: Some(PatternArg::Named("r50k")),
        special_tokens: &[("<|endoftext|>".to_owned(), 50256)],
        ..FileOptions::default()
    };
    let ranks = include_bytes!("../../vocab/r50k_base.tiktoken");
    Tokenizer::from_bytes_with(ranks, &options).expect("a good file")
});

fuzz_target!(|ids: Vec<u16>| {
    let ids: Vec<u32> = ids.into_iter().map(u32::from).collect();
    let known = ids.iter().all(|&id| TOKENIZER.token_bytes(id).is_some());
    assert_eq!(TOKENIZER.decode_bytes(&ids).is_ok(), known);
    let lossy = TOKENIZER.decode_lossy(&ids, false);
    if let Ok(text) = TOKENIZER.decode(&ids) {
        assert_eq!(text, lossy);
    }
    let mut stream = TOKENIZER.decode_stream(false);
    let mut text = String::new();
    for &id in &ids {
        text.extend(stream.step(id).ok().flatten());
    }
    text.extend(stream.finish());
    assert_eq!(text, lossy);
});
