//! Takes leases of chunks.

use std::collections::HashMap;
use std::time::Duration;

use prime_ext::{Usd, UsdSum};
use tokio_postgres::Row;

use super::close::{close, lock, read};
use super::connection::{Fault, Session, count, run, usd, usd_sum};
use super::job::again;
use super::submit::integer;
use super::{JobId, JobInfo, JobState, PostgresLedger, Tally};
use crate::key::Key;
use crate::ledger::{LedgerError, State};

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
    /// Whether there is a budget, so that no more than that may be spent.
    pub(crate) has_budget: bool,
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
    /// The job is paused or cancelled.
    NotRunning(JobState),
    /// The rest of the budget is too small.
    OverBudget,
}

impl PostgresLedger {
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
        run!(self.control(), |session, is_repeated| {
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
        })
    }
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
    if matches!(state, JobState::Paused | JobState::Cancelled) {
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
        has_budget,
    };
    let (mut sum, mut smallest) = (UsdSum::default(), None::<Usd>);
    for (place, (request, state)) in wanted.iter().zip(states).enumerate() {
        let Some(state) = state else { continue };
        if has_budget && request.bound.is_none() && !allow_unpriced {
            lease.unpriced += 1;
            continue;
        }
        sum += request.bound.unwrap_or_default();
        smallest = smallest
            .into_iter()
            .chain(Some(request.bound.unwrap_or_default()))
            .min();
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
    let sql =
        "UPDATE prime_batch.ledger SET reserved = reserved + $2::text::numeric WHERE ledger = $1";
    session.execute(sql, &[&job.ledger, &reserved]).await?;
    let sql = "UPDATE prime_batch.chunk SET state = 'leased', token = nextval('prime_batch.token'), worker = $3,
            expires_at = now() + $4::bigint * interval '1 millisecond', reserved = $5::text::numeric, lease_spent = 0
         WHERE job = $1 AND chunk = $2 RETURNING token";
    let row = session
        .query_one(
            sql,
            &[
                &job.id.0,
                &chunk,
                &worker,
                &super::job::millis(time),
                &reserved,
            ],
        )
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
    let ids: Vec<&str> = wanted
        .iter()
        .map(|request| request.key.id.as_str())
        .collect();
    let hashes: Vec<&[u8]> = wanted
        .iter()
        .map(|request| &request.key.hash.0[..])
        .collect();
    // `OFFSET 0` makes it a lookup of each key, whatever the server knows about the size of the table.
    let sql = "SELECT given.place, r.number, r.state
         FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY AS given (id, hash, place)
         CROSS JOIN LATERAL (SELECT q.number, q.state FROM prime_batch.request AS q
           WHERE q.ledger = $1 AND q.id = given.id AND q.hash = given.hash OFFSET 0) AS r";
    let rows = session.query(sql, &[&job.ledger, &ids, &hashes]).await?;
    let (mut numbers, mut lines) = (Vec::<i64>::new(), Vec::<i64>::new());
    let (mut places, mut is_sent) = (HashMap::new(), false);
    for row in rows {
        let place = usize::try_from(count(&row, "place")?).unwrap_or(0);
        let place = place.wrapping_sub(1);
        let number: i64 = row.try_get("number")?;
        numbers.push(number);
        lines.push(wanted.get(place).map_or(0, |wanted| integer(wanted.line)));
        places.insert(number, place);
        is_sent |= read_state(&row)? == State::Sent;
    }
    let mut states = vec![Some(State::Unsent); wanted.len()];
    if numbers.is_empty() {
        return Ok(states);
    }
    if is_sent {
        close_expired(session, &numbers).await?;
    }
    let sql = "UPDATE prime_batch.request AS r SET job = $3, chunk = $4, line = given.line
         FROM unnest($1::bigint[], $2::bigint[]) AS given (number, line)
         WHERE r.number = given.number AND r.state <> 'sent'
           AND (r.job, r.chunk, r.line) IS DISTINCT FROM ($3, $4, given.line)";
    session
        .execute(sql, &[&numbers, &lines, &job.id.0, &chunk])
        .await?;
    let sql = concat!(
        "SELECT r.number, r.state, r.state = 'unsent' OR ",
        again!(),
        " AS may_send
         FROM unnest($1::bigint[]) AS given (number)
         JOIN prime_batch.request AS r ON r.number = given.number
         JOIN prime_batch.job AS j ON j.job = $2"
    );
    for row in session.query(sql, &[&numbers, &job.id.0]).await? {
        let place = places.get(&row.try_get::<_, i64>("number")?);
        let may_send: bool = row.try_get("may_send")?;
        if let Some(state) = place.and_then(|place| states.get_mut(*place)) {
            *state = may_send.then_some(read_state(&row)?);
        }
    }
    Ok(states)
}

/// Ends the leases under which requests were sent and that have expired: another job may have left them.
async fn close_expired(session: &Session, numbers: &[i64]) -> Result<(), Fault> {
    let sql = "SELECT DISTINCT c.job, c.chunk FROM unnest($1::bigint[]) AS given (number)
         JOIN prime_batch.request AS r ON r.number = given.number
         JOIN prime_batch.chunk AS c ON c.job = r.job AND c.chunk = r.chunk
         WHERE r.state = 'sent' AND c.expires_at <= now() ORDER BY c.job, c.chunk";
    for row in session.query(sql, &[&numbers]).await? {
        let (job, chunk) = (JobId(row.try_get("job")?), row.try_get("chunk")?);
        let locked = lock(session, job, chunk).await?;
        if locked.state == "leased" && locked.remaining.is_none() {
            close(session, job, chunk, &locked, 0).await?;
        }
    }
    Ok(())
}

pub(super) fn read_state(row: &Row) -> Result<State, Fault> {
    let state: &str = row.try_get("state")?;
    State::parse(state).ok_or_else(|| super::connection::unreadable("state"))
}
