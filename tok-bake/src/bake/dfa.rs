//! Bakes a pattern that has no scanner of its own into the automaton of
//! [`comptok_core::pre_tokenizer::dfa`].
//!
//! The pattern is read as its engine reads it, `possessive` and atomic parts are made greedy where that is
//! proven to be the same, and what an automaton cannot do exactly is an error that names it. The one
//! look-ahead that can be done is the alternative `\s+(?!\S)`.

mod properties;
mod prove;
mod sets;
mod syntax;
mod table;

pub use sets::property_names;

use comptok_core::pre_tokenizer::dfa::{HEADER_LEN, MAGIC, MATCH, SPACE_TAIL, VERSION};
use prove::Alternative;
use regex_syntax::hir::{Class, Hir, Look, Repetition};
use std::fmt;
use table::{Kind, Table};

/// The engine that a pattern was written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavor {
    /// Oniguruma, which HuggingFace tokenizers uses.
    Onig,
    /// fancy-regex, which tiktoken uses; in essence the regex crate.
    Tiktoken,
}

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
/// use comptok_bake::bake::dfa::{Flavor, bake};
/// use comptok_core::pre_tokenizer::dfa::Dfa;
///
/// let image = bake(r"\p{L}+|\p{N}{1,3}", Flavor::Onig)?;
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
pub fn bake(pattern: &str, flavor: Flavor) -> Result<Vec<u8>, PatternError> {
    let alternatives = prove::alternatives(syntax::parse(pattern, flavor)?)?;
    let tail = alternatives.iter().position(|other| matches!(other, Alternative::SpaceTail));
    let spaces = || {
        let (sub, greedy) = (Box::new(Hir::class(Class::Unicode(sets::space()))), true);
        Hir::repetition(Repetition { min: 1, max: None, greedy, sub })
    };
    let build = |alternatives: &[Alternative], space_tail: &Hir, kind| {
        let (expressions, codes): (Vec<Hir>, Vec<u8>) = alternatives
            .iter()
            .map(|alternative| match alternative {
                Alternative::Regular(hir) => (hir.clone(), MATCH),
                Alternative::SpaceTail => (space_tail.clone(), SPACE_TAIL),
            })
            .unzip();
        Table::build(&expressions, &codes, kind)
            .map_err(|error| PatternError::new(1, format!("the whole: {error}")))
    };
    let main = build(&alternatives, &spaces(), Kind::At)?;
    let rest = match tail.map(|at| &alternatives[at + 1..]) {
        None | Some([]) => None,
        Some(rest) => Some(build(rest, &spaces(), Kind::At)?),
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
        let space = || Hir::class(Class::Unicode(sets::space()));
        let second = Hir::alternation(vec![space(), Hir::look(Look::End)]);
        let space_tail = Hir::concat(vec![space(), second]);
        Some([
            build(&alternatives, &space_tail, Kind::Search)?,
            build(&alternatives, &space_tail, Kind::Reverse)?,
        ])
    };
    let [search, reverse] = search.map_or([None, None], |tables| tables.map(Some));
    Ok(write(&[Some(main), rest, search, reverse]))
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
