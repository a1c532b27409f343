//! Runs every reader at every task, in turn, and prints the table.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::Result;
use crate::client::Taken;

const FLOOR: usize = 0;
const READERS: [&str; 4] = ["floor", "async-openai", "prime-ext", "prime-ext-text"];

/// A line of the table.
struct Task {
    name: &'static str,
    /// What the client does, and what the server is asked for.
    task: &'static str,
    way: String,
    rounds: usize,
    /// How many of the readers do it: only a stream can be read for its text alone.
    readers: usize,
    /// With every allocation counted.
    counted: bool,
    /// The figure, and how it is written.
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
        let output = process.stdout.take().ok_or("the server says nothing")?;
        BufReader::new(output).read_line(&mut port)?;
        let address = format!("http://127.0.0.1:{}", port.trim());
        Ok(Self { process, address })
    }
}

/// Measures, and prints the table as Markdown.
pub fn run(quick: bool) -> Result<()> {
    let plain = std::env::current_exe()?;
    let counting = plain.with_file_name("counting");
    let server = Server::start(&plain)?;
    println!("| | floor | async-openai 0.43 | chunks | text alone | goal |");
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
                .arg(format!("{address}/{}", task.way))
                .stderr(Stdio::inherit())
                .output()?;
            if !output.status.success() {
                return Err(format!("{reader} failed at {}", task.name).into());
            }
            figures.push((task.figure)(&serde_json::from_slice(&output.stdout)?));
        }
    }
    // Of one round each: what disturbs a round disturbs all of its readers.
    let ratio = |reader: usize| {
        let ratios = figures[reader].iter().zip(&figures[FLOOR]);
        median(ratios.map(|(figure, floor)| figure / floor).collect())
    };
    let absolute = |reader: usize| median(figures[reader].clone());
    print!("| {} |", task.name);
    print!(" {:.4} {} |", absolute(FLOOR), task.unit);
    for reader in 1..task.readers {
        print!(" {:.2} ({:.4}) |", ratio(reader), absolute(reader));
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
    let rounds = if quick { 3 } else { 9 };
    let cpu = |taken: &Taken| taken.cpu as f64 / taken.chunks as f64 / 1000.0;
    let memory = |taken: &Taken| taken.memory as f64 / 1024.0;
    vec![
        Task {
            name: "CPU of a call without a stream",
            task: "calls-5000",
            way: "whole".to_owned(),
            rounds,
            readers: READERS.len() - 1,
            counted: false,
            figure: |taken| taken.cpu as f64 / taken.calls as f64 / 1000.0,
            unit: "µs",
            goal: "≤ 1.05",
        },
        Task {
            name: "allocations of a call without a stream",
            task: "calls-1000",
            way: "whole".to_owned(),
            rounds: 1,
            readers: READERS.len() - 1,
            counted: true,
            figure: |taken| taken.allocations as f64 / taken.calls as f64,
            unit: "",
            goal: "",
        },
        Task {
            name: "CPU a chunk, many chunks a network read",
            task: "stream",
            way: "bulk/200000/0".to_owned(),
            rounds,
            readers: READERS.len(),
            counted: false,
            figure: cpu,
            unit: "µs",
            goal: "≤ 1.15",
        },
        Task {
            name: "CPU a chunk, one chunk a write",
            task: "stream",
            way: "each/20000/60".to_owned(),
            rounds,
            readers: READERS.len(),
            counted: false,
            figure: cpu,
            unit: "µs",
            goal: "≤ 1.08",
        },
        Task {
            name: "allocations a chunk",
            task: "stream",
            way: "bulk/200000/0".to_owned(),
            rounds: 1,
            readers: READERS.len(),
            counted: true,
            figure: |taken| taken.allocations as f64 / taken.chunks as f64,
            unit: "",
            goal: "≤ 1",
        },
        Task {
            name: "memory a stream, 1,000 slow streams",
            task: "memory-1000",
            way: "each/20/250000".to_owned(),
            rounds: rounds.min(3),
            readers: READERS.len(),
            counted: false,
            figure: |taken| taken.memory as f64 / 1024.0 / 1000.0,
            unit: "KiB",
            goal: "≤ 1.15",
        },
        Task {
            name: "memory of one stream, 200,000 chunks as fast as they come",
            task: "memory-1",
            way: "bulk/200000/0".to_owned(),
            rounds: rounds.min(3),
            readers: READERS.len(),
            counted: false,
            figure: memory,
            unit: "KiB",
            goal: "≤ 2048 KiB",
        },
        Task {
            name: "CPU a chunk, 1,000 streams at once",
            task: "streams-1000",
            way: "each/100/40000".to_owned(),
            rounds: rounds.min(5),
            readers: READERS.len(),
            counted: false,
            figure: cpu,
            unit: "µs",
            goal: "≤ 1.05",
        },
        Task {
            name: "first text",
            task: "first-1000",
            way: "each/3/0".to_owned(),
            rounds: rounds.min(5),
            readers: READERS.len(),
            counted: false,
            figure: |taken| taken.first as f64 / 1000.0,
            unit: "µs",
            goal: "< 50 µs beyond the floor",
        },
    ]
}
