//! Reads what the page shows from a ledger, in bounded memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::text::clip;
use super::timeline::Timeline;
use crate::batch::{ledger_path, with_infix};
use crate::error::Error;
use crate::ledger::sqlite::LedgerReader;
use crate::ledger::{JobRecord, Row, State, Totals};

/// The largest number of models that have a row of their own.
const MAX_MODELS: usize = 100;

/// The largest number of kinds of failures that are apart.
const MAX_KINDS: usize = 20;

/// The largest number of examples of a kind of failures.
const MAX_EXAMPLES: usize = 3;

/// The largest number of ambiguous requests in the list.
const MAX_AMBIGUOUS: usize = 30;

/// The largest number of characters of an id, a model or a kind.
const MAX_NAME: usize = 120;

/// The largest number of characters of a message.
const MAX_MESSAGE: usize = 300;

/// What the page shows.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(super) job: JobRecord,
    pub(super) output: PathBuf,
    pub(super) errors: PathBuf,
    /// The path or the address of the ledger.
    pub(crate) ledger: PathBuf,
    /// The number of requests of the input in each state, in the order of [`State::ALL`].
    pub(super) counts: [u64; State::ALL.len()],
    /// Requests in the ledger that are no longer in the input.
    pub(super) outdated: u64,
    pub(super) models: Capped<Model>,
    pub(super) timeline: Timeline,
    pub(super) failures: Capped<Failures>,
    /// The first ambiguous requests.
    pub(super) ambiguous: Vec<Example>,
    /// The first time at which a request was sent, and the last at which one was done, in milliseconds since 1970.
    pub(super) first_sent: Option<i64>,
    pub(super) last_done: Option<i64>,
}

/// Values by name. When there are too many names, the values of the others are merged.
#[derive(Debug)]
pub(super) struct Capped<T> {
    max: usize,
    pub(super) named: BTreeMap<String, T>,
    pub(super) others: Option<T>,
}

/// The requests of a model.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) totals: Totals,
    /// Requests that were answered without the number of their tokens.
    pub(super) without_tokens: u64,
    /// Requests whose cost is unknown and has no upper bound.
    pub(super) without_bound: u64,
}

/// The failures of a kind.
#[derive(Debug, Default)]
pub(super) struct Failures {
    pub(super) count: u64,
    pub(super) examples: Vec<Example>,
}

/// A request that failed or is ambiguous, without its contents.
#[derive(Debug)]
pub(super) struct Example {
    pub(super) line: u64,
    pub(super) id: String,
    pub(super) model: String,
    pub(super) sent_at: i64,
    pub(super) attempts: u32,
    pub(super) message: String,
}

impl<T: Default> Capped<T> {
    fn new(max: usize) -> Self {
        Self {
            max,
            named: BTreeMap::new(),
            others: None,
        }
    }

    fn get(&mut self, name: &str) -> &mut T {
        let is_full = self.named.len() >= self.max;
        if is_full && !self.named.contains_key(name) {
            return self.others.get_or_insert_default();
        }
        self.named.entry(name.to_owned()).or_default()
    }
}

impl<T> Capped<T> {
    /// Returns the values in descending order of a number, and the others last, without a name.
    pub(super) fn sorted_by(&self, number: impl Fn(&T) -> u64) -> Vec<(Option<&str>, &T)> {
        let named = self.named.iter();
        let mut sorted: Vec<_> = named
            .map(|(name, value)| (Some(name.as_str()), value))
            .collect();
        sorted.sort_by_key(|(_, value)| std::cmp::Reverse(number(value)));
        sorted.extend(self.others.as_ref().map(|others| (None, others)));
        sorted
    }
}

impl Model {
    fn add(&mut self, row: &Row) {
        self.totals.add(row);
        let has_tokens = row.prompt_tokens.is_some() && row.completion_tokens.is_some();
        self.without_tokens += u64::from(row.state == State::Answered && !has_tokens);
        self.without_bound += u64::from(row.held.is_some() && row.bound.is_none());
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.totals.merge(&other.totals);
        self.without_tokens += other.without_tokens;
        self.without_bound += other.without_bound;
    }
}

impl Example {
    fn of(row: &Row) -> Self {
        Self {
            line: row.line,
            id: clip(&row.key.id, MAX_NAME),
            model: clip(&row.model, MAX_NAME),
            sent_at: row.sent_at,
            attempts: row.attempts,
            message: clip(row.error.as_deref().unwrap_or_default(), MAX_MESSAGE),
        }
    }
}

impl Contents {
    /// Reads the ledger of an output, as it is at one moment.
    pub(super) fn read(output: &Path) -> Result<Self, Error> {
        let reader = LedgerReader::open(ledger_path(output))?;
        reader.snapshot(|reader| {
            let mut contents = Self::new(output, reader.job()?);
            reader.for_each(&State::ALL, false, |row| {
                contents.add(&row);
                Ok::<_, Error>(())
            })?;
            contents.count_unsent();
            Ok(contents)
        })
    }

    pub(crate) fn new(output: &Path, job: JobRecord) -> Self {
        Self {
            job,
            output: output.to_owned(),
            errors: with_infix(output, "errors"),
            ledger: ledger_path(output),
            counts: [0; State::ALL.len()],
            outdated: 0,
            models: Capped::new(MAX_MODELS),
            timeline: Timeline::default(),
            failures: Capped::new(MAX_KINDS),
            ambiguous: Vec::new(),
            first_sent: None,
            last_done: None,
        }
    }

    /// Counts the requests of the input that are not in the ledger, because they were never sent.
    pub(crate) fn count_unsent(&mut self) {
        let in_ledger: u64 = self.counts.iter().sum();
        let [unsent, ..] = &mut self.counts;
        let requests = self.job.requests.unwrap_or(in_ledger);
        *unsent += requests.saturating_sub(in_ledger);
    }

    pub(crate) fn add(&mut self, row: &Row) {
        self.timeline.add(row);
        self.models.get(&clip(&row.model, MAX_NAME)).add(row);
        self.first_sent = Some(self.first_sent.unwrap_or(row.sent_at).min(row.sent_at));
        self.last_done = self.last_done.max(row.done_at);
        if !row.is_current {
            self.outdated += 1;
            return;
        }
        let states = State::ALL.iter().zip(&mut self.counts);
        for (_, count) in states.filter(|(state, _)| **state == row.state) {
            *count += 1;
        }
        match row.state {
            State::Failed => {
                let code = row.error_code.as_deref().unwrap_or("failed");
                let failures = self.failures.get(&clip(code, MAX_NAME));
                failures.count += 1;
                if failures.examples.len() < MAX_EXAMPLES {
                    failures.examples.push(Example::of(row));
                }
            }
            State::Ambiguous if self.ambiguous.len() < MAX_AMBIGUOUS => {
                self.ambiguous.push(Example::of(row));
            }
            _ => {}
        }
    }

    /// Returns the number of requests of the input in a state.
    pub(super) fn count(&self, state: State) -> u64 {
        let mut counts = State::ALL.iter().zip(&self.counts);
        let found = counts.find(|(other, _)| **other == state);
        found.map_or(0, |(_, count)| *count)
    }

    /// Returns the counts and sums of all models.
    pub(super) fn total(&self) -> Model {
        let mut total = Model::default();
        let models = self.models.named.values().chain(&self.models.others);
        models.for_each(|model| total.merge(model));
        total
    }
}
