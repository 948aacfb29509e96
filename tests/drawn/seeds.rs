//! How many cases are drawn, and which.

use std::ops::Range;

/// A number that the environment gives.
pub fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// The seeds of `cases` cases, or of `COMPTOK_CASES`; with `COMPTOK_SEED` others, of which none comes twice.
pub fn seeds(cases: u64) -> Range<u64> {
    let cases = number("COMPTOK_CASES").unwrap_or(cases);
    let first = cases * number("COMPTOK_SEED").unwrap_or(0);
    first..first + cases
}
