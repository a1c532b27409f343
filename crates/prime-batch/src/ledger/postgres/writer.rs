//! Records what many requests need in one transaction.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::join4;
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::types::ToSql;

use super::JobInfo;
use super::columns::{EndColumns, SendColumns};
use super::connection::{BEGIN, Connection, Fault, Session, run};
use super::lease::read_state;
use crate::key::{BodyHash, Key};
use crate::ledger::{Admission, Decline, Done, LedgerError, Paid, Sending, State};

/// The largest number of changes in one transaction.
const MAX_GROUP: usize = 1_024;

/// A change of one request.
#[derive(Debug)]
pub(crate) enum Change {
    Send(Send, oneshot::Sender<Result<Admission, LedgerError>>),
    End(Box<Ended>, oneshot::Sender<Result<(), LedgerError>>),
}

/// A request that is recorded as sent.
#[derive(Debug)]
pub(crate) struct Send {
    pub(crate) chunk: i64,
    pub(crate) token: i64,
    pub(crate) sending: Sending,
    /// Whether an earlier try, of which nobody knows whether it succeeded, may have recorded the request.
    pub(crate) is_uncertain: bool,
}

/// The end of an attempt.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) chunk: i64,
    pub(crate) token: i64,
    pub(crate) number: i64,
    /// [`State::Unsent`], or the state of the outcome.
    pub(crate) state: State,
    /// How many attempts may have been carried out although no answer arrived.
    pub(crate) unknown_attempts: u32,
    /// Whether the request did not leave.
    pub(crate) is_withdrawn: bool,
    /// `None` if the request may be sent again.
    pub(crate) done: Option<Done>,
    pub(crate) paid: Paid,
}

/// The task that writes. It ends when the sender is dropped, after all changes are written.
pub(crate) fn start(connection: Arc<Connection>, job: &JobInfo) -> mpsc::UnboundedSender<Change> {
    let (sender, mut changes) = mpsc::unbounded_channel();
    let (job, ledger) = (job.id.0, job.ledger);
    tokio::spawn(async move {
        let mut group = Vec::new();
        while changes.recv_many(&mut group, MAX_GROUP).await > 0 {
            write(&connection, job, ledger, std::mem::take(&mut group)).await;
        }
    });
    sender
}

/// Writes a group of changes in one transaction, and ends the futures that wait for them.
async fn write(connection: &Connection, job: i64, ledger: i64, group: Vec<Change>) {
    let (mut sends, mut replies) = (Vec::new(), Vec::new());
    let (mut ends, mut end_replies) = (Vec::new(), Vec::new());
    for change in group {
        match change {
            Change::Send(send, reply) => {
                sends.push(send);
                replies.push(reply);
            }
            Change::End(ended, reply) => {
                ends.push(*ended);
                end_replies.push(reply);
            }
        }
    }
    let written = run!(connection, |session, is_repeated| {
        write_group(session, job, ledger, &sends, &ends, is_repeated).await
    });
    // Nobody waits if a request was cancelled.
    match written {
        Ok((admissions, ended)) => {
            for (reply, admission) in replies.into_iter().zip(admissions) {
                let _ = reply.send(Ok(admission));
            }
            for (reply, is_recorded) in end_replies.into_iter().zip(ended) {
                let _ = reply.send(match is_recorded {
                    true => Ok(()),
                    false => Err(LedgerError::RequestLost),
                });
            }
        }
        Err(error) => {
            for reply in replies {
                let _ = reply.send(Err(error.clone()));
            }
            for reply in end_replies {
                let _ = reply.send(Err(error.clone()));
            }
        }
    }
}

/// Locks chunks, in their order, until the transaction ends, so that their leases do not end meanwhile.
///
/// These statements look up each row by itself (`LATERAL`, `OFFSET 0`), whatever the server knows about the size of the
/// tables, which grow quickly.
const LOCK: &str = "SELECT 1 FROM unnest($2::bigint[]) AS given (number)
     CROSS JOIN LATERAL (SELECT 1 FROM prime_batch.chunk WHERE job = $1 AND chunk = given.number
       FOR NO KEY UPDATE) AS locked";

/// Records requests as sent whose lease is in force.
const SEND: &str = "INSERT INTO prime_batch.request AS r
       (ledger, job, chunk, token, id, hash, line, model, bound, state, attempts, sent_at)
     SELECT $2, $1, given.chunk, given.token, given.id, given.hash, given.line, given.model, given.bound::numeric, 'sent', 1,
       clock_timestamp()
     FROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::bytea[], $7::bigint[], $8::text[], $9::text[])
       AS given (chunk, token, id, hash, line, model, bound)
     CROSS JOIN LATERAL (SELECT 1 FROM prime_batch.chunk AS c WHERE c.job = $1 AND c.chunk = given.chunk
       AND c.token = given.token AND c.expires_at > clock_timestamp() OFFSET 0) AS lease
     ORDER BY given.id, given.hash
     ON CONFLICT (ledger, id, hash) DO UPDATE SET state = 'sent', is_interrupted = false, attempts = r.attempts + 1,
       job = excluded.job, chunk = excluded.chunk, token = excluded.token, line = excluded.line, bound = excluded.bound,
       sent_at = excluded.sent_at, done_at = NULL, error_code = NULL, error = NULL
     WHERE r.state = 'unsent' OR r.state = 'failed' AND $10 OR r.state = 'ambiguous' AND $11
     RETURNING number, id, hash";

/// Finds out why requests were not recorded as sent.
const REFUSED: &str = "SELECT given.id, given.hash, r.number, r.state, r.token, lease.chunk IS NOT NULL AS has_lease
     FROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::bytea[]) AS given (chunk, token, id, hash)
     LEFT JOIN LATERAL (SELECT q.number, q.state, q.token FROM prime_batch.request AS q
       WHERE q.ledger = $2 AND q.id = given.id AND q.hash = given.hash OFFSET 0) AS r ON true
     LEFT JOIN LATERAL (SELECT c.chunk FROM prime_batch.chunk AS c WHERE c.job = $1 AND c.chunk = given.chunk
       AND c.token = given.token AND c.expires_at > clock_timestamp() OFFSET 0) AS lease ON true";

/// Records the ends of attempts. A request is still in flight, or became ambiguous when its lease ended; in the second
/// case, its bound is no longer held. The cost is that of the lease, or that of the ledger if the lease has ended.
const END: &str = "WITH given AS (
       SELECT given.*, r.is_interrupted, CASE WHEN r.is_interrupted THEN coalesce(r.bound, 0) END AS released
       FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::int[], $8::int[], $9::bigint[],
           $10::int[], $11::text[], $12::bytea[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[],
           $18::bigint[], $19::bigint[])
         AS given (chunk, token, number, state, unknown_attempts, withdrawn, latency_ms, status, request_id, answer,
           error_code, error, known, estimated, held, prompt_tokens, completion_tokens)
       JOIN prime_batch.request AS r ON r.number = given.number AND r.token = given.token
       WHERE r.state = 'sent' OR r.is_interrupted ORDER BY r.number FOR NO KEY UPDATE OF r),
     ended AS (
       UPDATE prime_batch.request AS r SET state = given.state, is_interrupted = false,
         attempts = r.attempts - given.withdrawn,
         unknown_attempts = r.unknown_attempts - given.is_interrupted::int + given.unknown_attempts,
         done_at = CASE WHEN given.state = 'unsent' THEN NULL ELSE now() END, latency_ms = given.latency_ms,
         status = given.status, request_id = given.request_id, answer = given.answer, error_code = given.error_code,
         error = given.error,
         known_cost = CASE WHEN given.known IS NULL THEN r.known_cost ELSE coalesce(r.known_cost, 0) + given.known::numeric END,
         estimated_cost = CASE WHEN given.estimated IS NULL THEN r.estimated_cost
           ELSE coalesce(r.estimated_cost, 0) + given.estimated::numeric END,
         held = CASE
           WHEN given.held IS NOT NULL THEN coalesce(r.held, 0) - coalesce(given.released, 0) + given.held::numeric
           WHEN NOT given.is_interrupted THEN r.held
           WHEN r.unknown_attempts > 1 THEN r.held - given.released
           ELSE NULLIF(r.held - given.released, 0) END,
         prompt_tokens = given.prompt_tokens, completion_tokens = given.completion_tokens
       FROM given WHERE r.number = given.number
       RETURNING r.number, r.job, r.chunk, given.is_interrupted, given.chunk AS lease, given.token,
         coalesce(given.known::numeric, 0) + coalesce(given.estimated::numeric, 0) + coalesce(given.held::numeric, 0)
           - coalesce(given.released, 0) AS paid),
     leases AS (
       UPDATE prime_batch.chunk AS c SET lease_spent = c.lease_spent + sums.paid
       FROM (SELECT lease, token, sum(paid) AS paid FROM ended WHERE NOT is_interrupted GROUP BY lease, token) AS sums
       WHERE c.job = $1 AND c.chunk = sums.lease AND c.token = sums.token),
     late AS (
       UPDATE prime_batch.ledger AS l SET spent = l.spent + sums.paid
       FROM (SELECT sum(paid) AS paid FROM ended WHERE is_interrupted HAVING count(*) > 0) AS sums WHERE l.ledger = $2)
     SELECT number, job, chunk, is_interrupted FROM ended";

/// Counts the requests of chunks again, in which an outcome was recorded after their leases had ended.
const COUNT: &str = "UPDATE prime_batch.chunk AS c
     SET answered = sums.answered, failed = sums.failed, ambiguous = sums.ambiguous, changes = changes + 1,
       state = CASE WHEN c.requests > sums.answered + sums.failed + sums.ambiguous + c.unpriced THEN 'open' ELSE state END
     FROM (SELECT given.job, given.chunk, count(*) FILTER (WHERE state = 'answered') AS answered,
             count(*) FILTER (WHERE state = 'failed') AS failed,
             count(*) FILTER (WHERE state = 'ambiguous') AS ambiguous
           FROM (SELECT DISTINCT * FROM unnest($1::bigint[], $2::bigint[]) AS late (job, chunk)) AS given
           JOIN prime_batch.request AS r ON r.job = given.job AND r.chunk = given.chunk
           GROUP BY given.job, given.chunk) AS sums
     WHERE c.job = sums.job AND c.chunk = sums.chunk AND c.state <> 'leased'";

/// Finds ends that were recorded before.
const RECORDED: &str = "SELECT number FROM prime_batch.request JOIN unnest($1::bigint[], $2::bigint[]) AS given (number, token)
     USING (number, token) WHERE state <> 'sent' AND NOT is_interrupted";

/// Writes a group of changes. Returns whether each request is admitted, and whether each end is recorded.
async fn write_group(
    session: &Session,
    job: i64,
    ledger: i64,
    sends: &[Send],
    ends: &[Ended],
    is_repeated: bool,
) -> Result<(Vec<Admission>, Vec<bool>), Fault> {
    let chunks: Vec<i64> = sends
        .iter()
        .map(|send| send.chunk)
        .chain(ends.iter().map(|ended| ended.chunk))
        .collect::<BTreeSet<i64>>()
        .into_iter()
        .collect();
    // Requests of one job are sent under the same options.
    let again = sends
        .first()
        .map(|send| send.sending.again)
        .unwrap_or_default();
    let columns = SendColumns::of(sends);
    let end_columns = EndColumns::of(ends);
    let (send, end) = (
        columns.values(&job, &ledger, &again),
        end_columns.values(&job, &ledger),
    );
    let lock: [&(dyn ToSql + Sync); 2] = [&job, &chunks];
    let [lock_sql, send_sql, end_sql] = [
        session.prepare(LOCK).await?,
        session.prepare(SEND).await?,
        session.prepare(END).await?,
    ];
    let client = session.client();
    // They are sent at once, and the server executes them in this order.
    let (begun, locked, sent, ended) = join4(
        client.batch_execute(BEGIN),
        client.query(&lock_sql, &lock),
        async {
            match sends.is_empty() {
                true => Ok(Vec::new()),
                false => client.query(&send_sql, &send).await,
            }
        },
        async {
            match ends.is_empty() {
                true => Ok(Vec::new()),
                false => client.query(&end_sql, &end).await,
            }
        },
    )
    .await;
    begun?;
    locked?;
    let (sent, ended) = (sent?, ended?);

    let mut numbers = HashMap::with_capacity(sent.len());
    for row in &sent {
        numbers.insert(read_key(row)?, row.try_get("number")?);
    }
    let mut admissions: HashMap<Key, Admission> = HashMap::new();
    if numbers.len() < sends.len() {
        let missing: Vec<&Send> = sends
            .iter()
            .filter(|send| !numbers.contains_key(&send.sending.key))
            .collect();
        admissions = refused(session, job, ledger, &missing, is_repeated).await?;
    }
    let mut recorded = Vec::with_capacity(ends.len());
    let (mut late_jobs, mut late_chunks) = (Vec::<i64>::new(), Vec::<i64>::new());
    for row in &ended {
        recorded.push(row.try_get::<_, i64>("number")?);
        if row.try_get("is_interrupted")? {
            late_jobs.push(row.try_get("job")?);
            late_chunks.push(row.try_get("chunk")?);
        }
    }
    if !late_jobs.is_empty() {
        session.execute(COUNT, &[&late_jobs, &late_chunks]).await?;
    }
    if recorded.len() < ends.len() {
        let numbers: Vec<i64> = ends.iter().map(|ended| ended.number).collect();
        let tokens: Vec<i64> = ends.iter().map(|ended| ended.token).collect();
        for row in session.query(RECORDED, &[&numbers, &tokens]).await? {
            recorded.push(row.try_get("number")?);
        }
    }
    session.commit().await?;

    let admission = |send: &Send| {
        let key = &send.sending.key;
        match numbers.get(key) {
            Some(number) => Admission::Admitted(*number),
            None => admissions
                .get(key)
                .copied()
                .unwrap_or(Admission::Declined(Decline::LeaseLost)),
        }
    };
    recorded.sort_unstable();
    let is_recorded = |ended: &Ended| recorded.binary_search(&ended.number).is_ok();
    Ok((
        sends.iter().map(admission).collect(),
        ends.iter().map(is_recorded).collect(),
    ))
}

/// Returns why requests were not recorded as sent. If an earlier try may have recorded one, the ledger says whether it
/// did: no other process has the token.
async fn refused(
    session: &Session,
    job: i64,
    ledger: i64,
    missing: &[&Send],
    is_repeated: bool,
) -> Result<HashMap<Key, Admission>, Fault> {
    let chunks: Vec<i64> = missing.iter().map(|send| send.chunk).collect();
    let tokens: Vec<i64> = missing.iter().map(|send| send.token).collect();
    let ids: Vec<&str> = missing
        .iter()
        .map(|send| send.sending.key.id.as_str())
        .collect();
    let hashes: Vec<&[u8]> = missing
        .iter()
        .map(|send| &send.sending.key.hash.0[..])
        .collect();
    let sends: HashMap<&Key, &Send> = missing
        .iter()
        .map(|send| (&send.sending.key, *send))
        .collect();
    let rows = session
        .query(REFUSED, &[&job, &ledger, &chunks, &tokens, &ids, &hashes])
        .await?;
    let mut admissions = HashMap::new();
    for row in rows {
        let key = read_key(&row)?;
        let Some(send) = sends.get(&key) else {
            continue;
        };
        let number: Option<i64> = row.try_get("number")?;
        let state = match number {
            Some(_) => read_state(&row)?,
            None => State::Unsent,
        };
        let token: Option<i64> = row.try_get("token")?;
        let is_ours = state == State::Sent && token == Some(send.token);
        let admission = match number {
            Some(number) if is_ours && (is_repeated || send.is_uncertain) => {
                Admission::Admitted(number)
            }
            _ if !row.try_get::<_, bool>("has_lease")? => Admission::Declined(Decline::LeaseLost),
            _ => Admission::NotAllowed(state),
        };
        admissions.insert(key, admission);
    }
    Ok(admissions)
}

fn read_key(row: &tokio_postgres::Row) -> Result<Key, Fault> {
    let hash: &[u8] = row.try_get("hash")?;
    let hash = hash.try_into();
    Ok(Key {
        id: row.try_get("id")?,
        hash: BodyHash(hash.map_err(|_| super::connection::unreadable("hash"))?),
    })
}
