//! `train`: starts and manages training runs.
//!
//! | module | contents |
//! |---|---|
//! | `create`, `resume` | start a run, from a configuration or from a paused run |
//! | `created` | what follows: the wait for the response, the token |
//! | `config_file` | the keys of a configuration that are for this program |
//! | `secrets` | secrets from arguments and `.env` files |
//! | `usage`, `usage_view` | the tokens and the cost of a run |
//! | `list`, `get`, `run_view` | runs, as tables and as JSON |
//! | `logs`, `log_line` | the log of a run |
//! | `pause`, `restart`, `stop`, `delete` | change or end a run |

mod config_file;
mod create;
pub(crate) mod created;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
mod log_line;
pub(crate) mod logs;
mod pause;
mod restart;
mod resume;
mod run_view;
mod secrets;
mod stop;
mod usage;
pub(crate) mod usage_view;

use schemars::JsonSchema;
use serde::Serialize;

use crate::context::Context;
use crate::exit::Failure;
use crate::prompt;

/// The verbs. `train FILE` is short for `train create FILE`: see `cli`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Verb {
    #[command(alias = "run")]
    Create(create::Create),
    #[command(alias = "ls")]
    List(list::List),
    Get(get::Get),
    Usage(usage::Usage),
    Logs(logs::Logs),
    Pause(pause::Pause),
    Resume(resume::Resume),
    Restart(restart::Restart),
    Stop(stop::Stop),
    Delete(delete::Delete),
}

impl Verb {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Create(verb) => verb.run(context),
            Self::List(verb) => verb.run(context),
            Self::Get(verb) => verb.run(context),
            Self::Usage(verb) => verb.run(context),
            Self::Logs(verb) => verb.run(context),
            Self::Pause(verb) => verb.run(context),
            Self::Resume(verb) => verb.run(context),
            Self::Restart(verb) => verb.run(context),
            Self::Stop(verb) => verb.run(context),
            Self::Delete(verb) => verb.run(context),
        }
    }
}

/// The status of a run as JSON.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status<'a> {
    run_id: &'a str,
    status: &'a str,
}

/// The flag that confirms a change of a run.
#[derive(Debug, clap::Args)]
struct Force {
    /// Do not ask for a confirmation
    #[arg(short, long, visible_alias = "yes", visible_short_alias = 'y')]
    force: bool,
}

impl Force {
    fn confirm(&self, context: &Context, question: &str) -> Result<bool, Failure> {
        prompt::confirm(context, question, self.force, "--force", false)
    }
}
