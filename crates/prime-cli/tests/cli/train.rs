//! Starting and ending runs.

use prime_sim::{Fault, Operation};
use serde_json::{Value, json};

use crate::common::{CONFIG, Cli, Ran};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_without_a_confirmation() {
    let cli = Cli::start().await;
    cli.write("rl.toml", CONFIG);
    for (arguments, flag) in [
        (&["train", "rl.toml"][..], "--yes"),
        (&["train", "create", "rl.toml"], "--yes"),
        (&["train", "run", "rl.toml", "-o", "json"], "--yes"),
        (&["train", "stop", "r"], "--force"),
        (&["train", "delete", "r"], "--force"),
        (&["train", "pause", "r"], "--force"),
        (&["train", "restart", "r", "-o", "json"], "--force"),
        (&["train", "resume", "r"], "--yes"),
        (
            &["train", "usage", "r", "-w", "--delete-at-cost", "1"],
            "--yes",
        ),
    ] {
        cli.run(arguments)
            .fails(2, flag)
            .fails(2, "nothing was sent");
        // A text that is piped in is no confirmation.
        cli.run_with(arguments, "y\n").fails(2, flag);
    }
    assert!(cli.sim.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_flag_has_the_other_name() {
    let cli = Cli::start().await;
    cli.write("rl.toml", CONFIG);
    for flag in ["-y", "--yes", "-f", "--force"] {
        let run = cli.run(&["train", flag, "rl.toml", "-o", "json"]).json();
        let id = run["run"]["runId"].as_str().unwrap();
        let stopped = cli.run(&["train", "stop", id, flag, "-o", "json"]).json();
        assert_eq!(stopped["runId"], id);
        let deleted = cli.run(&["train", "delete", id, flag, "-o", "json"]).json();
        assert_eq!(
            deleted,
            json!({"runId": id, "deleted": true, "outcome": "deleted"})
        );
        cli.run(&["train", "delete", id, flag])
            .fails(5, "there is no run");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_is_sent_as_the_official_client_does() {
    let cli = Cli::start().await;
    cli.write(".env", "# secrets\nHF_TOKEN = \"${PART}_2\"\nnothing\n");
    let config = "name = \"ä\" # name\nimage_tag = \"v1\"\nenv_files = [\n  \".env\",\n]\nvolume = \"v\"\n[model]\nname = \"m\"\n";
    cli.write("runs/rl.toml", &config.replace(".env", "../.env"));
    let mut command = cli.command();
    command
        .env("PART", "hf_1")
        .args(["train", "runs/rl.toml", "-y", "-o", "json"]);
    command.args([
        "-e",
        "WANDB_API_KEY='w'",
        "--gpu-type",
        "H200_141GB",
        "--image-tag",
        "v2",
        "--resume-from",
        "run_0",
    ]);
    let ran = Ran::from(command.output().unwrap());
    assert!(ran.stderr.contains(".env:3: skipped"), "{ran:?}");
    let run = ran.json();
    assert_eq!(
        run["run"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["runId"]
    );
    let body: Value = serde_json::from_slice(&cli.sim.requests().pop().unwrap().body).unwrap();
    let expected = json!({
        "config": {"name": "ä", "model": {"name": "m"}},
        "name": "ä", "imageTag": "v2", "gpuType": "H200_141GB", "volume": "v", "resumeFrom": "run_0",
        "hfToken": "hf_1_2", "wandbApiKey": "w",
    });
    assert_eq!(body, expected);
    let before = cli.sim.requests().len();
    cli.write(
        "sft.toml",
        "max_steps = 1\n[model]\nname = \"m\"\n[data]\nname = \"d\"\n",
    );
    cli.run(&["train", "sft.toml", "-y", "-o", "json"]).json();
    let body: Value = serde_json::from_slice(&cli.sim.requests()[before].body).unwrap();
    assert_eq!(body["mode"], "sft");
    for (text, reason) in [
        ("model = \"m\"", "LoRA"),
        ("[[env]]\nid = \"e\"", "LoRA"),
        ("volume_size = \"1Ti\"", "no volumes"),
        ("env_files = 1", "list of paths"),
        ("env_file = \"no.env\"", "no.env"),
        ("a = \n", "rl.toml"),
        ("[x]\nhf_token = \"hf_secret\"", "hf_token"),
    ] {
        cli.write("rl.toml", text);
        let ran = cli.run(&["train", "rl.toml", "-y"]).fails(2, reason);
        assert!(!ran.stderr.contains("hf_secret"));
    }
    cli.write("rl.toml", CONFIG);
    cli.run(&["train", "rl.toml", "-y", "-e", "OTHER=1"])
        .fails(2, "OTHER");
    cli.run(&["train", "rl.toml", "-y", "-e", "HF_TOKEN"])
        .fails(2, "not set");
    assert_eq!(cli.sim.requests().len(), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_names_the_runs_that_may_exist() {
    let cli = Cli::with_stopped_clock().await;
    let paused = cli.paused_run();
    let create = &["train", "rl.toml", "-y"][..];
    let resume = &["train", "resume", &paused, "-y"][..];
    for (arguments, operation) in [
        (create, Operation::CreateRun),
        (resume, Operation::ResumeRun),
    ] {
        let lose = || cli.sim.inject(Fault::lost_response().on(operation).once());
        let before = (cli.sim.runs().len(), cli.count(operation));
        lose();
        let ran = cli.run(arguments).fails(7, "was not sent again");
        let runs = cli.sim.runs();
        assert_eq!(
            (runs.len(), cli.count(operation)),
            (before.0 + 1, before.1 + 1),
            "it is not sent again"
        );
        let id = &runs.last().unwrap().id;
        for text in [
            &format!("{id}  "),
            "token cannot be obtained again",
            "prime-rs train get ",
        ] {
            assert!(ran.stderr.contains(text), "{text:?} is not in {ran:?}");
        }
        lose();
        let ran = cli
            .run(&[arguments, &["-o", "json"]].concat())
            .fails(7, "was not sent again");
        assert!(ran.stdout.is_empty());
        let error: Value = serde_json::from_str(&ran.stderr).unwrap();
        let possible = error["error"]["possible_runs"].as_array().unwrap();
        let id = cli.sim.runs().pop().unwrap().id;
        assert!(possible.iter().any(|run| run["id"] == id), "{error}");
        let fields: Vec<_> = possible[0].as_object().unwrap().keys().collect();
        assert_eq!(fields, ["id", "name", "status", "created_at"]);
        // A failed look-up leaves the error as it was.
        lose();
        cli.sim
            .inject(Fault::status(404).on(Operation::ListRuns).once());
        let ran = cli
            .run(&[arguments, &["-o", "json"]].concat())
            .fails(7, "was not sent again");
        let error: Value = serde_json::from_str(&ran.stderr).unwrap();
        assert_eq!(error["error"].get("possible_runs"), None, "{error}");
        assert_eq!(cli.count(operation), before.1 + 3);
    }
    cli.sim
        .inject(Fault::status(402).on(Operation::CreateRun).once());
    let ran = cli.run(create).fails(4, "add funds");
    assert!(!ran.stderr.contains("may be it"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_saved_for_the_owner_only_and_never_shown() {
    let cli = Cli::start().await;
    cli.write("rl.toml", CONFIG);
    let create = ["train", "rl.toml", "-y", "--save-token", "run.token"];
    let ran = cli.run(&create).succeeds();
    let token = std::fs::read_to_string(cli.home.join("run.token")).unwrap();
    assert!(!token.is_empty() && !ran.stdout.contains(&token) && !ran.stderr.contains(&token));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(cli.home.join("run.token"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    cli.run(&create).fails(2, "exists already");
    cli.run(&["train", "rl.toml", "-y", "--save-token", "no/run.token"])
        .fails(2, "no such directory");
    assert_eq!(cli.sim.runs().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_ends_with_the_run() {
    let cli = Cli::start().await;
    let run = cli.start_run();
    let ran = cli
        .run(&[
            "train",
            "usage",
            &run,
            "--watch",
            "--interval",
            "2",
            "-o",
            "json",
        ])
        .succeeds();
    let lines: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.last().unwrap()["status"], "COMPLETED", "{lines:?}");
    let ran = cli
        .run(&["train", "usage", &run, "--watch", "-n", "2"])
        .succeeds();
    assert!(
        ran.stdout.contains("COMPLETED") && ran.stdout.lines().count() == 1,
        "{ran:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn global_flags_may_come_before_the_verb() {
    let cli = Cli::start().await;
    cli.write("rl.toml", CONFIG);
    for flag in ["--plain", "--no-color", "--allow-http"] {
        cli.run(&[flag, "train", "rl.toml", "-y"]).succeeds();
        cli.run(&["train", flag, "rl.toml", "-y"]).succeeds();
        cli.run(&["train", flag, "list"]).succeeds();
    }
    let list = cli.run(&["train", "--json-schema", "list"]).json();
    assert_eq!(list["title"], "Runs");
    assert_eq!(
        cli.run(&["train", "--json-schema"]).json()["title"],
        "CreatedRun"
    );
}
