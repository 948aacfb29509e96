//! Models of SentencePiece against the library's answers.

#![expect(clippy::print_stdout, reason = "a test says how many rows it checked")]

#[expect(dead_code, reason = "other tests use all of it")]
mod common;

use comptok_bake::{bake::model_alone, read};
use comptok_core::{
    blob::{Header, Tables},
    model::{Model, Scratch},
};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<u32> {
    let array = value.as_array().into_iter().flatten();
    array.map(|number| number.as_u64().expect("a number") as u32).collect()
}

#[test]
fn every_row_of_the_vectors() {
    let Some(shared) = common::shared() else { return };
    let models = common::files(shared.join("vocabs/sentencepiece"), ".model.gz");
    assert_eq!(models.len(), 11);
    let mut failures = Vec::new();
    for (name, path) in models {
        let read = read::read(&common::gunzip(path), read::Options::default());
        let spec = read.unwrap_or_else(|error| panic!("{name}: {error}")).spec;
        let blob = model_alone(&spec).unwrap_or_else(|error| panic!("{name}: {error}"));
        let header = Header::parse(&blob).expect("a blob");
        let tables = Tables::new(&blob, &header);
        let model = Model::parse(&tables).expect("a model");
        let Model::SentencePiece(own) = model else { panic!("{name}: another model") };
        let rows = common::gunzip(shared.join(format!("vectors/sp/{name}.jsonl.gz")));
        let mut scratch = Scratch::default();
        let (mut checked, before) = (0, failures.len());
        for row in rows.split(|&byte| byte == b'\n').skip(1).filter(|row| !row.is_empty()) {
            let row: Value = serde_json::from_slice(row).expect("a row");
            let text = row["text"].as_str().expect("text");
            let mut tokens = Vec::new();
            model.tokenize(text, &mut scratch, &mut tokens).expect("an answer");
            let mut fail = |what: &str, found: &dyn std::fmt::Debug, wanted: &Value| {
                let text = text.chars().take(60).collect::<String>();
                failures.push(format!("{name}: {what} of {text:?}: {found:?}, wanted {wanted}"));
            };
            let ids: Vec<u32> = tokens.iter().map(|token| token.id).collect();
            if ids != numbers(&row["ids"]) {
                fail("ids", &ids, &row["ids"]);
            }
            if let Some(normalized) = row["normalized"].as_str()
                && own.normalized(text) != normalized
            {
                fail("normalized", &own.normalized(text), &row["normalized"]);
            }
            if let Some(wanted) = row["offsets_byte"].as_array() {
                let found: Vec<_> =
                    tokens.iter().map(|token| vec![token.start, token.end]).collect();
                if !found.iter().cloned().eq(wanted.iter().map(numbers)) {
                    fail("offsets", &found, &row["offsets_byte"]);
                }
            }
            let decoded = own.decode(ids.iter().copied());
            if row["decode"].as_str() != Some(&*decoded) {
                fail("decode", &decoded, &row["decode"]);
            }
            checked += 1;
        }
        println!("sp/{name}: {checked} rows, {} differ", failures.len() - before);
        assert_eq!(checked, 352);
    }
    let shown = failures.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    assert!(failures.is_empty(), "{} failures:\n{shown}", failures.len());
}
