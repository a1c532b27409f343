//! `list_models`, `get_model`.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::{inference, json, still};

const LLAMA: &str = "meta-llama/llama-3.1-70b-instruct";

#[tokio::test]
async fn the_list_needs_no_key_but_rejects_an_invalid_key() {
    let sim = still().await;
    let url = format!("{}/models", sim.inference_url());
    let list = json(crate::http().get(&url), StatusCode::OK).await;
    assert_eq!(list["object"], "list");
    let models = list["data"].as_array().unwrap();
    assert_eq!(models.len(), 6);
    assert_eq!(models[0]["id"], LLAMA);
    assert_eq!(models[1]["id"], "anthropic/claude-3-5-sonnet-20241022");
    assert_eq!(models[1]["created"], 1_693_721_698);
    assert_eq!(models[0]["pricing"]["input_usd_per_mtok"], 0.3);
    assert!(models.iter().any(|model| model.get("pricing").is_none()));

    let wrong = crate::http().get(&url).bearer_auth("wrong");
    json(wrong, StatusCode::UNAUTHORIZED).await;
}

#[tokio::test]
async fn model_ids_with_raw_and_encoded_slashes_are_found() {
    let sim = still().await;
    for path in [
        format!("/models/{LLAMA}"),
        format!("/models/{}", LLAMA.replace('/', "%2F")),
    ] {
        let model = json(inference(&sim, Method::GET, &path), StatusCode::OK).await;
        assert_eq!(model["id"], LLAMA, "{path}");
        assert_eq!(model["owned_by"], "meta");
        let recorded = sim.requests();
        assert_eq!(recorded.last().unwrap().path, format!("/api/v1{path}"));
    }
}

#[tokio::test]
async fn an_unknown_model_gets_the_documented_error() {
    let sim = still().await;
    let request = inference(&sim, Method::GET, "/models/invalid-model");
    let expected = json!({ "error": {
        "message": "The model 'invalid-model' does not exist",
        "type": "invalid_request_error",
        "code": "model_not_found",
    }});
    assert_eq!(json(request, StatusCode::NOT_FOUND).await, expected);
    json(
        inference(&sim, Method::GET, "/models/%FF"),
        StatusCode::NOT_FOUND,
    )
    .await;
}

#[tokio::test]
async fn a_model_needs_a_valid_key_and_team() {
    let sim = still().await;
    let url = format!("{}/models/{LLAMA}", sim.inference_url());
    let expected = json!({ "error": {
        "message": "Invalid API key",
        "type": "authentication_error",
        "code": "invalid_api_key",
    }});
    let client = crate::http();
    for request in [
        client.get(&url),
        client.get(&url).bearer_auth("wrong"),
        client.get(&url).basic_auth("user", Some(sim.key())),
    ] {
        assert_eq!(json(request, StatusCode::UNAUTHORIZED).await, expected);
    }
    let with_team = |team: &str| {
        inference(&sim, Method::GET, &format!("/models/{LLAMA}")).header("X-Prime-Team-ID", team)
    };
    json(with_team(sim.team()), StatusCode::OK).await;
    let denied = json(with_team("team_of_others"), StatusCode::FORBIDDEN).await;
    assert_eq!(denied["error"]["code"], "team_access_denied");
}
