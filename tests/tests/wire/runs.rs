//! `POST` and `DELETE /api/v1/training/runs`, and `GET /api/v1/billing/runs/{run_id}/usage`.

use prime_ext::{ErrorKind, RunConfig, Runs, Secret};
use prime_training_api::types::{CreateDedicatedRunRequest, RunStatus};
use serde_json::json;

use crate::support::{
    Answer, RawServer, TOKEN, Wire, assert_no_secret, assert_refused, assert_well_told,
};

/// Every field that the specification has.
const CREATED: &str =
    r#"{"runId": "run_123", "jobId": "job_456", "tokenValue": "pit_run_token_93bd41"}"#;

/// Every field that the specification has, and one that it has not.
const USAGE: &str = r#"{
  "run_id": "run_123",
  "run_name": "first",
  "base_model": "Qwen/Qwen3-0.6B",
  "status": "RUNNING",
  "training": {"tokens": 1000000, "cost_usd": 1.50},
  "inference": {"tokens": 3000, "input_tokens": 1000, "output_tokens": 2000, "cost_usd": "0.0300"},
  "total_tokens": 1003000,
  "total_cost_usd": 1.5300,
  "pricing": {
    "training_per_mtok": 1.50,
    "inference_input_per_mtok": "10.00",
    "inference_output_per_mtok": null,
    "cache_per_mtok": 0
  },
  "record_count": 7,
  "gpu_hours": 0.5
}"#;

const DELETED: &str = r#"{"runId": "run_123", "deleted": true}"#;

fn config() -> RunConfig {
    RunConfig::from_toml("max_steps = 20\n[model]\nname = \"Qwen/Qwen3-0.6B\"\n").unwrap()
}

/// The same, for the generated crate.
fn request() -> CreateDedicatedRunRequest {
    CreateDedicatedRunRequest::new(config().as_json().clone())
}

// Create.

#[tokio::test]
async fn create_run() {
    let wire = Wire::platform(Answer::json(201, CREATED)).await;
    let run = wire
        .personal()
        .runs()
        .create(config())
        .send()
        .await
        .unwrap();

    let request = wire.request();
    assert_eq!(request.line, "POST /api/v1/training/runs");
    assert_eq!(
        request.headers,
        [
            "accept: application/json",
            "authorization: Bearer pit_key_5f1e0c7a",
            "content-type: application/json",
        ]
    );
    assert_eq!(
        request.json(),
        json!({"config": {"max_steps": 20, "model": {"name": "Qwen/Qwen3-0.6B"}}})
    );

    assert_eq!(run.run_id, "run_123");
    assert_eq!(run.job_id.as_deref(), Some("job_456"));
    assert_eq!(run.token_value.expose(), TOKEN);
    assert_no_secret(&format!("{run:?} {run:#?}"));
}

/// The platform learns of the team from the body, and never from the header.
#[tokio::test]
async fn create_run_as_a_team() {
    let wire = Wire::platform(Answer::json(201, CREATED)).await;
    wire.team().runs().create(config()).send().await.unwrap();

    let request = wire.request();
    assert_eq!(request.line, "POST /api/v1/training/runs");
    assert_eq!(
        request.headers,
        [
            "accept: application/json",
            "authorization: Bearer pit_key_5f1e0c7a",
            "content-type: application/json",
        ]
    );
    assert_eq!(
        request.json(),
        json!({
            "config": {"max_steps": 20, "model": {"name": "Qwen/Qwen3-0.6B"}},
            "teamId": "team_4d2a",
        })
    );
}

/// Secrets go beside the configuration; fields that the specification lacks go through.
#[tokio::test]
async fn everything_about_a_run() {
    let wire = Wire::platform(Answer::json(201, CREATED)).await;
    let run = wire
        .team()
        .runs()
        .create(config())
        .name("first")
        .image_tag("v0.4.0")
        .wandb_api_key("wandb_secret")
        .hf_token("hf_secret")
        .with(|request| {
            request
                .extra
                .insert("gpuType".to_owned(), json!("H100_80GB"));
            request
                .extra
                .insert("resumeFrom".to_owned(), json!({"run": "run_1", "step": 10}));
        });
    let shown = format!("{run:?} {run:#?}");
    assert!(!shown.contains("wandb_secret") && !shown.contains("hf_secret"));
    assert_no_secret(&shown);
    run.send().await.unwrap();
    assert_eq!(
        wire.request().json(),
        json!({
            "config": {"max_steps": 20, "model": {"name": "Qwen/Qwen3-0.6B"}},
            "name": "first",
            "imageTag": "v0.4.0",
            "wandbApiKey": "wandb_secret",
            "hfToken": "hf_secret",
            "teamId": "team_4d2a",
            "gpuType": "H100_80GB",
            "resumeFrom": {"run": "run_1", "step": 10},
        })
    );
}

/// Whatever a configuration holds, it arrives as it is: nulls and empties too, which are its own.
#[tokio::test]
async fn a_configuration_goes_through_as_it_is() {
    let config =
        json!({"a": null, "b": [], "c": {}, "d": "", "e": 1.0, "f": 9_007_199_254_740_993_i64});
    let wire = Wire::platform(Answer::json(201, CREATED)).await;
    let map = config.as_object().unwrap().clone();
    let run = wire.personal().runs().create(RunConfig::from(map));
    run.send().await.unwrap();
    assert_eq!(wire.request().json(), json!({"config": config}));
}

#[tokio::test]
async fn a_newer_answer() {
    let body = r#"{"runId": "run_123", "tokenValue": "pit_run_token_93bd41", "onDemand": true,
        "gpuType": "H100_80GB", "pricePerGpuHour": 2.50, "estimatedCostPerHour": "20.00",
        "isBeta": false, "cluster": {"id": null}}"#;
    let wire = Wire::platform(Answer::json(201, body)).await;
    let run = wire.team().runs().create(config()).send().await.unwrap();
    assert_eq!(run.run_id, "run_123");
    assert_eq!(run.job_id, None);
    assert_eq!(run.token_value.expose(), TOKEN);
    assert_eq!(run.on_demand, Some(true));
    assert_eq!(run.gpu_type.as_deref(), Some("H100_80GB"));
    assert_eq!(run.price_per_gpu_hour.unwrap().to_string(), "2.50");
    assert_eq!(run.estimated_cost_per_hour.unwrap().to_string(), "20.00");
    assert_eq!(run.is_beta, Some(false));
    assert_no_secret(&format!("{run:?} {run:#?}"));

    let nulls = r#"{"runId": "run_123", "jobId": null, "tokenValue": "pit_run_token_93bd41",
        "onDemand": null, "gpuType": null, "pricePerGpuHour": null, "estimatedCostPerHour": null,
        "isBeta": null}"#;
    let wire = Wire::platform(Answer::json(201, nulls)).await;
    let run = wire.team().runs().create(config()).send().await.unwrap();
    assert_eq!(run.job_id, None);
    assert_eq!(run.price_per_gpu_hour, None);
}

/// The token is shown once: a status that the specification does not list must not lose it.
#[tokio::test]
async fn created_with_another_success() {
    for status in [200, 201, 202] {
        let wire = Wire::platform(Answer::json(status, CREATED)).await;
        let run = wire
            .personal()
            .runs()
            .create(config())
            .send()
            .await
            .unwrap();
        assert_eq!(run.token_value.expose(), TOKEN, "{status}");

        let bare = wire.bare_training();
        let create = bare.create_run().body(request());
        let run = create.send().await.unwrap();
        assert_eq!(run.status().as_u16(), status);
        assert_eq!(run.token_value.expose(), TOKEN, "{status}");
    }
}

/// Nor must an answer that says something unexpected: it is kept in the error, and not shown by it.
#[tokio::test]
async fn the_token_of_an_answer_that_cannot_be_read() {
    for body in [
        r#"{"jobId": "job_456", "tokenValue": "pit_run_token_93bd41"}"#,
        r#"{"runId": 7, "tokenValue": "pit_run_token_93bd41"}"#,
        r#"{"runId": "run_123", "token": "pit_run_token_93bd41"}"#,
        r#"{"runId": "run_123", "tokenValue": "pit_run_token_93bd41", "isBeta": "no"}"#,
        r#"{"data": {"runId": "run_123", "tokenValue": "pit_run_token_93bd41"}}"#,
        r#"{"runId": "run_123", "tokenValue": "pit_run_token_93bd41""#,
        r#"tokenValue=pit_run_token_93bd41"#,
    ] {
        let wire = Wire::platform(Answer::json(201, body)).await;
        let create = wire.personal().runs().create(config());
        let error = create.send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer, "{body}");
        assert_eq!(error.operation(), Some("create_run"));
        assert_eq!(error.status().unwrap(), 201);
        assert_eq!(error.body().unwrap(), body);
        assert_well_told(&error);
        assert_eq!(wire.hits(), 1);
    }
}

/// Where the token stands in a place of text, the reason must not repeat it.
#[tokio::test]
async fn a_token_in_the_wrong_place_is_not_shown() {
    for body in [
        r#""pit_run_token_93bd41""#,
        r#"{"runId": "run_123", "tokenValue": ["x"], "isBeta": "pit_run_token_93bd41"}"#,
        r#"{"runId": "run_123", "tokenValue": "x", "pricePerGpuHour": "pit_run_token_93bd41"}"#,
    ] {
        let wire = Wire::platform(Answer::json(201, body)).await;
        let create = wire.personal().runs().create(config());
        let error = create.send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer, "{body}");
        assert_eq!(error.body().unwrap(), body);
        assert_well_told(&error);
    }
}

#[tokio::test]
async fn a_token_in_the_wrong_place_is_not_shown_by_the_generated_crate() {
    let body = r#""pit_run_token_93bd41""#;
    let wire = Wire::platform(Answer::json(201, body)).await;
    let bare = wire.bare_training();
    let create = bare.create_run().body(request());
    let error = create.send().await.unwrap_err();
    assert_no_secret(&format!("{error} {error:?}"));
}

/// A success that cannot be read is a success all the same: hardware may be running.
#[tokio::test]
async fn a_run_whose_answer_cannot_be_read_may_exist() {
    for body in ["{}", "", "<html>welcome</html>"] {
        let wire = Wire::platform(Answer::json(201, body)).await;
        let create = wire.personal().runs().create(config());
        let error = create.send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer);
        assert!(error.outcome_unknown(), "{error}");
    }
}

#[tokio::test]
async fn a_run_whose_answer_broke_off_may_exist() {
    let answer = format!(
        "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 9999\r\n\r\n{CREATED}"
    );
    let server = RawServer::start(&[&answer]).await;
    let create = server.personal().runs().create(config());
    let error = create.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    assert_eq!(error.status().unwrap(), 201);
    assert_eq!(error.body().unwrap(), CREATED);
    assert!(error.outcome_unknown());
    assert_well_told(&error);
    assert_eq!(server.hits(), 1);
}

// Create, once.

#[tokio::test]
async fn a_run_is_created_once_whatever_the_answer() {
    for status in [408, 409, 425, 429, 500, 502, 503, 504] {
        let answer = Answer::json(status, r#"{"detail": "later"}"#).header("retry-after", "0");
        let wire = Wire::platform(answer).await;
        let create = wire.personal().runs().create(config());
        let error = create.send().await.unwrap_err();
        assert_eq!(error.status().unwrap(), status);
        assert_eq!(error.outcome_unknown(), status >= 500, "{error}");
        assert_eq!(wire.hits(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_run_is_created_once_if_the_connection_closes() {
    let server = RawServer::start(&[]).await;
    let create = server.personal().runs().create(config());
    let error = create.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    assert_eq!(error.status(), None);
    assert!(error.outcome_unknown());
    assert_well_told(&error);
    assert_eq!(server.hits(), 1);
}

/// A connection that served before and closes now is no reason to send again either.
#[tokio::test]
async fn a_run_is_created_once_if_a_used_connection_closes() {
    let usage = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{USAGE}",
        USAGE.len()
    );
    let server = RawServer::start(&[&usage]).await;
    let runs = server.personal().runs();
    runs.usage("run_123").await.unwrap();
    let error = runs.create(config()).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    assert!(error.outcome_unknown());
    let requests = server.requests();
    assert_eq!(requests.len(), 2, "{requests:#?}");
    assert!(requests[1].starts_with("POST /api/v1/training/runs "));
}

#[tokio::test]
async fn a_run_of_a_team_that_is_none_is_not_created() {
    let wire = Wire::platform(Answer::json(201, CREATED)).await;
    for team in ["", " ", "a b", "a\nb", "té"] {
        let create = wire.personal().team(team).runs().create(config());
        assert_refused(&create.send().await.unwrap_err());
    }
    assert_eq!(wire.hits(), 0);
}

// Usage.

#[tokio::test]
async fn get_run_usage() {
    let wire = Wire::platform(Answer::json(200, USAGE)).await;
    for client in [wire.personal(), wire.team()] {
        let usage = client.runs().usage("run_123").await.unwrap();
        assert_eq!(usage.run_id, "run_123");
        assert_eq!(usage.run_name.as_deref(), Some("first"));
        assert_eq!(usage.base_model.as_deref(), Some("Qwen/Qwen3-0.6B"));
        assert_eq!(usage.status, Some(RunStatus::Running));
        assert_eq!(usage.training.tokens, 1_000_000);
        assert_eq!(usage.training.input_tokens, 0);
        assert_eq!(usage.training.cost_usd.to_string(), "1.50");
        assert_eq!(usage.inference.input_tokens, 1000);
        assert_eq!(usage.inference.output_tokens, 2000);
        assert_eq!(usage.inference.cost_usd.to_string(), "0.0300");
        assert_eq!(usage.total_tokens, 1_003_000);
        assert_eq!(usage.total_cost_usd.to_string(), "1.5300");
        let pricing = &usage.pricing;
        assert_eq!(pricing.training_per_mtok.unwrap().to_string(), "1.50");
        let input = pricing.inference_input_per_mtok.unwrap();
        assert_eq!(input.to_string(), "10.00");
        assert_eq!(pricing.inference_output_per_mtok, None);
        assert_eq!(usage.record_count, 7);
    }
    // A run belongs to whom it belongs: the operation takes no team.
    for request in wire.requests() {
        assert_eq!(request.line, "GET /api/v1/billing/runs/run_123/usage");
        assert_eq!(
            request.headers,
            [
                "accept: application/json",
                "authorization: Bearer pit_key_5f1e0c7a",
            ]
        );
        assert!(request.body.is_empty());
    }
    assert_eq!(wire.hits(), 2);
}

#[tokio::test]
async fn usage_at_its_least() {
    for (status, expected) in [
        ("", None),
        (r#""status": null,"#, None),
        (
            r#""status": "NEW","#,
            Some(RunStatus::Other("NEW".to_owned())),
        ),
        (r#""status": "","#, Some(RunStatus::Other(String::new()))),
        (
            r#""status": "completed","#,
            Some(RunStatus::Other("completed".to_owned())),
        ),
        (r#""status": "PAUSED","#, Some(RunStatus::Paused)),
    ] {
        let body = format!(
            r#"{{{status} "run_id": "r", "training": {{}}, "inference": {{}}, "total_tokens": 0,
                "total_cost_usd": 0, "pricing": {{}}}}"#
        );
        let wire = Wire::platform(Answer::json(200, &body)).await;
        let usage = wire.personal().runs().usage("r").await.unwrap();
        assert_eq!(usage.status, expected);
        assert_eq!(usage.run_name, None);
        assert_eq!(usage.training.tokens, 0);
        assert_eq!(usage.training.cost_usd, prime_ext::Usd::ZERO);
        assert_eq!(usage.record_count, 0);
        assert_eq!(usage.pricing.training_per_mtok, None);
    }
}

// Delete.

#[tokio::test]
async fn delete_run() {
    let wire = Wire::platform(Answer::json(200, DELETED)).await;
    for client in [wire.personal(), wire.team()] {
        let deleted = client.runs().delete("run_123").await.unwrap();
        assert_eq!(deleted.run_id, "run_123");
        assert!(deleted.deleted);
    }
    for request in wire.requests() {
        assert_eq!(request.line, "DELETE /api/v1/training/runs/run_123");
        assert_eq!(
            request.headers,
            [
                "accept: application/json",
                "authorization: Bearer pit_key_5f1e0c7a",
            ]
        );
        assert!(request.body.is_empty());
    }
    assert_eq!(wire.hits(), 2);
}

#[tokio::test]
async fn deleted_before() {
    let body = r#"{"runId": "run_123", "deleted": false, "reason": "gone"}"#;
    let wire = Wire::platform(Answer::json(200, body)).await;
    let deleted = wire.personal().runs().delete("run_123").await.unwrap();
    assert!(!deleted.deleted);
}

// Ids.

#[tokio::test]
async fn a_runs_id_in_the_path() {
    let cases = [
        ("cm9x-7_a.b~c", "cm9x-7_a.b~c"),
        ("run 1", "run%201"),
        ("run?x=1#y", "run%3Fx=1%23y"),
        ("100%2F", "100%252F"),
        ("größe", "gr%C3%B6%C3%9Fe"),
        ("...", "..."),
    ];
    for (id, path) in cases {
        let wire = Wire::platform(Answer::json(200, USAGE)).await;
        wire.personal().runs().usage(id).await.unwrap();
        let line = format!("GET /api/v1/billing/runs/{path}/usage");
        assert_eq!(wire.request().line, line);

        let wire = Wire::platform(Answer::json(200, DELETED)).await;
        wire.personal().runs().delete(id).await.unwrap();
        let line = format!("DELETE /api/v1/training/runs/{path}");
        assert_eq!(wire.request().line, line);
    }
}

#[tokio::test]
async fn a_runs_id_that_would_ask_for_another_path_is_refused() {
    let wire = Wire::platform(Answer::json(200, DELETED)).await;
    let runs: Runs = wire.personal().runs();
    for id in [
        "", " ", "\t", "/", "a/b", "../runs", "a\\b", "\\", ".", "..", "%2e", "%2E%2e", ".%2e",
        "a\nb", "a\0", "a\u{85}b",
    ] {
        assert_refused(&runs.usage(id).await.unwrap_err());
        assert_refused(&runs.delete(id).await.unwrap_err());
        let watched = runs.watch_usage(id).try_next().await;
        assert_refused(&watched.unwrap_err());
    }
    assert_eq!(wire.hits(), 0);

    // The generated crate refuses what would walk, and encodes a slash, which is then the id's own.
    let bare = wire.bare_training();
    for id in ["", ".", "..", "a\\b", "a\nb"] {
        let error = bare.delete_run().run_id(id).send().await.unwrap_err();
        assert!(
            matches!(error, prime_training_api::Error::InvalidRequest(_)),
            "{id:?}: {error}"
        );
    }
    assert_eq!(wire.hits(), 0);
    bare.delete_run().run_id("a/b").send().await.unwrap();
    assert_eq!(wire.request().line, "DELETE /api/v1/training/runs/a%2Fb");
}

#[tokio::test]
async fn the_generated_crate_alone() {
    let wire = Wire::platform(Answer::json(201, CREATED)).await;
    let bare = wire.bare_training();
    let mut body = request();
    body.team_id = Some("team_4d2a".to_owned());
    body.hf_token = Some(Secret::from("hf_secret"));
    let run = bare.create_run().body(body).send().await.unwrap();
    assert_eq!(run.status(), 201);
    assert_eq!(run.bytes(), CREATED);
    assert_eq!(run.token_value.expose(), TOKEN);
    assert_no_secret(&format!("{run:?} {run:#?}"));
    let request = wire.request();
    assert_eq!(request.line, "POST /api/v1/training/runs");
    assert_eq!(
        request.headers,
        [
            "accept: application/json",
            "authorization: Bearer pit_key_5f1e0c7a",
            "content-type: application/json",
        ]
    );
    assert_eq!(
        request.json(),
        json!({
            "config": {"max_steps": 20, "model": {"name": "Qwen/Qwen3-0.6B"}},
            "teamId": "team_4d2a",
            "hfToken": "hf_secret",
        })
    );

    let wire = Wire::platform(Answer::json(200, USAGE)).await;
    let bare = wire.bare_training();
    let usage = bare.get_run_usage().run_id("run_123").send().await.unwrap();
    assert_eq!(usage.total_cost_usd.to_string(), "1.5300");
    assert_eq!(
        wire.request().line,
        "GET /api/v1/billing/runs/run_123/usage"
    );

    let wire = Wire::platform(Answer::json(200, DELETED)).await;
    let bare = wire.bare_training();
    let deleted = bare.delete_run().run_id("run_123").send().await.unwrap();
    assert!(deleted.deleted);
    assert_eq!(wire.request().line, "DELETE /api/v1/training/runs/run_123");
}

/// What is not set is not sent.
#[tokio::test]
async fn the_generated_crate_builds_a_body_in_place() {
    let wire = Wire::platform(Answer::json(201, CREATED)).await;
    let bare = wire.bare_training();
    let call = bare.create_run().body_map(|body| {
        let body = body.config(config().as_json().clone());
        body.name("first".to_owned())
    });
    call.send().await.unwrap();
    assert_eq!(
        wire.request().json(),
        json!({
            "config": {"max_steps": 20, "model": {"name": "Qwen/Qwen3-0.6B"}},
            "name": "first",
        })
    );
}

/// A run that exists and whose answer lacks a field is not taken for one that was refused, whatever else
/// the answer says.
#[tokio::test]
async fn an_unreadable_success_that_says_something_may_have_made_a_run() {
    for body in [
        r#"{"runId": "run_1", "message": "created"}"#,
        r#"{"runId": "run_1", "error": {"message": "no token", "code": "token_failed"}}"#,
    ] {
        let wire = Wire::platform(Answer::json(201, body)).await;
        let config = RunConfig::from_toml("max_steps = 1").unwrap();
        let error = wire
            .personal()
            .runs()
            .create(config)
            .send()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer, "{body}");
        assert!(error.outcome_unknown(), "{body}");
        assert_eq!(error.body().unwrap(), body);
        assert_eq!(wire.hits(), 1);
    }
}

/// What a newer server takes goes through, whoever says it, and so does what it answers.
#[tokio::test]
async fn fields_that_the_specification_lacks() {
    let body = r#"{"runId": "run_123", "tokenValue": "pit_run_token_93bd41", "jobId": null, "region": "eu",
        "cluster": {"id": 7}, "otherToken": "pit_run_token_93bd41", "nothing": null}"#;
    let wire = Wire::platform(Answer::json(201, body)).await;
    let config =
        RunConfig::from_toml("image_tag = 'v1'\ngpu_type = 'H100'\nmax_steps = 1").unwrap();
    let create = wire.personal().runs().create(config).image_tag("v2");
    let run = create
        .extra("mode", "sft")
        .extra("flags", json!([1]))
        .send()
        .await
        .unwrap();
    assert_eq!(
        wire.request().json(),
        json!({"config": {"max_steps": 1}, "imageTag": "v2", "gpuType": "H100", "mode": "sft", "flags": [1]})
    );
    assert_eq!(run.extra()["cluster"], json!({"id": 7}));
    assert_eq!(run.extra().len(), 3);
    assert_no_secret(&format!("{run:?} {run:#?}"));

    let usage = USAGE.replace("\"gpu_hours\": 0.5", "\"gpu_hours\": 0.50");
    let wire = Wire::platform(Answer::json(200, &usage)).await;
    let usage = wire.personal().runs().usage("run_123").await.unwrap();
    assert_eq!(usage.extra["gpu_hours"], json!(0.5));
    let deleted = r#"{"runId": "run_123", "deleted": true, "freed": ["gpu_1"]}"#;
    let wire = Wire::platform(Answer::json(200, deleted)).await;
    let deletion = wire.personal().runs().delete("run_123").await.unwrap();
    assert_eq!(deletion.extra["freed"], json!(["gpu_1"]));
    assert_eq!(deletion.to_string(), "deleted");
}

#[tokio::test]
async fn secrets_in_a_configuration_are_refused_before_anything_is_sent() {
    let wire = Wire::platform(Answer::json(201, CREATED)).await;
    let runs = wire.personal().runs();
    for config in [
        json!({"wandbApiKey": TOKEN}),
        json!({"hfToken": TOKEN}),
        json!({"trainer": {"env_vars": {"HF_TOKEN": TOKEN}}}),
        json!({"a": [{"wandb-api-key": TOKEN}]}),
    ] {
        let config = RunConfig::try_from(config).unwrap();
        assert_refused(&runs.create(config).send().await.unwrap_err());
    }
    for field in ["wandb_api_key", "HF_TOKEN", "hf-token"] {
        let create = runs.create(config()).extra(field, TOKEN);
        let error = create.send().await.unwrap_err();
        assert_refused(&error);
        assert!(error.to_string().contains("CreateRun::"), "{error}");
    }
    let set = runs.create(config()).with(|request| {
        request.config.insert("hf_token".to_owned(), json!(TOKEN));
    });
    assert_refused(&set.send().await.unwrap_err());
    assert_eq!(wire.hits(), 0);
}

#[tokio::test]
async fn the_token_goes_into_a_file_of_its_owner() {
    let wire = Wire::platform(Answer::json(201, CREATED)).await;
    let run = wire
        .personal()
        .runs()
        .create(config())
        .send()
        .await
        .unwrap();
    let folder = std::env::temp_dir().join(format!("prime-ext-token-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("run.token");
    drop(std::fs::remove_file(&path));
    run.save_token(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), TOKEN);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // Another token is not written over, and no link is followed.
    std::fs::write(&path, "another").unwrap();
    let error = run.save_token(&path).unwrap_err();
    assert_well_told(&error);
    assert!(error.to_string().contains("there already"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "another");
    assert_well_told(&run.save_token(folder.join("none/run.token")).unwrap_err());
    std::fs::remove_dir_all(&folder).unwrap();
}

// Watch.

/// Statuses are missing, new, or written in any way; looks that change nothing yield nothing.
#[tokio::test]
async fn a_run_is_watched_through_every_status() {
    let said = [
        "\"status\": null",
        "\"status\": null",
        "\"status\": \"NEW\"",
        "\"was\": 1",
        "\"status\": \"Running\"",
        "\"status\": \"Running\"",
        "\"status\": \"Stopped\"",
        "\"status\": \"RUNNING\"",
    ];
    let answers =
        said.map(|said| Answer::json(200, &USAGE.replace("\"status\": \"RUNNING\"", said)));
    let wire = Wire::platform_in_turn(answers.to_vec()).await;
    let watch = wire.personal().runs().watch_usage("run_123");
    let mut watch = watch.every(std::time::Duration::from_millis(1));
    let mut statuses = Vec::new();
    while let Some(usage) = watch.try_next().await.unwrap() {
        statuses.push(usage.status.map(|status| status.to_string()));
    }
    let expected = [None, Some("NEW"), None, Some("Running"), Some("Stopped")];
    assert_eq!(statuses, expected.map(|status| status.map(str::to_owned)));
    assert_eq!(wire.hits(), 7);
}

#[tokio::test]
async fn a_watch_waits_as_long_as_it_is_asked_to() {
    let busy = Answer::json(429, r#"{"detail": "slow down"}"#).header("retry-after", "1");
    let done = Answer::json(200, &USAGE.replace("RUNNING", "COMPLETED"));
    let wire = Wire::platform_in_turn(vec![busy, done]).await;
    let watch = wire.personal().runs().watch_usage("run_123");
    let began = std::time::Instant::now();
    let watch = watch.every(std::time::Duration::from_millis(1));
    watch.until_finished().await.unwrap();
    assert!(began.elapsed() >= std::time::Duration::from_secs(1));
    assert_eq!(wire.hits(), 2);

    // What no waiting mends ends the watch at once.
    for status in [400, 401, 403, 404] {
        let wire = Wire::platform(Answer::json(status, r#"{"detail": "no"}"#)).await;
        let watch = wire.personal().runs().watch_usage("run_123");
        let error = watch.until_finished().await.unwrap_err();
        assert_eq!(error.status().unwrap(), status);
        assert_eq!(wire.hits(), 1);
    }
}
