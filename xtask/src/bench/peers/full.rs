//! Whole encodings with offsets, and how long loads take.

use super::{
    LIMIT, Options,
    child::{self, Outcome},
    rivals::Program,
    round::{Results, middle},
    setting::{About, Setting},
};

/// One load, in a process of its own, to the first id.
#[derive(Debug, Clone)]
pub(super) struct Load {
    pub(super) rival: &'static str,
    pub(super) vocab: &'static str,
    /// The kind of file; `own` is the library's only one.
    pub(super) from: &'static str,
    pub(super) ms: f64,
}

/// How the whole encodings of a library compare with those of `tokenizers`.
#[derive(Debug, Clone)]
pub(super) struct Full {
    pub(super) about: About,
    pub(super) mb_per_s: f64,
    /// Documents with other ids or offsets, of so many; `None` without the reference.
    pub(super) wrong: Option<(usize, usize)>,
}

/// The library whose encodings count.
const REFERENCE: &str = "tokenizers";

pub(super) fn full(setting: Setting<'_>, results: &mut Results) -> Result<(), String> {
    setting.announce("whole encodings");
    let mut sums: Vec<(&'static str, Vec<String>)> = Vec::new();
    let mut speeds: Vec<(&'static str, f64)> = Vec::new();
    let passes = setting.passes();
    setting.rounds("full", &passes.each_ref().map(String::as_str), |rival, objects| {
        if sums.iter().all(|(known, _)| *known != rival) {
            let all = objects.iter().filter_map(|object| object["sum"].as_str());
            sums.push((rival, all.map(str::to_owned).collect()));
        }
        let new = setting.sample(rival, "full", "full", objects, "cpu_ns");
        speeds.extend(new.map(|new| (rival, new.mb_per_s)));
    })?;
    let right = sums.iter().find(|(rival, _)| *rival == REFERENCE).map(|(_, sums)| sums);
    for (rival, sums) in &sums {
        let mine = speeds.iter().filter(|(name, _)| name == rival).map(|(_, speed)| *speed);
        let Some(mb_per_s) = middle(&mine.collect::<Vec<_>>()) else { continue };
        let wrong = right.map(|right| {
            let pairs = right.iter().zip(sums);
            (pairs.clone().filter(|(right, sum)| right != sum).count(), pairs.count())
        });
        results.fulls.push(Full { about: setting.about(rival), mb_per_s, wrong });
    }
    Ok(())
}

/// Loads of what there is, and of comptok's three ways all that there are.
pub(super) fn loads(
    options: &Options,
    programs: &[Program],
    vocab: &'static str,
) -> Result<Vec<Load>, String> {
    eprintln!("loading {vocab} …");
    let mut loads = Vec::new();
    let mut ways: Vec<(&Program, &'static str)> = Vec::new();
    for program in programs.iter().filter(|program| program.timed) {
        match program.name {
            "comptok" => ways.extend(["json", "model", "ctok"].map(|from| (program, from))),
            _ => ways.push((program, "own")),
        }
    }
    child::pin(child::LAST)?;
    for _ in 0..options.rounds {
        ways.retain(|(program, from)| {
            let mut command = program.command("load", vocab, 1);
            let Ok(Outcome::Said(said)) = child::run(command.arg(from), LIMIT) else {
                return false;
            };
            let nanos = child::objects(&said).ok().and_then(|all| all.first()?["wall_ns"].as_f64());
            loads.extend(nanos.map(|nanos| Load {
                rival: program.name,
                vocab,
                from,
                ms: nanos / 1e6,
            }));
            nanos.is_some()
        });
    }
    child::pin(None)?;
    Ok(loads)
}
