//! x86-64.
#![expect(unsafe_code, reason = "vector loads take pointers")]

use super::Ranges;
use core::arch::x86_64::*;

/// Bytes of text that are asked for ahead of time.
const AHEAD: usize = 1024;

/// Asks for the text behind a block, which is read once: the processor does not look beyond a page by itself.
#[inline]
#[target_feature(enable = "sse")]
#[allow(unused_unsafe, reason = "it became safe after the oldest compiler that is supported")]
fn ask_ahead(block: &[u8; 64]) {
    // SAFETY: a hint, which reads nothing and is never an error, whatever is there.
    unsafe { _mm_prefetch::<_MM_HINT_NTA>(block.as_ptr().wrapping_add(AHEAD).cast()) };
}

/// Asks for the line with the beginning of something.
#[cfg(feature = "alloc")]
#[inline(always)]
#[allow(unused_unsafe, reason = "it became safe after the oldest compiler that is supported")]
pub(super) fn ask<T>(what: &T) {
    // SAFETY: a hint, which reads nothing; every x86-64 processor has it.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(core::ptr::from_ref(what).cast()) };
}

/// Four times 16 bytes.
#[target_feature(enable = "sse2")]
pub(super) fn sse2<R: Ranges>(block: &[u8; 64]) -> R {
    ask_ahead(block);
    let (parts, _) = block.as_chunks::<16>();
    R::of(|from, to| {
        let mut mask = 0;
        for (i, part) in parts.iter().enumerate() {
            // SAFETY: `part` is 16 bytes, and the load needs no alignment.
            let bytes = unsafe { _mm_loadu_si128(part.as_ptr().cast()) };
            let above = _mm_sub_epi8(bytes, _mm_set1_epi8(from as i8));
            let inside =
                _mm_cmpeq_epi8(_mm_min_epu8(above, _mm_set1_epi8((to - from) as i8)), above);
            mask |= u64::from(_mm_movemask_epi8(inside) as u16) << (16 * i);
        }
        mask
    })
}

/// Twice 32 bytes.
#[target_feature(enable = "avx2")]
pub(super) fn avx2<R: Ranges>(block: &[u8; 64]) -> R {
    ask_ahead(block);
    let (parts, _) = block.as_chunks::<32>();
    R::of(|from, to| {
        let mut mask = 0;
        for (i, part) in parts.iter().enumerate() {
            // SAFETY: `part` is 32 bytes, and the load needs no alignment.
            let bytes = unsafe { _mm256_loadu_si256(part.as_ptr().cast()) };
            let above = _mm256_sub_epi8(bytes, _mm256_set1_epi8(from as i8));
            let limit = _mm256_set1_epi8((to - from) as i8);
            let inside = _mm256_cmpeq_epi8(_mm256_min_epu8(above, limit), above);
            mask |= u64::from(_mm256_movemask_epi8(inside) as u32) << (32 * i);
        }
        mask
    })
}

/// All 64 bytes at once.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn avx512<R: Ranges>(block: &[u8; 64]) -> R {
    ask_ahead(block);
    // SAFETY: `block` is 64 bytes, and the load needs no alignment.
    let bytes = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
    R::of(|from, to| {
        let above = _mm512_sub_epi8(bytes, _mm512_set1_epi8(from as i8));
        _mm512_cmple_epu8_mask(above, _mm512_set1_epi8((to - from) as i8))
    })
}
