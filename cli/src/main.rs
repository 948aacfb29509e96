//! The comptok command.
fn main() {}
