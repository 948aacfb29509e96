//! What comptok adds to a program, beside its vocabulary.

use super::{cargo, folder, succeed, verdict};
use crate::generate::root;
use comptok_core::{blob::Header, pre_tokenizer::Kind};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const BUDGET: u64 = 400 * 1024;

pub(super) fn run() -> Result<(), String> {
    let target = folder("size");
    let example = build(&target, "examples/count", "count", true)?;
    let empty = build_empty(&target)?;
    let blob = blob_len(&example)?;
    let len = |path: &Path| {
        fs::metadata(path).map(|data| data.len()).map_err(|e| format!("{}: {e}", path.display()))
    };
    let (example_len, empty_len) = (len(&example)?, len(&empty)?);
    let code = example_len.saturating_sub(empty_len).saturating_sub(blob);
    println!("| Release, stripped | bytes |\n| --- | ---: |");
    println!("| examples/count | {example_len} |\n| an empty program | {empty_len} |");
    println!("| the blob | {blob} |\n| comptok's code in the example | {code} |");

    let symbols = build(&target.join("symbols"), "examples/count", "count", false)?;
    let scanners = scanners(&symbols)?;
    println!("\nScanners among its symbols: {}", scanners.join(", "));
    let mut too_much = Vec::new();
    if code > BUDGET {
        too_much.push(format!("the code is {code} bytes, not {BUDGET}"));
    }
    if scanners.len() != 1 {
        too_much.push(format!("{} scanners are linked, not one", scanners.len()));
    }
    verdict(&too_much)
}

/// The program of a package, in release; with symbols, these say the types of generic functions.
fn build(target: &Path, package: &str, program: &str, strip: bool) -> Result<PathBuf, String> {
    let manifest = root().join(package).join("Cargo.toml");
    let mut build = cargo(target, "build");
    build
        .args(["--release", "--manifest-path"])
        .arg(manifest)
        .env("CARGO_PROFILE_RELEASE_STRIP", if strip { "symbols" } else { "none" });
    if !strip {
        build.env("RUSTFLAGS", "-Csymbol-mangling-version=v0");
    }
    eprintln!("building {package} …");
    succeed(&mut build)?;
    Ok(target.join("release").join(program))
}

fn build_empty(target: &Path) -> Result<PathBuf, String> {
    let (source, program) = (target.join("empty.rs"), target.join("empty"));
    fs::write(&source, "fn main() { println!(\"{}\", std::env::args().count()); }\n")
        .map_err(|error| format!("{}: {error}", source.display()))?;
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition=2024", "-Copt-level=3", "-Cstrip=symbols", "-o"]);
    succeed(rustc.arg(&program).arg(&source))?;
    Ok(program)
}

/// The length of the blob in a program, from its header, which stands where its magic is.
fn blob_len(program: &Path) -> Result<u64, String> {
    let bytes = fs::read(program).map_err(|error| format!("{}: {error}", program.display()))?;
    let blobs = bytes.windows(4).enumerate().filter(|(_, bytes)| *bytes == b"CTOK");
    let lens: Vec<u64> = blobs
        .filter_map(|(at, _)| Header::parse(bytes.get(at..)?).ok())
        .map(|header| header.sections.iter().map(|&(offset, len)| u64::from(offset + len)).max())
        .map(Option::unwrap_or_default)
        .collect();
    match lens[..] {
        [len] => Ok(len.next_multiple_of(64)),
        _ => Err(format!("{} holds {} blobs, not one", program.display(), lens.len())),
    }
}

/// The names of the scanners whose code is in a program.
fn scanners(program: &Path) -> Result<Vec<String>, String> {
    let symbols = succeed(Command::new("nm").arg(program))?;
    let types = [
        (Kind::Gpt2, "4Gpt2"),
        (Kind::R50k, "4R50k"),
        (Kind::Cl100k, "6Cl100k"),
        (Kind::Llama3, "6Llama3"),
        (Kind::Qwen2, "5Qwen2"),
        (Kind::Qwen3_5, "7Qwen3_5"),
        (Kind::O200k, "5O200k"),
        (Kind::Tekken, "6Tekken"),
        (Kind::DeepseekV3, "10DeepseekV3"),
        (Kind::Kimi, "4Kimi"),
        (Kind::Clip, "4Clip"),
    ];
    let found = types.into_iter().filter(|(_, mangled)| symbols.contains(mangled));
    Ok(found.map(|(kind, _)| kind.name().to_owned()).collect())
}
