//! `logout`: removes the key, the team and the user.

use serde_json::Value;

use crate::context::Context;
use crate::exit::Failure;
use crate::prompt;

/// Remove the API key, the team and the user from the settings. The key stays valid
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  prime-rs logout --yes")]
pub(crate) struct Logout {
    /// Do not ask for a confirmation
    #[arg(short, long)]
    yes: bool,
}

/// Variables that still apply after a logout.
const VARIABLES: [&str; 3] = ["PRIME_API_KEY", "PRIME_TEAM_ID", "PRIME_USER_ID"];

impl Logout {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let mut settings = context.settings()?;
        let names = ["api_key", "team_id", "user_id"];
        if names.iter().all(|name| settings.label(name).is_none()) {
            context.out.note("Not logged in.");
        } else {
            let question = format!(
                "Log out of {:?} (removes the API key, the team and the user)?",
                settings.context_name()
            );
            if !prompt::confirm(context, &question, self.yes, "--yes", true)? {
                return Ok(());
            }
            settings.change(|config| {
                config.insert("api_key".to_owned(), "".into());
                for name in ["team_id", "team_name", "team_role", "user_id", "user_name"] {
                    config.insert(name.to_owned(), Value::Null);
                }
            })?;
            context.out.note("Logged out.");
        }
        let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let set: Vec<&str> = VARIABLES.into_iter().filter(is_set).collect();
        if !set.is_empty() {
            context
                .out
                .warn(&format!("still set in the environment: {}", set.join(", ")));
        }
        Ok(())
    }
}
