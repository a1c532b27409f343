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

#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    arg_required_else_help = true,
    after_help = "\
A configuration is started with `prime-rs train FILE`; see `prime-rs train create --help`.

Examples:
  prime-rs train rl.toml --yes
  prime-rs train usage run_123 --watch"
)]
pub(crate) struct Train {
    #[command(subcommand)]
    verb: Option<Verb>,

    #[command(flatten)]
    create: create::Create,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    #[command(alias = "run")]
    Create(create::Create),
    Usage(usage::Usage),
    Stop(stop::Stop),
    Delete(delete::Delete),
}

impl Train {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        match self.verb {
            None => self.create.run(context),
            Some(Verb::Create(verb)) => verb.run(context),
            Some(Verb::Usage(verb)) => verb.run(context),
            Some(Verb::Stop(verb)) => verb.run(context),
            Some(Verb::Delete(verb)) => verb.run(context),
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
