//! Connections that can be reset or closed, and a listener that can refuse connections.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

/// The target states of a connection.
const OPEN: u8 = 0;
const CLOSED: u8 = 1;
const RESET: u8 = 2;

/// A handle to the connection of a request.
#[derive(Debug, Clone)]
pub(crate) struct Connection(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    number: u64,
    state: AtomicU8,
    /// The number of requests in progress.
    active: AtomicUsize,
    reader: Mutex<Option<Waker>>,
}

impl Connection {
    /// Returns the connection number, counted from 1.
    pub(crate) fn number(&self) -> u64 {
        self.0.number
    }

    /// Resets the connection (RST). No further bytes are sent.
    pub(crate) fn reset(&self) {
        self.0.end(RESET);
    }

    /// Closes the connection (FIN). No further bytes are sent.
    pub(crate) fn close(&self) {
        self.0.end(CLOSED);
    }

    pub(crate) fn begin_request(&self) {
        self.0.active.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn end_request(&self) {
        self.0.active.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Inner {
    fn end(&self, state: u8) {
        self.state.store(state, Ordering::SeqCst);
        let reader = self
            .reader
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

/// A TCP stream that a [`Connection`] handle can end.
pub(crate) struct BreakableStream {
    stream: TcpStream,
    connection: Connection,
}

impl BreakableStream {
    fn state(&self) -> u8 {
        self.connection.0.state.load(Ordering::SeqCst)
    }

    fn writable(&self) -> io::Result<()> {
        match self.state() {
            OPEN => Ok(()),
            _ => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }
}

impl AsyncRead for BreakableStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        {
            let reader = &this.connection.0.reader;
            let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
            if !reader.as_ref().is_some_and(|w| w.will_wake(cx.waker())) {
                *reader = Some(cx.waker().clone());
            }
        }
        match this.state() {
            OPEN => Pin::new(&mut this.stream).poll_read(cx, buffer),
            CLOSED => Poll::Ready(Ok(())),
            _ => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
    }
}

impl AsyncWrite for BreakableStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.writable()?;
        Pin::new(&mut this.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.writable()?;
        Pin::new(&mut this.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match this.state() {
            // A shutdown would send FIN before RST.
            RESET => Poll::Ready(Ok(())),
            _ => Pin::new(&mut this.stream).poll_shutdown(cx),
        }
    }
}

impl Drop for BreakableStream {
    fn drop(&mut self) {
        if self.state() == RESET {
            drop(self.stream.set_zero_linger());
        }
    }
}

impl Connected<IncomingStream<'_, GatedListener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, GatedListener>) -> Self {
        stream.io().connection.clone()
    }
}

/// Controls whether the simulator accepts connections.
#[derive(Debug)]
pub(crate) struct Gate {
    open: watch::Sender<bool>,
    /// The current state of the listener.
    listening: watch::Sender<bool>,
    connections: Mutex<Vec<Weak<Inner>>>,
    count: AtomicU64,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self {
            open: watch::Sender::new(true),
            listening: watch::Sender::new(true),
            connections: Mutex::default(),
            count: AtomicU64::new(0),
        }
    }

    /// Accepts or refuses connections. The change is in effect when this method returns. Refusing
    /// also closes idle connections.
    pub(crate) async fn set_open(&self, open: bool) {
        self.open.send_replace(open);
        let mut listening = self.listening.subscribe();
        let changed = listening.wait_for(|listening| *listening == open);
        // If the server thread has ended, no connection is accepted anyway.
        drop(tokio::time::timeout(Duration::from_secs(5), changed).await);
        if !open {
            let closing = self.close_idle();
            for _ in 0..100 {
                // Waits once more after the last one is gone, so that the clients notice.
                let gone = closing
                    .iter()
                    .all(|connection| connection.strong_count() == 0);
                tokio::time::sleep(Duration::from_millis(10)).await;
                if gone {
                    break;
                }
            }
        }
    }

    fn close_idle(&self) -> Vec<Weak<Inner>> {
        let connections = self.connections.lock();
        let connections = connections.unwrap_or_else(PoisonError::into_inner);
        let idle = connections.iter().filter(|connection| {
            connection.upgrade().is_some_and(|connection| {
                let idle = connection.active.load(Ordering::SeqCst) == 0;
                if idle {
                    connection.end(CLOSED);
                }
                idle
            })
        });
        idle.cloned().collect()
    }

    fn connection(&self) -> Connection {
        let inner = Arc::new(Inner {
            number: self.count.fetch_add(1, Ordering::SeqCst) + 1,
            state: AtomicU8::new(OPEN),
            active: AtomicUsize::new(0),
            reader: Mutex::default(),
        });
        let connections = self.connections.lock();
        let mut connections = connections.unwrap_or_else(PoisonError::into_inner);
        if connections.len() == connections.capacity() {
            connections.retain(|connection| connection.strong_count() > 0);
        }
        connections.push(Arc::downgrade(&inner));
        Connection(inner)
    }
}

/// A listener that a [`Gate`] can close and reopen.
pub(crate) struct GatedListener {
    /// `None` while connections are refused.
    listener: Option<TcpListener>,
    address: SocketAddr,
    gate: Arc<Gate>,
    open: watch::Receiver<bool>,
}

impl GatedListener {
    pub(crate) fn new(listener: TcpListener, gate: Arc<Gate>) -> io::Result<Self> {
        Ok(Self {
            address: listener.local_addr()?,
            listener: Some(listener),
            open: gate.open.subscribe(),
            gate,
        })
    }

    /// Waits until the gate is open and returns the listener.
    async fn listener(&mut self) -> io::Result<&TcpListener> {
        if *self.open.borrow_and_update() {
            if self.listener.is_none() {
                self.listener = Some(bind_port(self.address)?.listen(1_024)?);
                self.gate.listening.send_replace(true);
            }
        } else {
            drop(self.listener.take());
            // A bound socket reserves the port without accepting connections.
            let held = bind_port(self.address);
            self.gate.listening.send_replace(false);
            drop(self.open.wait_for(|open| *open).await);
            let listener = match held.and_then(|held| held.listen(1_024)) {
                Ok(listener) => listener,
                Err(_) => bind_port(self.address)?.listen(1_024)?,
            };
            self.listener = Some(listener);
            self.gate.listening.send_replace(true);
        }
        self.listener
            .as_ref()
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    async fn accept_one(&mut self) -> io::Result<Option<TcpStream>> {
        self.listener().await?;
        let Some(listener) = &self.listener else {
            return Ok(None);
        };
        tokio::select! {
            accepted = listener.accept() => Ok(Some(accepted?.0)),
            changed = self.open.changed() => {
                // The gate is gone, so its state cannot change.
                if changed.is_err() {
                    return Ok(Some(listener.accept().await?.0));
                }
                Ok(None)
            }
        }
    }
}

fn bind_port(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Earlier connections may still use the port. The option has a different meaning on Windows.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

impl Listener for GatedListener {
    type Io = BreakableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (BreakableStream, SocketAddr) {
        loop {
            match self.accept_one().await {
                Ok(Some(stream)) => {
                    // Without this option, small writes wait for acknowledgements.
                    drop(stream.set_nodelay(true));
                    let connection = self.gate.connection();
                    return (BreakableStream { stream, connection }, self.address);
                }
                Ok(None) => {}
                // Other connections may succeed after an error such as too many open files.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
