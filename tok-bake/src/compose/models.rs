//! The models.

use super::SpecError;
use crate::error::quote;
use crate::read::{Problem, Tokens, member};
use crate::spec::{Bpe, Model, Vocab};

/// Token texts and ids in the order of ids.
fn tokens<T: AsRef<str>>(vocab: impl IntoIterator<Item = (T, u32)>) -> Result<Tokens, SpecError> {
    let mut listed = Vocab::default();
    for (text, id) in vocab {
        let text = text.as_ref();
        if id >= 1 << 31 {
            let message = format!("{} has the id {id}, which is too high", quote(text));
            return Err(SpecError::new("model.vocab", message));
        }
        listed.push(text.as_bytes(), id);
    }
    let mut warnings = Vec::new();
    let tokens = Tokens::new(listed, member, &mut warnings);
    first(warnings, "model.vocab")?;
    Ok(tokens)
}

/// What is odd in a file is an error in code.
fn first(warnings: Vec<Problem>, part: &str) -> Result<(), SpecError> {
    match warnings.into_iter().next() {
        Some(problem) => Err(problem.into_spec_error(part)),
        None => Ok(()),
    }
}

/// An unknown token has to be in the vocabulary.
fn known(tokens: &Tokens, unk_token: &str) -> Result<(), SpecError> {
    match tokens.id(unk_token.as_bytes()) {
        Some(_) => Ok(()),
        None => {
            let message = format!("{} is not in the vocabulary", quote(unk_token));
            Err(SpecError::new("model.unk_token", message))
        }
    }
}

/// Begins a BPE of token texts with their ids, and merges, the earlier first.
///
/// ```
/// use comptok_bake::compose::{SpecError, bpe};
/// let vocab = [("<unk>", 0), ("a", 1), ("b", 2), ("ab", 3)];
/// let model = bpe(vocab, [("a", "b")]).unk_token("<unk>").fuse_unk(true).build()?;
/// let error = bpe(vocab, [("b", "a")]).build().unwrap_err();
/// assert!(error.to_string().contains("\"ba\", which is not in the vocabulary"));
/// # let _ = model;
/// # Ok::<(), SpecError>(())
/// ```
pub fn bpe<T: AsRef<str>, M: AsRef<str>>(
    vocab: impl IntoIterator<Item = (T, u32)>,
    merges: impl IntoIterator<Item = (M, M)>,
) -> BpeBuilder {
    let text = |text: M| text.as_ref().to_owned();
    let merges = merges.into_iter().map(|(left, right)| (text(left), text(right))).collect();
    let model = Bpe::new(Vocab::default(), Vec::new());
    BpeBuilder { tokens: tokens(vocab), merges, model }
}

/// Builds a BPE. Made by [`bpe`].
#[derive(Debug)]
pub struct BpeBuilder {
    tokens: Result<Tokens, SpecError>,
    merges: Vec<(String, String)>,
    model: Bpe,
}

impl BpeBuilder {
    /// Stands for chars without a token, which are left out otherwise.
    #[must_use]
    pub fn unk_token(mut self, token: impl Into<String>) -> Self {
        self.model.unk_token = Some(token.into());
        self
    }

    /// Neighbouring unknown chars are one unknown token.
    #[must_use]
    pub fn fuse_unk(mut self, on: bool) -> Self {
        self.model.fuse_unk = on;
        self
    }

    /// Chars without a token become `<0xNN>` tokens.
    #[must_use]
    pub fn byte_fallback(mut self, on: bool) -> Self {
        self.model.byte_fallback = on;
        self
    }

    /// A pre-token that is in the vocabulary is emitted whole.
    #[must_use]
    pub fn ignore_merges(mut self, on: bool) -> Self {
        self.model.ignore_merges = on;
        self
    }

    /// Stands in front of symbols that do not begin a word.
    #[must_use]
    pub fn continuing_subword_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.model.continuing_subword_prefix = Some(prefix.into());
        self
    }

    /// Stands behind the symbol that ends a word.
    #[must_use]
    pub fn end_of_word_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.model.end_of_word_suffix = Some(suffix.into());
        self
    }

    /// The probability with which a merge is left out.
    #[must_use]
    pub const fn dropout(mut self, probability: f32) -> Self {
        self.model.dropout = Some(probability);
        self
    }

    /// Checks that merges are made of tokens and make tokens.
    ///
    /// # Errors
    ///
    /// [`SpecError`] for the first that does not fit.
    pub fn build(self) -> Result<Model, SpecError> {
        let Self { tokens, merges, mut model } = self;
        let tokens = tokens?;
        if let Some(dropout) = model.dropout.filter(|dropout| !(0.0..=1.0).contains(dropout)) {
            let message = format!("found {dropout}, a number from 0 to 1 is wanted");
            return Err(SpecError::new("model.dropout", message));
        }
        let prefix = model.continuing_subword_prefix.as_deref().unwrap_or_default().as_bytes();
        let pairs = merges.iter().enumerate();
        let pairs = pairs.map(|(at, (left, right))| (at, left.as_bytes(), right.as_bytes()));
        let mut warnings = Vec::new();
        let pairs = tokens
            .merges(pairs, merges.len(), prefix, &mut warnings)
            .map_err(|problem| problem.into_spec_error("model.merges"))?;
        first(warnings, "model.merges")?;
        if let Some(unk_token) = &model.unk_token {
            known(&tokens, unk_token)?;
        }
        let Tokens { vocab, .. } = tokens;
        model = Bpe { vocab, merges: crate::spec::Merges::List(pairs), ..model };
        Ok(Model::Bpe(model))
    }
}

/// Begins a Unigram of pieces and their scores, natural logarithms; the position is the id.
///
/// ```
/// use comptok_bake::compose::{SpecError, unigram};
/// let model = unigram([("<unk>", 0.0), ("a", -1.5), ("ab", -2.0)]).unk_id(0).build()?;
/// assert!(unigram([("a", f64::NAN)]).build().is_err());
/// # let _ = model;
/// # Ok::<(), SpecError>(())
/// ```
pub fn unigram<T: Into<String>>(pieces: impl IntoIterator<Item = (T, f64)>) -> UnigramBuilder {
    let pieces = pieces.into_iter().map(|(text, score)| (text.into(), score)).collect();
    UnigramBuilder { pieces, unk_id: None, byte_fallback: false }
}

/// Builds a Unigram. Made by [`unigram`].
#[derive(Debug, Clone)]
pub struct UnigramBuilder {
    pieces: Vec<(String, f64)>,
    unk_id: Option<u32>,
    byte_fallback: bool,
}

impl UnigramBuilder {
    /// The piece that stands for unknown text, which is an error otherwise.
    #[must_use]
    pub const fn unk_id(mut self, id: u32) -> Self {
        self.unk_id = Some(id);
        self
    }

    /// Unknown text becomes `<0xNN>` tokens.
    #[must_use]
    pub const fn byte_fallback(mut self, on: bool) -> Self {
        self.byte_fallback = on;
        self
    }

    /// Checks scores and the unknown piece.
    ///
    /// # Errors
    ///
    /// [`SpecError`] for the first that does not fit.
    pub fn build(self) -> Result<Model, SpecError> {
        let Self { pieces, unk_id, byte_fallback } = self;
        if let Some(at) = pieces.iter().position(|(_, score)| !score.is_finite()) {
            let message = format!("the score of {} is not a finite number", quote(&pieces[at].0));
            return Err(SpecError::new(format!("model.vocab[{at}]"), message));
        }
        if let Some(at) = pieces.iter().position(|(text, _)| text.is_empty()) {
            return Err(SpecError::new(format!("model.vocab[{at}]"), "the piece is empty"));
        }
        if let Some(id) = unk_id.filter(|&id| id as usize >= pieces.len()) {
            let message = format!("found {id}, the vocabulary has {} pieces", pieces.len());
            return Err(SpecError::new("model.unk_id", message));
        }
        Ok(Model::Unigram { unk_id, pieces, byte_fallback })
    }
}

/// Begins a WordPiece of token texts with their ids; `[UNK]`, `##` and 100 chars as BERT has it.
///
/// ```
/// use comptok_bake::compose::{SpecError, word_piece};
/// let model = word_piece([("[UNK]", 0), ("a", 1), ("##b", 2)]).max_input_chars_per_word(50);
/// assert!(model.build().is_ok());
/// let error = word_piece([("a", 1)]).build().unwrap_err();
/// assert_eq!(error.to_string(), "model.unk_token: \"[UNK]\" is not in the vocabulary");
/// # Ok::<(), SpecError>(())
/// ```
pub fn word_piece<T: AsRef<str>>(vocab: impl IntoIterator<Item = (T, u32)>) -> WordPieceBuilder {
    WordPieceBuilder {
        tokens: tokens(vocab),
        unk_token: "[UNK]".to_owned(),
        continuing_subword_prefix: "##".to_owned(),
        max_input_chars_per_word: 100,
    }
}

/// Builds a WordPiece. Made by [`word_piece`].
#[derive(Debug)]
pub struct WordPieceBuilder {
    tokens: Result<Tokens, SpecError>,
    unk_token: String,
    continuing_subword_prefix: String,
    max_input_chars_per_word: usize,
}

impl WordPieceBuilder {
    /// Stands for words that have no tokens.
    #[must_use]
    pub fn unk_token(mut self, token: impl Into<String>) -> Self {
        self.unk_token = token.into();
        self
    }

    /// Stands in front of tokens that continue a word.
    #[must_use]
    pub fn continuing_subword_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.continuing_subword_prefix = prefix.into();
        self
    }

    /// Words with more chars are unknown.
    #[must_use]
    pub const fn max_input_chars_per_word(mut self, most: usize) -> Self {
        self.max_input_chars_per_word = most;
        self
    }

    /// Checks the vocabulary.
    ///
    /// # Errors
    ///
    /// [`SpecError`] for the first that does not fit.
    pub fn build(self) -> Result<Model, SpecError> {
        let Self { tokens, unk_token, continuing_subword_prefix, max_input_chars_per_word } = self;
        let tokens = tokens?;
        known(&tokens, &unk_token)?;
        let vocab = tokens.vocab;
        Ok(Model::WordPiece {
            vocab,
            unk_token,
            continuing_subword_prefix,
            max_input_chars_per_word,
        })
    }
}

/// Begins a WordLevel of whole words with their ids, and `<unk>` for all others.
///
/// ```
/// use comptok_bake::compose::{SpecError, word_level};
/// let model = word_level([("[UNK]", 0), ("word", 1)]).unk_token("[UNK]").build()?;
/// # let _ = model;
/// # Ok::<(), SpecError>(())
/// ```
pub fn word_level<T: AsRef<str>>(vocab: impl IntoIterator<Item = (T, u32)>) -> WordLevelBuilder {
    WordLevelBuilder { tokens: tokens(vocab), unk_token: "<unk>".to_owned() }
}

/// Builds a WordLevel. Made by [`word_level`].
#[derive(Debug)]
pub struct WordLevelBuilder {
    tokens: Result<Tokens, SpecError>,
    unk_token: String,
}

impl WordLevelBuilder {
    /// Stands for words that are not in the vocabulary.
    #[must_use]
    pub fn unk_token(mut self, token: impl Into<String>) -> Self {
        self.unk_token = token.into();
        self
    }

    /// Checks the vocabulary.
    ///
    /// # Errors
    ///
    /// [`SpecError`] for the first that does not fit.
    pub fn build(self) -> Result<Model, SpecError> {
        let Self { tokens, unk_token } = self;
        let tokens = tokens?;
        known(&tokens, &unk_token)?;
        Ok(Model::WordLevel { vocab: tokens.vocab, unk_token })
    }
}

impl Problem {
    /// The problem as an error about `part`.
    fn into_spec_error(self, part: &str) -> SpecError {
        let error = self.into_error("");
        let part = match &*error.path {
            "" => part.to_owned(),
            path => format!("{part}{}{path}", if path.starts_with('[') { "" } else { "." }),
        };
        SpecError { part, message: error.message }
    }
}
