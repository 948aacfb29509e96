static TOKENIZER: comptok::Tokenizer = comptok::include_tokenizer!(
    "tests/fixtures/broken/duplicate.tiktoken",
    pattern = "gpt2",
);

fn main() {
    println!("{:?}", TOKENIZER);
}
