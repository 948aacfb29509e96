//! Rounds: every library once in each, in an order that moves on.

use super::{
    super::measure::{self, median},
    LIMIT, Options,
    check::Check,
    child::{self, Outcome},
    corpora::Corpus,
    full::{Full, Load},
    more::{Head, Messages},
    rivals::Program,
    setting::{About, Setting},
};
use serde_json::Value;

/// Everything measured.
#[derive(Debug, Default)]
pub(super) struct Results {
    pub(super) checks: Vec<Check>,
    pub(super) samples: Vec<Sample>,
    pub(super) messages: Vec<Messages>,
    pub(super) heads: Vec<Head>,
    pub(super) memory: Vec<Memory>,
    pub(super) starts: Vec<Start>,
    pub(super) loads: Vec<Load>,
    pub(super) fulls: Vec<Full>,
    /// What failed although the ids could be had.
    pub(super) failures: Vec<String>,
}

/// One pass of one round.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) about: About,
    /// `first` or `warm`; of other measurements, their names.
    pub(super) pass: &'static str,
    pub(super) mb_per_s: f64,
    /// How much of the text was encoded.
    pub(super) bytes: u64,
}

/// Memory in one round.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    pub(super) about: About,
    pub(super) heap_bytes: u64,
    pub(super) anonymous_kib: u64,
    pub(super) peak_kib: u64,
    /// The peak of the first pass over what was resident before it, without pages of files.
    pub(super) extra_kib: u64,
    /// How many ids that pass found.
    pub(super) ids: u64,
}

/// From the start of the process to its end, after one short text.
#[derive(Debug, Clone)]
pub(super) struct Start {
    pub(super) rival: &'static str,
    pub(super) vocab: &'static str,
    pub(super) ms: f64,
    pub(super) faults: u64,
    pub(super) peak_kib: u64,
}

/// What some rounds come to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Speed {
    /// The median.
    pub(super) mb_per_s: f64,
    pub(super) rounds: usize,
    /// How much of the text was encoded.
    pub(super) bytes: u64,
    /// The slowest and the fastest round.
    pub(super) spread: [f64; 2],
}

impl Results {
    /// Those that are not hopelessly slow; where no speed was measured, all.
    pub(super) fn worthwhile<'p>(&self, setting: Setting<'p>) -> Vec<&'p Program> {
        let Setting { programs, vocab, corpus, .. } = setting;
        let warm = |program: &Program| {
            let speed = self.speed(program.name, vocab, corpus, "warm");
            speed.map_or(0.0, |speed| speed.mb_per_s)
        };
        let best = programs.iter().map(|program| warm(program)).fold(0.0, f64::max);
        let keep =
            |program: &&&Program| program.name == "comptok" || warm(program) >= best * HOPELESS;
        programs.iter().filter(keep).copied().collect()
    }

    /// The median over the rounds.
    pub(super) fn speed(
        &self,
        rival: &str,
        vocab: &str,
        corpus: &Corpus,
        pass: &str,
    ) -> Option<Speed> {
        let of = |sample: &&Sample| sample.about.is(rival, vocab, corpus) && sample.pass == pass;
        let samples: Vec<&Sample> = self.samples.iter().filter(of).collect();
        let speeds: Vec<f64> = samples.iter().map(|sample| sample.mb_per_s).collect();
        let bytes = samples.iter().map(|sample| sample.bytes).min()?;
        let spread = [f64::INFINITY, 0.0];
        let spread = speeds.iter().fold(spread, |[a, b], speed| [a.min(*speed), b.max(*speed)]);
        Some(Speed { mb_per_s: middle(&speeds)?, rounds: speeds.len(), bytes, spread })
    }
}

/// The median.
pub(super) fn middle(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// A rival slower than this share of the fastest is not run again after the first round.
const HOPELESS: f64 = 0.1;

/// First and later passes over a corpus.
pub(super) fn speed(setting: Setting<'_>, results: &mut Results) -> Result<(), String> {
    let mut programs = setting.programs.to_vec();
    let passes = setting.passes();
    let passes = passes.each_ref().map(String::as_str);
    child::pin(child::LAST)?;
    for round in 0..setting.options.rounds {
        setting.announce(&format!("round {} of {}", round + 1, setting.options.rounds));
        for program in setting.of(&programs).turns(round) {
            let mut command = setting.command(program, "speed", 1, &passes);
            match child::run(&mut command, LIMIT)? {
                Outcome::Said(said) => read_speed(&said, &setting.about(program.name), results)?,
                Outcome::Unsupported => {}
                Outcome::Failed(why) => results.failures.push(format!(
                    "{}, {}, {}: {why}",
                    program.name, setting.vocab, setting.corpus.name
                )),
            }
        }
        if round == 0 {
            programs = results.worthwhile(setting);
        }
    }
    child::pin(None)
}

fn read_speed(said: &str, about: &About, results: &mut Results) -> Result<(), String> {
    let number = |object: &Value, field: &str| object[field].as_u64().unwrap_or_default();
    let (mut first, mut warm, mut ids) = (None, Vec::new(), 0);
    for object in child::objects(said)? {
        let bytes = number(&object, "bytes");
        let speed = bytes as f64 * 1e3 / number(&object, "cpu_ns").max(1) as f64;
        match object["pass"].as_str() {
            Some("first") => (first, ids) = (Some((speed, bytes)), number(&object, "ids")),
            Some("warm") => warm.push(speed),
            _ => results.memory.push(Memory {
                about: about.clone(),
                heap_bytes: number(&object, "heap_bytes"),
                anonymous_kib: number(&object, "anonymous_kib"),
                peak_kib: number(&object, "peak_kib"),
                extra_kib: number(&object, "extra_kib"),
                ids,
            }),
        }
    }
    let (first, bytes) = first.ok_or("no first pass")?;
    let warm = middle(&warm).ok_or("no warm pass")?;
    for (pass, mb_per_s) in [("first", first), ("warm", warm)] {
        results.samples.push(Sample { about: about.clone(), pass, mb_per_s, bytes });
    }
    Ok(())
}

/// Start-up to the first id, for each library that has the vocabulary.
pub(super) fn starts(
    options: &Options,
    programs: &[Program],
    vocab: &'static str,
) -> Result<Vec<Start>, String> {
    eprintln!("starting up, {vocab} …");
    let mut starts = Vec::new();
    let mut programs: Vec<&Program> = programs.iter().filter(|program| program.timed).collect();
    // The first round brings the files into memory and is not counted.
    for round in 0..=options.rounds {
        let mut there = Vec::new();
        for turn in 0..programs.len() {
            let program = programs[(turn + round) % programs.len()];
            let mut command = program.command("start", vocab, 1);
            command.arg("hello world").stderr(std::process::Stdio::null());
            let cost = measure::run(&mut command)?;
            if !cost.status.success() {
                continue;
            }
            there.push(program.name);
            if round > 0 {
                starts.push(Start {
                    rival: program.name,
                    vocab,
                    ms: cost.time.as_secs_f64() * 1e3,
                    faults: cost.faults,
                    peak_kib: cost.peak_kib,
                });
            }
        }
        programs.retain(|program| there.contains(&program.name));
    }
    Ok(starts)
}

/// The medians of some starts: milliseconds, page faults, peak in KiB.
pub(super) fn typical(starts: &[&Start]) -> Option<(f64, u64, u64)> {
    let ms: Vec<f64> = starts.iter().map(|start| start.ms).collect();
    let faults = median(starts.iter().map(|start| start.faults))?;
    Some((middle(&ms)?, faults, median(starts.iter().map(|start| start.peak_kib))?))
}
