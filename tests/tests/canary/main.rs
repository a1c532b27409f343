//! Secrets and prompts with marks that can be found. Keys and tokens are on the wire and nowhere else, however a call
//! ends. Prompts are in no log; an error shows the message of the service, which may echo them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a failed test says so by panicking"
)]

use std::error::Error as _;
use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};

use prime_ext::{CallOptions, Client, Error, RetryPolicy, RunConfig};
use prime_sim::{Fault, Key, Operation, Simulator};
use tracing_subscriber::fmt::format::FmtSpan;

const MARK: &str = "canary";
const PROMPT_MARK: &str = "nightingale";
const KEY: &str = "pit_canary_key";
const WANDB: &str = "wandb_canary_key";
const HF: &str = "hf_canary_token";
const HEADER: &str = "canary header";
const PROMPT: &str = "my nightingale sings";
const MODEL: &str = "meta-llama/llama-3.1-70b-instruct";

/// Everything that is logged.
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
    /// Logs all that this thread does.
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

/// Everything that can be printed of an error, but for its body, which is there to be asked for.
fn told(error: &Error) -> String {
    let mut told = format!("{error}\n{error:?}\n{error:#?}\n{:?}\n", error.preview());
    let mut cause = error.source();
    while let Some(source) = cause {
        writeln!(told, "{source}\n{source:?}").unwrap();
        cause = source.source();
    }
    writeln!(
        told,
        "{:?} {:?} {:?}",
        error.code(),
        error.message(),
        error.fields()
    )
    .unwrap();
    told
}

/// Makes every call that carries something, and tells all that can be printed of it.
async fn all_calls(prime: &Client) -> String {
    let mut all = format!("{prime:?}\n{}\n", prime.settings());
    let mut note = |told: String| writeln!(all, "{told}").unwrap();
    note(match prime.models().list().with_response().await {
        Ok(answered) => format!("{answered:?}"),
        Err(error) => told(&error),
    });
    let question = prime.chat(MODEL).user(PROMPT).max_tokens(5);
    match question.clone().await {
        // What was answered is the caller's.
        Ok(answer) => note(format!("{:?}", answer.meta())),
        Err(error) => note(told(&error)),
    }
    match question.stream().await {
        Err(error) => note(told(&error)),
        Ok(stream) => match stream.finish().await {
            Ok(answer) => note(format!("{:?}", answer.meta())),
            Err(error) => note(told(&error)),
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
            assert!(!debug.contains(&token), "the run's token shows");
            note(debug);
        }
        Err(error) => note(told(&error)),
    }
    note(match prime.wallet().get().await {
        Ok(wallet) => format!("{wallet:?}"),
        Err(error) => told(&error),
    });
    all
}

/// What goes wrong with every call: a server that says back whatever it was given, and others.
fn faults() -> Vec<Vec<Fault>> {
    let of_chat = format!("I got {KEY}, {HEADER} and {PROMPT}");
    let of_create = format!("I got {KEY}, {HEADER}, {WANDB} and {HF}");
    let of_others = format!("I got {KEY} and {HEADER}");
    let said = |status: u16, body: fn(&str) -> String| {
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
        said(400, json),
        said(422, detail),
        said(422, listed),
        said(401, str::to_owned),
        said(503, |text| format!("<html>{text}</html>")),
        said(200, json),
        said(200, str::to_owned),
        said(201, created),
        vec![Fault::redirect(format!("http://{KEY}:p@localhost/x?{HF}"))],
        vec![Fault::reset()],
        vec![Fault::reset_midway()],
        vec![Fault::cut_off()],
        vec![Fault::malformed_chunk()],
        vec![Fault::error_event()],
    ]
}

#[tokio::test]
async fn nothing_shows_however_a_call_ends() {
    for faults in faults() {
        let sim = simulator().await;
        let prime = client(&sim);
        let name = format!("{faults:?}");
        for fault in faults {
            sim.inject(fault);
        }
        let (log, guard) = Log::start();
        let told = all_calls(&prime).await;
        drop(guard);
        let log = log.text();
        assert!(log.contains("chat") && log.contains("create_run"), "{log}");
        for line in told.lines().chain(log.lines()) {
            assert!(!line.contains(MARK), "{name}: {line}");
        }
        for line in log.lines() {
            assert!(!line.contains(PROMPT_MARK), "{name}: {line}");
        }
        // It went where it belongs.
        let create = sim
            .requests()
            .into_iter()
            .find(|r| r.operation == Some(Operation::CreateRun));
        let body = String::from_utf8(create.unwrap().body.to_vec()).unwrap();
        assert!(body.contains(WANDB) && body.contains(HF));
    }
}

/// An error in a stream that echoes the key and the question.
#[tokio::test]
async fn the_key_does_not_show_in_an_error_of_a_stream() {
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
    assert!(!told(&error).contains(MARK), "{}", told(&error));
    assert!(error.to_string().contains("asked"), "{error}");
    let log = log.text();
    assert!(!log.contains(MARK) && !log.contains(PROMPT_MARK), "{log}");
}

#[tokio::test]
async fn what_was_written_is_traced_when_it_is_switched_on() {
    let sim = simulator().await;
    let prime = client(&sim).with_options(CallOptions::new().trace_content(true));
    let (log, guard) = Log::start();
    prime.chat(MODEL).user(PROMPT).await.unwrap();
    drop(guard);
    let log = log.text();
    assert!(log.contains(PROMPT) && !log.contains(KEY), "{log}");
}

/// What a trace says of calls that went well and of those that did not, in the words of OpenTelemetry.
#[tokio::test]
async fn what_a_trace_says() {
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
    for said in [
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
        assert!(log.contains(said), "{said} is not in\n{log}");
    }
}
