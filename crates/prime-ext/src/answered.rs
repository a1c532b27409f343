//! A value together with what came with it, and calls that can give either.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use openapi_runtime::{Operation, ResponseValue};

use crate::client::Client;
use crate::error::{Error, ErrorKind};
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
        answer: Result<ResponseValue<T>, openapi_runtime::Error<E>>,
    ) -> Result<Self, Error> {
        let (value, head, _) = answer
            .map_err(|e| Error::of_call(operation, e))?
            .into_parts();
        Ok(Self::new(value, head.into()))
    }
}

type Sending<T> = Pin<Box<dyn Future<Output = Result<Answered<T>, Error>> + Send>>;
type Make<T> = Box<dyn FnOnce(Client) -> Sending<T> + Send>;

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
pub struct Call<T>(State<T>);

enum State<T> {
    /// Nothing was sent.
    Ready(Client, Make<T>),
    Sent(Sending<T>),
    Done,
}

impl<T> Call<T> {
    pub(crate) fn new<F>(client: &Client, make: impl FnOnce(Client) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<Answered<T>, Error>> + Send + 'static,
    {
        let make: Make<T> = Box::new(move |client| Box::pin(make(client)));
        Self(State::Ready(client.clone(), make))
    }

    /// Options for this call alone. Nothing is changed of one that was sent already.
    pub fn options(self, options: CallOptions) -> Self {
        Self(match self.0 {
            State::Ready(client, make) => State::Ready(client.with_options(options), make),
            sent => sent,
        })
    }

    /// Makes the call, and gives status, headers and attempts beside the value.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn answered(mut self) -> Result<Answered<T>, Error> {
        std::future::poll_fn(|cx| self.poll_answered(cx)).await
    }

    fn poll_answered(&mut self, cx: &mut Context<'_>) -> Poll<Result<Answered<T>, Error>> {
        self.0 = match std::mem::replace(&mut self.0, State::Done) {
            State::Ready(client, make) => State::Sent(make(client)),
            sent => sent,
        };
        let State::Sent(sending) = &mut self.0 else {
            let message = "the call was made already";
            return Poll::Ready(Err(Error::new(ErrorKind::Request, message)));
        };
        let answered = ready!(sending.as_mut().poll(cx));
        self.0 = State::Done;
        Poll::Ready(answered)
    }
}

impl<T> Future for Call<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_answered(cx)
            .map(|answered| answered.map(|answered| answered.value))
    }
}

impl<T> std::fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Call")
    }
}
