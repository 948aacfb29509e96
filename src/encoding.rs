//! `Encoding`: ids and everything that is known about them.

use crate::{
    Direction, TokenId, TruncationError,
    texts::{Owner, Texts},
};
use alloc::{vec, vec::Vec};
use core::{fmt, ops::Range};

/// Ids, and for each its token, its place in the text and what it is.
///
/// Made by [`Tokenizer::encode_full`](crate::Tokenizer::encode_full). Offsets are bytes or chars of the
/// text that was encoded, as was asked for; tokens that were added have `(0, 0)`.
#[derive(Clone, Default)]
pub struct Encoding {
    ids: Vec<TokenId>,
    type_ids: Vec<u32>,
    tokens: Texts,
    words: Vec<Option<u32>>,
    offsets: Vec<(usize, usize)>,
    special_tokens_mask: Vec<u32>,
    attention_mask: Vec<u32>,
    overflowing: Vec<Encoding>,
    /// Number of a text and its tokens; where there is none, all tokens belong to the first.
    ranges: Vec<(usize, Range<usize>)>,
    /// For each token the piece of input that its offsets count in, where somebody still has to know.
    units: Vec<u32>,
}

impl PartialEq for Encoding {
    fn eq(&self, other: &Self) -> bool {
        // All members, in the order in which they differ most.
        self.ids == other.ids
            && self.offsets == other.offsets
            && self.type_ids == other.type_ids
            && self.words == other.words
            && self.special_tokens_mask == other.special_tokens_mask
            && self.attention_mask == other.attention_mask
            && self.ranges == other.ranges
            && self.units == other.units
            && self.tokens().eq(other.tokens())
            && self.overflowing == other.overflowing
    }
}

impl Eq for Encoding {}

impl fmt::Debug for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoding")
            .field("ids", &self.ids)
            .field("type_ids", &self.type_ids)
            .field("tokens", &self.tokens().collect::<Vec<_>>())
            .field("words", &self.words)
            .field("offsets", &self.offsets)
            .field("special_tokens_mask", &self.special_tokens_mask)
            .field("attention_mask", &self.attention_mask)
            .field("overflowing", &self.overflowing)
            .field("ranges", &self.ranges)
            .finish_non_exhaustive()
    }
}

/// A token that belongs to no piece of input.
const NO_UNIT: u32 = u32::MAX;

/// A token on its way into an encoding.
pub(crate) struct NewToken<'t> {
    pub(crate) id: TokenId,
    /// None if it is the text of the id, as the encoding's tokenizer has it.
    pub(crate) text: Option<&'t str>,
    pub(crate) word: Option<u32>,
    pub(crate) offsets: (usize, usize),
}

impl Encoding {
    /// The number of tokens.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are no tokens.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The ids.
    pub fn ids(&self) -> &[TokenId] {
        &self.ids
    }

    /// For each token the number of its segment.
    pub fn type_ids(&self) -> &[u32] {
        &self.type_ids
    }

    /// The texts of the tokens.
    pub fn tokens(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|index| self.token(index).unwrap_or_default())
    }

    /// The text of a token.
    pub fn token(&self, index: usize) -> Option<&str> {
        self.tokens.get(index, &self.ids)
    }

    /// For each token the number of its word in its text; none for tokens that were added.
    pub fn word_ids(&self) -> &[Option<u32>] {
        &self.words
    }

    /// For each token the text that it belongs to, 0 or 1; none for tokens that were added.
    pub fn sequence_ids(&self) -> Vec<Option<usize>> {
        let mut ids = vec![None; self.len()];
        for sequence in 0..self.n_sequences() {
            if let Some(ids) = ids.get_mut(self.sequence_range(sequence)) {
                ids.fill(Some(sequence));
            }
        }
        ids
    }

    /// Where each token stands: start and end.
    pub fn offsets(&self) -> &[(usize, usize)] {
        &self.offsets
    }

    /// 1 for tokens that were added, 0 for the others.
    pub fn special_tokens_mask(&self) -> &[u32] {
        &self.special_tokens_mask
    }

    /// 0 for padding, 1 for the others.
    pub fn attention_mask(&self) -> &[u32] {
        &self.attention_mask
    }

    /// What truncation cut off, in parts of the same length.
    pub fn overflowing(&self) -> &[Encoding] {
        &self.overflowing
    }

    /// Takes what truncation cut off out of the encoding.
    pub fn take_overflowing(&mut self) -> Vec<Encoding> {
        core::mem::take(&mut self.overflowing)
    }

    /// The number of texts in this encoding.
    pub fn n_sequences(&self) -> usize {
        self.ranges.len().max(1)
    }

    /// Says that all tokens belong to this text.
    pub fn set_sequence_id(&mut self, sequence: usize) {
        let range = 0..self.len();
        self.set_range(sequence, range);
    }

    fn set_range(&mut self, sequence: usize, range: Range<usize>) {
        match self.ranges.iter_mut().find(|(number, _)| *number == sequence) {
            Some((_, old)) => *old = range,
            None => self.ranges.push((sequence, range)),
        }
    }

    fn sequence_range(&self, sequence: usize) -> Range<usize> {
        let found = self.ranges.iter().find(|(number, _)| *number == sequence);
        found.map_or(0..self.len(), |(_, range)| range.clone())
    }

    pub(crate) fn set_type_ids(&mut self, type_id: u32) {
        self.type_ids.fill(type_id);
    }

    pub(crate) fn overflowing_mut(&mut self) -> &mut Vec<Encoding> {
        &mut self.overflowing
    }

    pub(crate) fn offsets_mut(&mut self) -> &mut [(usize, usize)] {
        &mut self.offsets
    }

    pub(crate) fn reserve(&mut self, tokens: usize) {
        self.ids.reserve(tokens);
        self.type_ids.reserve(tokens);
        self.tokens.reserve(tokens);
        self.words.reserve(tokens);
        self.offsets.reserve(tokens);
    }

    /// Appends a token of the text. [`complete`](Self::complete) has to follow.
    #[inline(always)]
    pub(crate) fn push(&mut self, token: &NewToken<'_>) {
        self.ids.push(token.id);
        match token.text {
            Some(text) => self.tokens.push(text),
            None => self.tokens.push_known(),
        }
        self.words.push(token.word);
        self.offsets.push(token.offsets);
    }

    /// Says whose ids the tokens are that are pushed without a text; `false` if each needs its text.
    pub(crate) fn knows(&mut self, owner: &Owner) -> bool {
        self.tokens.knows(owner, &self.ids)
    }

    /// Fills the masks of tokens that were pushed, and their type. With `unit`, the offsets of those from `from` on
    /// count in that piece of input.
    pub(crate) fn complete(&mut self, from: usize, type_id: u32, unit: Option<u32>) {
        self.type_ids.resize(self.ids.len(), type_id);
        self.special_tokens_mask.resize(self.ids.len(), 0);
        self.attention_mask.resize(self.ids.len(), 1);
        if let Some(unit) = unit {
            self.units.resize(from, NO_UNIT);
            self.units.resize(self.ids.len(), unit);
        } else if !self.units.is_empty() {
            self.units.resize(self.ids.len(), NO_UNIT);
        }
    }

    /// Maps all offsets by the piece of input that they count in, and forgets the pieces.
    pub(crate) fn map_offsets(&mut self, map: &mut impl FnMut(u32, usize) -> usize) {
        for (unit, (start, end)) in self.units.iter().zip(&mut self.offsets) {
            if *unit != NO_UNIT {
                (*start, *end) = (map(*unit, *start), map(*unit, *end));
            }
        }
        self.units.clear();
        self.overflowing.iter_mut().for_each(|part| part.map_offsets(map));
    }

    /// A token that a post-processor adds.
    pub(crate) fn special(id: TokenId, text: &str, type_id: u32) -> Self {
        let mut one = Self::default();
        one.push(&NewToken { id, text: Some(text), word: None, offsets: (0, 0) });
        one.type_ids.push(type_id);
        one.special_tokens_mask.push(1);
        one.attention_mask.push(1);
        one
    }

    /// This encoding, without what overflows, between added tokens; `sequence` is its number.
    pub(crate) fn between(
        &self,
        sequence: usize,
        before: Option<&Encoding>,
        after: Option<&Encoding>,
    ) -> Self {
        let mut whole = Self::default();
        if let Some(before) = before {
            whole.append(before, 0..before.len());
        }
        let start = whole.len();
        whole.append(self, 0..self.len());
        let end = whole.len();
        // Masks begin anew.
        whole.special_tokens_mask.truncate(start);
        whole.special_tokens_mask.resize(end, 0);
        whole.attention_mask.fill(1);
        if let Some(after) = after {
            whole.append(after, 0..after.len());
        }
        whole.set_range(sequence, start..end);
        whole
    }

    /// Appends some tokens of another encoding.
    fn append(&mut self, other: &Self, range: Range<usize>) {
        fn part<T>(values: &[T], range: &Range<usize>) -> impl Iterator<Item = T>
        where
            T: Copy,
        {
            values.get(range.clone()).unwrap_or_default().iter().copied()
        }
        // One with units beside one without: the one without has none.
        let units = !self.units.is_empty() || !other.units.is_empty();
        if units {
            self.units.resize(self.ids.len(), NO_UNIT);
        }
        self.units.extend(part(&other.units, &range));
        self.tokens.extend(&self.ids, &other.tokens, &other.ids, range.clone());
        self.ids.extend(part(&other.ids, &range));
        if units {
            self.units.resize(self.ids.len(), NO_UNIT);
        }
        self.type_ids.extend(part(&other.type_ids, &range));
        self.words.extend(part(&other.words, &range));
        self.offsets.extend(part(&other.offsets, &range));
        self.special_tokens_mask.extend(part(&other.special_tokens_mask, &range));
        self.attention_mask.extend(part(&other.attention_mask, &range));
    }

    /// Several encodings as one, see [`merge_with`](Self::merge_with).
    pub fn merge(encodings: impl IntoIterator<Item = Encoding>, growing_offsets: bool) -> Self {
        let mut whole = Self::default();
        for encoding in encodings {
            whole.merge_with(encoding, growing_offsets);
        }
        whole
    }

    /// Appends another encoding. With `growing_offsets` its offsets go on where these end. What overflows
    /// from both is combined, each part with each.
    pub fn merge_with(&mut self, other: Encoding, growing_offsets: bool) {
        let mut overflowing = Vec::new();
        // A part keeps what overflows beside it, as in the reference, so it is needed below.
        let parts = match other.overflowing.is_empty() {
            true => core::mem::take(&mut self.overflowing),
            false => self.overflowing.clone(),
        };
        for own in parts {
            let with_parts: Vec<Encoding> =
                other.overflowing.iter().map(|part| own.joined(part, growing_offsets)).collect();
            let mut own = own;
            own.merge_with(other.clone(), growing_offsets);
            overflowing.push(own);
            overflowing.extend(with_parts);
        }
        for part in &other.overflowing {
            overflowing.push(self.joined(part, growing_offsets));
        }
        let (start, len) = (self.len(), other.len());
        let base = match growing_offsets {
            true => self.offsets.last().map_or(0, |last| last.1),
            false => 0,
        };
        if self.is_empty() && self.ranges.is_empty() {
            *self = other;
        } else {
            self.append(&other, 0..len);
            for (sequence, range) in other.ranges {
                self.set_range(sequence, start + range.start..start + range.end);
            }
            for (start, end) in self.offsets.iter_mut().skip(start) {
                (*start, *end) = (*start + base, *end + base);
            }
        }
        self.overflowing = overflowing;
    }

    fn joined(&self, other: &Self, growing_offsets: bool) -> Self {
        let mut whole = self.clone();
        whole.merge_with(other.clone(), growing_offsets);
        whole
    }

    /// Cuts to `max_length` tokens. What is cut off goes to [`overflowing`](Self::overflowing) in parts
    /// of that length, each sharing `stride` tokens with the one before.
    ///
    /// # Errors
    ///
    /// If something has to be cut and `stride` is not less than `max_length`, unless that is 0.
    pub fn truncate(
        &mut self,
        max_length: usize,
        stride: usize,
        direction: Direction,
    ) -> Result<(), TruncationError> {
        let len = self.len();
        if max_length >= len {
            return Ok(());
        }
        if max_length == 0 {
            let whole = core::mem::take(self);
            self.overflowing.push(whole);
            return Ok(());
        }
        if stride >= max_length {
            return Err(TruncationError::Stride { stride, max_length });
        }
        let step = max_length - stride;
        let mut parts = Vec::new();
        match direction {
            Direction::Right => {
                let mut start = 0;
                loop {
                    let end = (start + max_length).min(len);
                    parts.push(start..end);
                    if end == len {
                        break;
                    }
                    start += step;
                }
            }
            Direction::Left => {
                let mut end = len;
                loop {
                    let start = end.saturating_sub(max_length);
                    parts.push(start..end);
                    if start == 0 {
                        break;
                    }
                    end -= step;
                }
            }
        }
        let mut parts = parts.into_iter().map(|range| {
            let mut part = Self::default();
            part.append(self, range);
            part
        });
        let mut first = parts.next().unwrap_or_default();
        first.overflowing = parts.collect();
        *self = first;
        Ok(())
    }

    /// Pads to `length` tokens, and so what overflows. Longer ones stay as they are.
    pub fn pad(
        &mut self,
        length: usize,
        id: TokenId,
        type_id: u32,
        token: &str,
        direction: Direction,
    ) {
        for part in &mut self.overflowing {
            part.pad(length, id, type_id, token, direction);
        }
        let Some(count) = length.checked_sub(self.len()).filter(|count| *count > 0) else { return };
        let mut padding = Self {
            ids: vec![id; count],
            type_ids: vec![type_id; count],
            words: vec![None; count],
            offsets: vec![(0, 0); count],
            special_tokens_mask: vec![1; count],
            attention_mask: vec![0; count],
            ..Self::default()
        };
        (0..count).for_each(|_| padding.tokens.push(token));
        match direction {
            Direction::Right => self.append(&padding, 0..count),
            Direction::Left => {
                padding.append(self, 0..self.len());
                padding.ranges = core::mem::take(&mut self.ranges);
                for (_, range) in &mut padding.ranges {
                    *range = range.start + count..range.end + count;
                }
                padding.overflowing = core::mem::take(&mut self.overflowing);
                *self = padding;
            }
        }
    }

    /// The text that a token belongs to.
    pub fn token_to_sequence(&self, token: usize) -> Option<usize> {
        // The reference lets one past the last token belong to a text without a number.
        if token > self.len() {
            None
        } else if self.ranges.is_empty() {
            Some(0)
        } else {
            self.ranges.iter().find(|(_, range)| range.contains(&token)).map(|(number, _)| *number)
        }
    }

    /// The tokens of a word: the first, and one past the last.
    pub fn word_to_tokens(&self, word: u32, sequence: usize) -> Option<(usize, usize)> {
        let range = self.sequence_range(sequence);
        let words = self.words.get(range.clone())?;
        let before = |other: &&Option<u32>| **other <= Some(word);
        let words = words.iter().take_while(before).enumerate();
        let mut found = words.filter(|(_, other)| **other == Some(word)).map(|(index, _)| index);
        let first = found.next()?;
        let last = found.last().unwrap_or(first);
        Some((range.start + first, range.start + last + 1))
    }

    /// Where a word stands.
    pub fn word_to_chars(&self, word: u32, sequence: usize) -> Option<(usize, usize)> {
        let (start, end) = self.word_to_tokens(word, sequence)?;
        Some((self.offsets.get(start)?.0, self.offsets.get(end - 1)?.1))
    }

    /// The text that a token belongs to, and where it stands in it.
    pub fn token_to_chars(&self, token: usize) -> Option<(usize, (usize, usize))> {
        Some((self.token_to_sequence(token)?, *self.offsets.get(token)?))
    }

    /// The text that a token belongs to, and its word.
    pub fn token_to_word(&self, token: usize) -> Option<(usize, u32)> {
        Some((self.token_to_sequence(token)?, (*self.words.get(token)?)?))
    }

    /// The token at an offset.
    pub fn char_to_token(&self, offset: usize, sequence: usize) -> Option<usize> {
        let range = self.sequence_range(sequence);
        let offsets = self.offsets.get(range.clone())?;
        let found = offsets.iter().position(|&(start, end)| start <= offset && offset < end)?;
        Some(range.start + found)
    }

    /// The word at an offset.
    pub fn char_to_word(&self, offset: usize, sequence: usize) -> Option<u32> {
        let token = self.char_to_token(offset, sequence)?;
        Some(self.token_to_word(token)?.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(text: &str) -> Encoding {
        let mut encoding = Encoding::default();
        for (i, letter) in text.char_indices() {
            let text = letter.encode_utf8(&mut [0; 4]).to_owned();
            let (id, word) = (u32::from(letter), Some(i as u32 / 2));
            let (text, offsets) = (Some(&*text), (i, i + 1));
            encoding.push(&NewToken { id, text, word, offsets });
        }
        encoding.complete(0, 0, None);
        encoding
    }

    use alloc::{borrow::ToOwned, string::String};

    fn text(encoding: &Encoding) -> String {
        encoding.tokens().collect()
    }

    fn parts(encoding: &Encoding) -> Vec<String> {
        encoding.overflowing().iter().map(text).collect()
    }

    #[test]
    fn truncation_cuts_from_either_side() {
        let mut right = letters("abcdefg");
        right.truncate(3, 1, Direction::Right).expect("the stride is less");
        assert_eq!((text(&right), parts(&right)), ("abc".into(), vec!["cde".into(), "efg".into()]));
        let mut left = letters("abcdefg");
        left.truncate(3, 1, Direction::Left).expect("the stride is less");
        assert_eq!((text(&left), parts(&left)), ("efg".into(), vec!["cde".into(), "abc".into()]));
        let mut none = letters("ab");
        none.truncate(0, 0, Direction::Right).expect("nothing has no stride");
        assert_eq!((text(&none), parts(&none)), ("".into(), vec!["ab".into()]));
        assert!(letters("abcd").truncate(3, 3, Direction::Right).is_err());
        assert!(letters("abc").truncate(3, 3, Direction::Right).is_ok());
    }

    #[test]
    fn merging_combines_what_overflows() {
        let cut = |text: &str| {
            let mut encoding = letters(text);
            encoding.truncate(2, 0, Direction::Right).expect("no stride");
            encoding
        };
        let merged = Encoding::merge([cut("abcd"), cut("wxyz")], false);
        assert_eq!(text(&merged), "abwx");
        assert_eq!(parts(&merged), ["cdwx", "cdyz", "abyz"]);
        let growing = Encoding::merge([letters("ab"), letters("cd")], true);
        assert_eq!(growing.offsets(), [(0, 1), (1, 2), (2, 3), (3, 4)]);
    }

    #[test]
    fn places_and_words() {
        let mut a = letters("abcd");
        a.set_sequence_id(0);
        let mut b = letters("xyz");
        b.set_sequence_id(1);
        let mut both = Encoding::merge([Encoding::special(9, "!", 0), a, b], false);
        both.pad(10, 0, 7, "_", Direction::Left);
        assert_eq!(text(&both), "__!abcdxyz");
        let sequences = both.sequence_ids();
        assert_eq!(sequences[..4], [None, None, None, Some(0)]);
        assert_eq!(both.n_sequences(), 2);
        assert_eq!(both.char_to_token(2, 0), Some(5));
        assert_eq!(both.char_to_token(2, 1), Some(9));
        assert_eq!(both.char_to_word(2, 1), Some(1));
        assert_eq!(both.word_to_tokens(1, 0), Some((5, 7)));
        assert_eq!(both.word_to_chars(1, 0), Some((2, 4)));
        assert_eq!(both.token_to_chars(9), Some((1, (2, 3))));
        assert_eq!(both.token_to_word(0), None);
        assert_eq!(both.token_to_sequence(10), None);
        assert_eq!(both.attention_mask()[..3], [0, 0, 1]);
        assert_eq!(both.special_tokens_mask()[..4], [1, 1, 1, 0]);
        assert_eq!(both.type_ids()[..3], [7, 7, 0]);
    }
}
