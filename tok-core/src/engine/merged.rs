//! The answer to a long pre-token that the sink had no room for.

use crate::{
    Stop,
    blob::{Tables, flags},
};

/// What is left in the memory where a long pre-token was merged. Merging it once more would take as long
/// again, so who makes room and goes on finds it there; unless the memory has changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Merged {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) count: usize,
    hash: u64,
}

/// Other answers are shorter: those of [`merge_bits`](crate::model::bpe::merge_bits), and baked ones.
const SHORT_ANSWERS: usize = 127;

impl Merged {
    /// After the pre-token `start..end` stopped with `stop`.
    #[cold]
    pub(super) fn after(
        tables: &Tables<'_>,
        stop: &Stop,
        start: usize,
        end: usize,
        memory: &[u8],
    ) -> Option<Self> {
        match *stop {
            Stop::Full { needed: count }
                // Not all of these symbols may be tokens.
                if count > SHORT_ANSWERS && !tables.has(flags::MISSING_BYTES) =>
            {
                let hash = hash(memory.get(..count.checked_mul(8)?)?);
                Some(Self { start, end, count, hash })
            }
            _ => None,
        }
    }

    /// The ids, if they are still there.
    pub(super) fn ids<'m>(
        &self,
        tables: &'m Tables<'_>,
        memory: &'m [u8],
    ) -> Option<impl Iterator<Item = u32> + 'm> {
        let bytes = memory.get(..self.count.checked_mul(8)?)?;
        let id = |word: &[u8; 8]| tables.symbol_id(u64::from_ne_bytes(*word) as u32);
        (hash(bytes) == self.hash).then(|| bytes.as_chunks::<8>().0.iter().map(id))
    }
}

/// Tells whether `bytes` are the same as before: sums of words and sums of these sums, eight beside each
/// other, which takes a fraction of the time that writing the words took. A change of one word is always seen.
fn hash(bytes: &[u8]) -> u64 {
    let (mut sums, mut places) = ([0u64; 8], [0u64; 8]);
    let mut add = |lane: usize, word: &[u8; 8]| {
        sums[lane] = sums[lane].wrapping_add(u64::from_ne_bytes(*word));
        places[lane] = places[lane].wrapping_add(sums[lane]);
    };
    let (blocks, rest) = bytes.as_chunks::<64>();
    for block in blocks {
        for (lane, word) in block.as_chunks::<8>().0.iter().enumerate() {
            add(lane, word);
        }
    }
    for (lane, word) in rest.as_chunks::<8>().0.iter().enumerate() {
        add(lane, word);
    }
    let mix =
        |hash: u64, word: &u64| (hash ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
    sums.iter().chain(&places).fold(0, mix)
}
