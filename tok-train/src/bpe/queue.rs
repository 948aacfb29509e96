//! Which pair is next.
//!
//! A heap of the frequent pairs, and behind it a bucket for each power of two: most pairs are rare, and
//! never get into the heap. The order is that of one heap over all.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::pairs::Pair;

/// A pair that waits, with the words it was found in when it was put here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    /// What it had then.
    pub(super) count: u64,
    pub(super) pair: Pair,
    /// Where its list of words begins.
    pub(super) list: u32,
}

impl Ord for Waiting {
    /// The more frequent one first, among equals the smaller pair.
    fn cmp(&self, other: &Self) -> Ordering {
        (self.count, other.pair, other.list).cmp(&(other.count, self.pair, self.list))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[derive(Debug)]
pub(super) struct Queue {
    heap: BinaryHeap<Waiting>,
    /// Bucket n is of counts with n bits.
    buckets: Vec<Vec<Waiting>>,
    /// Counts with as many bits or more are in the heap.
    level: usize,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self { heap: BinaryHeap::new(), buckets: vec![Vec::new(); 65], level: 65 }
    }

    pub(super) fn push(&mut self, waiting: Waiting) {
        let bits = (u64::BITS - waiting.count.leading_zeros()) as usize;
        if bits >= self.level {
            self.heap.push(waiting);
        } else {
            self.buckets[bits].push(waiting);
        }
    }

    /// Calls `each` with all that wait; it may change their lists.
    pub(super) fn for_each_mut(&mut self, mut each: impl FnMut(&mut Waiting)) {
        let mut heap = std::mem::take(&mut self.heap).into_vec();
        heap.iter_mut().for_each(&mut each);
        self.heap = BinaryHeap::from(heap);
        self.buckets.iter_mut().flatten().for_each(each);
    }

    pub(super) fn pop(&mut self) -> Option<Waiting> {
        while self.heap.is_empty() && self.level > 0 {
            self.level -= 1;
            self.heap = BinaryHeap::from(std::mem::take(&mut self.buckets[self.level]));
        }
        self.heap.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptok_core::model::Random;

    #[test]
    fn the_order_is_that_of_one_heap() {
        let (mut queue, mut heap) = (Queue::new(), BinaryHeap::new());
        let mut random = Random::new(7);
        let mut random = || random.next_u64() >> 33;
        for _ in 0..20_000 {
            if random() % 3 > 0 {
                let count = random() % (1 << (random() % 20));
                let waiting = Waiting { count, pair: random() % 50, list: random() as u32 };
                queue.push(waiting);
                heap.push(waiting);
            } else {
                assert_eq!(queue.pop(), heap.pop());
            }
        }
        while let Some(wanted) = heap.pop() {
            assert_eq!(queue.pop(), Some(wanted));
        }
        assert_eq!(queue.pop(), None);
    }
}
