//! Runs all tasks with all clients and prints the table.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::Result;
use crate::client::Taken;

const BASELINE: usize = 0;
const READERS: [&str; 4] = ["baseline", "async-openai", "prime-ext", "prime-ext-text"];

/// A row of the table.
struct Task {
    name: &'static str,
    /// The task of the client, and the path on the server.
    task: &'static str,
    path: String,
    rounds: usize,
    /// The number of clients. Reading only texts applies to streams only.
    readers: usize,
    /// Whether allocations are counted.
    counted: bool,
    /// The measurement and its unit.
    figure: fn(&Taken) -> f64,
    unit: &'static str,
    goal: &'static str,
}

struct Server {
    process: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(program: &Path) -> Result<Self> {
        let mut process = Command::new(program)
            .arg("server")
            .stdout(Stdio::piped())
            .spawn()?;
        let mut port = String::new();
        let output = process.stdout.take().ok_or("the server has no output")?;
        BufReader::new(output).read_line(&mut port)?;
        let address = format!("http://127.0.0.1:{}", port.trim());
        Ok(Self { process, address })
    }
}

/// Runs the benchmarks and prints the table as Markdown.
pub fn run(quick: bool) -> Result<()> {
    let plain = std::env::current_exe()?;
    let counting = plain.with_file_name("counting");
    let server = Server::start(&plain)?;
    println!("| | baseline | async-openai 0.43 | prime-ext | `next_text` | goal |");
    println!("|---|---|---|---|---|---|");
    for task in tasks(quick) {
        let program = if task.counted { &counting } else { &plain };
        line(&task, program, &server.address)?;
    }
    crate::events::lines(quick)
}

fn line(task: &Task, program: &PathBuf, address: &str) -> Result<()> {
    let mut figures = [const { Vec::new() }; READERS.len()];
    for _ in 0..task.rounds {
        for (reader, figures) in READERS.iter().take(task.readers).zip(&mut figures) {
            let output = Command::new(program)
                .args(["client", reader, task.task])
                .arg(format!("{address}/{}", task.path))
                .stderr(Stdio::inherit())
                .output()?;
            if !output.status.success() {
                return Err(format!("{reader} failed: {}", task.name).into());
            }
            figures.push((task.figure)(&serde_json::from_slice(&output.stdout)?));
        }
    }
    // Ratios within a round: other work on the machine slows all clients of a short round alike.
    let ratio = |reader: usize| {
        let ratios = figures[reader].iter().zip(&figures[BASELINE]);
        median(ratios.map(|(figure, baseline)| figure / baseline).collect())
    };
    let least = |reader: usize| {
        figures[reader]
            .iter()
            .copied()
            .fold(f64::INFINITY, f64::min)
    };
    print!("| {} | {:.4} {} |", task.name, least(BASELINE), task.unit);
    for reader in 1..task.readers {
        print!(" {:.2} ({:.4}) |", ratio(reader), least(reader));
    }
    for _ in task.readers..READERS.len() {
        print!(" |");
    }
    println!(" {} |", task.goal);
    Ok(())
}

pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn tasks(quick: bool) -> Vec<Task> {
    let rounds = if quick { 5 } else { 25 };
    let cpu = |taken: &Taken| taken.cpu as f64 / taken.chunks as f64 / 1000.0;
    let memory = |taken: &Taken| taken.memory as f64 / 1024.0;
    vec![
        Task {
            name: "CPU per call without streaming",
            task: "calls-2000",
            path: "whole".to_owned(),
            rounds,
            readers: READERS.len() - 1,
            counted: false,
            figure: |taken| taken.cpu as f64 / taken.calls as f64 / 1000.0,
            unit: "µs",
            goal: "≤ 1.2",
        },
        Task {
            name: "allocations per call without streaming",
            task: "calls-1000",
            path: "whole".to_owned(),
            rounds: 1,
            readers: READERS.len() - 1,
            counted: true,
            figure: |taken| taken.allocations as f64 / taken.calls as f64,
            unit: "",
            goal: "",
        },
        Task {
            name: "CPU per chunk, many chunks per network read",
            task: "stream",
            path: "bulk/200000/0".to_owned(),
            rounds,
            readers: READERS.len(),
            counted: false,
            figure: cpu,
            unit: "µs",
            goal: "≤ 1.15",
        },
        Task {
            name: "CPU per chunk, one chunk per write",
            task: "stream",
            path: "each/8000/60".to_owned(),
            rounds,
            readers: READERS.len(),
            counted: false,
            figure: cpu,
            unit: "µs",
            goal: "≤ 1.08",
        },
        Task {
            name: "allocations per chunk",
            task: "stream",
            path: "bulk/200000/0".to_owned(),
            rounds: 1,
            readers: READERS.len(),
            counted: true,
            figure: |taken| taken.allocations as f64 / taken.chunks as f64,
            unit: "",
            goal: "≤ 1",
        },
        Task {
            name: "memory per stream, 1,000 slow streams",
            task: "memory-1000",
            path: "each/20/250000".to_owned(),
            rounds: rounds.min(3),
            readers: READERS.len(),
            counted: false,
            figure: |taken| taken.memory as f64 / 1024.0 / 1000.0,
            unit: "KiB",
            goal: "≤ 1.15",
        },
        Task {
            name: "memory of one stream, 200,000 chunks at full speed",
            task: "memory-1",
            path: "bulk/200000/0".to_owned(),
            rounds: rounds.min(3),
            readers: READERS.len(),
            counted: false,
            figure: memory,
            unit: "KiB",
            goal: "≤ 2048 KiB",
        },
        Task {
            name: "CPU per chunk, 1,000 concurrent streams",
            task: "streams-1000",
            path: "each/50/40000".to_owned(),
            rounds,
            readers: READERS.len(),
            counted: false,
            figure: cpu,
            unit: "µs",
            goal: "≤ 1.05",
        },
        Task {
            name: "time to first text",
            task: "first-1000",
            path: "each/3/0".to_owned(),
            rounds: rounds.min(5),
            readers: READERS.len(),
            counted: false,
            figure: |taken| taken.first as f64 / 1000.0,
            unit: "µs",
            goal: "< 50 µs above the baseline",
        },
    ]
}
