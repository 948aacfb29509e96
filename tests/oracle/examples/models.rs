//! Speed beside HuggingFace `tokenizers` 0.23 in one process, for the models of tokenizer.json: ids are
//! compared first, then both run in turns, and the medians of the rounds are compared.
//!
//! ```text
//! cargo run --release --example models -- [ROUNDS] [NAME]...
//! ```

#![allow(clippy::print_stdout)]

use std::{hint::black_box, path::Path, time::Instant};

use comptok::{FullOptions, Offsets, Scratch, Special, Tokenizer};
use comptok_oracle::{reference::unzip, samples};

/// Files, and what their models are.
const FILES: [(&str, &str); 7] = [
    ("bert_uncased", "WordPiece"),
    ("bert_base_cased", "WordPiece"),
    ("t5_small", "Unigram"),
    ("xlnet_base_cased", "Unigram"),
    ("mistral01", "BPE of SentencePiece's kind"),
    ("clip_base", "BPE with a suffix"),
    ("gpt2", "byte-level BPE"),
];

/// Bytes of each corpus.
const BYTES: usize = 2 << 20;

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Median seconds of two functions that run in turns.
fn in_turns(rounds: usize, mut one: impl FnMut(), mut two: impl FnMut()) -> (f64, f64) {
    let time = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        first.push(time(&mut one));
        second.push(time(&mut two));
    }
    (median(first), median(second))
}

/// Documents of some kilobytes.
fn documents(corpus: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(corpus).expect("the corpus is UTF-8");
    let (mut documents, mut document, mut len) = (Vec::new(), String::new(), 0);
    for line in text.split_inclusive('\n') {
        document.push_str(line);
        if document.len() >= 4096 {
            len += document.len();
            documents.push(core::mem::take(&mut document));
            if len >= BYTES {
                break;
            }
        }
    }
    documents
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rounds = arguments.first().map_or(5, |rounds| rounds.parse().expect("a number"));
    let Some(shared) = samples::shared() else { return };
    println!("median of {rounds} rounds; MB/s, comptok / tokenizers, ratio");
    for (name, model) in FILES {
        if arguments.len() > 1 && !arguments[1..].iter().any(|asked| asked == name) {
            continue;
        }
        let json = unzip(&shared.join(format!("vocabs/tokenizer_json/{name}.json.gz")));
        let (ours, theirs) = in_turns(
            rounds,
            || drop(black_box(Tokenizer::from_bytes(&json))),
            || drop(black_box(tokenizers::Tokenizer::from_bytes(&json))),
        );
        println!("{name} ({model})");
        println!("  load: {:.1} ms / {:.1} ms, {:.1}x", ours * 1e3, theirs * 1e3, theirs / ours);
        let ours = Tokenizer::from_bytes(&json).expect("a tokenizer.json");
        let mut theirs = tokenizers::Tokenizer::from_bytes(&json).expect("a tokenizer.json");
        theirs.with_padding(None).with_truncation(None).expect("none is right");
        let options = FullOptions {
            offsets: Offsets::Bytes,
            truncation: comptok::Setting::Off,
            padding: comptok::Setting::Off,
            ..FullOptions::default()
        };
        for corpus in ["english", "multilingual"] {
            let documents = documents(&shared.join(format!("corpus/{corpus}.txt")));
            let bytes: usize = documents.iter().map(String::len).sum();
            let (mut ids, mut scratch) = (Vec::new(), Scratch::new());
            for document in &documents {
                ids.clear();
                ours.encode_into(document, Special::All, &mut ids, &mut scratch).expect("ids");
                let wanted = theirs.encode_fast(&**document, false).expect("ids");
                assert_eq!(ids, wanted.get_ids(), "{name}, {corpus}");
            }
            let speed = |seconds: f64| bytes as f64 / 1e6 / seconds;
            let (one, two) = in_turns(
                rounds,
                || {
                    for document in &documents {
                        ids.clear();
                        let _ = ours.encode_into(document, Special::All, &mut ids, &mut scratch);
                        black_box(&ids);
                    }
                },
                || {
                    for document in &documents {
                        drop(black_box(theirs.encode_fast(&**document, false)));
                    }
                },
            );
            let ratio = two / one;
            println!("  {corpus} ids: {:.1} / {:.2}, {ratio:.1}x", speed(one), speed(two));
            let (one, two) = in_turns(
                rounds,
                || {
                    for document in &documents {
                        drop(black_box(ours.encode_full(&**document, &options)));
                    }
                },
                || {
                    for document in &documents {
                        drop(black_box(theirs.encode(&**document, true)));
                    }
                },
            );
            let ratio = two / one;
            println!("  {corpus} full: {:.1} / {:.2}, {ratio:.1}x", speed(one), speed(two));
        }
    }
}
