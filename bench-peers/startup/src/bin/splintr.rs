//! Prints the first id, with the vocabulary that the crate brings along.

fn main() {
    let text = std::env::args().nth(1).unwrap_or_default();
    let tokenizer = splintr::pretrained::from_pretrained("cl100k_base").expect("part of the crate");
    println!("{}", tokenizer.encode(&text)[0]);
}
