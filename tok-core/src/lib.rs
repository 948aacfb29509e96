//! The blob format of comptok and the engine that runs on it.
//!
//! `no_std`, without dependencies; `alloc` is for the general engine only.
#![no_std]
#![deny(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod added_tokens;
pub mod blob;
pub mod byte_level;
pub mod cache;
pub mod decoder;
pub mod engine;
#[cfg(feature = "alloc")]
pub mod general;
pub mod kernel;
pub mod model;
pub mod normalizer;
pub mod pre_tokenizer;
pub mod scratch;
#[cfg(feature = "alloc")]
pub mod settings;
pub mod sink;
mod swar;
pub mod unicode;

pub use cache::Cache;
pub use engine::{Cursor, Engine, Request, Stop};
pub use kernel::Kernel;
pub use scratch::Workspace;
