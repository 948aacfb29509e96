//! What an encode is asked, how far it has come, and why it stopped.

use super::merged::Merged;
use crate::{
    added_tokens::{self, AddedFlags, Forbidden, Found, Matcher, Special},
    blob::Tables,
    sink::Sink,
    unicode,
};

/// What to encode, and how.
#[derive(Debug, Clone, Copy)]
pub struct Request<'r> {
    /// The text.
    pub text: &'r [u8],
    /// What to do with special tokens in it.
    pub special: Special<'r>,
    /// A byte without a token is an error also where the reference drops it.
    pub strict: bool,
}

/// Why an encode stopped before the end of the text.
///
/// After `Full` and `Scratch` it can go on with the same cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The sink is full. The next pre-token needs room for this many tokens.
    Full {
        /// Tokens.
        needed: usize,
    },
    /// The workspace is too small.
    Scratch {
        /// Bytes that it needs in all.
        bytes: usize,
        /// Where in the text.
        at: usize,
    },
    /// A special token that the caller forbids.
    Forbidden {
        /// Index of the added token.
        token: u32,
        /// Where it stands.
        at: usize,
    },
    /// A byte without a token.
    NoToken {
        /// The byte.
        byte: u8,
        /// Where it stands (in rewritten text: where the character begins that it comes from).
        at: usize,
    },
    /// A pre-token of 4 GiB or more.
    TooLong {
        /// Where it begins.
        at: usize,
    },
    /// Text that no token stands for, in a model without an unknown token.
    Unknown {
        /// Where it stands.
        at: usize,
    },
}

/// Progress through one text, or through one chunk of it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Walk {
    /// Text before this is out of sight: a stretch is looked at without what is in front of it.
    pub(super) origin: usize,
    /// Where the stretch, or what is left of the text, begins.
    pub(super) start: usize,
    /// Everything before this is done.
    pub(super) done: usize,
    /// Where the search for added tokens goes on.
    search: usize,
    /// The stretch up to here has no added token; known while `open`.
    pub(super) limit: usize,
    open: bool,
    /// The added token at the end of the stretch.
    found: Option<Found>,
    /// The stretch goes on behind `limit`, in text that is not there yet.
    pub(super) goes_on: bool,
    /// The stretch has had its prefix space.
    pub(super) prefixed: bool,
    /// The pre-token at `done` is merged.
    pub(super) merged: Option<Merged>,
    /// Where the added token begins that ends at `start`.
    behind: Option<usize>,
    /// There is one, but not in this text.
    pub(super) follows: bool,
}

impl Walk {
    pub(super) fn at(start: usize) -> Self {
        Self { start, done: start, search: start, ..Self::default() }
    }

    /// This walk on a text that begins `start` bytes later.
    pub(super) fn rebased(self, start: usize) -> Self {
        // No token that counts begins before `done`.
        let search = if self.open { self.done } else { self.search };
        let origin = self.origin.saturating_sub(start);
        let follows = self.done == self.start && (self.behind.is_some() || self.follows);
        let (done, search) = (self.done - start, search.saturating_sub(start));
        let prefixed = self.prefixed;
        Self { origin, start: done, done, search, prefixed, follows, ..Self::default() }
    }

    /// This walk on a text with `before` bytes in front.
    pub(super) fn moved(self, before: usize) -> Self {
        let [origin, start, done, search] =
            [self.origin, self.start, self.done, self.search].map(|at| at + before);
        let behind = self.behind.map(|at| at + before);
        Self { origin, start, done, search, behind, merged: None, ..self }
    }

    /// Finds the end of the stretch that begins at `done`. With `margin`, more text will follow.
    #[inline]
    pub(super) fn open(
        &mut self,
        tables: &Tables<'_>,
        matcher: Option<&Matcher<'_>>,
        special: Special<'_>,
        text: &[u8],
        margin: Option<Margin>,
    ) -> Result<(), Stop> {
        if self.open {
            return Ok(());
        }
        let found = match matcher {
            None => Ok(None),
            Some(matcher) => added_tokens::next_match(
                tables,
                matcher,
                special,
                text,
                self.origin,
                self.search,
                self.done,
            ),
        };
        (self.limit, self.found, self.goes_on) = match (found, margin) {
            (found, Some(margin)) if !margin.settles(text, &found) => {
                let end = match found {
                    Ok(found) => found.map_or(text.len(), |found| found.start),
                    Err(found) => found.at,
                };
                (margin.limit(text, end).max(self.done), None, true)
            }
            (Ok(found), _) => {
                (found.map_or(text.len(), |found| found.start.max(self.done)), found, false)
            }
            (Err(found), _) => {
                return Err(Stop::Forbidden { token: found.token, at: found.at });
            }
        };
        self.open = true;
        Ok(())
    }

    /// Writes the added token at the end of the stretch; `false` if the text ends there.
    #[inline]
    pub(super) fn close<K: Sink>(&mut self, sink: &mut K) -> Result<bool, Stop> {
        let Some(found) = self.found else { return Ok(false) };
        if sink.room() == 0 {
            return Err(Stop::Full { needed: 1 });
        }
        sink.one(found.id, found.start, found.end);
        let behind = Some(found.start);
        *self = Self { origin: self.origin, search: found.search, behind, ..Self::at(found.end) };
        Ok(true)
    }
}

/// How much of the end of a text that goes on may be other tokens when more of it is there.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Margin {
    /// Bytes of the longest added token, and of a char behind it; none if there are no added tokens.
    bytes: usize,
    /// A token may swallow white space in front of it.
    strips: bool,
}

impl Margin {
    /// For the added tokens that are looked for.
    pub(super) fn of(tables: &Tables<'_>, matcher: Option<&Matcher<'_>>) -> Self {
        if matcher.is_none() {
            return Self::default();
        }
        let tokens = (0..added_tokens::added_len(tables))
            .filter_map(|index| added_tokens::added(tables, index));
        tokens.fold(Self::default(), |margin, token| Self {
            bytes: margin.bytes.max(token.content.len() + 4),
            strips: margin.strips || token.flags.has(AddedFlags::LSTRIP),
        })
    }

    /// Whether it is known what was found, if anything, whatever follows.
    fn settles(self, text: &[u8], found: &Result<Option<Found>, Forbidden>) -> bool {
        match found {
            Ok(None) => false,
            Ok(Some(found)) => {
                found.search + self.bytes <= text.len() && found.end + 4 <= text.len()
            }
            Err(found) => found.at + self.bytes < text.len(),
        }
    }

    /// The end of what is surely no added token.
    fn limit(self, text: &[u8], end: usize) -> usize {
        let end = end.min(text.len().saturating_sub(self.bytes));
        if self.strips { unicode::trim_end_space(&text[..end]) } else { end }
    }
}

/// A part of a stretch that is handled at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Text behind `end` may change what becomes of the last pre-tokens.
    pub(super) goes_on: bool,
    /// The text is not in the normal form: places in `walk` are those of what it becomes.
    pub(super) rewritten: bool,
    /// Where `walk` began.
    pub(super) from: usize,
    pub(super) walk: Walk,
}

/// Where an encode stands. Belongs to one text and one tokenizer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cursor {
    pub(super) outer: Walk,
    pub(super) chunk: Option<Chunk>,
    /// Where the next chunk begins, and a walk on what it becomes; behind the end of the last one, if
    /// there is none.
    pub(super) next: Option<(usize, Walk)>,
    /// Where the last chunk ended, and what is wanted behind it.
    pub(super) reached: usize,
    pub(super) window: usize,
    /// The stretch has been cut before this chunk.
    pub(super) cut: bool,
    /// How many tokens there were when all before `outer.done` was done.
    pub(super) mark: usize,
    /// Tokens that have been taken out of the sink.
    before: usize,
}

impl Cursor {
    /// The beginning of a text that goes on where another part of it ended: no prefix space.
    pub fn continued() -> Self {
        Self { cut: true, ..Self::default() }
    }

    /// The caller has taken `count` tokens out of the sink, which is empty again.
    pub fn took(&mut self, count: usize) {
        self.before += count;
    }

    /// How many tokens there are so far.
    pub(super) fn made<K: Sink>(&self, sink: &K) -> usize {
        self.before + sink.taken()
    }

    /// Whether going on means rewriting a stretch of text again.
    pub fn is_rewriting(&self) -> bool {
        self.chunk.is_some_and(|chunk| chunk.rewritten)
    }

    /// Whether the next added token begins in what is done: in white space that the one before it has swallowed.
    pub fn overlaps(&self) -> bool {
        let walks = self.chunk.map(|chunk| chunk.walk).into_iter().chain([self.outer]);
        let mut found = walks.filter_map(|walk| Some((walk.found?.start, walk.done)));
        found.any(|(start, done)| start < done)
    }

    /// As [`consumed`](Self::consumed), for text that is not yet told to begin with a prefix space: behind
    /// an added token it would, which the rest of the text alone does not say. So that token belongs to the
    /// rest too.
    pub fn consumed_unprefixed<K: Sink>(&self, sink: &K) -> (usize, usize) {
        let (done, tokens) = self.consumed(sink);
        let inner = self.chunk.filter(|chunk| !chunk.rewritten).map(|chunk| chunk.walk);
        // The prefix space may be a token of its own, which covers nothing.
        let is_told = inner.is_some_and(|walk| walk.prefixed);
        if !is_told && inner.is_some_and(|walk| walk.follows && walk.start == done) {
            return (self.outer.done, self.mark);
        }
        let walks = inner.into_iter().chain([self.outer]);
        match walks.filter(|walk| walk.start == done).find_map(|walk| walk.behind) {
            Some(start) if !is_told => (start, tokens.saturating_sub(1)),
            _ => (done, tokens),
        }
    }

    /// How far the text is done, and how many of the tokens belong to that, [those that were
    /// taken](Self::took) included. Encoding the rest of the text gives the other tokens.
    pub fn consumed<K: Sink>(&self, sink: &K) -> (usize, usize) {
        match self.chunk {
            Some(chunk) if !chunk.rewritten => (chunk.walk.done, self.made(sink)),
            Some(_) => (self.outer.done, self.mark),
            None if self.next.is_some() => (self.outer.done, self.mark),
            None => (self.outer.done, self.made(sink)),
        }
    }
}

impl Stop {
    /// The same for a caller whose text is elsewhere and that keeps `before` bytes of memory for itself.
    pub fn moved(self, before: usize, map: impl FnOnce(usize) -> usize) -> Self {
        match self {
            Self::Full { needed } => Self::Full { needed },
            Self::Scratch { bytes, at } => {
                Self::Scratch { bytes: bytes.saturating_add(before), at: map(at) }
            }
            Self::Forbidden { token, at } => Self::Forbidden { token, at: map(at) },
            Self::NoToken { byte, at } => Self::NoToken { byte, at: map(at) },
            Self::TooLong { at } => Self::TooLong { at: map(at) },
            Self::Unknown { at } => Self::Unknown { at: map(at) },
        }
    }
}
