//! What came with the body of a response.

use std::fmt;
use std::sync::Arc;

use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, StatusCode};
use reqwest::Url;

use crate::context::CallContext;
use crate::redact::{Redactor, one_line};

/// What came with the body of a response: status and headers, and how often the request was sent.
#[derive(Clone)]
pub struct ResponseMeta {
    status: StatusCode,
    headers: HeaderMap,
    call: Option<Arc<CallRecord>>,
}

/// What is known of the call that a response answers.
pub(crate) struct CallRecord {
    pub(crate) context: CallContext,
    /// How often the request was sent, the last time included.
    pub(crate) attempts: u32,
    /// How many of the attempts before the last may have been carried out.
    pub(crate) unknown_before: u32,
    pub(crate) redactor: Redactor,
}

/// Names that services and gateways give to the header of a request's id.
const REQUEST_IDS: [&str; 4] = ["x-request-id", "request-id", "x-correlation-id", "cf-ray"];

impl ResponseMeta {
    /// The metadata of a response that no call brought, such as a recording.
    pub fn new(status: StatusCode, headers: HeaderMap) -> Self {
        Self {
            status,
            headers,
            call: None,
        }
    }

    pub(crate) fn of_call(status: StatusCode, headers: HeaderMap, call: Arc<CallRecord>) -> Self {
        Self {
            status,
            headers,
            call: Some(call),
        }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The id that the service gave to the request, which its support asks for.
    pub fn request_id(&self) -> Option<&str> {
        request_id(&self.headers)
    }

    /// How often the request was sent, the last time included.
    pub fn attempts(&self) -> u32 {
        self.call.as_ref().map_or(1, |call| call.attempts)
    }

    /// How many of the attempts before the last may have been carried out, although their responses were lost.
    pub fn unknown_attempts(&self) -> u32 {
        self.call.as_ref().map_or(0, |call| call.unknown_before)
    }

    /// The context that was passed to the call.
    pub fn context(&self) -> Option<&CallContext> {
        self.call.as_ref().map(|call| &call.context)
    }

    /// A text of the service on one line, without secrets of the call.
    pub fn redact(&self, text: &str) -> String {
        one_line(&self.redactor().redact(text))
    }

    pub(crate) fn redactor(&self) -> &Redactor {
        match &self.call {
            Some(call) => &call.redactor,
            None => Redactor::none(),
        }
    }

    /// Where the response redirects to, without user, query and fragment.
    pub fn location(&self) -> Option<String> {
        let target = self.headers.get(LOCATION)?.to_str().ok()?;
        match Url::parse(target) {
            Ok(url) => {
                let origin = url.origin().ascii_serialization();
                Some(self.redact(&format!("{origin}{}", url.path())))
            }
            Err(_) => Some("another path of the same host".to_owned()),
        }
    }

    /// The media type of the body, without parameters.
    pub fn media_type(&self) -> Option<String> {
        let media = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        Some(self.redact(media.split(';').next()?))
    }
}

pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    REQUEST_IDS
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok())
}

/// No header's value: it may be a secret.
impl fmt::Debug for ResponseMeta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseMeta")
            .field("status", &self.status)
            .field("request_id", &self.request_id())
            .field("attempts", &self.attempts())
            .finish_non_exhaustive()
    }
}
