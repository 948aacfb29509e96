//! Progress, and the wish to stop.

use std::collections::HashMap;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use comptok::train::{Phase, Watch};
use indicatif::{ProgressBar, ProgressStyle};

use super::args::ProgressArg;
use crate::Failure;

/// Set by Ctrl-C.
static STOP: AtomicBool = AtomicBool::new(false);

/// Milliseconds between two lines of JSON.
const PAUSE: u64 = 200;

pub(super) struct Watcher {
    start: Instant,
    bar: Option<ProgressBar>,
    json: bool,
    spoken: AtomicU64,
    phases: Mutex<HashMap<Phase, (Duration, Duration)>>,
}

impl Watcher {
    pub(super) fn new(mode: ProgressArg) -> Result<Self, Failure> {
        // The first Ctrl-C is a request, the second one an order.
        ctrlc::set_handler(|| {
            if STOP.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        })
        .map_err(|error| Failure::data(format!("cannot listen for Ctrl-C: {error}")))?;
        let bar = (mode == ProgressArg::Auto && io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new_spinner();
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        let json = mode == ProgressArg::Json;
        let (spoken, phases) = (AtomicU64::new(0), Mutex::default());
        Ok(Self { start: Instant::now(), bar, json, spoken, phases })
    }

    /// When each phase began and when it was last heard of, in the order of their beginning.
    pub(super) fn phases(&self) -> Vec<(Phase, Duration)> {
        let phases = self.phases.lock().unwrap_or_else(PoisonError::into_inner);
        let mut phases: Vec<_> = phases.iter().map(|(phase, times)| (*phase, times.0)).collect();
        phases.sort_by_key(|(_, begin)| *begin);
        let mut next = self.start.elapsed();
        let mut times: Vec<(Phase, Duration)> = Vec::new();
        for (phase, begin) in phases.into_iter().rev() {
            times.push((phase, next.saturating_sub(begin)));
            next = begin;
        }
        times.reverse();
        times
    }

    pub(super) fn stopped(&self) -> bool {
        STOP.load(Ordering::Relaxed)
    }
}

impl Watch for Watcher {
    fn progress(&self, phase: Phase, done: u64, total: u64) {
        let now = self.start.elapsed();
        {
            let mut phases = self.phases.lock().unwrap_or_else(PoisonError::into_inner);
            phases.entry(phase).or_insert((now, now)).1 = now;
        }
        if let Some(bar) = &self.bar {
            let template = match (phase, total) {
                (Phase::Count, _) => "{spinner} count {bytes} {bytes_per_sec}",
                (_, 0) => "{spinner} {msg} {pos}",
                _ => "{bar:40} {msg} {pos}/{len} {eta}",
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_message(phase.name());
            bar.set_length(total);
            bar.set_position(done);
        }
        if self.json {
            let millis = now.as_millis() as u64;
            let before = self.spoken.load(Ordering::Relaxed);
            let due = before == 0 || millis >= before + PAUSE;
            let order = Ordering::Relaxed;
            if due && self.spoken.compare_exchange(before, millis.max(1), order, order).is_ok() {
                let line = serde_json::json!({
                    "phase": phase.name(), "done": done, "total": total, "seconds": now.as_secs_f64(),
                });
                // If nobody listens, that is no reason to fail.
                let _ = writeln!(io::stderr(), "{line}");
            }
        }
    }

    fn stop(&self) -> bool {
        self.stopped()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
