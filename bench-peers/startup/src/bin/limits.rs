//! How fast comptok is with what sizes of its cache, on documents of 64 KiB of a file.
//!
//! Prints a line for each size: KiB, then MB/s of a first pass with a new scratch and of the passes after
//! it, the middle one of the rounds. At the end one with 0 KiB: the first document alone, again and again,
//! so that every word is in the cache: no pass can be faster than that.

use comptok::{Scratch, Special, vocab::CL100K_BASE};
use std::time::Instant;

const SIZES: [usize; 6] = [512, 1024, 2048, 4096, 8192, 32 << 10];
const DOCUMENT: usize = 64 << 10;
const ROUNDS: usize = 5;

/// Megabytes of text a second.
fn pass(documents: &[&[u8]], ids: &mut Vec<u32>, scratch: &mut Scratch<'_>) -> f64 {
    let start = Instant::now();
    for document in documents {
        ids.clear();
        CL100K_BASE
            .encode_into(document, Special::AsText, ids, scratch)
            .expect("special tokens are text");
    }
    let bytes: usize = documents.iter().map(|document| document.len()).sum();
    bytes as f64 / 1e6 / start.elapsed().as_secs_f64()
}

fn median(mut speeds: Vec<f64>) -> f64 {
    speeds.sort_by(f64::total_cmp);
    speeds.get(speeds.len() / 2).copied().unwrap_or_default()
}

fn main() {
    let file = std::env::args().nth(1).expect("a text file");
    let text = std::fs::read(file).expect("the file is readable");
    let (mut documents, mut rest) = (Vec::new(), &text[..]);
    while !rest.is_empty() {
        let limit = DOCUMENT.min(rest.len());
        let line_end = rest[..limit].iter().rposition(|&byte| byte == b'\n');
        let (document, after) = rest.split_at(line_end.map_or(limit, |at| at + 1));
        documents.push(document);
        rest = after;
    }
    let mut ids = Vec::with_capacity(DOCUMENT);
    let mut found = SIZES.map(|_| [Vec::new(), Vec::new()]);
    let mut hits = Vec::new();
    for _ in 0..ROUNDS {
        for (size, [first, warm]) in SIZES.iter().zip(&mut found) {
            let mut scratch = Scratch::with_cache(size << 10);
            first.push(pass(&documents, &mut ids, &mut scratch));
            warm.extend((0..2).map(|_| pass(&documents, &mut ids, &mut scratch)));
        }
        let mut scratch = Scratch::new();
        let one = documents.get(..1).unwrap_or_default();
        hits.extend((0..200).map(|_| pass(one, &mut ids, &mut scratch)));
    }
    for (size, [first, warm]) in SIZES.iter().zip(found) {
        println!("{size} {:.0} {:.0}", median(first), median(warm));
    }
    println!("0 0 {:.0}", median(hits));
}
