//! What holds for every scanner, whatever its pattern. (That each agrees with its pattern is settled
//! in tests/oracle.)

mod drawn;

use comptok_core::pre_tokenizer::{
    Cl100k, Clip, DeepseekV3, Gpt2, Kimi, Kind, Llama3, O200k, Qwen2, Qwen3_5, R50k, Scanner,
    Tekken,
};
use drawn::{PARTS, random};
use std::time::{Duration, Instant};

/// Calls a generic function with each scanner.
macro_rules! each_scanner {
    ($function:ident $arguments:tt) => {{
        $function(Kind::Gpt2, Gpt2, &$arguments);
        $function(Kind::R50k, R50k, &$arguments);
        $function(Kind::Cl100k, Cl100k, &$arguments);
        $function(Kind::Llama3, Llama3, &$arguments);
        $function(Kind::Qwen2, Qwen2, &$arguments);
        $function(Kind::Qwen3_5, Qwen3_5, &$arguments);
        $function(Kind::O200k, O200k, &$arguments);
        $function(Kind::Tekken, Tekken, &$arguments);
        $function(Kind::DeepseekV3, DeepseekV3, &$arguments);
        $function(Kind::Kimi, Kimi, &$arguments);
        $function(Kind::Clip, Clip, &$arguments);
    }};
}

fn ends<S: Scanner>(scanner: S, text: &[u8]) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut at = 0;
    while at < text.len() {
        at = scanner.end(text, at);
        assert!(at > ends.last().copied().unwrap_or(0) && at <= text.len());
        ends.push(at);
    }
    ends
}

/// Texts of those parts.
fn texts() -> Vec<Vec<u8>> {
    let mut random = random();
    (0..2_000)
        .map(|_| (0..random(24)).flat_map(|_| PARTS[random(PARTS.len())].to_vec()).collect())
        .collect()
}

fn suffix_alone<S: Scanner>(kind: Kind, scanner: S, texts: &[Vec<u8>]) {
    for text in texts {
        for start in 0..text.len() {
            let end = scanner.end(text, start);
            assert!(end > start && end <= text.len(), "{} {text:x?} {start}", kind.name());
            assert_eq!(end - start, scanner.end(&text[start..], 0), "{} {text:x?}", kind.name());
        }
    }
}

#[test]
fn an_end_depends_on_what_follows_its_start_only() {
    each_scanner!(suffix_alone(texts()));
}

fn filled<S: Scanner>(kind: Kind, scanner: S, texts: &[Vec<u8>]) {
    for text in texts {
        let wanted = ends(scanner, text);
        for size in [1, 2, 7, 64] {
            let (mut found, mut slots) = (Vec::new(), vec![usize::MAX; size]);
            loop {
                let start = found.last().copied().unwrap_or(0);
                let written = scanner.fill(text, start, &mut slots);
                found.extend_from_slice(&slots[..written]);
                if written < size {
                    break;
                }
            }
            assert_eq!(found, wanted, "{} {text:x?}", kind.name());
        }
    }
    assert_eq!(scanner.fill(b"a", 0, &mut []), 0);
    assert_eq!(scanner.fill(b"a", 1, &mut [0]), 0);
}

#[test]
fn fill_writes_the_ends_one_after_the_other() {
    each_scanner!(filled(texts()));
}

/// The text with U+0378, which is unassigned, for each byte that is not part of a char, and for each
/// of its bytes the place in `text`.
fn repaired(text: &[u8]) -> (String, Vec<usize>) {
    let (mut string, mut places, mut at) = (String::new(), Vec::new(), 0);
    for chunk in text.utf8_chunks() {
        string.push_str(chunk.valid());
        places.extend(at..at + chunk.valid().len());
        at += chunk.valid().len();
        for _ in chunk.invalid() {
            string.push('\u{378}');
            places.extend([at, at]);
            at += 1;
        }
    }
    places.push(at);
    (string, places)
}

fn invalid<S: Scanner>(kind: Kind, scanner: S, texts: &[Vec<u8>]) {
    for text in texts {
        let (string, places) = repaired(text);
        let wanted: Vec<usize> =
            ends(scanner, string.as_bytes()).iter().map(|&end| places[end]).collect();
        assert_eq!(ends(scanner, text), wanted, "{} {text:x?}", kind.name());
        let boundary = |&end: &usize| string.is_char_boundary(end);
        assert!(ends(scanner, string.as_bytes()).iter().all(boundary));
    }
}

#[test]
fn a_byte_that_is_no_char_counts_as_an_unassigned_char() {
    each_scanner!(invalid(texts()));
}

fn pieces<S: Scanner>(scanner: S, text: &str) -> Vec<&str> {
    let mut start = 0;
    let piece = |end| &text[std::mem::replace(&mut start, end)..end];
    ends(scanner, text.as_bytes()).into_iter().map(piece).collect()
}

#[test]
fn the_patterns_differ_where_they_should() {
    assert_eq!(
        pieces(Gpt2, "I'LL  be'll 12345!\n\n"),
        ["I", "'", "LL", " ", " be", "'ll", " 12345", "!", "\n\n"]
    );
    assert_eq!(
        pieces(Cl100k, "I'LL\tbe 12345!\n\n x"),
        ["I", "'LL", "\tbe", " ", "123", "45", "!\n\n", " x"]
    );
    // White space that ends the text: whole, or cut behind the last line break.
    assert_eq!(pieces(Cl100k, "a\n  "), ["a", "\n  "]);
    assert_eq!(pieces(Llama3, "a\n  "), ["a", "\n", "  "]);
    assert_eq!(pieces(Qwen2, "x12 'ſ"), ["x", "1", "2", " '", "ſ"]);
    assert_eq!(pieces(Qwen2, "x'ſ"), ["x", "'ſ"]);
    // A combining mark is punctuation for one and part of the word for the other.
    assert_eq!(pieces(Qwen2, "e\u{301}e"), ["e", "\u{301}e"]);
    assert_eq!(pieces(Qwen3_5, "e\u{301}e"), ["e\u{301}e"]);
    assert_eq!(
        pieces(O200k, "HTTPServer'S camelCase中AB!/\n/"),
        ["HTTPServer'S", " camel", "Case中", "AB", "!/\n/"]
    );
    // The upper case letters behind a mark are not its word.
    assert_eq!(pieces(O200k, " \u{301}AB"), [" \u{301}", "AB"]);
    assert_eq!(pieces(Tekken, "I'm 42"), ["I", "'m", " ", "4", "2"]);
    assert_eq!(
        pieces(Kimi, "I'm 中文AB's 〇1〇!⺀\n/中'Dé"),
        ["I'm", " ", "中文", "AB's", " ", "〇", "1〇", "!⺀\n", "/", "中", "'Dé"]
    );
    assert_eq!(
        pieces(Clip, "<|startoftext|> I've <12> it's\n\n!'s <|end"),
        [
            "<|startoftext|>",
            " ",
            "I",
            "'ve",
            " ",
            "<",
            "1",
            "2",
            ">",
            " ",
            "it",
            "'s",
            "\n\n",
            "!'",
            "s",
            " ",
            "<|",
            "end"
        ]
    );
    assert_eq!(
        pieces(DeepseekV3, "a  1日本゛\r\n\u{1}\u{2}b'té\u{1}\u{2}"),
        ["a", "  ", "1", "日本", "゛", "\r\n", "\u{1}", "\u{2}b", "'t", "é", "\u{1}\u{2}"]
    );
}

fn time<S: Scanner>(scanner: S, text: &[u8]) -> Duration {
    let (start, mut at, mut slots) = (Instant::now(), 0, [0; 8]);
    loop {
        match scanner.fill(text, at, &mut slots) {
            0 => return start.elapsed(),
            written => at = slots[written - 1],
        }
    }
}

/// Twice the text takes less than three times as long.
fn linear<S: Scanner>(kind: Kind, scanner: S, runs: &[(&str, &str)]) {
    const MEGABYTE: usize = 1_000_000;
    for (head, unit) in runs {
        let text = |len: usize| (*head).to_owned() + &unit.repeat(len / unit.len());
        let (once, twice) = (text(MEGABYTE), text(2 * MEGABYTE));
        // A busy machine may be slow for a while; a quadratic scan is slow every time.
        let [mut fastest, mut fastest_twice] = [Duration::MAX; 2];
        let is_linear = (0..40).any(|_| {
            fastest = fastest.min(time(scanner, once.as_bytes()));
            fastest_twice = fastest_twice.min(time(scanner, twice.as_bytes()));
            fastest_twice < 3 * fastest
        });
        assert!(is_linear, "{} on a run of {unit:?} after {head:?}", kind.name());
    }
}

#[test]
fn long_runs_take_linear_time() {
    each_scanner!(linear([
        ("", "a"),
        ("", " "),
        ("", "\n"),
        ("", "\r\n "),
        ("\n", " "),
        ("", "\u{3000}"),
        ("", "中"),
        ("", "\u{301}"),
        ("", "A"),
        ("", "中A"),
        ("中", "A"),
        (" \u{301}", "A"),
        ("", "aA"),
        ("", "0"),
        ("", "!"),
        ("", "/"),
        ("!\n", "/"),
        ("", "'"),
        ("", "\u{1}"),
        ("", "\u{1}中"),
        ("", "゛"),
        ("", "゛\n"),
        ("", "\u{3040}"),
    ]));
}
