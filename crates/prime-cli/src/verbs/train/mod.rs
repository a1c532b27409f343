//! `train`: starts and manages training runs.
//!
//! | module | contents |
//! |---|---|
//! | `create` | starts a run from a configuration |
//! | `config_file` | the keys of a configuration that are for this program |
//! | `secrets` | secrets from arguments and `.env` files |
//! | `usage`, `usage_view` | the tokens and the cost of a run |
//! | `stop`, `delete` | end a run |

mod config_file;
mod create;
mod delete;
mod secrets;
mod stop;
mod usage;
mod usage_view;

use crate::context::Context;
use crate::exit::Failure;
use crate::prompt;

/// The verbs. `train FILE` is short for `train create FILE`: see `cli`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Verb {
    #[command(alias = "run")]
    Create(create::Create),
    Usage(usage::Usage),
    Stop(stop::Stop),
    Delete(delete::Delete),
}

impl Verb {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Create(verb) => verb.run(context),
            Self::Usage(verb) => verb.run(context),
            Self::Stop(verb) => verb.run(context),
            Self::Delete(verb) => verb.run(context),
        }
    }
}

/// The flag that confirms the end of a run.
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
