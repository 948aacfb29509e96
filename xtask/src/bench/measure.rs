//! What a process costs from start to exit.

use std::{
    io::Read,
    os::unix::process::ExitStatusExt,
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

/// The cost of one run.
#[derive(Debug, Clone)]
pub(super) struct Cost {
    pub(super) time: Duration,
    /// Of all processors together, in the program and in the kernel.
    pub(super) cpu: Duration,
    /// Page faults, with and without a read from disk.
    pub(super) faults: u64,
    /// Largest resident memory. A child begins with that of its parent, so the parent stays small.
    pub(super) peak_kib: u64,
    pub(super) stdout: String,
    pub(super) status: ExitStatus,
}

/// Runs a command to its end. Its standard output is kept.
pub(super) fn run(command: &mut Command) -> Result<Cost, String> {
    let start = Instant::now();
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|error| format!("{command:?}: {error}"))?;
    let mut stdout = String::new();
    if let Some(mut pipe) = child.stdout.take() {
        pipe.read_to_string(&mut stdout).map_err(|error| format!("{command:?}: {error}"))?;
    }
    let (status, usage) = wait(child.id())?;
    let time = start.elapsed();
    let faults = usage.ru_minflt.unsigned_abs() + usage.ru_majflt.unsigned_abs();
    let cpu = duration(usage.ru_utime) + duration(usage.ru_stime);
    Ok(Cost { time, cpu, faults, peak_kib: usage.ru_maxrss.unsigned_abs(), stdout, status })
}

fn duration(time: libc::timeval) -> Duration {
    let [seconds, micros] = [time.tv_sec, time.tv_usec].map(i64::unsigned_abs);
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}

/// Waits for a child that nobody has waited for, and asks what it used.
fn wait(child: u32) -> Result<(ExitStatus, libc::rusage), String> {
    let child = libc::pid_t::try_from(child).map_err(|error| error.to_string())?;
    let mut status = 0;
    // SAFETY: `rusage` is integers only, for which all zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to live variables of the types that wait4 fills.
    let waited = unsafe { libc::wait4(child, &raw mut status, 0, &raw mut usage) };
    if waited != child {
        return Err(format!("wait4: {}", std::io::Error::last_os_error()));
    }
    Ok((ExitStatus::from_raw(status), usage))
}

/// The value in the middle.
pub(super) fn median<T: Ord + Copy>(values: impl IntoIterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}
