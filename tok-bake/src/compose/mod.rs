//! Tokenizers composed in code: each component has a builder or a constructor with the reference's
//! defaults, and [`Builder::build`] checks the whole. What does not fit is an error that names the part.
//!
//! ```
//! use comptok_bake::compose::{Builder, NewToken, SpecError, word_piece};
//! use comptok_bake::spec::{Decoder, Normalizer, PostProcessor, PreTokenizer};
//!
//! let vocab = ["[UNK]", "[CLS]", "[SEP]", "un", "##lock", "the", "door"];
//! let model = word_piece(vocab.iter().zip(0..)).build()?;
//! let spec = Builder::new(model)
//!     .normalizer(Normalizer::bert(true))
//!     .pre_tokenizer(PreTokenizer::Bert)
//!     .post_processor(PostProcessor::template(
//!         "[CLS] $A [SEP]",
//!         "[CLS] $A [SEP] $B:1 [SEP]:1",
//!         [("[CLS]", 1), ("[SEP]", 2)],
//!     )?)
//!     .decoder(Decoder::word_piece())
//!     .added_tokens([NewToken::special("[CLS]"), NewToken::special("[SEP]")])
//!     .build()?;
//! assert_eq!(spec.added_tokens[1].id, 2);
//! # Ok::<(), SpecError>(())
//! ```

mod check;
mod components;
mod models;

use std::fmt;

use crate::error::quote;
use crate::spec::{
    AddedToken, Decoder, Family, Model, Normalizer, Padding, PostProcessor, PreTokenizer, Spec,
    Truncation, Vocab, VocabIndex,
};

pub use models::{
    BpeBuilder, UnigramBuilder, WordLevelBuilder, WordPieceBuilder, bpe, unigram, word_level,
    word_piece,
};

/// Why parts do not make a tokenizer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecError {
    /// The part at fault, such as `model.merges[3]` or `post_processor`.
    pub part: String,
    /// What was found, and what was wanted.
    pub message: String,
}

impl SpecError {
    fn new(part: impl Into<String>, message: impl Into<String>) -> Self {
        Self { part: part.into(), message: message.into() }
    }
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.part, self.message)
    }
}

impl std::error::Error for SpecError {}

/// An added token that has no id yet. It gets the one that the model's vocabulary has for it, or else
/// the next that is free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    content: String,
    single_word: bool,
    lstrip: bool,
    rstrip: bool,
    normalized: bool,
    special: bool,
}

impl NewToken {
    /// Matched in normalized text, and not special.
    pub fn new(content: impl Into<String>) -> Self {
        let content = content.into();
        let (single_word, lstrip, rstrip) = (false, false, false);
        Self { content, single_word, lstrip, rstrip, normalized: true, special: false }
    }

    /// Matched in raw text, left out by decoding on request, and governed by the caller's policy.
    pub fn special(content: impl Into<String>) -> Self {
        Self { normalized: false, special: true, ..Self::new(content) }
    }

    /// Only where no word character stands beside it.
    #[must_use]
    pub fn single_word(mut self, on: bool) -> Self {
        self.single_word = on;
        self
    }

    /// With the white space to its left.
    #[must_use]
    pub fn lstrip(mut self, on: bool) -> Self {
        self.lstrip = on;
        self
    }

    /// With the white space to its right.
    #[must_use]
    pub fn rstrip(mut self, on: bool) -> Self {
        self.rstrip = on;
        self
    }

    /// In normalized text, normalized itself; else in raw text.
    #[must_use]
    pub fn normalized(mut self, on: bool) -> Self {
        self.normalized = on;
        self
    }
}

/// Puts components together.
#[derive(Debug, Clone)]
pub struct Builder {
    spec: Spec,
    added: Vec<NewToken>,
}

impl Builder {
    /// A tokenizer of this model alone.
    pub const fn new(model: Model) -> Self {
        let spec = Spec {
            family: Family::HuggingFace,
            added_tokens: Vec::new(),
            normalizer: None,
            pre_tokenizer: None,
            model,
            post_processor: None,
            decoder: None,
            truncation: None,
            padding: None,
        };
        Self { spec, added: Vec::new() }
    }

    /// Rewrites text before it is cut.
    #[must_use]
    pub fn normalizer(mut self, normalizer: Normalizer) -> Self {
        self.spec.normalizer = Some(normalizer);
        self
    }

    /// Cuts the text.
    #[must_use]
    pub fn pre_tokenizer(mut self, pre_tokenizer: PreTokenizer) -> Self {
        self.spec.pre_tokenizer = Some(pre_tokenizer);
        self
    }

    /// Adds tokens around the ids.
    #[must_use]
    pub fn post_processor(mut self, post_processor: PostProcessor) -> Self {
        self.spec.post_processor = Some(post_processor);
        self
    }

    /// Turns tokens back into text.
    #[must_use]
    pub fn decoder(mut self, decoder: Decoder) -> Self {
        self.spec.decoder = Some(decoder);
        self
    }

    /// Cuts long results, unless a call says otherwise.
    #[must_use]
    pub const fn truncation(mut self, truncation: Truncation) -> Self {
        self.spec.truncation = Some(truncation);
        self
    }

    /// Pads short results, unless a call says otherwise.
    #[must_use]
    pub fn padding(mut self, padding: Padding) -> Self {
        self.spec.padding = Some(padding);
        self
    }

    /// More tokens that are matched before the model. Of two with the same content the later counts.
    #[must_use]
    pub fn added_tokens(mut self, tokens: impl IntoIterator<Item = NewToken>) -> Self {
        self.added.extend(tokens);
        self
    }

    /// Checks everything that can be known before baking. Patterns are looked at when the tokenizer is
    /// baked, which is an error too where they cannot be.
    ///
    /// # Errors
    ///
    /// [`SpecError`] for the first part that does not fit.
    pub fn build(self) -> Result<Spec, SpecError> {
        let Self { mut spec, added } = self;
        spec.added_tokens = numbered(&spec.model, added)?;
        check::spec(&spec)?;
        Ok(spec)
    }
}

/// The tokens with their ids, ordered by them.
fn numbered(model: &Model, added: Vec<NewToken>) -> Result<Vec<AddedToken>, SpecError> {
    let (vocab, size) = listed(model);
    let index = VocabIndex::new(&vocab).0;
    let mut next = size as u32;
    let mut tokens: Vec<AddedToken> = Vec::with_capacity(added.len());
    for (position, token) in added.into_iter().enumerate() {
        let NewToken { content, single_word, lstrip, rstrip, normalized, special } = token;
        let part = format!("added_tokens[{position}]");
        if content.is_empty() {
            return Err(SpecError::new(part, "its content is empty"));
        }
        let before = tokens.iter().position(|token| token.content == content);
        let known = before.map(|at| tokens.swap_remove(at).id);
        let id = match known.or_else(|| index.id(&vocab, content.as_bytes())) {
            Some(id) => id,
            None => {
                next = tokens.iter().map(|token| token.id + 1).fold(next, u32::max);
                next
            }
        };
        if id >= 1 << 31 {
            let message = format!("{} would have the id {id}, which is too high", quote(&content));
            return Err(SpecError::new(part, message));
        }
        tokens.push(AddedToken { id, content, single_word, lstrip, rstrip, normalized, special });
    }
    tokens.sort_unstable_by_key(|token| token.id);
    Ok(tokens)
}

/// The vocabulary of a model, and what the reference calls its size.
fn listed(model: &Model) -> (Vocab, usize) {
    let of_texts = |texts: &mut dyn Iterator<Item = &str>| {
        let mut vocab = Vocab::default();
        texts.zip(0..).for_each(|(text, id)| vocab.push(text.as_bytes(), id));
        vocab
    };
    let vocab = match model {
        Model::Bpe(bpe) => bpe.vocab.clone(),
        Model::WordPiece { vocab, .. } | Model::WordLevel { vocab, .. } => vocab.clone(),
        Model::Unigram { pieces, .. } => of_texts(&mut pieces.iter().map(|(text, _)| &**text)),
        Model::SentencePiece(model) => of_texts(&mut model.pieces.iter().map(|piece| &*piece.text)),
    };
    let size = vocab.len();
    (vocab, size)
}
