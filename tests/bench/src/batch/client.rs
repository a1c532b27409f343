//! Runs one job with one client in a separate process, and prints the measurements as JSON.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::PathBuf;
use std::time::Instant;

use async_openai::config::OpenAIConfig;
use async_openai::types::chat::CreateChatCompletionRequest;
use futures_util::StreamExt as _;
use prime_batch::{Batch, Control};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Result, process};

/// A job of a client.
#[derive(Debug, Serialize, Deserialize)]
pub struct Job {
    pub client: String,
    pub url: String,
    pub key: String,
    pub input: PathBuf,
    pub output: PathBuf,
    /// The bounds of the number of requests in flight.
    pub concurrency: (u32, u32),
    /// The number of answers after which the batch is stopped.
    pub stop_after: Option<u64>,
}

/// The measurements of a job.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Taken {
    pub answered: u64,
    pub failed: u64,
    /// The time of the whole job in seconds.
    pub seconds: f64,
    /// The time until the first answer in seconds.
    #[serde(default)]
    pub first: f64,
    /// The CPU time of all threads in seconds.
    pub cpu: f64,
    /// The largest resident memory in bytes.
    pub memory: u64,
}

/// Runs a job: `prime-batch`, `async-openai`, or `check`, which only checks the input of a batch.
pub fn run(job: &str) -> Result<()> {
    let job: Job = serde_json::from_str(job)?;
    let _ = rustls::crypto::ring::default_provider().install_default();
    // As the program `prime-rs` does.
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build()?;
    let start = Instant::now();
    let mut taken = runtime.block_on(async {
        match job.client.as_str() {
            "prime-batch" => prime_batch(&job, start).await,
            "async-openai" => async_openai(&job).await,
            "check" => check(&job).await,
            other => Err(format!("unknown client {other}").into()),
        }
    })?;
    taken.seconds = start.elapsed().as_secs_f64();
    taken.cpu = process::cpu_time().as_secs_f64();
    taken.memory = process::memory()?.1;
    println!("{}", serde_json::to_string(&taken)?);
    Ok(())
}

fn client(job: &Job) -> Result<prime_ext::Client> {
    let client = prime_ext::Client::builder().api_key(job.key.as_str());
    Ok(client.inference_url(&job.url).build()?)
}

async fn prime_batch(job: &Job, start: Instant) -> Result<Taken> {
    let (min, max) = job.concurrency;
    let control = Control::new();
    let (stop, stop_after) = (control.clone(), job.stop_after);
    let (sender, first) = std::sync::mpsc::channel();
    let mut ended = 0;
    let batch = Batch::open(job.input.clone(), &job.output)
        .concurrency(min, max)
        .control(&control)
        .on_outcome(move |outcome| {
            ended += u64::from(!outcome.is_earlier);
            if ended == 1 {
                let _ = sender.send(start.elapsed());
            }
            if Some(ended) == stop_after {
                stop.stop();
            }
        });
    batch.run(&client(job)?).await?;
    let progress = control.progress();
    Ok(Taken {
        answered: progress.answered,
        failed: progress.failed + progress.ambiguous,
        first: first.try_recv().unwrap_or_default().as_secs_f64(),
        ..Taken::default()
    })
}

async fn check(job: &Job) -> Result<Taken> {
    let batch = Batch::open(job.input.clone(), &job.output);
    let estimate = batch.estimate(&client(job)?).await?;
    std::hint::black_box(estimate);
    Ok(Taken::default())
}

#[derive(Deserialize)]
struct Line {
    custom_id: String,
    body: CreateChatCompletionRequest,
}

async fn async_openai(job: &Job) -> Result<Taken> {
    let config = OpenAIConfig::new()
        .with_api_base(&job.url)
        .with_api_key(job.key.as_str());
    let client = async_openai::Client::with_config(config);
    let client = &client.with_http_client(reqwest::Client::new());
    let lines = BufReader::new(File::open(&job.input)?).lines();
    let mut output = BufWriter::new(File::create(&job.output)?);
    let answers = futures_util::stream::iter(lines).map(async |line| {
        let line: Line = serde_json::from_str(&line?)?;
        let answer = client.chat().create(line.body).await;
        Result::<_>::Ok((line.custom_id, answer))
    });
    let mut answers = std::pin::pin!(answers.buffer_unordered(job.concurrency.1 as usize));
    let mut taken = Taken::default();
    while let Some(answer) = answers.next().await {
        let (id, answer) = answer?;
        match answer {
            Ok(answer) => {
                taken.answered += 1;
                let line = json!({ "custom_id": id, "response": { "body": answer } });
                serde_json::to_writer(&mut output, &line)?;
                output.write_all(b"\n")?;
            }
            Err(_) => taken.failed += 1,
        }
    }
    output.flush()?;
    Ok(taken)
}
