//! Bakes a [`Spec`](crate::Spec) into what the engine runs on.

pub mod dfa;
