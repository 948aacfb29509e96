//! How often each piece is expected to occur, and which pieces text can do without.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::seeds::{Edges, Text};

/// Words are summed up in so many groups, one after the other: the sum is the same for any number of
/// threads.
const GROUPS: usize = 8;

/// Below this a product of probabilities loses digits.
const SMALLEST: f64 = 1e-280;

/// Scores of the pieces; number 0 is the unknown char.
pub(super) struct Scores {
    pub(super) scores: Vec<f64>,
    probabilities: Vec<f64>,
    pub(super) least: f64,
    unknown: f64,
}

impl Scores {
    pub(super) fn new(scores: Vec<f64>) -> Self {
        let least = scores[1..].iter().fold(f64::INFINITY, |least, score| least.min(*score));
        // An unknown char is that much less likely than the rarest piece.
        let unknown = least - 10.0;
        let probabilities = scores.iter().map(|score| score.exp()).collect();
        Self { scores, probabilities, least, unknown }
    }
}

/// Words and the pieces in them.
pub(super) struct Corpus {
    pub(super) text: Text,
    pub(super) edges: Edges,
    pub(super) threads: usize,
}

impl Corpus {
    /// Calls `work` for each group of words, and gives what it gave, in the order of the groups.
    fn groups<T: Send>(&self, work: impl Fn(&[(u32, u64)]) -> T + Sync) -> Vec<T> {
        let share = self.text.words.len().div_ceil(GROUPS).max(1);
        let groups: Vec<&[(u32, u64)]> = self.text.words.chunks(share).collect();
        parallel(groups.len(), self.threads, |at| work(groups[at]))
    }

    /// The place behind the last char of a word.
    fn end(&self, start: usize) -> usize {
        let chars = &self.text.chars[start..];
        start + chars.iter().position(|number| *number == 0).unwrap_or(chars.len())
    }

    /// How often each piece is expected to occur.
    pub(super) fn expect(&self, scores: &Scores) -> Vec<f64> {
        let sums = self.groups(|words| {
            let mut expected = vec![0.0; scores.scores.len()];
            let (mut before, mut behind) = (Vec::new(), Vec::new());
            for &(start, count) in words {
                let start = start as usize;
                let word = start..self.end(start);
                let count = count as f64;
                if !self.add_word(
                    scores,
                    word.clone(),
                    count,
                    &mut expected,
                    &mut before,
                    &mut behind,
                ) {
                    self.add_long_word(scores, word, count, &mut expected);
                }
            }
            expected
        });
        let mut sum = vec![0.0; scores.scores.len()];
        for group in sums {
            for (sum, more) in sum.iter_mut().zip(group) {
                *sum += more;
            }
        }
        sum
    }

    /// Adds the expected pieces of a word, if its probability is no too small number.
    fn add_word(
        &self,
        scores: &Scores,
        word: std::ops::Range<usize>,
        count: f64,
        expected: &mut [f64],
        before: &mut Vec<f64>,
        behind: &mut Vec<f64>,
    ) -> bool {
        let (start, len) = (word.start, word.len());
        // Probabilities of what comes before a place, and of what comes behind it.
        before.clear();
        before.resize(len + 1, 0.0);
        behind.clear();
        behind.resize(len + 1, 0.0);
        before[0] = 1.0;
        let unknown = scores.unknown.exp();
        for at in 0..len {
            let edges = self.edges.at(start + at);
            let here = before[at];
            if edges.first().is_none_or(|edge| edge.len() > 1) {
                before[at + 1] += here * unknown;
            }
            for edge in edges.iter().take_while(|edge| at + edge.len() <= len) {
                before[at + edge.len()] += here * scores.probabilities[edge.id()];
            }
        }
        let all = before[len];
        if !(SMALLEST..=1.0 / SMALLEST).contains(&all) {
            return false;
        }
        behind[len] = 1.0;
        let factor = count / all;
        for at in (0..len).rev() {
            let edges = self.edges.at(start + at);
            let mut sum = 0.0;
            if edges.first().is_none_or(|edge| edge.len() > 1) {
                let more = unknown * behind[at + 1];
                expected[0] += factor * before[at] * more;
                sum += more;
            }
            for edge in edges.iter().take_while(|edge| at + edge.len() <= len) {
                let more = scores.probabilities[edge.id()] * behind[at + edge.len()];
                expected[edge.id()] += factor * before[at] * more;
                sum += more;
            }
            behind[at] = sum;
        }
        true
    }

    /// As [`add_word`](Self::add_word), with logarithms.
    fn add_long_word(
        &self,
        scores: &Scores,
        word: std::ops::Range<usize>,
        count: f64,
        expected: &mut [f64],
    ) {
        let (start, len) = (word.start, word.len());
        let mut before = vec![f64::NEG_INFINITY; len + 1];
        let mut behind = before.clone();
        before[0] = 0.0;
        behind[len] = 0.0;
        for at in 0..len {
            self.each_edge(scores, start, at, len, |to, _, score| {
                before[to] = log_sum(before[to], before[at] + score);
            });
        }
        for at in (0..len).rev() {
            let mut sum = f64::NEG_INFINITY;
            self.each_edge(scores, start, at, len, |to, _, score| {
                sum = log_sum(sum, behind[to] + score);
            });
            behind[at] = sum;
        }
        let all = before[len];
        for (at, before) in before[..len].iter().enumerate() {
            self.each_edge(scores, start, at, len, |to, id, score| {
                expected[id] += count * (before + score + behind[to] - all).exp();
            });
        }
    }

    /// The pieces that begin at a place and end within `len`: their end, number and score.
    #[inline]
    fn each_edge(
        &self,
        scores: &Scores,
        start: usize,
        at: usize,
        len: usize,
        mut each: impl FnMut(usize, usize, f64),
    ) {
        let edges = self.edges.at(start + at);
        if edges.first().is_none_or(|edge| edge.len() > 1) {
            each(at + 1, 0, scores.unknown);
        }
        for edge in edges.iter().take_while(|edge| at + edge.len() <= len) {
            each(at + edge.len(), edge.id(), scores.scores[edge.id()]);
        }
    }

    /// How often each piece occurs in the best segmentations.
    pub(super) fn best(&self, scores: &Scores) -> Vec<u64> {
        let sums = self.groups(|words| {
            let mut counts = vec![0u64; scores.scores.len()];
            let mut best: Vec<(f64, usize, usize)> = Vec::new();
            for &(start, count) in words {
                let start = start as usize;
                let len = self.end(start) - start;
                best.clear();
                best.resize(len + 1, (f64::NEG_INFINITY, 0, 0));
                best[0].0 = 0.0;
                for at in 0..len {
                    let here = best[at].0;
                    self.each_edge(scores, start, at, len, |to, id, score| {
                        // Among equals the longest last piece, which comes first.
                        if here + score > best[to].0 {
                            best[to] = (here + score, at, id);
                        }
                    });
                }
                let mut at = len;
                while at > 0 {
                    let (_, from, id) = best[at];
                    counts[id] = counts[id].saturating_add(count);
                    at = from.min(at - 1);
                }
            }
            counts
        });
        let mut sum = vec![0u64; scores.scores.len()];
        for group in sums {
            for (sum, more) in sum.iter_mut().zip(group) {
                *sum = sum.saturating_add(more);
            }
        }
        sum
    }

    /// The best two segmentations of a piece that stands at `start`: how many pieces the best one has, and
    /// the pieces of the second best, if there is one.
    pub(super) fn best_two(
        &self,
        scores: &Scores,
        start: usize,
        len: usize,
    ) -> (usize, Option<Vec<usize>>) {
        /// Score, place before, which of the two there, piece.
        type Step = (f64, usize, usize, usize);
        const NONE: Step = (f64::NEG_INFINITY, 0, 0, 0);
        let mut two: Vec<[Step; 2]> = vec![[NONE; 2]; len + 1];
        two[0][0].0 = 0.0;
        for at in 0..len {
            let here = two[at];
            self.each_edge(scores, start, at, len, |to, id, score| {
                for (which, step) in here.iter().enumerate() {
                    if step.0 == f64::NEG_INFINITY {
                        continue;
                    }
                    let new = (step.0 + score, at, which, id);
                    let there = &mut two[to];
                    if new.0 > there[0].0 {
                        *there = [new, there[0]];
                    } else if new.0 > there[1].0 {
                        there[1] = new;
                    }
                }
            });
        }
        let path = |mut which: usize| {
            let (mut pieces, mut at) = (Vec::new(), len);
            while at > 0 {
                let (_, from, which_before, id) = two[at][which];
                pieces.push(id);
                (at, which) = (from.min(at - 1), which_before);
            }
            pieces.reverse();
            pieces
        };
        let second = (two[len][1].0 > f64::NEG_INFINITY).then(|| path(1));
        (path(0).len(), second)
    }
}

/// The logarithm of a sum.
fn log_sum(a: f64, b: f64) -> f64 {
    let (low, high) = if a > b { (b, a) } else { (a, b) };
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

/// What `work` gives for each number below `len`, in their order.
pub(super) fn parallel<T: Send>(
    len: usize,
    threads: usize,
    work: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    if threads <= 1 || len <= 1 {
        return (0..len).map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let turn = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= len {
                return done;
            }
            done.push((at, work(at)));
        }
    };
    let mut all: Vec<(usize, T)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.min(len)).map(|_| scope.spawn(turn)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic inside")).collect()
    });
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, result)| result).collect()
}
