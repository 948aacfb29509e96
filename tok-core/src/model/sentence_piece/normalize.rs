//! The library's normalizer, which also says where each byte comes from.

use super::{SPACE, SentencePiece, char_len, flag, own_param, own_part};
use crate::general::Charsmap;
use alloc::vec::Vec;

/// What becomes of chars that stand alone, found out once for each and remembered, for one table.
#[derive(Debug, Default)]
pub(crate) struct Alone(Vec<Slot>);

/// What becomes of a char.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// The char and 1; 0 if there is none.
    key: u32,
    /// Where entries of the table go on behind it.
    end: u32,
    len: u8,
    text: [u8; 7],
}

impl Slot {
    /// The length of what is to be looked up each time.
    const UNKNOWN: u8 = u8::MAX;

    #[cold]
    fn of(c: char, rules: &Rules<'_>) -> Self {
        let mut utf8 = [0; 4];
        let bytes = c.encode_utf8(&mut utf8).as_bytes();
        let map = rules.map.as_ref();
        let text = match map.and_then(|map| map.longest(bytes)) {
            None => Some(bytes),
            Some((len, text)) => (len == bytes.len()).then_some(text),
        };
        let may_be_defined = rules.user_defined && rules.model.begins_user_defined(bytes);
        let text = text.filter(|text| !may_be_defined && !text.is_empty() && !text.contains(&b' '));
        let end = map.map_or(0, |map| map.end_of(bytes));
        let mut slot = Self { key: u32::from(c) + 1, end, len: Self::UNKNOWN, text: [0; 7] };
        if let Some(text) = text
            && let Some(room) = slot.text.get_mut(..text.len())
        {
            room.copy_from_slice(text);
            slot.len = text.len() as u8;
        }
        slot
    }
}

impl Alone {
    /// Chars that are remembered.
    const SLOTS: usize = 8192;

    /// Appends what becomes of the chars in front of `text` that stand alone: no entry of the table goes on behind
    /// one, no user-defined piece begins with one, and none becomes nothing, or a space. Returns their length.
    fn write(&mut self, text: &str, rules: &Rules<'_>, out: &mut Vec<u8>) -> usize {
        if self.0.is_empty() {
            self.0.resize(Self::SLOTS, Slot::default());
        }
        let (bytes, mut done) = (text.as_bytes(), 0);
        for c in text.chars() {
            let Some(slot) = self.0.get_mut(c as usize % Self::SLOTS) else { break };
            if slot.key != u32::from(c) + 1 {
                *slot = Slot::of(c, rules);
            }
            if slot.len == Slot::UNKNOWN {
                break;
            }
            let next = done + c.len_utf8();
            let goes_on = |map: &Charsmap<'_>| {
                bytes.get(next).is_some_and(|&byte| map.goes_on(slot.end, byte))
            };
            if rules.map.as_ref().is_some_and(goes_on) {
                break;
            }
            // All of them, whatever their number: what is too much is taken back.
            let len = out.len() + usize::from(slot.len);
            out.extend_from_slice(&slot.text);
            out.truncate(len);
            done = next;
        }
        done
    }
}

/// What is done to text, read once for many words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    model: SentencePiece<'a>,
    map: Option<Charsmap<'a>>,
    user_defined: bool,
    removes: bool,
    space: &'static [u8],
}

/// Which ends of the whole text a part of it has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) is_first: bool,
    pub(super) is_last: bool,
}

impl<'a> Rules<'a> {
    pub(super) fn of(model: &SentencePiece<'a>) -> Self {
        Self {
            model: *model,
            map: model.charsmap(own_part::CHARSMAP),
            user_defined: model.trie().has_children(model.parts.param(own_param::USER_ROOT)),
            removes: model.has(flag::REMOVE_SPACES),
            space: if model.has(flag::ESCAPE_SPACES) { SPACE } else { b" " },
        }
    }

    /// Writes the normalized text, and, if asked, for each byte of it and its end the place in `text`. What goes
    /// before a part that is not the first does not end in a space. Says whether this one may belong together
    /// with what follows, where something does.
    pub(super) fn apply<const PLACES: bool>(
        &self,
        text: &str,
        part: Part,
        alone: Option<&mut Alone>,
        out: &mut Vec<u8>,
        places: &mut Vec<u32>,
    ) -> bool {
        out.clear();
        places.clear();
        let Self { ref model, map, user_defined, removes, space } = *self;
        let prefix = |rest| model.prefix(map.as_ref(), user_defined, rest);
        let (mut rest, mut done) = (text.as_bytes(), 0);
        if removes && part.is_first {
            while !rest.is_empty()
                && let (b" ", len) = prefix(rest)
            {
                rest = rest.get(len..).unwrap_or_default();
                done += len as u32;
            }
        }
        if rest.is_empty() {
            places.push(0);
            return true;
        }
        // Places are counted char by char.
        let mut alone = alone.filter(|_| !PLACES);
        let suffix = model.has(flag::SPACE_AS_SUFFIX);
        let dummy = model.has(flag::DUMMY_PREFIX);
        let push = |out: &mut Vec<u8>, places: &mut Vec<u32>, bytes: &[u8], at: u32| {
            out.extend_from_slice(bytes);
            if PLACES {
                places.resize(out.len(), at);
            }
        };
        if dummy && !suffix && part.is_first {
            push(out, places, space, done);
        }
        let mut after_space = removes && part.is_first;
        while !rest.is_empty() {
            if let Some(alone) = &mut alone {
                let len = alone.write(text.get(done as usize..).unwrap_or_default(), self, out);
                if len > 0 {
                    after_space = false;
                    done += len as u32;
                    rest = rest.get(len..).unwrap_or_default();
                    continue;
                }
            }
            let (mut part, len) = prefix(rest);
            while after_space && let [b' ', after @ ..] = part {
                part = after;
            }
            match part {
                [] => {}
                // Most chars: a call to copy one byte would take longer than all the rest.
                &[byte] if byte != b' ' => {
                    push(out, places, &[byte], done);
                    after_space = false;
                }
                [.., last] => {
                    for bytes in part.chunk_by(|a, b| *a != b' ' && *b != b' ') {
                        let bytes = if bytes == b" " { space } else { bytes };
                        push(out, places, bytes, done);
                    }
                    after_space = *last == b' ';
                }
            }
            done += len as u32;
            rest = rest.get(len..).unwrap_or_default();
            after_space &= removes;
        }
        let is_open = out.is_empty() || out.ends_with(space) || out.ends_with(SPACE);
        while removes && part.is_last && out.ends_with(space) {
            let len = out.len() - space.len();
            done = places.get(len).copied().unwrap_or(done);
            out.truncate(len);
            places.truncate(len);
        }
        if dummy && suffix && part.is_last {
            out.extend_from_slice(space);
            if PLACES {
                places.resize(out.len(), done);
            }
        }
        if PLACES {
            places.push(done);
        }
        is_open
    }
}

impl SentencePiece<'_> {
    /// Writes the normalized text, and for each byte of it and its end the place in `text`.
    pub(super) fn normalize(&self, text: &str, out: &mut Vec<u8>, places: &mut Vec<u32>) {
        let whole = Part { is_first: true, is_last: true };
        Rules::of(self).apply::<true>(text, whole, None, out, places);
    }

    /// What the front of the text becomes, and how many bytes of the text that is.
    fn prefix<'t>(
        &self,
        map: Option<&Charsmap<'t>>,
        user_defined: bool,
        rest: &'t [u8],
    ) -> (&'t [u8], usize) {
        if user_defined && let Some(len) = self.user_defined(rest) {
            return (rest.get(..len).unwrap_or_default(), len);
        }
        match map.and_then(|map| map.longest(rest)) {
            Some((len, text)) => (text, len),
            None => {
                let len = char_len(rest);
                (rest.get(..len).unwrap_or_default(), len)
            }
        }
    }

    /// Applies the table for decoded text.
    pub(super) fn denormalize(&self, text: &str) -> Vec<u8> {
        let map = self.charsmap(own_part::DENORMALIZER);
        let (mut rest, mut out) = (text.as_bytes(), Vec::with_capacity(text.len()));
        while !rest.is_empty() {
            let (part, len) = self.prefix(map.as_ref(), false, rest);
            out.extend_from_slice(part);
            rest = rest.get(len..).unwrap_or_default();
        }
        out
    }
}
