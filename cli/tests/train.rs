//! `comptok train` and `comptok count-words`.

mod common;

use std::io::Write;

use common::{Dir, Run, comptok};

/// Lines with words that repeat.
fn text() -> String {
    let line = |n: u32| {
        format!("the {} sat on the mat {}\n", ["cat", "dog", "cow"][n as usize % 3], n % 90)
    };
    (0..3000).map(line).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[track_caller]
fn report(run: Run) -> serde_json::Value {
    let text = String::from_utf8(run.stdout).expect("a report");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    serde_json::from_str(&text).expect("a report in JSON")
}

#[test]
fn every_way_to_give_texts_gives_the_same_tokenizer() {
    let dir = Dir::new("train-inputs");
    let text = text();
    let (first, second) = text.split_at(text.find("mat 44\n").expect("a line") + 7);
    let whole = dir.file("whole.txt", &text);
    let out = dir.path("whole.json");
    let train = ["train", "--vocab-size", "300", "-o", &out];
    comptok(&[&train[..], &[&whole]].concat(), "").text();
    let wanted = std::fs::read(&out).expect("a tokenizer");
    std::fs::create_dir_all(dir.path("folder/deep")).expect("a folder");
    dir.file("folder/a.txt", first);
    dir.file("folder/deep/b.txt.gz", gzip(second.as_bytes()));
    let jsonl: String = text
        .split_inclusive('\n')
        .map(|line| format!("{}\n", serde_json::json!({"t": line})))
        .collect();
    let jsonl = dir.file("x.jsonl.gz", gzip(jsonl.as_bytes()));
    // A frame of zstd that stores its bytes as they are.
    let mut zstd = vec![0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x58];
    let blocks = text.as_bytes().chunks(10_000);
    let count = blocks.len();
    for (at, block) in blocks.enumerate() {
        let head = (block.len() as u32) << 3 | u32::from(at + 1 == count);
        zstd.extend_from_slice(&head.to_le_bytes()[..3]);
        zstd.extend_from_slice(block);
    }
    let zstd = dir.file("x.zst", zstd);
    let (a, b, all) = (dir.path("a.words"), dir.path("b.words"), dir.path("all.words"));
    let parts = [dir.file("first.txt", first), dir.file("second.txt", second)];
    comptok(&["count-words", "-o", &a, &parts[0]], "").bytes();
    comptok(&["count-words", "--memory", "1", "-o", &b, &parts[1]], "").bytes();
    comptok(&["count-words", "--join", &a, &b, "-o", &all], "").bytes();
    let folder = dir.path("folder");
    for args in [
        &["-"][..],
        &[&parts[1], &parts[0]],
        &[&folder],
        &["--jsonl", "t", &jsonl],
        &[&zstd],
        &["--threads", "1", &whole],
        &["--threads", "3", "--memory", "1", &whole],
        &["--from-counts", &a, &b],
        &["--from-counts", &all],
    ] {
        comptok(&[&train[..], args].concat(), &text).text();
        assert!(std::fs::read(&out).expect("a tokenizer") == wanted, "{args:?}");
    }
}

#[test]
fn every_format_encodes_alike() {
    let dir = Dir::new("train-formats");
    let text = dir.file("x.txt", text());
    let out =
        ["t.json", "t.tiktoken", "t.ctok", "vocab.json", "merges.txt"].map(|name| dir.path(name));
    let mut args = vec!["train", "--vocab-size", "300", "--ties", "rustbpe", "--progress", "json"];
    for out in &out {
        args.extend(["-o", out]);
    }
    let held_out = dir.file("held.txt", "the cat sat\n");
    args.extend(["--held-out", &held_out, &text]);
    let report = report(comptok(&args, ""));
    assert_eq!(report["vocab_size"], 300);
    assert_eq!(report["held_out"]["bytes"], 12);
    assert!(report["text"]["bytes_per_token"].as_f64().is_some_and(|ratio| ratio > 2.0));
    let ids = |args: &[&str]| {
        comptok(&[&["encode"][..], args].concat(), "the cow sat on a mat 17\n").text()
    };
    let wanted = ids(&["-t", &out[0]]);
    assert_eq!(ids(&["-t", &out[1], "--pattern", "llama3"]), wanted);
    assert_eq!(ids(&["-t", &out[2]]), wanted);
    let baked = dir.path("pair.json");
    comptok(&["convert", &out[3], &out[4], "-o", &baked], "").bytes();
    // The names of the files say nothing of the pattern: gpt2's takes the same words here.
    assert_eq!(ids(&["-t", &baked]), wanted);
}

/// A field of JSON lines, compressed, of a folder.
#[test]
fn what_is_held_out_is_read_as_the_rest() {
    let dir = Dir::new("train-held-out");
    let (folder, out) = (dir.path("held"), dir.path("x.json"));
    std::fs::create_dir(&folder).expect("a folder");
    dir.file("held/a.jsonl", "{\"t\": \"the cat\"}\n\n{\"t\": \"sat\", \"u\": 1}\n");
    dir.file("held/b.jsonl.gz", gzip(b"{\"t\": \"on a mat\"}\n"));
    let lines = dir.file("x.jsonl", "{\"t\": \"the cat sat on the mat\"}\n".repeat(30));
    let train = ["train", "--vocab-size", "260", "--progress", "json", "-o", &out];
    let json = [&train[..], &["--jsonl", "t", "--held-out", &folder, &lines]].concat();
    assert_eq!(report(comptok(&json, ""))["held_out"]["bytes"], 7 + 3 + 8);
    let bad = dir.file("held/c.jsonl", b"{\"t\": \"a\"}\n{\"t\": \"\xFF\"}\n");
    let run = comptok(&json, "");
    assert!(run.code == Some(1) && run.stderr.contains(&format!("{bad}:2: ")), "{}", run.stderr);
    let (bad, text) = (dir.file("bad.txt", b"good\nb\xFFd\n"), dir.file("x.txt", text()));
    let plain = [&train[..], &["--held-out", &bad, &text]].concat();
    std::fs::remove_file(&out).expect("there is one");
    let run = comptok(&plain, "");
    let message = format!("comptok: {bad}: not UTF-8 at byte 6\n");
    assert!(run.code == Some(1) && run.stderr.ends_with(&message), "{}", run.stderr);
    // What was trained is there all the same.
    assert!(comptok(&["encode", "-t", &out], "the cat").code == Some(0));
    let plain = [&plain[..], &["--invalid-utf8", "replace"]].concat();
    assert_eq!(report(comptok(&plain, ""))["held_out"]["bytes"], 9);
}

#[test]
fn words_are_trained_too() {
    let dir = Dir::new("train-words");
    let text = dir.file("x.txt", text());
    let out = dir.path("x.json");
    for (model, unknown, token) in
        [("wordpiece", "[UNK]", "mat"), ("wordlevel", "<unk>", "mat"), ("unigram", "<unk>", "▁1")]
    {
        let args = ["train", "--model", model, "--vocab-size", "60", "--special-token", unknown];
        comptok(&[&args[..], &["-o", &out, &text]].concat(), "").text();
        let json = std::fs::read(&out).expect("a tokenizer");
        let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        let vocab = &json["model"]["vocab"];
        let has = match vocab {
            serde_json::Value::Array(pieces) => pieces.iter().any(|piece| piece[0] == token),
            vocab => vocab.get(token).is_some(),
        };
        assert!(has, "{model}: {vocab}");
        assert_eq!(json["added_tokens"][0]["content"], unknown);
    }
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_left_behind() {
    let dir = Dir::new("train-wrong");
    let good = dir.file("good.txt", text());
    let empty = dir.file("empty.txt", "");
    let bad = dir.file("bad.txt", b"good\nb\xFFd\n");
    let json = dir.file("bad.jsonl", "{\"t\": \"a\"}\n{\"u\": 1}\n");
    let (absent, out) = (dir.path("absent.txt"), dir.path("out.json"));
    let names = dir.names();
    for (args, message) in [
        (&["300", &empty][..], "no words to learn from: the text is empty".to_owned()),
        (
            &["100", &good],
            "a vocabulary of 100 is too small: alphabet and special tokens are 256".to_owned(),
        ),
        (
            &["300", &good, &absent, &good],
            format!("{absent}: No such file or directory (os error 2)"),
        ),
        (&["300", &good, &bad], format!("{bad}: not UTF-8 at byte 6")),
        (&["300", "--jsonl", "t", &json], format!("{json}:2: there is no \"t\"")),
        (
            &["300", "--pattern", "nope", &good],
            "unknown pattern \"nope\"; known are gpt2, r50k, cl100k, llama3, qwen2, qwen3_5, o200k, \
             tekken, kimi, deepseek_v3, clip; or give a regular expression"
                .to_owned(),
        ),
        (&["300", "--from-counts", &good], format!("{good}: not a file of counted words")),
    ] {
        let run = comptok(&[&["train", "-o", &out, "--vocab-size"], args].concat(), "");
        run.fails(1, &message);
        assert_eq!(dir.names(), names);
    }
    comptok(&["train", "--vocab-size", "300", "-o", "x.bin", &good], "").fails(
        2,
        "x.bin: the name of an output ends in vocab.json, merges.txt, .json, .tiktoken or .ctok",
    );
    comptok(
        &["train", "--vocab-size", "300", "--invalid-utf8", "replace", "-o", &out, &good, &bad],
        "",
    )
    .text();
}

#[test]
fn counts_of_another_pattern_do_not_fit() {
    let dir = Dir::new("train-counts");
    let text = dir.file("x.txt", text());
    let (words, out) = (dir.path("x.words"), dir.path("x.json"));
    comptok(&["count-words", "--pattern", "o200k", "-o", &words, &text], "").bytes();
    let train = ["train", "--vocab-size", "300", "-o", &out, "--from-counts", &words];
    comptok(&train, "").text();
    let json = std::fs::read_to_string(&out).expect("a tokenizer");
    assert!(json.contains("Lu}"), "the pattern is that of the counts");
    for args in [&["--pattern", "gpt2"][..], &["--model", "unigram"]] {
        comptok(&[&train[..], args].concat(), "")
            .fails(1, &format!("{words}: was counted for something else (bytes any o200k)"));
    }
}

/// A full disk: the old file stays, and nothing half-written is beside it.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_leaves_what_was_there() {
    let dir = Dir::new("train-full");
    let text = dir.file("x.txt", text());
    let out = dir.file("x.json", "as it was");
    let names = dir.names();
    // No file may become larger than 4 blocks of 512 bytes.
    let script = "trap '' XFSZ; ulimit -f 4; exec \"$0\" train --vocab-size 300 -o \"$1\" \"$2\"";
    let run = std::process::Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_comptok"), &out, &text])
        .output()
        .expect("a shell");
    assert_eq!(run.status.code(), Some(1));
    let message = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(message, format!("comptok: {out}: File too large (os error 27)\n"));
    assert_eq!(std::fs::read_to_string(&out).expect("still there"), "as it was");
    assert_eq!(dir.names(), names);
}

/// Ctrl-C while words are counted saves their counts, and the second one ends the command at once.
#[test]
#[cfg(unix)]
fn ctrl_c_saves_the_counts() {
    let dir = Dir::new("train-stop");
    let (out, words) = (dir.path("x.json"), dir.path("x.json.words"));
    let mut child =
        common::command(&["train", "--vocab-size", "300", "--progress", "json", "-o", &out])
            .spawn()
            .expect("the command starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // More than is handed to a thread at a time; then it waits for more.
    stdin.write_all(text().repeat(40).as_bytes()).expect("it reads");
    let mut stderr = std::io::BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    std::io::BufRead::read_line(&mut stderr, &mut line).expect("progress");
    assert!(line.starts_with("{\"done\":"), "{line}");
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.is_ok_and(|status| status.success()));
    std::thread::sleep(std::time::Duration::from_millis(200));
    // It reads this or has ended.
    let _ = stdin.write_all(text().repeat(40).as_bytes());
    drop(stdin);
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    assert!(!std::path::Path::new(&out).exists());
    let run = comptok(&["train", "--vocab-size", "300", "-o", &out, "--from-counts", &words], "");
    let warning = format!("comptok: {words}: counting was stopped; --resume goes on\n");
    assert_eq!((run.code, run.stderr), (Some(0), warning));
    // Together with the rest it is what all would have been.
    let all = text().repeat(80);
    comptok(&["train", "--vocab-size", "300", "--resume", &words, "-o", &out], &all).text();
    let resumed = std::fs::read(&out).expect("a tokenizer");
    comptok(&["train", "--vocab-size", "300", "-o", &out], &all).text();
    assert!(std::fs::read(&out).expect("a tokenizer") == resumed);
    let run = comptok(&["train", "--vocab-size", "300", "--resume", &words, "-o", &out], "short");
    assert_eq!(run.code, Some(1));
    assert_eq!(run.stderr, "comptok: -: is shorter than when it was counted\n");
}

/// Counting that failed at a file goes on there, when the file has been mended.
#[test]
fn what_was_counted_before_an_error_is_not_lost() {
    let dir = Dir::new("train-resume");
    let line = |n: u32| format!("{}\n", serde_json::json!({"t": format!("the cat {}", n % 321)}));
    let lines: Vec<String> = (0..90_000).map(line).collect();
    let good = dir.file("a.jsonl", lines.concat());
    let mut wrong = lines[..70_000].to_vec();
    wrong[60_000] = "{\"t\": 1}\n".to_owned();
    let bad = dir.file("b.jsonl", wrong.concat());
    let last = dir.file("c.jsonl", lines[..10].concat());
    let (out, words) = (dir.path("x.json"), dir.path("x.json.words"));
    let train = ["train", "--vocab-size", "300", "--jsonl", "t", "-o", &out];
    let files = [&good[..], &bad, &last];
    let run = comptok(&[&train[..], &files].concat(), "");
    assert_eq!(run.code, Some(1));
    let start =
        format!("comptok: {bad}:60001: \"t\" is not a string; {words} has the words of the");
    assert!(run.stderr.starts_with(&start), "{}", run.stderr);
    let words = dir.file("x.words", std::fs::read(words).expect("words"));
    wrong[60_000] = lines[60_000].clone();
    dir.file("b.jsonl", wrong.concat());
    comptok(&[&train[..], &files].concat(), "").text();
    let wanted = std::fs::read(&out).expect("a tokenizer");
    for more in [&["--threads", "1"][..], &["--memory", "1"]] {
        comptok(&[&train[..], more, &["--resume", &words], &files].concat(), "").text();
        assert!(std::fs::read(&out).expect("a tokenizer") == wanted);
    }
    let resume = [&train[..], &["--resume", &words]].concat();
    comptok(&[&resume[..], &[&good, &last]].concat(), "").fails(
        1,
        &format!(
            "{words}: was stopped in {bad}, file 2 of those that were counted, which is not among \
             these"
        ),
    );
    comptok(&[&resume[..], &["--pattern", "o200k", &good, &bad]].concat(), "")
        .fails(1, &format!("{words}: was counted for something else (bytes any gpt2)"));
}

/// Options, a tokenizer.json and counted words say the same.
#[test]
fn normalizers_are_named_or_taken_from_a_file() {
    let dir = Dir::new("train-normalizers");
    let text = dir.file("x.txt", "The C\u{327}at \u{FB01}nds THE cat\n".repeat(300));
    let (out, old, words) = (dir.path("x.json"), dir.path("old.json"), dir.path("x.words"));
    let names = ["--normalizer", "nfkc", "--normalizer", "lowercase"];
    for model in ["bpe", "wordpiece", "wordlevel", "unigram"] {
        let train = ["train", "--model", model, "--vocab-size", "290", "-o", &out];
        comptok(&[&train[..], &names, &[&text]].concat(), "").text();
        let wanted = std::fs::read_to_string(&out).expect("a tokenizer");
        let json: serde_json::Value = serde_json::from_str(&wanted).expect("JSON");
        let types = json["normalizer"]["normalizers"].as_array().expect("a sequence");
        assert_eq!((&types[0]["type"], &types[1]["type"]), (&"NFKC".into(), &"Lowercase".into()));
        let vocab = json["model"]["vocab"].to_string();
        assert!(vocab.contains("at\"") && !vocab.contains("THE"), "{model}: {vocab}");
        std::fs::rename(&out, &old).expect("a file");
        comptok(&[&train[..], &["--from", &old, &text]].concat(), "").text();
        assert_eq!(std::fs::read_to_string(&out).expect("a tokenizer"), wanted, "{model}");
        let count = ["count-words", "--model", model, "-o", &words];
        for how in [&names[..], &["--from", &old]] {
            comptok(&[&count[..], how, &[&text]].concat(), "").bytes();
            comptok(&[&train[..], &["--from-counts", &words]].concat(), "").text();
            assert_eq!(std::fs::read_to_string(&out).expect("a tokenizer"), wanted, "{model}");
        }
    }
    comptok(
        &["train", "--vocab-size", "290", "--ties", "rustbpe", "--normalizer", "nfc", "-o", &out],
        "",
    )
    .fails(1, "training does not support a normalizer before ranks: tiktoken has none");
}
