//! The settings files, also if the program is killed.

use serde_json::json;

use crate::common::{Cli, Ran};

/// Runs the program without the key of the environment.
fn run(cli: &Cli, arguments: &[&str]) -> Ran {
    cli.command()
        .env_remove("PRIME_API_KEY")
        .args(arguments)
        .output()
        .unwrap()
        .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn login_keeps_unknown_keys_and_the_order() {
    let cli = Cli::start().await;
    let path = cli.write(
        ".prime/config.json",
        r#"{"zebra": [1], "api_key": "old", "user_id": "u", "team_id": null}"#,
    );
    run(&cli, &["login", "--api-key", " \"pit_new_key_1234\" "]).succeeds();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        text,
        "{\n  \"zebra\": [\n    1\n  ],\n  \"api_key\": \"pit_new_key_1234\",\n  \"team_id\": null\n}\n"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    let view = run(&cli, &["config", "view"]).succeeds().stdout;
    assert!(
        view.contains("pit_ne...1234") && !view.contains("pit_new_key"),
        "{view}"
    );
    cli.run_with(&["login"], "pit_from_stdin\n").succeeds();
    assert_eq!(cli.config()["api_key"], "pit_from_stdin");
    cli.run_with(&["login"], "two words\n")
        .fails(2, "whitespace");
    cli.run_with(&["login"], "\n").fails(2, "no API key");
    assert_eq!(cli.config()["api_key"], "pit_from_stdin");
    run(&cli, &["logout", "-y"]).succeeds();
    assert_eq!(cli.config()["api_key"], "");
    assert_eq!(cli.config()["zebra"], json!([1]));
    assert!(cli.sim.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_is_not_replaced() {
    let cli = Cli::start().await;
    let path = cli.write(".prime/config.json", "{\"api_key\": \"pit_secret");
    let ran = run(&cli, &["login", "--api-key", "pit_1"]).fails(1, "invalid JSON at line 1");
    assert!(!ran.stderr.contains("pit_secret"));
    assert_eq!(
        std::fs::read_to_string(path).unwrap(),
        "{\"api_key\": \"pit_secret"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn contexts_are_saved_used_and_deleted() {
    let cli = Cli::start().await;
    let team = "c0123456789abcdefghijklmn";
    run(&cli, &["login", "--api-key", "pit_1"]).succeeds();
    run(&cli, &["config", "set-team-id", team]).succeeds();
    run(
        &cli,
        &["config", "set-base-url", "https://api.example.com/api/v1/"],
    )
    .succeeds();
    run(&cli, &["config", "save", "lab"]).succeeds();
    run(&cli, &["config", "use", "lab"]).succeeds();
    assert_eq!(cli.config()["current_environment"], "lab");
    // Changes apply to the current context too.
    run(&cli, &["switch", "personal"]).succeeds();
    let lab = std::fs::read_to_string(cli.home.join(".prime/environments/lab.json")).unwrap();
    let lab: serde_json::Value = serde_json::from_str(&lab).unwrap();
    assert_eq!(
        (&lab["team_id"], &lab["api_key"]),
        (&json!(null), &json!("pit_1"))
    );
    run(&cli, &["config", "use", "production"]).succeeds();
    let config = cli.config();
    assert_eq!(config["base_url"], "https://api.primeintellect.ai");
    assert_eq!(config["api_key"], "pit_1");
    run(&cli, &["--context", "lab", "switch", "personal"]).fails(2, "read-only");
    run(&cli, &["config", "save", "../x"]).fails(2, "not the name");
    run(&cli, &["config", "delete", "lab"]).succeeds();
    run(&cli, &["config", "use", "lab"]).fails(2, "unknown context");
    run(&cli, &["config", "set-team-id", "not-a-team"]).fails(2, "not the id of a team");
    run(&cli, &["config", "reset"]).fails(2, "--yes");
    run(&cli, &["config", "reset", "--yes"]).succeeds();
    assert_eq!(cli.config()["api_key"], "");
}

/// A request with a temporary context goes to the URL and the team of the context.
#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_context_applies_to_requests() {
    let cli = Cli::start().await;
    let context = json!({"team_id": cli.sim.team(), "base_url": cli.sim.platform_url()});
    cli.write(".prime/environments/lab.json", &context.to_string());
    cli.write(
        ".prime/config.json",
        &json!({"api_key": cli.sim.key(), "base_url": "https://127.0.0.1:1"}).to_string(),
    );
    let wallet = |arguments: &[&str], context: &str| -> serde_json::Value {
        let mut command = cli.command();
        command
            .env_remove("PRIME_API_KEY")
            .env_remove("PRIME_API_BASE_URL");
        command
            .env("PRIME_CONTEXT", context)
            .args(arguments)
            .args(["wallet", "-o", "json"]);
        Ran::from(command.output().unwrap()).json()
    };
    let by_flag = wallet(&["-c", "lab"], "");
    let by_variable = wallet(&[], "lab");
    assert_eq!(by_flag["team_id"], cli.sim.team());
    assert_eq!(by_flag, by_variable);
}

/// Another process sees the old file or the new one, even if this one is killed.
#[tokio::test(flavor = "multi_thread")]
#[cfg(unix)]
async fn the_file_is_never_half_written() {
    let cli = Cli::start().await;
    let padding = "x".repeat(200_000);
    cli.write(
        ".prime/config.json",
        &json!({"padding": padding, "api_key": "pit_0"}).to_string(),
    );
    let begin = std::time::Instant::now();
    run(&cli, &["login", "--api-key", "pit_0"]).succeeds();
    let time = begin.elapsed();
    let mut seen = std::collections::BTreeSet::new();
    for i in 0..60 {
        let key = format!("pit_{}", i % 2);
        let mut child = cli
            .command()
            .env_remove("PRIME_API_KEY")
            .args(["login", "--api-key", &key])
            .spawn()
            .unwrap();
        // From at once to long after the file was replaced.
        std::thread::sleep(time * i / 20);
        drop(child.kill());
        child.wait().unwrap();
        let config = cli.config();
        assert_eq!(config["padding"].as_str().unwrap().len(), padding.len());
        seen.insert(config["api_key"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        seen.len(),
        2,
        "the file was written at least once: {seen:?}"
    );
}
