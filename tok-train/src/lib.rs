//! Trains tokenizers: text becomes counted words, and these a [`Spec`](comptok_bake::Spec).
//!
//! ```text
//! files, iterators ─ Source ─► Counter ─► Counts ─ bpe, wordpiece, unigram, word_level ─► Trained ─► Spec
//!                        (cut by a Splitter)  └─► files, joined again elsewhere
//! ```
#![forbid(unsafe_code)]

pub mod bpe;
mod count;
mod error;
mod model;
mod split;
pub mod unigram;
mod watch;
pub mod word_level;
pub mod wordpiece;

pub use count::{
    Chain, Chunk, Counter, Counts, CountsFile, InvalidUtf8, Lines, Memory, Source, Texts,
    write_counts,
};
pub use error::TrainError;
pub use model::{Compression, Trained};
pub use split::{Splitter, Unit};
pub use watch::{Phase, Watch};

/// The number of processors.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
