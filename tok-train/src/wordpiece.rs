//! WordPiece: the merges of a BPE whose continuing symbols have a prefix, of which only the tokens are kept.

use std::collections::BTreeSet;

use comptok_bake::spec::Model;

use crate::bpe::{BpeTrainer, Ties};
use crate::{Counts, TrainError, Trained, Watch};

/// Trains WordPiece models as `WordPieceTrainer` of HuggingFace `tokenizers` 0.23 does.
///
/// There, the numbers of symbols with a prefix depend on chance, and with them which of equally frequent
/// pairs goes first; here they are those of words in order.
#[derive(Debug, Clone)]
pub struct WordPieceTrainer {
    /// Size of the vocabulary.
    pub vocab_size: usize,
    /// Pairs that are rarer are not merged.
    pub min_frequency: u64,
    /// The first tokens of the vocabulary.
    pub special_tokens: Vec<String>,
    /// The largest alphabet; the rarest chars go.
    pub limit_alphabet: Option<usize>,
    /// Chars that are in the alphabet whether they occur or not.
    pub initial_alphabet: BTreeSet<char>,
    /// Put before symbols that do not begin a word.
    pub continuing_subword_prefix: String,
    /// Put behind the symbol that ends a word.
    pub end_of_word_suffix: Option<String>,
    /// What a word becomes that cannot be split. It is in the vocabulary only as one of `special_tokens`.
    pub unk_token: String,
    /// Longer words, in chars, are unknown.
    pub max_input_chars_per_word: usize,
    /// How many threads. The result is the same.
    pub threads: usize,
}

impl Default for WordPieceTrainer {
    fn default() -> Self {
        Self {
            vocab_size: 30_000,
            min_frequency: 0,
            special_tokens: Vec::new(),
            limit_alphabet: None,
            initial_alphabet: BTreeSet::new(),
            continuing_subword_prefix: "##".to_owned(),
            end_of_word_suffix: None,
            unk_token: "[UNK]".to_owned(),
            max_input_chars_per_word: 100,
            threads: crate::processors(),
        }
    }
}

impl WordPieceTrainer {
    /// Trains.
    ///
    /// ```
    /// use comptok_train::wordpiece::WordPieceTrainer;
    /// use comptok_train::{Counts, Unit};
    ///
    /// let counts = Counts::from_words(Unit::Char, [("low", 5), ("slow", 2)]);
    /// let trained = WordPieceTrainer { vocab_size: 9, ..Default::default() }.train(&counts, &())?;
    /// let tokens: Vec<_> = trained.tokens().iter().map(|token| std::str::from_utf8(token)).collect();
    /// let wanted = ["l", "o", "s", "w", "##o", "##w", "##l", "##ow", "low"];
    /// assert_eq!(tokens, wanted.map(Ok));
    /// # Ok::<(), comptok_train::TrainError>(())
    /// ```
    ///
    /// # Errors
    /// As [`BpeTrainer::train`].
    pub fn train(&self, counts: &Counts, watch: &dyn Watch) -> Result<Trained, TrainError> {
        let trainer = BpeTrainer {
            ties: Ties::HuggingFace,
            vocab_size: self.vocab_size,
            min_frequency: self.min_frequency,
            special_tokens: self.special_tokens.clone(),
            limit_alphabet: self.limit_alphabet,
            initial_alphabet: self.initial_alphabet.clone(),
            continuing_subword_prefix: Some(self.continuing_subword_prefix.clone()),
            end_of_word_suffix: self.end_of_word_suffix.clone(),
            max_token_length: None,
            threads: self.threads,
        };
        let tokens = trainer.train(counts, watch)?.tokens().to_vec();
        Ok(Trained::of_words(tokens, &self.special_tokens, |vocab| Model::WordPiece {
            vocab,
            unk_token: self.unk_token.clone(),
            continuing_subword_prefix: self.continuing_subword_prefix.clone(),
            max_input_chars_per_word: self.max_input_chars_per_word,
        }))
    }
}
