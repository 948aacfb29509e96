//! `comptok train --column`: texts from Parquet files, which the tests write.
#![cfg(feature = "parquet")]

mod common;

use std::sync::Arc;

use common::{Dir, comptok};
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

const SCHEMA: &str = "message texts {
    required int64 id;
    required binary text (UTF8);
    optional binary maybe (UTF8);
    required binary raw;
    required group tags (LIST) { repeated group list { required binary element (UTF8); } }
}";

fn texts() -> Vec<String> {
    let text = |n: u32| format!("the {} sat on the mat {}", ["cat", "dog"][n as usize % 2], n % 90);
    (0..3000).map(text).collect()
}

/// A file of several row groups. Every text is in each column; `maybe` has a null at each row that
/// `is_null` names.
fn parquet(texts: &[String], codec: Compression, is_null: impl Fn(usize) -> bool) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(SCHEMA).expect("a schema"));
    let options = Arc::new(WriterProperties::builder().set_compression(codec).build());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, options).expect("a writer");
    let mut row = 0;
    for part in texts.chunks(1000) {
        let mut group = writer.next_row_group().expect("a group");
        let all: Vec<ByteArray> = part.iter().map(|text| text.as_str().into()).collect();
        let levels: Vec<i16> = (row..).zip(part).map(|(row, _)| i16::from(!is_null(row))).collect();
        let there: Vec<ByteArray> = all
            .iter()
            .zip(&levels)
            .filter(|(_, level)| **level > 0)
            .map(|(t, _)| t.clone())
            .collect();
        let mut column = group.next_column().expect("it goes on").expect("id");
        let ids: Vec<i64> = (0..part.len() as i64).collect();
        column.typed::<Int64Type>().write_batch(&ids, None, None).expect("memory");
        column.close().expect("memory");
        let ones = vec![1i16; part.len()];
        let zeros = vec![0i16; part.len()];
        for (values, levels, repeats) in [
            (&all, None, None),
            (&there, Some(&levels[..]), None),
            (&all, None, None),
            (&all, Some(&ones[..]), Some(&zeros[..])),
        ] {
            let mut column = group.next_column().expect("it goes on").expect("a column");
            let typed = column.typed::<ByteArrayType>();
            typed.write_batch(values, levels, repeats).expect("memory");
            column.close().expect("memory");
        }
        group.close().expect("memory");
        row += part.len();
    }
    writer.into_inner().expect("memory")
}

#[test]
fn a_column_gives_what_json_lines_give() {
    let dir = Dir::new("train-parquet");
    let texts = texts();
    let lines: String =
        texts.iter().map(|text| format!("{}\n", serde_json::json!({"text": text}))).collect();
    let jsonl = dir.file("x.jsonl", lines);
    let out = dir.path("x.json");
    let train = ["train", "--vocab-size", "300", "-o", &out];
    comptok(&[&train[..], &["--jsonl", "text", &jsonl]].concat(), "").text();
    let wanted = std::fs::read(&out).expect("a tokenizer");
    std::fs::create_dir_all(dir.path("folder/deep")).expect("a folder");
    dir.file("folder/README.md", "not Parquet");
    let (first, second) = texts.split_at(1700);
    let plain = |texts: &[String]| parquet(texts, Compression::UNCOMPRESSED, |_| false);
    dir.file("folder/a.parquet", plain(first));
    dir.file("folder/deep/b.parquet", plain(second));
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::ZSTD(Default::default()),
    ];
    for codec in codecs {
        let file = dir.file("x.parquet", parquet(&texts, codec, |_| false));
        for column in ["text", "maybe"] {
            comptok(&[&train[..], &["--column", column, &file]].concat(), "").text();
            assert!(std::fs::read(&out).expect("a tokenizer") == wanted, "{codec:?}, {column}");
        }
    }
    comptok(&[&train[..], &["--column", "text", &dir.path("folder")]].concat(), "").text();
    assert!(std::fs::read(&out).expect("a tokenizer") == wanted, "a folder");
    let (words, others) = (dir.path("x.words"), dir.path("y.words"));
    let file = dir.path("x.parquet");
    comptok(&["count-words", "--column", "text", "-o", &words, &file], "").bytes();
    comptok(&["count-words", "--jsonl", "text", "-o", &others, &jsonl], "").bytes();
    assert!(std::fs::read(words).expect("words") == std::fs::read(others).expect("words"));
}

#[test]
fn what_is_no_text_is_said() {
    let dir = Dir::new("train-parquet-wrong");
    let texts = texts();
    let bytes = parquet(&texts, Compression::SNAPPY, |row| row == 1234 || row == 2000);
    let file = dir.file("x.parquet", &bytes);
    let text = dir.file("x.txt", "no Parquet at all");
    let out = dir.path("x.json");
    for (column, file, message) in [
        (
            "nope",
            &file,
            "there is no column \"nope\", only id, text, maybe, raw, tags.list.element",
        ),
        ("id", &file, "column \"id\" is INT64, not text"),
        ("raw", &file, "column \"raw\" is BYTE_ARRAY, not text"),
        (
            "tags.list.element",
            &file,
            "column \"tags.list.element\" is a list, not a text for each row",
        ),
        ("maybe", &file, "row 1235 of column \"maybe\" is null"),
        ("text", &text, "Parquet error: Invalid Parquet file. Corrupt footer"),
    ] {
        let run =
            comptok(&["train", "--vocab-size", "300", "-o", &out, "--column", column, file], "");
        assert_eq!((run.code, run.stderr.lines().count()), (Some(1), 1), "{}", run.stderr);
        assert!(run.stderr.starts_with(&format!("comptok: {file}: {message}")), "{}", run.stderr);
    }
    comptok(&["train", "--vocab-size", "300", "-o", &out, "--column", "text"], &bytes).fails(
        1,
        "training does not support Parquet from the standard input: it begins at the file's end",
    );
}

/// Whatever a file has been damaged to, the command ends by itself, with an answer or an error.
#[test]
fn a_text_that_is_not_utf8_has_its_row() {
    let dir = Dir::new("train-parquet-utf8");
    let (out, mut bytes) =
        (dir.path("x.json"), parquet(&texts(), Compression::UNCOMPRESSED, |_| false));
    let text = b"the dog sat on the mat 17";
    while let Some(at) = bytes.windows(text.len()).position(|window| window == text) {
        bytes[at + 4] = 0xFF;
    }
    let file = dir.file("x.parquet", &bytes);
    let train = ["train", "--vocab-size", "300", "-o", &out, "--column", "text", &file];
    let message = format!("{file}: row 18 of column \"text\" is not UTF-8 at byte 4");
    comptok(&train, "").fails(1, &message);
    comptok(&[&train[..], &["--invalid-utf8", "replace"]].concat(), "").text();
    let held = dir.file("held.parquet", parquet(&texts()[..9], Compression::SNAPPY, |_| false));
    let more = ["--invalid-utf8", "replace", "--progress", "json", "--held-out", &held];
    let run = comptok(&[&train[..], &more].concat(), "");
    let report: serde_json::Value = serde_json::from_slice(&run.stdout).expect("a report");
    let wanted: usize = texts()[..9].iter().map(String::len).sum();
    assert_eq!(report["held_out"]["bytes"], wanted);
}

#[test]
fn damage_is_an_error_or_goes_unnoticed() {
    let dir = Dir::new("train-parquet-damage");
    let bytes = parquet(&texts()[..50], Compression::SNAPPY, |_| false);
    let out = dir.path("x.json");
    let mut state = 7u64;
    for _ in 0..60 {
        let mut damaged = bytes.clone();
        for _ in 0..3 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let at = (state >> 33) as usize % damaged.len();
            damaged[at] ^= 1 << (state >> 20 & 7);
        }
        let file = dir.file("x.parquet", &damaged);
        let run =
            comptok(&["train", "--vocab-size", "300", "-o", &out, "--column", "text", &file], "");
        assert!(matches!(run.code, Some(0 | 1)), "{:?}: {}", run.code, run.stderr);
    }
}
