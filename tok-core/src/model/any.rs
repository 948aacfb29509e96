//! Any model behind one type.

use super::{
    ByteBpe, ModelError, Parts, Random, Token, WordLevel,
    char_bpe::{self, CharBpe},
    code, find_extra, param,
    sentence_piece::{self, SentencePiece},
    unigram::{self, Unigram},
    word_piece::WordPiece,
};
use crate::{
    blob::{Tables, flags, lookup},
    byte_level,
};
use alloc::{borrow::Cow, string::String, vec::Vec};

/// Memory that models work in, kept by the caller. Any model can use it after any other.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Text that no token stands for is an error where it is left out otherwise.
    pub strict: bool,
    /// Probability with which BPE leaves out a merge, instead of the file's own.
    pub dropout: Option<f32>,
    /// Where dropout and sampling take their random numbers from; the caller seeds it.
    pub random: Random,
    /// Sampling for Unigram.
    #[cfg(feature = "std")]
    pub sampling: Option<unigram::Sampling>,
    pub(super) words: Vec<super::bpe::Word>,
    pub(super) merging: char_bpe::Memory,
    pub(super) unigram: unigram::Memory,
    pub(super) sentence_piece: sentence_piece::Memory,
}

impl Scratch {
    /// Whether answers depend on random numbers.
    pub fn is_by_chance(&self) -> bool {
        #[cfg(feature = "std")]
        if self.sampling.is_some() {
            return true;
        }
        self.dropout.is_some()
    }
}

/// The model of a blob, read in place.
#[derive(Debug, Clone, Copy)]
pub enum Model<'a> {
    /// Byte-level BPE.
    Bpe(ByteBpe<'a>),
    /// BPE over chars.
    CharBpe(CharBpe<'a>),
    /// Unigram.
    Unigram(Unigram<'a>),
    /// WordPiece.
    WordPiece(WordPiece<'a>),
    /// WordLevel.
    WordLevel(WordLevel<'a>),
    /// A model of SentencePiece, which takes text that nothing has normalized or cut.
    SentencePiece(SentencePiece<'a>),
}

impl<'a> Model<'a> {
    /// The model of these tables; `None` if they hold none that this build knows.
    pub fn parse(tables: &'a Tables<'a>) -> Option<Self> {
        if tables.model.is_empty() {
            return Some(Self::Bpe(ByteBpe { tables }));
        }
        let parts = Parts::new(tables.model)?;
        match parts.param(param::CODE) {
            code::CHAR_BPE => Some(Self::CharBpe(CharBpe { tables, parts })),
            code::UNIGRAM => Some(Self::Unigram(Unigram { tables, parts })),
            code::WORD_PIECE => Some(Self::WordPiece(WordPiece { tables, parts })),
            code::SENTENCE_PIECE => Some(Self::SentencePiece(SentencePiece { tables, parts })),
            code::WORD_LEVEL => Some(Self::WordLevel(WordLevel { tables, parts })),
            _ => None,
        }
    }

    /// Appends the tokens of a pre-token.
    ///
    /// Byte-level BPE takes the text itself, not its byte-level chars.
    ///
    /// # Errors
    ///
    /// [`ModelError`]. What was appended before it is not an answer.
    pub fn tokenize(
        &self,
        piece: &str,
        scratch: &mut Scratch,
        out: &mut Vec<Token>,
    ) -> Result<(), ModelError> {
        if piece.len() >= u32::MAX as usize {
            return Err(ModelError::TooLong);
        }
        match self {
            Self::Bpe(model) => model.tokenize(piece.as_bytes(), scratch, out),
            Self::CharBpe(model) => model.tokenize(piece, scratch, out),
            Self::Unigram(model) => model.tokenize(piece, scratch, out),
            Self::WordPiece(model) => model.tokenize(piece, out),
            Self::WordLevel(model) => model.tokenize(piece, out),
            Self::SentencePiece(model) => model.tokenize(piece, scratch, out),
        }
    }

    /// The tokens of the `count` best ways to cut a pre-token, the best first, and their scores;
    /// `None` if the model weighs none.
    pub fn nbest(
        &self,
        piece: &str,
        count: usize,
        scratch: &mut Scratch,
    ) -> Option<Vec<(Vec<Token>, f64)>> {
        match self {
            Self::Unigram(model) => Some(model.nbest(piece, count, scratch)),
            Self::SentencePiece(model) => model.nbest(piece, count, scratch),
            _ => None,
        }
    }

    /// Whether there may be text that no token stands for and that is left out.
    pub fn drops(&self) -> bool {
        match self {
            Self::Bpe(model) => model.tables.has(flags::MISSING_BYTES),
            Self::CharBpe(model) => model.drops(),
            _ => false,
        }
    }

    fn tables(&self) -> &'a Tables<'a> {
        match self {
            Self::Bpe(model) => model.tables,
            Self::CharBpe(model) => model.tables,
            Self::Unigram(model) => model.tables,
            Self::WordPiece(model) => model.tables,
            Self::WordLevel(model) => model.tables,
            Self::SentencePiece(model) => model.tables,
        }
    }

    /// The text of a token (of the model or an added one) as the vocabulary writes it; `None` if
    /// the id has none.
    pub fn token_text(&self, id: u32) -> Option<Cow<'a, str>> {
        let tables = self.tables();
        let bytes = tables.token(id)?;
        if matches!(self, Self::Bpe(_)) && !tables.token_flags(id).is_raw() {
            // Letters, digits and most punctuation stand for themselves.
            if let Ok(text) = str::from_utf8(bytes)
                && bytes.iter().all(u8::is_ascii_graphic)
            {
                return Some(Cow::Borrowed(text));
            }
            return Some(Cow::Owned(bytes.iter().map(|&byte| byte_level::char_of(byte)).collect()));
        }
        Some(match str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(bytes),
        })
    }

    /// The id that the model's vocabulary gives to a text.
    pub fn token_id(&self, text: &str) -> Option<u32> {
        let by_index = |bytes: &[u8]| {
            let id = lookup::find_id(self.tables(), bytes)?;
            self.tables().token_flags(id).is_model().then_some(id)
        };
        let parts = match self {
            Self::Bpe(_) => {
                let bytes: Option<Vec<u8>> = text.chars().map(byte_level::byte_of).collect();
                return match bytes {
                    Some(bytes) => by_index(&bytes).filter(|&id| !self.is_raw(id)),
                    None => by_index(text.as_bytes()).filter(|&id| self.is_raw(id)),
                };
            }
            Self::CharBpe(model) => &model.parts,
            Self::Unigram(model) => &model.parts,
            Self::WordPiece(model) => &model.parts,
            Self::WordLevel(model) => &model.parts,
            Self::SentencePiece(model) => {
                return lookup::find_id(model.tables, text.as_bytes());
            }
        };
        find_extra(parts, text.as_bytes()).or_else(|| by_index(text.as_bytes()))
    }

    fn is_raw(&self, id: u32) -> bool {
        self.tables().token_flags(id).is_raw()
    }

    /// The text that the token with this number of the last [`tokenize`](Self::tokenize) stands for, where
    /// that is not what lies at its place.
    pub fn source<'s>(&self, scratch: &'s Scratch, number: usize) -> Option<&'s str> {
        match self {
            Self::SentencePiece(_) => Some(scratch.sentence_piece.source(number)),
            _ => None,
        }
    }

    /// Whether text may be cut before ▁ where that follows another char, with the same tokens: those of
    /// SentencePiece's Unigram depend on the sum before it.
    pub fn cuts(&self) -> bool {
        match self {
            Self::CharBpe(model) => model.cuts(),
            Self::SentencePiece(model) => model.may_cut(),
            _ => false,
        }
    }

    /// The ASCII punctuation behind which it may not: bits of [`mark`](crate::general::mark).
    pub fn open(&self) -> u32 {
        match self {
            Self::CharBpe(model) => model.open(),
            _ => 0,
        }
    }

    /// Whether an encoding shows this token with the text that it stands for instead of its own:
    /// what the reference's Unigram does with unknown text.
    pub fn shows_source(&self, id: u32) -> bool {
        let model = match self {
            Self::Unigram(model) => model,
            Self::SentencePiece(model) => return model.parts.param(param::UNK) == id,
            _ => return false,
        };
        // With a token for every byte nothing is unknown, whatever id that would have.
        let has_all_bytes = || model.tables.byte_symbols.iter().all(|id| *id != [0xFF; 4]);
        let falls_back = model.parts.param(param::FLAGS) & unigram::flag::BYTE_FALLBACK != 0;
        model.parts.param(param::UNK) == id && !(falls_back && has_all_bytes())
    }
}
