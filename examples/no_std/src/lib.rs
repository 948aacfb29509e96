//! GPT-2's tokenizer as a C library that needs no operating system and no allocator: the vocabulary
//! lies in read-only memory (flash), and everything else in memory that the caller lends.
//!
//! The C side is declared in `comptok.h`.
#![no_std]

use comptok::{EncodeError, Scratch, Span, Special, vocab::GPT2};
use core::{ffi::c_void, ptr, slice};

/// What a caller has lent is too small: the slice for the ids.
const FULL: isize = -1;
/// What a caller has lent is too small: the memory to work in.
const MEMORY: isize = -2;
/// The text cannot be encoded.
const TEXT: isize = -3;

/// The number of tokens in the `len` bytes at `text`.
///
/// The memory to work in is on the stack: 4 KiB, which is enough for pre-tokens ("words") of up to
/// 256 bytes. Where the text has a longer one, the answer is -2, and `comptok_encode` can be lent more.
///
/// # Safety
///
/// `text` points to `len` bytes that may be read, or `len` is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn comptok_count(text: *const u8, len: usize) -> isize {
    // SAFETY: the caller's promise is the one that is asked for.
    let text = unsafe { lent(text, len) };
    let mut memory = [0; 4096];
    answer(GPT2.count_with(text, Special::AsText, &mut Scratch::lend(&mut memory)))
}

/// Writes the ids of the `len` bytes at `text` to `ids`, which has room for `ids_len`, and returns
/// how many there are. Less than 0: -1 if there is no room, -2 if `memory` is too small (16 bytes for
/// each byte of the longest pre-token are enough, and none if that is at most 64 bytes long).
///
/// # Safety
///
/// Each pointer is valid for as many elements as the length after it says (`text` for reading, `ids`
/// and `memory` for writing too, with nothing else using them during the call), or that length is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn comptok_encode(
    text: *const u8,
    len: usize,
    ids: *mut u32,
    ids_len: usize,
    memory: *mut u8,
    memory_len: usize,
) -> isize {
    // SAFETY: the caller's promise is the one that is asked for, here and for the other two.
    let text = unsafe { lent(text, len) };
    // SAFETY: as above.
    let (ids, memory) = unsafe { (lent_mut(ids, ids_len), lent_mut(memory, memory_len)) };
    answer(GPT2.encode_to_slice(text, Special::AsText, ids, &mut Scratch::lend(memory)))
}

/// Calls `each` with every id of the `len` bytes at `text` and the place of its first byte and of the
/// one behind its last, as they are found, and returns how many there were. Less than 0, after some
/// calls: a pre-token has more than 256 bytes.
///
/// # Safety
///
/// `text` points to `len` bytes that may be read, or `len` is 0. `each` may be called with `context`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn comptok_tokens(
    text: *const u8,
    len: usize,
    each: extern "C" fn(*mut c_void, u32, usize, usize),
    context: *mut c_void,
) -> isize {
    // SAFETY: the caller's promise is the one that is asked for.
    let text = unsafe { lent(text, len) };
    let (mut memory, mut spans) = ([0; 4096], [Span::default(); 256]);
    let mut scratch = Scratch::lend(&mut memory);
    let mut count = 0;
    for span in GPT2.tokens_in(text, Special::AsText, &mut spans, &mut scratch) {
        match span {
            Ok(Span { id, start, end, .. }) => each(context, id, start, end),
            Err(error) => return answer(Err(error)),
        }
        count += 1;
    }
    answer(Ok(count))
}

fn answer(result: Result<usize, EncodeError>) -> isize {
    match result {
        // No text has more tokens than bytes, and none has more bytes than `isize` can count.
        Ok(len) => isize::try_from(len).unwrap_or(TEXT),
        Err(EncodeError::Full { .. }) => FULL,
        Err(EncodeError::Scratch { .. }) => MEMORY,
        Err(_) => TEXT,
    }
}

/// # Safety
///
/// `start` points to `len` elements that may be read for `'a`, or `len` is 0.
unsafe fn lent<'a, T>(start: *const T, len: usize) -> &'a [T] {
    // C has null pointers to nothing; slices do not.
    let start = if len == 0 { ptr::dangling() } else { start };
    // SAFETY: of no elements, the pointer dangles but is aligned; else the caller promises it.
    unsafe { slice::from_raw_parts(start, len) }
}

/// # Safety
///
/// `start` points to `len` elements that nothing else uses for `'a`, or `len` is 0.
unsafe fn lent_mut<'a, T>(start: *mut T, len: usize) -> &'a mut [T] {
    let start = if len == 0 { ptr::dangling_mut() } else { start };
    // SAFETY: of no elements, the pointer dangles but is aligned; else the caller promises it.
    unsafe { slice::from_raw_parts_mut(start, len) }
}

/// Nothing here is expected to panic. A device would reset itself.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
