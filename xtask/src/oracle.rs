//! Chores that run the comparisons in tests/oracle.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The workspace's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// `cargo test` in tests/oracle.
fn test(name: &str) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root().join("tests/oracle"));
    command.args(["test", "--release", "--quiet", "--test", name, "--", "--nocapture"]);
    command
}

/// Compares ids on samples of the corpus, or with `--full` on all of it, and writes the table of
/// docs/parity.md.
pub(crate) fn parity(args: &[String]) -> Result<(), String> {
    let full = args.iter().any(|argument| argument == "--full");
    let mut command = test("parity");
    if full {
        command.env("COMPTOK_FULL", "1");
    }
    let output = command.stderr(Stdio::inherit()).output().map_err(|e| format!("cargo: {e}"))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let mut rows: Vec<&str> = printed
        .lines()
        // A test that runs beside others is printed on one line with their progress.
        .filter_map(|line| line.find("| ").map(|at| &line[at..]))
        .filter(|row| row.ends_with(" |"))
        .collect();
    rows.sort_unstable();
    if !output.status.success() {
        return Err(format!("the comparison failed:\n{printed}"));
    }
    if rows.is_empty() {
        return Err("nothing was compared: ../shared is absent".to_owned());
    }
    let docs = root().join("docs");
    std::fs::create_dir_all(&docs).map_err(|e| format!("{}: {e}", docs.display()))?;
    let file = docs.join("parity.md");
    std::fs::write(&file, page(&rows, full)?).map_err(|e| format!("{}: {e}", file.display()))
}

fn page(rows: &[&str], full: bool) -> Result<String, String> {
    let total = |column: usize| -> Result<u64, String> {
        let mut sum = 0;
        for row in rows {
            let cell = row.split('|').nth(column).unwrap_or_default().trim();
            sum += cell.parse::<u64>().map_err(|e| format!("{row}: {e}"))?;
        }
        Ok(sum)
    };
    let mut page = String::from(
        "# Parity\n\n\
         comptok's ids beside those of the reference libraries, on the same text. Every document is\n\
         encoded twice, with its special tokens matched and with them taken for text; some are put\n\
         in where the text has none. Spans, counts, resumed encodes, truncation and decoded text\n\
         are checked on the way.\n\n",
    );
    let (what, flag) = match full {
        true => ("All of the corpus", " --full"),
        false => ("Seeded samples of the corpus", ""),
    };
    let (bytes, ids, differing) = (total(5)?, total(6)?, total(7)?);
    writeln!(
        page,
        "{what}: {bytes} bytes, {ids} ids, {differing} of them different. \
         Written by `cargo xtask parity{flag}`.\n\n\
         | tokenizer | reference | text | documents | bytes | ids | differing ids |\n\
         |---|---|---|--:|--:|--:|--:|"
    )
    .and_then(|()| rows.iter().try_for_each(|row| writeln!(page, "{row}")))
    .map_err(|e| e.to_string())?;
    Ok(page)
}

/// Draws tokenizers and texts for minutes, others for each seed below 256, and compares them with the references: those
/// whose text is cut into words, those of every kind of step, byte-level BPE, decoders, encodings, and vocabularies of
/// real size.
pub(crate) fn drawn(args: &[String]) -> Result<(), String> {
    let seed = args.first().map_or("7", |seed| seed);
    for (name, cases) in [
        ("drawn_models", "20000"),
        ("pipelines", "10000"),
        ("drawn_bytes", "2000"),
        ("drawn_decoders", "5000"),
        ("drawn_encodings", "5000"),
        ("drawn_vocabs", "100"),
    ] {
        let mut command = test(name);
        command.env("COMPTOK_CASES", cases).env("COMPTOK_SEED", seed);
        let status = command.status().map_err(|e| format!("cargo: {e}"))?;
        if !status.success() {
            return Err(format!("{name}: answers differ"));
        }
    }
    Ok(())
}

/// Writes tests/golden from the reference libraries.
pub(crate) fn golden(_: &[String]) -> Result<(), String> {
    written("golden", "COMPTOK_WRITE_GOLDEN")
}

/// Writes tok-core/src/unicode/scripts.rs from the reference's answers.
pub(crate) fn scripts(_: &[String]) -> Result<(), String> {
    written("scripts", "COMPTOK_WRITE_SCRIPTS")
}

fn written(name: &str, variable: &str) -> Result<(), String> {
    let status = test(name).env(variable, "1").status().map_err(|e| format!("cargo: {e}"))?;
    if status.success() { Ok(()) } else { Err("the references gave no answers".to_owned()) }
}
