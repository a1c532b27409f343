//! Reads and changes jobs.

use std::ops::Range;
use std::time::Duration;

use tokio_postgres::Row;

use super::connection::{Fault, Session, count, run, transaction, unreadable, usd, usd_sum};
use super::{
    ChunkCounts, JobId, JobInfo, JobState, JobStatus, OpenChunks, PostgresLedger, Tally, WorkerInfo,
};
use crate::engine::Options;
use crate::error::Error;
use crate::input::Input;
use crate::key::BodyHash;
use crate::ledger::{AskAgain, LedgerError, Limits};

/// Selects jobs with their ledgers.
macro_rules! jobs {
    () => {
        concat!(
            "SELECT job, ledger, uid, output, endpoint, team, input, format, digest, requests, chunks, state, ask_failed,
                ask_ambiguous, allow_unpriced, max_retries, patience_ms,
                (1000 * extract(epoch FROM job.created_at))::bigint AS created, ",
            limits!(),
            " FROM prime_batch.job JOIN prime_batch.ledger USING (ledger)"
        )
    };
}

/// The columns of the limits.
macro_rules! limits {
    () => {
        "budget::text AS budget, min_concurrency, max_concurrency, requests_per_minute, tokens_per_minute"
    };
}

/// The sums of the requests of chunks.
macro_rules! tally {
    () => {
        "coalesce(sum(answered), 0) AS answered, coalesce(sum(failed), 0) AS failed,
            coalesce(sum(ambiguous), 0) AS ambiguous, coalesce(sum(unpriced), 0) AS unpriced,
            coalesce(sum(requests), 0) AS requests"
    };
}

/// Whether a request `r` is asked again in a job `j`: it failed or was ambiguous before the job was submitted, or its
/// outcome was lost since.
macro_rules! again {
    () => {
        "(r.state = 'failed' AND j.ask_failed AND r.done_at < j.submitted_at
          OR r.state = 'ambiguous' AND j.ask_ambiguous AND (r.is_interrupted OR r.done_at < j.submitted_at))"
    };
}

pub(super) use again;

impl PostgresLedger {
    /// Returns a job.
    ///
    /// # Errors
    /// Returns [`LedgerError::NoJob`] if it does not exist.
    pub async fn job(&self, job: JobId) -> Result<JobInfo, LedgerError> {
        run!(self.control(), |session, _is_repeated| find_job(
            session, job
        )
        .await)
    }

    /// Returns the jobs of an output, the one that was submitted last first. `None` for all outputs.
    ///
    /// # Errors
    /// Returns an error if the database cannot be read.
    pub async fn jobs(&self, output: Option<&str>) -> Result<Vec<JobInfo>, LedgerError> {
        let output = output.map(super::submit::absolute).transpose();
        let output = output.map_err(|error| LedgerError::Failed {
            path: self.name().to_owned(),
            reason: error.to_string(),
        })?;
        run!(self.control(), |session, _is_repeated| {
            let sql = concat!(
                jobs!(),
                " WHERE $1::text IS NULL OR output = $1 ORDER BY submitted_at DESC, job DESC"
            );
            let rows = session.query(sql, &[&output]).await?;
            rows.iter().map(read_job).collect()
        })
    }

    /// Changes the limits of the ledger of a job. Workers apply them when they renew their leases.
    ///
    /// # Errors
    /// Returns an error if there is no such job, or if the database cannot be written.
    pub async fn change_limits(
        &self,
        job: JobId,
        change: impl Fn(&mut Limits) + Send + Sync,
    ) -> Result<Limits, LedgerError> {
        transaction!(self.control(), |session| {
            let ledger = find_job(session, job).await?.ledger;
            let sql = concat!(
                "SELECT ",
                limits!(),
                " FROM prime_batch.ledger WHERE ledger = $1 FOR NO KEY UPDATE"
            );
            let mut limits = read_limits(&session.query_one(sql, &[&ledger]).await?)?;
            change(&mut limits);
            limits.check().map_err(|error| {
                Fault::Ledger(LedgerError::Failed {
                    path: self.name().to_owned(),
                    reason: error.to_string(),
                })
            })?;
            set_limits(session, ledger, &limits).await?;
            Ok(limits)
        })
    }

    /// Pauses, resumes or cancels a job. Workers stop sending its requests when they renew their leases.
    ///
    /// # Errors
    /// Returns an error if there is no such job, or if the database cannot be written.
    pub async fn set_state(&self, job: JobId, state: JobState) -> Result<(), LedgerError> {
        run!(self.control(), |session, _is_repeated| {
            let sql = "UPDATE prime_batch.job SET state = $2 WHERE job = $1";
            match session.execute(sql, &[&job.0, &state.as_str()]).await? {
                0 => Err(no_job(job)),
                _ => Ok(()),
            }
        })
    }

    /// Returns which chunks of a range have requests that may be sent, and counts the requests of all.
    ///
    /// # Errors
    /// Returns an error if the database cannot be read.
    pub async fn open_chunks(
        &self,
        job: JobId,
        chunks: Range<i64>,
    ) -> Result<OpenChunks, LedgerError> {
        run!(self.control(), |session, _is_repeated| {
            let sql = concat!(
                    "SELECT (SELECT state FROM prime_batch.job WHERE job = $1) AS job_state,
                        coalesce(array_agg(chunk ORDER BY chunk) FILTER (WHERE state <> 'ended'), '{}') AS open, ",
                    tally!(),
                    " FROM prime_batch.chunk WHERE job = $1 AND chunk >= $2 AND chunk < $3"
                );
            let row = session
                .query_one(sql, &[&job.0, &chunks.start, &chunks.end])
                .await?;
            let state: Option<&str> = row.try_get("job_state")?;
            Ok(OpenChunks {
                open: row.try_get("open")?,
                tally: read_tally(&row)?,
                state: state.map(JobState::parse),
            })
        })
    }

    /// Returns the state of a job: its chunks, workers and costs. It reads no requests, so that it is quick for large
    /// jobs.
    ///
    /// # Errors
    /// Returns an error if there is no such job, or if the database cannot be read.
    pub async fn status(&self, job: JobId) -> Result<JobStatus, LedgerError> {
        run!(self.control(), |session, _is_repeated| {
            let info = find_job(session, job).await?;
            let sql = concat!(
                "SELECT count(*) FILTER (WHERE state = 'open') AS open,
                    count(*) FILTER (WHERE state = 'leased') AS leased,
                    count(*) FILTER (WHERE state = 'ended') AS ended, ",
                tally!(),
                " FROM prime_batch.chunk WHERE job = $1"
            );
            let counts = session.query_one(sql, &[&job.0]).await?;
            // What leases in force have spent is in their reservation.
            let sql = "SELECT (spent + leased)::text AS spent, greatest(reserved - leased, 0)::text AS reserved
                 FROM prime_batch.ledger, (
                   SELECT coalesce(sum(lease_spent), 0) AS leased FROM prime_batch.chunk
                   WHERE state = 'leased' AND job IN (SELECT job FROM prime_batch.job WHERE ledger = $1)) AS leases
                 WHERE ledger = $1";
            let sums = session.query_one(sql, &[&info.ledger]).await?;
            let sql = "SELECT worker, coalesce(chunks, 0) AS chunks, coalesce(in_flight, 0) AS in_flight,
                    coalesce(level, 0) AS level,
                    (1000 * extract(epoch FROM now() - seen_at))::bigint AS seen
                 FROM (SELECT * FROM prime_batch.worker WHERE job = $1) AS known
                 FULL JOIN (SELECT worker, count(*) AS chunks FROM prime_batch.chunk
                            WHERE job = $1 AND state = 'leased' GROUP BY worker) AS leases USING (worker)
                 WHERE chunks > 0 OR seen_at > now() - interval '1 minute' ORDER BY worker";
            let workers = session.query(sql, &[&job.0]).await?;
            Ok(JobStatus {
                tally: read_tally(&counts)?,
                chunks: ChunkCounts {
                    open: count(&counts, "open")?,
                    leased: count(&counts, "leased")?,
                    ended: count(&counts, "ended")?,
                },
                workers: workers.iter().map(read_worker).collect::<Result<_, _>>()?,
                spent: usd_sum(&sums, "spent")?,
                reserved: usd_sum(&sums, "reserved")?,
                job: info,
            })
        })
    }
}

pub(super) async fn find_job(session: &Session, job: JobId) -> Result<JobInfo, Fault> {
    let sql = concat!(jobs!(), " WHERE job = $1");
    match session.query_opt(sql, &[&job.0]).await? {
        Some(row) => read_job(&row),
        None => Err(no_job(job)),
    }
}

fn no_job(job: JobId) -> Fault {
    Fault::Ledger(LedgerError::NoJob {
        path: String::new(),
        what: format!("job {job}"),
    })
}

fn read_job(row: &Row) -> Result<JobInfo, Fault> {
    let job: i64 = row.try_get("job")?;
    let uid: &str = row.try_get("uid")?;
    let digest: Vec<u8> = row.try_get("digest")?;
    let format: &str = row.try_get("format")?;
    let format = serde_json::from_str(format).map_err(|_| unreadable("format"))?;
    let input = Input::from_format(row.try_get("input")?, &format);
    let patience: i64 = row.try_get("patience_ms")?;
    Ok(JobInfo {
        id: JobId(job),
        name: format!("prime-batch-{uid}-{job}"),
        output: row.try_get("output")?,
        endpoint: row.try_get("endpoint")?,
        team: row.try_get("team")?,
        input: input.map_err(|error: Error| {
            Fault::Ledger(LedgerError::Failed {
                path: "the input of the job".to_owned(),
                reason: error.to_string(),
            })
        })?,
        digest: BodyHash(digest.try_into().map_err(|_| unreadable("digest"))?),
        requests: count(row, "requests")?,
        chunks: row.try_get("chunks")?,
        state: JobState::parse(row.try_get("state")?),
        limits: read_limits(row)?,
        options: Options {
            again: AskAgain {
                failed: row.try_get("ask_failed")?,
                ambiguous: row.try_get("ask_ambiguous")?,
            },
            allow_unpriced: row.try_get("allow_unpriced")?,
            max_retries: unsigned(row, "max_retries")?.unwrap_or(0),
            patience: Duration::from_millis(patience.try_into().unwrap_or(0)),
            directory: None,
        },
        created_at: row.try_get("created")?,
        ledger: row.try_get("ledger")?,
    })
}

/// Reads the limits, whose columns are those of `limits!`.
pub(super) fn read_limits(row: &Row) -> Result<Limits, Fault> {
    Ok(Limits {
        budget: usd(row, "budget")?,
        min_concurrency: unsigned(row, "min_concurrency")?.unwrap_or(1),
        max_concurrency: unsigned(row, "max_concurrency")?.unwrap_or(1),
        requests_per_minute: unsigned(row, "requests_per_minute")?,
        tokens_per_minute: unsigned(row, "tokens_per_minute")?,
    })
}

pub(super) async fn set_limits(
    session: &Session,
    ledger: i64,
    limits: &Limits,
) -> Result<(), Fault> {
    let sql = "UPDATE prime_batch.ledger SET budget = $2::text::numeric, min_concurrency = $3, max_concurrency = $4,
            requests_per_minute = $5, tokens_per_minute = $6
         WHERE ledger = $1";
    session
        .execute(
            sql,
            &[
                &ledger,
                &limits.budget.map(|budget| budget.to_string()),
                &limit(limits.min_concurrency),
                &limit(limits.max_concurrency),
                &limits.requests_per_minute.map(limit),
                &limits.tokens_per_minute.map(limit),
            ],
        )
        .await?;
    Ok(())
}

/// Converts a limit. PostgreSQL has no unsigned numbers.
pub(super) fn limit(limit: u32) -> i32 {
    i32::try_from(limit).unwrap_or(i32::MAX)
}

fn unsigned(row: &Row, column: &str) -> Result<Option<u32>, Fault> {
    let value: Option<i32> = row.try_get(column)?;
    Ok(value.map(|value| value.try_into().unwrap_or(0)))
}

/// Reads the requests in each state, whose columns are those of `tally!`.
pub(super) fn read_tally(row: &Row) -> Result<Tally, Fault> {
    let mut tally = Tally {
        answered: count(row, "answered")?,
        failed: count(row, "failed")?,
        ambiguous: count(row, "ambiguous")?,
        unsent: 0,
        unpriced: count(row, "unpriced")?,
    };
    let ended = tally.answered + tally.failed + tally.ambiguous;
    tally.unsent = count(row, "requests")?.saturating_sub(ended);
    Ok(tally)
}

fn read_worker(row: &Row) -> Result<WorkerInfo, Fault> {
    Ok(WorkerInfo {
        name: row
            .try_get::<_, Option<String>>("worker")?
            .unwrap_or_default(),
        chunks: count(row, "chunks")?,
        seen: Duration::from_millis(count(row, "seen")?),
        in_flight: unsigned(row, "in_flight")?.unwrap_or(0),
        level: unsigned(row, "level")?.unwrap_or(0),
    })
}

/// Converts a time to milliseconds.
pub(super) fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
