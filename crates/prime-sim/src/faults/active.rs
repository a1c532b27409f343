//! The faults of a running simulator: which one is due.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::faults::{Fault, of_model};
use crate::ids::mix;
use crate::operation::Operation;

/// More model names than this are not counted apart.
const MAX_MODELS: usize = 10_000;

/// A fault that a simulator was told of, to look after it.
#[derive(Debug, Clone)]
pub struct Injected(Arc<Active>);

impl Injected {
    /// How many times it happened.
    pub fn hits(&self) -> u64 {
        self.0.hits.load(Ordering::SeqCst)
    }

    /// Ends it. An answer that it is busy with stays as it is.
    pub fn remove(&self) {
        self.0.removed.store(true, Ordering::SeqCst);
    }
}

/// A fault and what came of it.
#[derive(Debug)]
struct Active {
    fault: Fault,
    /// What chance follows from.
    seed: u64,
    /// How many requests fitted.
    seen: AtomicU64,
    hits: AtomicU64,
    removed: AtomicBool,
}

impl Active {
    fn new(fault: Fault, seed: u64) -> Self {
        Self {
            fault,
            seed,
            seen: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            removed: AtomicBool::new(false),
        }
    }

    fn used_up(&self) -> bool {
        let hits = self.hits.load(Ordering::SeqCst);
        self.removed.load(Ordering::SeqCst) || self.fault.times.is_some_and(|times| hits >= times)
    }

    /// Whether it is due for a request that fits. Called under a lock, so that what is counted is
    /// also what is done.
    fn due(&self) -> bool {
        if self.used_up() {
            return false;
        }
        let seen = self.seen.fetch_add(1, Ordering::SeqCst);
        let due = seen >= self.fault.skip
            && self.fault.chance.is_none_or(|chance| {
                // The upper 53 bits are a number from 0 to 1, exactly.
                #[allow(clippy::cast_precision_loss)]
                let draw = (mix(self.seed.wrapping_add(seen)) >> 11) as f64 / (1_u64 << 53) as f64;
                draw < chance
            });
        if due {
            self.hits.fetch_add(1, Ordering::SeqCst);
        }
        due
    }
}

/// Every fault of a simulator.
pub(crate) struct Faults {
    seed: u64,
    any: AtomicBool,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    count: u64,
    in_order: Vec<Arc<Active>>,
    of_models: HashMap<String, Arc<Active>>,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            any: AtomicBool::new(false),
            told: Mutex::default(),
        }
    }

    pub(crate) fn add(&self, fault: Fault) -> Injected {
        let mut told = self.told();
        told.in_order.retain(|active| !active.used_up());
        told.count += 1;
        let active = Arc::new(Active::new(fault, mix(self.seed ^ mix(told.count))));
        told.in_order.push(Arc::clone(&active));
        self.any.store(true, Ordering::SeqCst);
        Injected(active)
    }

    pub(crate) fn clear(&self) {
        let mut told = self.told();
        for active in told.in_order.drain(..) {
            active.removed.store(true, Ordering::SeqCst);
        }
        told.of_models.clear();
        self.any.store(false, Ordering::SeqCst);
    }

    /// Whether a fault could be due at all.
    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::SeqCst)
    }

    /// What is done with a request: changes of what it asks about, and the fault of its answer.
    pub(crate) fn due(&self, operation: Operation, model: Option<&str>) -> Vec<Fault> {
        let mut told = self.told();
        let mut due = Vec::new();
        if let Some(named) = model.and_then(|model| told.of_model(model, self.seed))
            && named.due()
        {
            due.push(named.fault.clone());
            return due;
        }
        for active in &told.in_order {
            let fault = &active.fault;
            let fits = (fault.operations.is_empty() || fault.operations.contains(&operation))
                && (fault.model.is_none() || fault.model.as_deref() == model);
            if fits && active.due() {
                due.push(fault.clone());
                if !fault.is_change() {
                    break;
                }
            }
        }
        due
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    fn of_model(&mut self, model: &str, seed: u64) -> Option<Arc<Active>> {
        if let Some(active) = self.of_models.get(model) {
            return Some(Arc::clone(active));
        }
        let fault = of_model(model)?.ok()?;
        let seed = model
            .bytes()
            .fold(seed, |seed, byte| mix(seed ^ u64::from(byte)));
        let active = Arc::new(Active::new(fault, seed));
        if self.of_models.len() < MAX_MODELS {
            self.of_models.insert(model.to_owned(), Arc::clone(&active));
        }
        Some(active)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(faults: &Faults, requests: usize) -> Vec<usize> {
        let due = |_: &usize| !faults.due(Operation::GetWallet, None).is_empty();
        (0..requests).filter(due).collect()
    }

    #[test]
    fn skipped_counted_and_in_order() {
        let faults = Faults::new(7);
        let first = faults.add(Fault::reset().on(Operation::GetWallet).skip(1).times(2));
        let second = faults.add(Fault::stall().once());
        faults.add(Fault::close().on(Operation::CreateRun));
        // The second is once, for whatever comes first.
        assert_eq!(hits(&faults, 6), [0, 1, 2]);
        assert_eq!((first.hits(), second.hits()), (2, 1));
        assert_eq!(faults.due(Operation::CreateRun, None).len(), 1);
        faults.clear();
        assert!(faults.due(Operation::CreateRun, None).is_empty());
    }

    #[test]
    fn chance_follows_the_seed() {
        let of_seed = |seed| {
            let faults = Faults::new(seed);
            faults.add(Fault::reset().chance(0.3));
            hits(&faults, 1_000)
        };
        assert_eq!(of_seed(7), of_seed(7));
        assert_ne!(of_seed(7), of_seed(8));
        assert!((250..350).contains(&of_seed(7).len()));
        let faults = Faults::new(7);
        let never = faults.add(Fault::reset().chance(0.0));
        assert_eq!(hits(&faults, 100).len(), 0);
        never.remove();
        faults.add(Fault::reset().chance(1.0));
        assert_eq!(hits(&faults, 100).len(), 100);
    }

    #[test]
    fn models_have_counts_of_their_own() {
        let faults = Faults::new(7);
        let due = |model| {
            faults
                .due(Operation::CreateChatCompletion, Some(model))
                .len()
        };
        assert_eq!(due("sim/reset?times=1"), 1);
        assert_eq!(due("sim/reset?times=1"), 0);
        assert_eq!(due("sim/reset"), 1);
        assert_eq!(due("sim/nothing"), 0);
    }

    #[test]
    fn changes_come_with_a_fault() {
        let faults = Faults::new(7);
        faults.add(Fault::rows_arrive(1));
        faults.add(Fault::status(503).once());
        assert_eq!(faults.due(Operation::GetWallet, None).len(), 2);
        assert_eq!(faults.due(Operation::GetWallet, None).len(), 1);
    }
}
