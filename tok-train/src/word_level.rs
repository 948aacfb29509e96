//! Whole words: the most frequent ones.

use std::cmp::Reverse;

use comptok_bake::spec::Model;

use crate::{Counts, TrainError, Trained, Watch};

/// Trains WordLevel models as `WordLevelTrainer` of HuggingFace `tokenizers` 0.23 does.
///
/// A special token that is also a frequent word is listed once; the reference loses the first of both ids.
#[derive(Debug, Clone)]
pub struct WordLevelTrainer {
    /// Size of the vocabulary.
    pub vocab_size: usize,
    /// Words that are rarer are left out.
    pub min_frequency: u64,
    /// The first tokens of the vocabulary.
    pub special_tokens: Vec<String>,
    /// What other words become. It is in the vocabulary only as one of `special_tokens`.
    pub unk_token: String,
}

impl Default for WordLevelTrainer {
    fn default() -> Self {
        Self {
            vocab_size: 30_000,
            min_frequency: 0,
            special_tokens: Vec::new(),
            unk_token: "<unk>".to_owned(),
        }
    }
}

impl WordLevelTrainer {
    /// Trains: the more frequent words first, equally frequent ones by their bytes.
    ///
    /// ```
    /// use comptok_train::word_level::WordLevelTrainer;
    /// use comptok_train::{Counts, Unit};
    ///
    /// let counts = Counts::from_words(Unit::Char, [("the", 5), ("a", 2), ("on", 2)]);
    /// let trained = WordLevelTrainer { vocab_size: 2, ..Default::default() }.train(&counts, &())?;
    /// assert_eq!(trained.tokens(), [b"the".to_vec(), b"a".to_vec()]);
    /// # Ok::<(), comptok_train::TrainError>(())
    /// ```
    ///
    /// # Errors
    /// Without words, with more special tokens than the vocabulary may hold, and if the words are bytes.
    pub fn train(&self, counts: &Counts, _watch: &dyn Watch) -> Result<Trained, TrainError> {
        if counts.is_empty() {
            return Err(TrainError::Empty);
        }
        let least = self.special_tokens.len();
        if least > self.vocab_size {
            return Err(TrainError::VocabTooSmall { wanted: self.vocab_size, least });
        }
        let mut words: Vec<(&str, u64)> = counts.texts()?.collect();
        words.retain(|(word, count)| {
            *count >= self.min_frequency && !self.special_tokens.iter().any(|token| token == word)
        });
        words.sort_unstable_by_key(|&(word, count)| (Reverse(count), word));
        let words = words.into_iter().map(|(word, _)| word);
        let special = self.special_tokens.iter().map(String::as_str);
        let all = special.chain(words).take(self.vocab_size);
        let tokens = all.map(|token| token.as_bytes().to_vec()).collect();
        Ok(Trained::of_words(tokens, &self.special_tokens, |vocab| Model::WordLevel {
            vocab,
            unk_token: self.unk_token.clone(),
        }))
    }
}
