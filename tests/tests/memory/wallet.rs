//! Memory usage while a large wallet is read by a caller that keeps no rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::{BYTES, COUNTING};

/// A wallet with a number of rows, and the number of requests.
#[derive(Default)]
struct Wallet {
    rows: AtomicU64,
    requests: AtomicU64,
}

impl Wallet {
    async fn serve(self: Arc<Self>, mut connection: TcpStream) {
        let (reader, mut writer) = connection.split();
        let mut lines = BufReader::new(reader).lines();
        let mut target = String::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.starts_with("GET ") {
                target = line;
            } else if line.is_empty() {
                let page = self.page(&target);
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length:";
                let response = format!("{head} {}\r\n\r\n{page}", page.len());
                writer.write_all(response.as_bytes()).await.unwrap();
            }
        }
    }

    fn page(&self, target: &str) -> String {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let parameter = |name: &str| -> u64 {
            let value = target
                .split(['?', '&', ' '])
                .find_map(|part| part.strip_prefix(name));
            value.unwrap().parse().unwrap()
        };
        let (limit, offset) = (parameter("limit="), parameter("offset="));
        let total = self.rows.load(Ordering::Relaxed);
        let row = |row: u64| {
            format!(
                r#"{{"id": "billing_{row:024}", "created_at": "2026-01-31T12:00:00Z",
                    "updated_at": "2026-01-31T12:00:00Z", "amount_usd": 0.01, "currency": "USD",
                    "resource_type": "compute"}}"#
            )
        };
        let rows: Vec<String> = (offset..total.min(offset + limit)).map(row).collect();
        format!(
            r#"{{"wallet_id": "w", "balance_usd": 1, "currency": "USD", "total_billings": {total},
                "recent_billings": [{}]}}"#,
            rows.join(",")
        )
    }
}

#[tokio::test]
async fn reading_a_wallet_keeps_at_most_32_bytes_per_row() {
    let _counting = COUNTING.lock().await;
    let wallet = Arc::new(Wallet::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = wallet.clone();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(server.clone().serve(connection));
        }
    });
    let prime = prime_ext::Client::builder()
        .api_key("key")
        .inference_url(&url)
        .platform_url(&url)
        .build()
        .unwrap();

    // The first pass opens the connection. Some counts are just above a power of two, where a hash
    // table would be half empty.
    for count in [200, 1_000, 57_500, 100_000, 115_000] {
        wallet.rows.store(count, Ordering::Relaxed);
        wallet.requests.store(0, Ordering::Relaxed);
        let before = BYTES.current_usage();
        let mut rows = prime.wallet().billings();
        let mut read = 0;
        while rows.try_next().await.unwrap().is_some() {
            read += 1;
        }
        let kept = BYTES.current_usage().saturating_sub(before) as f64 / count as f64;
        let requests = wallet.requests.load(Ordering::Relaxed);
        drop(rows);
        assert_eq!(read, count);
        println!("{count} rows: {kept:.1} bytes per row, {requests} requests");
        if count == 200 {
            continue;
        }
        // Includes a small constant part.
        let limit = if count == 1_000 { 64.0 } else { 32.0 };
        assert!(kept <= limit, "{kept} bytes per row for {count} rows");
        let pages = count.div_ceil(100);
        assert!(
            requests as f64 <= pages as f64 * 1.02 || requests == pages + 1,
            "{requests} requests for {count} rows"
        );
    }
}
