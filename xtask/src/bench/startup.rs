//! From process start to first id: comptok with cl100k_base baked in, an empty program, and other
//! libraries with the same vocabulary.

use super::{
    cargo, folder,
    measure::{Cost, median, run as measure},
    succeed, verdict,
};
use crate::generate::root;
use std::{path::Path, process::Command};

const ROUNDS: usize = 31;
const TEXT: &str = "hello world";
const FIRST_ID: &str = "15339";

/// Name, and program.
const PROGRAMS: [(&str, &str); 6] = [
    ("empty program", "empty"),
    ("comptok, baked in", "comptok"),
    ("splintr", "peer-splintr"),
    ("bpe-openai", "peer-bpe-openai"),
    ("tiktoken-rs", "peer-tiktoken-rs"),
    ("tokenizers, tokenizer.json", "peer-tokenizers"),
];

pub(super) fn run() -> Result<(), String> {
    let target = folder("peers");
    let packages = PROGRAMS.iter().filter(|(_, program)| program.starts_with("peer-"));
    for package in packages.map(|(_, program)| *program).chain(["startup"]) {
        eprintln!("building {package} …");
        let mut build = cargo(&target, "build");
        build.args(["--release", "--package", package]);
        succeed(build.current_dir(root().join("bench-peers")))?;
    }
    // In a process of its own: this one has to stay small, see `Cost::peak_kib`.
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    succeed(Command::new(this).args(["bench", "peers", "--prepare"]))?;

    let programs = target.join("release");
    let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); PROGRAMS.len()];
    // The first round brings the files into memory and is not counted.
    for round in 0..=ROUNDS {
        for turn in 0..PROGRAMS.len() {
            let number = (turn + round) % PROGRAMS.len();
            let (_, program) = PROGRAMS[number];
            let mut command = Command::new(programs.join(program));
            if program.starts_with("peer-") {
                command.args(["start", "cl100k"]).arg(super::peers::vocabs());
            }
            command.arg(TEXT);
            let cost = measure(&mut command)?;
            if !cost.status.success() || (program != "empty" && cost.stdout.trim() != FIRST_ID) {
                return Err(format!("{program}: {}, printed {:?}", cost.status, cost.stdout));
            }
            if round > 0 {
                costs[number].push(cost);
            }
        }
    }
    let micros = |costs: &[Cost]| median(costs.iter().map(|cost| cost.time.as_micros()));
    let empty = micros(&costs[0]).unwrap_or_default();
    println!(
        "Process start to exit, first id of {TEXT:?}, medians of {ROUNDS} interleaved rounds:\n"
    );
    println!("| Program | ms | over the empty one, ms | page faults | peak memory, MB |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    let mut too_much = Vec::new();
    for ((name, program), costs) in PROGRAMS.iter().zip(&costs) {
        let time = micros(costs).unwrap_or_default();
        let over = time.saturating_sub(empty);
        let faults = median(costs.iter().map(|cost| cost.faults)).unwrap_or_default();
        let peak = median(costs.iter().map(|cost| cost.peak_kib)).unwrap_or_default();
        let (ms, over_ms) = (time as f64 / 1e3, over as f64 / 1e3);
        println!("| {name} | {ms:.2} | {over_ms:.2} | {faults} | {:.1} |", peak as f64 / 1024.0);
        if *program == "comptok" && over > 1000 {
            too_much.push(format!("comptok starts {over_ms:.2} ms after the empty program, not 1"));
        }
    }
    first_text(&programs, &mut too_much)?;
    verdict(&too_much)
}

/// The first 4 KiB of text after the start, against the whole text once it runs.
fn first_text(programs: &Path, too_much: &mut Vec<String>) -> Result<(), String> {
    let shared = std::env::var_os("COMPTOK_SHARED").map(Into::into);
    let text = shared.unwrap_or_else(|| root().join("../shared")).join("corpus/english.txt");
    if !text.is_file() {
        eprintln!("SKIPPED, the first 4 KiB: {} is absent", text.display());
        return Ok(());
    }
    let kinds = ["", "mapped", "warm"];
    let mut found = kinds.map(|_| [Vec::new(), Vec::new(), Vec::new()]);
    for _ in 0..9 {
        for (kind, found) in kinds.iter().zip(&mut found) {
            let line = succeed(Command::new(programs.join("first_text")).arg(&text).arg(kind))?;
            let numbers: Vec<f64> =
                line.trim().split(' ').map_while(|number| number.parse().ok()).collect();
            if numbers.len() < found.len() {
                return Err(format!("first_text printed {line:?}"));
            }
            for (all, number) in found.iter_mut().zip(numbers) {
                all.push((number * 1e3) as u64);
            }
        }
    }
    let middle = found.map(|of| of.map(|all| median(all).unwrap_or_default() as f64 / 1e3));
    let steady = middle[0][1];
    let what = ["at once", "with every page of the tables read before", "after another 4 KiB"];
    println!(
        "\nThe first 4 KiB of english after the start, beside the steady {steady:.2} ns/byte:\n"
    );
    for (what, [first, _, faults]) in what.iter().zip(middle) {
        let ratio = first / steady;
        println!("- {what}: {first:.1} ns/byte, {ratio:.1} times as long, {faults:.0} page faults");
    }
    let ratio = middle[0][0] / steady;
    if ratio > 4.0 {
        too_much.push(format!("the first 4 KiB take {ratio:.1} times as long, not 4"));
    }
    Ok(())
}
