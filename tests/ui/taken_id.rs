static TOKENIZER: comptok::Tokenizer = comptok::include_tokenizer!(
    "tests/fixtures/tiny.tiktoken",
    pattern = "gpt2",
    special_tokens = {"<|pad|>": 7},
);

fn main() {
    println!("{:?}", TOKENIZER);
}
