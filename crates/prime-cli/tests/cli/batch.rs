//! Batches, also if the program is interrupted and killed.

use std::collections::BTreeMap;
use std::time::Duration;

use prime_sim::{Fault, Operation};
use serde_json::{Value, json};

use crate::common::{Cli, Ran};

const MODEL: &str = "meta-llama/llama-3.1-70b-instruct";

pub(crate) fn write_questions(cli: &Cli, count: usize) {
    let line = |n: usize| {
        let body = json!({"model": MODEL, "messages": [{"role": "user", "content": format!("Question {n}?")}],
            "max_tokens": 20});
        format!("{}\n", json!({"custom_id": format!("q{n}"), "body": body}))
    };
    cli.write("questions.jsonl", &(0..count).map(line).collect::<String>());
}

/// Returns how often each question was carried out, by the simulator's own count.
fn carried_out(cli: &Cli) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for request in cli.sim.requests() {
        let is_answered = request.status.is_some_and(|status| status.is_success());
        if request.operation == Some(Operation::CreateChatCompletion) && is_answered {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let question = body["messages"][0]["content"].as_str().unwrap();
            *counts.entry(question.to_owned()).or_default() += 1;
        }
    }
    counts
}

fn answers(cli: &Cli) -> usize {
    let text = std::fs::read_to_string(cli.home.join("answers.jsonl")).unwrap_or_default();
    let ids = text.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["custom_id"].as_str().unwrap().to_owned()
    });
    let ids: Vec<String> = ids.collect();
    let distinct: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "an answer is written twice");
    ids.len()
}

pub(crate) const RUN: [&str; 6] = [
    "batch",
    "run",
    "questions.jsonl",
    "answers.jsonl",
    "-j",
    "16",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_batch_pays_nothing_twice() {
    let cli = Cli::start().await;
    write_questions(&cli, 1_000);
    let delay = Fault::delay(Duration::from_millis(30)).on(Operation::CreateChatCompletion);
    cli.sim.inject(delay);
    let mut seed = 7_u64;
    for _ in 0..20 {
        let before = cli.sim.requests().len();
        let mut child = cli.command().args(RUN).spawn().unwrap();
        // The models, and a question.
        while cli.sim.requests().len() < before + 2 && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        std::thread::sleep(Duration::from_millis((seed >> 33) % 80));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    // What was in flight when the program was killed is still carried out.
    std::thread::sleep(Duration::from_millis(100));
    let ran = cli.run(&RUN);
    let status = cli
        .run(&["batch", "status", "answers.jsonl", "-o", "json"])
        .json();
    let ambiguous = status["ambiguous"].as_u64().unwrap();
    // Those in flight, those that were recorded early, and those whose answers were not recorded yet.
    assert!(ambiguous > 0 && ambiguous <= 20 * 24, "{status}");
    ran.fails(7, "--ambiguous ask-again");
    let first = carried_out(&cli);
    assert!(
        first.values().all(|count| *count == 1),
        "a question was paid twice"
    );
    assert_eq!(status["answered"].as_u64().unwrap() + ambiguous, 1_000);
    assert_eq!(answers(&cli) as u64, 1_000 - ambiguous);

    let again = [&RUN[..], &["--ambiguous", "ask-again"]].concat();
    cli.run(&again).succeeds();
    assert_eq!(answers(&cli), 1_000);
    let second = carried_out(&cli);
    let repeated = second.values().filter(|count| **count == 2).count() as u64;
    assert!(repeated <= ambiguous && second.values().all(|count| *count <= 2));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_finishes_what_is_in_flight() {
    let cli = Cli::start().await;
    write_questions(&cli, 500);
    let delay = Fault::delay(Duration::from_millis(200)).on(Operation::CreateChatCompletion);
    cli.sim.inject(delay);
    let child = cli.command().args(RUN).spawn().unwrap();
    while carried_out(&cli).len() < 20 {
        std::thread::sleep(Duration::from_millis(20));
    }
    let id = child.id().to_string();
    let status = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(status.unwrap().success());
    let ran = Ran::from(child.wait_with_output().unwrap());
    let ran = ran.fails(130, "prime-rs batch run questions.jsonl answers.jsonl");
    assert!(ran.stderr.contains("Finishing"), "{ran:?}");
    let status = cli
        .run(&["batch", "status", "answers.jsonl", "-o", "json"])
        .json();
    assert_eq!(status["ambiguous"], 0, "{status}");
    assert_eq!(
        status["answered"].as_u64().unwrap(),
        carried_out(&cli).len() as u64
    );
    assert_eq!(status["is_running"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_change_while_a_batch_runs() {
    let cli = Cli::start().await;
    write_questions(&cli, 300);
    let delay = Fault::delay(Duration::from_millis(20)).on(Operation::CreateChatCompletion);
    cli.sim.inject(delay);
    let slow = [&RUN[..], &["--requests-per-minute", "60"]].concat();
    let child = cli.command().args(slow).spawn().unwrap();
    while carried_out(&cli).is_empty() {
        std::thread::sleep(Duration::from_millis(20));
    }
    // Another process is refused, and is told by whom.
    cli.run(&RUN)
        .fails(1, &format!("in use by process {}", child.id()));
    let status = cli
        .run(&["batch", "status", "answers.jsonl", "-o", "json"])
        .json();
    assert_eq!(status["is_running"], true);
    let set = [
        "batch",
        "set",
        "answers.jsonl",
        "--requests-per-minute",
        "600000",
        "-o",
        "json",
    ];
    assert_eq!(cli.run(&set).json()["requests_per_minute"], 600_000);
    Ran::from(child.wait_with_output().unwrap()).succeeds();
    assert_eq!(answers(&cli), 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_say_what_to_do() {
    let cli = Cli::start().await;
    write_questions(&cli, 3);
    cli.run(&["batch", "run", "questions.jsonl", "questions.jsonl"])
        .fails(2, "is the input");
    cli.run(&["batch", "run", "nothing.jsonl", "answers.jsonl"])
        .fails(1, "nothing.jsonl");
    cli.run(&["batch", "status", "answers.jsonl"])
        .fails(5, "`batch run` creates it");
    cli.run(&[
        "batch",
        "run",
        "questions.jsonl",
        "answers.jsonl",
        "--shard",
        "4/3",
    ])
    .fails(2, "not a shard");
    cli.write("bad.jsonl", "{}\n[]\n");
    let ran = cli.run(&["batch", "run", "bad.jsonl", "bad-answers.jsonl"]);
    ran.fails(2, "\n  line 2: not a JSON object");
    cli.sim.inject(
        Fault::status(400)
            .on(Operation::CreateChatCompletion)
            .once(),
    );
    cli.run(&RUN).fails(1, "prime-rs batch retry");
    cli.run(&["batch", "retry", "questions.jsonl", "answers.jsonl"])
        .succeeds();
    let budget = [
        "batch",
        "run",
        "questions.jsonl",
        "more.jsonl",
        "--budget",
        "0.000001",
    ];
    cli.run(&budget).fails(1, "raise --budget");
    let auth = cli
        .command()
        .args(["batch", "run", "questions.jsonl", "x.jsonl"])
        .env("PRIME_API_KEY", "wrong")
        .output();
    Ran::from(auth.unwrap()).fails(3, "the models cannot be listed");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg(unix)]
async fn the_verbs_of_a_cluster_run_another_program() {
    use std::os::unix::fs::PermissionsExt as _;

    let cli = Cli::start().await;
    let run = |arguments: &[&str]| {
        let mut command = cli.command();
        Ran::from(
            command
                .env("PATH", &cli.home)
                .args(arguments)
                .output()
                .unwrap(),
        )
    };
    let missing = run(&["batch", "worker", "--ledger", "postgres://localhost/batch"]);
    missing.fails(
        1,
        "cargo install --locked --path crates/prime-batch-temporal",
    );

    let program = cli.write("prime-rs-batch", "#!/bin/sh\necho \"$@\"\nexit 7\n");
    std::fs::set_permissions(program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let url = "--ledger=postgres://localhost/batch";
    for (arguments, expected) in [
        (
            &["batch", "submit", "in", "out", "--budget", "5"][..],
            "submit in out --budget 5",
        ),
        (
            &["-o", "json", "batch", "pause", "out"],
            "-o json pause out",
        ),
        (&["batch", "--plain", "cancel", "out"], "--plain cancel out"),
        (
            &["batch", "status", "out", url, "--watch"],
            &format!("status out {url} --watch"),
        ),
        (
            &["batch", "set", "out", url, "--rate", "60"],
            &format!("set out {url} --rate 60"),
        ),
    ] {
        let ran = run(arguments);
        assert_eq!(
            (ran.code, ran.stdout.trim()),
            (Some(7), expected),
            "{ran:?}"
        );
    }
    // Without a ledger of a cluster, they are about a file.
    run(&["batch", "status", "answers.jsonl"]).fails(5, "`batch run` creates it");
}
