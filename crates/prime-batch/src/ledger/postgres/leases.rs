//! The ledger of one worker: its leases, and the requests that it sends under them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use prime_ext::Usd;
use tokio::sync::{Notify, mpsc, oneshot};

use super::lease::Lease;
use super::rate::SharedRate;
use super::writer::{self, Change, Ended, Send};
use super::{JobInfo, PostgresLedger};
use crate::key::Key;
use crate::ledger::{Admission, Decline, Done, Ledger, LedgerError, Limits, Paid, Sending, State};

/// A lease of this process.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) chunk: i64,
    pub(crate) token: i64,
    /// The time until which it is in force, by both clocks: that of the operating system may stand still while a machine
    /// sleeps, and the other may be changed.
    until: Mutex<(Instant, SystemTime)>,
    is_lost: AtomicBool,
    is_given_back: AtomicBool,
    /// The rest of what is reserved for it. `None` if there is no budget.
    rest: Mutex<Option<Usd>>,
    /// Requests that are recorded as sent, or about to be.
    in_flight: AtomicU32,
    /// Notified when the lease is lost or given back, and when a request ends.
    pub(crate) changed: Notify,
}

impl Held {
    fn new(lease: &Lease, until: (Instant, SystemTime)) -> Self {
        Self {
            chunk: lease.chunk,
            token: lease.token,
            until: Mutex::new(until),
            is_lost: AtomicBool::new(false),
            is_given_back: AtomicBool::new(false),
            rest: Mutex::new(lease.has_budget.then_some(lease.reserved)),
            in_flight: AtomicU32::new(0),
            changed: Notify::new(),
        }
    }

    /// Returns whether requests may be sent, or why not.
    fn check(&self) -> Result<(), Decline> {
        let (until, wall) = *get(&self.until);
        if self.is_lost() || Instant::now() >= until || SystemTime::now() >= wall {
            return Err(Decline::LeaseLost);
        }
        match self.is_given_back() {
            true => Err(Decline::GivenBack),
            false => Ok(()),
        }
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Acquire)
    }

    pub(crate) fn is_given_back(&self) -> bool {
        self.is_given_back.load(Ordering::Acquire)
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.in_flight.load(Ordering::Acquire) == 0
    }

    /// Records that the lease was renewed until a time.
    pub(crate) fn renew(&self, until: (Instant, SystemTime)) {
        *get(&self.until) = until;
    }

    /// Records that another worker has the chunk.
    pub(crate) fn lose(&self) {
        self.is_lost.store(true, Ordering::Release);
        self.changed.notify_one();
    }

    /// Sends no more requests.
    pub(crate) fn give_back(&self) {
        self.is_given_back.store(true, Ordering::Release);
        self.changed.notify_one();
    }

    /// Takes an amount from what is reserved. Returns `false` if the rest is smaller.
    fn take(&self, bound: Option<Usd>) -> bool {
        match (bound, &mut *get(&self.rest)) {
            (Some(bound), Some(rest)) if bound > *rest => false,
            (Some(bound), Some(rest)) => {
                *rest -= bound;
                true
            }
            _ => true,
        }
    }

    fn put_back(&self, amount: Usd) {
        if let Some(rest) = &mut *get(&self.rest) {
            *rest += amount;
        }
    }

    fn begin(&self) {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
    }

    fn end(&self) {
        self.in_flight.fetch_sub(1, Ordering::AcqRel);
        self.changed.notify_one();
    }
}

/// A request that may be sent.
#[derive(Debug)]
struct Slot {
    lease: Arc<Held>,
    state: State,
    /// Whether a try, of which nobody knows whether it succeeded, may have recorded it as sent.
    is_uncertain: bool,
}

/// A request that is recorded as sent.
#[derive(Debug, Clone)]
struct InFlight {
    lease: Arc<Held>,
    bound: Option<Usd>,
}

/// The ledger of one worker. It knows the lease of each request.
#[derive(Debug)]
pub(crate) struct Leases {
    ledger: PostgresLedger,
    job: JobInfo,
    changes: mpsc::UnboundedSender<Change>,
    slots: Mutex<HashMap<Key, Slot>>,
    in_flight: Mutex<HashMap<i64, InFlight>>,
    limits: RwLock<Limits>,
    level: AtomicU32,
    rate: SharedRate,
}

impl Leases {
    pub(crate) fn new(ledger: PostgresLedger, job: JobInfo, level: Option<u32>) -> Self {
        let writer = writer::start(Arc::new(ledger.connection()), &job);
        Self {
            limits: RwLock::new(job.limits),
            ledger,
            job,
            changes: writer,
            slots: Mutex::default(),
            in_flight: Mutex::default(),
            level: AtomicU32::new(level.unwrap_or(0)),
            rate: SharedRate::default(),
        }
    }

    /// Adds the requests of a lease. The first of them has the place 0.
    pub(crate) fn add<'a>(
        &self,
        lease: &Lease,
        until: (Instant, SystemTime),
        keys: impl Fn(usize) -> Option<&'a Key>,
    ) -> Arc<Held> {
        let held = Arc::new(Held::new(lease, until));
        let mut slots = get(&self.slots);
        for &(place, state) in &lease.may_send {
            let Some(key) = keys(place) else { continue };
            let slot = Slot {
                lease: held.clone(),
                state,
                is_uncertain: false,
            };
            slots.insert(key.clone(), slot);
        }
        held
    }

    /// Removes the requests of a lease. Those in flight are still recorded.
    pub(crate) fn remove<'a>(&self, lease: &Held, keys: impl Iterator<Item = &'a Key>) {
        let mut slots = get(&self.slots);
        for key in keys {
            if slots
                .get(key)
                .is_some_and(|slot| slot.lease.token == lease.token)
            {
                slots.remove(key);
            }
        }
    }

    pub(crate) fn set_limits(&self, limits: Limits) {
        *self.limits.write().unwrap_or_else(PoisonError::into_inner) = limits;
    }

    /// Records the end of an attempt.
    async fn end(
        &self,
        number: i64,
        state: State,
        unknown_attempts: u32,
        is_withdrawn: bool,
        done: Option<Done>,
    ) -> Result<(), LedgerError> {
        let found = get(&self.in_flight).get(&number).cloned();
        let Some(InFlight { lease, bound }) = found else {
            return Err(LedgerError::RequestLost);
        };
        let paid = Paid::of(done.as_ref().and_then(|done| done.cost), bound);
        let (reply, result) = oneshot::channel();
        let ended = Ended {
            chunk: lease.chunk,
            token: lease.token,
            number,
            state,
            unknown_attempts,
            is_withdrawn,
            done,
            paid,
        };
        self.change(Change::End(Box::new(ended), reply))?;
        let result = result.await.unwrap_or_else(|_| Err(self.stopped()));
        if matches!(result, Ok(()) | Err(LedgerError::RequestLost)) {
            get(&self.in_flight).remove(&number);
            lease.put_back(bound.unwrap_or_default() - paid.total());
            lease.end();
        }
        result
    }

    fn change(&self, change: Change) -> Result<(), LedgerError> {
        self.changes.send(change).map_err(|_| self.stopped())
    }

    fn stopped(&self) -> LedgerError {
        LedgerError::Failed {
            path: self.ledger.name().to_owned(),
            reason: "the task that writes has ended".to_owned(),
        }
    }
}

impl Ledger for Leases {
    async fn claim(&self, keys: Vec<Key>) -> Result<Vec<State>, LedgerError> {
        let slots = get(&self.slots);
        // A request without a lease is declined when it is sent.
        let state = |key| slots.get(key).map_or(State::Unsent, |slot| slot.state);
        Ok(keys.iter().map(state).collect())
    }

    async fn sent(&self, sending: Sending) -> Result<Admission, LedgerError> {
        let key = sending.key.clone();
        let found = get(&self.slots)
            .get(&key)
            .map(|slot| (slot.lease.clone(), slot.is_uncertain));
        let Some((lease, is_uncertain)) = found else {
            return Ok(Admission::Declined(Decline::LeaseLost));
        };
        lease.begin();
        if let Err(decline) = lease.check() {
            lease.end();
            return Ok(Admission::Declined(decline));
        }
        let bound = sending.bound;
        if !lease.take(bound) {
            lease.end();
            return Ok(Admission::Declined(Decline::Budget));
        }
        let (reply, result) = oneshot::channel();
        let send = Send {
            chunk: lease.chunk,
            token: lease.token,
            sending,
            is_uncertain,
        };
        let result = match self.change(Change::Send(send, reply)) {
            Ok(()) => result.await.unwrap_or_else(|_| Err(self.stopped())),
            Err(error) => Err(error),
        };
        match &result {
            Ok(Admission::Admitted(number)) => {
                get(&self.in_flight).insert(*number, InFlight { lease, bound });
            }
            _ => {
                if let (Err(_), Some(slot)) = (&result, get(&self.slots).get_mut(&key)) {
                    slot.is_uncertain = true;
                }
                lease.put_back(bound.unwrap_or_default());
                lease.end();
            }
        }
        result
    }

    async fn unsent(&self, number: i64, unknown: bool) -> Result<(), LedgerError> {
        self.end(number, State::Unsent, u32::from(unknown), false, None)
            .await
    }

    async fn withdraw(&self, number: i64) -> Result<(), LedgerError> {
        self.end(number, State::Unsent, 0, true, None).await
    }

    async fn done(&self, done: Done) -> Result<(), LedgerError> {
        let (number, state, unknown) = (done.number, done.state, done.unknown_attempts);
        self.end(number, state, unknown, false, Some(done)).await
    }

    async fn take_rate(&self, tokens: u64) -> Result<Duration, LedgerError> {
        let limits = self.limits();
        match self
            .rate
            .take(&self.ledger, &self.job, &limits, tokens)
            .await
        {
            // The database is back soon, or nothing can be recorded as sent.
            Err(LedgerError::Unreachable { .. }) => Ok(Duration::from_secs(1)),
            result => result,
        }
    }

    async fn save_level(&self, level: u32) -> Result<(), LedgerError> {
        // It is saved with the next renewal.
        self.level.store(level, Ordering::Release);
        Ok(())
    }

    fn may_leave(&self, number: i64) -> bool {
        let in_flight = get(&self.in_flight);
        in_flight
            .get(&number)
            .is_some_and(|request| request.lease.check().is_ok())
    }

    fn level(&self) -> Option<u32> {
        Some(self.level.load(Ordering::Acquire)).filter(|level| *level > 0)
    }

    fn limits(&self) -> Limits {
        *self.limits.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn get<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
