//! The progress of something that takes long.

use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use super::Out;

/// The time between two updates.
const INTERVAL: Duration = Duration::from_millis(200);

/// A line on standard error that is replaced again and again. Nothing is written if standard error is not a terminal.
pub(crate) struct Progress<'a> {
    out: Option<&'a Out>,
    total: u64,
    unit: &'static str,
    begin: Instant,
    last: Option<Instant>,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(out: &'a Out, total: u64, unit: &'static str) -> Self {
        let is_shown = !out.json && !out.plain && io::stderr().is_terminal();
        Self {
            out: is_shown.then_some(out),
            total,
            unit,
            begin: Instant::now(),
            last: None,
        }
    }

    /// Shows how much is done, the rate and the time that is left.
    pub(crate) fn update(&mut self, done: u64, detail: &str) {
        let Some(out) = self.out else { return };
        if self.last.is_some_and(|last| last.elapsed() < INTERVAL) {
            return;
        }
        self.last = Some(Instant::now());
        let (total, unit) = (self.total, self.unit);
        let rate = done as f64 / self.begin.elapsed().as_secs_f64().max(0.001);
        let left = total.saturating_sub(done) as f64 / rate.max(0.001);
        out.error_text(&format!(
            "\r\x1b[K{done} of {total} {unit}, {rate:.0}/s, {left:.0} s left{detail}"
        ));
    }
}

/// Removes the line.
impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if let (Some(out), Some(_)) = (self.out, self.last) {
            out.error_text("\r\x1b[K");
        }
    }
}
