//! Merging symbols: the lowest rank first, and of equal ones the leftmost.

use super::symbols::Few;
use crate::{
    blob::{
        Tables, U32s,
        lookup::{NONE, find_pair},
        u32_at,
    },
    model::{
        bpe::{self, Pairs, merge_symbols},
        random::Random,
    },
};
use alloc::{collections::BinaryHeap, vec::Vec};
use core::cmp::Reverse;

/// Most symbols that are merged with masks.
pub(super) const SHORT: usize = bpe::SHORT;
/// Most symbols of most words.
const FEW: usize = 16;

/// Symbols in a window for the heap, when tokens are long.
const WIDE: usize = 1024;

/// A symbol, the bytes it stands for, and of how many symbols it was made.
#[derive(Debug, Clone, Copy)]
pub(in crate::model) struct Symbol {
    pub(super) symbol: u32,
    pub(super) len: u32,
    parts: u32,
}

impl Symbol {
    /// A symbol that no merge has made.
    pub(super) const fn new(symbol: u32, len: u32) -> Self {
        Self { symbol, len, parts: 1 }
    }

    /// What becomes of two.
    const fn merged(self, right: Self, symbol: u32) -> Self {
        Self { symbol, len: self.len + right.len, parts: self.parts + right.parts }
    }
}

/// What merging works in.
#[derive(Debug, Default)]
pub(in crate::model) struct Memory {
    pub(super) symbols: Vec<Symbol>,
    /// The symbols before any merge, where they are merged in parts.
    pub(super) first: Vec<Symbol>,
    /// The symbols of a part of a word.
    pub(super) few: Few,
    links: Vec<Link>,
    /// Rank and place, the lowest on top.
    queue: BinaryHeap<Reverse<(u32, u32)>>,
    skipped: Vec<Reverse<(u32, u32)>>,
    /// All symbols before any merge, and what is kept of the windows so far: a symbol, and how many of
    /// all symbols it ends behind.
    all: Vec<Symbol>,
    kept: Vec<(Symbol, usize)>,
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

impl Pairs for Merges<'_> {
    #[inline(always)]
    fn rank(&self, left: u32, right: u32) -> u32 {
        find_pair(self.tables, left, right)
    }

    #[inline(always)]
    fn product(&self, rank: u32) -> u32 {
        u32_at(self.products, rank as usize).unwrap_or(NONE)
    }

    fn byte(&self, _: u8) -> u32 {
        NONE
    }
}

impl Merges<'_> {
    fn rank_of(&self, left: Symbol, right: Symbol) -> u32 {
        self.rank(left.symbol, right.symbol)
    }

    /// Merges the symbols in `memory`. With a dropout, each merge is put off with that probability
    /// until the next one that is not.
    pub(super) fn run(&self, memory: &mut Memory, dropout: Option<(f32, &mut Random)>) {
        if dropout.is_some() {
            self.run_long(memory, dropout);
        } else if memory.symbols.len() <= SHORT {
            self.run_short(&mut memory.symbols);
        } else {
            core::mem::swap(&mut memory.symbols, &mut memory.all);
            let settled = self.run_windows(memory);
            memory.symbols.clear();
            if settled.is_some() {
                memory.symbols.extend(memory.kept.iter().map(|(symbol, _)| symbol));
            } else {
                memory.symbols.extend(&memory.all);
                self.run_long(memory, None);
            }
        }
    }

    /// Merges window by window, every seam proven, as it is done with bytes (see `model::bpe`): a
    /// sequence of tokens is the encoding of its text exactly when each two neighbours are the encoding
    /// of theirs. `None` if a bound on the work was reached before that settled.
    fn run_windows(&self, memory: &mut Memory) -> Option<()> {
        memory.kept.clear();
        let len = memory.all.len();
        let mut wide = false;
        // Windows overlap by a quarter.
        let mut budget = len.saturating_mul(8).saturating_add(16 * WIDE);
        loop {
            let (start, before) = (end_of(&memory.kept), memory.kept.len());
            let size = if wide { WIDE } else { SHORT };
            let end = len.min(start + size);
            budget = budget.checked_sub(end - start)?;
            let is_end = end == len;
            self.merge_some(memory, start, end);
            let Memory { symbols, kept, .. } = &mut *memory;
            let longest = symbols.iter().map(|symbol| symbol.parts).max()? as usize;
            if longest > SHORT / 4 && !wide && !is_end {
                wide = true;
                continue;
            }
            let mut at = start;
            kept.extend(symbols.iter().map(|symbol| {
                at += symbol.parts as usize;
                (*symbol, at)
            }));
            // Drop the tokens that more text may change, but keep one.
            let safe = if is_end { end } else { end - size / 4 };
            while kept.len() > before + 1 && end_of(kept) > safe {
                kept.pop();
            }
            wide = wide && longest > SHORT / 4;
            if before > 0 && !self.seam_holds(memory, before) {
                // Take the token before the seam back. A wider window sees more of what follows.
                memory.kept.truncate(before - 1);
                wide = true;
            } else if is_end {
                return Some(());
            }
        }
    }

    /// Merges a stretch of all symbols on its own.
    fn merge_some(&self, memory: &mut Memory, start: usize, end: usize) {
        let Memory { symbols, all, .. } = &mut *memory;
        symbols.clear();
        symbols.extend_from_slice(all.get(start..end).unwrap_or_default());
        if symbols.len() <= SHORT {
            self.run_short(symbols);
        } else {
            self.run_long(memory, None);
        }
    }

    /// Whether the tokens on both sides of a seam stay two when they are merged together.
    fn seam_holds(&self, memory: &mut Memory, seam: usize) -> bool {
        let start = end_of(memory.kept.get(..seam - 1).unwrap_or_default());
        let end = end_of(memory.kept.get(..=seam).unwrap_or_default());
        self.merge_some(memory, start, end);
        let both = memory.kept.get(seam - 1..=seam).unwrap_or_default();
        let parts = |symbol: &Symbol| (symbol.symbol, symbol.parts);
        memory.symbols.iter().map(parts).eq(both.iter().map(|(symbol, _)| parts(symbol)))
    }

    /// Merges up to [`SHORT`] symbols.
    fn run_short(&self, symbols: &mut Vec<Symbol>) {
        match symbols[..] {
            [] | [_] => {}
            [left, right] => {
                let rank = self.rank_of(left, right);
                if rank != NONE {
                    symbols.truncate(1);
                    symbols[0] = left.merged(right, self.product(rank));
                }
            }
            _ if symbols.len() <= FEW => self.run_few::<FEW>(symbols),
            _ => self.run_few::<SHORT>(symbols),
        }
    }

    fn run_few<const N: usize>(&self, symbols: &mut Vec<Symbol>) {
        let mut merged = [0; N];
        for (to, from) in merged.iter_mut().zip(&*symbols) {
            *to = from.symbol;
        }
        let mut begins = merge_symbols(self, &mut merged, symbols.len());
        let mut count = 0;
        while begins != 0 {
            let at = begins.trailing_zeros() as usize;
            begins &= begins - 1;
            let end = if begins == 0 { symbols.len() } else { begins.trailing_zeros() as usize };
            let parts = symbols.get(at..end).unwrap_or_default().iter().copied();
            let whole = parts.reduce(|left, right| left.merged(right, merged[at % N]));
            if let Some(whole) = whole {
                symbols[count] = whole;
                count += 1;
            }
        }
        symbols.truncate(count);
    }

    /// Hands what up to [`SHORT`] symbols become to `each`, one after the other.
    #[inline]
    pub(super) fn each_merged(&self, symbols: &[u32], mut each: impl FnMut(u32)) {
        match *symbols {
            [] => {}
            [one] => each(one),
            [left, right] => match self.rank(left, right) {
                NONE => {
                    each(left);
                    each(right);
                }
                rank => each(self.product(rank)),
            },
            _ if symbols.len() <= FEW => self.each_of::<FEW>(symbols, &mut each),
            _ => self.each_of::<SHORT>(symbols, &mut each),
        }
    }

    fn each_of<const N: usize>(&self, symbols: &[u32], each: &mut impl FnMut(u32)) {
        let mut merged = [0; N];
        for (to, from) in merged.iter_mut().zip(symbols) {
            *to = *from;
        }
        let mut begins = merge_symbols(self, &mut merged, symbols.len());
        while begins != 0 {
            each(merged[begins.trailing_zeros() as usize % N]);
            begins &= begins - 1;
        }
    }

    fn run_long(&self, memory: &mut Memory, mut dropout: Option<(f32, &mut Random)>) {
        let Memory { symbols, links, queue, skipped, .. } = memory;
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
            let rank = self.rank_of(pair[0], pair[1]);
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
            let now = self.rank_of(symbols[at], right);
            if now == NONE || self.product(now) != product {
                continue;
            }
            symbols[at] = symbols[at].merged(right, product);
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
                let rank = self.rank_of(a, b);
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

/// Where what is kept ends.
fn end_of(kept: &[(Symbol, usize)]) -> usize {
    kept.last().map_or(0, |(_, end)| *end)
}
