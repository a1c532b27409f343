//! What the examples share: a client of an embedded simulator, or of the real service with `--live`.

#![allow(dead_code, reason = "each example uses a part")]

use prime_ext::Client;
use prime_sim::Simulator;

/// The result of an example.
pub(crate) type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A client and its simulator. The simulator must live as long as the client is used.
pub(crate) struct Service {
    pub(crate) client: Client,
    pub(crate) simulator: Option<Simulator>,
}

/// Starts a simulator and creates its client. With `--live`, the client uses the settings of the `prime` CLI.
pub(crate) async fn service() -> Result<Service, Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            let simulator = Simulator::builder()
                .billing_rows(340)
                .time_scale(30.0)
                .start()
                .await?;
            Ok(Service {
                client: client(&simulator)?,
                simulator: Some(simulator),
            })
        }
        ["--live"] => Ok(Service {
            client: Client::from_env()?,
            simulator: None,
        }),
        _ => Err(format!("unknown arguments {arguments:?}; the only option is `--live`").into()),
    }
}

/// Creates a client of a simulator.
pub(crate) fn client(simulator: &Simulator) -> Result<Client, prime_ext::Error> {
    Client::builder()
        .api_key(simulator.key())
        .inference_url(simulator.inference_url())
        .platform_url(simulator.platform_url())
        .build()
}
