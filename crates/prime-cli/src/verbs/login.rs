//! `login`: saves an API key.

use std::path::Path;

use prime_ext::Client;
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::prompt;

/// Save an API key in ~/.prime/config.json, which only you can read
///
/// Keys are created at app.primeintellect.ai/dashboard/tokens. Without --api-key, the key is read from the
/// terminal, without echo, or from standard input. The key is not sent to check it: `prime-rs doctor` does that.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
JSON: {\"saved\": the path of the file}

Examples:
  echo \"$PRIME_KEY\" | prime-rs login
  prime-rs login --api-key \"$PRIME_KEY\"")]
pub(crate) struct Login {
    /// The API key. Other users of this machine may see it while the command runs
    #[arg(long, value_name = "KEY")]
    api_key: Option<String>,

    /// Accepted for scripts: no browser is opened in any case
    #[arg(long, hide = true)]
    headless: bool,
}

/// What was saved, as JSON.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Login")]
pub(crate) struct View<'a> {
    /// The file with the key.
    saved: &'a Path,
}

impl Login {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let key = match self.api_key {
            Some(key) => key.into(),
            None => prompt::secret("API key: ")?,
        };
        save(context, key.expose())
    }
}

/// Saves a key, without what is often copied together with it. The user of the old key is removed.
pub(crate) fn save(context: &Context, key: &str) -> Result<(), Failure> {
    if key.trim().is_empty() {
        return Err(Failure::usage("there is no API key"));
    }
    // The client knows which keys are valid.
    let client = Client::builder().api_key(key).build();
    let client = client.map_err(|error| {
        Failure::new(
            Exit::Usage,
            error.to_string().replace(" from the program", ""),
        )
    })?;
    let key = client.settings().api_key.value.clone();
    let mut settings = context.settings()?;
    settings.change(|config| {
        config.insert("api_key".to_owned(), key.expose().into());
        config.remove("user_id");
        config.remove("user_name");
    })?;
    context.out.note(&format!(
        "The API key was saved in {}. `prime-rs doctor` checks it.",
        settings.config_path().display()
    ));
    if std::env::var_os("PRIME_API_KEY").is_some_and(|key| !key.is_empty()) {
        context
            .out
            .warn("PRIME_API_KEY is set, and is used instead of the saved key");
    }
    match context.out.is_json() {
        true => context.out.json(&View {
            saved: &settings.config_path(),
        }),
        false => Ok(()),
    }
}
