//! What came with an answer's body.

use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, StatusCode};
use reqwest::Url;

use crate::error::one_line;
use crate::road::{Hidden, Sent};

/// What came with an answer's body: status, headers, and how often the request was sent.
#[derive(Clone)]
pub struct Head(openapi_runtime::Head);

impl From<openapi_runtime::Head> for Head {
    fn from(head: openapi_runtime::Head) -> Self {
        Self(head)
    }
}

/// Names that services and gateways give to the header of the request's id. The provider documents
/// none.
const REQUEST_IDS: [&str; 4] = ["x-request-id", "request-id", "x-correlation-id", "cf-ray"];

pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    REQUEST_IDS
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok())
}

impl Head {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The service's name for the request, if it gave one: what its support asks for.
    pub fn request_id(&self) -> Option<&str> {
        request_id(&self.0.headers)
    }

    /// How often the request was sent, the last time included.
    pub fn attempts(&self) -> u32 {
        self.sent().map_or(1, |sent| sent.attempts)
    }

    /// How many of the attempts before the last may have been carried out, their answers lost.
    pub(crate) fn unknown_before(&self) -> u32 {
        self.sent().map_or(0, |sent| sent.unknown_before)
    }

    /// Why there was no other attempt, of a stream that failed at its beginning.
    pub(crate) fn gave_up(&self) -> Option<&str> {
        self.sent()?.gave_up.as_deref()
    }

    /// Of a recording, with which none came.
    pub(crate) fn of_recording() -> Self {
        Self(openapi_runtime::Head::new(StatusCode::OK, HeaderMap::new()))
    }

    /// What must not show in what is said of the answer.
    pub(crate) fn hidden(&self) -> &Hidden {
        self.sent().map_or(Hidden::NOTHING, Sent::hidden)
    }

    fn sent(&self) -> Option<&Sent> {
        self.0.notes.as_ref()?.downcast_ref()
    }

    /// Where the answer points, without what a query or a user part may hold.
    pub(crate) fn location(&self) -> Option<String> {
        let target = self.0.headers.get(LOCATION)?.to_str().ok()?;
        match Url::parse(target) {
            Ok(url) => Some(self.shown(&format!(
                "{}{}",
                url.origin().ascii_serialization(),
                url.path()
            ))),
            Err(_) => Some("another path of the same host".to_owned()),
        }
    }

    /// What kind of body it says it has, without parameters.
    pub(crate) fn media_type(&self) -> Option<String> {
        let media = self.0.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        Some(self.shown(media.split(';').next()?))
    }

    /// A header's text, as it may stand in a sentence.
    fn shown(&self, text: &str) -> String {
        one_line(&self.hidden().hide(text))
    }
}

/// No header's value: it may be a secret.
impl std::fmt::Debug for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Head")
            .field("status", &self.status())
            .field("request_id", &self.request_id())
            .field("attempts", &self.attempts())
            .finish_non_exhaustive()
    }
}
