//! Reads tokenizer files into a [`Spec`] and bakes it into a comptok blob.

pub mod bake;
mod base64;
pub mod byte_level;
mod error;
pub mod merges;
pub mod read;
pub mod spec;
pub mod write;

pub use error::{ReadError, Warning, WriteError};
pub use spec::Spec;
