//! `POST /api/v1/training/runs`: the request, the response and the token.

use prime_ext::{ErrorKind, RunConfig};
use prime_training_api::types::CreateDedicatedRunRequest;
use serde_json::json;

use super::runs::USAGE;
use super::support::{
    MockResponse, RawServer, TOKEN, Wire, assert_clean_error, assert_no_secret, assert_not_sent,
};

/// All fields of the specification.
pub(crate) const CREATED: &str =
    r#"{"runId": "run_123", "jobId": "job_456", "tokenValue": "pit_run_token_93bd41"}"#;

pub(crate) fn config() -> RunConfig {
    RunConfig::from_toml("max_steps = 20\n[model]\nname = \"Qwen/Qwen3-0.6B\"\n").unwrap()
}

/// The same configuration for the generated crate.
pub(crate) fn request() -> CreateDedicatedRunRequest {
    CreateDedicatedRunRequest::new(config().as_json().clone())
}

#[tokio::test]
async fn create_run_sends_the_request_and_reads_the_response() {
    let wire = Wire::platform(MockResponse::json(201, CREATED)).await;
    let run = wire.personal().runs().create(config()).await.unwrap();

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

    assert_eq!(run.run_id(), "run_123");
    assert_eq!(run.raw().job_id.as_deref(), Some("job_456"));
    assert_eq!(run.token().expose(), TOKEN);
    assert_no_secret(&format!("{run:?} {run:#?}"));
}

/// The platform reads the team from the body, not from a header.
#[tokio::test]
async fn create_run_sends_the_team_in_the_body() {
    let wire = Wire::platform(MockResponse::json(201, CREATED)).await;
    wire.team().runs().create(config()).await.unwrap();

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

/// Secrets are sent next to the configuration. Unknown fields are sent too.
#[tokio::test]
async fn all_parameters_are_sent() {
    let wire = Wire::platform(MockResponse::json(201, CREATED)).await;
    let run = wire
        .team()
        .runs()
        .create(config())
        .name("first")
        .image_tag("v0.4.0")
        .wandb_api_key("wandb_secret")
        .hf_token("hf_secret")
        .modify(|request| {
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
    run.await.unwrap();
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

/// Nulls and empty values are preserved.
#[tokio::test]
async fn a_configuration_is_sent_unchanged() {
    let config =
        json!({"a": null, "b": [], "c": {}, "d": "", "e": 1.0, "f": 9_007_199_254_740_993_i64});
    let wire = Wire::platform(MockResponse::json(201, CREATED)).await;
    let map = config.as_object().unwrap().clone();
    let run = wire.personal().runs().create(RunConfig::from(map));
    run.await.unwrap();
    assert_eq!(wire.request().json(), json!({"config": config}));
}

#[tokio::test]
async fn unknown_fields_of_a_response_are_preserved() {
    let body = r#"{"runId": "run_123", "tokenValue": "pit_run_token_93bd41", "onDemand": true,
        "gpuType": "H100_80GB", "pricePerGpuHour": 2.50, "estimatedCostPerHour": "20.00",
        "isBeta": false, "cluster": {"id": null}}"#;
    let wire = Wire::platform(MockResponse::json(201, body)).await;
    let run = wire.team().runs().create(config()).await.unwrap();
    assert_eq!(run.run_id(), "run_123");
    assert_eq!(run.raw().job_id, None);
    assert_eq!(run.token().expose(), TOKEN);
    assert_eq!(run.raw().on_demand, Some(true));
    assert_eq!(run.raw().gpu_type.as_deref(), Some("H100_80GB"));
    assert_eq!(run.raw().price_per_gpu_hour.unwrap().to_string(), "2.50");
    assert_eq!(
        run.raw().estimated_cost_per_hour.unwrap().to_string(),
        "20.00"
    );
    assert_eq!(run.raw().is_beta, Some(false));
    assert_no_secret(&format!("{run:?} {run:#?}"));

    let nulls = r#"{"runId": "run_123", "jobId": null, "tokenValue": "pit_run_token_93bd41",
        "onDemand": null, "gpuType": null, "pricePerGpuHour": null, "estimatedCostPerHour": null,
        "isBeta": null}"#;
    let wire = Wire::platform(MockResponse::json(201, nulls)).await;
    let run = wire.team().runs().create(config()).await.unwrap();
    assert_eq!(run.raw().job_id, None);
    assert_eq!(run.raw().price_per_gpu_hour, None);
}

/// The token is returned only once, so an unlisted success status must not lose it.
#[tokio::test]
async fn an_unlisted_success_status_is_accepted() {
    for status in [200, 201, 202] {
        let wire = Wire::platform(MockResponse::json(status, CREATED)).await;
        let run = wire.personal().runs().create(config()).await.unwrap();
        assert_eq!(run.token().expose(), TOKEN, "{status}");

        let bare = wire.bare_training();
        let create = bare.create_run().body(request());
        let run = create.send().await.unwrap();
        assert_eq!(run.meta().status().as_u16(), status);
        assert_eq!(run.value().token_value.expose(), TOKEN, "{status}");
    }
}

/// The error keeps the token of an invalid response but does not show it.
#[tokio::test]
async fn the_token_of_an_invalid_response_is_kept_in_the_error() {
    for body in [
        r#"{"jobId": "job_456", "tokenValue": "pit_run_token_93bd41"}"#,
        r#"{"runId": [7], "tokenValue": "pit_run_token_93bd41"}"#,
        r#"{"runId": "run_123", "token": "pit_run_token_93bd41"}"#,
        r#"[{"runId": "run_1", "tokenValue": "pit_run_token_93bd41"}, {"runId": "run_2", "tokenValue": "x"}]"#,
        r#"{"data": {"jobId": "job_456", "tokenValue": "pit_run_token_93bd41"}}"#,
        r#"{"runId": "run_123", "tokenValue": "pit_run_token_93bd41""#,
        r#"tokenValue=pit_run_token_93bd41"#,
    ] {
        let wire = Wire::platform(MockResponse::json(201, body)).await;
        let create = wire.personal().runs().create(config());
        let error = create.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedResponse, "{body}");
        assert_eq!(error.operation(), Some("create_run"));
        assert_eq!(error.status().unwrap(), 201);
        assert_eq!(error.body().unwrap(), body);
        assert_clean_error(&error);
        assert_eq!(wire.hits_without_rft(), 1);
    }
}

/// The token is returned only once, so nothing beside it may lose it.
#[tokio::test]
async fn a_run_is_read_whatever_is_odd_beside_it() {
    let run = r#""runId": "run_123", "tokenValue": "pit_run_token_93bd41""#;
    for (body, warnings) in [
        (
            format!(r#"{{{run}, "isBeta": "no", "jobId": 7, "onDemand": 1, "gpuType": []}}"#),
            4,
        ),
        (
            format!(r#"{{{run}, "pricePerGpuHour": "pit_run_token_93bd41"}}"#),
            1,
        ),
        (
            format!(r#"{{{run}, "pricePerGpuHour": NaN, "more": [NaN]}}"#),
            2,
        ),
        (
            format!(r#"{{{run}, "error": {{"message": "no quota"}}, "message": "created"}}"#),
            0,
        ),
        (
            format!(r#"{{"tokenValue": null, "runId": null, {run}}}"#),
            2,
        ),
        (format!(r#"[{{{run}, "isBeta": "no"}}]"#), 2),
        (format!(r#"{{"data": {{{run}}}, "success": true}}"#), 1),
        (
            format!(r#"{{"data": {{"runs": [null, {{{run}}}]}}, "tokenValue": 7}}"#),
            1,
        ),
    ] {
        let wire = Wire::platform(MockResponse::json(201, &body)).await;
        let create = wire.personal().runs().create(config());
        let response = create.with_response().await.unwrap();
        let created = response.value();
        assert_eq!(created.run_id(), "run_123", "{body}");
        assert_eq!(created.token().expose(), TOKEN, "{body}");
        let shown = format!("{:?}", response.warnings());
        assert_eq!(response.warnings().len(), warnings, "{shown}");
        assert_no_secret(&format!("{shown} {response:?} {created:#?}"));
        assert_eq!(response.body(), &body);
    }
    let numbered = r#"{"runId": 7, "tokenValue": "pit_run_token_93bd41"}"#;
    let wire = Wire::platform(MockResponse::json(201, numbered)).await;
    let run = wire.personal().runs().create(config()).await.unwrap();
    assert_eq!(run.run_id(), "7");
}

/// The error message does not repeat a token in an unexpected field.
#[tokio::test]
async fn a_token_in_an_unexpected_field_is_not_shown() {
    for body in [
        r#""pit_run_token_93bd41""#,
        r#"{"runId": "run_123", "tokenValue": ["x"], "isBeta": "pit_run_token_93bd41"}"#,
        r#"{"runId": "run_123", "message": "the token is pit_run_token_93bd41"}"#,
    ] {
        let wire = Wire::platform(MockResponse::json(201, body)).await;
        let create = wire.personal().runs().create(config());
        let error = create.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedResponse, "{body}");
        assert_eq!(error.body().unwrap(), body);
        assert_clean_error(&error);
    }
}

#[tokio::test]
async fn a_token_in_an_unexpected_field_is_not_shown_by_the_generated_crate() {
    let body = r#""pit_run_token_93bd41""#;
    let wire = Wire::platform(MockResponse::json(201, body)).await;
    let bare = wire.bare_training();
    let create = bare.create_run().body(request());
    let error = create.send().await.unwrap_err();
    assert_no_secret(&format!("{error} {error:?}"));
}

/// The run may exist if the body of a success response is invalid.
#[tokio::test]
async fn an_invalid_success_response_has_an_unknown_outcome() {
    for body in ["{}", "", "<html>welcome</html>"] {
        let wire = Wire::platform(MockResponse::json(201, body)).await;
        let create = wire.personal().runs().create(config());
        let error = create.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
        assert!(error.outcome_unknown(), "{error}");
    }
}

#[tokio::test]
async fn a_truncated_success_response_has_an_unknown_outcome() {
    let answer = format!(
        "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 9999\r\n\r\n{CREATED}"
    );
    let server = RawServer::start(&[&answer]).await;
    let create = server.personal().runs().create(config());
    let error = create.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    assert_eq!(error.status().unwrap(), 201);
    assert_eq!(error.body().unwrap(), CREATED);
    assert!(error.outcome_unknown());
    assert_clean_error(&error);
    assert_eq!(server.hits_without_rft(), 1);
}

#[tokio::test]
async fn a_create_request_is_not_retried_after_an_error_status() {
    for status in [408, 409, 425, 429, 500, 502, 503, 504] {
        let answer =
            MockResponse::json(status, r#"{"detail": "later"}"#).header("retry-after", "0");
        let wire = Wire::platform(answer).await;
        let create = wire.personal().runs().create(config());
        let error = create.await.unwrap_err();
        assert_eq!(error.status().unwrap(), status);
        assert_eq!(error.outcome_unknown(), status >= 500, "{error}");
        assert_eq!(wire.hits_without_rft(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_create_request_is_not_retried_after_a_closed_connection() {
    let server = RawServer::start(&[]).await;
    let create = server.personal().runs().create(config());
    let error = create.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    assert_eq!(error.status(), None);
    assert!(error.outcome_unknown());
    assert_clean_error(&error);
    assert_eq!(server.hits_without_rft(), 1);
}

#[tokio::test]
async fn a_create_request_is_not_retried_after_a_reused_connection_closes() {
    let usage = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{USAGE}",
        USAGE.len()
    );
    let server = RawServer::start(&[&usage]).await;
    let runs = server.personal().runs();
    runs.usage("run_123").await.unwrap();
    let error = runs.create(config()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    assert!(error.outcome_unknown());
    assert_eq!(server.hits_without_rft(), 2);
    assert!(server.requests()[1].starts_with("POST /api/v1/training/runs "));
}

#[tokio::test]
async fn a_create_request_with_an_invalid_team_is_not_sent() {
    let wire = Wire::platform(MockResponse::json(201, CREATED)).await;
    for team in ["", " ", "a b", "a\nb", "té"] {
        let create = wire.personal().team(team).runs().create(config());
        assert_not_sent(&create.await.unwrap_err());
    }
    assert_eq!(wire.hits(), 0);
}

#[tokio::test]
async fn the_generated_crate_omits_unset_fields() {
    let wire = Wire::platform(MockResponse::json(201, CREATED)).await;
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

/// A success response that lacks a field is not an API error, even if it has an error message.
#[tokio::test]
async fn an_invalid_success_response_with_an_error_message_has_an_unknown_outcome() {
    for body in [
        r#"{"runId": "run_1", "message": "created"}"#,
        r#"{"runId": "run_1", "error": {"message": "no token", "code": "token_failed"}}"#,
    ] {
        let wire = Wire::platform(MockResponse::json(201, body)).await;
        let config = RunConfig::from_toml("max_steps = 1").unwrap();
        let error = wire.personal().runs().create(config).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedResponse, "{body}");
        assert!(error.outcome_unknown(), "{body}");
        assert_eq!(error.body().unwrap(), body);
        assert_eq!(wire.hits_without_rft(), 1);
    }
}

/// Unknown fields are sent and returned, as a newer server may use them.
#[tokio::test]
async fn unknown_fields_are_sent_and_returned() {
    let body = r#"{"runId": "run_123", "tokenValue": "pit_run_token_93bd41", "jobId": null, "region": "eu",
        "cluster": {"id": 7}, "otherToken": "pit_run_token_93bd41", "nothing": null}"#;
    let wire = Wire::platform(MockResponse::json(201, body)).await;
    let config =
        RunConfig::from_toml("image_tag = 'v1'\ngpu_type = 'H100'\nmax_steps = 1").unwrap();
    let create = wire.personal().runs().create(config).image_tag("v2");
    let run = create
        .extra("mode", "sft")
        .extra("flags", json!([1]))
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
    let wire = Wire::platform(MockResponse::json(200, &usage)).await;
    let usage = wire.personal().runs().usage("run_123").await.unwrap();
    assert_eq!(usage.extra["gpu_hours"], json!(0.5));
    let deleted = r#"{"runId": "run_123", "deleted": true, "freed": ["gpu_1"]}"#;
    let wire = Wire::platform(MockResponse::json(200, deleted)).await;
    let deletion = wire.personal().runs().delete("run_123").await.unwrap();
    assert_eq!(deletion.raw().extra["freed"], json!(["gpu_1"]));
    assert_eq!(deletion.to_string(), "deleted");
}

#[tokio::test]
async fn a_configuration_with_secrets_is_not_sent() {
    let wire = Wire::platform(MockResponse::json(201, CREATED)).await;
    let runs = wire.personal().runs();
    for config in [
        json!({"wandbApiKey": TOKEN}),
        json!({"hfToken": TOKEN}),
        json!({"trainer": {"env_vars": {"HF_TOKEN": TOKEN}}}),
        json!({"a": [{"wandb-api-key": TOKEN}]}),
    ] {
        let config = RunConfig::try_from(config).unwrap();
        assert_not_sent(&runs.create(config).await.unwrap_err());
    }
    for field in ["wandb_api_key", "HF_TOKEN", "hf-token"] {
        let create = runs.create(config()).extra(field, TOKEN);
        let error = create.await.unwrap_err();
        assert_not_sent(&error);
        assert!(error.to_string().contains("CreateRun::"), "{error}");
    }
    let set = runs.create(config()).modify(|request| {
        request.config.insert("hf_token".to_owned(), json!(TOKEN));
    });
    assert_not_sent(&set.await.unwrap_err());
    assert_eq!(wire.hits(), 0);
}

#[tokio::test]
async fn the_token_is_saved_to_a_private_file() {
    let wire = Wire::platform(MockResponse::json(201, CREATED)).await;
    let run = wire.personal().runs().create(config()).await.unwrap();
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
    // An existing file is not overwritten, and links are not followed.
    std::fs::write(&path, "another").unwrap();
    let error = run.save_token(&path).unwrap_err();
    assert_clean_error(&error);
    assert!(error.to_string().contains("exists already"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "another");
    assert_clean_error(&run.save_token(folder.join("none/run.token")).unwrap_err());
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn an_empty_token_is_not_saved() {
    let folder = std::env::temp_dir().join(format!("prime-empty-token-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for token in ["", " "] {
        let created = CREATED.replace(TOKEN, token);
        let wire = Wire::platform(MockResponse::json(201, &created)).await;
        let run = wire.personal().runs().create(config()).await;
        let path = folder.join("run.token");
        let error = run.unwrap().save_token(&path).unwrap_err();
        assert!(error.to_string().contains("empty token"), "{error}");
        assert!(!path.exists());
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// `keep` is called for each run, even if the handle is aborted or dropped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spawned_creation_continues_after_its_handle_is_dropped() {
    let wire = Wire::platform(MockResponse::json(201, CREATED)).await;
    let (sender, kept) = std::sync::mpsc::channel();
    for number in 0..40 {
        let sender = sender.clone();
        let create = wire.personal().runs().create(config());
        let handle =
            create.spawn(move |run| sender.send(run.unwrap().run_id().to_owned()).unwrap());
        match number % 4 {
            0 => handle.abort(),
            1 => drop(handle),
            2 => {
                tokio::time::sleep(std::time::Duration::from_millis(number % 5)).await;
                handle.abort();
            }
            _ => handle.await.unwrap(),
        }
    }
    drop(sender);
    let kept = tokio::task::spawn_blocking(move || kept.iter().count());
    assert_eq!(kept.await.unwrap(), 40);
    assert_eq!(wire.hits(), 40);
}

/// The token is returned only once, so many headers of a gateway must not lose it.
#[tokio::test]
async fn a_create_response_with_many_headers_is_read() {
    for (count, size, expected) in [
        (101, 10, true),
        (500, 600, true),
        (600, 10, false),
        (100, 10_000, false),
    ] {
        let headers: String = (0..count)
            .map(|number| format!("x-{number}: {}\r\n", "v".repeat(size)))
            .collect();
        let length = CREATED.len();
        let answer =
            format!("HTTP/1.1 201 X\r\n{headers}content-length: {length}\r\n\r\n{CREATED}");
        let server = RawServer::start(&[&answer]).await;
        let created = server.personal().runs().create(config()).await;
        assert_eq!(created.is_ok(), expected, "{count} of {size}: {created:?}");
        if let Err(error) = created {
            assert!(error.to_string().contains("is too large"), "{error}");
            assert!(error.outcome_unknown());
        }
    }
}

#[tokio::test]
async fn a_token_in_a_malformed_error_body_is_not_shown() {
    let cut_off = &CREATED[..CREATED.len() - 1];
    for body in [
        cut_off.to_owned(),
        format!("\u{feff} {cut_off}"),
        format!("[{cut_off}"),
        format!("oops: {cut_off}"),
        format!("<html><pre>{CREATED}</pre>"),
        CREATED.replace('"', "\\\""),
        format!("tokenValue={TOKEN}&runId=run_123"),
    ] {
        let wire = Wire::platform(MockResponse::json(500, &body)).await;
        let error = wire.personal().runs().create(config()).await;
        let error = error.unwrap_err();
        assert_clean_error(&error);
        assert_no_secret(&format!("{:?} {:?}", error.preview(), error.message()));
        assert!(
            error
                .body()
                .unwrap()
                .windows(TOKEN.len())
                .any(|part| part == TOKEN.as_bytes())
        );
    }
}
