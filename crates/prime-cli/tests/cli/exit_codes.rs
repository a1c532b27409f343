//! The exit code and the message of each kind of failure.

use prime_sim::Permission;

use crate::common::Cli;

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_the_service_have_their_codes() {
    let cli = Cli::start().await;
    for (model, code, text) in [
        ("sim/status?status=500", 7, "may have been carried out"),
        ("sim/status?status=401", 3, "prime-rs login"),
        ("sim/status?status=403", 3, "permissions"),
        ("sim/status?status=402", 4, "add funds"),
        ("no/model", 5, "prime-rs inference models"),
        ("sim/rate-limited", 6, "wait"),
        ("sim/quota", 6, "waiting does not help"),
        ("sim/lost-response", 7, "may have been carried out"),
        ("sim/status?status=400", 1, "400 Bad Request"),
    ] {
        let ran = cli
            .run(&["inference", "chat", model, "hi"])
            .fails(code, text);
        assert!(
            ran.stderr.starts_with("error: ") && ran.stdout.is_empty(),
            "{ran:?}"
        );
        assert!(
            !ran.stderr.contains("Client::"),
            "advice to programmers: {ran:?}"
        );
        let ran = cli
            .run(&["-o", "json", "inference", "chat", model, "hi"])
            .fails(code, "");
        let json: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
        assert_eq!(json["error"]["exit_code"], code, "{json}");
        assert_eq!(json["error"]["outcome_unknown"], code == 7, "{json}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_cut_off_is_a_failure() {
    let cli = Cli::start().await;
    let ran = cli
        .run(&["inference", "chat", "sim/cut-off", "hi", "--stream"])
        .fails(1, "cut off");
    assert!(!ran.stdout.is_empty(), "what arrived is shown: {ran:?}");
    let ran = cli.run(&[
        "inference",
        "chat",
        "sim/cut-off",
        "hi",
        "--stream",
        "-o",
        "json",
    ]);
    let lines: Vec<serde_json::Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(!lines.is_empty());
    ran.fails(1, "{\"error\":");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_there_is_advice() {
    let cli = Cli::start().await;
    for arguments in [
        &["wallet"][..],
        &["inference", "chat", "m", "hi"],
        &["train", "usage", "r"],
    ] {
        let ran = cli
            .command()
            .env_remove("PRIME_API_KEY")
            .args(arguments)
            .output()
            .unwrap();
        crate::common::Ran::from(ran).fails(3, "prime-rs login");
    }
    cli.command()
        .env("PRIME_API_KEY", "pit_wrong")
        .arg("wallet")
        .output()
        .map(crate::common::Ran::from)
        .unwrap()
        .fails(3, "401");
    assert_eq!(cli.sim.requests().len(), 1);
    let key = prime_sim::Key::new("pit_only_inference").only([Permission::Inference]);
    cli.sim.add_key(key);
    let ran = cli
        .command()
        .env("PRIME_API_KEY", "pit_only_inference")
        .arg("doctor")
        .output()
        .unwrap();
    let ran = crate::common::Ran::from(ran).fails(3, "2 of 4 checks failed");
    for part in [
        "ok      Inference API",
        "failed  training runs: get_run_usage: 403",
    ] {
        assert!(ran.stdout.contains(part), "{ran:?}");
    }
}

/// The advice is that of the program, and not that of the library.
#[tokio::test(flavor = "multi_thread")]
async fn plain_http_to_another_machine_must_be_allowed() {
    let cli = Cli::start().await;
    let wallet = |arguments: &[&str], allow: &str| {
        let mut command = cli.command();
        command
            .env("PRIME_API_BASE_URL", "http://sim.invalid")
            .env("PRIME_RS_ALLOW_HTTP", allow)
            .arg("wallet")
            .args(arguments);
        crate::common::Ran::from(command.output().unwrap())
    };
    for allow in ["", "0"] {
        let ran = wallet(&[], allow).fails(1, "--allow-http");
        assert!(!ran.stderr.contains("ClientBuilder"), "{ran:?}");
    }
    wallet(&["--allow-http"], "").fails(1, "cannot connect to http://sim.invalid");
    wallet(&[], "1").fails(1, "cannot connect to http://sim.invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage_sends_nothing() {
    let cli = Cli::start().await;
    for (arguments, text) in [
        (&["wallet", "-o", "xml"][..], "possible values"),
        (&["wallet", "--limit", "0"], "1..=100"),
        (&["wallet", "--limit", "3", "--all"], "cannot be used"),
        (
            &["inference", "models", "--sort", "size"],
            "possible values",
        ),
        (&["inference", "chat"], "required"),
        (&["inference", "chat", "sim/echo"], "empty"),
        (&["nonsense"], "unrecognized"),
        (&["train", "missing.toml", "--yes"], "missing.toml"),
        (&["train", "list", "--num", "0"], "1.."),
        (&["train", "list", "--all", "--page", "2"], "cannot be used"),
        (&["train", "logs", "r", "--tail", "5001"], "1..=5000"),
        (
            &["train", "logs", "r", "--since", "30s"],
            "from 60 s to 24 h",
        ),
        (&["train", "logs", "r", "--regex"], "--search"),
        (
            &["train", "logs", "r", "--level", "loud"],
            "possible values",
        ),
        (
            &["train", "logs", "r", "-c", "trainer", "--env", "e"],
            "env-server",
        ),
        (&["train", "logs", "r", "-c", "env-server"], "--env"),
        (&["teams", "list", "--limit", "0"], "1.."),
        (&["switch"], "pass `personal`"),
        (
            &["config", "set-base-url", "--json-schema"],
            "writes no JSON",
        ),
        (
            &["train", "usage", "r", "--watch", "--interval", "1"],
            "2..",
        ),
        (&["--context", "nowhere", "wallet"], "unknown context"),
        (
            &["--context", "../config", "wallet"],
            "not the name of a context",
        ),
    ] {
        cli.run(arguments).fails(2, text);
    }
    let ran = cli
        .run(&["wallet", "--limit", "0", "-o", "json"])
        .fails(2, "");
    let json: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(json["error"]["kind"], "usage");
    assert!(cli.sim.requests().is_empty());
}
