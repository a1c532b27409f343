//! Watches of runs, with and without faults.

use std::time::{Duration, Instant};

use prime_ext::{Client, CreatedRun, DeletionOutcome, ErrorKind, RunConfig, Usd};
use prime_sim::{Fault, Operation, Simulator};

use super::proxy::{Proxy, ProxyAction};
use crate::support::client;

const SOON: Duration = Duration::from_millis(5);

async fn run(prime: &Client) -> CreatedRun {
    let config = RunConfig::from_toml("max_steps = 1").unwrap();
    prime.runs().create(config).await.unwrap()
}

#[tokio::test]
async fn a_run_beyond_its_cost_limit_is_deleted_once() {
    let sim = Simulator::builder().time_scale(0.0).start().await.unwrap();
    let prime = client(&sim);
    let run = run(&prime).await;
    let limit: Usd = "0.50".parse().unwrap();
    let watch = prime.runs().watch(run.run_id()).every(SOON);
    let mut watch = watch.delete_at_cost(limit);
    let mut last = None;
    while let Some(usage) = watch.try_next().await.unwrap() {
        assert_eq!(
            watch.deletion().is_some(),
            usage.total_cost_usd >= limit,
            "{usage:?}"
        );
        last = Some(usage);
        sim.advance(Duration::from_secs(10));
    }
    assert_eq!(last.unwrap().status.unwrap(), "STOPPED");
    assert_eq!(watch.deletion().unwrap().outcome(), DeletionOutcome::Now);
    assert!(sim.runs()[0].deleted);
    let deletes = |sim: &Simulator| {
        let requests = sim.requests().into_iter();
        requests.filter(|seen| seen.method == "DELETE").count()
    };
    assert_eq!(deletes(&sim), 1);

    // A completed run is not deleted, whatever its cost.
    let sim = Simulator::builder().time_scale(0.0).start().await.unwrap();
    let prime = client(&sim);
    let run = self::run(&prime).await;
    sim.advance(Duration::from_secs(600));
    let watch = prime.runs().watch(run.run_id()).delete_at_cost(limit);
    let finished = watch.until_finished().await.unwrap();
    assert_eq!(finished.usage.status.unwrap(), "COMPLETED");
    assert!(finished.deletion.is_none());
    assert_eq!(deletes(&sim), 0);
}

#[tokio::test]
async fn a_lost_delete_response_is_retried() {
    let sim = Simulator::builder().time_scale(0.0).start().await.unwrap();
    let run = run(&client(&sim)).await;
    sim.advance(Duration::from_secs(40));
    let actions = vec![
        ProxyAction::Forward,
        ProxyAction::DropResponse,
        ProxyAction::Forward,
    ];
    let proxy = Proxy::start(&sim, actions).await;
    let watch = proxy.client(&sim).runs().watch(run.run_id());
    let watch = watch.every(SOON).delete_at_cost("0.01".parse().unwrap());
    let finished = watch.until_finished().await.unwrap();
    assert_eq!(finished.usage.status.unwrap(), "STOPPED");
    assert_eq!(
        finished.deletion.unwrap().outcome(),
        DeletionOutcome::NowOrBefore
    );
}

#[tokio::test]
async fn a_watch_continues_after_temporary_errors() {
    let sim = Simulator::builder().time_scale(0.0).start().await.unwrap();
    let run = run(&client(&sim)).await;
    sim.advance(Duration::from_secs(600));
    let actions = vec![
        ProxyAction::Gateway(503),
        ProxyAction::DropRequest,
        ProxyAction::Gateway(429),
        ProxyAction::TruncateBodyAfter(20),
        ProxyAction::HtmlPage,
        ProxyAction::Forward,
    ];
    let count = actions.len();
    let proxy = Proxy::start(&sim, actions).await;
    let watch = proxy.client(&sim).runs().watch(run.run_id());
    let finished = watch.every(SOON).until_finished().await.unwrap();
    assert_eq!(finished.usage.status.unwrap(), "COMPLETED");
    assert!(proxy.requests() >= count);

    // A persistent error ends the watch.
    let proxy = Proxy::start(&sim, vec![ProxyAction::Gateway(503)]).await;
    let watch = proxy.client(&sim).runs().watch(run.run_id()).every(SOON);
    let patience = Duration::from_millis(100);
    let error = watch
        .retry_for(patience)
        .until_finished()
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap(), 503);
    let polls = proxy.requests();
    assert!(
        (2..40).contains(&polls),
        "{polls} polls with increasing delays"
    );
}

#[tokio::test]
async fn a_watch_continues_after_a_server_restart() {
    let sim = Simulator::builder().time_scale(0.0).start().await.unwrap();
    let run = run(&client(&sim)).await;
    let proxy = Proxy::start(&sim, vec![ProxyAction::Forward]).await;
    let watch = proxy.client(&sim).runs().watch(run.run_id());
    let mut watch = watch.every(SOON);
    let usage = watch.try_next().await.unwrap().unwrap();
    assert_eq!(usage.status.unwrap(), "QUEUED");
    let address = proxy.stop().await;
    sim.advance(Duration::from_secs(600));
    let restart = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Proxy::start_at(
            &sim,
            vec![ProxyAction::Gateway(502), ProxyAction::Forward],
            address,
        )
        .await
    };
    let (finished, proxy) = tokio::join!(watch.until_finished(), restart);
    assert_eq!(finished.unwrap().usage.status.unwrap(), "COMPLETED");
    assert_eq!(proxy.requests(), 2);
}

#[tokio::test]
async fn a_deadline_ends_the_watch_but_not_the_run() {
    let sim = Simulator::builder().time_scale(0.0).start().await.unwrap();
    let prime = client(&sim);
    let run = run(&prime).await;
    let began = Instant::now();
    let watch = prime
        .runs()
        .watch(run.run_id())
        .every(Duration::from_secs(3600));
    let mut watch = watch.deadline(Duration::from_millis(400));
    watch.try_next().await.unwrap().unwrap();
    let error = watch.try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(
        error.to_string().contains("its last status is QUEUED"),
        "{error}"
    );
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(watch.try_next().await.unwrap().is_none());
    assert!(!sim.runs()[0].deleted);
}

/// A cost limit that is exceeded just before the deadline is enforced.
#[tokio::test]
async fn a_deadline_does_not_prevent_a_due_deletion() {
    let sim = Simulator::builder().time_scale(0.0).start().await.unwrap();
    let prime = client(&sim);
    let run = run(&prime).await;
    sim.advance(Duration::from_secs(40));
    sim.inject(Fault::delay(Duration::from_millis(900)).on(Operation::DeleteRun));
    let watch = prime.runs().watch(run.run_id()).every(SOON);
    let watch = watch.deadline(Duration::from_millis(400));
    let mut watch = watch.delete_at_cost("0.01".parse().unwrap());
    watch.try_next().await.unwrap().unwrap();
    assert_eq!(watch.deletion().unwrap().outcome(), DeletionOutcome::Now);
    assert!(sim.runs()[0].deleted);
    let error = watch.try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn dropping_a_watch_stops_polling() {
    let sim = Simulator::builder().time_scale(0.0).start().await.unwrap();
    let prime = client(&sim);
    let run = run(&prime).await;
    let mut watch = prime.runs().watch(run.run_id()).every(SOON);
    watch.try_next().await.unwrap().unwrap();
    let nothing = tokio::time::timeout(Duration::from_millis(500), watch.try_next()).await;
    assert!(nothing.is_err(), "no change");
    drop(watch);
    let requests = sim.requests().len();
    assert!(requests > 2, "{requests}");
    tokio::time::sleep(Duration::from_millis(40)).await;
    assert_eq!(sim.requests().len(), requests);
}
