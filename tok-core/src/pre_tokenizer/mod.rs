//! Pre-tokenizers: where the next pre-token ends.

pub mod dfa;
