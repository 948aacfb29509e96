static TOKENIZER: comptok::Tokenizer = comptok::include_tokenizer!(
    "tests/fixtures/tiny.json",
    pattern = "gpt2",
    special_tokens = {"<|pad|>": 300},
);

fn main() {
    println!("{:?}", TOKENIZER);
}
