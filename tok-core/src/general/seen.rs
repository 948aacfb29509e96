//! Ids, and nothing else, of a text that may be cut into words: most of them have been seen before.
//!
//! Words are found 64 bytes at a time, and what is known of them is copied without a branch on how much
//! it is. The way through all steps is for the others.

use super::{
    Memory, Run, answers,
    answers::{Answers, Ids},
    bert,
    cuts::{Carry, Cuts, cut},
    each_match,
    steps::{Normalizer, Pattern, Pipeline},
    stop,
};
use crate::{
    Kernel,
    added_tokens::{Matcher, Special},
    blob::Tables,
    engine::Stop,
    general::Piece,
    model::{self, Model, Token},
};
use alloc::vec::Vec;

/// Ids that are handed on at a time.
const ROOM: usize = 512;
/// Most ids of one answer.
const MOST: usize = answers::IDS_MAX;

/// Ids on their way to the caller.
struct Buffer<'o> {
    ids: [u32; ROOM],
    len: usize,
    out: &'o mut dyn FnMut(&[u32]),
}

impl Buffer<'_> {
    #[inline(always)]
    fn put<const N: usize>(&mut self, ids: Ids<N>) {
        const { assert!(N <= MOST) };
        let (ids, count) = ids.get();
        if self.len > ROOM - MOST {
            self.flush();
        }
        if let Some(room) = self.ids.get_mut(self.len..).and_then(<[u32]>::first_chunk_mut::<N>) {
            *room = ids;
            self.len += count.min(N);
        }
    }

    fn one(&mut self, id: u32) {
        if self.len > ROOM - MOST {
            self.flush();
        }
        self.ids[self.len] = id;
        self.len += 1;
    }

    #[cold]
    fn flush(&mut self) {
        (self.out)(&self.ids[..self.len]);
        self.len = 0;
    }
}

/// Answers, and whose they are.
#[derive(Debug, Default)]
pub(super) struct Seen {
    answers: Answers,
    chars: bert::Chars,
    owner: [u8; 32],
    /// Bytes that the answers may take.
    pub(super) limit: usize,
}

impl Seen {
    /// Forgets the answers of another tokenizer.
    pub(super) fn own(&mut self, owner: &[u8; 32]) {
        if self.owner != *owner {
            self.answers = Answers::default();
            self.chars = bert::Chars::default();
            self.owner = *owner;
        }
    }
}

/// The way of words that are not known.
struct Steps<'s, 't> {
    run: Run<'s, 't>,
    model: &'s Model<'t>,
    scratch: &'s mut model::Scratch,
    tokens: &'s mut Vec<Token>,
    ids: Vec<u32>,
    cutter: Cuts,
    is_strict: bool,
    /// The last char is white space or ▁ where it is that in the raw text.
    ends_as_raw: bool,
    first_differs: bool,
    /// BERT's steps have a way of their own.
    bert: Option<Normalizer<'t>>,
}

impl Steps<'_, '_> {
    fn is_open(&self, raw: &str) -> bool {
        if !self.ends_as_raw {
            return self.run.is_open(raw);
        }
        raw.chars().next_back().is_none_or(|c| c.is_whitespace() || c == '▁')
    }

    /// Encodes the word `at..to` of a stretch, or more of it where that depends on what follows; returns its
    /// end.
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
        while self.is_strict {
            is_open = self.is_open(&stretch[cut..to]);
            if !is_open || to == stretch.len() {
                break;
            }
            cut = to;
            to = self.cutter.end(stretch, to);
        }
        // A step that asks whether it stands at the very beginning is told no by any other place.
        let asks_place = self.run.pipeline.settings.asks_place;
        self.run.aligned = asks_place && start + at == 0;
        let word = &stretch[at..to];
        let first_differs = self.first_differs;
        let Self { run, model, scratch, tokens, ids, .. } = self;
        ids.clear();
        tokens.clear();
        let by_chars = self.bert.as_ref().and_then(|step| {
            seen.chars.split(step, word, |part| model.tokenize(part, scratch, tokens))
        });
        if let Some(Ok(())) = by_chars {
            ids.extend(tokens.iter().map(|token| token.id));
        } else {
            // An error says where it is.
            run.stretch(word, start + at, at > 0, &mut |piece| {
                let Piece::Part(text, split, _) = piece else { return Ok(()) };
                tokens.clear();
                let part = text.as_str().get(split.start..split.end).unwrap_or_default();
                model.tokenize(part, scratch, tokens).map_err(|error| stop(error, text, split))?;
                ids.extend(tokens.iter().map(|token| token.id));
                Ok(())
            })?;
        }
        for &id in &*ids {
            buffer.one(id);
        }
        // What stands at the end may go on elsewhere.
        let is_first = at == 0 && first_differs;
        if cut == at && !is_open && !is_first && word.len() <= answers::WORD_MAX {
            seen.answers.put(word.as_bytes(), ids, seen.limit);
        }
        Ok(to)
    }
}

/// Hands the ids to `out`, in parts.
pub(super) fn ids(
    tables: &Tables<'_>,
    pipeline: &Pipeline<'_>,
    model: &Model<'_>,
    text: &str,
    special: Special<'_>,
    memory: &mut Memory,
    out: &mut dyn FnMut(&[u32]),
) -> Result<(), Stop> {
    let Memory { splits, parts, model: scratch, tokens, seen, .. } = memory;
    let Some(seen) = seen else { return Ok(()) };
    let cuts = pipeline.settings.cuts;
    let cutter = Cuts::new(cuts);
    let run = Run {
        tables,
        pipeline: *pipeline,
        special,
        normalized: None,
        aligned: pipeline.settings.asks_place,
        splits: core::mem::take(splits),
        parts: core::mem::take(parts),
        word: 0,
    };
    let mut steps = Steps {
        run,
        model,
        scratch,
        tokens,
        ids: Vec::new(),
        cutter,
        is_strict: cuts & cut::STRICT != 0,
        ends_as_raw: pipeline.normalizers().all(|step| match step {
            Normalizer::Prepend(_) => true,
            Normalizer::Replace { pattern: Pattern::Literal(text), content } => {
                (text, content) == (" ", "▁")
            }
            _ => false,
        }),
        first_differs: cuts & cut::FIRST != 0,
        bert: bert::of(pipeline),
    };
    let mut buffer = Buffer { ids: [0; ROOM], len: 0, out };
    let kernel = Kernel::detect();
    let raw = Matcher::new(tables.raw_matcher);
    let result = each_match(tables, raw.as_ref(), special, text.as_bytes(), |found, start, end| {
        match found {
            Some(found) => buffer.one(found.id),
            None => {
                let stretch = text.get(start..end).unwrap_or_default();
                words(&mut steps, kernel, stretch, start, seen, &mut buffer)?;
            }
        }
        Ok(())
    });
    buffer.flush();
    (*splits, *parts) = (steps.run.splits, steps.run.parts);
    result
}

/// The words of a stretch without added tokens.
fn words(
    steps: &mut Steps<'_, '_>,
    kernel: Kernel,
    stretch: &str,
    start: usize,
    seen: &mut Seen,
    buffer: &mut Buffer<'_>,
) -> Result<(), Stop> {
    let cutter = steps.cutter;
    let bytes = stretch.as_bytes();
    let mut at = 0;
    if steps.first_differs {
        at = steps.word(stretch, start, (0, cutter.end(stretch, 0)), seen, buffer)?;
    }
    let (mut base, mut carry) = (0, Carry::default());
    while at < bytes.len() {
        // Without masks, word by word.
        let (mut cuts, is_last) = match kernel.has_masks() {
            true => {
                let is_last = base + 64 >= bytes.len();
                (cutter.block(kernel, stretch, base, &mut carry), is_last)
            }
            false => (0, true),
        };
        loop {
            let end = match cuts {
                0 if !is_last => break,
                0 if kernel.has_masks() => bytes.len(),
                0 => cutter.end(stretch, at),
                _ => base + cuts.trailing_zeros() as usize,
            };
            cuts &= cuts.wrapping_sub(1);
            // A word may have taken more than its own.
            if end <= at {
                if end == bytes.len() {
                    break;
                }
                continue;
            }
            let (rest, len) = (bytes.get(at..).unwrap_or_default(), end - at);
            if len <= answers::SHORT_MAX {
                if let Some(ids) = seen.answers.short(rest, len) {
                    buffer.put(ids);
                    at = end;
                    continue;
                }
            } else if len <= answers::LONG_MAX
                && let Some(ids) = seen.answers.long(rest, len)
            {
                buffer.put(ids);
                at = end;
                continue;
            }
            if len <= answers::WORD_MAX
                && let Some(ids) = seen.answers.wide(rest, len)
            {
                buffer.put(ids);
                at = end;
                continue;
            }
            at = steps.word(stretch, start, (at, end), seen, buffer)?;
        }
        base += 64;
    }
    Ok(())
}
