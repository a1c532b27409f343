//! Answers that are lost: every run that exists was reported, or its call said that it may.

use prime_ext::{DeletionOutcome, RunConfig};
use prime_sim::Simulator;

use crate::proxy::{Fate, Proxy};
use crate::support::client;

/// Every way in which an answer was seen to be lost.
fn fates() -> Vec<Fate> {
    let mut fates = vec![Fate::Through, Fate::NotPassedOn, Fate::NoAnswer, Fate::Page];
    fates.extend([500, 502, 503, 504].map(Fate::Gateway));
    fates.extend([1, 12, 30, 60].map(Fate::BreaksOffAfter));
    fates.extend([0, 1, 20, 60, usize::MAX / 2].map(Fate::BodyBreaksOffAfter));
    fates
}

fn config() -> RunConfig {
    RunConfig::from_toml("max_steps = 1").unwrap()
}

#[tokio::test]
async fn a_run_that_exists_was_reported_or_may_exist() {
    for fate in fates() {
        let sim = Simulator::start().await.unwrap();
        let proxy = Proxy::start(&sim, vec![fate]).await;
        let created = proxy.client(&sim).runs().create(config()).await;
        let runs = sim.runs();
        assert!(runs.len() <= 1, "{fate:?}: created twice");
        match created {
            Ok(run) => assert_eq!(run.run_id(), runs[0].id, "{fate:?}"),
            Err(error) => {
                assert_ne!(fate, Fate::Through, "{error}");
                assert!(
                    error.outcome_unknown() || runs.is_empty(),
                    "{fate:?}: {error}"
                );
            }
        }
        assert_eq!(proxy.requests(), 1, "{fate:?}: it is sent once");
    }
    let sim = Simulator::start().await.unwrap();
    let prime = client(&sim);
    drop(sim);
    let error = prime.runs().create(config()).await.unwrap_err();
    assert!(!error.outcome_unknown(), "nobody was there: {error}");
}

#[tokio::test]
async fn a_run_that_is_gone_was_reported_or_may_be_gone() {
    for fate in fates() {
        let sim = Simulator::start().await.unwrap();
        let run = client(&sim).runs().create(config()).await.unwrap();
        let proxy = Proxy::start(&sim, vec![fate]).await;
        let deleted = proxy.client(&sim).runs().delete(run.run_id()).await;
        let gone = sim.runs()[0].deleted;
        match deleted {
            Ok(deletion) if fate == Fate::Through => {
                assert_eq!(deletion.outcome(), DeletionOutcome::Now);
                assert!(gone);
            }
            // Sent again by the client, which may be told to.
            Ok(deletion) => assert!(
                gone && deletion.outcome() != DeletionOutcome::AlreadyGone,
                "{fate:?}"
            ),
            Err(error) => assert!(error.outcome_unknown() || !gone, "{fate:?}: {error}"),
        }
    }
}

#[tokio::test]
async fn a_deletion_is_asked_for_until_it_is_known() {
    for fate in fates() {
        let sim = Simulator::start().await.unwrap();
        let run = client(&sim).runs().create(config()).await.unwrap();
        let proxy = Proxy::start(&sim, vec![fate, Fate::Through]).await;
        let runs = proxy.client(&sim).runs();
        let deletion = runs.ensure_deleted(run.run_id()).await.unwrap();
        assert!(sim.runs()[0].deleted);
        match fate {
            Fate::Through | Fate::NotPassedOn => {
                assert_eq!(deletion.outcome(), DeletionOutcome::Now, "{fate:?}");
            }
            _ => {
                assert_eq!(deletion.outcome(), DeletionOutcome::NowOrBefore, "{fate:?}");
                assert_eq!(deletion.to_string(), "deleted or already gone");
            }
        }
        let again = runs.ensure_deleted(run.run_id()).await.unwrap();
        assert_eq!(again.outcome(), DeletionOutcome::AlreadyGone);
        assert_eq!(again.to_string(), "already gone");
    }
}
