static TOKENIZER: comptok::Tokenizer = comptok::include_tokenizer!(
    "tests/fixtures/tiny.tiktoken",
    pattern = "gpt5",
);

fn main() {
    println!("{:?}", TOKENIZER);
}
