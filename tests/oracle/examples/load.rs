//! Time to load a tokenizer.json, beside HuggingFace `tokenizers` 0.23 in one process: both read each file in
//! turns, and the least processor time of each is compared.
//!
//! ```text
//! cargo run --release --example load -- [ROUNDS] [NAME]...
//! ```
//!
//! With `only` before the names nothing but comptok runs, for a profiler.

#![allow(clippy::print_stdout)]

use std::hint::black_box;

use comptok::Tokenizer;
use comptok_oracle::{clock::processor_time, reference::unzip, samples};

const FILES: [&str; 7] = [
    "gpt2",
    "bert_uncased",
    "t5_small",
    "mistral01",
    "qwen2_base",
    "deepseek_v3",
    "xlnet_base_cased",
];

fn milliseconds(run: impl FnOnce()) -> f64 {
    let start = processor_time();
    run();
    (processor_time() - start).as_secs_f64() * 1e3
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rounds = arguments.first().map_or(5, |rounds| rounds.parse().expect("a number"));
    let names = arguments.get(1..).unwrap_or_default();
    let (only, names) = match names.split_first() {
        Some((first, rest)) if first == "only" => (true, rest),
        _ => (false, names),
    };
    let Some(shared) = samples::shared() else { return };
    println!("least of {rounds} rounds; ms of comptok / tokenizers, ratio");
    let all: Vec<String> = FILES.map(String::from).into();
    for name in if names.is_empty() { &all } else { names } {
        let json = unzip(&shared.join(format!("vocabs/tokenizer_json/{name}.json.gz")));
        let (mut ours, mut theirs) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..rounds {
            let run = || drop(black_box(Tokenizer::from_bytes(&json)));
            ours = ours.min(milliseconds(run));
            if !only {
                let run = || drop(black_box(tokenizers::Tokenizer::from_bytes(&json)));
                theirs = theirs.min(milliseconds(run));
            }
        }
        println!("{name}: {ours:.1} / {theirs:.1}, {:.2}x", theirs / ours);
    }
}
