//! `batch run` and `batch retry`.

use std::path::PathBuf;
use std::process;

use prime_batch::{Batch, Control, End, Report, State};
use prime_ext::Usd;
use tokio::sync::oneshot;

use super::input::Input;
use super::progress::Progress;
use super::{estimate, view};
use crate::context::{Context, block_on_threads};
use crate::exit::{Exit, Failure};
use crate::interrupt::interrupted;

/// Ask the requests of a file, or continue after an interruption
#[derive(Debug, clap::Args)]
#[command(after_help = "\
An answered request is never asked again. A request that may have been carried out, but has no answer, is ambiguous: \
after a crash, a lost connection or a timeout. It is asked again only with --ambiguous ask-again, and may then be billed \
twice.

Beside OUTPUT, the files OUTPUT.ledger (what was sent and answered; keep it) and, if there are errors, \
OUTPUT.errors.jsonl are written. --discard-content keeps prompts and answers out of the ledger; OUTPUT can then not be \
written again.

With --budget, the upper bound of each request is reserved before it is sent: its bytes as tokens, and max_tokens or \
the largest number of tokens of the model. Requests without a bound are sent only with --allow-unpriced.

JSON: {\"output\", \"errors\", \"ledger\", \"end\", \"requests\", \"answered\", \"failed\", \"ambiguous\", \"unsent\", \
\"known_cost_usd\", \"estimated_cost_usd\", \"unknown_cost_requests\", \"unknown_cost_at_most_usd\", \"models\": \
[{\"model\", \"answered\", \"prompt_tokens\", \"completion_tokens\", \"known_cost_usd\", \"estimated_cost_usd\"}]}

Examples:
  prime-rs batch run questions.jsonl answers.jsonl --budget 25
  prime-rs batch run prompts.txt answers.jsonl --model openai/gpt-oss-120b --max-tokens 200
  prime-rs batch run questions.jsonl answers.jsonl --shard 3/16
  prime-rs batch run questions.jsonl answers.jsonl --ambiguous ask-again")]
pub(crate) struct Run {
    #[command(flatten)]
    arguments: Arguments,
}

/// Ask failed requests again
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Like `prime-rs batch run`, and asks failed requests again. Ambiguous requests are asked again only with --ambiguous \
ask-again.

JSON: as of `batch run`.

Examples:
  prime-rs batch retry questions.jsonl answers.jsonl
  prime-rs batch retry questions.jsonl answers.jsonl --ambiguous ask-again")]
pub(crate) struct Retry {
    #[command(flatten)]
    arguments: Arguments,
}

#[derive(Debug, clap::Args)]
struct Arguments {
    #[command(flatten)]
    input: Input,

    /// The file of the answers, in OpenAI's batch format
    #[arg(value_name = "OUTPUT")]
    answers: PathBuf,

    /// The largest cost in US dollars, with earlier runs
    #[arg(short, long, value_name = "USD")]
    budget: Option<Usd>,

    /// Under a budget, also send requests whose cost has no upper bound
    #[arg(long)]
    allow_unpriced: bool,

    /// The largest number of requests in flight. The batch finds the number that the service accepts
    #[arg(short = 'j', long, value_name = "NUMBER", default_value_t = 256,
          value_parser = clap::value_parser!(u32).range(1..))]
    max_concurrency: u32,

    /// The smallest number of requests in flight
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    min_concurrency: u32,

    /// The largest number of requests in a minute
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    requests_per_minute: Option<u32>,

    /// The largest number of tokens in a minute
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    tokens_per_minute: Option<u32>,

    /// What to do with requests that may have been carried out, but have no answer
    #[arg(long, value_name = "ACTION", value_enum, default_value_t = Ambiguous::Report)]
    ambiguous: Ambiguous,

    /// How often a request is sent again after the service refused it
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    max_retries: u32,

    /// Do not keep prompts and answers in the ledger
    #[arg(long)]
    discard_content: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Ambiguous {
    /// Report them
    Report,
    /// Ask them again. Each of them may be billed twice
    AskAgain,
}

impl Run {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        self.arguments.run(context, |batch| batch)
    }
}

impl Retry {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        self.arguments.run(context, Batch::retry_failed)
    }
}

impl Arguments {
    fn run(self, context: &Context, change: impl FnOnce(Batch) -> Batch) -> Result<(), Failure> {
        let control = Control::new();
        let batch = change(self.batch()?).control(&control);
        let (output, errors) = (batch.output_path(), batch.errors_path());
        let (checked, mut is_checked) = oneshot::channel();
        let batch = batch.on_checked(move |input| drop(checked.send(estimate::summary(input))));
        let client = context.client()?;
        let report = block_on_threads(async {
            let mut progress = Progress::new(&context.out, control.clone());
            let mut run = std::pin::pin!(batch.run(&client));
            let (mut interrupts, mut is_announced) = (0, false);
            loop {
                tokio::select! {
                    biased;
                    report = &mut run => break Ok(report?),
                    summary = &mut is_checked, if !is_announced => {
                        is_announced = true;
                        progress.clear();
                        context.out.note(&summary.unwrap_or_default());
                    }
                    () = progress.tick() => {}
                    () = interrupted() => {
                        interrupts += 1;
                        stop(context, &control, &progress, interrupts);
                    }
                }
            }
        })?;
        let out = &context.out;
        match out.is_json() {
            true => out.json(&view::Batch::of(&report))?,
            false => view::show(out, &report)?,
        }
        let again = same_command();
        ended(
            report,
            &again,
            &output.display().to_string(),
            &errors.display().to_string(),
        )
    }

    fn batch(&self) -> Result<Batch, Failure> {
        let batch = Batch::open(self.input.read()?, &self.answers)
            .concurrency(self.min_concurrency, self.max_concurrency)
            .max_retries(self.max_retries);
        let set = |batch: Batch, is_set: bool, set: fn(Batch) -> Batch| match is_set {
            true => set(batch),
            false => batch,
        };
        let batch = set(batch, self.allow_unpriced, Batch::allow_unpriced);
        let batch = set(batch, self.discard_content, Batch::discard_content);
        let is_again = self.ambiguous == Ambiguous::AskAgain;
        let mut batch = set(batch, is_again, Batch::ask_ambiguous_again);
        if let Some(budget) = self.budget {
            batch = batch.budget(budget);
        }
        if let Some(requests) = self.requests_per_minute {
            batch = batch.requests_per_minute(requests);
        }
        if let Some(tokens) = self.tokens_per_minute {
            batch = batch.tokens_per_minute(tokens);
        }
        Ok(batch)
    }
}

/// Handles Ctrl-C: the first one finishes what is in flight, and the second one ends the process.
fn stop(context: &Context, control: &Control, progress: &Progress<'_>, interrupts: u32) {
    progress.clear();
    let in_flight = control.progress().in_flight;
    if interrupts == 1 && in_flight > 0 {
        control.stop();
        context.out.note(&format!(
            "Finishing {in_flight} requests in flight. Press Ctrl-C again to end at once: they are then ambiguous."
        ));
        return;
    }
    if interrupts == 1 {
        control.stop();
        let is_reading = control.progress().requests.is_none();
        if is_reading {
            context
                .out
                .note("Stopping when the input is checked. Press Ctrl-C again to end at once.");
        }
        return;
    }
    let message = format!(
        "interrupted with {in_flight} requests in flight, which are ambiguous; to continue: {}",
        same_command()
    );
    context.out.failure(&Failure::interrupted(message));
    process::exit(Exit::Interrupted as i32);
}

/// Returns the command of this process, so that it can be copied.
fn same_command() -> String {
    let mut command = "prime-rs".to_owned();
    for argument in std::env::args().skip(1) {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+%".contains(c);
        command.push(' ');
        match !argument.is_empty() && argument.chars().all(is_plain) {
            true => command.push_str(&argument),
            false => command.push_str(&format!("'{}'", argument.replace('\'', "'\\''"))),
        }
    }
    command
}

/// Returns the failure of a batch that did not answer every request.
fn ended(report: Report, again: &str, output: &str, errors: &str) -> Result<(), Failure> {
    let is_complete = report.is_complete();
    let [failed, ambiguous, unsent] =
        [State::Failed, State::Ambiguous, State::Unsent].map(|state| report.count(state));
    let end = report.run.map(|(end, _)| end);
    Err(match end {
        Some(End::Stopped) => Failure::interrupted(format!(
            "interrupted; {unsent} requests were not sent; to continue: {again}"
        )),
        Some(End::Budget) => Failure::other(format!(
            "the rest of the budget is too small for the next request; {unsent} requests were not sent; raise --budget to continue"
        )),
        Some(End::DiskFull) => Failure::other(format!(
            "the disk is full; {unsent} requests were not sent; free space, then: {again}"
        )),
        Some(End::Refused(error)) => Failure::from(*error).with_note(&format!(
            "{unsent} requests were not sent; to continue: {again}"
        )),
        Some(End::Unavailable(error)) => Failure::from(*error).with_note(&format!(
            "the service refused all requests; {unsent} were not sent; to continue: {again}"
        )),
        _ if is_complete => return Ok(()),
        _ if ambiguous > 0 => Failure::new(
            Exit::OutcomeUnknown,
            format!(
                "{ambiguous} requests may have been carried out, but have no answer: see {errors}; to ask them again: \
                 {again} --ambiguous ask-again"
            ),
        ),
        _ if failed > 0 => Failure::other(format!(
            "{failed} requests failed: see {errors}; to ask them again: {}",
            again.replace("batch run", "batch retry")
        )),
        _ => Failure::other(format!(
            "{unsent} requests were not sent, because their cost has no upper bound; --allow-unpriced sends them; {output} has the other answers"
        )),
    })
}
