static TOKENIZER: comptok::Tokenizer = comptok::include_tokenizer!(
    "tests/fixtures/missing_bytes.json",
    strict = true,
);

fn main() {
    println!("{:?}", TOKENIZER);
}
