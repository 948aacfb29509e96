//! Sets of chars that patterns name.

use super::properties::{
    ALPHABETIC, CATEGORIES, CATEGORY_NAMES, LOWERCASE, SCRIPT_NAMES, SCRIPTS, UPPERCASE,
    WHITE_SPACE,
};
use comptok_core::pre_tokenizer::Syntax;
use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

/// The set of the chars from `first` to `last`; surrogates are not chars.
fn push_range(set: &mut Vec<ClassUnicodeRange>, first: u32, last: u32) {
    for (first, last) in [(first, last.min(0xD7FF)), (first.max(0xE000), last)] {
        if first <= last
            && let (Some(first), Some(last)) = (char::from_u32(first), char::from_u32(last))
        {
            set.push(ClassUnicodeRange::new(first, last));
        }
    }
}

/// The set of some chars.
pub(super) fn of(chars: impl IntoIterator<Item = char>) -> ClassUnicode {
    ClassUnicode::new(chars.into_iter().map(|c| ClassUnicodeRange::new(c, c)))
}

/// The set of the chars from `first` to `last`.
pub(super) fn range(first: char, last: char) -> ClassUnicode {
    ClassUnicode::new([ClassUnicodeRange::new(first, last)])
}

/// The set of all chars.
pub(super) fn all() -> ClassUnicode {
    range('\0', char::MAX)
}

/// The set of the other chars.
pub(super) fn not(mut set: ClassUnicode) -> ClassUnicode {
    set.negate();
    set
}

/// The set of the chars of both.
pub(super) fn union(mut set: ClassUnicode, other: &ClassUnicode) -> ClassUnicode {
    set.union(other);
    set
}

/// Whether the sets have no char in common.
pub(super) fn are_disjoint(one: &ClassUnicode, other: &ClassUnicode) -> bool {
    let mut common = one.clone();
    common.intersect(other);
    common.ranges().is_empty()
}

/// The chars in the runs (first code point << 8 | value) whose value is wanted.
fn from_runs(runs: &[u32], wanted: impl Fn(usize) -> bool) -> ClassUnicode {
    let mut set = Vec::new();
    for (at, run) in runs.iter().enumerate() {
        if wanted((run & 0xFF) as usize) {
            let end = runs.get(at + 1).map_or(0x11_0000, |next| next >> 8);
            push_range(&mut set, run >> 8, end - 1);
        }
    }
    ClassUnicode::new(set)
}

/// The chars in a list of first and last code points.
fn from_ranges(flat: &[u32]) -> ClassUnicode {
    let mut set = Vec::new();
    for &[first, last] in flat.as_chunks::<2>().0 {
        push_range(&mut set, first, last);
    }
    ClassUnicode::new(set)
}

/// The chars of the general categories whose short names begin with `prefix`.
fn categories(prefix: &str) -> ClassUnicode {
    from_runs(&CATEGORIES, |value| CATEGORY_NAMES[value][0].starts_with(prefix))
}

/// `\s`.
pub(super) fn space() -> ClassUnicode {
    from_ranges(&WHITE_SPACE)
}

/// `\d`.
pub(super) fn digit() -> ClassUnicode {
    categories("Nd")
}

/// `\h`, a hexadecimal digit.
pub(super) fn hex_digit() -> ClassUnicode {
    of(('0'..='9').chain('a'..='f').chain('A'..='F'))
}

/// `\w`, on which the engines do not agree, and Oniguruma in a bracketed class not with itself.
pub(super) fn word(syntax: Syntax, in_class: bool) -> ClassUnicode {
    let mut set = from_ranges(&ALPHABETIC);
    for part in ["M", "Nd", "Pc"] {
        set.union(&categories(part));
    }
    match (syntax, in_class) {
        (Syntax::FancyRegex, _) => set.union(&of(['\u{200C}', '\u{200D}'])),
        (Syntax::Oniguruma, false) => set.union(&of("²³¹¼½¾".chars())),
        (Syntax::Oniguruma, true) => {}
    }
    set
}

/// Both engines ignore case, spaces, underscores and hyphens in the names of properties.
fn loose(name: &str) -> String {
    let kept = name.chars().filter(|c| !matches!(c, ' ' | '_' | '-'));
    kept.map(|c| c.to_ascii_lowercase()).collect()
}

/// Long names of the groups of categories.
const GROUPS: [[&str; 2]; 7] = [
    ["L", "Letter"],
    ["M", "Mark"],
    ["N", "Number"],
    ["P", "Punctuation"],
    ["S", "Symbol"],
    ["Z", "Separator"],
    ["C", "Other"],
];

/// The names of properties that patterns may have, as the Unicode standard spells them.
pub fn property_names() -> impl Iterator<Item = &'static str> {
    // No char is a surrogate, and the engines do not agree on whether that is a name.
    let categories = CATEGORY_NAMES.iter().filter(|names| names[0] != "Cs");
    let binary = ["Alphabetic", "Lowercase", "Uppercase", "White_Space"];
    categories.chain(&GROUPS).flatten().copied().chain(SCRIPT_NAMES).chain(binary)
}

/// `\p{name}`, for the names whose sets are known to be the same in all engines.
pub(super) fn property(name: &str) -> Option<ClassUnicode> {
    let name = loose(name);
    let is = |other: &&str| loose(other) == name;
    if let Some(names) = CATEGORY_NAMES.iter().chain(&GROUPS).find(|names| names.iter().any(is)) {
        return (names[0] != "Cs").then(|| categories(names[0]));
    }
    if let Some(at) = SCRIPT_NAMES.iter().position(is) {
        return Some(from_runs(&SCRIPTS, |value| value == at + 1));
    }
    Some(from_ranges(match &*name {
        "alphabetic" => &ALPHABETIC,
        "lowercase" => &LOWERCASE,
        "uppercase" => &UPPERCASE,
        "whitespace" => &WHITE_SPACE,
        _ => return None,
    }))
}

/// `[:name:]` between brackets. ASCII only in the regex crate, Unicode in Oniguruma.
pub(super) fn posix(name: &str, syntax: Syntax) -> Option<ClassUnicode> {
    Some(match (syntax, name) {
        (_, "xdigit") => hex_digit(),
        (Syntax::Oniguruma, "alpha") => from_ranges(&ALPHABETIC),
        (Syntax::Oniguruma, "digit") => digit(),
        (Syntax::Oniguruma, "lower") => from_ranges(&LOWERCASE),
        (Syntax::Oniguruma, "upper") => from_ranges(&UPPERCASE),
        (Syntax::Oniguruma, "space") => space(),
        (Syntax::Oniguruma, "cntrl") => categories("Cc"),
        (Syntax::FancyRegex, "alpha") => of(('a'..='z').chain('A'..='Z')),
        (Syntax::FancyRegex, "alnum") => of(('0'..='9').chain('a'..='z').chain('A'..='Z')),
        (Syntax::FancyRegex, "digit") => range('0', '9'),
        (Syntax::FancyRegex, "lower") => range('a', 'z'),
        (Syntax::FancyRegex, "upper") => range('A', 'Z'),
        (Syntax::FancyRegex, "space") => of("\t\n\x0B\x0C\r ".chars()),
        (Syntax::FancyRegex, "cntrl") => of(('\0'..='\x1F').chain(['\x7F'])),
        (Syntax::FancyRegex, "punct") => of(('!'..='~').filter(char::is_ascii_punctuation)),
        _ => return None,
    })
}

/// The ASCII chars of a set with those that are equal to them but for case. The only such pairs beyond
/// ASCII are the Kelvin sign and the long s.
pub(super) fn fold_ascii(set: &mut ClassUnicode) {
    let mut added = Vec::new();
    for c in set.iter().flat_map(|range| range.start()..=range.end().min('\x7F')) {
        match c {
            'k' | 'K' => added.push('\u{212A}'),
            's' | 'S' => added.push('\u{17F}'),
            _ => {}
        }
        added.extend([c.to_ascii_lowercase(), c.to_ascii_uppercase()]);
    }
    set.union(&of(added));
}
