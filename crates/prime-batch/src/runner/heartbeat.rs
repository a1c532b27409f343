//! Renews the leases, and applies changes of the job.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant, SystemTime};

use super::{ChunkEnd, Shared};
use crate::ledger::Ledger as _;
use crate::ledger::postgres::{Connection, JobState, renew};

/// Starts the task that renews the leases. It ends when nothing uses the runner any more.
pub(super) fn start(shared: &Arc<Shared>) {
    // A connection of its own, so that renewals do not wait for other work.
    let connection = shared.ledger.connection();
    let (weak, time) = (Arc::downgrade(shared), shared.lease_time);
    tokio::spawn(async move {
        while beat(&weak, &connection).await.is_some() {
            tokio::time::sleep(time / 5).await;
        }
    });
}

/// Returns until when a lease is in force that was taken or renewed after a time.
pub(super) fn until(start: (Instant, SystemTime), lease_time: Duration) -> (Instant, SystemTime) {
    // The clock of the server may be a little faster.
    let time = lease_time - lease_time / 10;
    (start.0 + time, start.1 + time)
}

/// Renews the leases. Returns `None` if nothing uses the runner any more.
async fn beat(shared: &Weak<Shared>, connection: &Connection) -> Option<()> {
    let shared = shared.upgrade()?;
    let held = shared.feed.held();
    let leases: Vec<(i64, i64)> = held.iter().map(|held| (held.chunk, held.token)).collect();
    let progress = shared.feed.progress();
    let level = shared.leases.level().unwrap_or(progress.level);
    let start = (Instant::now(), SystemTime::now());
    let (job, worker, time) = (shared.job.id, &shared.worker, shared.lease_time);
    let renewed = renew(
        connection,
        job,
        worker,
        time,
        &leases,
        progress.in_flight,
        level,
    );
    // If it fails, the leases run out, and the next try may still renew them.
    let Ok(renewed) = renewed.await else {
        return Some(());
    };
    for held in held {
        match renewed.tokens.contains(&held.token) {
            true => held.renew(until(start, time)),
            false => held.lose(),
        }
    }
    shared.leases.set_limits(renewed.job.limits);
    shared.feed.set_options(&renewed.job.options);
    match renewed.job.state {
        JobState::Running | JobState::Done => {}
        JobState::Paused => shared.feed.give_back_all(&ChunkEnd::Paused),
        JobState::Cancelled => shared.feed.give_back_all(&ChunkEnd::Cancelled),
    }
    Some(())
}
