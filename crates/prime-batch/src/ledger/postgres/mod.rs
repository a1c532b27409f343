//! A ledger in a PostgreSQL database, which many workers share.
//!
//! | file | contents |
//! |---|---|
//! | `mod` | [`PostgresLedger`]: a connection to the database |
//! | `types` | jobs, chunks, and their states |
//! | `schema.sql` | the tables, with a comment for each column |
//! | `address` | the address of a database, and encryption |
//! | `connection` | connections that are opened again when they are lost |
//! | `submit` | creates jobs |
//! | `job` | reads and changes jobs |
//! | `lease`, `renew`, `close` | takes, renews and ends leases of chunks |
//! | `leases` | the ledger of one worker: its leases, and the requests that it sends under them |
//! | `writer`, `columns` | records what many requests need in one transaction |
//! | `part` | the parts of the output that are written |
//! | `rate` | limits on the requests and tokens of a minute |
//! | `reader` | reads the requests of a job |
//!
//! A ledger belongs to an output, an endpoint and an account. It has a job for each input, and a job has chunks of about
//! 100 requests. A worker takes a lease of a chunk before it sends its requests, and renews it while they are in flight.
//! Each lease has a fencing token of its own: a worker that lost its lease cannot record a request as sent, and so does
//! not send it. What the requests of a chunk may cost is reserved from the budget with the lease.
//!
//! # What is guaranteed
//!
//! - A request is recorded as sent, in a transaction that is on disk, before it leaves, and only under a lease that is in
//!   force. It leaves only if the lease is in force by the clocks of the worker, too.
//! - When a lease ends while requests are in flight, they become ambiguous. The worker that sent them may still get their
//!   answers: then they are answered.
//! - The costs of what was done, and the upper bounds of what may be sent under the leases in force, are never more than
//!   the budget, except for requests whose cost has no bound and that are sent nevertheless.
//! - If a connection is lost while a transaction is committed, the transaction is repeated, and has its effect once.
//!
//! If a standby takes over from a server that has failed, it must have all transactions that were confirmed: with
//! asynchronous replication, requests may be sent twice. Connect to the server itself, or through a pool of sessions: a
//! pool of transactions does not keep prepared statements.
//!
//! Nothing has to be installed in the database: the tables are in a schema of their own, `prime_batch`, which the first
//! job creates.

mod address;
mod close;
mod columns;
mod connection;
mod job;
mod lease;
mod leases;
mod part;
mod rate;
mod reader;
mod renew;
mod submit;
mod types;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use self::address::Address;
use self::connection::run;
use super::LedgerError;

pub(crate) use self::connection::Connection;
pub(crate) use self::lease::{Leased, Wanted};
pub(crate) use self::leases::{Held, Leases};
pub(crate) use self::renew::renew;
pub use self::types::{
    ChunkCounts, JobId, JobInfo, JobState, JobStatus, OpenChunks, Reconciled, Submission,
    Submitted, Tally, WorkerInfo,
};

/// How long a lost connection is opened again before a call fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// A ledger in a PostgreSQL database. Clones share a connection.
///
/// A lost connection is opened again, and what was not confirmed is repeated. A call fails with
/// [`LedgerError::Unreachable`] if that takes more than 10 seconds.
#[derive(Debug, Clone)]
pub struct PostgresLedger {
    control: Arc<Connection>,
}

impl PostgresLedger {
    /// Connects to a database: `postgres://user:password@host:port/database`.
    ///
    /// Connections to other machines are encrypted, and the certificate of the server is verified. These parameters
    /// change this:
    ///
    /// - `sslrootcert=/path/to/ca.pem`: the certificates that are trusted, instead of those of the operating system.
    /// - `sslmode=disable`: no encryption. `sslmode=require`: encryption to this machine, too.
    ///
    /// # Errors
    /// Returns an error if the URL is invalid, if the database cannot be reached, or if a newer version of this crate
    /// created its tables.
    pub async fn connect(url: &str) -> Result<Self, LedgerError> {
        let address = Arc::new(Address::parse(url)?);
        let control = Arc::new(Connection::new(address, PATIENCE));
        let ledger = Self { control };
        let checked = run!(&ledger.control, |session, _is_repeated| {
            submit::check_version(session, ledger.name()).await
        });
        checked?;
        Ok(ledger)
    }

    /// Returns the address of the database, without user and password.
    pub fn name(&self) -> &str {
        self.control.address().name()
    }

    fn control(&self) -> &Connection {
        &self.control
    }

    /// Returns another connection, for work that does not wait for that of others.
    pub(crate) fn connection(&self) -> Connection {
        Connection::new(self.control.address().clone(), PATIENCE)
    }
}
