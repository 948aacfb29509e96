//! What the comparisons with the reference libraries share.

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub mod clock;
pub mod random;
pub mod reference;
pub mod samples;
pub mod split;
