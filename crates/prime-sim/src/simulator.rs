//! The simulator, as its owner sees it.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use openapi_runtime::Usd;

use crate::builder::{Builder, StartError};
use crate::faults::{Fault, Injected};
use crate::record::Recorded;
use crate::replies::{OnChat, Replies, When};
use crate::routes;
use crate::server::Server;
use crate::state::{Key, RunSnapshot, Shared, Team, Wallet};

/// A server of both APIs on 127.0.0.1, stopped when it is dropped.
pub struct Simulator {
    shared: Arc<Shared>,
    port: u16,
    _server: Server,
}

impl Simulator {
    /// Settings to start one with.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Starts one with the default settings.
    ///
    /// # Errors
    /// As [`Builder::start`].
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

    /// The base URL of the Inference API; its paths begin with `/models`, `/chat`.
    pub fn inference_url(&self) -> String {
        format!("{}{}", self.platform_url(), routes::inference_base())
    }

    /// The base URL of the Training API; its paths begin with `/api`.
    pub fn platform_url(&self) -> String {
        format!("http://{}:{}", Ipv4Addr::LOCALHOST, self.port)
    }

    /// An API key that may do everything.
    pub fn key(&self) -> &str {
        &self.shared.key
    }

    /// The id of a team that the key's owner is in, and that has a wallet of its own.
    pub fn team(&self) -> &str {
        &self.shared.team
    }

    /// Moves the simulated clock.
    pub fn advance(&self, by: Duration) {
        self.shared.state().clock.advance(by);
    }

    /// One API key more. One of the same secret takes its place.
    pub fn add_key(&self, key: Key) {
        self.shared.state().add_key(key);
    }

    /// Ends a key, and says whether there was one.
    pub fn revoke_key(&self, key: &str) -> bool {
        self.shared.state().keys.revoke(key)
    }

    /// One team more. One of the same id takes its place, with a new wallet.
    pub fn add_team(&self, team: Team) {
        self.shared.state().add_team(team);
    }

    /// One LoRA adapter more, of a model of the catalogue. Gives its id as a model,
    /// `{base}:{adapter}`; `None` if there is no such base. A run that completes leaves an adapter of
    /// its base model too, named like the run.
    pub fn add_adapter(&self, base: &str, adapter: &str) -> Option<String> {
        self.shared.state().add_adapter(base, adapter)
    }

    /// Puts a balance into a team's wallet, or without a team into the owner's. Says whether there is
    /// such a wallet. A wallet that has run out answers 402 until more is put in.
    pub fn set_balance(&self, team: Option<&str>, balance: Usd) -> bool {
        let mut state = self.shared.state();
        let account = state.account_named(team);
        let account = account.and_then(|account| state.accounts.get_mut(account));
        account.is_some_and(|account| {
            account.balance = balance;
            true
        })
    }

    /// Chat requests that are answered as `reply` says. Of several that fit, the first that is not
    /// used up is sent; without any, the simulator makes up an answer.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use prime_sim::{Reply, Simulator, When};
    /// use serde_json::json;
    ///
    /// let sim = Simulator::start().await?;
    /// sim.on_chat("weather").once().reply(Reply::tool_call("get_weather", json!({ "city": "Paris" })));
    /// sim.on_chat("weather").reply("It rains.");
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

    /// From now on, answers go wrong as `fault` says.
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
    pub fn inject(&self, fault: Fault) -> Injected {
        self.shared.faults.add(fault)
    }

    /// No fault any more, but those that models name.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// From when this returns until [`Simulator::accept_connections`], nobody listens: connections are
    /// refused (`ECONNREFUSED`). Idle ones are closed; answers under way go on. The port stays the
    /// simulator's.
    pub async fn refuse_connections(&self) {
        self.shared.gate.set_open(false).await;
    }

    /// Takes connections again.
    pub async fn accept_connections(&self) {
        self.shared.gate.set_open(true).await;
    }

    /// The latest requests, in order of arrival: as many as [`Builder::record`] says.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.recorder.all()
    }

    /// A team's wallet, or without a team the owner's. `None` if there is no such team.
    pub fn wallet(&self, team: Option<&str>) -> Option<Wallet> {
        let state = self.shared.state();
        let account = state.accounts.get(state.account_named(team)?)?;
        // It can be had: its rows lack no field, and a test says so.
        account.snapshot().ok()
    }

    /// Charges something new to a wallet: a row at its front. Gives the row's id; `None` if there is no
    /// such team.
    pub fn bill(&self, team: Option<&str>, resource: (&str, &str), amount: Usd) -> Option<String> {
        let mut state = self.shared.state();
        let (now, ids) = (state.clock.now(), Arc::clone(&state.ids));
        let account = state.account_named(team)?;
        let account = state.accounts.get_mut(account)?;
        Some(account.bill(&ids, now, resource, amount))
    }

    /// Charges more to a row of a wallet: it moves to the front. False if there is no such row.
    pub fn bill_more(&self, team: Option<&str>, row: &str, more: Usd) -> bool {
        let mut state = self.shared.state();
        let now = state.clock.now();
        let account = state.account_named(team);
        let account = account.and_then(|account| state.accounts.get_mut(account));
        account.is_some_and(|account| account.bill_more(row, now, more))
    }

    /// Every run so far, oldest first, deleted ones too.
    pub fn runs(&self) -> Vec<RunSnapshot> {
        self.shared.state().run_snapshots()
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
