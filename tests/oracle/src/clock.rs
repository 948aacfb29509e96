//! Time on a machine that does other things too.

use std::time::Duration;

/// The time that this thread has had a processor: what other programs take is not in it.
///
/// # Panics
/// If the system has no such clock.
pub fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for writing, and the clock is one that every Linux has.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(result, 0, "no clock");
    let part = |value: i64| u64::try_from(value).expect("time is not negative");
    Duration::from_secs(part(time.tv_sec)) + Duration::from_nanos(part(time.tv_nsec))
}
