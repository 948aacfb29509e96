static TOKENIZER: comptok::Tokenizer = comptok::include_tokenizer!(
    "tests/fixtures/broken/base64.tiktoken",
    pattern = "gpt2",
);

fn main() {
    println!("{:?}", TOKENIZER);
}
