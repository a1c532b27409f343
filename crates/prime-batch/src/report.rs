//! What became of a batch.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::batch::{blocking, ledger_path, with_infix};
use crate::control::Progress;
use crate::engine::End;
use crate::error::Error;
use crate::html;
use crate::ledger::sqlite::LedgerReader;
use crate::ledger::{JobRecord, State, Totals};

/// What became of a batch, according to its ledger.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// The job.
    pub job: JobRecord,
    /// The number of requests of the input in each state. Requests that were never sent count as
    /// [`Unsent`](State::Unsent).
    pub counts: BTreeMap<&'static str, u64>,
    /// The counts and sums of each model. They include requests that are no longer in the input.
    pub models: BTreeMap<String, Totals>,
    /// The path of the output.
    pub output: PathBuf,
    /// The path of the errors.
    pub errors: PathBuf,
    /// Why the run ended, and what it did. `None` if the report was read from the ledger.
    pub run: Option<(End, Progress)>,
}

impl Report {
    /// Reads the state of a batch from its ledger, also while the batch runs. `output` is the path of the output.
    ///
    /// # Errors
    /// Returns an error if there is no ledger, or if it cannot be read.
    pub async fn of(output: impl Into<PathBuf>) -> Result<Self, Error> {
        let output = output.into();
        blocking(move || {
            let errors = with_infix(&output, "errors");
            Self::read(&ledger_path(&output), output, errors, None)
        })
        .await
    }

    /// Writes the state of a batch as a page of HTML, also while the batch runs. `output` is the path of the output, and
    /// `page` that of the page.
    ///
    /// The page is one file that loads nothing and runs no scripts. It has counts, costs, latencies, ids and error
    /// messages, but no prompts and no answers, unless a message of the service quotes them. Its size and the memory for
    /// it do not depend on the number of requests. A file at `page` is replaced when the new page is complete.
    ///
    /// # Errors
    /// Returns an error if there is no ledger, if it cannot be read, if the page cannot be written, or if `page` is one
    /// of the batch's own files.
    pub async fn write_html(
        output: impl Into<PathBuf>,
        page: impl Into<PathBuf>,
    ) -> Result<(), Error> {
        let (output, page) = (output.into(), page.into());
        blocking(move || html::write(&output, &page)).await
    }

    pub(crate) fn read(
        ledger: &Path,
        output: PathBuf,
        errors: PathBuf,
        run: Option<(End, Progress)>,
    ) -> Result<Self, Error> {
        let reader = LedgerReader::open(ledger)?;
        let job = reader.job()?;
        let mut counts = reader.counts()?;
        let ended: u64 = counts.values().sum();
        let unsent = counts.entry(State::Unsent.as_str()).or_default();
        *unsent += job.requests.unwrap_or(ended).saturating_sub(ended);
        Ok(Self {
            job,
            counts,
            models: reader.totals()?,
            output,
            errors,
            run,
        })
    }

    /// Returns the number of requests of the input in a state.
    pub fn count(&self, state: State) -> u64 {
        self.counts.get(state.as_str()).copied().unwrap_or(0)
    }

    /// Returns the counts and sums of all models.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.models.values().for_each(|model| totals.merge(model));
        totals
    }

    /// Returns the number of answers to requests that are no longer in the input. The ledger keeps them, and the output has
    /// them again if the requests return.
    pub fn former_answers(&self) -> u64 {
        let answered = self.totals().answered;
        answered.saturating_sub(self.count(State::Answered))
    }

    /// Returns whether every request was answered.
    pub fn is_complete(&self) -> bool {
        State::ALL
            .into_iter()
            .all(|state| state == State::Answered || self.count(state) == 0)
    }

    /// Returns the time of the run.
    pub fn elapsed(&self) -> Option<Duration> {
        self.run.as_ref().map(|(_, progress)| progress.elapsed)
    }
}

/// Writes the counts, the cost and what to do next.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: u64 = self.counts.values().sum();
        let answered = self.count(State::Answered);
        writeln!(
            f,
            "{answered} of {all} requests answered: {}",
            self.output.display()
        )?;
        let failed = self.count(State::Failed);
        if failed > 0 {
            writeln!(f, "{failed} failed: {}", self.errors.display())?;
        }
        let ambiguous = self.count(State::Ambiguous);
        if ambiguous > 0 {
            writeln!(
                f,
                "{ambiguous} ambiguous: they may have been carried out and billed, and have no answer"
            )?;
        }
        let unsent = self.count(State::Unsent);
        if unsent > 0 {
            writeln!(f, "{unsent} not sent")?;
        }
        let former = self.former_answers();
        if former > 0 {
            writeln!(
                f,
                "{former} answers to requests that are no longer in the input are kept in the ledger"
            )?;
        }
        for (model, totals) in &self.models {
            write!(
                f,
                "{model}: {} answers, {} prompt tokens, {} completion tokens, ${}",
                totals.answered, totals.prompt_tokens, totals.completion_tokens, totals.known_cost
            )?;
            if !totals.estimated_cost.is_zero() {
                write!(f, ", about ${} estimated", totals.estimated_cost)?;
            }
            if totals.with_unknown_cost > 0 {
                write!(
                    f,
                    ", at most ${} for {} with unknown cost",
                    totals.held, totals.with_unknown_cost
                )?;
            }
            writeln!(f)?;
        }
        match self.run.as_ref().map(|(end, _)| end) {
            None | Some(End::Complete) => Ok(()),
            Some(End::Stopped) => writeln!(f, "stopped; run the same command to continue"),
            Some(End::Budget) => writeln!(f, "the budget is used up; raise it to continue"),
            Some(End::DiskFull) => writeln!(
                f,
                "the disk is full; free space and run the same command to continue"
            ),
            Some(End::Refused(error)) => writeln!(f, "the service refused the account: {error}"),
            Some(End::Unavailable(error)) => {
                writeln!(f, "the service refused all requests: {error}")
            }
        }
    }
}
