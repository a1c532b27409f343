//! The parts of the output that are written.

use super::close::{no_chunk, read};
use super::connection::{count, run, unreadable};
use super::{JobId, PostgresLedger, Tally};
use crate::input::Chunk;
use crate::ledger::LedgerError;

/// What is recorded about a chunk.
#[derive(Debug)]
pub(crate) struct ChunkRecord {
    /// Where it is in the input.
    pub(crate) chunk: Chunk,
    pub(crate) tally: Tally,
    /// Whether it has no requests that may be sent.
    pub(crate) is_ended: bool,
    /// Counts the changes of its results.
    pub(crate) changes: i64,
    /// The changes that its part of the output has. `None` if there is no part.
    pub(crate) written: Option<i64>,
}

/// A part of the output.
#[derive(Debug)]
pub(crate) struct PartRecord {
    pub(crate) chunk: i64,
    pub(crate) answers: u64,
    pub(crate) errors: u64,
}

/// The number of chunks that are read at once.
const PAGE: i64 = 10_000;

impl PostgresLedger {
    /// Reads what is recorded about a chunk.
    pub(crate) async fn chunk(&self, job: JobId, chunk: i64) -> Result<ChunkRecord, LedgerError> {
        run!(self.control(), |session, _is_repeated| {
            let sql = "SELECT start_at, end_at, first_line, requests::bigint AS requests, digest, changes, written_changes
                 FROM prime_batch.chunk WHERE job = $1 AND chunk = $2";
            let row = session.query_opt(sql, &[&job.0, &chunk]).await?;
            let row = row.ok_or_else(|| no_chunk(job, chunk))?;
            let digest: Vec<u8> = row.try_get("digest")?;
            let (tally, is_ended) = read(session, job, chunk).await?;
            Ok(ChunkRecord {
                chunk: Chunk {
                    place: count(&row, "start_at")?..count(&row, "end_at")?,
                    first_line: count(&row, "first_line")?,
                    requests: u32::try_from(count(&row, "requests")?).unwrap_or(u32::MAX),
                    digest: digest.try_into().map_err(|_| unreadable("digest"))?,
                },
                tally,
                is_ended,
                changes: row.try_get("changes")?,
                written: row.try_get("written_changes")?,
            })
        })
    }

    /// Records that the part of a chunk has its results up to a change. Returns `false` if there are more changes.
    pub(crate) async fn part_written(
        &self,
        job: JobId,
        chunk: i64,
        changes: i64,
    ) -> Result<bool, LedgerError> {
        run!(self.control(), |session, _is_repeated| {
            let sql = "UPDATE prime_batch.chunk SET written_changes = $3
                 WHERE job = $1 AND chunk = $2 AND changes = $3";
            Ok(session.execute(sql, &[&job.0, &chunk, &changes]).await? > 0)
        })
    }

    /// Returns chunks, beginning with a number, whose results are not in the output.
    pub(crate) async fn unwritten(&self, job: JobId, first: i64) -> Result<Vec<i64>, LedgerError> {
        run!(self.control(), |session, _is_repeated| {
            let sql = "SELECT chunk FROM prime_batch.chunk
                 WHERE job = $1 AND chunk >= $2 AND state <> 'leased' AND changes > coalesce(written_changes, 0)
                   AND (state = 'ended' OR answered + failed + ambiguous > 0)
                 ORDER BY chunk LIMIT $3";
            let rows = session.query(sql, &[&job.0, &first, &PAGE]).await?;
            rows.iter().map(|row| Ok(row.try_get("chunk")?)).collect()
        })
    }

    /// Returns the parts of the output, beginning with a chunk.
    pub(crate) async fn parts(
        &self,
        job: JobId,
        first: i64,
    ) -> Result<Vec<PartRecord>, LedgerError> {
        run!(self.control(), |session, _is_repeated| {
            let sql = "SELECT chunk, answered::bigint AS answers, (failed + ambiguous)::bigint AS errors
                 FROM prime_batch.chunk
                 WHERE job = $1 AND chunk >= $2 AND written_changes IS NOT NULL ORDER BY chunk LIMIT $3";
            let rows = session.query(sql, &[&job.0, &first, &PAGE]).await?;
            rows.iter()
                .map(|row| {
                    Ok(PartRecord {
                        chunk: row.try_get("chunk")?,
                        answers: count(row, "answers")?,
                        errors: count(row, "errors")?,
                    })
                })
                .collect()
        })
    }

    /// Records that a job is done, if no chunk is open or leased.
    pub(crate) async fn finish_job(&self, job: JobId) -> Result<(), LedgerError> {
        run!(self.control(), |session, _is_repeated| {
            let sql = "UPDATE prime_batch.job SET state = 'done' WHERE job = $1 AND state = 'running'
                 AND NOT EXISTS (SELECT 1 FROM prime_batch.chunk WHERE job = $1 AND state <> 'ended')";
            session.execute(sql, &[&job.0]).await?;
            Ok(())
        })
    }

    /// Returns the number of requests in flight that the service accepted from a worker of this ledger last.
    pub(crate) async fn last_level(&self, job: JobId) -> Result<Option<u32>, LedgerError> {
        run!(self.control(), |session, _is_repeated| {
            let sql = "SELECT level FROM prime_batch.worker JOIN prime_batch.job USING (job)
                 WHERE ledger = (SELECT ledger FROM prime_batch.job WHERE job = $1) AND level > 0
                 ORDER BY seen_at DESC LIMIT 1";
            let row = session.query_opt(sql, &[&job.0]).await?;
            let level = row.map(|row| row.try_get::<_, i32>("level")).transpose()?;
            Ok(level.and_then(|level| level.try_into().ok()))
        })
    }
}
