//! The server itself: routes, records, start and end.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use prime_sim::{Simulator, StartError};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::{inference, json, platform, still};

#[tokio::test]
async fn every_operation_of_the_specifications_is_served() {
    let sim = still().await;
    let of_inference = pinference_api::operations::ALL
        .iter()
        .map(|o| (sim.inference_url(), o));
    let of_training = prime_training_api::operations::ALL
        .iter()
        .map(|o| (sim.platform_url(), o));
    for (base, operation) in of_inference.chain(of_training) {
        let url = format!("{base}{}", operation.path.replace(['{', '}'], ""));
        let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
        let response = crate::http().request(method, url).send().await.unwrap();
        // Who has no key is turned away behind the route, not ahead of it.
        let expected = match operation.id {
            "list_models" => StatusCode::OK,
            _ => StatusCode::UNAUTHORIZED,
        };
        assert_eq!(response.status(), expected, "{operation}");
    }
}

#[tokio::test]
async fn other_routes_and_methods_are_refused() {
    let sim = still().await;
    let nowhere = platform(&sim, Method::GET, "/api/v1/nowhere");
    assert_eq!(
        json(nowhere, StatusCode::NOT_FOUND).await,
        json!({ "detail": "Not Found" })
    );
    let wrong = inference(&sim, Method::DELETE, "/chat/completions");
    let answer = json(wrong, StatusCode::METHOD_NOT_ALLOWED).await;
    assert_eq!(answer, json!({ "detail": "Method Not Allowed" }));
}

#[tokio::test]
async fn requests_are_kept_as_they_arrived() {
    let sim = still().await;
    let request = platform(&sim, Method::POST, "/a%2Fb/c?x=%20y").body("hello");
    request.header("X-Test", "1").send().await.unwrap();
    inference(&sim, Method::GET, "/models")
        .send()
        .await
        .unwrap();
    let requests = sim.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].method, Method::POST);
    assert_eq!(requests[0].path, "/a%2Fb/c");
    assert_eq!(requests[0].query.as_deref(), Some("x=%20y"));
    assert_eq!(requests[0].headers["x-test"], "1");
    assert_eq!(&requests[0].body[..], b"hello");
    assert!(!format!("{requests:?}").contains(sim.key()));
}

#[tokio::test]
async fn the_same_seed_tells_the_same_story() {
    let (one, two) = (still().await, still().await);
    assert_eq!((one.key(), one.team()), (two.key(), two.team()));
    let rows = |sim: &Simulator| serde_json::to_string(&sim.wallet(Some(sim.team())).unwrap().rows);
    assert_eq!(rows(&one).unwrap(), rows(&two).unwrap());
    let other = Simulator::builder().seed(8).start().await.unwrap();
    assert_ne!(one.key(), other.key());
}

#[tokio::test]
async fn dropped_it_is_gone_with_its_streams() {
    let delay = Duration::from_secs(600);
    let sim = Simulator::builder()
        .token_delay(delay)
        .start()
        .await
        .unwrap();
    let body = json!({
        "model": "openai/gpt-oss-120b",
        "messages": [{ "role": "user", "content": "A story!" }],
        "stream": true,
    });
    let request = inference(&sim, Method::POST, "/chat/completions").json(&body);
    let mut response = request.send().await.unwrap();
    response.chunk().await.unwrap();
    let address = sim.platform_url().replace("http://", "");
    let mut idle = TcpStream::connect(&address).unwrap();
    drop(sim);

    assert!(TcpStream::connect(&address).is_err());
    let rest = async {
        while response.chunk().await?.is_some() {}
        Ok::<_, reqwest::Error>(())
    };
    assert!(
        tokio::time::timeout(Duration::from_secs(5), rest)
            .await
            .unwrap()
            .is_err()
    );
    idle.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    drop(idle.write_all(b"GET / HTTP/1.1\r\n"));
    assert!(matches!(idle.read(&mut [0; 64]), Ok(0) | Err(_)));
}

#[tokio::test]
async fn what_makes_no_sense_does_not_start() {
    let sim = still().await;
    let port = sim
        .platform_url()
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let error = Simulator::builder().port(port).start().await.unwrap_err();
    assert!(matches!(error, StartError::PortTaken { port: taken } if taken == port));
    assert!(error.to_string().contains("is taken"));
    for scale in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(
            Simulator::builder()
                .time_scale(scale)
                .start()
                .await
                .is_err()
        );
    }
    for balance in ["1000000000000", "0.00000000001"] {
        let error = Simulator::builder()
            .balance(balance.parse().unwrap())
            .start()
            .await;
        assert!(matches!(error, Err(StartError::Balance(_))), "{balance}");
    }
}

#[tokio::test]
async fn answers_are_told_of() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let sim = Simulator::builder()
        .record(0)
        .on_answer(move |answer| log.lock().unwrap().push(answer.clone()))
        .start()
        .await
        .unwrap();
    platform(&sim, Method::GET, "/nowhere")
        .send()
        .await
        .unwrap();
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].path, "/nowhere");
    assert_eq!(told[0].status, Some(StatusCode::NOT_FOUND));
    assert!(sim.requests().is_empty());
}
