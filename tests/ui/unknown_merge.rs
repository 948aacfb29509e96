static TOKENIZER: comptok::Tokenizer =
    comptok::include_tokenizer!("tests/fixtures/broken/unknown_merge.json");

fn main() {
    println!("{:?}", TOKENIZER);
}
