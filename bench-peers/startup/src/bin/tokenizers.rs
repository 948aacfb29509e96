//! Prints the first id, with the tokenizer.json that the second argument names.

fn main() {
    let mut args = std::env::args().skip(1);
    let text = args.next().unwrap_or_default();
    let file = args.next().expect("a tokenizer.json");
    let tokenizer = tokenizers::Tokenizer::from_file(file).expect("the file is readable");
    let encoding = tokenizer.encode_fast(text, false).expect("the text can be encoded");
    println!("{}", encoding.get_ids()[0]);
}
