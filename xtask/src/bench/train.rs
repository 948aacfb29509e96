//! Time and memory of training, beside other libraries. Rivals take turns, so that what else the machine does
//! troubles all alike.
//!
//! Time is the shorter of what the clock says and of what the processors worked: where other programs run
//! too, the clock counts theirs.

use super::{
    cargo, folder,
    measure::{median, run as measure},
    succeed,
};
use crate::generate::root;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Package, and version on PyPI.
const RIVALS: [(&str, &str); 5] = [
    ("tokenizers", "0.23.2"),
    ("rustbpe", "0.1.0"),
    ("bpeasy", "0.1.6"),
    ("gigatoken", "0.10.0"),
    ("sentencepiece", "0.2.3"),
];

const OURS: &str = "comptok";

/// A run that is measured.
struct Case {
    name: &'static str,
    model: &'static str,
    size: usize,
    files: &'static [&'static str],
    threads: &'static [usize],
    rivals: &'static [&'static str],
}

const BPE: &[&str] = &["tokenizers", "rustbpe", "bpeasy", "gigatoken", "sentencepiece"];

const CASES: [Case; 3] = [
    Case {
        name: "BPE 32k, english (18 MB)",
        model: "bpe",
        size: 32_000,
        files: &["english"],
        threads: &[1, 2],
        rivals: BPE,
    },
    Case {
        name: "BPE 32k, english + code + multilingual (49 MB)",
        model: "bpe",
        size: 32_000,
        files: &["english", "code", "multilingual"],
        threads: &[1, 2],
        rivals: BPE,
    },
    Case {
        name: "Unigram 8k, english (18 MB)",
        model: "unigram",
        size: 8_000,
        files: &["english"],
        threads: &[1, 2],
        rivals: &["tokenizers", "sentencepiece"],
    },
];

/// `train [ROUNDS]` compares; `train grow` shows how time and memory grow.
pub(super) fn run(args: &[&str]) -> Result<(), String> {
    let corpus = root().join("../shared/corpus");
    if !corpus.is_dir() {
        return Err(format!("{} is absent", corpus.display()));
    }
    let ours = build()?;
    match args {
        ["grow"] => grow(&ours, &corpus),
        [] => compare(&ours, &corpus, 3),
        [rounds] => {
            compare(&ours, &corpus, rounds.parse().map_err(|_| "wanted a number of rounds")?)
        }
        _ => Err("usage: cargo xtask bench train [ROUNDS|grow]".to_owned()),
    }
}

fn build() -> Result<PathBuf, String> {
    let target = folder("train").join("target");
    let mut build = cargo(&target, "build");
    build.current_dir(root()).args(["--release", "--locked", "-p", "comptok-cli"]);
    succeed(&mut build)?;
    Ok(target.join("release/comptok"))
}

/// A Python with the rivals that can be installed.
fn python() -> Result<(PathBuf, Vec<&'static str>), String> {
    let venv = folder("train").join("venv");
    let python = venv.join("bin/python");
    if !python.exists() {
        succeed(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    }
    let mut there = Vec::new();
    for (name, version) in RIVALS {
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", &format!("{name}=={version}")]);
        match succeed(&mut pip) {
            Ok(_) => there.push(name),
            Err(why) => eprintln!("SKIPPED: {name} {version} cannot be installed: {why}"),
        }
    }
    Ok((python, there))
}

/// On so many processors.
fn on_processors(threads: usize, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.arg("-c").arg(format!("0-{}", threads - 1)).arg(program);
    command.env("RAYON_NUM_THREADS", threads.to_string());
    command
}

/// Seconds and MB of one run.
fn once(command: &mut Command) -> Result<(f64, f64), String> {
    let cost = measure(command)?;
    if !cost.status.success() {
        return Err(format!("{command:?}: {}", cost.status));
    }
    let told: Option<f64> = cost.stdout.trim().lines().last().and_then(|line| line.parse().ok());
    let clock = told.unwrap_or(cost.time.as_secs_f64());
    Ok((clock.min(cost.cpu.as_secs_f64()), cost.peak_kib as f64 / 1024.0))
}

fn ours(program: &Path, model: &str, size: usize, threads: usize, files: &[PathBuf]) -> Command {
    let mut command = on_processors(threads, program);
    command.args(["train", "--progress", "none", "--model", model]);
    command.args(["--vocab-size", &size.to_string(), "--threads", &threads.to_string()]);
    command.arg("-o").arg(folder("train").join("out.json")).args(files);
    command
}

fn compare(program: &Path, corpus: &Path, rounds: usize) -> Result<(), String> {
    let (python, there) = python()?;
    eprintln!("SKIPPED: wordchipper-training is a Rust crate and has no runner here");
    let script = root().join("xtask/src/bench/train.py");
    for Case { name, model, size, files, threads, rivals } in CASES {
        let files: Vec<PathBuf> =
            files.iter().map(|file| corpus.join(format!("{file}.txt"))).collect();
        for &threads in threads {
            let mut names = vec![OURS];
            names.extend(rivals.iter().filter(|rival| there.contains(rival)));
            let mut found: Vec<Vec<(f64, f64)>> = vec![Vec::new(); names.len()];
            for _ in 0..rounds {
                for (rival, found) in names.iter().zip(&mut found) {
                    let mut command = match *rival {
                        OURS => ours(program, model, size, threads, &files),
                        rival => {
                            let mut command = on_processors(threads, &python);
                            command.arg(&script).args([rival, model]);
                            command.args([size.to_string(), threads.to_string()]).args(&files);
                            command
                        }
                    };
                    match once(&mut command) {
                        Ok(cost) => found.push(cost),
                        Err(why) => eprintln!("FAILED: {rival}: {why}"),
                    }
                }
            }
            println!("\n{name}, {threads} thread(s), medians of {rounds}:\n");
            println!("| library | s | times ours | MB |\n| --- | ---: | ---: | ---: |");
            let mut base = None;
            for (rival, found) in names.iter().zip(found) {
                let millis = |value: f64| (value * 1e3) as u64;
                let Some(time) = median(found.iter().map(|cost| millis(cost.0))) else { continue };
                let peak = median(found.iter().map(|cost| cost.1 as u64)).unwrap_or_default();
                let base = *base.get_or_insert(time.max(1));
                let times = time as f64 / base as f64;
                println!("| {rival} | {:.2} | {times:.1} | {peak} |", time as f64 / 1e3);
            }
        }
    }
    Ok(())
}

fn grow(program: &Path, corpus: &Path) -> Result<(), String> {
    let folder = folder("train");
    let read = |name: &str| {
        let path = corpus.join(format!("{name}.txt"));
        fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let all = [read("english")?, read("code")?, read("multilingual")?];
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).map(|()| path).map_err(|error| error.to_string())
    };
    let cut = all[0][..5_000_000].iter().rposition(|byte| *byte == b'\n').unwrap_or_default();
    let both = all.concat();
    let texts = [
        ("english, 5 MB", write("5.txt", &all[0][..=cut])?),
        ("english, 18 MB", corpus.join("english.txt")),
        ("all, 49 MB", write("49.txt", &both)?),
        ("all, repeated to 500 MB", write("500.txt", &both.repeat(10))?),
    ];
    println!(
        "| text | vocabulary | 1 thread, s | 2 threads, s | MB |\n| --- | ---: | ---: | ---: | ---: |"
    );
    let row = |name: &str, path: &PathBuf, size: usize| -> Result<(), String> {
        let files = [path.clone()];
        let one = once(&mut ours(program, "bpe", size, 1, &files))?;
        let two = once(&mut ours(program, "bpe", size, 2, &files))?;
        let peak = one.1.max(two.1);
        println!("| {name} | {size} | {:.2} | {:.2} | {peak:.0} |", one.0, two.0);
        Ok(())
    };
    for (name, path) in &texts {
        row(name, path, 32_000)?;
    }
    for size in [1_000, 4_000, 16_000, 64_000, 128_000] {
        row(texts[2].0, &texts[2].1, size)?;
    }
    let _ = fs::remove_file(&texts[3].1);
    Ok(())
}
