//! Listing, reading, pausing and restarting runs.

use std::time::Duration;

use prime_sim::{Fault, Operation};
use serde_json::{Value, json};

use crate::common::Cli;

/// The fields of a run, in the order of the official client.
const FIELDS: [&str; 41] = [
    "id",
    "name",
    "user_id",
    "team_id",
    "cluster_id",
    "prime_cluster_id",
    "status",
    "kind",
    "rollouts_per_example",
    "seq_len",
    "max_steps",
    "max_tokens",
    "batch_size",
    "loss",
    "teacher",
    "base_model",
    "environments",
    "run_config",
    "eval_config",
    "val_config",
    "buffer_config",
    "learning_rate",
    "lora_alpha",
    "max_inflight_rollouts",
    "oversampling_factor",
    "max_async_level",
    "volume_name",
    "gpu_count",
    "wandb_entity",
    "wandb_project",
    "wandb_run_name",
    "runs_ahead",
    "queue_reason",
    "notice",
    "started_at",
    "completed_at",
    "error_message",
    "created_at",
    "updated_at",
    "failure_analysis",
    "source_commit",
];

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

/// A run with every field that the official client reads.
const FULL: &str = r#"{
    "id": "run_1", "name": "n", "userId": "u", "teamId": "t", "rftClusterId": "c", "primeClusterId": "p",
    "status": "FAILED", "kind": "DEDICATED_FULL_FT", "rolloutsPerExample": 1, "seqLen": 2, "maxSteps": 3,
    "maxTokens": 4, "batchSize": 5, "loss": "sft", "teacherConfig": {"a": 1}, "baseModel": "m",
    "environments": [{"id": "e1"}, {"slug": "o/e2", "id": "x"}, {"taskset": {"id": "e3"}}, {}], "runConfig": {},
    "evalConfig": {"b": 2}, "valConfig": {}, "bufferConfig": {}, "learningRate": 1e-5, "loraAlpha": 16,
    "maxInflightRollouts": 7, "oversamplingFactor": 1.5, "maxAsyncLevel": 2, "volumeName": "v", "gpuCount": 8,
    "wandbEntity": "we", "wandbProject": "wp", "wandbRunName": "wn", "runsAhead": 3, "queueReason": "q",
    "notice": "no\u001b[2Jtice", "startedAt": "2026-01-02T03:04:05Z", "completedAt": "2026-01-02T03:04:05.25Z",
    "errorMessage": "out of memory", "createdAt": "2026-01-02T03:00:00Z", "updatedAt": "2026-01-02T03:05:00Z",
    "failureAnalysis": {"rootCause": "batch too large", "evidence": ["CUDA OOM"], "confidence": 0.9},
    "sourceCommit": "abc", "unknown": 1
}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_has_the_fields_of_the_official_client() {
    let cli = Cli::start().await;
    let run = cli.start_run();
    let got = cli.run(&["train", "get", &run, "-o", "json"]).json();
    assert_eq!(keys(&got["run"]), FIELDS);
    assert_eq!(
        (&got["run"]["id"], &got["run"]["loss"]),
        (&json!(run), &json!("rl"))
    );
    cli.run(&["train", "get", "run_nowhere"]).fails(5, "404");
    let full = Fault::status(200)
        .body(format!(r#"{{"run": {FULL}}}"#))
        .header("content-type", "application/json");
    cli.sim.inject(full.on(Operation::GetRun));
    let got = cli.run(&["train", "get", "run_1", "-o", "json"]).json();
    let run = &got["run"];
    assert_eq!(keys(run), FIELDS);
    for (field, expected) in [
        ("cluster_id", json!("c")),
        ("teacher", json!({"a": 1})),
        ("learning_rate", json!(1e-5)),
        ("loss", json!("sft")),
        ("started_at", json!("2026-01-02 03:04:05+00:00")),
        ("completed_at", json!("2026-01-02 03:04:05.250000+00:00")),
    ] {
        assert_eq!(run[field], expected, "{field}");
    }
    assert!(
        run.as_object()
            .unwrap()
            .values()
            .all(|value| !value.is_null()),
        "{run}"
    );
    let text = cli.run(&["train", "get", "run_1"]).succeeds().stdout;
    for part in [
        "FAILED",
        "out of memory",
        "batch too large",
        "(confidence 90%)",
        "CUDA OOM",
        "e1, o/e2, e3 (+1)",
        "we/wp",
        "2026-01-02 03:04",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    assert!(!text.contains('\u{1b}'), "{text:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_listed_by_page_and_all_at_once() {
    let cli = Cli::with_stopped_clock().await;
    let started: Vec<String> = (0..45).map(|_| cli.start_run()).collect();
    let list = |arguments: &[&str]| {
        cli.run(&[&["train", "list", "-o", "json"], arguments].concat())
            .json()
    };
    let ids = |list: &Value| -> Vec<String> {
        let runs = list["runs"].as_array().unwrap().iter();
        runs.map(|run| run["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let newest: Vec<String> = started.iter().rev().cloned().collect();
    let first = list(&[]);
    assert_eq!(keys(&first), ["runs", "total", "page", "per_page"]);
    assert_eq!(keys(&first["runs"][0]), FIELDS);
    assert_eq!(
        (&first["total"], &first["page"], &first["per_page"]),
        (&json!(45), &json!(1), &json!(20))
    );
    assert_eq!(ids(&first), newest[..20]);
    assert_eq!(ids(&list(&["-n", "10", "-p", "5", "--mine"])), newest[40..]);
    assert_eq!(ids(&list(&["--all"])), newest);
    assert!(ids(&list(&["--team", cli.sim.team()])).is_empty());
    let ran = cli.run(&["train", "ls", "-n", "2"]).succeeds();
    assert!(
        ran.stdout.contains(&newest[0]) && ran.stderr.contains("--page 2"),
        "{ran:?}"
    );
    cli.run(&["train", "list", "--page", "9"])
        .fails(0, "No more runs");
    // An older service returns all runs, in any order.
    let run = |id: &str, day: u32| json!({"id": id, "status": "RUNNING", "createdAt": format!("2026-01-0{day}T00:00:00Z")});
    let old = Fault::status(200)
        .body(json!({ "runs": [run("a", 1), run("c", 3), run("b", 2)] }).to_string())
        .header("content-type", "application/json");
    cli.sim.inject(old.on(Operation::ListRuns));
    let page = list(&["-n", "2"]);
    assert_eq!(
        (ids(&page), &page["total"]),
        (vec!["c".to_owned(), "b".to_owned()], &json!(3))
    );
    cli.run(&["train", "list", "--mine"])
        .fails(1, "does not support --mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_shown_filtered_and_followed() {
    let cli = Cli::start().await;
    let run = cli.start_run();
    let followed = cli.run(&["train", "logs", &run, "--follow"]).succeeds();
    assert!(followed.stdout.contains("run queued"), "{followed:?}");
    let all = cli.run(&["train", "logs", &run, "--raw"]).succeeds().stdout;
    assert_eq!(all, followed.stdout, "a log that was followed is complete");
    let lines = cli
        .run(&["train", "logs", &run, "--all", "-o", "json"])
        .succeeds()
        .stdout;
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), all.lines().count());
    assert_eq!(lines[0]["line"], all.lines().next().unwrap());
    let last = cli
        .run(&["train", "logs", &run, "-n", "1"])
        .succeeds()
        .stdout;
    assert_eq!(
        last.lines().collect::<Vec<_>>(),
        [all.lines().last().unwrap()]
    );
    let arguments = [
        "train", "logs", &run, "--search", "a b", "--regex", "--level", "error", "--since", "1h",
        "--env", "rev/0",
    ];
    cli.run(&arguments).fails(1, "regular expressions");
    let url = cli.sim.requests().pop().unwrap().query.unwrap();
    for part in [
        "search=a",
        "regex=true",
        "level=ERROR",
        "since_seconds=3600",
        "env_name=rev&",
        "component=env-server",
    ] {
        assert!(format!("{url}&").contains(part), "{part} is not in {url}");
    }
    cli.run(&["train", "logs", "run_nowhere"]).fails(5, "404");
    cli.run(&["train", "logs", "run_nowhere", "-f"])
        .fails(5, "404");
}

/// Lines that were not read are missed only with a warning.
#[tokio::test(flavor = "multi_thread")]
async fn a_gap_in_a_followed_log_is_reported() {
    let cli = Cli::with_stopped_clock().await;
    let run = cli.start_run();
    let logs = |text: &str| {
        let body = json!({ "logs": text }).to_string();
        let fault = Fault::status(200)
            .body(body)
            .header("content-type", "application/json");
        cli.sim.inject(fault.on(Operation::GetRunLogs).once());
    };
    logs("a\nb");
    let mut command = cli.command();
    let child = command.args(["train", "logs", &run, "-f"]).spawn().unwrap();
    while cli.count(Operation::GetRunLogs) == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    logs("y\nz");
    cli.sim.advance(Duration::from_secs(3600));
    let ran = crate::common::Ran::from(child.wait_with_output().unwrap()).succeeds();
    assert_eq!(ran.stdout, "a\nb\ny\nz\n");
    assert!(ran.stderr.contains("lines may be missing"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_paused_resumed_and_restarted() {
    let cli = Cli::with_stopped_clock().await;
    let run = cli.start_run();
    cli.run(&["train", "pause", &run, "--force"])
        .fails(1, "409");
    cli.sim.advance(Duration::from_secs(20));
    let restarted = cli
        .run(&["train", "restart", &run, "-y", "-o", "json"])
        .json();
    assert_eq!(restarted, json!({"runId": run, "status": "PENDING"}));
    cli.sim.advance(Duration::from_secs(10));
    let paused = cli
        .run(&["train", "pause", &run, "-f", "-o", "json"])
        .json();
    assert_eq!(paused, json!({"runId": run, "status": "PAUSING"}));
    cli.run(&["train", "resume", &run, "-y"]).fails(1, "409");
    cli.sim.advance(Duration::from_secs(10));
    let mut command = cli.command();
    command
        .env("HF_TOKEN", "hf_1")
        .args(["train", "resume", &run, "-f", "-o", "json"]);
    command.args([
        "-e",
        "HF_TOKEN",
        "--gpu-type",
        "H200_141GB",
        "--image-tag",
        "v2",
        "--save-token",
        "run.token",
    ]);
    let resumed = crate::common::Ran::from(command.output().unwrap()).json();
    let request = cli.sim.requests().pop().unwrap();
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        body,
        json!({"gpuType": "H200_141GB", "imageTag": "v2", "hfToken": "hf_1"})
    );
    assert_ne!(resumed["run"]["runId"], run);
    assert!(cli.home.join("run.token").is_file());
    // A restart is never repeated, and its outcome is unknown if the response is lost.
    let run = cli.running_run();
    cli.sim
        .inject(Fault::lost_response().on(Operation::RestartRun).once());
    let before = cli.count(Operation::RestartRun);
    cli.run(&["train", "restart", &run, "-f"])
        .fails(7, &format!("prime-rs train get {run}"));
    assert_eq!(cli.count(Operation::RestartRun), before + 1);
}
