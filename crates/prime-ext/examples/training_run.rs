//! Creates a training run, watches it, and deletes it.
//!
//! `cargo run --example training_run`. With `-- --live`, it starts hardware that costs money. The run is deleted when
//! it has cost one dollar.

mod common;

use std::time::Duration;

use prime_ext::RunConfig;

#[tokio::main]
async fn main() -> common::Outcome {
    let service = common::service().await?;
    let runs = service.client.runs();

    let config = RunConfig::from_toml(include_str!("tour/rl.toml"))?;
    let run = match runs.create(config).name("example").await {
        Ok(run) => run,
        Err(error) if error.outcome_unknown() => {
            return Err(format!("{error}; the run may exist: check the dashboard").into());
        }
        Err(error) => return Err(error.into()),
    };
    println!("run {}", run.run_id()); // `run.save_token(path)` saves the token of the run

    let interval = match service.simulator {
        Some(_) => Duration::from_millis(100),
        None => Duration::from_secs(30),
    };
    let mut watch = runs
        .watch(run.run_id())
        .every(interval)
        .delete_at_cost("1.00".parse()?);
    while let Some(usage) = watch.try_next().await? {
        let status = usage
            .status
            .as_ref()
            .map_or("unknown", |status| status.as_str());
        println!(
            "{status}: {} tokens, {} USD",
            usage.total_tokens, usage.total_cost_usd
        );
    }

    let deletion = runs.ensure_deleted(run.run_id()).await?;
    println!("{deletion}");
    Ok(())
}
