//! Lost responses: each created or deleted run is reported, or the outcome is unknown.

use std::time::{Duration, Instant};

use prime_ext::{CallOptions, DeletionOutcome, RunConfig};
use prime_sim::{Fault, Operation, Simulator};

use super::proxy::{Proxy, ProxyAction};
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
        let sent = sim.requests();
        let creations = sent
            .iter()
            .filter(|one| one.operation == Some(Operation::CreateRun));
        assert!(creations.count() <= 1, "{action:?}: it was repeated");
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

/// Returns a simulator whose clock moves only on `advance`.
async fn still() -> Simulator {
    let sim = Simulator::builder().seed(7).time_scale(0.0);
    sim.start().await.unwrap()
}

#[tokio::test]
async fn a_run_whose_creation_was_lost_is_listed_with_the_error() {
    let sim = still().await;
    let lab = client(&sim).team(sim.team());
    let create = |name: &str| lab.runs().create(config()).name(name);
    let before = client(&sim)
        .team(sim.team())
        .runs()
        .create(config())
        .name("first");
    let before = before.await.unwrap();
    sim.advance(Duration::from_secs(60));
    // Runs that other calls returned are not the lost one, whenever they were created.
    let other = create("first").await.unwrap();
    sim.inject(Fault::lost_response().on(Operation::CreateRun).once());
    let error = create("first").await.unwrap_err();
    create("second").await.unwrap();

    let runs = sim.runs();
    assert_eq!(runs.len(), 4, "nothing was sent again");
    assert_eq!(
        (runs[0].id.as_str(), runs[1].id.as_str()),
        (before.run_id(), other.run_id())
    );
    assert!(error.outcome_unknown());
    let possible = error.possible_runs().unwrap();
    assert_eq!(possible.len(), 1, "{error}");
    assert_eq!(possible[0].id, runs[2].id);
    assert!(error.to_string().contains(&runs[2].id), "{error}");
    assert!(
        error
            .to_string()
            .contains("its token cannot be obtained again")
    );
}

#[tokio::test]
async fn an_older_run_of_the_same_name_is_not_listed_with_the_error() {
    let sim = still().await;
    // Another client, which does not share what it knows.
    client(&sim)
        .runs()
        .create(config())
        .name("first")
        .await
        .unwrap();
    sim.advance(Duration::from_secs(10));
    // The request is lost.
    sim.inject(Fault::reset().on(Operation::CreateRun).once());
    let create = client(&sim).runs().create(config()).name("first");
    let error = create.await.unwrap_err();
    assert!(error.outcome_unknown());
    assert_eq!(error.possible_runs().map(<[_]>::len), Some(0));
    assert_eq!(sim.runs().len(), 1);
}

#[tokio::test]
async fn a_lost_resumption_lists_the_new_run() {
    let sim = still().await;
    let runs = client(&sim).runs();
    let run = runs.create(config()).name("first").await.unwrap();
    sim.advance(Duration::from_secs(20));
    assert_eq!(runs.pause(run.run_id()).await.unwrap().status, "PAUSING");
    sim.advance(Duration::from_secs(5));
    sim.inject(Fault::lost_response().on(Operation::ResumeRun).once());
    let error = runs.resume(run.run_id()).await.unwrap_err();
    assert_eq!(sim.runs().len(), 2);
    let possible = error.possible_runs().unwrap();
    assert_eq!(possible.len(), 1);
    assert_eq!(possible[0].id, sim.runs()[1].id);
    let resumed = runs.resume(run.run_id()).await.unwrap();
    assert_eq!(resumed.run_id(), sim.runs()[2].id);
}

#[tokio::test]
async fn a_look_up_that_fails_leaves_the_error_as_it_is_and_is_short() {
    let refused = || Fault::status(403).on(Operation::ListRuns);
    let stalled = || Fault::stall().on(Operation::ListRuns);
    for (fault, timeout, longest) in [
        (refused(), None, Duration::from_secs(3)),
        (
            stalled(),
            Some(Duration::from_millis(300)),
            Duration::from_secs(3),
        ),
        // The look-up has a timeout of its own.
        (stalled(), None, Duration::from_secs(9)),
    ] {
        let sim = Simulator::start().await.unwrap();
        sim.inject(Fault::lost_response().on(Operation::CreateRun).once());
        sim.inject(fault);
        let mut create = client(&sim).runs().create(config());
        if let Some(timeout) = timeout {
            create = create.options(CallOptions::new().timeout(timeout));
        }
        let started = Instant::now();
        let error = create.await.unwrap_err();
        assert!(started.elapsed() < longest, "{:?}", started.elapsed());
        assert!(error.outcome_unknown() && error.possible_runs().is_none());
        assert_eq!(error.operation(), Some("create_run"));
        assert!(!error.to_string().contains("token"), "{error}");
        assert_eq!(sim.runs().len(), 1);
    }
}

/// An owner who is not an administrator.
#[tokio::test]
async fn a_refused_deletion_is_carried_out_by_the_path_of_the_official_client() {
    let sim = still().await;
    let runs = client(&sim).runs();
    sim.inject(Fault::status(403).on(Operation::DeleteRun));
    let run = runs.create(config()).await.unwrap();
    let deletion = runs.delete(run.run_id()).await.unwrap();
    assert_eq!(deletion.outcome(), DeletionOutcome::Now);
    assert!(sim.runs()[0].deleted);
    // The second path reports a deleted run as not found, so the deletion is refused.
    let error = runs.delete(run.run_id()).await.unwrap_err();
    assert_eq!(error.status().unwrap(), 403);

    let run = runs.create(config()).await.unwrap();
    sim.inject(Fault::lost_response().on(Operation::DeleteRftRun).once());
    let deletion = runs.ensure_deleted(run.run_id()).await.unwrap();
    assert_eq!(deletion.outcome(), DeletionOutcome::NowOrBefore);

    let run = runs.create(config()).await.unwrap();
    sim.advance(Duration::from_secs(30));
    let watch = runs.watch(run.run_id()).every(Duration::from_millis(1));
    let watch = watch.delete_at_cost("0.01".parse().unwrap());
    let finished = watch.until_finished().await.unwrap();
    assert_eq!(finished.deletion.unwrap().outcome(), DeletionOutcome::Now);
    assert!(sim.runs()[2].deleted);
}
