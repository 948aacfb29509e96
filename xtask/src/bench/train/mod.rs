//! Time and memory of training, beside other libraries. Rivals take turns, so that what else the machine does
//! troubles all alike.
//!
//! Time is the shorter of what the clock says and of what the processors worked: where other programs run
//! too, the clock counts theirs.

mod chart;

use super::{
    cargo, folder,
    measure::{median, run as measure},
    succeed,
};
use crate::generate::root;
use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Write as _},
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

/// A crate, with a program of its own in bench-peers.
const WORDCHIPPER: &str = "wordchipper-training";

const OURS: &str = "comptok";

/// A run that is measured.
struct Case {
    /// On the command line and in docs/train.md.
    short: &'static str,
    name: &'static str,
    model: &'static str,
    size: usize,
    files: &'static [&'static str],
    threads: &'static [usize],
    rivals: &'static [&'static str],
}

const BPE: &[&str] =
    &["tokenizers", "rustbpe", "bpeasy", "gigatoken", WORDCHIPPER, "sentencepiece"];

const CASES: [Case; 3] = [
    Case {
        short: "english",
        name: "BPE 32k, english (18 MB)",
        model: "bpe",
        size: 32_000,
        files: &["english"],
        threads: &[1, 2],
        rivals: BPE,
    },
    Case {
        short: "all",
        name: "BPE 32k, english + code + multilingual (49 MB)",
        model: "bpe",
        size: 32_000,
        files: &["english", "code", "multilingual"],
        threads: &[1, 2],
        rivals: BPE,
    },
    Case {
        short: "unigram-8k",
        name: "Unigram 8k, english (18 MB)",
        model: "unigram",
        size: 8_000,
        files: &["english"],
        threads: &[1, 2],
        rivals: &["tokenizers", "sentencepiece"],
    },
];

/// `train [ROUNDS [CASE]]` compares, `train grow` shows how time and memory grow. Both write docs/train.md.
pub(super) fn run(args: &[&str]) -> Result<(), String> {
    const USAGE: &str =
        "usage: cargo xtask bench train [ROUNDS [english|all|unigram-8k|counting] | grow]";
    let corpus = root().join("../shared/corpus");
    if !corpus.is_dir() {
        return Err(format!("{} is absent", corpus.display()));
    }
    let ours = build(&root(), "comptok-cli", "target")?.join("comptok");
    let (rounds, only) = match *args {
        ["grow"] => return grow(&ours, &corpus),
        [] => ("3", None),
        [rounds] => (rounds, None),
        [rounds, case] => (rounds, Some(case)),
        _ => return Err(USAGE.to_owned()),
    };
    let rounds = rounds.parse().map_err(|_| USAGE)?;
    let cases: Vec<Case> =
        CASES.into_iter().filter(|case| only.is_none_or(|only| only == case.short)).collect();
    if !cases.is_empty() {
        compare(&ours, &corpus, rounds, &cases)?;
    }
    match only {
        None | Some("counting") => counting(&ours, &corpus, rounds),
        Some(_) if cases.is_empty() => Err(USAGE.to_owned()),
        Some(_) => Ok(()),
    }
}

/// Builds a package and says where its program is.
fn build(workspace: &Path, package: &str, target: &str) -> Result<PathBuf, String> {
    let target = folder("train").join(target);
    let mut build = cargo(&target, "build");
    build.current_dir(workspace).args(["--release", "--locked", "-p", package]);
    succeed(&mut build)?;
    Ok(target.join("release"))
}

/// Puts `text` between the marks `<!-- NAME -->` and `<!-- /NAME -->` of docs/train.md.
pub(crate) fn write_page(name: &str, text: &str) -> Result<(), String> {
    let path = root().join("docs/train.md");
    let failed = |error| format!("{}: {error}", path.display());
    let page = fs::read_to_string(&path).map_err(failed)?;
    let marks = [format!("<!-- {name} -->\n"), format!("<!-- /{name} -->")];
    let parts = page
        .split_once(&marks[0])
        .and_then(|(head, rest)| rest.split_once(&marks[1]).map(|(_, tail)| (head, tail)));
    let (head, tail) = parts.ok_or_else(|| format!("{}: no marks {name}", path.display()))?;
    fs::write(&path, format!("{head}{}{text}{}{tail}", marks[0], marks[1])).map_err(failed)
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

fn compare(program: &Path, corpus: &Path, rounds: usize, cases: &[Case]) -> Result<(), String> {
    let (python, there) = python()?;
    let script = root().join("xtask/src/bench/train/train.py");
    let wordchipper = build(&root().join("bench-peers"), "trainer-wordchipper", "peers")
        .map(|folder| folder.join("trainer-wordchipper"))
        .inspect_err(|why| eprintln!("SKIPPED: {WORDCHIPPER}: {why}"))
        .ok();
    let is_there =
        |rival: &str| there.contains(&rival) || rival == WORDCHIPPER && wordchipper.is_some();
    for &Case { short, name, model, size, files, threads, rivals } in cases {
        let mut page = String::new();
        let files: Vec<PathBuf> =
            files.iter().map(|file| corpus.join(format!("{file}.txt"))).collect();
        for &threads in threads {
            let mut names = vec![OURS];
            names.extend(rivals.iter().filter(|rival| is_there(rival)));
            let mut found: Vec<Vec<(f64, f64)>> = vec![Vec::new(); names.len()];
            for _ in 0..rounds {
                for (rival, found) in names.iter().zip(&mut found) {
                    let mut command = match *rival {
                        OURS => ours(program, model, size, threads, &files),
                        WORDCHIPPER => {
                            let program = wordchipper.as_deref().unwrap_or(program);
                            let mut command = on_processors(threads, program);
                            command.arg(size.to_string()).args(&files);
                            command
                        }
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
            let head = format!(
                "\n{name}, {threads} thread{}:\n\n\
                 | library | s | times ours | MB |\n| --- | ---: | ---: | ---: |\n",
                if threads == 1 { "" } else { "s" }
            );
            print!("{head}");
            page.push_str(&head);
            let mut base = None;
            for (rival, found) in names.iter().zip(found) {
                let millis = |value: f64| (value * 1e3) as u64;
                let Some(time) = median(found.iter().map(|cost| millis(cost.0))) else { continue };
                let peak = median(found.iter().map(|cost| cost.1 as u64)).unwrap_or_default();
                let base = *base.get_or_insert(time.max(1));
                let times = time as f64 / base as f64;
                let version = RIVALS.iter().find(|(name, _)| name == rival);
                let version = match (*rival, version) {
                    (_, Some((_, version))) => format!(" {version}"),
                    (WORDCHIPPER, _) => " 0.9.2".to_owned(),
                    _ => String::new(),
                };
                let row = format!(
                    "| {rival}{version} | {:.2} | {times:.1} | {peak} |\n",
                    time as f64 / 1e3
                );
                print!("{row}");
                page.push_str(&row);
            }
        }
        write_page(short, page.trim_start())?;
    }
    Ok(())
}

/// How fast words are counted, by the command's own report of its phases.
fn counting(program: &Path, corpus: &Path, rounds: usize) -> Result<(), String> {
    let file = corpus.join("english.txt");
    let bytes = fs::metadata(&file).map_err(|error| error.to_string())?.len();
    let mut page = String::from(
        "Counting alone, english:\n\n| threads | ms | MB/s per thread |\n| ---: | ---: | ---: |\n",
    );
    for threads in [1, 2] {
        let once = || -> Result<u64, String> {
            let mut command = on_processors(threads, program);
            command.args(["train", "--vocab-size", "300", "--progress", "json"]);
            command.args(["--threads", &threads.to_string()]).arg("-o");
            command.arg(folder("train").join("out.json")).arg(&file);
            let report: serde_json::Value =
                serde_json::from_str(&succeed(&mut command)?).map_err(|error| error.to_string())?;
            let seconds = report["seconds"]["count"].as_f64().ok_or("no report")?;
            Ok((seconds * 1e6) as u64)
        };
        let times = (0..rounds.max(3)).map(|_| once()).collect::<Result<Vec<u64>, _>>()?;
        let micros = median(times).unwrap_or(1).max(1) as f64;
        let speed = bytes as f64 / micros / threads as f64;
        page.push_str(&format!("| {threads} | {:.0} | {speed:.0} |\n", micros / 1e3));
    }
    print!("{page}");
    write_page("counting", &page)
}

fn grow(program: &Path, corpus: &Path) -> Result<(), String> {
    let folder = folder("train");
    // Copied piece by piece: a child's largest memory begins with that of its parent.
    let parts = ["english", "code", "multilingual"].map(|name| corpus.join(format!("{name}.txt")));
    let write = |name: &str, parts: &[PathBuf], times: usize| -> io::Result<PathBuf> {
        let path = folder.join(name);
        let mut out = File::create(&path)?;
        for part in parts.iter().cycle().take(parts.len() * times) {
            io::copy(&mut File::open(part)?, &mut out)?;
        }
        Ok(path)
    };
    let lines = || -> io::Result<PathBuf> {
        let path = folder.join("5.txt");
        let mut out = File::create(&path)?;
        let (mut text, mut left) = (BufReader::new(File::open(&parts[0])?), 5_000_000);
        while left > 0 {
            let mut line = Vec::new();
            text.read_until(b'\n', &mut line)?;
            out.write_all(&line)?;
            left -= line.len().clamp(1, left);
        }
        Ok(path)
    };
    let failed = |error: io::Error| format!("{}: {error}", folder.display());
    let texts = [
        ("english, 5 MB", lines().map_err(failed)?),
        ("english, 18 MB", corpus.join("english.txt")),
        ("all, 49 MB", write("49.txt", &parts, 1).map_err(failed)?),
        ("all, repeated to 500 MB", write("500.txt", &parts, 10).map_err(failed)?),
    ];
    let mut page = String::from(
        "| text | vocabulary | 1 thread, s | 2 threads, s | MB |\n| --- | ---: | ---: | ---: | ---: |\n",
    );
    print!("{page}");
    let mut row = |name: &str, path: &PathBuf, size: usize| -> Result<[f64; 3], String> {
        let files = [path.clone()];
        let one = once(&mut ours(program, "bpe", size, 1, &files))?;
        let two = once(&mut ours(program, "bpe", size, 2, &files))?;
        let peak = one.1.max(two.1);
        let row = format!("| {name} | {size} | {:.2} | {:.2} | {peak:.0} |\n", one.0, two.0);
        print!("{row}");
        page.push_str(&row);
        Ok([one.0, two.0, peak])
    };
    let mut by_size = Vec::new();
    for (name, path) in &texts {
        let bytes = fs::metadata(path).map_err(|error| error.to_string())?.len();
        by_size.push((bytes as f64 / 1e6, row(name, path, 32_000)?));
    }
    let mut by_vocab = Vec::new();
    for size in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000] {
        by_vocab.push((size as f64, row(texts[2].0, &texts[2].1, size)?));
    }
    let _ = fs::remove_file(&texts[3].1);
    let charts = root().join("docs/train");
    fs::create_dir_all(&charts).map_err(|error| error.to_string())?;
    let draw = |name: &str, title: &str, axis: &str, rows: &[(f64, [f64; 3])]| {
        let line = |at: usize, name: &str| chart::Line {
            name: name.to_owned(),
            points: rows.iter().map(|(x, values)| (*x, values[at])).collect(),
        };
        let lines = [line(0, "1 thread"), line(1, "2 threads")];
        let svg = chart::lines(title, [axis, "seconds"], &lines);
        fs::write(charts.join(name), svg).map_err(|error| error.to_string())
    };
    draw("text.svg", "BPE of 32k tokens", "MB of text", &by_size)?;
    draw("vocabulary.svg", "BPE on 49 MB of text", "tokens", &by_vocab)?;
    write_page("growth", &page)
}
