//! `GET /api/v1/billing/runs/{run_id}/usage`, `DELETE /api/v1/training/runs/{run_id}`, and run IDs.

use prime_ext::runs::total_cost;
use prime_ext::{ErrorKind, Runs, Secret};
use prime_training_api::types::RunStatus;
use serde_json::json;

use super::creations::{CREATED, request};
use super::support::{MockResponse, TOKEN, Wire, assert_no_secret, assert_not_sent};

/// All fields of the specification, and one unknown field.
pub(crate) const USAGE: &str = r#"{
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

#[tokio::test]
async fn get_run_usage_sends_the_request_and_reads_all_fields() {
    let wire = Wire::platform(MockResponse::json(200, USAGE)).await;
    for client in [wire.personal(), wire.team()] {
        let usage = client.runs().usage("run_123").await.unwrap();
        assert_eq!(usage.run_id, "run_123");
        assert_eq!(usage.run_name.as_deref(), Some("first"));
        assert_eq!(usage.base_model.as_deref(), Some("Qwen/Qwen3-0.6B"));
        assert_eq!(usage.status, Some(RunStatus::Running));
        assert_eq!(usage.training.tokens, Some(1_000_000));
        assert_eq!(usage.training.input_tokens, Some(0));
        assert_eq!(usage.training.cost_usd.unwrap().to_string(), "1.50");
        assert_eq!(usage.inference.input_tokens, Some(1000));
        assert_eq!(usage.inference.output_tokens, Some(2000));
        assert_eq!(usage.inference.cost_usd.unwrap().to_string(), "0.0300");
        assert_eq!(usage.total_tokens, 1_003_000);
        assert_eq!(usage.total_cost_usd.to_string(), "1.5300");
        let pricing = &usage.pricing;
        assert_eq!(pricing.training_per_mtok.unwrap().to_string(), "1.50");
        let input = pricing.inference_input_per_mtok.unwrap();
        assert_eq!(input.to_string(), "10.00");
        assert_eq!(pricing.inference_output_per_mtok, None);
        assert_eq!(usage.record_count, 7);
    }
    // The operation has no team parameter.
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
async fn usage_without_optional_fields_is_read() {
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
        let wire = Wire::platform(MockResponse::json(200, &body)).await;
        let usage = wire.personal().runs().usage("r").await.unwrap();
        assert_eq!(usage.status, expected);
        assert_eq!(usage.run_name, None);
        assert_eq!(usage.training.tokens, Some(0));
        assert_eq!(usage.training.cost_usd, Some(prime_ext::Usd::ZERO));
        assert_eq!(usage.record_count, 0);
        assert_eq!(usage.pricing.training_per_mtok, None);
    }
}

/// A count is exact or unknown. An unknown cost is a warning.
#[tokio::test]
async fn odd_usage_is_exact_or_unknown() {
    let usage = |from: &str, to: &str| {
        assert!(USAGE.contains(from), "{from}");
        MockResponse::json(200, &USAGE.replacen(from, to, 1))
    };
    for (from, to) in [
        ("1003000,", "1003000.0,"),
        ("1003000,", "1.003e6,"),
        ("1003000,", "\"1003000\","),
    ] {
        let wire = Wire::platform(usage(from, to)).await;
        let usage = wire.personal().runs().usage("run_123").await.unwrap();
        assert_eq!(usage.total_tokens, 1_003_000, "{to}");
        assert_eq!(total_cost(&usage).unwrap().to_string(), "1.5300");
    }
    for (from, to) in [("1003000,", "1003000.5,"), ("1.5300,", "\"about 2\",")] {
        let wire = Wire::platform(usage(from, to)).await;
        let error = wire.personal().runs().usage("run_123").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedResponse, "{to}");
    }
    let wire = Wire::platform(usage("\"tokens\": 3000,", "\"tokens\": 17.9,")).await;
    let odd = wire
        .personal()
        .runs()
        .usage("run_123")
        .with_response()
        .await;
    let odd = odd.unwrap();
    assert_eq!(odd.value().inference.tokens, None);
    assert_eq!(odd.warnings()[0].path, "inference.tokens");
    for (from, to, path) in [
        ("1.5300,", "-1.5300,", "total_cost_usd"),
        ("1.5300,", "0,", "total_cost_usd"),
        (
            "\"cost_usd\": 1.50",
            "\"cost_usd\": -1.50",
            "training.cost_usd",
        ),
    ] {
        let wire = Wire::platform(usage(from, to)).await;
        let odd = wire
            .personal()
            .runs()
            .usage("run_123")
            .with_response()
            .await;
        let odd = odd.unwrap();
        assert_eq!(total_cost(odd.value()), None);
        let [warning] = odd.warnings() else {
            panic!("{:?}", odd.warnings())
        };
        assert_eq!(warning.path, path);
        assert!(warning.reason.contains("unknown"), "{warning}");
    }
}

#[tokio::test]
async fn delete_run_sends_the_request_and_reads_the_response() {
    let wire = Wire::platform(MockResponse::json(200, DELETED)).await;
    for client in [wire.personal(), wire.team()] {
        let deleted = client.runs().delete("run_123").await.unwrap();
        assert_eq!(deleted.run_id(), "run_123");
        assert!(deleted.raw().deleted);
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
async fn a_run_that_was_already_deleted_is_reported() {
    let body = r#"{"runId": "run_123", "deleted": false, "reason": "gone"}"#;
    let wire = Wire::platform(MockResponse::json(200, body)).await;
    let deleted = wire.personal().runs().delete("run_123").await.unwrap();
    assert!(!deleted.raw().deleted);
}

#[tokio::test]
async fn a_run_id_is_percent_encoded_in_the_path() {
    let cases = [
        ("cm9x-7_a.b~c", "cm9x-7_a.b~c"),
        ("run 1", "run%201"),
        ("run?x=1#y", "run%3Fx=1%23y"),
        ("100%2F", "100%252F"),
        ("größe", "gr%C3%B6%C3%9Fe"),
        ("...", "..."),
    ];
    for (id, path) in cases {
        let usage = USAGE.replace("run_123", id);
        let wire = Wire::platform(MockResponse::json(200, &usage)).await;
        wire.personal().runs().usage(id).await.unwrap();
        let line = format!("GET /api/v1/billing/runs/{path}/usage");
        assert_eq!(wire.request().line, line);

        let deleted = json!({"runId": id, "deleted": true}).to_string();
        let wire = Wire::platform(MockResponse::json(200, &deleted)).await;
        wire.personal().runs().delete(id).await.unwrap();
        let line = format!("DELETE /api/v1/training/runs/{path}");
        assert_eq!(wire.request().line, line);
    }
}

#[tokio::test]
async fn a_run_id_that_changes_the_path_is_rejected() {
    let wire = Wire::platform(MockResponse::json(200, DELETED)).await;
    let runs: Runs = wire.personal().runs();
    for id in [
        "", " ", "\t", "/", "a/b", "../runs", "a\\b", "\\", ".", "..", "%2e", "%2E%2e", ".%2e",
        "a\nb", "a\0", "a\u{85}b",
    ] {
        assert_not_sent(&runs.usage(id).await.unwrap_err());
        assert_not_sent(&runs.delete(id).await.unwrap_err());
        let watched = runs.watch(id).try_next().await;
        assert_not_sent(&watched.unwrap_err());
    }
    assert_eq!(wire.hits(), 0);

    // The generated crate rejects dot segments and encodes slashes.
    let bare = wire.bare_training();
    for id in ["", ".", "..", "a\\b", "a\nb"] {
        let error = bare.delete_run().run_id(id).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{id:?}: {error}");
    }
    assert_eq!(wire.hits(), 0);
    bare.delete_run().run_id("a/b").send().await.unwrap();
    assert_eq!(wire.request().line, "DELETE /api/v1/training/runs/a%2Fb");
}

#[tokio::test]
async fn requests_of_the_generated_crate() {
    let wire = Wire::platform(MockResponse::json(201, CREATED)).await;
    let bare = wire.bare_training();
    let mut body = request();
    body.team_id = Some("team_4d2a".to_owned());
    body.hf_token = Some(Secret::from("hf_secret"));
    let run = bare.create_run().body(body).send().await.unwrap();
    assert_eq!(run.meta().status(), 201);
    assert_eq!(run.body(), CREATED);
    assert_eq!(run.value().token_value.expose(), TOKEN);
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

    let wire = Wire::platform(MockResponse::json(200, USAGE)).await;
    let bare = wire.bare_training();
    let usage = bare.get_run_usage().run_id("run_123").send().await.unwrap();
    assert_eq!(usage.value().total_cost_usd.to_string(), "1.5300");
    assert_eq!(
        wire.request().line,
        "GET /api/v1/billing/runs/run_123/usage"
    );

    let wire = Wire::platform(MockResponse::json(200, DELETED)).await;
    let bare = wire.bare_training();
    let deleted = bare.delete_run().run_id("run_123").send().await.unwrap();
    assert!(deleted.value().deleted);
    assert_eq!(wire.request().line, "DELETE /api/v1/training/runs/run_123");
}

/// Missing, unknown and differently spelled statuses are accepted. Unchanged usage is not yielded.
#[tokio::test]
async fn a_watch_yields_each_change_of_status() {
    let statuses = [
        "\"status\": null",
        "\"status\": null",
        "\"status\": \"NEW\"",
        "\"was\": 1",
        "\"status\": \"Running\"",
        "\"status\": \"Running\"",
        "\"status\": \"Stopped\"",
        "\"status\": \"RUNNING\"",
    ];
    let answers = statuses
        .map(|status| MockResponse::json(200, &USAGE.replace("\"status\": \"RUNNING\"", status)));
    let wire = Wire::platform_sequence(answers.to_vec()).await;
    let watch = wire.personal().runs().watch("run_123");
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
async fn a_watch_honors_retry_after() {
    let busy = MockResponse::json(429, r#"{"detail": "slow down"}"#).header("retry-after", "1");
    let done = MockResponse::json(200, &USAGE.replace("RUNNING", "COMPLETED"));
    let wire = Wire::platform_sequence(vec![busy, done]).await;
    let watch = wire.personal().runs().watch("run_123");
    let began = std::time::Instant::now();
    let watch = watch.every(std::time::Duration::from_millis(1));
    watch.until_finished().await.unwrap();
    assert!(began.elapsed() >= std::time::Duration::from_secs(1));
    assert_eq!(wire.hits(), 2);

    // Permanent errors end the watch immediately.
    for status in [400, 401, 403, 404] {
        let wire = Wire::platform(MockResponse::json(status, r#"{"detail": "no"}"#)).await;
        let watch = wire.personal().runs().watch("run_123");
        let error = watch.until_finished().await.unwrap_err();
        assert_eq!(error.status().unwrap(), status);
        assert_eq!(wire.hits(), 1);
    }
}

#[tokio::test]
async fn a_setting_of_a_watch_after_its_first_poll_is_an_error() {
    let wire = Wire::platform(MockResponse::json(200, USAGE)).await;
    let mut watch = wire.personal().runs().watch("run_123");
    watch.try_next().await.unwrap().unwrap();
    let mut watch = watch.delete_at_cost("1".parse().unwrap());
    let error = watch.try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(error.to_string().contains("set it before"), "{error}");
    assert!(watch.try_next().await.unwrap().is_none());
    assert_eq!(wire.hits(), 1);
}
