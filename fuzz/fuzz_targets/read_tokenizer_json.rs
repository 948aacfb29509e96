//! Any text as a tokenizer.json: an error, or a tokenizer that works.
#![no_main]

use comptok::{Special, Tokenizer};
use comptok_bake::{read, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(read) = read::tokenizer_json(bytes) else { return };
    if let Ok(tokenizer) = Tokenizer::from_spec(&read.spec) {
        let text = "it's 123 <|x|> \u{E9}e\u{301}  \n";
        let ids = tokenizer.encode(text, Special::All).expect("nothing is forbidden");
        assert_eq!(tokenizer.count(text, Special::All), Ok(ids.len()));
        let _ = tokenizer.decode_lossy(&ids, true);
    }
    // What is written can be read.
    if let Ok(json) = write::tokenizer_json(&read.spec) {
        assert!(read::tokenizer_json(json.as_bytes()).is_ok(), "{json}");
    }
});
