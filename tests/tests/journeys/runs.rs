//! The life cycle of a run.

use std::time::Duration;

use prime_ext::{ErrorKind, RunConfig, Usd};
use prime_sim::{Fault, Operation, Simulator};
use serde_json::Value;

use crate::support::client;

const RL_TOML: &str = "max_steps = 20\nlr = 3e-6\n[model]\nname = 'Qwen/Qwen3-0.6B'\n";

#[tokio::test]
async fn a_run_is_created_watched_until_completion_and_deleted() {
    let sim = Simulator::builder()
        .time_scale(600.0)
        .start()
        .await
        .unwrap();
    let lab = client(&sim).team(sim.team());
    let config = RunConfig::from_toml(RL_TOML).unwrap();
    let run = lab
        .runs()
        .create(config.clone())
        .name("first")
        .await
        .unwrap();
    assert!(!run.token().expose().is_empty());
    assert!(!format!("{run:?}").contains(run.token().expose()));

    let created = sim.runs().remove(0);
    assert_eq!(created.id, run.run_id());
    assert_eq!(created.team.as_deref(), Some(sim.team()));
    assert_eq!(created.name.as_deref(), Some("first"));
    let sent = serde_json::to_value(&created.config).unwrap();
    assert_eq!(sent, Value::Object(config.as_json().clone()));

    let before = sim.wallet(Some(sim.team())).unwrap().balance;
    let watch = lab
        .runs()
        .watch(run.run_id())
        .every(Duration::from_millis(5));
    let usage = watch.until_finished().await.unwrap().usage;
    assert_eq!(usage.status.clone().unwrap(), "COMPLETED");
    assert!(usage.total_cost_usd > Usd::ZERO);
    let audit = prime_ext::runs::audit(&usage);
    assert!(audit.is_clean(), "{audit:?}");
    assert_eq!(
        usage.total_cost_usd,
        usage.training.cost_usd.unwrap() + usage.inference.cost_usd.unwrap()
    );
    assert_eq!(
        usage.total_tokens,
        usage.training.tokens.unwrap() + usage.inference.tokens.unwrap()
    );
    let after = lab.wallet().get().await.unwrap();
    assert!(after.balance_usd < before);
    assert_eq!(
        after.recent_billings[0].resource_id.as_deref(),
        Some(run.run_id())
    );

    assert!(lab.runs().delete(run.run_id()).await.unwrap().raw().deleted);
    assert!(!lab.runs().delete(run.run_id()).await.unwrap().raw().deleted);
    assert_eq!(sim.runs().len(), 1, "one run");
}

#[tokio::test]
async fn a_watch_yields_each_status_once() {
    let sim = Simulator::builder().time_scale(0.0).start().await.unwrap();
    let prime = client(&sim);
    let config = RunConfig::from_toml(RL_TOML).unwrap();
    let run = prime.runs().create(config).await.unwrap();
    let mut watch = prime
        .runs()
        .watch(run.run_id())
        .every(Duration::from_millis(1));
    let mut statuses = Vec::new();
    while let Some(usage) = watch.try_next().await.unwrap() {
        statuses.push(usage.status.unwrap().to_string());
        sim.advance(Duration::from_secs(10));
    }
    statuses.dedup();
    assert_eq!(statuses, ["QUEUED", "PENDING", "RUNNING", "COMPLETED"]);
    assert_eq!(watch.try_next().await.unwrap().map(|_| ()), None);
}

#[tokio::test]
async fn a_run_that_does_not_exist_cannot_be_watched() {
    let sim = Simulator::start().await.unwrap();
    let mut watch = client(&sim).runs().watch("nowhere");
    assert!(watch.try_next().await.unwrap_err().is_not_found());
    assert_eq!(
        watch.try_next().await.unwrap().map(|_| ()),
        None,
        "the watch ends after an error"
    );
}

#[tokio::test]
async fn run_ids_that_change_the_path_are_not_sent() {
    let sim = Simulator::start().await.unwrap();
    let runs = client(&sim).runs();
    for id in ["", " ", "a/b", "a\\b", "..", ".", "%2e%2e", "a\nb"] {
        assert_eq!(
            runs.usage(id).await.unwrap_err().kind(),
            ErrorKind::Request,
            "{id:?}"
        );
        assert_eq!(
            runs.delete(id).await.unwrap_err().kind(),
            ErrorKind::Request,
            "{id:?}"
        );
    }
    assert_eq!(sim.requests().len(), 0);
}

#[tokio::test]
async fn a_validation_error_names_the_field() {
    let sim = Simulator::start().await.unwrap();
    sim.inject(Fault::status(422).on(Operation::CreateRun).once());
    let config = RunConfig::from_toml(RL_TOML).unwrap();
    let error = client(&sim).runs().create(config).await.unwrap_err();
    assert!(error.is_validation(), "{error}");
    assert!(!error.fields().is_empty());
    assert!(!error.outcome_unknown());
    assert_eq!(sim.runs().len(), 0);
}
