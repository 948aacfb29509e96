//! A blob mapped into memory is there at once.
#![expect(clippy::print_stdout, reason = "a test says how long it took")]

use std::{
    path::Path,
    time::{Duration, Instant},
};

use comptok::{
    Special, Tokenizer,
    load::{FileOptions, PatternArg},
};

#[test]
fn mapping_looks_at_the_header_only() {
    let vocab = Path::new(env!("CARGO_MANIFEST_DIR")).join("vocab/o200k_base.tiktoken");
    let source = std::fs::read(&vocab).expect("the vocabulary");
    let options =
        FileOptions { pattern: Some(PatternArg::Named("o200k")), ..FileOptions::default() };
    let blob = comptok_bake::bake_file(&source, &options).expect("a blob").blob;
    let path = std::env::temp_dir().join(format!("comptok-map-{}.ctok", std::process::id()));
    std::fs::write(&path, &blob).expect("a file can be written");
    let (mut mapped, mut checked) = (Duration::MAX, Duration::MAX);
    for _ in 0..100 {
        let start = Instant::now();
        // SAFETY: nobody else knows of the file.
        let tokenizer = unsafe { Tokenizer::map_file(&path) }.expect("it can be mapped");
        mapped = mapped.min(start.elapsed());
        let start = Instant::now();
        assert_eq!(tokenizer.verify(), Ok(()));
        checked = checked.min(start.elapsed());
        assert_eq!(tokenizer.count("hello world", Special::AsText), Ok(2));
    }
    std::fs::remove_file(&path).expect("it is ours");
    let megabytes = blob.len() as f64 / 1e6;
    println!("o200k_base.ctok ({megabytes:.1} MB): map_file {mapped:?}, verify {checked:?}");
    assert!(mapped < Duration::from_millis(1), "least of 100: {mapped:?}");
    assert!(mapped * 4 < checked, "map_file {mapped:?}, verify {checked:?}");
}
