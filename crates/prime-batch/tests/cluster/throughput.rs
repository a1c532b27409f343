//! How many requests two workers ask in a second. Run it alone: `cargo test --release --features postgres --test cluster
//! -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use prime_sim::{Fault, Operation, Simulator};

use crate::team::{Team, ask_all};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures; it needs an idle machine"]
async fn two_workers_reach_their_rate() {
    let Some(team) = Team::new("throughput", Simulator::builder()).await else {
        return;
    };
    const REQUESTS: usize = 10_000;
    team.lab.input(REQUESTS);
    let delay = Duration::from_millis(200);
    team.lab
        .sim
        .inject(Fault::delay(delay).on(Operation::CreateChatCompletion));
    let mut submission = team.submission();
    submission.chunk_size = 100;
    submission.limits.min_concurrency = 64;
    submission.limits.max_concurrency = 64;
    submission.limits.budget = Some("1000".parse().unwrap());
    let job = team.submit_as(submission).await.job;
    let workers = [team.worker("a", &job).await, team.worker("b", &job).await];
    let start = Instant::now();
    let tally = ask_all(&team, &workers).await;
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(tally.answered as usize, REQUESTS);
    team.assert_once(REQUESTS);
    let transactions =
        "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()";
    println!(
        "{:.0} requests a second, of 640; {} transactions; {} bytes a request",
        REQUESTS as f64 / seconds,
        team.value(transactions).await,
        team.value(&format!(
            "SELECT pg_database_size(current_database()) / {REQUESTS}"
        ))
        .await,
    );
}
