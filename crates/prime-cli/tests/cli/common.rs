//! A simulator, a home directory and the program.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use prime_sim::{Operation, Simulator};
use serde_json::Value;

/// The configuration of a run.
pub(crate) const CONFIG: &str = "max_steps = 20\n[model]\nname = \"Qwen/Qwen3-0.6B\"\n";

/// A simulator, and a directory of its own that is the home and the working directory.
pub(crate) struct Cli {
    pub(crate) sim: Simulator,
    pub(crate) home: PathBuf,
}

/// What a command has written, and how it has ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Cli {
    pub(crate) async fn start() -> Self {
        Self::with_time_scale(2_000.0).await
    }

    /// Starts a simulator whose clock moves only when it is told to, so that a run keeps its status.
    pub(crate) async fn with_stopped_clock() -> Self {
        Self::with_time_scale(0.0).await
    }

    async fn with_time_scale(scale: f64) -> Self {
        let settings = Simulator::builder()
            .time_scale(scale)
            .token_delay(Duration::ZERO);
        Self {
            sim: settings.start().await.unwrap(),
            home: directory(),
        }
    }

    /// Returns the program, with the settings of the simulator in its environment and nothing else.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_prime-rs"));
        self.prepare(&mut command);
        command
    }

    pub(crate) fn prepare(&self, command: &mut Command) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear();
        // Without it, Windows opens no connections.
        if let Some(root) = std::env::var_os("SYSTEMROOT") {
            command.env("SYSTEMROOT", root);
        }
        command
            .env("PATH", path)
            .env("HOME", &self.home)
            .env("USERPROFILE", &self.home)
            .env("PRIME_API_KEY", self.sim.key())
            .env("PRIME_API_BASE_URL", self.sim.platform_url())
            .env("PRIME_INFERENCE_URL", self.sim.inference_url())
            .current_dir(&self.home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    }

    /// Runs the program without a terminal.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.command().args(arguments).output().unwrap().into()
    }

    /// Runs the program with a text as its standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], stdin: &str) -> Ran {
        let mut child = self
            .command()
            .args(arguments)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let written = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        // A command may end before it reads its input.
        let is_closed = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
        assert!(written.as_ref().err().is_none_or(is_closed), "{written:?}");
        child.wait_with_output().unwrap().into()
    }

    /// Writes a file into the home directory.
    pub(crate) fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.home.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn config(&self) -> Value {
        let text = std::fs::read_to_string(self.home.join(".prime/config.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Starts a run and returns its id.
    pub(crate) fn start_run(&self) -> String {
        self.write("rl.toml", CONFIG);
        let run = self
            .run(&["train", "rl.toml", "--yes", "-o", "json"])
            .json();
        run["run"]["runId"].as_str().unwrap().to_owned()
    }

    /// Starts a run that is RUNNING. The clock must be stopped.
    pub(crate) fn running_run(&self) -> String {
        let run = self.start_run();
        self.sim.advance(Duration::from_secs(20));
        run
    }

    /// Starts a run that is PAUSED. The clock must be stopped.
    pub(crate) fn paused_run(&self) -> String {
        let run = self.running_run();
        self.run(&["train", "pause", &run, "--force"]).succeeds();
        self.sim.advance(Duration::from_secs(10));
        run
    }

    /// Returns how often an operation was requested.
    pub(crate) fn count(&self, operation: Operation) -> usize {
        let requests = self.sim.requests();
        let named = requests
            .iter()
            .filter(|request| request.operation == Some(operation));
        named.count()
    }
}

impl Drop for Cli {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.home));
    }
}

fn directory() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("prime-cli-{}-{number}", std::process::id());
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

impl Ran {
    /// Checks that the command has succeeded, and returns its JSON.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Checks the exit code and a part of what was written to standard error.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, text: &str) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.stderr.contains(text), "{text:?} is not in {self:?}");
        self
    }

    /// Checks that the command has succeeded.
    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
