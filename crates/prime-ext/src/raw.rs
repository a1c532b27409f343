//! Calls that are not in a specification.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use openapi_runtime::options::is_reserved_header;
use openapi_runtime::{ByteStream, Operation, Response, path_segments};
use reqwest::Url;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::Call;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::options::CallOptions;

/// A call to an operation that is not in a specification. Returned by [`Client::call_inference`] and
/// [`Client::call_platform`].
///
/// The key, timeouts, limits, errors and traces are the same as those of every other call. GET, HEAD, OPTIONS, PUT and
/// DELETE are retried like other idempotent calls. Other methods are retried only if nothing was sent.
///
/// A call that names no team bills the key's owner, and no specification says where this call names its team. If the
/// client has a team, the call therefore requires one of [`team_header`](Self::team_header),
/// [`team_query`](Self::team_query) and [`no_team`](Self::no_team).
#[must_use = "nothing is sent until `send`"]
pub struct RawCall {
    client: Client,
    method: Method,
    path: String,
    url: Result<Url, Error>,
    query: Vec<(String, String)>,
    body: Result<Option<Vec<u8>>, Error>,
    team: TeamPlace,
}

enum TeamPlace {
    Unknown,
    Nowhere,
    Header(String),
    Query(String),
}

impl RawCall {
    pub(crate) fn new(client: Client, base: &Url, method: Method, path: &str) -> Self {
        let path = path.trim_start_matches('/');
        let url = path_segments("path", path)
            .map_err(|e| Error::new(ErrorKind::Request, e.to_string()))
            .map(|path| {
                let mut url = base.clone();
                let stem = base.path().trim_end_matches('/');
                url.set_path(&format!("{stem}/{path}"));
                url
            });
        Self {
            client,
            method,
            path: path.to_owned(),
            url,
            query: Vec::new(),
            body: Ok(None),
            team: TeamPlace::Unknown,
        }
    }

    /// Adds a query parameter.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Sets a JSON body.
    pub fn json(mut self, body: &impl Serialize) -> Self {
        self.body = serde_json::to_vec(body).map(Some).map_err(|e| {
            let error = Error::new(ErrorKind::Request, "the body cannot be serialized as JSON");
            error.with_source(e)
        });
        self
    }

    /// Sends the client's team in this header.
    pub fn team_header(mut self, name: impl Into<String>) -> Self {
        self.team = TeamPlace::Header(name.into());
        self
    }

    /// Sends the client's team in this query parameter.
    pub fn team_query(mut self, name: impl Into<String>) -> Self {
        self.team = TeamPlace::Query(name.into());
        self
    }

    /// Does not add the client's team to the request, because the operation has no team or the body names it.
    pub fn no_team(mut self) -> Self {
        self.team = TeamPlace::Nowhere;
        self
    }

    /// Sets options of this call. Options that are not set keep the client's value.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.client = self.client.with_options(options);
        self
    }

    /// Returns a call whose JSON response is deserialized.
    ///
    /// # Errors
    /// If the call fails, or the response cannot be deserialized. Its bytes are then in
    /// [`body`](openapi_runtime::Error::body).
    pub fn send<T: DeserializeOwned + Send + 'static>(self) -> Call<T> {
        let operation = self.operation(false);
        self.call(false, async move |client: Client, request| {
            let response = client
                .caller()
                .strict_json(request, &operation, client.context());
            Ok(response.await?)
        })
    }

    /// Returns a call that yields the body of the response as received.
    ///
    /// # Errors
    /// If the call fails.
    pub fn send_bytes(self) -> Call<Bytes> {
        let operation = self.operation(false);
        self.call(false, async move |client: Client, request| {
            let response = client.caller().bytes(request, &operation, client.context());
            Ok(response.await?)
        })
    }

    /// Returns a call that yields the bytes of an event stream as they arrive.
    ///
    /// # Errors
    /// If the call fails, or the response is not an event stream. The timeout of the call limits the time until the
    /// headers of the response. After that, the idle timeout applies.
    pub fn stream(self) -> Call<ByteStream> {
        let operation = self.operation(true);
        self.call(true, async move |client: Client, request| {
            let response = client
                .caller()
                .stream(request, &operation, client.context());
            let response = response.await?;
            match response.meta().media_type() {
                Some(media) if !media.eq_ignore_ascii_case("text/event-stream") => {
                    let message = format!("expected an event stream, got {media}; see `body()`");
                    let (stream, meta, _) = response.into_parts();
                    let body = read(stream, client.options().get_max_body()).await;
                    let error = Error::unexpected(message, meta, body);
                    Err(error.with_outcome_unknown(!operation.is_safe()))
                }
                _ => Ok(response),
            }
        })
    }

    fn call<T, F>(
        self,
        streams: bool,
        make: impl FnOnce(Client, reqwest::Request) -> F + Send + 'static,
    ) -> Call<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<Response<T>, Error>> + Send,
    {
        let (client, name) = (self.client.clone(), self.name());
        Call::new(&client, async move |client: Client| {
            let called = match self.request(streams) {
                Ok(request) => make(client, request).await,
                Err(error) => Err(error),
            };
            called.map_err(|error| error.with_operation(name))
        })
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn operation(&self, streams: bool) -> Operation {
        let method = match self.method {
            Method::GET => "GET",
            Method::HEAD => "HEAD",
            Method::OPTIONS => "OPTIONS",
            Method::PUT => "PUT",
            Method::DELETE => "DELETE",
            Method::PATCH => "PATCH",
            // Any other method is treated as one that must not be repeated.
            _ => "POST",
        };
        let operation = Operation::new("raw_call", method, "");
        if streams {
            operation.streaming()
        } else {
            operation
        }
    }

    fn request(self, streams: bool) -> Result<reqwest::Request, Error> {
        let team = self.client.account().team()?;
        let mut url = self.url?;
        let mut query = self.query;
        let mut team_header = None;
        match (team, self.team) {
            (None, _) | (Some(_), TeamPlace::Nowhere) => {}
            (Some(team), TeamPlace::Header(name)) => team_header = Some((name, team)),
            (Some(_), TeamPlace::Query(name)) if query.iter().any(|(own, _)| *own == name) => {
                let message = format!("{name:?} is in the query already, and would name two teams");
                return Err(Error::new(ErrorKind::Request, message));
            }
            (Some(team), TeamPlace::Query(name)) => query.push((name, team.to_owned())),
            (Some(team), TeamPlace::Unknown) => {
                let message = format!(
                    "this client acts for {team}, and no specification says how this call carries a \
                     team: say it with `team_header` or `team_query`, or `no_team`"
                );
                return Err(Error::new(ErrorKind::Request, message));
            }
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = reqwest::Request::new(self.method, url);
        let accepted = if streams {
            "text/event-stream"
        } else {
            "application/json"
        };
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static(accepted));
        if let Some((name, team)) = team_header {
            let wrong = || {
                let message = format!("the header {name:?} cannot carry a team");
                Error::new(ErrorKind::Request, message)
            };
            let header = HeaderName::try_from(&name).map_err(|_| wrong())?;
            if is_reserved_header(&header) {
                return Err(wrong());
            }
            let value = HeaderValue::try_from(team).map_err(|_| wrong())?;
            headers.insert(header, value);
        }
        if let Some(body) = self.body? {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Some(body.into());
        }
        Ok(request)
    }
}

/// Reads at most `limit` bytes of a body.
async fn read(mut stream: ByteStream, limit: usize) -> Bytes {
    let mut body = BytesMut::new();
    while let Some(Ok(chunk)) = stream.next().await {
        let kept = chunk.len().min(limit - body.len());
        body.extend_from_slice(&chunk[..kept]);
        if body.len() == limit {
            break;
        }
    }
    body.freeze()
}

impl std::fmt::Debug for RawCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawCall")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
