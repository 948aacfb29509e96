//! What holds for every vocabulary and every text, on random ones. The specification is the textbook's
//! algorithm in `support/textbook.rs`.

#[path = "support/resumed.rs"]
mod resumed;
#[path = "support/textbook.rs"]
mod textbook;

use comptok::{
    EncodeError, Options, Scratch, Span, Special, Tokenizer,
    load::{FileOptions, PatternArg},
};
use comptok_bake::bake_file;
use comptok_core::blob::Tables;
use proptest::prelude::*;
use resumed::resumed;
use textbook::{Merges, Ranks};

/// Words of the letters that the random vocabularies are made of. The patterns cut texts of such words
/// in front of each space.
fn words() -> impl Strategy<Value = Vec<String>> {
    let word = prop_oneof![
        6 => "[abcé中]{1,12}",
        2 => "[abc]{10,40}",
        2 => "[ab]{50,300}",
        1 => "(ab){20,200}",
        1 => "a{60,300}",
    ];
    prop::collection::vec(word, 1..6)
}

fn merges() -> impl Strategy<Value = Merges> {
    let pairs = prop::collection::vec((any::<usize>(), any::<usize>()), 0..60);
    let without = prop::sample::subsequence("éb".bytes().collect::<Vec<u8>>(), 0..=1);
    let without = prop_oneof![3 => Just(Vec::new()), 1 => without];
    (without, pairs, 2..40usize, any::<bool>()).prop_map(|(without, pairs, longest, ignore)| {
        Merges { ignore_merges: ignore, ..Merges::new(&without, &pairs, longest) }
    })
}

fn ranks() -> impl Strategy<Value = Ranks> {
    prop::collection::vec(prop_oneof![4 => "[ abcé中]{1,5}", 1 => "[abc]{1,40}"], 0..60)
        .prop_map(|words| Ranks::new(&words))
}

fn from_json(json: &[u8]) -> Tokenizer {
    Tokenizer::from_bytes(json).unwrap_or_else(|e| panic!("{e}"))
}

fn with_pattern(pattern: &str) -> FileOptions<'_> {
    FileOptions { pattern: Some(PatternArg::Named(pattern)), ..FileOptions::default() }
}

fn from_ranks(ranks: &Ranks, pattern: &str) -> Tokenizer {
    Tokenizer::from_bytes_with(&ranks.file(), &with_pattern(pattern))
        .unwrap_or_else(|e| panic!("{e}"))
}

/// The pre-tokens of such words: all but the first with a space in front.
fn pieces(words: &[String]) -> Vec<String> {
    let first = words[..1].iter().cloned();
    first.chain(words[1..].iter().map(|word| format!(" {word}"))).collect()
}

/// All ids, `room` at a time.
fn in_slices(tokenizer: &Tokenizer, text: &[u8], room: usize) -> Vec<u32> {
    resumed(tokenizer, text, Special::All, room, |room| room + 1)
}

/// The spans' ids, after a look at the spans.
fn from_spans(tokenizer: &Tokenizer, text: &[u8], tile: bool) -> Vec<u32> {
    let (mut scratch, mut end) = (Scratch::new(), 0);
    let ids = tokenizer
        .tokens(text, Special::All, &mut scratch)
        .map(|span| {
            let span = span.expect("nothing is forbidden");
            assert!(span.start <= span.end && span.end <= text.len());
            if tile {
                assert_eq!(span.start, end);
                assert_eq!(tokenizer.token_bytes(span.id), text.get(span.start..span.end));
            }
            end = span.end;
            span.id
        })
        .collect();
    assert!(!tile || end == text.len());
    ids
}

/// The spans' ids, in lent room for so many spans; the rest on its own where that is too small.
fn from_spans_in_room(tokenizer: &Tokenizer, text: &[u8], room: usize) -> Vec<u32> {
    let (mut ids, mut at, mut spans) = (Vec::new(), 0, vec![Span::default(); room]);
    let mut scratch = Scratch::new();
    loop {
        let (mut end, before) = (at, ids.len());
        let options = Options { continued: at > 0, ..Options::new(Special::All) };
        let mut left = None;
        for span in tokenizer.tokens_in(&text[at..], options, &mut spans, &mut scratch) {
            match span {
                Ok(span) => {
                    assert!(span.start <= span.end && end <= at + span.start);
                    end = at + span.end;
                    ids.push(span.id);
                }
                Err(EncodeError::Full { written, consumed }) => {
                    assert_eq!(written, ids.len() - before);
                    left = Some(consumed);
                }
                Err(error) => panic!("{error}"),
            }
        }
        let Some(consumed) = left else { return ids };
        assert!(end <= at + consumed);
        at += consumed;
        let more = spans.len() + 1;
        spans.resize(more, Span::default());
    }
}

/// Lends memory, as much as errors ask for.
fn with_lent_memory(tokenizer: &Tokenizer, text: &[u8]) -> Vec<u32> {
    let (mut memory, mut ids) = (Vec::new(), vec![0; text.len() + 1]);
    loop {
        let mut scratch = Scratch::lend(&mut memory);
        match tokenizer.encode_to_slice(text, Special::All, &mut ids, &mut scratch) {
            Ok(written) => {
                ids.truncate(written);
                return ids;
            }
            Err(EncodeError::Scratch { needed, at }) => {
                assert!(needed > memory.len() && at < text.len(), "{needed} at {at}");
                memory.resize(needed, 0xAA);
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// Few cases, as the code is not optimized; `PROPTEST_CASES` says otherwise.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        cases: cases.unwrap_or(16),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn check_words(
    tokenizer: &Tokenizer,
    words: &[String],
    encode: impl Fn(&[u8]) -> Vec<u32>,
    tile: bool,
) {
    let text = words.join(" ");
    let wanted: Vec<u32> =
        pieces(words).iter().flat_map(|piece| encode(piece.as_bytes())).collect();
    let found = tokenizer.encode(&text, Special::All).expect("nothing is forbidden");
    assert_eq!(found, wanted, "{text:?}");
    assert_eq!(tokenizer.count(&text, Special::All), Ok(wanted.len()));
    assert_eq!(from_spans(tokenizer, text.as_bytes(), tile), wanted);
    assert_eq!(with_lent_memory(tokenizer, text.as_bytes()), wanted);
    for room in [0, 1, 2, wanted.len()] {
        assert_eq!(in_slices(tokenizer, text.as_bytes(), room), wanted, "{room} at a time");
        let spans = from_spans_in_room(tokenizer, text.as_bytes(), room);
        assert_eq!(spans, wanted, "{room} spans at a time");
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn merges_are_the_textbooks(merges in merges(), texts in prop::collection::vec(words(), 1..12)) {
        let json = merges.tokenizer_json("null");
        let tokenizer = from_json(&json);
        prop_assert_eq!(tokenizer.vocab_size(), merges.vocab.len());
        let complete = (0..=255).all(|byte| merges.id(&[byte]).is_some());
        for words in texts {
            check_words(&tokenizer, &words, |piece| merges.encode(piece), complete);
            let text = words.join(" ");
            let strict = tokenizer.encode(&text, Options::new(Special::All).strict());
            match text.bytes().position(|byte| merges.id(&[byte]).is_none()) {
                None => prop_assert!(strict.is_ok()),
                // A pre-token that is a token as a whole needs no bytes, and may hold the first.
                Some(_) if merges.ignore_merges => {}
                Some(first) => prop_assert_eq!(
                    strict,
                    Err(EncodeError::NoToken { byte: text.as_bytes()[first], at: first })
                ),
            }
        }
    }

    #[test]
    fn ranks_are_the_textbooks(ranks in ranks(), texts in prop::collection::vec(words(), 1..12)) {
        let tokenizer = from_ranks(&ranks, "r50k");
        prop_assert_eq!(tokenizer.vocab_size(), ranks.0.len());
        for words in texts {
            check_words(&tokenizer, &words, |piece| ranks.encode(piece), true);
        }
    }

    /// What the blob says an entry can do is what the textbook says.
    #[test]
    fn reachable_entries_encode_to_themselves(merges in merges()) {
        let merges = Merges { ignore_merges: false, ..merges };
        let tokenizer = from_json(&merges.tokenizer_json("null"));
        let tables = Tables::new(tokenizer.as_bytes(), tokenizer.header());
        for (id, token) in merges.vocab.iter().enumerate() {
            let id = id as u32;
            prop_assert_eq!(tokenizer.token_bytes(id), Some(&token[..]));
            prop_assert_eq!(tokenizer.token_id(token), Some(id));
            let reachable = merges.encode(token) == [id];
            prop_assert_eq!(!tables.token_flags(id).is_unreachable(), reachable, "{:?}", token);
            // One pre-token: letters, with or without a space in front.
            if let Ok(text) = std::str::from_utf8(token)
                && text.trim_start_matches(' ').chars().all(char::is_alphabetic)
                && !text.starts_with("  ") && text != " "
            {
                prop_assert_eq!(tokenizer.encode_ordinary(text), merges.encode(token));
            }
        }
    }

    /// Both roads to a blob, and back through it.
    #[test]
    fn a_blob_is_the_same_each_time(merges in merges(), ranks in ranks()) {
        let options = with_pattern("cl100k");
        for (bytes, options) in
            [(merges.tokenizer_json("null"), FileOptions::default()), (ranks.file(), options)]
        {
            let baked = bake_file(&bytes, &options).expect("a good file");
            prop_assert_eq!(&bake_file(&bytes, &options).expect("a good file").blob, &baked.blob);
            let loaded = Tokenizer::from_bytes_with(&bytes, &options).expect("a good file");
            prop_assert!(loaded.as_bytes() == baked.blob);
            let again = Tokenizer::from_bytes(&baked.blob).expect("a good blob");
            prop_assert!(again.as_bytes() == baked.blob);
            prop_assert_eq!(again.verify(), Ok(()));
            prop_assert_eq!(again.fingerprint(), loaded.fingerprint());
        }
    }

    /// Bytes that are not UTF-8 are encoded like any other, whatever cuts them.
    #[test]
    fn any_bytes_are_encoded(
        ranks in ranks(),
        pattern in prop::sample::select(comptok_bake::read::pattern::NAMES.to_vec()),
        parts in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            any::<String>().prop_map(String::into_bytes),
            "[a-c '\r\n\t0-9éß中!]{0,90}".prop_map(String::into_bytes),
            Just(vec![0xE4, 0xB8]),
            Just(vec![b' '; 70]),
        ], 0..8),
    ) {
        let bytes = parts.concat();
        let tokenizer = from_ranks(&ranks, pattern);
        let ids = tokenizer.encode(&bytes, Special::All).expect("every byte has a token");
        // What this pattern does not find is dropped.
        let complete = pattern != "clip";
        if complete {
            prop_assert_eq!(tokenizer.decode_bytes(&ids), Ok(bytes.clone()));
        }
        prop_assert_eq!(tokenizer.count(&bytes, Special::All), Ok(ids.len()));
        prop_assert_eq!(&from_spans(&tokenizer, &bytes, complete), &ids);
        prop_assert_eq!(&with_lent_memory(&tokenizer, &bytes), &ids);
        // What follows a place decides about text in front of it, and bytes that are not UTF-8 may be
        // halves of what is; so only whole text is resumed.
        if std::str::from_utf8(&bytes).is_ok() {
            for room in [0, 1, 3, 64] {
                prop_assert_eq!(&in_slices(&tokenizer, &bytes, room), &ids);
            }
        }
        prop_assert_eq!(tokenizer.count_until(&bytes, ids.len()), Some(ids.len()));
        if let Some(less) = ids.len().checked_sub(1) {
            prop_assert_eq!(tokenizer.count_until(&bytes, less), None);
        }
        let text = String::from_utf8_lossy(&bytes);
        for limit in [0, 1, 2, 5, ids.len() / 2, ids.len()] {
            let cut = tokenizer.truncate(&text, limit);
            prop_assert!(text.starts_with(cut));
            prop_assert!(tokenizer.count_ordinary(cut) <= limit);
        }
    }

    /// The same where text is rewritten first.
    #[test]
    fn any_bytes_are_normalized(
        merges in merges(),
        parts in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..20),
            "[ae\u{301}\u{308}\u{323}ö\u{1100}\u{1161}\u{11A8}\u{212B}\u{FB4F} 1]{0,60}"
                .prop_map(String::into_bytes),
            "[a-c ]{1000,5000}".prop_map(String::into_bytes),
        ], 0..6),
    ) {
        let bytes = parts.concat();
        let tokenizer = from_json(&merges.tokenizer_json(r#"{"type":"NFC"}"#));
        let ids = tokenizer.encode(&bytes, Special::All).expect("what has no token is dropped");
        prop_assert_eq!(tokenizer.count(&bytes, Special::All), Ok(ids.len()));
        prop_assert_eq!(&from_spans(&tokenizer, &bytes, false), &ids);
        prop_assert_eq!(&with_lent_memory(&tokenizer, &bytes), &ids);
        if std::str::from_utf8(&bytes).is_ok() {
            prop_assert_eq!(&in_slices(&tokenizer, &bytes, 5), &ids);
        }
    }

    /// One byte less than an error asks for is too little, and what it asks for is enough.
    #[test]
    fn lent_memory_is_as_small_as_it_says(merges in merges(), word in "[abc]{65,2000}") {
        let tokenizer = from_json(&merges.tokenizer_json("null"));
        let mut ids = vec![0; word.len()];
        let mut encode = |memory: &mut [u8]| {
            let mut scratch = Scratch::lend(memory);
            tokenizer.encode_to_slice(&word, Special::All, &mut ids, &mut scratch)
        };
        if let Err(error) = encode(&mut []) {
            let EncodeError::Scratch { needed, at: 0 } = error else { panic!("{error}") };
            prop_assert!(needed <= 16 * word.len(), "{} for {}", needed, word.len());
            prop_assert_eq!(encode(&mut vec![0; needed - 1]), Err(error));
            let count = encode(&mut vec![0; needed]);
            prop_assert_eq!(count, Ok(merges.encode(word.as_bytes()).len()));
        }
    }
}
