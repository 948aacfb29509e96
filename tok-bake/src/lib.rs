//! Reads tokenizer files into a [`Spec`] and bakes it into a comptok blob.

pub mod bake;
mod base64;
mod both;
pub mod build;
pub mod bundled;
pub mod byte_level;
pub mod compose;
mod error;
mod file;
pub mod merges;
pub mod read;
pub mod spec;
pub mod write;

pub use bake::{BakeError, Baked, bake};
pub use error::{ReadError, Warning, WriteError};
pub use file::{FileError, FileOptions, bake_file, bake_vocab_merges, source_hash};
pub use spec::Spec;
