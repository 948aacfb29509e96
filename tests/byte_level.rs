//! Byte-level BPE with odd vocabularies and odd added tokens: small cases of what drawn ones have shown
//! (tests/oracle/tests/drawn_bytes.rs). What is wanted is what the references say.

#[path = "drawn/base64.rs"]
mod base64;
#[path = "support/resumed.rs"]
mod resumed;

use base64::base64;
use comptok::{
    EncodeError, FullError, FullOptions, Offsets, Options, Others, Scratch, Span, Special,
    Tokenizer,
    load::{FileOptions, PatternArg, Profile},
};
use comptok_bake::{read, write};
use comptok_core::byte_level::char_of;
use resumed::resumed;
use serde_json::{Value, json};

fn byte_level() -> Value {
    json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true})
}

/// A token for each byte, whose id it is, and no merges.
fn file() -> Value {
    let vocab: serde_json::Map<String, Value> =
        (0..=255u8).map(|byte| (char_of(byte).to_string(), byte.into())).collect();
    json!({"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": null, "pre_tokenizer": byte_level(), "post_processor": null,
        "decoder": byte_level(),
        "model": {"type": "BPE", "dropout": null, "unk_token": null,
            "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false,
            "byte_fallback": false, "ignore_merges": false, "vocab": vocab, "merges": []}})
}

/// Adds a token that has these flags.
fn add(file: &mut Value, content: &str, flags: &[&str]) {
    let has = |name| flags.contains(&name);
    let token = json!({"id": 256, "content": content, "single_word": has("single_word"),
        "lstrip": has("lstrip"), "rstrip": has("rstrip"), "normalized": has("normalized"),
        "special": has("special")});
    file["added_tokens"].as_array_mut().expect("a list").push(token);
}

fn load(file: &Value) -> Tokenizer {
    Tokenizer::from_bytes(file.to_string().as_bytes()).unwrap_or_else(|e| panic!("{e}"))
}

/// A rank file of these tokens and of all bytes that are not `lacking`.
fn ranks(tokens: &[&[u8]], lacking: u8) -> Vec<u8> {
    let bytes: Vec<[u8; 1]> = (0..=255).filter(|&byte| byte != lacking).map(|b| [b]).collect();
    let all = bytes.iter().map(<[u8; 1]>::as_slice).chain(tokens.iter().copied());
    let lines = all.zip(0..).map(|(token, rank)| format!("{} {rank}\n", base64(token)));
    lines.collect::<String>().into_bytes()
}

const GPT2: Option<PatternArg<'_>> = Some(PatternArg::Named("gpt2"));

/// The reference merges tokens, tiktoken bytes.
#[test]
fn ranks_that_merge_bytes_without_tokens_are_not_written() {
    for (tokens, is_written) in [(&[&b"bc"[..]][..], true), (&[b"ab", b"abc"], false)] {
        let options = read::Options { pattern: GPT2, ..read::Options::default() };
        let spec = read::read(&ranks(tokens, b'a'), options).unwrap_or_else(|e| panic!("{e}")).spec;
        let written = write::tokenizer_json(&spec).map_err(|error| error.to_string());
        assert_eq!(written.is_ok(), is_written, "{written:?}");
        assert!(written.is_ok() || written.is_err_and(|error| error.contains("byte 0x61")));
    }
}

/// The library numbers added tokens from the size of the vocabulary on, whatever ids are taken, and finds an added
/// token first.
#[test]
fn an_added_token_hides_the_token_whose_id_it_has() {
    let mut file = file();
    for byte in 200..=255u8 {
        file["model"]["vocab"][char_of(byte).to_string()] = (10 + u32::from(byte)).into();
    }
    add(&mut file, "<x>", &[]);
    let tokenizer = load(&file);
    assert_eq!(tokenizer.encode("a<x>", Special::All), Ok(vec![97, 256]));
    assert_eq!(tokenizer.decode_lossy(&[97, 256], false), "a<x>");
    assert_eq!(tokenizer.id_to_token(256).as_deref(), Some("<x>"));
}

/// The library knows special tokens by what the file says, and by id only what is found.
#[test]
fn a_special_token_that_is_normalized_is_not_skipped() {
    for (content, text) in [("字\u{212B}", "字Å"), ("字Å", "")] {
        let mut file = file();
        file["normalizer"] = json!({"type": "NFC"});
        add(&mut file, content, &["special", "normalized"]);
        let tokenizer = load(&file);
        assert_eq!(tokenizer.encode(content, Special::All), Ok(vec![256]));
        assert_eq!(tokenizer.decode_lossy(&[256], true), text);
        assert_eq!(tokenizer.decode_lossy(&[256], false), "字Å");
    }
}

fn full(tokenizer: &Tokenizer, text: &str) -> (Vec<String>, Vec<(usize, usize)>) {
    let options = FullOptions { offsets: Offsets::Chars, ..FullOptions::default() };
    let full = tokenizer.encode_full(text, &options).expect("an answer");
    (full.tokens().map(str::to_owned).collect(), full.offsets().to_vec())
}

/// The added token is the vocabulary's token of byte E9, with which the other char begins.
#[test]
fn a_token_of_the_model_has_its_text_though_it_is_an_added_one() {
    let mut file = file();
    add(&mut file, "é", &["lstrip"]);
    let tokenizer = load(&file);
    let (texts, places) = full(&tokenizer, "邊 é");
    assert_eq!(tokenizer.encode("邊 é", Special::All), Ok(vec![0xE9, 0x82, 0x8A, 0xE9]));
    assert_eq!(texts, ["é", "Ĥ", "Ĭ", " é"]);
    assert_eq!(places, [(0, 1), (0, 1), (0, 1), (1, 3)]);
}

#[test]
fn a_word_that_is_not_merged_stands_for_all_of_its_bytes() {
    let mut file = file();
    let vocab = file["model"]["vocab"].as_object_mut().expect("a map");
    vocab.remove("ï");
    vocab.insert("ï¼ĮA".to_owned(), 256.into());
    file["model"]["ignore_merges"] = true.into();
    file["pre_tokenizer"] = json!({"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": r"\s+|\S+"}, "behavior": "Isolated", "invert": false},
        {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]});
    let tokenizer = load(&file);
    let (texts, places) = full(&tokenizer, "a ，A");
    assert_eq!(
        (texts, places),
        (["a", "Ġ", "ï¼ĮA"].map(String::from).to_vec(), vec![(0, 1), (1, 2), (2, 4)])
    );
    let mut scratch = Scratch::new();
    let last = tokenizer.tokens("a ，A", Special::All, &mut scratch).last();
    assert_eq!(last, Some(Ok(Span { id: 256, start: 2, end: 6, word: 2 })));
}

/// As [`resumed`], of spans.
fn resumed_spans(tokenizer: &Tokenizer, text: &str, special: Special<'_>, room: usize) -> Vec<u32> {
    let (mut all, mut at, mut spans) = (Vec::new(), 0, vec![Span::default(); room]);
    let mut scratch = Scratch::new();
    loop {
        let options = Options { continued: at > 0, ..Options::new(special) };
        let (before, mut full) = (all.len(), None);
        for span in tokenizer.tokens_in(&text[at..], options, &mut spans, &mut scratch) {
            match span {
                Ok(span) => all.push(span.id),
                Err(error) => full = Some(error),
            }
        }
        let Some(EncodeError::Full { written, consumed }) = full else { return all };
        all.truncate(before + written);
        at += consumed;
        if consumed == 0 {
            spans = vec![Span::default(); 2 * spans.len() + 1];
        }
    }
}

/// Contents and flags.
type Added = &'static [(&'static str, &'static [&'static str])];

/// The rest of a text must not have added tokens that the whole has not, nor lack those that it has.
#[test]
fn the_rest_of_a_text_has_the_same_added_tokens() {
    let cases: [(Added, &str, Special<'_>); 5] = [
        // A word stands in front of it.
        (&[("!x", &["single_word"])], "a!x b!x !x", Special::All),
        (&[("12", &["single_word", "normalized"])], "a12 12a 12", Special::All),
        // It lies in one that is text.
        (&[("<x>", &["special"]), ("x", &[])], "<x> x<x>>x", Special::AsText),
        // It lies in white space that another has swallowed, or begins there.
        (&[("y", &["rstrip"]), (" ", &[])], "y   y  a", Special::All),
        (&[("y", &["rstrip"]), (" a", &["lstrip"])], "y  a a y a", Special::All),
    ];
    for (tokens, text, special) in cases {
        let mut file = file();
        tokens.iter().for_each(|(content, flags)| add(&mut file, content, flags));
        let tokenizer = load(&file);
        let wanted = tokenizer.encode(text, special).expect("an answer");
        for room in 0..8 {
            let found = resumed(&tokenizer, text, special, room, |room| room + 1);
            assert_eq!(found, wanted, "{text:?}, {room}");
            assert_eq!(resumed_spans(&tokenizer, text, special, room), wanted, "{text:?}, {room}");
        }
    }
}

#[test]
fn a_profile_has_no_answers_for_bytes_without_tokens() {
    let file = ranks(&[b"bc"], b'a');
    let options = FileOptions {
        pattern: GPT2,
        profile: Some(Profile::new(b"abc abc abc")),
        ..FileOptions::default()
    };
    let tokenizer = Tokenizer::from_bytes_with(&file, &options).unwrap_or_else(|e| panic!("{e}"));
    let error = Err(EncodeError::NoToken { byte: b'a', at: 1 });
    assert_eq!(tokenizer.encode(" abc", Special::All), error);
}

/// Whatever room there is for spans.
#[test]
fn words_are_counted_from_the_beginning_of_a_text() {
    let tokenizer = load(&file());
    let text = "ab cd ".repeat(300);
    for room in [3, 64, 4000] {
        let (mut scratch, mut spans) = (Scratch::new(), vec![Span::default(); room]);
        let all = tokenizer.tokens_in(&text, Special::All, &mut spans, &mut scratch);
        let words: Vec<u32> = all.map(|span| span.expect("there is room").word).collect();
        // "ab", " cd" and " ab" in turn, and the space at the end.
        let wanted = [0, 0].into_iter().chain((1..600).flat_map(|word| [word; 3])).chain([600]);
        assert!(words.into_iter().eq(wanted), "{room}");
    }
}

/// The second token begins in white space that the first one has swallowed. The last char may compose with
/// others, so the text is rewritten.
#[test]
fn places_of_tokens_that_overlap_are_aligned() {
    let mut file = file();
    file["normalizer"] = json!({"type": "NFC"});
    add(&mut file, "x", &["rstrip", "normalized"]);
    add(&mut file, " ", &["normalized"]);
    let tokenizer = load(&file);
    let (texts, places) = full(&tokenizer, "ax   \u{93c}");
    assert_eq!(texts, ["a", "x   ", " ", " ", " ", "à", "¤", "¼"]);
    let wanted = [(0, 1), (1, 5), (2, 3), (3, 4), (4, 5), (5, 6), (5, 6), (5, 6)];
    assert_eq!(places, wanted);
}

/// The second token begins and ends in white space that the first one has swallowed.
#[test]
fn a_text_is_truncated_behind_all_of_a_token() {
    let mut file = file();
    add(&mut file, "x", &["rstrip"]);
    add(&mut file, " ", &[]);
    add(&mut file, " z", &["rstrip"]);
    let tokenizer = load(&file);
    assert_eq!(tokenizer.encode("x  z ", Special::AsText), Ok(vec![120, 256, 257, 256]));
    for (limit, wanted) in [(4, "x  z "), (3, "x  "), (2, "x "), (1, "")] {
        assert_eq!(tokenizer.truncate("x  z ", limit), wanted, "{limit}");
    }
}

#[test]
fn a_forbidden_token_has_its_place_where_text_is_rewritten() {
    let mut file = file();
    file["normalizer"] = json!({"type": "NFC"});
    add(&mut file, "x", &["special", "normalized"]);
    add(&mut file, "<y>", &[]);
    let tokenizer = load(&file);
    for (text, at) in [("s\u{301}x", 3), ("<y>e\u{301}\u{1161}x", 9)] {
        let error = tokenizer.encode(text, Special::Forbid).expect_err("it is there");
        assert!(
            matches!(error, EncodeError::Forbidden { at: found, .. } if found == at),
            "{error}"
        );
        let options = FullOptions { special: Special::Forbid, ..FullOptions::default() };
        assert_eq!(tokenizer.encode_full(text, &options), Err(FullError::Encode(error)));
    }
}

/// tiktoken looks for forbidden tokens before all else, wherever they stand.
#[test]
fn a_forbidden_token_that_overlaps_an_allowed_one_is_seen() {
    let special: Vec<(String, u32)> =
        ["<x>", "<x", "x", ">y", "z"].map(String::from).into_iter().zip(300..).collect();
    let options = FileOptions { pattern: GPT2, special_tokens: &special, ..FileOptions::default() };
    let file = ranks(&[], 0);
    let tokenizer = Tokenizer::from_bytes_with(&file, &options).unwrap_or_else(|e| panic!("{e}"));
    let encode = |text: &str, allowed: &[&str]| match tokenizer
        .encode(text, Special::Allow(allowed, Others::Forbid))
    {
        Err(EncodeError::Forbidden { token, at }) => Err((token.as_str().to_owned(), at)),
        other => Ok(other),
    };
    for (allowed, forbidden) in [
        (&["<x>", "<x", "x", ">y"][..], None),
        (&["<x>", "x", ">y"], Some(("<x", 1))),
        (&["<x>", "<x", ">y"], Some(("x", 2))),
        (&["<x>", "<x", "x"], Some((">y", 3))),
    ] {
        let wanted = match forbidden {
            None => Ok(Ok(vec![u32::from(b'a') - 1, 300, u32::from(b'y') - 1])),
            Some((token, at)) => Err((token.to_owned(), at)),
        };
        assert_eq!(encode("a<x>y", allowed), wanted, "{allowed:?}");
    }
}

/// The prefix space behind an added token is due, also where that stands in the chunk before.
#[test]
fn the_rest_of_a_text_begins_with_its_prefix_space() {
    let mut file = file();
    file["normalizer"] = json!({"type": "NFC"});
    file["pre_tokenizer"]["add_prefix_space"] = true.into();
    add(&mut file, "x", &["normalized"]);
    let tokenizer = load(&file);
    for (before, len) in [("x", 4095), ("x", 4096), ("e\u{301}x", 9000)] {
        let text = before.to_owned() + &"b".repeat(len);
        let wanted = tokenizer.encode(&text, Special::All).expect("an answer");
        for room in [1, 7, 4096] {
            let found = resumed(&tokenizer, &text, Special::All, room, |room| 2 * room);
            assert!(found == wanted, "{before:?}, {len}, {room} at a time");
            let found = resumed_spans(&tokenizer, &text, Special::All, room);
            assert!(found == wanted, "{before:?}, {len}, {room} spans at a time");
        }
    }
}
