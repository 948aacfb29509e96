//! The trainers beside their references, live: rustbpe from PyPI on drawn texts, and Unigram beside five runs
//! of `tokenizers`, each a process of its own, for their hash tables are seeded anew in each.
#![expect(clippy::print_stdout, reason = "the numbers are what it is for")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
};

use comptok_bake::{read::PatternArg, spec::Family};
use comptok_core::{
    model::Random,
    pre_tokenizer::{Kind, Syntax},
};
use comptok_train::{
    Counter, Splitter, Texts,
    bpe::{BpeTrainer, Ties},
};
use serde_json::json;

use crate::bench::{folder, succeed, train::write_page};
use crate::generate::root;

pub(crate) fn run(args: &[String]) -> Result<(), String> {
    match args.iter().map(|arg| &**arg).collect::<Vec<_>>()[..] {
        ["rustbpe"] => rustbpe(300),
        ["rustbpe", cases] => rustbpe(cases.parse().map_err(|_| "wanted a number of cases")?),
        ["unigram"] => unigram(),
        _ => Err("usage: cargo xtask train rustbpe [CASES] | unigram".to_owned()),
    }
}

/// A text of few letters, or of many.
fn text(random: &mut Random) -> String {
    const LETTERS: [&str; 3] = ["ab", "abcde  ", "etaoin shrdlu'st12 .,\n\tÉé中🦀"];
    let letters: Vec<char> = LETTERS[random.below(3)].chars().collect();
    (0..random.below(60)).map(|_| letters[random.below(letters.len())]).collect()
}

fn rustbpe(cases: usize) -> Result<(), String> {
    let mut random = Random::new(11);
    let patterns = ["gpt2", "cl100k", "llama3", "o200k"];
    let mut drawn = Vec::new();
    for _ in 0..cases {
        let texts: Vec<String> = (0..1 + random.below(20)).map(|_| text(&mut random)).collect();
        let size = 256 + random.below(100);
        drawn.push((texts, size, patterns[random.below(4)]));
    }
    let regex = |name: &str| {
        let kind = Kind::from_name(name).unwrap_or(Kind::Gpt2);
        kind.regex_in(Syntax::FancyRegex).join("|")
    };
    let asked: Vec<_> = drawn
        .iter()
        .map(|(texts, size, name)| json!({"texts": texts, "size": size, "pattern": regex(name)}))
        .collect();
    let venv = folder("train").join("venv");
    let python = venv.join("bin/python");
    if !python.exists() {
        succeed(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    }
    succeed(Command::new(&python).args(["-m", "pip", "install", "--quiet", "rustbpe==0.1.0"]))?;
    let mut child = Command::new(&python)
        .arg(root().join("xtask/src/train_rustbpe.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut input = child.stdin.take().ok_or("no pipe")?;
    let asked = serde_json::to_vec(&asked).map_err(|error| error.to_string())?;
    // It reads all before it answers.
    input.write_all(&asked).map_err(|error| error.to_string())?;
    drop(input);
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    let answers: Vec<Vec<String>> =
        serde_json::from_slice(&output.stdout).map_err(|error| format!("rustbpe: {error}"))?;
    let mut tokens = 0;
    for ((texts, size, pattern), wanted) in drawn.iter().zip(&answers) {
        for threads in [1, 2] {
            let named = PatternArg::Named(pattern);
            let fail = |error: comptok_train::TrainError| format!("{texts:?}: {error}");
            let splitter = Splitter::byte_level(named, Family::Tiktoken).map_err(fail)?;
            let mut counter = Counter::new(&splitter).threads(threads);
            counter.count(Texts(texts.iter()), &()).map_err(fail)?;
            let counts = counter.finish(&()).map_err(fail)?;
            let (ties, vocab_size) = (Ties::RustBpe, *size);
            let trainer = BpeTrainer { ties, vocab_size, threads, ..BpeTrainer::default() };
            let found: Vec<String> = match trainer.train(&counts, &()) {
                Ok(trained) => trained.tokens().iter().map(|token| hex(token)).collect(),
                // There the bytes are left, here there is nothing to learn from.
                Err(comptok_train::TrainError::Empty) => {
                    (0..=255u8).map(|byte| hex(&[byte])).collect()
                }
                Err(error) => return Err(fail(error)),
            };
            if found != *wanted {
                return Err(format!("{texts:?}, {size}, {pattern}: {found:?}, wanted {wanted:?}"));
            }
        }
        tokens += wanted.len() - 256;
    }
    if answers.len() != cases || tokens == 0 {
        return Err(format!("{} answers for {cases} cases", answers.len()));
    }
    println!("{cases} drawn texts, {tokens} merges: the ranks are rustbpe's");
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

type Pieces = BTreeMap<String, f64>;

const TEXTS: [(&str, usize, usize); 4] = [
    ("english", 1_000_000, 4000),
    ("english", 4_000_000, 8000),
    ("multilingual", 300_000, 3000),
    ("code", 500_000, 1500),
];

fn unigram() -> Result<(), String> {
    let corpus = root().join("../shared/corpus");
    let oracle = root().join("tests/oracle");
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| oracle.join("target"), PathBuf::from);
    let mut build = Command::new("cargo");
    build.current_dir(&oracle).args(["build", "--release", "--locked", "--example", "unigram"]);
    succeed(&mut build)?;
    let program = target.join("release/examples/unigram");
    let mut page = String::from(
        "| text | pieces | in all five runs | of these not ours | between two runs, at most | \
         from ours to a run, at most | spread of a score, at most | ours outside of it, at most |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    print!("{page}");
    let mut wrong = Vec::new();
    for (name, bytes, size) in TEXTS {
        let file = corpus.join(format!("{name}.txt"));
        let train = |who: &str| pieces(&program, who, &file, bytes, size);
        let runs = (0..5).map(|_| train("reference")).collect::<Result<Vec<_>, _>>()?;
        let ours = train("1")?;
        if train("2")? != ours {
            wrong.push(format!("{name}: two threads give something else"));
        }
        let names = |pieces: &Pieces| pieces.keys().cloned().collect::<BTreeSet<String>>();
        let sets: Vec<BTreeSet<String>> = runs.iter().map(names).collect();
        let agreed: Vec<&String> =
            sets[0].iter().filter(|piece| sets.iter().all(|set| set.contains(*piece))).collect();
        let missing = agreed.iter().filter(|piece| !ours.contains_key(**piece)).count();
        let apart = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.symmetric_difference(b).count();
        let pairs = sets.iter().flat_map(|a| sets.iter().map(move |b| apart(a, b)));
        let between = pairs.max().unwrap_or_default();
        let ours_set = names(&ours);
        let from_ours = sets.iter().map(|set| apart(set, &ours_set)).max().unwrap_or_default();
        let (mut spread, mut outside) = (0.0f64, 0.0f64);
        // Chars that lost their piece have scores by their place in a hash table.
        for piece in agreed.iter().filter(|piece| piece.chars().count() > 1) {
            let Some(score) = ours.get(*piece) else { continue };
            let scores = || runs.iter().map(|run| run[*piece]);
            let (low, high) = scores().fold((f64::MAX, f64::MIN), |(l, h), s| (l.min(s), h.max(s)));
            spread = spread.max(high - low);
            outside = outside.max(low - score).max(score - high);
        }
        let row = format!(
            "| {name}, {} KB | {size} | {} | {missing} | {between} | {from_ours} | {spread:.1e} | {outside:.1e} |\n",
            bytes / 1000,
            agreed.len(),
        );
        print!("{row}");
        page.push_str(&row);
        // The last bits of a score depend on the order of the sums: between ours and theirs as well.
        if missing > 0 || from_ours > between || outside > spread.max(1e-9) {
            wrong.push(row);
        }
    }
    write_page("unigram", &page)?;
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn pieces(
    program: &PathBuf,
    who: &str,
    file: &PathBuf,
    bytes: usize,
    size: usize,
) -> Result<Pieces, String> {
    let mut command = Command::new(program);
    command.arg(who).arg(file).args([bytes.to_string(), size.to_string()]);
    let printed = succeed(&mut command)?;
    let pieces: Vec<(String, f64)> =
        serde_json::from_str(&printed).map_err(|error| error.to_string())?;
    Ok(pieces.into_iter().collect())
}
