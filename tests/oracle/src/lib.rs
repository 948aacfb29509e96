//! What the comparisons with the reference libraries share.

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub mod clock;
pub mod random;
pub mod reference;
pub mod samples;
#[path = "../../drawn/seeds.rs"]
mod seeds;
pub mod split;

pub use seeds::{number, seeds};

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a reference says, unless it panics.
pub fn asked<T>(ask: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(ask)).ok()
}

/// Checks each of the seeds of `cases` cases; the check counts what it compares, `what` of it, more than `least` a case.
/// The reference's panics are quiet, and an error of the check, or a panic, is one of the few failures that are shown.
pub fn on_seeds(cases: u64, what: &str, least: u64, check: impl Fn(u64) -> Result<usize, String>) {
    std::panic::set_hook(Box::new(|_| ()));
    let (mut failures, mut compared) = (Vec::new(), 0);
    let seeds = seeds(cases);
    let cases = seeds.end - seeds.start;
    for seed in seeds {
        match asked(|| check(seed)).unwrap_or_else(|| Err(format!("seed {seed}: a panic"))) {
            Ok(count) => compared += count,
            Err(error) => failures.push(error),
        }
        if failures.len() > 4 {
            break;
        }
    }
    println!("{compared} {what}\n{}", failures.join("\n\n"));
    assert!(failures.is_empty());
    assert!(compared as u64 > least * cases, "{compared}");
}

/// Returns an error with both sides, named as `format!` would, unless they are equal.
#[macro_export]
macro_rules! same {
    ($ours:expr, $wanted:expr, $($what:tt)*) => {
        match (&$ours, &$wanted) {
            (ours, wanted) if ours == wanted => {}
            (ours, wanted) => {
                let what = format_args!($($what)*);
                return Err(format!("{what}: {ours:?}\nnot {wanted:?}"));
            }
        }
    };
}
