//! Tokenizers from text.
//!
//! ```
//! use comptok::Tokenizer;
//! use comptok::load::{Family, PatternArg};
//! use comptok::train::bpe::{BpeTrainer, byte_alphabet};
//! use comptok::train::{Counter, Splitter, Texts};
//!
//! let splitter = Splitter::byte_level(PatternArg::Named("gpt2"), Family::HuggingFace)?;
//! let mut counter = Counter::new(&splitter);
//! counter.count(Texts(["low lower lowest", "slow slower"].iter()), &())?;
//! let trainer = BpeTrainer {
//!     vocab_size: 260,
//!     initial_alphabet: byte_alphabet(),
//!     ..BpeTrainer::default()
//! };
//! let spec = trainer.train(&counter.finish(&())?, &())?.spec(&splitter);
//!
//! let tokenizer = Tokenizer::from_spec(&spec)?;
//! assert_eq!(tokenizer.encode_ordinary("low").len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use comptok_train::*;
