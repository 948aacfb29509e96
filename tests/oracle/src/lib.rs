//! What the comparisons with the reference libraries share.

pub mod random;
pub mod reference;
pub mod samples;
pub mod split;
