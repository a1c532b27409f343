//! What a simulator can be told before it starts.

use std::fmt;
use std::io;
use std::time::Duration;

use openapi_runtime::Usd;
use rust_decimal::Decimal;

use crate::faults::Fault;
use crate::record::{Answered, OnAnswer};
use crate::replies::{OnChat, Rule, When};
use crate::simulator::Simulator;
use crate::state::{Key, Team};

/// How many requests are kept unless told otherwise.
const RECORD: usize = 10_000;

/// Settings of a [`Simulator`].
#[must_use = "nothing runs until `start`"]
pub struct Builder {
    pub(crate) seed: u64,
    pub(crate) time_scale: f64,
    pub(crate) token_delay: Duration,
    pub(crate) billing_rows: usize,
    pub(crate) balance: Usd,
    pub(crate) port: u16,
    pub(crate) record: usize,
    pub(crate) faults: Vec<Fault>,
    pub(crate) replies: Vec<Rule>,
    pub(crate) keys: Vec<Key>,
    pub(crate) teams: Vec<Team>,
    pub(crate) adapters: Vec<(String, String)>,
    pub(crate) on_answer: Option<OnAnswer>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            seed: 0,
            time_scale: 1.0,
            token_delay: Duration::ZERO,
            billing_rows: 45,
            balance: Usd::from(Decimal::new(10_000, 2)),
            port: 0,
            record: RECORD,
            faults: Vec::new(),
            replies: Vec::new(),
            keys: Vec::new(),
            teams: Vec::new(),
            adapters: Vec::new(),
            on_answer: None,
        }
    }
}

impl Builder {
    /// What ids, keys, rows and texts follow from (default 0).
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Simulated seconds for each real one (default 1). With 0, time passes only by
    /// [`Simulator::advance`].
    pub fn time_scale(mut self, scale: f64) -> Self {
        self.time_scale = scale;
        self
    }

    /// The pause between two streamed tokens, in real time (default none).
    pub fn token_delay(mut self, delay: Duration) -> Self {
        self.token_delay = delay;
        self
    }

    /// How many rows the team's wallet starts with (default 45). The personal wallet starts with at
    /// most five.
    pub fn billing_rows(mut self, rows: usize) -> Self {
        self.billing_rows = rows;
        self
    }

    /// What is in the team's wallet and in the personal one, each (default 100.00).
    pub fn balance(mut self, balance: Usd) -> Self {
        self.balance = balance;
        self
    }

    /// The port on 127.0.0.1 (default 0: any free one).
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// How many requests [`Simulator::requests`] keeps (default 10,000; 0 for none). Beyond it, and
    /// beyond 64 MiB of bodies in all, the oldest are forgotten.
    pub fn record(mut self, requests: usize) -> Self {
        self.record = requests;
        self
    }

    /// One API key more, besides [`Simulator::key`].
    pub fn key(mut self, key: Key) -> Self {
        self.keys.push(key);
        self
    }

    /// One team more, besides [`Simulator::team`].
    pub fn team(mut self, team: Team) -> Self {
        self.teams.push(team);
        self
    }

    /// One LoRA adapter more: the model `{base}:{adapter}`, if there is such a base.
    pub fn adapter(mut self, base: impl Into<String>, adapter: impl Into<String>) -> Self {
        self.adapters.push((base.into(), adapter.into()));
        self
    }

    /// Chat requests that are answered as `reply` says, from the start on; as
    /// [`Simulator::on_chat`].
    pub fn on_chat(self, when: impl Into<When>) -> OnChat<Self> {
        OnChat {
            to: self,
            when: when.into(),
            times: None,
        }
    }

    /// A fault from the start on; see [`Fault`].
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Called for each answer, from the simulator's own thread, when its head is ready.
    pub fn on_answer(mut self, call: impl Fn(&Answered) + Send + Sync + 'static) -> Self {
        self.on_answer = Some(Box::new(call));
        self
    }

    /// Starts the simulator. It takes requests when this returns.
    ///
    /// # Errors
    /// If the port cannot be had, or a setting makes no sense.
    pub async fn start(self) -> Result<Simulator, StartError> {
        if !(self.time_scale.is_finite() && self.time_scale >= 0.0) {
            return Err(StartError::TimeScale(self.time_scale));
        }
        // Beyond this, what is billed would not come out to the digit.
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
            .field("billing_rows", &self.billing_rows)
            .field("balance", &self.balance)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another program listens on the port.
    #[error("port {port} of 127.0.0.1 is taken: choose another, or 0 for any free one")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// The port cannot be listened on.
    #[error("cannot listen on port {port} of 127.0.0.1")]
    Listen {
        /// The port.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// The server's thread could not start.
    #[error("the server cannot start")]
    Server(#[source] io::Error),
    /// Time can stand still or run, but not go backwards.
    #[error("a time scale of {0} makes no sense: it is a number from 0 upwards")]
    TimeScale(f64),
    /// A balance that could not be kept to the digit.
    #[error("a balance of {0} cannot be kept to the digit: less than 10^12, at most 10 decimals")]
    Balance(Usd),
}
