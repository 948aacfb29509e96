static TOKENIZER: comptok::Tokenizer =
    comptok::include_tokenizer!(concat!("tests/fixtures/", "tiny.json"));

fn main() {
    println!("{:?}", TOKENIZER);
}
