//! Any bytes as a rank file, and any text as its pattern.
#![no_main]

use comptok::{
    Special, Tokenizer,
    load::{FileOptions, PatternArg},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &[u8])| {
    let (pattern, bytes) = input;
    for pattern in [PatternArg::Named("cl100k"), PatternArg::Regex(pattern)] {
        let options = FileOptions {
            pattern: Some(pattern),
            special_tokens: &[("<|x|>".to_owned(), 7)],
            ..FileOptions::default()
        };
        if let Ok(tokenizer) = Tokenizer::from_bytes_with(bytes, &options) {
            let _ = tokenizer.encode("it's 123 <|x|> \u{E9}  \n", Special::All);
            let _ = tokenizer.decode_lossy(&[0, 1, 2, 7], false);
        }
    }
});
