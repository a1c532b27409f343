//! The values of many changes, by column.

use prime_ext::Usd;
use tokio_postgres::types::ToSql;

use super::job::limit;
use super::submit::integer;
use super::writer::{Ended, Send};
use crate::ledger::{AskAgain, Sending};

/// The values of the statement that records requests as sent, by column.
#[derive(Default)]
pub(super) struct SendColumns<'a> {
    chunks: Vec<i64>,
    tokens: Vec<i64>,
    ids: Vec<&'a str>,
    hashes: Vec<&'a [u8]>,
    lines: Vec<i64>,
    models: Vec<&'a str>,
    bounds: Vec<Option<String>>,
}

impl<'a> SendColumns<'a> {
    pub(super) fn of(sends: &'a [Send]) -> Self {
        let mut columns = Self::default();
        for send in sends {
            let Sending {
                key,
                line,
                model,
                bound,
                ..
            } = &send.sending;
            columns.chunks.push(send.chunk);
            columns.tokens.push(send.token);
            columns.ids.push(&key.id);
            columns.hashes.push(&key.hash.0);
            columns.lines.push(integer(*line));
            columns.models.push(model);
            columns.bounds.push(text(*bound));
        }
        columns
    }

    pub(super) fn values<'b>(
        &'b self,
        job: &'b i64,
        ledger: &'b i64,
        again: &'b AskAgain,
    ) -> [&'b (dyn ToSql + Sync); 11] {
        [
            job,
            ledger,
            &self.chunks,
            &self.tokens,
            &self.ids,
            &self.hashes,
            &self.lines,
            &self.models,
            &self.bounds,
            &again.failed,
            &again.ambiguous,
        ]
    }
}

/// The values of the statement that records ends, by column.
#[derive(Default)]
pub(super) struct EndColumns<'a> {
    chunks: Vec<i64>,
    tokens: Vec<i64>,
    numbers: Vec<i64>,
    states: Vec<&'static str>,
    unknown_attempts: Vec<i32>,
    withdrawn: Vec<i32>,
    latencies: Vec<Option<i64>>,
    statuses: Vec<Option<i32>>,
    request_ids: Vec<Option<String>>,
    answers: Vec<Option<&'a [u8]>>,
    error_codes: Vec<Option<String>>,
    errors: Vec<Option<String>>,
    known: Vec<Option<String>>,
    estimated: Vec<Option<String>>,
    held: Vec<Option<String>>,
    prompt_tokens: Vec<Option<i64>>,
    completion_tokens: Vec<Option<i64>>,
}

impl<'a> EndColumns<'a> {
    pub(super) fn of(ends: &'a [Ended]) -> Self {
        let mut columns = Self::default();
        for ended in ends {
            let done = ended.done.as_ref();
            let clean = |text: Option<&String>| text.map(|text| text.replace('\0', "\u{FFFD}"));
            let latency = done.map(|done| u64::try_from(done.latency.as_millis()));
            columns.chunks.push(ended.chunk);
            columns.tokens.push(ended.token);
            columns.numbers.push(ended.number);
            columns.states.push(ended.state.as_str());
            columns.unknown_attempts.push(limit(ended.unknown_attempts));
            columns.withdrawn.push(i32::from(ended.is_withdrawn));
            columns
                .latencies
                .push(latency.map(|latency| integer(latency.unwrap_or(u64::MAX))));
            columns
                .statuses
                .push(done.and_then(|done| done.status).map(i32::from));
            columns
                .request_ids
                .push(clean(done.and_then(|done| done.request_id.as_ref())));
            columns
                .answers
                .push(done.and_then(|done| done.answer.as_deref()));
            columns
                .error_codes
                .push(clean(done.and_then(|done| done.error_code.as_ref())));
            columns
                .errors
                .push(clean(done.and_then(|done| done.error.as_ref())));
            columns.known.push(text(ended.paid.known));
            columns.estimated.push(text(ended.paid.estimated));
            columns.held.push(text(ended.paid.held));
            columns
                .prompt_tokens
                .push(done.and_then(|done| done.prompt_tokens).map(integer));
            columns
                .completion_tokens
                .push(done.and_then(|done| done.completion_tokens).map(integer));
        }
        columns
    }

    pub(super) fn values<'b>(
        &'b self,
        job: &'b i64,
        ledger: &'b i64,
    ) -> [&'b (dyn ToSql + Sync); 19] {
        [
            job,
            ledger,
            &self.chunks,
            &self.tokens,
            &self.numbers,
            &self.states,
            &self.unknown_attempts,
            &self.withdrawn,
            &self.latencies,
            &self.statuses,
            &self.request_ids,
            &self.answers,
            &self.error_codes,
            &self.errors,
            &self.known,
            &self.estimated,
            &self.held,
            &self.prompt_tokens,
            &self.completion_tokens,
        ]
    }
}

fn text(amount: Option<Usd>) -> Option<String> {
    amount.map(|amount| amount.to_string())
}
