//! Benchmarks prime-ext against a minimal client (the baseline) and async-openai, and prime-batch against the usual
//! scripts.
//!
//! | module | contents |
//! |---|---|
//! | [`server`] | a raw server in a separate process |
//! | [`client`] | one client running one task in a separate process |
//! | [`baseline`] | the minimal client |
//! | [`chunks`] | the responses |
//! | [`report`] | runs all tasks and prints the table |
//! | [`batch`] | many requests: prime-batch, async-openai and openai-python |
//! | [`process`], [`heap`] | CPU time, memory, allocations |

pub mod baseline;
pub mod batch;
pub mod chunks;
pub mod client;
pub mod events;
pub mod heap;
pub mod process;
pub mod report;
pub mod server;

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The main function of both programs. The first argument selects the role of the process.
pub fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["server"] => server::run(),
        ["client", reader, task, address] => client::run(reader, task, address),
        ["batch", ref options @ ..] => batch::run(options),
        ["batch-service", settings] => batch::service::run(settings),
        ["batch-client", job] => batch::client::run(job),
        [] | ["--quick"] => report::run(words.contains(&"--quick")),
        _ => Err("usage: prime-bench [batch] [--quick]".into()),
    }
}
