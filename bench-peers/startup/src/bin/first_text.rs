//! Encodes the first 4 KiB of a file at once after the start, then the whole file again and again:
//! prints nanoseconds per byte for both, the page faults of the 4 KiB, and its ids' number.
//!
//! After `mapped`, every page of the tables is read before, so that none is missing; after `warm`, another
//! 4 KiB are encoded before, so that the code has run and most of the pages are there: what is left then is
//! what cannot be had sooner.

use comptok::{Scratch, Special, vocab::CL100K_BASE};
use std::time::Instant;

const FIRST: usize = 4096;
const PAGE: usize = 4096;

fn main() {
    let file = std::env::args().nth(1).expect("a text file");
    let before = std::env::args().nth(2).unwrap_or_default();
    let text = std::fs::read(file).expect("the file is readable");
    let mut first = FIRST.min(text.len());
    while first < text.len() && text[first] & 0xC0 == 0x80 {
        first -= 1;
    }
    let mut scratch = Scratch::new();
    let mut ids = vec![0; text.len()];
    // Its pages belong to the caller, not to what is measured.
    ids.fill(1);
    let mut encode = |part: &[u8]| {
        let start = Instant::now();
        let written = CL100K_BASE
            .encode_to_slice(part, Special::AsText, &mut ids, &mut scratch)
            .expect("a token has at least a byte");
        (start.elapsed().as_nanos() as f64 / part.len() as f64, written)
    };
    if before == "mapped" {
        let tables = CL100K_BASE.as_bytes();
        std::hint::black_box(tables.iter().step_by(PAGE).map(|&byte| u64::from(byte)).sum::<u64>());
    }
    if before == "warm" {
        let other = text.get(text.len() / 2..).and_then(|rest| rest.get(..FIRST));
        std::hint::black_box(CL100K_BASE.encode_ordinary(other.unwrap_or_default()));
    }
    let faults = page_faults();
    let (cold, written) = encode(&text[..first]);
    let faults = page_faults() - faults;
    let mut steady: Vec<f64> = (0..9).map(|_| encode(&text).0).collect();
    steady.sort_by(f64::total_cmp);
    println!("{cold:.3} {:.3} {faults} {written}", steady[4]);
}

/// Page faults so far, without those that read from disk.
fn page_faults() -> i64 {
    // SAFETY: `rusage` is integers only, for which all zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live variable of the type that the call fills.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
    usage.ru_minflt
}
