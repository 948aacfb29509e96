//! Reads tokenizer files into a [`Spec`] and bakes it into a comptok blob.

pub mod bake;
pub mod byte_level;
pub mod read;
pub mod spec;

pub use spec::Spec;
