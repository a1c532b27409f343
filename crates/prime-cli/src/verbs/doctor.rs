//! `doctor`: checks the settings, the connection and the key.

use std::time::Instant;

use prime_ext::Client;
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::{Context, block_on};
use crate::exit::Failure;
use crate::interrupt::until_interrupted;
use crate::output::{Table, printable, wrapped};
use crate::settings::Settings;
use crate::verbs::config::{self, Row};

/// Check the settings, the connection and the key. This costs nothing
#[derive(Debug, clap::Args)]
#[command(after_help = "\
JSON: {\"settings\": [{\"name\", \"value\", \"source\"}], \"checks\": [{\"name\", \"ok\", \"detail\"}]}. The exit code is \
that of the first check that failed.

Examples:
  prime-rs doctor
  prime-rs doctor -o json")]
pub(crate) struct Doctor {}

/// The settings and the checks as JSON.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Doctor")]
pub(crate) struct View<'a> {
    settings: Vec<Row>,
    checks: &'a [Check],
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Check {
    name: &'static str,
    ok: bool,
    detail: String,
    #[serde(skip)]
    failure: Option<Failure>,
}

impl Check {
    fn new(name: &'static str, result: Result<String, Failure>) -> Self {
        match result {
            Ok(detail) => Self {
                name,
                ok: true,
                detail,
                failure: None,
            },
            Err(failure) => Self {
                name,
                ok: false,
                detail: failure.to_string(),
                failure: Some(failure),
            },
        }
    }
}

impl Doctor {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let settings = context.settings()?;
        let mut checks = vec![Check::new(
            "permissions of the files",
            permissions(&settings),
        )];
        match context.client() {
            Ok(client) => checks.extend(block_on(until_interrupted(calls(&client), || {
                "interrupted".to_owned()
            }))?),
            Err(failure) => checks.push(Check::new("API key", Err(failure))),
        }
        show(&settings, &checks, context)?;
        let (count, failed) = (
            checks.len(),
            checks.iter().filter(|check| !check.ok).count(),
        );
        match checks.into_iter().find_map(|check| check.failure) {
            Some(failure) => {
                Err(failure.with_message(format!("{failed} of {count} checks failed")))
            }
            None => Ok(()),
        }
    }
}

/// Makes calls that are free and change nothing.
async fn calls(client: &Client) -> Result<Vec<Check>, Failure> {
    let begin = Instant::now();
    let models = client.models().list().await.map_err(Failure::from);
    let models = models.map(|models| {
        format!(
            "{} lists {} models, {} ms",
            client.inference_url(),
            models.len(),
            begin.elapsed().as_millis()
        )
    });
    let begin = Instant::now();
    let wallet = client.wallet().get().await.map_err(Failure::from);
    let wallet = wallet.map(|wallet| {
        let balance = crate::output::number::usd(wallet.balance_usd);
        format!(
            "{} has {balance} in the wallet, {} ms",
            client.platform_url(),
            begin.elapsed().as_millis()
        )
    });
    // A run of this name does not exist. The response tells whether the key may read runs.
    let runs = match client.runs().usage("prime-rs-doctor").await {
        Err(error) if error.is_not_found() => Ok("the key may read runs".to_owned()),
        Err(error) => Err(Failure::from(error)),
        Ok(_) => Ok("the key may read runs".to_owned()),
    };
    Ok(vec![
        Check::new("Inference API", models),
        Check::new("platform and wallet", wallet),
        Check::new("training runs", runs),
    ])
}

/// Checks that only the owner can read the files with the key.
fn permissions(settings: &Settings) -> Result<String, Failure> {
    let mut paths = vec![settings.config_path()];
    let files = std::fs::read_dir(settings.directory().join("environments"));
    paths.extend(
        files
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path()),
    );
    paths.retain(|path| path.is_file());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let is_open = |path: &std::path::PathBuf| {
            std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
        };
        let open: Vec<String> = paths
            .iter()
            .filter(|path| is_open(path))
            .map(|path| path.display().to_string())
            .collect();
        if !open.is_empty() {
            let list = open.join(" ");
            return Err(Failure::other(format!(
                "other users can read the API key: run `chmod 600 {list}`"
            )));
        }
    }
    Ok(match paths.len() {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    })
}

fn show(settings: &Settings, checks: &[Check], context: &Context) -> Result<(), Failure> {
    let rows = config::rows(settings);
    let (out, style) = (&context.out, context.out.style());
    if out.is_json() {
        return out.json(&View {
            settings: rows,
            checks,
        });
    }
    let mut table = Table::new()
        .column("Setting")
        .column("Value")
        .column("From");
    for row in rows {
        let source = settings.shortened(&row.source);
        table.row([row.name, row.value.as_deref().unwrap_or("-"), source]);
    }
    out.table(&table)?;
    settings.note_directory(out);
    out.line("")?;
    for check in checks {
        let (mark, colored) = match check.ok {
            true => ("ok", style.green("ok")),
            false => ("failed", style.red("failed")),
        };
        let line = format!(
            "{mark:<6}  {}: {}",
            check.name,
            printable(&check.detail, false)
        );
        out.text(&wrapped(&line, out.width()).replacen(mark, &colored, 1))?;
    }
    Ok(())
}
