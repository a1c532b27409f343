//! One question, from before it is sent until it is counted.

use pinference_api::types::Usage;

use super::meter::{Meter, Payer, payer};
use crate::account::Account;
use crate::error::Error;
use crate::road::InDoubt;

/// A question under way, to be counted once. Dropped, each attempt of it that may have been carried out
/// counts as an answer that did not say: what was asked may be billed, whatever becomes of the answer.
#[derive(Debug, Default)]
pub(crate) struct Receipt(Option<Box<Open>>);

#[derive(Debug)]
struct Open {
    meter: Meter,
    model: String,
    payer: Payer,
    in_doubt: InDoubt,
}

impl Receipt {
    /// For a question to a model, if there is a meter.
    pub(crate) fn new(meter: Option<&Meter>, model: &str, account: &Account) -> Self {
        Self(meter.map(|meter| {
            Box::new(Open {
                meter: meter.clone(),
                model: model.to_owned(),
                payer: payer(account),
                in_doubt: InDoubt::default(),
            })
        }))
    }

    /// Counts its attempts, if anybody wants to know.
    pub(crate) fn in_doubt(&self) -> Option<&InDoubt> {
        self.0.as_ref().map(|open| &open.in_doubt)
    }

    /// The answer is there, or as much of it as will be. So many attempts before it may have been
    /// answered as well: each counts as an answer that did not say.
    pub(crate) fn settle(&mut self, usage: Option<&Usage>, unknown_before: u32) {
        self.lost(unknown_before);
        if let Some(open) = self.0.take() {
            open.meter.count(&open.model, open.payer, usage);
        }
    }

    /// There is no answer, or one that is not what was asked for, which counts by what it says. Without
    /// any, each attempt counts that may have been answered.
    pub(crate) fn failed(&mut self, error: &Error) {
        if let Some(partial) = error.partial_answer() {
            self.settle(partial.usage(), error.unknown_before());
        } else if error.last_outcome_unknown() {
            self.settle(None, error.unknown_before());
        } else {
            self.refused(error.unknown_before());
        }
    }

    /// The question was refused; attempts before may have been answered.
    pub(crate) fn refused(&mut self, unknown_before: u32) {
        self.lost(unknown_before);
        self.cancel();
    }

    fn lost(&self, answers: u32) {
        for open in self.0.iter().cycle().take(answers as usize) {
            open.meter.count(&open.model, open.payer.clone(), None);
        }
    }

    /// Nothing was asked, or it was refused.
    pub(crate) fn cancel(&mut self) {
        self.0 = None;
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if let Some(open) = &self.0 {
            self.lost(open.in_doubt.attempts());
        }
    }
}
