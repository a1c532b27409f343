//! Lost responses: each created or deleted run is reported, or the outcome is unknown.

use prime_ext::{DeletionOutcome, RunConfig};
use prime_sim::Simulator;

use crate::proxy::{Proxy, ProxyAction};
use crate::support::client;

/// Returns all ways to lose a response.
fn actions() -> Vec<ProxyAction> {
    let mut actions = vec![
        ProxyAction::Forward,
        ProxyAction::DropRequest,
        ProxyAction::DropResponse,
        ProxyAction::HtmlPage,
    ];
    actions.extend([500, 502, 503, 504].map(ProxyAction::Gateway));
    actions.extend([1, 12, 30, 60].map(ProxyAction::TruncateAfter));
    actions.extend([0, 1, 20, 60, usize::MAX / 2].map(ProxyAction::TruncateBodyAfter));
    actions
}

fn config() -> RunConfig {
    RunConfig::from_toml("max_steps = 1").unwrap()
}

#[tokio::test]
async fn a_created_run_is_reported_or_the_outcome_is_unknown() {
    for action in actions() {
        let sim = Simulator::start().await.unwrap();
        let proxy = Proxy::start(&sim, vec![action]).await;
        let created = proxy.client(&sim).runs().create(config()).await;
        let runs = sim.runs();
        assert!(runs.len() <= 1, "{action:?}: created twice");
        match created {
            Ok(run) => assert_eq!(run.run_id(), runs[0].id, "{action:?}"),
            Err(error) => {
                assert_ne!(action, ProxyAction::Forward, "{error}");
                assert!(
                    error.outcome_unknown() || runs.is_empty(),
                    "{action:?}: {error}"
                );
            }
        }
        assert_eq!(proxy.requests(), 1, "{action:?}: one request");
    }
    let sim = Simulator::start().await.unwrap();
    let prime = client(&sim);
    drop(sim);
    let error = prime.runs().create(config()).await.unwrap_err();
    assert!(
        !error.outcome_unknown(),
        "the connection was refused: {error}"
    );
}

#[tokio::test]
async fn a_deleted_run_is_reported_or_the_outcome_is_unknown() {
    for action in actions() {
        let sim = Simulator::start().await.unwrap();
        let run = client(&sim).runs().create(config()).await.unwrap();
        let proxy = Proxy::start(&sim, vec![action]).await;
        let deleted = proxy.client(&sim).runs().delete(run.run_id()).await;
        let gone = sim.runs()[0].deleted;
        match deleted {
            Ok(deletion) if action == ProxyAction::Forward => {
                assert_eq!(deletion.outcome(), DeletionOutcome::Now);
                assert!(gone);
            }
            // The client may have retried the request.
            Ok(deletion) => assert!(
                gone && deletion.outcome() != DeletionOutcome::AlreadyGone,
                "{action:?}"
            ),
            Err(error) => assert!(error.outcome_unknown() || !gone, "{action:?}: {error}"),
        }
    }
}

#[tokio::test]
async fn ensure_deleted_retries_until_the_outcome_is_known() {
    for action in actions() {
        let sim = Simulator::start().await.unwrap();
        let run = client(&sim).runs().create(config()).await.unwrap();
        let proxy = Proxy::start(&sim, vec![action, ProxyAction::Forward]).await;
        let runs = proxy.client(&sim).runs();
        let deletion = runs.ensure_deleted(run.run_id()).await.unwrap();
        assert!(sim.runs()[0].deleted);
        match action {
            ProxyAction::Forward | ProxyAction::DropRequest => {
                assert_eq!(deletion.outcome(), DeletionOutcome::Now, "{action:?}");
            }
            _ => {
                assert_eq!(
                    deletion.outcome(),
                    DeletionOutcome::NowOrBefore,
                    "{action:?}"
                );
                assert_eq!(deletion.to_string(), "deleted or already gone");
            }
        }
        let again = runs.ensure_deleted(run.run_id()).await.unwrap();
        assert_eq!(again.outcome(), DeletionOutcome::AlreadyGone);
        assert_eq!(again.to_string(), "already gone");
    }
}
