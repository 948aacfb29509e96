//! The answers of the reference libraries in tests/golden, for every bundled vocabulary: loaded from its
//! file in `vocab/`, and as the `static` of its feature.
#![cfg(any(feature = "load", feature = "__bake"))]
#![expect(clippy::print_stdout, reason = "a test says how many rows it checked")]

#[cfg(feature = "load")]
use comptok::load::{FileOptions, PatternArg};
use comptok::{Scratch, Special, Tokenizer};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn ids(value: &Value) -> Vec<u32> {
    let ids = value.as_array().expect("ids").iter();
    ids.map(|id| id.as_u64().and_then(|id| u32::try_from(id).ok()).expect("an id")).collect()
}

fn check(tokenizer: &Tokenizer, name: &str) {
    let file = path("tests/golden").join(format!("{name}.jsonl"));
    let lines = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
    let mut lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("a row"));
    let header = lines.next().expect("a header");
    assert_eq!(header["tokenizer"], name);
    let mut scratch = Scratch::new();
    let mut rows = 0;
    for row in lines {
        let text = row["text"].as_str().expect("text");
        for (special, field) in [(Special::All, "ids"), (Special::AsText, "ordinary")] {
            let wanted = ids(&row[field]);
            let found = tokenizer.encode(text, special).expect("nothing is forbidden");
            assert_eq!(found, wanted, "{name}: {field} of {text:?}");
            assert_eq!(tokenizer.count(text, special), Ok(wanted.len()), "{name}: {text:?}");
            // Two special tokens of o200k_harmony have one id, which decodes to the other one.
            if !text.contains("<|reserved_200018|>") {
                assert_eq!(tokenizer.decode(&wanted).as_deref(), Ok(text), "{name}: {field}");
            }
            let mut end = 0;
            for (span, id) in tokenizer.tokens(text, special, &mut scratch).zip(wanted) {
                let span = span.expect("nothing is forbidden");
                assert_eq!((span.id, span.start), (id, end), "{name}: {text:?}");
                end = span.end;
            }
            assert_eq!(end, text.len(), "{name}: {text:?}");
        }
        rows += 1;
    }
    println!("{name}: {rows} rows of {}", header["library"]);
    assert_eq!(header["rows"], rows);
    assert!(rows >= 100, "{name}: {rows}");
}

/// Loads a file of `vocab/` as its name says.
#[cfg(feature = "load")]
fn loaded(name: &str) -> Tokenizer {
    let bundled = comptok_bake::bundled::Bundled::by_name(name).expect("it is bundled");
    let special_tokens = bundled.special_tokens();
    let options = FileOptions {
        pattern: bundled.pattern.map(PatternArg::Named),
        special_tokens: &special_tokens,
        ..FileOptions::default()
    };
    let file = path("vocab").join(bundled.file);
    Tokenizer::from_file_with(file, &options).unwrap_or_else(|e| panic!("{e}"))
}

macro_rules! golden {
    ($($name:ident $feature:literal $bundled:ident,)*) => {
        #[cfg(feature = "load")]
        mod load {
            $(#[test]
            fn $name() {
                super::check(&super::loaded($feature), $feature);
            })*
        }

        mod bundled {
            $(#[cfg(feature = $feature)]
            #[test]
            fn $name() {
                super::check(&comptok::vocab::$bundled, $feature);
            })*
        }
    };
}

golden! {
    gpt2 "gpt2" GPT2,
    r50k_base "r50k_base" R50K_BASE,
    p50k_base "p50k_base" P50K_BASE,
    p50k_edit "p50k_edit" P50K_EDIT,
    cl100k_base "cl100k_base" CL100K_BASE,
    o200k_base "o200k_base" O200K_BASE,
    o200k_harmony "o200k_harmony" O200K_HARMONY,
}
