//! Time on texts made to be slow: linear, and never slower than a floor. Optimized builds only.
#![cfg(not(debug_assertions))]

use std::time::{Duration, Instant};

use comptok::{Scratch, Special, Tokenizer};
use comptok_oracle::{reference, samples};

const MEGABYTE: usize = 1_000_000;

/// The best of several, as other programs run beside this one.
fn time(tokenizer: &Tokenizer, text: &[u8], ids: &mut Vec<u32>) -> Duration {
    let mut scratch = Scratch::new();
    let mut run = || {
        ids.clear();
        let start = Instant::now();
        tokenizer.encode_into(text, Special::AsText, ids, &mut scratch).expect("any text");
        start.elapsed()
    };
    (0..5).map(|_| run()).min().unwrap_or_default()
}

#[test]
fn linear_and_fast() {
    let Some(shared) = samples::shared() else { return };
    let folder = shared.join("corpus/adversarial");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|file| file.expect("a readable folder").path())
        .collect();
    files.sort();
    assert_eq!(files.len(), 11);
    let mut slow = Vec::new();
    for name in ["r50k_base", "cl100k_base", "o200k_base"] {
        let tokenizer = reference::from_ranks(name);
        for path in &files {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            let once = std::fs::read(path).expect("a file");
            let (one, two) = (once.repeat(2), once.repeat(4));
            let (one, two) = (&one[..MEGABYTE], &two[..2 * MEGABYTE]);
            let mut ids = Vec::with_capacity(two.len());
            // What another program takes from one of two runs is not ours: a second look decides.
            let mut seen = (f64::MAX, 0.0f64);
            for _ in 0..3 {
                let short = time(&tokenizer, one, &mut ids);
                let long = time(&tokenizer, two, &mut ids);
                let ratio = long.as_secs_f64() / short.as_secs_f64();
                let speed = two.len() as f64 / 1e6 / long.as_secs_f64();
                seen = (seen.0.min(ratio), seen.1.max(speed));
                if seen.0 <= 2.3 && seen.1 >= 10.0 {
                    break;
                }
            }
            let (ratio, speed) = seen;
            println!("{name} {file}: {speed:.0} MB/s, 2 MB take {ratio:.2} times as long as 1 MB");
            if ratio > 2.3 || speed < 10.0 {
                slow.push(format!("{name} {file}: {speed:.1} MB/s, {ratio:.2}"));
            }
        }
    }
    assert!(slow.is_empty(), "{slow:#?}");
}
