//! The settings of a simulator.

use std::fmt;
use std::io;
use std::time::Duration;

use openapi_runtime::Usd;
use rust_decimal::Decimal;

use crate::faults::Fault;
use crate::record::{OnResponse, ResponseEvent};
use crate::replies::{OnChat, Rule};
use crate::simulator::Simulator;
use crate::state::{Key, Team};
use crate::when::When;

/// The default number of recorded requests.
const DEFAULT_RECORD: usize = 10_000;

/// Settings of a [`Simulator`].
#[must_use = "call `start` to start the simulator"]
pub struct Builder {
    pub(crate) seed: u64,
    pub(crate) time_scale: f64,
    pub(crate) token_delay: Duration,
    pub(crate) chat_limit: Option<usize>,
    pub(crate) billing_rows: usize,
    pub(crate) balance: Usd,
    pub(crate) port: u16,
    pub(crate) record: usize,
    pub(crate) faults: Vec<Fault>,
    pub(crate) replies: Vec<Rule>,
    pub(crate) keys: Vec<Key>,
    pub(crate) teams: Vec<Team>,
    pub(crate) adapters: Vec<(String, String)>,
    pub(crate) on_response: Option<OnResponse>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            seed: 0,
            time_scale: 1.0,
            token_delay: Duration::ZERO,
            chat_limit: None,
            billing_rows: 45,
            balance: Usd::from(Decimal::new(10_000, 2)),
            port: 0,
            record: DEFAULT_RECORD,
            faults: Vec::new(),
            replies: Vec::new(),
            keys: Vec::new(),
            teams: Vec::new(),
            adapters: Vec::new(),
            on_response: None,
        }
    }
}

impl Builder {
    /// Sets the seed for IDs, keys, billing rows, texts and random faults (default 0).
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the number of simulated seconds per real second (default 1). With 0, only
    /// [`Simulator::advance`] moves the clock.
    pub fn time_scale(mut self, scale: f64) -> Self {
        self.time_scale = scale;
        self
    }

    /// Sets the delay between two streamed tokens, in real time (default zero).
    pub fn token_delay(mut self, delay: Duration) -> Self {
        self.token_delay = delay;
        self
    }

    /// Limits how many chat requests the simulator handles at once (default: no limit). A request
    /// beyond the limit gets status 429 and is not carried out. A request counts until its response
    /// is sent completely, or until the caller disconnects. With [`Fault::delay`], the simulator
    /// behaves like a service with a fixed number of places and a fixed latency:
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::time::Duration;
    /// use prime_sim::{Fault, Operation, Simulator};
    ///
    /// let latency = Fault::delay(Duration::from_millis(200)).on(Operation::CreateChatCompletion);
    /// let sim = Simulator::builder().chat_limit(64).fault(latency).start().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn chat_limit(mut self, requests: usize) -> Self {
        self.chat_limit = Some(requests);
        self
    }

    /// Sets the initial number of billing rows of the team's wallet (default 45). The personal
    /// wallet starts with at most five rows.
    pub fn billing_rows(mut self, rows: usize) -> Self {
        self.billing_rows = rows;
        self
    }

    /// Sets the initial balance of each wallet (default 100.00).
    pub fn balance(mut self, balance: Usd) -> Self {
        self.balance = balance;
        self
    }

    /// Sets the port on 127.0.0.1 (default 0: any free port).
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets how many requests [`Simulator::requests`] keeps (default 10,000; 0 for none). The
    /// oldest requests are dropped beyond this number, and beyond 64 MiB of request bodies.
    pub fn record(mut self, requests: usize) -> Self {
        self.record = requests;
        self
    }

    /// Adds an API key. [`Simulator::key`] always exists.
    pub fn key(mut self, key: Key) -> Self {
        self.keys.push(key);
        self
    }

    /// Adds a team. [`Simulator::team`] always exists.
    pub fn team(mut self, team: Team) -> Self {
        self.teams.push(team);
        self
    }

    /// Adds a LoRA adapter as the model `{base}:{adapter}`. It is ignored if the base does not
    /// exist.
    pub fn adapter(mut self, base: impl Into<String>, adapter: impl Into<String>) -> Self {
        self.adapters.push((base.into(), adapter.into()));
        self
    }

    /// Adds a scripted reply to chat requests. See [`Simulator::on_chat`].
    pub fn on_chat(self, when: impl Into<When>) -> OnChat<Self> {
        OnChat {
            to: self,
            when: when.into(),
            times: None,
        }
    }

    /// Adds a fault that is active from the start. See [`Fault`].
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Sets a callback for each response. The simulator's thread calls it when the response head is
    /// ready, or when the request ends without a response.
    pub fn on_response(mut self, call: impl Fn(&ResponseEvent) + Send + Sync + 'static) -> Self {
        self.on_response = Some(Box::new(call));
        self
    }

    /// Starts the simulator. It accepts requests when this method returns.
    ///
    /// # Errors
    /// Returns an error if the port is not available or a setting is invalid.
    pub async fn start(self) -> Result<Simulator, StartError> {
        if !(self.time_scale.is_finite() && self.time_scale >= 0.0) {
            return Err(StartError::TimeScale(self.time_scale));
        }
        // Larger or finer amounts could not be billed exactly.
        let teams = self.teams.iter().filter_map(|team| team.balance);
        for balance in teams.chain([self.balance]) {
            let amount = balance.decimal();
            if amount.abs() >= Decimal::from(1_000_000_000_000_u64) || amount.scale() > 10 {
                return Err(StartError::Balance(balance));
            }
        }
        Simulator::launch(self).await
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("seed", &self.seed)
            .field("time_scale", &self.time_scale)
            .field("token_delay", &self.token_delay)
            .field("chat_limit", &self.chat_limit)
            .field("billing_rows", &self.billing_rows)
            .field("balance", &self.balance)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// The error returned when a simulator cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another program uses the port.
    #[error("port {port} of 127.0.0.1 is in use; choose another port, or 0 for any free port")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// The port cannot be opened.
    #[error("cannot listen on port {port} of 127.0.0.1")]
    Listen {
        /// The port.
        port: u16,
        /// The error from the operating system.
        source: io::Error,
    },
    /// The server thread cannot start.
    #[error("cannot start the server thread")]
    Server(#[source] io::Error),
    /// The time scale is negative or not finite.
    #[error("invalid time scale {0}; use a finite number of at least 0")]
    TimeScale(f64),
    /// The balance is too large or has too many decimals to be stored exactly.
    #[error("balance {0} cannot be stored exactly; use less than 10^12 and at most 10 decimals")]
    Balance(Usd),
}
