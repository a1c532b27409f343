//! The operations that only the provider's own client describes. The responses have the fields that
//! the client reads.

use std::time::Duration;

use prime_ext::runs::has_ended;
use prime_ext::{Error, ErrorKind, Runs};
use prime_platform_api::types::RunStatus;
use serde_json::json;

use super::creations::config;
use super::support::{MockResponse, TOKEN, Wire, assert_no_secret};

/// A run as `RLRun` in `api/rl.py` of the client reads it, and one unknown field.
const RUN: &str = r#"{
  "id": "run_123",
  "name": "first",
  "userId": "user_1",
  "teamId": null,
  "rftClusterId": null,
  "primeClusterId": "cluster_1",
  "status": "RUNNING",
  "kind": "DEDICATED_FULL_FT",
  "rolloutsPerExample": 8,
  "seqLen": "2048",
  "maxSteps": 20.0,
  "maxTokens": null,
  "batchSize": 64,
  "baseModel": "Qwen/Qwen3-0.6B",
  "environments": [{"id": "primeintellect/reverse-text"}],
  "runConfig": {"max_steps": 20},
  "volumeName": "outputs",
  "gpuCount": 8,
  "runsAhead": 2,
  "startedAt": "2026-01-31T12:00:15",
  "completedAt": null,
  "errorMessage": null,
  "createdAt": "2026-01-31T12:00:00.250000",
  "updatedAt": "2026-01-31T12:00:15Z",
  "failureAnalysis": {"rootCause": "none"},
  "moon": "full"
}"#;

fn envelope() -> String {
    format!(r#"{{"run": {RUN}}}"#)
}

/// Returns a run of an id.
fn run(id: &str) -> String {
    RUN.replace("run_123", id)
}

fn page(ids: &[&str], total: &str) -> MockResponse {
    let runs: Vec<_> = ids.iter().map(|id| run(id)).collect();
    let runs = runs.join(",");
    MockResponse::json(200, &format!(r#"{{"runs": [{runs}]{total}}}"#))
}

#[tokio::test]
async fn get_sends_the_request_and_reads_all_fields() {
    let wire = Wire::platform(MockResponse::json(200, &envelope())).await;
    for client in [wire.personal(), wire.team()] {
        let run = client.runs().get("run_123").await.unwrap();
        assert_eq!(run.id, "run_123");
        assert_eq!(run.name.as_deref(), Some("first"));
        assert_eq!(run.user_id.as_deref(), Some("user_1"));
        assert_eq!(run.team_id, None);
        assert_eq!(run.prime_cluster_id.as_deref(), Some("cluster_1"));
        assert_eq!(run.status, RunStatus::Running);
        assert!(!has_ended(Some(&run.status)));
        assert_eq!(run.seq_len, Some(2048));
        assert_eq!(run.max_steps, Some(20));
        assert_eq!(run.max_tokens, None);
        assert_eq!(run.environments.as_ref().unwrap().len(), 1);
        assert_eq!(run.run_config, Some(json!({ "max_steps": 20 })));
        assert_eq!(run.created_at.to_string(), "2026-01-31T12:00:00.250Z");
        assert_eq!(run.started_at.unwrap().to_string(), "2026-01-31T12:00:15Z");
        assert_eq!(run.completed_at, None);
        assert_eq!(run.extra["moon"], "full");
    }
    for request in wire.requests() {
        assert_eq!(request.line, "GET /api/v1/rft/runs/run_123");
        assert!(request.body.is_empty());
    }
}

#[tokio::test]
async fn a_run_with_few_fields_is_read() {
    let body = r#"{"run": {"id": "r", "status": "new", "createdAt": "2026-01-31T12:00:00Z"}}"#;
    let wire = Wire::platform(MockResponse::json(200, body)).await;
    let run = wire.personal().runs().get("r").await.unwrap();
    assert_eq!(run.status, RunStatus::Other("new".to_owned()));
    assert_eq!(run.environments, None);
}

#[tokio::test]
async fn stop_and_restart_send_put() {
    let wire = Wire::platform(MockResponse::json(200, &envelope())).await;
    let runs = wire.team().runs();
    assert_eq!(runs.stop("run_123").await.unwrap().id, "run_123");
    assert_eq!(runs.restart("run_123").await.unwrap().id, "run_123");
    let lines: Vec<_> = wire.requests().into_iter().map(|one| one.line).collect();
    assert_eq!(
        lines,
        [
            "PUT /api/v1/rft/runs/run_123/stop",
            "PUT /api/v1/rft/runs/run_123/restart"
        ]
    );
    assert!(wire.requests().iter().all(|one| one.body.is_empty()));
}

#[tokio::test]
async fn another_run_is_rejected() {
    let wire = Wire::platform(MockResponse::json(200, &envelope())).await;
    let runs = wire.personal().runs();
    for (error, operation, unknown) in [
        (runs.get("r").await.unwrap_err(), "get_run", false),
        (runs.stop("r").await.unwrap_err(), "stop_run", true),
        (runs.restart("r").await.unwrap_err(), "restart_run", true),
    ] {
        assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
        assert_eq!(error.operation(), Some(operation));
        assert_eq!(error.outcome_unknown(), unknown, "{error}");
        assert!(error.to_string().contains("\"run_123\""), "{error}");
    }
}

#[tokio::test]
async fn pause_sends_no_body_and_reads_the_status() {
    let body = r#"{"status": "PAUSING", "runId": "run_123"}"#;
    let wire = Wire::platform(MockResponse::json(200, body)).await;
    let paused = wire.team().runs().pause("run_123").await.unwrap();
    assert_eq!(paused.status, RunStatus::Pausing);
    let request = wire.request();
    assert_eq!(request.line, "POST /api/v1/training/runs/run_123/pause");
    assert!(request.body.is_empty());
}

#[tokio::test]
async fn resume_sends_the_secrets_and_reads_the_new_run() {
    let body = format!(
        r#"{{"runId": "run_2", "tokenValue": "{TOKEN}", "onDemand": true, "gpuType": "H200",
            "pricePerGpuHour": 2.50, "estimatedCostPerHour": "20.00", "isBeta": false, "jobId": "job_1", "moon": 1}}"#
    );
    let wire = Wire::platform(MockResponse::json(200, &body)).await;
    let resume = wire.team().runs().resume("run_123").gpu_type("H200");
    let resume = resume
        .image_tag("v2")
        .wandb_api_key("wandb_key")
        .hf_token("hf_token");
    assert!(!format!("{resume:?}").contains("wandb_key"));
    let run = resume.await.unwrap();
    assert_eq!(run.run_id(), "run_2");
    assert_eq!(run.token().expose(), TOKEN);
    assert!(!format!("{run:?}").contains(TOKEN));
    assert_eq!(run.raw().price_per_gpu_hour.unwrap().to_string(), "2.50");
    assert_eq!(run.raw().job_id.as_deref(), Some("job_1"));
    assert_eq!(run.extra().keys().collect::<Vec<_>>(), ["moon"]);
    let request = wire.request();
    assert_eq!(request.line, "POST /api/v1/training/runs/run_123/resume");
    assert_eq!(
        request.json(),
        json!({ "gpuType": "H200", "imageTag": "v2", "wandbApiKey": "wandb_key", "hfToken": "hf_token" })
    );

    let wire = Wire::platform(MockResponse::json(409, &body)).await;
    let error = wire.personal().runs().resume("run_123").await.unwrap_err();
    assert!(error.is_conflict() && error.possible_runs().is_none());
    assert_eq!(wire.request().json(), json!({}));
    assert_no_secret(&format!("{error}\n{error:?}"));
}

#[tokio::test]
async fn logs_are_sent_with_all_parameters() {
    let wire = Wire::platform(MockResponse::json(200, r#"{"logs": "one\ntwo"}"#)).await;
    let runs = wire.team().runs();
    assert_eq!(runs.logs("run_123").await.unwrap(), "one\ntwo");
    let logs = runs
        .logs("run_123")
        .tail(9_000)
        .search("a b")
        .level("ERROR");
    logs.since(Duration::from_secs(5))
        .replica(1)
        .component("trainer")
        .await
        .unwrap();
    runs.logs("run_123")
        .search_regex("^x")
        .environment("math")
        .await
        .unwrap();
    let lines: Vec<_> = wire.requests().into_iter().map(|one| one.line).collect();
    let path = "GET /api/v1/rft/runs/run_123/logs";
    assert_eq!(lines[0], path);
    for parameter in [
        "tail_lines=5000",
        "search=a+b",
        "level=ERROR",
        "since_seconds=60",
        "pod_index=1",
        "component=trainer",
    ] {
        assert!(lines[1].contains(parameter), "{}", lines[1]);
    }
    assert!(!lines[1].contains("regex"));
    for parameter in ["regex=true", "env_name=math", "component=env-server"] {
        assert!(lines[2].contains(parameter), "{}", lines[2]);
    }
    for body in [r#"{"logs": null}"#, "{}"] {
        let wire = Wire::platform(MockResponse::json(200, body)).await;
        assert_eq!(wire.personal().runs().logs("r").await.unwrap(), "");
    }
}

#[tokio::test]
async fn progress_is_read() {
    let body =
        r#"{"latestStep": 5, "stepsWithSamples": [1, 5], "lastUpdatedAt": "2026-01-31T12:00:00"}"#;
    let wire = Wire::platform(MockResponse::json(200, body)).await;
    let progress = wire.personal().runs().progress("r").await.unwrap();
    assert_eq!(progress.latest_step, Some(5));
    assert_eq!(progress.steps_with_samples.as_deref(), Some(&[1, 5][..]));
    assert_eq!(progress.steps_with_distributions, None);
    assert_eq!(wire.request().line, "GET /api/v1/rft/runs/r/progress");
}

#[tokio::test]
async fn whoami_names_the_team_and_reads_all_fields() {
    let body = r#"{"data": {
        "id": "user_1", "email": "a@example.com", "name": "A", "slug": null,
        "scope": {"inference": {"read": true, "write": false}, "training": null},
        "account_limits": {"tunnel_limit": 5}, "key_limits": null
    }}"#;
    let wire = Wire::platform(MockResponse::json(200, body)).await;
    for client in [wire.personal(), wire.team()] {
        let who = client.whoami().await.unwrap();
        assert_eq!(who.id.as_deref(), Some("user_1"));
        let scope = who.scope.unwrap();
        assert_eq!(scope["inference"]["write"], false);
        assert!(scope["training"].is_null());
        assert_eq!(who.account_limits, Some(json!({ "tunnel_limit": 5 })));
    }
    let lines: Vec<_> = wire.requests().into_iter().map(|one| one.line).collect();
    let path = "GET /api/v1/user/whoami";
    assert_eq!(lines, [path.to_owned(), format!("{path}?teamId=team_4d2a")]);
}

fn teams(ids: std::ops::Range<usize>, total: usize) -> MockResponse {
    let teams: Vec<_> = ids
        .map(|id| json!({ "teamId": format!("team_{id}"), "name": "T", "slug": "t", "role": "ADMIN", "createdAt": "2026" }))
        .collect();
    MockResponse::json(
        200,
        &json!({ "data": teams, "total_count": total }).to_string(),
    )
}

#[tokio::test]
async fn all_pages_of_teams_are_read() {
    let pages = vec![teams(0..100, 150), teams(100..150, 150)];
    let wire = Wire::platform_sequence(pages).await;
    let listed = wire.team().teams().await.unwrap();
    assert_eq!(listed.len(), 150);
    assert_eq!(listed[149].team_id, "team_149");
    let lines: Vec<_> = wire.requests().into_iter().map(|one| one.line).collect();
    let path = "GET /api/v1/user/teams";
    assert_eq!(lines.len(), 2);
    for (line, offset) in lines.iter().zip(["offset=0", "offset=100"]) {
        assert!(line.starts_with(path) && line.contains(offset), "{line}");
        assert!(
            line.contains("limit=100") && !line.contains("team_4d2a"),
            "{line}"
        );
    }
    // A service that ignores the offset.
    let wire = Wire::platform(teams(0..100, 1_000_000)).await;
    assert_eq!(wire.personal().teams().await.unwrap().len(), 100);
    assert_eq!(wire.hits(), 2);
    let wire = Wire::platform(MockResponse::json(200, r#"{"data": []}"#)).await;
    assert!(wire.personal().teams().await.unwrap().is_empty());
}

/// Returns the ids of the list and the error at its end.
async fn list(runs: &Runs) -> (Vec<String>, Option<Error>) {
    let (mut list, mut ids) = (runs.list().page_size(2), Vec::new());
    loop {
        match list.try_next().await {
            Ok(Some(run)) => ids.push(run.id),
            Ok(None) => return (ids, None),
            Err(error) => {
                assert!(list.try_next().await.unwrap().is_none());
                return (ids, Some(error));
            }
        }
    }
}

#[tokio::test]
async fn every_run_of_all_pages_is_listed_once() {
    let wire = Wire::platform_sequence(vec![
        page(&["c", "b"], r#", "total": 3, "page": 1"#),
        // A run was created, so that `b` has moved to this page.
        page(&["b", "a"], r#", "total": 4, "page": 2"#),
        page(&["d", "c"], r#", "total": 4"#),
    ])
    .await;
    let (ids, error) = list(&wire.team().runs()).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(ids, ["c", "b", "a", "d"]);
    let lines: Vec<_> = wire.requests().into_iter().map(|one| one.line).collect();
    for (line, page) in lines.iter().zip(["page=1", "page=2", "page=1"]) {
        assert!(line.starts_with("GET /api/v1/rft/runs?"), "{line}");
        assert!(line.contains(page) && line.contains("limit=2"), "{line}");
        assert!(line.contains("team_id=team_4d2a"), "{line}");
        assert!(!line.contains("mine"), "{line}");
    }
}

#[tokio::test]
async fn missing_runs_are_an_error() {
    let wire = Wire::platform(page(&["b", "a"], r#", "total": 3"#)).await;
    let (ids, error) = list(&wire.personal().runs()).await;
    assert_eq!(ids, ["b", "a"]);
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Incomplete);
    assert_eq!(error.operation(), Some("list_runs"));
    assert!(error.to_string().contains("2 of 3"), "{error}");
    assert_eq!(wire.hits(), 6);
    let wire = Wire::platform(page(&["a"], r#", "total": -1"#)).await;
    assert!(list(&wire.personal().runs()).await.1.is_some());
}

#[tokio::test]
async fn a_run_that_cannot_be_read_is_an_error() {
    let broken = page(&["b", "a"], r#", "total": 2"#);
    let broken =
        broken.body(format!(r#"{{"runs": [{}, {{"id": 7}}], "total": 2}}"#, run("b")).into());
    let wire = Wire::platform(broken).await;
    let (ids, error) = list(&wire.personal().runs()).await;
    assert!(ids.is_empty());
    assert_eq!(error.unwrap().kind(), ErrorKind::UnexpectedResponse);
}

/// Older servers ignore the parameters, and return all runs without a total.
#[tokio::test]
async fn a_list_without_pages_is_read() {
    let wire = Wire::platform(page(&["c", "b", "a"], "")).await;
    let (ids, error) = list(&wire.personal().runs()).await;
    assert!(error.is_none() && ids == ["c", "b", "a"]);
    assert_eq!(wire.hits(), 1);
    let error = wire.personal().runs().list().mine().try_next().await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Incomplete);
    assert!(wire.requests()[1].line.contains("mine=true"));
}

#[tokio::test]
async fn a_setting_after_the_first_run_is_an_error() {
    let wire = Wire::platform(page(&["a"], "")).await;
    let mut runs = wire.personal().runs().list();
    runs.try_next().await.unwrap();
    let error = runs.mine().try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
}

/// The responses to a creation and to the look-up.
async fn create(name: Option<&str>, responses: Vec<MockResponse>) -> (Wire, Error) {
    let wire = Wire::platform_sequence(responses).await;
    let create = wire.team().runs().create(config());
    let create = match name {
        Some(name) => create.name(name),
        None => create,
    };
    let error = create.await.unwrap_err();
    (wire, error)
}

fn look_up(runs: &[(&str, &str, &str)]) -> MockResponse {
    let runs: Vec<_> = runs
        .iter()
        .map(|(id, name, created)| json!({ "id": id, "name": name, "status": "QUEUED", "createdAt": created }))
        .collect();
    let body = json!({ "runs": runs, "total": runs.len() }).to_string();
    MockResponse::json(200, &body).header("date", "Sat, 31 Jan 2026 12:00:10 GMT")
}

#[tokio::test]
async fn an_unknown_outcome_lists_the_runs_that_may_have_been_created() {
    let runs = [
        ("run_new", "first", "2026-01-31T12:00:09.9Z"),
        ("run_other", "second", "2026-01-31T12:00:09.9Z"),
        ("run_old", "first", "2026-01-31T12:00:00Z"),
    ];
    for failure in [
        MockResponse::json(500, "{}"),
        MockResponse::new(200, "text/html", "<html>"),
    ] {
        let responses = || vec![failure.clone(), look_up(&runs)];
        let (wire, error) = create(Some("first"), responses()).await;
        assert!(error.outcome_unknown());
        assert_eq!(error.operation(), Some("create_run"));
        let possible = error.possible_runs().unwrap();
        assert_eq!(possible.len(), 1);
        assert_eq!(possible[0].id, "run_new");
        let message = error.to_string();
        assert!(
            message.contains("run_new; its token cannot be obtained again"),
            "{message}"
        );
        let requests = wire.requests();
        assert_eq!(requests.len(), 2);
        let line = &requests[1].line;
        assert!(
            line.starts_with("GET /api/v1/rft/runs?") && line.contains("team_id=team_4d2a"),
            "{line}"
        );
        assert!(line.contains("mine=true"), "{line}");

        // Without a name, the service may have chosen one.
        let (_, error) = create(None, responses()).await;
        let ids: Vec<_> = error
            .possible_runs()
            .unwrap()
            .iter()
            .map(|run| &*run.id)
            .collect();
        assert_eq!(ids, ["run_new", "run_other"]);
        let (_, error) = create(Some("third"), responses()).await;
        assert!(error.possible_runs().unwrap().is_empty());
        assert!(error.to_string().contains("may be listed later"), "{error}");
    }
}

#[tokio::test]
async fn a_known_outcome_is_not_looked_up() {
    for status in [400, 401, 409, 422, 429] {
        let (wire, error) = create(None, vec![MockResponse::json(status, "{}")]).await;
        assert_eq!(wire.hits(), 1, "{status}");
        assert!(error.possible_runs().is_none());
    }
}

/// Of many runs, the message names three.
#[tokio::test]
async fn the_message_names_at_most_three_runs() {
    let runs = ["a", "b", "c", "d"].map(|id| (id, "first", "2026-01-31T12:00:10Z"));
    let (_, error) = create(
        Some("first"),
        vec![MockResponse::json(500, "{}"), look_up(&runs)],
    )
    .await;
    assert_eq!(error.possible_runs().unwrap().len(), 4);
    assert!(error.to_string().contains("a, b, c, …;"), "{error}");
}

#[tokio::test]
async fn a_failed_look_up_leaves_the_error_unchanged() {
    let lost = || MockResponse::json(500, r#"{"detail": "no luck"}"#);
    for failure in [
        MockResponse::json(403, r#"{"detail": "no access"}"#),
        MockResponse::json(500, "{}"),
        MockResponse::json(200, r#"{"runs": 7}"#),
        MockResponse::new(200, "text/html", "<html>"),
    ] {
        let (_, error) = create(None, vec![lost(), failure]).await;
        assert!(
            error.outcome_unknown() && error.possible_runs().is_none(),
            "{error:?}"
        );
        assert_eq!(error.status().unwrap(), 500);
        assert_eq!(error.message(), Some("no luck"));
        assert!(!error.to_string().contains("token"), "{error}");
    }
}

const REFUSED: &str = r#"{"detail": "administrators only"}"#;

/// The path of the provider's own client.
#[tokio::test]
async fn a_refused_deletion_uses_the_path_of_the_official_client() {
    for (body, deleted) in [
        ("{}", true),
        (r#"{"message": "ok"}"#, true),
        (r#"{"runId": "r", "deleted": true}"#, true),
        (r#"{"runId": "r", "deleted": false}"#, false),
    ] {
        let responses = vec![
            MockResponse::json(403, REFUSED),
            MockResponse::json(200, body),
        ];
        let wire = Wire::platform_sequence(responses).await;
        let deletion = wire.team().runs().delete("r").await.unwrap();
        assert_eq!(deletion.raw().deleted, deleted, "{body}");
        assert_eq!(deletion.run_id(), "r");
        let lines: Vec<_> = wire.requests().into_iter().map(|one| one.line).collect();
        assert_eq!(
            lines,
            [
                "DELETE /api/v1/training/runs/r",
                "DELETE /api/v1/rft/runs/r"
            ]
        );
    }
    let empty = MockResponse::bare(204, "");
    let wire = Wire::platform_sequence(vec![MockResponse::json(403, REFUSED), empty]).await;
    assert!(
        wire.personal()
            .runs()
            .ensure_deleted("r")
            .await
            .unwrap()
            .raw()
            .deleted
    );
    let other = MockResponse::json(200, r#"{"runId": "s"}"#);
    let wire = Wire::platform_sequence(vec![MockResponse::json(403, REFUSED), other]).await;
    let error = wire.personal().runs().delete("r").await.unwrap_err();
    assert!(error.outcome_unknown(), "{error}");
}

/// A run that the second path does not find is not taken for deleted.
#[tokio::test]
async fn a_deletion_that_both_paths_refuse_is_refused() {
    for status in [401, 403, 404, 405] {
        let responses = vec![
            MockResponse::json(403, REFUSED),
            MockResponse::json(status, "{}"),
        ];
        let wire = Wire::platform_sequence(responses.clone()).await;
        let error = wire.personal().runs().delete("r").await.unwrap_err();
        assert_eq!(error.status().unwrap(), 403, "{status}");
        assert_eq!(error.operation(), Some("delete_run"));
        assert_eq!(error.message(), Some("administrators only"));
        assert!(!error.outcome_unknown());
        let wire = Wire::platform_sequence(responses).await;
        let error = wire.personal().runs().ensure_deleted("r").await;
        assert_eq!(error.unwrap_err().status().unwrap(), 403);
        assert_eq!(wire.hits(), 2);
    }
    let responses = vec![
        MockResponse::json(403, REFUSED),
        MockResponse::json(409, "{}"),
    ];
    let wire = Wire::platform_sequence(responses).await;
    assert!(
        wire.personal()
            .runs()
            .delete("r")
            .await
            .unwrap_err()
            .is_conflict()
    );
    // After a lost response, 404 means that the run is gone.
    let responses = vec![
        MockResponse::json(403, REFUSED),
        MockResponse::json(500, "{}"),
        MockResponse::json(403, REFUSED),
        MockResponse::json(404, "{}"),
    ];
    let wire = Wire::platform_sequence(responses).await;
    let deletion = wire.personal().runs().ensure_deleted("r").await.unwrap();
    assert_eq!(deletion.outcome(), prime_ext::DeletionOutcome::NowOrBefore);
}
