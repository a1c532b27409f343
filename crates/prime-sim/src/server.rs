//! The server thread.

use std::future::IntoFuture;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;

use axum::Router;
use tokio::sync::oneshot;

use crate::connection::{Connection, Gate, GatedListener};

/// A running server with its own thread and runtime. The server does not depend on the runtime or
/// the clock of the caller. Dropping the server ends all tasks and connections.
pub(crate) struct Server {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts serving on a bound listener.
    pub(crate) async fn start(
        listener: TcpListener,
        gate: Arc<Gate>,
        router: Router,
    ) -> io::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("prime-sim".to_owned())
            .spawn(move || match prepare(listener, gate) {
                Ok((runtime, listener)) => runtime.block_on(async {
                    let router = router.into_make_service_with_connect_info::<Connection>();
                    tokio::spawn(axum::serve(listener, router).into_future());
                    drop(ready.send(Ok(())));
                    drop(stopped.await);
                }),
                Err(error) => drop(ready.send(Err(error))),
            })?;
        let server = Self {
            stop: Some(stop),
            thread: Some(thread),
        };
        is_ready
            .await
            .unwrap_or_else(|_| Err(io::Error::other("the server thread ended")))?;
        Ok(server)
    }
}

fn prepare(
    listener: TcpListener,
    gate: Arc<Gate>,
) -> io::Result<(tokio::runtime::Runtime, GatedListener)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let listener = {
        let _context = runtime.enter();
        tokio::net::TcpListener::from_std(listener)?
    };
    Ok((runtime, GatedListener::new(listener, gate)?))
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            // A thread cannot join itself.
            && thread.thread().id() != std::thread::current().id()
        {
            drop(thread.join());
        }
    }
}
