//! Prints the first id, with the vocabulary that the crate brings along.

fn main() {
    let text = std::env::args().nth(1).unwrap_or_default();
    println!("{}", bpe_openai::cl100k_base().encode(&text)[0]);
}
