//! Eight bytes at a time in a word.

const LOW: u64 = 0x0101_0101_0101_0101;
/// The upper bit of each byte.
pub(crate) const HIGH: u64 = 0x8080_8080_8080_8080;

/// A byte in all places.
#[inline(always)]
pub(crate) const fn all(byte: u8) -> u64 {
    LOW * byte as u64
}

/// A bit on top of each zero byte; of those behind the first one there may be more.
#[inline(always)]
pub(crate) const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(LOW) & !word & HIGH
}

/// The first place of a byte.
#[cfg(feature = "alloc")]
#[inline]
pub(crate) fn find(bytes: &[u8], byte: u8) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let hits = zeros(u64::from_le_bytes(*word) ^ all(byte));
        if hits != 0 {
            return Some(8 * at + hits.trailing_zeros() as usize / 8);
        }
    }
    let at = rest.iter().position(|&other| other == byte)?;
    Some(8 * words.len() + at)
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::find;

    #[test]
    fn the_first_place_of_a_byte_is_found() {
        for len in 0..40 {
            for at in 0..len {
                for byte in [1, 0x80, 0xFF] {
                    // What differs in the lowest or the highest bit stands around it.
                    for other in [byte - 1, byte ^ 0x80] {
                        let mut bytes = [other; 40];
                        bytes[at] = byte;
                        assert_eq!(find(&bytes[..len], byte), Some(at));
                        assert_eq!(find(&bytes[at + 1..len], byte), None);
                    }
                }
            }
        }
    }
}
