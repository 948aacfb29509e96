//! Knows comptok through another crate only, and has three roads to the same tokenizer.
#![deny(warnings)]

use reexport::Tokenizer;

static FROM_MACRO: Tokenizer = reexport::include_tokenizer!("words.json");
static FROM_BUILD: Tokenizer = reexport::include_baked!("from-build");

fn main() {
    let text = "the tokens";
    println!("macro {:?}", FROM_MACRO.encode_ordinary(text));
    println!("build {:?}", FROM_BUILD.encode_ordinary(text));
    println!("bare {:?}", bare::TOKENIZER.encode_ordinary(text));
    assert_eq!(FROM_MACRO.as_bytes(), FROM_BUILD.as_bytes());
    assert_eq!(bare::local().as_bytes(), bare::TOKENIZER.as_bytes());
}
