//! What the compiler says about mistakes in `include_tokenizer!`.
//!
//! `TRYBUILD=overwrite cargo test --test ui` writes the expectations.

#![cfg(feature = "macros")]

use std::{fs, io, path::Path, process::Command};

/// The wording around our messages is the compiler's, and changes with it.
const COMPILER: &str = "rustc 1.95.";

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &to)?,
            false => drop(fs::copy(entry.path(), &to)?),
        }
    }
    Ok(())
}

#[test]
fn messages() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().expect("rustc runs");
    if !version.stdout.starts_with(COMPILER.as_bytes()) {
        eprintln!("skipped: the expectations are those of {COMPILER}");
        return;
    }
    // Paths begin at the folder of Cargo.toml, and trybuild's own project is elsewhere.
    let project = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../tests/trybuild/comptok");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    copy(&fixtures, &project.join("tests/fixtures")).expect("fixtures are copied");

    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
}
