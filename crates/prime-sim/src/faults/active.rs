//! The active faults of a simulator.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::json;

use crate::faults::responses::ErrorBody;
use crate::faults::{Fault, for_model};
use crate::ids::mix;
use crate::operation::Operation;

/// The maximum number of model names with their own counters.
const MAX_MODELS: usize = 10_000;

/// A handle to an active fault. [`Simulator::inject`](crate::Simulator::inject) returns it.
#[derive(Debug, Clone)]
pub struct FaultHandle(Arc<ActiveFault>);

impl FaultHandle {
    /// Returns how many requests the fault has affected.
    pub fn hits(&self) -> u64 {
        self.0.hits.load(Ordering::SeqCst)
    }

    /// Removes the fault. Responses in progress are not affected.
    pub fn remove(&self) {
        self.0.removed.store(true, Ordering::SeqCst);
    }
}

/// A fault and its counters.
#[derive(Debug)]
struct ActiveFault {
    fault: Fault,
    /// The seed for random decisions.
    seed: u64,
    /// The number of matching requests.
    matched: AtomicU64,
    hits: AtomicU64,
    removed: AtomicBool,
}

impl ActiveFault {
    fn new(fault: Fault, seed: u64) -> Self {
        Self {
            fault,
            seed,
            matched: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            removed: AtomicBool::new(false),
        }
    }

    fn used_up(&self) -> bool {
        let hits = self.hits.load(Ordering::SeqCst);
        self.removed.load(Ordering::SeqCst) || self.fault.times.is_some_and(|times| hits >= times)
    }

    /// Counts a matching request, and returns whether the fault applies to the request. The caller
    /// must hold the lock, so that the counters are consistent.
    fn take(&self) -> bool {
        if self.used_up() {
            return false;
        }
        let matched = self.matched.fetch_add(1, Ordering::SeqCst);
        let due = matched >= self.fault.skip
            && self.fault.chance.is_none_or(|chance| {
                // The upper 53 bits give an exact number from 0 to 1.
                #[allow(clippy::cast_precision_loss)]
                let draw =
                    (mix(self.seed.wrapping_add(matched)) >> 11) as f64 / (1_u64 << 53) as f64;
                draw < chance
            });
        if due {
            self.hits.fetch_add(1, Ordering::SeqCst);
        }
        due
    }
}

/// All faults of a simulator.
pub(crate) struct ActiveFaults {
    seed: u64,
    any: AtomicBool,
    registry: Mutex<Registry>,
}

#[derive(Default)]
struct Registry {
    count: u64,
    in_order: Vec<Arc<ActiveFault>>,
    by_model: HashMap<String, Arc<ActiveFault>>,
}

impl ActiveFaults {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            any: AtomicBool::new(false),
            registry: Mutex::default(),
        }
    }

    pub(crate) fn add(&self, fault: Fault) -> FaultHandle {
        let mut registry = self.registry();
        registry.in_order.retain(|active| !active.used_up());
        registry.count += 1;
        let active = Arc::new(ActiveFault::new(
            fault,
            mix(self.seed ^ mix(registry.count)),
        ));
        registry.in_order.push(Arc::clone(&active));
        self.any.store(true, Ordering::SeqCst);
        FaultHandle(active)
    }

    pub(crate) fn clear(&self) {
        let mut registry = self.registry();
        for active in registry.in_order.drain(..) {
            active.removed.store(true, Ordering::SeqCst);
        }
        registry.by_model.clear();
        self.any.store(false, Ordering::SeqCst);
    }

    /// Returns whether any fault is active.
    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::SeqCst)
    }

    /// Returns the faults for a request: first any number of state changes, then at most one other
    /// fault. `body` is the body of the request.
    pub(crate) fn due(&self, operation: Operation, model: Option<&str>, body: &[u8]) -> Vec<Fault> {
        let mut registry = self.registry();
        let mut due = Vec::new();
        if let Some(named) = model.and_then(|model| registry.for_model(model, self.seed))
            && let Some(fault) = named.fault.for_body(body)
            && named.take()
        {
            due.push(fault);
            return due;
        }
        for active in &registry.in_order {
            let fault = &active.fault;
            let matches = (fault.operations.is_empty() || fault.operations.contains(&operation))
                && (fault.model.is_none() || fault.model.as_deref() == model);
            if matches
                && let Some(fault) = fault.for_body(body)
                && active.take()
            {
                let last = !fault.is_change();
                due.push(fault);
                if last {
                    break;
                }
            }
        }
        due
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fault {
    /// Returns the fault for a request, or `None` if the request does not break its rule.
    fn for_body(&self, body: &[u8]) -> Option<Self> {
        let mut fault = self.clone();
        if let Some(rule) = self.breaks {
            let body = serde_json::from_slice(body).ok()?;
            let message = rule.broken_by(&body)?;
            if matches!(self.error_body, ErrorBody::Default) {
                let error = json!({
                    "message": message,
                    "type": "invalid_request_error",
                    "param": null,
                    "code": "invalid_request_error",
                });
                let body = json!({ "error": error }).to_string();
                fault.error_body = ErrorBody::Bytes(body.into());
            }
        }
        Some(fault)
    }
}

impl Registry {
    fn for_model(&mut self, model: &str, seed: u64) -> Option<Arc<ActiveFault>> {
        if let Some(active) = self.by_model.get(model) {
            return Some(Arc::clone(active));
        }
        let fault = for_model(model)?.ok()?;
        let seed = model
            .bytes()
            .fold(seed, |seed, byte| mix(seed ^ u64::from(byte)));
        let active = Arc::new(ActiveFault::new(fault, seed));
        if self.by_model.len() < MAX_MODELS {
            self.by_model.insert(model.to_owned(), Arc::clone(&active));
        }
        Some(active)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(faults: &ActiveFaults, requests: usize) -> Vec<usize> {
        let due = |_: &usize| !faults.due(Operation::GetWallet, None, b"").is_empty();
        (0..requests).filter(due).collect()
    }

    #[test]
    fn skip_and_times_are_counted_in_order_of_injection() {
        let faults = ActiveFaults::new(7);
        let first = faults.add(Fault::reset().on(Operation::GetWallet).skip(1).times(2));
        let second = faults.add(Fault::stall().once());
        faults.add(Fault::close().on(Operation::CreateRun));
        // The second fault applies once, to the first request.
        assert_eq!(hits(&faults, 6), [0, 1, 2]);
        assert_eq!((first.hits(), second.hits()), (2, 1));
        assert_eq!(faults.due(Operation::CreateRun, None, b"").len(), 1);
        faults.clear();
        assert!(faults.due(Operation::CreateRun, None, b"").is_empty());
    }

    #[test]
    fn random_faults_depend_on_the_seed() {
        let with_seed = |seed| {
            let faults = ActiveFaults::new(seed);
            faults.add(Fault::reset().chance(0.3));
            hits(&faults, 1_000)
        };
        assert_eq!(with_seed(7), with_seed(7));
        assert_ne!(with_seed(7), with_seed(8));
        assert!((250..350).contains(&with_seed(7).len()));
        let faults = ActiveFaults::new(7);
        let never = faults.add(Fault::reset().chance(0.0));
        assert_eq!(hits(&faults, 100).len(), 0);
        never.remove();
        faults.add(Fault::reset().chance(1.0));
        assert_eq!(hits(&faults, 100).len(), 100);
    }

    #[test]
    fn each_model_name_has_its_own_counters() {
        let faults = ActiveFaults::new(7);
        let due = |model| {
            faults
                .due(Operation::CreateChatCompletion, Some(model), b"")
                .len()
        };
        assert_eq!(due("sim/reset?times=1"), 1);
        assert_eq!(due("sim/reset?times=1"), 0);
        assert_eq!(due("sim/reset"), 1);
        assert_eq!(due("sim/nothing"), 0);
    }

    #[test]
    fn state_changes_are_combined_with_another_fault() {
        let faults = ActiveFaults::new(7);
        faults.add(Fault::rows_arrive(1));
        faults.add(Fault::status(503).once());
        assert_eq!(faults.due(Operation::GetWallet, None, b"").len(), 2);
        assert_eq!(faults.due(Operation::GetWallet, None, b"").len(), 1);
    }
}
