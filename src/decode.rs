//! Decoding: ids to text.

use crate::{DecodeError, TokenId, Tokenizer};
use alloc::{string::String, vec::Vec};
use comptok_core::{
    blob::Tables,
    decoder::{self, Skip, Stop},
    general::{Next, Tail, next},
};

/// Bytes that are made room for at a time.
const ROOM: core::ops::Range<usize> = 64..32 << 10;

impl Tokenizer {
    /// The text of `ids`, special tokens included.
    ///
    /// # Errors
    ///
    /// If an id has no token, or if the bytes are not UTF-8 (ids may end inside a character).
    pub fn decode(&self, ids: &[TokenId]) -> Result<String, DecodeError> {
        if let Some(general) = self.engine.general {
            self.check_ids(ids)?;
            return Ok((general.decode)(&self.tables(), ids, false));
        }
        let bytes = self.decode_bytes(ids)?;
        String::from_utf8(bytes)
            .map_err(|error| DecodeError::Utf8 { at: error.utf8_error().valid_up_to() })
    }

    /// The text of `ids` as the reference libraries give it: ids without a token are left out, and
    /// each stretch of bytes that is not UTF-8 becomes U+FFFD. With `skip_special`, special tokens
    /// are left out too.
    pub fn decode_lossy(&self, ids: &[TokenId], skip_special: bool) -> String {
        if let Some(general) = self.engine.general {
            return (general.decode)(&self.tables(), ids, skip_special);
        }
        let mut bytes = Vec::new();
        let skip = if skip_special { Skip::UnknownAndSpecial } else { Skip::Unknown };
        // With this, no id is an error.
        let _ = self.append(ids, skip, &mut bytes);
        into_lossy(bytes)
    }

    /// The bytes of `ids`, special tokens included.
    ///
    /// # Errors
    ///
    /// If an id has no token.
    pub fn decode_bytes(&self, ids: &[TokenId]) -> Result<Vec<u8>, DecodeError> {
        let mut bytes = Vec::new();
        self.decode_into(ids, &mut bytes)?;
        Ok(bytes)
    }

    /// Appends the bytes of `ids` to `bytes`.
    ///
    /// # Errors
    ///
    /// If an id has no token; the bytes of the ids before it have been appended.
    pub fn decode_into(&self, ids: &[TokenId], bytes: &mut Vec<u8>) -> Result<(), DecodeError> {
        if self.engine.general.is_some() {
            bytes.extend_from_slice(self.decode(ids)?.as_bytes());
            return Ok(());
        }
        self.append(ids, Skip::Nothing, bytes)
    }

    fn append(&self, ids: &[TokenId], skip: Skip, bytes: &mut Vec<u8>) -> Result<(), DecodeError> {
        let tables = self.tables();
        let start = bytes.len();
        let (mut done, mut len, mut needed) = (0, start, 0);
        loop {
            let rest = ids.get(done..).unwrap_or_default();
            // What the ids so far have, and a little more, is what the others will have.
            let so_far = len - start;
            let per_id = so_far.checked_div(done).map_or(4, |mean| mean + 1);
            let expected = per_id.saturating_mul(rest.len()).saturating_add(ROOM.start);
            if bytes.capacity() - len < needed.max(expected.min(ROOM.start)) {
                bytes.truncate(len);
                // No more than in proportion to what is known.
                let most = so_far.saturating_mul(8).max(4 * ids.len()).max(ROOM.start);
                bytes.reserve(expected.min(most).max(needed));
            }
            // A part at a time, so that the zeros are still in the processor's cache when the text takes
            // their place.
            let part = expected.clamp(ROOM.start, ROOM.end).max(needed);
            let end = len.saturating_add(part).min(bytes.capacity());
            bytes.resize(end, 0);
            let copied = decoder::copy(&tables, rest, skip, &mut bytes[len..]);
            (done, len) = (done + copied.ids, len + copied.bytes);
            let result = match copied.stop {
                Some(Stop::Full { needed: bytes }) => {
                    needed = bytes;
                    continue;
                }
                Some(Stop::Unknown) => Err(DecodeError::UnknownId { id: ids[done], index: done }),
                None => Ok(()),
            };
            bytes.truncate(len);
            return result;
        }
    }

    fn check_ids(&self, ids: &[TokenId]) -> Result<(), DecodeError> {
        let tables = self.tables();
        match ids.iter().position(|&id| !tables.token_flags(id).is_present()) {
            Some(index) => Err(DecodeError::UnknownId { id: ids[index], index }),
            None => Ok(()),
        }
    }

    /// The text of `ids`, U+FFFD for what is not UTF-8, and for each id the place, in chars, where it
    /// begins. An id that begins inside a char has the place of that char. (The places of tiktoken's
    /// method of this name: they are right where the text is UTF-8.)
    ///
    /// # Errors
    ///
    /// If an id has no token.
    pub fn decode_with_offsets(
        &self,
        ids: &[TokenId],
    ) -> Result<(String, Vec<usize>), DecodeError> {
        let (mut bytes, mut chars) = (Vec::new(), 0usize);
        let mut offsets = Vec::with_capacity(ids.len());
        let tables = self.tables();
        for (index, &id) in ids.iter().enumerate() {
            let token = tables.token(id).ok_or(DecodeError::UnknownId { id, index })?;
            let continues = |byte: &u8| (0x80..0xC0).contains(byte);
            offsets.push(chars.saturating_sub(usize::from(token.first().is_some_and(continues))));
            chars += token.iter().filter(|byte| !continues(byte)).count();
            bytes.extend_from_slice(token);
        }
        Ok((into_lossy(bytes), offsets))
    }

    /// Decodes ids as they come, and never splits a character.
    pub fn decode_stream(&self, skip_special: bool) -> DecodeStream<'_> {
        DecodeStream {
            tokenizer: self,
            skip_special,
            held: Vec::new(),
            ids: Vec::new(),
            prefix: String::new(),
            prefix_len: 0,
            tail: Tail::default(),
            broken: false,
            empty: true,
        }
    }
}

/// How the general engine decodes.
type Decode = fn(&Tables<'_>, &[TokenId], bool) -> String;

fn into_lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Decodes ids as they come. Made by [`Tokenizer::decode_stream`].
///
/// Bytes that may still become a character are held back, and so is text that ends in U+FFFD, as
/// the reference does it: what was broken may only look so.
#[derive(Debug, Clone)]
pub struct DecodeStream<'t> {
    tokenizer: &'t Tokenizer,
    skip_special: bool,
    held: Vec<u8>,
    /// Where a decoder looks around: ids of which the first `prefix_len` gave `prefix`, which has been
    /// handed out.
    ids: Vec<TokenId>,
    prefix: String,
    prefix_len: usize,
    tail: Tail,
    /// The text of all `ids` ends in U+FFFD; there is none.
    broken: bool,
    empty: bool,
}

impl DecodeStream<'_> {
    /// The text that `id` completes, if it completes some.
    ///
    /// # Errors
    ///
    /// If the id has no token. The stream can go on.
    pub fn step(&mut self, id: TokenId) -> Result<Option<String>, DecodeError> {
        if let Some(general) = self.tokenizer.engine.general {
            self.tokenizer.check_ids(&[id])?;
            return self.step_around(id, general.decode);
        }
        let tables = self.tokenizer.tables();
        if self.skip_special && tables.token_flags(id).is_special() {
            return Ok(None);
        }
        let token = tables.token(id).ok_or(DecodeError::UnknownId { id, index: 0 })?;
        self.held.extend_from_slice(token);
        // The end decides. Looking at no more than that keeps a long stream of broken bytes linear.
        let tail = &self.held[self.held.len().saturating_sub(8)..];
        let broken_tail = match tail.utf8_chunks().last() {
            Some(chunk) => !chunk.invalid().is_empty() || chunk.valid().ends_with('\u{FFFD}'),
            None => true,
        };
        if broken_tail {
            return Ok(None);
        }
        Ok(Some(into_lossy(core::mem::take(&mut self.held))))
    }

    /// A step where the text of an id depends on those before it: all since the last text are decoded
    /// together, and what has been handed out is cut off in front.
    fn step_around(&mut self, id: TokenId, decode: Decode) -> Result<Option<String>, DecodeError> {
        let tables = self.tokenizer.tables();
        let decode = |ids: &[TokenId]| decode(&tables, ids, self.skip_special);
        if self.prefix.is_empty() && !self.ids.is_empty() && !self.broken {
            let prefix = decode(&self.ids);
            if !prefix.ends_with('\u{FFFD}') {
                (self.prefix, self.prefix_len) = (prefix, self.ids.len());
            }
        }
        // What has no text would pile up and be decoded with all that follows.
        match next(&tables, &self.ids, self.empty, id, self.skip_special) {
            Next::Nothing => return Ok(None),
            Next::Replaces => {
                self.ids.pop();
                self.ids.push(id);
                return Ok(None);
            }
            Next::Some => self.ids.push(id),
        }
        // Else a long run of broken bytes would be decoded anew for each of them.
        if self.tail.push(&tables, &self.ids, self.skip_special) {
            (self.broken, self.empty) = (true, false);
            return Ok(None);
        }
        let mut text = decode(&self.ids);
        self.broken = text.ends_with('\u{FFFD}');
        self.empty = text.is_empty();
        if text.len() <= self.prefix.len() || self.broken {
            return Ok(None);
        }
        if !text.starts_with(&self.prefix) {
            return Err(DecodeError::Rewritten { id });
        }
        let new = text.split_off(self.prefix.len());
        let kept = self.ids.len() - self.prefix_len;
        self.ids.drain(..self.prefix_len);
        (self.prefix, self.prefix_len) = (decode(&self.ids), kept);
        self.empty = self.prefix.is_empty();
        Ok(Some(new))
    }

    /// What is held back, with U+FFFD for what is not UTF-8. The stream is then empty.
    pub fn finish(&mut self) -> Option<String> {
        if let Some(general) = self.tokenizer.engine.general {
            let ids = core::mem::take(&mut self.ids);
            // Steps may make a text of nothing, again and again.
            if ids.is_empty() {
                return None;
            }
            let text = (general.decode)(&self.tokenizer.tables(), &ids, self.skip_special);
            let prefix = core::mem::take(&mut self.prefix);
            self.prefix_len = 0;
            (self.tail, self.broken, self.empty) = (Tail::default(), false, true);
            let rest = text.strip_prefix(&*prefix).unwrap_or(&text);
            return (!rest.is_empty()).then(|| String::from(rest));
        }
        match self.held.is_empty() {
            true => None,
            false => Some(into_lossy(core::mem::take(&mut self.held))),
        }
    }
}
