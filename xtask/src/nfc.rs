//! Generates the NFC tables by asking the very crate that HuggingFace tokenizers normalizes with.

use crate::generate::{push_array, two_stage, write as write_file};
use std::collections::{BTreeMap, BTreeSet};
use unicode_normalization_alignments::char::{
    canonical_combining_class, compose, decompose_canonical,
};
use unicode_normalization_alignments::{IsNormalized, UNICODE_VERSION, is_nfc_quick};

const PATH: &str = "tok-core/src/unicode/nfc_tables.rs";

const SHIFT: usize = 6;
/// Set in an element of a decomposition if it may compose with a char before it.
const MAYBE: u32 = 1 << 23;
/// Set in the last element of a decomposition.
const LAST: u32 = 1 << 22;
/// Values from here on are offsets of decompositions.
const DECOMPOSES: u16 = 0x200;
/// Set for a decomposition whose char may stay composed.
const STAYS: u16 = 0x8000;

fn is_hangul_syllable(c: char) -> bool {
    ('\u{AC00}'..='\u{D7A3}').contains(&c)
}

/// The full canonical decomposition of a char, if it has one that is not algorithmic.
fn decomposition(c: char) -> Option<Vec<char>> {
    let mut parts = Vec::new();
    decompose_canonical(c, |part| parts.push(part));
    (parts != [c] && !is_hangul_syllable(c)).then_some(parts)
}

fn quick(c: char) -> IsNormalized {
    // A mark alone cannot be out of order, so the answer is the one for this char.
    is_nfc_quick(std::iter::once(c))
}

fn is_maybe(c: char) -> bool {
    quick(c) == IsNormalized::Maybe
}

fn element(c: char) -> u32 {
    let class = u32::from(canonical_combining_class(c));
    (class << 24) | if is_maybe(c) { MAYBE } else { 0 } | u32::from(c)
}

fn chars() -> impl Iterator<Item = char> {
    '\0'..=char::MAX
}

/// All primary composites: (first, second, composed), the algorithmic ones apart.
fn compositions() -> Vec<(char, char, char)> {
    let decomposing: BTreeMap<char, Vec<char>> =
        chars().filter_map(|c| Some((c, decomposition(c)?))).collect();
    let mut firsts: BTreeSet<char> = decomposing.keys().copied().collect();
    firsts.extend(decomposing.values().map(|parts| parts[0]));
    // Whatever composes backwards ends the decomposition of something.
    let seconds: BTreeSet<char> =
        decomposing.values().filter_map(|parts| parts.last().copied()).collect();
    let mut pairs = Vec::new();
    for &first in &firsts {
        for &second in &seconds {
            if let Some(composed) = compose(first, second) {
                assert!(!is_hangul_syllable(composed));
                pairs.push((first, second, composed));
            }
        }
    }
    let composing: BTreeSet<char> = pairs.iter().map(|&(_, second, _)| second).collect();
    let jamo = ('\u{1161}'..='\u{1175}').chain('\u{11A8}'..='\u{11C2}');
    let maybe: BTreeSet<char> = chars().filter(|&c| is_maybe(c)).collect();
    assert_eq!(maybe, jamo.chain(composing).collect(), "every pair was found");
    pairs
}

/// The value of each code point, and the decompositions that the values point to.
fn values() -> (Vec<u16>, Vec<u32>) {
    let (mut values, mut parts) = (vec![0u16; 0x11_0000], Vec::<u32>::new());
    for c in chars() {
        let value = &mut values[c as usize];
        let Some(decomposed) = decomposition(c) else {
            assert!(quick(c) != IsNormalized::No);
            *value = u16::from(canonical_combining_class(c)) | u16::from(is_maybe(c)) << 8;
            continue;
        };
        assert!(!is_maybe(c), "no char both decomposes and composes backwards");
        let stays = quick(c) == IsNormalized::Yes;
        let first = decomposed[0];
        assert!(!stays || canonical_combining_class(first) == 0 && !is_maybe(first));
        assert!(decomposed.iter().all(|&part| decomposition(part).is_none()), "it is a full one");
        let classes = || decomposed.iter().map(|&part| canonical_combining_class(part));
        assert!(
            classes().skip_while(|class| *class == 0).all(|class| class > 0),
            "class 0 is first"
        );
        assert!(
            classes().skip_while(|class| *class == 0).is_sorted(),
            "and the others are in order"
        );
        assert!(decomposed.len() <= 4);
        *value = DECOMPOSES + u16::try_from(parts.len()).expect("a few thousand elements");
        assert!(*value < STAYS);
        *value |= u16::from(stays) * STAYS;
        parts.extend(decomposed.into_iter().map(element));
        *parts.last_mut().expect("just extended") |= LAST;
    }
    (values, parts)
}

/// Writes tok-core/src/unicode/nfc_tables.rs.
pub(crate) fn write() -> Result<(), String> {
    write_file(PATH, &source())
}

fn source() -> String {
    let (mut values, parts) = values();
    // Trailing blocks of ordinary code points need no entry.
    let length = values.iter().rposition(|&value| value != 0).map_or(0, |last| last + 1);
    values.truncate(length.next_multiple_of(1 << SHIFT));
    let is_quiet = |block: &[u16]| block.iter().all(|&value| value == 0 || value >= STAYS);
    let (index, blocks, quiet) = two_stage::<SHIFT>(&values, is_quiet);
    let (major, minor, update) = UNICODE_VERSION;
    let mut out = format!(
        "// @generated by `cargo xtask nfc` from unicode-normalization-alignments; do not edit.\n\
         //! The data behind NFC, of Unicode {major}.{minor}.{update}.\n"
    );
    out.push_str(
        "\n/// The first so many blocks have only chars that stay as they are after any other.\n",
    );
    out.push_str(&format!("pub(super) const QUIET: u8 = {quiet};\n"));
    push_array(&mut out, "Block number of each 64 code points.", "INDEX", "u8", &index);
    push_array(
        &mut out,
        "Blocks of 64 values: a combining class (plus 0x100 if the char may compose backwards), \
         or 0x200\n/// plus an offset in `PARTS` (plus 0x8000 if the char may stay composed).",
        "BLOCKS",
        "u16",
        &blocks,
    );
    push_array(
        &mut out,
        "Decompositions: combining class in bits 24 and up, bit 23 for a char that may compose\n\
         /// backwards, bit 22 for the last of its decomposition, below them the char.",
        "PARTS",
        "u32",
        &parts,
    );
    let pairs = compositions();
    let (keys, composed): (Vec<u64>, Vec<u32>) = pairs
        .iter()
        .map(|&(first, second, composed)| {
            (u64::from(first) << 32 | u64::from(second), u32::from(composed))
        })
        .unzip();
    assert!(keys.is_sorted());
    push_array(&mut out, "First char << 32 | second char, sorted.", "PAIRS", "u64", &keys);
    push_array(&mut out, "What each of the pairs composes to.", "COMPOSED", "u32", &composed);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptok_core::unicode::nfc::{is_nfc, normalize, stable_len};
    use flate2::read::GzDecoder;
    use std::fs::File;
    use std::path::PathBuf;
    use unicode_normalization_alignments::UnicodeNormalization as _;

    /// Each char of the result with the number of chars of the text that it stands for.
    type Aligned = Vec<(char, usize)>;

    fn reference(text: &str) -> Aligned {
        let source_len =
            |change: isize| usize::try_from(1 - change).expect("at most one is inserted");
        text.nfc().map(|(c, change)| (c, source_len(change))).collect()
    }

    fn ours(text: &str) -> Aligned {
        let mut out = Aligned::new();
        let mut at = 0;
        normalize(text.as_bytes(), |range, bytes| {
            assert_eq!(range.start, at, "the ranges tile {text:?}");
            at = range.end;
            let source = &text[range];
            let bytes = str::from_utf8(bytes).expect("text gives text");
            if source == bytes {
                out.extend(bytes.chars().map(|c| (c, 1)));
            } else {
                let mut chars = bytes.chars();
                out.push((chars.next().expect("never empty"), source.chars().count()));
                assert_eq!(chars.next(), None);
            }
        });
        assert_eq!(at, text.len());
        out
    }

    fn check(text: &str) {
        let (want, got) = (reference(text), ours(text));
        if want != got {
            // Not assert_eq: some of the texts are long.
            let at = want.iter().zip(&got).take_while(|(a, b)| a == b).count();
            let (want, got) = (want.get(at..).unwrap_or(&[]), got.get(at..).unwrap_or(&[]));
            let part: String = text.chars().take(20).collect();
            panic!(
                "{part:?}, char {at}: {:?} for {:?}",
                &got[..got.len().min(9)],
                &want[..want.len().min(9)]
            );
        }
        if is_nfc(text.as_bytes()) {
            assert!(text.nfc().map(|(c, _)| c).eq(text.chars()), "{text:?} is not NFC");
        }
    }

    /// xorshift: seeded, and the same on every machine.
    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as usize % limit
        }

        fn pick<T: Copy>(&mut self, from: &[T]) -> T {
            from[self.below(from.len())]
        }
    }

    /// Chars with something to do in NFC, by kind.
    fn kinds() -> [Vec<char>; 5] {
        let marks = chars().filter(|&c| canonical_combining_class(c) != 0).collect();
        let maybe = chars().filter(|&c| is_maybe(c)).collect();
        let decomposing = chars().filter(|&c| decomposition(c).is_some()).collect();
        let firsts: BTreeSet<char> = compositions().iter().map(|&(first, ..)| first).collect();
        let hangul = ('\u{1100}'..='\u{11FF}').chain('\u{AC00}'..='\u{AC40}').collect();
        [marks, maybe, decomposing, firsts.into_iter().collect(), hangul]
    }

    #[test]
    fn the_tables_are_up_to_date() {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(PATH);
        let written = std::fs::read_to_string(path).expect("the tables are in the repository");
        assert!(written == source(), "run `cargo xtask nfc`");
    }

    #[test]
    fn every_code_point() {
        let (mut text, mut unsure) = (String::new(), 0);
        for c in chars() {
            text.clear();
            text.push(c);
            check(&text);
            unsure += usize::from(!is_nfc(text.as_bytes()));
        }
        let expected = chars().filter(|&c| quick(c) != IsNormalized::Yes).count();
        assert_eq!(unsure, expected, "the quick check is the reference's");
    }

    #[test]
    fn every_pair_of_a_starter_and_what_may_compose() {
        let [marks, maybe, decomposing, firsts, _] = kinds();
        let mut by_class: BTreeMap<u8, char> = BTreeMap::new();
        for &mark in &marks {
            by_class.entry(canonical_combining_class(mark)).or_insert(mark);
        }
        let seconds: BTreeSet<char> = maybe.into_iter().chain(by_class.into_values()).collect();
        let mut pairs = 0;
        for &first in decomposing.iter().chain(&firsts).chain(&['x', '가', '각', '\u{1100}']) {
            for &second in &seconds {
                check(&String::from_iter([first, second]));
                pairs += 1;
            }
        }
        assert!(pairs > 300_000, "{pairs}");
    }

    #[test]
    fn random_strings() {
        let kinds = kinds();
        let mut random = Random(0x1234_5678_9ABC_DEF1);
        let mut text = String::new();
        for _ in 0..100_000 {
            text.clear();
            for _ in 0..random.below(12) {
                text.push(match random.below(8) {
                    0 => 'a',
                    1 => char::from_u32(random.below(0x11_0000) as u32).unwrap_or('b'),
                    2 | 3 => random.pick(&kinds[0]),
                    kind => random.pick(&kinds[kind - 3]),
                });
            }
            check(&text);
            // Whatever follows, a stable prefix keeps its normal form.
            let stable = stable_len(text.as_bytes());
            let nfc = |text: &str| text.nfc().map(|(c, _)| c).collect::<String>();
            assert_eq!(nfc(&text[..stable]) + &nfc(&text[stable..]), nfc(&text), "{text:?}");
        }
    }

    #[test]
    fn runs_of_marks_of_any_length() {
        let kinds = kinds();
        let mut random = Random(99);
        for length in (28..40).chain([1000, 20_000]) {
            for start in ["", "e", "é", "\u{1E69}", "\u{344}", "\u{1100}", "x\u{FB4E}"] {
                let mut text = String::from(start);
                text.extend((0..length).map(|_| match random.below(10) {
                    0 => random.pick(&['\u{301}', '\u{323}', '\u{344}']),
                    _ => random.pick(&kinds[0]),
                }));
                text.push_str("\u{1161}\u{11A8}e\u{301}");
                check(&text);
            }
        }
    }

    #[test]
    fn the_shared_table() {
        let root = std::env::var_os("COMPTOK_SHARED")
            .map_or(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
        let Ok(file) = File::open(root.join("vectors/unicode_tables.json.gz")) else {
            assert!(std::env::var_os("CI").is_none(), "../shared is absent");
            eprintln!("skipped: ../shared is absent");
            return;
        };
        let tables: serde_json::Value =
            serde_json::from_reader(GzDecoder::new(file)).expect("the file is JSON");
        let map = tables["maps"]["NFC"].as_object().expect("it has a map for NFC");
        for c in chars() {
            let text = c.to_string();
            let want = map.get(&format!("{:X}", c as u32)).and_then(|to| to.as_str());
            let got: String = ours(&text).into_iter().map(|(c, _)| c).collect();
            assert_eq!(got, want.unwrap_or(&text), "U+{:X}", c as u32);
        }
        assert_eq!(map.len(), 1120);
    }
}
