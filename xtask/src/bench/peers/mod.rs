//! comptok beside other libraries: the same text, in turns, ids compared before any time is taken.
//!
//! Each library has a program of its own (bench-peers/), which prints what it measured; this chore
//! builds the programs, prepares the vocabularies in the forms they read, runs them, and writes
//! tables and charts.

mod chart;
mod check;
mod child;
mod corpora;
mod full;
mod models;
mod more;
mod prepare;
mod reach;
mod report;
mod rivals;
mod round;
mod setting;
mod suite;

use crate::generate::root;
use corpora::Corpus;
pub(super) use prepare::vocabs;
use rivals::{Program, Rival};
use setting::Setting;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use suite::Suite;
pub(super) use suite::{MODELS, PEERS};

/// What to measure.
struct Options {
    suite: &'static Suite,
    corpus: PathBuf,
    vocabs: Vec<&'static str>,
    rivals: Vec<&'static Rival>,
    rounds: usize,
    json: Option<PathBuf>,
    /// Text that a pass does not reach in this time is left out of it.
    seconds: usize,
    /// Names of corpora; empty for all.
    only: Vec<String>,
    measure: Vec<&'static str>,
    /// comptok's kernel, if not the best of this processor.
    tier: Option<String>,
    /// The command, for the report.
    command: String,
}

/// Passes after the first, of which the middle one counts.
const WARM: usize = 3;

/// No program may take longer: one that hangs is a finding, not a reason to stop.
const LIMIT: Duration = Duration::from_secs(120);

impl Options {
    fn parse(suite: &'static Suite, args: &[&str]) -> Result<Self, String> {
        let shared = std::env::var_os("COMPTOK_SHARED").map(PathBuf::from);
        let usage = || {
            let measures = suite.measures.join(",");
            format!(
                "usage: cargo xtask bench {} [--corpus DIR] [--vocab NAME,…] [--rivals NAME,…] [--rounds N] \
                 [--json FILE] [--only CORPUS,…] [--seconds N] [--measure {measures}] [--tier NAME]",
                suite.name
            )
        };
        let mut options = Self {
            suite,
            corpus: shared.unwrap_or_else(|| root().join("../shared")).join("corpus"),
            vocabs: suite.vocabs.to_vec(),
            rivals: suite.rivals().collect(),
            rounds: 5,
            json: None,
            seconds: suite.seconds,
            only: suite.only.iter().map(|name| (*name).to_owned()).collect(),
            measure: suite.measures.to_vec(),
            tier: None,
            command: command(suite, args),
        };
        let mut args = args.iter();
        while let Some(&option) = args.next() {
            let value = *args.next().ok_or_else(usage)?;
            let number = || value.parse::<usize>().map_err(|e| format!("{option} {value}: {e}"));
            match option {
                "--corpus" => options.corpus = value.into(),
                "--vocab" => options.vocabs = suite.named_vocabs(value)?,
                "--rivals" => options.rivals = suite.named_rivals(value)?,
                "--rounds" => options.rounds = number()?.max(1),
                "--json" => options.json = Some(value.into()),
                "--only" => options.only = value.split(',').map(str::to_owned).collect(),
                "--measure" => {
                    let find =
                        |name| suite.measures.iter().copied().find(|measure| *measure == name);
                    let chosen: Option<_> = value.split(',').map(find).collect();
                    options.measure = chosen.ok_or_else(usage)?;
                }
                "--tier" => options.tier = Some(value.to_owned()),
                "--seconds" => options.seconds = number()?.max(1),
                _ => return Err(usage()),
            }
        }
        Ok(options)
    }

    fn measures(&self, measure: &str) -> bool {
        self.measure.contains(&measure)
    }
}

/// The command as others can give it: without the places of this machine.
fn command(suite: &Suite, args: &[&str]) -> String {
    let mut command = format!("cargo xtask bench {}", suite.name);
    for pair in args.chunks(2) {
        let path = pair.get(1).is_some_and(|value| Path::new(value).is_absolute());
        if pair[0] != "--json" && !path {
            command += &format!(" {}", pair.join(" "));
        }
    }
    command
}

pub(super) fn run(suite: &'static Suite, args: &[&str]) -> Result<(), String> {
    if args == ["--prepare"] {
        return (suite.prepare)();
    }
    let options = Options::parse(suite, args)?;
    let corpora = Corpus::in_folder(&options.corpus, &options.only)?;
    let programs = rivals::build(&options)?;
    // In a process of its own: this one has to stay small, see `Cost::peak_kib`.
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    super::succeed(std::process::Command::new(this).args(["bench", suite.name, "--prepare"]))?;
    let mut results = round::Results::default();
    for &vocab in &options.vocabs {
        if options.measures("start") {
            results.starts.extend(round::starts(&options, &programs, vocab)?);
        }
        if options.measures("load") {
            results.loads.extend(full::loads(&options, &programs, vocab)?);
        }
        for corpus in &corpora {
            let check = match check::ids(&programs, vocab, corpus) {
                Ok(check) => check,
                // The next one may be better.
                Err(error) => {
                    eprintln!("LEFT OUT, {vocab}, {}: {error}", corpus.name);
                    results.failures.push(error);
                    continue;
                }
            };
            let able: Vec<&Program> =
                programs.iter().filter(|program| program.timed && check.answers(program)).collect();
            results.checks.push(check);
            let setting = Setting { options: &options, programs: &able, vocab, corpus };
            if options.measures("speed") {
                round::speed(setting, &mut results)?;
                if corpus.is_adversarial() {
                    let able = results.worthwhile(setting);
                    results.samples.extend(more::twice(setting.of(&able))?);
                }
            }
            if corpus.is_adversarial() {
                continue;
            }
            if options.measures("full") && corpus.cut == "documents" {
                full::full(setting, &mut results)?;
            }
            let able = results.worthwhile(setting);
            let setting = setting.of(&able);
            if options.measures("head") && corpus.cut == "documents" {
                results.heads.extend(more::heads(setting)?);
            }
            if options.measures("messages") && corpus.cut == "lines" {
                results.messages.extend(more::messages(setting)?);
            }
            if options.measures("parts") && corpus.cut == "documents" {
                results.samples.extend(more::parts(setting)?);
            }
            if options.measures("threads") && corpus.cut != "lines" {
                more::threads(setting, &mut results)?;
            }
        }
    }
    report::write(&options, &corpora, &programs, &results)
}

#[cfg(test)]
mod tests {
    use super::{MODELS, PEERS, command};

    #[test]
    fn the_report_names_no_place_of_this_machine() {
        let args = ["--corpus", "/data", "--rounds", "3", "--json", "out.json", "--only", "chat"];
        assert_eq!(command(&PEERS, &args), "cargo xtask bench peers --rounds 3 --only chat");
        assert_eq!(command(&PEERS, &["--corpus", "here"]), "cargo xtask bench peers --corpus here");
        assert_eq!(command(&MODELS, &[]), "cargo xtask bench models");
    }
}
