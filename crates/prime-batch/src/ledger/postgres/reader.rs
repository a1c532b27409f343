//! Reads the requests of a job.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use tokio_postgres::types::ToSql;

use super::connection::{Fault, count, run, usd};
use super::lease::read_state;
use super::{JobId, JobInfo, PostgresLedger};
use crate::batch::blocking;
use crate::error::Error;
use crate::html::{self, Contents};
use crate::key::{BodyHash, Key};
use crate::ledger::{Job, JobRecord, LedgerError, Row, State, Totals};
use crate::report::Report;

/// The columns of a request but the answer, which can be large.
macro_rules! columns {
    () => {
        "r.number, r.id, r.hash, r.line, r.model, r.state, r.job, r.attempts, r.unknown_attempts, r.status, r.request_id,
            r.error_code, r.error, r.latency_ms, r.prompt_tokens, r.completion_tokens,
            (1000 * extract(epoch FROM r.sent_at))::bigint AS sent_at, (1000 * extract(epoch FROM r.done_at))::bigint AS done_at,
            r.known_cost::text AS known_cost, r.estimated_cost::text AS estimated_cost, r.held::text AS held,
            r.bound::text AS bound"
    };
}

impl PostgresLedger {
    /// Returns requests of a job in one of these states, in the order of the input, without their answers.
    ///
    /// # Errors
    /// Returns an error if the database cannot be read.
    pub async fn requests(
        &self,
        job: JobId,
        states: &[State],
        limit: u32,
    ) -> Result<Vec<Row>, LedgerError> {
        let states: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
        let limit = i64::from(limit);
        run!(self.control(), |session, _is_repeated| {
            // Chunks without such requests are not read. A chunk that a worker has is counted when its lease ends.
            let sql = concat!(
                    "SELECT ",
                    columns!(),
                    ", NULL::bytea AS answer FROM prime_batch.chunk AS c
                     JOIN prime_batch.request AS r ON r.job = c.job AND r.chunk = c.chunk AND r.state = ANY ($2::text[])
                     WHERE c.job = $1 AND (c.state = 'leased' OR 'answered' = ANY ($2) AND c.answered > 0
                       OR 'failed' = ANY ($2) AND c.failed > 0 OR 'ambiguous' = ANY ($2) AND c.ambiguous > 0
                       OR c.requests > c.answered + c.failed + c.ambiguous)
                     ORDER BY c.chunk, r.line LIMIT $3"
                );
            let rows = session.query(sql, &[&job.0, &states, &limit]).await?;
            rows.iter().map(|row| read(row, job)).collect()
        })
    }

    /// Returns the requests with these keys that are in the ledger, with their answers, in the order of the keys.
    pub(crate) async fn answers(
        &self,
        job: &JobInfo,
        keys: &[Key],
    ) -> Result<Vec<Row>, LedgerError> {
        let ids: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
        let hashes: Vec<&[u8]> = keys.iter().map(|key| &key.hash.0[..]).collect();
        run!(self.control(), |session, _is_repeated| {
            let sql = concat!(
                    "SELECT ",
                    columns!(),
                    ", r.answer FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY AS given (id, hash, place)
                     CROSS JOIN LATERAL (SELECT * FROM prime_batch.request AS q
                       WHERE q.ledger = $1 AND q.id = given.id AND q.hash = given.hash OFFSET 0) AS r
                     ORDER BY place"
                );
            let rows = session.query(sql, &[&job.ledger, &ids, &hashes]).await?;
            rows.iter().map(|row| read(row, job.id)).collect()
        })
    }

    /// Calls a function for each request of the ledger of a job, in the order in which the requests were sent first,
    /// without their answers.
    pub(crate) async fn for_each(
        &self,
        job: &JobInfo,
        mut each: impl FnMut(&Row),
    ) -> Result<(), LedgerError> {
        // A connection of its own, because it may take long. It is not repeated, because rows have been seen.
        let connection = self.connection();
        let session = connection.open().await?;
        let read = async {
            let sql = concat!(
                "SELECT ",
                columns!(),
                ", NULL::bytea AS answer FROM prime_batch.request AS r WHERE r.ledger = $1 ORDER BY r.number"
            );
            let statement = session.prepare(sql).await?;
            let values: [&(dyn ToSql + Sync); 1] = [&job.ledger];
            let rows = session.client().query_raw(&statement, values).await?;
            let mut rows = std::pin::pin!(rows);
            while let Some(row) = rows.try_next().await? {
                each(&read(&row, job.id)?);
            }
            Ok(())
        };
        read.await.map_err(|fault| connection.error(fault))
    }

    /// Returns what became of a job. It reads all requests of the ledger.
    ///
    /// # Errors
    /// Returns an error if there is no such job, or if the database cannot be read.
    pub async fn report(&self, job: JobId) -> Result<Report, Error> {
        let status = self.status(job).await?;
        let record = record(&status);
        let mut models = BTreeMap::<String, Totals>::new();
        self.for_each(&status.job, |row| {
            models.entry(row.model.clone()).or_default().add(row);
        })
        .await?;
        let tally = status.tally;
        let counts = [
            (State::Unsent, tally.unsent),
            (State::Answered, tally.answered),
            (State::Failed, tally.failed),
            (State::Ambiguous, tally.ambiguous),
        ];
        Ok(Report {
            job: record,
            counts: counts.map(|(state, count)| (state.as_str(), count)).into(),
            models,
            output: PathBuf::from(&status.job.output),
            errors: PathBuf::from(&status.job.output),
            run: None,
        })
    }
}

impl PostgresLedger {
    /// Writes what became of a job as a page of HTML, also while it runs: see
    /// [`Report::write_html`](crate::Report::write_html). It reads all requests of the ledger.
    ///
    /// # Errors
    /// Returns an error if there is no such job, if the database cannot be read, or if the page cannot be written.
    pub async fn write_html(&self, job: JobId, page: impl Into<PathBuf>) -> Result<(), Error> {
        let page = page.into();
        let status = self.status(job).await?;
        let mut contents = Contents::new(status.job.output.as_ref(), record(&status));
        contents.ledger = PathBuf::from(self.name());
        self.for_each(&status.job, |row| contents.add(row)).await?;
        contents.count_unsent();
        blocking(move || html::write_contents(&contents, &page)).await
    }
}

/// Returns what the ledger records about a job, as for a ledger in a file.
fn record(status: &super::JobStatus) -> JobRecord {
    let job = &status.job;
    let names: Vec<&str> = status
        .workers
        .iter()
        .map(|worker| worker.name.as_str())
        .collect();
    JobRecord {
        job: Job {
            endpoint: job.endpoint.clone(),
            team: job.team.clone(),
            shard: None,
            input: job.input.path().display().to_string(),
            discards_content: false,
        },
        requests: Some(job.requests),
        limits: job.limits,
        level: status.workers.iter().map(|worker| worker.level).max(),
        owner: (!names.is_empty()).then(|| names.join(", ")),
        is_running: status.chunks.leased > 0,
        created_at: job.created_at,
        output_position: 0,
        output_bytes: 0,
    }
}

fn read(row: &tokio_postgres::Row, job: JobId) -> Result<Row, Fault> {
    let unsigned = |column: &str| -> Result<Option<u64>, Fault> {
        let value: Option<i64> = row.try_get(column)?;
        Ok(value.and_then(|value| value.try_into().ok()))
    };
    let small = |column: &str| -> Result<u32, Fault> {
        let value: i32 = row.try_get(column)?;
        Ok(value.try_into().unwrap_or(0))
    };
    let hash: &[u8] = row.try_get("hash")?;
    let status: Option<i32> = row.try_get("status")?;
    let answer: Option<Vec<u8>> = row.try_get("answer")?;
    Ok(Row {
        number: row.try_get("number")?,
        key: Key {
            id: row.try_get("id")?,
            hash: BodyHash(
                hash.try_into()
                    .map_err(|_| super::connection::unreadable("hash"))?,
            ),
        },
        line: count(row, "line")?,
        model: row.try_get("model")?,
        state: read_state(row)?,
        is_current: row.try_get::<_, i64>("job")? == job.0,
        attempts: small("attempts")?,
        unknown_attempts: small("unknown_attempts")?,
        sent_at: row.try_get("sent_at")?,
        done_at: row.try_get("done_at")?,
        latency: unsigned("latency_ms")?.map(Duration::from_millis),
        position: None,
        status: status.and_then(|status| status.try_into().ok()),
        request_id: row.try_get("request_id")?,
        answer: answer.map(Bytes::from),
        error_code: row.try_get("error_code")?,
        error: row.try_get("error")?,
        known_cost: usd(row, "known_cost")?,
        estimated_cost: usd(row, "estimated_cost")?,
        held: usd(row, "held")?,
        bound: usd(row, "bound")?,
        prompt_tokens: unsigned("prompt_tokens")?,
        completion_tokens: unsigned("completion_tokens")?,
    })
}
