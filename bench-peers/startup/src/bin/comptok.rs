//! Prints the first id, with cl100k_base baked in.

use comptok::{Scratch, Special, vocab::CL100K_BASE};

fn main() {
    let text = std::env::args().nth(1).unwrap_or_default();
    let (mut ids, mut scratch) = ([0; 64], Scratch::lend(&mut []));
    CL100K_BASE
        .encode_to_slice(&text, Special::AsText, &mut ids, &mut scratch)
        .expect("a short text of short words");
    println!("{}", ids[0]);
}
