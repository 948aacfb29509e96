static TOKENIZER: comptok::Tokenizer =
    comptok::include_tokenizer!("tests/fixtures/broken/unsupported.json");

fn main() {
    println!("{:?}", TOKENIZER);
}
