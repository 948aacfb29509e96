//! The library's normalizer, which also says where each byte comes from.

use super::{SPACE, SentencePiece, char_len, flag, own_param, own_part};
use crate::general::Charsmap;
use alloc::vec::Vec;

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
        let suffix = model.has(flag::SPACE_AS_SUFFIX);
        let dummy = model.has(flag::DUMMY_PREFIX);
        let mut push = |bytes: &[u8], at: u32| {
            out.extend_from_slice(bytes);
            if PLACES {
                places.resize(out.len(), at);
            }
        };
        if dummy && !suffix && part.is_first {
            push(space, done);
        }
        let mut after_space = removes && part.is_first;
        while !rest.is_empty() {
            let (mut part, len) = prefix(rest);
            while after_space && let [b' ', after @ ..] = part {
                part = after;
            }
            match part {
                [] => {}
                // Most chars: a call to copy one byte would take longer than all the rest.
                &[byte] if byte != b' ' => {
                    push(&[byte], done);
                    after_space = false;
                }
                [.., last] => {
                    for bytes in part.chunk_by(|a, b| *a != b' ' && *b != b' ') {
                        push(if bytes == b" " { space } else { bytes }, done);
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
        Rules::of(self).apply::<true>(text, Part { is_first: true, is_last: true }, out, places);
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
