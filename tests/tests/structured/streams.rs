//! Typed answers as they arrive.

use prime_ext::StreamEnd;
use prime_ext::typed::ParseFailureReason;
use prime_sim::{Fault, Reply};
use serde::Deserialize;
use serde_json::{Value, json};

use super::support::{Weather, paris, request, sent, simulator};

/// Returns the events of a stream with these texts.
fn events(texts: &[&str]) -> Reply {
    let chunks = texts
        .iter()
        .map(|text| json!({ "choices": [{ "index": 0, "delta": { "content": text } }] }));
    let end = json!({
        "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8, "cost": 0.5 },
    });
    let events: Vec<String> = chunks.chain([end]).map(|event| event.to_string()).collect();
    Reply::events(events.iter().map(String::as_str).chain(["[DONE]"]))
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Partial {
    city: String,
    temperature: Option<f64>,
}

#[tokio::test]
async fn values_arrive_before_the_answer_is_complete() {
    let texts = [
        "``",
        "`json\n",
        " {\"ci",
        "ty\": \"Pa",
        "ris\", \"temp",
        "erature\": 21",
        ".5",
        "}",
        "\n",
        "```",
    ];
    let sim = simulator(events(&texts)).await;
    let mut stream = request(&sim).stream_parse::<Weather>().await.unwrap();
    assert_eq!(stream.partial(), None);
    let (mut values, mut partials) = (Vec::new(), Vec::new());
    while let Some(value) = stream.try_next().await.unwrap() {
        partials.push(Partial::deserialize(value).unwrap());
        values.push(value.clone());
    }
    assert_eq!(
        values,
        [
            json!({}),
            json!({ "city": "Pa" }),
            json!({ "city": "Paris" }),
            json!({ "city": "Paris", "temperature": 21.5 }),
        ]
    );
    assert_eq!(
        partials[1],
        Partial {
            city: "Pa".to_owned(),
            temperature: None
        }
    );
    assert_eq!(stream.partial(), values.last());
    assert_eq!(
        stream.chat_stream().usage().unwrap().completion_tokens,
        Some(5)
    );
    let typed = stream.finish().await.unwrap();
    assert_eq!(typed.value(), &paris());
    assert_eq!(typed.response().stream_end(), Some(StreamEnd::Complete));
    assert_eq!(
        sent(&sim)["response_format"]["json_schema"]["name"],
        "Weather"
    );
    assert_eq!(sent(&sim)["stream"], true);
}

#[tokio::test]
async fn text_that_is_not_json_ends_the_values_but_not_the_response() {
    for texts in [
        &["{\"city\": ", "\"Paris\"", "]", ", \"a\": 1", "}"][..],
        &["{\"city\": \"Paris\"", "} The ", "weather"][..],
    ] {
        let sim = simulator(events(texts)).await;
        let mut stream = request(&sim).stream_parse::<Weather>().await.unwrap();
        let mut values = 0;
        while stream.try_next().await.unwrap().is_some() {
            values += 1;
        }
        assert_eq!(
            values,
            texts
                .iter()
                .position(|text| text.contains("Paris"))
                .unwrap()
                + 1
        );
        assert_eq!(stream.partial(), Some(&json!({ "city": "Paris" })));
        let error = stream.finish().await.unwrap_err();
        let failure = error.parse_failure().unwrap();
        assert!(
            matches!(failure.reason(), ParseFailureReason::NotJson(_)),
            "{error}"
        );
        assert_eq!(failure.response().text(), texts.concat());
        assert_eq!(failure.response().cost().to_string(), "$0.5");
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_off_is_the_error_of_the_stream() {
    let sim = simulator(Reply::text("{\"city\": \"Paris\", \"temperature\": 21.5}")).await;
    sim.inject(Fault::cut_off().once());
    let mut stream = request(&sim).stream_parse::<Weather>().await.unwrap();
    let error = loop {
        match stream.try_next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stream is complete"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.stream_end(), Some(StreamEnd::CutOff));
    assert!(error.parse_failure().is_none());
    assert!(!error.partial_response().unwrap().text().is_empty());
    assert!(stream.partial().is_some());
}

#[tokio::test]
async fn a_stream_can_be_cancelled() {
    let sim = simulator(events(&["{\"city\": \"Par", "is\""])).await;
    let mut stream = request(&sim).stream_parse::<Weather>().await.unwrap();
    assert_eq!(
        stream.try_next().await.unwrap(),
        Some(&json!({ "city": "Par" }))
    );
    let response = stream.cancel();
    assert_eq!(response.stream_end(), Some(StreamEnd::Cancelled));
    assert_eq!(response.text(), "{\"city\": \"Par");
}

/// Reading a long answer in small pieces takes time in proportion to its length.
#[tokio::test]
async fn a_long_answer_is_read_in_linear_time() {
    let word = "word ".repeat(100);
    let mut texts = vec!["{\"text\": \""];
    texts.extend(std::iter::repeat_n(word.as_str(), 4_000));
    texts.push("\"}");
    let sim = simulator(events(&texts)).await;
    let schema = json!({ "type": "object", "properties": { "text": { "type": "string" } } });
    let begun = std::time::Instant::now();
    let typed = request(&sim).parse_with_schema::<Value>(schema);
    let mut stream = typed.stream().await.unwrap();
    let mut values = 0;
    while stream.try_next().await.unwrap().is_some() {
        values += 1;
    }
    assert_eq!(values, 4_001);
    assert_eq!(
        stream.finish().await.unwrap().value()["text"]
            .as_str()
            .unwrap()
            .len(),
        2_000_000
    );
    assert!(begun.elapsed().as_secs() < 20);
}
