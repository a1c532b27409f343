//! `teams list`: lists the teams.

use prime_ext::Error;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::context::{Context, block_on};
use crate::exit::Failure;
use crate::interrupt::until_interrupted;
use crate::output::Table;

/// List the teams of which you are a member
#[derive(Debug, clap::Args)]
#[command(after_help = "\
JSON: {\"teams\": [{\"teamId\", \"name\", \"slug\", \"role\", \"createdAt\"}], \"total_count\", \"offset\", \"limit\"}

Examples:
  prime-rs teams list
  prime-rs teams list --limit 10 --offset 0 -o json")]
pub(crate) struct List {
    /// The maximum number of teams
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,

    /// The number of teams to skip
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    offset: u64,
}

/// The teams as JSON, with the fields of the official client in its order.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Teams")]
pub(crate) struct View {
    teams: Vec<TeamView>,
    total_count: u64,
    offset: u64,
    limit: u64,
}

/// A team, as the service sent it.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TeamView {
    team_id: String,
    #[serde(flatten)]
    #[schemars(with = "Labels")]
    other: Map<String, Value>,
}

/// The other fields of a team.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
struct Labels {
    name: Option<String>,
    slug: Option<String>,
    role: Option<String>,
    created_at: Option<String>,
}

/// The teams in a response.
#[derive(Deserialize, Default)]
struct Sent {
    data: Vec<Value>,
}

impl TeamView {
    fn text(&self, name: &str) -> &str {
        self.other.get(name).and_then(Value::as_str).unwrap_or("-")
    }
}

impl List {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let call = client.on_behalf(client.platform_api().list_teams())?;
        let call = call.offset(self.offset).limit(self.limit);
        let response = block_on(until_interrupted(
            async {
                Ok(call
                    .send_with(client.context())
                    .await
                    .map_err(Error::from)?)
            },
            || "interrupted".to_owned(),
        ))?;
        for warning in response.warnings() {
            context.out.warn(&warning.to_string());
        }
        // As the service sent them, with fields that are null.
        let sent: Sent = serde_json::from_slice(response.body()).unwrap_or_default();
        let page = response.into_value();
        let teams = sent.data.into_iter();
        let teams: Vec<TeamView> = teams
            .filter_map(|team| serde_json::from_value(team).ok())
            .collect();
        let total = page.total_count.and_then(|total| u64::try_from(total).ok());
        let view = View {
            total_count: total.unwrap_or(teams.len() as u64),
            teams,
            offset: self.offset,
            limit: self.limit,
        };
        let out = &context.out;
        if out.is_json() {
            return out.json(&view);
        }
        if view.teams.is_empty() {
            out.note("No teams.");
            return Ok(());
        }
        let mut table = Table::new()
            .id("Id")
            .column("Name")
            .column("Slug")
            .column("Role")
            .column("Created")
            .optional(&["Created"]);
        for team in &view.teams {
            let created = team.text("createdAt");
            table.row([
                &team.team_id,
                team.text("name"),
                team.text("slug"),
                team.text("role"),
                created,
            ]);
        }
        out.table(&table)?;
        let end = self.offset.saturating_add(view.teams.len() as u64);
        if view.total_count > end {
            out.note(&format!(
                "\n{} of {} teams. The next ones: --offset {end}",
                view.teams.len(),
                view.total_count
            ));
        }
        Ok(())
    }
}
