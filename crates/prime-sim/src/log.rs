//! The response log of the program.

use std::io::Write;

use prime_sim::{ResponseEvent, Simulator};
use serde_json::json;

/// Where and how responses are logged.
pub(crate) enum Log {
    /// Human-readable lines on standard error.
    Lines {
        color: bool,
    },
    /// JSON lines on standard output.
    Json,
    Off,
}

impl Log {
    pub(crate) fn response(&self, response: &ResponseEvent) {
        // Write errors are ignored: the server continues if the reader is gone.
        match self {
            Self::Lines { color } => drop(
                std::io::stderr().write_all(format!("{}\n", line(response, *color)).as_bytes()),
            ),
            Self::Json => {
                drop(std::io::stdout().write_all(format!("{}\n", object(response)).as_bytes()));
            }
            Self::Off => {}
        }
    }
}

/// The first JSON line: the settings for clients.
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

fn object(response: &ResponseEvent) -> serde_json::Value {
    json!({
        "event": "answer",
        "method": response.method.as_str(),
        "path": response.path,
        "operation": response.operation.map(|operation| operation.id()),
        "status": response.status.map(|status| status.as_u16()),
        "attempt": response.attempt,
        "fault": response.fault,
        "took_ms": (response.took.as_secs_f64() * 1e6).round() / 1e3,
        "request_id": response.request_id,
        "fingerprint": format!("{:016x}", response.fingerprint),
    })
}

/// `200  POST   create_chat_completion   1.3 ms  /api/v1/chat/completions  attempt 2  cut-off  req_…`
fn line(response: &ResponseEvent, color: bool) -> String {
    let (status, code) = match response.status {
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
    let operation = response.operation.map_or("", |operation| operation.id());
    let took = format!("{:.1} ms", response.took.as_secs_f64() * 1e3);
    let mut line = format!(
        "{}  {:<6} {operation:<22} {took:>9}  {}",
        paint(&status, code),
        response.method.as_str(),
        printable(&response.path),
    );
    if response.attempt > 1 {
        line.push_str(&format!("  attempt {}", response.attempt));
    }
    if let Some(fault) = response.fault {
        line.push_str(&format!("  {}", paint(fault, "35")));
    }
    line.push_str(&format!("  {}", paint(&response.request_id, "2")));
    line
}

/// Replaces control characters, which could affect the terminal.
fn printable(path: &str) -> String {
    path.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
