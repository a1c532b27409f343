//! The report as a page.

use std::path::PathBuf;

use prime_batch::{Error, Report, State};
use prime_sim::{Fault, Operation};

use crate::support::{Lab, line};

async fn page(lab: &Lab) -> String {
    let path = lab.path("report.html");
    let written = Report::write_html(lab.path("answers.jsonl"), &path).await;
    written.unwrap();
    std::fs::read_to_string(path).unwrap()
}

#[tokio::test]
async fn a_page_shows_a_batch_without_its_contents() {
    let lab = Lab::new("html").await;
    let lines: String = (0..200)
        .map(|n| line(&format!("q<{n}>"), &format!("Secret question {n}?")))
        .collect();
    lab.write("questions.jsonl", lines);
    let on_chat = |fault: Fault| {
        lab.sim
            .inject(fault.on(Operation::CreateChatCompletion).chance(0.1))
    };
    let body = format!("{{\"error\":\"<b>bad</b> key {}\"}}", lab.sim.key());
    on_chat(Fault::status(400).body(body));
    on_chat(Fault::lost_response());
    on_chat(Fault::status(503));
    let budget = "5".parse().unwrap();
    let report = lab.batch().budget(budget).run(&lab.client).await.unwrap();
    let count = |state| report.count(state).to_string();
    let html = page(&lab).await;
    for expected in [
        format!(
            "{} of 200 requests answered, {} failed, {} ambiguous.",
            count(State::Answered),
            count(State::Failed),
            count(State::Ambiguous)
        ),
        "q&lt;".to_owned(),
        lab.sim.inference_url().trim_end_matches('/').to_owned(),
        "<dt>Account</dt><dd><bdi>personal</bdi>".to_owned(),
        "budget $5.00".to_owned(),
        format!("${}", report.totals().known_cost)
            .trim_end_matches('0')
            .to_owned(),
        "answers.errors.jsonl".to_owned(),
    ] {
        assert!(html.contains(&expected), "no {expected}");
    }
    let answers = lab.answers();
    let answer = answers.values().next().unwrap();
    let answer = answer["response"]["body"]["choices"][0]["message"]["content"].as_str();
    for secret in [lab.sim.key(), "Secret question", answer.unwrap(), "q<"] {
        assert!(!html.contains(secret), "{secret}");
    }
    // The page did not change the ledger, and is written again.
    assert_eq!(page(&lab).await.len(), html.len());
    assert!(!lab.path("report.html.new").exists());
}

#[tokio::test]
async fn a_page_does_not_replace_a_file_of_the_batch() {
    let lab = Lab::new("html-own").await;
    lab.input(3);
    let output = lab.path("answers.jsonl");
    let missing = Report::write_html(&output, lab.path("report.html")).await;
    assert!(matches!(missing, Err(Error::Ledger(_))), "{missing:?}");
    lab.batch().run(&lab.client).await.unwrap();
    for name in [
        "answers.jsonl",
        "answers.errors.jsonl",
        "answers.jsonl.ledger",
        "questions.jsonl",
    ] {
        let before = std::fs::read(lab.path(name)).ok();
        let refused = Report::write_html(&output, lab.path(name)).await;
        assert!(matches!(refused, Err(Error::Output { .. })), "{name}");
        assert_eq!(std::fs::read(lab.path(name)).ok(), before);
    }
    let nowhere = PathBuf::from("no-such-folder/report.html");
    let refused = Report::write_html(&output, nowhere).await;
    assert!(matches!(refused, Err(Error::File { .. })), "{refused:?}");
}
