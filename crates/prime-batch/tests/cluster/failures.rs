//! Connections and servers that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use prime_batch::ledger::PostgresLedger;
use prime_batch::{ChunkEnd, ChunkReport, Runner};
use prime_sim::{Fault, Operation, Simulator};
use tokio::task::JoinHandle;

use crate::database::{Server, stalling, unreliable};
use crate::team::{Team, ask_all};

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_lost_in_the_middle_of_commits() {
    let Some(team) = Team::new("lost", Simulator::builder()).await else {
        return;
    };
    team.lab.input(400);
    let before = team.lab.sim.wallet(None).unwrap().balance;
    let fault = Fault::delay(Duration::from_millis(20)).on(Operation::CreateChatCompletion);
    team.lab.sim.inject(fault);
    let mut submission = team.submission();
    submission.limits.max_concurrency = 20;
    submission.limits.budget = Some("10".parse().unwrap());
    let job = team.submit_as(submission).await.job;
    let mut workers = Vec::new();
    for name in ["a", "b"] {
        let ledger = PostgresLedger::connect(&unreliable(&team.url, 4))
            .await
            .unwrap();
        workers.push(
            team.worker_on(ledger, name, &job, Duration::from_secs(5))
                .await,
        );
    }
    let tally = ask_all(&team, &workers).await;
    assert_eq!((tally.answered, tally.ambiguous), (400, 0), "{tally:?}");
    team.assert_once(400);
    assert_eq!(team.answers(&job).len(), 400);
    let status = team.ledger.status(job.id).await.unwrap();
    assert_eq!(
        status.spent,
        before - team.lab.sim.wallet(None).unwrap().balance
    );
    assert!(status.reserved.is_zero());
    assert_eq!(
        team.value("SELECT max(attempts) FROM prime_batch.request")
            .await,
        "1"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_crashes_and_starts_again() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let url = server.database("crash");
    let team = Team::at("crash", url, Simulator::builder()).await;
    team.lab.input(600);
    let fault = Fault::delay(Duration::from_millis(100)).on(Operation::CreateChatCompletion);
    team.lab.sim.inject(fault);
    let before = team.lab.sim.wallet(None).unwrap().balance;
    let mut submission = team.submission();
    submission.limits.max_concurrency = 16;
    let job = team.submit_as(submission).await.job;
    let mut workers = Vec::new();
    for name in ["a", "b"] {
        let ledger = PostgresLedger::connect(&team.url).await.unwrap();
        workers.push(
            team.worker_on(ledger, name, &job, Duration::from_secs(3))
                .await,
        );
    }
    let crashes = tokio::task::spawn_blocking(move || {
        for _ in 0..2 {
            std::thread::sleep(Duration::from_millis(600));
            server.crash();
            std::thread::sleep(Duration::from_millis(800));
            server.resume();
        }
        server
    });
    let tally = ask_all(&team, &workers).await;
    let _server = crashes.await.unwrap();
    assert_eq!((tally.answered, tally.ambiguous), (600, 0), "{tally:?}");
    team.assert_once(600);
    let status = team.ledger.status(job.id).await.unwrap();
    assert_eq!(
        status.spent,
        before - team.lab.sim.wallet(None).unwrap().balance
    );
    assert!(status.reserved.is_zero());
}

/// A worker whose connections are stalled while it has 8 requests in flight and 2 more that are recorded as sent and have
/// not left. It has had its lease for longer than it is in force.
async fn stall(team: &Team) -> (Arc<Runner>, JoinHandle<ChunkReport>, Arc<AtomicBool>) {
    team.lab.input(30);
    let fault = Fault::delay(Duration::from_secs(4)).on(Operation::CreateChatCompletion);
    team.lab.sim.inject(fault);
    let mut submission = team.submission();
    submission.chunk_size = 30;
    submission.limits.min_concurrency = 8;
    submission.limits.max_concurrency = 8;
    let job = team.submit_as(submission).await.job;
    let is_stalled = Arc::new(AtomicBool::new(false));
    let url = stalling(&team.url, is_stalled.clone());
    let ledger = PostgresLedger::connect(&url).await.unwrap();
    let lease = Duration::from_secs(2);
    let worker = team.worker_on(ledger, "a", &job, lease).await;
    let asking = tokio::spawn({
        let worker = worker.clone();
        async move { worker.ask(0).await.unwrap() }
    });
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let recorded = "SELECT count(*) FROM prime_batch.request WHERE state = 'sent'";
    assert_eq!(team.value(recorded).await, "10");
    is_stalled.store(true, Ordering::Release);
    let sent = team.lab.sim.requests().len();
    tokio::time::sleep(Duration::from_millis(4_000)).await;
    assert_eq!(team.lab.sim.requests().len(), sent);
    team.lab.sim.clear_faults();
    (worker, asking, is_stalled)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_after_the_end_of_a_lease() {
    let Some(team) = Team::new("stalled", Simulator::builder()).await else {
        return;
    };
    let (worker, asking, is_stalled) = stall(&team).await;
    is_stalled.store(false, Ordering::Release);
    asking.await.unwrap();
    let tally = ask_all(&team, &[worker]).await;
    assert_eq!((tally.answered, tally.ambiguous), (30, 0), "{tally:?}");
    team.assert_once(30);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_left_is_unsent_although_another_worker_took_over() {
    let Some(team) = Team::new("left", Simulator::builder()).await else {
        return;
    };
    let (worker, asking, is_stalled) = stall(&team).await;
    let other = team.worker("b", worker.job()).await;
    let report = other.ask(0).await.unwrap();
    assert_eq!(report.end, ChunkEnd::Complete);
    assert_eq!(
        (report.tally.answered, report.tally.ambiguous),
        (20, 10),
        "{report:?}"
    );
    // The first worker has 8 answers, and knows that 2 requests never left.
    is_stalled.store(false, Ordering::Release);
    let report = asking.await.unwrap();
    assert_eq!(report.end, ChunkEnd::LeaseLost);
    assert_eq!(
        (report.tally.answered, report.tally.unsent),
        (28, 2),
        "{report:?}"
    );
    let tally = ask_all(&team, &[other]).await;
    assert_eq!((tally.answered, tally.ambiguous), (30, 0), "{tally:?}");
    team.assert_once(30);
    assert_eq!(team.answers(worker.job()).len(), 30);
    let sums = "SELECT spent = (SELECT sum(known_cost) FROM prime_batch.request) AND reserved = 0 FROM prime_batch.ledger";
    assert_eq!(team.value(sums).await, "true");
}
