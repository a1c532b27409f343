//! A value together with what came with it, and calls that can give either.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use prime_runtime::{Operation, ResponseValue};

use crate::client::Client;
use crate::error::Error;
use crate::head::Head;
use crate::options::CallOptions;

/// A value, and what came with it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Answered<T> {
    /// The value.
    pub value: T,
    /// Status, headers, and how often the request was sent.
    pub head: Head,
}

impl<T> Answered<T> {
    pub(crate) fn new(value: T, head: Head) -> Self {
        Self { value, head }
    }

    pub(crate) fn map<U>(self, map: impl FnOnce(T) -> U) -> Answered<U> {
        Answered::new(map(self.value), self.head)
    }

    /// Takes the answer of a generated client.
    pub(crate) fn of<E>(
        operation: &Operation,
        answer: Result<ResponseValue<T>, prime_runtime::Error<E>>,
    ) -> Result<Self, Error> {
        let (value, head, _) = answer
            .map_err(|e| Error::of_call(operation, e))?
            .into_parts();
        Ok(Self::new(value, head.into()))
    }
}

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A call about to be made: `.await` makes it and gives the value.
///
/// ```no_run
/// # async fn example(prime: prime_ext::Client) -> Result<(), prime_ext::Error> {
/// use std::time::Duration;
/// use prime_ext::CallOptions;
///
/// let models = prime.models().list().await?;
///
/// // The same with options of its own, and with status, headers and request id.
/// let models = prime
///     .models()
///     .list()
///     .options(CallOptions::new().timeout(Duration::from_secs(5)))
///     .answered()
///     .await?;
/// println!("{} models, request {:?}", models.value.len(), models.head.request_id());
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent until it is awaited"]
pub struct Call<T> {
    client: Client,
    send: Box<dyn FnOnce(Client) -> BoxFuture<Result<Answered<T>, Error>> + Send>,
}

impl<T> Call<T> {
    pub(crate) fn new<F>(client: &Client, send: impl FnOnce(Client) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<Answered<T>, Error>> + Send + 'static,
    {
        Self {
            client: client.clone(),
            send: Box::new(move |client| Box::pin(send(client))),
        }
    }

    /// Options for this call alone.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.client = self.client.with_options(options);
        self
    }

    /// Makes the call, and gives status, headers and attempts beside the value.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn answered(self) -> Result<Answered<T>, Error> {
        (self.send)(self.client).await
    }
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { Ok(self.answered().await?.value) })
    }
}

impl<T> std::fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Call")
    }
}
