//! What a `.model` of SentencePiece says.
//!
//! Such a `Spec` has no other stages: text goes to the model as it is, in one piece, and nothing is
//! matched before it. The model normalizes it, cuts it, and gives places in the text it was given;
//! it also turns ids back into text.

/// A model of SentencePiece.
#[derive(Debug, Clone, PartialEq)]
pub struct SentencePiece {
    /// How text is cut.
    pub kind: Kind,
    /// The pieces; the position is the id. One of them is unknown, no two that are found in text have
    /// the same text, and with `byte_fallback` there is one for each byte.
    pub pieces: Vec<SpPiece>,
    /// Unknown characters become byte pieces.
    pub byte_fallback: bool,
    /// The control piece that marks the beginning of a text, where a caller asks for it.
    pub bos: Option<u32>,
    /// The control piece that marks the end.
    pub eos: Option<u32>,
    /// What the unknown piece decodes to.
    pub unk_surface: String,
    /// Spaces end words, they do not begin them.
    pub treat_whitespace_as_suffix: bool,
    /// What happens to text.
    pub normalizer: SpaceRules,
    /// The table of replacements for decoded text; empty for none.
    pub denormalizer: Vec<u8>,
}

impl Default for SentencePiece {
    /// What a file of the library means that says nothing: a Unigram model without pieces.
    fn default() -> Self {
        Self {
            kind: Kind::Unigram,
            pieces: Vec::new(),
            byte_fallback: false,
            bos: None,
            eos: None,
            unk_surface: " \u{2047} ".to_owned(),
            treat_whitespace_as_suffix: false,
            normalizer: SpaceRules {
                charsmap: Vec::new(),
                add_dummy_prefix: true,
                remove_extra_whitespaces: true,
                escape_whitespaces: true,
            },
            denormalizer: Vec::new(),
        }
    }
}

impl SentencePiece {
    /// Sets the pieces that mark both ends of a text to the control pieces of these names.
    pub(crate) fn find_ends(&mut self, bos: &str, eos: &str) {
        let control = |name: &str| {
            let is = |piece: &SpPiece| piece.text == name && piece.kind == PieceType::Control;
            self.pieces.iter().position(is).map(|id| id as u32)
        };
        (self.bos, self.eos) = (control(bos), control(eos));
    }
}

/// How text is cut into pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// By the best sum of scores.
    Unigram,
    /// By merging the pair with the best score.
    Bpe,
    /// At spaces.
    Word,
    /// Into chars.
    Char,
}

impl Kind {
    /// Whether scores decide about anything.
    pub(crate) fn weighs(self) -> bool {
        matches!(self, Self::Unigram | Self::Bpe)
    }
}

/// A piece.
#[derive(Debug, Clone, PartialEq)]
pub struct SpPiece {
    /// Its text, with ▁ for spaces.
    pub text: String,
    /// Its score; finite, but where text is cut into words or chars, which asks for none.
    pub score: f32,
    /// What it is.
    pub kind: PieceType,
}

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceType {
    /// Ordinary.
    Normal,
    /// Stands for unknown text.
    Unknown,
    /// Never found in text, decodes to nothing.
    Control,
    /// Always found in text.
    UserDefined,
    /// Not to be used.
    Unused,
    /// A byte, `<0xNN>`.
    Byte,
}

/// What happens to text before it is cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpaceRules {
    /// The table of replacements; empty for none.
    pub charsmap: Vec<u8>,
    /// A space goes in front (or behind, with `treat_whitespace_as_suffix`).
    pub add_dummy_prefix: bool,
    /// Spaces at the ends are dropped, and of neighbouring ones all but the first.
    pub remove_extra_whitespaces: bool,
    /// Spaces become ▁.
    pub escape_whitespaces: bool,
}
