//! Merging symbols: the lowest rank first, and of equal ones the leftmost.

use crate::{
    blob::{
        Tables, U32s,
        lookup::{NONE, find_pair},
        u32_at,
    },
    model::random::Random,
};
use alloc::{collections::BinaryHeap, vec::Vec};
use core::cmp::Reverse;

/// Most symbols for the quadratic loop.
const SHORT: usize = 48;

/// A symbol and the bytes it stands for.
#[derive(Debug, Clone, Copy)]
pub(in crate::model) struct Symbol {
    pub(super) symbol: u32,
    pub(super) len: u32,
}

/// What merging works in.
#[derive(Debug, Default)]
pub(in crate::model) struct Memory {
    pub(super) symbols: Vec<Symbol>,
    links: Vec<Link>,
    /// Rank and place, the lowest on top.
    queue: BinaryHeap<Reverse<(u32, u32)>>,
    skipped: Vec<Reverse<(u32, u32)>>,
}

/// Neighbours; NONE at the ends.
#[derive(Debug, Clone, Copy)]
struct Link {
    previous: u32,
    next: u32,
}

/// The merges of a model.
pub(super) struct Merges<'a> {
    pub(super) tables: &'a Tables<'a>,
    pub(super) products: U32s<'a>,
}

impl Merges<'_> {
    #[inline]
    fn rank(&self, left: Symbol, right: Symbol) -> u32 {
        find_pair(self.tables, left.symbol, right.symbol)
    }

    fn product(&self, rank: u32) -> u32 {
        u32_at(self.products, rank as usize).unwrap_or(NONE)
    }

    /// Merges the symbols in `memory`. With a dropout, each merge is put off with that probability
    /// until the next one that is not.
    pub(super) fn run(&self, memory: &mut Memory, dropout: Option<(f32, &mut Random)>) {
        if dropout.is_none() && memory.symbols.len() <= SHORT {
            self.run_short(&mut memory.symbols);
        } else {
            self.run_long(memory, dropout);
        }
    }

    fn run_short(&self, symbols: &mut Vec<Symbol>) {
        let mut len = symbols.len();
        let mut ranks = [NONE; SHORT];
        for (rank, pair) in ranks.iter_mut().zip(symbols.windows(2)) {
            *rank = self.rank(pair[0], pair[1]);
        }
        loop {
            let (mut at, mut lowest) = (0, NONE);
            for (i, &rank) in ranks[..len].iter().enumerate() {
                if rank < lowest {
                    (at, lowest) = (i, rank);
                }
            }
            if lowest == NONE {
                break;
            }
            // A rank below NONE has a right neighbour, so `at + 1 < len`.
            symbols[at].symbol = self.product(lowest);
            symbols[at].len += symbols[at + 1].len;
            symbols.copy_within(at + 2..len, at + 1);
            ranks.copy_within(at + 1..len, at);
            len -= 1;
            ranks[at] = if at + 1 < len { self.rank(symbols[at], symbols[at + 1]) } else { NONE };
            if at > 0 {
                ranks[at - 1] = self.rank(symbols[at - 1], symbols[at]);
            }
        }
        symbols.truncate(len);
    }

    fn run_long(&self, memory: &mut Memory, mut dropout: Option<(f32, &mut Random)>) {
        let Memory { symbols, links, queue, skipped } = memory;
        let len = symbols.len() as u32;
        links.clear();
        links.extend((0..len).map(|at| Link {
            previous: at.checked_sub(1).unwrap_or(NONE),
            next: if at + 1 < len { at + 1 } else { NONE },
        }));
        queue.clear();
        skipped.clear();
        // Built at once: a heap from n entries takes linear time.
        let mut first = core::mem::take(queue).into_vec();
        first.extend((0u32..).zip(symbols.windows(2)).filter_map(|(at, pair)| {
            let rank = self.rank(pair[0], pair[1]);
            (rank != NONE).then_some(Reverse((rank, at)))
        }));
        *queue = BinaryHeap::from(first);
        while let Some(Reverse((rank, place))) = queue.pop() {
            if let Some((dropout, random)) = &mut dropout {
                if random.unit_f32() < *dropout {
                    skipped.push(Reverse((rank, place)));
                    continue;
                }
                queue.extend(skipped.drain(..));
            }
            let at = place as usize;
            let Link { previous, next } = links[at];
            if next == NONE || symbols[at].len == 0 {
                continue;
            }
            let right = symbols[next as usize];
            // An entry is stale unless the pair that is there now makes the same symbol.
            let product = self.product(rank);
            let now = self.rank(symbols[at], right);
            if now == NONE || self.product(now) != product {
                continue;
            }
            symbols[at] = Symbol { symbol: product, len: symbols[at].len + right.len };
            symbols[next as usize].len = 0;
            let after = links[next as usize].next;
            links[at].next = after;
            if let Some(after) = links.get_mut(after as usize) {
                after.previous = place;
            }
            let mut push = |left: u32, right: u32| {
                let (Some(&a), Some(&b)) =
                    (symbols.get(left as usize), symbols.get(right as usize))
                else {
                    return;
                };
                let rank = self.rank(a, b);
                if rank != NONE {
                    queue.push(Reverse((rank, left)));
                }
            };
            push(previous, place);
            push(place, after);
        }
        symbols.retain(|symbol| symbol.len != 0);
    }
}
