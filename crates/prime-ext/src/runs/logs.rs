//! Reads the log of a run.

use std::time::Duration;

use openapi_runtime::Response;

use super::check_id;
use crate::call::{Call, CallFuture};
use crate::client::Client;
use crate::error::Error;
use crate::options::CallOptions;

/// The maximum number of lines. Source: the provider's own client.
const MAX_LINES: u64 = 5_000;

/// The shortest and the longest time for [`RunLogs::since`], in seconds. Source: the provider's own client.
const SINCE_SECONDS: (u64, u64) = (60, 24 * 60 * 60);

/// A request for the log of a run. Returned by [`Runs::logs`](super::Runs::logs). Awaiting it returns the lines as one
/// text, the newest line last.
///
/// ```no_run
/// # async fn example(lab: prime_ext::Client) -> Result<(), prime_ext::Error> {
/// use std::time::Duration;
///
/// let errors = lab.runs().logs("run_123").level("ERROR").since(Duration::from_secs(3600)).await?;
/// let trainer = lab.runs().logs("run_123").component("trainer").tail(50).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "requests do nothing unless awaited"]
pub struct RunLogs {
    client: Client,
    run_id: String,
    query: Query,
}

/// The query parameters.
#[derive(Debug, Clone, Default)]
struct Query {
    tail: Option<u64>,
    search: Option<String>,
    is_regex: bool,
    level: Option<String>,
    since: Option<u64>,
    component: Option<String>,
    replica: Option<u64>,
    environment: Option<String>,
}

impl RunLogs {
    pub(super) fn new(client: Client, run_id: String) -> Self {
        Self {
            client,
            run_id,
            query: Query::default(),
        }
    }

    /// Sets the maximum number of lines, from 1 to 5000. The default is that of the service.
    pub fn tail(self, lines: u64) -> Self {
        self.set(|query| query.tail = Some(lines.clamp(1, MAX_LINES)))
    }

    /// Selects lines that contain a text.
    pub fn search(self, text: impl Into<String>) -> Self {
        self.set(|query| (query.search, query.is_regex) = (Some(text.into()), false))
    }

    /// Selects lines that match a regular expression, in the syntax of the service.
    pub fn search_regex(self, regex: impl Into<String>) -> Self {
        self.set(|query| (query.search, query.is_regex) = (Some(regex.into()), true))
    }

    /// Selects lines of a level: `ERROR`, `WARNING`, `SUCCESS`, `INFO` or `DEBUG`.
    pub fn level(self, level: impl Into<String>) -> Self {
        self.set(|query| query.level = Some(level.into()))
    }

    /// Selects lines that are at most this old, from one minute to 24 hours, in whole seconds.
    pub fn since(self, age: Duration) -> Self {
        let (shortest, longest) = SINCE_SECONDS;
        self.set(|query| query.since = Some(age.as_secs().clamp(shortest, longest)))
    }

    /// Selects the component: `trainer`, `inference` or `env-server`. The default is the orchestrator, or the trainer of
    /// a fine-tuning run.
    pub fn component(self, component: impl Into<String>) -> Self {
        self.set(|query| query.component = Some(component.into()))
    }

    /// Selects a replica of a component that runs on several nodes, counted from 0.
    pub fn replica(self, index: u64) -> Self {
        self.set(|query| query.replica = Some(index))
    }

    /// Selects an environment, and its `env-server` as the component.
    pub fn environment(self, name: impl Into<String>) -> Self {
        self.component("env-server")
            .set(|query| query.environment = Some(name.into()))
    }

    fn set(mut self, set: impl FnOnce(&mut Query)) -> Self {
        set(&mut self.query);
        self
    }

    /// Sets options of this call. Options that are not set keep the client's value.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.client = self.client.with_options(options);
        self
    }

    /// Limits the total time of the call, including retries: [`CallOptions::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        self.options(CallOptions::new().timeout(timeout))
    }

    /// Sets the maximum number of retries: [`RetryPolicy::max_retries`](crate::RetryPolicy::max_retries).
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.client = self.client.with_max_retries(retries);
        self
    }

    /// Sends the request and returns the lines with the status, the headers and the number of attempts.
    ///
    /// # Errors
    /// Returns the same errors as awaiting the request.
    pub fn with_response(self) -> CallFuture<Response<String>> {
        self.call().with_response()
    }

    fn call(self) -> Call<String> {
        let Self {
            client,
            run_id,
            query,
        } = self;
        Call::new(&client, async move |client: Client| {
            let mut call = client.platform_api().get_run_logs();
            call = call.run_id(check_id(&run_id)?);
            if let Some(lines) = query.tail {
                call = call.tail_lines(lines);
            }
            if let Some(text) = query.search {
                call = call.search(text);
            }
            if query.is_regex {
                call = call.regex(true);
            }
            if let Some(level) = query.level {
                call = call.level(level);
            }
            if let Some(seconds) = query.since {
                call = call.since_seconds(seconds);
            }
            if let Some(component) = query.component {
                call = call.component(component);
            }
            if let Some(index) = query.replica {
                call = call.pod_index(index);
            }
            if let Some(name) = query.environment {
                call = call.env_name(name);
            }
            let logs = client.on_behalf(call)?.send_with(client.context()).await?;
            Ok(logs.map(|logs| logs.logs.unwrap_or_default()))
        })
    }
}

/// # Errors
/// Returns an error if the call fails. [`is_not_found`](openapi_runtime::Error::is_not_found) is true if there is no such
/// run, or no log of it yet.
impl IntoFuture for RunLogs {
    type Output = Result<String, Error>;
    type IntoFuture = CallFuture<String>;

    fn into_future(self) -> CallFuture<String> {
        self.call().into_future()
    }
}
