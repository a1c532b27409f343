//! `GET /models` and `GET /models/{model_id}`.

use pinference_api::types::Model;
use prime_ext::ErrorKind;

use super::support::{MockResponse, Wire, assert_not_sent};

/// Models API page, section "List Models".
const LIST: &str = r#"{
  "object": "list",
  "data": [
    {
      "id": "meta-llama/llama-3.1-70b-instruct",
      "object": "model",
      "owned_by": "meta",
      "created": 1693721698
    },
    {
      "id": "anthropic/claude-3-5-sonnet-20241022",
      "object": "model",
      "owned_by": "anthropic",
      "created": 1693721698
    }
  ]
}"#;

/// Models API page, section "Get Model Details".
const MODEL: &str = r#"{
  "id": "meta-llama/llama-3.1-70b-instruct",
  "object": "model",
  "owned_by": "meta",
  "created": 1693721698
}"#;

#[track_caller]
fn assert_documented(model: &Model) {
    assert_eq!(model.id, "meta-llama/llama-3.1-70b-instruct");
    assert_eq!(model.object.as_deref(), Some("model"));
    assert_eq!(model.owned_by.as_deref(), Some("meta"));
    assert_eq!(model.created, Some(1_693_721_698));
    assert_eq!(model.display_name, None);
    assert!(model.pricing.is_none() && model.specs.is_none());
}

#[tokio::test]
async fn list_models_sends_the_documented_request() {
    let wire = Wire::inference(MockResponse::json(200, LIST)).await;
    let models = wire.personal().models().list().await.unwrap();

    let request = wire.request();
    assert_eq!(request.line, "GET /api/v1/models");
    assert_eq!(
        request.headers,
        [
            "accept: application/json",
            "authorization: Bearer pit_key_5f1e0c7a",
        ]
    );
    assert!(request.body.is_empty());

    assert_eq!(models.len(), 2);
    assert_documented(&models[0]);
    assert_eq!(models[1].id, "anthropic/claude-3-5-sonnet-20241022");
}

#[tokio::test]
async fn list_models_sends_the_team_header() {
    let wire = Wire::inference(MockResponse::json(200, LIST)).await;
    wire.team().models().list().await.unwrap();

    let request = wire.request();
    assert_eq!(request.line, "GET /api/v1/models");
    assert_eq!(
        request.headers,
        [
            "accept: application/json",
            "authorization: Bearer pit_key_5f1e0c7a",
            "x-prime-team-id: team_4d2a",
        ]
    );
}

#[tokio::test]
async fn get_model_sends_the_documented_request() {
    let wire = Wire::inference(MockResponse::json(200, MODEL)).await;
    let id = "meta-llama/llama-3.1-70b-instruct";
    let model = wire.personal().models().get(id).await.unwrap();

    let request = wire.request();
    assert_eq!(
        request.line,
        "GET /api/v1/models/meta-llama/llama-3.1-70b-instruct"
    );
    assert_eq!(
        request.headers,
        [
            "accept: application/json",
            "authorization: Bearer pit_key_5f1e0c7a",
        ]
    );
    assert!(request.body.is_empty());
    assert_documented(&model);
}

#[tokio::test]
async fn get_model_sends_the_team_header() {
    let wire = Wire::inference(MockResponse::json(200, MODEL)).await;
    wire.team().models().get("gpt-oss-20b").await.unwrap();

    let request = wire.request();
    assert_eq!(request.line, "GET /api/v1/models/gpt-oss-20b");
    assert_eq!(
        request.headers,
        [
            "accept: application/json",
            "authorization: Bearer pit_key_5f1e0c7a",
            "x-prime-team-id: team_4d2a",
        ]
    );
}

/// Slashes and characters that are valid in a path segment are not encoded.
#[tokio::test]
async fn a_model_id_is_percent_encoded_except_for_slashes() {
    let wire = Wire::inference(MockResponse::json(200, MODEL)).await;
    let cases = [
        (
            "meta-llama/llama-3.1-70b-instruct:lora_7f",
            "meta-llama/llama-3.1-70b-instruct:lora_7f",
        ),
        ("a/b/c", "a/b/c"),
        ("a.b/..c/d..", "a.b/..c/d.."),
        (
            "owner/name@v1+2~x_y-z,(1)=!$&*;'",
            "owner/name@v1+2~x_y-z,(1)=!$&*;'",
        ),
        ("owner/with space", "owner/with%20space"),
        ("owner/why?x=1#top", "owner/why%3Fx=1%23top"),
        ("100%/a%2Fb", "100%25/a%252Fb"),
        ("größe/模型", "gr%C3%B6%C3%9Fe/%E6%A8%A1%E5%9E%8B"),
        ("a/<b>\"[c]|{d}^`", "a/%3Cb%3E%22%5Bc%5D%7C%7Bd%7D%5E%60"),
    ];
    for (id, _) in cases {
        wire.personal().models().get(id).await.unwrap();
    }
    let lines: Vec<String> = wire.requests().into_iter().map(|seen| seen.line).collect();
    let expected = cases.map(|(_, path)| format!("GET /api/v1/models/{path}"));
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_model_id_that_changes_the_path_is_rejected() {
    let wire = Wire::inference(MockResponse::json(200, MODEL)).await;
    let ids = [
        "",
        ".",
        "..",
        "../chat",
        "a/..",
        "a/../b",
        "a/./b",
        "a//b",
        "/a",
        "a/",
        "/",
        "a\\b",
        "..\\a",
        "%2e%2e",
        "a/.%2E/b",
        "a\nb",
        "a\r\nx-admin: 1",
        "a\0b",
        "a\u{7f}b",
        "a\tb",
    ];
    for id in ids {
        for client in [wire.personal(), wire.team()] {
            let error = client.models().get(id).await.unwrap_err();
            assert_not_sent(&error);
            assert_eq!(error.operation(), Some("get_model"), "{id:?}");
        }
        let bare = wire.bare_inference();
        let error = bare.get_model().model_id(id).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{id:?}: {error}");
    }
    assert_eq!(wire.hits(), 0);
}

/// The provider's client reads these fields, but the documentation does not list them.
#[tokio::test]
async fn undocumented_fields_of_a_model_are_read() {
    let body = r#"{"object": "list", "next": null, "data": [
        {"id": "a/b", "display_name": "B", "serving": "hosted", "brand_new": {"deep": [1, null]},
         "pricing": {"input_usd_per_mtok": 0.10, "output_usd_per_mtok": "12.3400",
                     "cache_read_usd_per_mtok": null, "training_usd_per_mtok": 3},
         "specs": {"context_window": 131072, "max_output_tokens": null, "supports_reasoning": true,
                   "modalities": ["text"]}},
        {"id": "c", "display_name": null, "serving": "on-the-moon", "pricing": null, "specs": null},
        {"id": "d"}
    ]}"#;
    let wire = Wire::inference(MockResponse::json(200, body)).await;
    let models = wire.personal().models().list().await.unwrap();

    assert_eq!(models.len(), 3);
    let pricing = models[0].pricing.as_ref().unwrap();
    assert_eq!(pricing.input_usd_per_mtok.unwrap().to_string(), "0.10");
    assert_eq!(pricing.output_usd_per_mtok.unwrap().to_string(), "12.3400");
    assert_eq!(pricing.cache_read_usd_per_mtok, None);
    assert_eq!(pricing.cache_write_usd_per_mtok, None);
    let specs = models[0].specs.as_ref().unwrap();
    assert_eq!(specs.context_window, Some(131_072));
    assert_eq!(specs.max_output_tokens, None);
    assert_eq!(specs.supports_reasoning, Some(true));
    assert_eq!(models[0].display_name.as_deref(), Some("B"));
    assert_eq!(models[1].serving.as_deref(), Some("on-the-moon"));
    assert!(models[1].pricing.is_none());
    assert_eq!(models[2].id, "d");
}

#[tokio::test]
async fn an_empty_list_of_models_is_read() {
    let wire = Wire::inference(MockResponse::json(200, r#"{"object": "list", "data": []}"#)).await;
    assert!(wire.personal().models().list().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_list_in_another_shape_is_read() {
    for (body, ids, warnings) in [
        (r#"{"data": null}"#, &[][..], 1),
        (
            r#" [{"id": "a"}, {"id": "b", "created": "x"}]"#,
            &["a", "b"],
            2,
        ),
        (
            r#"{"object": 7, "data": [{"id": "a"}, {"id": "a"}]}"#,
            &["a", "a"],
            1,
        ),
        (r#"{"data": {"id": "a"}}"#, &["a"], 1),
        // The others come if some cannot be read.
        (
            r#"{"data": [{"id": "a"}, {}, null, "b", {"id": null}, {"id": ["c"]}, {"id": {}}, {"id": "d"}]}"#,
            &["a", "d"],
            6,
        ),
        (r#"[{"object": "model"}, {"id": "a"}]"#, &["a"], 2),
    ] {
        let wire = Wire::inference(MockResponse::json(200, body)).await;
        let list = wire.personal().models().list().with_response().await;
        let list = list.unwrap();
        let read: Vec<&str> = list.value().iter().map(|model| &*model.id).collect();
        assert_eq!(read, ids, "{body}");
        assert_eq!(list.warnings().len(), warnings, "{:?}", list.warnings());
    }
    for body in [
        "{}",
        r#"{"data": 7}"#,
        "7",
        "null",
        r#"{"error": "no"}"#,
        "[7",
    ] {
        let wire = Wire::inference(MockResponse::json(200, body)).await;
        let error = wire.personal().models().list().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedResponse, "{body}");
    }
}

/// A price is exact or unknown, never wrong.
#[tokio::test]
async fn odd_prices_are_exact_or_unknown() {
    for (price, expected) in [
        ("0.10", Some("0.10")),
        (r#""0.10""#, Some("0.10")),
        (r#"" 12.3400 ""#, Some("12.3400")),
        ("1e-7", Some("0.0000001")),
        ("0", Some("0")),
        ("-1", None),
        (r#""-1""#, None),
        ("NaN", None),
        ("-Infinity", None),
        (r#""NaN""#, None),
        (r#""free""#, None),
        (r#""$1""#, None),
        (r#""1,5""#, None),
        (r#""""#, None),
        ("true", None),
        ("[1]", None),
        (r#"{"usd": 1}"#, None),
        ("1e300", None),
    ] {
        let model = format!(
            r#"{{"id": "a", "pricing": {{"input_usd_per_mtok": {price}, "output_usd_per_mtok": 2}}}}"#
        );
        for body in [format!(r#"{{"data": [{model}]}}"#), format!("[{model}]")] {
            let wire = Wire::inference(MockResponse::json(200, &body)).await;
            let list = wire.personal().models().list().with_response().await;
            let list = list.unwrap();
            let pricing = list.value()[0].pricing.as_ref().unwrap();
            let read = pricing.input_usd_per_mtok.map(|price| price.to_string());
            assert_eq!(read.as_deref(), expected, "{price}");
            assert_eq!(pricing.output_usd_per_mtok.unwrap().to_string(), "2");
            let is_odd = expected.is_none() || body.starts_with('[');
            assert_eq!(!list.warnings().is_empty(), is_odd, "{price}");
        }
        let wire = Wire::inference(MockResponse::json(200, &model)).await;
        let model = wire.personal().models().get("a").with_response().await;
        let model = model.unwrap();
        let pricing = model.value().pricing.as_ref().unwrap();
        let read = pricing.input_usd_per_mtok.map(|price| price.to_string());
        assert_eq!(read.as_deref(), expected, "{price}");
        assert_eq!(model.warnings().is_empty(), expected.is_some(), "{price}");
    }
}

#[tokio::test]
async fn the_inner_generated_client_sends_the_key_but_no_team() {
    let wire = Wire::inference(MockResponse::json(200, LIST)).await;
    let team = wire.team();
    team.inference_api().list_models().send().await.unwrap();
    assert_eq!(
        wire.request().headers,
        [
            "accept: application/json",
            "authorization: Bearer pit_key_5f1e0c7a",
        ]
    );
}

#[tokio::test]
async fn requests_of_the_generated_crate() {
    let wire = Wire::inference(MockResponse::json(200, LIST)).await;
    let list = wire.bare_inference().list_models().send().await.unwrap();
    let request = wire.request();
    assert_eq!(request.line, "GET /api/v1/models");
    assert_eq!(
        request.headers,
        [
            "accept: application/json",
            "authorization: Bearer pit_key_5f1e0c7a",
        ]
    );
    assert_eq!(list.meta().status(), 200);
    assert_eq!(list.body(), LIST);
    let list = list.into_value();
    assert_eq!(list.object.as_deref(), Some("list"));
    assert_documented(&list.data[0]);

    let wire = Wire::inference(MockResponse::json(200, MODEL)).await;
    let bare = wire.bare_inference();
    let call = bare.get_model().x_prime_team_id("team_4d2a");
    let call = call.model_id("meta-llama/llama-3.1-70b-instruct");
    assert_documented(call.send().await.unwrap().value());
    let request = wire.request();
    assert_eq!(
        request.line,
        "GET /api/v1/models/meta-llama/llama-3.1-70b-instruct"
    );
    assert_eq!(
        request.headers,
        [
            "accept: application/json",
            "authorization: Bearer pit_key_5f1e0c7a",
            "x-prime-team-id: team_4d2a",
        ]
    );
}
