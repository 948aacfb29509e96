//! Byte-pair encoding.

mod alphabet;
mod linked;
mod pairs;
mod queue;
mod run;
#[cfg(test)]
mod tests;
mod words;

use std::collections::{BTreeSet, HashMap};

use crate::model::Trained;
use crate::watch::Phase;
use crate::{Counts, TrainError, Unit, Watch};
use run::Run;

/// Which of several equally frequent pairs is merged first, and what goes with it: the answers of a
/// library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ties {
    /// As `BpeTrainer` of HuggingFace `tokenizers` 0.23: the alphabet is ordered by char, the pair with
    /// the smaller numbers goes first, and a token that two pairs make has one number.
    #[default]
    HuggingFace,
    /// As rustbpe 0.1: the alphabet is the 256 bytes, the pair with the smaller numbers goes first, and
    /// each merge has a number of its own.
    RustBpe,
}

/// Trains byte-pair encodings.
///
/// Counts are 64 bits wide and nothing depends on the order of a hash table. The references count
/// with 32 bits, and `tokenizers` leaves to chance which of equally rare chars `limit_alphabet`
/// removes (here those with the larger code), and the order of words, which numbers symbols with a prefix
/// or a suffix (here the words are ordered by their bytes).
///
/// ```
/// use comptok_train::bpe::BpeTrainer;
/// use comptok_train::{Counts, Unit};
///
/// let counts = Counts::from_words(Unit::Char, [("low", 5), ("lower", 2), ("newest", 6)]);
/// let trained = BpeTrainer { vocab_size: 9, ..BpeTrainer::default() }.train(&counts, &())?;
/// assert_eq!(trained.tokens()[8], b"we");
/// # Ok::<(), comptok_train::TrainError>(())
/// ```
#[derive(Debug, Clone)]
pub struct BpeTrainer {
    /// Whose answers.
    pub ties: Ties,
    /// Size of the vocabulary, special tokens and alphabet included. With [`Ties::RustBpe`] special
    /// tokens come on top.
    pub vocab_size: usize,
    /// Pairs that are rarer are not merged.
    pub min_frequency: u64,
    /// The first tokens of the vocabulary; with [`Ties::RustBpe`] the last.
    pub special_tokens: Vec<String>,
    /// The largest alphabet; the rarest chars go.
    pub limit_alphabet: Option<usize>,
    /// Chars that are in the alphabet whether they occur or not. For bytes, their
    /// [byte-level](comptok_bake::byte_level) chars.
    pub initial_alphabet: BTreeSet<char>,
    /// Put before symbols that do not begin a word.
    pub continuing_subword_prefix: Option<String>,
    /// Put behind the symbol that ends a word.
    pub end_of_word_suffix: Option<String>,
    /// Tokens of so many units or more are not made from others. (The reference's own limit is one unit
    /// less than its name says: so is this one.)
    pub max_token_length: Option<usize>,
    /// How many threads. The result is the same.
    pub threads: usize,
}

impl Default for BpeTrainer {
    fn default() -> Self {
        Self {
            ties: Ties::HuggingFace,
            vocab_size: 30_000,
            min_frequency: 0,
            special_tokens: Vec::new(),
            limit_alphabet: None,
            initial_alphabet: BTreeSet::new(),
            continuing_subword_prefix: None,
            end_of_word_suffix: None,
            max_token_length: None,
            threads: crate::processors(),
        }
    }
}

/// The byte-level chars of all bytes, for [`BpeTrainer::initial_alphabet`].
pub fn byte_alphabet() -> BTreeSet<char> {
    (0..=255).map(comptok_bake::byte_level::char_of).collect()
}

impl BpeTrainer {
    /// Trains, until the vocabulary is full, or no pair is frequent enough, or `watch` says stop.
    ///
    /// # Errors
    /// Without words, with an alphabet larger than the vocabulary, and with options that
    /// [`Ties::RustBpe`] does not have.
    pub fn train(&self, counts: &Counts, watch: &dyn Watch) -> Result<Trained, TrainError> {
        self.train_linking(counts, watch, words::LONG)
    }

    /// Words of `long` symbols and more are linked, which changes nothing but time.
    fn train_linking(
        &self,
        counts: &Counts,
        watch: &dyn Watch,
        long: usize,
    ) -> Result<Trained, TrainError> {
        self.check()?;
        if counts.is_empty() {
            return Err(TrainError::Empty);
        }
        watch.progress(Phase::Pairs, 0, counts.len() as u64);
        let (mut symbols, words) = alphabet::build(self, counts, long)?;
        let least = symbols.tokens.len();
        if least > self.vocab_size {
            return Err(TrainError::VocabTooSmall { wanted: self.vocab_size, least });
        }
        let mut run = Run::new(words, self.threads)?;
        let mut merges: Vec<(u32, u32, u32)> = Vec::new();
        let limit = self.max_token_length.unwrap_or(usize::MAX);
        while symbols.tokens.len() < self.vocab_size && !watch.stop() {
            let Some(top) = run.pop() else { break };
            if top.count < self.min_frequency {
                break;
            }
            let (left, right) = (top.left as usize, top.right as usize);
            let mut behind = symbols.tokens[right].as_slice();
            if let Some(prefix) = &self.continuing_subword_prefix {
                behind = behind.strip_prefix(prefix.as_bytes()).unwrap_or(behind);
            }
            let token = [&symbols.tokens[left], behind].concat();
            let len = symbols.lens[left] + symbols.lens[right];
            let new = match self.ties {
                Ties::HuggingFace => symbols.number(&token, len),
                Ties::RustBpe => symbols.push(token, len),
            };
            merges.push((top.left, top.right, new));
            let len = symbols.lens[new as usize];
            let lens = &symbols.lens;
            run.merge(&top, new, |beside| lens[beside as usize].saturating_add(len) < limit)?;
            if merges.len().is_multiple_of(256) {
                let done = symbols.tokens.len() as u64;
                watch.progress(Phase::Merge, done, self.vocab_size as u64);
            }
        }
        Ok(self.trained(counts, symbols.tokens, merges, run.gone()))
    }

    fn check(&self) -> Result<(), TrainError> {
        if self.ties == Ties::HuggingFace {
            return Ok(());
        }
        let set = [
            ("limit_alphabet", self.limit_alphabet.is_some()),
            ("initial_alphabet", !self.initial_alphabet.is_empty()),
            ("continuing_subword_prefix", self.continuing_subword_prefix.is_some()),
            ("end_of_word_suffix", self.end_of_word_suffix.is_some()),
        ];
        match set.into_iter().find(|(_, set)| *set) {
            Some((name, _)) => Err(TrainError::Options(format!("rustbpe has no {name}"))),
            None => Ok(()),
        }
    }

    fn trained(
        &self,
        counts: &Counts,
        tokens: Vec<Vec<u8>>,
        merges: Vec<(u32, u32, u32)>,
        gone: u64,
    ) -> Trained {
        // A pair that was merged again, after a token had come back, counts where it did so last.
        let last: HashMap<(u32, u32), usize> =
            merges.iter().enumerate().map(|(at, &(left, right, _))| ((left, right), at)).collect();
        let merges = merges.iter().enumerate();
        let merges = merges.filter(|(at, (left, right, _))| last[&(*left, *right)] == *at);
        let merges = merges.map(|(_, merge)| *merge).collect();
        let mut trained = Trained::bpe(self, counts.unit(), tokens, merges);
        trained.measure(counts, gone);
        trained
    }
}

impl BpeTrainer {
    /// The special tokens of a vocabulary of bytes come behind it.
    pub(crate) fn specials_last(&self, unit: Unit) -> bool {
        self.ties == Ties::RustBpe && unit == Unit::Byte
    }
}
