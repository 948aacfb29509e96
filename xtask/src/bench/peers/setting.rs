//! One vocabulary and one corpus, and the libraries that are measured with them, in turns.

use super::{
    LIMIT, Options, WARM,
    child::{self, Outcome},
    corpora::Corpus,
    rivals::Program,
    round::{Sample, middle},
};
use serde_json::Value;
use std::process::Command;

/// What a number is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct About {
    pub(super) rival: &'static str,
    pub(super) vocab: &'static str,
    pub(super) corpus: String,
}

impl About {
    pub(super) fn is(&self, rival: &str, vocab: &str, corpus: &Corpus) -> bool {
        (self.rival, self.vocab, &self.corpus) == (rival, vocab, &corpus.name)
    }
}

/// What is measured together.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) options: &'a Options,
    pub(super) programs: &'a [&'a Program],
    pub(super) vocab: &'static str,
    pub(super) corpus: &'a Corpus,
}

impl<'a> Setting<'a> {
    /// With these libraries only.
    pub(super) fn of(self, programs: &'a [&'a Program]) -> Self {
        Self { programs, ..self }
    }

    pub(super) fn about(&self, rival: &'static str) -> About {
        About { rival, vocab: self.vocab, corpus: self.corpus.name.clone() }
    }

    /// Tells the person who waits.
    pub(super) fn announce(&self, what: &str) {
        eprintln!("{}, {}, {what} …", self.vocab, self.corpus.name);
    }

    /// Runs a mode over the corpus, cut as it says.
    pub(super) fn command(
        &self,
        program: &Program,
        mode: &str,
        threads: usize,
        rest: &[&str],
    ) -> Command {
        self.command_cut(program, mode, threads, self.corpus.cut, rest)
    }

    fn command_cut(
        &self,
        program: &Program,
        mode: &str,
        threads: usize,
        cut: &str,
        rest: &[&str],
    ) -> Command {
        let mut command = program.command(mode, self.vocab, threads);
        command.arg(&self.corpus.file).arg(cut).args(rest);
        command
    }

    /// The libraries in the order of a round, which moves on from one to the next.
    pub(super) fn turns(&self, round: usize) -> impl Iterator<Item = &'a Program> {
        let programs = self.programs;
        (0..programs.len()).map(move |turn| programs[(turn + round) % programs.len()])
    }

    /// What follows the corpus in modes with warm passes: their number, and after how many seconds a pass ends.
    pub(super) fn passes(&self) -> [String; 2] {
        [WARM, self.options.seconds].map(|number| number.to_string())
    }

    /// Runs `mode` once in each round, on one processor, and hands over what it said.
    pub(super) fn rounds(
        &self,
        mode: &str,
        rest: &[&str],
        said: impl FnMut(&'static str, &[Value]),
    ) -> Result<(), String> {
        self.rounds_cut(mode, self.corpus.cut, rest, said)
    }

    /// As [`Self::rounds`], with another cut.
    pub(super) fn rounds_cut(
        &self,
        mode: &str,
        cut: &str,
        rest: &[&str],
        mut said: impl FnMut(&'static str, &[Value]),
    ) -> Result<(), String> {
        child::pin(child::LAST)?;
        for round in 0..self.options.rounds {
            for program in self.turns(round) {
                let mut command = self.command_cut(program, mode, 1, cut, rest);
                if let Outcome::Said(text) = child::run(&mut command, LIMIT)? {
                    said(program.name, &child::objects(&text)?);
                }
            }
        }
        child::pin(None)
    }

    /// The median of a program's passes of one name.
    pub(super) fn sample(
        &self,
        rival: &'static str,
        pass: &'static str,
        name: &str,
        objects: &[Value],
        clock: &str,
    ) -> Option<Sample> {
        let number = |object: &Value, field: &str| object[field].as_u64().unwrap_or_default();
        let passes = objects.iter().filter(|object| object["pass"] == name);
        let speed = |object: &Value| {
            number(object, "bytes") as f64 * 1e3 / number(object, clock).max(1) as f64
        };
        let speeds: Vec<f64> = passes.clone().map(speed).collect();
        let bytes = passes.map(|object| number(object, "bytes")).min()?;
        Some(Sample { about: self.about(rival), pass, mb_per_s: middle(&speeds)?, bytes })
    }
}
