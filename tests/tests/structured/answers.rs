//! Typed answers, and responses without one.

use prime_ext::schema::{StrictVerdict, to_strict};
use prime_ext::schemars::{self, JsonSchema};
use prime_ext::typed::ParseFailureReason;
use prime_ext::{Error, ErrorKind};
use prime_sim::{Fault, Reply, Simulator};
use serde::Deserialize;
use serde_json::{Value, json};

use super::support::{Weather, paris, request, sent, simulator};
use super::types::cases;

const PARIS: &str = r#"{"city": "Paris", "temperature": 21.5}"#;

#[tokio::test]
async fn an_answer_is_deserialized_and_the_schema_is_sent() {
    let sim = simulator(Reply::text(PARIS)).await;
    let weather: Weather = request(&sim).parse().await.unwrap();
    assert_eq!(weather, paris());
    assert_eq!(
        sent(&sim)["response_format"],
        json!({
            "type": "json_schema",
            "json_schema": {
                "name": "Weather",
                "description": "The weather of a city.",
                "schema": {
                    "type": "object",
                    "properties": {
                        "city": { "type": "string", "description": "The city." },
                        "temperature": { "type": "number", "format": "double" },
                        "rain": { "type": ["boolean", "null"] },
                    },
                    "required": ["city", "temperature"],
                },
            },
        })
    );
    // A model answers in the order of the schema.
    let properties = &sent(&sim)["response_format"]["json_schema"]["schema"]["properties"];
    let names: Vec<_> = properties.as_object().unwrap().keys().collect();
    assert_eq!(names, ["city", "temperature", "rain"]);
    let typed = request(&sim)
        .parse::<Weather>()
        .schema_name("paris-1")
        .with_response()
        .await;
    let typed = typed.unwrap();
    assert_eq!(typed.value(), &paris());
    assert!(typed.response().cost().known().is_some());
    assert_eq!(typed.response().warnings(), []);
    assert_eq!(typed.response().text(), PARIS);
    assert_eq!(
        sent(&sim)["response_format"]["json_schema"]["name"],
        "paris-1"
    );
}

#[tokio::test]
async fn strict_mode_sends_the_adapted_schema() {
    let sim = simulator(Reply::text(PARIS)).await;
    let typed = request(&sim)
        .parse::<Weather>()
        .strict(true)
        .with_response()
        .await
        .unwrap();
    assert_eq!(typed.response().warnings(), []);
    let format = sent(&sim)["response_format"]["json_schema"].clone();
    assert_eq!(format["strict"], true);
    assert_eq!(
        format["schema"]["required"],
        json!(["city", "temperature", "rain"])
    );
    assert_eq!(format["schema"]["additionalProperties"], false);
}

#[derive(Debug, Deserialize, JsonSchema)]
struct WithDefault {
    #[serde(default)]
    days: u8,
}

#[tokio::test]
async fn without_strict_mode_the_response_has_a_warning() {
    let sim = simulator(Reply::text("{}")).await;
    let warning =
        "the schema was sent without `strict`: /properties/days: the property is optional";
    let typed = request(&sim)
        .parse::<WithDefault>()
        .strict(true)
        .with_response()
        .await
        .unwrap();
    assert_eq!(typed.value().days, 0);
    let warnings = typed.response().warnings();
    assert!(
        warnings.len() == 1 && warnings[0].reason.starts_with(warning),
        "{warnings:?}"
    );
    let format = sent(&sim)["response_format"]["json_schema"].clone();
    assert_eq!(format.get("strict"), None);
    assert_eq!(format["schema"]["properties"]["days"]["default"], 0);

    let stream = request(&sim)
        .parse::<WithDefault>()
        .strict(true)
        .stream()
        .await
        .unwrap();
    let typed = stream.finish().await.unwrap();
    assert!(typed.response().warnings()[0].reason.starts_with(warning));
    // It was not requested.
    let typed = request(&sim)
        .parse::<WithDefault>()
        .with_response()
        .await
        .unwrap();
    assert_eq!(typed.response().warnings(), []);
}

#[tokio::test]
async fn a_request_that_cannot_be_sent_is_an_error() {
    let sim = simulator(Reply::text("{}")).await;
    let format = prime_ext::ResponseFormat::json_object();
    for (error, expected) in [
        (
            request(&sim).parse::<Vec<u8>>().await.unwrap_err(),
            "the schema of the answer cannot be sent: the root: it accepts values that are not objects",
        ),
        (
            request(&sim)
                .parse_with_schema::<Value>(json!({ "type": "object", "$ref": "#/a" }))
                .await
                .unwrap_err(),
            "cannot be resolved",
        ),
        (
            request(&sim)
                .response_format(format)
                .parse::<Weather>()
                .await
                .unwrap_err(),
            "do not set `response_format`",
        ),
        (
            request(&sim)
                .parse::<Weather>()
                .schema_name("the weather")
                .await
                .unwrap_err(),
            "the schema name \"the weather\" is not",
        ),
        (
            request(&sim).stream_parse::<String>().await.unwrap_err(),
            "values that are not objects",
        ),
    ] {
        assert_eq!(error.kind(), ErrorKind::Request);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.parse_failure().is_none());
    }
    assert_eq!(sim.requests().len(), 0);
}

/// Returns the errors of the reply, complete and streamed.
async fn failures(reply: impl Fn() -> Reply) -> [Error; 2] {
    let sim = simulator(reply()).await;
    let complete = request(&sim).parse::<Weather>().await.unwrap_err();
    let stream = request(&sim).stream_parse::<Weather>().await.unwrap();
    let streamed = stream.finish().await.unwrap_err();
    // Nothing is repeated.
    assert_eq!(sim.requests().len(), 2);
    [complete, streamed]
}

#[tokio::test]
async fn responses_without_an_answer_are_different_errors_with_the_text_and_the_cost() {
    type Check = fn(&ParseFailureReason) -> bool;
    let cases: [(Reply, Check, &str, &str); 11] = [
        (
            Reply::text("").refusal("I cannot help with that."),
            |reason| matches!(reason, ParseFailureReason::Refused),
            "",
            "the model refuses to answer",
        ),
        (
            // Whatever the text is.
            Reply::text(PARIS).refusal("I cannot help with that."),
            |reason| matches!(reason, ParseFailureReason::Refused),
            PARIS,
            "the model refuses to answer",
        ),
        (
            Reply::text("{\"city\": \"Par").finish_reason("length"),
            |reason| matches!(reason, ParseFailureReason::TokenLimit),
            "{\"city\": \"Par",
            "cut off by the token limit; raise `max_tokens`",
        ),
        (
            Reply::text("{\"city\": \"Par").finish_reason("content_filter"),
            |reason| matches!(reason, ParseFailureReason::ContentFilter),
            "{\"city\": \"Par",
            "cut off by a content filter",
        ),
        (
            Reply::text("Sure! {\"city\": \"Paris\", \"temperature\": 21.5}"),
            |reason| matches!(reason, ParseFailureReason::NotJson(fault) if fault.column == 1),
            "Sure! {\"city\": \"Paris\", \"temperature\": 21.5}",
            "the answer is not JSON: expected value, line 1 column 1",
        ),
        (
            Reply::text("{\"city\": \"Paris\", \"temperature\": 21.5} That is warm."),
            |reason| matches!(reason, ParseFailureReason::NotJson(_)),
            "{\"city\": \"Paris\", \"temperature\": 21.5} That is warm.",
            "the answer is not JSON: trailing characters",
        ),
        (
            Reply::text(""),
            |reason| matches!(reason, ParseFailureReason::NotJson(_)),
            "",
            "the answer is empty",
        ),
        (
            Reply::text("{\"city\": \"Paris\", \"temperature\": \"secret\"}"),
            |reason| matches!(reason, ParseFailureReason::Mismatch(fault) if fault.path == "temperature"),
            "{\"city\": \"Paris\", \"temperature\": \"secret\"}",
            "the answer does not fit the type `Weather`: temperature: invalid type: string, expected f64",
        ),
        (
            Reply::text("{\"city\": \"Paris\"}"),
            |reason| matches!(reason, ParseFailureReason::Mismatch(_)),
            "{\"city\": \"Paris\"}",
            "missing field `temperature`",
        ),
        (
            // serde would accept a list for a struct.
            Reply::text("[\"Paris\", 21.5, null]"),
            |reason| matches!(reason, ParseFailureReason::Mismatch(_)),
            "[\"Paris\", 21.5, null]",
            "invalid type: list, expected an object",
        ),
        (
            Reply::tool_call("weather", json!({})),
            |reason| matches!(reason, ParseFailureReason::ToolCalls),
            "",
            "requests tool calls instead of answering",
        ),
    ];
    for (reply, is_expected, text, message) in cases {
        for error in failures(|| reply.clone()).await {
            let failure = error.parse_failure().unwrap();
            assert!(is_expected(failure.reason()), "{error}");
            assert_eq!(failure.response().text(), text);
            assert!(failure.response().cost().known().is_some(), "{error}");
            assert!(error.to_string().contains(message), "{error}");
            assert!(!error.to_string().contains("secret"), "{error}");
            assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
            assert!(!error.outcome_unknown() && !error.is_retryable());
            assert!(error.request_id().is_some() && error.partial_response().is_none());
            assert!(
                error
                    .operation()
                    .unwrap()
                    .starts_with("create_chat_completion")
            );
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_complete_at_the_token_limit_is_accepted() {
    let sim = simulator(Reply::text(PARIS).finish_reason("length")).await;
    let typed = request(&sim)
        .parse::<Weather>()
        .with_response()
        .await
        .unwrap();
    assert_eq!(typed.value(), &paris());
    let warnings = typed.response().warnings();
    assert!(warnings[0].reason.contains("token limit"), "{warnings:?}");
}

fn seven() -> Option<u8> {
    Some(7)
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Defaulted {
    #[allow(dead_code, reason = "only the schema is read")]
    #[serde(default = "seven")]
    number: Option<u8>,
}

/// With `null`, the value would be `None` instead of the default.
#[test]
fn an_option_with_a_default_of_its_own_makes_strict_mode_impossible() {
    let verdict = to_strict(&prime_ext::schema::of::<Defaulted>());
    assert!(
        matches!(verdict, StrictVerdict::Impossible(_)),
        "{verdict:?}"
    );
}

/// An even number.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "u8")]
struct Even(#[allow(dead_code, reason = "only deserialized")] u8);

impl TryFrom<u8> for Even {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        match number % 2 {
            0 => Ok(Self(number)),
            _ => Err(format!("{number} is odd")),
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Checked {
    #[allow(dead_code, reason = "only deserialized")]
    number: Even,
}

#[tokio::test]
async fn the_failure_has_the_message_of_the_type() {
    let sim = simulator(Reply::text("{\"number\": 7}")).await;
    let error = request(&sim).parse::<Checked>().await.unwrap_err();
    let detail = error.parse_failure().unwrap().detail();
    assert!(detail.starts_with("7 is odd"), "{detail}");
    assert!(!error.to_string().contains("odd"), "{error}");
}

#[tokio::test]
async fn a_code_block_is_removed_with_a_warning() {
    let fenced = format!("```json\n{PARIS}\n```");
    let sim = simulator(Reply::text(&fenced)).await;
    let typed = request(&sim)
        .parse::<Weather>()
        .with_response()
        .await
        .unwrap();
    let stream = request(&sim).stream_parse::<Weather>().await.unwrap();
    for typed in [typed, stream.finish().await.unwrap()] {
        assert_eq!(typed.value(), &paris());
        let [warning] = typed.response().warnings() else {
            panic!("{:?}", typed.response().warnings());
        };
        assert!(warning.reason.contains("Markdown code block"));
        assert_eq!(typed.response().text(), fenced);
    }
}

#[tokio::test]
async fn the_error_of_a_failed_call_is_that_of_the_call() {
    let sim = simulator(Reply::text(PARIS)).await;
    sim.inject(Fault::status(400).once());
    let error = request(&sim).parse::<Weather>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Api);
    assert!(error.parse_failure().is_none());
}

/// The simulator generates an answer for every schema that can be sent, with and without strict mode.
#[tokio::test]
async fn the_simulator_answers_with_a_value_of_the_type() {
    let sim = Simulator::start().await.unwrap();
    let mut wrong = Vec::new();
    for case in cases() {
        if let StrictVerdict::Unsupported(_) = to_strict(&case.schema) {
            continue;
        }
        for strict in [false, true] {
            let typed = request(&sim).parse_with_schema::<Value>(case.schema.clone());
            let value = match typed.strict(strict).await {
                Ok(value) => value,
                Err(error) => {
                    wrong.push(format!("{}: {error}", case.name));
                    continue;
                }
            };
            if let Err(error) = (case.read)(&value) {
                wrong.push(format!("{}: {value}: {error}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
