//! The simulator, in a process of its own. For each line of its standard input, it prints the responses since the line
//! before.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use prime_sim::{Fault, Operation, ResponseEvent, Simulator};
use serde::{Deserialize, Serialize};

use crate::Result;

/// The settings of the simulator.
#[derive(Debug, Serialize, Deserialize)]
pub struct Settings {
    /// The time that an answer takes, in milliseconds.
    pub latency_ms: u64,
    /// The share of requests that get status 503 immediately.
    pub unavailable: f64,
    /// The number of requests that are handled at once. More get status 429.
    pub limit: Option<usize>,
}

/// The responses to chat requests.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Responses {
    /// The times of the responses with status 200, in seconds since the first request.
    pub answers: Vec<f64>,
    /// The times of the other responses.
    pub refusals: Vec<f64>,
    #[serde(skip)]
    start: Option<Instant>,
}

/// Runs the simulator until its standard input ends.
pub fn run(settings: &str) -> Result<()> {
    let settings: Settings = serde_json::from_str(settings)?;
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build()?;
    let responses = Arc::new(Mutex::new(Responses::default()));
    let recorder = Arc::clone(&responses);
    let chat = Operation::CreateChatCompletion;
    let unavailable = Fault::status(503).on(chat).chance(settings.unavailable);
    let latency = Duration::from_millis(settings.latency_ms);
    let mut builder = Simulator::builder()
        .seed(7)
        .record(0)
        .balance("1000000".parse()?)
        .fault(unavailable)
        .fault(Fault::delay(latency).on(chat))
        .on_response(move |event| {
            if event.operation == Some(chat) {
                let mut responses = recorder.lock().unwrap_or_else(PoisonError::into_inner);
                responses.add(event);
            }
        });
    if let Some(limit) = settings.limit {
        builder = builder.chat_limit(limit);
    }
    let simulator = runtime.block_on(builder.start())?;
    let mut out = std::io::stdout();
    writeln!(out, "{} {}", simulator.inference_url(), simulator.key())?;
    for line in std::io::stdin().lines() {
        line?;
        let mut responses = responses.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = std::mem::take(&mut *responses);
        drop(responses);
        writeln!(out, "{}", serde_json::to_string(&taken)?)?;
    }
    Ok(())
}

impl Responses {
    fn add(&mut self, event: &ResponseEvent) {
        let now = Instant::now();
        let start = *self.start.get_or_insert(now - event.took);
        let time = now.duration_since(start).as_secs_f64();
        match event.status {
            Some(status) if status.is_success() => self.answers.push(time),
            _ => self.refusals.push(time),
        }
    }
}

/// A simulator in another process, which is killed on drop.
pub struct Service {
    process: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    pub url: String,
    pub key: String,
}

impl Service {
    pub fn start(program: &Path, settings: &Settings) -> Result<Self> {
        let mut process = Command::new(program)
            .args(["batch-service", &serde_json::to_string(settings)?])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdin = process.stdin.take().ok_or("the service has no input")?;
        let stdout = process.stdout.take().ok_or("the service has no output")?;
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        let (url, key) = line.trim().split_once(' ').ok_or("the service failed")?;
        let (url, key) = (url.to_owned(), key.to_owned());
        Ok(Self {
            process,
            stdin,
            stdout,
            url,
            key,
        })
    }

    /// Returns the responses since the call before.
    pub fn responses(&mut self) -> Result<Responses> {
        self.stdin.write_all(b"\n")?;
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
