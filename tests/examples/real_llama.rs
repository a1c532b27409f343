//! Tests `prime-ext` with the llama.cpp server and real weights, for `cargo xtask conformance`. The
//! arguments are the path of the Python interpreter and the path of `tests/real/llama_server.py`.
//!
//! The output has one line per check in the format of `tests/real/report.py`.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use prime_ext::pinference_api::types::{ChatMessage, ContentPart, TokenLogprob, ToolChoice};
use prime_ext::schemars::{self, JsonSchema};
use prime_ext::tools::{CallOutcome, LoopEnd, Tool};
use prime_ext::{ChatRequest, Client, Conversation, ErrorKind};
use serde_json::{Value, json};

const MODEL: &str = "local/smollm2-135m-instruct";

type Outcome = Result<(), Box<dyn Error>>;

/// A server process that is killed on drop, and its client.
struct Server(Child, Client);

impl Server {
    fn start() -> Result<Self, Box<dyn Error>> {
        let mut arguments = std::env::args().skip(1);
        let python = arguments
            .next()
            .ok_or("missing argument: path of the Python interpreter")?;
        let script = arguments
            .next()
            .ok_or("missing argument: path of llama_server.py")?;
        let mut child = Command::new(python)
            .args([script.as_str(), "--port", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let out = child.stdout.take().ok_or("no output")?;
        let mut settings = BufReader::new(out).lines().map_while(Result::ok);
        let mut setting = |name: &str| -> Result<String, Box<dyn Error>> {
            let prefix = format!("export {name}=");
            let found = settings.find_map(|line| line.strip_prefix(&prefix).map(str::to_owned));
            found.ok_or_else(|| "the server did not start".into())
        };
        let url = setting("PRIME_INFERENCE_URL")?;
        let key = setting("PRIME_API_KEY")?;
        let client = Client::builder().api_key(key).inference_url(url).build()?;
        Ok(Self(child, client))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut server = match Server::start() {
        Ok(server) => server,
        Err(error) => {
            println!("failed\tserver start\t{error}");
            return ExitCode::FAILURE;
        }
    };
    let prime = server.1.clone();
    let mut passed = true;
    let mut report = |name: &str, outcome: Outcome| match outcome {
        Ok(()) => println!("ok\t{name}"),
        Err(error) => {
            passed = false;
            println!(
                "failed\t{name}\t{}",
                error.to_string().replace(['\n', '\t'], " ")
            );
        }
    };
    report("models", models(&prime).await);
    report("chat, with usage", chat(&prime).await);
    report("max_tokens", max_tokens(&prime).await);
    report("stop", stop(&prime).await);
    report("stream, with usage", stream(&prime).await);
    report("eight concurrent streams", eight(&prime).await);
    report("roles, names and parts", messages(&prime).await);
    report("parameters", parameters(&prime).await);
    report("log probabilities", logprobs(&prime).await);
    report("forced tool call", forced_call(&prime).await);
    report("tool loop", tool_loop(&prime, false).await);
    report("tool loop, streamed", tool_loop(&prime, true).await);
    report("typed answer", typed(&prime).await);
    report("typed answer, streamed", typed_stream(&prime).await);
    report("conversation", conversation(&prime).await);
    report("cancelled stream", cancel(&prime).await);
    report(
        "server killed during a stream",
        killed(&prime, &mut server).await,
    );
    if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Outcome {
    if holds {
        Ok(())
    } else {
        Err(otherwise().into())
    }
}

async fn models(prime: &Client) -> Outcome {
    let models = prime.models().list().await?;
    ensure(models.iter().any(|model| model.id == MODEL), || {
        format!("{models:?}")
    })
}

async fn chat(prime: &Client) -> Outcome {
    let answer = prime
        .chat(MODEL)
        .user("Capital of France?")
        .max_tokens(40)
        .await?;
    let usage = answer.usage().ok_or("no usage")?;
    let total = usage
        .prompt_tokens
        .zip(usage.completion_tokens)
        .map(|(a, b)| a + b);
    ensure(!answer.text().trim().is_empty(), || "no text".to_owned())?;
    ensure(total.is_some() && total == usage.total_tokens, || {
        format!("{usage:?}")
    })
}

async fn max_tokens(prime: &Client) -> Outcome {
    let answer = prime
        .chat(MODEL)
        .user("Tell me a long story.")
        .max_tokens(5)
        .await?;
    let reason = answer.finish_reason().ok_or("no finish reason")?;
    ensure(*reason == "length", || format!("{reason:?}"))?;
    let tokens = answer.usage().and_then(|usage| usage.completion_tokens);
    ensure(tokens == Some(5), || format!("{tokens:?}"))
}

async fn stop(prime: &Client) -> Outcome {
    let question = prime
        .chat(MODEL)
        .user("Count: one, two, three,")
        .max_tokens(60);
    let question = question
        .modify(|request| request.seed = Some(7))
        .temperature(0.0);
    let whole = question.clone().await?.text().into_owned();
    let word = whole
        .split_whitespace()
        .nth(2)
        .ok_or("a short answer")?
        .to_owned();
    let stopped = question.stop([word.clone()]).await?;
    ensure(!stopped.text().contains(&word), || {
        format!("{word:?} in {:?}", stopped.text())
    })?;
    ensure(
        stopped
            .finish_reason()
            .is_some_and(|reason| *reason == "stop"),
        || format!("{:?}", stopped.finish_reason()),
    )
}

async fn stream(prime: &Client) -> Outcome {
    let question = prime.chat(MODEL).user("Capital of France?").max_tokens(30);
    let mut stream = question.stream().await?;
    let (mut text, mut deltas) = (String::new(), 0);
    while let Some(piece) = stream.next_text().await? {
        text.push_str(&piece);
        deltas += 1;
    }
    let whole = stream.finish().await?;
    ensure(deltas > 2 && whole.text() == text, || {
        format!("{deltas} deltas, {text:?}")
    })?;
    let tokens = whole.usage().and_then(|usage| usage.completion_tokens);
    ensure(tokens.is_some_and(|tokens| tokens > 2), || {
        format!("{tokens:?}")
    })
}

async fn eight(prime: &Client) -> Outcome {
    let streams = (0..8).map(|number| async move {
        let question = format!("Write a sentence about the number {number}.");
        let stream = prime
            .chat(MODEL)
            .user(question)
            .max_tokens(20)
            .stream()
            .await?;
        Ok::<_, prime_ext::Error>(stream.finish().await?.text().into_owned())
    });
    for text in join_all(streams).await {
        ensure(!text?.trim().is_empty(), || "an empty answer".to_owned())?;
    }
    Ok(())
}

async fn messages(prime: &Client) -> Outcome {
    let parts = [
        ContentPart::text("Capital of "),
        ContentPart::text("France?"),
    ];
    let answer = prime
        .chat(MODEL)
        .system("Be brief.")
        .message(ChatMessage::user("Hello.").with_name("ann"))
        .assistant("Hello, Ann.")
        .user(parts)
        .max_tokens(20)
        .await?;
    ensure(!answer.text().trim().is_empty(), || "no text".to_owned())
}

async fn parameters(prime: &Client) -> Outcome {
    let request = prime
        .chat(MODEL)
        .user("Write three random words.")
        .max_tokens(20)
        .seed(7)
        .top_p(0.9)
        .presence_penalty(0.5)
        .frequency_penalty(0.5)
        .logit_bias(5, -100)
        .end_user("ann")
        .reasoning_effort("low");
    let (one, two) = (request.clone().await?, request.await?);
    ensure(one.text() == two.text(), || {
        format!("{:?} and {:?} with the same seed", one.text(), two.text())
    })
}

async fn logprobs(prime: &Client) -> Outcome {
    // Without a temperature of 0, the tokens can be parts of an emoji, which the server combines.
    let request = prime
        .chat(MODEL)
        .user("Hello")
        .max_tokens(3)
        .temperature(0.0)
        .logprobs(2);
    for response in [
        request.clone().await?,
        request.stream().await?.finish().await?,
    ] {
        let tokens = response
            .logprobs()
            .and_then(|logprobs| logprobs.content.as_deref());
        let tokens = tokens.ok_or("no log probabilities")?;
        let fits = |token: &TokenLogprob| {
            token.logprob.is_some_and(|logprob| logprob <= 0.0)
                && token
                    .top_logprobs
                    .as_ref()
                    .is_some_and(|top| top.len() == 2)
        };
        let text: String = tokens.iter().map(|token| token.token.as_str()).collect();
        ensure(!text.is_empty() && text == response.text(), || {
            format!("{tokens:?} of {:?}", response.text())
        })?;
        ensure(tokens.iter().all(fits), || format!("{tokens:?}"))?;
    }
    Ok(())
}

fn weather() -> Tool {
    let schema = json!({
        "type": "object",
        "properties": { "city": { "type": "string", "enum": ["Paris", "Rome"] } },
        "required": ["city"],
    });
    Tool::with_schema("weather", schema, |arguments: Value| async move {
        match arguments["city"].as_str() {
            Some(city @ ("Paris" | "Rome")) => Ok(format!("It rains in {city}.")),
            _ => Err("unknown city"),
        }
    })
    .description("Returns the weather of a city.")
}

fn with_tools(prime: &Client) -> ChatRequest {
    prime
        .chat(MODEL)
        .user("What is the weather in Paris?")
        .max_tokens(100)
        .temperature(0.0)
        .tools([weather()])
        .tool_choice(ToolChoice::required())
        // The model is too small to begin and end a call by itself.
        .stop(["</tool_call>"])
        .modify(|request| {
            let bias = request.logit_bias.get_or_insert_default();
            bias.insert("<tool_call>".to_owned(), 5);
        })
}

async fn forced_call(prime: &Client) -> Outcome {
    let request = with_tools(prime);
    for response in [
        request.clone().await?,
        request.stream().await?.finish().await?,
    ] {
        let call = response.tool_calls().first().ok_or("no call")?;
        let function = call.function.as_ref().ok_or("no function")?;
        ensure(function.name == "weather", || format!("{call:?}"))?;
        ensure(
            response
                .finish_reason()
                .is_some_and(|reason| *reason == "tool_calls"),
            || format!("{:?}", response.finish_reason()),
        )?;
    }
    Ok(())
}

/// The first call is forced. After it, the small model answers or calls again.
async fn tool_loop(prime: &Client, streamed: bool) -> Outcome {
    let tools = with_tools(prime).run().round_limit(2);
    let ended = if streamed {
        tools.stream().finish().await
    } else {
        tools.await
    };
    let transcript = match &ended {
        Ok(transcript) => transcript,
        Err(error) => error.transcript().ok_or_else(|| error.to_string())?,
    };
    ensure(transcript.end() != Some(LoopEnd::Failed), || {
        format!("{ended:?}")
    })?;
    let results = transcript.rounds()[0].calls();
    ensure(
        transcript.rounds().len() == 2
            && results
                .iter()
                .all(|result| result.outcome == CallOutcome::Returned)
            && results
                .iter()
                .any(|result| result.content.starts_with("It rains")),
        || format!("{results:?}"),
    )
}

/// Every value of this type is short, so that the small model comes to an end.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only deserialized")]
struct Weather {
    sky: Sky,
    rain: bool,
    wind: Option<Wind>,
}

#[derive(Debug, serde::Deserialize, JsonSchema)]
enum Sky {
    Clear,
    Cloudy,
}

#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(tag = "kind")]
#[allow(dead_code, reason = "only deserialized")]
enum Wind {
    Calm,
    Strong { from_the_north: bool },
}

/// The server generates only text that matches the schema.
async fn typed(prime: &Client) -> Outcome {
    for strict in [false, true] {
        let request = prime
            .chat(MODEL)
            .user("The weather in Paris?")
            .max_tokens(200);
        let (weather, response) = request
            .parse::<Weather>()
            .strict(strict)
            .with_response()
            .await?
            .into_parts();
        let object: Value = serde_json::from_str(&response.text())?;
        ensure(object["rain"] == weather.rain, || format!("{weather:?}"))?;
    }
    Ok(())
}

async fn typed_stream(prime: &Client) -> Outcome {
    let request = prime
        .chat(MODEL)
        .user("The weather in Paris?")
        .max_tokens(200);
    let mut stream = request.stream_parse::<Weather>().await?;
    let (mut values, mut last) = (0, Value::Null);
    while let Some(value) = stream.try_next().await? {
        values += 1;
        last = value.clone();
    }
    let answer = stream.finish().await?;
    ensure(values > 2 && last["rain"] == answer.value().rain, || {
        format!("{values} values, the last one is {last}")
    })
}

async fn conversation(prime: &Client) -> Outcome {
    let mut conversation = Conversation::new(MODEL).system("Be brief.");
    for question in ["My name is Ann.", "What is my name?"] {
        let ask = conversation.ask(prime, question);
        let ask = ask.request(|request| request.max_tokens(20));
        ask.tool_loop(|tools| tools.accept_truncated()).await?;
    }
    let stored = serde_json::to_string(&conversation)?;
    let mut loaded: Conversation = serde_json::from_str(&stored)?;
    let mut answer = loaded
        .ask(prime, "Thanks.")
        .request(|request| request.max_tokens(20))
        .tool_loop(|tools| tools.accept_truncated())
        .stream();
    while answer.next_text().await?.is_some() {}
    ensure(loaded.turns().len() == 3, || format!("{loaded:?}"))
}

async fn cancel(prime: &Client) -> Outcome {
    let mut stream = prime
        .chat(MODEL)
        .user("Tell me a long story.")
        .max_tokens(1_500)
        .stream()
        .await?;
    stream.next_text().await?;
    drop(stream);
    // The server has one thread, so this call would wait for a story that is not cancelled.
    let started = Instant::now();
    prime.chat(MODEL).user("Hello").max_tokens(2).await?;
    ensure(started.elapsed() < Duration::from_secs(20), || {
        format!("{:?}", started.elapsed())
    })
}

async fn killed(prime: &Client, server: &mut Server) -> Outcome {
    let mut stream = prime
        .chat(MODEL)
        .user("Tell me a long story.")
        .max_tokens(1_500)
        .stream()
        .await?;
    let mut text = stream.next_text().await?.unwrap_or_default();
    server.0.kill()?;
    let error = loop {
        match stream.next_text().await {
            Ok(Some(piece)) => text.push_str(&piece),
            Ok(None) => return Err("a truncated stream looks complete".into()),
            Err(error) => break error,
        }
    };
    let partial = error
        .partial_response()
        .map(|partial| partial.text().into_owned());
    ensure(
        error.kind() == ErrorKind::CutOff && partial.as_ref() == Some(&text),
        || format!("{error}; {partial:?}"),
    )
}
