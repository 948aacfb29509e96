//! What the comparisons with the reference libraries share.

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub mod clock;
pub mod random;
pub mod reference;
pub mod samples;
pub mod split;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a reference says, unless it panics.
pub fn asked<T>(ask: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(ask)).ok()
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
