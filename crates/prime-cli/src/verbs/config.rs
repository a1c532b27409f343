//! `config`: shows and changes the settings.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::context::{Context, block_on};
use crate::exit::Failure;
use crate::output::Table;
use crate::prompt;
use crate::settings::{PRODUCTION, SETTINGS, Setting, Settings, Source, default_of};
use crate::verbs::{login, switch};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Verb {
    /// Show the settings that apply, and where they come from
    #[command(after_help = "\
JSON: {\"current_environment\", \"settings\": [{\"name\", \"value\", \"source\"}]}, with the key shortened.

Examples:
  prime-rs config view
  prime-rs --context production config view -o json")]
    View,
    /// Save the API key. Without an argument, it is read as by `prime-rs login`
    SetApiKey { api_key: Option<String> },
    /// Save the id of the team that is billed. An empty id selects the personal account
    SetTeamId { team_id: String },
    /// Bill the personal account
    RemoveTeamId,
    /// Save the URL of the platform, without /api/v1
    SetBaseUrl { url: Option<String> },
    /// Save the URL of the web application
    SetFrontendUrl { url: Option<String> },
    /// Save the URL of the Inference API, with its path
    SetInferenceUrl { url: Option<String> },
    /// Save the URL of the traces service. `-` removes it
    SetTracesUrl { url: Option<String> },
    /// Save the path of the SSH key, for the official client
    SetSshKeyPath { path: String },
    /// Save whether new resources are shared with the team, for the official client
    SetShareResourcesWithTeam {
        #[arg(ignore_case = true)]
        enabled: Switched,
    },
    /// Save whether traces are not used, for the official client
    SetTracesOptOut {
        #[arg(ignore_case = true)]
        enabled: Switched,
    },
    /// Set all settings to their defaults. The saved contexts stay
    Reset {
        /// Do not ask for a confirmation
        #[arg(short, long)]
        yes: bool,
    },
    /// Make a saved context the current one
    #[command(after_help = "\
Examples:
  prime-rs config save lab
  prime-rs config use lab
  prime-rs config use production
  prime-rs config delete lab")]
    Use { name: String },
    /// Save the settings that apply as a context, with the API key
    Save { name: String },
    /// Delete a saved context
    Delete { name: String },
    /// List the contexts
    #[command(after_help = "\
JSON: {\"current\", \"environments\": [name]}

Examples:
  prime-rs config envs")]
    Envs,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Switched {
    True,
    False,
}

impl Verb {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let enabled = |switched| Value::Bool(matches!(switched, Switched::True));
        match self {
            Self::View => view(context),
            Self::SetApiKey { api_key: Some(key) } if key.is_empty() => {
                set(context, "api_key", "".into())
            }
            Self::SetApiKey { api_key: Some(key) } => login::save(context, &key),
            Self::SetApiKey { api_key: None } => {
                login::save(context, prompt::secret("API key: ")?.expose())
            }
            Self::SetTeamId { team_id } if team_id.is_empty() => set_team(context, None),
            Self::SetTeamId { team_id } => {
                switch::check_team(&team_id)?;
                set_team(context, Some(&team_id))
            }
            Self::RemoveTeamId => set_team(context, None),
            Self::SetBaseUrl { url } => set_url(context, "base_url", url),
            Self::SetFrontendUrl { url } => set_url(context, "frontend_url", url),
            Self::SetInferenceUrl { url } => set_url(context, "inference_url", url),
            Self::SetTracesUrl { url } => set_url(context, "traces_url", url),
            Self::SetSshKeyPath { path } => {
                let path = std::path::absolute(&path)
                    .map_err(|error| Failure::usage(format!("{path:?} is not a path: {error}")))?;
                set(context, "ssh_key_path", path.display().to_string().into())
            }
            Self::SetShareResourcesWithTeam { enabled: value } => {
                set(context, "share_resources_with_team", enabled(value))
            }
            Self::SetTracesOptOut { enabled: value } => {
                set(context, "traces_opt_out", enabled(value))
            }
            Self::Reset { yes } => reset(context, yes),
            Self::Use { name } => {
                context.settings()?.use_context(&name)?;
                context
                    .out
                    .note(&format!("The current context is {name:?}."));
                Ok(())
            }
            Self::Save { name } => {
                context.settings()?.save_context(&name)?;
                context.out.note(&format!(
                    "Saved the context {name:?}, with the API key and the team. `prime-rs config use {name}` selects it."
                ));
                Ok(())
            }
            Self::Delete { name } => {
                context.settings()?.delete_context(&name)?;
                context.out.note(&format!("Deleted the context {name:?}."));
                Ok(())
            }
            Self::Envs => contexts(context),
        }
    }
}

/// Shows a key by its beginning and its end.
pub(crate) fn shortened(key: &str) -> String {
    let chars: Vec<char> = key.chars().collect();
    match chars.len() {
        11.. => {
            let begin: String = chars[..6].iter().collect();
            let end: String = chars[chars.len() - 4..].iter().collect();
            format!("{begin}...{end}")
        }
        _ => "***".to_owned(),
    }
}

/// Returns the value of a setting as it is shown, and its source.
fn shown(settings: &Settings, setting: &Setting) -> (Option<String>, String) {
    let (value, source) = settings.text(setting);
    let is_file = matches!(source, Source::File(_));
    let value = value.map(|value| {
        let label = match setting.name {
            "api_key" => return shortened(&value),
            "team_id" if is_file => settings.label("team_name"),
            "user_id" if is_file => settings.label("user_name"),
            _ => None,
        };
        label.map_or(value.clone(), |label| format!("{label} ({value})"))
    });
    let source = match source {
        Source::Variable(name) => name.to_owned(),
        Source::File(path) => path.display().to_string(),
        Source::Default => "default".to_owned(),
    };
    (value, source)
}

/// The settings as JSON.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Settings")]
pub(crate) struct View<'a> {
    current_environment: &'a str,
    settings: Vec<Row>,
}

/// A setting as JSON.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) value: Option<String>,
    /// A variable, the path of a file, or `default`.
    pub(crate) source: String,
}

/// The contexts as JSON.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Contexts")]
pub(crate) struct Contexts<'a> {
    current: &'a str,
    environments: &'a [String],
}

/// Returns all settings as they are shown.
pub(crate) fn rows(settings: &Settings) -> Vec<Row> {
    let row = |setting: &Setting| {
        let (value, source) = shown(settings, setting);
        Row {
            name: setting.name,
            value,
            source,
        }
    };
    SETTINGS.iter().map(row).collect()
}

fn view(context: &Context) -> Result<(), Failure> {
    let settings = context.settings()?;
    let name = settings.context_name();
    let rows = SETTINGS
        .iter()
        .map(|setting| (setting, shown(&settings, setting)));
    if context.out.is_json() {
        return context.out.json(&View {
            current_environment: name,
            settings: self::rows(&settings),
        });
    }
    let mut table = Table::new()
        .column("Setting")
        .column("Value")
        .column("From");
    table.row(["Current Environment", name, ""]);
    for (setting, (value, source)) in rows {
        let missing = if setting.name == "team_id" {
            "Personal Account"
        } else {
            "Not set"
        };
        let source = settings.shortened(&source);
        table.row([setting.label, value.as_deref().unwrap_or(missing), source]);
    }
    context.out.table(&table)?;
    settings.note_directory(&context.out);
    Ok(())
}

fn set(context: &Context, name: &str, value: Value) -> Result<(), Failure> {
    let mut settings = context.settings()?;
    settings.change(|config| drop(config.insert(name.to_owned(), value)))?;
    context.out.note(&format!(
        "Saved {name} in {}.",
        settings.config_path().display()
    ));
    Ok(())
}

fn set_team(context: &Context, id: Option<&str>) -> Result<(), Failure> {
    switch::set_team_id(context, id)?;
    context
        .out
        .note(id.map_or("The personal account is billed.", |_| "Saved the team."));
    Ok(())
}

fn set_url(context: &Context, name: &str, url: Option<String>) -> Result<(), Failure> {
    let settings = context.settings()?;
    let known = SETTINGS.iter().find(|setting| setting.name == name);
    let known = known.ok_or_else(|| Failure::other("unknown setting"))?;
    let url = match url {
        Some(url) => url,
        None => {
            let current = settings.text(known).0.unwrap_or_default();
            block_on(prompt::line(context, known.label, &current))?
        }
    };
    let value = match url.trim() {
        "" | "-" if name == "traces_url" => Value::Null,
        url if url.starts_with("https://") || url.starts_with("http://") => {
            known.normal(url).into()
        }
        url => {
            return Err(Failure::usage(format!(
                "{url:?} is not a URL that begins with https:// or http://"
            )));
        }
    };
    set(context, name, value)
}

fn reset(context: &Context, yes: bool) -> Result<(), Failure> {
    if !prompt::confirm(
        context,
        "Set all settings to their defaults?",
        yes,
        "--yes",
        false,
    )? {
        return Ok(());
    }
    let mut settings = context.settings()?;
    // The current context first, so that the file of a saved context stays as it is.
    settings.use_context(PRODUCTION)?;
    settings.change(|config: &mut Map<String, Value>| {
        for name in ["team_name", "team_role", "user_name"] {
            config.insert(name.to_owned(), Value::Null);
        }
        for setting in SETTINGS {
            let default = match setting.name {
                "api_key" => "".into(),
                "share_resources_with_team" | "traces_opt_out" => false.into(),
                name => default_of(name),
            };
            config.insert(setting.name.to_owned(), default);
        }
    })?;
    context.out.note("All settings have their defaults.");
    Ok(())
}

fn contexts(context: &Context) -> Result<(), Failure> {
    let settings = context.settings()?;
    let names = settings.contexts();
    if context.out.is_json() {
        return context.out.json(&Contexts {
            current: settings.context_name(),
            environments: &names,
        });
    }
    let mut table = Table::new().column("Environment").column("Type");
    for name in names {
        let kind = if name == PRODUCTION {
            "Built-in"
        } else {
            "Custom"
        };
        table.row([name.as_str(), kind]);
    }
    context.out.table(&table)
}
