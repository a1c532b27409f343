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
    let read =
        "SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname IN ('request', 'chunk')";
    let size = format!("SELECT pg_database_size(current_database()) / {REQUESTS}");
    println!(
        "{:.0} requests a second, of 640; {} transactions; {} rows read without an index; {} bytes a request; {:.2} \
         ms of the server's CPU a request",
        REQUESTS as f64 / seconds,
        team.value(transactions).await,
        team.value(read).await,
        team.value(&size).await,
        1_000.0 * server_cpu() / REQUESTS as f64,
    );
}

/// Returns the seconds of CPU that the connections to the database have used.
fn server_cpu() -> f64 {
    let mut ticks = 0;
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let command = std::fs::read_to_string(process.path().join("cmdline")).unwrap_or_default();
        if command.starts_with("postgres: postgres throughput") {
            let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
            let fields = stat.rsplit(')').next().unwrap_or_default();
            let fields = fields.split_whitespace().skip(11).take(2);
            ticks += fields
                .filter_map(|ticks| ticks.parse::<u64>().ok())
                .sum::<u64>();
        }
    }
    ticks as f64 / 100.0
}
