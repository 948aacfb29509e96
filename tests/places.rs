//! Errors of the general engine say where in the text they are, whatever the steps make of it and whoever
//! asks.

use comptok::{EncodeError, FullError, FullOptions, Options, Scratch, Special, Tokenizer};
use serde_json::{Value, json};

/// Steps that make text shorter and longer, words, and a model that knows few and has no unknown token.
fn tokenizer(pre_tokenizer: &str) -> Tokenizer {
    let file = format!(
        r#"{{"added_tokens": [{{"id": 4, "content": "STÖP", "single_word": false, "lstrip": false,
             "rstrip": false, "normalized": true, "special": true}}],
            "normalizer": {{"type": "Sequence", "normalizers": [{{"type": "NFKD"}},
             {{"type": "StripAccents"}}, {{"type": "Lowercase"}}]}},
            "pre_tokenizer": {{"type": "{pre_tokenizer}"}},
            "model": {{"type": "WordLevel", "vocab": {{"a": 0, "the": 1, "x": 2, "ffi": 3}},
             "unk_token": "[UNK]"}}}}"#
    );
    Tokenizer::from_bytes(file.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

/// The place of the error, which all ways to encode agree on.
fn place(tokenizer: &Tokenizer, text: &[u8], special: Special<'_>) -> Option<usize> {
    let at = |error: EncodeError| match error {
        EncodeError::Unknown { at } | EncodeError::Forbidden { at, .. } => at,
        error => panic!("{error}"),
    };
    let at_full = |error: FullError| match error {
        FullError::Encode(error) => at(error),
        error => panic!("{error}"),
    };
    let found = tokenizer.encode(text, special).err().map(at);
    let (mut scratch, mut ids) = (Scratch::new(), [0; 64]);
    // The second time words are known.
    for _ in 0..2 {
        let written = tokenizer.encode_to_slice(text, special, &mut ids, &mut scratch);
        assert_eq!(written.err().map(at), found, "{text:?}");
        assert_eq!(tokenizer.count_with(text, special, &mut scratch).err().map(at), found);
        let spans: Result<Vec<_>, _> = tokenizer.tokens(text, special, &mut scratch).collect();
        assert_eq!(spans.err().map(at), found, "{text:?}");
    }
    let mut plain = Scratch::with_cache(0);
    assert_eq!(tokenizer.count_with(text, special, &mut plain).err().map(at), found);
    if let Ok(text) = core::str::from_utf8(text) {
        let options = FullOptions { special, ..FullOptions::default() };
        assert_eq!(tokenizer.encode_full(text, &options).err().map(at_full), found);
    }
    found
}

#[test]
fn unknown_text_has_its_place() {
    for pre_tokenizer in ["WhitespaceSplit", "Whitespace"] {
        let tokenizer = tokenizer(pre_tokenizer);
        for (before, unknown) in [
            ("", "no"),
            ("a the x ", "no"),
            ("Á thé ﬃ  ", "ñò"),
            ("Á thé ﬃ a\u{301}\u{323} ", "Ñ"),
            ("the the the \u{301}", "z"),
        ] {
            let text = format!("{before}{unknown} a the");
            let found = place(&tokenizer, text.as_bytes(), Special::All);
            let found = found.unwrap_or_else(|| panic!("{text:?} is encoded"));
            // Where nothing is left of a char, the next one may begin with it.
            let wanted = before.trim_end_matches('\u{301}').len()..=before.len();
            assert!(wanted.contains(&found), "{text:?}: {found}");
        }
        let text = [b"a \xFF\xFE \xC3\xA1 ", "thé no".as_bytes()].concat();
        assert_eq!(place(&tokenizer, &text, Special::All), Some(2), "U+FFFD is no word");
        assert_eq!(place(&tokenizer, "Á thé ﬃ".as_bytes(), Special::All), None);
    }
}

#[test]
fn forbidden_tokens_have_their_place() {
    let tokenizer = tokenizer("WhitespaceSplit");
    for before in ["", "a ", "Á thé ﬃ ", "a ﬃ\u{301} "] {
        let text = format!("{before}stop a");
        assert_eq!(
            place(&tokenizer, text.as_bytes(), Special::Forbid),
            Some(before.len()),
            "{text:?}"
        );
    }
}

#[test]
fn strict_refuses_bytes_that_are_no_text() {
    let file = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nab\n";
    let tokenizer = Tokenizer::from_bytes(file.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
    let strict = || Options::new(Special::All).strict();
    let mut scratch = Scratch::new();
    for (text, byte, at) in [
        (&b"\xFFab a"[..], 0xFF, 0),
        (b"ab a\xC3", 0xC3, 4),
        (b"ab \xE4\xB8\xAD \xC3\xC3\xA1", 0xC3, 7),
    ] {
        let wanted = Err(EncodeError::NoToken { byte, at });
        assert_eq!(tokenizer.encode(text, strict()), wanted);
        let mut ids = [0; 64];
        let written = tokenizer.encode_to_slice(text, strict(), &mut ids, &mut scratch);
        assert_eq!(written.map(|_| Vec::new()), wanted);
        let spans: Result<Vec<_>, _> = tokenizer.tokens(text, strict(), &mut scratch).collect();
        assert_eq!(spans.map(|_| Vec::new()), wanted);
        assert!(tokenizer.encode(text, Special::All).is_ok(), "U+FFFD without it");
    }
    assert_eq!(tokenizer.encode("ab é", strict()), tokenizer.encode("ab é", Special::All));
}

/// Whatever model, and whatever steps, have left them out.
#[test]
fn strict_refuses_text_without_tokens() {
    let vocab = |chars: &str| -> serde_json::Map<String, Value> {
        chars.chars().zip(0..).map(|(c, id)| (c.to_string(), json!(id))).collect()
    };
    let load = |vocab, pre_tokenizer: Value, ignore_merges: bool| {
        let file = json!({"version": "1.0", "added_tokens": [], "normalizer": {"type": "NFD"},
            "pre_tokenizer": pre_tokenizer, "post_processor": null, "decoder": null,
            "model": {"type": "BPE", "vocab": vocab, "merges": [], "ignore_merges": ignore_merges}});
        Tokenizer::from_bytes(file.to_string().as_bytes()).unwrap_or_else(|e| panic!("{e}"))
    };
    let byte_level = |prefix| json!({"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": true, "use_regex": true});
    // U+0301 is CC 81, and あ E3 81 82.
    let bytes: String =
        (0..=255u8).filter(|b| *b != 0x81).map(comptok_core::byte_level::char_of).collect();
    let of_chars = load(vocab("ab"), Value::Null, false);
    let of_bytes = load(vocab(&bytes), byte_level(false), false);
    let with_space = load(vocab(&bytes), byte_level(true), false);
    let mut with_words = vocab("ab ");
    with_words.insert("xy".to_owned(), 9.into());
    let with_words = load(with_words, json!({"type": "Whitespace"}), true);
    let mut scratch = Scratch::new();
    for (tokenizer, text, lost, wanted) in [
        (&of_chars, "ab", &[0, 1][..], None),
        (&of_chars, "aéb", &[0, 1], Some((b'e', 1))),
        (&of_chars, "bあ", &[1], Some((0xE3, 1))),
        (&of_bytes, "aあ", &[97, 226, 129], Some((0x81, 2))),
        (&of_bytes, "ab é", &[97, 98, 32, 101, 203], Some((0x81, 4))),
        (&with_space, "aあ", &[32, 97, 226, 129], Some((0x81, 2))),
        (&with_words, "xy a", &[9, 0], None),
        (&with_words, "a xya", &[0, 0], Some((b'x', 2))),
    ] {
        // Words that are known, too.
        for _ in 0..2 {
            let mut ids = Vec::new();
            tokenizer.encode_into(text, Special::All, &mut ids, &mut scratch).expect("no error");
            assert_eq!(ids, lost, "{text:?}");
            ids.clear();
            let strict = Options::new(Special::All).strict();
            let found = tokenizer.encode_into(text, strict, &mut ids, &mut scratch);
            let wanted = match wanted {
                None => Ok(lost.len()),
                Some((byte, at)) => Err(EncodeError::NoToken { byte, at }),
            };
            assert_eq!(found, wanted, "{text:?}");
        }
    }
}
