//! `batch`: asks the requests of a file.
//!
//! | module | contents |
//! |---|---|
//! | `input` | the arguments that describe the input |
//! | `run` | runs or continues a batch, and asks failed requests again |
//! | `progress` | the progress of a batch on the terminal |
//! | `estimate` | the largest cost, before anything is paid |
//! | `status` | what became of a batch |
//! | `report` | a page about a batch |
//! | `set` | changes the limits of a batch |
//! | `merge` | combines shards |
//! | `cluster` | the verbs of a batch on many machines |
//! | `view` | the JSON and the tables of these verbs |

pub(crate) mod cluster;
pub(crate) mod estimate;
mod input;
mod merge;
mod progress;
pub(crate) mod report;
mod run;
pub(crate) mod set;
mod status;
pub(crate) mod view;

use prime_batch::Error;
use prime_batch::ledger::LedgerError;

use crate::context::Context;
use crate::exit::{Exit, Failure};

/// The verbs.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Verb {
    Run(run::Run),
    Retry(run::Retry),
    Estimate(estimate::Estimate),
    Status(status::Status),
    Report(report::Report),
    Set(set::Set),
    Merge(merge::Merge),
    /// Create a job that many machines work on, or attach to it
    Submit(cluster::Cluster),
    /// Work on the jobs of a cluster
    Worker(cluster::Cluster),
    /// Let a job of a cluster wait
    Pause(cluster::Cluster),
    /// Continue a job of a cluster that was paused or cancelled
    Resume(cluster::Cluster),
    /// End a job of a cluster
    Cancel(cluster::Cluster),
}

impl Verb {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Run(verb) => verb.run(context),
            Self::Retry(verb) => verb.run(context),
            Self::Estimate(verb) => verb.run(context),
            Self::Status(verb) => verb.run(context),
            Self::Report(verb) => verb.run(context),
            Self::Set(verb) => verb.run(context),
            Self::Merge(verb) => verb.run(context),
            Self::Submit(verb) => verb.run("submit"),
            Self::Worker(verb) => verb.run("worker"),
            Self::Pause(verb) => verb.run("pause"),
            Self::Resume(verb) => verb.run("resume"),
            Self::Cancel(verb) => verb.run("cancel"),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Models(error) => Self::from(*error).within("the models cannot be listed"),
            Error::Input { .. } | Error::Request(_) | Error::Option(_) | Error::Output { .. } => {
                Self::usage(error.to_string())
            }
            Error::Ledger(LedgerError::Missing(_)) => Self::new(Exit::NotFound, error.to_string()),
            error => Self::other(error.to_string()),
        }
    }
}
