//! `run_create` and `run_delete`.

use std::path::PathBuf;
use std::sync::Arc;

use prime_ext::{RunConfig, Usd};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::session::Session;
use crate::tool::{Fault, Needs, Progress, Tool};

pub(super) fn tools() -> [Tool; 2] {
    [
        Tool::change(
            "run_create",
            "Start a training run. COSTS MONEY for each GPU and hour until the run ends, and no limit of this server covers \
             it. Ask the user for the hourly price and the longest time first, and show both.",
            Needs::Runs,
            true,
            create,
        ),
        Tool::change(
            "run_delete",
            "Delete a training run. It ends for good. This costs nothing, and stops its costs.",
            Needs::Runs,
            true,
            delete,
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Create {
    /// The configuration of the run, in TOML.
    config_toml: String,
    /// The name of the run.
    #[serde(default)]
    name: Option<String>,
    /// What an hour of the run costs in US dollars, such as "12.50". Ask the user.
    #[schemars(with = "String")]
    hourly_usd: Usd,
    /// The longest time that the run is expected to take, in hours. Ask the user. Nothing enforces it.
    max_hours: f64,
    /// Delete the run when its reported cost reaches this amount in US dollars, such as "25". This works only while this
    /// server runs, and costs may be reported late.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    delete_at_cost_usd: Option<Usd>,
    /// The file for the token of the run, which must not exist. Default: run-ID.token in the folder of the server.
    #[serde(default)]
    token_file: Option<String>,
}

async fn create(
    session: Arc<Session>,
    _progress: Progress,
    arguments: Create,
) -> Result<Value, Fault> {
    if !(arguments.max_hours > 0.0 && arguments.max_hours.is_finite())
        || arguments.hourly_usd < Usd::ZERO
    {
        return Err(Fault::new(
            "hourly_usd and max_hours must be positive; nothing was sent",
        ));
    }
    if let Some(path) = &arguments.token_file
        && PathBuf::from(path).exists()
    {
        return Err(Fault::new(format!(
            "the file {path} exists; nothing was sent"
        )));
    }
    let config = RunConfig::from_toml(&arguments.config_toml)?;
    // The token of a run cannot be had again: a call that is cancelled saves it too.
    session
        .finish(start(session.clone(), config, arguments))
        .await
}

async fn start(
    session: Arc<Session>,
    config: RunConfig,
    arguments: Create,
) -> Result<Value, Fault> {
    let runs = session.client.runs();
    let mut create = runs.create(config);
    if let Some(name) = arguments.name {
        create = create.name(name);
    }
    let run = match create.await {
        Ok(run) => run,
        Err(error) => {
            let possible = error.possible_runs().map(|runs| {
                let ids: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
                format!("; runs that may be this one: [{}]", ids.join(", "))
            });
            let fault = Fault::from(error);
            return Err(Fault::new(format!(
                "{fault}{}",
                possible.unwrap_or_default()
            )));
        }
    };
    let id = run.run_id().to_owned();
    let path = arguments
        .token_file
        .unwrap_or_else(|| format!("run-{id}.token"));
    let saved = run.save_token(&path);
    if let Some(cost) = arguments.delete_at_cost_usd {
        let watch = session.client.runs().watch(&id).delete_at_cost(cost);
        drop(tokio::spawn(
            async move { drop(watch.until_finished().await) },
        ));
    }
    let hourly: f64 = arguments.hourly_usd.to_string().parse().unwrap_or_default();
    let note = match saved {
        Ok(()) => format!("the token of the run is in the file {path}"),
        Err(error) => {
            format!("the token of the run could not be saved, and cannot be had again: {error}")
        }
    };
    Ok(json!({
        "run_id": id,
        "hourly_usd": arguments.hourly_usd,
        "max_hours": arguments.max_hours,
        "cost_after_max_hours_usd": format!("{:.2}", hourly * arguments.max_hours),
        "delete_at_cost_usd": arguments.delete_at_cost_usd,
        "note": format!(
            "the run costs money until it ends; no limit of this server covers it; {note}"
        ),
    }))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Delete {
    /// The id of the run.
    run_id: String,
}

async fn delete(
    session: Arc<Session>,
    _progress: Progress,
    arguments: Delete,
) -> Result<Value, Fault> {
    let deletion = session.client.runs().delete(arguments.run_id).await?;
    Ok(json!({"result": deletion.to_string()}))
}
