//! Words that are not known: their way through the steps.

use super::{
    Run,
    answers::{self, Answers},
    cuts::{BREAKS, Cuts, cut},
    seen::{Buffer, Seen, Unknown},
    split, stop,
    text::Split,
    walk::Walk,
};
use crate::{
    engine::Stop,
    general::Piece,
    model::{self, Model, ModelError, Token, char_bpe::Runs},
};
use alloc::vec::Vec;

/// The way of words that are not known.
pub(super) struct Steps<'s, 't> {
    run: Run<'s, 't>,
    model: &'s Model<'t>,
    scratch: &'s mut model::Scratch,
    tokens: &'s mut Vec<Token>,
    ids: Vec<u32>,
    cuts: u16,
    nothing: (),
    /// The last char is white space or ▁ where it is that in the raw text.
    ends_as_raw: bool,
    walk: Option<Walk<'t>>,
    /// ▁ is put in front of parts, but not of what stands behind a mark, or of a mark behind a letter.
    puts_space: bool,
}

/// Answers for runs of words are kept among those for words: these begin with a space.
struct Known<'s> {
    answers: &'s mut Answers,
    limit: usize,
}

impl Runs for Known<'_> {
    fn find(&mut self, text: &[u8], ids: &mut Vec<u32>) -> bool {
        self.answers.find(text, &mut |found| {
            ids.extend_from_slice(found);
            true
        })
    }

    fn keep(&mut self, text: &[u8], ids: &[u32]) {
        self.answers.put(text, ids, self.limit);
    }
}

impl<'s, 't> Steps<'s, 't> {
    pub(super) fn new(
        run: Run<'s, 't>,
        model: &'s Model<'t>,
        scratch: &'s mut model::Scratch,
        tokens: &'s mut Vec<Token>,
    ) -> Self {
        let pipeline = &run.pipeline;
        let ends_as_raw = pipeline.normalizers().all(|step| step.writes_only_spaces());
        let walk = Walk::of(pipeline);
        let cuts = pipeline.settings.cuts;
        let puts_space = pipeline.settings.marks != 0 && matches!(model, Model::Unigram(_));
        let (ids, nothing) = (Vec::new(), ());
        Self { run, model, scratch, tokens, ids, cuts, nothing, ends_as_raw, walk, puts_space }
    }

    /// What was lent.
    pub(super) fn memory(self) -> (Vec<Split>, split::Parts) {
        (self.run.splits, self.run.parts)
    }

    fn is_open(&self, raw: &str) -> bool {
        if !self.ends_as_raw {
            return self.run.is_open(raw);
        }
        raw.chars().next_back().is_none_or(|c| c.is_whitespace() || c == '▁')
    }
}

/// What is known of a word while its parts are encoded.
#[derive(Debug, Clone, Copy)]
struct Inside {
    /// It begins behind a mark, or with one, and so does its first part, which gets no ▁ then.
    goes_on: bool,
    /// Its tokens do not depend on what stands in front.
    is_clear: bool,
}

impl Inside {
    #[inline]
    fn tokenize(
        &mut self,
        model: &Model<'_>,
        part: &str,
        scratch: &mut model::Scratch,
        tokens: &mut Vec<Token>,
    ) -> Result<(), ModelError> {
        match model {
            Model::Unigram(model) if core::mem::take(&mut self.goes_on) => {
                let part = part.strip_prefix('▁').unwrap_or(part);
                self.is_clear &= model.tokenize_inside(part, scratch, tokens)?;
                Ok(())
            }
            model => model.tokenize(part, scratch, tokens),
        }
    }
}

impl Steps<'_, '_> {
    /// Appends the ids of a raw text, by all steps.
    fn by_steps(
        &mut self,
        raw: &str,
        start: usize,
        goes_on: bool,
        inside: &mut Inside,
        known: &mut Known<'_>,
    ) -> Result<(), Stop> {
        let Self { run, model, scratch, tokens, ids, .. } = self;
        let (tables, model): (_, &Model<'_>) = (run.tables, model);
        run.stretch(raw, start, goes_on, &mut |piece| {
            let Piece::Part(text, split, _) = piece else { return Ok(()) };
            let part = text.as_str().get(split.start..split.end).unwrap_or_default();
            let before = ids.len();
            if let Model::CharBpe(model) = model
                && model.cuts()
                && model.ids(part, scratch, known, ids).is_ok()
            {
                return Ok(());
            }
            // An error says where it is.
            ids.truncate(before);
            tokens.clear();
            inside
                .tokenize(model, part, scratch, tokens)
                .map_err(|error| stop(error, tables, text, split))?;
            ids.extend(tokens.iter().map(|token| token.id));
            Ok(())
        })
    }

    /// The ids of what stands between `at` and the next break behind `to`, whose place is returned: by the whole word,
    /// from the break in front. So no word comes here twice.
    #[cold]
    fn behind(
        &mut self,
        stretch: &str,
        start: usize,
        (at, to): (usize, usize),
        known: &mut Known<'_>,
    ) -> Result<usize, Stop> {
        let from = stretch[..at].rfind(BREAKS).unwrap_or(0);
        let end = stretch[to..].find(BREAKS).map_or(stretch.len(), |len| to + len);
        let mut inside = Inside { goes_on: false, is_clear: true };
        self.ids.clear();
        self.by_steps(&stretch[from..at], start + from, from > 0, &mut inside, known)?;
        let before = self.ids.len();
        self.ids.clear();
        self.by_steps(&stretch[from..end], start + from, from > 0, &mut inside, known)?;
        self.ids.drain(..before.min(self.ids.len()));
        Ok(end)
    }
}

impl Unknown for Steps<'_, '_> {
    type Sum = ();

    fn cuts(&self) -> u16 {
        self.cuts
    }

    fn cutter(&self) -> Cuts {
        let settings = &self.run.pipeline.settings;
        Cuts::for_steps(self.cuts, settings.marks, self.model.open() | settings.open)
    }

    #[inline(always)]
    fn sum(&mut self) -> &mut () {
        &mut self.nothing
    }

    #[inline(never)]
    fn word(
        &mut self,
        stretch: &str,
        start: usize,
        (at, mut to): (usize, usize),
        seen: &mut Seen,
        buffer: &mut Buffer<'_>,
    ) -> Result<usize, Stop> {
        let (mut cut, mut is_open) = (at, false);
        if self.cuts & cut::STRICT != 0 {
            is_open = self.is_open(&stretch[cut..to]);
            while is_open && to < stretch.len() {
                cut = to;
                to = self.cutter().end(stretch, to);
                is_open = self.is_open(&stretch[cut..to]);
            }
        }
        // A step that asks whether it stands at the very beginning is told no by any other place.
        let asks_place = self.run.pipeline.settings.asks_place;
        self.run.aligned = asks_place && start + at == 0;
        let word = &stretch[at..to];
        let is_first = at == 0 && self.cuts & cut::FIRST != 0;
        let goes_on = self.puts_space && at > 0 && !word.starts_with(BREAKS);
        let Self { run, model, scratch, tokens, ids, walk, .. } = self;
        ids.clear();
        tokens.clear();
        let Seen { chars, answers, limit, .. } = seen;
        let mut known = Known { answers, limit: *limit };
        let model: &Model<'_> = model;
        let begins = Inside { goes_on, is_clear: true };
        let mut inside = begins;
        let walked = match (&walk, model) {
            _ if is_first => None,
            (None, _) => None,
            (Some(walk), Model::CharBpe(model)) if walk.only_spaces() => {
                walk.split::<false, _>(&run.pipeline, chars, word, |part, _| {
                    model.ids(part, scratch, &mut known, ids)
                })
            }
            (Some(walk), model) => walk.split::<false, _>(&run.pipeline, chars, word, |part, _| {
                inside.tokenize(model, part, scratch, tokens)
            }),
        };
        if let Some(Ok(())) = walked {
            // Or they are there already.
            ids.extend(tokens.iter().map(|token| token.id));
        } else {
            ids.clear();
            inside = begins;
            self.by_steps(word, start + at, at > 0, &mut inside, &mut known)?;
        }
        if !inside.is_clear {
            to = self.behind(stretch, start, (at, to), &mut known)?;
        }
        let ids = &self.ids;
        buffer.put(ids);
        // What stands at the end may go on elsewhere.
        if cut == at && !is_open && !is_first && inside.is_clear && word.len() <= answers::WORD_MAX
        {
            seen.answers.put(word.as_bytes(), ids, seen.limit);
        }
        Ok(to)
    }
}
