//! Which entries a list of merges makes, from the merges alone: no entry's bytes are merged again.
//!
//! Where every merge stands behind those that make its parts, merges happen in the order of the list. Then
//! the parts of an entry become what they are without each other, unless a merge joins the last symbol of
//! the left part with the first of the right one while both are on their way. These symbols are the right
//! spine of one part and the left spine of the other; there is one lookup for each two of them that exist
//! at the same time.
//!
//! In other lists a merge happens when all merges within its parts have, so in the order of the highest rank
//! among all of them, which is a symbol's time here. Then the same lookups prove that nothing gets in the
//! way where each rank between the parts is above the times at which they are there; where one is not, the
//! entry's symbols are merged.

use comptok_core::{blob::lookup::NONE, model::bpe::Pairs};

use super::bpe::Made;

/// The rank of what is there from the start: lower than all others.
const START: u32 = 0;

/// Merges by rank: their parts, and what they make.
pub(super) struct List<'l> {
    pub(super) sides: &'l [(u32, u32)],
    pub(super) products: &'l [u32],
    /// No pair is there twice, so each rank is that of its pair.
    pub(super) is_unique: bool,
}

impl List<'_> {
    /// Whether a merge is the one of its pair.
    fn counts(&self, table: &impl Pairs, rank: u32) -> bool {
        let (left, right) = self.sides[rank as usize];
        self.is_unique || table.rank(left, right) == rank
    }
}

/// What the merges make, in the order of ranks; `None` where a merge stands before one that makes its parts.
/// `table` gives the ranks of pairs of entries.
pub(super) fn made(
    list: &List<'_>,
    table: &impl Pairs,
    bytes: &[u32; 256],
    entries: usize,
) -> Option<Vec<Made>> {
    let mut used = vec![false; entries];
    for (&(left, right), &product) in list.sides.iter().zip(list.products) {
        for part in [left, right] {
            if let Some(used) = used.get_mut(part as usize) {
                *used = true;
            }
        }
        if used[product as usize] {
            return None;
        }
    }
    // Rank + 1 of the merge that makes an entry; START for bytes, NONE for what is not made.
    let mut born = vec![NONE; entries];
    for &byte in bytes.iter().filter(|byte| **byte != NONE) {
        born[byte as usize] = START;
    }
    let mut made = Vec::with_capacity(list.sides.len());
    for (rank, (&(left, right), &product)) in (0u32..).zip(list.sides.iter().zip(list.products)) {
        let is_made = |entry: u32| born.get(entry as usize).is_some_and(|&born| born != NONE);
        if is_made(left)
            && is_made(right)
            && !is_made(product)
            && list.counts(table, rank)
            && is_quiet(list, table, &born, rank)
        {
            born[product as usize] = rank + 1;
            made.push(Made { entry: product, left, right });
        }
    }
    Some(made)
}

/// Whether no merge before `rank` joins its parts' neighbours.
fn is_quiet(list: &List<'_>, table: &impl Pairs, born: &[u32], rank: u32) -> bool {
    let (mut left, mut right) = list.sides[rank as usize];
    // The merges that end the two symbols.
    let (mut left_end, mut right_end) = (rank, rank);
    loop {
        // Back to before the later of them was made.
        let (left_born, right_born) = (born[left as usize], born[right as usize]);
        if left_born == START && right_born == START {
            return true;
        }
        if left_born >= right_born {
            left_end = left_born - 1;
            left = list.sides[left_end as usize].1;
        }
        if right_born >= left_born {
            right_end = right_born - 1;
            right = list.sides[right_end as usize].0;
        }
        // Of equal pairs the first is merged: one within the left part comes before, one within the
        // right part behind the pair of the two.
        let between = table.rank(left, right);
        if between < left_end && between <= right_end {
            return false;
        }
    }
}

/// What merges in any order make of an entry.
pub(super) struct Anyhow<'l> {
    list: &'l List<'l>,
    /// The merge that makes an entry + 1; START for what is there from the start, NONE for what is not made.
    born: Vec<u32>,
    /// The highest of the merges within an entry + 1.
    times: Vec<u32>,
}

impl<'l> Anyhow<'l> {
    /// Goes through the entries from the shortest to the longest by `lens`. `starts` are there from the
    /// start, `table` gives the ranks of pairs, `merge` the merge that comes last where an entry's own symbols
    /// are merged and become this entry.
    pub(super) fn new(
        list: &'l List<'l>,
        table: &impl Pairs,
        starts: impl Iterator<Item = u32>,
        lens: &[u32],
        mut merge: impl FnMut(u32) -> Option<u32>,
    ) -> Self {
        let entries = lens.len();
        let mut all = Self { list, born: vec![NONE; entries], times: vec![START; entries] };
        for entry in starts {
            all.born[entry as usize] = START;
        }
        // The merges of each product, the lowest rank first.
        let (mut first, mut next) = (vec![NONE; entries], vec![NONE; list.sides.len()]);
        for (rank, &product) in list.products.iter().enumerate().rev() {
            next[rank] = first[product as usize];
            first[product as usize] = rank as u32;
        }
        for product in by_length(lens) {
            if all.born[product as usize] == START {
                continue;
            }
            let (mut rank, mut maybe) = (first[product as usize], false);
            while rank != NONE {
                let (left, right) = list.sides[rank as usize];
                if all.is_made(left) && all.is_made(right) && list.counts(table, rank) {
                    if all.is_quiet(table, rank) {
                        all.make(product, rank);
                        maybe = false;
                        break;
                    }
                    maybe = true;
                }
                rank = next[rank as usize];
            }
            if maybe && let Some(rank) = merge(product) {
                all.make(product, rank);
            }
        }
        all
    }

    /// Whether the entry is made, or there from the start.
    pub(super) fn is_made(&self, entry: u32) -> bool {
        self.born.get(entry as usize).is_some_and(|&born| born != NONE)
    }

    /// The entries that are made, in the order of the merges that make them.
    pub(super) fn made(&self) -> Vec<Made> {
        let mut entry_of = vec![NONE; self.list.sides.len()];
        for (entry, &born) in (0u32..).zip(&self.born) {
            if born != NONE && born != START {
                entry_of[born as usize - 1] = entry;
            }
        }
        let made = entry_of.into_iter().zip(self.list.sides);
        made.filter(|&(entry, _)| entry != NONE)
            .map(|(entry, &(left, right))| Made { entry, left, right })
            .collect()
    }

    fn make(&mut self, product: u32, rank: u32) {
        self.born[product as usize] = rank + 1;
        self.times[product as usize] = self.time_of(rank);
    }

    /// When a merge happens.
    fn time_of(&self, rank: u32) -> u32 {
        let (left, right) = self.list.sides[rank as usize];
        let time = |entry: u32| self.times.get(entry as usize).copied().unwrap_or(START);
        (rank + 1).max(time(left)).max(time(right))
    }

    /// Whether it is certain that no merge joins the neighbours within the parts of this one.
    fn is_quiet(&self, table: &impl Pairs, rank: u32) -> bool {
        let (mut left, mut right) = self.list.sides[rank as usize];
        let end = self.time_of(rank);
        let (mut left_end, mut right_end) = (end, end);
        // A rank + 1 is above all that happens while both are there.
        let is_above = |left: u32, right: u32, end: u32| {
            let between = table.rank(left, right);
            between == NONE || between >= end
        };
        loop {
            let (left_born, right_born) = (self.born[left as usize], self.born[right as usize]);
            if left_born == START && right_born == START {
                return true;
            }
            let (left_time, right_time) = (self.times[left as usize], self.times[right as usize]);
            let (old_left, old_right) = (left, right);
            let (old_left_end, old_right_end) = (left_end, right_end);
            if left_time >= right_time {
                left = self.list.sides[left_born as usize - 1].1;
                left_end = left_time;
            }
            if right_time >= left_time {
                right = self.list.sides[right_born as usize - 1].0;
                right_end = right_time;
            }
            if left_time == right_time {
                // One of them is made first. Both by the merge whose time it is, or it gets complicated.
                if (left_born, right_born) != (left_time, right_time)
                    || !is_above(old_left, right, old_left_end.min(right_time))
                    || !is_above(left, old_right, old_right_end.min(left_time))
                {
                    return false;
                }
            }
            if !is_above(left, right, left_end.min(right_end)) {
                return false;
            }
        }
    }
}

/// The numbers of all entries, the shortest first.
fn by_length(lens: &[u32]) -> Vec<u32> {
    let longest = lens.iter().max().map_or(0, |&len| len as usize);
    let mut places = vec![0u32; longest + 2];
    for &len in lens {
        places[len as usize + 1] += 1;
    }
    for len in 0..=longest {
        places[len + 1] += places[len];
    }
    let mut order = vec![0; lens.len()];
    for (entry, &len) in (0u32..).zip(lens) {
        let place = &mut places[len as usize];
        order[*place as usize] = entry;
        *place += 1;
    }
    order
}
