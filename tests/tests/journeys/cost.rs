//! Cost metering.

use prime_ext::{Cost, Meter, ModelId, UsdSum};
use prime_sim::Simulator;

use crate::support::{MODEL, client};

/// A model of the simulator without a price.
const UNPRICED_MODEL: &str = "prime-intellect/intellect-3";

#[tokio::test]
async fn many_tasks_share_a_meter() {
    let sim = Simulator::start().await.unwrap();
    let prime = client(&sim);
    let meter = Meter::with_prices(&prime.models().list().await.unwrap());
    let metered = prime.with_meter(&meter);
    let mut tasks = Vec::new();
    for task in 0..24 {
        let client = if task % 2 == 0 {
            metered.clone()
        } else {
            metered.team(sim.team())
        };
        tasks.push(tokio::spawn(async move {
            let model = if task % 3 == 0 { UNPRICED_MODEL } else { MODEL };
            let mut request = client.chat(model).user("Capital of France?");
            if task % 3 == 1 {
                request = request.include_cost();
            }
            let answer = if task % 4 < 2 {
                request.await.unwrap()
            } else {
                request.stream().await.unwrap().finish().await.unwrap()
            };
            (
                answer.cost(),
                answer.usage().unwrap().completion_tokens.unwrap(),
            )
        }));
    }
    let (mut known, mut tokens, mut unknown) = (UsdSum::default(), 0, 0);
    for task in tasks {
        let (cost, completion) = task.await.unwrap();
        tokens += u64::try_from(completion).unwrap();
        match cost {
            Cost::Known(amount) => known += amount,
            _ => unknown += 1,
        }
    }
    let total = meter.total();
    assert_eq!(total.responses, 24);
    assert_eq!(total.known, known);
    assert_eq!(total.completion_tokens, tokens);
    assert_eq!(total.with_known_cost, 16);
    assert_eq!(total.with_unknown_cost, unknown);
    assert_eq!(total.with_estimated_cost, 0);
    assert!(!total.known.is_zero());
    assert_eq!(total.without_tokens, 0);

    let models = meter.by_model();
    assert_eq!(models.len(), 2);
    assert_eq!(models[UNPRICED_MODEL].with_unknown_cost, 8);
    assert!(models[UNPRICED_MODEL].known.is_zero());
    let teams = meter.by_payer();
    assert_eq!(teams[&None].responses, 12);
    assert_eq!(teams[&Some(sim.team().to_owned())].responses, 12);
    assert_eq!(meter.take().len(), 4);
    assert_eq!(meter.total().responses, 0);
}

#[tokio::test]
async fn an_estimate_equals_the_billed_cost() {
    let sim = Simulator::start().await.unwrap();
    let prime = client(&sim);
    let model = prime.models().get(MODEL).await.unwrap();
    let known = prime.chat(MODEL).user("Hello").include_cost();
    let answer = known.await.unwrap();
    let estimate = Cost::Unknown.or_estimate(answer.usage(), model.pricing.as_ref());
    assert_eq!(estimate, Cost::Estimated(answer.cost().known().unwrap()));

    let unpriced = prime.chat(UNPRICED_MODEL).user("Hello");
    let unpriced = unpriced.await.unwrap();
    assert_eq!(unpriced.cost(), Cost::Unknown);
    assert_eq!(unpriced.cost().amount(), None);
    let estimate = unpriced.cost().or_estimate(unpriced.usage(), None);
    assert_eq!(estimate, Cost::Unknown);
}

#[tokio::test]
async fn an_incomplete_answer_is_counted_with_unknown_cost() {
    let sim = Simulator::start().await.unwrap();
    let meter = Meter::new();
    let prime = client(&sim).with_meter(&meter);
    let mut story = prime.chat(MODEL).user("A story").stream().await.unwrap();
    story.next_text().await.unwrap();
    assert_eq!(meter.total().responses, 0);
    drop(story);
    let total = meter.total();
    assert_eq!((total.responses, total.with_unknown_cost), (1, 1));
    assert_eq!(total.without_tokens, 1);

    // A rejected request is not counted.
    let rejected = prime.chat("nobody/nothing").user("Hello").await;
    assert!(rejected.unwrap_err().is_not_found());
    assert!(prime.chat(MODEL).await.is_err());
    let rejected = prime.team(" ").chat(MODEL).user("Hello").stream().await;
    assert!(rejected.is_err());
    assert_eq!(meter.total().responses, 1);
    // A request without a response may have been processed.
    drop(sim);
    let lost = prime.chat(MODEL).user("Hello").await.unwrap_err();
    let may_be_billed = u64::from(lost.outcome_unknown());
    assert_eq!(meter.total().with_unknown_cost, 1 + may_be_billed);
}

#[tokio::test]
async fn an_answer_can_be_added_to_a_meter() {
    let sim = Simulator::builder()
        .adapter(MODEL, "ad_1")
        .start()
        .await
        .unwrap();
    let lab = client(&sim).team(sim.team());
    let id = ModelId::parse(MODEL).unwrap().with_adapter("ad_1").unwrap();
    let meter = Meter::new();
    let answer = lab.chat(&id).user("Hello").await.unwrap();
    meter.add(&answer, lab.account());
    let by = meter.by_model_and_payer();
    let key = (id.to_string(), Some(sim.team().to_owned()));
    assert_eq!(by[&key].known, answer.cost().known().unwrap());
    assert_eq!(by.len(), 1);
}
