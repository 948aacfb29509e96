//! Runs the fuzz targets, with what rustc has: cargo-fuzz need not be there.

use std::{path::Path, process::Command};

const TARGETS: [&str; 5] =
    ["encode", "decode", "read_tokenizer_json", "read_tiktoken", "open_blob"];

/// As cargo-fuzz has them, for the address sanitizer and libFuzzer's counters.
const FLAGS: [&str; 6] = [
    "-Zsanitizer=address",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "--cfg=fuzzing",
];

const HOST: &str = "x86_64-unknown-linux-gnu";

/// Runs each target for so many seconds (60 unless told), with a nightly compiler. An input that fails
/// is left in fuzz/artifacts.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let seconds: u32 = match args.first() {
        Some(seconds) => seconds.parse().map_err(|e| format!("{seconds:?}: {e}"))?,
        None => 60,
    };
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| fuzz.join("target"), Into::into);
    // A target triple keeps the flags from build scripts, which nothing is to be found in.
    let mut build = Command::new("rustup");
    build.args(["run", "nightly", "cargo", "build", "--release", "--target", HOST]);
    build.current_dir(&fuzz).env("RUSTFLAGS", FLAGS.join(" ")).env("CARGO_TARGET_DIR", &target);
    succeed(&mut build, "nightly cargo build")?;
    for name in TARGETS {
        let (corpus, artifacts) =
            (fuzz.join("corpus").join(name), fuzz.join("artifacts").join(name));
        for folder in [&corpus, &artifacts] {
            std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        }
        let mut fuzzer = Command::new(target.join(HOST).join("release").join(name));
        fuzzer.arg(&corpus).arg(format!("-artifact_prefix={}/", artifacts.display()));
        fuzzer.args([&*format!("-max_total_time={seconds}"), "-max_len=4096", "-timeout=10"]);
        succeed(&mut fuzzer, name)?;
    }
    Ok(())
}

fn succeed(command: &mut Command, what: &str) -> Result<(), String> {
    let status = command.status().map_err(|e| format!("{what}: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{what}: {status}")) }
}
