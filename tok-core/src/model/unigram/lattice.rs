//! All ways to cut a piece: the best few of them, and sampling.

use super::{Search, Token, Unigram, Writer, char_len};
use crate::{blob::lookup::NONE, model::Scratch};
use alloc::{collections::BinaryHeap, vec::Vec};
use core::cmp::Ordering;

/// Open ways are cut down to the best when there are more than this, as in the reference.
const MAX_OPEN: usize = 100_000;

/// A piece at a place in the text. The first node stands before the text and the second behind it.
#[derive(Debug, Clone, Copy)]
struct Node {
    start: u32,
    end: u32,
    id: u32,
    score: f64,
    /// Score of the best way up to and with this node.
    best: f64,
    /// The node before it on that way.
    previous: u32,
}

const FIRST: u32 = 0;
const LAST: u32 = 1;

/// Where the nodes of a text come from.
pub(in crate::model) trait Pieces {
    /// Scores and their sums are f32.
    const SINGLE: bool;

    /// The pieces at the front of `text`: bytes, id and score, the shortest first.
    fn each(&self, text: &[u8], each: impl FnMut(usize, u32, f64));

    /// Id and score of a char that is no piece; `NONE` if there is no such id.
    fn unknown(&self) -> (u32, f64);
}

impl Pieces for Search<'_> {
    const SINGLE: bool = false;

    fn each(&self, text: &[u8], mut each: impl FnMut(usize, u32, f64)) {
        self.pieces(text, |bytes, id| {
            if let Some(score) = self.score(id) {
                each(bytes, id, score);
            }
        });
    }

    fn unknown(&self) -> (u32, f64) {
        (self.unk, self.unk_score())
    }
}

/// The nodes of a text.
#[derive(Debug, Default)]
pub(in crate::model) struct Lattice {
    /// Sums are rounded to f32.
    single: bool,
    nodes: Vec<Node>,
    /// Node numbers by the place where nodes end, and where each place's begin.
    by_end: Vec<u32>,
    ends: Vec<u32>,
    /// The same for where they begin.
    by_start: Vec<u32>,
    starts: Vec<u32>,
}

/// Node numbers grouped by a place.
fn group(
    nodes: &[Node],
    places: usize,
    place: impl Fn(&Node) -> u32,
    order: &mut Vec<u32>,
    firsts: &mut Vec<u32>,
) {
    firsts.clear();
    firsts.resize(places + 3, 0);
    for node in nodes {
        firsts[place(node) as usize + 2] += 1;
    }
    for at in 1..firsts.len() {
        firsts[at] += firsts[at - 1];
    }
    order.clear();
    order.resize(nodes.len(), 0);
    for (number, node) in (0u32..).zip(nodes) {
        let next = &mut firsts[place(node) as usize + 1];
        order[*next as usize] = number;
        *next += 1;
    }
}

impl Lattice {
    pub(in crate::model) fn fill<P: Pieces>(&mut self, pieces: &P, text: &[u8]) {
        self.single = P::SINGLE;
        let len = text.len() as u32;
        let node =
            |start, end, id, score| Node { start, end, id, score, best: 0.0, previous: NONE };
        self.nodes.clear();
        self.nodes.extend([node(NONE, 0, NONE, 0.0), node(len, NONE, NONE, 0.0)]);
        let mut start = 0;
        while let Some(&byte) = text.get(start) {
            let len = char_len(byte).min(text.len() - start);
            let mut has_single = false;
            pieces.each(&text[start..], |bytes, id, score| {
                has_single |= bytes == len;
                self.nodes.push(node(start as u32, (start + bytes) as u32, id, score));
            });
            let (unk, unk_score) = pieces.unknown();
            if !has_single && unk != NONE {
                let end = (start + len) as u32;
                self.nodes.push(node(start as u32, end, unk, unk_score));
            }
            start += len;
        }
        // Places behind the text are for the ends that there are not.
        let places = text.len() + 1;
        let place = |at: u32| if at == NONE { places as u32 } else { at };
        let Self { nodes, by_end, ends, by_start, starts, .. } = self;
        group(nodes, places, |node| place(node.end), by_end, ends);
        group(nodes, places, |node| place(node.start), by_start, starts);
    }

    /// A sum as the model adds.
    fn sum(&self, a: f64, b: f64) -> f64 {
        if self.single { f64::from(a as f32 + b as f32) } else { a + b }
    }

    fn ending(&self, at: u32) -> &[u32] {
        let at = at as usize;
        &self.by_end[self.ends[at] as usize..self.ends[at + 1] as usize]
    }

    /// Fills in the best way to each node; `None` if there is none through the text.
    fn viterbi(&mut self) -> Option<()> {
        for order in 0..self.by_start.len() {
            let number = self.by_start[order] as usize;
            if number as u32 == FIRST {
                continue;
            }
            let Node { start, score, .. } = self.nodes[number];
            let mut best: Option<(f64, u32)> = None;
            for &left in self.ending(start) {
                let before = self.nodes[left as usize].best;
                // Encoding compares the sums up to a place, SentencePiece those beyond, which are rounded once more.
                let sum = if self.single { self.sum(before, score) } else { before };
                if best.is_none_or(|(best, _)| sum > best) {
                    best = Some((sum, left));
                }
            }
            let (_, left) = best?;
            self.nodes[number].best = self.sum(self.nodes[left as usize].best, score);
            self.nodes[number].previous = left;
        }
        Some(())
    }

    /// The best way, after `viterbi`.
    fn best_way(&self) -> Vec<u32> {
        let mut way = Vec::new();
        let mut at = self.nodes[LAST as usize].previous;
        while at != FIRST && at != NONE {
            way.push(at);
            at = self.nodes[at as usize].previous;
        }
        way.reverse();
        way
    }

    /// The `count` best ways, the best first.
    pub(in crate::model) fn best_ways(&mut self, count: usize) -> Vec<Vec<u32>> {
        if count == 0 || self.viterbi().is_none() {
            return Vec::new();
        }
        if count == 1 {
            return [self.best_way()].into();
        }
        // Ways grow from the end of the text; the best score of what is missing is known, so the
        // first to be complete are the best.
        let mut made: Vec<Partial> = Vec::new();
        let mut open = match self.single {
            true => Agenda::Library(Vec::new()),
            false => Agenda::Latest(BinaryHeap::new()),
        };
        let mut ways = Vec::new();
        made.push(Partial { node: LAST, next: NONE, score: 0.0 });
        open.push(Open { hope: 0.0, partial: 0 });
        // Each way takes as many steps as it has pieces, where sums are exact; rounding may add
        // some, but not without end.
        let mut budget = (count + 64).saturating_mul(self.starts.len() + 64).saturating_mul(4);
        while let Some(Open { partial, .. }) = open.pop() {
            let Partial { node, next, score } = made[partial as usize];
            if node == FIRST {
                let (mut way, mut at) = (Vec::new(), next);
                while at != NONE && made[at as usize].node != LAST {
                    way.push(made[at as usize].node);
                    at = made[at as usize].next;
                }
                ways.push(way);
                if ways.len() == count {
                    break;
                }
                continue;
            }
            budget = budget.saturating_sub(1);
            if budget == 0 || made.len() >= NONE as usize - self.nodes.len() {
                break;
            }
            let start = self.nodes[node as usize].start;
            for &left in self.ending(start) {
                let Node { best, score: own, .. } = self.nodes[left as usize];
                open.push(Open { hope: self.sum(best, score), partial: made.len() as u32 });
                made.push(Partial { node: left, next: partial, score: self.sum(own, score) });
            }
            if open.len() > MAX_OPEN {
                let kept = count.saturating_mul(10).min(512);
                let best: Vec<Open> = core::iter::from_fn(|| open.pop()).take(kept).collect();
                open.clear();
                best.into_iter().for_each(|way| open.push(way));
            }
        }
        if ways.is_empty() {
            ways.push(self.best_way());
        }
        if !self.single {
            // Sums from the end are rounded otherwise: the best way is the one that encoding takes, and the others
            // follow by their sums from the beginning.
            let best = self.best_way();
            ways.retain(|way| *way != best);
            ways.sort_by(|a, b| self.score(b).total_cmp(&self.score(a)));
            ways.insert(0, best);
            ways.truncate(count);
        }
        ways
    }
}

/// A way from some node to the end of the text.
#[derive(Debug, Clone, Copy)]
struct Partial {
    node: u32,
    /// The way it prolongs.
    next: u32,
    score: f64,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    /// Score of the best complete way of which it is a part.
    hope: f64,
    partial: u32,
}

/// Open ways, the most hopeful on top.
enum Agenda {
    /// Of equal ones the latest.
    Latest(BinaryHeap<Open>),
    /// Of equal ones the one that SentencePiece takes: where a binary heap as the C++ library builds it
    /// has it on top.
    Library(Vec<Open>),
}

impl Agenda {
    fn len(&self) -> usize {
        match self {
            Self::Latest(heap) => heap.len(),
            Self::Library(heap) => heap.len(),
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Latest(heap) => heap.clear(),
            Self::Library(heap) => heap.clear(),
        }
    }

    fn push(&mut self, way: Open) {
        match self {
            Self::Latest(heap) => heap.push(way),
            Self::Library(heap) => {
                heap.push(way);
                let last = heap.len() - 1;
                rise(heap, last);
            }
        }
    }

    fn pop(&mut self) -> Option<Open> {
        let heap = match self {
            Self::Latest(heap) => return heap.pop(),
            Self::Library(heap) => heap,
        };
        let last = heap.pop()?;
        let Some(top) = heap.first().copied() else { return Some(last) };
        // The hole sinks to a leaf, past the better child each time, and the last one rises from there.
        let (mut hole, len) = (0, heap.len());
        while 2 * hole + 1 < len {
            let (left, right) = (2 * hole + 1, 2 * hole + 2);
            let goes_left = right >= len || heap[right].hope < heap[left].hope;
            let child = if goes_left { left } else { right };
            heap[hole] = heap[child];
            hole = child;
        }
        heap[hole] = last;
        rise(heap, hole);
        Some(top)
    }
}

/// Lets an entry rise while it is better than the one above it.
fn rise(heap: &mut [Open], mut at: usize) {
    while at > 0 && heap[(at - 1) / 2].hope < heap[at].hope {
        heap.swap((at - 1) / 2, at);
        at = (at - 1) / 2;
    }
}

impl Ord for Open {
    fn cmp(&self, other: &Self) -> Ordering {
        // Of equal ones the latest, which is the nearest to its end.
        self.hope.total_cmp(&other.hope).then(self.partial.cmp(&other.partial))
    }
}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Open {}

impl Unigram<'_> {
    /// The tokens of the `count` best ways to cut a piece, the best first, and their scores.
    pub fn nbest(
        &self,
        piece: &str,
        count: usize,
        scratch: &mut Scratch,
    ) -> Vec<(Vec<Token>, f64)> {
        let text = piece.as_bytes();
        if text.is_empty() || text.len() >= NONE as usize {
            return Vec::new();
        }
        let lattice = &mut scratch.unigram.lattice;
        lattice.fill(&self.search(), text);
        let ways = lattice.best_ways(count);
        ways.iter()
            .map(|way| {
                let mut tokens = Vec::new();
                self.write(lattice, way, text, &mut tokens);
                (tokens, lattice.score(way))
            })
            .collect()
    }

    /// Writes a way.
    fn write(&self, lattice: &Lattice, way: &[u32], text: &[u8], out: &mut Vec<Token>) {
        let mut writer = Writer { model: self, text, out, unknown: None };
        for (start, end, id) in lattice.pieces(way) {
            writer.push(id, start, end);
        }
        writer.flush();
    }

    /// A way that is drawn instead of the best.
    #[cfg(feature = "std")]
    pub(super) fn sample(
        &self,
        text: &[u8],
        sampling: super::Sampling,
        scratch: &mut Scratch,
        out: &mut Vec<Token>,
    ) -> Result<(), super::ModelError> {
        use super::{Memory, ModelError};
        if self.parts.param(super::param::UNK) == NONE {
            return Err(ModelError::Unknown { at: 0 });
        }
        let Scratch { unigram: Memory { lattice, .. }, random, .. } = scratch;
        lattice.fill(&self.search(), text);
        let way = lattice.draw(sampling, random);
        self.write(lattice, &way, text, out);
        Ok(())
    }
}

/// A number of `chances`, each as likely as it says; the first where they say nothing.
#[cfg(feature = "std")]
fn choose(chances: &[f64], random: &mut crate::model::Random) -> usize {
    let total: f64 = chances.iter().sum();
    let mut left = random.unit_f64() * total;
    for (number, chance) in chances.iter().enumerate() {
        if left < *chance {
            return number;
        }
        left -= chance;
    }
    0
}

impl Lattice {
    /// The sum of the scores of a way.
    pub(in crate::model) fn score(&self, way: &[u32]) -> f64 {
        way.iter().map(|&node| self.nodes[node as usize].score).sum()
    }

    /// The pieces of a way: start, end and id.
    pub(in crate::model) fn pieces<'l>(
        &'l self,
        way: &'l [u32],
    ) -> impl Iterator<Item = (u32, u32, u32)> + 'l {
        way.iter().map(|&node| {
            let Node { start, end, id, .. } = self.nodes[node as usize];
            (start, end, id)
        })
    }
}

#[cfg(feature = "std")]
impl Lattice {
    /// A way drawn as `sampling` says.
    pub(in crate::model) fn draw(
        &mut self,
        sampling: super::Sampling,
        random: &mut crate::model::Random,
    ) -> Vec<u32> {
        let Some(count @ 1..) = sampling.nbest_size else {
            return self.sample(sampling.alpha, random);
        };
        let mut ways = self.best_ways(count);
        // Relative to the best, so that no chance is lost to rounding.
        let best = ways.first().map_or(0.0, |way| self.score(way));
        let chances = ways.iter().map(|way| (sampling.alpha * (self.score(way) - best)).exp());
        let chosen = choose(&chances.collect::<Vec<_>>(), random);
        if ways.is_empty() { Vec::new() } else { ways.swap_remove(chosen) }
    }

    /// A way drawn by its score, as the reference weighs it.
    fn sample(&self, theta: f64, random: &mut crate::model::Random) -> Vec<u32> {
        // The weight of all ways up to each node.
        let mut weights = std::vec![0.0; self.nodes.len()];
        for &number in self.by_start.iter().filter(|&&number| number != FIRST) {
            let mut sum: Option<f64> = None;
            for &left in self.ending(self.nodes[number as usize].start) {
                let (score, weight) = (self.nodes[left as usize].score, weights[left as usize]);
                let one = theta * (score + weight);
                sum = Some(sum.map_or(one, |sum| log_sum(sum, one)));
            }
            weights[number as usize] = sum.unwrap_or_default();
        }
        let (mut way, mut at, mut chances) = (Vec::new(), LAST, Vec::new());
        loop {
            let all = weights[at as usize];
            let left = self.ending(self.nodes[at as usize].start);
            chances.clear();
            chances.extend(left.iter().map(|&left| {
                (weights[left as usize] + theta * self.nodes[left as usize].score - all).exp()
            }));
            match left.get(choose(&chances, random)) {
                Some(&left) if left != FIRST => at = left,
                _ => break,
            }
            way.push(at);
        }
        way.reverse();
        way
    }
}

/// log(exp(a) + exp(b)).
#[cfg(feature = "std")]
fn log_sum(a: f64, b: f64) -> f64 {
    let (low, high) = if a > b { (b, a) } else { (a, b) };
    if high > low + 50.0 { high } else { high + ((low - high).exp() + 1.0).ln() }
}
