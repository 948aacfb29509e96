//! A small blob with any bytes written over any part of it, used without a look at its content.
#![no_main]

use std::sync::LazyLock;

use comptok::{
    Scratch, Special, Tokenizer,
    load::{FileOptions, PatternArg},
};
use libfuzzer_sys::fuzz_target;

static BLOB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let options = FileOptions {
        pattern: Some(PatternArg::Named("o200k")),
        special_tokens: &[("<|x|>".to_owned(), 700)],
        ..FileOptions::default()
    };
    // The first ranks: single bytes, then pairs.
    let ranks = include_str!("../../vocab/r50k_base.tiktoken");
    let some: String = ranks.split_inclusive('\n').take(600).collect();
    let tokenizer = Tokenizer::from_bytes_with(some.as_bytes(), &options).expect("a good file");
    tokenizer.as_bytes().to_vec()
});

fuzz_target!(|input: (Vec<(u16, u8)>, &str)| {
    let (writes, text) = input;
    let mut blob = BLOB.clone();
    for (at, byte) in writes {
        // Every part of the blob, the header more often.
        let at = usize::from(at);
        let len = blob.len();
        let at = if at < 2048 { at } else { at * 7 } % len;
        blob[at] = byte;
    }
    let _ = Tokenizer::from_bytes(&blob);
    let leaked: &'static mut [u8] = Box::leak(blob.into_boxed_slice());
    let raw: *mut [u8] = leaked;
    // SAFETY: the bytes were leaked above and live until they are freed below.
    let shared: &'static [u8] = unsafe { &*raw };
    if let Ok(tokenizer) = Tokenizer::try_from_static(shared) {
        let mut scratch = Scratch::new();
        for text in [text, "it's the end<|x|> of 1234 things\u{E9}"] {
            if let Ok(ids) = tokenizer.encode(text, Special::All) {
                let _ = tokenizer.decode(&ids);
            }
            let _ = tokenizer.count(text, Special::AsText);
            let _ = tokenizer.tokens(text, Special::All, &mut scratch).take(10_000).count();
        }
        let _ = (tokenizer.special_tokens().count(), tokenizer.token_id("the"));
    }
    // SAFETY: made by `Box::leak`, and the tokenizer that borrowed it is gone.
    drop(unsafe { Box::from_raw(raw) });
});
