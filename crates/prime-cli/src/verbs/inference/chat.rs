//! `inference chat`: asks a model one question.

use std::io::{self, IsTerminal as _, Read as _};

use prime_ext::{ChatDelta, ChatRequest, ChatResponse, FinishReason};

use crate::context::{Context, block_on};
use crate::exit::Failure;
use crate::interrupt::{interrupted, until_interrupted};
use crate::output::printable;

/// Ask a model one question
#[derive(Debug, clap::Args)]
#[command(after_help = "\
JSON: the response of the service, {\"id\", \"model\", \"choices\": [{\"message\": {\"content\"}}], \"usage\"?}. With \
--stream, each chunk of the response is a line of JSON.

Examples:
  prime-rs inference chat sim/echo \"Say hi\"
  echo \"Explain RL in one line\" | prime-rs inference chat sim/echo
  prime-rs inference chat sim/echo \"Hi\" --stream --system \"Be brief.\" -t 0.2
  prime-rs inference chat sim/echo \"Hi\" -o json")]
pub(crate) struct Chat {
    /// The id of the model: see `prime-rs inference models`
    model: String,

    /// The question. Default: standard input
    message: Option<String>,

    #[command(flatten)]
    parameters: Parameters,

    /// Write the answer as it arrives, and the reasoning to standard error
    #[arg(long, overrides_with = "no_stream")]
    stream: bool,

    /// Write the answer when it is complete. This is the default
    #[arg(long, overrides_with = "stream")]
    no_stream: bool,
}

/// The parameters of a question.
#[derive(Debug, clap::Args)]
pub(crate) struct Parameters {
    /// The system message: instructions for the model
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) system: Option<String>,

    /// The sampling temperature
    #[arg(short, long, value_name = "NUMBER")]
    temperature: Option<f64>,

    /// The maximum number of tokens of the answer
    #[arg(long, value_name = "NUMBER")]
    max_tokens: Option<u32>,

    /// How much to reason, such as low, medium or high. The values depend on the model
    #[arg(long, value_name = "EFFORT")]
    reasoning_effort: Option<String>,
}

impl Parameters {
    pub(crate) fn apply(&self, mut request: ChatRequest) -> ChatRequest {
        if let Some(temperature) = self.temperature {
            request = request.temperature(temperature);
        }
        if let Some(tokens) = self.max_tokens {
            request = request.max_tokens(tokens);
        }
        if let Some(effort) = &self.reasoning_effort {
            request = request.reasoning_effort(effort.as_str());
        }
        request
    }
}

impl Chat {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let message = match self.message {
            Some(message) => message,
            None => from_stdin()?,
        };
        let mut request = context.client()?.chat(self.model);
        if let Some(system) = &self.parameters.system {
            request = request.system(system.as_str());
        }
        let request = self.parameters.apply(request.user(message));
        match self.stream && !self.no_stream {
            true => block_on(stream(request, context)),
            false => block_on(complete(request, context)),
        }
    }
}

fn from_stdin() -> Result<String, Failure> {
    let mut stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(Failure::usage(
            "there is no message: pass it as an argument or to standard input",
        ));
    }
    let mut message = String::new();
    let read = stdin.read_to_string(&mut message);
    read.map_err(|error| Failure::other(format!("cannot read standard input: {error}")))?;
    let message = message.trim();
    if message.is_empty() {
        return Err(Failure::usage("the message from standard input is empty"));
    }
    Ok(message.to_owned())
}

async fn complete(request: ChatRequest, context: &Context) -> Result<(), Failure> {
    let response = until_interrupted(async { Ok(request.await?) }, || {
        "interrupted; the service may have answered and billed the question".to_owned()
    });
    let response = response.await?;
    warn(&response, context);
    if context.out.is_json() {
        return context.out.received(response.body(), response.raw());
    }
    let mut text = response.text().into_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    context.out.foreign(&text)
}

async fn stream(request: ChatRequest, context: &Context) -> Result<(), Failure> {
    const PARTIAL: &str = "interrupted: the answer is incomplete, and may be billed";
    let mut stream =
        until_interrupted(async { Ok(request.stream().await?) }, || PARTIAL.to_owned()).await?;
    let mut reasoning = Reasoning {
        context,
        is_open: false,
    };
    let out = &context.out;
    let failure = loop {
        let next = async {
            if out.is_json() {
                return Ok(stream.try_next().await?.map(|_| Step::Chunk));
            }
            Ok::<_, Failure>(stream.next_delta().await?.map(Step::Delta))
        };
        let step = tokio::select! {
            biased;
            step = next => step,
            () = interrupted() => Err(Failure::interrupted(PARTIAL)),
        };
        match step {
            Ok(Some(Step::Chunk)) => {
                // Line feeds of JSON are between its values.
                let json = stream.chunk_json().unwrap_or_default();
                out.line(&json.replace(['\r', '\n'], " "))?;
            }
            Ok(Some(Step::Delta(ChatDelta::Reasoning(text)))) => reasoning.write(&text),
            Ok(Some(Step::Delta(ChatDelta::Text(text)))) => {
                reasoning.close();
                out.foreign(&text)?;
            }
            Ok(Some(Step::Delta(_))) => {}
            Ok(None) => break None,
            Err(failure) => break Some(failure),
        }
    };
    reasoning.close();
    if !out.is_json() {
        out.line("")?;
    }
    match failure {
        Some(failure) => Err(failure),
        None => {
            let response = stream.finish().await?;
            warn(&response, context);
            Ok(())
        }
    }
}

enum Step {
    Chunk,
    Delta(ChatDelta),
}

/// Writes the reasoning to standard error, between `<think>` and `</think>`.
struct Reasoning<'a> {
    context: &'a Context,
    is_open: bool,
}

impl Reasoning<'_> {
    fn write(&mut self, text: &str) {
        let begin = if self.is_open { "" } else { "<think>\n" };
        self.is_open = true;
        self.context
            .out
            .error_text(&format!("{begin}{}", printable(text, true)));
    }

    fn close(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.context.out.error_text("\n</think>\n\n");
        }
    }
}

/// Reports what the answer does not show.
fn warn(response: &ChatResponse, context: &Context) {
    for warning in response.warnings() {
        context.out.warn(&warning.to_string());
    }
    match response.finish_reason() {
        Some(FinishReason::Length) => context
            .out
            .warn("the answer was cut off by its token limit"),
        Some(FinishReason::ContentFilter) => context.out.warn("the answer was cut off by a filter"),
        _ => {}
    }
    if let Some(refusal) = response.refusal() {
        context.out.warn(&format!("the model refused: {refusal}"));
    }
}
