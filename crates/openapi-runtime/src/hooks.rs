//! The traits through which generated code reaches its transport.

use crate::{Operation, Transport, TransportFuture};

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

/// How generated code sends a request: through the transport, which is the one place for whatever
/// else a call needs.
pub trait ClientHooks<Inner: Transport>: ClientInfo<Inner> {
    /// Sends.
    fn exec<'a>(
        &'a self,
        request: reqwest::Request,
        operation: &'a Operation,
    ) -> TransportFuture<'a>
    where
        Inner: 'a,
    {
        self.inner().execute(request, operation)
    }
}
