//! The blob format of comptok and the engine that runs on it.
//!
//! `no_std`, without dependencies; `alloc` is for the general engine only.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod added_tokens;
pub mod blob;
pub mod byte_level;
pub mod decoder;
pub mod engine;
#[cfg(feature = "alloc")]
pub mod general;
pub mod model;
pub mod normalizer;
pub mod pre_tokenizer;
pub mod scratch;
pub mod sink;
pub mod unicode;

pub use engine::{Cursor, Engine, Request, Stop};
pub use scratch::Workspace;
