//! Runs the server against the simulator, with the client of the SDK that it is built on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;
use std::time::Duration;

use prime_ext::{Client, Usd};
use prime_mcp::{Options, Server};
use prime_sim::{Fault, Operation, Simulator};
use rmcp::ServiceExt as _;
use rmcp::model::{CallToolRequestParams, CallToolResult, ReadResourceRequestParams};
use rmcp::service::{RoleClient, RunningService};
use serde_json::{Value, json};

const MODEL: &str = "meta-llama/llama-3.1-70b-instruct";

struct Lab {
    sim: Simulator,
    client: RunningService<RoleClient, ()>,
    folder: PathBuf,
    server: tokio::task::JoinHandle<Result<(), prime_mcp::Error>>,
}

impl Lab {
    async fn new(name: &str, options: Options) -> Self {
        let sim = Simulator::builder().start().await.unwrap();
        let prime = Client::builder()
            .api_key(sim.key())
            .inference_url(sim.inference_url())
            .platform_url(sim.platform_url())
            .build()
            .unwrap();
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        let server = tokio::spawn(Server::new(prime, options).serve(ours));
        let client = ().serve(theirs).await.unwrap();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("prime-mcp-{name}"));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self {
            sim,
            client,
            folder,
            server,
        }
    }

    async fn names(&self) -> Vec<String> {
        let tools = self.client.list_all_tools().await.unwrap();
        tools
            .into_iter()
            .map(|tool| tool.name.into_owned())
            .collect()
    }

    async fn result(&self, name: &str, arguments: Value) -> CallToolResult {
        let params = CallToolRequestParams::new(name.to_owned());
        let arguments = arguments.as_object().unwrap().clone();
        let result = self
            .client
            .call_tool(params.with_arguments(arguments))
            .await;
        let result = result.unwrap();
        let text = serde_json::to_string(&result).unwrap();
        assert!(
            !text.contains(self.sim.key()),
            "the key is in a result of {name}"
        );
        result
    }

    /// Calls a tool that succeeds.
    async fn call(&self, name: &str, arguments: Value) -> Value {
        let result = self.result(name, arguments).await;
        let text = text(&result);
        assert_ne!(result.is_error, Some(true), "{name}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Calls a tool that fails.
    async fn fail(&self, name: &str, arguments: Value) -> String {
        let result = self.result(name, arguments).await;
        assert_eq!(result.is_error, Some(true), "{result:?}");
        text(&result)
    }

    fn chats(&self) -> usize {
        let requests = self.sim.requests();
        let chats = requests.iter().map(|request| request.operation);
        chats
            .filter(|operation| *operation == Some(Operation::CreateChatCompletion))
            .count()
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

fn text(result: &CallToolResult) -> String {
    let content = serde_json::to_value(&result.content).unwrap();
    content[0]["text"].as_str().unwrap().to_owned()
}

fn usd(amount: &str) -> Usd {
    amount.parse().unwrap()
}

fn question(tokens: u32) -> Value {
    json!({"model": MODEL, "prompt": "Why?", "max_tokens": tokens})
}

#[tokio::test]
async fn nothing_that_spends_is_listed_without_its_flag() {
    let reading = Lab::new("reading", Options::new()).await;
    let names = reading.names().await;
    assert!(
        names.contains(&"models".to_owned()) && names.len() == 10,
        "{names:?}"
    );
    for name in [
        "chat",
        "batch_start",
        "batch_stop",
        "run_create",
        "run_delete",
    ] {
        assert!(!names.contains(&name.to_owned()));
        let params = CallToolRequestParams::new(name);
        assert!(
            reading.client.call_tool(params).await.is_err(),
            "{name} can be called"
        );
    }
    let spending = Lab::new("spending", Options::new().allow_spend(usd("1"))).await;
    let names = spending.names().await;
    assert!(names.contains(&"chat".to_owned()) && !names.contains(&"run_create".to_owned()));
    let runs = Lab::new("runs", Options::new().allow_runs()).await;
    let names = runs.names().await;
    assert!(names.contains(&"run_create".to_owned()) && !names.contains(&"chat".to_owned()));
}

/// Strict hosts reject combinations at the top, and types that are lists.
#[tokio::test]
async fn strict_hosts_accept_the_schemas() {
    fn check(schema: &Value, path: &str) {
        if let Value::Object(keywords) = schema {
            let types = keywords.get("type");
            assert!(
                types.is_none_or(|types| types.is_string() || types.is_object()),
                "{path}: {schema}"
            );
            for keyword in ["oneOf", "anyOf", "allOf", "$ref"] {
                assert!(!keywords.contains_key(keyword), "{path}: {schema}");
            }
            keywords
                .iter()
                .for_each(|(name, value)| check(value, &format!("{path}/{name}")));
        }
    }
    let lab = Lab::new("schemas", Options::new().allow_spend(usd("1")).allow_runs()).await;
    for tool in lab.client.list_all_tools().await.unwrap() {
        let schema = Value::Object((*tool.input_schema).clone());
        assert_eq!(schema["type"], "object", "{}", tool.name);
        check(&schema, &tool.name);
        let description = tool.description.unwrap();
        let says_cost = ["ost", "COST"]
            .iter()
            .any(|word| description.contains(word));
        assert!(says_cost, "{}: {description}", tool.name);
        for (name, property) in schema["properties"].as_object().unwrap() {
            assert!(property["description"].is_string(), "{}: {name}", tool.name);
        }
    }
}

#[tokio::test]
async fn what_only_reads_works() {
    let lab = Lab::new("reads", Options::new()).await;
    let models = lab
        .call("models", json!({"search": "LLAMA", "limit": 1}))
        .await;
    assert_eq!(models["models"][0]["id"], MODEL);
    let estimate = lab.call("estimate", question(10)).await;
    assert!(estimate["at_most_usd"].is_number() || estimate["at_most_usd"].is_string());
    lab.sim
        .bill(None, ("training", "run_1"), usd("1.25"))
        .unwrap();
    let wallet = lab.call("wallet", json!({"limit": 2})).await;
    assert_eq!(wallet["rows"].as_array().unwrap().len(), 2);
    assert_eq!(wallet["next_offset"], 2);
    let sums = lab
        .call("wallet", json!({"sums_by": "resource_type"}))
        .await;
    assert!(!sums["sums"].as_array().unwrap().is_empty());
    assert_eq!(lab.call("runs", json!({})).await["total"], 0);
    let settings = lab.call("settings", json!({})).await;
    assert_eq!(settings["api_key"]["value"], "[redacted]");
    assert_eq!(settings["spending"]["limit_usd"], json!(null));
    let resources = lab.client.list_all_resources().await.unwrap();
    assert_eq!(resources.len(), 3);
    for resource in resources {
        let params = ReadResourceRequestParams::new(resource.uri.clone());
        lab.client.read_resource(params).await.unwrap();
    }
    assert!(
        lab.fail("wallet", json!({"sums_by": "week"}))
            .await
            .contains("resource_type")
    );
    assert!(
        lab.fail("run", json!({"run_id": "none"}))
            .await
            .contains("404")
    );
    assert!(
        lab.fail("run", json!({"id": "x"}))
            .await
            .contains("unknown field `id`")
    );
    assert!(
        lab.fail("estimate", json!({"model": "no", "prompt": "Why?"}))
            .await
            .contains("`models` lists")
    );
    assert_eq!(lab.chats(), 0);
}

#[tokio::test]
async fn the_limit_holds() {
    let lab = Lab::new("limit", Options::new().allow_spend(usd("0.0001"))).await;
    let answer = lab.call("chat", question(20)).await;
    assert!(
        answer["text"].is_string() && !answer["cost_usd"].is_null(),
        "{answer}"
    );
    let left = answer["left_of_limit_usd"].to_string();
    assert_ne!(left, "0.0001");
    // The bound of this one is larger than the limit.
    let before = lab.chats();
    assert!(
        lab.fail("chat", question(1_000_000))
            .await
            .contains("of the limit of $0.0001 are left")
    );
    assert_eq!(lab.chats(), before, "nothing is sent");
    // Questions until the limit is used up.
    let mut asked = 0;
    while lab.result("chat", question(20)).await.is_error != Some(true) {
        asked += 1;
        assert!(asked < 100);
    }
    let spent = usd("100.00") - lab.sim.wallet(None).unwrap().balance;
    assert!(spent <= usd("0.0001") && spent > Usd::ZERO, "{spent}");
    assert!(
        lab.fail("chat", json!({"model": "nvidia/nope", "prompt": "x"}))
            .await
            .contains("does not exist")
    );
}

#[tokio::test]
async fn a_lost_answer_stays_reserved() {
    let lab = Lab::new("lost", Options::new().allow_spend(usd("1"))).await;
    let fault = Fault::lost_response()
        .on(Operation::CreateChatCompletion)
        .once();
    lab.sim.inject(fault);
    let error = lab.fail("chat", question(20)).await;
    assert!(
        error.contains("unknown whether the call was carried out"),
        "{error}"
    );
    let settings = lab.call("settings", json!({})).await;
    let left = usd(settings["spending"]["left_usd"]
        .to_string()
        .trim_matches('"'));
    assert!(left < usd("1"), "{left}");
    // A refusal costs nothing.
    lab.sim.inject(
        Fault::status(400)
            .on(Operation::CreateChatCompletion)
            .once(),
    );
    lab.fail("chat", question(20)).await;
    let settings = lab.call("settings", json!({})).await;
    assert_eq!(
        left,
        usd(settings["spending"]["left_usd"]
            .to_string()
            .trim_matches('"'))
    );
}

#[tokio::test]
async fn a_batch_runs_within_its_budget() {
    let lab = Lab::new("batch", Options::new().allow_spend(usd("1"))).await;
    let lines: String = (0..40)
        .map(|n| {
            let body = json!({"model": MODEL, "messages": [{"role": "user", "content": format!("{n}?")}], "max_tokens": 20});
            format!("{}\n", json!({"custom_id": format!("q{n}"), "body": body}))
        })
        .collect();
    std::fs::write(lab.path("in.jsonl"), lines).unwrap();
    let estimate = lab
        .call("batch_estimate", json!({"input": lab.path("in.jsonl")}))
        .await;
    assert_eq!(estimate["requests"], 40);
    let (input, output) = (lab.path("in.jsonl"), lab.path("out.jsonl"));
    let too_much = json!({"input": input, "output": output, "budget_usd": "2"});
    assert!(
        lab.fail("batch_start", too_much)
            .await
            .contains("of the limit of $1 are left")
    );
    lab.sim
        .inject(Fault::delay(Duration::from_millis(100)).on(Operation::CreateChatCompletion));
    let start =
        json!({"input": input, "output": output, "budget_usd": "0.5", "max_concurrency": 4});
    let started = lab.call("batch_start", start.clone()).await;
    assert_eq!(started["requests"], 40);
    assert!(
        lab.fail("batch_start", start.clone())
            .await
            .contains("runs this batch already")
    );
    lab.call("batch_stop", json!({"output": output})).await;
    let status = json!({"output": output});
    while lab.call("batch_status", status.clone()).await["is_running"] == true {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let stopped = lab.call("batch_status", status.clone()).await;
    assert!(stopped["unsent"].as_u64().unwrap() > 0, "{stopped}");
    lab.sim.clear_faults();
    lab.call("batch_start", start).await;
    while lab.call("batch_status", status.clone()).await["answered"] != 40 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(lab.chats(), 40);
    // Only what was spent counts.
    let mut left = Usd::ZERO;
    for _ in 0..50 {
        let settings = lab.call("settings", json!({})).await;
        left = usd(settings["spending"]["left_usd"]
            .to_string()
            .trim_matches('"'));
        if left > usd("0.9") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let spent = usd("100.00") - lab.sim.wallet(None).unwrap().balance;
    assert_eq!(usd("1") - left, spent);
    assert!(
        lab.fail("batch_stop", json!({"output": output}))
            .await
            .contains("does not run this batch")
    );
}

#[tokio::test]
async fn a_batch_stops_with_the_session() {
    let lab = Lab::new("session", Options::new().allow_spend(usd("1"))).await;
    let body = json!({"model": MODEL, "messages": [{"role": "user", "content": "Why?"}], "max_tokens": 20});
    let lines: String = (0..400).map(|_| format!("{body}\n")).collect();
    std::fs::write(lab.path("in.jsonl"), lines).unwrap();
    lab.sim
        .inject(Fault::delay(Duration::from_millis(100)).on(Operation::CreateChatCompletion));
    let output = lab.path("out.jsonl");
    let start = json!({"input": lab.path("in.jsonl"), "output": output, "budget_usd": "0.5", "max_concurrency": 4});
    lab.call("batch_start", start).await;
    lab.client.cancel().await.unwrap();
    lab.server.await.unwrap().unwrap();
    let report = prime_batch::Report::of(&output).await.unwrap();
    assert!(!report.job.is_running);
    let count = |state| report.count(state);
    assert!(count(prime_batch::State::Unsent) > 0, "{report}");
    assert_eq!(count(prime_batch::State::Ambiguous), 0, "{report}");
}

#[tokio::test]
async fn runs_are_created_with_a_token_in_a_file() {
    let lab = Lab::new("create", Options::new().allow_runs()).await;
    let config = "max_steps = 20\n[model]\nname = \"Qwen/Qwen3-0.6B\"\n";
    let token = lab.path("run.token");
    let create = json!({"config_toml": config, "name": "first", "hourly_usd": "12.5", "max_hours": 4, "token_file": token});
    let run = lab.call("run_create", create.clone()).await;
    assert_eq!(run["cost_after_max_hours_usd"], "50.00");
    let secret = std::fs::read_to_string(&token).unwrap();
    assert!(!run.to_string().contains(secret.trim()));
    // The file of a token is not overwritten, and no second run is created.
    assert!(
        lab.fail("run_create", create)
            .await
            .contains("nothing was sent")
    );
    assert_eq!(lab.sim.runs().len(), 1);
    let id = run["run_id"].as_str().unwrap();
    assert_eq!(lab.call("runs", json!({})).await["total"], 1);
    lab.call("run", json!({"run_id": id})).await;
    lab.call("run_usage", json!({"run_id": id})).await;
    lab.call("run_logs", json!({"run_id": id, "lines": 5}))
        .await;
    lab.call("run_delete", json!({"run_id": id})).await;
    // An unknown outcome names the runs that it may have created.
    lab.sim
        .inject(Fault::lost_response().on(Operation::CreateRun).once());
    let create = json!({"config_toml": config, "name": "second", "hourly_usd": "12.5", "max_hours": 4,
        "token_file": lab.path("second.token")});
    let error = lab.fail("run_create", create).await;
    assert!(error.contains("runs that may be this one: ["), "{error}");
}
