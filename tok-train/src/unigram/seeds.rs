//! Where to begin: substrings that occur more than once, with all their places.
//!
//! The suffixes of the words are sorted by as many chars as a piece may have and one more. A substring is a
//! seed if it is followed by different chars, the end of a word among them: then it is an inner node of the
//! suffix tree.

use std::collections::BTreeMap;

use crate::{Counts, TrainError};

/// The words as numbers of chars, each word with 0 behind it.
pub(super) struct Text {
    pub(super) chars: Vec<u32>,
    /// Start and count of each word.
    pub(super) words: Vec<(u32, u64)>,
    /// The chars that the numbers from 1 on stand for.
    pub(super) alphabet: Vec<char>,
}

impl Text {
    pub(super) fn new(counts: &Counts) -> Result<Self, TrainError> {
        let mut words: Vec<(&str, u64)> =
            counts.texts()?.filter(|(word, _)| !word.is_empty()).collect();
        // The order of the sums below, and so their last bits, depend on it.
        words.sort_unstable();
        let mut numbers: BTreeMap<char, u32> = BTreeMap::new();
        let mut len = 0usize;
        for (word, _) in &words {
            for c in word.chars() {
                numbers.insert(c, 0);
                len += 1;
            }
        }
        if len + words.len() >= u32::MAX as usize {
            return Err(TrainError::TooMuch("the words have more than 4 billion chars"));
        }
        let alphabet: Vec<char> = numbers.keys().copied().collect();
        for (number, slot) in (1..).zip(numbers.values_mut()) {
            *slot = number;
        }
        let mut text =
            Self { chars: Vec::with_capacity(len + words.len()), words: Vec::new(), alphabet };
        for (word, count) in words {
            text.words.push((text.chars.len() as u32, count));
            text.chars.extend(word.chars().map(|c| numbers[&c]));
            text.chars.push(0);
        }
        Ok(text)
    }

    pub(super) fn string(&self, start: u32, len: u32) -> String {
        let numbers = &self.chars[start as usize..(start + len) as usize];
        numbers.iter().map(|number| self.alphabet[*number as usize - 1]).collect()
    }
}

/// A piece at the beginning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seed {
    /// A place where it stands.
    pub(super) start: u32,
    pub(super) len: u32,
    pub(super) weight: u64,
    /// Its places, in the sorted suffixes; for chars none.
    from: u32,
    to: u32,
}

/// A piece that begins at a place: its number and its length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge(u32);

impl Edge {
    pub(super) fn new(id: u32, len: u32) -> Self {
        Self(id << 8 | len)
    }

    pub(super) fn id(self) -> usize {
        (self.0 >> 8) as usize
    }

    pub(super) fn len(self) -> usize {
        (self.0 & 0xFF) as usize
    }
}

/// The pieces that begin at each place, shorter ones first.
pub(super) struct Edges {
    pub(super) firsts: Vec<u32>,
    pub(super) edges: Vec<Edge>,
}

impl Edges {
    #[inline]
    pub(super) fn at(&self, place: usize) -> &[Edge] {
        &self.edges[self.firsts[place] as usize..self.firsts[place + 1] as usize]
    }

    /// Gives pieces new numbers; those with none go.
    pub(super) fn renumber(&mut self, numbers: &[u32]) {
        let mut kept = 0;
        let mut from = 0;
        for place in 0..self.firsts.len() - 1 {
            let to = self.firsts[place + 1] as usize;
            self.firsts[place] = kept as u32;
            for at in from..to {
                let edge = self.edges[at];
                let id = numbers[edge.id()];
                if id != u32::MAX {
                    self.edges[kept] = Edge::new(id, edge.len() as u32);
                    kept += 1;
                }
            }
            from = to;
        }
        if let Some(last) = self.firsts.last_mut() {
            *last = kept as u32;
        }
        self.edges.truncate(kept);
        if self.edges.capacity() > 2 * kept {
            self.edges.shrink_to_fit();
        }
    }
}

/// Chars by their counts, then substrings by places times length, at most `most` of all. Pieces have
/// numbers from 1 on, in this order.
pub(super) fn seeds(
    text: &Text,
    longest: u32,
    most: usize,
) -> Result<(Vec<Seed>, Edges), TrainError> {
    let suffixes = sorted_suffixes(text, longest as usize + 1);
    let mut found = chars(text);
    let mut nodes = nodes(text, &suffixes, longest);
    let slice = |seed: &Seed| &text.chars[seed.start as usize..(seed.start + seed.len) as usize];
    nodes.sort_unstable_by(|a, b| (b.weight, slice(b)).cmp(&(a.weight, slice(a))));
    let room = most.saturating_sub(found.len()).max(1);
    nodes.truncate(room);
    found.extend(nodes);
    if found.len() >= 1 << 24 {
        return Err(TrainError::TooMuch("more than 16 million pieces to begin with"));
    }
    let edges = edges(text, &found, &suffixes)?;
    Ok((found, edges))
}

fn chars(text: &Text) -> Vec<Seed> {
    let mut chars: Vec<Seed> =
        vec![Seed { start: 0, len: 1, weight: 0, from: 0, to: 0 }; text.alphabet.len()];
    for (at, &(start, count)) in text.words.iter().enumerate() {
        let end = text.words.get(at + 1).map_or(text.chars.len(), |next| next.0 as usize) - 1;
        for place in start as usize..end {
            let seed = &mut chars[text.chars[place] as usize - 1];
            seed.start = place as u32;
            seed.weight = seed.weight.saturating_add(count);
        }
    }
    // NUL is what the reference puts between words: no piece has it.
    chars.retain(|seed| text.alphabet[text.chars[seed.start as usize] as usize - 1] != '\0');
    let number = |seed: &Seed| text.chars[seed.start as usize];
    chars.sort_unstable_by_key(|seed| std::cmp::Reverse((seed.weight, number(seed))));
    chars
}

fn sorted_suffixes(text: &Text, depth: usize) -> Vec<u32> {
    // The first chars make a key; where it is equal, the others decide.
    let bits = (u32::BITS - (text.alphabet.len() as u32).leading_zeros()).max(1) as usize;
    let in_key = (64 / bits).min(depth);
    let key = |place: usize| {
        let mut key = 0u64;
        let mut ended = false;
        for at in place..place + in_key {
            let number = text.chars.get(at).copied().unwrap_or(0);
            ended |= number == 0;
            key = key << bits | if ended { 0 } else { u64::from(number) };
        }
        key
    };
    let mut keyed: Vec<(u64, u32)> = (0..text.chars.len())
        .filter(|place| text.chars[*place] != 0)
        .map(|place| (key(place), place as u32))
        .collect();
    keyed.sort_unstable_by(|a, b| {
        let rest = |place: u32| head(text, place as usize, depth).get(in_key..).unwrap_or_default();
        a.0.cmp(&b.0).then_with(|| rest(a.1).cmp(rest(b.1)))
    });
    keyed.into_iter().map(|(_, place)| place).collect()
}

/// The chars from a place on, to the end of the word, that included.
fn head(text: &Text, place: usize, depth: usize) -> &[u32] {
    let chars = &text.chars[place..(place + depth).min(text.chars.len())];
    let end = chars.iter().position(|number| *number == 0).map_or(chars.len(), |at| at + 1);
    &chars[..end]
}

/// The substrings of 2 to `longest` chars that are followed by different chars.
fn nodes(text: &Text, suffixes: &[u32], longest: u32) -> Vec<Seed> {
    let depth = longest as usize + 1;
    let shared = |a: u32, b: u32| {
        let (a, b) = (head(text, a as usize, depth), head(text, b as usize, depth));
        a.iter().zip(b).take_while(|(a, b)| a == b).count() as u32
    };
    let mut found = Vec::new();
    // Open nodes: depth and first suffix.
    let mut open: Vec<(u32, u32)> = vec![(0, 0)];
    for at in 1..=suffixes.len() {
        let common = match suffixes.get(at) {
            Some(&next) => shared(suffixes[at - 1], next),
            None => 0,
        };
        let mut first = at as u32 - 1;
        while let Some(&(len, from)) = open.last()
            && len > common
        {
            open.pop();
            first = from;
            let start = suffixes[from as usize];
            let ends_inside =
                text.chars[start as usize..(start + len) as usize].iter().all(|n| *n != 0);
            let seed = Seed {
                start,
                len,
                weight: u64::from(at as u32 - from) * u64::from(len),
                from,
                to: at as u32,
            };
            let has_nul = || text.string(start, len).contains('\0');
            if (2..=longest).contains(&len) && ends_inside && !has_nul() {
                found.push(seed);
            }
        }
        if open.last().is_none_or(|&(len, _)| len < common) {
            open.push((common, first));
        }
    }
    found
}

/// Every place of every seed.
fn edges(text: &Text, seeds: &[Seed], suffixes: &[u32]) -> Result<Edges, TrainError> {
    let mut firsts = vec![0u32; text.chars.len() + 1];
    let mut of_char = vec![u32::MAX; text.alphabet.len() + 1];
    for (id, seed) in (1u32..).zip(seeds).filter(|(_, seed)| seed.len == 1) {
        of_char[text.chars[seed.start as usize] as usize] = id;
    }
    let mut sum = 0u64;
    for (place, number) in text.chars.iter().enumerate() {
        if of_char[*number as usize] != u32::MAX {
            firsts[place + 1] += 1;
            sum += 1;
        }
    }
    for seed in seeds {
        for place in &suffixes[seed.from as usize..seed.to as usize] {
            firsts[*place as usize + 1] += 1;
            sum += 1;
        }
    }
    if sum > u64::from(u32::MAX) {
        return Err(TrainError::TooMuch("pieces begin at more than 4 billion places"));
    }
    for place in 1..firsts.len() {
        firsts[place] += firsts[place - 1];
    }
    let mut edges = vec![Edge(0); sum as usize];
    let mut next = firsts.clone();
    let mut put = |place: usize, edge: Edge| {
        edges[next[place] as usize] = edge;
        next[place] += 1;
    };
    for (place, number) in text.chars.iter().enumerate() {
        if of_char[*number as usize] != u32::MAX {
            put(place, Edge::new(of_char[*number as usize], 1));
        }
    }
    let mut by_len: Vec<u32> = (0..seeds.len() as u32).collect();
    by_len.sort_by_key(|at| seeds[*at as usize].len);
    for at in by_len {
        let seed = seeds[at as usize];
        for place in &suffixes[seed.from as usize..seed.to as usize] {
            put(*place as usize, Edge::new(at + 1, seed.len));
        }
    }
    Ok(Edges { firsts, edges })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unit;

    #[test]
    fn seeds_are_the_inner_nodes_of_the_suffix_tree() {
        let words = [("abracadabra", 1), ("bra", 2), ("a\0b", 1)];
        let text = Text::new(&Counts::from_words(Unit::Char, words)).expect("text");
        let (seeds, edges) = seeds(&text, 16, 1000).expect("few");
        let mut found: Vec<(String, u64)> =
            seeds.iter().map(|seed| (text.string(seed.start, seed.len), seed.weight)).collect();
        found[5..].sort();
        // By hand: chars as often as they occur, substrings by places times length.
        let wanted =
            [("a", 8), ("b", 5), ("r", 4), ("d", 1), ("c", 1), ("bra", 9), ("abra", 8), ("ra", 6)];
        let mut wanted: Vec<(String, u64)> =
            wanted.iter().map(|(piece, weight)| ((*piece).to_owned(), *weight)).collect();
        wanted[5..].sort();
        assert_eq!(found, wanted);
        for (id, seed) in (1..).zip(&seeds).filter(|(_, seed)| seed.len > 1) {
            let piece = text.string(seed.start, seed.len);
            let places = (0..text.chars.len())
                .filter(|place| edges.at(*place).iter().any(|edge| edge.id() == id));
            assert_eq!(places.count() as u64 * u64::from(seed.len), seed.weight, "{piece}");
        }
    }
}
