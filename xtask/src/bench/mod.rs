//! Measurements, printed as Markdown tables. A number that misses its budget is an error.
#![expect(clippy::print_stdout, reason = "the tables are what it is for")]

mod build;
mod instructions;
mod limits;
mod measure;
mod peers;
mod size;
mod startup;
pub(crate) mod train;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::generate::root;

pub(crate) use build::as_rustc;

pub(crate) fn run(args: &[String]) -> Result<(), String> {
    match args.iter().map(|arg| &**arg).collect::<Vec<_>>()[..] {
        ["build"] => build::run(),
        ["instructions"] => instructions::run(false),
        ["instructions", "--check"] => instructions::run(true),
        ["limits"] => limits::run(),
        ["size"] => size::run(),
        ["startup"] => startup::run(),
        ["peers", ref rest @ ..] => peers::run(&peers::PEERS, rest),
        ["models", ref rest @ ..] => peers::run(&peers::MODELS, rest),
        ["train", ref rest @ ..] => train::run(rest),
        _ => Err(
            "usage: cargo xtask bench build|instructions|limits|models|peers|size|startup|train"
                .to_owned(),
        ),
    }
}

/// A folder for what measurements build, inside the target folder in use.
pub(crate) fn folder(name: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    target.map_or_else(|| root().join("target"), PathBuf::from).join("bench").join(name)
}

/// A command of `cargo`, building into `target`.
fn cargo(target: &Path, command: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.arg(command).arg("--target-dir").arg(target);
    // What a caller's cargo has set for this program is not for another package.
    cargo.env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS");
    cargo
}

/// Runs a command that must succeed, and gives its standard output.
pub(crate) fn succeed(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr)))
}

/// What was too much, in one error.
fn verdict(too_much: &[String]) -> Result<(), String> {
    if too_much.is_empty() { Ok(()) } else { Err(too_much.join("; ")) }
}
