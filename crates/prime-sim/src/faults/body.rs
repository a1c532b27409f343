//! Bodies that fail or never end.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::{Buf, Bytes, BytesMut};
use futures_core::Stream;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// Returns a body that a task writes.
pub(crate) fn write_body<F>(write: impl FnOnce(Writer) -> F) -> Body
where
    F: Future<Output = ()> + Send + 'static,
{
    let (writer, chunks) = mpsc::channel(1);
    tokio::spawn(write(Writer(writer)));
    Body::from_stream(Chunks(chunks))
}

/// The writing end of a body.
pub(crate) struct Writer(mpsc::Sender<io::Result<Bytes>>);

impl Writer {
    /// Sends a chunk. Returns `false` if the reader has disconnected.
    pub(crate) async fn send(&self, chunk: impl Into<Bytes>) -> bool {
        self.0.send(Ok(chunk.into())).await.is_ok()
    }

    /// Waits. Returns `false` if the reader has disconnected.
    pub(crate) async fn pause(&self, pause: Duration) -> bool {
        tokio::select! {
            () = sleep(pause) => true,
            () = self.0.closed() => false,
        }
    }

    /// Waits until the reader disconnects.
    pub(crate) async fn stall(&self) {
        self.0.closed().await;
    }

    /// Ends the body with an error, which also ends the connection.
    pub(crate) async fn fail(&self) {
        drop(
            self.0
                .send(Err(io::ErrorKind::ConnectionReset.into()))
                .await,
        );
    }
}

struct Chunks(mpsc::Receiver<io::Result<Bytes>>);

impl Stream for Chunks {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().0.poll_recv(cx)
    }
}

/// Reads an event stream, one event with its blank line at a time.
pub(crate) struct EventReader {
    body: BodyDataStream,
    read: BytesMut,
}

impl EventReader {
    pub(crate) fn new(body: Body) -> Self {
        Self {
            body: body.into_data_stream(),
            read: BytesMut::new(),
        }
    }

    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        loop {
            let end = self.read.windows(2).position(|two| two == b"\n\n");
            if let Some(end) = end {
                return Some(self.read.split_to(end + 2).freeze());
            }
            match next(&mut self.body).await {
                Some(chunk) => self.read.extend_from_slice(&chunk),
                None if self.read.has_remaining() => return Some(self.read.split().freeze()),
                None => return None,
            }
        }
    }
}

/// Returns the next chunk. Returns `None` at the end of the body, or if an error occurs.
pub(crate) async fn next(body: &mut BodyDataStream) -> Option<Bytes> {
    let mut body = pin!(body);
    poll_fn(|cx| body.as_mut().poll_next(cx)).await?.ok()
}

/// Returns whether an event completes a chat completion.
pub(crate) fn is_final_event(event: &[u8]) -> bool {
    let has = |needle: &[u8]| event.windows(needle.len()).any(|window| window == needle);
    has(b"data: [DONE]") || (has(b"\"finish_reason\":") && !has(b"\"finish_reason\":null"))
}
