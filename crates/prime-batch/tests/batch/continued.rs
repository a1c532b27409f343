//! Batches that are continued after they were stopped or killed.

use std::time::Duration;

use prime_batch::ledger::sqlite::{Job, LedgerReader};
use prime_batch::ledger::{Admission, Ledger as _, Sending, SqliteLedger};
use prime_batch::{AskAgain, Control, Error, Input, Request, State};
use prime_sim::Fault;
use serde_json::json;

use crate::support::{Lab, MODEL, client, line};

/// Records a request as sent, as a process does that is killed afterwards.
async fn leave_as_sent(lab: &Lab, id: &str, question: &str) {
    let body = json!({"model": MODEL, "messages": [{"role": "user", "content": question}], "max_tokens": 20});
    let request = Request::new(id, body.to_string()).unwrap();
    let job = Job::of(
        &lab.client,
        lab.path("questions.jsonl").display().to_string(),
    );
    let ledger = SqliteLedger::open(lab.path("answers.jsonl.ledger"), job).unwrap();
    let sending = Sending {
        key: request.key().clone(),
        line: 1,
        model: MODEL.to_owned(),
        body: Some(request.body().clone()),
        bound: Some("0.01".parse().unwrap()),
        again: AskAgain::default(),
    };
    let admission = ledger.sent(sending).await.unwrap();
    assert!(matches!(admission, Admission::Admitted(_)));
}

#[tokio::test]
async fn a_request_without_outcome_is_ambiguous() {
    let lab = Lab::new("ambiguous").await;
    lab.input(10);
    leave_as_sent(&lab, "q3", "Question 3?").await;
    for _ in 0..2 {
        let report = lab.batch().run(&lab.client).await.unwrap();
        assert_eq!(
            (
                report.count(State::Answered),
                report.count(State::Ambiguous)
            ),
            (9, 1)
        );
        assert!(!report.is_complete());
        assert_eq!(lab.errors()["q3"]["error"]["code"], "ambiguous");
    }
    // Not even with the failed ones.
    lab.batch().retry_failed().run(&lab.client).await.unwrap();
    assert_eq!(lab.carried_out().get("Question 3?"), None);

    let report = lab
        .batch()
        .ask_ambiguous_again()
        .run(&lab.client)
        .await
        .unwrap();
    assert!(report.is_complete(), "{report}");
    assert_eq!(report.totals().unknown_attempts, 1);
    assert_eq!(lab.answers().len(), 10);
    assert!(lab.errors().is_empty());
    assert!(lab.carried_out().values().all(|count| *count == 1));
}

#[tokio::test]
async fn a_torn_output_is_repaired_and_a_lost_one_is_written_again() {
    let lab = Lab::new("torn").await;
    lab.input(30);
    lab.batch().run(&lab.client).await.unwrap();
    let path = lab.path("answers.jsonl");
    let whole = std::fs::read(&path).unwrap();
    let ledger = rusqlite_of(&lab);
    // As if the process had been killed after some lines, or in the middle of one.
    for (written, size) in [(0, 0), (0, 10), (10, whole.len() / 2), (10, whole.len())] {
        let bytes = line_end(&whole, written);
        let size = size.max(bytes);
        ledger(written, bytes);
        std::fs::write(&path, &whole[..size]).unwrap();
        assert!(lab.batch().run(&lab.client).await.unwrap().is_complete());
        assert!(
            std::fs::read(&path).unwrap() == whole,
            "{written} lines, {size} bytes"
        );
    }
    // Zeros at the end, after a power failure.
    ledger(10, line_end(&whole, 10));
    let mut torn = whole[..line_end(&whole, 12) + 5].to_vec();
    torn.extend([0; 100]);
    std::fs::write(&path, &torn).unwrap();
    lab.batch().run(&lab.client).await.unwrap();
    assert!(std::fs::read(&path).unwrap() == whole);
    // A lost or shortened file.
    std::fs::remove_file(&path).unwrap();
    lab.batch().run(&lab.client).await.unwrap();
    assert!(std::fs::read(&path).unwrap() == whole);
    // Lines of something else are not removed.
    let mut other = whole.clone();
    other.extend(b"{\"my\": \"notes\"}\n");
    std::fs::write(&path, &other).unwrap();
    let error = lab.batch().run(&lab.client).await.unwrap_err();
    assert!(matches!(error, Error::Output { .. }), "{error}");
    assert!(std::fs::read(&path).unwrap() == other);
    assert!(lab.carried_out().values().all(|count| *count == 1));
}

/// Returns a function that changes what the ledger knows of the output.
fn rusqlite_of(lab: &Lab) -> impl Fn(usize, usize) + use<> {
    let path = lab.path("answers.jsonl.ledger");
    move |position, bytes| {
        let connection = rusqlite::Connection::open(&path).unwrap();
        let sql = "UPDATE job SET output_position = ?1, output_bytes = ?2";
        connection
            .execute(sql, [position as i64, bytes as i64])
            .unwrap();
    }
}

/// Returns the size of a number of lines.
fn line_end(text: &[u8], lines: usize) -> usize {
    text.split_inclusive(|byte| *byte == b'\n')
        .take(lines)
        .map(<[u8]>::len)
        .sum()
}

#[tokio::test]
async fn a_stopped_batch_finishes_what_is_in_flight() {
    let lab = Lab::new("stopped").await;
    lab.sim.inject(Fault::delay(Duration::from_millis(50)));
    lab.input(200);
    let control = Control::new();
    let stop = control.clone();
    let batch = lab.batch().concurrency(1, 20).control(&control);
    let batch = batch.on_outcome(move |_| stop.stop());
    let report = batch.run(&lab.client).await.unwrap();
    let answered = report.count(State::Answered);
    assert!((1..=60).contains(&answered), "{report}");
    assert_eq!(report.count(State::Unsent), 200 - answered);
    assert_eq!(report.count(State::Ambiguous), 0);
    assert_eq!(lab.carried_out().len() as u64, answered);
    lab.sim.clear_faults();
    assert!(lab.batch().run(&lab.client).await.unwrap().is_complete());
    let carried_out = lab.carried_out();
    assert_eq!(carried_out.len(), 200);
    assert!(carried_out.values().all(|count| *count == 1));
}

#[tokio::test]
async fn an_edited_line_is_asked_anew() {
    let lab = Lab::new("edited").await;
    lab.input(5);
    lab.batch().run(&lab.client).await.unwrap();
    let lines = [
        line("q0", "Question 0?"),
        line("q1", "Edited?"),
        line("new", "New?"),
    ];
    // Another order, and other white space.
    let text = lines
        .iter()
        .rev()
        .map(|line| line.replace(",\"", ",  \""))
        .collect::<String>();
    lab.write("questions.jsonl", text);
    let report = lab.batch().run(&lab.client).await.unwrap();
    assert!(report.is_complete(), "{report}");
    let ids: Vec<String> = lab.answers().into_keys().collect();
    assert_eq!(ids, ["new", "q0", "q1"]);
    assert_eq!(lab.carried_out().len(), 7);
    assert!(lab.carried_out().values().all(|count| *count == 1));
    // All seven answers are still in the ledger, and come back with the old input.
    assert_eq!((report.totals().answered, report.former_answers()), (7, 4));
    lab.input(5);
    lab.batch().run(&lab.client).await.unwrap();
    assert_eq!(lab.answers().len(), 5);
    assert_eq!(lab.carried_out().len(), 7);
}

#[tokio::test]
async fn a_batch_has_one_process_one_account_and_one_endpoint() {
    let lab = Lab::new("one-process").await;
    lab.input(3);
    let job = Job::of(&lab.client, "");
    let path = lab.path("answers.jsonl.ledger");
    let ledger = SqliteLedger::open(&path, job).unwrap();
    let error = lab.batch().run(&lab.client).await.unwrap_err().to_string();
    assert!(
        error.contains("in use by process") && error.contains(&std::process::id().to_string()),
        "{error}"
    );
    // It can be read meanwhile.
    let reader = LedgerReader::open(&path).unwrap();
    assert!(reader.job().unwrap().is_running);
    drop(ledger);
    assert!(!reader.job().unwrap().is_running);

    let team = lab.client.team(lab.sim.team());
    let error = lab.batch().run(&team).await.unwrap_err().to_string();
    assert!(
        error.contains("belongs to account personal") && error.contains(lab.sim.team()),
        "{error}"
    );
    let other = prime_sim::Simulator::start().await.unwrap();
    let error = lab
        .batch()
        .run(&client(&other))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("belongs to endpoint"), "{error}");
    let shard = Input::new(lab.path("questions.jsonl")).shard("1/2".parse().unwrap());
    drop(shard);
    assert!(lab.carried_out().is_empty());
    assert!(lab.batch().run(&lab.client).await.unwrap().is_complete());
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_the_ledger() {
    use std::os::unix::fs::PermissionsExt as _;

    let lab = Lab::new("mode").await;
    lab.input(1);
    lab.batch().run(&lab.client).await.unwrap();
    let metadata = std::fs::metadata(lab.path("answers.jsonl.ledger")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_newer_ledger_is_not_changed() {
    let lab = Lab::new("newer").await;
    lab.input(1);
    lab.batch().run(&lab.client).await.unwrap();
    let path = lab.path("answers.jsonl.ledger");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let before = std::fs::read(&path).unwrap();
    let error = lab.batch().run(&lab.client).await.unwrap_err().to_string();
    assert!(
        error.contains("version 99") && error.contains("update"),
        "{error}"
    );
    assert!(std::fs::read(&path).unwrap() == before);
}

/// A process that was suspended, and whose lease another one took, sends nothing more.
#[tokio::test]
async fn a_lost_lease_prevents_sending() {
    let lab = Lab::new("lease").await;
    lab.input(50);
    lab.sim.inject(Fault::delay(Duration::from_millis(50)));
    let path = lab.path("answers.jsonl.ledger");
    let take = move |_: &prime_batch::Outcome| {
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection
            .execute("UPDATE job SET token = token + 1", [])
            .unwrap();
    };
    let batch = lab.batch().concurrency(2, 2).on_outcome(take);
    let error = batch.run(&lab.client).await.unwrap_err().to_string();
    assert!(error.contains("another process took over"), "{error}");
    assert!(lab.carried_out().len() < 10, "{}", lab.carried_out().len());
}
