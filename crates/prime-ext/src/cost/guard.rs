//! Counts one request exactly once, even if it fails or is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use openapi_runtime::{CallContext, CallHooks};
use pinference_api::types::Usage;

use super::meter::{Meter, payer};
use crate::account::Account;
use crate::chat::ChatResponse;
use crate::client::Client;
use crate::error::Error;

/// Counts one request exactly once. If the guard is dropped before the request was counted, each attempt that may have
/// reached the service counts as a response without usage, because the attempt may be billed.
#[derive(Debug, Default)]
pub(crate) struct MeterGuard(Option<Box<Pending>>);

/// A request that has not been counted yet.
#[derive(Debug)]
struct Pending {
    meter: Meter,
    model: String,
    call: Arc<MeteredCall>,
}

/// The hooks of a metered call.
#[derive(Debug)]
struct MeteredCall {
    account: Account,
    /// The number of attempts with an unknown outcome, including the one in flight.
    ambiguous: AtomicU32,
}

impl CallHooks for MeteredCall {
    fn account(&self) -> Option<&str> {
        self.account.id()
    }

    fn unknown_attempts(&self, attempts: u32) {
        self.ambiguous.store(attempts, Ordering::Relaxed);
    }
}

impl MeterGuard {
    /// Creates a guard for a request to a model. It does nothing if the client has no meter.
    pub(crate) fn new(client: &Client, model: &str) -> Self {
        Self(client.meter().map(|meter| {
            Box::new(Pending {
                meter: meter.clone(),
                model: model.to_owned(),
                call: Arc::new(MeteredCall {
                    account: client.account().clone(),
                    ambiguous: AtomicU32::new(0),
                }),
            })
        }))
    }

    /// Returns the context of the call, with hooks that count its attempts.
    pub(crate) fn context(&self, client: &Client) -> CallContext {
        let context = client.context().clone();
        match &self.0 {
            Some(pending) => context.with_hooks(pending.call.clone()),
            None => context,
        }
    }

    /// Counts a complete or partial response. Each earlier attempt with an unknown outcome counts as a response
    /// without usage.
    pub(crate) fn settle(&mut self, usage: Option<&Usage>, unknown_attempts: u32) {
        self.count_unknown(unknown_attempts);
        if let Some(pending) = self.0.take() {
            let payer = payer(&pending.call.account);
            pending.meter.count(&pending.model, payer, usage);
        }
    }

    /// Counts the possible cost of a failed call.
    pub(crate) fn fail(&mut self, error: &Error) {
        let arrived = |partial: &&ChatResponse| {
            !partial.raw().choices.is_empty() || partial.usage().is_some()
        };
        if let Some(partial) = error.partial_response().filter(arrived) {
            self.settle(partial.usage(), error.unknown_attempts());
        } else if error.last_outcome_unknown() {
            self.settle(None, error.unknown_attempts());
        } else {
            self.refuse(error.unknown_attempts());
        }
    }

    /// Counts a request that the service refused. Only earlier attempts may be billed.
    pub(crate) fn refuse(&mut self, unknown_attempts: u32) {
        self.count_unknown(unknown_attempts);
        self.0 = None;
    }

    fn count_unknown(&self, attempts: u32) {
        for pending in self.0.iter().cycle().take(attempts as usize) {
            let payer = payer(&pending.call.account);
            pending.meter.count(&pending.model, payer, None);
        }
    }
}

impl Drop for MeterGuard {
    fn drop(&mut self) {
        if let Some(pending) = &self.0 {
            self.count_unknown(pending.call.ambiguous.load(Ordering::Relaxed));
        }
    }
}
