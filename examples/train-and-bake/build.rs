//! Trains 400 tokens on `text/log.txt` and bakes them.

use std::{env, error::Error, fs, path::Path};

use comptok_bake::{bake, read::PatternArg, spec::Family};
use comptok_train::bpe::{BpeTrainer, byte_alphabet};
use comptok_train::{Counter, Lines, Splitter};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=text/log.txt");
    let splitter = Splitter::byte_level(PatternArg::Named("cl100k"), Family::HuggingFace)?;
    let mut counter = Counter::new(&splitter);
    counter.count(Lines::new(fs::File::open("text/log.txt")?, "text/log.txt"), &())?;
    let trainer = BpeTrainer {
        vocab_size: 400,
        initial_alphabet: byte_alphabet(),
        special_tokens: vec!["<|end|>".to_owned()],
        ..BpeTrainer::default()
    };
    let spec = trainer.train(&counter.finish(&())?, &())?.spec(&splitter);
    let baked = bake::bake(&spec, &bake::Options::default())?;
    // Where `include_baked!` looks.
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    fs::write(Path::new(&out).join("log.ctok"), baked.blob)?;
    Ok(())
}
