//! Streams with many or large parts are assembled in linear time, or rejected with the exceeded
//! limit.

use std::fmt::Write as _;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::stream;
use prime_ext::bytes::Bytes;
use prime_ext::pinference_api::ByteStream;
use prime_ext::{ChatStream, StreamEnd};

/// The maximum duration of a poll in an optimized build. Other tasks of the thread wait for it.
const LONGEST_POLL: Duration = Duration::from_millis(50);

/// A future that records its longest poll.
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

/// The result of reading a stream.
struct Outcome {
    ending: StreamEnd,
    message: String,
    longest_poll: Duration,
    took: Duration,
}

/// Reads a stream in chunks of 256 KiB.
async fn read(body: String) -> Outcome {
    let body = Bytes::from(body);
    let chunks = (0..body.len()).step_by(256 << 10).map(move |start| {
        let end = (start + (256 << 10)).min(body.len());
        Ok::<_, std::io::Error>(body.slice(start..end))
    });
    let chunks = ByteStream::new(stream::iter(chunks.collect::<Vec<_>>()));
    let reading = pin!(async {
        let stream = ChatStream::from_byte_stream(chunks).await?;
        stream.finish().await
    });
    let began = Instant::now();
    let timed = Timed {
        future: reading,
        longest: Duration::ZERO,
    };
    let (response, longest_poll) = timed.await;
    let took = began.elapsed();
    let (ending, message) = match response {
        Ok(response) => (response.stream_end().unwrap(), String::new()),
        Err(error) => (error.stream_end().unwrap(), error.to_string()),
    };
    Outcome {
        ending,
        message,
        longest_poll,
        took,
    }
}

/// Returns an event with a list of `count` items in a field of the delta.
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

/// Returns streams with `count` parts each.
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
            "deltas of calls in one event",
            list("tool_calls", count, named),
        ),
        ("calls by index", events(count, |n| call(by_index(n)))),
        ("calls by id", events(count, |n| call(by_id(n)))),
        ("deltas of calls", events(count, |n| call(named(n)))),
        (
            "empty fragments of a complete call",
            events(count, |n| match n {
                0 => call(format!(
                    "{{\"index\":0,\"function\":{{\"name\":\"f\",\"arguments\":\"{{\\\"a\\\":\\\"{}\\\"}}\"}}}}",
                    "x".repeat(count)
                )),
                _ => call("{\"index\":0,\"function\":{\"arguments\":\"\"}}".to_owned()),
            }),
        ),
        (
            "deltas of text",
            events(count, |_| "{\"content\":\"word \"}".to_owned()),
        ),
        (
            "deltas of reasoning",
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
            "numbers of an error event",
            format!(
                "event: error\ndata: {{\"x\":[0{}]}}\n\n",
                ",0".repeat(count * 8)
            ),
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
async fn many_parts_take_linear_time_or_are_rejected() {
    // An unoptimized build is about twenty times slower.
    let optimized = cfg!(not(debug_assertions));
    let count = if optimized { 80_000 } else { 10_000 };
    let (half, whole) = (streams(count / 2), streams(count));
    for ((name, half), (_, whole)) in half.into_iter().zip(whole) {
        let half = read(half).await;
        let whole = read(whole).await;
        eprintln!(
            "{name}: {:?}, longest poll {:?}, {:?} for half of it, {:?}; {}",
            whole.ending, whole.longest_poll, half.took, whole.took, whole.message
        );
        // With a margin for other load on the machine.
        let limit = half.took * 4 + Duration::from_millis(100);
        assert!(
            whole.took < limit,
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
            assert!(
                whole.message.contains("more than"),
                "{name}: {}",
                whole.message
            );
        }
    }
}
