//! `comptok encode --jsonl --full`.

mod common;

use common::comptok;

fn fixture(name: &str) -> String {
    format!("{}/../tests/fixtures/general/{name}.json", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn an_object_for_each_line() {
    let file = fixture("unigram");
    let run = |args: &[&str], input: &str| {
        let mut all = vec!["encode", "-t", &file, "--jsonl", "--full"];
        all.extend(args);
        comptok(&all, input).text()
    };
    // The piece that a table makes of "a", and a char that has none.
    let line = concat!(
        r#"{"attention_mask":[1,1,1,1,1],"ids":[1,3,6,0,2],"offsets":[[0,0],[0,1],[0,2],[2,3],[0,0]],"#,
        r#""sequence_ids":[null,0,0,0,null],"special_tokens_mask":[1,0,0,0,1],"#,
        r#""tokens":["<s>","▁","bc","é","</s>"],"type_ids":[0,0,0,0,0],"word_ids":[null,0,0,0,null]}"#,
        "\n"
    );
    assert_eq!(run(&[], "\"acé\"\n"), line);
    let bytes = run(&["--offsets", "bytes", "--no-special"], "\"acé\"\n");
    assert!(bytes.contains(r#""offsets":[[0,1],[0,2],[2,4]]"#), "{bytes}");
    let pair = run(&["--no-special"], "[\"a\", \"c\"]\n");
    assert!(pair.contains(r#""sequence_ids":[0,1,1]"#), "{pair}");
}

#[test]
fn what_the_file_truncates_overflows() {
    let file = fixture("word_piece");
    let text = format!("\"{}\"\n", "ab ".repeat(30));
    let line = comptok(&["encode", "-t", &file, "--jsonl", "--full"], text).text();
    assert!(line.contains(r#""overflowing":[{"#), "{line}");
}

#[test]
fn lines_that_are_no_text() {
    let file = fixture("unigram");
    let args = ["encode", "-t", &file, "--jsonl", "--full"];
    for line in ["7\n", "[\"a\"]\n", "[\"a\", \"b\", \"c\"]\n", "[1, 2]\n", "\n"] {
        let run = comptok(&args, line);
        assert_eq!(run.code, Some(1), "{line}");
        assert!(
            run.stderr.contains("(standard input):1") || run.stderr.contains(":1"),
            "{}",
            run.stderr
        );
    }
    assert_eq!(comptok(&["encode", "-t", &file, "--full"], "").code, Some(2));
}
