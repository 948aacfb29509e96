static TOKENIZER: comptok::Tokenizer =
    comptok::include_tokenizer!("tests/fixtures/tiny.json", profile = "/nowhere/absent.txt");

fn main() {
    println!("{:?}", TOKENIZER);
}
