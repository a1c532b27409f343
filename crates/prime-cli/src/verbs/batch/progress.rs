//! The progress of a batch on the terminal.

use std::collections::VecDeque;
use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use prime_batch::{Control, Pause};

use crate::output::{Out, number};

/// The time between two updates on a terminal.
const INTERVAL: Duration = Duration::from_millis(250);

/// The time between two lines if standard error is not a terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(60);

/// The rate is that of this time.
const WINDOW: Duration = Duration::from_secs(15);

/// Shows the progress: a line that is replaced on a terminal, or a line each minute.
pub(super) struct Progress<'a> {
    out: &'a Out,
    control: Control,
    is_terminal: bool,
    /// When the requests of the last seconds ended.
    samples: VecDeque<(Instant, u64)>,
    shown: bool,
    next: tokio::time::Instant,
}

impl<'a> Progress<'a> {
    pub(super) fn new(out: &'a Out, control: Control) -> Self {
        let is_terminal = out.is_live_on_error() && io::stderr().is_terminal();
        Self {
            out,
            control,
            is_terminal,
            samples: VecDeque::new(),
            shown: false,
            next: tokio::time::Instant::now(),
        }
    }

    fn interval(&self) -> Duration {
        if self.is_terminal {
            INTERVAL
        } else {
            LINE_INTERVAL
        }
    }

    /// Waits until the next update, and shows it.
    pub(super) async fn tick(&mut self) {
        if self.next <= tokio::time::Instant::now() {
            self.next = tokio::time::Instant::now() + self.interval();
        }
        tokio::time::sleep_until(self.next).await;
        self.next += self.interval();
        if self.out.is_json() {
            return;
        }
        let line = self.line();
        if self.is_terminal {
            self.out.error_text(&format!("\r\x1b[K{line}"));
            self.shown = true;
        } else {
            self.out.error_text(&format!("{line}\n"));
        }
    }

    /// Removes the line.
    pub(super) fn clear(&self) {
        if self.shown {
            self.out.error_text("\r\x1b[K");
        }
    }

    fn line(&mut self) -> String {
        let progress = self.control.progress();
        let Some(requests) = progress.requests else {
            return "reading the input".to_owned();
        };
        let (now, ended) = (Instant::now(), progress.ended());
        self.samples.push_back((now, ended));
        while self
            .samples
            .front()
            .is_some_and(|(at, _)| now - *at > WINDOW)
        {
            self.samples.pop_front();
        }
        let rate = self.samples.front().map_or(0.0, |(at, before)| {
            (ended - before) as f64 / (now - *at).as_secs_f64().max(0.001)
        });
        let mut line = format!("{ended} of {requests}");
        if rate > 0.0 {
            let left = requests.saturating_sub(ended) as f64 / rate;
            line.push_str(&format!(", {rate:.1}/s, {} left", duration(left)));
        }
        line.push_str(&format!(
            ", {} of {} in flight",
            progress.in_flight, progress.level
        ));
        let tokens = progress.prompt_tokens + progress.completion_tokens;
        let tokens = i64::try_from(tokens).unwrap_or(i64::MAX);
        line.push_str(&format!(", {} tokens", number::tokens(tokens)));
        if !progress.known_cost.is_zero() {
            line.push_str(&format!(", {}", number::usd(progress.known_cost.usd())));
        }
        if !progress.estimated_cost.is_zero() {
            line.push_str(&format!(
                ", about {}",
                number::usd(progress.estimated_cost.usd())
            ));
        }
        for (code, count) in progress.errors.iter().take(3) {
            line.push_str(&format!(", {count}\u{d7} {code}"));
        }
        if let Some(pause) = progress.paused {
            line.push_str(match pause {
                Pause::Overloaded => ", waiting: the service is overloaded",
                Pause::RateLimit => ", waiting: limit per minute",
                Pause::DiskFull => ", waiting: the disk is full",
                Pause::Ledger => ", waiting: the ledger cannot be reached",
                Pause::Budget => ", waiting: budget",
                _ => ", waiting",
            });
        }
        match terminal_size::terminal_size_of(io::stderr()) {
            Some((width, _)) if self.is_terminal => {
                let width = usize::from(width.0).saturating_sub(1);
                line.chars().take(width).collect()
            }
            _ => line,
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5_400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3_600.0),
    }
}
