//! The error responses of both APIs.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;

/// An error response.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    body: Bytes,
}

impl ApiError {
    fn new(status: StatusCode, body: &impl Serialize) -> Self {
        // Serializing these bodies cannot fail.
        let body = serde_json::to_vec(body).unwrap_or_default().into();
        Self { status, body }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let json = [(header::CONTENT_TYPE, "application/json")];
        (self.status, json, self.body).into_response()
    }
}

/// Errors of the Inference API: `{"error": {"message", "type", "code"}}`.
pub(crate) mod inference {
    use axum::http::StatusCode;
    use pinference_api::types::{ErrorBody, ErrorDetail};

    use super::ApiError;

    fn error(status: StatusCode, kind: &str, code: &str, message: &str) -> ApiError {
        with_param(status, kind, code, message, None)
    }

    fn with_param(
        status: StatusCode,
        kind: &str,
        code: &str,
        message: &str,
        param: Option<&str>,
    ) -> ApiError {
        let mut error = ErrorDetail::default();
        error.code = Some(code.into());
        error.message = Some(message.to_owned());
        error.param = param.map(str::to_owned);
        error.type_ = Some(kind.to_owned());
        ApiError::new(status, &ErrorBody::new(error))
    }

    pub(crate) fn key() -> ApiError {
        error(
            StatusCode::UNAUTHORIZED,
            "authentication_error",
            "invalid_api_key",
            "Invalid API key",
        )
    }

    pub(crate) fn team(team: &str) -> ApiError {
        error(
            StatusCode::FORBIDDEN,
            "permission_error",
            "team_access_denied",
            &format!("You are not a member of the team '{team}'"),
        )
    }

    pub(crate) fn permission(permission: &str) -> ApiError {
        error(
            StatusCode::FORBIDDEN,
            "permission_error",
            "permission_denied",
            &format!("This API key lacks the permission '{permission}'"),
        )
    }

    pub(crate) fn model(id: &str) -> ApiError {
        error(
            StatusCode::NOT_FOUND,
            "invalid_request_error",
            "model_not_found",
            &format!("The model '{id}' does not exist"),
        )
    }

    pub(crate) fn funds() -> ApiError {
        error(
            StatusCode::PAYMENT_REQUIRED,
            "insufficient_quota",
            "insufficient_funds",
            "Insufficient balance (including overdraft). Please add funds to continue.",
        )
    }

    pub(crate) fn json(message: &str) -> ApiError {
        error(
            StatusCode::BAD_REQUEST,
            "invalid_request_error",
            "invalid_json",
            &format!("The body is not valid JSON: {message}"),
        )
    }

    pub(crate) fn param(param: &str, message: &str) -> ApiError {
        with_param(
            StatusCode::BAD_REQUEST,
            "invalid_request_error",
            "invalid_parameter",
            message,
            Some(param),
        )
    }
}

/// Errors of the Training API: `{"errors": [{"param", "details"}]}` for invalid parameters, and
/// `{"detail": …}` otherwise.
pub(crate) mod platform {
    use axum::http::StatusCode;
    use prime_training_api::types::error::ConversionError;
    use prime_training_api::types::{ErrorDetail, ErrorResponse, builder};
    use serde_json::Value;

    use super::ApiError;

    /// An invalid parameter, for [`params`].
    pub(crate) type Problem = builder::ErrorDetail;

    fn detail(status: StatusCode, detail: Value) -> ApiError {
        let mut body = ErrorResponse::default();
        body.detail = Some(detail);
        ApiError::new(status, &body)
    }

    /// The key is missing or invalid.
    pub(crate) fn key(message: &str) -> ApiError {
        detail(StatusCode::UNAUTHORIZED, message.into())
    }

    pub(crate) fn team() -> ApiError {
        detail(
            StatusCode::FORBIDDEN,
            "You are not a member of this team".into(),
        )
    }

    pub(crate) fn permission(permission: &str) -> ApiError {
        let message = format!("This API key lacks the permission '{permission}'");
        detail(StatusCode::FORBIDDEN, message.into())
    }

    pub(crate) fn funds() -> ApiError {
        let message = "Insufficient balance. Please add funds to continue.";
        detail(StatusCode::PAYMENT_REQUIRED, message.into())
    }

    pub(crate) fn run() -> ApiError {
        detail(StatusCode::NOT_FOUND, "Run not found".into())
    }

    /// The run has a status in which it cannot be changed.
    pub(crate) fn conflict(message: &str) -> ApiError {
        detail(StatusCode::CONFLICT, message.into())
    }

    pub(crate) fn route() -> ApiError {
        detail(StatusCode::NOT_FOUND, "Not Found".into())
    }

    pub(crate) fn method() -> ApiError {
        detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed".into())
    }

    pub(crate) fn too_large() -> ApiError {
        detail(
            StatusCode::PAYLOAD_TOO_LARGE,
            "The body is too large".into(),
        )
    }

    pub(crate) fn json(message: &str) -> ApiError {
        params(vec![param(
            "body",
            &format!("The body is not valid JSON: {message}"),
        )])
    }

    /// The simulator could not build a response.
    pub(crate) fn internal(error: ConversionError) -> ApiError {
        detail(StatusCode::INTERNAL_SERVER_ERROR, error.to_string().into())
    }

    /// Lists the invalid parameters.
    pub(crate) fn params(problems: Vec<Problem>) -> ApiError {
        let errors: Result<Vec<_>, _> = problems.into_iter().map(ErrorDetail::try_from).collect();
        match errors {
            Ok(errors) => {
                let mut body = ErrorResponse::default();
                body.errors = errors;
                ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, &body)
            }
            Err(error) => internal(error),
        }
    }

    pub(crate) fn param(param: &str, details: &str) -> Problem {
        ErrorDetail::builder().param(param).details(details)
    }
}
