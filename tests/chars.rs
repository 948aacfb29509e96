//! Merging that begins with characters gives what merging that begins with bytes gives.

#[path = "support/bundled.rs"]
mod bundled;
#[path = "../tok-core/tests/drawn/mod.rs"]
#[expect(dead_code, reason = "other tests use all of it")]
mod drawn;
#[path = "support/textbook.rs"]
mod textbook;

use bundled::load;
use comptok::Tokenizer;
use comptok_core::{
    blob::{Tables, lookup},
    model::bpe::{
        SHORT, TablePairs, chars, merge_bits, merge_heap, merge_long, merge_short,
        seams::{self, Seams},
        words_for,
    },
};
use proptest::prelude::*;

fn compare(tables: &Tables<'_>, bytes: &[u8]) {
    let pairs = TablePairs(tables);
    let (mut fast, mut plain) = ([0; SHORT], [0; SHORT]);
    let wanted = merge_short(&pairs, bytes, &mut plain);
    let found = merge_bits(&pairs, bytes, &mut fast).expect("there is room");
    assert_eq!(fast[..found], plain[..wanted], "{bytes:02X?} {}", String::from_utf8_lossy(bytes));
}

/// The same for text of any length, where the heap is what to compare with.
fn compare_long(tables: &Tables<'_>, bytes: &[u8]) {
    let pairs = TablePairs(tables);
    let mut words = vec![[0; 8]; words_for(bytes.len())];
    let symbols = |words: &[[u8; 8]]| -> Vec<u32> {
        words.iter().map(|&word| u64::from_ne_bytes(word) as u32).collect()
    };
    let count = merge_heap(&pairs, bytes, &mut words).expect("there is room");
    let wanted = symbols(&words[..count]);
    let len_of = |symbol| {
        let id = tables.symbol_id(symbol);
        if id == lookup::NONE { 1 } else { tables.token(id).map_or(0, <[u8]>::len) }
    };
    let count = merge_long(&pairs, bytes, len_of, &mut words).expect("there is room");
    assert_eq!(symbols(&words[..count]), wanted, "{}", String::from_utf8_lossy(bytes));
}

/// Every character that merging may begin with, between others, and between bytes that are none.
fn check(name: &str, at_least: usize) {
    let tokenizer = load(name);
    let tables = Tables::new(tokenizer.as_bytes(), tokenizer.header());
    let mut buffer = [0; 4];
    let quiet: Vec<char> = (0x80..0x4_0000)
        .filter_map(char::from_u32)
        .filter(|char| chars::begin(&tables, char.encode_utf8(&mut buffer).as_bytes(), 0).is_some())
        .collect();
    assert!(quiet.len() >= at_least, "{name}: {} characters", quiet.len());
    let mut random = drawn::random();
    let mut text = Vec::new();
    for (at, &char) in quiet.iter().enumerate() {
        text.clear();
        let push = |text: &mut Vec<u8>, random: &mut dyn FnMut(usize) -> usize| {
            let other = match random(8) {
                // Neighbours in the table are mostly of the same script.
                0..=3 => quiet[(at + random(64)) % quiet.len()],
                4 | 5 => quiet[random(quiet.len())],
                6 => char::from(b' ' + random(95) as u8),
                _ => {
                    text.push(random(256) as u8);
                    return;
                }
            };
            text.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
        };
        if random(3) == 0 {
            text.push(b' ');
        }
        for _ in 0..random(4) {
            push(&mut text, &mut random);
        }
        text.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        for _ in 0..random(8) {
            push(&mut text, &mut random);
        }
        text.truncate(SHORT);
        compare(&tables, &text);
    }
}

#[test]
fn characters_of_gpt2() {
    check("gpt2", 1500);
}

#[test]
fn characters_of_cl100k_base() {
    check("cl100k_base", 1500);
}

#[test]
fn characters_of_o200k_base() {
    check("o200k_base", 1500);
}

/// Chars of three and four bytes, all that stand together in the table, in long text: nothing joins most of them.
fn check_wide(name: &str, most: f64) {
    let tokenizer = load(name);
    let tables = Tables::new(tokenizer.as_bytes(), tokenizer.header());
    let ranges = [0x3041..0x30FF, 0x4E00..0x9FFF, 0xAC00..0xD7A3, 0x0E01..0x0E5B, 0x1F300..0x1F9FF];
    let mut random = drawn::random();
    let (mut groups, mut chars) = (0, 0);
    for round in 0..2000 {
        let range = ranges[round % ranges.len()].clone();
        let text: String = (0..1 + random(120))
            .filter_map(|_| {
                let range = if random(8) == 0 { &ranges[random(ranges.len())] } else { &range };
                let c = range.start + random((range.end - range.start) as usize) as u32;
                if random(32) == 0 { Some('a') } else { char::from_u32(c) }
            })
            .collect();
        compare_long(&tables, text.as_bytes());
        let short: String = text.chars().take(SHORT / 4).collect();
        compare(&tables, short.as_bytes());
        chars += text.chars().count();
        groups += seams::count(Seams::of(&tables).expect("there are some"), text.as_bytes());
    }
    // If nothing was ever cut, there was nothing to compare.
    assert!(groups as f64 > most * chars as f64, "{name}: {groups} groups of {chars} chars");
}

#[test]
fn wide_characters_of_gpt2() {
    check_wide("gpt2", 0.7);
}

#[test]
fn wide_characters_of_cl100k_base() {
    check_wide("cl100k_base", 0.7);
}

#[test]
fn wide_characters_of_o200k_base() {
    check_wide("o200k_base", 0.7);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Vocabularies of drawn merges over the bytes of a few characters: what real ones hardly have, merges
    /// across characters that come first, is common here.
    #[test]
    fn drawn_vocabularies(
        pairs in prop::collection::vec((0usize..400, 0usize..400), 50..300),
        texts in prop::collection::vec(prop::collection::vec(prop::sample::select(CHARS), 0..14), 64),
        bytes in prop::collection::vec(
            prop::collection::vec(prop::sample::select(TEXT.as_bytes()), 0..40), 32),
    ) {
        let merges = textbook::Merges::over(TEXT, b"", &pairs, 12);
        let tokenizer = Tokenizer::from_bytes(&merges.tokenizer_json("null"));
        let tokenizer = tokenizer.unwrap_or_else(|e| panic!("{e}"));
        let tables = Tables::new(tokenizer.as_bytes(), tokenizer.header());
        for text in &texts {
            compare(&tables, text.iter().collect::<String>().as_bytes());
        }
        let wide = texts.concat().into_iter().filter(|c| c.len_utf8() > 2).collect::<String>();
        compare_long(&tables, wide.as_bytes());
        for part in wide.as_bytes().chunks(SHORT) {
            compare(&tables, part);
        }
        for bytes in &bytes {
            compare(&tables, bytes);
        }
    }
}

/// What drawn vocabularies and texts are made of.
const TEXT: &str = " aéèбвг中丮あい😀😂";
const CHARS: &[char] =
    &[' ', ' ', 'a', 'é', 'è', 'б', 'в', 'г', '中', '丮', 'あ', 'い', '😀', '😂', 'я', '乎'];
