//! Runs one task with one client in a separate process, and prints the measurements as JSON.

use std::pin::Pin;
use std::time::{Duration, Instant};

use async_openai::types::chat::{
    ChatCompletionRequestUserMessageArgs, ChatCompletionResponseStream,
    CreateChatCompletionRequest, CreateChatCompletionRequestArgs,
};
use futures_util::future::try_join_all;
use futures_util::{Stream, StreamExt};
use prime_ext::pinference_api::types::{
    ChatCompletionRequest, ChatCompletionResponse, ChatMessage, Role,
};
use serde::{Deserialize, Serialize};

use crate::baseline::Baseline;
use crate::{Result, heap, process};

const MODEL: &str = "meta-llama/llama-3.1-70b-instruct";
const KEY: &str = "pit_bench";
const QUESTION: &str = "Capital of France?";

/// The measurements of a task.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub struct Taken {
    /// The number of calls.
    pub calls: u64,
    /// The number of chunks.
    pub chunks: u64,
    /// CPU time of the process in nanoseconds.
    pub cpu: u64,
    /// The number of allocations; 0 if they are not counted.
    pub allocations: u64,
    /// The maximum growth of the resident memory, in bytes.
    pub memory: u64,
    /// The maximum growth of the heap, in bytes; 0 if it is not counted.
    pub heap: u64,
    /// The median time from the request to the first text, in nanoseconds.
    pub first: u64,
}

/// A client under test.
trait Reader: Sized {
    type Stream: Chunks;

    fn new(address: &str) -> Result<Self>;

    /// Sends a request without streaming.
    async fn ask(&self) -> Result<()>;

    async fn open(&self) -> Result<Self::Stream>;
}

/// A stream. `next` returns whether there was another chunk.
trait Chunks {
    async fn next(&mut self) -> Result<bool>;
}

/// Runs a task with a client: `calls-{count}`, `stream`, `streams-{count}`, `memory-{count}` or
/// `first-{count}`.
pub fn run(reader: &str, task: &str, address: &str) -> Result<()> {
    process::pin(1)?;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (task, count) = match task.split_once('-') {
        Some((task, count)) => (task, count.parse()?),
        None => (task, 1),
    };
    let taken = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            match reader {
                "baseline" => measure::<Plain>(task, count, address).await,
                "async-openai" => measure::<AsyncOpenai>(task, count, address).await,
                "prime-ext" => measure::<PrimeExt<false>>(task, count, address).await,
                "prime-ext-text" => measure::<PrimeExt<true>>(task, count, address).await,
                _ => Err(format!("unknown client {reader}").into()),
            }
        })?;
    println!("{}", serde_json::to_string(&taken)?);
    Ok(())
}

async fn measure<R: Reader>(task: &str, count: usize, address: &str) -> Result<Taken> {
    // Warms up one-time initialization.
    let warm = R::new(&format!("{}/bulk/100/0", base(address)))?;
    drain(&mut warm.open().await?).await?;
    let reader = R::new(address)?;
    match task {
        "calls" => calls(&reader, count).await,
        "stream" | "streams" => streams(&reader, count).await,
        "memory" => memory(&reader, count).await,
        "first" => first(&reader, count).await,
        _ => Err(format!("unknown task {task}").into()),
    }
}

/// Returns `http://host:port` of a URL.
fn base(address: &str) -> &str {
    address
        .match_indices('/')
        .nth(2)
        .map_or(address, |(at, _)| &address[..at])
}

/// Measures CPU time and allocations of sequential calls.
async fn calls<R: Reader>(reader: &R, count: usize) -> Result<Taken> {
    reader.ask().await?;
    let (cpu, allocations) = (process::cpu_time(), heap::allocations());
    for _ in 0..count {
        reader.ask().await?;
    }
    Ok(Taken {
        calls: count as u64,
        cpu: nanoseconds(process::cpu_time() - cpu),
        allocations: heap::allocations() - allocations,
        ..Taken::default()
    })
}

/// Measures CPU time and allocations of reading streams, without opening them.
async fn streams<R: Reader>(reader: &R, count: usize) -> Result<Taken> {
    let mut open = Vec::new();
    for _ in 0..count {
        open.push(reader.open().await?);
    }
    let (cpu, allocations) = (process::cpu_time(), heap::allocations());
    let chunks = try_join_all(open.iter_mut().map(drain)).await?;
    Ok(Taken {
        chunks: chunks.iter().sum(),
        cpu: nanoseconds(process::cpu_time() - cpu),
        allocations: heap::allocations() - allocations,
        ..Taken::default()
    })
}

/// Measures the memory of streams that are opened sequentially and read concurrently.
async fn memory<R: Reader>(reader: &R, count: usize) -> Result<Taken> {
    process::forget_peak();
    heap::forget_peak();
    let (memory, heap_before) = (process::memory()?.0, heap::live().0);
    let mut open = Vec::new();
    for _ in 0..count {
        open.push(reader.open().await?);
    }
    let chunks = try_join_all(open.iter_mut().map(drain)).await?;
    Ok(Taken {
        chunks: chunks.iter().sum(),
        memory: process::memory()?.1.saturating_sub(memory),
        heap: heap::live().1.saturating_sub(heap_before),
        ..Taken::default()
    })
}

async fn drain(stream: &mut impl Chunks) -> Result<u64> {
    let mut chunks = 0;
    while stream.next().await? {
        chunks += 1;
    }
    Ok(chunks)
}

async fn first<R: Reader>(reader: &R, count: usize) -> Result<Taken> {
    let mut times = Vec::new();
    for _ in 0..count {
        let start = Instant::now();
        let mut stream = reader.open().await?;
        stream.next().await?;
        times.push(start.elapsed());
        drain(&mut stream).await?;
    }
    times.sort_unstable();
    Ok(Taken {
        first: nanoseconds(times[times.len() / 2]),
        ..Taken::default()
    })
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

struct Plain {
    http: reqwest::Client,
    url: String,
}

type Pieces = Pin<Box<dyn Stream<Item = reqwest::Result<bytes::Bytes>>>>;

impl Reader for Plain {
    type Stream = Baseline<Pieces>;

    fn new(address: &str) -> Result<Self> {
        let http = reqwest::Client::new();
        let url = format!("{address}/chat/completions");
        Ok(Self { http, url })
    }

    async fn ask(&self) -> Result<()> {
        // Uses the types of the SDK, so that only the request path is compared.
        let mut message = ChatMessage::new(Role::User);
        message.content = Some(QUESTION.to_owned().into());
        let question = ChatCompletionRequest::new(vec![message], MODEL.to_owned());
        let call = self.http.post(&self.url).bearer_auth(KEY).json(&question);
        let answer = call.send().await?.error_for_status()?.bytes().await?;
        let answer: ChatCompletionResponse = serde_json::from_slice(&answer)?;
        std::hint::black_box(answer);
        Ok(())
    }

    async fn open(&self) -> Result<Self::Stream> {
        let question = serde_json::json!({
            "model": MODEL, "messages": [{"role": "user", "content": QUESTION}], "stream": true,
        });
        let call = self.http.post(&self.url).bearer_auth(KEY).json(&question);
        let answer = call.send().await?;
        Ok(Baseline::new(Box::pin(answer.bytes_stream())))
    }
}

impl Chunks for Baseline<Pieces> {
    async fn next(&mut self) -> Result<bool> {
        Ok(std::hint::black_box(Baseline::next(self).await?).is_some())
    }
}

/// Reads chunks, or only their text.
struct PrimeExt<const TEXT: bool>(prime_ext::Client);

struct PrimeStream<const TEXT: bool>(prime_ext::ChatStream);

impl<const TEXT: bool> Reader for PrimeExt<TEXT> {
    type Stream = PrimeStream<TEXT>;

    fn new(address: &str) -> Result<Self> {
        let client = prime_ext::Client::builder().api_key(KEY);
        Ok(Self(client.inference_url(address).build()?))
    }

    async fn ask(&self) -> Result<()> {
        std::hint::black_box(self.0.chat(MODEL).user(QUESTION).await?);
        Ok(())
    }

    async fn open(&self) -> Result<Self::Stream> {
        let stream = self.0.chat(MODEL).user(QUESTION).stream().await?;
        Ok(PrimeStream(stream))
    }
}

impl<const TEXT: bool> Chunks for PrimeStream<TEXT> {
    async fn next(&mut self) -> Result<bool> {
        Ok(if TEXT {
            std::hint::black_box(self.0.next_text().await?).is_some()
        } else {
            std::hint::black_box(self.0.try_next().await?).is_some()
        })
    }
}

struct AsyncOpenai(async_openai::Client<async_openai::config::OpenAIConfig>);

impl Reader for AsyncOpenai {
    type Stream = ChatCompletionResponseStream;

    fn new(address: &str) -> Result<Self> {
        let config = async_openai::config::OpenAIConfig::new()
            .with_api_base(address)
            .with_api_key(KEY);
        let http = reqwest::Client::new();
        Ok(Self(
            async_openai::Client::with_config(config).with_http_client(http),
        ))
    }

    async fn ask(&self) -> Result<()> {
        let question = Self::question(false)?;
        std::hint::black_box(self.0.chat().create(question).await?);
        Ok(())
    }

    async fn open(&self) -> Result<Self::Stream> {
        Ok(self.0.chat().create_stream(Self::question(true)?).await?)
    }
}

impl AsyncOpenai {
    fn question(stream: bool) -> Result<CreateChatCompletionRequest> {
        let message = ChatCompletionRequestUserMessageArgs::default()
            .content(QUESTION)
            .build()?;
        let mut question = CreateChatCompletionRequestArgs::default();
        question.model(MODEL).messages([message.into()]);
        if stream {
            question.stream(true);
        }
        Ok(question.build()?)
    }
}

impl Chunks for ChatCompletionResponseStream {
    async fn next(&mut self) -> Result<bool> {
        let chunk = StreamExt::next(self).await.transpose()?;
        Ok(std::hint::black_box(chunk).is_some())
    }
}
