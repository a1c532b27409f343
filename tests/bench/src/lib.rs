//! Measures streams of prime-ext against the floor and against async-openai.
//!
//! | module | what it holds |
//! |---|---|
//! | [`server`] | a raw byte server, in a process of its own |
//! | [`client`] | one reader of streams doing one thing, in a process of its own |
//! | [`floor`] | the least that reading a stream can cost in the plain way |
//! | [`chunks`] | what is sent |
//! | [`report`] | runs the others in turn and prints the table |
//! | [`process`], [`heap`] | CPU time, memory, allocations |

pub mod chunks;
pub mod client;
pub mod events;
pub mod floor;
pub mod heap;
pub mod process;
pub mod report;
pub mod server;

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What both programs do: the first word says which process this is.
pub fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["server"] => server::run(),
        ["client", reader, task, address] => client::run(reader, task, address),
        [] | ["--quick"] => report::run(words.contains(&"--quick")),
        _ => Err("usage: prime-bench [--quick]".into()),
    }
}
