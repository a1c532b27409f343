//! Metadata of responses.

use std::fmt;
use std::sync::Arc;

use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, StatusCode};
use reqwest::Url;

use crate::context::CallContext;
use crate::lenient::Warning;
use crate::redact::Redactor;

/// The metadata of a response: the status, the headers and the number of attempts.
#[derive(Clone)]
pub struct ResponseMeta {
    status: StatusCode,
    headers: HeaderMap,
    call: Option<Arc<CallRecord>>,
    warnings: Vec<Warning>,
}

/// The call that a response belongs to.
pub(crate) struct CallRecord {
    pub(crate) context: CallContext,
    /// The number of attempts, including the last.
    pub(crate) attempts: u32,
    /// How many attempts before the last may have been carried out.
    pub(crate) unknown_attempts: u32,
    pub(crate) redactor: Redactor,
}

/// The maximum number of warnings.
const MAX_WARNINGS: usize = 100;

/// The headers in which services and gateways send a request id.
const REQUEST_ID_HEADERS: [&str; 4] = ["x-request-id", "request-id", "x-correlation-id", "cf-ray"];

impl ResponseMeta {
    /// Creates the metadata of a response that does not come from a call, such as a recording.
    pub fn new(status: StatusCode, headers: HeaderMap) -> Self {
        Self {
            status,
            headers,
            call: None,
            warnings: Vec::new(),
        }
    }

    pub(crate) fn of_call(status: StatusCode, headers: HeaderMap, call: Arc<CallRecord>) -> Self {
        Self {
            status,
            headers,
            call: Some(call),
            warnings: Vec::new(),
        }
    }

    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the request id that the service assigned. Quote it in support requests.
    pub fn request_id(&self) -> Option<&str> {
        request_id(&self.headers)
    }

    /// Returns the number of attempts, including the last.
    pub fn attempts(&self) -> u32 {
        self.call.as_ref().map_or(1, |call| call.attempts)
    }

    /// Returns how many attempts before the last may have been carried out, although their responses were lost.
    pub fn unknown_attempts(&self) -> u32 {
        self.call.as_ref().map_or(0, |call| call.unknown_attempts)
    }

    /// Returns a warning for each part of the response that does not match the specification. The part has another type
    /// or an invalid value, and was converted or omitted. Usually there are no warnings.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Returns the metadata with more warnings, up to 100.
    #[must_use]
    pub fn with_warnings(mut self, warnings: impl IntoIterator<Item = Warning>) -> Self {
        self.add_warnings(warnings);
        self
    }

    /// Adds warnings, up to 100. A warning that is already in the list is not added again. If there are more, the last
    /// warning says so.
    pub fn add_warnings(&mut self, warnings: impl IntoIterator<Item = Warning>) {
        for warning in warnings {
            if self.warnings.len() > MAX_WARNINGS || self.warnings.contains(&warning) {
                continue;
            }
            self.warnings.push(match self.warnings.len() {
                MAX_WARNINGS => Warning::new("", "more warnings were omitted"),
                _ => warning,
            });
        }
    }

    /// Returns the context that was passed to the call.
    pub fn context(&self) -> Option<&CallContext> {
        self.call.as_ref().map(|call| &call.context)
    }

    /// Redacts the secrets of the call from a text, and returns the text as one line of at most 300 characters.
    pub fn redact(&self, text: &str) -> String {
        self.redactor().redact_line(text)
    }

    pub(crate) fn redactor(&self) -> &Redactor {
        match &self.call {
            Some(call) => &call.redactor,
            None => Redactor::none(),
        }
    }

    /// Returns the target of a redirect, without credentials, query and fragment.
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

    /// Returns the media type of the body, without parameters.
    pub fn media_type(&self) -> Option<String> {
        let media = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        Some(self.redact(media.split(';').next()?))
    }
}

pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    REQUEST_ID_HEADERS
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok())
}

/// Shows no headers except the request id, because their values may be secret.
impl fmt::Debug for ResponseMeta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request_id = self.request_id().map(|id| self.redactor().redact(id));
        f.debug_struct("ResponseMeta")
            .field("status", &self.status)
            .field("request_id", &request_id)
            .field("attempts", &self.attempts())
            .finish_non_exhaustive()
    }
}
