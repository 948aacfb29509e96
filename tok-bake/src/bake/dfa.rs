//! Bakes a pattern that has no scanner of its own into the automaton of
//! [`comptok_core::pre_tokenizer::dfa`].
//!
//! The pattern is read as its engine reads it, `possessive` and atomic parts are made greedy where that is
//! proven to be the same, and what an automaton cannot do exactly is an error that names it. Here the one
//! look-ahead that can be done is the alternative `\s+(?!\S)`; `looks` bakes the others, for the general engine.

mod looks;
mod properties;
mod prove;
mod sets;
mod syntax;
mod table;

pub use sets::property_names;

use comptok_core::pre_tokenizer::Syntax;
use comptok_core::pre_tokenizer::dfa::{HEADER_LEN, MAGIC, MATCH, SPACE_TAIL, VERSION};
use looks::Tables;
use prove::Alternative;
use regex_syntax::hir::{Class, Hir, Look, Repetition};
use std::fmt;
use table::{Kind, Table};

/// A pattern cannot be baked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    /// Where in the pattern, in chars from 1.
    pub column: usize,
    /// What is there.
    pub what: String,
}

impl PatternError {
    fn new(column: usize, what: impl Into<String>) -> Self {
        Self { column, what: what.into() }
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pattern, column {}: cannot bake {}", self.column, self.what)
    }
}

impl std::error::Error for PatternError {}

/// The longest match attempt without result that the walker may repeat at every place of a text.
const SHORT_DOUBT: usize = 64;

/// The image of `pattern` for [`comptok_core::pre_tokenizer::dfa::Dfa`].
///
/// ```
/// use comptok_bake::bake::dfa::bake;
/// use comptok_core::pre_tokenizer::Syntax;
/// use comptok_core::pre_tokenizer::dfa::Dfa;
///
/// let image = bake(r"\p{L}+|\p{N}{1,3}", Syntax::Oniguruma)?;
/// let dfa = Dfa::parse(&image).expect("just baked");
/// let text = "year 2024";
/// let parts: Vec<_> = dfa.splits(text.as_bytes()).map(|split| &text[split.range()]).collect();
/// assert_eq!(parts, ["year", " ", "202", "4"]);
/// # Ok::<(), comptok_bake::bake::dfa::PatternError>(())
/// ```
///
/// # Errors
/// Look-behind, back-references, word boundaries, look-ahead but for `\s+(?!\S)`, possessive and atomic
/// parts that greedy matching is not proven to equal, a pattern that matches the empty text, what the
/// engines are not known to read alike, and automata of more than some 10 MB.
pub fn bake(pattern: &str, syntax: Syntax) -> Result<Vec<u8>, PatternError> {
    let alternatives = prove::alternatives(syntax::parse(pattern, syntax)?)?;
    let tail = alternatives.iter().position(|other| matches!(other, Alternative::SpaceTail));
    let table = |expressions: &[Hir], codes: &[u8], kind| {
        let error = |error| PatternError::new(1, format!("the whole: {error}"));
        Table::build(expressions, codes, kind).map_err(error)
    };
    let at_a_place = |alternatives: &[Alternative]| {
        let (expressions, codes): (Vec<Hir>, Vec<u8>) = alternatives
            .iter()
            .map(|alternative| match alternative {
                Alternative::Regular(hir) => (hir.clone(), MATCH),
                Alternative::SpaceTail => (repeat(space(), 1, true), SPACE_TAIL),
            })
            .unzip();
        table(&expressions, &codes, Kind::Forward)
    };
    let main = at_a_place(&alternatives)?;
    let rest = match tail.map(|at| &alternatives[at + 1..]) {
        None | Some([]) => None,
        Some(rest) => Some(at_a_place(rest)?),
    };
    // Where the tail gives up, something else must match a lone white space, or what it matched is no match.
    let tail_is_match = tail.is_none()
        || rest.as_ref().is_some_and(|rest| {
            let spaces = sets::space();
            let mut spaces = spaces.iter().flat_map(|range| range.start()..=range.end());
            spaces.all(|space| rest.accepts_some_of(&format!("{space}x")))
        });
    let is_short = main.longest_doubt().is_some_and(|longest| longest <= SHORT_DOUBT);
    let search = if tail_is_match && is_short {
        None
    } else {
        // Exactly where the tail matches: it needs a second space or the end of the text.
        let second = Hir::alternation(vec![space(), Hir::look(Look::End)]);
        let space_tail = Hir::concat(vec![space(), second]);
        let any_of = alternatives.iter().map(|alternative| match alternative {
            Alternative::Regular(hir) => hir.clone(),
            Alternative::SpaceTail => space_tail.clone(),
        });
        let pattern = Hir::alternation(any_of.collect());
        let anything = repeat(Hir::class(Class::Unicode(sets::all())), 0, false);
        let found = Hir::concat(vec![anything, pattern.clone()]);
        Some([
            table(&[found], &[MATCH], Kind::Forward)?,
            table(&[pattern], &[MATCH], Kind::Reverse)?,
        ])
    };
    let [search, reverse] = search.map_or([None, None], |tables| tables.map(Some));
    Ok(write(&[Some(main), rest, search, reverse]))
}

/// Where text may be cut so that a pattern matches on both sides what it matches in the whole.
pub(super) struct Apart(Tables);

impl Apart {
    /// `None` for what [`bake_looks`] refuses.
    pub(super) fn of(pattern: &str) -> Option<Self> {
        Tables::of(pattern, Syntax::Oniguruma).ok().map(Self)
    }

    /// In front of each `byte` and behind it.
    pub(super) fn at(&self, byte: u8) -> bool {
        self.0.stand_apart_at(byte)
    }
}

/// Where a pattern cuts whatever stands around.
pub(super) struct Places(Table);

impl Places {
    /// `None` for what looks around, and what cannot be baked.
    ///
    /// `\s+(?!\S)` looks at what is behind white space, which is on the same side, so it may be taken for `\s+`.
    pub(super) fn of(pattern: &str) -> Option<Self> {
        let parsed = syntax::parse(pattern, Syntax::Oniguruma).ok()?;
        let alternatives = prove::alternatives(parsed).ok()?.into_iter();
        let regular = alternatives.map(|alternative| match alternative {
            Alternative::Regular(hir) => hir,
            Alternative::SpaceTail => repeat(space(), 1, true),
        });
        let expressions: Vec<Hir> = regular.collect();
        let codes = vec![MATCH; expressions.len()];
        Table::build(&expressions, &codes, Kind::Forward).ok().map(Self)
    }

    /// Whether both sides of the place between two ASCII chars, of which the first is no white space, match as they do in
    /// the whole.
    pub(super) fn passes(&self, before: u8, behind: u8) -> bool {
        self.0.ends_between(before, behind)
    }

    /// Whether this char is in a match wherever it stands.
    pub(super) fn takes(&self, char: u8) -> bool {
        self.0.takes(char)
    }

    /// Whether a match begins at each line feed, and none has one elsewhere.
    pub(super) fn cuts_at_lines(&self) -> bool {
        self.0.begins_match_at(b'\n')
    }
}

/// The image of `pattern` for [`comptok_core::pre_tokenizer::looks::Looks`], which looks around as it likes and may match
/// nothing.
///
/// ```
/// use comptok_bake::bake::dfa::bake_looks;
/// use comptok_core::pre_tokenizer::Syntax;
/// use comptok_core::pre_tokenizer::looks::Looks;
///
/// let image = bake_looks(r"\d{1,3}(?=(?:\d{3})*\b)", Syntax::Oniguruma)?;
/// let looks = Looks::parse(&image).expect("just baked");
/// let text = "in 1234567";
/// let mut parts = Vec::new();
/// looks.find(text, &mut vec![0; text.len() + 1], |start, end, _| parts.push(&text[start..end]));
/// assert_eq!(parts, ["in ", "1", "234", "567"]);
/// # Ok::<(), comptok_bake::bake::dfa::PatternError>(())
/// ```
///
/// # Errors
/// Back-references, `\G`, more than six different looks, looks at the end of what is repeated, possessive and atomic
/// parts that greedy matching is not proven to equal, what the engines are not known to read alike, and automata of
/// more than some 10 MB.
pub fn bake_looks(pattern: &str, syntax: Syntax) -> Result<Vec<u8>, PatternError> {
    Ok(Tables::of(pattern, syntax)?.image())
}

/// Whether what [`bake_looks`] takes may match nothing.
pub(super) fn may_match_nothing(pattern: &str) -> bool {
    Tables::of(pattern, Syntax::Oniguruma).is_ok_and(|tables| tables.may_match_nothing())
}

/// One white space.
fn space() -> Hir {
    Hir::class(Class::Unicode(sets::space()))
}

/// `sub`, `min` times or more.
fn repeat(sub: Hir, min: u32, greedy: bool) -> Hir {
    Hir::repetition(Repetition { min, max: None, greedy, sub: Box::new(sub) })
}

/// The tables, after a header that says where they are.
fn write(tables: &[Option<Table>; 4]) -> Vec<u8> {
    let mut image = vec![0; HEADER_LEN];
    image[..4].copy_from_slice(&MAGIC);
    image[4..8].copy_from_slice(&VERSION.to_le_bytes());
    for (number, table) in tables.iter().enumerate() {
        let start = image.len();
        if let Some(table) = table {
            table.write(&mut image);
        }
        let section = [start as u32, (image.len() - start) as u32];
        for (at, field) in section.iter().enumerate() {
            let at = 8 + number * 8 + at * 4;
            image[at..at + 4].copy_from_slice(&field.to_le_bytes());
        }
    }
    image
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptok_core::model::Random;
    use comptok_core::pre_tokenizer::Kind;
    use comptok_core::pre_tokenizer::dfa::{Dfa, Split};

    fn parts<'t>(pattern: &str, text: &'t str) -> Vec<(&'t str, bool)> {
        let image = bake(pattern, Syntax::Oniguruma).expect("it can be baked");
        let dfa = Dfa::parse(&image).expect("a baked image");
        dfa.splits(text.as_bytes()).map(|split| (&text[split.range()], split.is_match)).collect()
    }

    #[test]
    fn the_last_space_goes_to_what_follows() {
        let gpt2 = Kind::Gpt2.regex()[0];
        let (word, spaces) = (("word", true), ("\u{3000} ", true));
        assert_eq!(parts(gpt2, "word\u{3000}  word"), [word, spaces, (" word", true)]);
        assert_eq!(parts(gpt2, "word\u{3000} "), [word, spaces]);
        assert_eq!(parts(gpt2, "word\u{3000}word"), [word, ("\u{3000}", true), word]);
        // Without another alternative, a lone space is no match.
        assert_eq!(parts(r"\s+(?!\S)", "  a b "), [(" ", true), (" a b", false), (" ", true)]);
    }

    #[test]
    fn matches_are_found_beyond_what_only_begins_like_one() {
        let pattern = "[0-9]+x|[a-w]";
        assert_eq!(parts(pattern, "12 3x45"), [("12 ", false), ("3x", true), ("45", false)]);
        assert_eq!(parts(pattern, "1a"), [("1", false), ("a", true)]);
        assert_eq!(parts(r"\s+$", " a \n b"), [(" a", false), (" ", true), ("\n b", false)]);
    }

    /// A megabyte in which no match is found would take hours if each place were tried to its end.
    #[test]
    fn a_long_gap_is_searched_once() {
        let long = |unit: &str| unit.repeat(1_000_000 / unit.len());
        for (pattern, text) in [
            ("[0-9]+x|[a-w]", long("7")),
            (r"\s+$", long(" ") + "x"),
            (r"[a-z]+\d|\s[\d\s]+x|\s+(?!\S)", long("word ") + "w"),
            ("[0-9]{3}", long("12 ")),
        ] {
            let found = parts(pattern, &text);
            assert!(found.len() <= 1, "{pattern}: {} parts", found.len());
        }
    }

    #[test]
    fn the_same_pattern_gives_the_same_bytes() {
        let [pattern] = Kind::Qwen2.regex() else { panic!("it is one pattern") };
        let image = bake(pattern, Syntax::Oniguruma).expect("it can be baked");
        assert_eq!(Some(&image), bake(pattern, Syntax::Oniguruma).ok().as_ref());
        // Equal automata have equal images, however the pattern is written.
        assert_eq!(bake("(?:a|b)c|d", Syntax::Oniguruma), bake("[ab]c|[d]", Syntax::FancyRegex));
    }

    /// Whatever an image holds, parts follow each other up to the end of the text.
    #[test]
    fn damaged_images_are_safe() {
        let text = "It's 123x  words\n\n, 中文\u{3000}\u{301} \u{FF}".as_bytes();
        let text = [text, b"\xE4\xB8 \xFF9"].concat();
        let walk = |image: &[u8]| {
            let Some(dfa) = Dfa::parse(image) else { return false };
            let mut at = 0;
            while let Some(Split { start, end, .. }) = dfa.split_at(&text, at) {
                assert!(start == at && start < end && end <= text.len());
                at = end;
            }
            assert_eq!(at, text.len());
            true
        };
        for pattern in [r"'s|[0-9]+x| ?\p{Han}{2,3}|\s+(?!\S)|\s+", r"[0-9]+y|中$|\s+(?!\S)"] {
            let image = bake(pattern, Syntax::Oniguruma).expect("it can be baked");
            on_damage(&image, HEADER_LEN, walk);
        }
    }

    /// Calls `walk` with an image, beginnings of it and damaged ones; it says whether it could be read.
    pub(super) fn on_damage(image: &[u8], header_len: usize, walk: impl Fn(&[u8]) -> bool) {
        assert!(walk(image));
        for len in 0..image.len().min(2000) {
            assert!(!walk(&image[..len]), "cut to {len}");
        }
        let mut random = Random::new(1);
        let mut walked = 0;
        for round in 0..6000 {
            let mut damaged = image.to_vec();
            // Headers first: that is where most can go wrong.
            let limit = if round % 2 == 0 { header_len + 300 } else { image.len() };
            damaged[random.below(limit)] ^= 1 << random.below(8);
            walked += usize::from(walk(&damaged));
        }
        assert!(walked > 2000, "{walked}");
    }

    #[test]
    fn errors_say_what_and_where() {
        let error = bake(r"\p{L}+|(?<=x)y", Syntax::Oniguruma).expect_err("it looks behind");
        assert_eq!(error.to_string(), "pattern, column 8: cannot bake look-behind");
        let error = bake(r"\p{L}++x", Syntax::Oniguruma).expect_err("x is a letter");
        assert_eq!(error.column, 6);
    }
}
