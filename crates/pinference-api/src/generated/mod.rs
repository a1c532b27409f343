// Generated from specs/inference.yml and its overlays by `cargo xtask generate`. Do not edit.

pub mod builder;
pub mod operations;
pub mod types;
#[allow(unused_imports)]
pub use progenitor_client::{ByteStream, ClientInfo, Error, ResponseValue};
#[allow(unused_imports)]
use progenitor_client::{ClientHooks, OperationInfo, RequestBuilderExt};

/// Client for Prime Intellect Inference API
///
/// OpenAI-compatible inference API for hosted frontier and open models, served at api.pinference.ai. Supports streaming chat completions and model listing. Billed per million input/output tokens with usage metadata returned on each response.
///
/// Version: 1.0.0
#[derive(Clone)]
pub struct Client {
    pub(crate) baseurl: String,
    pub(crate) client: reqwest::Client,
    pub(crate) inner: ::std::sync::Arc<dyn progenitor_client::Transport>,
}

impl Client {
    /// The service's own address, as the specification states it.
    pub const DEFAULT_BASE_URL: &'static str = "https://api.pinference.ai/api/v1";
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
        "1.0.0"
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
    /// Prime Intellect List Inference Models
    ///
    /// List models available through the Prime Intellect inference API.
    ///
    /// # Errors
    ///
    /// - `401`: The key is missing or wrong.
    /// - `402`: The account that the request is billed to has no funds.
    ///
    /// Sends `GET /models`, documented at <https://docs.primeintellect.ai/inference/overview>.
    ///
    /// Arguments:
    /// - `x_prime_team_id`: Team that is billed. Without it the request is made as, and billed to, the personal account.
    pub fn list_models(&self) -> builder::ListModels<'_> {
        builder::ListModels::new(self)
    }
    /// Prime Intellect Create Chat Completion
    ///
    /// OpenAI-compatible chat completions endpoint. Supports streaming, temperature, token limits, and logprobs. Responses include a usage object with input/output tokens and cost.
    ///
    /// # Errors
    ///
    /// - `401`: The key is missing or wrong.
    /// - `404`: The model does not exist.
    /// - `402`: The account that the request is billed to has no funds.
    ///
    /// Sends `POST /chat/completions`, documented at <https://docs.primeintellect.ai/inference/overview>.
    ///
    /// Arguments:
    /// - `x_prime_team_id`: Team that is billed. Without it the request is made as, and billed to, the personal account.
    /// - `body`
    pub fn create_chat_completion(&self) -> builder::CreateChatCompletion<'_> {
        builder::CreateChatCompletion::new(self)
    }
    /// Prime Intellect Create Chat Completion, as an event stream
    ///
    /// OpenAI-compatible chat completions endpoint. Supports streaming, temperature, token limits, and logprobs. Responses include a usage object with input/output tokens and cost.
    ///
    /// # Errors
    ///
    /// - `401`: The key is missing or wrong.
    /// - `404`: The model does not exist.
    /// - `402`: The account that the request is billed to has no funds.
    ///
    /// Sends `POST /chat/completions`, documented at <https://docs.primeintellect.ai/inference/overview>.
    ///
    /// Arguments:
    /// - `x_prime_team_id`: Team that is billed. Without it the request is made as, and billed to, the personal account.
    /// - `body`
    pub fn create_chat_completion_stream(
        &self,
    ) -> builder::CreateChatCompletionStream<'_> {
        builder::CreateChatCompletionStream::new(self)
    }
    /// Get Model Details
    ///
    /// Retrieve detailed information about a specific model.
    ///
    /// # Errors
    ///
    /// - `404`: The model does not exist.
    /// - `401`: The key is missing or wrong.
    /// - `402`: The account that the request is billed to has no funds.
    ///
    /// Sends `GET /models/{model_id}`, documented at <https://docs.primeintellect.ai/inference/overview>.
    ///
    /// Arguments:
    /// - `model_id`: Model id. Its slashes stand in the path as they are, as in `meta-llama/llama-3.1-70b-instruct`.
    /// - `x_prime_team_id`: Team that is billed. Without it the request is made as, and billed to, the personal account.
    pub fn get_model(&self) -> builder::GetModel<'_> {
        builder::GetModel::new(self)
    }
}

impl ::std::fmt::Debug for Client {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        f.debug_struct("Client").field("base_url", &self.baseurl).finish_non_exhaustive()
    }
}
