//! From process start to first id: comptok with cl100k_base baked in, an empty program, and other
//! libraries with the same vocabulary.

use super::{
    cargo, folder,
    measure::{Cost, median, run as measure},
    succeed, verdict,
};
use crate::generate::root;
use std::{fs, path::Path, process::Command};

const ROUNDS: usize = 31;
const TEXT: &str = "hello world";
const FIRST_ID: &str = "15339";

/// Name, program, and whether it loads a tokenizer.json.
const PROGRAMS: [(&str, &str, bool); 6] = [
    ("empty program", "empty", false),
    ("comptok, baked in", "comptok", false),
    ("splintr 0.22.0", "splintr", false),
    ("bpe-openai 0.3.2", "bpe_openai", false),
    ("tiktoken-rs 0.12.1", "tiktoken_rs", false),
    ("tokenizers 0.23.2, tokenizer.json", "tokenizers", true),
];

pub(super) fn run() -> Result<(), String> {
    let target = folder("peers");
    let manifest = root().join("bench-peers").join("Cargo.toml");
    let mut build = cargo(&target, "build");
    eprintln!("building bench-peers …");
    succeed(build.args(["--release", "--manifest-path"]).arg(manifest))?;
    // In a process of its own: this one has to stay small, see `Cost::peak_kib`.
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    succeed(Command::new(this).args(["bench", "startup", "--prepare"]))?;

    let programs = target.join("release");
    let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); PROGRAMS.len()];
    // The first round brings the files into memory and is not counted.
    for round in 0..=ROUNDS {
        for turn in 0..PROGRAMS.len() {
            let number = (turn + round) % PROGRAMS.len();
            let (_, program, file) = PROGRAMS[number];
            let mut command = Command::new(programs.join(program));
            command.arg(TEXT);
            if file {
                command.arg(target.join("cl100k_base.json"));
            }
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
    for ((name, program, _), costs) in PROGRAMS.iter().zip(&costs) {
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
    let (mut first, mut steady) = (Vec::new(), Vec::new());
    for _ in 0..9 {
        let line = succeed(Command::new(programs.join("first_text")).arg(&text))?;
        let mut numbers = line.split(' ').map(str::parse::<f64>);
        let (Some(Ok(cold)), Some(Ok(warm))) = (numbers.next(), numbers.next()) else {
            return Err(format!("first_text printed {line:?}"));
        };
        first.push((cold * 1e3) as u64);
        steady.push((warm * 1e3) as u64);
    }
    let [first, steady] = [first, steady].map(|all| median(all).unwrap_or_default() as f64 / 1e3);
    let ratio = first / steady;
    println!(
        "\nThe first 4 KiB of english after the start: {first:.1} ns/byte, {ratio:.1} times the \
         steady {steady:.2} ns/byte."
    );
    if ratio > 6.0 {
        too_much.push(format!("the first 4 KiB take {ratio:.1} times as long, not 6"));
    }
    Ok(())
}

/// Writes the tokenizer.json of cl100k_base for those who load it.
pub(super) fn prepare() -> Result<(), String> {
    use comptok_bake::{bundled::Bundled, read, write};
    let bundled = Bundled::by_name("cl100k_base").ok_or("it is bundled")?;
    let bytes = fs::read(root().join("vocab").join(bundled.file)).map_err(|e| e.to_string())?;
    let special_tokens = bundled.special_tokens();
    let options =
        read::Options { pattern: bundled.pattern.map(Into::into), special_tokens: &special_tokens };
    let spec = read::read(&bytes, options).map_err(|error| error.in_file(bundled.file))?.spec;
    let json = write::tokenizer_json(&spec).map_err(|error| error.to_string())?;
    let path = folder("peers").join("cl100k_base.json");
    fs::write(&path, json).map_err(|error| format!("{}: {error}", path.display()))
}
