//! aarch64.
#![expect(unsafe_code, reason = "vector loads take pointers")]

use super::Ranges;
use core::arch::aarch64::*;

/// Four times 16 bytes.
#[target_feature(enable = "neon")]
pub(super) fn neon<R: Ranges>(block: &[u8; 64]) -> R {
    let (parts, _) = block.as_chunks::<16>();
    // SAFETY: the loads read 16 bytes each, of arrays of 16 and of 64 bytes.
    let (weights, bytes) = unsafe {
        let weights = [1u8, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
        let load = |i: usize| vld1q_u8(parts[i].as_ptr());
        (vld1q_u8(weights.as_ptr()), [load(0), load(1), load(2), load(3)])
    };
    R::of(|from, to| {
        let part = |i: usize| {
            let above = vsubq_u8(bytes[i], vdupq_n_u8(from));
            vandq_u8(vcleq_u8(above, vdupq_n_u8(to - from)), weights)
        };
        // Adding neighbours three times gathers the eight bits of a byte.
        let halves = [vpaddq_u8(part(0), part(1)), vpaddq_u8(part(2), part(3))];
        let whole = vpaddq_u8(halves[0], halves[1]);
        vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(whole, whole)))
    })
}
