//! How often each pair of symbols occurs.

/// Two symbols that stand side by side, the left one in the high half.
pub(super) type Pair = u64;

pub(super) fn pair(left: u32, right: u32) -> Pair {
    u64::from(left) << 32 | u64::from(right)
}

/// Counts of pairs, by open addressing. Pairs are made by the trainer, not by whoever wrote the text, and
/// the product of the hash spreads them: no seed is needed.
#[derive(Debug)]
pub(super) struct PairCounts {
    /// Pair and count.
    slots: Vec<(Pair, i64)>,
    len: usize,
}

/// No pair has this number: the last symbol is never made.
const FREE: Pair = u64::MAX;

impl PairCounts {
    pub(super) fn new() -> Self {
        Self { slots: vec![(FREE, 0); 1 << 10], len: 0 }
    }

    #[inline]
    fn find(&self, pair: Pair) -> usize {
        let mask = self.slots.len() - 1;
        let product = u128::from(pair) * 0x9E37_79B9_7F4A_7C15;
        let mut at = ((product >> 64) as u64 ^ product as u64) as usize & mask;
        loop {
            let found = self.slots[at].0;
            if found == pair || found == FREE {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds to the count of a pair, which is 0 at first. The place stays right until room is made.
    #[inline]
    pub(super) fn add(&mut self, pair: Pair, more: i64) -> usize {
        let at = self.find(pair);
        let slot = &mut self.slots[at];
        if slot.0 == FREE {
            slot.0 = pair;
            self.len += 1;
        }
        slot.1 += more;
        at
    }

    /// The count at a place.
    pub(super) fn at(&self, place: usize) -> i64 {
        self.slots[place].1
    }

    /// The count of a pair.
    pub(super) fn get(&self, pair: Pair) -> i64 {
        self.slots[self.find(pair)].1
    }

    /// Makes room for so many more pairs.
    pub(super) fn reserve(&mut self, more: usize) {
        let wanted = (self.len + more) * 8 / 5 + 1;
        if wanted > self.slots.len() {
            let larger = vec![(FREE, 0); wanted.next_power_of_two()];
            for slot in std::mem::replace(&mut self.slots, larger) {
                if slot.0 != FREE {
                    let at = self.find(slot.0);
                    self.slots[at] = slot;
                }
            }
        }
    }
}
