static TOKENIZER: comptok::Tokenizer = comptok::include_tokenizer!();

fn main() {
    println!("{:?}", TOKENIZER);
}
