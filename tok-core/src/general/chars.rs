//! What becomes of chars, found out once for each and remembered: the steps of most words in one walk.

use crate::swar;
use alloc::{string::String, vec::Vec};

/// What becomes of a char.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    /// Part of a word, or nothing.
    #[default]
    Inside,
    /// A word of its own.
    Alone,
    /// Ends a word.
    Space,
    /// Left to the steps.
    Other,
}

/// Most chars that one becomes; what becomes more is left to the steps.
const ROOM: usize = 3;
/// Bits of a char and 1.
const BITS: u32 = 21;

/// What is remembered of a char.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Slot {
    /// The char and 1; 0 if there is none.
    key: u32,
    pub(super) kind: Kind,
    /// With the char before it, something else may become of it.
    pub(super) extends: bool,
    /// With a char behind it that extends it, something else may become of it.
    pub(super) is_open: bool,
    /// The places of chars around it depend on it.
    pub(super) moves: bool,
    /// What it becomes: each char and 1, the first in the lowest bits.
    chars: u64,
}

impl Slot {
    /// A char that becomes `text`. If that is too much, it is left to the steps.
    pub(super) fn new(kind: Kind, text: &str) -> Self {
        if text.chars().nth(ROOM).is_some() {
            return Self { kind: Kind::Other, ..Self::default() };
        }
        let chars = text.chars().rev().fold(0, |chars, c| chars << BITS | (u64::from(c) + 1));
        Self { kind, chars, ..Self::default() }
    }

    /// Whether the char stays what it is.
    #[inline(always)]
    fn stays(&self) -> bool {
        self.chars == u64::from(self.key)
    }

    /// What it becomes.
    #[inline(always)]
    fn chars(&self) -> impl Iterator<Item = char> {
        let mut rest = self.chars;
        core::iter::from_fn(move || {
            let number = (rest & ((1 << BITS) - 1)) as u32;
            rest >>= BITS;
            char::from_u32(number.checked_sub(1)?)
        })
    }
}

/// Chars that are remembered.
const SLOTS: usize = 8192;

/// What is known of chars, for one tokenizer.
#[derive(Debug, Default)]
pub(super) struct Chars {
    slots: Vec<Slot>,
    word: String,
    places: Vec<Place>,
}

/// The range of the text that a byte comes from.
pub(super) type Place = (u32, u32);

/// A word that grows.
struct Word<'w> {
    text: &'w str,
    /// What is written of it, and, from this byte on, what has yet to be, as it is.
    written: &'w mut String,
    from: usize,
    prefix: &'w str,
    places: &'w mut Vec<Place>,
}

impl Word<'_> {
    /// The char at `at..to` becomes these.
    #[inline]
    fn put<const PLACES: bool>(&mut self, (at, to): (usize, usize), slot: &Slot) {
        if !slot.stays() {
            self.written.push_str(&self.text[self.from..at]);
            self.written.extend(slot.chars());
            self.from = to;
        }
        if PLACES {
            let len = if slot.stays() { to - at } else { slot.chars().map(char::len_utf8).sum() };
            let len = self.places.len() + len;
            self.places.resize(len, (at as u32, to as u32));
        }
    }

    /// Ends it at `at`, hands it to `put`, and begins the next one at `next`.
    #[inline]
    fn end<E>(
        &mut self,
        (at, next): (usize, usize),
        put: &mut impl FnMut(&str, &[Place]) -> Result<(), E>,
    ) -> Result<(), E> {
        let Self { text, written, from, prefix, places } = self;
        let rest = &text[core::mem::replace(from, next)..at];
        // Most stay as they are.
        let word = if written.is_empty() {
            rest
        } else {
            written.push_str(rest);
            written.as_str()
        };
        if word.len() > prefix.len() {
            // What is in front belongs to the first char.
            let first = places.get(prefix.len()).copied().unwrap_or_default();
            places.iter_mut().take(prefix.len()).for_each(|place| *place = first);
            put(word, places)?;
        }
        written.truncate(prefix.len());
        places.truncate(prefix.len());
        Ok(())
    }
}

impl Chars {
    /// Calls `put` with each word that comes of a text, `prefix` in front, and with where each of its bytes comes
    /// from if `PLACES`; `None` where that is left to the steps. `learn` says what becomes of a char.
    #[inline]
    pub(super) fn split<const PLACES: bool, E>(
        &mut self,
        prefix: &str,
        text: &str,
        learn: impl Fn(char) -> Slot,
        mut put: impl FnMut(&str, &[Place]) -> Result<(), E>,
    ) -> Option<Result<(), E>> {
        if self.slots.is_empty() {
            self.slots.resize(SLOTS, Slot::default());
        }
        let Self { slots, word: written, places } = self;
        written.clear();
        written.push_str(prefix);
        places.clear();
        if PLACES {
            places.resize(prefix.len(), (0, 0));
        }
        let mut word = Word { text, written, from: 0, prefix, places };
        let mut is_open = false;
        for (at, c) in text.char_indices() {
            let slot = slots.get_mut(c as usize % SLOTS)?;
            if slot.key != u32::from(c) + 1 {
                *slot = Slot { key: u32::from(c) + 1, ..learn(c) };
            }
            let slot = *slot;
            if slot.extends && is_open || PLACES && slot.moves {
                return None;
            }
            is_open = slot.is_open || slot.extends && is_open;
            let to = at + c.len_utf8();
            let ended = match slot.kind {
                Kind::Inside => {
                    word.put::<PLACES>((at, to), &slot);
                    continue;
                }
                Kind::Alone => word.end((at, at), &mut put).and_then(|()| {
                    word.put::<PLACES>((at, to), &slot);
                    word.end((to, to), &mut put)
                }),
                Kind::Space => word.end((at, to), &mut put),
                Kind::Other => return None,
            };
            if let Err(error) = ended {
                return Some(Err(error));
            }
        }
        Some(word.end((text.len(), text.len()), &mut put))
    }

    /// Calls `put` with a text, each space a `space`.
    #[inline]
    pub(super) fn replace<R>(
        &mut self,
        text: &str,
        space: &str,
        put: impl FnOnce(&str, &[Place]) -> R,
    ) -> R {
        let Self { word, .. } = self;
        word.clear();
        let mut rest = text;
        // Most words have one in front, or none.
        if let Some(behind) = rest.strip_prefix(' ') {
            word.push_str(space);
            rest = behind;
        }
        while let Some(at) = swar::find(rest.as_bytes(), b' ') {
            let (before, behind) = rest.split_at(at);
            word.push_str(before);
            word.push_str(space);
            rest = behind.strip_prefix(' ').unwrap_or_default();
        }
        word.push_str(rest);
        put(word, &[])
    }
}
