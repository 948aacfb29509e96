//! The library's normalizer, which also says where each byte comes from.

use super::{SPACE, SentencePiece, char_len, flag, own_param, own_part};
use crate::general::Charsmap;
use alloc::vec::Vec;

impl SentencePiece<'_> {
    /// Writes the normalized text, and for each byte of it and its end the place in `text`.
    pub(super) fn normalize(&self, text: &str, out: &mut Vec<u8>, places: &mut Vec<u32>) {
        out.clear();
        places.clear();
        let map = self.charsmap(own_part::CHARSMAP);
        let user_defined = self.trie().has_children(self.parts.param(own_param::USER_ROOT));
        let prefix = |rest| self.prefix(map.as_ref(), user_defined, rest);
        let removes = self.has(flag::REMOVE_SPACES);
        let space: &[u8] = if self.has(flag::ESCAPE_SPACES) { SPACE } else { b" " };
        let (mut rest, mut done) = (text.as_bytes(), 0);
        if removes {
            while !rest.is_empty()
                && let (b" ", len) = prefix(rest)
            {
                rest = rest.get(len..).unwrap_or_default();
                done += len as u32;
            }
        }
        if rest.is_empty() {
            places.push(0);
            return;
        }
        let suffix = self.has(flag::SPACE_AS_SUFFIX);
        let dummy = self.has(flag::DUMMY_PREFIX);
        let mut push = |bytes: &[u8], at: u32| {
            out.extend_from_slice(bytes);
            places.resize(out.len(), at);
        };
        if dummy && !suffix {
            push(space, done);
        }
        let mut after_space = removes;
        while !rest.is_empty() {
            let (mut part, len) = prefix(rest);
            while after_space && let [b' ', after @ ..] = part {
                part = after;
            }
            if let Some(&last) = part.last() {
                for bytes in part.chunk_by(|a, b| *a != b' ' && *b != b' ') {
                    push(if bytes == b" " { space } else { bytes }, done);
                }
                after_space = last == b' ';
            }
            done += len as u32;
            rest = rest.get(len..).unwrap_or_default();
            after_space &= removes;
        }
        while removes && out.ends_with(space) {
            let len = out.len() - space.len();
            done = places.get(len).copied().unwrap_or(done);
            out.truncate(len);
            places.truncate(len);
        }
        if dummy && suffix {
            out.extend_from_slice(space);
            places.resize(out.len(), done);
        }
        places.push(done);
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
