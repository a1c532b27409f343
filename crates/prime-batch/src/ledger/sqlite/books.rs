//! The changes of a ledger, and the sums that the budget needs.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use prime_ext::{Usd, UsdSum};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Params, Row, RowIndex, params};

use super::Shared;
use crate::key::Key;
use crate::ledger::{Admission, Done, LedgerError, Limits, Paid, Sending, State};

/// The books of a job: its ledger, and what was spent.
pub(super) struct Books {
    connection: Connection,
    /// The fencing token of this process.
    token: i64,
    sums: Sums,
    shared: Arc<Shared>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    /// The cost of everything that was done. An unknown cost counts with its upper bound.
    spent: UsdSum,
    /// The upper bounds of the requests in flight.
    reserved: UsdSum,
    /// The position of the request that was done last.
    position: i64,
}

/// Why a change failed.
#[derive(Debug)]
pub(super) enum Fault {
    Sqlite(rusqlite::Error),
    LeaseLost,
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Fault {
    pub(super) fn into_error(self, path: &Path) -> LedgerError {
        let path = path.display().to_string();
        let error = match self {
            Self::LeaseLost => return LedgerError::LeaseLost,
            Self::Sqlite(error) => error,
        };
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => LedgerError::DiskFull { path },
            Some(ErrorCode::NotADatabase) => LedgerError::NotALedger(path),
            _ => LedgerError::Failed {
                path,
                reason: error.to_string(),
            },
        }
    }
}

/// Returns the current time in milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH);
    time.map_or(0, |time| {
        i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
    })
}

/// Reads an amount. An amount that is not a number was not written by this crate.
pub(super) fn usd(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<Option<Usd>> {
    let text = row.get_ref(column)?.as_str_or_null()?;
    let parsed = text.map(str::parse).transpose();
    parsed.map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })
}

/// What a change needs to know of a request.
struct Entry {
    number: i64,
    state: State,
    token: i64,
    bound: Option<Usd>,
    known: Option<Usd>,
    estimated: Option<Usd>,
    held: Option<Usd>,
}

impl Entry {
    const SELECT: &str =
        "SELECT number, state, token, bound, known_cost, estimated_cost, held FROM request";

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let state: String = row.get("state")?;
        Ok(Self {
            number: row.get("number")?,
            state: State::parse(&state).unwrap_or(State::Ambiguous),
            token: row.get("token")?,
            bound: usd(row, "bound")?,
            known: usd(row, "known_cost")?,
            estimated: usd(row, "estimated_cost")?,
            held: usd(row, "held")?,
        })
    }
}

impl Books {
    /// Reads the sums, and makes requests ambiguous that an earlier process left as sent.
    pub(super) fn new(
        connection: Connection,
        token: i64,
        shared: Arc<Shared>,
    ) -> Result<Self, Fault> {
        let mut books = Self {
            connection,
            token,
            sums: Sums::default(),
            shared,
        };
        let level = books.query_row("SELECT level FROM job", [], |row| row.get(0))?;
        books.shared.set_level(level);
        books.read_sums()?;
        books.commit(&mut [()], |(), books| books.close_interrupted())?;
        Ok(books)
    }

    fn read_sums(&mut self) -> Result<(), Fault> {
        let sql = "SELECT known_cost, estimated_cost, held FROM request
             WHERE coalesce(known_cost, estimated_cost, held) IS NOT NULL";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            for column in ["known_cost", "estimated_cost", "held"] {
                self.sums.spent += usd(row, column)?.unwrap_or_default();
            }
        }
        let sql = "SELECT coalesce(max(position), 0) FROM request";
        self.sums.position = self.connection.query_row(sql, [], |row| row.get(0))?;
        Ok(())
    }

    /// Makes requests ambiguous that an earlier process left as sent.
    fn close_interrupted(&mut self) -> Result<(), Fault> {
        let sql = format!("{} WHERE state = 'sent'", Entry::SELECT);
        let mut statement = self.connection.prepare(&sql)?;
        let entries = statement.query_map([], Entry::read)?;
        let entries: Vec<Entry> = entries.collect::<Result<_, _>>()?;
        drop(statement);
        for Entry { number, bound, .. } in entries {
            self.sums.reserved += bound.unwrap_or_default();
            let sql = "UPDATE request SET token = ?1 WHERE number = ?2";
            self.execute(sql, params![self.token, number])?;
            self.done(&Done::interrupted(number))?;
        }
        Ok(())
    }

    /// Applies changes in one transaction. If one of them fails, none is applied.
    pub(super) fn commit<C>(
        &mut self,
        changes: &mut [C],
        mut apply: impl FnMut(&mut C, &mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let before = self.sums;
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let applied = self.check_lease_and_limits().and_then(|()| {
            let mut changes = changes.iter_mut();
            changes.try_for_each(|change| apply(change, self))
        });
        let committed = applied.and_then(|()| Ok(self.connection.execute_batch("COMMIT")?));
        if committed.is_err() {
            self.sums = before;
            if !self.connection.is_autocommit() {
                // Fails only if the transaction has ended already.
                let _ = self.connection.execute_batch("ROLLBACK");
            }
        }
        committed
    }

    /// Checks that no other process took the lease, and reads the limits, which another process may change.
    fn check_lease_and_limits(&mut self) -> Result<(), Fault> {
        let sql = "SELECT token, budget, min_concurrency, max_concurrency, requests_per_minute, tokens_per_minute FROM job";
        let (token, limits) = self.query_row(sql, [], |row| {
            let limits = Limits {
                budget: usd(row, "budget")?,
                min_concurrency: row.get("min_concurrency")?,
                max_concurrency: row.get("max_concurrency")?,
                requests_per_minute: row.get("requests_per_minute")?,
                tokens_per_minute: row.get("tokens_per_minute")?,
            };
            Ok((row.get::<_, i64>("token")?, limits))
        })?;
        self.shared.set_limits(limits);
        if token == self.token {
            Ok(())
        } else {
            Err(Fault::LeaseLost)
        }
    }

    pub(super) fn set_limits(&mut self, limits: &Limits) -> Result<(), Fault> {
        self.shared.set_limits(*limits);
        set_limits(&self.connection, limits)?;
        Ok(())
    }

    pub(super) fn execute(&self, sql: &str, values: impl Params) -> Result<(), Fault> {
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    pub(super) fn query_row<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Fault> {
        Ok(self
            .connection
            .prepare_cached(sql)?
            .query_row(values, read)?)
    }

    fn find(&self, key: &Key) -> Result<Option<Entry>, Fault> {
        let sql = format!("{} WHERE id = ?1 AND hash = ?2", Entry::SELECT);
        let mut statement = self.connection.prepare_cached(&sql)?;
        let entry = statement.query_row(params![key.id, key.hash.0], Entry::read);
        Ok(entry.optional()?)
    }

    /// Returns a request that this process has in flight.
    fn in_flight(&self, number: i64) -> Result<Entry, Fault> {
        let sql = format!("{} WHERE number = ?1", Entry::SELECT);
        let entry = self.query_row(&sql, [number], Entry::read)?;
        if entry.state == State::Sent && entry.token == self.token {
            Ok(entry)
        } else {
            Err(Fault::LeaseLost)
        }
    }

    pub(super) fn state(&self, key: &Key) -> Result<State, Fault> {
        let sql = "SELECT state FROM request WHERE id = ?1 AND hash = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let state = statement.query_row(params![key.id, key.hash.0], |row| row.get::<_, String>(0));
        let state = state.optional()?;
        Ok(state.map_or(State::Unsent, |state| {
            State::parse(&state).unwrap_or(State::Ambiguous)
        }))
    }

    pub(super) fn sent(&mut self, sending: &Sending) -> Result<Admission, Fault> {
        let entry = self.find(&sending.key)?;
        let state = entry.as_ref().map_or(State::Unsent, |entry| entry.state);
        if !sending.again.allows(state) {
            return Ok(Admission::NotAllowed(state));
        }
        let bound = sending.bound.unwrap_or_default();
        let mut total = self.sums.spent + bound;
        total += self.sums.reserved;
        let budget = self.shared.limits().budget;
        if sending.bound.is_some() && budget.is_some_and(|budget| total.usd() > budget) {
            return Ok(Admission::OverBudget);
        }
        self.sums.reserved += bound;
        let bound = sending.bound.map(|bound| bound.to_string());
        let number = match entry {
            Some(entry) => {
                let sql = "UPDATE request SET state = 'sent', is_current = 1, attempts = attempts + 1, bound = ?1,
                        token = ?2, sent_at = ?3, done_at = NULL, position = NULL, error_code = NULL, error = NULL
                     WHERE number = ?4";
                self.execute(sql, params![bound, self.token, now(), entry.number])?;
                entry.number
            }
            None => {
                let sql =
                    "INSERT INTO request (id, hash, line, model, body, state, is_current, attempts,
                        unknown_attempts, bound, token, sent_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, 'sent', 1, 1, 0, ?6, ?7, ?8)";
                let Sending {
                    key, model, body, ..
                } = sending;
                let line = i64::try_from(sending.line).unwrap_or(i64::MAX);
                let body = body.as_deref();
                let values = params![
                    key.id,
                    key.hash.0,
                    line,
                    model,
                    body,
                    bound,
                    self.token,
                    now()
                ];
                self.execute(sql, values)?;
                self.connection.last_insert_rowid()
            }
        };
        Ok(Admission::Admitted(number))
    }

    pub(super) fn unsent(&mut self, number: i64, unknown: bool) -> Result<(), Fault> {
        let entry = self.in_flight(number)?;
        self.sums.reserved += -entry.bound.unwrap_or_default();
        let sql = "UPDATE request SET state = 'unsent', unknown_attempts = unknown_attempts + ?1 WHERE number = ?2";
        self.execute(sql, params![unknown, number])
    }

    pub(super) fn withdraw(&mut self, number: i64) -> Result<(), Fault> {
        let entry = self.in_flight(number)?;
        self.sums.reserved += -entry.bound.unwrap_or_default();
        let sql = "UPDATE request SET state = 'unsent', attempts = attempts - 1 WHERE number = ?1";
        self.execute(sql, [number])
    }

    pub(super) fn done(&mut self, done: &Done) -> Result<(), Fault> {
        let entry = self.in_flight(done.number)?;
        self.sums.reserved += -entry.bound.unwrap_or_default();
        let paid = Paid::of(done.cost, entry.bound);
        self.sums.spent += paid.total();
        let add = |sum: Option<Usd>, amount: Option<Usd>| match amount {
            Some(amount) => Some(sum.unwrap_or_default() + amount),
            None => sum,
        };
        let known = add(entry.known, paid.known);
        let estimated = add(entry.estimated, paid.estimated);
        let held = add(entry.held, paid.held);
        self.sums.position += 1;
        let sql = "UPDATE request SET state = ?1, unknown_attempts = unknown_attempts + ?2, done_at = ?3,
                latency_ms = ?4, position = ?5, status = ?6, request_id = ?7, answer = ?8, error_code = ?9, error = ?10,
                known_cost = ?11, estimated_cost = ?12, held = ?13, prompt_tokens = ?14, completion_tokens = ?15
             WHERE number = ?16";
        let integer = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let text = |amount: Option<Usd>| amount.map(|amount| amount.to_string());
        let latency = u64::try_from(done.latency.as_millis()).unwrap_or(u64::MAX);
        self.execute(
            sql,
            params![
                done.state.as_str(),
                done.unknown_attempts,
                now(),
                integer(latency),
                self.sums.position,
                done.status,
                done.request_id,
                done.answer.as_deref(),
                done.error_code,
                done.error,
                text(known),
                text(estimated),
                text(held),
                done.prompt_tokens.map(integer),
                done.completion_tokens.map(integer),
                done.number
            ],
        )
    }
}

pub(super) fn set_limits(connection: &Connection, limits: &Limits) -> rusqlite::Result<()> {
    let sql = "UPDATE job SET budget = ?1, min_concurrency = ?2, max_concurrency = ?3, requests_per_minute = ?4,
            tokens_per_minute = ?5";
    connection.execute(
        sql,
        params![
            limits.budget.map(|budget| budget.to_string()),
            limits.min_concurrency,
            limits.max_concurrency,
            limits.requests_per_minute,
            limits.tokens_per_minute
        ],
    )?;
    Ok(())
}
