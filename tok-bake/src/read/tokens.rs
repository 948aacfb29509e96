//! The vocabulary as the reference has it in memory: each token once, found by its text.

use super::json::{Problem, Result, Step};
use crate::error::quote_bytes;
use crate::spec::{MergeChains, PairIndex, Vocab, VocabIndex};

/// A vocabulary in the order of its ids.
#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) vocab: Vocab,
    /// Entries whose id an earlier entry has too, in ascending order.
    shared: Vec<usize>,
}

/// The merges so far.
enum Seen {
    Chains(MergeChains),
    /// With a prefix, any number of merges may have one product.
    Index(PairIndex),
}

impl Tokens {
    /// Keeps the last id of a token that is listed several times, as the reference does, and sorts
    /// by id. `step` leads to the entry at a position of the file.
    pub(crate) fn new(
        listed: Vocab,
        step: impl Fn(usize, &[u8]) -> Step,
        warnings: &mut Vec<Problem>,
    ) -> Self {
        let (index, duplicates) = VocabIndex::new(&listed);
        // Id and position of each token that is kept.
        let mut order: Vec<(u32, usize)> =
            listed.iter().enumerate().map(|(position, (_, id))| (id, position)).collect();
        for &(first, later) in &duplicates {
            if let Some((token, id)) = listed.get(later) {
                let (before, name) = (order[first].0, quote_bytes(token));
                let message =
                    format!("{name} is listed twice, as {before} and as {id}; it is {id}");
                warnings.push(Problem::named(message).under(step(later, token)));
                order[first].0 = id;
            }
        }
        if duplicates.is_empty() && order.is_sorted_by(|a, b| a.0 < b.0) {
            return Self { vocab: listed.with_index(index), shared: Vec::new() };
        }

        let mut is_duplicate = vec![false; listed.len()];
        for &(_, later) in &duplicates {
            is_duplicate[later] = true;
        }
        order.retain(|&(_, position)| !is_duplicate[position]);
        order.sort_unstable();
        let mut vocab = Vocab::with_capacity(order.len(), listed.byte_len());
        let mut shared = Vec::new();
        for &(id, position) in &order {
            let token = listed.get(position).map_or(&b""[..], |(token, _)| token);
            if let Some((other, last)) = vocab.len().checked_sub(1).and_then(|at| vocab.get(at))
                && last == id
            {
                let (name, other) = (quote_bytes(token), quote_bytes(other));
                let message =
                    format!("{name} has the id of {other}, {id}, which decodes to {other}");
                warnings.push(Problem::named(message).under(step(position, token)));
                shared.push(vocab.len());
            }
            vocab.push(token, id);
        }
        Self { vocab, shared }
    }

    /// The id of a token.
    pub(crate) fn id(&self, token: &[u8]) -> Option<u32> {
        self.vocab.index().id(&self.vocab, token)
    }

    /// The pairs of ids of `merges` (position in the file, left, right), whose result is in the
    /// vocabulary too. Of a merge that is listed several times the last one counts, as in the
    /// reference.
    pub(crate) fn merges<'m>(
        &self,
        merges: impl Iterator<Item = (usize, &'m [u8], &'m [u8])>,
        len: usize,
        prefix: &[u8],
        warnings: &mut Vec<Problem>,
    ) -> Result<Vec<(u32, u32)>> {
        let mut pairs = Vec::with_capacity(len);
        let mut seen = match prefix {
            [] => Seen::Chains(MergeChains::new(self.vocab.len(), len)),
            _ => Seen::Index(PairIndex::with_capacity(len)),
        };
        let mut repeated = Vec::new();
        let (mut whole, mut last) = (Vec::new(), 0);
        let index = self.vocab.index();
        for (position, left, right) in merges {
            let problem = |message: String| {
                Problem::named(format!("merge {position}: {message}")).under(position)
            };
            let part = |token: &[u8]| match index.get(&self.vocab, token) {
                Some(entry) => self.part(entry).map_err(problem),
                None => Err(problem(format!("{} is not in the vocabulary", quote_bytes(token)))),
            };
            let pair = (part(left)?, part(right)?);
            let Some(rest) = right.get(prefix.len()..) else {
                let (right, prefix) = (quote_bytes(right), quote_bytes(prefix));
                let message = format!("{right} is shorter than continuing_subword_prefix {prefix}");
                return Err(problem(message));
            };
            whole.clear();
            whole.extend_from_slice(left);
            whole.extend_from_slice(rest);
            let Some(product) = index.get_near(&self.vocab, &whole, &mut last) else {
                return Err(problem(format!(
                    "{} + {} makes {}, which is not in the vocabulary",
                    quote_bytes(left),
                    quote_bytes(right),
                    quote_bytes(&whole)
                )));
            };
            let before = match &mut seen {
                Seen::Chains(chains) => chains.push(&pairs, pair, product),
                Seen::Index(seen) => {
                    seen.insert(pair, pairs.len() as u32).map(|before| before as usize)
                }
            };
            if let Some(before) = before {
                let (left, right) = (quote_bytes(left), quote_bytes(right));
                let message = format!("{left} + {right} is listed twice; the last one counts");
                warnings.push(problem(message));
                repeated.push(before);
            }
            pairs.push(pair);
        }
        if !repeated.is_empty() {
            repeated.sort_unstable();
            let mut at = 0;
            pairs.retain(|_| {
                at += 1;
                repeated.binary_search(&(at - 1)).is_err()
            });
        }
        Ok(pairs)
    }

    /// The id of an entry, if the id leads back to it. Merges are pairs of ids, and their results
    /// are found by the bytes of the ids.
    fn part(&self, entry: usize) -> std::result::Result<u32, String> {
        let (token, id) = self.vocab.get(entry).unwrap_or_default();
        match self.shared.binary_search(&entry).is_ok() {
            false => Ok(id),
            true => Err(format!(
                "{} shares its id {id} with another token; give each its own",
                quote_bytes(token)
            )),
        }
    }
}
