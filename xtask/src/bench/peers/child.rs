//! Running a program that may hang or fall over.

use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::process::ExitStatusExt as _,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// What a program said, line by line, or why it did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Said(String),
    /// The library has no such vocabulary.
    Unsupported,
    Failed(String),
}

/// The status with which a program says that.
const UNSUPPORTED: i32 = 3;

/// Runs to the end, or until `limit`.
pub(super) fn run(command: &mut Command, limit: Duration) -> Result<Outcome, String> {
    let program = format!("{command:?}");
    let error = |error: std::io::Error| format!("{program}: {error}");
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(error)?;
    let start = Instant::now();
    // Read on the side, so that a full pipe cannot stop the program.
    let mut pipes = (child.stdout.take(), child.stderr.take());
    let out = std::thread::spawn(move || {
        let mut text = String::new();
        pipes.0.as_mut().map(|pipe| pipe.read_to_string(&mut text));
        text
    });
    let err = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipes.1.as_mut().map(|pipe| pipe.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let status = loop {
        if let Some(status) = child.try_wait().map_err(error)? {
            break Some(status);
        }
        if start.elapsed() > limit {
            child.kill().map_err(error)?;
            child.wait().map_err(error)?;
            break None;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let (out, err) = (out.join().unwrap_or_default(), err.join().unwrap_or_default());
    Ok(match status {
        Some(status) if status.success() => Outcome::Said(out),
        Some(status) if status.code() == Some(UNSUPPORTED) => Outcome::Unsupported,
        Some(status) => {
            let last = err.lines().last().unwrap_or_default();
            let how = match (status.signal(), status.code()) {
                (Some(signal), _) => format!("killed by signal {signal}"),
                (_, code) => format!("status {}", code.unwrap_or_default()),
            };
            Outcome::Failed(format!("{how} {last}").trim().to_owned())
        }
        None => Outcome::Failed(format!("not done after {} s", limit.as_secs())),
    })
}

/// Runs two of a kind at the same time, each on a processor of its own: both warm up, and are let go
/// together. `None` if one of them does not get there.
pub(super) fn pair(
    mut command: impl FnMut() -> Command,
    limit: Duration,
) -> Result<Option<[String; 2]>, String> {
    let mut children = Vec::new();
    for number in 0..2 {
        pin(Some(number))?;
        let child = command()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        children.push(child);
    }
    pin(None)?;
    // Ends them when they take too long, which ends the reading below.
    let (done, wait) = std::sync::mpsc::channel::<()>();
    let ids: Vec<u32> = children.iter().map(std::process::Child::id).collect();
    let guard = std::thread::spawn(move || {
        if wait.recv_timeout(limit) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            for id in ids.into_iter().filter_map(|id| libc::pid_t::try_from(id).ok()) {
                // SAFETY: the children have not been waited for, so the ids are still theirs.
                unsafe { libc::kill(id, libc::SIGKILL) };
            }
        }
    });
    let mut outputs: Vec<_> = children
        .iter_mut()
        .filter_map(|child| Some(BufReader::new(child.stdout.take()?)))
        .collect();
    let mut ready = true;
    for output in &mut outputs {
        let mut line = String::new();
        ready &= output.read_line(&mut line).is_ok() && line == "ready\n";
    }
    for child in &mut children {
        if let Some(mut input) = child.stdin.take() {
            // One that has ended already says nothing more, which is seen below.
            let _ = input.write_all(b"\n");
        }
    }
    let mut texts = [String::new(), String::new()];
    for (output, text) in outputs.iter_mut().zip(&mut texts) {
        ready &= output.read_to_string(text).is_ok();
    }
    // Before they are waited for, see above.
    drop(done);
    let _ = guard.join();
    for child in &mut children {
        ready &= child.wait().is_ok_and(|status| status.success());
    }
    Ok(ready.then_some(texts))
}

/// The JSON objects in what a program said.
pub(super) fn objects(said: &str) -> Result<Vec<Value>, String> {
    let object = |line| serde_json::from_str(line).map_err(|e| format!("{line:?}: {e}"));
    said.lines().map(object).collect()
}

/// The processor for measurements with one: the last, because interrupts tend to go to the first.
pub(super) const LAST: Option<usize> = Some(usize::MAX);

/// Keeps this process, and those it starts, on the processor of this number; or lets them go.
pub(super) fn pin(processor: Option<usize>) -> Result<(), String> {
    // SAFETY: a set of processors is an array of integers, for which all zero is a value.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    let size = size_of::<libc::cpu_set_t>();
    // SAFETY: sysconf reads a number of the system.
    let count = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_CONF) };
    let count = usize::try_from(count).unwrap_or(1).min(8 * size);
    let chosen = match processor {
        Some(number) => number.min(count - 1)..number.min(count - 1) + 1,
        None => 0..count,
    };
    for processor in chosen {
        // SAFETY: `processor` is below the number of bits of the set.
        unsafe { libc::CPU_SET(processor, &mut set) };
    }
    // SAFETY: the pointer is to a live set of the size given; 0 is this process.
    match unsafe { libc::sched_setaffinity(0, size, &raw const set) } {
        0 => Ok(()),
        _ => Err(format!("sched_setaffinity: {}", std::io::Error::last_os_error())),
    }
}
