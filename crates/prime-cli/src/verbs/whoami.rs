//! `whoami`: the owner of the API key.

use prime_ext::Account;
use prime_ext::prime_platform_api::types::Whoami as Owner;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::context::{Context, block_on};
use crate::exit::Failure;
use crate::interrupt::until_interrupted;
use crate::output::{Table, printable};

/// Show the owner, the permissions and the limits of the API key, and save the owner in the settings
#[derive(Debug, clap::Args)]
#[command(after_help = "\
JSON: {\"id\", \"name\", \"slug\", \"email\", \"team_id\", \"team_name\", \"team_role\", \"scope\": {permission: \
{\"read\", \"write\"} or null}, \"account_limits\": {name: number}, \"key_limits\": {name: number}}

Examples:
  prime-rs whoami
  prime-rs whoami -o json")]
pub(crate) struct Whoami {}

/// The owner as JSON, with the fields of the service and the team that is billed.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Whoami")]
pub(crate) struct View<'a> {
    id: Option<&'a str>,
    name: Option<&'a str>,
    slug: Option<&'a str>,
    email: Option<&'a str>,
    team_id: Option<&'a str>,
    team_name: Option<&'a str>,
    team_role: Option<&'a str>,
    scope: Option<&'a Value>,
    account_limits: Option<&'a Value>,
    key_limits: Option<&'a Value>,
}

/// The name of a limit, and its field in `account_limits` and in `key_limits`. Source: `LIMIT_ROWS` in
/// `commands/whoami.py` of the official client.
const LIMITS: [(&str, Option<&str>, Option<&str>); 9] = [
    (
        "Concurrent sandboxes",
        None,
        Some("max_concurrent_sandboxes"),
    ),
    (
        "Sandbox creations / hour",
        None,
        Some("max_sandbox_creations_per_hour"),
    ),
    (
        "Sandbox creations / 10 sec",
        Some("vm_sandbox_creation_burst_limit"),
        None,
    ),
    (
        "Sandbox CPU cores",
        Some("sandbox_total_cpu_limit"),
        Some("max_sandbox_cpu_cores"),
    ),
    ("Concurrent VM sandboxes", Some("vm_sandbox_limit"), None),
    (
        "Sandbox GPUs",
        Some("vm_sandbox_gpu_limit"),
        Some("max_sandbox_gpu_count"),
    ),
    (
        "Concurrent tunnels",
        Some("tunnel_limit"),
        Some("max_concurrent_tunnels"),
    ),
    (
        "Tunnel creations / hour",
        Some("tunnel_creations_per_hour_limit"),
        Some("max_tunnel_creations_per_hour"),
    ),
    (
        "Tunnel TTL (hours)",
        Some("tunnel_ttl_hours"),
        Some("max_tunnel_ttl_hours"),
    ),
];

impl Whoami {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let response = block_on(until_interrupted(
            async { Ok(client.whoami().with_response().await?) },
            || "interrupted".to_owned(),
        ))?;
        for warning in response.warnings() {
            context.out.warn(&warning.to_string());
        }
        let owner = response.value();
        save(owner, context);
        let settings = context.settings().ok();
        let team_id = match client.account() {
            Account::Team(id) => Some(id.as_str()),
            _ => None,
        };
        let label = |name| {
            let settings = settings.as_ref()?;
            settings
                .label(name)
                .filter(|_| settings.label("team_id") == team_id)
        };
        let view = View {
            id: owner.id.as_deref(),
            name: owner.name.as_deref(),
            slug: owner.slug.as_deref(),
            email: owner.email.as_deref(),
            team_id,
            team_name: team_id.and_then(|_| label("team_name")),
            team_role: team_id.and_then(|_| label("team_role")),
            scope: owner.scope.as_ref(),
            account_limits: owner.account_limits.as_ref(),
            key_limits: owner.key_limits.as_ref(),
        };
        match context.out.is_json() {
            true => context.out.json(&view),
            false => show(&view, context),
        }
    }
}

/// Saves the owner, as the official client does. Nothing is saved for a temporary context.
fn save(owner: &Owner, context: &Context) {
    let Some(id) = owner.id.as_deref().filter(|id| !id.is_empty()) else {
        return;
    };
    let name = owner.name.as_deref();
    let saved = context.settings().and_then(|mut settings| {
        let is_saved = settings.label("user_id") == Some(id) && settings.label("user_name") == name;
        match is_saved || settings.is_temporary() {
            true => Ok(()),
            false => settings.change(|config| {
                config.insert("user_id".to_owned(), id.into());
                config.insert("user_name".to_owned(), name.into());
            }),
        }
    });
    if let Err(failure) = saved {
        context
            .out
            .warn(&format!("the owner was not saved: {failure}"));
    }
}

fn show(view: &View<'_>, context: &Context) -> Result<(), Failure> {
    let (out, style) = (&context.out, context.out.style());
    let fields = [
        (
            "Type",
            Some(if view.team_id.is_some() {
                "Team"
            } else {
                "Personal"
            }),
        ),
        ("Team ID", view.team_id),
        (
            "Team name",
            view.team_id.map(|_| view.team_name.unwrap_or("Unknown")),
        ),
        ("Role", view.team_role),
        ("User ID", Some(view.id.unwrap_or("Unknown"))),
        ("Username", Some(view.slug.unwrap_or("Not set"))),
        ("Name", Some(view.name.unwrap_or("Unknown"))),
        ("Email", Some(view.email.unwrap_or("Unknown"))),
    ];
    let mut text = String::new();
    for (name, value) in fields {
        if let Some(value) = value {
            text.push_str(&format!(
                "{}  {}\n",
                style.bold(&format!("{name:<9}")),
                printable(value, false)
            ));
        }
    }
    out.text(&text)?;
    if let Some(scope) = view
        .scope
        .and_then(Value::as_object)
        .filter(|scope| !scope.is_empty())
    {
        let mut table = Table::new()
            .column("Permission")
            .column("Read")
            .column("Write");
        for (name, access) in scope {
            let cell = |kind: &str| match access.get(kind).and_then(Value::as_bool) {
                _ if access.is_null() => "-",
                Some(true) => "yes",
                _ => "no",
            };
            table.row([name.as_str(), cell("read"), cell("write")]);
        }
        out.line("")?;
        out.table(&table)?;
    }
    let mut table = Table::new()
        .column("Limit")
        .number("Account")
        .number("API key")
        .number("Effective");
    for (label, account, key) in LIMITS {
        let value = |limits: Option<&Value>, field: Option<&str>| limits?.get(field?)?.as_i64();
        let (account, key) = (
            value(view.account_limits, account),
            value(view.key_limits, key),
        );
        let effective = account.into_iter().chain(key).min();
        let cells = [account, key, effective]
            .map(|limit| limit.map_or("-".to_owned(), |limit| limit.to_string()));
        table.row([label.to_owned()].into_iter().chain(cells));
    }
    out.line("")?;
    out.table(&table)?;
    let has_limits = view
        .account_limits
        .and_then(Value::as_object)
        .is_some_and(|limits| !limits.is_empty());
    if !has_limits {
        out.note("The limits of this account are not available.");
    }
    Ok(())
}
