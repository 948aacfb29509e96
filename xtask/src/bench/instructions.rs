//! Instructions for each megabyte, counted by callgrind: the same on a busy machine, so a guard
//! against slowdowns that a clock could not be.

use super::{cargo, folder, succeed};
use crate::generate::{root, write};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const PATH: &str = "benches/baselines/instructions.csv";

/// More than this above the baseline is a regression. Compilers of other versions differ by less.
const TOLERANCE: f64 = 0.03;

const VOCABS: [&str; 2] = ["cl100k", "o200k"];
const CORPORA: [&str; 3] = ["english", "code", "multilingual"];

/// What is counted: a name, the part of the program, and the passes whose counts are subtracted.
const COUNTS: [(&str, &str, [u32; 2]); 4] = [
    ("encode, first", "encode", [0, 1]),
    ("encode, warm", "encode", [1, 2]),
    ("count, warm", "count", [1, 2]),
    ("decode", "decode", [0, 1]),
];

/// A row: vocabulary, corpus, what is counted, and instructions for each byte of text, in millions for
/// each MB.
type Row = (String, f64);

pub(super) fn run(check: bool) -> Result<(), String> {
    if !has_valgrind() {
        eprintln!("SKIPPED, instruction counts: valgrind (a Debian package) is absent");
        return Ok(());
    }
    let Some(corpus) = corpus() else {
        let message = "instruction counts: the corpus in ../shared is absent";
        if std::env::var("CI").as_deref() == Ok("true") {
            return Err(message.to_owned());
        }
        eprintln!("SKIPPED, {message}");
        return Ok(());
    };
    let program = build()?;
    allocations(&program, &corpus)?;
    let rows = count(&program, &corpus)?;
    if check { compare(&rows) } else { write(PATH, &table(&rows)?) }
}

fn build() -> Result<PathBuf, String> {
    let target = folder("peers");
    let mut build = cargo(&target, "build");
    build.args(["--release", "--package", "instructions"]);
    eprintln!("building instructions …");
    succeed(build.current_dir(root().join("bench-peers")))?;
    Ok(target.join("release/instructions"))
}

/// The cache grows from 32 KiB to 2 MiB, each size four times the one before.
const SCRATCH: u64 = (3 << 20) + (1 << 18);

/// A warm encode into a list with room allocates nothing, and a first one no more than the scratch.
fn allocations(program: &Path, corpus: &Path) -> Result<(), String> {
    for vocab in VOCABS {
        for name in CORPORA {
            let file = corpus.join(name).with_extension("txt");
            let said = succeed(Command::new(program).arg(vocab).arg(file).arg("allocations"))?;
            let numbers: Option<Vec<u64>> =
                said.split_whitespace().map(|n| n.parse().ok()).collect();
            let Some(&[calls, bytes, warm, _]) = numbers.as_deref() else {
                return Err(format!("instructions printed {said:?}"));
            };
            eprintln!("{vocab}, {name}: {calls} allocations of {bytes} bytes, then {warm}");
            if warm > 0 || bytes > SCRATCH {
                return Err(format!(
                    "{vocab}, {name}: a first pass may allocate {SCRATCH} bytes, a warm one nothing"
                ));
            }
        }
    }
    Ok(())
}

fn has_valgrind() -> bool {
    let mut valgrind = Command::new("valgrind");
    valgrind.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    valgrind.status().is_ok_and(|status| status.success())
}

fn corpus() -> Option<PathBuf> {
    let shared = std::env::var_os("COMPTOK_SHARED").map(PathBuf::from);
    let corpus = shared.unwrap_or_else(|| root().join("../shared")).join("corpus");
    corpus.is_dir().then_some(corpus)
}

fn count(program: &Path, corpus: &Path) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for vocab in VOCABS {
        for name in CORPORA {
            let file = corpus.join(name).with_extension("txt");
            for (what, part, [less, more]) in COUNTS {
                let run = |passes: u32| callgrind(program, vocab, &file, part, passes);
                let ((less, _), (more, bytes)) = (run(less)?, run(more)?);
                let each = more.saturating_sub(less) as f64 / bytes as f64;
                eprintln!("{vocab}, {name}, {what}: {each:.2} instructions for each byte");
                rows.push((format!("{vocab},{name},\"{what}\""), each));
            }
        }
    }
    Ok(rows)
}

/// Instructions of the whole run, and the bytes of a pass.
fn callgrind(
    program: &Path,
    vocab: &str,
    file: &Path,
    part: &str,
    passes: u32,
) -> Result<(u64, u64), String> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program);
    command.arg(vocab).arg(file).arg(part).arg(passes.to_string());
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected : ")?.1.parse().ok());
    let bytes = String::from_utf8_lossy(&output.stdout).trim().parse().ok();
    match (output.status.success(), collected, bytes) {
        (true, Some(collected), Some(bytes)) => Ok((collected, bytes)),
        _ => Err(format!("{command:?}: {}\n{said}", output.status)),
    }
}

fn rustc() -> Result<String, String> {
    Ok(succeed(Command::new("rustc").arg("--version"))?.trim().to_owned())
}

fn table(rows: &[Row]) -> Result<String, String> {
    let mut out = format!(
        "# @generated by `cargo xtask bench instructions`; {}\n\
         vocabulary,corpus,what,millions of instructions for each MB\n",
        rustc()?
    );
    for (row, each) in rows {
        let _ = writeln!(out, "{row},{each:.2}");
    }
    Ok(out)
}

fn compare(rows: &[Row]) -> Result<(), String> {
    let committed = fs::read_to_string(root().join(PATH)).map_err(|e| format!("{PATH}: {e}"))?;
    if !committed.lines().next().unwrap_or_default().contains(&rustc()?) {
        eprintln!("{PATH} was counted with another rustc");
    }
    let problems = slower(&committed, rows);
    if problems.is_empty() {
        eprintln!("{PATH}: nothing takes more than {:.0} % more instructions", TOLERANCE * 100.0);
        return Ok(());
    }
    Err(format!(
        "{}\nIf that is what it costs, run `cargo xtask bench instructions` and say why in the commit",
        problems.join("\n")
    ))
}

/// What is above its baseline, and what has none.
fn slower(committed: &str, rows: &[Row]) -> Vec<String> {
    let baseline = |row: &str| {
        let line = committed.lines().find_map(|line| line.strip_prefix(row)?.strip_prefix(','))?;
        line.parse::<f64>().ok()
    };
    let mut problems = Vec::new();
    for (row, each) in rows {
        match baseline(row) {
            None => problems.push(format!("{row} is not in the table")),
            Some(old) if *each > old * (1.0 + TOLERANCE) => problems.push(format!(
                "{row}: {each:.2} instructions for each byte, {:.1} % more than {old:.2}",
                (each / old - 1.0) * 100.0
            )),
            Some(old) if *each < old * (1.0 - TOLERANCE) => {
                eprintln!("{row}: {each:.2} instead of {old:.2}, to be written down");
            }
            Some(_) => {}
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_more_than_the_tolerance_is_a_problem() {
        let rows = [("a,b,\"c\"".to_owned(), 10.0), ("a,b,\"d\"".to_owned(), 20.0)];
        let committed = table(&rows).expect("rustc is there");
        assert!(slower(&committed, &rows).is_empty());
        let near = [("a,b,\"c\"".to_owned(), 10.29), ("a,b,\"d\"".to_owned(), 5.0)];
        assert!(slower(&committed, &near).is_empty());
        let far = [("a,b,\"c\"".to_owned(), 10.31), ("x".to_owned(), 1.0)];
        assert_eq!(slower(&committed, &far).len(), 2);
    }
}
