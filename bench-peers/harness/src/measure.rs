//! Time and memory of this process.

use std::{
    fs,
    time::{Duration, Instant},
};

/// Nanoseconds of processor time, of all threads together.
pub(crate) fn cpu_nanos() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live variable of the type that the call fills.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    assert_eq!(status, 0, "every process has this clock");
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

/// Bytes that the allocator has given out; 0 where it cannot be asked.
pub(crate) fn heap_bytes() -> usize {
    #[cfg(target_env = "gnu")]
    {
        // SAFETY: the call has no preconditions.
        let info = unsafe { libc::mallinfo2() };
        info.uordblks + info.hblkhd
    }
    #[cfg(not(target_env = "gnu"))]
    0
}

/// A field of /proc/self/status, in KiB: `VmRSS`, `VmHWM` (its maximum so far), `RssAnon`.
pub(crate) fn status_kib(field: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Page faults so far.
pub(crate) fn page_faults() -> u64 {
    // SAFETY: `rusage` is integers only, for which all zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live variable of the type that the call fills.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
    (usage.ru_minflt + usage.ru_majflt).unsigned_abs()
}

/// Lets `VmHWM` begin again.
pub(crate) fn forget_peak() {
    // Where that is not allowed the peak of the load stays in, which errs on the large side.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// When something began, on the wall and for the processor.
pub(crate) struct Clock(Instant, u64);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now(), cpu_nanos())
    }

    /// Nanoseconds of the processor, and the time on the wall.
    pub(crate) fn read(&self) -> (u64, Duration) {
        (cpu_nanos() - self.1, self.0.elapsed())
    }

    /// Whether the processor has worked for more than so many seconds.
    pub(crate) fn is_past(&self, seconds: usize) -> bool {
        cpu_nanos() - self.1 > seconds as u64 * 1_000_000_000
    }
}
