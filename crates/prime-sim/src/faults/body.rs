//! Bodies that break.

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

/// A body that a task writes.
pub(crate) fn written<F>(write: impl FnOnce(Writer) -> F) -> Body
where
    F: Future<Output = ()> + Send + 'static,
{
    let (writer, pieces) = mpsc::channel(1);
    tokio::spawn(write(Writer(writer)));
    Body::from_stream(Pieces(pieces))
}

/// Where such a task writes to.
pub(crate) struct Writer(mpsc::Sender<io::Result<Bytes>>);

impl Writer {
    /// Sends a piece. Says whether anybody is there to read on.
    pub(crate) async fn send(&self, piece: impl Into<Bytes>) -> bool {
        self.0.send(Ok(piece.into())).await.is_ok()
    }

    /// Waits. Says whether anybody is there to read on.
    pub(crate) async fn pause(&self, pause: Duration) -> bool {
        tokio::select! {
            () = sleep(pause) => true,
            () = self.0.closed() => false,
        }
    }

    /// Waits for the reader to go away.
    pub(crate) async fn stall(&self) {
        self.0.closed().await;
    }

    /// Ends the body with an error, and so the connection.
    pub(crate) async fn fail(&self) {
        drop(
            self.0
                .send(Err(io::ErrorKind::ConnectionReset.into()))
                .await,
        );
    }
}

struct Pieces(mpsc::Receiver<io::Result<Bytes>>);

impl Stream for Pieces {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().0.poll_recv(cx)
    }
}

/// The events of an event stream, one at a time, each with its blank line.
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
                Some(piece) => self.read.extend_from_slice(&piece),
                None if self.read.has_remaining() => return Some(self.read.split().freeze()),
                None => return None,
            }
        }
    }
}

/// The next piece of a body that does not fail.
pub(crate) async fn next(body: &mut BodyDataStream) -> Option<Bytes> {
    let mut body = pin!(body);
    poll_fn(|cx| body.as_mut().poll_next(cx)).await?.ok()
}

/// Whether an event ends an answer, so that nothing is missing after it.
pub(crate) fn ends_answer(event: &[u8]) -> bool {
    let has = |needle: &[u8]| event.windows(needle.len()).any(|window| window == needle);
    has(b"data: [DONE]") || (has(b"\"finish_reason\":") && !has(b"\"finish_reason\":null"))
}
