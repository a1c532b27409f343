//! The traits through which generated code reaches its transport.

use crate::{BoxError, Error, Operation, Response, Transport};

/// What generated code tells of a client. Implemented by generated code.
pub trait ClientInfo<Inner> {
    /// The version that the specification gives itself.
    fn api_version() -> &'static str;
    /// The address that paths are appended to.
    fn baseurl(&self) -> &str;
    /// The client that builds requests.
    fn client(&self) -> &reqwest::Client;
    /// The transport that sends them.
    fn inner(&self) -> &Inner;
}

impl<T: ClientInfo<Inner>, Inner> ClientInfo<Inner> for &T {
    fn api_version() -> &'static str {
        T::api_version()
    }

    fn baseurl(&self) -> &str {
        (*self).baseurl()
    }

    fn client(&self) -> &reqwest::Client {
        (*self).client()
    }

    fn inner(&self) -> &Inner {
        (*self).inner()
    }
}

/// The steps of a call, as progenitor writes them. Only `exec` does something: it hands the request
/// to the transport, which is the one place for whatever else a call needs.
#[allow(
    async_fn_in_trait,
    reason = "called by generated code on types it knows"
)]
pub trait ClientHooks<Inner: Transport>: ClientInfo<Inner> {
    /// Before the request.
    async fn pre<E>(&self, _: &mut reqwest::Request, _: &Operation) -> Result<(), Error<E>> {
        Ok(())
    }

    /// The request.
    async fn exec(
        &self,
        request: reqwest::Request,
        operation: &Operation,
    ) -> Result<Response, BoxError> {
        self.inner().execute(request, operation).await
    }

    /// After the answer.
    async fn post<E>(&self, _: &Result<Response, BoxError>, _: &Operation) -> Result<(), Error<E>> {
        Ok(())
    }
}
