//! Why a response has no answer of the requested type.

use std::fmt;

use openapi_runtime::PayloadFault;

use crate::chat::ChatResponse;

/// Why a response has no answer of the requested type. Returned by
/// [`Error::parse_failure`](crate::Error::parse_failure).
///
/// The response was billed. It has the text, the refusal and the cost.
///
/// ```no_run
/// # async fn example(request: prime_ext::typed::TypedRequest<u8>) -> Result<(), prime_ext::Error> {
/// use prime_ext::typed::ParseFailureReason;
///
/// if let Err(error) = request.await {
///     let Some(failure) = error.parse_failure() else {
///         return Err(error);
///     };
///     let response = failure.response();
///     match failure.reason() {
///         ParseFailureReason::Refused => eprintln!("{}", response.refusal().unwrap_or_default()),
///         reason => eprintln!("{reason}: {}", response.text()),
///     }
///     eprintln!("{}", response.cost());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ParseFailure {
    reason: ParseFailureReason,
    detail: String,
    response: ChatResponse,
}

impl ParseFailure {
    pub(super) fn new(reason: ParseFailureReason, detail: String, response: ChatResponse) -> Self {
        Self {
            reason,
            detail,
            response,
        }
    }

    /// Returns the reason.
    pub fn reason(&self) -> &ParseFailureReason {
        &self.reason
    }

    /// Returns the reason in words. If the answer does not fit the type, this is the message of the deserializer, such as
    /// ``unknown variant `Snow`, expected `Clear` or `Cloudy` ``, or the message of your own `Deserialize` or `TryFrom`. It
    /// may quote the answer, which the message of the error does not.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Returns the complete response, with its text and its cost.
    pub fn response(&self) -> &ChatResponse {
        &self.response
    }
}

/// Why a response has no answer of the requested type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseFailureReason {
    /// The model refuses to answer. See [`ChatResponse::refusal`].
    Refused,
    /// The answer was cut off by the token limit. The finish reason is `length`.
    TokenLimit,
    /// The answer was cut off by a filter. The finish reason is `content_filter`.
    ContentFilter,
    /// The model requests tool calls instead of answering. See [`ChatResponse::tool_calls`].
    ToolCalls,
    /// The text is not JSON, or there is other text around the JSON.
    NotJson(PayloadFault),
    /// The text is JSON that does not fit the type.
    Mismatch(PayloadFault),
}

impl fmt::Display for ParseFailureReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("the model refuses to answer"),
            Self::TokenLimit => {
                f.write_str("the answer was cut off by the token limit; raise `max_tokens`")
            }
            Self::ContentFilter => f.write_str("the answer was cut off by a content filter"),
            Self::ToolCalls => f.write_str("the model requests tool calls instead of answering"),
            Self::NotJson(fault) if fault.line == 0 => {
                write!(f, "the answer is not JSON: {}", fault.what)
            }
            Self::NotJson(fault) => {
                let PayloadFault {
                    what, line, column, ..
                } = fault;
                write!(
                    f,
                    "the answer is not JSON: {what}, line {line} column {column}"
                )
            }
            Self::Mismatch(fault) => write!(f, "the answer does not fit the type: {fault}"),
        }
    }
}
