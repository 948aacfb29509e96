//! Many threads give what one gives: ids, counts, texts and errors.

#[expect(dead_code, reason = "only the place of the corpora is needed")]
mod common;

use comptok::{
    BatchError, EncodeError, Options, Special, Tokenizer,
    load::{FileOptions, PatternArg},
    vocab::{CL100K_BASE, GPT2, O200K_BASE},
};
use comptok_core::{
    blob::Tables,
    model::Random,
    pre_tokenizer::{Cuts, Kind},
};

/// What decides about places to cut, and about pre-tokens around them.
const PARTS: &[&str] = &[
    " ",
    " ",
    " ",
    "  ",
    "\n",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\t",
    "\u{3000}",
    "\u{85}",
    "a",
    "B",
    "bc",
    "é",
    "e\u{301}",
    "\u{301}",
    "я",
    "中",
    "文",
    "か",
    "が",
    "か\u{3099}",
    "ー",
    "々",
    "한국",
    "、",
    "。",
    "，",
    "！",
    ".",
    ",",
    "/",
    "'s",
    "'",
    "'LL",
    "ſ",
    "1",
    "12",
    "²",
    "!",
    "!!",
    "👍🏽",
    "\u{1}",
    "\u{378}",
    "\u{958}",
    "\u{FA1E}",
    "\u{F900}",
    "K",
    "<|end|>",
    "<|",
    "|>",
    "<a b>",
    "cab",
    "มี",
    "ก็",
];

fn text(random: &mut Random, parts: usize) -> String {
    (0..parts).map(|_| PARTS[random.below(PARTS.len())]).collect()
}

/// A tokenizer.json of one token for each byte and a few merges.
fn json(pre_tokenizer: &str, normalizer: &str, added: &str) -> Tokenizer {
    let byte = |byte: u8| match byte {
        b'!'..=b'~' | 0xA1..=0xAC | 0xAE.. => char::from(byte),
        0..=b' ' => char::from_u32(0x100 + u32::from(byte)).expect("a char"),
        _ => char::from_u32(0x121 + u32::from(byte - 0x7F)).expect("a char"),
    };
    let mut vocab: Vec<String> = (0..=255).map(|b| byte(b).to_string()).collect();
    let pairs = [(" ", "a"), ("b", "c"), ("\n", "\n"), (".", "\n"), ("!", "!"), (" ", " ")];
    let mut merges = Vec::new();
    for (left, right) in pairs {
        let name = |text: &str| text.bytes().map(byte).collect::<String>();
        vocab.push(name(left) + &name(right));
        merges.push([name(left), name(right)]);
    }
    let vocab: serde_json::Map<String, serde_json::Value> =
        vocab.into_iter().enumerate().map(|(id, token)| (token, id.into())).collect();
    let parse = |text: &str| -> serde_json::Value {
        serde_json::from_str(text).unwrap_or_else(|e| panic!("{text}: {e}"))
    };
    let file = serde_json::json!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": parse(added),
        "normalizer": parse(normalizer),
        "pre_tokenizer": parse(pre_tokenizer),
        "post_processor": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false,
            "use_regex": true},
        "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
            "vocab": vocab, "merges": merges},
    });
    Tokenizer::from_bytes(file.to_string().as_bytes()).unwrap_or_else(|e| panic!("{e}"))
}

fn byte_level(prefix: bool) -> String {
    format!(
        r#"{{"type":"ByteLevel","add_prefix_space":{prefix},"trim_offsets":true,"use_regex":true}}"#
    )
}

/// `flags` has one of `s` (special), `w` (single word), `l`, `r` (strips) and `n` (normalized) for each.
fn added(id: usize, content: &str, flags: &str) -> String {
    let has = |flag| flags.contains(flag);
    format!(
        r#"{{"id":{id},"content":"{content}","single_word":{},"lstrip":{},"rstrip":{},
        "normalized":{},"special":{}}}"#,
        has('w'),
        has('l'),
        has('r'),
        has('n'),
        has('s')
    )
}

/// One with each pattern, and with what can stand around it.
fn tokenizers() -> Vec<(String, Tokenizer)> {
    let mut ranks = String::new();
    for byte in 0..=255u8 {
        ranks += &format!("{} {byte}\n", base64(&[byte]));
    }
    for (i, token) in [" a", "bc", "\n\n", "!\n", "  ", ".\n"].iter().enumerate() {
        ranks += &format!("{} {}\n", base64(token.as_bytes()), 256 + i);
    }
    let special_tokens = [("<|end|>".to_owned(), 1000)];
    let mut all: Vec<(String, Tokenizer)> = Kind::ALL
        .into_iter()
        .map(|kind| {
            let pattern = Some(PatternArg::Named(kind.name()));
            let options =
                FileOptions { pattern, special_tokens: &special_tokens, ..Default::default() };
            let tokenizer = Tokenizer::from_bytes_with(ranks.as_bytes(), &options);
            (kind.name().to_owned(), tokenizer.unwrap_or_else(|e| panic!("{e}")))
        })
        .collect();
    let nfc = r#"{"type":"NFC"}"#;
    let tokens = |tokens: &[(&str, &str)]| {
        let tokens: Vec<String> = tokens
            .iter()
            .enumerate()
            .map(|(i, (content, flags))| added(500 + i, content, flags))
            .collect();
        format!("[{}]", tokens.join(","))
    };
    for (name, prefix, normalizer, added) in [
        ("nfc", false, nfc, tokens(&[("<|end|>", "s"), ("cab", "n"), ("K", "n")])),
        ("prefix", true, "null", tokens(&[("<|end|>", "s")])),
        ("prefix and nfc", true, nfc, tokens(&[("<|end|>", "sn")])),
        ("strips to the left", false, "null", tokens(&[("<|end|>", "sl"), ("cab", "w")])),
        ("strips to the right", false, "null", tokens(&[("<|end|>", "sr")])),
        ("words", false, nfc, tokens(&[("<|end|>", "sw"), (" a", "w"), ("中", "w")])),
        ("letters to the left", false, "null", tokens(&[("bc", "l")])),
        ("across", false, "null", tokens(&[("<a b>", "s")])),
        ("white space", false, nfc, tokens(&[("\\n\\n", ""), ("  ", "n"), ("，", "")])),
    ] {
        all.push((name.to_owned(), json(&byte_level(prefix), normalizer, &added)));
    }
    all
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0, |word, &byte| word << 8 | u32::from(byte));
        let word = word << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

const SPECIALS: [Special<'static>; 3] = [Special::All, Special::AsText, Special::Forbid];

#[test]
fn parts_have_the_ids_of_the_whole() {
    let mut random = Random::new(1);
    let mut cuts_of = Vec::new();
    for (name, tokenizer) in tokenizers() {
        let tables = Tables::new(tokenizer.as_bytes(), tokenizer.header());
        let Some(cuts) = Cuts::of(&tables, tokenizer.header()) else {
            cuts_of.push((name, 0));
            continue;
        };
        let mut found = 0;
        for round in 0..300 {
            let len = 3 + random.below(if round % 4 == 0 { 40 } else { 8 });
            let text = text(&mut random, len);
            for special in SPECIALS {
                let whole = tokenizer.encode(&text, special);
                let mut at = 1;
                while let Some(cut) = cuts.first(text.as_bytes(), at) {
                    let part = |text: &str| tokenizer.encode(text, special);
                    let parts = part(&text[..cut]).and_then(|mut ids| {
                        ids.extend(part(&text[cut..])?);
                        Ok(ids)
                    });
                    match &whole {
                        Ok(ids) => assert_eq!(parts.as_ref(), Ok(ids), "{name} {text:?} {cut}"),
                        Err(_) => assert!(parts.is_err(), "{name} {text:?} {cut}"),
                    }
                    (at, found) = (cut + 1, found + 1);
                }
            }
        }
        assert!(found > 300, "{name}: {found}");
        cuts_of.push((name, found));
    }
    let none: Vec<&str> =
        cuts_of.iter().filter(|(_, found)| *found == 0).map(|(name, _)| &**name).collect();
    let wanted = ["strips to the right", "words", "letters to the left", "across"];
    assert_eq!(none, wanted);
}

/// Compares all there is with one thread.
fn compare(tokenizer: &Tokenizer, texts: &[&str], options: Options<'_>, threads: usize) {
    let mut first_error = None;
    let mut wanted = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        match tokenizer.encode(text, options) {
            Ok(ids) => wanted.push(ids),
            Err(error) => {
                first_error = Some(BatchError { index, error });
                break;
            }
        }
    }
    let wanted = match first_error {
        Some(error) => Err(error),
        None => Ok(wanted),
    };
    assert_eq!(tokenizer.encode_batch_in(threads, texts, options), wanted);
    let counts =
        wanted.as_ref().map(|all| all.iter().map(Vec::len).collect()).map_err(|error| *error);
    assert_eq!(tokenizer.count_batch_in(threads, texts, options), counts);
    let whole = texts.concat();
    let serial = tokenizer.encode(&whole, options);
    assert_eq!(tokenizer.encode_parallel_in(threads, &whole, options), serial);
    // Into lists that are there: too many or too few, with something in them.
    for lists in [0, 3, texts.len() + 2] {
        let mut ids = vec![vec![7; 70_000]; lists.min(5)];
        ids.resize(lists, vec![8; 3]);
        let result = tokenizer.encode_batch_into(threads, texts, options, &mut ids);
        assert_eq!(result.map(|()| ids), wanted);
    }
    let mut ids = vec![7; 70_000];
    let result = tokenizer.encode_parallel_into(threads, &whole, options, &mut ids);
    assert_eq!(result.map(|()| ids), serial);
    if let Ok(wanted) = wanted {
        let bytes = wanted.iter().map(|ids| tokenizer.decode_bytes(ids)).collect::<Result<_, _>>();
        let bytes: Vec<Vec<u8>> = bytes.expect("known ids");
        assert_eq!(tokenizer.decode_bytes_batch_in(threads, &wanted), Ok(bytes));
    }
}

#[test]
fn random_texts_are_the_same_with_any_number_of_threads() {
    let mut random = Random::new(2);
    for (name, tokenizer) in tokenizers() {
        // A long one, and many that are short or empty.
        let long = text(&mut random, 60_000);
        let short: Vec<String> = (0..400)
            .map(|i| {
                let len = random.below(if i % 40 == 0 { 2000 } else { 20 });
                text(&mut random, len)
            })
            .collect();
        let mut texts: Vec<&str> = short.iter().map(String::as_str).collect();
        texts.insert(200, &long);
        eprintln!("{name}: {} bytes", long.len());
        let threads = 2 + random.below(6);
        compare(&tokenizer, &texts, Special::All.into(), threads);
        compare(&tokenizer, &texts, Special::Forbid.into(), threads);
    }
}

#[test]
fn corpora_are_the_same_with_any_number_of_threads() {
    let Some(shared) = common::shared() else { return };
    let files = ["english.txt", "code.txt", "multilingual.txt", "chat.txt"];
    for (file, tokenizer) in files.into_iter().zip([&GPT2, &CL100K_BASE, &O200K_BASE, &CL100K_BASE])
    {
        let text = std::fs::read_to_string(shared.join("corpus").join(file)).expect("a corpus");
        let mut end = text.len().min(300_000);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let texts: Vec<&str> = text[..end].split_inclusive("\n\n").collect();
        for threads in [1, 2, 3, 8] {
            compare(tokenizer, &texts, Special::AsText.into(), threads);
        }
    }
}

#[test]
fn the_first_error_is_that_of_one_thread() {
    let word = "plain text ".repeat(40_000);
    for places in [vec![300_000], vec![5, 400_000], vec![439_000, 100_001, 300_000]] {
        let mut text = word.clone();
        let first = *places.iter().min().expect("one");
        // From the last to the first, so that places stay.
        let mut places = places;
        places.sort_unstable_by(|a, b| b.cmp(a));
        for place in places {
            text.insert_str(place, "<|endoftext|>");
        }
        for threads in [1, 2, 5] {
            let error = GPT2.encode_parallel_in(threads, &text, Special::Forbid);
            let Err(EncodeError::Forbidden { token, at }) = error else { panic!("{error:?}") };
            assert_eq!((token.as_str(), at), ("<|endoftext|>", first));
            let texts = [&word[..50_000], &text, &text];
            let error = GPT2.count_batch_in(threads, &texts, Special::Forbid).expect_err("it");
            assert_eq!(
                (error.index, error.error),
                (1, EncodeError::Forbidden { token, at: first })
            );
        }
    }
    let ids = vec![vec![1; 30_000], vec![1, 2, u32::MAX, 3], vec![u32::MAX; 20_000]];
    for threads in [1, 3] {
        let error = GPT2.decode_batch_in(threads, &ids).expect_err("an id that is none");
        assert_eq!(
            error.to_string(),
            "number 1 of the batch: id 4294967295 (at index 2) has no token"
        );
    }
}

#[test]
fn lists_that_are_there_keep_their_memory() {
    let long = "a long text of many words, cut into parts. ".repeat(20_000);
    let texts = ["short", &long, "and another one"];
    let mut ids = Vec::new();
    let mut places = Vec::new();
    for _ in 0..2 {
        GPT2.encode_batch_into(3, &texts, Special::All, &mut ids).expect("nothing is forbidden");
        places.push(ids.iter().map(Vec::as_ptr).collect::<Vec<_>>());
    }
    assert_eq!(places[0], places[1]);
    let mut ids = Vec::new();
    GPT2.encode_parallel_into(3, &long, Special::All, &mut ids).expect("nothing is forbidden");
    let place = ids.as_ptr();
    GPT2.encode_parallel_into(3, &long, Special::All, &mut ids).expect("nothing is forbidden");
    assert_eq!((ids.as_ptr(), Ok(ids)), (place, GPT2.encode(&long, Special::All)));
}

#[test]
fn no_texts_and_no_text_are_no_matter() {
    assert_eq!(GPT2.encode_batch::<&str>(&[], Special::All), Ok(vec![]));
    assert_eq!(GPT2.encode_batch(&["", ""], Special::All), Ok(vec![vec![], vec![]]));
    assert_eq!(GPT2.encode_parallel("", Special::All), Ok(vec![]));
    assert_eq!(GPT2.decode_batch::<Vec<u32>>(&[]), Ok(vec![]));
    // A word without a place to cut.
    let word = "a".repeat(200_000);
    assert_eq!(GPT2.encode_parallel_in(3, &word, Special::All), GPT2.encode(&word, Special::All));
}

#[test]
fn a_pool_does_the_work_that_is_given_to_it() {
    let texts: Vec<String> = (0..3000).map(|i| format!("text number {i}, and some more")).collect();
    let wanted: Vec<Vec<u32>> = texts.iter().map(|text| GPT2.encode_ordinary(text)).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("a pool");
    assert_eq!(GPT2.encode_batch_in(&pool, &texts, Special::All).as_ref(), Ok(&wanted));
    // From the inside, many at once, more than the pool has threads.
    pool.scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|_| {
                assert_eq!(GPT2.encode_batch(&texts, Special::All).as_ref(), Ok(&wanted));
                let found = GPT2.encode_batch_in(&pool, &texts, Special::All);
                assert_eq!(found.as_ref(), Ok(&wanted));
            });
        }
    });
}

/// A process that was forked after a batch, and while batches run in another thread, has batches of its
/// own.
#[cfg(unix)]
#[test]
fn batches_work_after_a_fork() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let text = "some words to encode, again and again. ".repeat(10_000);
    let wanted = GPT2.encode_parallel_in(2, &text, Special::All).expect("nothing is forbidden");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let _ = GPT2.count_batch_in(2, &[&text], Special::All);
            }
        });
        for _ in 0..4 {
            // SAFETY: the child calls nothing that needs a lock of a thread that is gone: allocation is
            // made ready for forks by the C library, and it ends without running destructors.
            let child = unsafe { libc::fork() };
            if child == 0 {
                let found = GPT2.encode_parallel_in(2, &text, Special::All);
                let code = i32::from(found.as_ref() != Ok(&wanted));
                // SAFETY: ends this process.
                unsafe { libc::_exit(code) }
            }
            assert!(child > 0, "no fork");
            let (mut status, mut waited) = (0, 0);
            loop {
                // SAFETY: a child of this process, and a place for its status.
                let ended = unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) };
                if ended == child {
                    break;
                }
                waited += 1;
                if waited == 12_000 {
                    // SAFETY: as above; nobody else waits for it.
                    unsafe { libc::kill(child, libc::SIGKILL) };
                    panic!("the child hangs");
                }
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            assert_eq!(status, 0, "the child found other ids, or died");
        }
        stop.store(true, Ordering::Relaxed);
    });
}
