//! Encoding: text to ids.

#[cfg(feature = "alloc")]
use crate::scratch::with_own;
use crate::{EncodeError, Scratch, TokenId, TokenName, Tokenizer, Tokens};
#[cfg(feature = "alloc")]
use alloc::vec::Vec;
use comptok_core::{
    Cursor, Request, Stop, Workspace,
    added_tokens::{self, Special},
    blob::flags,
    sink::{CountSink, IdSink, Sink, Span},
};

/// How to encode: what becomes of special tokens, and of bytes that have no token.
///
/// A [`Special`] alone turns into options that are not strict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options<'a> {
    /// What to do with special tokens in the text.
    pub special: Special<'a>,
    /// Where the reference drops a byte that has no token, fail instead; and where the tokenizer takes text only,
    /// at bytes that are not UTF-8, which are U+FFFD otherwise.
    pub strict: bool,
    /// The text goes on where an earlier part of it ended, so that nothing is put in front of it.
    pub continued: bool,
}

impl<'a> Options<'a> {
    /// Options with this policy for special tokens.
    pub const fn new(special: Special<'a>) -> Self {
        Self { special, strict: false, continued: false }
    }

    /// The same, strict.
    pub const fn strict(self) -> Self {
        Self { strict: true, ..self }
    }

    /// The same for text that goes on where an earlier part of it ended.
    pub const fn continued(self) -> Self {
        Self { continued: true, ..self }
    }

    pub(crate) fn cursor(&self) -> Cursor {
        if self.continued { Cursor::continued() } else { Cursor::default() }
    }
}

impl<'a> From<Special<'a>> for Options<'a> {
    fn from(special: Special<'a>) -> Self {
        Self::new(special)
    }
}

/// For the methods that treat special tokens as text, and say so.
#[cfg(feature = "alloc")]
const ORDINARY: Options<'static> = Options::new(Special::AsText);

/// Ends that `truncate` goes back to one by one.
#[cfg(feature = "alloc")]
const TRUNCATE_TRIES: u32 = 16;

/// Tokens that are counted before the cache is looked after.
const COUNT_STEP: usize = 4096;

/// Ids that are made room for at a time.
#[cfg(feature = "alloc")]
const PART: usize = 4096;

impl Tokenizer {
    pub(crate) fn error(&self, stop: Stop, written: usize, consumed: usize) -> EncodeError {
        match stop {
            Stop::Full { .. } => EncodeError::Full { written, consumed },
            Stop::Scratch { bytes, at } => EncodeError::Scratch { needed: bytes, at },
            Stop::Forbidden { token, at } => {
                let content = added_tokens::added(&self.tables(), token).map(|added| added.content);
                EncodeError::Forbidden { token: TokenName::new(content.unwrap_or_default()), at }
            }
            Stop::NoToken { byte, at } => EncodeError::NoToken { byte, at },
            Stop::TooLong { at } => EncodeError::TooLong { at },
            Stop::Unknown { at } => EncodeError::Unknown { at },
        }
    }

    /// How much of a text is done, so that the rest of it can be encoded on its own, and the number of its
    /// tokens.
    pub(crate) fn consumed<K: Sink>(&self, cursor: &Cursor, sink: &K) -> (usize, usize) {
        match self.tables().has(flags::PREFIX_SPACE) {
            true => cursor.consumed_unprefixed(sink),
            false => cursor.consumed(sink),
        }
    }

    /// As [`consumed`](Self::consumed), of an encode that began with `begin` and is full. Where an added token would
    /// be another one in the rest of the text, less of it is done.
    pub(crate) fn stopped<K: Sink>(
        &self,
        request: &Request<'_>,
        begin: Cursor,
        cursor: &Cursor,
        sink: &K,
        workspace: &mut Workspace<'_>,
    ) -> (usize, usize) {
        let tables = self.tables();
        let Request { text, special, .. } = *request;
        let is_apart = |cursor: &Cursor, at| {
            !cursor.overlaps() && added_tokens::is_apart(&tables, special, text, at)
        };
        let (mut done, mut tokens) = self.consumed(cursor, sink);
        let (mut apart, mut less) = (is_apart(cursor, done), 1);
        while done > 0 && !apart {
            let room = tokens.saturating_sub(less);
            let (mut cursor, mut sink) = (begin, CountSink::new(room));
            let result = self.engine.count(&tables, request, &mut cursor, workspace, &mut sink);
            if room == 0 || !matches!(result, Err(Stop::Full { .. })) {
                return (0, 0);
            }
            (done, tokens) = self.consumed(&cursor, &sink);
            apart = is_apart(&cursor, done);
            // Few steps, though they may be too long.
            less *= 2;
        }
        (done, tokens)
    }

    /// Writes the ids of `text` to the front of `ids` and returns how many there are. Allocates
    /// nothing, unless `scratch` owns its memory and a pre-token is long.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Full`] says how many ids were written and how much of the text they cover;
    /// the rest of the text can be encoded on its own, with [`Options::continued`]. The other errors are those of the policy in
    /// `options` and of memory that was lent and is too small.
    pub fn encode_to_slice<'o, T: AsRef<[u8]> + ?Sized>(
        &self,
        text: &T,
        options: impl Into<Options<'o>>,
        ids: &mut [TokenId],
        scratch: &mut Scratch<'_>,
    ) -> Result<usize, EncodeError> {
        let options = options.into();
        let Options { special, strict, .. } = options;
        let request = Request { text: text.as_ref(), special, strict };
        let tables = self.tables();
        #[cfg(feature = "alloc")]
        if let Some(general) = self.engine.general {
            // All or nothing: the engine does not say where it was.
            let mut written = 0usize;
            let mut out = |new: &[TokenId]| {
                if let Some(room) = ids.get_mut(written..written.saturating_add(new.len())) {
                    room.copy_from_slice(new);
                }
                written += new.len();
            };
            return match (general.ids)(&tables, &request, scratch.general(self), &mut out) {
                Ok(()) if written <= ids.len() => Ok(written),
                Ok(()) => Err(self.error(Stop::Full { needed: written }, 0, 0)),
                Err(stop) => Err(self.error(stop, 0, 0)),
            };
        }
        let mut cursor = options.cursor();
        let mut sink = IdSink::new(ids);
        loop {
            let mut workspace = scratch.workspace(self, request.text.len());
            match self.engine.ids(&tables, &request, &mut cursor, &mut workspace, &mut sink) {
                Ok(()) => return Ok(sink.taken()),
                Err(Stop::Scratch { bytes, .. }) if scratch.grow(bytes) => {}
                Err(stop) => {
                    let begin = options.cursor();
                    let mut workspace = scratch.workspace(self, request.text.len());
                    let (consumed, written) =
                        self.stopped(&request, begin, &cursor, &sink, &mut workspace);
                    return Err(self.error(stop, written, consumed));
                }
            }
        }
    }

    fn count_up_to(
        &self,
        text: &[u8],
        options: Options<'_>,
        limit: usize,
        scratch: &mut Scratch<'_>,
    ) -> Result<usize, EncodeError> {
        let Options { special, strict, .. } = options;
        let request = Request { text, special, strict };
        let tables = self.tables();
        #[cfg(feature = "alloc")]
        if let Some(general) = self.engine.general {
            let mut count = 0usize;
            let mut out = |new: &[TokenId]| count += new.len();
            let result = (general.ids)(&tables, &request, scratch.general(self), &mut out);
            return match result {
                Ok(()) if count <= limit => Ok(count),
                Ok(()) => Err(self.error(Stop::Full { needed: count }, limit, 0)),
                Err(stop) => Err(self.error(stop, count.min(limit), 0)),
            };
        }
        // In steps, between which the scratch's cache can grow.
        let mut step = limit.min(COUNT_STEP);
        let (mut cursor, mut sink) = (options.cursor(), CountSink::new(step));
        loop {
            let mut workspace = scratch.workspace(self, request.text.len());
            match self.engine.count(&tables, &request, &mut cursor, &mut workspace, &mut sink) {
                Ok(()) => return Ok(sink.taken()),
                Err(Stop::Scratch { bytes, .. }) if scratch.grow(bytes) => {}
                Err(Stop::Full { needed }) if step < limit => {
                    let more = sink.taken().saturating_add(needed.max(COUNT_STEP));
                    step = limit.min(more);
                    sink.limit(step);
                }
                Err(stop) => return Err(self.error(stop, sink.taken(), 0)),
            }
        }
    }

    /// The number of ids of `text`, which are not stored.
    ///
    /// # Errors
    ///
    /// As [`encode_to_slice`](Self::encode_to_slice), but never `Full`.
    pub fn count_with<'o, T: AsRef<[u8]> + ?Sized>(
        &self,
        text: &T,
        options: impl Into<Options<'o>>,
        scratch: &mut Scratch<'_>,
    ) -> Result<usize, EncodeError> {
        self.count_up_to(text.as_ref(), options.into(), usize::MAX, scratch)
    }

    /// The ids of `text` one by one, each with the bytes of the text that it stands for, made a few at
    /// a time in `spans`. Allocates nothing, unless `scratch` owns its memory and a pre-token is long.
    ///
    /// Where `spans` has no room for all ids of one pre-token, the last item is
    /// [`EncodeError::Full`]: the rest of the text can be encoded on its own, as for
    /// [`encode_to_slice`](Self::encode_to_slice). Where `written` is less than the number of items that came
    /// before, the last of them come again with the rest. Text that the normalizer changes is changed anew
    /// each time that `spans` is full, up to some thousand bytes of it.
    pub fn tokens_in<'t, T: AsRef<[u8]> + ?Sized>(
        &'t self,
        text: &'t T,
        options: impl Into<Options<'t>>,
        spans: &'t mut [Span],
        scratch: &'t mut Scratch<'_>,
    ) -> Tokens<'t> {
        Tokens::new(self, text.as_ref(), options.into(), scratch, Some(spans))
    }
}

#[cfg(feature = "alloc")]
impl Tokenizer {
    /// The ids of `text`.
    ///
    /// `text` is a `str` or bytes; a byte that is not part of UTF-8 is encoded like any other.
    ///
    /// # Errors
    ///
    /// If `options` forbids a special token that stands in the text, or with `strict`, if a byte
    /// has no token (for rank files also without).
    pub fn encode<'o, T: AsRef<[u8]> + ?Sized>(
        &self,
        text: &T,
        options: impl Into<Options<'o>>,
    ) -> Result<Vec<TokenId>, EncodeError> {
        let mut ids = Vec::new();
        with_own(|scratch| self.encode_into(text, options, &mut ids, scratch))?;
        Ok(ids)
    }

    /// The ids of `text`, special tokens treated as text.
    ///
    /// With a rank file that lacks bytes, text from the first such byte on is left out;
    /// [`encode`](Self::encode) gives an error there.
    pub fn encode_ordinary<T: AsRef<[u8]> + ?Sized>(&self, text: &T) -> Vec<TokenId> {
        let mut ids = Vec::new();
        // No token is forbidden and memory grows, so a missing byte is all that can go wrong.
        let _ = with_own(|scratch| self.encode_into(text, ORDINARY, &mut ids, scratch));
        ids
    }

    /// Appends the ids of `text` to `ids` and returns how many were added. When `ids` has room and
    /// `scratch` has been used for such text before, nothing is allocated.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode). The ids before the error are in `ids`.
    pub fn encode_into<'o, T: AsRef<[u8]> + ?Sized>(
        &self,
        text: &T,
        options: impl Into<Options<'o>>,
        ids: &mut Vec<TokenId>,
        scratch: &mut Scratch<'_>,
    ) -> Result<usize, EncodeError> {
        let options = options.into();
        let Options { special, strict, .. } = options;
        let request = Request { text: text.as_ref(), special, strict };
        let tables = self.tables();
        let start = ids.len();
        if let Some(general) = self.engine.general {
            let mut out = |new: &[TokenId]| ids.extend_from_slice(new);
            let result = (general.ids)(&tables, &request, scratch.general(self), &mut out);
            let added = ids.len() - start;
            return result.map(|()| added).map_err(|stop| self.error(stop, added, 0));
        }
        let mut cursor = options.cursor();
        let mut len = start;
        // Text has three bytes and more for each id, as a rule.
        let expected = request.text.len() / 3 + 16;
        ids.reserve(request.text.len() / 4 + 16);
        let mut room = 1;
        loop {
            // A part at a time, so that the zeros it is filled with are still in the processor's
            // cache when ids take their place; and for a short text no more than it takes, whatever room
            // a longer one has left.
            let done = len - start;
            let part = expected.saturating_sub(done).max(64 + done / 4).min(PART);
            let end = (len + part).min(ids.capacity()).max(len.saturating_add(room));
            ids.resize(end, 0);
            let mut sink = IdSink::new(&mut ids[len..]);
            let mut workspace = scratch.workspace(self, request.text.len());
            let result = self.engine.ids(&tables, &request, &mut cursor, &mut workspace, &mut sink);
            len += sink.taken();
            match result {
                Ok(()) => {
                    ids.truncate(len);
                    return Ok(len - start);
                }
                Err(Stop::Full { needed }) => room = needed,
                Err(Stop::Scratch { bytes, .. }) if scratch.grow(bytes) => {}
                Err(stop) => {
                    ids.truncate(len);
                    return Err(self.error(stop, len - start, 0));
                }
            }
        }
    }

    /// The ids of `text` one by one, each with the bytes of the text that it stands for. The work is
    /// done as the iterator is used.
    pub fn tokens<'t, T: AsRef<[u8]> + ?Sized>(
        &'t self,
        text: &'t T,
        options: impl Into<Options<'t>>,
        scratch: &'t mut Scratch<'_>,
    ) -> Tokens<'t> {
        Tokens::new(self, text.as_ref(), options.into(), scratch, None)
    }

    /// The number of ids of `text`, which are not stored.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode).
    pub fn count<'o, T: AsRef<[u8]> + ?Sized>(
        &self,
        text: &T,
        options: impl Into<Options<'o>>,
    ) -> Result<usize, EncodeError> {
        with_own(|scratch| self.count_up_to(text.as_ref(), options.into(), usize::MAX, scratch))
    }

    /// The number of ids of `text`, special tokens treated as text.
    pub fn count_ordinary<T: AsRef<[u8]> + ?Sized>(&self, text: &T) -> usize {
        self.count_until(text, usize::MAX).unwrap_or(usize::MAX)
    }

    /// The number of ids of `text`, special tokens treated as text; `None` if it is over `limit`,
    /// which is found out without looking at the rest.
    ///
    /// As with [`encode_ordinary`](Self::encode_ordinary), counting ends at a byte without a token
    /// where the reference fails.
    pub fn count_until<T: AsRef<[u8]> + ?Sized>(&self, text: &T, limit: usize) -> Option<usize> {
        with_own(|scratch| match self.count_up_to(text.as_ref(), ORDINARY, limit, scratch) {
            Ok(count) => Some(count),
            Err(EncodeError::Full { .. }) => None,
            Err(_) => Some(self.encode_ordinary(text).len()).filter(|&count| count <= limit),
        })
    }

    /// The longest beginning of `text` that ends with one of its first `limit` tokens and with a character, and
    /// has at most `limit` ids, special tokens treated as text. (A shorter one where its ids depend on what follows
    /// them again and again, as with no real tokenizer.)
    pub fn truncate<'t>(&self, text: &'t str, limit: usize) -> &'t str {
        let (mut scratch, mut first, mut bound) = (Scratch::new(), limit, usize::MAX);
        let mut tries = 0u32;
        loop {
            let (mut end, mut whole) = (0, true);
            for (i, token) in self.tokens(text, ORDINARY, &mut scratch).flatten().enumerate() {
                if i == first {
                    whole = false;
                    break;
                }
                // A token may begin and end in white space that the one before it has swallowed.
                if token.end < bound && text.is_char_boundary(token.end) {
                    end = end.max(token.end);
                }
            }
            let cut = if whole && bound == usize::MAX { text } else { &text[..end] };
            // What follows a pre-token can decide where it ends, so the part is counted as it is.
            if end == 0 || self.count_until(cut, limit).is_some() {
                return cut;
            }
            bound = end;
            // Each time all of it is encoded anew: not too often.
            tries += 1;
            if tries > TRUNCATE_TRIES {
                first = first.saturating_sub(1 << (tries - TRUNCATE_TRIES).min(31));
            }
        }
    }
}
