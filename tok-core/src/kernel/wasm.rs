//! WebAssembly.

use super::Ranges;
use core::arch::wasm32::*;

/// Four times 16 bytes.
#[target_feature(enable = "simd128")]
pub(super) fn simd128<R: Ranges>(block: &[u8; 64]) -> R {
    let (parts, _) = block.as_chunks::<16>();
    let load = |part: &[u8; 16]| {
        let (words, _) = part.as_chunks::<8>();
        u64x2(u64::from_le_bytes(words[0]), u64::from_le_bytes(words[1]))
    };
    let bytes = [load(&parts[0]), load(&parts[1]), load(&parts[2]), load(&parts[3])];
    R::of(|from, to| {
        let mut mask = 0;
        for (i, &part) in bytes.iter().enumerate() {
            let above = u8x16_sub(part, u8x16_splat(from));
            mask |= u64::from(u8x16_bitmask(u8x16_le(above, u8x16_splat(to - from)))) << (16 * i);
        }
        mask
    })
}
