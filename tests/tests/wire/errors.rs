//! Error formats and the information in the returned errors.

use std::time::Duration;

use prime_ext::{Client, Error, ErrorKind, RunConfig};
use prime_training_api::types::CreateDedicatedRunRequest;
use serde_json::Map;

use super::support::{
    KEY, MODEL, MockResponse, RawServer, Wire, assert_clean_error, assert_no_secret, client,
    http_builder,
};

pub(super) fn config() -> RunConfig {
    RunConfig::from(Map::new())
}

/// The operations under test.
const OPERATIONS: [&str; 8] = [
    "list_models",
    "get_model",
    "create_chat_completion",
    "create_chat_completion_stream",
    "get_run_usage",
    "get_wallet",
    "create_run",
    "delete_run",
];

pub(super) async fn fail(operation: &str, client: &Client) -> Error {
    let failed = match operation {
        "list_models" => client.models().list().await.map(|_| ()),
        "get_model" => client.models().get(MODEL).await.map(|_| ()),
        "create_chat_completion" => client.chat(MODEL).user("Hi").await.map(|_| ()),
        "create_chat_completion_stream" => client.chat(MODEL).user("Hi").stream().await.map(|_| ()),
        "get_run_usage" => client.runs().usage("run_123").await.map(|_| ()),
        "get_wallet" => client.wallet().get().await.map(|_| ()),
        "create_run" => client.runs().create(config()).await.map(|_| ()),
        "delete_run" => client.runs().delete("run_123").await.map(|_| ()),
        _ => panic!("{operation}?"),
    };
    let error = failed.unwrap_err();
    assert_eq!(error.operation(), Some(operation));
    assert!(error.to_string().starts_with(&format!("{operation}: ")));
    error
}

/// Returns whether an operation has side effects.
fn changes(operation: &str) -> bool {
    operation.starts_with("create") || operation.starts_with("delete")
}

/// Returns a client that uses one server for both services.
fn both(wire: &Wire) -> Client {
    client(&wire.inference_url(), &wire.platform_url())
}

/// Returns the error of a usage request with the given response.
pub(super) async fn usage_error(answer: MockResponse) -> Error {
    let wire = Wire::platform(answer).await;
    let error = fail("get_run_usage", &wire.personal()).await;
    assert_eq!(wire.hits(), 1);
    error
}

// Statuses.

#[tokio::test]
async fn each_error_status_of_each_operation_is_reported() {
    for status in [400, 401, 402, 403, 404, 409, 422, 429, 500, 502, 503, 504] {
        let body = r#"{"error": {"message": "No.", "type": "t", "code": "c"}, "request_id": "r"}"#;
        let wire = Wire::inference(MockResponse::json(status, body).header("x-trace", "t-1")).await;
        for operation in OPERATIONS {
            let error = fail(operation, &both(&wire)).await;
            assert_eq!(error.kind(), ErrorKind::Api);
            assert_eq!(error.status().unwrap(), status);
            assert_eq!(error.code(), Some("c"));
            assert_eq!(error.message(), Some("No."));
            assert!(error.fields().is_empty());
            assert_eq!(error.body().unwrap(), body);
            assert_eq!(error.headers().unwrap()["x-trace"], "t-1");
            assert!(error.partial_response().is_none());

            assert_eq!(error.is_auth(), [401, 403].contains(&status));
            assert_eq!(error.is_payment_required(), status == 402);
            assert_eq!(error.is_not_found(), status == 404);
            assert_eq!(error.is_rate_limited(), status == 429);
            assert_eq!(error.is_validation(), [400, 422].contains(&status));
            assert!(!error.is_timeout());
            assert_eq!(
                error.outcome_unknown(),
                status >= 500 && changes(operation),
                "{operation} {status}"
            );
            assert_clean_error(&error);
        }
        assert_eq!(wire.hits_without_rft(), OPERATIONS.len());
    }
}

// Envelopes.

/// Models API page, section "Error Responses".
#[tokio::test]
async fn the_documented_errors_are_read() {
    let body = r#"{
      "error": {
        "message": "The model 'invalid-model' does not exist",
        "type": "invalid_request_error",
        "code": "model_not_found"
      }
    }"#;
    let wire = Wire::inference(MockResponse::json(404, body)).await;
    let models = wire.personal().models();
    let error = models.get("invalid-model").await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.code(), Some("model_not_found"));
    assert_eq!(
        error.message(),
        Some("The model 'invalid-model' does not exist")
    );
    assert_eq!(
        error.to_string(),
        "get_model: 404 Not Found: model_not_found: The model 'invalid-model' does not exist; \
         `Client::models` lists the models that exist"
    );

    let body = r#"{
      "error": {
        "message": "Invalid API key",
        "type": "authentication_error",
        "code": "invalid_api_key"
      }
    }"#;
    let wire = Wire::inference(MockResponse::json(401, body)).await;
    let error = wire.personal().models().list().await.unwrap_err();
    assert!(error.is_auth());
    assert_eq!(error.code(), Some("invalid_api_key"));
    assert_eq!(error.message(), Some("Invalid API key"));
    assert!(error.to_string().contains("PRIME_API_KEY"), "{error}");
}

#[tokio::test]
async fn an_error_object_is_read() {
    let cases = [
        (
            r#"{"error": {"message": "No funds", "type": "insufficient_quota", "code": "insufficient_funds"}}"#,
            Some("insufficient_funds"),
            Some("No funds"),
        ),
        (
            r#"{"error": {"message": "Slow down", "type": "x", "code": 429}}"#,
            Some("429"),
            Some("Slow down"),
        ),
        (
            r#"{"error": {"message": "No", "type": "x", "code": null, "param": null}}"#,
            None,
            Some("No"),
        ),
        (
            r#"{"error": {"message": "No", "metadata": {"raw": "…"}}, "user_id": "u"}"#,
            None,
            Some("No"),
        ),
        (r#"{"error": {"code": "c"}}"#, Some("c"), None),
        (
            r#"{"error": {"message": null, "type": null, "code": null}}"#,
            None,
            None,
        ),
        (r#"{"error": {}}"#, None, None),
        (r#"{"error": "No"}"#, None, Some("No")),
        (r#"{"error": null}"#, None, None),
    ];
    for (body, code, message) in cases {
        let error = usage_error(MockResponse::json(402, body)).await;
        assert_eq!(error.code(), code, "{body}");
        assert_eq!(error.message(), message, "{body}");
        assert!(error.is_payment_required());
        assert_eq!(error.body().unwrap(), body);
        assert_clean_error(&error);
    }
}

#[tokio::test]
async fn the_parameter_of_an_error_object_is_read() {
    let body = r#"{"error": {"message": "must be at most 2", "type": "invalid_request_error",
        "param": "temperature", "code": "invalid_value"}}"#;
    let wire = Wire::inference(MockResponse::json(400, body)).await;
    let error = fail("create_chat_completion", &wire.personal()).await;
    assert!(error.is_validation());
    let [field] = error.fields() else {
        panic!("{:?}", error.fields())
    };
    assert_eq!(field.field, "temperature");
    assert_eq!(field.message, "must be at most 2");
}

/// The platform's specification, schema `ErrorResponse`.
#[tokio::test]
async fn a_list_of_errors_is_read() {
    let body = r#"{"errors": [
        {"param": "limit", "details": "must be at most 100"},
        {"param": "offset", "details": "must not be negative", "code": 7}]}"#;
    let error = usage_error(MockResponse::json(422, body)).await;
    assert!(error.is_validation());
    let fields: Vec<_> = error
        .fields()
        .iter()
        .map(|field| (field.field.as_str(), field.message.as_str()))
        .collect();
    assert_eq!(
        fields,
        [
            ("limit", "must be at most 100"),
            ("offset", "must not be negative"),
        ]
    );
    let message = "limit: must be at most 100; offset: must not be negative";
    assert_eq!(error.message(), Some(message));
    assert!(error.to_string().contains(message), "{error}");
    assert_eq!(error.code(), None);
    assert_clean_error(&error);

    let error = usage_error(MockResponse::json(422, r#"{"errors": []}"#)).await;
    assert!(error.fields().is_empty() && error.message().is_none());
    assert_clean_error(&error);
}

#[tokio::test]
async fn a_detail_string_is_read() {
    let error = usage_error(MockResponse::json(404, r#"{"detail": "Run not found"}"#)).await;
    assert!(error.is_not_found());
    assert_eq!(error.message(), Some("Run not found"));
    assert_eq!(error.code(), None);
    assert!(error.fields().is_empty());
    assert_eq!(
        error.to_string(),
        "get_run_usage: 404 Not Found: Run not found"
    );
}

#[tokio::test]
async fn a_list_of_details_is_read() {
    let body = r#"{"detail": [
        {"type": "missing", "loc": ["body", "config"], "msg": "Field required", "input": {}},
        {"loc": ["body", "runs", 0, "name"], "msg": "String too long", "ctx": {"max": 64}}]}"#;
    let wire = Wire::platform(MockResponse::json(422, body)).await;
    let error = fail("create_run", &wire.team()).await;
    assert!(error.is_validation() && !error.outcome_unknown());
    let fields: Vec<_> = error
        .fields()
        .iter()
        .map(|field| (field.field.as_str(), field.message.as_str()))
        .collect();
    assert_eq!(
        fields,
        [
            ("body.config", "Field required"),
            ("body.runs.0.name", "String too long"),
        ]
    );
    assert_eq!(
        error.message(),
        Some("body.config: Field required; body.runs.0.name: String too long")
    );
    assert_clean_error(&error);
}

#[tokio::test]
async fn a_plain_text_error_is_read() {
    for status in [400, 502, 503] {
        let answer = MockResponse::new(status, "text/plain", "upstream connect error\n");
        let error = usage_error(answer).await;
        assert_eq!(error.kind(), ErrorKind::Api);
        assert_eq!(error.message(), Some("upstream connect error"));
        assert_eq!(error.body().unwrap(), "upstream connect error\n");
        assert_clean_error(&error);
    }
    // A long text is kept completely and truncated in the message.
    let long = "ä".repeat(5000);
    let error = usage_error(MockResponse::new(500, "text/plain", &long)).await;
    assert_eq!(error.body().unwrap(), &long);
    assert!(error.message().unwrap().starts_with("ää"));
    assert!(error.to_string().chars().count() < 400);
    assert_clean_error(&error);
}

#[tokio::test]
async fn an_html_error_page_is_summarized() {
    let body = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n</html>\r\n";
    for operation in OPERATIONS {
        let wire = Wire::inference(MockResponse::new(502, "text/html", body)).await;
        let error = fail(operation, &both(&wire)).await;
        assert_eq!(error.kind(), ErrorKind::Api);
        assert_eq!(error.status().unwrap(), 502);
        assert_eq!((error.code(), error.message()), (None, None));
        assert_eq!(error.body().unwrap(), body);
        assert!(!error.to_string().contains('<'), "{error}");
        assert_clean_error(&error);
    }
}

/// An empty `error` is ignored. A message without an answer is an error.
#[tokio::test]
async fn an_error_in_a_success_response_is_reported() {
    let choice = r#"{"index":0,"message":{"role":"assistant","content":"Paris"}}"#;
    for error in ["null", "false", "\"\"", "{}", "[]", "0"] {
        let body = format!(r#"{{"choices":[{choice}],"error":{error}}}"#);
        let wire = Wire::inference(MockResponse::json(200, &body)).await;
        let answer = wire.personal().chat("m").user("?").await;
        assert_eq!(answer.unwrap().text(), "Paris", "{error}");
    }
    for field in [
        r#""error":"no""#,
        r#""detail":"the model crashed""#,
        r#""errors":[{"details":"no"}]"#,
    ] {
        let wire = Wire::inference(MockResponse::json(
            200,
            &format!(r#"{{"choices":[],{field}}}"#),
        ))
        .await;
        let answer = wire.personal().chat("m").user("?").await;
        let error = answer.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Api, "{field}");
        assert_clean_error(&error);
    }
}

#[tokio::test]
async fn an_empty_or_unreadable_error_body_is_accepted() {
    let cases: [&[u8]; 8] = [
        b"",
        b"  \n",
        b"null",
        b"[]",
        b"{}",
        b"7",
        b"\"\"",
        b"\xff\xfe\x00",
    ];
    for status in [401, 404, 422, 500] {
        for body in cases {
            let error = usage_error(MockResponse::bare(status, body)).await;
            assert_eq!(error.kind(), ErrorKind::Api);
            assert_eq!(error.status().unwrap(), status);
            assert_eq!((error.code(), error.message()), (None, None), "{body:?}");
            assert_eq!(&error.body().unwrap()[..], body);
            assert_clean_error(&error);
        }
    }
}

#[tokio::test]
async fn a_multiline_message_is_shown_on_one_line() {
    for (media, body) in [
        (
            "application/json",
            r#"{"error": {"message": "first\nsecond\r\nthird", "code": "c"}}"#,
        ),
        ("application/json", r#"{"detail": "first\nsecond"}"#),
        (
            "application/json",
            r#"{"errors": [{"param": "a", "details": "first\nsecond"}]}"#,
        ),
        ("text/plain", "first\nsecond\n"),
    ] {
        let error = usage_error(MockResponse::new(500, media, body)).await;
        let message = error.to_string();
        assert!(
            message.contains("first") && message.contains("second"),
            "{message}"
        );
        assert_clean_error(&error);
    }
}

/// The message of a router does not contain the reason of the provider, which is in `error.metadata.raw`.
#[tokio::test]
async fn the_reason_of_a_provider_is_shown() {
    let body = r#"{"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw":
        "{\"error\": {\"message\": \"This request needs 9000 tokens; 4096 fit\", \"type\": \"invalid_request_error\", \"code\": \"context_length_exceeded\"}}",
        "provider_name": "Acme"}}, "user_id": "u", "choices": []}"#;
    for status in [200, 400] {
        let wire = Wire::inference(MockResponse::json(status, body)).await;
        let error = fail("create_chat_completion", &wire.personal()).await;
        assert!(error.is_context_overflow() && error.is_validation());
        assert_eq!(error.named_status().unwrap(), 400);
        assert_eq!(error.code(), Some("context_length_exceeded"));
        assert_eq!(error.error_type(), Some("invalid_request_error"));
        let message = "Acme: This request needs 9000 tokens; 4096 fit";
        assert_eq!(error.message(), Some(message));
        assert!(
            error.to_string().contains("shorten the messages"),
            "{error}"
        );
        assert_clean_error(&error);
    }

    let body = r#"{"error": {"message": "Provider returned error", "code": 429, "metadata": {"raw":
        {"detail": "the model is busy, try again in 8 s"}, "provider_name": "Acme"}}}"#;
    let wire = Wire::inference(MockResponse::json(429, body).header("retry-after", "999")).await;
    let error = fail("create_chat_completion", &wire.personal()).await;
    assert!(error.is_rate_limited() && !error.is_quota_exceeded());
    let message = "Acme: the model is busy, try again in 8 s";
    assert_eq!(error.message(), Some(message));

    // With a success status, the response is not what was requested, and the reason is shown too.
    let wire = Wire::inference(MockResponse::json(200, body)).await;
    let error = fail("create_chat_completion", &wire.personal()).await;
    assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
    assert_eq!(error.message(), Some(message));
    assert!(error.to_string().contains(message), "{error}");
}

// Invalid success responses.

#[tokio::test]
async fn an_unreadable_success_response_is_an_error() {
    for body in ["not json", "", "<html>log in</html>", "[]", "{\"id\": "] {
        for operation in OPERATIONS {
            let wire =
                Wire::inference(MockResponse::json(200, body).header("x-trace", "t-1")).await;
            let error = fail(operation, &both(&wire)).await;
            assert_eq!(
                error.kind(),
                ErrorKind::UnexpectedResponse,
                "{operation} {body}"
            );
            assert_eq!(error.status().unwrap(), 200);
            assert_eq!(error.body().unwrap(), body);
            assert_eq!(error.headers().unwrap()["x-trace"], "t-1");
            assert_eq!((error.code(), error.message()), (None, None));
            assert!(!error.is_auth() && !error.is_validation() && !error.is_not_found());
            assert_clean_error(&error);
            assert_eq!(wire.hits_without_rft(), 1);
        }
    }
}

#[tokio::test]
async fn a_success_response_without_a_required_field_is_an_error() {
    let cases = [
        ("get_run_usage", r#"{"run_id": "r", "total_tokens": 0}"#),
        ("get_wallet", r#"{"wallet_id": "w", "balance_usd": 1}"#),
        ("create_run", r#"{"runId": "r", "jobId": "j"}"#),
        ("delete_run", r#"{"runId": "r"}"#),
        ("get_run_usage", "{}"),
        ("get_wallet", "{}"),
        ("create_run", "{}"),
        ("delete_run", "{}"),
    ];
    for (operation, body) in cases {
        let wire = Wire::platform(MockResponse::json(200, body)).await;
        let error = fail(operation, &wire.personal()).await;
        assert_eq!(error.kind(), ErrorKind::UnexpectedResponse, "{operation}");
        assert_eq!(error.status().unwrap(), 200);
        assert_eq!(error.body().unwrap(), body);
        let reason = std::error::Error::source(&error).unwrap().to_string();
        assert!(reason.contains("missing field"), "{reason}");
        assert_clean_error(&error);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = Wire::inference(MockResponse::json(200, "{}")).await;
        let to = format!("{}/models", elsewhere.inference_url());
        let wire = Wire::inference(MockResponse::bare(status, "").header("location", &to)).await;
        for operation in OPERATIONS {
            let error = fail(operation, &both(&wire)).await;
            assert_eq!(error.kind(), ErrorKind::Api);
            assert_eq!(error.status().unwrap(), status);
            assert_eq!(error.headers().unwrap()["location"], to.as_str());
            assert!(error.to_string().contains("redirect"), "{error}");
            // The request may have been carried out, except after a 307 or 308.
            let unknown = status <= 303 && changes(operation);
            assert_eq!(error.outcome_unknown(), unknown, "{operation}");
            assert_clean_error(&error);
        }
        assert_eq!(wire.hits_without_rft(), OPERATIONS.len());
        assert_eq!(elsewhere.hits(), 0);
    }
}

// No response.

#[tokio::test]
async fn a_refused_connection_is_a_connect_error() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let nobody = client(&format!("{url}/api/v1"), &url);
    for operation in OPERATIONS {
        let error = fail(operation, &nobody).await;
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert!(error.status().is_none() && error.body().is_none());
        assert!(!error.outcome_unknown(), "{error}");
        assert!(error.to_string().contains(&url), "{error}");
        assert_clean_error(&error);
    }
}

#[tokio::test]
async fn a_closed_connection_is_a_disconnect() {
    let server = RawServer::start(&[]).await;
    for operation in OPERATIONS {
        let error = fail(operation, &server.personal()).await;
        assert_eq!(error.kind(), ErrorKind::Disconnected);
        assert!(error.status().is_none() && error.body().is_none());
        assert_eq!(error.outcome_unknown(), changes(operation), "{operation}");
        assert_clean_error(&error);
    }
    assert_eq!(server.hits_without_rft(), OPERATIONS.len());
}

#[tokio::test]
async fn a_truncated_response_is_a_disconnect() {
    let half = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 99\r\n\r\n{\"ha";
    let server = RawServer::start(&[half; 9]).await;
    for operation in OPERATIONS {
        let error = fail(operation, &server.personal()).await;
        assert_eq!(error.kind(), ErrorKind::Disconnected);
        assert_eq!(error.status().unwrap(), 200);
        assert_eq!(error.body().unwrap(), "{\"ha");
        assert_eq!(error.outcome_unknown(), changes(operation), "{operation}");
        assert_clean_error(&error);
    }
    assert_eq!(server.hits_without_rft(), OPERATIONS.len());
}

/// The status of an error is known even if its body is truncated.
#[tokio::test]
async fn a_truncated_error_body_keeps_the_status() {
    let half = "HTTP/1.1 422 Unprocessable Entity\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 99\r\n\r\n{\"det";
    let server = RawServer::start(&[half]).await;
    let error = fail("create_run", &server.personal()).await;
    assert_eq!(error.status().unwrap(), 422);
    assert_eq!(error.body().unwrap(), "{\"det");
    assert!(!error.outcome_unknown(), "{error}");
    assert_clean_error(&error);
}

#[tokio::test]
async fn a_late_response_is_a_timeout() {
    let server = RawServer::silent().await;
    let url = format!("http://{}", server.address());
    let http = http_builder().read_timeout(Duration::from_millis(100));
    let impatient = Client::builder()
        .api_key(KEY)
        .inference_url(format!("{url}/api/v1"))
        .platform_url(&url)
        .http_client(http.build().unwrap())
        .build()
        .unwrap();
    for operation in OPERATIONS {
        let error = fail(operation, &impatient).await;
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        assert!(error.is_timeout());
        assert!(error.status().is_none());
        assert_eq!(error.outcome_unknown(), changes(operation), "{operation}");
        assert_clean_error(&error);
    }
    assert_eq!(server.hits_without_rft(), OPERATIONS.len());
}

// The generated crates keep the status, headers and body of each response.

#[tokio::test]
async fn the_generated_crates_keep_the_response_of_an_error() {
    let body = r#"{"error": {"message": "No", "type": "t", "code": 7, "new": 1}}"#;
    let wire = Wire::inference(MockResponse::json(404, body)).await;
    let error = wire
        .bare_inference()
        .list_models()
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.status().unwrap().as_u16()),
        (ErrorKind::Api, 404)
    );
    assert_eq!(error.operation(), Some("list_models"));
    assert_eq!((error.message(), error.code()), (Some("No"), Some("7")));
    let typed: pinference_api::types::ErrorBody = error.body_as().unwrap();
    assert_eq!(typed.error.code, Some(serde_json::json!(7)));
    assert_eq!(error.body().unwrap(), body);

    let wire = Wire::inference(MockResponse::new(403, "text/html", "<html>")).await;
    let error = wire
        .bare_inference()
        .list_models()
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap(), 403);
    assert_eq!(error.body().unwrap(), "<html>");
    assert_eq!(error.headers().unwrap()["content-type"], "text/html");

    let wire = Wire::platform(MockResponse::json(422, r#"{"detail": [{"msg": "m"}]}"#)).await;
    let error = wire.bare_training().get_wallet().send().await.unwrap_err();
    let typed: prime_training_api::types::ErrorResponse = error.body_as().unwrap();
    assert_eq!(typed.detail, Some(serde_json::json!([{"msg": "m"}])));

    let wire = Wire::platform(MockResponse::json(
        201,
        r#"{"tokenValue": "pit_run_token_93bd41"}"#,
    ))
    .await;
    let bare = wire.bare_training();
    let create = bare.create_run();
    let create = create.body(CreateDedicatedRunRequest::new(Map::new()));
    let error = create.send().await.unwrap_err();
    assert_no_secret(&format!("{error} {error:?}"));
    assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
    assert!(error.outcome_unknown());
    assert_eq!(error.status().unwrap(), 201);
    assert_eq!(
        error.body().unwrap(),
        r#"{"tokenValue": "pit_run_token_93bd41"}"#
    );
}

/// The generated crates retry only idempotent requests.
#[tokio::test]
async fn the_generated_crates_retry_only_idempotent_requests() {
    let down = MockResponse::json(503, "{}").header("retry-after", "0");
    let models = MockResponse::json(200, r#"{"data": []}"#);
    let wire = Wire::inference_sequence(vec![down.clone(), models]).await;
    let models = wire.bare_inference().list_models().send().await.unwrap();
    assert_eq!((models.meta().attempts(), wire.hits()), (2, 2));
    let wire = Wire::platform(down).await;
    let create = CreateDedicatedRunRequest::new(Map::new());
    let create = wire.bare_training().create_run().body(create).send().await;
    assert!(create.unwrap_err().outcome_unknown());
    assert_eq!(wire.hits(), 1);
}
