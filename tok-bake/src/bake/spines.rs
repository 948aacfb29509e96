//! Which entries a list of merges makes, from the merges alone: no entry's bytes are merged again.
//!
//! Where every merge stands behind those that make its parts, merges happen in the order of the list. Then
//! the parts of an entry become what they are without each other, unless a merge joins the last symbol of
//! the left part with the first of the right one while both are on their way. These symbols are the right
//! spine of one part and the left spine of the other; there is one lookup for each two of them that exist
//! at the same time.

use comptok_core::{blob::lookup::NONE, model::bpe::Pairs};

use super::bpe::Made;

/// The rank of what is there from the start: lower than all others.
const START: u32 = 0;

/// Merges by rank: their parts, and what they make.
pub(super) struct List<'l> {
    pub(super) sides: &'l [(u32, u32)],
    pub(super) products: &'l [u32],
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
            && table.rank(left, right) == rank
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
