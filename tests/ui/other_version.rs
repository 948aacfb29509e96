static TOKENIZER: comptok::Tokenizer =
    comptok::include_tokenizer!("tests/fixtures/broken/other_version.ctok");

fn main() {
    println!("{:?}", TOKENIZER);
}
