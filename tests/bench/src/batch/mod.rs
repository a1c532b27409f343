//! Benchmarks many requests: prime-batch, and what people write with async-openai and openai-python.
//!
//! | module | contents |
//! |---|---|
//! | [`service`] | the simulator in a separate process |
//! | [`client`] | one client running one job in a separate process |
//! | `openai_client.py` | the same for openai-python |

pub mod client;
pub mod service;

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use self::client::{Job, Taken};
use self::service::{Responses, Service, Settings};
use crate::Result;

const MODEL: &str = "meta-llama/llama-3.1-70b-instruct";

/// The time of an answer.
const LATENCY_MS: u64 = 200;

/// The number of requests in flight.
const IN_FLIGHT: u32 = 512;

/// The number of requests that the small service takes at once.
const SMALL: u32 = 64;

/// The responses of the first seconds do not count.
const WARM_UP: f64 = 2.0;

/// The environment variable with the path of a Python that has openai-python.
const PYTHON: &str = "PRIME_BENCH_PYTHON";

struct Bench {
    program: PathBuf,
    /// The folder of inputs and outputs.
    work: PathBuf,
    quick: bool,
}

/// Runs the benchmarks and prints the tables as Markdown. The options are `--quick` and the names of the tables: `rate`,
/// `level`, `memory` (default: all).
pub fn run(options: &[&str]) -> Result<()> {
    let program = std::env::current_exe()?;
    let work = program.with_file_name("batch");
    std::fs::create_dir_all(&work)?;
    let (flags, names): (Vec<&str>, Vec<&str>) =
        options.iter().partition(|word| word.starts_with("--"));
    let bench = Bench {
        program,
        work,
        quick: match flags[..] {
            [] => false,
            ["--quick"] => true,
            _ => return Err("usage: prime-bench batch [--quick] [rate] [level] [memory]".into()),
        },
    };
    let is_wanted = |name| names.is_empty() || names.contains(&name);
    if is_wanted("rate") {
        bench.rate()?;
    }
    if is_wanted("level") {
        bench.level()?;
    }
    if is_wanted("memory") {
        bench.memory()?;
    }
    std::fs::remove_dir_all(&bench.work)?;
    Ok(())
}

impl Bench {
    /// Compares the clients at a service that takes all requests, and refuses some at random.
    fn rate(&self) -> Result<()> {
        let requests = if self.quick { 8_000 } else { 20_000 };
        let input = self.input("rate", requests)?;
        let mut service = Service::start(
            &self.program,
            &Settings {
                latency_ms: LATENCY_MS,
                unavailable: 0.02,
                limit: None,
            },
        )?;
        let ideal = f64::from(IN_FLIGHT) * 1_000.0 / LATENCY_MS as f64;
        println!(
            "{requests} requests, answers after {LATENCY_MS} ms, {IN_FLIGHT} in flight, 2 % refused with 503; ideal: \
             {ideal:.0} answers a second\n"
        );
        println!("| client | rate after {WARM_UP} s | total | CPU | memory | answered | failed |");
        println!("|---|---|---|---|---|---|---|");
        for client in ["prime-batch", "async-openai", "openai-python"] {
            let job = Job {
                client: client.to_owned(),
                concurrency: (1, IN_FLIGHT),
                ..self.job(&service, &input, client)
            };
            let Some(taken) = self.client(&job)? else {
                println!("| {client} | skipped: no Python with openai-python |");
                continue;
            };
            let responses = service.responses()?;
            println!(
                "| {client} | {} | {:.1} s | {:.1} s | {:.0} MB | {} | {} |",
                share(rate(&responses, IN_FLIGHT).map(|rate| rate / ideal)),
                taken.seconds,
                taken.cpu,
                megabytes(&taken),
                taken.answered,
                taken.failed,
            );
        }
        println!();
        Ok(())
    }

    /// Compares the level that prime-batch finds with fixed ones, at a service that refuses requests beyond a number.
    fn level(&self) -> Result<()> {
        let requests = if self.quick { 2_000 } else { 8_000 };
        let input = self.input("level", requests)?;
        let mut service = Service::start(
            &self.program,
            &Settings {
                latency_ms: LATENCY_MS,
                unavailable: 0.0,
                limit: Some(SMALL as usize),
            },
        )?;
        let fixed = [SMALL * 3 / 4, SMALL, SMALL * 5 / 4].map(|level| (level, level));
        let mut rates = Vec::new();
        println!(
            "{requests} requests, answers after {LATENCY_MS} ms, more than {SMALL} at once are refused with 429\n"
        );
        println!("| in flight | answers a second | refused after {WARM_UP} s | total |");
        println!("|---|---|---|---|");
        for (min, max) in fixed.into_iter().chain([(1, 256)]) {
            let name = match min == max {
                true => format!("fixed: {min}"),
                false => format!("found between {min} and {max}"),
            };
            let job = Job {
                concurrency: (min, max),
                ..self.job(&service, &input, &format!("level-{min}-{max}"))
            };
            let taken = self.client(&job)?.ok_or("prime-batch did not run")?;
            let responses = service.responses()?;
            let rate = rate(&responses, SMALL).unwrap_or_default();
            rates.push(rate);
            let late = |times: &[f64]| times.iter().filter(|time| **time > WARM_UP).count() as f64;
            let (answers, refusals) = (late(&responses.answers), late(&responses.refusals));
            println!(
                "| {name} | {rate:.1} | {} | {:.1} s |",
                share(Some(refusals / (answers + refusals).max(1.0))),
                taken.seconds
            );
        }
        let found = rates.pop().unwrap_or_default();
        let best = rates.into_iter().fold(0.0, f64::max);
        println!(
            "\nThe level that is found reaches {} of the best fixed one.\n",
            share(Some(found / best))
        );
        Ok(())
    }

    /// Measures the memory and the time that a large input needs.
    fn memory(&self) -> Result<()> {
        let requests = if self.quick { 500_000 } else { 5_000_000 };
        let input = self.input("memory", requests)?;
        let service = Service::start(
            &self.program,
            &Settings {
                latency_ms: LATENCY_MS,
                unavailable: 0.0,
                limit: None,
            },
        )?;
        let bytes = std::fs::metadata(&input)?.len();
        println!("{requests} requests, {:.0} MB\n", bytes as f64 / 1e6);
        println!("| | total | until the first answer | CPU | memory | answered |");
        println!("|---|---|---|---|---|---|");
        for (name, client) in [
            ("`estimate`", "check"),
            ("`run`, stopped after 2,000 answers", "prime-batch"),
            ("`run` again, stopped after 2,000 answers", "prime-batch"),
        ] {
            let job = Job {
                client: client.to_owned(),
                concurrency: (1, IN_FLIGHT),
                stop_after: Some(2_000),
                ..self.job(&service, &input, "memory")
            };
            let taken = self.client(&job)?.ok_or("prime-batch did not run")?;
            println!(
                "| {name} | {:.1} s | {:.1} s | {:.1} s | {:.0} MB | {} |",
                taken.seconds,
                taken.first,
                taken.cpu,
                megabytes(&taken),
                taken.answered
            );
        }
        println!();
        Ok(())
    }

    /// Writes an input in OpenAI's batch format, with lines of about 200 bytes.
    fn input(&self, name: &str, requests: u32) -> Result<PathBuf> {
        let path = self.work.join(format!("{name}.jsonl"));
        let mut file = BufWriter::new(File::create(&path)?);
        for number in 0..requests {
            writeln!(
                file,
                "{{\"custom_id\":\"request-{number}\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{{\
                 \"model\":\"{MODEL}\",\"messages\":[{{\"role\":\"user\",\"content\":\"What is {number} + 1?\"}}],\
                 \"max_tokens\":100}}}}"
            )?;
        }
        file.flush()?;
        Ok(path)
    }

    /// Returns a job with a new output, unless there is one of this name.
    fn job(&self, service: &Service, input: &Path, output: &str) -> Job {
        Job {
            client: "prime-batch".to_owned(),
            url: service.url.clone(),
            key: service.key.clone(),
            input: input.to_owned(),
            output: self.work.join(format!("{output}-output.jsonl")),
            concurrency: (1, IN_FLIGHT),
            stop_after: None,
        }
    }

    /// Runs a job in a separate process. Returns `None` if there is no Python for it.
    fn client(&self, job: &Job) -> Result<Option<Taken>> {
        let text = serde_json::to_string(job)?;
        let mut command = if job.client == "openai-python" {
            let Some(python) = std::env::var_os(PYTHON) else {
                return Ok(None);
            };
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("openai_client.py");
            let mut command = Command::new(python);
            command.arg(script).arg(text);
            command
        } else {
            let mut command = Command::new(&self.program);
            command.args(["batch-client", &text]);
            command
        };
        let output = command.stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(format!("{} failed: {}", job.client, output.status).into());
        }
        Ok(Some(serde_json::from_slice(&output.stdout)?))
    }
}

/// Returns the answers in a second after the start, and before the last requests, which do not use all places. Answers
/// may arrive in waves, so that the rate is that of complete waves.
fn rate(responses: &Responses, places: u32) -> Option<f64> {
    let (answers, places) = (&responses.answers, places as usize);
    let start = answers.iter().position(|time| *time >= WARM_UP)?;
    let waves = answers.len().checked_sub(start + places + 1)? / places;
    let count = waves * places;
    let seconds = answers[start + count] - answers[start];
    (count > 0).then(|| count as f64 / seconds)
}

fn share(share: Option<f64>) -> String {
    share.map_or("?".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

fn megabytes(taken: &Taken) -> f64 {
    taken.memory as f64 / 1e6
}
