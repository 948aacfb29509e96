//! The merge loop: the most frequent pair becomes a symbol, again and again.

use super::pairs::{Pair, PairCounts, pair};
use super::queue::{Queue, Waiting};
use super::words::{Changes, Words, merge, pairs};
use crate::TrainError;

/// Occurrences from which on a pair is merged by all threads: starting them takes as long as some
/// thousand words.
const MANY: usize = 20_000;

/// Pairs, their counts and the words they are in.
pub(super) struct Run {
    pub(super) words: Words,
    counts: PairCounts,
    queue: Queue,
    /// Lists of words: a length, then the words in order.
    lists: Vec<u32>,
    /// Entries of `lists` that no pair needs any more.
    dead: usize,
    /// One for each thread.
    changes: Vec<Found>,
}

/// A pair that was the most frequent one.
pub(super) struct Top {
    pub(super) left: u32,
    pub(super) right: u32,
    pub(super) count: u64,
    list: u32,
}

impl Run {
    /// Counts the pairs of the words.
    pub(super) fn new(words: Words, threads: usize) -> Result<Self, TrainError> {
        let mut run = Self {
            words,
            counts: PairCounts::new(),
            queue: Queue::new(),
            lists: Vec::new(),
            dead: 0,
            changes: (0..threads.max(1)).map(|_| Found::default()).collect(),
        };
        run.count();
        Ok(run)
    }

    fn count(&mut self) {
        // Twice over the words: how long each list gets, then the lists.
        struct List {
            pair: Pair,
            len: u32,
            last: u32,
        }
        let mut lists: Vec<List> = Vec::new();
        let mut numbers = PairCounts::new();
        let counts = &mut self.counts;
        self.words.for_each(|word, symbols, count| {
            pairs(symbols, |some, len| {
                numbers.reserve(len);
                counts.reserve(len);
                for pair in some {
                    counts.add(pair, count as i64);
                    let place = numbers.add(pair, 0);
                    if numbers.at(place) == 0 {
                        lists.push(List { pair, len: 0, last: u32::MAX });
                        numbers.add(pair, lists.len() as i64);
                    }
                    let list = &mut lists[numbers.at(place) as usize - 1];
                    if list.last != word {
                        list.last = word;
                        list.len += 1;
                    }
                }
            });
        });
        let mut start = 0u32;
        for list in &mut lists {
            let len = list.len;
            let count = counts.get(list.pair);
            if count > 0 {
                self.queue.push(Waiting { count: count as u64, pair: list.pair, list: start });
            }
            (list.last, list.len) = (u32::MAX, start + 1);
            start += len + 1;
        }
        self.lists = vec![0; start as usize];
        let out = &mut self.lists;
        let mut starts: Vec<u32> = lists.iter().map(|list| list.len - 1).collect();
        self.words.for_each(|word, symbols, _| {
            for two in symbols.windows(2) {
                let number = numbers.get(pair(two[0], two[1])) as usize - 1;
                let list = &mut lists[number];
                if list.last != word {
                    list.last = word;
                    out[list.len as usize] = word;
                    list.len += 1;
                }
            }
        });
        for (start, list) in starts.drain(..).zip(&lists) {
            out[start as usize] = list.len - start - 1;
        }
    }

    /// The most frequent pair, if there is one that occurs.
    pub(super) fn pop(&mut self) -> Option<Top> {
        while let Some(mut top) = self.queue.pop() {
            let count = self.counts.get(top.pair).max(0) as u64;
            if count != top.count {
                top.count = count;
                self.queue.push(top);
                continue;
            }
            if count == 0 {
                return None;
            }
            let (left, right) = ((top.pair >> 32) as u32, top.pair as u32);
            return Some(Top { left, right, count, list: top.list });
        }
        None
    }

    /// Makes a pair the symbol `new`. `may_pair` says which symbols may stand beside it in a pair.
    pub(super) fn merge(
        &mut self,
        top: &Top,
        new: u32,
        may_pair: impl Fn(u32) -> bool,
    ) -> Result<(), TrainError> {
        let start = top.list as usize + 1;
        let len = self.lists[top.list as usize] as usize;
        let (words, linked) = Words::apart(&self.lists[start..start + len]);
        let used = if words.len() < MANY { 1 } else { self.changes.len() };
        let parts = &mut self.changes[..used];
        let both = (top.left, top.right);
        merge_parts(&mut self.words.arena, words, parts, both, new);
        // They come behind the others, and so do their changes.
        if let Some(last) = parts.last_mut() {
            for &word in linked {
                last.word = word;
                self.words.merge_linked(word, both, new, last);
            }
        }
        self.dead += len + 1;
        self.apply(both, new, used, may_pair)
    }

    /// Brings counts, lists and queue up to date.
    fn apply(
        &mut self,
        (left, right): (u32, u32),
        new: u32,
        used: usize,
        may_pair: impl Fn(u32) -> bool,
    ) -> Result<(), TrainError> {
        // The findings of all threads, in the order of the words.
        let (first, others) = self.changes.split_at_mut(1);
        let found = &mut first[0];
        for other in &mut others[..used - 1] {
            found.absorb(other);
        }
        self.counts.reserve(2 * (found.before.sides.len() + found.behind.sides.len()));
        let counts = &mut self.counts;
        // All counts first: a pair that gains at one place may lose at another.
        for side in &mut found.before.sides {
            counts.add(pair(side.symbol, left), -(side.count as i64));
            if may_pair(side.symbol) {
                side.place = counts.add(pair(side.symbol, new), side.count as i64);
            }
        }
        for side in &mut found.behind.sides {
            counts.add(pair(right, side.symbol), -(side.count as i64));
            if may_pair(side.symbol) {
                side.place = counts.add(pair(new, side.symbol), side.count as i64);
            }
        }
        // The new symbol beside itself can be found from both sides, if it is an old one.
        if let (Some(a), Some(b)) = (found.before.number(new), found.behind.number(new)) {
            found.unite(a, b);
        }
        let sum = found.before.events.len() + found.behind.events.len();
        let sides = found.before.sides.len() + found.behind.sides.len();
        if self.lists.len() + sum + sides > u32::MAX as usize {
            self.compact();
            if self.lists.len() + sum + sides > u32::MAX as usize {
                return Err(TrainError::TooMuch("the pairs occur in more than 4 billion words"));
            }
        }
        let found = &mut self.changes[0];
        for (ends, is_before) in [(&mut found.before, true), (&mut found.behind, false)] {
            let base = self.lists.len();
            let mut at = base;
            for side in &mut ends.sides {
                side.start = at as u32;
                if side.place != NOWHERE && self.counts.at(side.place) > 0 && side.len > 0 {
                    let both = match is_before {
                        true => pair(side.symbol, new),
                        false => pair(new, side.symbol),
                    };
                    let count = self.counts.at(side.place) as u64;
                    self.queue.push(Waiting { count, pair: both, list: side.start });
                    at += side.len as usize + 1;
                } else {
                    side.place = NOWHERE;
                }
            }
            self.lists.resize(at, 0);
            for &(number, word) in &ends.events {
                let side = &mut ends.sides[number as usize];
                if side.place != NOWHERE {
                    let start = side.start as usize;
                    self.lists[start] += 1;
                    let filled = self.lists[start] as usize;
                    self.lists[start + filled] = word;
                }
            }
            ends.clear();
        }
        if self.dead > 1 << 22 && self.dead * 2 > self.lists.len() {
            self.compact();
        }
        Ok(())
    }

    /// Forgets the lists of pairs that were merged.
    fn compact(&mut self) {
        let mut kept = Vec::with_capacity(self.lists.len().saturating_sub(self.dead));
        let lists = &self.lists;
        self.queue.for_each_mut(|waiting| {
            let start = waiting.list as usize;
            let end = start + 1 + lists[start] as usize;
            waiting.list = kept.len() as u32;
            kept.extend_from_slice(&lists[start..end]);
        });
        self.lists = kept;
        self.dead = 0;
    }

    /// How many symbols have gone by merging, counted as often as their words occur.
    pub(super) fn gone(&self) -> u64 {
        self.changes.iter().fold(0, |sum: u64, found| sum.saturating_add(found.gone))
    }
}

/// Merges a pair in its words, which are in order, each part of them by a thread.
fn merge_parts(arena: &mut [u32], words: &[u32], parts: &mut [Found], both: (u32, u32), new: u32) {
    let merge_all = |arena: &mut [u32], base: usize, words: &[u32], found: &mut Found| {
        for &word in words {
            found.word = word;
            merge(&mut arena[word as usize - base..], both, new, found);
        }
    };
    if let [one] = parts {
        return merge_all(arena, 0, words, one);
    }
    let share = words.len().div_ceil(parts.len());
    std::thread::scope(|scope| {
        let mut rest = arena;
        let mut base = 0;
        for (number, found) in parts.iter_mut().enumerate() {
            let from = (number * share).min(words.len());
            let to = (from + share).min(words.len());
            // A part of the arena reaches to the first word of the next part.
            let end = words.get(to).map_or(base + rest.len(), |word| *word as usize);
            let (mine, after) = std::mem::take(&mut rest).split_at_mut(end - base);
            let (words, merge_all) = (&words[from..to], &merge_all);
            scope.spawn(move || merge_all(mine, base, words, found));
            (rest, base) = (after, end);
        }
    });
}

const NOWHERE: usize = usize::MAX;

/// A symbol beside the merged pair.
#[derive(Debug)]
struct Side {
    symbol: u32,
    /// The last word it was found in.
    last: u32,
    /// How many words.
    len: u32,
    start: u32,
    count: u64,
    place: usize,
}

/// All symbols on one side of the merged pair.
#[derive(Debug, Default)]
struct Ends {
    /// For each symbol its number in `sides` + 1, or 0.
    numbers: Vec<u32>,
    sides: Vec<Side>,
    /// Number in `sides` and word.
    events: Vec<(u32, u32)>,
}

impl Ends {
    #[inline]
    fn add(&mut self, symbol: u32, word: u32, count: u64) {
        let at = symbol as usize;
        if at >= self.numbers.len() {
            self.numbers.resize((at + 1).next_power_of_two(), 0);
        }
        let number = match self.numbers[at] {
            0 => {
                self.sides.push(Side {
                    symbol,
                    last: u32::MAX,
                    len: 0,
                    start: 0,
                    count: 0,
                    place: NOWHERE,
                });
                self.numbers[at] = self.sides.len() as u32;
                self.sides.len() - 1
            }
            number => number as usize - 1,
        };
        let side = &mut self.sides[number];
        side.count += count;
        if side.last != word {
            side.last = word;
            side.len += 1;
            self.events.push((number as u32, word));
        }
    }

    fn number(&self, symbol: u32) -> Option<u32> {
        self.numbers.get(symbol as usize)?.checked_sub(1)
    }

    fn clear(&mut self) {
        for side in &self.sides {
            self.numbers[side.symbol as usize] = 0;
        }
        self.sides.clear();
        self.events.clear();
    }

    /// Takes over what another thread found in later words.
    fn absorb(&mut self, other: &mut Self) {
        for &(number, word) in &other.events {
            self.add(other.sides[number as usize].symbol, word, 0);
        }
        for side in &other.sides {
            if let Some(number) = self.number(side.symbol) {
                self.sides[number as usize].count += side.count;
            }
        }
        other.clear();
    }
}

/// What a thread found.
#[derive(Debug, Default)]
struct Found {
    word: u32,
    gone: u64,
    before: Ends,
    behind: Ends,
}

impl Changes for Found {
    #[inline]
    fn before(&mut self, left: u32, count: u64) {
        self.before.add(left, self.word, count);
    }

    #[inline]
    fn behind(&mut self, right: u32, count: u64) {
        self.behind.add(right, self.word, count);
    }

    #[inline]
    fn gone(&mut self, symbols: u64) {
        self.gone = self.gone.saturating_add(symbols);
    }
}

impl Found {
    fn absorb(&mut self, other: &mut Self) {
        self.before.absorb(&mut other.before);
        self.behind.absorb(&mut other.behind);
    }

    /// Moves the words of side `b` behind to side `a` before, where both make the same pair.
    fn unite(&mut self, a: u32, b: u32) {
        let words = |ends: &Ends, number| -> Vec<u32> {
            let of_it = ends.events.iter().filter(|event| event.0 == number);
            of_it.map(|event| event.1).collect()
        };
        let mut all = words(&self.before, a);
        all.extend(words(&self.behind, b));
        all.sort_unstable();
        all.dedup();
        self.before.events.retain(|event| event.0 != a);
        self.behind.events.retain(|event| event.0 != b);
        self.before.sides[a as usize].len = all.len() as u32;
        self.behind.sides[b as usize].len = 0;
        self.before.events.extend(all.into_iter().map(|word| (a, word)));
    }
}
