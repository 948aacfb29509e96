//! The table of pairs: one slot for each, and for each two or so a pilot with which they find free slots.

use comptok_core::blob::{Section, lookup::PairEntry};
use std::cmp::Reverse;

use super::{BakeError, image::Image};

/// Pairs for each pilot.
const PER_PILOT: usize = 2;

/// How often pairs are grouped anew, and for how many lengths each time: in all, up to 16 times as many slots.
const ROUNDS: usize = 44;
const LENGTHS: usize = 4;

/// A pair as it is stored, and its hash, which no other pair has.
#[derive(Clone, Copy)]
struct Entry {
    hash: u64,
    word: u64,
}

/// Writes pairs of symbols; the value of a pair is its place in the list, counted from `first`. Of a pair
/// that is there twice the later one counts.
pub(super) fn write(image: &mut Image, pairs: &[(u32, u32)], first: u32) -> Result<(), BakeError> {
    let mut entries: Vec<Entry> = (first..)
        .zip(pairs)
        .map(|(merged, &(left, right))| Entry {
            hash: PairEntry::hash(left, right),
            word: PairEntry::new(left, right, merged).0,
        })
        .collect();
    let (pilots, slots) = place(&mut entries)?;
    image.section(Section::PairPilots, pilots);
    let slots: Vec<[u8; 8]> = slots.iter().map(|slot| slot.to_le_bytes()).collect();
    image.section(Section::Pairs, slots.into_flattened());
    Ok(())
}

/// Pilots, and slots of which one in seventeen is free.
fn place(entries: &mut Vec<Entry>) -> Result<(Vec<u8>, Vec<u64>), BakeError> {
    if entries.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    // Groups stand together then, and so do equal pairs, the later one last.
    entries.sort_by_key(|entry| entry.hash);
    entries.dedup_by(|later, kept| {
        let same = later.hash == kept.hash;
        if same {
            *kept = *later;
        }
        same
    });
    let pilots = entries.len() / PER_PILOT + 1;
    let mut len = entries.len() + entries.len() / 16 + 1;
    for round in 0..ROUNDS {
        // Two hashes may be so near to each other that no pilot takes them apart: then other groups have to.
        let more = (pilots * round / 2).max(round.pow(3));
        let pilots = pilots + more;
        let group = |entry: &Entry| PairEntry::pilot(entry.hash, pilots);
        let mut groups: Vec<&[Entry]> =
            entries.chunk_by(|left, right| group(left) == group(right)).collect();
        groups.sort_by_key(|group| Reverse(group.len()));
        for _ in 0..LENGTHS {
            if let Some(done) = place_groups(&groups, pilots, len) {
                return Ok(done);
            }
            len += 1 + len / 64;
        }
    }
    Err(BakeError::new("internal error while baking: pairs find no place"))
}

/// Places groups, the largest first, each by the first pilot that finds free slots.
fn place_groups(groups: &[&[Entry]], pilots: usize, len: usize) -> Option<(Vec<u8>, Vec<u64>)> {
    let (mut all, mut slots) = (vec![0; pilots], vec![0; len]);
    for group in groups {
        let Some(first) = group.first() else { continue };
        let slot = |entry: &Entry, pilot| PairEntry::slot(entry.hash, pilot, len);
        let pilot = (0..=u8::MAX).find(|&pilot| {
            group.iter().enumerate().all(|(i, entry)| {
                let slot_of = slot(entry, pilot);
                slots[slot_of] == 0 && group[..i].iter().all(|other| slot(other, pilot) != slot_of)
            })
        })?;
        for entry in *group {
            slots[slot(entry, pilot)] = entry.word;
        }
        all[PairEntry::pilot(first.hash, pilots)] = pilot;
    }
    Some((all, slots))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pilots: &[u8], slots: &[u64], left: u32, right: u32) -> u64 {
        let hash = PairEntry::hash(left, right);
        let pilot = pilots[PairEntry::pilot(hash, pilots.len())];
        slots[PairEntry::slot(hash, pilot, slots.len())]
    }

    fn entry(left: u32, right: u32, merged: u32) -> Entry {
        let hash = PairEntry::hash(left, right);
        Entry { hash, word: PairEntry::new(left, right, merged).0 }
    }

    #[test]
    fn every_pair_is_in_its_slot() {
        for count in [1, 2, 3, 50, 5000, 60_000] {
            let pairs: Vec<(u32, u32)> = (0..count).map(|i| (i * i % 65_521, i)).collect();
            let mut entries: Vec<Entry> =
                (0..).zip(&pairs).map(|(i, &(left, right))| entry(left, right, i)).collect();
            let (pilots, slots) = place(&mut entries).expect("they find places");
            assert!(slots.len() <= entries.len() * 5 / 4 + 64, "{} slots", slots.len());
            for (&(left, right), merged) in pairs.iter().zip(0..) {
                assert_eq!(
                    found(&pilots, &slots, left, right),
                    PairEntry::new(left, right, merged).0
                );
            }
        }
    }

    #[test]
    fn hashes_that_no_pilot_takes_apart_find_places() {
        let mut hashes: Vec<(u32, (u32, u32))> = (0..1 << 18)
            .map(|i: u32| (i >> 9, i & 511))
            .map(|(left, right)| (PairEntry::hash(left, right) as u32, (left, right)))
            .collect();
        hashes.sort_unstable();
        let mut tried = 0;
        for two in hashes.windows(2).filter(|two| two[1].0 - two[0].0 < 64) {
            let mut entries: Vec<Entry> =
                two.iter().map(|&(_, (left, right))| entry(left, right, 7)).collect();
            let (pilots, slots) = place(&mut entries).expect("they find places");
            for &(_, (left, right)) in two {
                assert_eq!(found(&pilots, &slots, left, right), PairEntry::new(left, right, 7).0);
            }
            tried += 1;
        }
        assert!(tried > 100, "{tried}");
    }

    #[test]
    fn of_equal_pairs_the_last_counts() {
        let mut entries = vec![entry(1, 2, 10), entry(3, 4, 11), entry(1, 2, 12), entry(5, 6, 13)];
        let (pilots, slots) = place(&mut entries).expect("they find places");
        assert_eq!(entries.len(), 3);
        assert_eq!(found(&pilots, &slots, 1, 2), PairEntry::new(1, 2, 12).0);
        assert_eq!(found(&pilots, &slots, 3, 4), PairEntry::new(3, 4, 11).0);
        assert!(
            place(&mut Vec::new()).is_ok_and(|(pilots, slots)| pilots.len() + slots.len() == 0)
        );
    }
}
