static TOKENIZER: comptok::Tokenizer = comptok::include_tokenizer!("/nowhere/absent.json");

fn main() {
    println!("{:?}", TOKENIZER);
}
