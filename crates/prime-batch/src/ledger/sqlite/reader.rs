//! Reads a ledger, also while another process writes it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use rusqlite::{Connection, OpenFlags, params};

use super::books::{Fault, now, set_limits, usd};
use super::{file, lock};
use crate::key::{BodyHash, Key};
use crate::ledger::{Job, JobRecord, LedgerError, Limits, Row, State, Totals};

/// Reads a ledger, also while another process writes it.
#[derive(Debug)]
pub struct LedgerReader {
    path: PathBuf,
    connection: Connection,
}

/// The columns of a [`Row`] but the answer, which can be large.
const COLUMNS: &str = "number, id, hash, line, model, state, is_current, attempts, unknown_attempts, sent_at, done_at,
    latency_ms, position, status, request_id, error_code, error, known_cost, estimated_cost, held, bound, prompt_tokens,
    completion_tokens";

impl LedgerReader {
    /// Opens a ledger for reading.
    ///
    /// # Errors
    /// Returns an error if the file does not exist, cannot be opened or is not a ledger.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, LedgerError> {
        let path = path.into();
        if !path.exists() {
            return Err(LedgerError::Missing(path.display().to_string()));
        }
        // Not read-only: SQLite must be able to recover a ledger whose process was killed.
        let connection = file::connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        Ok(Self { path, connection })
    }

    /// Returns the record of the job.
    ///
    /// # Errors
    /// Returns an error if the ledger cannot be read.
    pub fn job(&self) -> Result<JobRecord, LedgerError> {
        let job = self.connection.query_row("SELECT * FROM job", [], |row| {
            Ok(JobRecord {
                job: Job {
                    endpoint: row.get("endpoint")?,
                    team: row.get("team")?,
                    shard: row.get("shard")?,
                    input: row.get("input")?,
                    discards_content: row.get("discards_content")?,
                },
                requests: unsigned(row, "requests")?,
                limits: Limits {
                    budget: usd(row, "budget")?,
                    min_concurrency: row.get("min_concurrency")?,
                    max_concurrency: row.get("max_concurrency")?,
                    requests_per_minute: row.get("requests_per_minute")?,
                    tokens_per_minute: row.get("tokens_per_minute")?,
                },
                level: row.get("level")?,
                owner: row.get("owner")?,
                is_running: lock::is_held(&self.path),
                created_at: row.get("created_at")?,
                output_position: row.get("output_position")?,
                output_bytes: unsigned(row, "output_bytes")?.unwrap_or(0),
            })
        });
        self.checked(job)
    }

    /// Calls a function in which the ledger does not change, although another process may write it.
    pub(crate) fn snapshot<T, E: From<LedgerError>>(
        &self,
        read: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        // It ends when it is dropped.
        let _transaction = self.checked(self.connection.unchecked_transaction())?;
        read(self)
    }

    /// Calls a function for each request in one of these states, in the order in which the requests were sent first.
    /// The rows have their answers only if `with_answers` is set.
    ///
    /// # Errors
    /// Returns an error if the ledger cannot be read, or if the function returns one.
    pub fn for_each<E: From<LedgerError>>(
        &self,
        states: &[State],
        with_answers: bool,
        mut each: impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let names: Vec<String> = states.iter().map(|state| format!("'{state}'")).collect();
        let names = names.join(", ");
        let answer = if with_answers {
            "answer"
        } else {
            "NULL AS answer"
        };
        let sql = format!(
            "SELECT {COLUMNS}, {answer} FROM request WHERE state IN ({names}) ORDER BY number"
        );
        let mut statement = self.checked(self.connection.prepare(&sql))?;
        let mut rows = self.checked(statement.query([]))?;
        while let Some(row) = self.checked(rows.next())? {
            each(self.checked(read(row))?)?;
        }
        Ok(())
    }

    /// Returns the counts and sums of each model.
    ///
    /// # Errors
    /// Returns an error if the ledger cannot be read.
    pub fn totals(&self) -> Result<BTreeMap<String, Totals>, LedgerError> {
        let mut totals = BTreeMap::<String, Totals>::new();
        self.for_each(&State::ALL, false, |row| {
            match totals.get_mut(&row.model) {
                Some(totals) => totals.add(&row),
                None => totals.entry(row.model.clone()).or_default().add(&row),
            }
            Ok::<_, LedgerError>(())
        })?;
        Ok(totals)
    }

    /// Returns the numbers of the requests of the last input in each state. Requests that were never sent are in no
    /// ledger: they are the rest of [`JobRecord::requests`].
    ///
    /// # Errors
    /// Returns an error if the ledger cannot be read.
    pub fn counts(&self) -> Result<BTreeMap<&'static str, u64>, LedgerError> {
        let sql = "SELECT state, count(*) FROM request WHERE is_current = 1 GROUP BY state";
        let mut statement = self.checked(self.connection.prepare(sql))?;
        let mut rows = self.checked(statement.query([]))?;
        let mut counts = BTreeMap::new();
        while let Some(row) = self.checked(rows.next())? {
            let state: String = self.checked(row.get(0))?;
            let count: i64 = self.checked(row.get(1))?;
            if let Some(state) = State::parse(&state) {
                counts.insert(state.as_str(), count.try_into().unwrap_or(0));
            }
        }
        Ok(counts)
    }

    /// Returns the answers after a position, in the order in which they arrived. The sizes of the answers add up to
    /// little more than `max_bytes`.
    pub(crate) fn answers_after(
        &self,
        position: i64,
        max_bytes: usize,
    ) -> Result<Vec<Row>, LedgerError> {
        let sql = format!(
            "SELECT {COLUMNS}, answer FROM request INDEXED BY request_position
             WHERE position > ?1 AND state = 'answered' AND is_current = 1 ORDER BY position"
        );
        let mut statement = self.checked(self.connection.prepare_cached(&sql))?;
        let mut rows = self.checked(statement.query(params![position]))?;
        let (mut answers, mut bytes) = (Vec::new(), 0);
        while let Some(row) = self.checked(rows.next())? {
            let row = self.checked(read(row))?;
            bytes += row.answer.as_ref().map_or(0, Bytes::len) + 200;
            answers.push(row);
            if bytes > max_bytes {
                break;
            }
        }
        Ok(answers)
    }

    /// Changes the limits of a job. A process that runs the job applies them within a second.
    ///
    /// # Errors
    /// Returns an error if the ledger cannot be written.
    pub fn change_limits(&self, change: impl FnOnce(&mut Limits)) -> Result<Limits, LedgerError> {
        let mut limits = self.job()?.limits;
        change(&mut limits);
        self.checked(set_limits(&self.connection, &limits))?;
        Ok(limits)
    }

    /// Records that the answers up to a position are in the output file, for a batch that no process runs.
    pub(crate) fn output_written(&self, position: i64, bytes: u64) -> Result<(), LedgerError> {
        let sql = "UPDATE job SET output_position = ?1, output_bytes = ?2";
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        let written = self.connection.execute(sql, params![position, bytes]);
        self.checked(written).map(drop)
    }

    fn checked<T>(&self, result: rusqlite::Result<T>) -> Result<T, LedgerError> {
        result.map_err(|error| Fault::from(error).into_error(&self.path))
    }
}

/// Names the process that runs a job.
pub(super) fn owner(path: &Path) -> Option<String> {
    let reader = LedgerReader::open(path).ok()?;
    let sql = "SELECT owner, owner_since FROM job";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?));
    let (owner, since) = reader.connection.query_row(sql, [], read).ok()?;
    let minutes = now().saturating_sub(since) / 60_000;
    Some(format!("{owner}, which began {minutes} minutes ago"))
}

fn unsigned(
    row: &rusqlite::Row<'_>,
    column: impl rusqlite::RowIndex,
) -> rusqlite::Result<Option<u64>> {
    let value: Option<i64> = row.get(column)?;
    Ok(value.map(|value| value.try_into().unwrap_or(0)))
}

/// Reads the [`COLUMNS`] and the answer, in their order. Columns are not read by their names, because each name would be
/// searched for in each of a million rows.
fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let mut columns = 0..;
    let mut next = || columns.next().unwrap_or(usize::MAX);
    Ok(Row {
        number: row.get(next())?,
        key: Key {
            id: row.get(next())?,
            hash: BodyHash(row.get(next())?),
        },
        line: unsigned(row, next())?.unwrap_or(0),
        model: row.get(next())?,
        state: State::parse(row.get_ref(next())?.as_str()?).unwrap_or(State::Ambiguous),
        is_current: row.get(next())?,
        attempts: row.get(next())?,
        unknown_attempts: row.get(next())?,
        sent_at: row.get(next())?,
        done_at: row.get(next())?,
        latency: unsigned(row, next())?.map(Duration::from_millis),
        position: row.get(next())?,
        status: row.get(next())?,
        request_id: row.get(next())?,
        error_code: row.get(next())?,
        error: row.get(next())?,
        known_cost: usd(row, next())?,
        estimated_cost: usd(row, next())?,
        held: usd(row, next())?,
        bound: usd(row, next())?,
        prompt_tokens: unsigned(row, next())?,
        completion_tokens: unsigned(row, next())?,
        answer: row.get::<_, Option<Vec<u8>>>(next())?.map(Bytes::from),
    })
}
