//! encode: ids, formats, policies, parts of long texts.

mod common;
use common::{Dir, Tiny, command, comptok};

#[test]
fn known_ids() {
    for (tokenizer, ids) in [
        ("gpt2", "31373 995\n"),
        ("cl100k_base", "15339 1917\n"),
        ("o200k_base", "24912 2375\n"),
        ("gpt-4o", "24912 2375\n"),
    ] {
        assert_eq!(comptok(&["encode", "-t", tokenizer], "hello world").text(), ids, "{tokenizer}");
        assert_eq!(comptok(&["encode", "-t", tokenizer, "-"], "hello world").text(), ids);
    }
    assert_eq!(comptok(&["encode", "-t", "gpt2"], "").text(), "\n");
}

#[test]
fn files_have_a_line_each_in_order() {
    let dir = Dir::new("files_have_a_line_each_in_order");
    let (a, b) = (dir.file("a", "hello world"), dir.file("b", "hello"));
    let run = comptok(&["encode", "-t", "gpt2", &a, &b, "-"], "world");
    assert_eq!(run.text(), "31373 995\n31373\n6894\n");
    let run = comptok(&["encode", "-t", "gpt2", "--format", "jsonl", &b, &a], "");
    assert_eq!(run.text(), "[31373]\n[31373,995]\n");
}

#[test]
fn json_lines_are_answered_one_for_one() {
    let input = "\"hello world\"\n\"\"\r\n \"hello\" \n\"two\\nlines\"\n\"\\ud83e\\udd17\"\n\"\"";
    let output = "[31373,995]\n[]\n[31373]\n[11545,198,6615]\n[8582,97,245]\n[]\n";
    assert_eq!(comptok(&["encode", "-t", "gpt2", "--jsonl"], input).text(), output);
    assert_eq!(comptok(&["encode", "-t", "gpt2", "--jsonl"], "").text(), "");
}

#[test]
fn binary_formats_are_little_endian_and_come_back() {
    let text = "hello world, naïve 🤗\n\n  tabs\tand <|endoftext|>";
    for (format, first) in
        [("u16", &[0x8D, 0x7A, 0xE3, 0x03][..]), ("u32", &[0x8D, 0x7A, 0, 0, 0xE3, 3, 0, 0])]
    {
        let bytes = comptok(&["encode", "-t", "gpt2", "--format", format], text).bytes();
        assert_eq!(bytes[..first.len()], *first, "{format}");
        let back = comptok(&["decode", "-t", "gpt2", "--format", format], bytes);
        assert_eq!(back.text(), text, "{format}");
    }
    let run = comptok(&["encode", "-t", "cl100k_base", "--format", "u16"], "ok <|endoftext|>");
    run.fails(1, "-: id 100257 does not fit into u16, which ends at 65535; use --format u32");
}

#[test]
fn special_tokens_follow_the_policy() {
    let text = "one\ntwo <|endoftext|>";
    let run = |special: &[&str]| comptok(&[&["encode", "-t", "gpt2"], special].concat(), text);
    let whole = "505 198 11545 220 50256\n";
    assert_eq!(run(&[]).text(), whole);
    assert_eq!(run(&["--special", "all"]).text(), whole);
    assert_eq!(run(&["--special", "none"]).text(), "505 198 11545 1279 91 437 1659 5239 91 29\n");
    let message = "special token \"<|endoftext|>\" at byte 8 is forbidden here; --special none takes \
                   it as text";
    run(&["--special", "forbid"]).fails(1, &format!("-:2: {message}"));
    // In a later part: line and byte are those of the whole text.
    run(&["--special", "forbid", "--window", "1"]).fails(1, &format!("-:2: {message}"));
    let run = comptok(
        &["encode", "-t", "gpt2", "--jsonl", "--special", "forbid"],
        "\"a\"\n\"one\\ntwo <|endoftext|>\"\n",
    );
    run_fails_after(run, "[64]\n", &format!("-:2: {message}"));
}

#[track_caller]
fn run_fails_after(run: common::Run, output: &str, message: &str) {
    assert_eq!(String::from_utf8_lossy(&run.stdout), output);
    run.fails(1, message);
}

#[test]
fn a_byte_without_a_token_is_an_error_when_strict() {
    let dir = Dir::new("a_byte_without_a_token");
    let file = dir.file("t.json", Tiny { missing: Some(b'q'), ..Tiny::default() }.json());
    let warned = comptok(&["encode", "-t", &file], "aq");
    assert_eq!((warned.stdout.as_slice(), warned.code), (&b"97\n"[..], Some(0)));
    assert!(
        warned.stderr.contains("warning") && warned.stderr.contains("0x71"),
        "{}",
        warned.stderr
    );
    let strict = comptok(&["encode", "-t", &file, "--strict"], "a\naq");
    assert_eq!(strict.code, Some(1));
    let message = "-:2: byte 0x71 at 3 has no token in this vocabulary\n";
    assert!(strict.stderr.ends_with(message), "{}", strict.stderr);
}

#[test]
fn bytes_that_are_not_utf_8_are_encoded_too() {
    let text = b"\xFFhello \xE4\xBD world\x00\xC3".as_slice();
    let ids = comptok(&["encode", "-t", "gpt2"], text).text();
    assert_eq!(comptok(&["decode", "-t", "gpt2"], ids).bytes(), text);
}

#[test]
fn tokens_are_shown() {
    let show = |extra: &[&str], text: &[u8]| {
        comptok(&[&["encode", "-t", "gpt2", "--show"], extra].concat(), text).text()
    };
    // The output is no terminal.
    assert_eq!(show(&[], b"hello world\n"), "hello│ world│\n│");
    let colored = show(&["--color", "always"], b"hello world");
    assert_eq!(colored.matches("\x1b[0m").count(), 2);
    assert!(!colored.contains('│') && colored.contains("hello\x1b[0m"), "{colored:?}");
    assert_eq!(show(&["--color", "never"], b"\x1b[1m"), "\\u{1b}│[│1│m│");
    assert_eq!(show(&["--window", "1"], b"hello world\n"), "hello│ world│\n│");
}

/// Parts of any size give the ids of the whole, whatever the tokenizer does at their edges.
#[test]
fn a_text_in_parts_has_the_ids_of_the_whole() {
    let dir = Dir::new("a_text_in_parts");
    let added: [&[(&str, &[&str])]; 8] = [
        &[],
        &[("<end>", &[])],
        &[("the and", &[])],
        &[("42", &["rstrip", "ordinary"])],
        &[("<x>", &["lstrip", "rstrip"])],
        &[(" in", &["single_word"]), ("日本", &["single_word", "normalized"])],
        &[("\u{212A} \u{212A}", &["normalized"])],
        &[("   ", &["normalized", "ordinary"]), ("\n\n\n", &[]), (" and", &["lstrip"])],
    ];
    let pieces = [
        "the",
        " the and",
        " and the",
        "  in",
        " in in",
        "\n",
        "\n\n",
        "\t",
        "<end>",
        "<x> ",
        " <x>",
        "é",
        "e\u{301}",
        "K \u{212A} K",
        " ",
        "   ",
        "1 2",
        "42\n",
        "日本 語",
        "thein",
        "a",
        ".\n",
        "\u{a0}",
    ];
    // A fixed sequence of a linear congruential generator.
    let mut state = 7u64;
    let mut text = String::new();
    while text.len() < 3000 {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        text += pieces[(state >> 33) as usize % pieces.len()];
    }
    let file = dir.file("text", &text);
    for (number, added) in added.into_iter().enumerate() {
        for (nfc, prefix_space) in [(false, false), (true, false), (false, true), (true, true)] {
            let json = Tiny { added, nfc, prefix_space, missing: None }.json();
            let tokenizer = dir.file("t.json", json);
            let ids = |args: &[&str]| {
                comptok(&[&["encode", "-t", &tokenizer, &file], args].concat(), "").text()
            };
            for special in ["all", "none"] {
                let whole = ids(&["--special", special]);
                for window in ["1", "7", "64", "1000"] {
                    let parts = ids(&["--special", special, "--window", window]);
                    assert!(
                        parts == whole,
                        "tokenizer {number}, nfc {nfc}, prefix space {prefix_space}, special \
                         {special}, window {window}"
                    );
                }
            }
        }
    }
    for tokenizer in ["gpt2", "cl100k_base", "o200k_base"] {
        let ids =
            |window| comptok(&["encode", "-t", tokenizer, "--window", window, &file], "").text();
        assert_eq!(ids("5"), ids("1000000"), "{tokenizer}");
    }
}

#[test]
fn output_files_are_complete_or_not_there() {
    let dir = Dir::new("output_files");
    let text = dir.file("text", "hello world");
    let ids = dir.path("ids");
    assert_eq!(comptok(&["encode", "-t", "gpt2", &text, "-o", &ids], "").text(), "");
    assert_eq!(std::fs::read_to_string(&ids).expect("the output"), "31373 995\n");
    let run =
        comptok(&["encode", "-t", "gpt2", "-", "--special", "forbid", "-o", &ids], "<|endoftext|>");
    assert_eq!(run.code, Some(1));
    assert_eq!(std::fs::read_to_string(&ids).expect("the old output"), "31373 995\n");
    assert_eq!(dir.names(), ["ids", "text"]);
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_a_quiet_end() {
    let dir = Dir::new("a_closed_pipe");
    let text = dir.file("text", "hello world ".repeat(100_000));
    let mut child = command(&["encode", "-t", "gpt2", &text]).spawn().expect("the command starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the command ends");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}
