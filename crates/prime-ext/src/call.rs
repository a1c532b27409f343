//! A call that has not been sent yet.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use openapi_runtime::Response;

use crate::client::Client;
use crate::error::Error;
use crate::options::CallOptions;

/// The future that sends a call.
pub type CallFuture<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// A call. Awaiting the call sends the request and returns the value. Nothing is sent before that.
///
/// ```no_run
/// # async fn example(prime: prime_ext::Client) -> Result<(), prime_ext::Error> {
/// use std::time::Duration;
///
/// let models = prime.models().list().await?;
///
/// // The same call with its own timeout, and with the response's status, headers and request id.
/// let response = prime.models().list().timeout(Duration::from_secs(5)).with_response().await?;
/// println!("{} models, request {:?}", response.value().len(), response.meta().request_id());
/// # Ok(())
/// # }
/// ```
#[must_use = "calls do nothing unless awaited"]
pub struct Call<T> {
    client: Client,
    make: Box<dyn FnOnce(Client) -> CallFuture<Response<T>> + Send>,
}

impl<T: Send + 'static> Call<T> {
    pub(crate) fn new<F>(client: &Client, make: impl FnOnce(Client) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<Response<T>, Error>> + Send + 'static,
    {
        Self {
            client: client.clone(),
            make: Box::new(move |client| Box::pin(make(client))),
        }
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

    /// Sends the request and returns the value with the status, the headers, the number of attempts and the body.
    ///
    /// # Errors
    /// Returns the same errors as awaiting the call.
    pub fn with_response(self) -> CallFuture<Response<T>> {
        (self.make)(self.client)
    }
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = CallFuture<T>;

    fn into_future(self) -> CallFuture<T> {
        let response = self.with_response();
        Box::pin(async move { Ok(response.await?.into_value()) })
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Call")
    }
}
