//! A job and its workers.

use std::sync::Arc;
use std::time::Duration;

use prime_batch::ledger::PostgresLedger;
use prime_batch::ledger::postgres::{JobInfo, Reconciled, Submission, Submitted, Tally};
use prime_batch::{ChunkEnd, Runner};
use prime_sim::Builder;
use tokio_postgres::NoTls;

use crate::database;
use crate::support::Lab;

/// A simulator, an input, and a database.
pub(crate) struct Team {
    pub(crate) lab: Lab,
    pub(crate) url: String,
    pub(crate) ledger: PostgresLedger,
}

impl Team {
    /// Returns `None` if PostgreSQL is not installed.
    pub(crate) async fn new(name: &str, builder: Builder) -> Option<Self> {
        let url = database::database(name)?;
        Some(Self::at(name, url, builder).await)
    }

    pub(crate) async fn at(name: &str, url: String, builder: Builder) -> Self {
        Self {
            lab: Lab::with(&format!("cluster-{name}"), builder).await,
            ledger: PostgresLedger::connect(&url).await.unwrap(),
            url,
        }
    }

    pub(crate) fn output(&self) -> String {
        self.lab.path("answers").display().to_string()
    }

    /// The input of the lab, with 20 requests in a chunk.
    pub(crate) fn submission(&self) -> Submission {
        let mut submission = Submission::new(self.lab.path("questions.jsonl"), self.output());
        submission.chunk_size = 20;
        submission
    }

    pub(crate) async fn submit(&self) -> Submitted {
        self.submit_as(self.submission()).await
    }

    pub(crate) async fn submit_as(&self, submission: Submission) -> Submitted {
        self.ledger
            .submit(&self.lab.client, submission)
            .await
            .unwrap()
    }

    /// Starts a worker with connections of its own.
    pub(crate) async fn worker(&self, name: &str, job: &JobInfo) -> Arc<Runner> {
        let ledger = PostgresLedger::connect(&self.url).await.unwrap();
        self.worker_on(ledger, name, job, Duration::from_secs(5))
            .await
    }

    pub(crate) async fn worker_on(
        &self,
        ledger: PostgresLedger,
        name: &str,
        job: &JobInfo,
        lease: Duration,
    ) -> Arc<Runner> {
        let runner = Runner::with_lease(&self.lab.client, ledger, job.id, name, lease).await;
        Arc::new(runner.unwrap())
    }

    /// Executes a statement in the database.
    pub(crate) async fn execute(&self, sql: &str) {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(sql).await.unwrap();
    }

    /// Returns a value of the database as text.
    pub(crate) async fn value(&self, sql: &str) -> String {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let sql = format!("SELECT ({sql})::text");
        let row = client.query_one(&sql, &[]).await.unwrap();
        row.get::<_, Option<String>>(0).unwrap_or_default()
    }

    /// Asserts that each question was carried out once.
    pub(crate) fn assert_once(&self, questions: usize) {
        let carried_out = self.lab.carried_out();
        let twice: Vec<_> = carried_out
            .iter()
            .filter(|(_, count)| **count != 1)
            .collect();
        assert!(twice.is_empty(), "{twice:?}");
        assert_eq!(carried_out.len(), questions);
    }

    /// Returns the lines of the answers in all parts of a job, by their ids, and asserts that none occurs twice.
    pub(crate) fn answers(&self, job: &JobInfo) -> Vec<String> {
        let prefix = format!("part-{}", &job.digest.to_string()[..8]);
        let mut ids = Vec::new();
        for entry in std::fs::read_dir(self.lab.path("answers")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if !name.starts_with(&prefix) || name.contains("errors") {
                continue;
            }
            for line in std::fs::read_to_string(&path).unwrap().lines() {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                assert_eq!(line["response"]["status_code"], 200);
                ids.push(line["custom_id"].as_str().unwrap().to_owned());
            }
        }
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
        ids
    }
}

/// Asks the chunks of a job until none is open, as an orchestrator does: several at once, and again after a failure.
pub(crate) async fn ask_all(team: &Team, workers: &[Arc<Runner>]) -> Tally {
    let job = workers[0].job().clone();
    for _ in 0..200 {
        let open = team
            .ledger
            .open_chunks(job.id, 0..job.chunks)
            .await
            .unwrap();
        if open.open.is_empty() {
            break;
        }
        let mut tasks = tokio::task::JoinSet::new();
        for (index, chunk) in open.open.into_iter().enumerate() {
            let runner = workers[index % workers.len()].clone();
            tasks.spawn(async move {
                let end = runner.ask(chunk).await.map(|report| report.end);
                let is_lost = matches!(end, Err(_) | Ok(ChunkEnd::Held(_) | ChunkEnd::LeaseLost));
                if is_lost && let Ok(Reconciled::Held(time)) = runner.reconcile(chunk).await {
                    tokio::time::sleep(time.min(Duration::from_millis(500))).await;
                }
            });
        }
        tasks.join_all().await;
    }
    workers[0].finish().await.unwrap()
}
