//! The JSON of each verb has the fields of the official client, prime 0.18.0.

use serde_json::Value;

use crate::common::Cli;

#[track_caller]
fn has_fields(value: &Value, expected: &[&str]) {
    let fields: Vec<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(fields, expected);
}

const WALLET: [&str; 6] = [
    "wallet_id",
    "team_id",
    "balance_usd",
    "currency",
    "total_billings",
    "recent_billings",
];

#[tokio::test(flavor = "multi_thread")]
async fn wallet_and_usage_have_the_fields_of_the_official_client() {
    let cli = Cli::start().await;
    cli.sim
        .bill(None, ("training", "run_1"), "1.25".parse().unwrap())
        .unwrap();
    let wallet = cli.run(&["wallet", "--output", "json"]).json();
    has_fields(&wallet, &WALLET);
    let row = &wallet["recent_billings"][0];
    has_fields(
        row,
        &[
            "id",
            "created_at",
            "updated_at",
            "last_billed_at",
            "amount_usd",
            "currency",
            "resource_type",
            "resource_id",
        ],
    );
    assert_eq!(row["amount_usd"], 1.25);
    let run = cli.start_run();
    let usage = cli.run(&["train", "usage", &run, "-o", "json"]).json();
    has_fields(
        &usage,
        &[
            "run_id",
            "run_name",
            "base_model",
            "status",
            "training",
            "inference",
            "total_tokens",
            "total_cost_usd",
            "pricing",
            "record_count",
        ],
    );
    for part in ["training", "inference"] {
        has_fields(
            &usage[part],
            &["tokens", "input_tokens", "output_tokens", "cost_usd"],
        );
    }
    has_fields(
        &usage["pricing"],
        &[
            "training_per_mtok",
            "inference_input_per_mtok",
            "inference_output_per_mtok",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_rows_are_read_and_summed() {
    let cli = Cli::start().await;
    for i in 0..250 {
        let kind = if i % 2 == 0 { "training" } else { "compute" };
        cli.sim
            .bill(None, (kind, "r"), "0.01".parse().unwrap())
            .unwrap();
    }
    let wallet = cli.run(&["wallet", "--all", "-o", "json"]).json();
    has_fields(&wallet, &WALLET);
    let total = wallet["total_billings"].as_u64().unwrap();
    assert!(total >= 250);
    assert_eq!(
        wallet["recent_billings"].as_array().unwrap().len() as u64,
        total
    );
    let sums = cli
        .run(&[
            "wallet",
            "--by",
            "day",
            "--by",
            "resource-type",
            "-o",
            "json",
        ])
        .json();
    let types = sums["sums"]["by_resource_type"].as_array().unwrap();
    let rows = |name: &str| {
        types
            .iter()
            .find(|sum| sum["resource_type"] == name)
            .unwrap()["rows"]
            .as_u64()
            .unwrap()
    };
    assert!(
        rows("training") >= 125 && rows("compute") >= 125,
        "{types:?}"
    );
    for name in ["by_day", "by_resource_type"] {
        let rows = sums["sums"][name]
            .as_array()
            .unwrap()
            .iter()
            .map(|sum| sum["rows"].as_u64().unwrap());
        assert_eq!(rows.sum::<u64>(), total);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn models_are_selected_and_sorted() {
    let cli = Cli::start().await;
    let ids = |arguments: &[&str]| -> Vec<String> {
        let list = cli.run(arguments).json();
        has_fields(&list, &["object", "data"]);
        let ids = list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|model| model["id"].as_str().unwrap().to_owned());
        ids.collect()
    };
    let all = ids(&["inference", "models", "-o", "json"]);
    assert_eq!(
        all.last().unwrap(),
        "anthropic/claude-3-5-sonnet-20241022",
        "hosted models come first: {all:?}"
    );
    let dearest = ids(&[
        "inference",
        "models",
        "-s",
        "output",
        "-d",
        "desc",
        "-o",
        "json",
    ]);
    assert_eq!(dearest[0], "meta-llama/llama-3.1-70b-instruct");
    assert_eq!(
        dearest[4], "prime-intellect/intellect-3",
        "without a price: {dearest:?}"
    );
    assert_eq!(
        ids(&["inference", "models", "-q", "LLAMA", "-o", "json"]).len(),
        1
    );
    let plain = cli
        .run(&["--plain", "inference", "models", "-q", "gpt"])
        .succeeds()
        .stdout;
    assert!(
        plain.contains("$0.05") && !plain.contains('\x1b'),
        "{plain}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_those_of_the_service() {
    let cli = Cli::start().await;
    let text = cli.run(&["inference", "chat", "sim/echo", "hi"]).succeeds();
    assert_eq!((text.stdout.as_str(), text.stderr.as_str()), ("hi\n", ""));
    assert_eq!(
        cli.run_with(&["inference", "chat", "sim/echo"], " hi \n")
            .succeeds()
            .stdout,
        "hi\n"
    );
    assert_eq!(
        cli.run(&["inference", "chat", "sim/echo", "hi", "--stream"])
            .succeeds()
            .stdout,
        "hi\n"
    );
    let arguments = [
        "inference",
        "chat",
        "sim/echo",
        "hi",
        "-s",
        "Be brief.",
        "-t",
        "0.5",
        "--max-tokens",
        "900",
        "--reasoning-effort",
        "low",
        "-o",
        "json",
    ];
    let answer = cli.run(&arguments).json();
    assert_eq!(answer["choices"][0]["message"]["content"], "hi");
    let request = cli.sim.requests().pop().unwrap();
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let expected = serde_json::json!({
        "model": "sim/echo", "temperature": 0.5, "max_tokens": 900, "reasoning_effort": "low",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}],
    });
    assert_eq!(body, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_are_saved_and_continued() {
    let cli = Cli::start().await;
    let ran = cli
        .run_with(&["chat", "sim/echo"], "one\n/save talk.json\n")
        .succeeds();
    assert_eq!(ran.stdout, "one\n");
    let ran = cli
        .run_with(
            &["chat", "--load", "talk.json"],
            "two\n/undo\n/cost\n/quit\nthree\n",
        )
        .succeeds();
    assert!(ran.stdout.starts_with("two\n1 responses: $"), "{ran:?}");
    let body = cli.sim.requests().pop().unwrap().body;
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["messages"].as_array().unwrap().len(), 3, "{body}");
    cli.run_with(&["chat", "sim/cut-off"], "one\ntwo\n")
        .fails(1, "cut off");
    cli.run_with(&["chat", "--load", "rl.toml"], "")
        .fails(2, "rl.toml");
}

/// A row that cannot be read is reported, and the others are shown.
#[tokio::test(flavor = "multi_thread")]
async fn unreadable_rows_are_a_failure() {
    let cli = Cli::start().await;
    let row = |id: &str, amount: &str| {
        format!(
            r#"{{"id": "{id}", "amount_usd": {amount}, "currency": "USD", "resource_type": "disks",
                "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}}"#
        )
    };
    let wallet = format!(
        r#"{{"wallet_id": "w", "balance_usd": 1, "currency": "USD", "total_billings": 2,
            "recent_billings": [{}, {}]}}"#,
        row("b1", "\"much\""),
        row("b2", "0.10")
    );
    let fault = prime_sim::Fault::status(200)
        .body(wallet)
        .header("content-type", "application/json");
    cli.sim.inject(fault.on(prime_sim::Operation::GetWallet));
    for arguments in [
        &["wallet", "-o", "json"][..],
        &["wallet", "--all", "-o", "json"],
    ] {
        let ran = cli.run(arguments).fails(1, "1 rows cannot be read");
        let wallet: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(
            wallet["recent_billings"].as_array().unwrap().len(),
            1,
            "{wallet}"
        );
        assert!(
            ran.stdout.contains("0.10"),
            "amounts keep their digits: {}",
            ran.stdout
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_the_environment_need_no_home() {
    let cli = Cli::start().await;
    cli.write(".prime/config.json", "not JSON");
    let ran = cli
        .command()
        .env("PRIME_TEAM_ID", cli.sim.team())
        .args(["wallet", "-o", "json"])
        .output();
    crate::common::Ran::from(ran.unwrap()).json();
}
