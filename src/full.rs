//! Encoding in full: pairs, words, added tokens, truncation, padding.

use crate::{
    EncodeError, Encoding, Special, Tokenizer, encoding::NewToken, post_process, scratch::with_own,
    texts::Owner,
};
use alloc::{
    borrow::Cow,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use comptok_core::{
    Cursor, Request, Stop,
    added_tokens::{self, Added, Matcher},
    blob::Tables,
    general::{Found, Normalized, steps::Pipeline},
    model::{Model, code},
    normalizer,
    settings::{Padding, PaddingStrategy, Truncation},
    sink::{Sink, Span, SpanSink},
};
use core::fmt;

/// What offsets count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Offsets {
    /// Bytes of the text.
    #[default]
    Bytes,
    /// Chars of the text.
    Chars,
}

/// A setting that the tokenizer's file may have made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Setting<T> {
    /// As the file says.
    #[default]
    OfFile,
    /// Off, whatever the file says.
    Off,
    /// This.
    On(T),
}

/// How to encode in full.
///
/// By default as the reference does after loading the file: with the tokens that the post-processor
/// adds, with special tokens in the text matched, truncated and padded as the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullOptions<'o> {
    /// Add the post-processor's tokens.
    pub add_special_tokens: bool,
    /// What offsets count.
    pub offsets: Offsets,
    /// What to do with special tokens in the text.
    pub special: Special<'o>,
    /// Whether to cut long results.
    pub truncation: Setting<Truncation>,
    /// Whether to pad short ones.
    pub padding: Setting<Padding>,
}

impl Default for FullOptions<'_> {
    fn default() -> Self {
        Self {
            add_special_tokens: true,
            offsets: Offsets::Bytes,
            special: Special::All,
            truncation: Setting::OfFile,
            padding: Setting::OfFile,
        }
    }
}

/// One text: as it is, or cut into words already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text<'t> {
    /// A text.
    Raw(&'t str),
    /// Words, each encoded on its own. Offsets count from the beginning of the word.
    Words(Cow<'t, [&'t str]>),
}

impl<'t> From<&'t str> for Text<'t> {
    fn from(text: &'t str) -> Self {
        Self::Raw(text)
    }
}

impl<'t> From<&'t String> for Text<'t> {
    fn from(text: &'t String) -> Self {
        Self::Raw(text)
    }
}

impl<'t> From<&'t [&'t str]> for Text<'t> {
    fn from(words: &'t [&'t str]) -> Self {
        Self::Words(Cow::Borrowed(words))
    }
}

impl<'t, const N: usize> From<&'t [&'t str; N]> for Text<'t> {
    fn from(words: &'t [&'t str; N]) -> Self {
        Self::Words(Cow::Borrowed(words))
    }
}

impl<'t> From<Vec<&'t str>> for Text<'t> {
    fn from(words: Vec<&'t str>) -> Self {
        Self::Words(Cow::Owned(words))
    }
}

/// One text or two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input<'t> {
    /// The first text.
    pub first: Text<'t>,
    /// The second, if it is a pair.
    pub second: Option<Text<'t>>,
}

impl<'t, T: Into<Text<'t>>> From<T> for Input<'t> {
    fn from(text: T) -> Self {
        Self { first: text.into(), second: None }
    }
}

impl<'t, A: Into<Text<'t>>, B: Into<Text<'t>>> From<(A, B)> for Input<'t> {
    fn from((first, second): (A, B)) -> Self {
        Self { first: first.into(), second: Some(second.into()) }
    }
}

/// Why a result cannot be truncated or put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TruncationError {
    /// The stride leaves nothing to go on.
    Stride {
        /// Shared tokens.
        stride: usize,
        /// Tokens of a part, without those that are added.
        max_length: usize,
    },
    /// The second text is to be cut, and there is none.
    NoSecond,
    /// The text that is to be cut has no more tokens than are too many.
    TooShort {
        /// Its tokens.
        len: usize,
        /// Tokens to cut.
        surplus: usize,
    },
    /// A template that follows another post-processor gets this many encodings.
    Template {
        /// How many.
        encodings: usize,
    },
}

impl fmt::Display for TruncationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stride { stride, max_length } => write!(
                f,
                "stride is {stride}, which must be less than the {max_length} tokens that are left \
                 for the text"
            ),
            Self::NoSecond => f.write_str("the second text is to be truncated, and there is none"),
            Self::TooShort { len, surplus } => write!(
                f,
                "the text that is to be truncated has {len} tokens, and {surplus} are too many"
            ),
            Self::Template { encodings } => {
                write!(f, "a template takes one text or two, here it gets {encodings}")
            }
        }
    }
}

impl core::error::Error for TruncationError {}

/// Why text could not be encoded in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FullError {
    /// A text cannot be encoded.
    Encode(EncodeError),
    /// The result cannot be truncated.
    Truncation(TruncationError),
}

impl fmt::Display for FullError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encode(error) => error.fmt(f),
            Self::Truncation(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for FullError {}

impl From<EncodeError> for FullError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

impl From<TruncationError> for FullError {
    fn from(error: TruncationError) -> Self {
        Self::Truncation(error)
    }
}

impl Tokenizer {
    pub(crate) fn pipeline(&self) -> Option<Pipeline<'_>> {
        Pipeline::parse(self.tables().pipeline)
    }

    /// The file's own truncation.
    pub fn truncation(&self) -> Option<Truncation> {
        self.pipeline()?.settings.truncation
    }

    /// The file's own padding.
    pub fn padding(&self) -> Option<Padding> {
        let padding = self.pipeline()?.settings.padding?;
        Some(Padding {
            strategy: match padding.fixed {
                Some(length) => PaddingStrategy::Fixed(length as usize),
                None => PaddingStrategy::BatchLongest,
            },
            direction: padding.side,
            pad_to_multiple_of: padding.multiple.map(|multiple| multiple as usize),
            pad_id: padding.token.id,
            pad_type_id: padding.type_id,
            pad_token: padding.token.text.to_string(),
        })
    }

    /// How many tokens the post-processor adds to one text, or to a pair.
    pub fn num_special_tokens_to_add(&self, is_pair: bool) -> usize {
        post_process::added_len(self.pipeline().as_ref(), is_pair)
    }

    /// Encodes a text or a pair, with everything that is known about the tokens.
    ///
    /// ```
    /// # use comptok::{FullOptions, Tokenizer, include_tokenizer};
    /// # static TOKENIZER: Tokenizer = include_tokenizer!("tests/fixtures/tiny.json");
    /// let encoding = TOKENIZER.encode_full(("the tokens", "a token"), &FullOptions::default())?;
    /// assert_eq!(encoding.tokens().next(), Some("the"));
    /// assert_eq!(encoding.offsets()[0], (0, 3));
    /// # Ok::<(), comptok::FullError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If a text cannot be encoded (see [`EncodeError`]), or not truncated as was asked for.
    pub fn encode_full<'t>(
        &self,
        input: impl Into<Input<'t>>,
        options: &FullOptions<'_>,
    ) -> Result<Encoding, FullError> {
        let mut encoding = self.encode_unpadded(&input.into(), options)?;
        if let Some(padding) = self.chosen_padding(options) {
            pad_all(core::slice::from_mut(&mut encoding), &padding);
        }
        Ok(encoding)
    }

    /// Encodes several inputs; where padding goes to the longest, that is the longest of all.
    ///
    /// # Errors
    ///
    /// As [`encode_full`](Self::encode_full), for the first input that fails.
    pub fn encode_full_batch<'t, I: Into<Input<'t>>>(
        &self,
        inputs: impl IntoIterator<Item = I>,
        options: &FullOptions<'_>,
    ) -> Result<Vec<Encoding>, FullError> {
        let each = inputs.into_iter().map(|input| self.encode_unpadded(&input.into(), options));
        let mut encodings = each.collect::<Result<Vec<_>, _>>()?;
        if let Some(padding) = self.chosen_padding(options) {
            pad_all(&mut encodings, &padding);
        }
        Ok(encodings)
    }

    /// Puts encodings of single texts together as [`encode_full`](Self::encode_full) does: truncated,
    /// with the tokens that the post-processor adds, and padded.
    ///
    /// # Errors
    ///
    /// If they cannot be truncated as was asked for.
    pub fn post_process(
        &self,
        first: Encoding,
        second: Option<Encoding>,
        options: &FullOptions<'_>,
    ) -> Result<Encoding, TruncationError> {
        let mut encodings = vec![first];
        encodings.extend(second);
        let mut encoding = self.put_together(encodings, options)?;
        if let Some(padding) = self.chosen_padding(options) {
            pad_all(core::slice::from_mut(&mut encoding), &padding);
        }
        Ok(encoding)
    }

    fn chosen_padding(&self, options: &FullOptions<'_>) -> Option<Padding> {
        match &options.padding {
            Setting::OfFile => self.padding(),
            Setting::Off => None,
            Setting::On(padding) => Some(padding.clone()),
        }
    }

    fn put_together(
        &self,
        mut encodings: Vec<Encoding>,
        options: &FullOptions<'_>,
    ) -> Result<Encoding, TruncationError> {
        let pipeline = self.pipeline();
        let truncation = match options.truncation {
            Setting::OfFile => self.truncation(),
            Setting::Off => None,
            Setting::On(truncation) => Some(truncation),
        };
        if let Some(truncation) = truncation {
            let added = match options.add_special_tokens {
                true => post_process::added_len(pipeline.as_ref(), encodings.len() == 2),
                false => 0,
            };
            // Where the added tokens alone are too many nothing is cut, as in the reference.
            let left = truncation.max_length.checked_sub(added).unwrap_or(usize::MAX);
            if truncation.stride > 0 && truncation.stride >= left {
                let stride = truncation.stride;
                return Err(TruncationError::Stride { stride, max_length: left });
            }
            post_process::truncate(&mut encodings, &truncation, left)?;
        }
        post_process::process(pipeline.as_ref(), encodings, options.add_special_tokens)
    }

    fn encode_unpadded(
        &self,
        input: &Input<'_>,
        options: &FullOptions<'_>,
    ) -> Result<Encoding, FullError> {
        let mut units: Vec<&str> = Vec::new();
        let owner = Owner::new(self);
        let mut encodings = Vec::with_capacity(2);
        for (type_id, text) in (0..).zip([Some(&input.first), input.second.as_ref()]) {
            let Some(text) = text else { continue };
            let mut encoding = Encoding::default();
            match text {
                Text::Raw(text) => {
                    self.append_text(
                        text,
                        type_id,
                        None,
                        options,
                        &owner,
                        &mut units,
                        &mut encoding,
                    )?;
                }
                Text::Words(words) => {
                    for (word, text) in (0..).zip(words.iter()) {
                        let word = Some(word);
                        self.append_text(
                            text,
                            type_id,
                            word,
                            options,
                            &owner,
                            &mut units,
                            &mut encoding,
                        )?;
                    }
                }
            }
            encodings.push(encoding);
        }
        let mut encoding = self.put_together(encodings, options)?;
        if !units.is_empty() {
            let maps: Vec<Vec<usize>> = units
                .iter()
                .map(|text| text.char_indices().map(|(at, _)| at).chain([text.len()]).collect())
                .collect();
            encoding.map_offsets(&mut |unit, at| {
                let map = maps.get(unit as usize).map(Vec::as_slice).unwrap_or_default();
                map.get(at).or(map.last()).copied().unwrap_or(at)
            });
        }
        Ok(encoding)
    }

    /// Appends the tokens of a text. Where offsets are trimmed they are counted in chars, as what trims them
    /// does; if bytes are asked for and differ, the text becomes a unit, and offsets are mapped in the end.
    #[expect(clippy::too_many_arguments, reason = "what one text of an input has")]
    fn append_text<'t>(
        &self,
        text: &'t str,
        type_id: u32,
        word: Option<u32>,
        options: &FullOptions<'_>,
        owner: &Owner,
        units: &mut Vec<&'t str>,
        encoding: &mut Encoding,
    ) -> Result<(), FullError> {
        let from = encoding.len();
        encoding.reserve(text.len() / 3 + 1);
        let tables = self.tables();
        let request = Request { text: text.as_bytes(), special: options.special, strict: false };
        let mut chars = Chars::new(text);
        chars.plain = self.header().model == code::SENTENCE_PIECE;
        // Where nothing trims offsets, they stay bytes.
        let stay_bytes = options.offsets == Offsets::Bytes
            && !chars.plain
            && !self.pipeline().is_some_and(|pipeline| post_process::trims(&pipeline));
        let whole = text;
        // Where texts can be made later, only those are kept that are not the id's own.
        let knows = encoding.knows(owner);
        let mut push = |found: &Found<'_>, text: Option<&str>| {
            let word = word.or(Some(found.word));
            let offsets = match stay_bytes && !chars.ascii {
                true => char_places(whole, found.start, found.end),
                false => chars.convert(found.start, found.end),
            };
            encoding.push(&NewToken { id: found.id, text, word, offsets });
        };
        let result = match self.engine.general {
            Some(general) => match Model::parse(&tables) {
                Some(model) => with_own(|scratch| {
                    (general.each)(&tables, &request, true, scratch.general(self), &mut |found| {
                        if found.added || model.shows_source(found.id) {
                            push(&found, Some(found.source));
                        } else if knows {
                            push(&found, None);
                        } else {
                            push(&found, Some(&model.token_text(found.id).unwrap_or_default()));
                        }
                    })
                }),
                None => Ok(()),
            },
            None => self.each_of_bytes(&tables, &request, text, &mut |found| {
                if found.added {
                    push(&found, Some(found.source));
                } else if knows {
                    push(&found, None);
                } else {
                    let model = Model::parse(&tables);
                    let text = model.and_then(|model| model.token_text(found.id));
                    push(&found, Some(&text.unwrap_or_default()));
                }
            }),
        };
        result.map_err(|stop| self.error(stop, 0, 0))?;
        let is_unit = options.offsets == Offsets::Bytes && !stay_bytes && !chars.ascii;
        if is_unit {
            encoding.complete(from, type_id, Some(units.len() as u32));
            units.push(text);
        } else {
            encoding.complete(from, type_id, None);
        }
        Ok(())
    }

    /// Tokens of the specialised engine.
    pub(crate) fn each_of_bytes(
        &self,
        tables: &Tables<'_>,
        request: &Request<'_>,
        text: &str,
        push: &mut dyn FnMut(Found<'_>),
    ) -> Result<(), Stop> {
        if self.header().normalizer != normalizer::NFC || normalizer::is_nfc(text.as_bytes()) {
            let mut words = 0;
            return self.each_span(tables, request, &mut words, &mut |span| {
                let (start, end) = whole_chars(text, span);
                put(tables, Span { start, end, ..span }, text.get(start..end), push);
            });
        }
        // Each stretch between tokens that match raw text is normalized on its own.
        let raw = Matcher::new(tables.raw_matcher);
        let inner = Tables { raw_matcher: &[], ..*tables };
        let (mut done, mut search, mut words) = (0, 0, 0);
        loop {
            let found = match &raw {
                Some(matcher) => added_tokens::next_match(
                    tables,
                    matcher,
                    request.special,
                    request.text,
                    0,
                    search,
                    done,
                )
                .map_err(|found| Stop::Forbidden { token: found.token, at: found.at })?,
                None => None,
            };
            let end = found.map_or(text.len(), |found| found.start.max(done));
            let stretch = Normalized::nfc(text.get(done..end).unwrap_or_default(), done as u32);
            let normal = stretch.as_str();
            let request = Request { text: normal.as_bytes(), ..*request };
            self.each_span(&inner, &request, &mut words, &mut |span| {
                let (from, to) = whole_chars(normal, span);
                let (start, end) = stretch.original(from, to).unwrap_or((done, done));
                put(&inner, Span { start, end, ..span }, normal.get(from..to), push);
            })
            .map_err(|stop| {
                stop.moved(0, |at| stretch.original(at, at + 1).map_or(done, |range| range.0))
            })?;
            let Some(found) = found else { return Ok(()) };
            let span = Span { id: found.id, start: found.start, end: found.end, word: words };
            put(tables, span, text.get(found.start..found.end), push);
            words += 1;
            (done, search) = (found.end, found.search);
        }
    }

    /// Calls `each` with every span of the text; `words` counts parts of the text.
    fn each_span(
        &self,
        tables: &Tables<'_>,
        request: &Request<'_>,
        words: &mut u32,
        each: &mut dyn FnMut(Span),
    ) -> Result<(), Stop> {
        with_own(|scratch| {
            let mut cursor = Cursor::default();
            loop {
                let (spans, mut workspace) = scratch.split(self, request.text.len());
                if spans.len() < 64 {
                    spans.resize(256, Span::default());
                }
                let mut sink = SpanSink::new(spans).as_reference().from_word(*words);
                let result =
                    self.engine.spans(tables, request, &mut cursor, &mut workspace, &mut sink);
                *words = sink.words();
                let taken = sink.taken();
                spans.iter().take(taken).for_each(|span| each(*span));
                match result {
                    Ok(()) => return Ok(()),
                    Err(Stop::Full { needed }) => {
                        // Rewritten text is rewritten again each time, so then the room doubles.
                        if taken == 0 || cursor.is_rewriting() {
                            let more = needed.max(2 * spans.len());
                            spans.resize(more, Span::default());
                        }
                    }
                    Err(Stop::Scratch { bytes, .. }) if scratch.grow(bytes) => {}
                    Err(stop) => return Err(stop),
                }
            }
        })
    }
}

/// Hands on a span.
fn put(tables: &Tables<'_>, span: Span, source: Option<&str>, push: &mut dyn FnMut(Found<'_>)) {
    let Span { id, start, end, word } = span;
    let source = source.unwrap_or_default();
    let flags = tables.token_flags(id);
    // The model may have made a token that is an added one too: then it is not its text that stands there, or
    // both are the same. An added token may have swallowed white space.
    let matches = |token: Added<'_>| source.trim().as_bytes() == token.content.trim_ascii();
    let added = flags.is_added()
        && (!flags.is_model() || added_tokens::by_id(tables, id).is_some_and(matches));
    push(Found { id, start, end, word, source, added });
}

/// A span, widened to whole chars. A token that stands for nothing, because it is a space that was put in
/// front, has the place of the char after it.
fn whole_chars(text: &str, span: Span) -> (usize, usize) {
    let (mut start, mut end) = (span.start.min(text.len()), span.end.min(text.len()));
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    if end <= start && start < text.len() {
        end = start + 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    (start, end)
}

/// Counts chars up to places in a text. Places mostly grow, so it goes on from the last one.
struct Chars<'t> {
    text: &'t str,
    ascii: bool,
    /// Places are always between chars.
    plain: bool,
    /// A place, and the chars that begin before it.
    at: usize,
    count: usize,
}

impl<'t> Chars<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, ascii: text.is_ascii(), plain: false, at: 0, count: 0 }
    }

    /// The chars that begin before `to`.
    fn before(&mut self, to: usize) -> usize {
        let begins = |bytes: &[u8]| bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count();
        let bytes = self.text.as_bytes();
        if to >= self.at {
            self.count += begins(bytes.get(self.at..to).unwrap_or_default());
        } else {
            self.count -= begins(bytes.get(to..self.at).unwrap_or_default());
        }
        self.at = to;
        self.count
    }

    /// The number of the char that holds the byte at `at`, which is in the text.
    fn of(&mut self, at: usize) -> usize {
        self.before(at + 1).saturating_sub(1)
    }

    /// Byte offsets as char offsets, as the reference counts them: what begins outside of the text stays.
    fn convert(&mut self, start: usize, end: usize) -> (usize, usize) {
        if self.plain {
            return (self.before(start), self.before(end));
        }
        let len = self.text.len();
        if self.ascii || start >= len {
            return (start, end);
        }
        let first = self.of(start);
        let last = match end {
            _ if end < len => self.of(end),
            _ if end > 0 && end <= len => self.of(end - 1) + 1,
            _ => first + 2,
        };
        (first, last)
    }
}

/// The bytes at which the chars begin that [`Chars::convert`] counts.
#[inline]
fn char_places(text: &str, start: usize, end: usize) -> (usize, usize) {
    if start < text.len() && text.is_char_boundary(start) && text.is_char_boundary(end) {
        return (start, end);
    }
    places_inside(text, start, end)
}

/// As [`char_places`], where tokens end within chars.
#[cold]
fn places_inside(text: &str, start: usize, end: usize) -> (usize, usize) {
    let floor = |at: usize| {
        let bytes = text.as_bytes();
        // A char has four bytes at most.
        let begins = |at: &usize| bytes.get(*at).is_none_or(|byte| byte & 0xC0 != 0x80);
        (at.saturating_sub(3)..=at).rev().find(begins).unwrap_or(at)
    };
    let place = |text: &str, number: usize| {
        text.char_indices().nth(number).map_or(text.len(), |(at, _)| at)
    };
    let len = text.len();
    if start >= len {
        return (len, if end >= len { len } else { place(text, end) });
    }
    let start = floor(start);
    let end = match end {
        _ if end < len => floor(end),
        _ if end == len => len,
        _ => start + place(text.get(start..).unwrap_or_default(), 2),
    };
    (start, end)
}

/// Pads each to the same length.
fn pad_all(encodings: &mut [Encoding], padding: &Padding) {
    let mut length = match padding.strategy {
        PaddingStrategy::Fixed(length) => length,
        PaddingStrategy::BatchLongest => encodings.iter().map(Encoding::len).max().unwrap_or(0),
    };
    if let Some(multiple) = padding.pad_to_multiple_of.filter(|multiple| *multiple > 0) {
        length = length.next_multiple_of(multiple);
    }
    let Padding { pad_id, pad_type_id, pad_token, direction, .. } = padding;
    for encoding in encodings {
        encoding.pad(length, *pad_id, *pad_type_id, pad_token, *direction);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_bytes_are_those_that_chars_lead_to() {
        for text in ["é", "aé", "éa", "日本 x👍y", "é👍日x"] {
            let map: Vec<usize> =
                text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let at = |char: usize| *map.get(char).or(map.last()).unwrap_or(&char);
            for start in 0..text.len() + 3 {
                for end in 0..text.len() + 3 {
                    let (first, last) = Chars::new(text).convert(start, end);
                    let wanted = (at(first), at(last));
                    assert_eq!(char_places(text, start, end), wanted, "{text} {start}..{end}");
                }
            }
        }
    }
}
