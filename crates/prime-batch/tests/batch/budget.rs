//! Budgets.

use prime_batch::{End, State};
use prime_ext::Usd;
use prime_sim::{Fault, Operation};

use crate::support::{Lab, line};

#[tokio::test]
async fn a_budget_is_not_exceeded() {
    let lab = Lab::new("budget").await;
    lab.input(200);
    let before = lab.sim.wallet(None).unwrap().balance;
    let estimate = lab.batch().estimate(&lab.client).await.unwrap();
    assert_eq!(estimate.input.requests, 200);
    let budget = Usd::from(estimate.input.bound.usd().decimal() / rust_decimal::Decimal::TEN);
    let report = lab.batch().budget(budget).run(&lab.client).await.unwrap();
    assert!(matches!(report.run, Some((End::Budget, _))), "{report}");
    let spent = before - lab.sim.wallet(None).unwrap().balance;
    assert!(spent <= budget && spent > Usd::ZERO, "{spent} of {budget}");
    assert_eq!(report.totals().known_cost, spent);
    // More than a tenth: requests cost less than their bounds.
    let answered = report.count(State::Answered);
    assert!(answered > 20 && answered < 200, "{report}");
    assert_eq!(report.count(State::Unsent), 200 - answered);
    // Earlier spend counts, and a higher budget continues.
    let report = lab.batch().budget(budget).run(&lab.client).await.unwrap();
    assert!(report.count(State::Answered) < answered + 20);
    assert!(lab.batch().run(&lab.client).await.unwrap().is_complete());
    assert!(lab.carried_out().values().all(|count| *count == 1));
}

#[tokio::test]
async fn what_has_no_bound_is_not_sent_under_a_budget() {
    let lab = Lab::new("unpriced").await;
    let image = line("image", "x").replace(
        "\"content\":\"x\"",
        r#""content":[{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]"#,
    );
    lab.write("questions.jsonl", line("a", "Hello?") + &image);
    let budget: Usd = "10".parse().unwrap();
    let report = lab.batch().budget(budget).run(&lab.client).await.unwrap();
    assert_eq!(
        (report.count(State::Answered), report.count(State::Unsent)),
        (1, 1),
        "{report}"
    );
    let estimate = lab.batch().estimate(&lab.client).await.unwrap();
    assert_eq!(estimate.input.without_bound, 1);
    let report = lab
        .batch()
        .budget(budget)
        .allow_unpriced()
        .run(&lab.client)
        .await
        .unwrap();
    assert!(report.is_complete(), "{report}");
}

#[tokio::test]
async fn ambiguous_requests_take_their_bound_from_the_budget() {
    let lab = Lab::new("held").await;
    lab.input(100);
    lab.sim
        .inject(Fault::lost_response().on(Operation::CreateChatCompletion));
    let bound = lab
        .batch()
        .estimate(&lab.client)
        .await
        .unwrap()
        .input
        .bound
        .usd();
    let tenth = Usd::from(bound.decimal() / rust_decimal::Decimal::TEN);
    let report = lab.batch().budget(tenth).run(&lab.client).await.unwrap();
    assert!(matches!(report.run, Some((End::Budget, _))), "{report}");
    let ambiguous = report.count(State::Ambiguous);
    assert!((8..=11).contains(&ambiguous), "{report}");
    assert_eq!(lab.carried_out().len() as u64, ambiguous);
}
