//! Leases that end while requests are in flight.

use std::time::Duration;

use prime_batch::ChunkEnd;
use prime_batch::ledger::postgres::Reconciled;
use prime_sim::{Fault, Operation, Simulator};

use crate::team::{Team, ask_all};

/// Ends the leases of a job, as if their time were over.
const EXPIRE: &str =
    "UPDATE prime_batch.chunk SET expires_at = now() - interval '1 second' WHERE state = 'leased'";

fn slow(team: &Team, delay: Duration) {
    let fault = Fault::delay(delay).on(Operation::CreateChatCompletion);
    team.lab.sim.inject(fault);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_after_the_end_of_a_lease_are_recorded() {
    let Some(team) = Team::new("late", Simulator::builder()).await else {
        return;
    };
    team.lab.input(20);
    slow(&team, Duration::from_secs(2));
    let before = team.lab.sim.wallet(None).unwrap().balance;
    let job = team.submit().await.job;
    let (first, second) = (team.worker("a", &job).await, team.worker("b", &job).await);
    let asking = tokio::spawn({
        let first = first.clone();
        async move { first.ask(0).await.unwrap() }
    });
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    // A lease in force is not taken.
    assert!(matches!(
        second.reconcile(0).await.unwrap(),
        Reconciled::Held(_)
    ));
    assert!(matches!(
        second.ask(0).await.unwrap().end,
        ChunkEnd::Held(_)
    ));
    let (tally, is_ended) = loop {
        // The first worker may renew its lease in between.
        team.execute(EXPIRE).await;
        if let Reconciled::Free { tally, is_ended } = second.reconcile(0).await.unwrap() {
            break (tally, is_ended);
        }
    };
    assert!(tally.ambiguous > 0 && tally.answered == 0, "{tally:?}");
    let (ambiguous, unsent) = (tally.ambiguous, tally.unsent);
    assert_eq!((ambiguous + unsent, is_ended), (20, unsent == 0));
    assert!(team.ledger.status(job.id).await.unwrap().reserved.is_zero());

    // The process that sent them is still alive, and gets their answers.
    let report = asking.await.unwrap();
    assert_eq!(report.end, ChunkEnd::LeaseLost);
    assert_eq!(
        (report.tally.answered, report.tally.ambiguous),
        (ambiguous, 0),
        "{report:?}"
    );
    assert_eq!(report.tally.unsent, unsent);
    let tally = ask_all(&team, &[second]).await;
    assert_eq!(tally.answered, 20, "{tally:?}");
    team.assert_once(20);
    assert_eq!(team.answers(&job).len(), 20);
    let status = team.ledger.status(job.id).await.unwrap();
    assert_eq!(
        status.spent,
        before - team.lab.sim.wallet(None).unwrap().balance
    );
    assert_eq!(
        team.value("SELECT count(held) FROM prime_batch.request")
            .await,
        "0"
    );
    assert_eq!(
        team.value("SELECT sum(unknown_attempts) FROM prime_batch.request")
            .await,
        "0"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_lost_its_lease_sends_nothing() {
    let Some(team) = Team::new("fenced", Simulator::builder()).await else {
        return;
    };
    team.lab.input(40);
    slow(&team, Duration::from_millis(300));
    let mut submission = team.submission();
    submission.chunk_size = 40;
    submission.limits.max_concurrency = 2;
    let job = team.submit_as(submission).await.job;
    let (first, second) = (team.worker("a", &job).await, team.worker("b", &job).await);
    let asking = tokio::spawn({
        let first = first.clone();
        async move { first.ask(0).await.unwrap() }
    });
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    // The second worker asks the rest, while the first still believes that it has the lease.
    let end = loop {
        // The first worker may renew its lease in between.
        team.execute(EXPIRE).await;
        match second.ask(0).await.unwrap().end {
            ChunkEnd::Held(_) => {}
            end => break end,
        }
    };
    assert_eq!(end, ChunkEnd::Complete);
    assert_eq!(asking.await.unwrap().end, ChunkEnd::LeaseLost);
    let tally = ask_all(&team, &[second]).await;
    assert_eq!((tally.answered, tally.ambiguous), (40, 0), "{tally:?}");
    team.assert_once(40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_worker_leaves_ambiguous_requests() {
    let Some(team) = Team::new("dead", Simulator::builder()).await else {
        return;
    };
    team.lab.input(60);
    slow(&team, Duration::from_millis(500));
    let mut submission = team.submission();
    submission.limits.max_concurrency = 8;
    submission.limits.budget = Some("1".parse().unwrap());
    let job = team.submit_as(submission).await.job;
    // The runtime of the first worker is dropped with all its tasks, as if the process had been killed.
    let killed = std::thread::spawn({
        let (url, client, id) = (team.url.clone(), team.lab.client.clone(), job.id);
        move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let ledger = prime_batch::ledger::PostgresLedger::connect(&url)
                    .await
                    .unwrap();
                let lease = Duration::from_secs(1);
                let runner = prime_batch::Runner::with_lease(&client, ledger, id, "dead", lease);
                let runner = std::sync::Arc::new(runner.await.unwrap());
                for chunk in 0..3 {
                    let runner = runner.clone();
                    tokio::spawn(async move { runner.ask(chunk).await });
                }
                tokio::time::sleep(Duration::from_millis(1_200)).await;
            });
            runtime.shutdown_background();
        }
    });
    tokio::task::spawn_blocking(|| killed.join().unwrap())
        .await
        .unwrap();
    let worker = team.worker("b", &job).await;
    let mut ambiguous = 0;
    for chunk in 0..3 {
        loop {
            match worker.reconcile(chunk).await.unwrap() {
                Reconciled::Free { tally, .. } => {
                    ambiguous += tally.ambiguous;
                    break;
                }
                Reconciled::Held(time) => tokio::time::sleep(time).await,
                _ => unreachable!(),
            }
        }
        // It changes nothing the second time.
        let again = worker.reconcile(chunk).await.unwrap();
        assert_eq!(again, worker.reconcile(chunk).await.unwrap());
    }
    assert!((1..=12).contains(&ambiguous), "{ambiguous}");
    let tally = ask_all(&team, &[worker]).await;
    assert_eq!(
        (tally.answered, tally.ambiguous),
        (60 - ambiguous, ambiguous),
        "{tally:?}"
    );
    assert!(team.lab.carried_out().values().all(|count| *count == 1));
    // Their bounds stay taken from the budget.
    let held = team.value(
        "SELECT sum(held) = sum(bound) FILTER (WHERE state = 'ambiguous') FROM prime_batch.request",
    );
    assert_eq!(held.await, "true");
    let spent = "SELECT sum(coalesce(known_cost, 0) + coalesce(estimated_cost, 0) + coalesce(held, 0)) FROM prime_batch.request";
    let sums = format!("SELECT spent = ({spent}) AND reserved = 0 FROM prime_batch.ledger");
    assert_eq!(team.value(&sums).await, "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stops_gives_its_chunks_back() {
    let Some(team) = Team::new("stopped", Simulator::builder()).await else {
        return;
    };
    team.lab.input(100);
    slow(&team, Duration::from_millis(300));
    let mut submission = team.submission();
    submission.limits.max_concurrency = 10;
    let job = team.submit_as(submission).await.job;
    let worker = team.worker("a", &job).await;
    let mut tasks = tokio::task::JoinSet::new();
    for chunk in 0..5 {
        let worker = worker.clone();
        tasks.spawn(async move { worker.ask(chunk).await.unwrap() });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    // One chunk is given back, and can be asked again by the same process.
    worker.give_back(4);
    tokio::time::sleep(Duration::from_millis(600)).await;
    let again = tokio::spawn({
        let worker = worker.clone();
        async move { worker.ask(4).await.unwrap() }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    worker.stop();
    let reports = tasks.join_all().await;
    assert!(reports.iter().any(|report| report.end == ChunkEnd::Stopped));
    let last = again.await.unwrap();
    assert!(
        matches!(last.end, ChunkEnd::Stopped | ChunkEnd::Complete),
        "{last:?}"
    );
    let status = team.ledger.status(job.id).await.unwrap();
    assert_eq!((status.chunks.leased, status.tally.ambiguous), (0, 0));
    assert!(status.reserved.is_zero());
    assert_eq!(worker.ask(0).await.unwrap().end, ChunkEnd::Stopped);
    let tally = ask_all(&team, &[team.worker("b", &job).await]).await;
    assert_eq!(tally.answered, 100);
    team.assert_once(100);
}
