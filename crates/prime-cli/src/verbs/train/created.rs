//! What follows the creation of a run: the wait for the response, the token, and what is shown.

use std::path::{Path, PathBuf};

use prime_ext::{CreatedRun, Error};
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::{Context, block_on};
use crate::exit::{Exit, Failure};
use crate::interrupt::interrupted;
use crate::output::number;

/// Where the token of a run is kept.
#[derive(Debug, clap::Args)]
pub(super) struct TokenFile {
    /// Write the run's token to a new file that only you can read. The service returns the token only once
    #[arg(long, value_name = "FILE")]
    save_token: Option<PathBuf>,
}

/// A created run as JSON.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "CreatedRun")]
pub(crate) struct View<'a> {
    run: RunView<'a>,
}

/// The fields of the official client, and the file of the token.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RunView<'a> {
    run_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_ref: Option<String>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    price: Option<Price<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_file: Option<&'a Path>,
}

/// Present if the run is billed per hour.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Price<'a> {
    on_demand: bool,
    gpu_type: Option<&'a str>,
    price_per_gpu_hour: Option<prime_ext::Usd>,
    estimated_cost_per_hour: Option<prime_ext::Usd>,
    is_beta: Option<bool>,
}

impl TokenFile {
    /// Refuses a file to which the token cannot be written, before the run is created.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.save_token.as_deref().map_or(Ok(()), check_token_file)
    }

    /// Creates the run, saves its token and shows it.
    pub(super) fn created(
        &self,
        create: impl IntoFuture<Output = Result<CreatedRun, Error>>,
        source_ref: Option<String>,
        context: &Context,
    ) -> Result<(), Failure> {
        let run = block_on(created(create.into_future(), context))?;
        let saved = self
            .save_token
            .as_deref()
            .map(|path| save_token(&run, path));
        let token_file = match &saved {
            Some(Ok(path)) => Some(path.as_path()),
            _ => None,
        };
        let shown = show(&run, source_ref, token_file, context);
        // The run exists, whatever happens to the output: the token comes first.
        match saved {
            Some(Err(failure)) => Err(failure),
            _ => shown,
        }
    }
}

fn show(
    run: &CreatedRun,
    source_ref: Option<String>,
    token_file: Option<&Path>,
    context: &Context,
) -> Result<(), Failure> {
    let raw = run.raw();
    let price = (raw.on_demand == Some(true)).then_some(Price {
        on_demand: true,
        gpu_type: raw.gpu_type.as_deref(),
        price_per_gpu_hour: raw.price_per_gpu_hour,
        estimated_cost_per_hour: raw.estimated_cost_per_hour,
        is_beta: raw.is_beta,
    });
    let (out, style) = (&context.out, context.out.style());
    let id = run.run_id();
    if out.is_json() {
        let run = RunView {
            run_id: id,
            source_ref,
            price,
            token_file,
        };
        return out.json(&View { run });
    }
    let mut text = format!("{} {}\n", style.green("Started the run"), style.bold(id));
    if let Some(price) = price.and_then(|price| price.price_per_gpu_hour) {
        let gpu = raw.gpu_type.as_deref().unwrap_or("GPU");
        let price = number::usd(price);
        text.push_str(&format!("On demand: {gpu}, {price} per GPU and hour"));
        if let Some(cost) = raw.estimated_cost_per_hour {
            text.push_str(&format!(", about {} per hour", number::usd(cost)));
        }
        text.push_str(".\nIt is billed from when its pods are ready until it ends.\n");
    }
    match token_file {
        Some(path) => text.push_str(&format!("Its token is in {}.\n", path.display())),
        None => text.push_str("Its token was not kept; --save-token FILE keeps it.\n"),
    }
    let setting = crate::settings::SETTINGS
        .iter()
        .find(|setting| setting.name == "frontend_url");
    let url = setting.and_then(|setting| context.settings().ok()?.text(setting).0);
    text.push_str(&format!(
        "\nWatch it:   prime-rs train usage {id} --watch\n\
         Read it:    prime-rs train logs {id} --follow\n\
         End it:     prime-rs train stop {id}\n"
    ));
    if let Some(url) = url {
        text.push_str(&format!("Dashboard:  {url}/dashboard/training/{id}\n"));
    }
    out.text(&text)
}

/// Creates the run. Ctrl-C does not end the wait for the response, because the run may already exist; a second one does.
async fn created(
    call: impl Future<Output = Result<CreatedRun, Error>>,
    context: &Context,
) -> Result<CreatedRun, Failure> {
    let mut call = std::pin::pin!(call);
    let failed = |error: Error| {
        let is_unknown = error.outcome_unknown();
        let failure = Failure::from(error);
        match is_unknown {
            true if failure.to_string().contains(TOKEN) => failure.with_note(NOT_SENT_AGAIN),
            true => failure.with_note(UNKNOWN),
            false => failure,
        }
    };
    tokio::select! {
        biased;
        run = &mut call => return run.map_err(failed),
        () = interrupted() => {}
    }
    context.out.note("Waiting for the response, because the run may already exist. Press Ctrl-C again to give up.");
    tokio::select! {
        biased;
        run = &mut call => run.map_err(failed),
        () = interrupted() => {
            Err(Failure::new(Exit::OutcomeUnknown, format!("interrupted; {UNKNOWN}")))
        }
    }
}

/// What the message of the library says if it names the runs.
const TOKEN: &str = "its token cannot be obtained again";

const NOT_SENT_AGAIN: &str =
    "the request was not sent again: look at the run before you start it again";

const UNKNOWN: &str = "the request was not sent again; the run may exist and cost money, and its token cannot be obtained \
                       again: look for the run with `prime-rs train list --mine` before you start it again";

/// Refuses a file to which the token cannot be written, before the run is created.
fn check_token_file(path: &Path) -> Result<(), Failure> {
    let refused = |reason: &str| {
        Failure::usage(format!(
            "--save-token {}: {reason}; nothing was sent",
            path.display()
        ))
    };
    if path.symlink_metadata().is_ok() {
        return Err(refused("the file exists already"));
    }
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    match directory.unwrap_or(Path::new(".")).is_dir() {
        true => Ok(()),
        false => Err(refused("there is no such directory")),
    }
}

/// Saves the token. If it cannot be written to the file, for example because the disk is full, another place is tried:
/// the service does not return it again.
fn save_token(run: &CreatedRun, path: &Path) -> Result<PathBuf, Failure> {
    let Err(error) = run.save_token(path) else {
        return Ok(path.to_owned());
    };
    let id: String = run
        .run_id()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .collect();
    let other = std::env::temp_dir().join(format!("prime-rs-{id}.token"));
    let failure = Failure::other(format!("the run {} was started, but {error}", run.run_id()));
    Err(match run.save_token(&other) {
        Ok(()) => failure.with_note(&format!("the token is in {} instead", other.display())),
        Err(_) => failure.with_note(
            "it could not be saved in the directory for temporary files either, and is lost; the run does not need it",
        ),
    })
}
