//! Connections that can be broken, and a door that can be shut.

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

/// How a connection is meant to be.
const OPEN: u8 = 0;
const CLOSED: u8 = 1;
const RESET: u8 = 2;

/// A connection, for a request that came over it.
#[derive(Debug, Clone)]
pub(crate) struct Connection(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    number: u64,
    meant: AtomicU8,
    /// Requests that are being answered.
    busy: AtomicUsize,
    reader: Mutex<Option<Waker>>,
}

impl Connection {
    /// Which one it is, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.0.number
    }

    /// Ends it with RST. Not one byte more is sent.
    pub(crate) fn reset(&self) {
        self.0.end(RESET);
    }

    /// Ends it with FIN. Not one byte more is sent.
    pub(crate) fn close(&self) {
        self.0.end(CLOSED);
    }

    pub(crate) fn begin(&self) {
        self.0.busy.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn done(&self) {
        self.0.busy.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Inner {
    fn end(&self, meant: u8) {
        self.meant.store(meant, Ordering::SeqCst);
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

/// The stream of a connection.
pub(crate) struct Breakable {
    stream: TcpStream,
    connection: Connection,
}

impl Breakable {
    fn meant(&self) -> u8 {
        self.connection.0.meant.load(Ordering::SeqCst)
    }

    fn writable(&self) -> io::Result<()> {
        match self.meant() {
            OPEN => Ok(()),
            _ => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }
}

impl AsyncRead for Breakable {
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
        match this.meant() {
            OPEN => Pin::new(&mut this.stream).poll_read(cx, buffer),
            CLOSED => Poll::Ready(Ok(())),
            _ => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
    }
}

impl AsyncWrite for Breakable {
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
        match this.meant() {
            // A shutdown would send FIN ahead of the RST.
            RESET => Poll::Ready(Ok(())),
            _ => Pin::new(&mut this.stream).poll_shutdown(cx),
        }
    }
}

impl Drop for Breakable {
    fn drop(&mut self) {
        if self.meant() == RESET {
            drop(self.stream.set_zero_linger());
        }
    }
}

impl Connected<IncomingStream<'_, Door>> for Connection {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().connection.clone()
    }
}

/// Whether a simulator listens.
#[derive(Debug)]
pub(crate) struct Gate {
    open: watch::Sender<bool>,
    /// Told once the door is as it should be.
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

    /// Refuses connections, or takes them again; done when this returns. Idle connections are closed
    /// where nobody is to be reached any more.
    pub(crate) async fn set_open(&self, open: bool) {
        self.open.send_replace(open);
        let mut listening = self.listening.subscribe();
        let as_told = listening.wait_for(|listening| *listening == open);
        // The server's thread may have ended: then nobody listens anyway.
        drop(tokio::time::timeout(Duration::from_secs(5), as_told).await);
        if !open {
            let closing = self.close_idle();
            for _ in 0..100 {
                // Once more after the last is gone, so that their clients notice.
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
                let idle = connection.busy.load(Ordering::SeqCst) == 0;
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
            meant: AtomicU8::new(OPEN),
            busy: AtomicUsize::new(0),
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

/// Where connections come in.
pub(crate) struct Door {
    /// None while nobody listens.
    listener: Option<TcpListener>,
    address: SocketAddr,
    gate: Arc<Gate>,
    open: watch::Receiver<bool>,
}

impl Door {
    pub(crate) fn new(listener: TcpListener, gate: Arc<Gate>) -> io::Result<Self> {
        Ok(Self {
            address: listener.local_addr()?,
            listener: Some(listener),
            open: gate.open.subscribe(),
            gate,
        })
    }

    /// Does as it was told, until it listens.
    async fn listener(&mut self) -> io::Result<&TcpListener> {
        if *self.open.borrow_and_update() {
            if self.listener.is_none() {
                self.listener = Some(keep_port(self.address)?.listen(1_024)?);
                self.gate.listening.send_replace(true);
            }
        } else {
            drop(self.listener.take());
            // Held, so that no other program gets the port meanwhile. Nobody listens on it.
            let held = keep_port(self.address);
            self.gate.listening.send_replace(false);
            drop(self.open.wait_for(|open| *open).await);
            let listener = match held.and_then(|held| held.listen(1_024)) {
                Ok(listener) => listener,
                Err(_) => keep_port(self.address)?.listen(1_024)?,
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
                // Without anybody to tell it more, the door stays as it is.
                if changed.is_err() {
                    return Ok(Some(listener.accept().await?.0));
                }
                Ok(None)
            }
        }
    }
}

fn keep_port(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Connections of before may linger on the port. On Windows it would mean something else.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

impl Listener for Door {
    type Io = Breakable;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Breakable, SocketAddr) {
        loop {
            match self.accept_one().await {
                Ok(Some(stream)) => {
                    // Without it, small writes of a stream wait for acknowledgements.
                    drop(stream.set_nodelay(true));
                    let connection = self.gate.connection();
                    return (Breakable { stream, connection }, self.address);
                }
                Ok(None) => {}
                // Too many open files, a client that went away: others can still come.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
