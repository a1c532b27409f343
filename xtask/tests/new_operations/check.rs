//! Calls operations that prime-ext has never heard of, and checks that their facts decide how.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use new_operations::types::CreateOrderBody;
use prime_ext::{
    CallOptions, Client, Error, RetryPolicy, Secret, Transport, TransportFuture, TransportResponse,
};

static REQUESTS: Mutex<Vec<String>> = Mutex::new(Vec::new());
static STATUS: AtomicU32 = AtomicU32::new(200);

/// Answers with `STATUS`, or never if that is 0, and records what was sent.
#[derive(Debug)]
struct Recorder;

impl Transport for Recorder {
    fn send(&self, request: prime_ext::reqwest::Request) -> TransportFuture<'_> {
        Box::pin(async move {
            let team = request.headers().get("x-team").map(|team| team.to_str().unwrap());
            let body = request.body().and_then(|body| body.as_bytes()).unwrap_or_default();
            let body = String::from_utf8_lossy(body);
            let url = request.url();
            let record = format!("{} {:?} {team:?} {body}", url.path(), url.query());
            REQUESTS.lock().unwrap().push(record);
            let status = STATUS.load(Ordering::Relaxed);
            if status == 0 {
                std::future::pending::<()>().await;
            }
            let body = r#"{"error": "the pin 12345 is wrong", "voucher": "v-777"}"#;
            let response = prime_ext::http::Response::builder();
            let response = response.status(u16::try_from(status).unwrap()).body(body);
            Ok(TransportResponse::from(response.unwrap()))
        })
    }
}

/// What was sent since the last time.
fn requests() -> Vec<String> {
    std::mem::take(&mut REQUESTS.lock().unwrap())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let soon = RetryPolicy::new().backoff(Duration::ZERO, Duration::ZERO);
    let prime = Client::builder().api_key("key").transport(Recorder);
    let lab = prime.options(CallOptions::new().retry(soon)).build()?.team("team_1");
    let api = new_operations::Client::with_caller("http://localhost", lab.caller().clone());
    let order = || {
        let mut order = CreateOrderBody::new(Secret::from("12345"));
        order.payer = None;
        api.create_order().body(order)
    };

    // The team goes where the specification says.
    lab.on_behalf(api.create_quote())?.send_with(lab.context()).await?;
    lab.on_behalf(api.list_parts())?.send_with(lab.context()).await?;
    lab.on_behalf(order())?.send_with(lab.context()).await?;
    assert_eq!(
        requests(),
        [
            r#"/quotes None Some("team_1") "#,
            r#"/parts Some("team=team_1") None "#,
            r#"/orders None None {"payer":"team_1","pin":"12345"}"#,
        ]
    );

    // What is repeated depends on the retry safety.
    for (status, [quote, parts, orders]) in
        [(503, [3, 3, 1]), (500, [1, 3, 1]), (409, [1, 1, 1]), (429, [3, 3, 1])]
    {
        STATUS.store(status, Ordering::Relaxed);
        let error = api.create_quote().send_with(lab.context()).await.unwrap_err();
        assert_eq!((requests().len(), error.attempts()), (quote, quote as u32), "{status}");
        api.list_parts().send_with(lab.context()).await.unwrap_err();
        assert_eq!(requests().len(), parts, "{status}");
        let error = order().send_with(lab.context()).await.unwrap_err();
        assert_eq!(requests().len(), orders, "{status}");
        // Secrets of the request and of the response are redacted.
        let shown = format!("{error} {error:?} {:?} {:?}", error.message(), error.preview());
        assert!(!shown.contains("12345") && !shown.contains("v-777"), "{shown}");
        assert_eq!(error.operation(), Some("create_order"));
    }

    // The operation's own timeout applies unless the caller sets another.
    STATUS.store(0, Ordering::Relaxed);
    let started = Instant::now();
    let error = api.create_quote().send_with(lab.context()).await.unwrap_err();
    let waited = started.elapsed();
    assert!(error.is_timeout() && error.outcome_unknown(), "{error}");
    assert!(waited >= Duration::from_secs(1) && waited < Duration::from_secs(10));
    let hasty = lab.with_options(CallOptions::new().timeout(Duration::from_millis(50)));
    let started = Instant::now();
    api.create_quote().send_with(hasty.context()).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_millis(900));
    println!("all facts hold");
    Ok(())
}
