//! Ids, and nothing else, of a text that may be cut into words: most of them have been seen before.
//!
//! Words are found 64 bytes at a time, and what is known of them is copied without a branch on how much
//! it is, as the other engines do it. The way through all steps is for the others (`unknown.rs`).

use super::{
    Memory, Run,
    answers::{self, Answers},
    chars::Chars,
    cuts::{Cuts, Ends, cut, has_short_words},
    each_added,
    ends::BATCH,
    sentences::{Scores, Sentences},
    steps::Pipeline,
    unknown::Steps,
};
use crate::{
    Kernel,
    added_tokens::Special,
    blob::{Tables, lookup::SHORT_MAX},
    cache::{Ahead, Cache, Word},
    engine::Stop,
    model::{self, Alone, Model},
};

/// Ids that are handed on at a time.
const ROOM: usize = 1024;
/// Ids of an answer that is written whole.
const PLAIN: usize = 4;

/// Ids on their way to the caller.
pub(super) struct Buffer<'o> {
    ids: [u32; ROOM],
    len: usize,
    out: &'o mut dyn FnMut(&[u32]),
}

impl Buffer<'_> {
    pub(super) fn put(&mut self, ids: &[u32]) {
        for ids in ids.chunks(answers::IDS_MAX) {
            self.make_room(ids.len());
            if let Some(room) = self.ids.get_mut(self.len..self.len + ids.len()) {
                room.copy_from_slice(ids);
                self.len += ids.len();
            }
        }
    }

    #[inline]
    fn make_room(&mut self, count: usize) {
        if self.len + count > ROOM {
            (self.out)(self.ids.get(..self.len).unwrap_or_default());
            self.len = 0;
        }
    }
}

/// Answers, and whose they are.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) answers: Answers,
    pub(super) chars: Chars,
    pub(super) alone: Alone,
    owner: [u8; 32],
    /// Bytes that the answers may take.
    pub(super) limit: usize,
}

impl Seen {
    /// Forgets the answers of another tokenizer.
    pub(super) fn own(&mut self, owner: &[u8; 32]) {
        if self.owner != *owner {
            self.answers = Answers::default();
            self.chars = Chars::default();
            self.alone = Alone::default();
            self.owner = *owner;
        }
    }
}

/// What is added up of the ids that are written.
pub(super) trait Sum: Copy {
    /// Adds the first `count` of these; false if they are not to be written.
    fn add<const N: usize>(&mut self, ids: [u32; N], count: usize) -> bool;
    /// Adds all of these and writes them, joined where that is to be done; false if nothing was done.
    fn put(&mut self, ids: &[u32], buffer: &mut Buffer<'_>) -> bool;
}

impl Sum for () {
    #[inline(always)]
    fn add<const N: usize>(&mut self, _: [u32; N], _: usize) -> bool {
        true
    }

    fn put(&mut self, ids: &[u32], buffer: &mut Buffer<'_>) -> bool {
        buffer.put(ids);
        true
    }
}

/// The way of words that are not known.
pub(super) trait Unknown {
    type Sum: Sum;

    /// Bits of [`cut`].
    fn cuts(&self) -> u16;

    /// Finds the words.
    fn cutter(&self) -> Cuts;

    /// A stretch begins.
    fn begin(&mut self) {}

    /// What is added up.
    fn sum(&mut self) -> &mut Self::Sum;

    /// Encodes the word `at..to` of a stretch that begins at `start`, or more of it where that depends on what
    /// follows; returns its end.
    fn word(
        &mut self,
        stretch: &str,
        start: usize,
        word: (usize, usize),
        seen: &mut Seen,
        buffer: &mut Buffer<'_>,
    ) -> Result<usize, Stop>;
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
    let kernel = memory.kernel.unwrap_or_else(Kernel::detect);
    let Memory { splits, parts, model: scratch, tokens, seen, .. } = memory;
    let Some(seen) = seen else { return Ok(()) };
    let to = (tables, kernel, text, special, seen, out);
    if let Model::SentencePiece(model) = model {
        let (words, marks) = (model::Words::of(model), pipeline.settings.marks);
        if words.sums() {
            let scores = Scores::of(&words);
            let mut sentences = Sentences::new(words, marks, scores, scratch, tokens);
            return stretches(&mut sentences, pipeline, to);
        }
        return stretches(&mut Sentences::new(words, marks, (), scratch, tokens), pipeline, to);
    }
    let mut pipeline = *pipeline;
    if matches!(model, Model::Unigram(_)) && !has_short_words(text) {
        pipeline.settings.marks = 0;
    }
    let run = Run {
        tables,
        pipeline,
        special,
        normalized: None,
        aligned: pipeline.settings.asks_place,
        splits: core::mem::take(splits),
        parts: core::mem::take(parts),
        word: 0,
    };
    let mut steps = Steps::new(run, model, scratch, tokens);
    let result = stretches(&mut steps, &pipeline, to);
    (*splits, *parts) = steps.memory();
    result
}

/// A text, and where its ids go.
type Text<'a, 'r> =
    (&'a Tables<'a>, Kernel, &'a str, Special<'a>, &'a mut Seen, &'a mut (dyn FnMut(&[u32]) + 'r));

/// The stretches between added tokens.
fn stretches<U: Unknown>(
    unknown: &mut U,
    pipeline: &Pipeline<'_>,
    (tables, kernel, text, special, seen, out): Text<'_, '_>,
) -> Result<(), Stop> {
    let mut buffer = Buffer { ids: [0; ROOM], len: 0, out };
    let result = each_added(tables, pipeline, special, text.as_bytes(), |found, start, end| {
        match found {
            Some(found) => buffer.put(&[found.id]),
            None => {
                let stretch = text.get(start..end).unwrap_or_default();
                words(unknown, kernel, stretch, start, seen, &mut buffer)?;
            }
        }
        Ok(())
    });
    buffer.make_room(ROOM + 1);
    result
}

/// The words of a stretch without added tokens.
fn words<U: Unknown>(
    unknown: &mut U,
    kernel: Kernel,
    stretch: &str,
    start: usize,
    seen: &mut Seen,
    buffer: &mut Buffer<'_>,
) -> Result<(), Stop> {
    let cutter = unknown.cutter();
    let bytes = stretch.as_bytes();
    let mut at = 0;
    unknown.begin();
    // The beginning of a text is not as the other words.
    if unknown.cuts() & cut::FIRST != 0 {
        at = unknown.word(stretch, start, (0, cutter.end(stretch, 0)), seen, buffer)?;
    }
    let mut found = Ends::new(cutter, kernel, stretch);
    let mut ends = [0; BATCH];
    while at < bytes.len() {
        let count = found.fill(&mut ends);
        let mut ends = ends.get(..count).unwrap_or_default();
        buffer.make_room(PLAIN * (BATCH + 1));
        let mut ahead = Ahead::NONE;
        while !ends.is_empty() {
            let cache = seen.answers.cache();
            let known = known(bytes, &mut at, ends, &cache, unknown.sum(), buffer);
            let rest = ends.get(known..).unwrap_or_default();
            let Some((&end, rest)) = rest.split_first() else { break };
            ends = rest;
            // A word may have taken more than its own.
            if end <= at {
                continue;
            }
            let word = bytes.get(at..end).unwrap_or_default();
            ahead.ask(&seen.answers.cache(), bytes, end, rest);
            if seen.answers.find(word, &mut |ids| unknown.sum().put(ids, buffer)) {
                at = end;
            } else {
                at = unknown.word(stretch, start, (at, end), seen, buffer)?;
            }
        }
        // Only at the end are there none.
        if count == 0 {
            break;
        }
    }
    Ok(())
}

/// Writes the ids of words that follow each other, up to the first one that is not known so; gives their
/// number. What is needed for that stays in registers.
#[inline(always)]
fn known<S: Sum>(
    text: &[u8],
    at: &mut usize,
    ends: &[usize],
    cache: &Cache<'_>,
    sum: &mut S,
    buffer: &mut Buffer<'_>,
) -> usize {
    let mut rest = text.get(*at..).unwrap_or_default();
    let mut room = buffer.ids.get_mut(buffer.len..).unwrap_or_default();
    let (mut count, mut here) = (0, *sum);
    for &end in ends {
        let len = end.wrapping_sub(text.len() - rest.len());
        let Some(block) = rest.first_chunk::<16>() else { break };
        if len > SHORT_MAX {
            break;
        }
        let Some(answer) = cache.short(Word::load(block, len)) else { break };
        let Some(ids) = room.first_chunk_mut::<PLAIN>() else { break };
        let [a, b, c, _] = answer.plain();
        if !answer.is_plain() || !here.add([a, b, c], answer.count()) {
            break;
        }
        *ids = answer.plain();
        room = &mut core::mem::take(&mut room)[answer.count().min(PLAIN)..];
        rest = &rest[len..];
        count += 1;
    }
    *sum = here;
    buffer.len = ROOM - room.len();
    *at = text.len() - rest.len();
    count
}
