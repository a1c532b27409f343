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
    let ran = crate::common::Ran::from(ran).fails(3, "403");
    assert!(ran.stdout.contains("ok      Inference API"), "{ran:?}");
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
