static TOKENIZER: comptok::Tokenizer = comptok::include_tokenizer!("tests/fixtures/tiny.tiktoken");

fn main() {
    println!("{:?}", TOKENIZER);
}
