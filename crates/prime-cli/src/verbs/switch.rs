//! `switch`: selects the account.

use std::io::{self, IsTerminal as _};

use prime_ext::prime_platform_api::types::Team;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::context::{Context, block_on};
use crate::exit::{Exit, Failure};
use crate::interrupt::until_interrupted;
use crate::output::printable;
use crate::prompt;

/// Select the account that is billed: your own, or a team
///
/// The team must be one of yours: `prime-rs teams list` lists them. `prime-rs config set-team-id` saves any id, without a
/// request. Without an argument, the accounts are listed and one can be selected.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
JSON: {\"team_id\", \"team_name\", \"team_role\"}, with null for the personal account.

Examples:
  prime-rs switch personal
  prime-rs switch my-team")]
pub(crate) struct Switch {
    /// `personal`, or the slug, the id or the name of a team
    account: Option<String>,
}

/// The selected account as JSON.
#[derive(Serialize, JsonSchema, Default)]
#[schemars(title = "Account")]
pub(crate) struct View<'a> {
    team_id: Option<&'a str>,
    team_name: Option<&'a str>,
    team_role: Option<&'a str>,
}

impl Switch {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        if std::env::var_os("PRIME_TEAM_ID").is_some_and(|team| !team.is_empty()) {
            return Err(Failure::usage(
                "PRIME_TEAM_ID is set, and would be used instead: unset it first",
            ));
        }
        context.settings()?.check_writable()?;
        let account = self.account.as_deref().map(str::trim);
        if account.is_some_and(|account| account.eq_ignore_ascii_case("personal")) {
            return select(None, context);
        }
        if account.is_none() && (!io::stdin().is_terminal() || context.out.is_json()) {
            return Err(Failure::usage(
                "there is no terminal to ask for the account: pass `personal`, or the slug or the id of a team",
            ));
        }
        let client = context.client()?;
        let teams = block_on(until_interrupted(
            async { Ok(client.teams().await?) },
            || "interrupted; the account is unchanged".to_owned(),
        ))?;
        match account {
            Some(account) => select(Some(find(&teams, account)?), context),
            None => select(block_on(ask(&teams, context))?, context),
        }
    }
}

/// Finds a team by its slug, its id or, if only one team has it, its name. The case is ignored.
fn find<'a>(teams: &'a [Team], account: &str) -> Result<&'a Team, Failure> {
    let is_named = |text: Option<&str>| {
        text.is_some_and(|text| text.trim().to_lowercase() == account.to_lowercase())
    };
    let by_slug = teams.iter().find(|team| is_named(team.slug.as_deref()));
    let by_id = || teams.iter().find(|team| is_named(Some(&team.team_id)));
    let by_name = || {
        let mut named = teams.iter().filter(|team| is_named(team.name.as_deref()));
        named.next().filter(|_| named.next().is_none())
    };
    by_slug.or_else(by_id).or_else(by_name).ok_or_else(|| {
        let mut known: Vec<&str> = teams
            .iter()
            .map(|team| team.slug.as_deref().unwrap_or(&team.team_id))
            .collect();
        known.sort_unstable();
        known.insert(0, "personal");
        let message = format!(
            "you are in no team {account:?}; there are: {}",
            known.join(", ")
        );
        Failure::new(Exit::NotFound, message)
    })
}

/// Asks for an account. Returns `None` for the personal one.
async fn ask<'a>(teams: &'a [Team], context: &Context) -> Result<Option<&'a Team>, Failure> {
    let settings = context.settings()?;
    let current = settings.label("team_id");
    let mark = |team: Option<&str>| if team == current { " (current)" } else { "" };
    let mut text = format!("  1  Personal{}\n", mark(None));
    for (number, team) in teams.iter().enumerate() {
        let name = team.name.as_deref().unwrap_or(&team.team_id);
        let slug = team.slug.as_deref().unwrap_or("-");
        let role = team.role.as_deref().unwrap_or("member").to_lowercase();
        let mark = mark(Some(&team.team_id));
        let line = format!("{name} (slug: {slug}, role: {role}){mark}");
        text.push_str(&format!("  {}  {}\n", number + 2, printable(&line, false)));
    }
    context.out.error_text(&text);
    loop {
        let answer = prompt::line(context, "Account", "1").await?;
        match answer.parse::<usize>() {
            Ok(1) => return Ok(None),
            Ok(number) if (2..teams.len() + 2).contains(&number) => {
                return Ok(teams.get(number - 2));
            }
            _ => context
                .out
                .note(&format!("Enter a number from 1 to {}.", teams.len() + 1)),
        }
    }
}

fn select(team: Option<&Team>, context: &Context) -> Result<(), Failure> {
    let view = team.map_or(View::default(), |team| View {
        team_id: Some(&team.team_id),
        team_name: team.name.as_deref(),
        team_role: team.role.as_deref(),
    });
    set_team(context, &view)?;
    if context.out.is_json() {
        return context.out.json(&view);
    }
    match (view.team_id, view.team_name) {
        (Some(_), Some(name)) => context
            .out
            .note(&printable(&format!("Switched to the team {name}."), false)),
        (Some(id), None) => context.out.note(&format!("Switched to the team {id}.")),
        (None, _) => context.out.note("Switched to the personal account."),
    }
    Ok(())
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

/// Saves the id of a team, or selects the personal account. The name and the role of another team are removed.
pub(crate) fn set_team_id(context: &Context, id: Option<&str>) -> Result<(), Failure> {
    set_team(
        context,
        &View {
            team_id: id,
            ..View::default()
        },
    )
}

fn set_team(context: &Context, team: &View<'_>) -> Result<(), Failure> {
    context.settings()?.change(|config| {
        for (name, value) in [
            ("team_id", team.team_id),
            ("team_name", team.team_name),
            ("team_role", team.team_role),
        ] {
            config.insert(name.to_owned(), value.map_or(Value::Null, Value::from));
        }
    })
}
