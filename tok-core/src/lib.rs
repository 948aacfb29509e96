//! The blob format of comptok and the engine that runs on it.
//!
//! `no_std`, without `alloc`, without dependencies.
#![no_std]
#![forbid(unsafe_code)]

pub mod blob;
pub mod model;
pub mod pre_tokenizer;
pub mod unicode;
