//! The bundled vocabularies, loaded from their files.

use comptok::{
    Tokenizer,
    load::{FileOptions, PatternArg},
};
use comptok_bake::bundled::Bundled;
use std::path::Path;

pub(crate) fn load(name: &str) -> Tokenizer {
    let bundled = Bundled::by_name(name).expect("it is bundled");
    let options = FileOptions {
        pattern: bundled.pattern.map(PatternArg::Named),
        special_tokens: &bundled.special_tokens(),
        ..FileOptions::default()
    };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("vocab").join(bundled.file);
    Tokenizer::from_file_with(file, &options).unwrap_or_else(|e| panic!("{e}"))
}
