//! A bar for long work, where somebody watches.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::io::is_dash;

/// Input of fewer bytes is done before a bar could be read.
const LONG: u64 = 8 << 20;

const BAR: &str = "{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
/// For input whose length is not known.
const SPINNER: &str = "{spinner} {bytes} {bytes_per_sec}";

/// Bytes done, of those in all the files.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// A bar if there is a terminal to draw on, and no output to that terminal. It is drawn when
    /// there is, or has been, much to read.
    pub(crate) fn new(paths: &[&Path], output_is_terminal: bool) -> Self {
        if output_is_terminal || !io::stderr().is_terminal() {
            return Self { bar: None };
        }
        let size = |path: &&Path| std::fs::metadata(path).map_or(0, |found| found.len());
        let known = !paths.iter().any(|path| is_dash(path));
        let bar = match known {
            true => ProgressBar::hidden().with_style(style(BAR)),
            false => ProgressBar::hidden().with_style(style(SPINNER)),
        };
        let size = paths.iter().map(size).sum();
        if known {
            bar.set_length(size);
        }
        if known && size >= LONG {
            draw(&bar);
        }
        Self { bar: Some(bar) }
    }

    /// So many bytes more are done.
    pub(crate) fn add(&self, bytes: usize) {
        if let Some(bar) = &self.bar {
            let before = bar.position();
            bar.inc(bytes as u64);
            if before < LONG && bar.position() >= LONG && bar.length().is_none() {
                draw(bar);
            }
        }
    }
}

fn draw(bar: &ProgressBar) {
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar.enable_steady_tick(Duration::from_millis(200));
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("a test tries both templates")
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_sound() {
        for template in [BAR, SPINNER] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
