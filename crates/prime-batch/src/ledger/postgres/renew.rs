//! Renews leases of chunks.

use std::collections::BTreeSet;
use std::time::Duration;

use super::connection::{Connection, transaction};
use super::job::{find_job, limit, millis};
use super::{JobId, JobInfo};
use crate::ledger::LedgerError;

/// What a worker learns when it renews its leases.
#[derive(Debug)]
pub(crate) struct Renewed {
    /// The tokens of the leases that were renewed. The others are lost.
    pub(crate) tokens: BTreeSet<i64>,
    pub(crate) job: JobInfo,
}

/// Renews leases that nobody has taken, even if they have expired meanwhile.
pub(crate) async fn renew(
    connection: &Connection,
    job: JobId,
    worker: &str,
    time: Duration,
    leases: &[(i64, i64)],
    in_flight: u32,
    level: u32,
) -> Result<Renewed, LedgerError> {
    let (chunks, tokens): (Vec<i64>, Vec<i64>) = leases.iter().copied().unzip();
    transaction!(connection, |session| {
        // The locks are taken in the order of the numbers, as everywhere.
        let sql = "UPDATE prime_batch.chunk SET expires_at = now() + $4::bigint * interval '1 millisecond'
             FROM (SELECT c.chunk FROM prime_batch.chunk AS c
                   JOIN unnest($2::bigint[], $3::bigint[]) AS given (chunk, token) USING (chunk, token)
                   WHERE c.job = $1 ORDER BY c.chunk FOR NO KEY UPDATE OF c) AS mine
             WHERE chunk.job = $1 AND chunk.chunk = mine.chunk RETURNING token";
        let rows = session
            .query(sql, &[&job.0, &chunks, &tokens, &millis(time)])
            .await?;
        let sql =
            "INSERT INTO prime_batch.worker (job, worker, in_flight, level) VALUES ($1, $2, $3, $4)
             ON CONFLICT (job, worker) DO UPDATE SET seen_at = now(), in_flight = $3, level = $4";
        session
            .execute(sql, &[&job.0, &worker, &limit(in_flight), &limit(level)])
            .await?;
        Ok(Renewed {
            tokens: rows
                .iter()
                .map(|row| row.try_get("token"))
                .collect::<Result<_, _>>()?,
            job: find_job(session, job).await?,
        })
    })
}
