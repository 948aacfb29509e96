//! The project's own chores: `cargo xtask help`.

mod bench;
mod fingerprints;
mod fuzz;
mod generate;
mod licences;
mod nfc;
mod oracle;
mod properties;
mod tables;
mod train;
mod unicode;
mod vocab;

use std::process::ExitCode;

/// Name, what it does, and the function that does it.
type Chore = (&'static str, &'static str, fn(&[String]) -> Result<(), String>);

const CHORES: &[Chore] = &[
    (
        "bench",
        "measures: build, instructions, limits, models, peers, size, startup or train",
        bench::run,
    ),
    ("drawn", "drawn tokenizers beside the references, for minutes [SEED]", oracle::drawn),
    ("fingerprints", "writes vocab/fingerprints.csv; --check compares instead", fingerprints::run),
    ("fuzz", "runs each fuzz target for a minute, or for [SECONDS]", fuzz::run),
    ("parity", "ids beside the references', docs/parity.md [--full]", oracle::parity),
    ("golden", "writes tests/golden from the references", oracle::golden),
    ("licences", "of all dependencies, against deny.toml", licences::run),
    ("nfc", "writes the NFC tables, tok-core/src/unicode/nfc_tables.rs", |_| nfc::write()),
    ("properties", "writes tok-bake/src/bake/dfa/properties.rs", |_| properties::write()),
    ("scripts", "writes the scripts, tok-core/src/unicode/scripts.rs", oracle::scripts),
    ("tables", "writes the code point sets and maps, unicode/code_points.rs", |_| tables::write()),
    ("train", "the trainers beside rustbpe from PyPI, or five runs of Unigram", train::run),
    ("unicode", "writes the class tables, tok-core/src/unicode/classes.rs", |_| unicode::write()),
    ("vocab", "writes the bundled vocabularies, vocab/, from the crate tiktoken-rs", vocab::run),
];

fn main() -> ExitCode {
    if let Some(code) = bench::as_rustc() {
        return code;
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    let wanted = args.first().cloned().unwrap_or_default();
    let Some((_, _, run)) = CHORES.iter().find(|(name, ..)| *name == wanted) else {
        eprintln!("usage: cargo xtask CHORE");
        for (name, about, _) in CHORES {
            eprintln!("  {name:13} {about}");
        }
        return if matches!(&*wanted, "" | "help") { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    };
    match run(args.get(1..).unwrap_or_default()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{wanted}: {message}");
            ExitCode::FAILURE
        }
    }
}
