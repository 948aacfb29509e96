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
pub(super) const ROOM: usize = 10;

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Slot {
    /// The char and 1; 0 if there is none.
    key: u32,
    pub(super) kind: Kind,
    /// With the char before it, something else may become of it.
    pub(super) extends: bool,
    /// With a char behind it that extends it, something else may become of it.
    pub(super) is_open: bool,
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
const SLOTS: usize = 2048;

/// What is known of chars, for one tokenizer.
#[derive(Debug, Default)]
pub(super) struct Chars {
    slots: Vec<Slot>,
    word: Vec<u8>,
}

impl Chars {
    /// Calls `put` with each word that comes of a text, `prefix` in front; `None` where that is left to the
    /// steps. `learn` says what becomes of a char.
    #[inline]
    pub(super) fn split<E>(
        &mut self,
        prefix: &str,
        text: &str,
        learn: impl Fn(char) -> Slot,
        mut put: impl FnMut(&str) -> Result<(), E>,
    ) -> Option<Result<(), E>> {
        if self.slots.is_empty() {
            self.slots.resize(SLOTS, Slot::default());
        }
        let Self { slots, word } = self;
        word.clear();
        word.extend_from_slice(prefix.as_bytes());
        let mut flush = |word: &mut Vec<u8>| {
            if word.len() == prefix.len() {
                return Ok(());
            }
            let result = put(core::str::from_utf8(word).unwrap_or_default());
            word.truncate(prefix.len());
            result
        };
        let mut is_open = false;
        for c in text.chars() {
            let slot = slots.get_mut(c as usize % SLOTS)?;
            if slot.key != u32::from(c) + 1 {
                *slot = Slot { key: u32::from(c) + 1, ..learn(c) };
            }
            if slot.extends && is_open {
                return None;
            }
            is_open = slot.is_open || slot.extends && is_open;
            let bytes = slot.bytes.get(..usize::from(slot.len))?;
            let is_alone = match slot.kind {
                Kind::Inside => {
                    word.extend_from_slice(bytes);
                    continue;
                }
                Kind::Alone => true,
                Kind::Space => false,
                Kind::Other => return None,
            };
            if let Err(error) = flush(word) {
                return Some(Err(error));
            }
            if is_alone {
                word.extend_from_slice(bytes);
                if let Err(error) = flush(word) {
                    return Some(Err(error));
                }
            }
        }
        Some(flush(word))
    }
}
