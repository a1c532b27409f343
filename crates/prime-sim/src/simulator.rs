//! The handle of a running simulator.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use openapi_runtime::Usd;

use crate::builder::{Builder, StartError};
use crate::faults::{Fault, FaultHandle};
use crate::record::RecordedRequest;
use crate::replies::{OnChat, Replies};
use crate::routes;
use crate::server::Server;
use crate::state::{Key, RunSnapshot, Shared, Team, Wallet};
use crate::when::When;

/// A running simulator of both APIs on 127.0.0.1. Dropping it stops the server.
pub struct Simulator {
    shared: Arc<Shared>,
    port: u16,
    _server: Server,
}

impl Simulator {
    /// Returns a builder with the default settings.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Starts a simulator with the default settings.
    ///
    /// # Errors
    /// See [`Builder::start`].
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    pub(crate) async fn launch(settings: Builder) -> Result<Self, StartError> {
        let port = settings.port;
        let (listener, port) = listen(port).map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => StartError::PortTaken { port },
            _ => StartError::Listen { port, source },
        })?;
        let shared = Arc::new(Shared::new(settings));
        let (gate, router) = (
            Arc::clone(&shared.gate),
            routes::router(Arc::clone(&shared)),
        );
        let server = Server::start(listener, gate, router)
            .await
            .map_err(StartError::Server)?;
        Ok(Self {
            shared,
            port,
            _server: server,
        })
    }

    /// Returns the base URL of the Inference API. Its paths begin with `/models` or `/chat`.
    pub fn inference_url(&self) -> String {
        format!("{}{}", self.platform_url(), routes::inference_base())
    }

    /// Returns the base URL of the Training API. Its paths begin with `/api`.
    pub fn platform_url(&self) -> String {
        format!("http://{}:{}", Ipv4Addr::LOCALHOST, self.port)
    }

    /// Returns an API key with all permissions.
    pub fn key(&self) -> &str {
        &self.shared.key
    }

    /// Returns the ID of a team that the owner of [`Simulator::key`] belongs to.
    pub fn team(&self) -> &str {
        &self.shared.team
    }

    /// Moves the simulated clock forward.
    pub fn advance(&self, by: Duration) {
        self.shared.billed_state().clock.advance(by);
    }

    /// Adds an API key. It replaces a key with the same secret.
    pub fn add_key(&self, key: Key) {
        self.shared.billed_state().add_key(key);
    }

    /// Revokes a key. Returns `false` if the key does not exist.
    pub fn revoke_key(&self, key: &str) -> bool {
        self.shared.billed_state().keys.revoke(key)
    }

    /// Adds a team with a new wallet. It replaces a team with the same ID.
    pub fn add_team(&self, team: Team) {
        self.shared.billed_state().add_team(team);
    }

    /// Adds a LoRA adapter for a model. Returns the ID of the new model, `{base}:{adapter}`, or
    /// `None` if the base does not exist. A completed run also adds an adapter of its base model,
    /// with the run ID as its name.
    pub fn add_adapter(&self, base: &str, adapter: &str) -> Option<String> {
        self.shared.billed_state().add_adapter(base, adapter)
    }

    /// Sets the balance of a team's wallet, or of the owner's wallet if `team` is `None`. Returns
    /// `false` if the team does not exist. Paid requests get status 402 while the balance is zero
    /// or less.
    pub fn set_balance(&self, team: Option<&str>, balance: Usd) -> bool {
        let mut state = self.shared.billed_state();
        let account = state.account_by_team(team);
        let account = account.and_then(|account| state.accounts.get_mut(account));
        account.is_some_and(|account| {
            account.balance = balance;
            true
        })
    }

    /// Adds a scripted reply to chat requests. The first matching reply that is not used up is
    /// sent. If none matches, the simulator generates an answer.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use prime_sim::{Reply, Simulator, When};
    /// use serde_json::json;
    ///
    /// let sim = Simulator::start().await?;
    /// let weather = Reply::tool_call("get_weather", json!({ "city": "Paris" }));
    /// sim.on_chat(When::contains("weather").and(When::round(1))).reply(weather);
    /// sim.on_chat(When::contains("weather").and(When::after_tool_results())).reply("It rains.");
    /// sim.on_chat("busy").once().reply("Ask again.");
    /// sim.on_chat(When::model("openai/gpt-oss-120b")).reply(Reply::json(json!({ "choices": 7 })));
    /// sim.on_chat(When::any()).reply(Reply::echo());
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_chat(&self, when: impl Into<When>) -> OnChat<&Self> {
        OnChat {
            to: self,
            when: when.into(),
            times: None,
        }
    }

    pub(crate) fn replies(&self) -> &Replies {
        &self.shared.replies
    }

    /// Activates a fault.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let _ = rustls::crypto::ring::default_provider().install_default();
    /// use prime_sim::{Fault, Operation, Simulator};
    ///
    /// let sim = Simulator::start().await?;
    /// let fault = sim.inject(Fault::status(503).on(Operation::ListModels).once());
    ///
    /// let models = format!("{}/models", sim.inference_url());
    /// assert_eq!(reqwest::get(&models).await?.status(), 503);
    /// assert_eq!(reqwest::get(&models).await?.status(), 200);
    /// assert_eq!(fault.hits(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn inject(&self, fault: Fault) -> FaultHandle {
        self.shared.faults.add(fault)
    }

    /// Removes all faults, except those selected by a model name, such as `sim/cut-off`.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Refuses new connections (`ECONNREFUSED`) until [`Simulator::accept_connections`] is called.
    /// Idle connections are closed, and responses in progress continue. The port remains reserved.
    pub async fn refuse_connections(&self) {
        self.shared.gate.set_open(false).await;
    }

    /// Accepts connections again.
    pub async fn accept_connections(&self) {
        self.shared.gate.set_open(true).await;
    }

    /// Returns the recorded requests in order of arrival. [`Builder::record`] limits their number.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.recorder.all()
    }

    /// Returns a team's wallet, or the owner's wallet if `team` is `None`. Returns `None` if the
    /// team does not exist.
    pub fn wallet(&self, team: Option<&str>) -> Option<Wallet> {
        let state = self.shared.billed_state();
        let account = state.accounts.get(state.account_by_team(team)?)?;
        // This cannot fail: the rows have all required fields, which a test checks.
        account.snapshot().ok()
    }

    /// Charges a wallet and adds a billing row at the front. Returns the ID of the row, or `None`
    /// if the team does not exist.
    pub fn bill(&self, team: Option<&str>, resource: (&str, &str), amount: Usd) -> Option<String> {
        let mut state = self.shared.billed_state();
        let (now, ids) = (state.clock.now(), Arc::clone(&state.ids));
        let account = state.account_by_team(team)?;
        let account = state.accounts.get_mut(account)?;
        Some(account.bill(&ids, now, resource, amount))
    }

    /// Adds to the amount of a billing row and moves it to the front. Returns `false` if the row
    /// does not exist.
    pub fn bill_more(&self, team: Option<&str>, row: &str, more: Usd) -> bool {
        let mut state = self.shared.billed_state();
        let now = state.clock.now();
        let account = state.account_by_team(team);
        let account = account.and_then(|account| state.accounts.get_mut(account));
        account.is_some_and(|account| account.bill_more(row, now, more))
    }

    /// Returns all runs, including deleted ones, oldest first.
    pub fn runs(&self) -> Vec<RunSnapshot> {
        self.shared.billed_state().run_snapshots()
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("platform_url", &self.platform_url())
            .finish_non_exhaustive()
    }
}

fn listen(port: u16) -> io::Result<(TcpListener, u16)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}
