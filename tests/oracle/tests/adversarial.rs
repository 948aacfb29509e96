//! Time on texts made to be slow: linear, and never slower than a floor. Optimized builds only.
#![cfg(all(not(debug_assertions), target_os = "linux", target_pointer_width = "64"))]

use std::time::Duration;

use comptok::{Kernel, Scratch, Special, Tokenizer};
use comptok_oracle::{clock::processor_time, reference, samples};

/// MB/s of processor time, with scalar code.
const FLOOR: f64 = 10.0;
const MEGABYTE: usize = 1_000_000;

/// Fewest and most runs of each length; the shortest counts. Caches are shared with other programs, so a
/// time that is too long may still be theirs.
const RUNS: [usize; 2] = [5, 60];

/// How much longer twice the text may take.
const LIMIT: f64 = 2.3;

fn time(
    tokenizer: &Tokenizer,
    text: &[u8],
    ids: &mut Vec<u32>,
    scratch: &mut Scratch<'_>,
) -> Duration {
    ids.clear();
    let start = processor_time();
    tokenizer.encode_into(text, Special::AsText, ids, scratch).expect("any text");
    processor_time() - start
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
    for name in ["r50k_base", "cl100k_base", "o200k_base", "qwen2_base"] {
        let tokenizer = match name {
            // With a normalizer.
            "qwen2_base" => {
                let file = shared.join("vocabs/tokenizer_json/qwen2_base.json.gz");
                Tokenizer::from_bytes(&reference::unzip(&file)).expect("a tokenizer.json")
            }
            name => reference::from_ranks(name),
        };
        for path in &files {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            let once = std::fs::read(path).expect("a file");
            let (one, two) = (once.repeat(2), once.repeat(4));
            let (one, two) = (&one[..MEGABYTE], &two[..2 * MEGABYTE]);
            let mut ids = Vec::with_capacity(two.len());
            let mut scratch = Scratch::new().kernel(Kernel::SCALAR);
            let (mut short, mut long) = (Duration::MAX, Duration::MAX);
            let (mut ratio, mut speed, mut ratios) = (0.0, 0.0, Vec::new());
            for run in 0..RUNS[1] {
                let times = [one, two].map(|text| time(&tokenizer, text, &mut ids, &mut scratch));
                (short, long) = (short.min(times[0]), long.min(times[1]));
                // The shorter run finds a quiet moment more easily, so the shortest times of a busy machine
                // are not those of runs that belong together; the middle of such pairs is.
                ratios.push(times[1].as_secs_f64() / times[0].as_secs_f64());
                ratios.sort_by(f64::total_cmp);
                ratio = (long.as_secs_f64() / short.as_secs_f64()).min(ratios[run / 2]);
                speed = two.len() as f64 / 1e6 / long.as_secs_f64();
                if run >= RUNS[0] && ratio <= LIMIT && speed >= FLOOR {
                    break;
                }
            }
            println!("{name} {file}: {speed:.0} MB/s, 2 MB take {ratio:.2} times as long as 1 MB");
            if ratio > LIMIT || speed < FLOOR {
                slow.push(format!("{name} {file}: {speed:.1} MB/s, {ratio:.2}"));
            }
        }
    }
    assert!(slow.is_empty(), "{slow:#?}");
}
