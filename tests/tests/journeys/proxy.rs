//! A proxy that drops or replaces responses.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use prime_ext::Client;
use prime_sim::Simulator;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What the proxy does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProxyAction {
    /// Forwards the request and the response.
    Forward,
    /// Closes the connection without forwarding the request.
    DropRequest,
    /// Forwards the request and closes the connection without a response.
    DropResponse,
    /// Truncates the response after this many bytes.
    TruncateAfter(usize),
    /// Truncates the response body after this many bytes.
    TruncateBodyAfter(usize),
    /// Forwards the request and responds with this status of a gateway.
    Gateway(u16),
    /// Forwards the request and responds with an HTML page and status 200.
    HtmlPage,
}

/// A proxy between a client and a simulator. It takes the actions in order and repeats the last
/// one.
pub(crate) struct Proxy {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(sim: &Simulator, actions: Vec<ProxyAction>) -> Self {
        Self::start_at(sim, actions, ([127, 0, 0, 1], 0).into()).await
    }

    pub(crate) async fn start_at(
        sim: &Simulator,
        actions: Vec<ProxyAction>,
        address: SocketAddr,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = sim.platform_url().replace("http://", "");
        let requests = Arc::new(AtomicUsize::new(0));
        let count = requests.clone();
        let task = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let action =
                    |number: usize| actions.get(number).or(actions.last()).copied().unwrap();
                // One request per connection.
                drop(
                    handle(connection, &server, || {
                        action(count.fetch_add(1, Ordering::Relaxed))
                    })
                    .await,
                );
            }
        });
        Self {
            address,
            requests,
            task,
        }
    }

    /// Stops the proxy and returns its address.
    pub(crate) async fn stop(self) -> SocketAddr {
        self.task.abort();
        drop(self.task.await);
        self.address
    }

    pub(crate) fn client(&self, sim: &Simulator) -> Client {
        Client::builder()
            .api_key(sim.key())
            .platform_url(format!("http://{}", self.address))
            .build()
            .unwrap()
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

async fn handle(
    mut client: TcpStream,
    server: &str,
    action: impl FnOnce() -> ProxyAction,
) -> std::io::Result<()> {
    let request = message(&mut client).await?;
    if request.is_empty() {
        return Ok(());
    }
    let action = action();
    if action == ProxyAction::DropRequest {
        return Ok(());
    }
    let mut server = TcpStream::connect(server).await?;
    server.write_all(&request).await?;
    let response = message(&mut server).await?;
    let body = head_length(&response).unwrap();
    let page = |status: u16, text: &str| {
        let length = text.len();
        format!("HTTP/1.1 {status} X\r\ncontent-type: text/html\r\ncontent-length: {length}\r\n\r\n{text}")
            .into_bytes()
    };
    let response = match action {
        ProxyAction::Forward => response,
        ProxyAction::DropRequest | ProxyAction::DropResponse => Vec::new(),
        ProxyAction::TruncateAfter(bytes) => response[..bytes.min(response.len() - 1)].to_vec(),
        ProxyAction::TruncateBodyAfter(bytes) => {
            response[..(body + bytes).min(response.len() - 1)].to_vec()
        }
        ProxyAction::Gateway(status) => page(status, "<html>Bad gateway</html>"),
        ProxyAction::HtmlPage => page(200, "<html>Maintenance</html>"),
    };
    // The client must not reuse the connection.
    let text = String::from_utf8_lossy(&response).into_owned();
    let text = text.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    client.write_all(text.as_bytes()).await?;
    client.shutdown().await
}

/// Reads an HTTP/1.1 message with or without `content-length`.
async fn message(from: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        if let Some(head) = head_length(&message) {
            let text = String::from_utf8_lossy(&message[..head]).to_lowercase();
            let length = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.trim().parse().unwrap());
            if message.len() >= head + length {
                return Ok(message);
            }
        }
        if from.read_buf(&mut message).await? == 0 {
            return Ok(message);
        }
    }
}

fn head_length(message: &[u8]) -> Option<usize> {
    let end = message.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(end + 4)
}
