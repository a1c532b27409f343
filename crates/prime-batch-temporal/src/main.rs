//! `prime-rs-batch`: the batch of `prime-rs` on many machines.
//!
//! PostgreSQL has the ledger of a job: the record of what was sent, answered and paid, in the crate `prime-batch`.
//! Temporal hands out chunks of about 100 requests to workers, and notices when one is gone. `prime-rs batch submit`,
//! `worker`, `pause`, `resume`, `cancel`, and `status` and `set` with `--ledger`, run this program.
//!
//! | module | contents |
//! |---|---|
//! | `cli` | the arguments |
//! | `submit` | creates a job, or attaches to it |
//! | `worker` | works on jobs |
//! | `status` | what became of a job |
//! | `job` | a job in the ledger and its workflow: `pause`, `resume`, `cancel`, `set` |
//! | `workflow` | the workflows: which chunks are handed out, and when |
//! | `activities` | what workers do for the workflows |
//! | `connection` | the connection to Temporal |
//! | `failure` | failures and exit codes |

mod activities;
mod cli;
mod connection;
mod failure;
mod job;
mod status;
mod submit;
mod worker;
mod workflow;

use std::process::ExitCode;
use std::sync::OnceLock;

use clap::Parser as _;
use prime_batch::ledger::postgres::JobState;

use cli::{Cli, Format, Verb};
use failure::Failure;

fn main() -> ExitCode {
    let Cli { global, verb } = Cli::parse();
    let is_json = global.format == Format::Json;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(run(verb, &global)),
        Err(error) => Err(Failure::other(format!("cannot start the runtime: {error}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            match is_json {
                true => eprintln!("{}", failure.json()),
                false => eprintln!("error: {failure}"),
            }
            ExitCode::from(failure.code())
        }
    }
}

async fn run(verb: Verb, global: &cli::Global) -> Result<(), Failure> {
    match verb {
        Verb::Submit(verb) => submit::run(verb, global).await,
        Verb::Worker(verb) => worker::run(verb, global).await,
        Verb::Status(verb) => status::run(verb, global).await,
        Verb::Set(verb) => job::set(&verb, global).await,
        Verb::Pause(job) => job::set_state(&job, global, JobState::Paused).await,
        Verb::Resume(job) => job::set_state(&job, global, JobState::Running).await,
        Verb::Cancel(job) => job::set_state(&job, global, JobState::Cancelled).await,
    }
}

/// Returns the name of this process, which no other has.
fn worker_name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let host = gethostname::gethostname();
        let (process, number) = (std::process::id(), fastrand::u16(..));
        format!("{}-{process}-{number:04x}", host.to_string_lossy())
    })
}
