//! Asks one chunk: takes the lease, waits for the outcomes, ends the lease.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::feed::Entered;
use super::{ChunkEnd, ChunkReport, Shared, heartbeat, output};
use crate::batch::blocking;
use crate::error::Error;
use crate::key::Key;
use crate::ledger::postgres::{JobState, Leased, Tally, Wanted};
use crate::request::Request;

/// When to ask again for a chunk that this process still has.
const BUSY: Duration = Duration::from_secs(1);

/// Asks a chunk.
pub(super) async fn run(shared: Arc<Shared>, chunk: i64) -> Result<ChunkReport, Error> {
    let end = match shared.feed.enter(chunk) {
        Entered::Yes => None,
        Entered::Busy => Some(ChunkEnd::Held(BUSY)),
        Entered::Stopping => Some(ChunkEnd::Stopped),
    };
    if let Some(end) = end {
        let tally = shared.ledger.chunk(shared.job.id, chunk).await?.tally;
        return Ok(ChunkReport { tally, end });
    }
    let _guard = Leave(&shared, chunk);
    ask(&shared, chunk).await
}

/// Records that a chunk is not asked any more.
struct Leave<'a>(&'a Shared, i64);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.feed.leave(self.1);
    }
}

async fn ask(shared: &Arc<Shared>, chunk: i64) -> Result<ChunkReport, Error> {
    let record = shared.ledger.chunk(shared.job.id, chunk).await?;
    let ended = |tally: Tally, end: ChunkEnd| Ok(ChunkReport { tally, end });
    if record.is_ended {
        output::write_part(shared, chunk, None).await?;
        return ended(record.tally, ChunkEnd::Complete);
    }
    let input = shared.job.input.clone();
    let requests = blocking(move || input.read_chunk(&record.chunk)).await?;
    let wanted: Vec<Wanted> = requests
        .iter()
        .map(|request| Wanted {
            key: request.key().clone(),
            line: request.line(),
            bound: shared.models.bound(request),
        })
        .collect();
    let keys: Vec<Key> = wanted.iter().map(|request| request.key.clone()).collect();
    let start = (Instant::now(), SystemTime::now());
    let (job, worker, time) = (&shared.job, &shared.worker, shared.lease_time);
    let leased = shared.ledger.lease(job, chunk, worker, time, &wanted);
    let lease = match leased.await? {
        Leased::Granted(lease) => lease,
        Leased::Nothing {
            tally,
            is_ended: true,
        } => {
            output::write_part(shared, chunk, Some(keys)).await?;
            return ended(tally, ChunkEnd::Complete);
        }
        Leased::Nothing { tally, .. } => return ended(tally, ChunkEnd::Incomplete),
        Leased::Held(time) => return ended(record.tally, ChunkEnd::Held(time)),
        Leased::NotRunning(JobState::Paused) => return ended(record.tally, ChunkEnd::Paused),
        Leased::NotRunning(_) => return ended(record.tally, ChunkEnd::Cancelled),
        Leased::OverBudget => return ended(record.tally, ChunkEnd::Budget),
    };
    let until = heartbeat::until(start, time);
    let held = shared.leases.add(&lease, until, |place| keys.get(place));
    let may_send: HashSet<usize> = lease.may_send.iter().map(|(place, _)| *place).collect();
    let requests = requests.into_iter().enumerate();
    let requests = requests.filter(|(place, _)| may_send.contains(place));
    let requests: Vec<Request> = requests.map(|(_, request)| request).collect();
    shared.feed.add(shared, &held, requests);
    let waited = shared.feed.wait(&held).await;
    shared.leases.remove(&held, keys.iter());

    let unpriced = lease.unpriced + waited.unpriced;
    let finished = shared
        .ledger
        .finish(job.id, chunk, lease.token, unpriced)
        .await?;
    let end = waited.end.transpose()?;
    let Some((tally, is_ended)) = finished else {
        // Outcomes may have been recorded since the lease ended.
        let record = shared.ledger.chunk(job.id, chunk).await?;
        if record.is_ended {
            output::write_part(shared, chunk, Some(keys)).await?;
        }
        return ended(record.tally, ChunkEnd::LeaseLost);
    };
    if is_ended {
        output::write_part(shared, chunk, Some(keys)).await?;
        return ended(tally, ChunkEnd::Complete);
    }
    ended(tally, end.unwrap_or(ChunkEnd::Incomplete))
}
