//! What is measured besides passes over text: each message on its own, count and decode, and threads.

use super::{
    LIMIT, WARM,
    child::{self, Outcome},
    round::{Results, Sample},
    setting::{About, Setting},
};

/// Nanoseconds per byte of the messages of 64 bytes and more, in one round.
#[derive(Debug, Clone)]
pub(super) struct Messages {
    pub(super) about: About,
    pub(super) pass: &'static str,
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// Each message on its own.
pub(super) fn messages(setting: Setting<'_>) -> Result<Vec<Messages>, String> {
    setting.announce("each message");
    let mut all = Vec::new();
    setting.rounds("each", &["1", "0"], |rival, objects| {
        for object in objects {
            let of = |field: &str| object[field].as_f64().unwrap_or_default();
            let pass = if object["pass"] == "first" { "first" } else { "warm" };
            let about = setting.about(rival);
            all.push(Messages { about, pass, p50: of("p50"), p99: of("p99") });
        }
    })?;
    Ok(all)
}

/// Encode, count and decode in turns.
pub(super) fn parts(setting: Setting<'_>) -> Result<Vec<Sample>, String> {
    setting.announce("count and decode");
    let mut samples = Vec::new();
    setting.rounds(
        "parts",
        &setting.passes().each_ref().map(String::as_str),
        |rival, objects| {
            for pass in ["encode", "count", "decode"] {
                samples.extend(setting.sample(rival, pass, pass, objects, "cpu_ns"));
            }
        },
    )?;
    Ok(samples)
}

/// The first text of a process, in one round.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) about: About,
    pub(super) ns_per_byte: f64,
    /// Of the whole text, later.
    pub(super) steady: f64,
    pub(super) faults: f64,
}

/// The first 4 KiB after the load.
pub(super) fn heads(setting: Setting<'_>) -> Result<Vec<Head>, String> {
    setting.announce("the first 4 KiB");
    let mut heads = Vec::new();
    setting.rounds("head", &[&setting.options.seconds.to_string()], |rival, objects| {
        for object in objects {
            let of = |field: &str| object[field].as_f64().unwrap_or_default();
            heads.push(Head {
                about: setting.about(rival),
                ns_per_byte: of("ns_per_byte"),
                steady: of("steady_ns_per_byte"),
                faults: of("faults"),
            });
        }
    })?;
    Ok(heads)
}

/// Twice the text: the time should be twice as long.
pub(super) fn twice(setting: Setting<'_>) -> Result<Vec<Sample>, String> {
    let mut samples = Vec::new();
    let passes = setting.passes();
    setting.rounds_cut(
        "speed",
        "twice",
        &passes.each_ref().map(String::as_str),
        |rival, objects| {
            samples.extend(setting.sample(rival, "twice", "warm", objects, "cpu_ns"));
        },
    )?;
    Ok(samples)
}

/// How long two processes encode side by side.
const SECONDS: &str = "1";

/// Two threads, wall time: the library's own batch and long-text calls, threads that share the
/// tokenizer, and what two processes reach together at the same time.
pub(super) fn threads(setting: Setting<'_>, results: &mut Results) -> Result<(), String> {
    setting.announce("two threads");
    for round in 0..setting.options.rounds {
        for program in setting.turns(round) {
            let sample = |pass, name, said: &str| {
                let objects = child::objects(said)?;
                Ok::<_, String>(setting.sample(program.name, pass, name, &objects, "wall_ns"))
            };
            let paced = || setting.command(program, "paced", 1, &[SECONDS]);
            if let Some([one, other]) = child::pair(paced, LIMIT)? {
                let both = sample("two", "paced", &one)?.zip(sample("two", "paced", &other)?);
                results.samples.extend(
                    both.map(|(one, other)| Sample {
                        mb_per_s: one.mb_per_s + other.mb_per_s,
                        ..one
                    }),
                );
            }
            let mut threaded = setting.command(program, "threads", 2, &[&WARM.to_string(), "2"]);
            if let Outcome::Said(said) = child::run(&mut threaded, LIMIT)? {
                for pass in ["batch", "long", "threads"] {
                    results.samples.extend(sample(pass, pass, &said)?);
                }
                let objects = child::objects(&said)?;
                if objects.iter().any(|object| object["failed"].as_u64() != Some(0)) {
                    results.failures.push(format!(
                        "{}, {}, {}: other ids with two threads than with one",
                        program.name, setting.vocab, setting.corpus.name
                    ));
                }
            }
        }
    }
    Ok(())
}
