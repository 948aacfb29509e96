//! Every code point's class against what oniguruma and tiktoken say of it.

use comptok_core::unicode::class::{Class, Set};
use serde_json::Value;
use std::io::Read;
use std::path::PathBuf;

/// The tables of the reference libraries; `None` where the test material is absent.
fn reference() -> Option<Value> {
    let shared = std::env::var_os("COMPTOK_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
        PathBuf::from,
    );
    let path = shared.join("vectors/unicode_tables.json.gz");
    let Ok(file) = std::fs::File::open(&path) else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is absent", path.display());
        eprintln!("skipped: ../shared is absent");
        return None;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("the tables unpack");
    Some(serde_json::from_str(&text).expect("the tables are JSON"))
}

#[test]
fn every_code_point_is_in_the_sets_that_the_references_put_it_in() {
    let Some(reference) = reference() else { return };
    let sets = [
        (Set::of(&[Class::LOWER]), r"\p{Ll}"),
        (Set::LETTERS, r"\p{L}"),
        (Set::MARKS, r"\p{M}"),
        (Set::NUMBERS, r"\p{N}"),
        (Set::SPACES, r"\s"),
        (Set::PUNCTUATION, r"\p{P}"),
        (Set::SYMBOLS, r"\p{S}"),
        (Set::HAN, r"\p{Han}"),
        (Set::SPACES.or(Set::LETTERS).or(Set::NUMBERS).not(), r"[^\s\p{L}\p{N}]"),
    ];
    let unions = [
        (Set::of(&[Class::UPPER]), [r"\p{Lu}", r"\p{Lt}"]),
        (Set::of(&[Class::LETTER]), [r"\p{Lm}", r"\p{Lo}"]),
    ];
    let mut wanted: Vec<(Set, Vec<String>)> = Vec::new();
    for library in ["onig", "tiktoken"] {
        wanted.extend(sets.map(|(set, name)| (set, vec![format!("{library} {name}")])));
        wanted.extend(
            unions.map(|(set, names)| (set, names.map(|n| format!("{library} {n}")).into())),
        );
    }
    let (mut tables, mut compared) = (0, 0);
    for (set, names) in wanted {
        let mut answers = vec![false; 0x11_0000];
        let mut known = 0;
        for name in &names {
            let Some(ranges) = reference["sets"][name].as_array() else { continue };
            known += 1;
            for range in ranges {
                let bound = |i: usize| range[i].as_u64().expect("a code point") as usize;
                answers[bound(0)..=bound(1)].fill(true);
            }
        }
        if known < names.len() {
            // The tables hold \p{P}, \p{S} and the negated class for oniguruma only.
            assert!(known == 0 && names[0].starts_with("tiktoken"), "no table {names:?}");
            continue;
        }
        tables += 1;
        for c in '\0'..=char::MAX {
            let class = Class::of(c.into());
            assert_eq!(set.contains(class), answers[c as usize], "{c:?} {class:?} {names:?}");
            compared += 1;
        }
    }
    eprintln!("{tables} tables, {compared} answers compared");
    assert_eq!((tables, compared), (19, 19 * (0x11_0000 - 0x800)));
}

#[test]
fn numbers_that_are_no_chars_are_in_no_class() {
    for code in (0xD800..0xE000).chain([0x11_0000, u32::MAX]) {
        assert_eq!(Class::of(code), Class::OTHER, "{code:x}");
    }
}
