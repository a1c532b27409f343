//! The program's log.

use std::io::Write;

use prime_sim::{Answered, Simulator};
use serde_json::json;

/// What is written of each answer.
pub(crate) enum Log {
    /// A line for people on standard error, beside what a shell may read.
    Lines {
        color: bool,
    },
    /// A line for programs on standard output.
    Json,
    Nothing,
}

impl Log {
    pub(crate) fn answer(&self, answer: &Answered) {
        // Nobody may be reading any more; the server goes on.
        match self {
            Self::Lines { color } => {
                drop(std::io::stderr().write_all(format!("{}\n", line(answer, *color)).as_bytes()))
            }
            Self::Json => {
                drop(std::io::stdout().write_all(format!("{}\n", object(answer)).as_bytes()));
            }
            Self::Nothing => {}
        }
    }
}

/// The first line for programs: where it listens.
pub(crate) fn ready(sim: &Simulator) -> String {
    let ready = json!({
        "event": "ready",
        "PRIME_API_KEY": sim.key(),
        "PRIME_API_BASE_URL": sim.platform_url(),
        "PRIME_INFERENCE_URL": sim.inference_url(),
        "PRIME_TEAM_ID": sim.team(),
    });
    format!("{ready}\n")
}

fn object(answer: &Answered) -> serde_json::Value {
    json!({
        "event": "answer",
        "method": answer.method.as_str(),
        "path": answer.path,
        "operation": answer.operation.map(|operation| operation.id()),
        "status": answer.status.map(|status| status.as_u16()),
        "attempt": answer.attempt,
        "fault": answer.fault,
        "took_ms": (answer.took.as_secs_f64() * 1e6).round() / 1e3,
        "request_id": answer.request_id,
    })
}

/// `200  POST   create_chat_completion   1.3 ms  attempt 2  cut-off  req_…`
fn line(answer: &Answered, color: bool) -> String {
    let (status, code) = match answer.status {
        None => ("---".to_owned(), "31"),
        Some(status) => {
            let code = match status.as_u16() {
                200..300 => "32",
                300..400 => "36",
                400..500 => "33",
                _ => "31",
            };
            (status.as_u16().to_string(), code)
        }
    };
    let paint = |text: &str, code: &str| match color {
        true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        false => text.to_owned(),
    };
    let operation = answer.operation.map_or("", |operation| operation.id());
    let took = format!("{:.1} ms", answer.took.as_secs_f64() * 1e3);
    let mut line = format!(
        "{}  {:<6} {operation:<22} {took:>9}  {}",
        paint(&status, code),
        answer.method.as_str(),
        printable(&answer.path),
    );
    if answer.attempt > 1 {
        line.push_str(&format!("  attempt {}", answer.attempt));
    }
    if let Some(fault) = answer.fault {
        line.push_str(&format!("  {}", paint(fault, "35")));
    }
    line.push_str(&format!("  {}", paint(&answer.request_id, "2")));
    line
}

/// A path comes from anybody: nothing in it moves a terminal's cursor.
fn printable(path: &str) -> String {
    path.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
