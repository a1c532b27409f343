//! A proxy that loses answers, and a server that restarts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use prime_ext::Client;
use prime_sim::Simulator;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What becomes of a request and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// All is well.
    Through,
    /// The connection closes before the request is passed on.
    NotPassedOn,
    /// It is passed on, and the connection closes without an answer.
    NoAnswer,
    /// The answer breaks off after this many bytes.
    BreaksOffAfter(usize),
    /// The answer's body breaks off after this many bytes.
    BodyBreaksOffAfter(usize),
    /// A gateway answers in its place, after it was passed on.
    Gateway(u16),
    /// A gateway answers with a page and a status of success, after it was passed on.
    Page,
}

/// Stands between a client and a simulator. Requests meet their fates in turn, the last for ever.
pub(crate) struct Proxy {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(sim: &Simulator, fates: Vec<Fate>) -> Self {
        Self::start_at(sim, fates, ([127, 0, 0, 1], 0).into()).await
    }

    pub(crate) async fn start_at(sim: &Simulator, fates: Vec<Fate>, address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = sim.platform_url().replace("http://", "");
        let requests = Arc::new(AtomicUsize::new(0));
        let count = requests.clone();
        let task = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let fate = |number: usize| fates.get(number).or(fates.last()).copied().unwrap();
                // One request a connection.
                drop(
                    pass(connection, &server, || {
                        fate(count.fetch_add(1, Ordering::Relaxed))
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

    /// Nobody listens any more; where it did.
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

async fn pass(
    mut client: TcpStream,
    server: &str,
    fate: impl FnOnce() -> Fate,
) -> std::io::Result<()> {
    let request = message(&mut client).await?;
    if request.is_empty() {
        return Ok(());
    }
    let fate = fate();
    if fate == Fate::NotPassedOn {
        return Ok(());
    }
    let mut server = TcpStream::connect(server).await?;
    server.write_all(&request).await?;
    let answer = message(&mut server).await?;
    let body = head_length(&answer).unwrap();
    let said = |status: u16, text: &str| {
        let length = text.len();
        format!("HTTP/1.1 {status} X\r\ncontent-type: text/html\r\ncontent-length: {length}\r\n\r\n{text}")
            .into_bytes()
    };
    let answer = match fate {
        Fate::Through => answer,
        Fate::NotPassedOn | Fate::NoAnswer => Vec::new(),
        Fate::BreaksOffAfter(bytes) => answer[..bytes.min(answer.len() - 1)].to_vec(),
        Fate::BodyBreaksOffAfter(bytes) => answer[..(body + bytes).min(answer.len() - 1)].to_vec(),
        Fate::Gateway(status) => said(status, "<html>Bad gateway</html>"),
        Fate::Page => said(200, "<html>Maintenance</html>"),
    };
    // The client must not use the connection again.
    let text = String::from_utf8_lossy(&answer).into_owned();
    let text = text.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    client.write_all(text.as_bytes()).await?;
    client.shutdown().await
}

/// A message of HTTP/1.1 with or without `content-length`.
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
