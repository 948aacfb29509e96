//! `comptok train` at its limits: every model's outputs, memory and disks that are too small, input that is
//! unreadable in the middle.

mod common;

use std::io::Write;

use common::{Dir, comptok};

/// Lines with words that repeat.
fn text() -> String {
    let line = |n: u32| {
        format!("the {} sat on the mat {}\n", ["cat", "dog", "cow"][n as usize % 3], n % 90)
    };
    (0..3000).map(line).collect()
}

const MODELS: [&str; 4] = ["bpe", "wordpiece", "wordlevel", "unigram"];

/// The blob, the file and the report of each model agree.
#[test]
fn every_model_has_every_output_and_a_report() {
    let dir = Dir::new("train-models");
    let text = dir.file("x.txt", text());
    let held_out = dir.file("held.txt", "the cat sat\non the mat 17 times\n");
    let (json, blob) = (dir.path("x.json"), dir.path("x.ctok"));
    for model in MODELS {
        let unknown = if model == "wordpiece" { "[UNK]" } else { "<unk>" };
        let mut args = vec!["train", "--model", model, "--vocab-size", "300", "--progress", "json"];
        args.extend(["--special-token", unknown, "-o", &json, "-o", &blob]);
        args.extend(["--held-out", &held_out, &text]);
        let run = comptok(&args, "");
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        let report: serde_json::Value = serde_json::from_slice(&run.stdout).expect("JSON");
        let number = |value: &serde_json::Value| value.as_f64().unwrap_or_default();
        assert!(report["seconds"]["count"].is_number(), "{report}");
        let held = &report["held_out"];
        assert_eq!(number(&held["bytes"]), 32.0);
        let ids = |tokenizer: &str| {
            let args = ["encode", "-t", tokenizer, "--special", "none", &held_out];
            comptok(&args, "").text()
        };
        let found = ids(&json);
        assert_eq!(found, ids(&blob), "{model}");
        let tokens = found.split_whitespace().count() as f64;
        assert!(tokens >= 7.0, "{found}");
        assert!((number(&held["bytes_per_token"]) - 32.0 / tokens).abs() < 1.0, "{report} {found}");
    }
}

#[test]
fn too_little_to_learn_from_or_to_learn_with() {
    let dir = Dir::new("train-too-little");
    let empty = dir.file("empty.txt", "");
    let good = dir.file("good.txt", text());
    let out = dir.path("x.json");
    let names = dir.names();
    for (model, least) in [("bpe", 256), ("wordpiece", 50), ("unigram", 26)] {
        let train = ["train", "--model", model, "-o", &out, "--vocab-size"];
        comptok(&[&train[..], &["300", &empty]].concat(), "")
            .fails(1, "no words to learn from: the text is empty");
        let run = comptok(&[&train[..], &["9", &good]].concat(), "");
        assert_eq!(run.code, Some(1), "{model}");
        let start = "comptok: a vocabulary of 9 is too small: alphabet and special tokens are ";
        let found = run.stderr.trim_end().strip_prefix(start).expect(&run.stderr);
        let found: usize = found.parse().expect("a number");
        // The least that is named is enough.
        assert!(found <= least, "{model}: {found}");
        let (less, enough) = ((found - 1).to_string(), found.to_string());
        assert_eq!(comptok(&[&train[..], &[&less, &good]].concat(), "").code, Some(1));
        assert_eq!(dir.names(), names);
        comptok(&[&train[..], &[&enough, &good]].concat(), "").text();
        std::fs::remove_file(&out).expect("it was made");
    }
}

/// A compressed file that ends too early, between others.
#[test]
fn a_file_that_breaks_off_is_named_and_nothing_is_lost() {
    let dir = Dir::new("train-broken");
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).expect("memory");
        encoder.finish().expect("memory")
    };
    let whole = gzip(&text());
    let good = dir.file("a.txt", text());
    let broken = dir.file("b.gz", &whole[..whole.len() / 2]);
    let last = dir.file("c.txt", text());
    let old = "what was there before";
    let out = dir.file("x.json", old);
    let words = dir.path("x.json.words");
    let train = ["train", "--vocab-size", "300", "-o", &out];
    let run = comptok(&[&train[..], &[&good, &broken, &last]].concat(), "");
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.starts_with(&format!("comptok: {broken}: ")), "{}", run.stderr);
    assert!(
        run.stderr.contains(&format!("; {words} has the words of the first ")),
        "{}",
        run.stderr
    );
    assert_eq!(std::fs::read_to_string(&out).expect("it is there"), old);
    dir.file("b.gz", &whole);
    let resume = ["--resume", &words, &good, &broken, &last];
    comptok(&[&train[..], &resume].concat(), "").text();
    let resumed = std::fs::read(&out).expect("a tokenizer");
    comptok(&[&train[..], &[&good, &broken, &last]].concat(), "").text();
    assert!(std::fs::read(&out).expect("a tokenizer") == resumed);
}

/// A shell that limits the command's memory or files.
#[cfg(target_os = "linux")]
fn limited(limit: &str, args: &[&str]) -> std::process::Output {
    let script = format!("trap '' XFSZ; ulimit {limit}; exec \"$0\" \"$@\"");
    let mut command = std::process::Command::new("sh");
    command.arg("-c").arg(script).arg(env!("CARGO_BIN_EXE_comptok")).args(args);
    // Address space that is only set aside would count.
    command.env("MALLOC_ARENA_MAX", "1").env("RUST_BACKTRACE", "0").output().expect("a shell")
}

/// A million different words, and memory for some of them.
#[test]
#[cfg(target_os = "linux")]
fn more_words_than_memory() {
    let dir = Dir::new("train-memory");
    // Letters only: a word of digits is cut.
    let word = |n: u64| (0..10).map(move |at| char::from(b'a' + (n >> (4 * at) & 15) as u8));
    let line = |n: u64| {
        let word: String = word(n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 24).collect();
        format!("{word} the {}\n", n % 1000)
    };
    let text = dir.file("x.txt", (0..1_000_000).map(line).collect::<String>());
    let (words, bounded) = (dir.path("a.words"), dir.path("b.words"));
    let folder = dir.path("");
    let count = ["count-words", "--threads", "1", "--pattern", "gpt2", "-o"];
    comptok(&[&count[..], &[&words, &text]].concat(), "").bytes();
    let limit = "-v 110000";
    // Who is stopped so cannot take away what is half written.
    let stopped = Dir::new("train-memory-stopped");
    let output = limited(limit, &[&count[..], &[&stopped.path("b.words"), &text]].concat());
    assert!(!output.status.success(), "without the setting it takes more than the limit");
    let spill = ["--memory", "8M", "--spill-folder", &folder];
    let output = limited(limit, &[&count[..], &[&bounded], &spill, &[&text]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(std::fs::read(&words).expect("words") == std::fs::read(&bounded).expect("words"));
    let prune = ["--memory", "8M", "--when-full", "prune"];
    let output = limited(limit, &[&count[..], &[&bounded], &prune, &[&text]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(dir.names(), ["a.words", "b.words", "x.txt"], "what was spilled is gone");
    let report = |words: &str| {
        let out = dir.path("x.json");
        let args = ["train", "--vocab-size", "300", "--progress", "json", "-o", &out];
        let run = comptok(&[&args[..], &["--from-counts", words]].concat(), "");
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        serde_json::from_slice::<serde_json::Value>(&run.stdout).expect("JSON")
    };
    let (exact, pruned) = (report(&words), report(&bounded));
    assert_eq!(exact["count_error"], 0);
    assert!(pruned["count_error"].as_u64() > Some(0), "{pruned}");
    assert!(pruned["words"].as_u64() < exact["words"].as_u64());
}

/// No room for what is spilled, for counts, for any format: a clear error, and nothing half-written.
#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_is_full() {
    let dir = Dir::new("train-disk");
    let line = |n: u64| format!("{:x} the cat\n", n * 0x9E37_79B9 % (1 << 40));
    let text = dir.file("x.txt", (0..20_000).map(line).collect::<String>());
    let folder = dir.path("");
    let names = dir.names();
    let words = dir.path("x.words");
    let mut runs = vec![
        (words.clone(), vec!["count-words", "-o", &words, &text]),
        (
            "comptok-".to_owned(),
            vec!["count-words", "--memory", "1", "--spill-folder", &folder, "-o", &words, &text],
        ),
    ];
    let outs = ["x.json", "x.tiktoken", "x.ctok", "vocab.json", "merges.txt"].map(|o| dir.path(o));
    for out in &outs {
        let ties = if out.ends_with("tiktoken") { "rustbpe" } else { "huggingface" };
        runs.push((
            out.clone(),
            vec!["train", "--vocab-size", "900", "--ties", ties, "-o", out, &text],
        ));
    }
    for (name, args) in runs {
        // No file may become larger than 4 blocks of 512 bytes.
        let output = limited("-f 4", &args);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains(&name) && message.contains("File too large"), "{message}");
        assert_eq!(message.lines().count(), 1);
        assert_eq!(dir.names(), names, "{args:?}");
    }
}
