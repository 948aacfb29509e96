static TOKENIZER: comptok::Tokenizer =
    comptok::include_tokenizer!("tests/fixtures/broken/syntax.json");

fn main() {
    println!("{:?}", TOKENIZER);
}
