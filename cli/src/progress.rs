//! A bar for long work, where somebody watches.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::io::is_dash;

/// Input of fewer bytes is done before a bar could be read.
const LONG: u64 = 8 << 20;

/// Bytes done, of those in all the files.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// A bar if there is much to read, a terminal to draw on, and no output to that terminal.
    pub(crate) fn new(paths: &[&Path], output_is_terminal: bool) -> Self {
        if output_is_terminal || !io::stderr().is_terminal() {
            return Self { bar: None };
        }
        let size = |path: &&Path| std::fs::metadata(path).map_or(0, |found| found.len());
        let bar = match paths.iter().any(|path| is_dash(path)) {
            true => Some((ProgressBar::no_length(), "{spinner} {bytes} {bytes_per_sec}")),
            false => {
                Some(paths.iter().map(size).sum()).filter(|&size: &u64| size >= LONG).map(|size| {
                    let style = "{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
                    (ProgressBar::new(size), style)
                })
            }
        };
        let bar = bar.map(|(bar, style)| {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(Duration::from_millis(200));
            // The templates are constants, and the tests draw both.
            bar.with_style(
                ProgressStyle::with_template(style).unwrap_or(ProgressStyle::default_bar()),
            )
        });
        Self { bar }
    }

    /// So many bytes more are done.
    pub(crate) fn add(&self, bytes: usize) {
        if let Some(bar) = &self.bar {
            bar.inc(bytes as u64);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
