//! What is measured besides passes over text: each message on its own, count and decode, and threads.

use super::{
    LIMIT, Options, WARM,
    child::{self, Outcome},
    corpora::Corpus,
    rivals::Program,
    round::{Results, Sample, middle},
};
use serde_json::Value;
use std::process::Command;

/// Nanoseconds per byte of the messages of 64 bytes and more, in one round.
#[derive(Debug, Clone)]
pub(super) struct Messages {
    pub(super) rival: &'static str,
    pub(super) vocab: &'static str,
    pub(super) pass: &'static str,
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// Runs `mode` once in each round and hands over what it said.
pub(super) fn rounds(
    options: &Options,
    programs: &[&Program],
    command: impl Fn(&Program) -> Command,
    mut said: impl FnMut(&'static str, &[Value]),
) -> Result<(), String> {
    for round in 0..options.rounds {
        for turn in 0..programs.len() {
            let program = programs[(turn + round) % programs.len()];
            if let Outcome::Said(text) = child::run(&mut command(program), LIMIT)? {
                said(program.name, &child::objects(&text)?);
            }
        }
    }
    Ok(())
}

/// Each message on its own.
pub(super) fn messages(
    options: &Options,
    programs: &[&Program],
    vocab: &'static str,
    corpus: &Corpus,
) -> Result<Vec<Messages>, String> {
    eprintln!("{vocab}, {}, each message …", corpus.name);
    let mut all = Vec::new();
    child::pin(child::LAST)?;
    let command = |program: &Program| {
        let mut command = program.command("each", vocab, 1);
        command.arg(&corpus.file).args([corpus.cut, "1", "0"]);
        command
    };
    rounds(options, programs, command, |rival, objects| {
        for object in objects {
            let of = |field: &str| object[field].as_f64().unwrap_or_default();
            let pass = if object["pass"] == "first" { "first" } else { "warm" };
            all.push(Messages { rival, vocab, pass, p50: of("p50"), p99: of("p99") });
        }
    })?;
    child::pin(None)?;
    Ok(all)
}

/// Encode, count and decode in turns.
pub(super) fn parts(
    options: &Options,
    programs: &[&Program],
    vocab: &'static str,
    corpus: &Corpus,
) -> Result<Vec<Sample>, String> {
    eprintln!("{vocab}, {}, count and decode …", corpus.name);
    let mut samples = Vec::new();
    child::pin(child::LAST)?;
    let command = |program: &Program| {
        let mut command = program.command("parts", vocab, 1);
        command.arg(&corpus.file).arg(corpus.cut);
        command.args([WARM, options.seconds].map(|number| number.to_string()));
        command
    };
    rounds(options, programs, command, |rival, objects| {
        for pass in ["encode", "count", "decode"] {
            samples.extend(sample(rival, vocab, corpus, pass, pass, objects, "cpu_ns"));
        }
    })?;
    child::pin(None)?;
    Ok(samples)
}

/// The first text of a process, in one round.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) rival: &'static str,
    pub(super) vocab: &'static str,
    pub(super) corpus: String,
    pub(super) ns_per_byte: f64,
    /// Of the whole text, later.
    pub(super) steady: f64,
    pub(super) faults: f64,
}

/// The first 4 KiB after the load.
pub(super) fn heads(
    options: &Options,
    programs: &[&Program],
    vocab: &'static str,
    corpus: &Corpus,
) -> Result<Vec<Head>, String> {
    eprintln!("{vocab}, {}, the first 4 KiB …", corpus.name);
    let mut heads = Vec::new();
    child::pin(child::LAST)?;
    let command = |program: &Program| {
        let mut command = program.command("head", vocab, 1);
        command.arg(&corpus.file).arg(corpus.cut).arg(options.seconds.to_string());
        command
    };
    rounds(options, programs, command, |rival, objects| {
        for object in objects {
            let of = |field: &str| object[field].as_f64().unwrap_or_default();
            heads.push(Head {
                rival,
                vocab,
                corpus: corpus.name.clone(),
                ns_per_byte: of("ns_per_byte"),
                steady: of("steady_ns_per_byte"),
                faults: of("faults"),
            });
        }
    })?;
    child::pin(None)?;
    Ok(heads)
}

/// Twice the text: the time should be twice as long.
pub(super) fn twice(
    options: &Options,
    programs: &[&Program],
    vocab: &'static str,
    corpus: &Corpus,
) -> Result<Vec<Sample>, String> {
    let mut samples = Vec::new();
    child::pin(child::LAST)?;
    let command = |program: &Program| {
        let mut command = program.command("speed", vocab, 1);
        command.arg(&corpus.file).arg("twice");
        command.args([WARM, options.seconds].map(|number| number.to_string()));
        command
    };
    rounds(options, programs, command, |rival, objects| {
        samples.extend(sample(rival, vocab, corpus, "twice", "warm", objects, "cpu_ns"));
    })?;
    child::pin(None)?;
    Ok(samples)
}

/// The median of a program's passes of one name.
pub(super) fn sample(
    rival: &'static str,
    vocab: &'static str,
    corpus: &Corpus,
    pass: &'static str,
    name: &str,
    objects: &[Value],
    clock: &str,
) -> Option<Sample> {
    let number = |object: &Value, field: &str| object[field].as_u64().unwrap_or_default();
    let passes = objects.iter().filter(|object| object["pass"] == name);
    let speed =
        |object: &Value| number(object, "bytes") as f64 * 1e3 / number(object, clock).max(1) as f64;
    let speeds: Vec<f64> = passes.clone().map(speed).collect();
    let bytes = passes.map(|object| number(object, "bytes")).min()?;
    let corpus = corpus.name.clone();
    Some(Sample { rival, vocab, corpus, pass, mb_per_s: middle(&speeds)?, bytes })
}

/// How long two processes encode side by side.
const SECONDS: &str = "1";

/// Two threads, wall time: the library's own batch and long-text calls, threads that share the
/// tokenizer, and what two processes reach together at the same time.
pub(super) fn threads(
    options: &Options,
    programs: &[&Program],
    vocab: &'static str,
    corpus: &Corpus,
    results: &mut Results,
) -> Result<(), String> {
    eprintln!("{vocab}, {}, two threads …", corpus.name);
    for round in 0..options.rounds {
        for turn in 0..programs.len() {
            let program = programs[(turn + round) % programs.len()];
            let command = |mode, threads, rest: &[&str]| {
                let mut command = program.command(mode, vocab, threads);
                command.arg(&corpus.file).arg(corpus.cut).args(rest);
                command
            };
            let paced = || command("paced", 1, &[SECONDS]);
            if let Some(both) = child::pair(paced, LIMIT)? {
                let mut sum: Option<Sample> = None;
                for said in &both {
                    let objects = child::objects(said)?;
                    let new =
                        sample(program.name, vocab, corpus, "two", "paced", &objects, "wall_ns");
                    sum = match (sum, new) {
                        (Some(sum), Some(new)) => {
                            Some(Sample { mb_per_s: sum.mb_per_s + new.mb_per_s, ..sum })
                        }
                        (None, new) => new,
                        (_, None) => None,
                    };
                }
                results.samples.extend(sum);
            }
            let mut threaded = command("threads", 2, &[&WARM.to_string(), "2"]);
            if let Outcome::Said(said) = child::run(&mut threaded, LIMIT)? {
                let objects = child::objects(&said)?;
                for pass in ["batch", "long", "threads"] {
                    let name = program.name;
                    let new = sample(name, vocab, corpus, pass, pass, &objects, "wall_ns");
                    results.samples.extend(new);
                }
                if objects.iter().any(|object| object["failed"].as_u64() != Some(0)) {
                    results.failures.push(format!(
                        "{}, {vocab}, {}: other ids with two threads than with one",
                        program.name, corpus.name
                    ));
                }
            }
        }
    }
    Ok(())
}
