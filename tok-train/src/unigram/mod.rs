//! Unigram: pieces with probabilities.
//!
//! It begins with all substrings that matter. Two rounds of expectation and maximization give them scores,
//! then a quarter of them is dropped, those that text can best do without, and so on until few enough are
//! left. Pieces only ever go, so where each stands in the words is found once, with the seeds.

mod em;
mod seeds;

use std::collections::BTreeSet;

use crate::watch::Phase;
use crate::{Counts, TrainError, Trained, Watch};
use em::{Corpus, Scores, parallel};
use seeds::{Seed, Text};

/// Trains Unigram models as `UnigramTrainer` of HuggingFace `tokenizers` 0.23 does.
///
/// There the last bits of the scores depend on the order of a hash table and on the number of threads, and
/// with them which of nearly equal pieces go; here they do not. Counts are 64 bits wide.
///
/// ```
/// use comptok_train::unigram::UnigramTrainer;
/// use comptok_train::{Counts, Unit};
///
/// let counts = Counts::from_words(Unit::Char, [("▁low", 50), ("▁lower", 20), ("▁slow", 10)]);
/// let trained = UnigramTrainer { vocab_size: 10, ..Default::default() }.train(&counts, &())?;
/// assert!(trained.tokens().contains(&"▁low".as_bytes().to_vec()));
/// # Ok::<(), comptok_train::TrainError>(())
/// ```
#[derive(Debug, Clone)]
pub struct UnigramTrainer {
    /// Size of the vocabulary.
    pub vocab_size: usize,
    /// The first pieces of the vocabulary, with score 0.
    pub special_tokens: Vec<String>,
    /// Chars that are in the vocabulary whether they occur or not.
    pub initial_alphabet: BTreeSet<char>,
    /// What unknown chars become. If it is not one of `special_tokens` it is put before them.
    pub unk_token: Option<String>,
    /// The longest piece, in chars; at most 255.
    pub max_piece_length: usize,
    /// How many pieces it begins with at most.
    pub seed_size: usize,
    /// Which part of the pieces stays each time.
    pub shrinking_factor: f64,
    /// Rounds of expectation and maximization before each time.
    pub n_sub_iterations: usize,
    /// How many threads. The result is the same.
    pub threads: usize,
}

impl Default for UnigramTrainer {
    fn default() -> Self {
        Self {
            vocab_size: 8_000,
            special_tokens: Vec::new(),
            initial_alphabet: BTreeSet::new(),
            unk_token: None,
            max_piece_length: 16,
            seed_size: 1_000_000,
            shrinking_factor: 0.75,
            n_sub_iterations: 2,
            threads: crate::processors(),
        }
    }
}

/// What is left of the seeds: their numbers, in the order of the pieces; piece 0 is the unknown char.
struct Pieces {
    seeds: Vec<Seed>,
    left: Vec<u32>,
}

impl UnigramTrainer {
    /// Trains. Is `watch` for stopping, the pieces of that moment are cut down to the vocabulary.
    ///
    /// # Errors
    /// Without words, with more chars and special tokens than the vocabulary may hold, and with options
    /// that make no sense.
    pub fn train(&self, counts: &Counts, watch: &dyn Watch) -> Result<Trained, TrainError> {
        self.check()?;
        if counts.is_empty() {
            return Err(TrainError::Empty);
        }
        watch.progress(Phase::Seed, 0, counts.len() as u64);
        let text = Text::new(counts)?;
        let required = self.required(&text);
        let least = required.len() + self.first_tokens().len();
        if least > self.vocab_size {
            return Err(TrainError::VocabTooSmall { wanted: self.vocab_size, least });
        }
        let (seeds, edges) = seeds::seeds(&text, self.max_piece_length as u32, self.seed_size)?;
        let sum = seeds.iter().fold(0.0, |sum, seed| sum + seed.weight as f64).ln();
        let first = seeds.iter().map(|seed| (seed.weight as f64).ln() - sum);
        let mut scores = Scores::new(std::iter::once(0.0).chain(first).collect());
        let left = (0..=seeds.len() as u32).collect();
        let mut pieces = Pieces { seeds, left };
        let mut corpus = Corpus { text, edges, threads: self.threads.max(1) };
        let enough = self.vocab_size.saturating_mul(11) / 10;
        let rounds = self.rounds(enough, pieces.left.len());
        let mut round = 0;
        loop {
            for _ in 0..self.n_sub_iterations {
                watch.progress(Phase::Em, round, rounds);
                round += 1;
                scores = maximize(&mut corpus, &mut pieces, &scores);
            }
            if pieces.left.len() <= enough || watch.stop() {
                break;
            }
            let before = pieces.left.len();
            scores = self.prune(&mut corpus, &mut pieces, &scores, enough);
            // Pieces that text cannot do without may be more than enough.
            if pieces.left.len() == before {
                break;
            }
        }
        Ok(self.finish(&corpus, &pieces, &scores, required))
    }

    fn check(&self) -> Result<(), TrainError> {
        let wrong = |what: &str| Err(TrainError::Options(what.to_owned()));
        match () {
            () if !(1..=255).contains(&self.max_piece_length) => {
                wrong("max_piece_length has to be from 1 to 255")
            }
            () if !(self.shrinking_factor > 0.0 && self.shrinking_factor < 1.0) => {
                wrong("shrinking_factor has to be between 0 and 1")
            }
            () if self.n_sub_iterations == 0 => wrong("n_sub_iterations has to be 1 or more"),
            () => Ok(()),
        }
    }

    /// How often scores will be estimated, about.
    fn rounds(&self, enough: usize, pieces: usize) -> u64 {
        let times = ((enough as f64).ln() - (pieces as f64).ln()) / self.shrinking_factor.ln();
        (times.max(0.0) as u64 + 1) * self.n_sub_iterations as u64
    }

    /// Chars that must be in the vocabulary.
    fn required(&self, text: &Text) -> BTreeSet<char> {
        text.alphabet.iter().chain(&self.initial_alphabet).copied().collect()
    }

    /// Special tokens, with the unknown token in front if it is not one of them.
    fn first_tokens(&self) -> Vec<String> {
        let unknown = self.unk_token.iter().filter(|token| !self.special_tokens.contains(token));
        unknown.chain(&self.special_tokens).cloned().collect()
    }

    /// Drops the pieces that text can best do without.
    fn prune(
        &self,
        corpus: &mut Corpus,
        pieces: &mut Pieces,
        scores: &Scores,
        enough: usize,
    ) -> Scores {
        const BLOCK: usize = 4096;
        let len = pieces.left.len();
        let (ours, all): (&Corpus, &Pieces) = (corpus, pieces);
        let twos = parallel(len.div_ceil(BLOCK), ours.threads, |block| {
            let ids = (block * BLOCK..((block + 1) * BLOCK).min(len)).filter(|id| *id > 0);
            let two = |id: usize| {
                let seed = all.seed(id);
                ours.best_two(scores, seed.start as usize, seed.len as usize)
            };
            ids.map(two).collect::<Vec<_>>()
        });
        let counts = ours.best(scores);
        let total = ours.text.words.iter().fold(0.0, |sum, word| sum + word.1 as f64);
        let freq = |id: usize| counts[id] as f64;
        let sum: f64 = (0..len).map(freq).sum();
        let log_sum = sum.ln();
        let mut kept: Vec<usize> = vec![0];
        let mut candidates: Vec<(usize, f64)> = Vec::new();
        for (id, (best, second)) in (1..).zip(twos.into_iter().flatten()) {
            // Alternatives are those of a piece that is its own best segmentation.
            let alternatives = second.as_ref().filter(|_| best == 1);
            let always = second.is_none() || best == 1;
            if counts[id] == 0 && !always {
                continue;
            }
            let Some(alternatives) = alternatives else {
                kept.push(id);
                continue;
            };
            if counts[id] == 0 {
                continue;
            }
            let log_here = freq(id).ln() - log_sum;
            // Without it, the others take its place. The reference takes the number of all pieces for that of
            // the others, and so does this, for the same pieces.
            let log_sum_there = (sum + freq(id) * (len - 1) as f64).ln();
            let there = alternatives
                .iter()
                .fold(0.0, |sum, other| sum + (freq(*other) + freq(id)).ln() - log_sum_there);
            candidates.push((id, freq(id) / total * (log_here - there)));
        }
        let size = enough.max((len as f64 * self.shrinking_factor) as usize);
        candidates.sort_by(|a, b| b.1.total_cmp(&a.1));
        let room = size.saturating_sub(kept.len());
        kept.extend(candidates.into_iter().take(room).map(|(id, _)| id));
        keep(corpus, pieces, &kept);
        Scores::new(kept.iter().map(|id| scores.scores[*id]).collect())
    }

    fn finish(
        &self,
        corpus: &Corpus,
        pieces: &Pieces,
        scores: &Scores,
        required: BTreeSet<char>,
    ) -> Trained {
        let all = (1..pieces.left.len()).map(|id| {
            let seed = pieces.seed(id);
            (corpus.text.string(seed.start, seed.len), scores.scores[id])
        });
        let all: Vec<(String, f64)> = all.collect();
        let single: std::collections::HashMap<&str, f64> =
            all.iter().map(|(piece, score)| (&**piece, *score)).collect();
        let mut chosen: Vec<(String, f64)> = Vec::new();
        let mut penalty = 0.0;
        for c in &required {
            let piece = c.to_string();
            let score = single.get(&*piece).copied().unwrap_or_else(|| {
                let score = scores.least + penalty;
                penalty += 0.0001;
                score
            });
            chosen.push((piece, score));
        }
        let first = self.first_tokens();
        let size = self.vocab_size - first.len();
        let is_char = |piece: &str| piece.chars().count() == 1;
        for (piece, score) in &all {
            if chosen.len() >= size {
                break;
            }
            if !is_char(piece) && piece != "<UNK>" {
                chosen.push((piece.clone(), *score));
            }
        }
        chosen.sort_by(|a, b| b.1.total_cmp(&a.1));
        let unk_id = self.unk_token.as_ref().and_then(|unknown| {
            first.iter().position(|token| token == unknown).map(|id| id as u32)
        });
        let vocab: Vec<(String, f64)> =
            first.into_iter().map(|token| (token, 0.0)).chain(chosen).collect();
        Trained::unigram(vocab, unk_id, &self.special_tokens)
    }
}

impl Pieces {
    /// The substring of a piece, which is not piece 0.
    fn seed(&self, id: usize) -> &Seed {
        &self.seeds[self.left[id] as usize - 1]
    }
}

/// Expectation and maximization: new scores, and without the pieces that hardly occur.
fn maximize(corpus: &mut Corpus, pieces: &mut Pieces, scores: &Scores) -> Scores {
    let expected = corpus.expect(scores);
    let kept: Vec<usize> =
        (0..expected.len()).filter(|id| *id == 0 || expected[*id] >= 0.5).collect();
    let sum = kept[1..].iter().fold(0.0, |sum, id| sum + expected[*id]);
    let log_sum = digamma(sum);
    keep(corpus, pieces, &kept);
    let score = |id: &usize| if *id == 0 { 0.0 } else { digamma(expected[*id]) - log_sum };
    Scores::new(kept.iter().map(score).collect())
}

/// Keeps some of the pieces, in a new order.
fn keep(corpus: &mut Corpus, pieces: &mut Pieces, kept: &[usize]) {
    let mut numbers = vec![u32::MAX; pieces.left.len()];
    for (new, old) in (0..).zip(kept) {
        numbers[*old] = new;
    }
    corpus.edges.renumber(&numbers);
    pieces.left = kept.iter().map(|old| pieces.left[*old]).collect();
}

/// The derivative of the logarithm of the gamma function, as the reference computes it.
fn digamma(mut x: f64) -> f64 {
    let mut result = 0.0;
    while x < 7.0 {
        result -= 1.0 / x;
        x += 1.0;
    }
    x -= 0.5;
    let inverse = 1.0 / (x * x);
    let fourth = inverse * inverse;
    result + x.ln() + inverse / 24.0 - 7.0 / 960.0 * fourth + 31.0 / 8064.0 * fourth * inverse
        - 127.0 / 30720.0 * fourth * fourth
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Splitter, Unit};
    use comptok_bake::spec::Family;

    /// The reference lists it twice, and finds the piece.
    #[test]
    fn a_special_token_that_is_a_piece_has_the_id_of_the_piece() {
        let counts = Counts::from_words(Unit::Char, [("ab", 9), ("ba", 7), ("b", 5)]);
        let special_tokens = ["<unk>", "a", "z"].map(str::to_owned).to_vec();
        let trainer = UnigramTrainer { vocab_size: 8, special_tokens, ..Default::default() };
        let trained = trainer.train(&counts, &()).expect("there is room");
        let last = trained.tokens().iter().rposition(|token| token == b"a").expect("a piece");
        assert!(last > 2, "{:?}", trained.tokens());
        let splitter = Splitter::new(None, Family::HuggingFace).expect("no steps");
        let spec = trained.spec(&splitter);
        let ids: Vec<u32> = spec.added_tokens.iter().map(|token| token.id).collect();
        assert_eq!(ids, [0, 2, last as u32]);
        comptok_bake::write::tokenizer_json(&spec).expect("the reference gives the same ids");
    }

    #[test]
    fn digamma_has_its_known_values() {
        for (x, wanted) in [
            (1.0, -0.577_215_664_901_532_9),
            (0.5, -1.963_510_026_021_423_5),
            (10.0, 2.251_752_589_066_721),
        ] {
            assert!((digamma(x) - wanted).abs() < 1e-8, "{x}: {}", digamma(x));
        }
    }
}
