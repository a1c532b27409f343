#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::time::Duration;

use super::*;
use crate::key::{BodyHash, Key};
use crate::ledger::Limits;
use crate::ledger::{Job, JobRecord, Row};

const START: i64 = 1_796_117_400_000;

fn contents(text: &str, requests: u64) -> Contents {
    let job = Job {
        endpoint: format!("https://api.example.com/v1{text}"),
        team: Some(format!("team{text}")),
        shard: Some(format!("3/16{text}")),
        input: format!("questions.jsonl{text}"),
        discards_content: false,
    };
    let job = JobRecord {
        job,
        requests: Some(requests),
        limits: Limits {
            budget: Some("0.5".parse().unwrap()),
            requests_per_minute: Some(600),
            ..Limits::default()
        },
        level: Some(40),
        owner: Some(format!("process 7 on host{text}")),
        is_running: false,
        created_at: START - 1_000,
        output_position: 0,
        output_bytes: 0,
    };
    Contents::new(Path::new(&format!("answers{text}.jsonl")), job)
}

/// Returns an answered request.
fn answered(number: i64, text: &str) -> Row {
    let sent_at = START + number * 400;
    Row {
        number,
        key: Key {
            id: format!("q{number}{text}"),
            hash: BodyHash([0; 32]),
        },
        line: number.unsigned_abs() + 1,
        model: format!("model-{}{text}", number % 2),
        state: State::Answered,
        is_current: true,
        attempts: 1,
        unknown_attempts: 0,
        sent_at,
        done_at: Some(sent_at + 900),
        latency: Some(Duration::from_millis(900 + number.unsigned_abs() * 10)),
        position: Some(number),
        status: Some(200),
        request_id: Some("secret".to_owned()),
        answer: Some(bytes::Bytes::from_static(b"secret")),
        error_code: None,
        error: None,
        known_cost: Some("0.0125".parse().unwrap()),
        estimated_cost: None,
        held: None,
        bound: Some("0.02".parse().unwrap()),
        prompt_tokens: Some(1_000),
        completion_tokens: Some(50),
    }
}

fn failed(number: i64, text: &str) -> Row {
    Row {
        state: State::Failed,
        error_code: Some(format!("code{text}")),
        error: Some(format!("the message{text}")),
        known_cost: None,
        prompt_tokens: None,
        completion_tokens: None,
        ..answered(number, text)
    }
}

fn ambiguous(number: i64, text: &str) -> Row {
    Row {
        state: State::Ambiguous,
        held: Some("0.02".parse().unwrap()),
        unknown_attempts: 1,
        ..failed(number, text)
    }
}

/// Fills a batch of each state, and returns its page.
fn small(text: &str) -> String {
    let mut contents = contents(text, 20);
    for number in 0..10 {
        contents.add(&answered(number, text));
    }
    for number in 10..15 {
        contents.add(&failed(number, text));
    }
    contents.add(&ambiguous(15, text));
    let estimated = Row {
        known_cost: None,
        estimated_cost: Some("0.01".parse().unwrap()),
        prompt_tokens: None,
        ..answered(16, text)
    };
    contents.add(&estimated);
    let outdated = Row {
        is_current: false,
        ..answered(17, text)
    };
    contents.add(&outdated);
    contents.count_unsent();
    let page = Page {
        contents: &contents,
        now: START + 60_000,
    };
    page.to_string()
}

#[test]
fn a_small_report() {
    let page = small("").replace(STYLE, "");
    insta::assert_snapshot!(page.replace(env!("CARGO_PKG_VERSION"), "[version]"));
}

/// Hostile texts add nothing to the structure of the page.
#[test]
fn hostile_texts_stay_texts() {
    let hostile = "\"'><script>alert(1)</script><!--\u{202e}\0\n</bdi></title></style>";
    let (page, expected) = (small(hostile), small("x"));
    for char in ['<', '>', '"', '\'', '\0', '\u{202e}'] {
        let count = |page: &str| page.matches(char).count();
        assert_eq!(count(&page), count(&expected), "{char:?}");
    }
    assert!(!page.contains("secret"));
}

#[test]
fn empty_and_tiny_reports_say_so() {
    let of = |requests: u64, rows: &[Row]| {
        let mut contents = contents("", requests);
        rows.iter().for_each(|row| contents.add(row));
        contents.count_unsent();
        let contents = &contents;
        Page { contents, now: 0 }.to_string()
    };
    let empty = of(0, &[]);
    for text in ["The batch has no requests.", "No request was done yet."] {
        assert!(empty.contains(text), "{text}");
    }
    let begun = of(5, &[]);
    assert!(begun.contains("0 of 5 requests answered, 5 not sent."));
    let one = of(1, &[answered(0, "")]);
    for text in [
        "The request was answered.",
        "All outcomes arrived within 250 ms.",
    ] {
        assert!(one.contains(text), "{text}");
    }
    let all_failed = of(2, &[failed(0, ""), failed(1, "")]);
    for text in [
        "0 of 2 requests answered, 2 failed.",
        "No request was answered.",
        "Nothing was billed.",
    ] {
        assert!(all_failed.contains(text), "{text}");
    }
    for page in [empty, begun, one, all_failed] {
        for text in ["NaN", "inf", "-0"] {
            let body = page.replace(STYLE, "");
            assert!(!body.contains(&format!(">{text}")), "{text}");
        }
    }
}

/// The size of a page is limited, whatever the requests are.
#[test]
fn a_page_is_small() {
    let text = "&".repeat(10_000);
    let mut contents = contents(&"&".repeat(200), 1_000_000);
    for number in 0..5_000 {
        let number_text = format!("{number}{text}");
        contents.add(&answered(number, ""));
        contents.add(&Row {
            model: number_text.clone(),
            error_code: Some(number_text.clone()),
            ..failed(number, &text)
        });
        contents.add(&ambiguous(number, &text));
    }
    contents.count_unsent();
    let contents = &contents;
    let page = Page { contents, now: 0 }.to_string();
    assert!(page.len() < 500_000, "{}", page.len());
    for text in ["other models", "Other kinds", "And 4,970 more"] {
        assert!(page.contains(text), "{text}");
    }
}
