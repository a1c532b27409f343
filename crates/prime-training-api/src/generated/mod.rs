// Generated from specs/training.yml and its overlays by `cargo xtask generate`. Do not edit.

pub mod builder;
pub mod operations;
pub mod types;
#[allow(unused_imports)]
pub use progenitor_client::{ByteStream, ClientInfo, Error, ResponseValue};
#[allow(unused_imports)]
use progenitor_client::{ClientHooks, OperationInfo, RequestBuilderExt};

/// Client for Prime Intellect Training API
///
/// Hosted reinforcement learning post-training service. Launch dedicated training runs against base models (Qwen3.5, Llama, Nemotron, gpt-oss), retrieve token-level usage and cost for each run, and inspect wallet balance. Underpins the Prime Intellect Lab managed training workflow.
///
/// Version: 0.1.0
#[derive(Clone)]
pub struct Client {
    pub(crate) baseurl: String,
    pub(crate) client: reqwest::Client,
    pub(crate) inner: ::std::sync::Arc<dyn progenitor_client::Transport>,
}

impl Client {
    /// The service's own address, as the specification states it.
    pub const DEFAULT_BASE_URL: &'static str = "https://api.primeintellect.ai";
    /// A client that sends through `http`, once, whatever happens.
    ///
    /// Key, timeouts and proxies are what `http` was built with; give it an `Authorization`
    /// header to send with every request. `base_url` has a scheme, a host and, if there is
    /// one, the path that all operations share, without a slash at its end.
    pub fn new(base_url: &str, http: reqwest::Client) -> Self {
        let transport = ::std::sync::Arc::new(
            progenitor_client::Direct::new(http.clone()),
        );
        Self::with_transport(base_url, http, transport)
    }
    /// A client whose requests are built by `http` and sent by `transport`.
    pub fn with_transport(
        base_url: &str,
        http: reqwest::Client,
        transport: ::std::sync::Arc<dyn progenitor_client::Transport>,
    ) -> Self {
        Self {
            baseurl: base_url.trim_end_matches('/').to_owned(),
            client: http,
            inner: transport,
        }
    }
}

impl ClientInfo<::std::sync::Arc<dyn progenitor_client::Transport>> for Client {
    fn api_version() -> &'static str {
        "0.1.0"
    }
    fn baseurl(&self) -> &str {
        self.baseurl.as_str()
    }
    fn client(&self) -> &reqwest::Client {
        &self.client
    }
    fn inner(&self) -> &::std::sync::Arc<dyn progenitor_client::Transport> {
        &self.inner
    }
}

impl ClientHooks<::std::sync::Arc<dyn progenitor_client::Transport>> for &Client {}

impl Client {
    /// Token usage and cost for a single RFT run
    ///
    /// Return the running token + cost totals for one RFT run.
    ///
    /// Mirrors the per-row training data shown on the billing page (Training
    /// tokens, Inference input/output tokens, price per million tokens, and
    /// total cost) so an agent can poll this endpoint to monitor a live run.
    ///
    /// # Errors
    ///
    /// - `401`: Authorization failed
    /// - `422`: Invalid request data
    ///
    /// Sends `GET /api/v1/billing/runs/{run_id}/usage`.
    pub fn get_run_usage(&self) -> builder::GetRunUsage<'_> {
        builder::GetRunUsage::new(self)
    }
    /// Wallet balance + most recent billing rows
    ///
    /// Return the wallet's current balance and most recent billing rows.
    ///
    /// All resource types are included (compute, training, inference, disks,
    /// sandboxes, images) — same source-of-truth `Billing` table the
    /// dashboard's Billing History tab reads. Sorted by `lastBilledAt` desc.
    ///
    /// # Errors
    ///
    /// - `401`: Authorization failed
    /// - `422`: Invalid request data
    ///
    /// Sends `GET /api/v1/billing/wallet`.
    ///
    /// Arguments:
    /// - `limit`: Number of recent billing rows to include (max 100). If it is left out, the service takes `20`. At least 1, at most 100.
    /// - `offset`: Skip this many rows before returning. Lets callers page. If it is left out, the service takes `0`. At least 0.
    /// - `team_id`: If provided, return the team's wallet (requires membership).
    pub fn get_wallet(&self) -> builder::GetWallet<'_> {
        builder::GetWallet::new(self)
    }
    /// Create Dedicated Run
    ///
    /// Dispatch a dedicated full-FT prime-rl run on a registered PrimeCluster.
    ///
    /// # Errors
    ///
    /// - `401`: Authorization failed
    /// - `422`: Invalid request data
    ///
    /// Sends `POST /api/v1/training/runs`.
    pub fn create_run(&self) -> builder::CreateRun<'_> {
        builder::CreateRun::new(self)
    }
    /// Delete Dedicated Run
    ///
    /// Delete a dedicated run: helm uninstall + namespace delete + DB cleanup.
    ///
    /// Idempotent. Safe to call repeatedly. Cleans up the linked Job row too
    /// (which uninstalls the helm release on the customer cluster). Soft-
    /// deletes the RFTRun row (matches the existing run-delete UX — Billing
    /// refs are preserved).
    ///
    /// # Errors
    ///
    /// - `401`: Authorization failed
    /// - `422`: Invalid request data
    ///
    /// Sends `DELETE /api/v1/training/runs/{run_id}`.
    pub fn delete_run(&self) -> builder::DeleteRun<'_> {
        builder::DeleteRun::new(self)
    }
}

impl ::std::fmt::Debug for Client {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        f.debug_struct("Client").field("base_url", &self.baseurl).finish_non_exhaustive()
    }
}
