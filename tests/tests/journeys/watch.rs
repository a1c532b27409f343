//! Runs that are watched, also when all does not go well.

use std::time::{Duration, Instant};

use prime_ext::{Client, CreatedRun, DeletionOutcome, ErrorKind, RunConfig, Usd};
use prime_sim::{Fault, Operation, Simulator};

use crate::proxy::{Fate, Proxy};
use crate::support::client;

const SOON: Duration = Duration::from_millis(5);

async fn run(prime: &Client) -> CreatedRun {
    let config = RunConfig::from_toml("max_steps = 1").unwrap();
    prime.runs().create(config).await.unwrap()
}

#[tokio::test]
async fn a_run_that_costs_too_much_is_deleted_once() {
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

    // What ended by itself is left alone, however much it cost.
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

/// The answer to the deletion is lost: it is asked for again, and the watch says what is known.
#[tokio::test]
async fn a_lost_deletion_is_repeated() {
    let sim = Simulator::builder().time_scale(0.0).start().await.unwrap();
    let run = run(&client(&sim)).await;
    sim.advance(Duration::from_secs(40));
    let fates = vec![Fate::Through, Fate::NoAnswer, Fate::Through];
    let proxy = Proxy::start(&sim, fates).await;
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
async fn what_passes_is_waited_out() {
    let sim = Simulator::builder().time_scale(0.0).start().await.unwrap();
    let run = run(&client(&sim)).await;
    sim.advance(Duration::from_secs(600));
    let fates = vec![
        Fate::Gateway(503),
        Fate::NotPassedOn,
        Fate::Gateway(429),
        Fate::BodyBreaksOffAfter(20),
        Fate::Page,
        Fate::Through,
    ];
    let count = fates.len();
    let proxy = Proxy::start(&sim, fates).await;
    let watch = proxy.client(&sim).runs().watch(run.run_id());
    let finished = watch.every(SOON).until_finished().await.unwrap();
    assert_eq!(finished.usage.status.unwrap(), "COMPLETED");
    assert!(proxy.requests() >= count);

    // What does not pass is not.
    let proxy = Proxy::start(&sim, vec![Fate::Gateway(503)]).await;
    let watch = proxy.client(&sim).runs().watch(run.run_id()).every(SOON);
    let patience = Duration::from_millis(100);
    let error = watch
        .retry_for(patience)
        .until_finished()
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap(), 503);
    let looks = proxy.requests();
    assert!(
        (2..40).contains(&looks),
        "{looks} looks, further and further apart"
    );
}

#[tokio::test]
async fn a_server_that_restarts_is_waited_for() {
    let sim = Simulator::builder().time_scale(0.0).start().await.unwrap();
    let run = run(&client(&sim)).await;
    let proxy = Proxy::start(&sim, vec![Fate::Through]).await;
    let watch = proxy.client(&sim).runs().watch(run.run_id());
    let mut watch = watch.every(SOON);
    let usage = watch.try_next().await.unwrap().unwrap();
    assert_eq!(usage.status.unwrap(), "QUEUED");
    let address = proxy.stop().await;
    sim.advance(Duration::from_secs(600));
    let restart = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Proxy::start_at(&sim, vec![Fate::Gateway(502), Fate::Through], address).await
    };
    let (finished, proxy) = tokio::join!(watch.until_finished(), restart);
    assert_eq!(finished.unwrap().usage.status.unwrap(), "COMPLETED");
    assert_eq!(proxy.requests(), 2);
}

#[tokio::test]
async fn a_deadline_ends_the_watching_and_not_the_run() {
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

/// What a look found just before the deadline is acted on.
#[tokio::test]
async fn a_deadline_lets_a_deletion_be_tried() {
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
async fn dropping_it_stops_the_watching() {
    let sim = Simulator::builder().time_scale(0.0).start().await.unwrap();
    let prime = client(&sim);
    let run = run(&prime).await;
    let mut watch = prime.runs().watch(run.run_id()).every(SOON);
    watch.try_next().await.unwrap().unwrap();
    let nothing = tokio::time::timeout(Duration::from_millis(500), watch.try_next()).await;
    assert!(nothing.is_err(), "nothing changed");
    drop(watch);
    let asked = sim.requests().len();
    assert!(asked > 2, "{asked}");
    tokio::time::sleep(Duration::from_millis(40)).await;
    assert_eq!(sim.requests().len(), asked);
}
