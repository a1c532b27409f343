//! Ends leases of chunks.

use std::time::Duration;

use prime_ext::{Usd, UsdSum};

use super::connection::{Fault, Session, run, transaction, usd, usd_sum};
use super::job::{again, read_tally};
use super::{JobId, PostgresLedger, Reconciled, Tally};
use crate::ledger::{Done, LedgerError};

/// The lease of a chunk that is locked.
#[derive(Debug)]
pub(super) struct Locked {
    pub(super) state: String,
    pub(super) token: i64,
    pub(super) worker: Option<String>,
    /// The time until it expires. `None` if it has expired.
    pub(super) remaining: Option<Duration>,
    pub(super) reserved: Usd,
    pub(super) spent: UsdSum,
}

impl PostgresLedger {
    /// Ends a lease: what was not spent of its reservation goes back. Returns the requests in each state, and whether the
    /// chunk has none that may be sent. Returns `None` if the lease was lost.
    pub(crate) async fn finish(
        &self,
        job: JobId,
        chunk: i64,
        token: i64,
        unpriced: u64,
    ) -> Result<Option<(Tally, bool)>, LedgerError> {
        run!(self.control(), |session, is_repeated| {
            session.begin().await?;
            let locked = lock(session, job, chunk).await?;
            let ended = if locked.token == token && locked.state == "leased" {
                Some(close(session, job, chunk, &locked, unpriced).await?)
            } else if is_repeated && locked.state != "leased" {
                // The first try may have succeeded.
                Some(read(session, job, chunk).await?)
            } else {
                None
            };
            session.commit().await?;
            Ok(ended)
        })
    }

    /// Ends the lease of a chunk whose worker is gone. Requests that are still recorded as sent become ambiguous. A lease
    /// in force is not touched, and a chunk without a lease is not changed.
    ///
    /// [`Runner::reconcile`](crate::Runner::reconcile) also writes the part of the output.
    ///
    /// # Errors
    /// Returns an error if there is no such chunk, or if the database cannot be written.
    pub async fn reconcile(&self, job: JobId, chunk: i64) -> Result<Reconciled, LedgerError> {
        transaction!(self.control(), |session| {
            let locked = lock(session, job, chunk).await?;
            let (tally, is_ended) = match (locked.state.as_str(), locked.remaining) {
                ("leased", Some(remaining)) => return Ok(Reconciled::Held(remaining)),
                ("leased", None) => close(session, job, chunk, &locked, 0).await?,
                _ => read(session, job, chunk).await?,
            };
            Ok(Reconciled::Free { tally, is_ended })
        })
    }
}

/// Locks a chunk until the transaction ends.
pub(super) async fn lock(session: &Session, job: JobId, chunk: i64) -> Result<Locked, Fault> {
    let sql = "SELECT state, token, worker, reserved::text AS reserved, lease_spent::text AS spent,
            (1000 * extract(epoch FROM expires_at - clock_timestamp()))::bigint AS remaining
         FROM prime_batch.chunk WHERE job = $1 AND chunk = $2 FOR NO KEY UPDATE";
    let row = session.query_opt(sql, &[&job.0, &chunk]).await?;
    let row = row.ok_or_else(|| no_chunk(job, chunk))?;
    let remaining: Option<i64> = row.try_get("remaining")?;
    let remaining = remaining.and_then(|remaining| u64::try_from(remaining).ok());
    Ok(Locked {
        state: row.try_get("state")?,
        token: row.try_get("token")?,
        worker: row.try_get("worker")?,
        remaining: remaining
            .filter(|left| *left > 0)
            .map(Duration::from_millis),
        reserved: usd(&row, "reserved")?.unwrap_or_default(),
        spent: usd_sum(&row, "spent")?,
    })
}

/// Ends the lease of a chunk that is locked, if it has one. Requests that are still recorded as sent become ambiguous: an
/// outcome may still be recorded by the worker that sent them.
pub(super) async fn close(
    session: &Session,
    job: JobId,
    chunk: i64,
    locked: &Locked,
    unpriced: u64,
) -> Result<(Tally, bool), Fault> {
    let sql = "WITH closed AS (
           UPDATE prime_batch.request SET state = 'ambiguous', is_interrupted = true, done_at = now(), error_code = $4,
             error = $5, unknown_attempts = unknown_attempts + 1, held = coalesce(held, 0) + coalesce(bound, 0)
           WHERE job = $1 AND chunk = $2 AND state = 'sent' AND token = $3 RETURNING bound)
         SELECT coalesce(sum(bound), 0)::text AS held FROM closed";
    let row = session
        .query_one(
            sql,
            &[
                &job.0,
                &chunk,
                &locked.token,
                &Done::INTERRUPTED,
                &Done::INTERRUPTED_MESSAGE,
            ],
        )
        .await?;
    let mut spent = locked.spent;
    spent += usd_sum(&row, "held")?;
    let sql = concat!(
        "UPDATE prime_batch.chunk AS c
         SET token = nextval('prime_batch.token'), expires_at = NULL, reserved = 0, lease_spent = 0,
           answered = sums.answered, failed = sums.failed, ambiguous = sums.ambiguous, unpriced = $3::int, changes = changes + 1,
           state = CASE WHEN c.requests > sums.answered + sums.failed + sums.ambiguous + $3::int OR sums.again > 0
             THEN 'open' ELSE 'ended' END
         FROM (SELECT count(*) FILTER (WHERE r.state = 'answered') AS answered,
                 count(*) FILTER (WHERE r.state = 'failed') AS failed,
                 count(*) FILTER (WHERE r.state = 'ambiguous') AS ambiguous,
                 count(*) FILTER (WHERE ",
        again!(),
        ") AS again
               FROM prime_batch.request AS r JOIN prime_batch.job AS j ON j.job = $1
               WHERE r.job = $1 AND r.chunk = $2) AS sums
         WHERE c.job = $1 AND c.chunk = $2"
    );
    let unpriced = i32::try_from(unpriced).unwrap_or(i32::MAX);
    session.execute(sql, &[&job.0, &chunk, &unpriced]).await?;
    let sql = "UPDATE prime_batch.ledger SET reserved = reserved - $2::text::numeric, spent = spent + $3::text::numeric
         WHERE ledger = (SELECT ledger FROM prime_batch.job WHERE job = $1)";
    let (reserved, spent) = (locked.reserved.to_string(), spent.to_string());
    session.execute(sql, &[&job.0, &reserved, &spent]).await?;
    read(session, job, chunk).await
}

/// Returns the requests of a chunk in each state, and whether it has none that may be sent.
pub(super) async fn read(
    session: &Session,
    job: JobId,
    chunk: i64,
) -> Result<(Tally, bool), Fault> {
    let sql = "SELECT state, answered::bigint AS answered, failed::bigint AS failed, ambiguous::bigint AS ambiguous,
            unpriced::bigint AS unpriced, requests::bigint AS requests
         FROM prime_batch.chunk WHERE job = $1 AND chunk = $2";
    let row = session.query_one(sql, &[&job.0, &chunk]).await?;
    let state: &str = row.try_get("state")?;
    Ok((read_tally(&row)?, state == "ended"))
}

pub(super) fn no_chunk(job: JobId, chunk: i64) -> Fault {
    Fault::Ledger(LedgerError::NoJob {
        path: String::new(),
        what: format!("chunk {chunk} of job {job}"),
    })
}
