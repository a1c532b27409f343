//! Connections that are opened again when they are lost.

use std::collections::HashMap;
use std::error::Error as _;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prime_ext::{Usd, UsdSum};
use tokio::sync::MutexGuard;
use tokio::time::Instant;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};

use super::address::{Address, source};
use crate::ledger::LedgerError;

/// How long a transaction may take. A connection that takes longer counts as lost.
pub(super) const LIMIT: Duration = Duration::from_secs(60);

/// The statement that begins a transaction.
pub(super) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// Waits before a lost connection is opened again: at first, and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// A connection for one transaction at a time, which is opened when it is needed.
#[derive(Debug)]
pub(crate) struct Connection {
    address: Arc<Address>,
    session: tokio::sync::Mutex<Option<Arc<Session>>>,
    /// How long a lost connection is opened again before a call fails.
    patience: Duration,
}

/// A connection that is established.
#[derive(Debug)]
pub(super) struct Session {
    client: Client,
    /// The statements that are prepared.
    statements: Mutex<HashMap<&'static str, Statement>>,
}

/// Why a transaction failed.
#[derive(Debug)]
pub(super) enum Fault {
    Postgres(tokio_postgres::Error),
    Timeout,
    Ledger(LedgerError),
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<LedgerError> for Fault {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl Fault {
    /// Returns whether the connection cannot be used any more.
    fn is_loss(&self) -> bool {
        match self {
            Self::Postgres(error) => error.code().is_none() || is_shutdown(error.code()),
            Self::Timeout => true,
            Self::Ledger(_) => false,
        }
    }

    /// Returns whether the same transaction may succeed if it is repeated.
    fn is_transient(&self) -> bool {
        let Self::Postgres(error) = self else {
            return matches!(self, Self::Timeout);
        };
        let Some(code) = error.code() else {
            return is_interruption(error);
        };
        is_shutdown(Some(code))
            || [
                SqlState::T_R_SERIALIZATION_FAILURE,
                SqlState::T_R_DEADLOCK_DETECTED,
                SqlState::TOO_MANY_CONNECTIONS,
                SqlState::READ_ONLY_SQL_TRANSACTION,
            ]
            .contains(code)
    }

    fn into_error(self, address: &Address) -> LedgerError {
        let path = address.name().to_owned();
        let is_transient = self.is_transient();
        let reason = match self {
            Self::Ledger(LedgerError::NoJob { what, .. }) => {
                return LedgerError::NoJob { path, what };
            }
            Self::Ledger(error) => return error,
            Self::Timeout => "the database does not answer".to_owned(),
            Self::Postgres(error) => match error.code() {
                Some(code) if *code == SqlState::DISK_FULL => {
                    return LedgerError::DiskFull { path };
                }
                Some(code) if *code == SqlState::UNDEFINED_TABLE => {
                    return LedgerError::NoJob {
                        path,
                        what: "jobs; `batch submit` creates the tables".to_owned(),
                    };
                }
                _ => match error.as_db_error() {
                    Some(error) => error.message().to_owned(),
                    None => match source(&error) {
                        Some(cause) => format!("{error}: {cause}"),
                        None => error.to_string(),
                    },
                },
            },
        };
        match is_transient {
            true => LedgerError::Unreachable { path, reason },
            false => LedgerError::Failed { path, reason },
        }
    }
}

/// Returns whether a connection was lost or could not be opened. A certificate that is not trusted stays so.
fn is_interruption(error: &tokio_postgres::Error) -> bool {
    match error.source() {
        // The connection was closed, or the time to open it is over.
        None => true,
        Some(source) => source.downcast_ref::<io::Error>().is_some_and(|error| {
            !matches!(
                error.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
            )
        }),
    }
}

/// Returns whether the server shuts down, starts, or ends the connection.
fn is_shutdown(code: Option<&SqlState>) -> bool {
    code.is_some_and(|code| {
        let is_in_class = |class| code.code().starts_with(class);
        is_in_class("57P0")
            || is_in_class("08")
            || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
    })
}

impl Connection {
    pub(super) fn new(address: Arc<Address>, patience: Duration) -> Self {
        Self {
            address,
            session: tokio::sync::Mutex::default(),
            patience,
        }
    }

    pub(super) fn address(&self) -> &Arc<Address> {
        &self.address
    }

    /// Waits until nothing else uses the connection. See [`run`].
    pub(super) async fn tries(&self) -> Tries<'_> {
        Tries {
            connection: self,
            slot: self.session.lock().await,
            start: Instant::now(),
            wait: BACKOFF.0,
            is_repeated: false,
        }
    }

    /// Opens another connection, for work that is not repeated.
    pub(super) async fn open(&self) -> Result<Session, LedgerError> {
        let opened = Session::open(&self.address).await;
        opened.map_err(|fault| self.error(fault))
    }

    pub(super) fn error(&self, fault: Fault) -> LedgerError {
        fault.into_error(&self.address)
    }
}

/// The tries of some work. See [`run`].
pub(super) struct Tries<'a> {
    connection: &'a Connection,
    /// Empty during a try: if its future is dropped, the connection is closed, and the server rolls back.
    slot: MutexGuard<'a, Option<Arc<Session>>>,
    start: Instant,
    wait: Duration,
    /// Whether an earlier try may have had its effect.
    pub(super) is_repeated: bool,
}

impl Tries<'_> {
    /// Returns a connection for the next try.
    pub(super) async fn next(&mut self) -> Result<Arc<Session>, LedgerError> {
        loop {
            let session = self.slot.take();
            if let Some(session) = session.filter(|session| !session.client.is_closed()) {
                return Ok(session);
            }
            let opened = Session::open(&self.connection.address);
            let opened = tokio::time::timeout(LIMIT, opened).await;
            match opened.unwrap_or(Err(Fault::Timeout)) {
                Ok(session) => return Ok(Arc::new(session)),
                Err(fault) => self.wait(fault).await?,
            }
        }
    }

    /// Ends a try. Returns `None` if the work is repeated.
    pub(super) async fn end<T>(
        &mut self,
        session: Arc<Session>,
        result: Result<T, Fault>,
    ) -> Option<Result<T, LedgerError>> {
        let fault = match result {
            Ok(value) => {
                *self.slot = Some(session);
                return Some(Ok(value));
            }
            Err(fault) => fault,
        };
        self.is_repeated = true;
        if !fault.is_loss() && session.client.batch_execute("ROLLBACK").await.is_ok() {
            *self.slot = Some(session);
        }
        self.wait(fault).await.err().map(Err)
    }

    /// Waits before the next try. Returns an error if there is none.
    async fn wait(&mut self, fault: Fault) -> Result<(), LedgerError> {
        if !fault.is_transient() || self.start.elapsed() > self.connection.patience {
            return Err(self.connection.error(fault));
        }
        tokio::time::sleep(self.wait.mul_f64(0.5 + fastrand::f64())).await;
        self.wait = (self.wait * 2).min(BACKOFF.1);
        Ok(())
    }
}

/// Does some work with a connection. If the connection is lost, a new one is opened, and the work is repeated: it must
/// have no effect if it had one before. `$is_repeated` says whether that is possible.
///
/// A macro, because the compiler cannot tell that the futures of closures that borrow can be sent between threads.
macro_rules! run {
    ($connection:expr, |$session:ident, $is_repeated:ident| $work:expr) => {{
        let connection: &$crate::ledger::postgres::connection::Connection = $connection;
        let mut tries = connection.tries().await;
        loop {
            let session = match tries.next().await {
                Ok(session) => session,
                Err(error) => break Err(error),
            };
            let ended = {
                let ($session, $is_repeated) = (&*session, tries.is_repeated);
                let work = async { $work };
                tokio::time::timeout($crate::ledger::postgres::connection::LIMIT, work).await
            };
            let ended = ended.unwrap_or(Err($crate::ledger::postgres::connection::Fault::Timeout));
            if let Some(result) = tries.end(session, ended).await {
                break result;
            }
        }
    }};
}

/// Does some work in a transaction: see [`run`].
macro_rules! transaction {
    ($connection:expr, |$session:ident| $work:expr) => {
        $crate::ledger::postgres::connection::run!($connection, |$session, _is_repeated| {
            $session.begin().await?;
            let work = async { $work };
            let ended: Result<_, $crate::ledger::postgres::connection::Fault> = work.await;
            let value = ended?;
            $session.commit().await?;
            Ok(value)
        })
    };
}

pub(super) use {run, transaction};

impl Session {
    async fn open(address: &Address) -> Result<Self, Fault> {
        let client = address.connect().await?;
        // A commit must be on disk when it returns, whatever the settings of the database. A process that is suspended
        // in a transaction must not keep its locks. The server keeps the plans of statements: one that it made when a
        // table was small would read all of a large table, so that plans use the indexes from the beginning.
        client
            .batch_execute(
                "SELECT set_config('synchronous_commit', 'on', false)
                 WHERE current_setting('synchronous_commit') = 'off';
                 SET idle_in_transaction_session_timeout = '5s';
                 SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off",
            )
            .await?;
        Ok(Self {
            client,
            statements: Mutex::default(),
        })
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) async fn begin(&self) -> Result<(), Fault> {
        Ok(self.client.batch_execute(BEGIN).await?)
    }

    /// Commits. No statement of the transaction may have failed: the server would roll back without an error.
    pub(super) async fn commit(&self) -> Result<(), Fault> {
        Ok(self.client.batch_execute("COMMIT").await?)
    }

    /// Prepares a statement once.
    pub(super) async fn prepare(&self, sql: &'static str) -> Result<Statement, Fault> {
        let prepared = self.statements().get(sql).cloned();
        if let Some(statement) = prepared {
            return Ok(statement);
        }
        let statement = self.client.prepare(sql).await?;
        self.statements().insert(sql, statement.clone());
        Ok(statement)
    }

    fn statements(&self) -> std::sync::MutexGuard<'_, HashMap<&'static str, Statement>> {
        self.statements
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn query(
        &self,
        sql: &'static str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Fault> {
        let statement = self.prepare(sql).await?;
        Ok(self.client.query(&statement, values).await?)
    }

    pub(super) async fn query_opt(
        &self,
        sql: &'static str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>, Fault> {
        let statement = self.prepare(sql).await?;
        Ok(self.client.query_opt(&statement, values).await?)
    }

    pub(super) async fn query_one(
        &self,
        sql: &'static str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Row, Fault> {
        let statement = self.prepare(sql).await?;
        Ok(self.client.query_one(&statement, values).await?)
    }

    pub(super) async fn execute(
        &self,
        sql: &'static str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, Fault> {
        let statement = self.prepare(sql).await?;
        Ok(self.client.execute(&statement, values).await?)
    }
}

/// Reads an amount, which the statement returns as text.
pub(super) fn usd(row: &Row, column: &str) -> Result<Option<Usd>, Fault> {
    let text: Option<&str> = row.try_get(column)?;
    let parsed = text.map(str::parse).transpose();
    parsed.map_err(|_| unreadable(column))
}

/// Reads a sum, which the statement returns as text.
pub(super) fn usd_sum(row: &Row, column: &str) -> Result<UsdSum, Fault> {
    let text: Option<&str> = row.try_get(column)?;
    let parsed = text.map(str::parse).transpose();
    Ok(parsed.map_err(|_| unreadable(column))?.unwrap_or_default())
}

/// The error of a value that this crate did not write.
pub(super) fn unreadable(column: &str) -> Fault {
    Fault::Ledger(LedgerError::Failed {
        path: "the ledger".to_owned(),
        reason: format!("the column {column} has an unexpected value"),
    })
}

/// Reads a count, which is not negative.
pub(super) fn count(row: &Row, column: &str) -> Result<u64, Fault> {
    let count: Option<i64> = row.try_get(column)?;
    Ok(count.unwrap_or(0).try_into().unwrap_or(0))
}
