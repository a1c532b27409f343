//! `train logs`: shows the log of a run.

use std::time::Duration;

use prime_ext::http::StatusCode;
use prime_ext::runs::{RunLogs, has_ended};
use prime_ext::{Client, Error};
use schemars::JsonSchema;
use serde::Serialize;

use super::log_line;
use crate::context::{Context, block_on};
use crate::exit::Failure;
use crate::interrupt::until_interrupted;

/// Show the log of a run
///
/// The service keeps the lines of 24 hours, and returns at most 5000 of them, and fewer without --all, --since, --search or
/// --level.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
JSON: a line {\"line\"} for each line of the log, as it was written.

Examples:
  prime-rs train logs run_123
  prime-rs train logs run_123 --follow
  prime-rs train logs run_123 --level ERROR --since 1h
  prime-rs train logs run_123 -c trainer --tail 50 --raw
  prime-rs train logs run_123 --env reverse-text --search Step -o json")]
pub(crate) struct Logs {
    /// The id of the run
    #[arg(value_name = "RUN")]
    run_id: String,

    /// The component whose log is read. Default: orchestrator, or env-server with --env
    #[arg(short, long, value_name = "NAME")]
    component: Option<Component>,

    /// The name of an environment, whose env-server is read
    #[arg(long, value_name = "NAME")]
    env: Option<String>,

    /// The maximum number of lines, from 1 to 5000
    #[arg(short = 'n', long, value_name = "LINES", value_parser = clap::value_parser!(u64).range(1..=MAX_LINES),
          default_value_t = 1000)]
    tail: u64,

    /// All lines that the service returns: --tail 5000 --since 24h
    #[arg(long, conflicts_with_all = ["tail", "since"])]
    all: bool,

    /// Show new lines until the run ends
    #[arg(short, long)]
    follow: bool,

    /// Show the lines as they were written, with progress bars and JSON
    #[arg(short, long)]
    raw: bool,

    /// Only lines with this text
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,

    /// The text of --search is a regular expression (RE2)
    #[arg(long, requires = "search")]
    regex: bool,

    /// Only lines of this level: ERROR, WARNING, SUCCESS, INFO or DEBUG
    #[arg(long, value_name = "LEVEL", ignore_case = true)]
    level: Option<Level>,

    /// Only lines of this time, from 60 s to 24 h: 900, 15m, 6h
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Duration>,
}

/// The limit of the service. Source: the official client.
const MAX_LINES: u64 = 5000;
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The time between two requests, by the official client: of a run that has a log, and of one that has not.
const POLL: Duration = Duration::from_secs(5);
const START_POLL: Duration = Duration::from_secs(10);

/// How often the log of a run that has none is requested, unless it is followed. Source: the official client.
const START_POLLS: u32 = 18;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Component {
    Orchestrator,
    Trainer,
    Inference,
    EnvServer,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
#[value(rename_all = "UPPER")]
enum Level {
    Error,
    Warning,
    Success,
    Info,
    Debug,
}

/// A line of a log as JSON.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "LogLine")]
pub(crate) struct Line<'a> {
    line: &'a str,
}

impl Logs {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        if self.env.is_some()
            && self
                .component
                .is_some_and(|name| name != Component::EnvServer)
        {
            return Err(Failure::usage("--env is for the component env-server only"));
        }
        if self.env.is_none() && self.component == Some(Component::EnvServer) {
            return Err(Failure::usage(
                "the component env-server needs --env, the name of an environment",
            ));
        }
        let client = context.client()?;
        let id = self.run_id.clone();
        let note = move || match self.follow {
            true => format!(
                "interrupted; the run continues; to read on: prime-rs train logs {id} --follow"
            ),
            false => "interrupted".to_owned(),
        };
        block_on(until_interrupted(
            async {
                let request = self.request(&client).await?;
                match self.follow {
                    true => self.follow(&client, request, context).await,
                    false => self.once(request, context).await,
                }
            },
            note,
        ))
    }

    async fn request(&self, client: &Client) -> Result<RunLogs, Failure> {
        let mut logs = client.runs().logs(&self.run_id);
        let (tail, since) = match self.all {
            true => (MAX_LINES, Some(LONGEST)),
            false => (self.tail, self.since),
        };
        logs = logs.tail(tail);
        if let Some(since) = since {
            logs = logs.since(since);
        }
        logs = match &self.search {
            Some(text) if self.regex => logs.search_regex(text),
            Some(text) => logs.search(text),
            None => logs,
        };
        if let Some(level) = self.level {
            logs = logs.level(format!("{level:?}").to_uppercase());
        }
        logs = match self.component {
            Some(Component::Trainer) => logs.component("trainer"),
            Some(Component::Inference) => logs.component("inference"),
            _ => logs,
        };
        if let Some(name) = &self.env {
            logs = logs.environment(self.environment(name, client).await?);
        }
        Ok(logs)
    }

    /// Removes the index of `name/0`. Runs of today have one server per environment.
    async fn environment<'a>(&self, name: &'a str, client: &Client) -> Result<&'a str, Failure> {
        let Some((plain, index)) = name.rsplit_once('/') else {
            return Ok(name);
        };
        if plain.is_empty() || index.is_empty() || !index.bytes().all(|c| c.is_ascii_digit()) {
            return Ok(name);
        }
        let run = client.runs().get(&self.run_id).await?;
        match run.kind.as_deref() {
            Some("DEDICATED_FULL_FT") => Ok(plain),
            _ => Err(Failure::usage(format!(
                "--env {name}: only the name of an environment is supported, without an index"
            ))),
        }
    }

    async fn once(&self, request: RunLogs, context: &Context) -> Result<(), Failure> {
        let mut polls = 0;
        let logs = loop {
            match request.clone().await {
                Ok(logs) => break logs,
                Err(error) if !is_starting(&error) => return Err(error.into()),
                Err(_) if polls == START_POLLS => break String::new(),
                Err(_) => {}
            }
            if polls == 0 {
                context
                    .out
                    .note("The run is starting, and has no log yet. Waiting for up to 3 minutes.");
            }
            polls += 1;
            tokio::time::sleep(START_POLL).await;
        };
        let lines: Vec<&str> = logs.lines().collect();
        if self.show(&lines, context)? == 0 {
            context
                .out
                .note("No lines. With --follow, this command waits for new ones.");
        }
        Ok(())
    }

    async fn follow(
        &self,
        client: &Client,
        request: RunLogs,
        context: &Context,
    ) -> Result<(), Failure> {
        let mut last: Vec<String> = Vec::new();
        let mut is_waiting = false;
        loop {
            let has_ended = has_ended(Some(&client.runs().get(&self.run_id).await?.status));
            let pause = match request.clone().await {
                Ok(logs) => {
                    let lines: Vec<String> = logs.lines().map(str::to_owned).collect();
                    let known = overlap(&last, &lines);
                    if known == 0 && !last.is_empty() && !lines.is_empty() {
                        context.out.warn(
                            "the log grew faster than it was read: lines may be missing here",
                        );
                    }
                    let new: Vec<&str> = lines[known..].iter().map(String::as_str).collect();
                    self.show(&new, context)?;
                    last = if lines.is_empty() { last } else { lines };
                    POLL
                }
                Err(error) if is_starting(&error) => {
                    if !std::mem::replace(&mut is_waiting, true) {
                        context
                            .out
                            .note("The run is starting, and has no log yet. Waiting for it.");
                    }
                    START_POLL
                }
                Err(error) if error.is_rate_limited() => error.retry_after().unwrap_or(START_POLL),
                Err(error) => return Err(error.into()),
            };
            // The status was read before the log, so that the log is complete.
            if has_ended {
                return Ok(());
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Writes lines, and returns how many were written.
    fn show(&self, lines: &[&str], context: &Context) -> Result<usize, Failure> {
        let out = &context.out;
        let mut shown = 0;
        for line in lines {
            if out.is_json() {
                out.json_line(&Line { line })?;
            } else if self.raw {
                out.foreign(&format!("{line}\n"))?;
            } else if let Some(line) = log_line::formatted(line, out.style()) {
                out.line(&line)?;
            } else {
                continue;
            }
            shown += 1;
        }
        Ok(shown)
    }
}

/// Returns how many of the first new lines are the last old ones.
fn overlap(old: &[String], new: &[String]) -> usize {
    let longest = old.len().min(new.len());
    (1..=longest)
        .rev()
        .find(|length| old[old.len() - length..] == new[..*length])
        .unwrap_or(0)
}

/// Returns whether a run has no log because it has not started. Source: the official client.
fn is_starting(error: &Error) -> bool {
    const MARKS: [&str; 8] = [
        "queued",
        "pending",
        "starting",
        "initializing",
        "not started",
        "not available yet",
        "logs are not available",
        "logs not available",
    ];
    let message = error.message().or(error.preview()).unwrap_or_default();
    let message = message.to_lowercase();
    error.status() == Some(StatusCode::NOT_FOUND) && MARKS.iter().any(|mark| message.contains(mark))
}

/// Reads `900`, `15m`, `6h` or `1d`.
fn since(text: &str) -> Result<Duration, String> {
    let text = text.trim().to_ascii_lowercase();
    let (number, unit) = match text.char_indices().last() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3600),
        Some((at, 'd')) => (&text[..at], 86_400),
        _ => (text.as_str(), 1),
    };
    let number: u64 = number
        .parse()
        .map_err(|_| "expected a number of seconds, or a number with s, m, h or d".to_owned())?;
    let time = Duration::from_secs(number.saturating_mul(unit));
    match (Duration::from_secs(60)..=LONGEST).contains(&time) {
        true => Ok(time),
        false => Err("expected a time from 60 s to 24 h".to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn new_lines_are_those_after_the_old_ones() {
        let lines =
            |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
        for (old, new, expected) in [
            ("", "a b", 0),
            ("a b", "a b", 2),
            ("a b", "a b c", 2),
            ("a b c", "b c d", 2),
            ("a b", "c d", 0),
            ("a a", "a a a", 2),
        ] {
            assert_eq!(overlap(&lines(old), &lines(new)), expected, "{old} / {new}");
        }
    }

    #[test]
    fn times_have_units_and_limits() {
        assert_eq!(since("900").unwrap().as_secs(), 900);
        assert_eq!(since("15m").unwrap().as_secs(), 900);
        assert_eq!(since(" 24H ").unwrap().as_secs(), 86_400);
        for text in ["", "m", "59", "25h", "1.5h", "-1", "99999999999999999999d"] {
            since(text).unwrap_err();
        }
    }
}
