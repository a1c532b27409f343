//! A raw server. The path selects the response: `/{mode}/{chunks}/{pause}/chat/completions`.
//!
//! - `bulk`: sends the events as fast as possible, in HTTP chunks of 64 KiB;
//! - `whole`: sends a response that is not a stream;
//! - `each`: sends each event in a separate write and HTTP chunk, `pause` microseconds apart.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::{Result, chunks, process};

/// Prints the port and serves until the process is killed.
pub fn run() -> Result<()> {
    process::pin(0)?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            println!("{}", listener.local_addr()?.port());
            loop {
                let (connection, _) = listener.accept().await?;
                connection.set_nodelay(true)?;
                tokio::spawn(serve(connection));
            }
        })
}

async fn serve(mut connection: TcpStream) -> std::io::Result<()> {
    while let Some(path) = read_request(&mut connection).await? {
        let mut words = path.trim_start_matches('/').split('/');
        let mode = words.next().unwrap_or_default();
        let mut number = || words.next().and_then(|n| n.parse::<u64>().ok());
        let (count, pause) = (number().unwrap_or(0), number().unwrap_or(0));
        if mode == "whole" {
            connection.write_all(whole().as_bytes()).await?;
            continue;
        }
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        connection.write_all(head.as_bytes()).await?;
        match mode {
            "bulk" => bulk(&mut connection, count as usize).await?,
            _ => {
                each(
                    &mut connection,
                    count as usize,
                    Duration::from_micros(pause),
                )
                .await?
            }
        }
        connection.write_all(&framed(chunks::end())).await?;
        connection.write_all(b"0\r\n\r\n").await?;
    }
    Ok(())
}

fn whole() -> String {
    let answer = chunks::answer();
    let length = answer.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{answer}"
    )
}

fn framed(body: &str) -> Vec<u8> {
    format!("{:x}\r\n{body}\r\n", body.len()).into_bytes()
}

async fn bulk(connection: &mut TcpStream, count: usize) -> std::io::Result<()> {
    let mut body = String::new();
    let mut frame = Vec::new();
    for number in 0..count {
        body.push_str(&chunks::event(number));
        if body.len() >= 64 << 10 || number + 1 == count {
            frame.clear();
            frame.extend_from_slice(&framed(&body));
            connection.write_all(&frame).await?;
            body.clear();
        }
    }
    Ok(())
}

async fn each(connection: &mut TcpStream, count: usize, pause: Duration) -> std::io::Result<()> {
    let frames: Vec<Vec<u8>> = (0..8).map(|n| framed(&chunks::event(n))).collect();
    let mut next = Instant::now();
    for number in 0..count {
        connection.write_all(&frames[number % 8]).await?;
        next += pause;
        if pause >= Duration::from_millis(2) {
            tokio::time::sleep_until(next.into()).await;
        } else {
            while Instant::now() < next {
                tokio::task::yield_now().await;
            }
        }
    }
    Ok(())
}

/// Reads a request and returns its path, or `None` at the end of the connection.
async fn read_request(connection: &mut TcpStream) -> std::io::Result<Option<String>> {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse::<usize>().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return Ok(head.split(' ').nth(1).map(str::to_owned));
            }
        }
        let read = connection.read(&mut piece).await?;
        if read == 0 {
            return Ok(None);
        }
        request.extend_from_slice(&piece[..read]);
    }
}
