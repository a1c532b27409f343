//! Writes reports of synthetic batches, for `cargo xtask conformance report`.
//!
//! The first argument is a folder. The others are names of batches; without any, all are written. Each report is
//! `NAME.html`. The output has one line for each: its name, its path, its size in bytes, and the milliseconds in which it
//! was written, separated by tabs. A ledger that exists is used again.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::time::Instant;

use prime_batch::Report;
use prime_batch::ledger::SqliteLedger;
use prime_batch::ledger::sqlite::Job;
use rusqlite::{Connection, params};

/// A request of a ledger. Times are in milliseconds after [`START`].
struct Request {
    id: String,
    model: &'static str,
    state: &'static str,
    attempts: u32,
    sent_at: i64,
    /// The time at which the request was done, and its latency.
    done: Option<(i64, i64)>,
    error: Option<(&'static str, String)>,
    /// What is known of the cost, and the upper bound.
    cost: (
        Option<&'static str>,
        Option<&'static str>,
        Option<&'static str>,
    ),
    tokens: Option<(i64, i64)>,
}

/// 2026-12-01, 09:30 UTC.
const START: i64 = 1_796_117_400_000;

const MODELS: [&str; 3] = [
    "meta-llama/llama-3.1-70b-instruct",
    "openai/gpt-oss-120b",
    "qwen/qwen3-235b-a22b-thinking-2507",
];

/// The batches: a name, the number of requests in the input, those in the ledger, and the budget.
type Batch = (&'static str, i64, i64, Option<&'static str>);

const BATCHES: [Batch; 10] = [
    ("empty", 0, 0, None),
    ("not-begun", 500, 0, Some("25")),
    ("one", 1, 1, None),
    ("ten", 10, 10, Some("0.01")),
    ("all-failed", 300, 300, Some("5")),
    ("one-moment", 5_000, 5_000, None),
    ("clock", 2_000, 2_000, None),
    ("paused", 20_000, 18_000, Some("40")),
    ("hostile", 400, 400, None),
    ("million", 1_000_000, 1_000_000, Some("1500")),
];

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().expect("a folder"));
    std::fs::create_dir_all(&folder).unwrap();
    let only: Vec<String> = arguments.collect();
    for batch in BATCHES {
        let (name, ..) = batch;
        if !only.is_empty() && !only.iter().any(|only| only == name) {
            continue;
        }
        let output = folder.join(format!("{name}.jsonl"));
        build(&output, batch);
        let page = folder.join(format!("{name}.html"));
        let start = Instant::now();
        Report::write_html(&output, &page).await.unwrap();
        let millis = start.elapsed().as_millis();
        let bytes = std::fs::metadata(&page).unwrap().len();
        println!("{name}\t{}\t{bytes}\t{millis}", page.display());
    }
}

/// Creates the ledger of a batch.
fn build(output: &Path, (name, requests, rows, budget): Batch) {
    let ledger = PathBuf::from(format!("{}.ledger", output.display()));
    if ledger.exists() {
        return;
    }
    let new = PathBuf::from(format!("{}.ledger", output.with_extension("new").display()));
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", new.display()));
    }
    let job = Job {
        endpoint: "https://api.pinference.ai/api/v1".to_owned(),
        team: (name != "one").then(|| "cm4xk2p9r0001l508g7h2c3d4".to_owned()),
        shard: (name == "million").then(|| "3/16".to_owned()),
        input: "evaluation/questions.jsonl".to_owned(),
        discards_content: false,
    };
    drop(SqliteLedger::open(&new, job).unwrap());
    let mut connection = Connection::open(&new).unwrap();
    connection
        .execute_batch("PRAGMA synchronous = OFF")
        .unwrap();
    let transaction = connection.transaction().unwrap();
    let sql = "UPDATE job SET requests = ?1, budget = ?2, level = 120, created_at = ?3";
    transaction
        .execute(sql, params![requests, budget, START - 4_000])
        .unwrap();
    let sql = "INSERT INTO request (id, hash, line, model, state, is_current, attempts, unknown_attempts, bound, token,
            sent_at, done_at, latency_ms, position, status, error_code, error, known_cost, estimated_cost, held,
            prompt_tokens, completion_tokens)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)";
    let mut insert = transaction.prepare(sql).unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    for number in 0..rows {
        let request = request(name, number, rows, &mut random);
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        let is_ambiguous = request.state == "ambiguous";
        let status = match request.state {
            "answered" => Some(200),
            "failed" => Some(400),
            _ => None,
        };
        let (known, estimated, held) = request.cost;
        let error = request.error.as_ref();
        insert
            .execute(params![
                request.id,
                hash,
                number + 1,
                request.model,
                request.state,
                number % 997 != 996,
                request.attempts,
                is_ambiguous,
                (number % 50 != 49).then_some("0.0042"),
                START + request.sent_at,
                request.done.map(|(at, _)| START + at),
                request.done.map(|(_, latency)| latency),
                request.done.is_some().then_some(number + 1),
                status,
                error.map(|(code, _)| code),
                error.map(|(_, message)| message),
                known,
                estimated,
                held,
                request.tokens.map(|(prompt, _)| prompt),
                request.tokens.map(|(_, completion)| completion),
            ])
            .unwrap();
    }
    drop(insert);
    transaction.commit().unwrap();
    drop(connection);
    std::fs::rename(&new, &ledger).unwrap();
}

fn request(name: &str, number: i64, rows: i64, random: &mut fastrand::Rng) -> Request {
    let share = number as f64 / rows as f64;
    let sent_at = match name {
        "one" | "one-moment" => 0,
        "ten" => number * 310,
        // The clock was set back by two minutes in the middle of the batch.
        "clock" => number * 150 - if share > 0.5 { 120_000 } else { 0 },
        // Stopped in the evening, and continued two days later.
        "paused" => number * 60 + if share > 0.6 { 172_800_000 } else { 0 },
        // Slow at first, and with a stall of ten minutes.
        "million" => {
            (share.powf(0.7) * 14_000_000.0) as i64 + if share > 0.7 { 600_000 } else { 0 }
        }
        _ => number * 200,
    };
    // Latencies have a long tail, and grow with the load.
    let tail = -random.f64().max(1e-9).ln();
    let load = if (0.4..0.55).contains(&share) {
        3.0
    } else {
        1.0
    };
    let latency = match name {
        "one-moment" => 1,
        _ => (400.0 + 900.0 * tail.powf(1.3) * load) as i64,
    };
    let is_moment = name == "one-moment";
    let completion = 20 + random.i64(0..400);
    let mut request = Request {
        id: format!("question-{number:07}"),
        model: MODELS[random.usize(..10).min(8) / 4],
        state: "answered",
        attempts: 1 + u32::from(random.u8(..) < 6),
        sent_at,
        done: Some((sent_at + if is_moment { 0 } else { latency }, latency)),
        error: None,
        cost: (
            Some(["0.00123", "0.000871", "0.0014402"][random.usize(..3)]),
            None,
            None,
        ),
        tokens: Some((80 + random.i64(0..900), completion)),
    };
    if random.u8(..) < 8 {
        request.cost = (None, Some("0.0011"), None);
    }
    if random.u16(..1_000) < 2 {
        request.tokens = None;
    }
    let fate = random.u16(..10_000);
    let failure = if name == "all-failed" || name == "hostile" {
        fate % 40
    } else {
        fate
    };
    if failure < 30 && name != "one" {
        request.state = "failed";
        request.cost = (None, None, None);
        request.tokens = None;
        let (code, message) = match failure % 4 {
            0 => (
                "context_length_exceeded",
                "400 Bad Request: the prompt has 140,211 tokens, but the model accepts only 131,072 (request req_7f3a, code context_length_exceeded)",
            ),
            1 => (
                "503",
                "503 Service Unavailable, after 11 attempts: no capacity for this model",
            ),
            2 => (
                "invalid_request_error",
                "400 Bad Request: `temperature` must be a number between 0 and 2",
            ),
            _ => ("timeout", "the response did not arrive within 600 s"),
        };
        request.error = Some((code, message.to_owned()));
    } else if failure < 40 && name != "one" && name != "one-moment" {
        request.state = "ambiguous";
        request.cost = (None, None, Some("0.0042"));
        request.tokens = None;
        let message = "the connection was closed before the response was complete";
        request.error = Some(("connection", message.to_owned()));
    } else if name == "paused" && number + 40 > rows {
        request.state = "sent";
        request.done = None;
        request.cost = (None, None, None);
        request.tokens = None;
    }
    if name == "hostile" {
        request.id = match number % 4 {
            0 => format!(
                "<script>console.error('ran {number}')</script><img src=x onerror=alert(1)>"
            ),
            1 => format!("\u{202e}{number}\0\r\n\u{1b}[31m</title></style></table></main>\"'`"),
            2 => format!("{number}-{}", "a".repeat(5_000)),
            _ => format!("漢字-{number}-{}", "🦀".repeat(300)),
        };
        if let Some((_, message)) = &mut request.error {
            *message = format!(
                "--></svg><link rel=stylesheet href=//example.com/{number}.css>{}",
                "&".repeat(4_000)
            );
        }
    }
    request
}
