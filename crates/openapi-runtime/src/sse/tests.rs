//! A stream gives the events that the specification defines, however it is split into chunks.

use bytes::Bytes;
use futures_util::FutureExt as _;

use super::*;

/// The name, data and id of an event.
type OwnedEvent = (String, String, String);

fn to_owned_event(event: &Event<'_>) -> OwnedEvent {
    let id = event.id.to_owned();
    (event.name.to_string(), event.data.to_string(), id)
}

fn decode<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> Vec<OwnedEvent> {
    let mut decoder = Decoder::new();
    let mut events = Vec::new();
    for chunk in chunks {
        decoder.feed(Bytes::copy_from_slice(chunk));
        while let Some(event) = decoder.next() {
            events.push(to_owned_event(&event.unwrap()));
        }
    }
    events
}

/// A reference implementation of the specification, for a complete stream.
fn reference(stream: &[u8]) -> Vec<OwnedEvent> {
    let text = String::from_utf8_lossy(stream);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut events = Vec::new();
    let (mut name, mut data, mut id) = (String::new(), String::new(), String::new());
    // Text after the last line end is not a line.
    for line in text
        .split_inclusive('\n')
        .filter_map(|l| l.strip_suffix('\n'))
    {
        if line.is_empty() {
            if let Some(data) = data.strip_suffix('\n') {
                let name = if name.is_empty() { "message" } else { &name };
                events.push((name.to_owned(), data.to_owned(), id.clone()));
            }
            name.clear();
            data.clear();
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => name = value.to_owned(),
            "data" => data += &format!("{value}\n"),
            "id" if !value.contains('\0') => id = value.to_owned(),
            _ => {}
        }
    }
    events
}

#[track_caller]
fn assert_events_of_all_splits(stream: &[u8]) {
    let expected = reference(stream);
    for size in 1..=stream.len().max(1) {
        assert_eq!(
            decode(stream.chunks(size)),
            expected,
            "{size} in {stream:?}"
        );
    }
    for cut in 0..=stream.len() {
        let (one, two) = stream.split_at(cut);
        assert_eq!(
            decode([one, two].into_iter()),
            expected,
            "{cut} in {stream:?}"
        );
        for second in cut..=stream.len().min(cut + 24) {
            let (two, three) = two.split_at(second - cut);
            assert_eq!(decode([one, two, three].into_iter()), expected);
        }
    }
}

#[test]
fn known_streams() {
    for stream in [
        "\u{feff}: ping\r\n\r\ndata: {\"a\":\"ä\u{1f600}\"}\r\n\r\nevent: x\rdata:one\rdata: two\r\rdata\n\nid: 7\ndata: [DONE]\n\ndata: lost",
        "data: one\n\ndata: two\ndata\ndata:\ndata:  three\n\n",
        "event: error\ndata: no\n\nevent: dropped\n\ndata: message\n\n",
        "id: 1\n\ndata: a\n\nid\ndata: b\n\nid: x\0y\ndata: c\n\n",
        "retry: 10\nretry: x\nretry:\ndata: a\n\n",
        "dat: a\ndata : b\n data: c\nDATA: d\ndatax: e\n:\n::\n\ndata: f\n\n",
        "\u{feff}\u{feff}data: a\n\ndata: b\n\n",
        "\n\n\r\r\r\n\r\n\ndata: a\r\n\n",
        "",
        ":",
        "\u{feff}",
        "data",
        "data: a\n",
        "data: a\r",
        "data: a\r\n\r",
    ] {
        assert_events_of_all_splits(stream.as_bytes());
    }
    for stream in [
        &b"\xef\xbbdata: a\n\ndata: b\n\n"[..],
        b"\xefdata: a\n\ndata: b\n\n",
        b"data: \xff\xc3\n\ndata: \xe2\x82\n\ndata: \xf0\x9f\x98\x80\n\n",
        b"event: \xc3\ndata: a\n\n",
    ] {
        assert_events_of_all_splits(stream);
    }
}

/// Decodes random sequences of tokens.
#[test]
fn random_streams() {
    const TOKENS: [&[u8]; 22] = [
        b"data",
        b"data:",
        b"data: ",
        b"event:",
        b"event: x",
        b"id: 1",
        b"id",
        b"retry: 1",
        b":",
        b" ",
        b"\n",
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"\xef\xbb\xbf",
        b"\xef",
        b"{\"a\":1}",
        "ä\u{1f600}".as_bytes(),
        b"\xc3",
        b"\0",
        b"[DONE]",
    ];
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..100 {
        let mut stream = Vec::new();
        for _ in 0..24 {
            // xorshift, so that every run has the same streams.
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let token = usize::try_from(random % 22).unwrap();
            stream.extend_from_slice(TOKENS[token]);
        }
        assert_events_of_all_splits(&stream);
    }
}

#[test]
fn an_event_in_one_chunk_is_borrowed() {
    let chunk = Bytes::from_static(b"event: x\ndata: one\n\ndata:two\r\n\r\ndata: thr");
    let within = |text: &str| chunk.as_ptr_range().contains(&text.as_ptr());
    let mut decoder = Decoder::new();
    decoder.feed(chunk.clone());
    let event = decoder.next().unwrap().unwrap();
    assert_eq!((&*event.name, &*event.data), ("x", "one"));
    assert!(within(&event.name) && within(&event.data));
    let event = decoder.next().unwrap().unwrap();
    assert_eq!(event.data, "two");
    assert!(within(&event.data));
    assert!(decoder.next().is_none());
    decoder.feed(Bytes::from_static(b"ee\n\n"));
    assert_eq!(decoder.next().unwrap().unwrap().data, "three");
}

#[test]
fn a_chunk_may_be_fed_early() {
    let mut decoder = Decoder::new();
    for chunk in ["data: a\n\nda", "ta: b\n", "\ndata: c\n\n"] {
        decoder.feed(Bytes::from_static(chunk.as_bytes()));
    }
    let mut data = Vec::new();
    while let Some(event) = decoder.next() {
        data.push(event.unwrap().data.into_owned());
    }
    assert_eq!(data, ["a", "b", "c"]);
}

/// The limit does not depend on the chunk sizes.
#[test]
fn an_event_larger_than_the_limit() {
    let streams = [
        ("data: a\n\ndata: 0123456789012345\n\ndata: b\n\n", true),
        ("data: a\n\ndata: 0123\ndata: 4567\ndata: 890123\n\n", true),
        ("data: a\n\n: 012345678901234567890123456789\n\n", true),
        ("data: a\n\nevent: 0123456789a\ndata: 1234\n\n", true),
        (
            "data: a\n\ndata: 0123\n\ndata: 4567\n\ndata: 8901\n\n",
            false,
        ),
    ];
    for (stream, too_large) in streams {
        for size in 1..=stream.len() {
            let mut decoder = Decoder::with_limit(20);
            let (mut events, mut failed) = (0, false);
            for chunk in stream.as_bytes().chunks(size) {
                decoder.feed(Bytes::from_static(chunk));
                while let Some(event) = decoder.next() {
                    if event.is_err() {
                        assert_eq!(event, Err(EventTooLarge { limit: 20 }));
                        failed = true;
                        break;
                    }
                    events += 1;
                }
            }
            assert_eq!(failed, too_large, "{size} in {stream:?}");
            assert_eq!(
                events,
                if too_large { 1 } else { 4 },
                "{size} in {stream:?}"
            );
            assert!(decoder.unterminated().is_none());
        }
    }
}

#[test]
fn a_stream_may_end_without_a_blank_line() {
    for (stream, data) in [
        ("data: [DONE]", Some("[DONE]")),
        ("data: [DONE]\n", Some("[DONE]")),
        ("data: a\ndata: b", Some("a\nb")),
        ("data: a\n\n", None),
        ("data: a\n\nid: 7", None),
        ("", None),
    ] {
        for size in 1..=stream.len().max(1) {
            let mut decoder = Decoder::new();
            for chunk in stream.as_bytes().chunks(size) {
                decoder.feed(Bytes::from_static(chunk));
                while decoder.next().is_some() {}
            }
            let event = decoder.unterminated();
            assert_eq!(event.map(|event| event.data).as_deref(), data, "{stream:?}");
        }
    }
}

#[test]
fn the_reconnection_time_is_read() {
    let mut decoder = Decoder::new();
    decoder.feed(Bytes::from_static(
        b"retry: 2500\nretry: soon\nretry: 1e3\n\n",
    ));
    assert!(decoder.next().is_none());
    assert_eq!(
        decoder.retry(),
        Some(std::time::Duration::from_millis(2500))
    );
}

#[test]
fn a_stream_returns_its_events_and_says_if_it_is_cut_off() {
    let body = "data: one\n\nevent: b\ndata: two\n\n";
    for (end, is_complete) in [
        ("", true),
        (": comment\n", true),
        ("data: thr", false),
        ("data: three\n", false),
    ] {
        let bytes = Bytes::from(format!("{body}{end}"));
        let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>(bytes)]);
        let mut events = crate::ByteStream::new(chunks).into_events();
        let mut read = Vec::new();
        let result = loop {
            match events.next().now_or_never().unwrap() {
                Ok(Some(event)) => read.push(format!("{} {}", event.name, event.data)),
                other => break other.map(|_| ()),
            }
        };
        assert_eq!(read, ["message one", "b two"], "{end}");
        let error = result.err().map(|error| error.to_string());
        assert_eq!(error.is_none(), is_complete, "{end}: {error:?}");
    }
}
