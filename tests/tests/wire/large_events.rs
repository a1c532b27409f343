//! Streams of many or large parts: they are assembled in linear time, or refused with the limit that they exceed.

use std::fmt::Write as _;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::stream;
use prime_ext::bytes::Bytes;
use prime_ext::pinference_api::ByteStream;
use prime_ext::{ChatStream, StreamEnd};

/// The longest that a poll may take in an optimized build: other tasks of the thread wait for it.
const LONGEST_POLL: Duration = Duration::from_millis(50);

/// A future that notes its longest poll.
struct Timed<F> {
    future: F,
    longest: Duration,
}

impl<F: Future + Unpin> Future for Timed<F> {
    type Output = (F::Output, Duration);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let began = Instant::now();
        let polled = Pin::new(&mut self.future).poll(cx);
        self.longest = self.longest.max(began.elapsed());
        polled.map(|output| (output, self.longest))
    }
}

/// What became of a stream.
struct Outcome {
    ending: StreamEnd,
    told: String,
    longest_poll: Duration,
    took: Duration,
}

/// Reads a stream that is there already, in pieces as a connection gives them.
async fn read(body: String) -> Outcome {
    let body = Bytes::from(body);
    let pieces = (0..body.len()).step_by(256 << 10).map(move |start| {
        let end = (start + (256 << 10)).min(body.len());
        Ok::<_, std::io::Error>(body.slice(start..end))
    });
    let pieces = ByteStream::new(stream::iter(pieces.collect::<Vec<_>>()));
    let reading = pin!(async {
        let stream = ChatStream::from_bytes(pieces).await?;
        stream.finish().await
    });
    let began = Instant::now();
    let timed = Timed {
        future: reading,
        longest: Duration::ZERO,
    };
    let (answer, longest_poll) = timed.await;
    let took = began.elapsed();
    let (ending, told) = match answer {
        Ok(answer) => (answer.stream_end().unwrap(), String::new()),
        Err(error) => (error.stream_end().unwrap(), error.to_string()),
    };
    Outcome {
        ending,
        told,
        longest_poll,
        took,
    }
}

/// An event of one delta, whose list in a field has so many items.
fn list(field: &str, count: usize, item: impl Fn(usize) -> String) -> String {
    let items: Vec<String> = (0..count).map(item).collect();
    let items = items.join(",");
    format!("data: {{\"choices\":[{{\"delta\":{{\"{field}\":[{items}]}}}}]}}\n\n")
}

fn events(count: usize, delta: impl Fn(usize) -> String) -> String {
    let mut body = String::new();
    for number in 0..count {
        let delta = delta(number);
        writeln!(body, "data: {{\"choices\":[{{\"delta\":{delta}}}]}}\n").unwrap();
    }
    body
}

/// The streams, of so many parts each.
fn streams(count: usize) -> Vec<(&'static str, String)> {
    let call = |call: String| format!("{{\"tool_calls\":[{call}]}}");
    let by_index = |n: usize| {
        format!("{{\"index\":{n},\"function\":{{\"name\":\"f\",\"arguments\":\"{{}}\"}}}}")
    };
    let by_id = |n: usize| format!("{{\"id\":\"call_{n}\",\"function\":{{\"name\":\"f{n}\"}}}}");
    let named = |_: usize| "{\"function\":{\"name\":\"f\",\"arguments\":\"{1\"}}".to_owned();
    let choices = (0..count)
        .rev()
        .map(|n| format!("{{\"index\":{n},\"delta\":{{}}}}"));
    let choices = choices.collect::<Vec<_>>().join(",");
    vec![
        (
            "calls by index in one event",
            list("tool_calls", count, by_index),
        ),
        ("calls by id in one event", list("tool_calls", count, by_id)),
        (
            "pieces of calls in one event",
            list("tool_calls", count, named),
        ),
        ("calls by index", events(count, |n| call(by_index(n)))),
        ("calls by id", events(count, |n| call(by_id(n)))),
        ("pieces of calls", events(count, |n| call(named(n)))),
        (
            "pieces of text",
            events(count, |_| "{\"content\":\"word \"}".to_owned()),
        ),
        (
            "pieces of thought",
            events(count, |_| "{\"reasoning\":\"word \"}".to_owned()),
        ),
        (
            "parts",
            list("content", count, |_| {
                "{\"type\":\"text\",\"text\":\"x\"}".to_owned()
            }),
        ),
        (
            "details",
            list("reasoning_details", count, |n| {
                format!("{{\"text\":\"{n}\"}}")
            }),
        ),
        (
            "members",
            list("unlisted", count, |n| format!("{{\"k{n}\":{{}}}}")),
        ),
        (
            "members one by one",
            events(count, |n| format!("{{\"unlisted\":[{n}]}}")),
        ),
        (
            "choices in one event",
            format!("data: {{\"choices\":[{choices}]}}\n\n"),
        ),
        (
            "numbers",
            format!("data: {{\"x\":[0{}]}}\n\n", ",0".repeat(count * 8)),
        ),
        (
            "text in one event",
            events(1, |_| {
                format!("{{\"content\":\"{}\"}}", "word ".repeat(count * 16))
            }),
        ),
        (
            "escapes in one event",
            events(1, |_| {
                format!("{{\"content\":\"{}\"}}", "\\n".repeat(count * 32))
            }),
        ),
        ("empty events", "data:\n\n".repeat(count * 8)),
        ("comments", ": ping\n\n".repeat(count * 8)),
    ]
}

#[tokio::test]
async fn many_parts_take_linear_time_or_are_refused() {
    // Without optimization everything takes about twenty times as long.
    let optimized = cfg!(not(debug_assertions));
    let count = if optimized { 80_000 } else { 10_000 };
    let (half, whole) = (streams(count / 2), streams(count));
    for ((name, half), (_, whole)) in half.into_iter().zip(whole) {
        let half = read(half).await;
        let whole = read(whole).await;
        eprintln!(
            "{name}: {:?}, longest poll {:?}, {:?} for half of it, {:?}; {}",
            whole.ending, whole.longest_poll, half.took, whole.took, whole.told
        );
        // With a margin for other work on the machine.
        let most = half.took * 4 + Duration::from_millis(100);
        assert!(
            whole.took < most,
            "{name}: {:?} for half, {:?}",
            half.took,
            whole.took
        );
        if optimized {
            assert!(
                whole.longest_poll < LONGEST_POLL,
                "{name}: {:?}",
                whole.longest_poll
            );
        }
        if whole.ending == StreamEnd::TooLarge {
            assert!(whole.told.contains("more than"), "{name}: {}", whole.told);
        }
    }
}
