//! Reads recorded responses with `prime-ext`, for `cargo xtask conformance`. The argument is a folder of recordings in
//! the format of `tests/tests/recordings/read.rs`.
//!
//! The output has one line of JSON per recording, and one more for each other way of reading it that has another result.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

#[path = "../tests/recordings/read.rs"]
mod read;

use read::Recording;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = std::env::args().nth(1).expect("a folder of recordings");
    for recording in Recording::all(Path::new(&folder)) {
        let started = Instant::now();
        let is_stream = recording.is_stream();
        let read = recording.read(is_stream, None).await;
        print(&recording, "as recorded", &read);
        let others = [
            ("in pieces of 1 byte", recording.read_in_pieces(1).await),
            ("in pieces of 7 bytes", recording.read_in_pieces(7).await),
            (
                "as JSON",
                recording.read(true, Some("application/json")).await,
            ),
            (
                "as ndjson",
                recording.read(true, Some("application/x-ndjson")).await,
            ),
            ("without a type", recording.read(true, Some("")).await),
            (
                "as an event stream",
                recording.read(true, Some("text/event-stream")).await,
            ),
        ];
        for (way, other) in others {
            if ["text", "tool_calls", "usage"]
                .iter()
                .any(|name| other[name] != read[name])
                || other["error"].is_null() != read["error"].is_null()
            {
                print(&recording, way, &other);
            }
        }
        if started.elapsed() > Duration::from_secs(5) {
            eprintln!("{} took {:?}", recording.name, started.elapsed());
        }
    }
}

fn print(recording: &Recording, way: &str, read: &Value) {
    let mut read = read.clone();
    read["name"] = recording.name.clone().into();
    read["way"] = way.into();
    println!("{read}");
}
