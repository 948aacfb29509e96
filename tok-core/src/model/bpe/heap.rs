//! Merging any number of symbols in O(n log n) with a word and a half for each.

use super::{Pairs, Word, words_for};
use crate::blob::lookup::NONE;

/// Merges the symbols of `bytes`; returns how many are left, in order, in `words` (as in
/// [`Word`]'s low half).
///
/// Bytes without a symbol are left out, and their neighbours become neighbours. `words` needs
/// [`words_for`] the length of `bytes`, which has to be shorter than `u32::MAX`; else `None`.
pub fn merge_heap<P: Pairs>(pairs: &P, bytes: &[u8], words: &mut [Word]) -> Option<usize> {
    if words.len() < words_for(bytes.len()) || bytes.len() >= u32::MAX as usize {
        return None;
    }
    let (nodes, heap) = words.split_at_mut(bytes.len());
    let room = heap.len().min(bytes.len());
    let mut list = Symbols::new(pairs, bytes, nodes);
    let mut queue = Queue { heap: &mut heap[..room], len: 0, limit: 0 };
    loop {
        let Some((rank, at)) = queue.pop() else {
            if queue.limit == ALL {
                break;
            }
            queue.fill(&list, pairs);
            continue;
        };
        let Some(right) = list.next(at) else { continue };
        // Entries are not removed when a neighbour merges, so an entry may be stale.
        if list.symbol(at) == NONE || pairs.rank(list.symbol(at), list.symbol(right)) != rank {
            continue;
        }
        list.merge(at, right, pairs.product(rank));
        let left = list.previous(at);
        // Every merge takes one entry and may add two. When the room is used up, the stale ones go.
        if queue.len + 2 > queue.heap.len() {
            queue.fill(&list, pairs);
            continue;
        }
        if let Some(left) = left {
            queue.push(pairs.rank(list.symbol(left), list.symbol(at)), left);
        }
        if let Some(right) = list.next(at) {
            queue.push(pairs.rank(list.symbol(at), list.symbol(right)), at);
        }
    }
    let (mut at, mut count) = (0, 0);
    while at < list.nodes.len() {
        let (symbol, len) = (list.symbol(at), list.len(at));
        list.nodes[count] = u64::from(symbol).to_ne_bytes();
        count += 1;
        at += len;
    }
    Some(count)
}

/// Symbols as stretches of places. A stretch has its symbol and length at its first place, and its
/// length again at its last one, which is how the left neighbour is found.
struct Symbols<'w> {
    nodes: &'w mut [Word],
}

const fn node(symbol: u32, len: u32) -> Word {
    ((symbol as u64) << 32 | len as u64).to_ne_bytes()
}

impl<'w> Symbols<'w> {
    fn new<P: Pairs>(pairs: &P, bytes: &[u8], nodes: &'w mut [Word]) -> Self {
        let mut len = 0;
        for &byte in bytes {
            let symbol = pairs.byte(byte);
            if symbol != NONE {
                nodes[len] = node(symbol, 1);
                len += 1;
            }
        }
        Self { nodes: &mut nodes[..len] }
    }

    fn symbol(&self, at: usize) -> u32 {
        (u64::from_ne_bytes(self.nodes[at]) >> 32) as u32
    }

    fn len(&self, at: usize) -> usize {
        u64::from_ne_bytes(self.nodes[at]) as u32 as usize
    }

    fn next(&self, at: usize) -> Option<usize> {
        let next = at + self.len(at);
        (next < self.nodes.len()).then_some(next)
    }

    fn previous(&self, at: usize) -> Option<usize> {
        let last = at.checked_sub(1)?;
        Some(at - self.len(last))
    }

    fn merge(&mut self, at: usize, right: usize, symbol: u32) {
        let len = (self.len(at) + self.len(right)) as u32;
        let last = at + len as usize - 1;
        // Places inside a stretch are marked NONE, so that stale entries for them are seen.
        self.nodes[right] = node(NONE, self.len(right) as u32);
        self.nodes[last] = node(NONE, len);
        self.nodes[at] = node(symbol, len);
    }
}

/// A binary heap of (rank, place), lowest first.
///
/// Where there are more pairs than room, it has the lowest ones only: all that are below `limit`. The
/// others are looked for when these are done.
struct Queue<'w> {
    heap: &'w mut [Word],
    len: usize,
    limit: u64,
}

/// The limit above all pairs.
const ALL: u64 = u64::MAX;

const fn entry(rank: u32, place: usize) -> u64 {
    (rank as u64) << 32 | place as u64
}

impl Queue<'_> {
    /// Starts over with the pairs that can merge now.
    ///
    /// This looks at all symbols, so it must not happen often: a quarter of the room stays free, which
    /// as many merges fill, or half of the room is used, of which a third merges at least. The room is
    /// half of the symbols at least, so they are looked at some ten times.
    #[inline(never)]
    fn fill<P: Pairs>(&mut self, list: &Symbols<'_>, pairs: &P) {
        (self.len, self.limit) = (0, ALL);
        // All pairs of few symbols leave enough room: they are fewer by those merges that were made.
        let most = match list.nodes.len() <= self.heap.len() {
            true => self.heap.len(),
            false => self.heap.len() / 4 * 3,
        };
        let mut at = 0;
        while at < list.nodes.len() {
            let Some(right) = list.next(at) else { break };
            let rank = pairs.rank(list.symbol(at), list.symbol(right));
            let entry = entry(rank, at);
            if rank != NONE && entry < self.limit {
                self.heap[self.len] = entry.to_ne_bytes();
                self.len += 1;
                if self.len == most {
                    self.halve();
                }
            }
            at = right;
        }
        for at in (0..self.len / 2).rev() {
            self.sink(at);
        }
    }

    /// Leaves the lower half of what is there.
    fn halve(&mut self) {
        let half = self.heap.len() / 2;
        let all = &mut self.heap[..self.len];
        let (_, first, _) = all.select_nth_unstable_by_key(half, |word| u64::from_ne_bytes(*word));
        (self.len, self.limit) = (half, u64::from_ne_bytes(*first));
    }

    fn get(&self, at: usize) -> u64 {
        u64::from_ne_bytes(self.heap[at])
    }

    fn push(&mut self, rank: u32, place: usize) {
        let entry = entry(rank, place);
        if rank == NONE || entry >= self.limit {
            return;
        }
        let mut at = self.len;
        self.len += 1;
        while at > 0 {
            let parent = (at - 1) / 2;
            if self.get(parent) <= entry {
                break;
            }
            self.heap[at] = self.heap[parent];
            at = parent;
        }
        self.heap[at] = entry.to_ne_bytes();
    }

    fn pop(&mut self) -> Option<(u32, usize)> {
        self.len = self.len.checked_sub(1)?;
        let top = self.get(0);
        self.heap[0] = self.heap[self.len];
        self.sink(0);
        Some(((top >> 32) as u32, top as u32 as usize))
    }

    fn sink(&mut self, mut at: usize) {
        if at >= self.len {
            return;
        }
        let entry = self.get(at);
        loop {
            let mut child = 2 * at + 1;
            if child >= self.len {
                break;
            }
            if child + 1 < self.len && self.get(child + 1) < self.get(child) {
                child += 1;
            }
            if entry <= self.get(child) {
                break;
            }
            self.heap[at] = self.heap[child];
            at = child;
        }
        self.heap[at] = entry.to_ne_bytes();
    }
}
