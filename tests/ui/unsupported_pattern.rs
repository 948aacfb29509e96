static TOKENIZER: comptok::Tokenizer = comptok::include_tokenizer!(
    "tests/fixtures/tiny.tiktoken",
    pattern = r"(?<=a)b|.",
);

fn main() {
    println!("{:?}", TOKENIZER);
}
