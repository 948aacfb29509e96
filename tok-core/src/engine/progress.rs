//! What an encode is asked, how far it has come, and why it stopped.

use crate::{
    added_tokens::{self, Found, Matcher, Special},
    blob::Tables,
    sink::Sink,
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
    /// Everything before this is done.
    pub(super) done: usize,
    /// Where the search for added tokens goes on.
    search: usize,
    /// The stretch up to here has no added token; known while `open`.
    pub(super) limit: usize,
    open: bool,
    /// The added token at the end of the stretch.
    found: Option<Found>,
    /// The stretch has had its prefix space.
    pub(super) prefixed: bool,
}

impl Walk {
    pub(super) fn at(start: usize) -> Self {
        Self { done: start, search: start, ..Self::default() }
    }

    /// Finds the end of the stretch that begins at `done`.
    #[inline]
    pub(super) fn open(
        &mut self,
        tables: &Tables<'_>,
        matcher: Option<&Matcher<'_>>,
        special: Special<'_>,
        text: &[u8],
    ) -> Result<(), Stop> {
        if self.open {
            return Ok(());
        }
        self.found = match matcher {
            None => None,
            Some(matcher) => {
                added_tokens::next_match(tables, matcher, special, text, self.search, self.done)
                    .map_err(|found| Stop::Forbidden { token: found.token, at: found.at })?
            }
        };
        self.limit = self.found.map_or(text.len(), |found| found.start.max(self.done));
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
        *self = Self::at(found.end);
        self.search = found.search;
        Ok(true)
    }
}

/// Where an encode stands. Belongs to one text and one tokenizer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cursor {
    pub(super) outer: Walk,
    /// The chunk's end in the text, and progress through it.
    pub(super) chunk: Option<(usize, Walk)>,
    pub(super) rewritten: bool,
    /// The stretch has been cut before this chunk.
    pub(super) cut: bool,
    /// What the sink held when the chunk began.
    pub(super) mark: usize,
}

impl Cursor {
    /// The beginning of a text that goes on where another part of it ended: no prefix space.
    pub fn continued() -> Self {
        Self { cut: true, ..Self::default() }
    }

    /// Whether going on means rewriting a stretch of text again.
    pub fn is_rewriting(&self) -> bool {
        self.rewritten && self.chunk.is_some()
    }

    /// How far the text is done, and how many of the tokens in the sink belong to that. Encoding
    /// the rest of the text gives the other tokens.
    pub fn consumed<K: Sink>(&self, sink: &K) -> (usize, usize) {
        match self.chunk {
            Some((_, inner)) if !self.rewritten => (inner.done, sink.taken()),
            Some(_) => (self.outer.done, self.mark),
            None => (self.outer.done, sink.taken()),
        }
    }
}

impl Stop {
    /// The same for a caller whose text is elsewhere and that keeps `before` bytes of memory for itself.
    pub(super) fn moved(self, before: usize, map: impl FnOnce(usize) -> usize) -> Self {
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
