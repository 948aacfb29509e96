//! What becomes of chars, found out once for each and remembered: the steps of most words in one walk.

use alloc::vec::Vec;

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

/// Most bytes that a char becomes; others are left to the steps.
pub(super) const ROOM: usize = 8;

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
    len: u8,
    bytes: [u8; ROOM],
}

impl Slot {
    /// A char that becomes `text`, of up to [`ROOM`] bytes.
    pub(super) fn new(kind: Kind, text: &str) -> Self {
        let mut slot = Self { kind, len: text.len().min(ROOM) as u8, ..Self::default() };
        for (to, from) in slot.bytes.iter_mut().zip(text.as_bytes()) {
            *to = *from;
        }
        slot
    }
}

/// Chars that are remembered.
const SLOTS: usize = 4096;

/// What is known of chars, for one tokenizer.
#[derive(Debug, Default)]
pub(super) struct Chars {
    slots: Vec<Slot>,
    word: Vec<u8>,
    places: Vec<Place>,
}

/// The range of the text that a byte comes from.
pub(super) type Place = (u32, u32);

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
        let Self { slots, word, places } = self;
        word.clear();
        word.extend_from_slice(prefix.as_bytes());
        places.clear();
        if PLACES {
            places.resize(prefix.len(), (0, 0));
        }
        let mut flush = |word: &mut Vec<u8>, places: &mut Vec<Place>| {
            if word.len() == prefix.len() {
                return Ok(());
            }
            if PLACES {
                // What is in front belongs to the first char.
                let first = places.get(prefix.len()).copied().unwrap_or_default();
                places.iter_mut().take(prefix.len()).for_each(|place| *place = first);
            }
            let result = put(core::str::from_utf8(word).unwrap_or_default(), places);
            word.truncate(prefix.len());
            places.truncate(prefix.len());
            result
        };
        let mut is_open = false;
        for (at, c) in text.char_indices() {
            let slot = slots.get_mut(c as usize % SLOTS)?;
            if slot.key != u32::from(c) + 1 {
                *slot = Slot { key: u32::from(c) + 1, ..learn(c) };
            }
            if slot.extends && is_open || PLACES && slot.moves {
                return None;
            }
            is_open = slot.is_open || slot.extends && is_open;
            let slot = *slot;
            let place = (at as u32, (at + c.len_utf8()) as u32);
            let write = |word: &mut Vec<u8>, places: &mut Vec<Place>| {
                // All of them, whatever their number: what is too much is taken back.
                let len = word.len() + usize::from(slot.len);
                word.extend_from_slice(&slot.bytes);
                word.truncate(len);
                if PLACES {
                    places.resize(word.len(), place);
                }
            };
            let is_alone = match slot.kind {
                Kind::Inside => {
                    write(word, places);
                    continue;
                }
                Kind::Alone => true,
                Kind::Space => false,
                Kind::Other => return None,
            };
            if let Err(error) = flush(word, places) {
                return Some(Err(error));
            }
            if is_alone {
                write(word, places);
                if let Err(error) = flush(word, places) {
                    return Some(Err(error));
                }
            }
        }
        Some(flush(word, places))
    }
}
