//! The result of reading a stream does not depend on how it is split, and each chunk that matches the
//! specification equals the generated type for the same JSON.
//!
//! The first byte of the input is the chunk size.
#![no_main]

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream::iter;
use libfuzzer_sys::fuzz_target;
use pinference_api::{ByteStream, types::ChatCompletionChunk};
use prime_ext::{ChatStream, Error};
use tokio::runtime::{Builder, Runtime};

/// Reads a stream. Returns its chunks, its text and how it ended.
async fn read(stream: &[u8], size: usize) -> (Vec<String>, String, String) {
    let pieces: Vec<_> = stream
        .chunks(size)
        .map(|piece| Ok::<_, Infallible>(Bytes::copy_from_slice(piece)))
        .collect();
    let mut chunks = Vec::new();
    let failed = |error: Error| {
        let partial = error.partial_response().expect("partial answer");
        (partial.text().into_owned(), format!("{:?}", error.stream_end()))
    };
    let (text, ending) = match ChatStream::from_byte_stream(ByteStream::new(iter(pieces))).await {
        Err(error) => failed(error),
        Ok(mut stream) => loop {
            match stream.try_next().await {
                Ok(Some(chunk)) => {
                    let raw = stream.chunk_json().expect("raw JSON");
                    let chunk = format!("{chunk:?}");
                    // A chunk of another shape is rewritten, with a warning.
                    let generated = serde_json::from_str::<ChatCompletionChunk>(&raw).ok();
                    if let Some(generated) = generated.filter(|_| stream.warnings().is_empty()) {
                        assert_eq!(chunk, format!("{generated:?}"));
                    }
                    chunks.push(chunk);
                }
                Ok(None) => match stream.finish().await {
                    Ok(answer) => {
                        break (answer.text().into_owned(), format!("{:?}", answer.stream_end()));
                    }
                    Err(error) => panic!("complete, but finish failed: {error}"),
                },
                Err(error) => break failed(error),
            }
        },
    };
    (chunks, text, ending)
}

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_time().build().expect("runtime");
}

fuzz_target!(|input: &[u8]| {
    let [size, stream @ ..] = input else {
        return;
    };
    // A body that starts like JSON is not a stream. Leading white space in a separate piece would
    // hide that.
    if stream.first().is_some_and(u8::is_ascii_whitespace) {
        return;
    }
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let whole = read(stream, stream.len().max(1)).await;
            let cut = read(stream, usize::from(*size).max(1)).await;
            assert_eq!(cut, whole);
        });
    });
});
