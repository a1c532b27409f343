//! The arguments.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use prime_batch::{Input, Template};
use prime_ext::{Client, Usd};

use crate::connection::Temporal;
use crate::failure::{Exit, Failure};

/// Ask the requests of a file on many machines
///
/// PostgreSQL has the ledger: what was sent, answered and paid. Temporal hands out the work. Each worker asks with its
/// own settings, which are those of prime-rs.
#[derive(Debug, Parser)]
#[command(
    name = "prime-rs-batch",
    bin_name = "prime-rs-batch",
    version,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,

    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// The options that `prime-rs` has for all commands.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// How results are written: table or json [default: table]
    #[arg(
        short = 'o',
        long = "output",
        global = true,
        value_name = "FORMAT",
        value_enum,
        default_value_t = Format::Table,
        hide_possible_values = true,
        hide_default_value = true
    )]
    pub(crate) format: Format,

    /// Use these settings of prime-rs for this command
    #[arg(short, long, global = true, value_name = "NAME")]
    context: Option<String>,

    /// Send the API key to another machine over http://, where others may read it
    #[arg(
        long,
        global = true,
        env = "PRIME_RS_ALLOW_HTTP",
        value_parser = clap::builder::BoolishValueParser::new()
    )]
    allow_http: bool,

    /// Accepted for scripts: tables have no colors
    #[arg(long, global = true, hide = true)]
    plain: bool,

    /// Accepted for scripts: there are no colors
    #[arg(long, global = true, hide = true)]
    no_color: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
}

impl Global {
    /// Builds a client with the settings of this machine.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let failure = |error: prime_ext::Error| {
            let exit = match error.kind() {
                prime_ext::ErrorKind::Settings => Exit::Auth,
                _ => Exit::Failure,
            };
            Failure::new(exit, error.to_string())
        };
        let mut builder =
            Client::builder().user_agent(concat!("prime-rs-batch/", env!("CARGO_PKG_VERSION")));
        if let Some(name) = &self.context {
            builder = builder.context(name);
        }
        if self.allow_http {
            builder = builder.allow_plain_http();
        }
        builder.or_env().map_err(failure)?.build().map_err(failure)
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Submit(Submit),
    Worker(Worker),
    Status(Status),
    Set(Set),
    /// Let a job wait: requests in flight are finished, and no more are sent
    Pause(Named),
    /// Continue a job that was paused or cancelled
    Resume(Named),
    /// End a job: requests in flight are finished, and no more are sent
    Cancel(Named),
}

/// Where the ledger is.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Ledger {
    /// The PostgreSQL database with the ledger: postgres://USER:PASSWORD@HOST/DATABASE. Prefer the variable: other
    /// users of a machine see arguments
    #[arg(
        long = "ledger",
        value_name = "URL",
        env = "PRIME_BATCH_LEDGER",
        hide_env_values = true
    )]
    pub(crate) url: String,
}

/// Create a job, or attach to it if it exists
///
/// The job is named by its output, and by the endpoint and the account of your settings. Submitting the same input
/// again attaches to the same job, and changes its limits if you give others. An input that was edited is a new job on
/// the same ledger: requests that have an answer are not asked again.
#[derive(Debug, clap::Args)]
pub(crate) struct Submit {
    /// A file of JSON Lines, as for `prime-rs batch run`, or of Parquet: a path that all workers have, or s3://, gs://,
    /// az://
    #[arg(value_name = "INPUT")]
    pub(crate) input: String,

    /// The folder of the results: a path that all workers have, or s3://, gs://, az://
    #[arg(value_name = "OUTPUT")]
    pub(crate) output: String,

    #[command(flatten)]
    pub(crate) prompts: Prompts,

    #[command(flatten)]
    pub(crate) limits: Limits,

    /// Under a budget, also send requests whose cost has no upper bound
    #[arg(long)]
    pub(crate) allow_unpriced: bool,

    /// What to do with requests that may have been carried out, but have no answer
    #[arg(long, value_name = "ACTION", value_enum, default_value_t = Ambiguous::Report)]
    pub(crate) ambiguous: Ambiguous,

    /// Ask requests again that failed
    #[arg(long)]
    pub(crate) retry_failed: bool,

    /// How often a request is sent again after the service refused it
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    pub(crate) max_retries: u32,

    /// Wait until the job ends, and show its progress
    #[arg(short, long)]
    pub(crate) wait: bool,

    /// Chunks of a shard, chunks at once, shards at once, and shards of a run, for tests
    #[arg(long, hide = true, num_args = 4)]
    pub(crate) sizes: Option<Vec<u32>>,

    #[command(flatten)]
    pub(crate) ledger: Ledger,

    #[command(flatten)]
    pub(crate) temporal: Temporal,
}

/// How requests are made of prompts.
#[derive(Debug, clap::Args)]
pub(crate) struct Prompts {
    /// Ask this model each prompt of a text file, or of a Parquet file
    #[arg(short, long, value_name = "MODEL", conflicts_with = "template")]
    model: Option<String>,

    /// The system message, with --model
    #[arg(short, long, value_name = "TEXT", requires = "model")]
    system: Option<String>,

    /// The largest number of tokens of an answer, with --model
    #[arg(short = 't', long, value_name = "NUMBER", requires = "model")]
    max_tokens: Option<u32>,

    /// Make requests with this chat request, a file of JSON. Each prompt replaces {prompt} in its messages
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,

    /// The column of a Parquet file with the prompts. An input whose name ends in .parquet is such a file [default:
    /// prompt]
    #[arg(long, value_name = "NAME")]
    prompt_column: Option<String>,

    /// The column of a Parquet file with the ids of the requests [default: the number of the row]
    #[arg(long, value_name = "NAME")]
    id_column: Option<String>,
}

impl Prompts {
    /// Returns the input of a path or URL.
    pub(crate) fn input(&self, path: &str) -> Result<Input, Failure> {
        let template = self.template()?;
        let is_parquet = path.ends_with(".parquet") || self.prompt_column.is_some();
        match template {
            Some(template) if is_parquet => {
                let column = self.prompt_column.as_deref().unwrap_or("prompt");
                let input = Input::parquet(path, column, template);
                Ok(match &self.id_column {
                    Some(column) => input.id_column(column),
                    None => input,
                })
            }
            None if is_parquet => Err(Failure::usage(
                "a Parquet file has prompts: give --model or --template",
            )),
            _ if self.id_column.is_some() => {
                Err(Failure::usage("--id-column is for Parquet files"))
            }
            Some(template) => Ok(Input::new(path).template(template)),
            None => Ok(Input::new(path)),
        }
    }

    fn template(&self) -> Result<Option<Template>, Failure> {
        let template = match (&self.model, &self.template) {
            (Some(model), _) => Template::for_model(model, self.system.as_deref(), self.max_tokens),
            (None, Some(path)) => {
                let invalid =
                    |reason: String| Failure::usage(format!("{}: {reason}", path.display()));
                let text = std::fs::read(path).map_err(|error| invalid(error.to_string()))?;
                let body = serde_json::from_slice(&text);
                Template::new(body.map_err(|error| invalid(error.to_string()))?)
            }
            (None, None) => return Ok(None),
        };
        let template = template.map_err(|error| Failure::usage(error.to_string()))?;
        Ok(Some(template))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Ambiguous {
    /// Report them
    Report,
    /// Ask them again. Each of them may be billed twice
    AskAgain,
}

/// The limits of a job.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Limits {
    /// The largest cost in US dollars, of all jobs of the same output
    #[arg(short, long, value_name = "USD")]
    budget: Option<Usd>,

    /// The largest number of requests that each worker has in flight [default: 256]
    #[arg(
        short = 'j',
        long,
        visible_alias = "concurrency",
        value_name = "NUMBER",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    max_concurrency: Option<u32>,

    /// The smallest number of requests that each worker has in flight [default: 1]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    min_concurrency: Option<u32>,

    /// The largest number of requests in a minute, of all workers together
    #[arg(long, visible_alias = "rate", value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    requests_per_minute: Option<u32>,
}

impl Limits {
    /// Changes the limits that the arguments name.
    pub(crate) fn apply(&self, limits: &mut prime_batch::Limits) {
        limits.budget = self.budget.or(limits.budget);
        limits.max_concurrency = self.max_concurrency.unwrap_or(limits.max_concurrency);
        limits.min_concurrency = self.min_concurrency.unwrap_or(limits.min_concurrency);
        limits.min_concurrency = limits.min_concurrency.min(limits.max_concurrency);
        limits.requests_per_minute = self.requests_per_minute.or(limits.requests_per_minute);
    }
}

/// Work on jobs
///
/// The worker asks with the API key, the team and the address of its own settings. It takes only jobs of that account.
/// On SIGTERM or Ctrl-C it takes no more work, finishes the requests in flight, and ends.
#[derive(Debug, clap::Args)]
pub(crate) struct Worker {
    /// How many chunks of about 100 requests this worker takes at once
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) chunks: u32,

    /// End when no job of the ledger is left
    #[arg(long)]
    pub(crate) until_done: bool,

    #[command(flatten)]
    pub(crate) ledger: Ledger,

    #[command(flatten)]
    pub(crate) temporal: Temporal,
}

/// Show what became of a job
#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// The output of the job
    #[arg(value_name = "OUTPUT")]
    pub(crate) output: String,

    #[command(flatten)]
    pub(crate) ledger: Ledger,

    /// Show the same again every 2 seconds until the job ends
    #[arg(short, long)]
    pub(crate) watch: bool,

    #[command(flatten)]
    pub(crate) temporal: Temporal,
}

/// Change the limits of a job, also while it runs
#[derive(Debug, clap::Args)]
pub(crate) struct Set {
    #[command(flatten)]
    pub(crate) job: Named,

    #[command(flatten)]
    pub(crate) limits: Limits,
}

/// A job, named by its output.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Named {
    /// The output of the job
    #[arg(value_name = "OUTPUT")]
    pub(crate) output: String,

    #[command(flatten)]
    pub(crate) ledger: Ledger,

    #[command(flatten)]
    pub(crate) temporal: Temporal,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn prime_rs_passes_its_global_options() {
        let arguments =
            "prime-rs-batch -o json --plain --context work status answers --ledger postgres://x";
        let cli = Cli::try_parse_from(arguments.split(' ')).map_err(|error| error.to_string());
        assert_eq!(cli.map(|cli| cli.global.format), Ok(Format::Json));
    }
}
