//! `switch`: selects the account.

use serde_json::Value;

use crate::context::Context;
use crate::exit::Failure;

/// Select the account that is billed: your own, or a team
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  prime-rs switch personal
  prime-rs switch clx0a1b2c3d4e5f6g7h8i9j0k")]
pub(crate) struct Switch {
    /// `personal`, or the id of a team
    account: String,
}

impl Switch {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        if std::env::var_os("PRIME_TEAM_ID").is_some_and(|team| !team.is_empty()) {
            return Err(Failure::usage(
                "PRIME_TEAM_ID is set, and would be used instead: unset it first",
            ));
        }
        let account = self.account.trim();
        if account.eq_ignore_ascii_case("personal") {
            set_team(context, None)?;
            context.out.note("Switched to the personal account.");
        } else {
            check_team(account)?;
            set_team(context, Some(account))?;
            context
                .out
                .note(&format!("Switched to the team {account}."));
        }
        Ok(())
    }
}

/// Checks the form of a team's id: `c` and 24 lower-case letters and digits. Source: the official client.
pub(crate) fn check_team(id: &str) -> Result<(), Failure> {
    let is_valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if id.len() == 25 && id.starts_with('c') && id.chars().all(is_valid) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{id:?} is not the id of a team: \"c\" and 24 lower-case letters and digits"
    )))
}

/// Saves the team. The name and the role of another team are removed.
pub(crate) fn set_team(context: &Context, id: Option<&str>) -> Result<(), Failure> {
    context.settings()?.change(|config| {
        config.insert("team_id".to_owned(), id.map_or(Value::Null, Value::from));
        config.insert("team_name".to_owned(), Value::Null);
        config.insert("team_role".to_owned(), Value::Null);
    })
}
