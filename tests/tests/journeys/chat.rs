//! Models, chat completions, streams and billing.

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use prime_ext::{Cost, ErrorKind, Usd};
use prime_sim::Simulator;

use crate::support::{MODEL, client, with_key};

#[tokio::test]
async fn models_are_listed_and_fetched() {
    let sim = Simulator::start().await.unwrap();
    let prime = client(&sim);
    let models = prime.models().list().await.unwrap();
    for model in &models {
        let id = &model.id;
        assert_eq!(&prime.models().get(id).await.unwrap().id, id);
    }
    assert!(models.iter().any(|model| model.id == MODEL));
}

#[tokio::test]
async fn an_answer_has_text_tokens_and_cost() {
    let sim = Simulator::start().await.unwrap();
    let answer = client(&sim)
        .chat(MODEL)
        .user("Capital of France?")
        .await
        .unwrap();
    assert_eq!(answer.text(), "The capital of France is Paris.");
    assert_eq!(answer.finish_reason().unwrap(), &"stop");
    let usage = answer.usage().unwrap();
    assert_eq!(
        usage.total_tokens.unwrap(),
        usage.prompt_tokens.unwrap() + usage.completion_tokens.unwrap()
    );
    assert!(answer.cost().known().unwrap() > Usd::ZERO);
}

#[tokio::test]
async fn streamed_and_unstreamed_answers_are_equal() {
    let sim = Simulator::start().await.unwrap();
    let request = client(&sim).chat(MODEL).user("Tell me a story");
    let whole = request.clone().await.unwrap();

    let mut stream = request.clone().stream().await.unwrap();
    let mut text = String::new();
    let mut deltas = 0;
    while let Some(piece) = stream.next_text().await.unwrap() {
        text.push_str(&piece);
        deltas += 1;
    }
    let streamed = stream.finish().await.unwrap();
    assert!(deltas > 10, "{deltas} deltas");
    assert_eq!(text, whole.text());
    assert_eq!(streamed.text(), whole.text());
    assert_eq!(streamed.cost(), whole.cost());
    assert_eq!(streamed.finish_reason(), whole.finish_reason());

    // `finish` and the `Stream` implementation return the same text.
    assert_eq!(
        request
            .clone()
            .stream()
            .await
            .unwrap()
            .finish()
            .await
            .unwrap()
            .text(),
        text
    );
    let chunks: Vec<_> = request.stream().await.unwrap().collect().await;
    let from_chunks: String = chunks
        .into_iter()
        .flat_map(|chunk| chunk.unwrap().choices)
        .filter_map(|choice| Some(choice.delta?.content?.text().into_owned()))
        .collect();
    assert_eq!(from_chunks, text);
}

#[tokio::test]
async fn several_choices_are_assembled_separately() {
    let sim = Simulator::start().await.unwrap();
    let request = client(&sim)
        .chat(MODEL)
        .user("Tell me a story")
        .modify(|r| r.n = Some(3));
    let whole = request.clone().await.unwrap();
    let streamed = request.stream().await.unwrap().finish().await.unwrap();
    let texts = |answer: &prime_ext::ChatResponse| -> Vec<Option<String>> {
        answer
            .raw()
            .choices
            .iter()
            .map(|choice| {
                choice
                    .message
                    .clone()
                    .unwrap()
                    .content
                    .map(|c| c.text().into_owned())
            })
            .collect()
    };
    assert_eq!(texts(&whole).len(), 3);
    assert_eq!(texts(&streamed), texts(&whole));
}

#[tokio::test]
async fn without_usage_the_cost_is_unknown() {
    let sim = Simulator::start().await.unwrap();
    let request = client(&sim)
        .chat(MODEL)
        .user("Capital of France?")
        .modify(|request| {
            request.stream_options.get_or_insert_default().include_usage = Some(false);
        });
    let answer = request.stream().await.unwrap().finish().await.unwrap();
    assert_eq!(answer.text(), "The capital of France is Paris.");
    assert_eq!(answer.cost(), Cost::Unknown);
}

#[tokio::test]
async fn requests_of_a_team_are_billed_to_the_team() {
    let sim = Simulator::start().await.unwrap();
    let prime = client(&sim);
    let lab = prime.team(sim.team());
    let (mine, theirs) = (
        prime.wallet().get().await.unwrap(),
        lab.wallet().get().await.unwrap(),
    );

    let sent = lab.chat(MODEL).user("Capital of France?").await.unwrap();
    let streamed = lab
        .chat(MODEL)
        .user("Tell me a story")
        .stream()
        .await
        .unwrap();
    let streamed = streamed.finish().await.unwrap();
    let cost = sent.cost().known().unwrap() + streamed.cost().known().unwrap();

    let after = lab.wallet().get().await.unwrap();
    assert_eq!(theirs.balance_usd - after.balance_usd, cost);
    assert_eq!(after.total_billings, theirs.total_billings + 2);
    assert_eq!(
        prime.wallet().get().await.unwrap().balance_usd,
        mine.balance_usd
    );

    // The team belongs to the client, not to the connection.
    lab.personal()
        .chat(MODEL)
        .user("Capital of France?")
        .await
        .unwrap();
    assert_eq!(
        lab.wallet().get().await.unwrap().balance_usd,
        after.balance_usd
    );
}

#[tokio::test]
async fn a_request_without_funds_gets_payment_required() {
    let empty: Usd = "0".parse().unwrap();
    let sim = Simulator::builder().balance(empty).start().await.unwrap();
    let request = client(&sim).chat(MODEL).user("Capital of France?");
    for error in [
        request.clone().await.unwrap_err(),
        request.stream().await.map(|_| ()).unwrap_err(),
    ] {
        assert!(error.is_payment_required(), "{error}");
        assert_eq!(error.code(), Some("insufficient_funds"));
        assert!(!error.outcome_unknown());
    }
}

#[tokio::test]
async fn errors_have_the_expected_kind() {
    let sim = Simulator::start().await.unwrap();
    let wrong = with_key(&sim, "wrong-key");
    let error = wrong.chat(MODEL).user("Hello").await.unwrap_err();
    assert!(error.is_auth());
    assert_eq!(error.kind(), ErrorKind::Api);
    assert!(wrong.wallet().get().await.unwrap_err().is_auth());

    let prime = client(&sim);
    let error = prime.models().get("invalid-model").await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(
        error.message(),
        Some("The model 'invalid-model' does not exist")
    );
    let error = prime
        .chat(MODEL)
        .user("Hello")
        .modify(|r| r.top_p = Some(7.0))
        .await
        .unwrap_err();
    assert!(error.is_validation());
    assert_eq!(error.fields()[0].field, "top_p");
    let outsider = prime.team("team_of_others");
    assert!(
        outsider
            .chat(MODEL)
            .user("Hello")
            .await
            .unwrap_err()
            .is_auth()
    );
    assert!(outsider.wallet().get().await.unwrap_err().is_auth());
}

#[tokio::test]
async fn concurrent_streams_are_complete() {
    let sim = Simulator::start().await.unwrap();
    let prime = client(&sim);
    let streams = (0..50).map(|_| async {
        let stream = prime
            .chat(MODEL)
            .user("Tell me a story")
            .stream()
            .await
            .unwrap();
        stream.finish().await.unwrap().text().into_owned()
    });
    let texts = join_all(streams).await;
    assert!(
        texts
            .iter()
            .all(|text| text == &texts[0] && text.len() > 100)
    );
}

#[tokio::test]
async fn a_server_shutdown_truncates_a_stream_and_keeps_the_partial_answer() {
    let sim = Simulator::builder()
        .token_delay(std::time::Duration::from_millis(5))
        .start()
        .await
        .unwrap();
    let mut stream = client(&sim)
        .chat(MODEL)
        .user("Tell me a story")
        .stream()
        .await
        .unwrap();
    let mut text = String::new();
    for _ in 0..5 {
        text.push_str(&stream.next_text().await.unwrap().unwrap());
    }
    drop(sim);
    let error = loop {
        match stream.next_text().await {
            Ok(Some(more)) => text.push_str(&more),
            Ok(None) => panic!("a truncated stream looks complete"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::CutOff);
    assert_eq!(error.partial_response().unwrap().text(), text);
    let error = stream.finish().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CutOff, "the error persists");
}

#[tokio::test]
async fn a_parameter_out_of_range_is_not_sent() {
    let sim = Simulator::start().await.unwrap();
    let hot = client(&sim).chat(MODEL).user("Hello").temperature(3.0);
    for error in [
        hot.clone().await.unwrap_err(),
        hot.stream().await.map(|_| ()).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Request);
        let quoted = "temperature is 3, and the specification allows at least 0, at most 2";
        assert!(error.to_string().contains(quoted), "{error}");
    }
    assert_eq!(sim.requests().len(), 0);
}
