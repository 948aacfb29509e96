//! Any bytes, through every pattern that has a name: nothing is lost, and all ways agree.
#![no_main]

use std::sync::LazyLock;

use comptok::{
    EncodeError, Scratch, Special, Tokenizer,
    load::{FileOptions, PatternArg},
};
use comptok_bake::read::pattern::NAMES;
use libfuzzer_sys::fuzz_target;

/// GPT-2's ranks, cut by each pattern.
static TOKENIZERS: LazyLock<Vec<(&str, Tokenizer)>> = LazyLock::new(|| {
    let ranks = include_bytes!("../../vocab/r50k_base.tiktoken");
    let special_tokens = [("<|endoftext|>".to_owned(), 50256), ("<|end".to_owned(), 50257)];
    let load = |name| {
        let options = FileOptions {
            pattern: Some(PatternArg::Named(name)),
            special_tokens: &special_tokens,
            ..FileOptions::default()
        };
        (name, Tokenizer::from_bytes_with(ranks, &options).expect("a good file"))
    };
    NAMES.map(load).into()
});

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (which, room, text) = input;
    let (name, tokenizer) = &TOKENIZERS[usize::from(which) % TOKENIZERS.len()];
    for special in [Special::All, Special::AsText] {
        let ids = tokenizer.encode(text, special).expect("every byte has a token");
        // This pattern drops what it does not find.
        if *name != "clip" {
            assert_eq!(tokenizer.decode_bytes(&ids).as_deref(), Ok(text));
        }
        assert_eq!(tokenizer.count(text, special), Ok(ids.len()));
        let mut scratch = Scratch::new();
        let spans = tokenizer.tokens(text, special, &mut scratch);
        assert!(spans.map(|span| span.expect("as above").id).eq(ids.iter().copied()));
        let mut slice = vec![0; room.into()];
        match tokenizer.encode_to_slice(text, special, &mut slice, &mut scratch) {
            Ok(written) => assert_eq!(slice[..written], ids),
            Err(EncodeError::Full { written, consumed }) => {
                assert_eq!(slice[..written], ids[..written]);
                assert!(consumed <= text.len());
            }
            Err(error) => panic!("{error}"),
        }
    }
    let _ = tokenizer.encode(text, Special::Forbid);
});
