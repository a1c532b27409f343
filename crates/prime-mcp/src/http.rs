//! Streamable HTTP on loopback.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::net::TcpListener;

use crate::server::{Error, Handler};

/// Serves clients until `stop` is ready.
pub(crate) async fn serve(
    address: SocketAddr,
    factory: impl Fn() -> io::Result<Handler> + Send + Sync + 'static,
    listening: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()>,
) -> Result<(), Error> {
    if !address.ip().is_loopback() {
        return Err(Error(format!(
            "{} is not a loopback address: the server has no authentication, so that only this machine may reach it",
            address.ip()
        )));
    }
    let failed = |error: io::Error| Error(format!("cannot listen to {address}: {error}"));
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    listening(listener.local_addr().map_err(failed)?);
    // A page in a browser must not reach the server.
    let config = StreamableHttpServerConfig::default().enforce_origin_validation();
    let tokens = config.cancellation_token.clone();
    let service =
        StreamableHttpService::new(factory, Arc::new(LocalSessionManager::default()), config);
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let Ok((stream, _)) = accepted else { continue };
        let service = TowerToHyperService::new(service.clone());
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new());
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        // The end of a connection is no error of the server.
        drop(tokio::spawn(async { drop(connection.await) }));
    }
    tokens.cancel();
    Ok(())
}
