//! Counts one question, whatever becomes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use openapi_runtime::{CallContext, CallHooks};
use pinference_api::types::Usage;

use super::meter::{Meter, payer};
use crate::account::Account;
use crate::chat::ChatResponse;
use crate::client::Client;
use crate::error::Error;

/// Counts one question once. If it is dropped before, each attempt that may have been carried out is counted as an
/// answer that did not state its usage: the question may be billed, whatever becomes of the answer.
#[derive(Debug, Default)]
pub(crate) struct MeterGuard(Option<Box<Open>>);

#[derive(Debug)]
struct Open {
    meter: Meter,
    model: String,
    call: Arc<MeteredCall>,
}

/// The hooks of a call that is counted.
#[derive(Debug)]
struct MeteredCall {
    account: Account,
    /// How many attempts may have been carried out: those that failed so, and the one under way.
    in_doubt: AtomicU32,
}

impl CallHooks for MeteredCall {
    fn account(&self) -> Option<&str> {
        self.account.id()
    }

    fn attempts_in_doubt(&self, attempts: u32) {
        self.in_doubt.store(attempts, Ordering::Relaxed);
    }
}

impl MeterGuard {
    /// A guard for a question to a model, if the client has a meter.
    pub(crate) fn new(client: &Client, model: &str) -> Self {
        Self(client.meter().map(|meter| {
            Box::new(Open {
                meter: meter.clone(),
                model: model.to_owned(),
                call: Arc::new(MeteredCall {
                    account: client.account().clone(),
                    in_doubt: AtomicU32::new(0),
                }),
            })
        }))
    }

    /// The context of the call, whose attempts are counted.
    pub(crate) fn context(&self, client: &Client) -> CallContext {
        let context = client.context().clone();
        match &self.0 {
            Some(open) => context.with_hooks(open.call.clone()),
            None => context,
        }
    }

    /// Counts an answer, or as much of it as there will be. Each of the attempts before it that may have been answered
    /// too is counted as an answer that did not state its usage.
    pub(crate) fn settle(&mut self, usage: Option<&Usage>, unknown_before: u32) {
        self.count_unknown(unknown_before);
        if let Some(open) = self.0.take() {
            open.meter
                .count(&open.model, payer(&open.call.account), usage);
        }
    }

    /// Counts what a call that failed may have cost.
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

    /// Counts a question that was refused: only attempts before may have been answered.
    pub(crate) fn refuse(&mut self, unknown_before: u32) {
        self.count_unknown(unknown_before);
        self.0 = None;
    }

    fn count_unknown(&self, answers: u32) {
        for open in self.0.iter().cycle().take(answers as usize) {
            let payer = payer(&open.call.account);
            open.meter.count(&open.model, payer, None);
        }
    }
}

impl Drop for MeterGuard {
    fn drop(&mut self) {
        if let Some(open) = &self.0 {
            self.count_unknown(open.call.in_doubt.load(Ordering::Relaxed));
        }
    }
}
