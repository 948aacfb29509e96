//! The parts of encoding on their own: scan, lookup, merge, decode, and the whole.
//!
//! `cargo bench --features cl100k_base --bench parts -- --save-baseline NAME` keeps the times,
//! `-- --baseline NAME` compares with them. Every text is 256 KiB from ../shared, or of this repository where that
//! is absent, which is said aloud.

use comptok::{Options, Scratch, Special, vocab::CL100K_BASE as TOKENIZER};
use comptok_core::{
    Kernel,
    blob::Tables,
    model::bpe::{SHORT, TablePairs, merge_short},
    pre_tokenizer::{Cl100k, Scanner as _},
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::{collections::BTreeSet, hint::black_box, path::Path};

const ORDINARY: Options<'static> = Options::new(Special::AsText);
const LEN: usize = 256 << 10;

/// Name and text.
fn texts() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var_os("COMPTOK_SHARED").map_or(root.join("../shared"), Into::into);
    let read = |name: &str| {
        let mut text = std::fs::read_to_string(shared.join("corpus").join(name)).ok()?;
        // From the middle: some begin with one language or one file.
        let mut start = text.len() / 2;
        while !text.is_char_boundary(start) {
            start += 1;
        }
        text.drain(..start);
        let mut end = LEN.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        Some((name.trim_end_matches(".txt").to_owned(), text))
    };
    let texts: Option<Vec<_>> =
        ["english.txt", "code.txt", "multilingual.txt"].into_iter().map(read).collect();
    texts.unwrap_or_else(|| {
        eprintln!("{} is absent: this repository's own text is used", shared.display());
        let own = [include_str!("../README.md"), include_str!("../ARCHITECTURE.md")].concat();
        vec![("own".to_owned(), own.repeat(LEN.div_ceil(own.len())))]
    })
}

fn pre_tokens(text: &str) -> Vec<&[u8]> {
    let (text, mut at, mut all) = (text.as_bytes(), 0, Vec::new());
    while at < text.len() {
        let end = Cl100k.end(text, at);
        all.push(&text[at..end]);
        at = end;
    }
    all
}

/// Where the pre-tokens end, with the kernel of this machine and without one.
fn scan(c: &mut Criterion) {
    let mut group = c.benchmark_group("scan");
    for (name, text) in texts() {
        group.throughput(Throughput::Bytes(text.len() as u64));
        let kernel = Kernel::detect();
        group.bench_function(format!("{name}/{}", kernel.tier().name()), |b| {
            b.iter(|| {
                let (text, mut ends, mut at, mut sum) = (text.as_bytes(), [0; 64], 0, 0);
                while at < text.len() {
                    let count = Cl100k.fill_with(kernel, text, at, &mut ends);
                    at = ends[count - 1];
                    sum += count;
                }
                black_box(sum)
            });
        });
        group.bench_function(format!("{name}/plain"), |b| {
            b.iter(|| {
                let (text, mut at, mut sum) = (text.as_bytes(), 0, 0);
                while at < text.len() {
                    at = Cl100k.end(text, at);
                    sum += 1;
                }
                black_box(sum)
            });
        });
    }
}

/// Counting a text of which every pre-token is one token: scan and lookup, no merge, nothing stored.
fn lookup(c: &mut Criterion) {
    let mut group = c.benchmark_group("lookup");
    for (name, text) in texts() {
        let hits: Vec<u8> = pre_tokens(&text)
            .into_iter()
            .filter(|token| TOKENIZER.token_id(token).is_some())
            .flatten()
            .copied()
            .collect();
        group.throughput(Throughput::Bytes(hits.len() as u64));
        let mut scratch = Scratch::new();
        group.bench_function(name, |b| {
            b.iter(|| TOKENIZER.count_with(&hits, ORDINARY, &mut scratch));
        });
    }
}

/// Merging each word that is not a token, once.
fn merge(c: &mut Criterion) {
    let tables = Tables::new(TOKENIZER.as_bytes(), TOKENIZER.header());
    let mut group = c.benchmark_group("merge");
    for (name, text) in texts() {
        let mut words: BTreeSet<&[u8]> = pre_tokens(&text).into_iter().collect();
        words.retain(|word| word.len() <= SHORT && TOKENIZER.token_id(word).is_none());
        let words: Vec<&[u8]> = words.into_iter().collect();
        group.throughput(Throughput::Elements(words.len() as u64));
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut symbols = [0; SHORT];
                let pairs = TablePairs(&tables);
                words.iter().map(|word| merge_short(&pairs, word, &mut symbols)).sum::<usize>()
            });
        });
    }
}

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    for (name, text) in texts() {
        let ids = TOKENIZER.encode_ordinary(&text);
        let mut bytes = Vec::new();
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |b| {
            b.iter(|| {
                bytes.clear();
                TOKENIZER.decode_into(&ids, &mut bytes)
            });
        });
    }
}

/// A scratch of its own for each call is what a first pass has; a kept one is warm.
fn encode(c: &mut Criterion) {
    let mut group = c.benchmark_group("encode");
    for (name, text) in texts() {
        group.throughput(Throughput::Bytes(text.len() as u64));
        let mut ids = Vec::new();
        group.bench_function(format!("{name}/first"), |b| {
            b.iter(|| {
                ids.clear();
                TOKENIZER.encode_into(&text, ORDINARY, &mut ids, &mut Scratch::new())
            });
        });
        let mut scratch = Scratch::new();
        group.bench_function(format!("{name}/warm"), |b| {
            b.iter(|| {
                ids.clear();
                TOKENIZER.encode_into(&text, ORDINARY, &mut ids, &mut scratch)
            });
        });
    }
}

criterion_group!(parts, scan, lookup, merge, decode, encode);
criterion_main!(parts);
