//! Takes, renews and ends leases of chunks.

use std::collections::BTreeSet;
use std::time::Duration;

use prime_ext::{Usd, UsdSum};
use tokio_postgres::Row;

use super::connection::{Connection, Fault, Session, count, run, transaction, usd, usd_sum};
use super::job::{limits, read_limits, read_tally};
use super::{JobId, JobInfo, JobState, PostgresLedger, Reconciled, Tally};
use crate::input::Chunk;
use crate::key::Key;
use crate::ledger::{Done, LedgerError, Limits, State};

/// A request of a chunk that is leased.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) key: Key,
    pub(crate) line: u64,
    /// The upper bound of its cost.
    pub(crate) bound: Option<Usd>,
}

/// A lease of a chunk.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) chunk: i64,
    /// The fencing token.
    pub(crate) token: i64,
    /// The states of its requests that may be sent, by their places in the chunk.
    pub(crate) may_send: Vec<(usize, State)>,
    /// The requests that are not sent because their cost has no upper bound.
    pub(crate) unpriced: u64,
    /// What is reserved for them.
    pub(crate) reserved: Usd,
}

/// Whether a lease was taken.
#[derive(Debug)]
pub(crate) enum Leased {
    Granted(Lease),
    /// No request of the chunk may be sent. `is_ended` is `false` if another job has some in flight.
    Nothing {
        tally: Tally,
        is_ended: bool,
    },
    /// Another worker has the chunk.
    Held(Duration),
    /// The job is not running.
    NotRunning(JobState),
    /// The rest of the budget is too small.
    OverBudget,
}

/// What a worker learns when it renews its leases.
#[derive(Debug)]
pub(crate) struct Renewed {
    /// The tokens of the leases that were renewed. The others are lost.
    pub(crate) tokens: BTreeSet<i64>,
    pub(crate) limits: Limits,
    pub(crate) state: JobState,
}

/// The lease of a chunk that is locked.
#[derive(Debug)]
struct Locked {
    state: String,
    token: i64,
    worker: Option<String>,
    /// The time until it expires. `None` if it has expired.
    remaining: Option<Duration>,
    reserved: Usd,
    spent: UsdSum,
}

impl PostgresLedger {
    /// Reads where a chunk is in the input.
    pub(crate) async fn chunk(&self, job: JobId, chunk: i64) -> Result<Chunk, LedgerError> {
        run!(self.control(), |session, _is_repeated| {
                let sql = "SELECT start_at, end_at, first_line, requests::bigint AS requests, digest
                     FROM prime_batch.chunk WHERE job = $1 AND chunk = $2";
                let row = session.query_opt(sql, &[&job.0, &chunk]).await?;
                let row = row.ok_or_else(|| no_chunk(job, chunk))?;
                let digest: Vec<u8> = row.try_get("digest")?;
                Ok(Chunk {
                    place: count(&row, "start_at")?..count(&row, "end_at")?,
                    first_line: count(&row, "first_line")?,
                    requests: u32::try_from(count(&row, "requests")?).unwrap_or(u32::MAX),
                    digest: digest
                        .try_into()
                        .map_err(|_| super::connection::unreadable("digest"))?,
                })
            })
    }

    /// Takes the lease of a chunk: looks up the states of its requests, and reserves the sum of the upper bounds of
    /// those that may be sent, or the rest of the budget if that is smaller.
    pub(crate) async fn lease(
        &self,
        job: &JobInfo,
        chunk: i64,
        worker: &str,
        time: Duration,
        wanted: &[Wanted],
    ) -> Result<Leased, LedgerError> {
        let leased = run!(self.control(), |session, is_repeated| {
            session.begin().await?;
            if is_repeated {
                // The first try may have taken the lease.
                let locked = lock(session, job.id, chunk).await?;
                if locked.state == "leased" && locked.worker.as_deref() == Some(worker) {
                    close(session, job.id, chunk, &locked, 0).await?;
                }
            }
            let leased = lease(session, job, chunk, worker, time, wanted).await?;
            session.commit().await?;
            Ok(leased)
        });
        leased
    }

    /// Ends a lease: what was not spent of its reservation goes back. Returns the requests in each state, and whether the
    /// chunk has none that may be sent. Returns `None` if the lease was lost.
    pub(crate) async fn finish(
        &self,
        job: JobId,
        chunk: i64,
        token: i64,
        unpriced: u64,
    ) -> Result<Option<(Tally, bool)>, LedgerError> {
        let ended = run!(self.control(), |session, is_repeated| {
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
        });
        ended
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

/// Renews leases that nobody has taken, even if they have expired meanwhile.
pub(crate) async fn renew(
    connection: &Connection,
    job: &JobInfo,
    worker: &str,
    time: Duration,
    leases: &[(i64, i64)],
    in_flight: u32,
    level: u32,
) -> Result<Renewed, LedgerError> {
    let (chunks, tokens): (Vec<i64>, Vec<i64>) = leases.iter().copied().unzip();
    let renewed = transaction!(connection, |session| {
        // The locks are taken in the order of the numbers, as everywhere.
        let sql = "UPDATE prime_batch.chunk SET expires_at = now() + $4::bigint * interval '1 millisecond'
             FROM (SELECT c.chunk FROM prime_batch.chunk AS c
                   JOIN unnest($2::bigint[], $3::bigint[]) AS given (chunk, token) USING (chunk, token)
                   WHERE c.job = $1 ORDER BY c.chunk FOR NO KEY UPDATE OF c) AS mine
             WHERE chunk.job = $1 AND chunk.chunk = mine.chunk RETURNING token";
        let rows = session
            .query(sql, &[&job.id.0, &chunks, &tokens, &millis(time)])
            .await?;
        let sql = "INSERT INTO prime_batch.worker (job, worker, in_flight, level) VALUES ($1, $2, $3, $4)
             ON CONFLICT (job, worker) DO UPDATE SET seen_at = now(), in_flight = $3, level = $4";
        session
            .execute(
                sql,
                &[
                    &job.id.0,
                    &worker,
                    &super::job::limit(in_flight),
                    &super::job::limit(level),
                ],
            )
            .await?;
        let sql = concat!(
            "SELECT state, ",
            limits!(),
            " FROM prime_batch.job JOIN prime_batch.ledger USING (ledger) WHERE job = $1"
        );
        let row = session.query_one(sql, &[&job.id.0]).await?;
        Ok(Renewed {
            tokens: rows
                .iter()
                .map(|row| row.try_get("token"))
                .collect::<Result<_, _>>()?,
            limits: read_limits(&row)?,
            state: JobState::parse(row.try_get("state")?),
        })
    });
    renewed
}

async fn lease(
    session: &Session,
    job: &JobInfo,
    chunk: i64,
    worker: &str,
    time: Duration,
    wanted: &[Wanted],
) -> Result<Leased, Fault> {
    let locked = lock(session, job.id, chunk).await?;
    match (locked.state.as_str(), locked.remaining) {
        ("leased", Some(remaining)) => return Ok(Leased::Held(remaining)),
        ("leased", None) => drop(close(session, job.id, chunk, &locked, 0).await?),
        ("ended", _) => {
            let (tally, is_ended) = read(session, job.id, chunk).await?;
            return Ok(Leased::Nothing { tally, is_ended });
        }
        _ => {}
    }
    let sql = "SELECT state, allow_unpriced FROM prime_batch.job WHERE job = $1";
    let row = session.query_one(sql, &[&job.id.0]).await?;
    let state = JobState::parse(row.try_get("state")?);
    let allow_unpriced: bool = row.try_get("allow_unpriced")?;
    if state != JobState::Running {
        return Ok(Leased::NotRunning(state));
    }
    let states = claim(session, job, chunk, wanted).await?;
    let sql = "SELECT budget::text AS budget, (budget - spent - reserved)::text AS rest
         FROM prime_batch.ledger WHERE ledger = $1 FOR NO KEY UPDATE";
    let row = session.query_one(sql, &[&job.ledger]).await?;
    let has_budget = usd(&row, "budget")?.is_some();
    let rest = usd_sum(&row, "rest")?.usd().max(Usd::ZERO);
    let mut lease = Lease {
        chunk,
        token: 0,
        may_send: Vec::new(),
        unpriced: 0,
        reserved: Usd::ZERO,
    };
    let (mut sum, mut smallest) = (UsdSum::default(), None::<Usd>);
    for (place, (request, state)) in wanted.iter().zip(states).enumerate() {
        let Some(state) = state else { continue };
        if has_budget && request.bound.is_none() && !allow_unpriced {
            lease.unpriced += 1;
            continue;
        }
        sum += request.bound.unwrap_or_default();
        smallest = smallest.into_iter().chain(Some(request.bound.unwrap_or_default())).min();
        lease.may_send.push((place, state));
    }
    let Some(smallest) = smallest else {
        // Records what another job has answered meanwhile.
        let locked = lock(session, job.id, chunk).await?;
        let (tally, is_ended) = close(session, job.id, chunk, &locked, lease.unpriced).await?;
        return Ok(Leased::Nothing { tally, is_ended });
    };
    if has_budget && smallest > rest {
        return Ok(Leased::OverBudget);
    }
    lease.reserved = match has_budget {
        true => sum.usd().min(rest),
        false => sum.usd(),
    };
    let reserved = lease.reserved.to_string();
    let sql = "UPDATE prime_batch.ledger SET reserved = reserved + $2::text::numeric WHERE ledger = $1";
    session.execute(sql, &[&job.ledger, &reserved]).await?;
    let sql = "UPDATE prime_batch.chunk SET state = 'leased', token = nextval('prime_batch.token'), worker = $3,
            expires_at = now() + $4::bigint * interval '1 millisecond', reserved = $5::text::numeric, lease_spent = 0
         WHERE job = $1 AND chunk = $2 RETURNING token";
    let row = session
        .query_one(sql, &[&job.id.0, &chunk, &worker, &millis(time), &reserved])
        .await?;
    lease.token = row.try_get("token")?;
    Ok(Leased::Granted(lease))
}

/// Looks up the states of requests, and assigns those of other chunks to this one. Returns `None` for a request that may
/// not be sent.
async fn claim(
    session: &Session,
    job: &JobInfo,
    chunk: i64,
    wanted: &[Wanted],
) -> Result<Vec<Option<State>>, Fault> {
    let ids: Vec<&str> = wanted.iter().map(|request| request.key.id.as_str()).collect();
    let hashes: Vec<&[u8]> = wanted.iter().map(|request| &request.key.hash.0[..]).collect();
    let lines: Vec<i64> = wanted
        .iter()
        .map(|request| super::submit::integer(request.line))
        .collect();
    // Another job may have sent requests under a lease that has expired.
    let sql = "SELECT DISTINCT c.job, c.chunk FROM unnest($2::text[], $3::bytea[]) AS given (id, hash)
         JOIN prime_batch.request AS r ON r.ledger = $1 AND r.id = given.id AND r.hash = given.hash
         JOIN prime_batch.chunk AS c ON c.job = r.job AND c.chunk = r.chunk
         WHERE r.state = 'sent' AND c.expires_at <= now() ORDER BY c.job, c.chunk";
    for row in session.query(sql, &[&job.ledger, &ids, &hashes]).await? {
        let (other, chunk) = (JobId(row.try_get("job")?), row.try_get("chunk")?);
        let locked = lock(session, other, chunk).await?;
        if locked.state == "leased" && locked.remaining.is_none() {
            close(session, other, chunk, &locked, 0).await?;
        }
    }
    let sql = "UPDATE prime_batch.request AS r SET job = $4, chunk = $5, line = given.line
         FROM unnest($2::text[], $3::bytea[], $6::bigint[]) AS given (id, hash, line)
         WHERE r.ledger = $1 AND r.id = given.id AND r.hash = given.hash AND r.state <> 'sent'
           AND (r.job, r.chunk, r.line) IS DISTINCT FROM ($4, $5, given.line)";
    session
        .execute(sql, &[&job.ledger, &ids, &hashes, &job.id.0, &chunk, &lines])
        .await?;
    // What failed since the job was submitted is not asked again.
    let sql = "SELECT given.place, r.state, r.state = 'unsent'
                OR r.state = 'failed' AND j.ask_failed AND r.done_at < j.submitted_at
                OR r.state = 'ambiguous' AND j.ask_ambiguous AND (r.is_interrupted OR r.done_at < j.submitted_at) AS may_send
         FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY AS given (id, hash, place)
         JOIN prime_batch.request AS r ON r.ledger = $1 AND r.id = given.id AND r.hash = given.hash
         JOIN prime_batch.job AS j ON j.job = $4";
    let rows = session
        .query(sql, &[&job.ledger, &ids, &hashes, &job.id.0])
        .await?;
    let mut states = vec![Some(State::Unsent); wanted.len()];
    for row in rows {
        let place = usize::try_from(count(&row, "place")?).unwrap_or(usize::MAX);
        let may_send: bool = row.try_get("may_send")?;
        if let Some(state) = states.get_mut(place.wrapping_sub(1)) {
            *state = may_send.then_some(read_state(&row)?);
        }
    }
    Ok(states)
}

pub(super) fn read_state(row: &Row) -> Result<State, Fault> {
    let state: &str = row.try_get("state")?;
    State::parse(state).ok_or_else(|| super::connection::unreadable("state"))
}

/// Locks a chunk until the transaction ends.
async fn lock(session: &Session, job: JobId, chunk: i64) -> Result<Locked, Fault> {
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
        remaining: remaining.filter(|left| *left > 0).map(Duration::from_millis),
        reserved: usd(&row, "reserved")?.unwrap_or_default(),
        spent: usd_sum(&row, "spent")?,
    })
}

/// Ends the lease of a chunk that is locked, if it has one. Requests that are still recorded as sent become ambiguous: an
/// outcome may still be recorded by the worker that sent them.
async fn close(
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
         SELECT count(*) AS requests, coalesce(sum(bound), 0)::text AS held FROM closed";
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
    let interrupted = count(&row, "requests")?;
    let mut spent = locked.spent;
    spent += usd_sum(&row, "held")?;
    let sql = "UPDATE prime_batch.chunk AS c
         SET token = nextval('prime_batch.token'), worker = NULL, expires_at = NULL, reserved = 0, lease_spent = 0,
           answered = sums.answered, failed = sums.failed, ambiguous = sums.ambiguous, unpriced = $3, changes = changes + 1,
           state = CASE WHEN c.requests > sums.answered + sums.failed + sums.ambiguous + $3
               OR $4 AND (SELECT ask_ambiguous FROM prime_batch.job WHERE job = $1) THEN 'open' ELSE 'ended' END
         FROM (SELECT count(*) FILTER (WHERE state = 'answered') AS answered,
                 count(*) FILTER (WHERE state = 'failed') AS failed,
                 count(*) FILTER (WHERE state = 'ambiguous') AS ambiguous
               FROM prime_batch.request WHERE job = $1 AND chunk = $2) AS sums
         WHERE c.job = $1 AND c.chunk = $2";
    let unpriced = i32::try_from(unpriced).unwrap_or(i32::MAX);
    session
        .execute(sql, &[&job.0, &chunk, &unpriced, &(interrupted > 0)])
        .await?;
    let sql = "UPDATE prime_batch.ledger SET reserved = reserved - $2::text::numeric, spent = spent + $3::text::numeric
         WHERE ledger = (SELECT ledger FROM prime_batch.job WHERE job = $1)";
    let (reserved, spent) = (locked.reserved.to_string(), spent.to_string());
    session.execute(sql, &[&job.0, &reserved, &spent]).await?;
    read(session, job, chunk).await
}

/// Returns the requests of a chunk in each state, and whether it has none that may be sent.
async fn read(session: &Session, job: JobId, chunk: i64) -> Result<(Tally, bool), Fault> {
    let sql = "SELECT state, answered::bigint AS answered, failed::bigint AS failed, ambiguous::bigint AS ambiguous,
            unpriced::bigint AS unpriced, requests::bigint AS requests
         FROM prime_batch.chunk WHERE job = $1 AND chunk = $2";
    let row = session.query_one(sql, &[&job.0, &chunk]).await?;
    let state: &str = row.try_get("state")?;
    Ok((read_tally(&row)?, state == "ended"))
}

fn no_chunk(job: JobId, chunk: i64) -> Fault {
    Fault::Ledger(LedgerError::NoJob {
        path: String::new(),
        what: format!("chunk {chunk} of job {job}"),
    })
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
