//! Services that fail.

use std::time::Duration;

use prime_batch::{End, State};
use prime_sim::{Fault, Operation, Reply, When};

use crate::support::{Lab, MODEL, line};

fn on_chat(fault: Fault) -> Fault {
    fault.on(Operation::CreateChatCompletion)
}

#[tokio::test]
async fn refused_requests_are_sent_again() {
    let lab = Lab::new("refused").await;
    lab.input(200);
    lab.sim.inject(on_chat(Fault::status(503).chance(0.1)));
    lab.sim.inject(on_chat(Fault::rate_limited().chance(0.1)));
    let report = lab.batch().run(&lab.client).await.unwrap();
    assert!(report.is_complete(), "{report}");
    assert!(report.totals().attempts > 210);
    assert!(lab.carried_out().values().all(|count| *count == 1));
}

#[tokio::test]
async fn a_lost_response_is_ambiguous() {
    let lab = Lab::new("lost").await;
    lab.input(50);
    lab.sim.inject(on_chat(Fault::lost_response().chance(0.2)));
    let report = lab.batch().run(&lab.client).await.unwrap();
    let ambiguous = report.count(State::Ambiguous);
    assert!(ambiguous > 2, "{report}");
    assert_eq!(report.count(State::Answered) + ambiguous, 50);
    assert_eq!(report.totals().with_unknown_cost, ambiguous);
    assert!(lab.carried_out().values().all(|count| *count == 1));
    assert_eq!(lab.errors().len() as u64, ambiguous);
    // Asked again, and only these.
    lab.sim.clear_faults();
    let report = lab
        .batch()
        .ask_ambiguous_again()
        .run(&lab.client)
        .await
        .unwrap();
    assert!(report.is_complete(), "{report}");
    let twice = lab
        .carried_out()
        .values()
        .filter(|count| **count == 2)
        .count();
    assert_eq!(twice as u64, ambiguous);
}

#[tokio::test]
async fn a_bad_request_fails_alone() {
    let lab = Lab::new("bad").await;
    let lines: String = (0..20)
        .map(|n| line(&format!("q{n}"), &format!("Question {n}?")))
        .collect();
    let bad =
        line("bad", "Why?").replace("\"max_tokens\"", "\"temperature\":\"hot\",\"max_tokens\"");
    lab.write("questions.jsonl", lines + &bad);
    lab.sim.inject(
        on_chat(Fault::status(400).body(format!("{{\"error\":\"bad key {}\"}}", lab.sim.key())))
            .once(),
    );
    let report = lab
        .batch()
        .concurrency(1, 1)
        .run(&lab.client)
        .await
        .unwrap();
    assert_eq!(
        (report.count(State::Answered), report.count(State::Failed)),
        (19, 2),
        "{report}"
    );
    let errors = lab.errors();
    assert_eq!(errors["bad"]["response"]["status_code"], 400);
    let text = std::fs::read_to_string(lab.path("answers.errors.jsonl")).unwrap();
    assert!(!text.contains(lab.sim.key()), "the key is in the errors");
    // A failed request is asked again only on request.
    let before = lab.sim.requests().len();
    lab.batch().run(&lab.client).await.unwrap();
    assert_eq!(lab.sim.requests().len(), before + 1);
    let report = lab.batch().retry_failed().run(&lab.client).await.unwrap();
    assert_eq!(
        (report.count(State::Answered), report.count(State::Failed)),
        (20, 1),
        "{report}"
    );
}

#[tokio::test]
async fn a_poisonous_request_fails_at_last() {
    let lab = Lab::new("poison").await;
    lab.input(100);
    lab.sim
        .on_chat(When::contains("Question 3?"))
        .reply(Reply::text("never"));
    let poison = line("poison", "Poison?").replace(MODEL, "openai/gpt-oss-120b");
    let text = std::fs::read_to_string(lab.path("questions.jsonl")).unwrap();
    lab.write("questions.jsonl", poison + &text);
    lab.sim
        .inject(on_chat(Fault::status(503)).on_model("openai/gpt-oss-120b"));
    lab.sim
        .inject(on_chat(Fault::delay(Duration::from_millis(30))).on_model(MODEL));
    let report = lab
        .batch()
        .max_retries(2)
        .concurrency(1, 2)
        .run(&lab.client)
        .await
        .unwrap();
    assert_eq!(
        (report.count(State::Answered), report.count(State::Failed)),
        (100, 1),
        "{report}"
    );
}

#[tokio::test]
async fn a_refused_account_stops_the_batch() {
    for (name, fault) in [
        ("unauthorized", Fault::status(401)),
        ("payment", Fault::status(402)),
        ("quota", Fault::quota()),
    ] {
        let lab = Lab::new(name).await;
        lab.input(100);
        let fault = lab.sim.inject(on_chat(fault));
        let report = lab.batch().run(&lab.client).await.unwrap();
        assert!(matches!(report.run, Some((End::Refused(_), _))), "{report}");
        assert_eq!(report.count(State::Unsent), 100, "{report}");
        drop(fault);
        lab.sim.clear_faults();
        assert!(lab.batch().run(&lab.client).await.unwrap().is_complete());
    }
}

#[tokio::test]
async fn an_unavailable_service_ends_the_batch_without_failures() {
    let lab = Lab::new("unavailable").await;
    lab.input(30);
    lab.sim.inject(on_chat(Fault::status(503)));
    let batch = lab.batch().max_retries(1).patience(Duration::from_secs(1));
    let report = batch.run(&lab.client).await.unwrap();
    assert!(
        matches!(report.run, Some((End::Unavailable(_), _))),
        "{report}"
    );
    assert_eq!(report.count(State::Unsent), 30, "{report}");
    lab.sim.clear_faults();
    assert!(lab.batch().run(&lab.client).await.unwrap().is_complete());
}
