//! The decoded events do not depend on how the stream is split, and do not exceed the limit.
//!
//! The first byte of the input is the chunk size. The second byte determines the limit.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use prime_ext::sse::Decoder;

type DecodedEvent = Result<(String, String, String), ()>;

fn decode<'a>(pieces: impl Iterator<Item = &'a [u8]>, limit: usize) -> Vec<DecodedEvent> {
    let mut decoder = Decoder::with_limit(limit);
    let mut events = Vec::new();
    for piece in pieces {
        decoder.feed(Bytes::copy_from_slice(piece));
        while let Some(event) = decoder.next() {
            let Ok(event) = event else {
                events.push(Err(()));
                return events;
            };
            // An invalid UTF-8 byte is replaced by three bytes.
            assert!(event.data.len() <= 3 * limit);
            events.push(Ok((
                event.name.into_owned(),
                event.data.into_owned(),
                event.id.to_owned(),
            )));
        }
    }
    if let Some(event) = decoder.unterminated() {
        events.push(Ok((String::new(), event.data.into_owned(), String::new())));
    }
    events
}

fuzz_target!(|input: &[u8]| {
    let [size, limit, stream @ ..] = input else {
        return;
    };
    let limit = usize::from(*limit) * 4;
    let whole = decode([stream].into_iter(), limit);
    let cut = decode(stream.chunks(usize::from(*size).max(1)), limit);
    assert_eq!(cut, whole);
});
