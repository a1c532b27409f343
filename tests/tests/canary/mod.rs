//! Redaction tests with marked secrets and prompts. Keys and tokens are only on the wire. Prompts
//! are in no log. An error shows the message of the service, which may repeat the prompt.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a panic fails the test"
)]

use std::error::Error as _;
use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};

use prime_ext::{CallOptions, Client, Error, RetryPolicy, RunConfig};
use prime_sim::{Fault, Key, Operation, Simulator};
use tracing_subscriber::fmt::format::FmtSpan;

use crate::support::MODEL;

const MARK: &str = "canary";
const PROMPT_MARK: &str = "nightingale";
const KEY: &str = "pit_canary_key";
const WANDB: &str = "wandb_canary_key";
const HF: &str = "hf_canary_token";
const HEADER: &str = "canary header";
const PROMPT: &str = "my nightingale sings";

/// Collects log output.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Logs all events of this thread.
    fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

async fn simulator() -> Simulator {
    Simulator::builder()
        .key(Key::new(KEY))
        .start()
        .await
        .unwrap()
}

fn client(sim: &Simulator) -> Client {
    let quick = RetryPolicy::new().backoff(Default::default(), Default::default());
    Client::builder()
        .api_key(KEY)
        .inference_url(sim.inference_url())
        .platform_url(sim.platform_url())
        .options(CallOptions::new().header("x-extra", HEADER).retry(quick))
        .build()
        .unwrap()
}

/// Formats all parts of an error except its body, which is returned only on request.
fn formatted(error: &Error) -> String {
    let mut text = format!("{error}\n{error:?}\n{error:#?}\n{:?}\n", error.preview());
    let mut cause = error.source();
    while let Some(source) = cause {
        writeln!(text, "{source}\n{source:?}").unwrap();
        cause = source.source();
    }
    writeln!(
        text,
        "{:?} {:?} {:?}",
        error.code(),
        error.message(),
        error.fields()
    )
    .unwrap();
    text
}

/// Makes all calls that send data, and returns everything that can be printed about them.
async fn all_calls(prime: &Client) -> String {
    let mut all = format!("{prime:?}\n{}\n", prime.settings());
    let mut note = |text: String| writeln!(all, "{text}").unwrap();
    note(match prime.models().list().with_response().await {
        Ok(response) => format!("{response:?}"),
        Err(error) => formatted(&error),
    });
    let question = prime.chat(MODEL).user(PROMPT).max_tokens(5);
    match question.clone().await {
        // The answer itself belongs to the caller.
        Ok(answer) => note(format!("{:?}", answer.meta())),
        Err(error) => note(formatted(&error)),
    }
    match question.stream().await {
        Err(error) => note(formatted(&error)),
        Ok(stream) => match stream.finish().await {
            Ok(answer) => note(format!("{:?}", answer.meta())),
            Err(error) => note(formatted(&error)),
        },
    }
    let config = RunConfig::from_toml("max_steps = 20").unwrap();
    let create = prime
        .runs()
        .create(config)
        .wandb_api_key(WANDB)
        .hf_token(HF);
    note(format!("{create:?}"));
    match create.await {
        Ok(run) => {
            let token = run.token().expose().to_owned();
            let debug = format!("{run:?}");
            assert!(!debug.contains(&token), "the token of the run is visible");
            note(debug);
        }
        Err(error) => note(formatted(&error)),
    }
    note(match prime.wallet().get().await {
        Ok(wallet) => format!("{wallet:?}"),
        Err(error) => formatted(&error),
    });
    all
}

/// Returns faults, including responses that repeat the secrets of the request.
fn faults() -> Vec<Vec<Fault>> {
    let of_chat = format!("I got {KEY}, {HEADER} and {PROMPT}");
    let of_create = format!("I got {KEY}, {HEADER}, {WANDB} and {HF}");
    let of_others = format!("I got {KEY} and {HEADER}");
    let echo = |status: u16, body: fn(&str) -> String| {
        vec![
            Fault::status(status)
                .body(body(&of_chat))
                .on(Operation::CreateChatCompletion),
            Fault::status(status)
                .body(body(&of_create))
                .on(Operation::CreateRun),
            Fault::status(status).body(body(&of_others)),
        ]
    };
    let json = |text: &str| {
        serde_json::json!({"error": {"message": text, "code": text, "param": text}}).to_string()
    };
    let detail = |text: &str| {
        serde_json::json!({"detail": [{"loc": ["body", text], "msg": text}]}).to_string()
    };
    let listed =
        |text: &str| serde_json::json!({"errors": [{"param": text, "details": text}]}).to_string();
    let created = |text: &str| format!("{{\"runId\": 7, \"tokenValue\": \"{text}\"}}");
    vec![
        vec![],
        echo(400, json),
        echo(422, detail),
        echo(422, listed),
        echo(401, str::to_owned),
        echo(503, |text| format!("<html>{text}</html>")),
        echo(200, json),
        echo(200, str::to_owned),
        echo(201, created),
        vec![Fault::redirect(format!("http://{KEY}:p@localhost/x?{HF}"))],
        vec![Fault::reset()],
        vec![Fault::reset_midway()],
        vec![Fault::cut_off()],
        vec![Fault::malformed_chunk()],
        vec![Fault::error_event()],
    ]
}

#[tokio::test]
async fn no_secret_is_printed_or_logged_for_any_fault() {
    for faults in faults() {
        let sim = simulator().await;
        let prime = client(&sim);
        let name = format!("{faults:?}");
        for fault in faults {
            sim.inject(fault);
        }
        let (log, guard) = Log::start();
        let printed = all_calls(&prime).await;
        drop(guard);
        let log = log.text();
        assert!(log.contains("chat") && log.contains("create_run"), "{log}");
        for line in printed.lines().chain(log.lines()) {
            assert!(!line.contains(MARK), "{name}: {line}");
        }
        for line in log.lines() {
            assert!(!line.contains(PROMPT_MARK), "{name}: {line}");
        }
        // The secrets were sent.
        let create = sim
            .requests()
            .into_iter()
            .find(|r| r.operation == Some(Operation::CreateRun));
        let body = String::from_utf8(create.unwrap().body.to_vec()).unwrap();
        assert!(body.contains(WANDB) && body.contains(HF));
    }
}

#[tokio::test]
async fn a_stream_error_that_repeats_the_key_does_not_show_it() {
    let sim = simulator().await;
    let event = format!("data: {{\"error\": {{\"message\": \"{KEY} asked {PROMPT}\"}}}}\n\n");
    let fault = Fault::status(200)
        .header("content-type", "text/event-stream")
        .body(event);
    sim.inject(fault);
    let (log, guard) = Log::start();
    let question = client(&sim).chat(MODEL).user(PROMPT);
    let error = question.stream().await.unwrap_err();
    drop(guard);
    assert!(!formatted(&error).contains(MARK), "{}", formatted(&error));
    assert!(error.to_string().contains("asked"), "{error}");
    let log = log.text();
    assert!(!log.contains(MARK) && !log.contains(PROMPT_MARK), "{log}");
}

#[tokio::test]
async fn trace_content_logs_the_prompt_but_not_the_key() {
    let sim = simulator().await;
    let prime = client(&sim).with_options(CallOptions::new().trace_content(true));
    let (log, guard) = Log::start();
    prime.chat(MODEL).user(PROMPT).await.unwrap();
    drop(guard);
    let log = log.text();
    assert!(log.contains(PROMPT) && !log.contains(KEY), "{log}");
}

#[tokio::test]
async fn traces_use_opentelemetry_attributes() {
    let sim = simulator().await;
    sim.inject(
        Fault::status(503)
            .once()
            .on(Operation::CreateChatCompletion),
    );
    let (log, guard) = Log::start();
    let lab = client(&sim).team(sim.team());
    let answer = lab.chat(MODEL).user("hi").include_cost().await.unwrap();
    let stream = lab.chat(MODEL).user("hi").stream().await.unwrap();
    stream.finish().await.unwrap();
    drop(guard);
    let log = log.text();
    let tokens = answer.usage().unwrap().completion_tokens.unwrap();
    for attribute in [
        "gen_ai.operation.name=\"chat\"",
        &format!("gen_ai.request.model=\"{MODEL}\""),
        &format!("gen_ai.usage.output_tokens={tokens}"),
        &format!("prime.cost_usd={}", answer.cost().known().unwrap()),
        &format!("account.id=\"{}\"", sim.team()),
        "http.request.resend_count=1",
        "http.response.status_code=503",
        "error.type=\"503\"",
        "prime.stream_end=complete",
        "attempt failed, retrying",
    ] {
        assert!(log.contains(attribute), "{attribute} is not in\n{log}");
    }
}
