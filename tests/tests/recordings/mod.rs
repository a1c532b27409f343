//! Tests with recorded responses of other services: what `prime-ext` reads is what openai-python reads.
//!
//! `data` has 50 recordings, whose texts, names and numbers were replaced. Their fields, their order and their oddities
//! are as received. `expected` is what openai-python 3.54.0 reads, written by `python tests/real/recordings.py data`.
//! `difference` says why something else is expected.
//!
//! `cargo xtask conformance recordings` does the same with other recordings.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod read;

use read::Recording;
use serde_json::Value;

fn recordings() -> Vec<Recording> {
    Recording::all(&prime_tests::folder().join("tests/recordings/data"))
}

#[track_caller]
fn assert_expected(recording: &Recording, way: &str, read: &Value) {
    let (name, expected) = (&recording.name, &recording.about["expected"]);
    for field in ["text", "tool_calls", "usage"] {
        assert_eq!(read[field], expected[field], "{name}, {way}: {read}");
    }
    let errors = [read, expected].map(|value| value["error"].is_string());
    assert_eq!(errors[0], errors[1], "{name}, {way}: {read}");
}

#[tokio::test]
async fn recordings_are_read_as_openai_python_reads_them() {
    let recordings = recordings();
    assert_eq!(recordings.len(), 50);
    for recording in recordings {
        let read = recording.read(recording.is_stream(), None).await;
        assert_expected(&recording, "as recorded", &read);
    }
}

#[tokio::test]
async fn the_pieces_of_a_stream_do_not_matter() {
    for recording in recordings() {
        for size in [1, 7, 1000] {
            let read = recording.read_in_pieces(size).await;
            assert_expected(&recording, &format!("in pieces of {size} bytes"), &read);
        }
    }
}

#[tokio::test]
async fn the_content_type_of_a_stream_does_not_matter() {
    for recording in recordings() {
        for media in [
            "application/json",
            "application/x-ndjson",
            "text/event-stream",
            "",
        ] {
            let read = recording.read(true, Some(media)).await;
            assert_expected(&recording, media, &read);
        }
    }
}
