//! Redaction of the key and of other credentials in errors and in debug output.

use prime_ext::{Client, ErrorKind};

use super::errors::{config, fail, usage_error};
use super::support::{KEY, MODEL, MockResponse, Wire, assert_clean_error, assert_no_secret};

#[tokio::test]
async fn the_key_in_an_error_body_is_redacted() {
    for body in [
        r#"{"error": {"message": "wrong key: pit_key_5f1e0c7a", "type": "pit_key_5f1e0c7a", "code": "pit_key_5f1e0c7a"}}"#,
        r#"{"error": {"message": "wrong", "param": "pit_key_5f1e0c7a"}}"#,
        r#"{"error": "wrong key: pit_key_5f1e0c7a"}"#,
        r#"{"errors": [{"param": "pit_key_5f1e0c7a", "details": "wrong key: pit_key_5f1e0c7a"}]}"#,
        r#"{"detail": "wrong key: pit_key_5f1e0c7a"}"#,
        r#"{"detail": [{"loc": ["pit_key_5f1e0c7a"], "msg": "wrong key: pit_key_5f1e0c7a"}]}"#,
        r#"{"message": "wrong key: Bearer pit_key_5f1e0c7a"}"#,
        r#"{"error": {"metadata": {"raw": "wrong key: pit_key_5f1e0c7a", "provider_name": "pit_key_5f1e0c7a"}}}"#,
        r#"{"error": "{\"message\": \"wrong key: pit_key_5f1e0c7a\"}"}"#,
        "wrong key: pit_key_5f1e0c7a",
    ] {
        let error = usage_error(MockResponse::json(401, body)).await;
        assert_clean_error(&error);
        let texts = [error.code(), error.message()];
        assert_no_secret(&format!("{texts:?} {:?}", error.fields()));
        assert_eq!(error.body().unwrap(), body);
    }
}

/// A truncated text does not show a part of the key.
#[tokio::test]
async fn the_key_is_redacted_before_truncation() {
    for before in 180..205 {
        let body = format!("{}{KEY} is wrong", "x".repeat(before));
        let error = usage_error(MockResponse::new(401, "text/plain", &body)).await;
        assert!(!error.to_string().contains("pit_key_5f"), "{error}");
    }
}

#[tokio::test]
async fn the_key_in_a_stream_error_is_redacted() {
    let chunk = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n";
    let event = "data: {\"error\":{\"message\":\"wrong key: pit_key_5f1e0c7a\",\"code\":\"pit_key_5f1e0c7a\"}}\n\n";
    let wire = Wire::inference(MockResponse::events(event)).await;
    let error = fail("create_chat_completion_stream", &wire.personal()).await;
    assert_eq!(error.kind(), ErrorKind::StreamFailed);
    assert_clean_error(&error);

    let wire = Wire::inference(MockResponse::events([chunk, event].concat())).await;
    let request = wire.personal().chat(MODEL).user("Hi");
    let stream = request.stream().await.unwrap();
    assert_clean_error(&stream.finish().await.unwrap_err());
}

#[tokio::test]
async fn the_key_in_a_malformed_response_is_redacted() {
    for body in [
        r#""pit_key_5f1e0c7a""#,
        r#"["r", "pit_key_5f1e0c7a"]"#,
        r#"{"run_id": "r", "total_cost_usd": "pit_key_5f1e0c7a"}"#,
    ] {
        let error = usage_error(MockResponse::json(200, body)).await;
        assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
        assert_clean_error(&error);
    }
    let event = "data: \"pit_key_5f1e0c7a\"\n\n";
    let wire = Wire::inference(MockResponse::events(event)).await;
    let error = fail("create_chat_completion_stream", &wire.personal()).await;
    assert_eq!(error.kind(), ErrorKind::MalformedEvent);
    assert_clean_error(&error);
}

#[tokio::test]
async fn a_secret_in_a_redirect_is_redacted() {
    let to = format!("https://elsewhere.example/{KEY}/{}", "x".repeat(9000));
    let wire = Wire::inference(MockResponse::bare(302, "").header("location", &to)).await;
    let error = wire.personal().models().list().await.unwrap_err();
    assert!(
        error.to_string().contains("https://elsewhere.example/…/x"),
        "{error}"
    );
    assert!(error.to_string().len() < 1000, "{error}");
    assert_clean_error(&error);
}

/// A proxy's error page repeats the headers of the request, including credentials that the client
/// does not know.
#[tokio::test]
async fn headers_repeated_in_an_error_page_are_redacted() {
    let credentials = "dXNlcjpwYXNzd29yZA==";
    for body in [
        format!("Proxy-Authorization: Basic {credentials}"),
        format!("denied\nproxy-authorization: Basic {credentials}\nhost: h"),
        format!("<html><pre>proxy-authorization: Basic {credentials}</pre></html>"),
        format!("<td>Proxy-Authorization</td><td>Basic {credentials}</td>"),
        format!(r#"{{"error": {{"message": "denied: Basic {credentials}"}}}}"#),
        format!(r#"{{"headers": {{"proxy-authorization": "Basic {credentials}"}}}}"#),
    ] {
        let media = if body.starts_with('<') {
            "text/html"
        } else {
            "text/plain"
        };
        let error = usage_error(MockResponse::new(407, media, &body)).await;
        let shown = format!(
            "{error} {error:?} {:?} {:?}",
            error.preview(),
            error.message()
        );
        assert!(!shown.contains(credentials), "{shown}");
    }
}

#[tokio::test]
async fn no_debug_output_shows_the_key() {
    let builder = Client::builder().api_key(KEY).team("team_4d2a");
    assert_no_secret(&format!("{builder:?} {builder:#?}"));
    let prime = builder.build().unwrap();
    let shown = [
        format!("{prime:?} {prime:#?}"),
        format!("{:?}", prime.models()),
        format!("{:#?}", prime.wallet()),
        format!("{:#?}", prime.wallet().billings()),
        format!("{:#?}", prime.runs()),
        format!("{:#?}", prime.runs().create(config())),
        format!("{:#?}", prime.runs().watch("run_123")),
        format!("{:#?}", prime.chat(MODEL).user("Hi")),
        format!("{:#?}", prime.inference_api()),
        format!("{:#?}", prime.training_api().create_run()),
    ];
    for shown in shown {
        assert_no_secret(&shown);
    }
}

#[test]
fn invalid_settings_do_not_show_the_key() {
    let builder = || Client::builder().api_key(KEY);
    let refused = [
        Client::builder().api_key(format!("{KEY}\nx")),
        builder().inference_url(format!("https://user:{KEY}@example.com")),
        builder().inference_url(format!("https://{KEY}@example.com")),
        builder().inference_url(format!("https://example.com/?key={KEY}")),
        builder().platform_url(format!("https://example.com/#{KEY}")),
        builder().platform_url(format!("http://user:{KEY}@example.com")),
        builder().platform_url(format!("ftp://user:{KEY}@example.com")),
        builder().platform_url(format!("http://example.com/?key={KEY}")),
        builder().platform_url(format!("https://user:{KEY}@exa mple.com")),
    ];
    for refused in refused {
        let error = refused.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Settings);
        assert_clean_error(&error);
    }
}

/// White space, quotation marks and `Bearer` around a copied key are removed. If the key is still invalid, the error
/// names the source of the key.
#[tokio::test]
async fn a_key_is_cleaned_or_refused() {
    let wire = Wire::inference(MockResponse::json(200, r#"{"data": []}"#)).await;
    let builder = |key: String| {
        let builder = Client::builder().api_key(key);
        builder.inference_url(wire.inference_url()).build()
    };
    let prime = builder(format!("\u{feff}Bearer \"{KEY}\"\u{a0}\n")).unwrap();
    prime.models().list().await.unwrap();
    let authorization = format!("authorization: Bearer {KEY}");
    assert!(wire.request().headers.contains(&authorization));
    let error = builder(format!("{KEY} # mine")).unwrap_err();
    assert_clean_error(&error);
    let expected = "invalid API key from the program: it contains whitespace";
    assert!(error.to_string().starts_with(expected), "{error}");
}
