//! The error bodies of both APIs.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;

/// An answer that says no.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    body: Bytes,
}

impl Refusal {
    fn new(status: StatusCode, body: &impl Serialize) -> Self {
        // Writing these bodies cannot fail; an empty one would say so.
        let body = serde_json::to_vec(body).unwrap_or_default().into();
        Self { status, body }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let json = [(header::CONTENT_TYPE, "application/json")];
        (self.status, json, self.body).into_response()
    }
}

/// Errors of the Inference API: `{"error": {"message", "type", "code"}}`.
pub(crate) mod inference {
    use axum::http::StatusCode;
    use pinference_api::types::{ErrorBody, ErrorDetail};

    use super::Refusal;

    fn error(status: StatusCode, kind: &str, code: &str, message: &str) -> Refusal {
        with_param(status, kind, code, message, None)
    }

    fn with_param(
        status: StatusCode,
        kind: &str,
        code: &str,
        message: &str,
        param: Option<&str>,
    ) -> Refusal {
        let mut error = ErrorDetail::default();
        error.code = Some(code.into());
        error.message = Some(message.to_owned());
        error.param = param.map(str::to_owned);
        error.type_ = Some(kind.to_owned());
        Refusal::new(status, &ErrorBody::new(error))
    }

    pub(crate) fn key() -> Refusal {
        error(
            StatusCode::UNAUTHORIZED,
            "authentication_error",
            "invalid_api_key",
            "Invalid API key",
        )
    }

    pub(crate) fn team(team: &str) -> Refusal {
        error(
            StatusCode::FORBIDDEN,
            "permission_error",
            "team_access_denied",
            &format!("You are not a member of the team '{team}'"),
        )
    }

    pub(crate) fn permission(permission: &str) -> Refusal {
        error(
            StatusCode::FORBIDDEN,
            "permission_error",
            "permission_denied",
            &format!("This API key lacks the permission '{permission}'"),
        )
    }

    pub(crate) fn model(id: &str) -> Refusal {
        error(
            StatusCode::NOT_FOUND,
            "invalid_request_error",
            "model_not_found",
            &format!("The model '{id}' does not exist"),
        )
    }

    pub(crate) fn funds() -> Refusal {
        error(
            StatusCode::PAYMENT_REQUIRED,
            "insufficient_quota",
            "insufficient_funds",
            "Insufficient balance (including overdraft). Please add funds to continue.",
        )
    }

    pub(crate) fn json(message: &str) -> Refusal {
        error(
            StatusCode::BAD_REQUEST,
            "invalid_request_error",
            "invalid_json",
            &format!("The body is not valid JSON: {message}"),
        )
    }

    pub(crate) fn param(param: &str, message: &str) -> Refusal {
        with_param(
            StatusCode::BAD_REQUEST,
            "invalid_request_error",
            "invalid_parameter",
            message,
            Some(param),
        )
    }
}

/// Errors of the Training API: `{"errors": [{"param", "details"}]}` for what the specification
/// lists, `{"detail": …}` for the rest.
pub(crate) mod platform {
    use axum::http::StatusCode;
    use prime_training_api::types::error::ConversionError;
    use prime_training_api::types::{ErrorDetail, ErrorResponse, builder};
    use serde_json::Value;

    use super::Refusal;

    /// What is wrong with a parameter, on its way to [`params`].
    pub(crate) type Problem = builder::ErrorDetail;

    fn detail(status: StatusCode, detail: Value) -> Refusal {
        let mut body = ErrorResponse::default();
        body.detail = Some(detail);
        Refusal::new(status, &body)
    }

    /// No key, or a wrong one.
    pub(crate) fn key(message: &str) -> Refusal {
        detail(StatusCode::UNAUTHORIZED, message.into())
    }

    pub(crate) fn team() -> Refusal {
        detail(
            StatusCode::FORBIDDEN,
            "You are not a member of this team".into(),
        )
    }

    pub(crate) fn permission(permission: &str) -> Refusal {
        let message = format!("This API key lacks the permission '{permission}'");
        detail(StatusCode::FORBIDDEN, message.into())
    }

    pub(crate) fn funds() -> Refusal {
        let message = "Insufficient balance. Please add funds to continue.";
        detail(StatusCode::PAYMENT_REQUIRED, message.into())
    }

    pub(crate) fn run() -> Refusal {
        detail(StatusCode::NOT_FOUND, "Run not found".into())
    }

    pub(crate) fn route() -> Refusal {
        detail(StatusCode::NOT_FOUND, "Not Found".into())
    }

    pub(crate) fn method() -> Refusal {
        detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed".into())
    }

    pub(crate) fn too_large() -> Refusal {
        detail(
            StatusCode::PAYLOAD_TOO_LARGE,
            "The body is too large".into(),
        )
    }

    pub(crate) fn json(message: &str) -> Refusal {
        params(vec![param(
            "body",
            &format!("The body is not valid JSON: {message}"),
        )])
    }

    /// An answer that the simulator could not put together: it lacks a field it has to have.
    pub(crate) fn internal(error: ConversionError) -> Refusal {
        detail(StatusCode::INTERNAL_SERVER_ERROR, error.to_string().into())
    }

    /// What is wrong with each parameter.
    pub(crate) fn params(problems: Vec<Problem>) -> Refusal {
        let errors: Result<Vec<_>, _> = problems.into_iter().map(ErrorDetail::try_from).collect();
        match errors {
            Ok(errors) => {
                let mut body = ErrorResponse::default();
                body.errors = errors;
                Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, &body)
            }
            Err(error) => internal(error),
        }
    }

    pub(crate) fn param(param: &str, details: &str) -> Problem {
        ErrorDetail::builder().param(param).details(details)
    }
}
