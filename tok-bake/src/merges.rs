//! Merges from ranks.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::spec::{Vocab, VocabIndex};

/// The pairs of ids that a rank file's tokens are made of, in order of rank.
///
/// A rank file merges any two neighbours whose concatenation is a token, the lowest rank first. A
/// token of two bytes or more is therefore made by one merge only: the last of those that make it of
/// its bytes, of which some may have a higher rank than it. If they do not make it, or if a byte has no token, it has
/// no pair here.
pub fn from_ranks(vocab: &Vocab) -> Vec<(u32, u32)> {
    let index = vocab.index();
    let mut splitter = Splitter::new(vocab, index);
    let mut merges = Vec::with_capacity(vocab.len());
    for (token, rank) in vocab.iter() {
        if let Some(middle) = splitter.parts(token)
            && let (Some(left), Some(right)) =
                (index.id(vocab, &token[..middle]), index.id(vocab, &token[middle..]))
        {
            merges.push((rank, left, right));
        }
    }
    merges.sort_unstable();
    merges.into_iter().map(|(_, left, right)| (left, right)).collect()
}

/// Byte-pair encoding of single tokens; the vectors are kept between them.
pub(crate) struct Splitter<'v> {
    vocab: &'v Vocab,
    index: &'v VocabIndex,
    /// Where the part that starts here ends; 0 if none starts here.
    ends: Vec<usize>,
    /// Where the part before the one that starts here starts.
    starts: Vec<usize>,
    /// Rank, start and end of what two neighbours could become. A pair that is gone stays in here.
    heap: BinaryHeap<Reverse<(u32, usize, usize)>>,
}

impl<'v> Splitter<'v> {
    /// For the tokens of `vocab`, whose index is `index`.
    pub(crate) fn new(vocab: &'v Vocab, index: &'v VocabIndex) -> Self {
        Self { vocab, index, ends: Vec::new(), starts: Vec::new(), heap: BinaryHeap::new() }
    }

    /// Where `token` is cut by the last of the merges, of any rank, that make it one part; `None`
    /// if they do not.
    pub(crate) fn parts(&mut self, token: &[u8]) -> Option<usize> {
        let last = self.run(token)?;
        (*self.ends.first()? == token.len()).then_some(last)
    }

    /// Merges the bytes of `token`; the middle of the merge made last.
    ///
    /// A heap makes this n log n: tokens of a hundred spaces are usual, and nothing limits them.
    fn run(&mut self, token: &[u8]) -> Option<usize> {
        let (len, mut last) = (token.len(), None);
        self.ends.clear();
        self.ends.extend(1..=len);
        self.starts.clear();
        self.starts.extend((0..len).map(|start| start.saturating_sub(1)));
        self.heap.clear();
        for start in 0..len.saturating_sub(1) {
            self.offer(token, start, start + 2);
        }
        while let Some(Reverse((_, start, end))) = self.heap.pop() {
            let middle = self.ends[start];
            if middle == 0 || middle >= end || self.ends[middle] != end {
                continue;
            }
            self.ends[start] = end;
            self.ends[middle] = 0;
            last = Some(middle);
            if start > 0 {
                self.offer(token, self.starts[start], end);
            }
            if end < len {
                self.starts[end] = start;
                self.offer(token, start, self.ends[end]);
            }
        }
        last
    }

    /// Notes that the parts from `start` to `end` could become one, if they make a token.
    fn offer(&mut self, token: &[u8], start: usize, end: usize) {
        if let Some(rank) = self.index.id(self.vocab, &token[start..end]) {
            self.heap.push(Reverse((rank, start, end)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptok_core::model::Random;

    fn vocab(tokens: &[&str]) -> Vocab {
        let mut vocab = Vocab::default();
        for (rank, token) in tokens.iter().enumerate() {
            vocab.push(token.as_bytes(), rank as u32);
        }
        vocab
    }

    /// The textbook loop: the lowest rank, the leftmost of them, until there is none. What the last one joins,
    /// if one part is left.
    fn last_two(vocab: &Vocab, token: &[u8]) -> Option<[Vec<u8>; 2]> {
        let rank_of = |bytes: &[u8]| vocab.iter().find(|(token, _)| *token == bytes);
        let mut parts: Vec<Vec<u8>> = token.iter().map(|&byte| vec![byte]).collect();
        let mut last = None;
        loop {
            let ranks = parts.windows(2).enumerate();
            let ranks = ranks.filter_map(|(at, two)| Some((rank_of(&two.concat())?.1, at)));
            let Some((_, at)) = ranks.min() else { break };
            let right = parts.remove(at + 1);
            last = Some([parts[at].clone(), right.clone()]);
            parts[at].extend(right);
        }
        last.filter(|_| parts.len() == 1)
    }

    #[test]
    fn pairs_and_what_no_merge_makes() {
        // "abc" is "ab" + "c", because "ab" comes before "bc"; "xab" is three parts, since there is
        // no token for "x"; "cab" waits for nothing.
        let vocab = vocab(&["a", "b", "c", "ab", "bc", "abc", "xab", "cab", "cc", "ccc", "acca"]);
        let merges = from_ranks(&vocab);
        assert_eq!(merges, [(0, 1), (1, 2), (3, 2), (2, 3), (2, 2), (8, 2)]);
    }

    #[test]
    fn agrees_with_the_textbook_loop() {
        let mut random = Random::new(1);
        let mut random = |limit: u32| random.below(limit as usize) as u32;
        for _ in 0..200 {
            let mut tokens: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
            while tokens.len() < 40 {
                let len = 2 + random(9);
                let token: String = (0..len).map(|_| ['a', 'b', 'c'][random(3) as usize]).collect();
                if !tokens.contains(&token) {
                    tokens.push(token);
                }
            }
            let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
            let vocab = vocab(&tokens);
            let id = |part: &[u8]| {
                tokens.iter().position(|token| token.as_bytes() == part).expect("a token") as u32
            };
            let expected: Vec<_> = vocab
                .iter()
                .filter_map(|(token, _)| last_two(&vocab, token))
                .map(|[left, right]| (id(&left), id(&right)))
                .collect();
            assert_eq!(from_ranks(&vocab), expected);
        }
    }

    #[test]
    fn long_tokens_take_no_longer_than_their_length() {
        let mut vocab = Vocab::default();
        for power in 0..=16 {
            vocab.push(" ".repeat(1 << power).as_bytes(), power);
        }
        let expected: Vec<_> = (0..16).map(|power| (power, power)).collect();
        assert_eq!(from_ranks(&vocab), expected);
    }
}
