//! The other commands, on small inputs.

mod common;
use common::{Dir, Tiny, comptok};

#[test]
fn ids_become_text_byte_for_byte() {
    let decode =
        |args: &[&str], input: &str| comptok(&[&["decode", "-t", "gpt2"], args].concat(), input);
    assert_eq!(decode(&[], "31373 995\n").text(), "hello world");
    assert_eq!(decode(&[], "\n 31373\n\t995").text(), "hello world");
    assert_eq!(decode(&[], "").text(), "");
    assert_eq!(decode(&[], "50256 31373").text(), "<|endoftext|>hello");
    assert_eq!(decode(&["--skip-special"], "50256 31373").text(), "hello");
    // The first two of three bytes, then a letter.
    assert_eq!(decode(&[], "19526 64").bytes(), b"\xE4\xBDa");
    assert_eq!(decode(&["--lossy"], "19526 64").text(), "\u{FFFD}a");
    assert_eq!(decode(&["--lossy"], "19526 254 19526").text(), "\u{4F60}\u{FFFD}");
}

#[test]
fn tokens_that_look_around_are_decoded_together() {
    let folder = Dir::new("decoded-together");
    let model = r#"{"type": "WordLevel", "vocab": {"a": 0, "b": 1}, "unk_token": "a"}"#;
    let file = folder.file("words.json", format!(r#"{{"version": "1.0", "model": {model}}}"#));
    let (ids, text) = ("0 1 ".repeat(20_000), "a b ".repeat(20_000));
    let decode =
        |args: &[&str], ids: &[u8]| comptok(&[&["decode", "-t", &file], args].concat(), ids).text();
    assert!(decode(&[], ids.as_bytes()) == text.trim_end());
    let ids = [0, 0, 1, 0].repeat(20_000);
    assert!(decode(&["--format", "u16"], &ids) == text.trim_end());
}

#[test]
fn a_character_survives_the_edge_of_a_batch() {
    // Three tokens to a character, so that batches of any even size end inside of one.
    let text = "🤗".repeat(20_000);
    let ids = comptok(&["encode", "-t", "gpt2"], &text).text();
    assert!(comptok(&["decode", "-t", "gpt2", "--lossy"], &ids).text() == text);
    assert!(comptok(&["decode", "-t", "gpt2"], &ids).text() == text);
}

#[test]
fn arrays_become_strings_one_for_one() {
    let decode = |args: &[&str], input: &str| {
        comptok(&[&["decode", "-t", "gpt2", "--jsonl"], args].concat(), input)
    };
    let input = "[31373,995]\n[]\n [ 50256 , 1 ]\r\n[198]";
    assert_eq!(
        decode(&[], input).text(),
        "\"hello world\"\n\"\"\n\"<|endoftext|>\\\"\"\n\"\\n\"\n"
    );
    assert_eq!(decode(&["--skip-special"], "[50256]\n[1]\n").text(), "\"\"\n\"\\\"\"\n");
    assert_eq!(decode(&["--lossy"], "[19526]\n").text(), "\"\u{FFFD}\"\n");
    assert_eq!(decode(&[], "[64,19526]\n").text(), "\"a\u{FFFD}\"\n");
    assert_eq!(decode(&[], "[64,60000,64]\n").text(), "\"aa\"\n");
    let message = "-:2: byte 1 of the text is not UTF-8";
    decode(&["--strict"], "[1]\n[64,19526]\n").fails(1, message);
    // tiktoken knows no such id.
    let ranks = comptok(&["decode", "-t", "cl100k_base", "--jsonl"], "[1]\n[100261]\n");
    ranks.fails(1, "-:2: id 100261 has no token");
}

#[test]
fn bad_ids_are_named_with_their_line() {
    let decode =
        |args: &[&str], input: &[u8]| comptok(&[&["decode", "-t", "gpt2"], args].concat(), input);
    let unknown = "id 60000 has no token; ids of this tokenizer are below 50257";
    decode(&[], b"1 2\n3 60000").fails(1, &format!("-:2: {unknown}"));
    decode(&[], b"1\n\n-2").fails(1, "-:3: wanted an id, found \"-2\"");
    decode(&[], b"[1, 2]").fails(1, "-:1: wanted an id, found \"[1,\"; for JSON lines use --jsonl");
    decode(&[], b"4294967296").fails(1, "-:1: wanted an id, found \"4294967296\"");
    decode(&["--format", "u16"], b"\x01\x00\x60")
        .fails(1, "-: 3 bytes are no whole number of u16 ids");
    decode(&["--format", "u32"], &[1, 0, 0, 0, 0x60, 0xEA, 0, 0])
        .fails(1, &format!("-: byte 4: {unknown}"));
    let lines = |input: &str, message: &str| {
        let run = decode(&["--jsonl", "--strict"], input.as_bytes());
        assert!(run.stderr.starts_with(&format!("comptok: {message}")), "{}", run.stderr);
        assert_eq!(run.code, Some(1));
    };
    lines("[1]\n[60000]\n", &format!("-:2: {unknown}"));
    lines("[1]\n\n[2]\n", "-:2: wanted a JSON array of ids, found an empty line");
    lines("[1]\n[2,\n", "-:2:");
    lines("\"a\"\n", "-:1:3: wanted a JSON array of ids: invalid type: string");
    lines("[-1]\n", "-:1:");
}

#[test]
fn tokens_are_counted() {
    let dir = Dir::new("tokens_are_counted");
    let (a, b) = (dir.file("a", "hello world"), dir.file("b", "<|endoftext|>\n"));
    let count = |args: &[&str]| comptok(&[&["count", "-t", "gpt2"], args].concat(), "hello");
    assert_eq!(count(&[]).text(), format!("{:>10} {:>12} -\n", 1, 5));
    let rows = |special: u32| {
        [(2, 11, a.as_str()), (special, 14, b.as_str()), (2 + special, 25, "total")]
            .map(|(tokens, bytes, name)| format!("{tokens:>10} {bytes:>12} {name}\n"))
            .concat()
    };
    assert_eq!(count(&[&a, &b]).text(), rows(2));
    assert_eq!(count(&["--window", "1", "--special", "none", &a, &b]).text(), rows(8));
    assert_eq!(count(&[&a, &b, "--limit", "4"]).text(), rows(2));
    let over = count(&[&a, &b, "--limit", "3"]);
    assert_eq!(String::from_utf8_lossy(&over.stdout), rows(2));
    over.fails(1, "4 tokens, the limit is 3");
}

#[test]
fn lines_are_counted_one_for_one() {
    let count = |args: &[&str], input: &str| {
        comptok(&[&["count", "-t", "gpt2", "--jsonl"], args].concat(), input)
    };
    let input = "\"hello world\"\n\"\"\n\"hello\"\n";
    assert_eq!(count(&[], input).text(), "2\n0\n1\n");
    assert_eq!(count(&["--limit", "2"], input).text(), "2\n0\n1\n");
    let over = count(&["--limit", "1"], input);
    assert_eq!(over.stdout, b"2\n0\n1\n");
    over.fails(1, "-:1: 2 tokens, the limit is 1");
    count(&[], "7")
        .fails(1, "-:1:1: wanted a JSON string: invalid type: integer `7`, expected a string");
}

#[test]
fn a_baked_file_is_used_like_its_source() {
    let dir = Dir::new("a_baked_file");
    let tiny = Tiny { added: &[("<end>", &[])], ..Tiny::default() };
    let (json, blob) = (dir.file("t.json", tiny.json()), dir.path("t.ctok"));
    let said = comptok(&["bake", &json, "-o", &blob], "").text();
    let size = std::fs::metadata(&blob).expect("the blob").len();
    assert!(
        said.starts_with(&format!("{blob}: 265 tokens, ids below 265, {size} bytes\n")),
        "{said}"
    );
    let text = "the band<end> in the\n\n";
    let ids = comptok(&["encode", "-t", &json], text).text();
    assert_eq!(comptok(&["encode", "-t", &blob], text).text(), ids);
    assert_eq!(comptok(&["decode", "-t", &blob], ids).text(), text);
    // Baked once more, it stays as it is.
    let again = dir.path("again.ctok");
    assert_eq!(comptok(&["bake", &blob, "-o", &again], "").text(), said.replace(&blob, &again));
    assert!(std::fs::read(&blob).expect("a blob") == std::fs::read(&again).expect("a blob"));
    // The same as two files, in either order, but for the added token.
    let (vocab, merges) = tiny.files();
    let (vocab, merges) = (dir.file("vocab.json", vocab), dir.file("merges.txt", merges));
    let pair = [dir.path("1.ctok"), dir.path("2.ctok")];
    comptok(&["bake", &vocab, &merges, "-o", &pair[0]], "").text();
    comptok(&["bake", &merges, &vocab, "-o", &pair[1]], "").text();
    let [one, two] = pair.map(|path| std::fs::read(path).expect("a blob"));
    assert!(one == two);
    let ids = comptok(&["encode", "-t", &dir.path("1.ctok")], "the band in the").text();
    assert_eq!(ids, comptok(&["encode", "-t", &json], "the band in the").text());
}

#[test]
fn a_profile_makes_answers_and_no_other_ids() {
    let dir = Dir::new("a_profile");
    let (json, blob) = (dir.file("t.json", Tiny::default().json()), dir.path("t.ctok"));
    let text = "the bandit in the inn, bandits and bandits ".repeat(3);
    let corpus = dir.file("corpus.txt", &text);
    let answers = |blob: &str| {
        let json = comptok(&["inspect", blob, "--json"], "").text();
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        (json["sections"]["answers"].as_u64(), json["fingerprint"].to_string())
    };
    comptok(&["bake", &json, "-o", &blob], "").text();
    let (none, fingerprint) = answers(&blob);
    assert_eq!(none, Some(0));
    comptok(&["bake", &json, "--profile", &corpus, "-o", &blob], "").text();
    let (some, same) = answers(&blob);
    assert!(some > Some(0) && same == fingerprint, "{some:?}");
    let ids = comptok(&["encode", "-t", &json], &text).text();
    assert_eq!(comptok(&["encode", "-t", &blob], &text).text(), ids);
    comptok(&["bake", &json, "--profile", &corpus, "--profile-bytes", "0", "-o", &blob], "").text();
    assert_eq!(answers(&blob).0, Some(0));
    comptok(&["bake", &blob, "--profile", &corpus, "-o", &dir.path("x")], "")
        .fails(2, &format!("{blob}: --profile is for files that are baked; this is a blob"));
}

#[test]
fn the_processor_is_described() {
    let text = comptok(&["inspect", "--cpu"], "").text();
    for row in ["features", "kernel", "L1 cache", "L2 cache", "L3 cache", "threads", "cores"] {
        assert!(text.contains(&format!("\n  {row} ")), "{row}: {text}");
    }
    let json = comptok(&["inspect", "--cpu", "--json"], "").text();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let kernel = json["kernel"].as_str().expect("a name");
    assert_eq!(json["kernels"][kernel], true);
    assert!(json["reason"].is_string() && json["threads"].as_u64() > Some(0), "{json}");
}

#[test]
fn a_damaged_blob_is_refused() {
    let dir = Dir::new("a_damaged_blob");
    let (json, blob) = (dir.file("t.json", Tiny::default().json()), dir.path("t.ctok"));
    comptok(&["bake", &json, "-o", &blob], "").text();
    let mut bytes = std::fs::read(&blob).expect("the blob");
    *bytes.last_mut().expect("not empty") ^= 1;
    let blob = dir.file("t.ctok", bytes);
    let message = format!("{blob}: blob is damaged: its content is not what was baked");
    comptok(&["encode", "-t", &blob], "").fails(1, &message);
    comptok(&["inspect", &blob], "").fails(1, &message);
}

#[test]
fn rank_files_say_the_rest_on_the_command_line() {
    let dir = Dir::new("rank_files");
    // Base64 of single bytes, and of "the".
    let digit = |bits: u8| {
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[usize::from(bits)]
    };
    let mut ranks = String::new();
    for byte in 0..=255u8 {
        let (a, b) = (digit(byte >> 2) as char, digit((byte & 3) << 4) as char);
        ranks += &format!("{a}{b}== {byte}\n");
    }
    ranks += "dGg= 256\ndGhl 257\n";
    let file = dir.file("t.tiktoken", &ranks);
    let args = ["-t", file.as_str(), "--pattern", "cl100k", "--special-token", "<|a=b|>=300"];
    let ids = comptok(&[&["encode"][..], &args].concat(), "the<|a=b|>th").text();
    assert_eq!(ids, "257 300 256\n");
    let regex = ["--pattern", r"\w+|\s+|[^\w\s]+"];
    let run = comptok(&[&["encode", "-t", &file][..], &regex].concat(), "the th");
    assert_eq!(run.text(), "257 32 256\n");
    // Converted, it is a tokenizer.json with the same ids.
    let json = dir.path("t.json");
    let source = [&[file.as_str()], &args[2..]].concat();
    assert_eq!(comptok(&[&["convert", "-o", &json][..], &source].concat(), "").text(), "");
    assert_eq!(comptok(&["encode", "-t", &json], "the<|a=b|>th").text(), ids);
    let run = comptok(&["encode", "-t", &file], "");
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("a rank file does not hold its pattern"), "{}", run.stderr);
    let bad = dir.file("bad.tiktoken", "AA== 0\n*A== 1\n");
    let run = comptok(&["bake", &bad, "--pattern", "gpt2", "-o", &dir.path("x")], "");
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.starts_with(&format!("comptok: {bad}:2:1: ")), "{}", run.stderr);
    assert_eq!(dir.names(), ["bad.tiktoken", "t.json", "t.tiktoken"]);
}

#[test]
fn errors_of_a_bake_say_where() {
    let dir = Dir::new("errors_of_a_bake");
    let tiny = Tiny { missing: Some(b'x'), ..Tiny::default() };
    let (vocab, merges) = tiny.files();
    let (vocab, merges) = (dir.file("vocab.json", vocab), dir.file("merges.txt", &merges));
    let json = dir.file("t.json", tiny.json());
    let out = dir.path("x");
    let dropped = "bytes without a token are dropped from text, as the reference does: 0x78 (an error \
                   because of `strict`)";
    comptok(&["bake", "--strict", &vocab, &merges, "-o", &out], "")
        .fails(1, &format!("{vocab}:1:1: {dropped}"));
    let model = tiny.json().find("\"model\":").expect("a model") + "\"model\":".len() + 2;
    comptok(&["bake", "--strict", &json, "-o", &out], "")
        .fails(1, &format!("{json}:1:{model}: {dropped}"));
    let far = dir.file("far.json", tiny.json().replacen(":255,", ":16777216,", 1));
    let run = comptok(&["bake", &far, "-o", &out], "");
    let place = format!("comptok: {far}:1:{model}: not supported yet: token ");
    assert!(run.stderr.starts_with(&place), "{}", run.stderr);
    assert_eq!(dir.names(), ["far.json", "merges.txt", "t.json", "vocab.json"]);
}

#[test]
fn convert_writes_to_the_standard_output_too() {
    let dir = Dir::new("convert_writes");
    let (vocab, merges) = Tiny::default().files();
    let (vocab, merges) = (dir.file("vocab.json", vocab), dir.file("merges.txt", &merges));
    let json = comptok(&["convert", &vocab, &merges, "-o", "-"], "").text();
    let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(value["model"]["type"], "BPE");
    let bad = dir.file("bad.txt", "#version: 0.2\nt h\nt zz\n");
    let run = comptok(&["convert", &vocab, &bad, "-o", "-"], "");
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.starts_with(&format!("comptok: {bad}:3:")), "{}", run.stderr);
}

#[test]
fn inspect_says_what_kind_of_model_it_is() {
    let dir = Dir::new("inspect_kind");
    let file = dir.file("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n##b\n");
    let text = comptok(&["inspect", &file], "").text();
    for row in
        ["kind            WordPiece, as HuggingFace has it", "pre-tokenizer   BertPreTokenizer"]
    {
        assert!(text.lines().any(|line| line.trim() == row), "{text}");
    }
    assert!(!text.contains("merges") && !text.contains("without a token"), "{text}");
    let json = comptok(&["inspect", &file, "--json"], "").text();
    let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(value["kind"], "WordPiece");
    assert_eq!(value["steps"]["normalizers"], serde_json::json!(["BertNormalizer"]));
    assert_eq!(value["missing_bytes"], serde_json::json!([]));
}

#[test]
fn inspect_says_what_is_there() {
    let dir = Dir::new("inspect");
    let tiny = Tiny {
        added: &[("<end>", &[]), ("<tool>", &["ordinary"])],
        missing: Some(b'q'),
        nfc: true,
        ..Tiny::default()
    };
    let file = dir.file("t.json", tiny.json());
    let corpus = dir.file("corpus", "the the and xyzzy the");
    let json = comptok(&["inspect", &file, "--corpus", &corpus, "--json"], "").text();
    let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(value["normalizer"], "NFC");
    assert_eq!(value["pattern"], "gpt2");
    assert_eq!(value["vocab_size"], 265);
    assert_eq!(value["missing_bytes"], serde_json::json!([0x71]));
    assert_eq!(value["special_tokens"], serde_json::json!([{ "id": 263, "content": "<end>" }]));
    assert_eq!(
        value["other_added_tokens"],
        serde_json::json!([{ "id": 264, "content": "<tool>" }])
    );
    assert_eq!(value["longest"], serde_json::json!({ "id": 257, "bytes": "20746865" }));
    let probes = &value["probes"];
    assert_eq!((&probes["pre_tokens"], &probes["merged"]), (&5.into(), &2.into()), "{probes}");
    assert_eq!(probes["head"].as_u64().zip(probes["cold"].as_u64()).map(|(a, b)| a + b), Some(3));
    let sections = value["sections"].as_object().expect("sections");
    let sum: u64 = sections.values().filter_map(serde_json::Value::as_u64).sum();
    let whole = value["blob_bytes"].as_u64().expect("a size");
    assert!(sum < whole && whole < sum + 512 + 64 * 20, "{sum} of {whole}");

    let text = comptok(&["inspect", &file], "").text();
    for wanted in
        ["byte-level BPE", "1 without a token: 0x71", "263 \"<end>\"", "4 bytes: \" the\" (257)"]
    {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
    let bundled = comptok(&["inspect", "cl100k_base"], "").text();
    assert!(
        bundled.contains("all 256 have a token") && bundled.contains("100257 \"<|endoftext|>\"")
    );
}

#[test]
fn bundled_tokenizers_are_listed() {
    let text = comptok(&["vocab", "list"], "").text();
    let names: Vec<&str> = text.lines().skip(1).filter_map(|line| line.split(' ').next()).collect();
    let json = comptok(&["vocab", "list", "--json"], "").text();
    let rows: Vec<serde_json::Value> =
        json.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for (name, size, limit) in [
        ("gpt2", 50257, 50257),
        ("cl100k_base", 100_261, 100_277),
        ("o200k_base", 200_000, 200_019),
    ] {
        assert!(names.contains(&name), "{text}");
        let row = rows.iter().find(|row| row["name"] == name).expect("a row");
        assert_eq!((&row["vocab_size"], &row["id_limit"]), (&size.into(), &limit.into()));
        let fingerprint = row["fingerprint"].as_str().expect("digits");
        assert!(fingerprint.len() == 64 && text.contains(fingerprint));
    }
}

#[test]
fn shells_get_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let text = comptok(&["completions", shell], "").text();
        assert!(text.contains("skip-special"), "{shell}");
    }
}

#[test]
fn wrong_command_lines_have_exit_code_2() {
    let code = |args: &[&str]| {
        let run = comptok(args, "");
        assert!(!run.stderr.is_empty(), "{args:?}");
        run.code
    };
    for args in [
        &["encode"][..],
        &["nonsense"],
        &["encode", "-t", "gpt2", "--jsonl", "--format", "u16"],
        &["encode", "-t", "gpt2", "--special", "some"],
        &["encode", "-t", "gpt2", "--pattern", "gpt2"],
        &["encode", "-t", "gpt2", "--special-token", "x=1"],
        &["encode", "-t", "gpt2", "--special-token", "x"],
        &["bake", "x"],
        &["bake", "x", "--profile-bytes", "7", "-o", "y"],
        &["inspect", "gpt2", "--cpu"],
        &["bake", "x", "y", "z", "-o", "w"],
        &["completions", "tcsh"],
    ] {
        assert_eq!(code(args), Some(2), "{args:?}");
    }
}

#[test]
fn missing_files_are_named() {
    let dir = Dir::new("missing_files");
    let none = dir.path("none");
    let run = comptok(&["encode", "-t", "gpt2", &none], "");
    assert!(run.stderr.starts_with(&format!("comptok: {none}: ")), "{}", run.stderr);
    assert_eq!(run.code, Some(1));
    let run = comptok(&["encode", "-t", &none], "");
    let wanted =
        format!("comptok: {none}: no such file and no bundled tokenizer; bundled are gpt2, ");
    assert!(run.stderr.starts_with(&wanted), "{}", run.stderr);
    let run = comptok(&["bake", &none, "-o", &dir.path("x")], "");
    assert_eq!(run.code, Some(1));
    comptok(&["count", "-t", "gpt2", &dir.path("")], "")
        .fails(1, &format!("{}: is a directory", dir.path("")));
    assert!(dir.names().is_empty());
}

#[test]
fn help_has_examples() {
    for command in ["encode", "decode", "count", "bake", "convert", "inspect", "completions"] {
        let text = comptok(&[command, "--help"], "").text();
        assert!(
            text.contains("Example") && text.contains(&format!("comptok {command}")),
            "{command}"
        );
    }
}
