//! Combines the outputs of several shards.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::batch::{blocking, ledger_path, with_infix};
use crate::error::Error;
use crate::input::Shard;
use crate::ledger::sqlite::{LedgerReader, merge as merge_ledgers};
use crate::output::{Output, write_errors};
use crate::report::Report;

/// What [`merge`] combined.
#[derive(Debug)]
#[non_exhaustive]
pub struct Merged {
    /// The combined batch.
    pub report: Report,
    /// The shards that are missing. Their requests are in no count.
    pub missing: Vec<Shard>,
}

/// Combines the outputs, errors and ledgers of several shards. The result is a batch without shards: run it to ask what
/// is missing. If shards have answered more since, merge them again.
///
/// # Errors
/// Returns an error if a process runs one of the shards, if they belong to different endpoints or accounts, or if a file
/// cannot be read or written.
pub async fn merge(shards: Vec<PathBuf>, output: impl Into<PathBuf>) -> Result<Merged, Error> {
    let output = output.into();
    blocking(move || {
        if shards.is_empty() {
            return Err(Error::Option("there are no shards to merge".to_owned()));
        }
        let ledger = ledger_path(&output);
        let sources: Vec<PathBuf> = shards.iter().map(|path| ledger_path(path)).collect();
        let exists = std::fs::metadata(&output).is_ok_and(|metadata| metadata.len() > 0);
        if sources.contains(&ledger) || exists && !ledger.exists() {
            return Err(Output::foreign(&output));
        }
        let jobs = merge_ledgers(&ledger, &sources)?;
        let reader = LedgerReader::open(&ledger)?;
        let errors = with_infix(&output, "errors");
        let (position, bytes) = Output::open(&output, &reader, false)?.sync()?;
        reader.output_written(position, bytes)?;
        write_errors(&errors, &reader)?;
        let present = jobs
            .iter()
            .filter_map(|job| job.job.shard.as_deref()?.parse().ok());
        let missing = missing(&present.collect::<Vec<Shard>>());
        let report = Report::read(&ledger, output, errors, None)?;
        Ok(Merged { report, missing })
    })
    .await
}

/// Returns the shards that are not present, of the largest number of shards that one of them names.
fn missing(present: &[Shard]) -> Vec<Shard> {
    let Some(count) = present.iter().map(|shard| shard.count()).max() else {
        return Vec::new();
    };
    let numbers = present.iter().filter(|shard| shard.count() == count);
    let numbers: BTreeSet<u32> = numbers.map(|shard| shard.number()).collect();
    let missing = (1..=count).filter(|number| !numbers.contains(number));
    missing.map(|number| Shard::of(number, count)).collect()
}
