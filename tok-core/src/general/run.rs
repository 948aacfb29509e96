//! From a text to what the model gets: added tokens are taken out, the stretches between go through the
//! steps.

use super::{
    Found, normalize, split,
    steps::{Normalizer, Pipeline},
    text::{Split, Text},
};
use crate::{
    added_tokens::{self, Matcher, Special},
    blob::Tables,
    engine::Stop,
};
use alloc::{string::String, vec::Vec};

/// What the model, or nobody, has to do with a piece of text.
pub(super) enum Piece<'p, 't> {
    /// An added token.
    Added(Found<'p>),
    /// A part of a text that the steps have made, and its number.
    Part(&'p Text<'t>, &'p Split, u32),
}

/// The rules of one encode.
pub(super) struct Run<'r, 't> {
    pub(super) tables: &'r Tables<'t>,
    pub(super) pipeline: Pipeline<'t>,
    pub(super) special: Special<'r>,
    pub(super) normalized: Option<Matcher<'t>>,
    pub(super) aligned: bool,
    pub(super) splits: Vec<Split>,
    pub(super) parts: split::Parts,
    pub(super) word: u32,
}

/// What takes the pieces of a text.
pub(super) type Take<'f> = &'f mut dyn FnMut(Piece<'_, '_>) -> Result<(), Stop>;

/// Takes a text through all steps before the model.
pub(super) fn pieces(
    tables: &Tables<'_>,
    text: &str,
    special: Special<'_>,
    aligned: bool,
    (splits, parts): (&mut Vec<Split>, &mut split::Parts),
    take: Take<'_>,
) -> Result<(), Stop> {
    let Some(pipeline) = Pipeline::parse(tables.pipeline) else { return Ok(()) };
    let aligned = aligned || pipeline.settings.asks_place;
    let raw = Matcher::new(tables.raw_matcher);
    let normalized = Matcher::new(tables.normalized_matcher);
    let lent = (core::mem::take(splits), core::mem::take(parts));
    let (own, cuts) = lent;
    let mut run =
        Run { tables, pipeline, special, normalized, aligned, splits: own, parts: cuts, word: 0 };
    let result =
        each_match(tables, raw.as_ref(), special, (text.as_bytes(), 0), |found, start, end| {
            match found {
                Some(found) => {
                    let source = text.get(start..end).unwrap_or_default();
                    let word = run.word;
                    run.word += 1;
                    take(Piece::Added(Found {
                        id: found.id,
                        start,
                        end,
                        word,
                        source,
                        added: true,
                    }))
                }
                // A match that swallows white space ends where a char does, so nothing is cut.
                None => run.stretch(text.get(start..end).unwrap_or_default(), start, false, take),
            }
        });
    (*splits, *parts) = (run.splits, run.parts);
    result
}

/// Calls `each` with added tokens and the stretches between them, which are not empty, of a text that begins at `base`.
pub(super) fn each_match(
    tables: &Tables<'_>,
    matcher: Option<&Matcher<'_>>,
    special: Special<'_>,
    (text, base): (&[u8], usize),
    mut each: impl FnMut(Option<added_tokens::Found>, usize, usize) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let (mut done, mut search) = (0, 0);
    if let Some(matcher) = matcher {
        while let Some(found) =
            added_tokens::next_match(tables, matcher, special, text, 0, search, done)
                .map_err(|found| Stop::Forbidden { token: found.token, at: base + found.at })?
        {
            if done < found.start {
                each(None, base + done, base + found.start)?;
            }
            each(Some(found), base + found.start, base + found.end)?;
            (done, search) = (found.end, found.search);
        }
    }
    if done < text.len() {
        each(None, base + done, base + text.len())?;
    }
    Ok(())
}

/// The same for the tokens of raw text, and then for those of normalized text where that is the same text.
pub(super) fn each_added(
    tables: &Tables<'_>,
    pipeline: &Pipeline<'_>,
    special: Special<'_>,
    text: &[u8],
    mut each: impl FnMut(Option<added_tokens::Found>, usize, usize) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let raw = Matcher::new(tables.raw_matcher);
    let stays = pipeline.normalizers().next().is_none();
    let normalized = Matcher::new(tables.normalized_matcher).filter(|_| stays);
    each_match(tables, raw.as_ref(), special, (text, 0), |found, start, end| {
        if found.is_some() || normalized.is_none() {
            return each(found, start, end);
        }
        let stretch = text.get(start..end).unwrap_or_default();
        each_match(tables, normalized.as_ref(), special, (stretch, start), &mut each)
    })
}

impl Run<'_, '_> {
    /// Whether a part of a text, normalized, ends in what may belong together with what follows.
    pub(super) fn is_open(&self, raw: &str) -> bool {
        let mut text = Text::new(raw, 0, false);
        self.normalize(&mut text, true);
        text.as_str().chars().next_back().is_none_or(|c| c.is_whitespace() || c == '▁')
    }

    /// Applies the normalizers. What goes on in the middle gets nothing in front.
    pub(super) fn normalize(&self, text: &mut Text<'_>, goes_on: bool) {
        for step in self.pipeline.normalizers() {
            if !(goes_on && matches!(step, Normalizer::Prepend(_))) {
                normalize::apply(&step, text);
            }
        }
    }

    /// Takes the stretch `raw`, which begins at `start`, through the steps; with `goes_on`, it is a part of
    /// one, and not the first.
    pub(super) fn stretch(
        &mut self,
        raw: &str,
        start: usize,
        goes_on: bool,
        take: Take<'_>,
    ) -> Result<(), Stop> {
        let mut text = Text::new(raw, start as u32, self.aligned);
        self.normalize(&mut text, goes_on);
        let mut splits = core::mem::take(&mut self.splits);
        splits.clear();
        let mut added: Vec<(u32, usize, usize, String)> = Vec::new();
        let bytes = text.as_str().as_bytes();
        each_match(
            self.tables,
            self.normalized.as_ref(),
            self.special,
            (bytes, 0),
            |found, from, to| {
                match found {
                    Some(found) => {
                        let (start, end) = text.original(from, to).unwrap_or_default();
                        let source = text.as_str().get(from..to).unwrap_or_default();
                        added.push((found.id, start, end, source.into()));
                    }
                    None => splits.push(text.split(from, to, added.len() as u32)),
                }
                Ok(())
            },
        )
        .map_err(|stop| match stop {
            // A token of the text after the steps; where nobody traces it, the stretch has to do.
            Stop::Forbidden { token, at } => {
                let at = text.original(at, at + 1).map_or(start, |range| range.0);
                Stop::Forbidden { token, at }
            }
            other => other,
        })?;
        for step in self.pipeline.pre_tokenizers() {
            split::apply(&step, &mut text, &mut splits, &mut self.parts);
        }
        let mut written = 0;
        for split in &splits {
            let before = added.get(written..split.group as usize).unwrap_or_default();
            self.added(before, take)?;
            written = written.max(split.group as usize);
            take(Piece::Part(&text, split, self.word))?;
            self.word += 1;
        }
        self.added(added.get(written..).unwrap_or_default(), take)?;
        self.splits = splits;
        Ok(())
    }

    fn added(
        &mut self,
        tokens: &[(u32, usize, usize, String)],
        take: Take<'_>,
    ) -> Result<(), Stop> {
        for (id, start, end, source) in tokens {
            let (id, start, end) = (*id, *start, *end);
            take(Piece::Added(Found { id, start, end, word: self.word, source, added: true }))?;
            self.word += 1;
        }
        Ok(())
    }
}
