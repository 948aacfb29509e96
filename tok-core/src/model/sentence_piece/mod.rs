//! Models of SentencePiece, with its own normalizer and its own counting of offsets.
//!
//! The other models belong to HuggingFace's pipeline; this one takes text as it is and does
//! everything that the library does with it. Piece types decide: only normal, user-defined and unused
//! pieces are found in text; user-defined ones always are, and unused ones are taken apart again.

mod bpe;
mod decode;
mod normalize;
mod unigram;
mod words;

pub(crate) use normalize::Alone;
pub(crate) use words::{Answer, NEAR, Words};

pub(crate) use decode::Effect;

use super::{
    ModelError, Parts, Scratch, Token, char_bpe, param, trie::Trie, unigram::lattice::Lattice,
    words as texts,
};
use crate::{
    blob::{Tables, lookup::NONE},
    general::Charsmap,
};
use alloc::vec::Vec;

/// Bits of [`param::FLAGS`].
pub mod flag {
    /// Unknown text becomes byte pieces.
    pub const BYTE_FALLBACK: u32 = 1;
    /// A space goes in front of the text (or behind it).
    pub const DUMMY_PREFIX: u32 = 2;
    /// Spaces at the ends are dropped, and of neighbouring ones all but the first.
    pub const REMOVE_SPACES: u32 = 4;
    /// A space becomes ▁.
    pub const ESCAPE_SPACES: u32 = 8;
    /// ▁ ends a word, it does not begin one.
    pub const SPACE_AS_SUFFIX: u32 = 16;
    /// No piece crosses the place between ▁ and another char before it.
    pub const CUT: u32 = 32;
    /// There are unused pieces.
    pub const UNUSED: u32 = 64;
    /// There is a table for decoded text.
    pub const DENORMALIZE: u32 = 128;
}

/// How text is cut into pieces: [`own_param::KIND`].
pub mod kind {
    /// By the best sum of scores.
    pub const UNIGRAM: u32 = 1;
    /// By merging the pair with the best score.
    pub const BPE: u32 = 2;
    /// At spaces.
    pub const WORD: u32 = 3;
    /// Into chars.
    pub const CHAR: u32 = 4;
}

/// Types of pieces, as the file has them.
pub mod piece_type {
    /// Ordinary.
    pub const NORMAL: u8 = 1;
    /// Stands for unknown text.
    pub const UNKNOWN: u8 = 2;
    /// Never found in text.
    pub const CONTROL: u8 = 3;
    /// Always found in text.
    pub const USER_DEFINED: u8 = 4;
    /// Not to be used.
    pub const UNUSED: u8 = 5;
    /// A byte.
    pub const BYTE: u8 = 6;
}

/// Numbers of parameters.
pub mod own_param {
    use super::param::OWN;
    /// One of [`kind`](super::kind).
    pub const KIND: usize = OWN;
    /// The base of the pieces' trie.
    pub const ROOT: usize = OWN + 1;
    /// The base of the trie of user-defined pieces.
    pub const USER_ROOT: usize = OWN + 2;
    /// The score of an unknown char, the bits of an f32.
    pub const UNK_SCORE: usize = OWN + 3;
    /// The piece that marks the beginning of a text; `u32::MAX` if there is none. The number before is free.
    pub const BOS: usize = OWN + 5;
    /// The piece that marks its end.
    pub const EOS: usize = OWN + 6;
}

/// Numbers of parts.
pub mod own_part {
    use super::super::part::OWN;
    /// Cells of the tries; values are ids.
    pub const CELLS: usize = OWN;
    /// The score of each id, f32: what a search for the best way adds.
    pub const SCORES: usize = OWN + 1;
    /// The type of each id, u8.
    pub const TYPES: usize = OWN + 2;
    /// The normalizer's table.
    pub const CHARSMAP: usize = OWN + 3;
    /// The denormalizer's table.
    pub const DENORMALIZER: usize = OWN + 4;
    /// What the unknown piece decodes to.
    pub const UNK_SURFACE: usize = OWN + 5;
}

/// In level 0: the piece is what its own text becomes.
pub const WHOLE: u32 = 1 << 30;

/// SentencePiece's space.
const SPACE: &[u8; 3] = char_bpe::SPACE;

/// What the model works in.
#[derive(Debug, Default)]
pub(in crate::model) struct Memory {
    /// Normalized text, and for each byte of it (and its end) the place in the text.
    text: Vec<u8>,
    places: Vec<u32>,
    pieces: Vec<Piece>,
    merging: bpe::Memory,
    best: Vec<unigram::Best>,
    ways: Vec<words::Place>,
    lattice: Lattice,
    /// For each token the range of the normalized text.
    ranges: Vec<(u32, u32)>,
}

impl Memory {
    /// The normalized text that the token with this number stands for.
    pub(in crate::model) fn source(&self, token: usize) -> &str {
        let (start, end) = self.ranges.get(token).copied().unwrap_or_default();
        let text = self.text.get(start as usize..end as usize).unwrap_or_default();
        core::str::from_utf8(text).unwrap_or_default()
    }
}

/// A piece found in normalized text.
#[derive(Debug, Clone, Copy)]
struct Piece {
    start: u32,
    end: u32,
    id: u32,
}

/// The model.
#[derive(Debug, Clone, Copy)]
pub struct SentencePiece<'a> {
    pub(super) tables: &'a Tables<'a>,
    pub(super) parts: Parts<'a>,
}

impl<'a> SentencePiece<'a> {
    pub(super) fn tokenize(
        &self,
        text: &str,
        scratch: &mut Scratch,
        out: &mut Vec<Token>,
    ) -> Result<(), ModelError> {
        let memory = &mut scratch.sentence_piece;
        self.normalize(text, &mut memory.text, &mut memory.places);
        if memory.text.len() >= NONE as usize {
            return Err(ModelError::TooLong);
        }
        memory.pieces.clear();
        #[cfg(feature = "std")]
        let sampling = scratch.sampling.filter(|sampling| sampling.alpha != 0.0);
        match self.parts.param(own_param::KIND) {
            kind::BPE => {
                let dropout = scratch.dropout.filter(|dropout| *dropout > 0.0);
                self.bpe(memory, dropout.map(|dropout| (dropout, &mut scratch.random)));
            }
            kind::WORD => self.words(memory),
            kind::CHAR => self.chars(memory),
            #[cfg(feature = "std")]
            _ if sampling.is_some() => {
                self.sample(memory, sampling.unwrap_or_default(), &mut scratch.random);
            }
            _ => {
                self.unigram(memory, 0.0);
            }
        }
        self.write(memory, out);
        Ok(())
    }

    /// The ids that mark the beginning and the end of a text.
    pub fn ends(&self) -> [Option<u32>; 2] {
        [own_param::BOS, own_param::EOS].map(|number| {
            Some(self.parts.param(number))
                .filter(|&id| id != NONE && self.tables.token(id).is_some())
        })
    }

    /// The normalized form of a text, as the library's `normalize` gives it.
    pub fn normalized(&self, text: &str) -> alloc::string::String {
        self.normalized_with_places(text).0
    }

    /// The normalized form, and for each byte of it and its end the place in the text.
    pub fn normalized_with_places(&self, text: &str) -> (alloc::string::String, Vec<u32>) {
        let (mut out, mut places) = (Vec::new(), Vec::new());
        self.normalize(text, &mut out, &mut places);
        (alloc::string::String::from_utf8_lossy(&out).into_owned(), places)
    }

    fn has(&self, flag: u32) -> bool {
        self.parts.param(param::FLAGS) & flag != 0
    }

    fn trie(&self) -> Trie<'a> {
        Trie::new(self.parts.bytes(own_part::CELLS))
    }

    fn types(&self) -> &'a [u8] {
        self.parts.bytes(own_part::TYPES)
    }

    fn type_of(&self, id: u32) -> u8 {
        self.types().get(id as usize).copied().unwrap_or_default()
    }

    fn scores(&self) -> &'a [[u8; 4]] {
        self.parts.bytes(own_part::SCORES).as_chunks().0
    }

    fn score(&self, id: u32) -> f32 {
        self.scores().get(id as usize).map_or(0.0, |bytes| f32::from_le_bytes(*bytes))
    }

    fn charsmap(&self, part: usize) -> Option<Charsmap<'a>> {
        Some(self.parts.bytes(part)).filter(|table| !table.is_empty()).and_then(Charsmap::new)
    }

    /// The piece that text can become, with [`WHOLE`] if it does.
    #[inline]
    fn find(&self, text: &[u8]) -> Option<u32> {
        texts::find_word(self.tables, &self.parts, text)
    }

    fn unknown(&self) -> u32 {
        self.parts.param(param::UNK)
    }

    /// The id of the piece that text can become, unused or not; that of the unknown piece where there is none.
    fn id_of(&self, text: &[u8]) -> u32 {
        self.find(text).map_or(self.unknown(), |id| id & !WHOLE)
    }

    /// The same for text that is taken as it is: an unused piece is as good as none.
    fn id_of_whole(&self, text: &[u8]) -> u32 {
        let id = self.id_of(text);
        if self.type_of(id) == piece_type::UNUSED { self.unknown() } else { id }
    }

    /// Bytes of the user-defined piece at the front; `None` if there is none.
    fn user_defined(&self, text: &[u8]) -> Option<usize> {
        let (trie, mut base) = (self.trie(), self.parts.param(own_param::USER_ROOT));
        let mut found = None;
        for (at, &byte) in text.iter().enumerate() {
            let Some(node) = trie.step(base, byte) else { break };
            if node.value != NONE {
                found = Some(at + 1);
            }
            base = node.base;
        }
        found
    }

    /// Whether a user-defined piece begins with `text`, or the text with one.
    fn begins_user_defined(&self, text: &[u8]) -> bool {
        let (trie, mut base) = (self.trie(), self.parts.param(own_param::USER_ROOT));
        for &byte in text {
            match trie.step(base, byte) {
                None => return false,
                Some(node) if node.value != NONE => return true,
                Some(node) => base = node.base,
            }
        }
        true
    }

    /// Bytes of the user-defined piece or char at the front, and whether it is the former.
    fn symbol(&self, text: &[u8]) -> (usize, bool) {
        match self.user_defined(text) {
            Some(len) => (len, true),
            None => (char_len(text), false),
        }
    }

    /// Where the stretch that begins at `start` may end.
    fn cut(&self, text: &[u8], start: usize) -> usize {
        let rest = text.get(start..).unwrap_or_default();
        match self.has(flag::CUT) {
            true => start + char_bpe::first_part(rest, 0),
            false => text.len(),
        }
    }

    fn words(&self, memory: &mut Memory) {
        let Memory { text, pieces, .. } = memory;
        let mut start = 0;
        while start < text.len() {
            let mut end = start + char_len(&text[start..]);
            while end < text.len() && !text[end..].starts_with(SPACE) {
                end += char_len(&text[end..]);
            }
            let id = self.id_of_whole(&text[start..end]);
            pieces.push(Piece { start: start as u32, end: end as u32, id });
            start = end;
        }
    }

    fn chars(&self, memory: &mut Memory) {
        let Memory { text, pieces, .. } = memory;
        let mut start = 0;
        while start < text.len() {
            let end = start + self.symbol(&text[start..]).0;
            let id = self.id_of_whole(&text[start..end]);
            pieces.push(Piece { start: start as u32, end: end as u32, id });
            start = end;
        }
    }

    /// Pieces to tokens: unknown ones fall back to bytes, or neighbours become one.
    fn write(&self, memory: &mut Memory, out: &mut Vec<Token>) {
        let Memory { text, places, pieces, ranges, .. } = memory;
        ranges.clear();
        let place = |at: u32| places.get(at as usize).copied().unwrap_or_default();
        let unk = self.unknown();
        let falls_back = self.has(flag::BYTE_FALLBACK);
        let mut after_unknown = false;
        for &Piece { start, end, id } in &*pieces {
            let is_unknown = id == unk;
            let (from, to) = (place(start), place(end));
            if is_unknown && falls_back {
                let bytes = text.get(start as usize..end as usize).unwrap_or_default();
                out.extend(bytes.iter().map(|&byte| {
                    let id = u32::from_le_bytes(self.tables.byte_symbols[usize::from(byte)]);
                    Token { id, start: from, end: from }
                }));
                ranges.extend(bytes.iter().map(|_| (start, end)));
                // The last one stands for the whole.
                if let Some(last) = out.last_mut() {
                    last.end = to;
                }
            } else if is_unknown
                && after_unknown
                && let (Some(last), Some(range)) = (out.last_mut(), ranges.last_mut())
            {
                last.end = to;
                range.1 = end;
            } else {
                ranges.push((start, end));
                out.push(Token { id, start: from, end: to });
            }
            after_unknown = is_unknown;
        }
    }
}

/// Bytes of the char at the front; `text` is not empty.
fn char_len(text: &[u8]) -> usize {
    let len = match text.first() {
        None | Some(0..0xC0) => 1,
        Some(0xC0..0xE0) => 2,
        Some(0xE0..0xF0) => 3,
        Some(_) => 4,
    };
    len.min(text.len())
}
