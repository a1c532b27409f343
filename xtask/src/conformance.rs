//! Real clients and validators against the simulator, and the SDK against a real server.
//!
//! Python and Node come from the machine, packages from PyPI and npm into the target directory. What
//! is missing is told in the table. Every suite prints one line a check: `ok` or `failed`, a tab, its
//! name, and for a failure a tab and why.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::project::Project;
use crate::{Error, Result};

/// OpenAI's package for Node, of the version that the suite was tried with.
const NODE_PACKAGE: &str = "openai@6.49.0";

/// What is checked.
const SUITES: [(&str, Run); 6] = [
    ("openai-python", openai_python),
    ("openai-node", openai_node),
    ("prime-cli", prime_cli),
    ("schemathesis-inference", schemathesis_inference),
    ("schemathesis-training", schemathesis_training),
    ("llama", llama),
];

type Run = fn(&Place) -> std::result::Result<Vec<Check>, Missing>;

/// What a suite cannot do without.
struct Missing(String);

/// One line of the table.
struct Check {
    suite: &'static str,
    name: String,
    /// Why it failed, if it did.
    failure: Option<String>,
    missing: bool,
}

/// Where everything is.
struct Place {
    /// `tests/real`.
    scripts: PathBuf,
    specs: PathBuf,
    /// Where packages are installed and logs are kept.
    work: PathBuf,
    simulator: PathBuf,
    cargo: PathBuf,
}

/// Runs the suites, or the ones named, and gives the table and whether every check passed. With
/// `strict`, what is missing counts as a failure.
///
/// # Errors
/// If the simulator cannot be built, or there is no suite of a name.
pub fn run(project: &Project, only: &[String], strict: bool) -> Result<(String, bool)> {
    let names: Vec<_> = SUITES.iter().map(|(name, _)| *name).collect();
    if let Some(unknown) = only.iter().find(|name| !names.contains(&name.as_str())) {
        let names = names.join(", ");
        return Err(Error::new(format!(
            "there is no suite '{unknown}', but {names}"
        )));
    }
    let place = Place::prepare(project)?;
    let mut checks = Vec::new();
    for (name, run) in SUITES {
        if !only.is_empty() && !only.iter().any(|only| only == name) {
            continue;
        }
        eprintln!("{name} …");
        match run(&place) {
            Ok(done) => checks.extend(done.into_iter().map(|check| Check {
                suite: name,
                ..check
            })),
            Err(Missing(what)) => checks.push(Check {
                suite: name,
                name: what,
                failure: None,
                missing: true,
            }),
        }
    }
    let good = checks
        .iter()
        .all(|check| check.failure.is_none() && !(strict && check.missing));
    Ok((table(&checks), good))
}

fn table(checks: &[Check]) -> String {
    let longest = |text: fn(&Check) -> &str| {
        let lengths = checks.iter().map(|check| text(check).chars().count());
        lengths.max().unwrap_or(0)
    };
    let (suite, name) = (longest(|check| check.suite), longest(|check| &check.name));
    let mut text = String::new();
    for check in checks {
        let outcome = match (&check.failure, check.missing) {
            (_, true) => "missing".to_owned(),
            (None, _) => "ok".to_owned(),
            (Some(why), _) => format!("FAILED  {why}"),
        };
        text.push_str(&format!(
            "{:suite$}  {:name$}  {outcome}\n",
            check.suite, check.name
        ));
    }
    let failed = checks
        .iter()
        .filter(|check| check.failure.is_some())
        .count();
    let missing = checks.iter().filter(|check| check.missing).count();
    let passed = checks.len() - failed - missing;
    text.push_str(&format!(
        "\n{passed} passed, {failed} failed, {missing} suites missing\n"
    ));
    text
}

impl Place {
    fn prepare(project: &Project) -> Result<Self> {
        let cargo = std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from);
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(target) => project.path(PathBuf::from(target)),
            None => project.path("target"),
        };
        let built = Command::new(&cargo)
            .args(["build", "--quiet", "-p", "prime-sim"])
            .current_dir(project.path("."))
            .status();
        if !built.is_ok_and(|status| status.success()) {
            return Err(Error::new("the simulator cannot be built"));
        }
        let work = target.join("conformance");
        std::fs::create_dir_all(&work).map_err(|error| Error::file(&work, &error))?;
        let simulator = format!("prime-sim{}", std::env::consts::EXE_SUFFIX);
        Ok(Self {
            scripts: project.path("tests/real"),
            specs: project.path("specs"),
            simulator: target.join("debug").join(simulator),
            work,
            cargo,
        })
    }

    /// A Python with the packages of a file of requirements, installed when the file changed.
    fn python(
        &self,
        name: &str,
        requirements: &str,
        more: &[&str],
    ) -> std::result::Result<PathBuf, Missing> {
        let venv = self.work.join(name);
        let bin = if cfg!(windows) { "Scripts" } else { "bin" };
        let python = venv.join(bin).join("python");
        let file = self.scripts.join(requirements);
        let wanted = std::fs::read_to_string(&file).unwrap_or_default();
        let stamp = venv.join("installed.txt");
        if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
            return Ok(python);
        }
        let system = ["python3", "python"]
            .into_iter()
            .find(|python| succeeds(Command::new(python).arg("--version")))
            .ok_or_else(|| Missing("there is no Python on the PATH".to_owned()))?;
        if !succeeds(Command::new(system).args(["-m", "venv"]).arg(&venv)) {
            return Err(Missing(format!("{system} has no module venv")));
        }
        let mut pip = Command::new(&python);
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]);
        if !succeeds(pip.args(more).arg("-r").arg(&file)) {
            return Err(Missing(format!("pip cannot install {}", file.display())));
        }
        drop(std::fs::write(&stamp, wanted));
        Ok(python)
    }

    /// A fresh simulator.
    fn simulator(&self) -> std::result::Result<Simulator, Missing> {
        let failed = |error: &dyn std::fmt::Display| Missing(format!("prime-sim: {error}"));
        let mut child = Command::new(&self.simulator)
            .args(["--json", "--seed", "7", "--token-delay", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed(&error))?;
        let out = child.stdout.take().ok_or_else(|| failed(&"no output"))?;
        let mut lines = BufReader::new(out).lines();
        let ready = lines
            .next()
            .and_then(std::result::Result::ok)
            .unwrap_or_default();
        let ready = serde_json::from_str(&ready).map_err(|error| failed(&error))?;
        // What it says later is read and dropped, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Simulator { child, ready })
    }

    /// Runs a program whose settings are a fresh simulator's, and reads its checks.
    fn checks(&self, command: &mut Command) -> std::result::Result<Vec<Check>, Missing> {
        let simulator = self.simulator()?;
        for name in ["PRIME_API_KEY", "PRIME_API_BASE_URL", "PRIME_INFERENCE_URL"] {
            command.env(name, simulator.setting(name));
        }
        command
            .env_remove("PRIME_TEAM_ID")
            .env_remove("PRIME_CONTEXT");
        Ok(checks(command))
    }
}

/// A simulator, ended with the value.
struct Simulator {
    child: Child,
    ready: Value,
}

impl Simulator {
    fn setting(&self, name: &str) -> &str {
        self.ready
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn succeeds(command: &mut Command) -> bool {
    let done = command.stdout(Stdio::null()).stdin(Stdio::null()).status();
    done.is_ok_and(|status| status.success())
}

/// The checks that a program prints. One that says nothing has failed.
fn checks(command: &mut Command) -> Vec<Check> {
    let program = Path::new(command.get_program()).display().to_string();
    let failed = |why: String| Check {
        suite: "",
        name: "it runs to its end".to_owned(),
        failure: Some(why),
        missing: false,
    };
    let output = match command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
    {
        Ok(output) => output,
        Err(error) => return vec![failed(format!("{program}: {error}"))],
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let mut checks: Vec<_> = text
        .lines()
        .filter_map(|line| {
            let mut parts = line.split('\t');
            let failure = match parts.next()? {
                "ok" => None,
                "failed" => Some(parts.clone().nth(1).unwrap_or_default().to_owned()),
                _ => return None,
            };
            Some(Check {
                suite: "",
                name: parts.next()?.to_owned(),
                failure,
                missing: false,
            })
        })
        .collect();
    let told = checks.iter().any(|check| check.failure.is_some());
    if checks.is_empty() || (!output.status.success() && !told) {
        checks.push(failed(format!("{program}: {}", output.status)));
    }
    checks
}

fn openai_python(place: &Place) -> std::result::Result<Vec<Check>, Missing> {
    let python = place.python("python", "requirements.txt", &[])?;
    place.checks(Command::new(python).arg(place.scripts.join("openai_client.py")))
}

fn prime_cli(place: &Place) -> std::result::Result<Vec<Check>, Missing> {
    let python = place.python("python", "requirements.txt", &[])?;
    let prime = python.with_file_name(format!("prime{}", std::env::consts::EXE_SUFFIX));
    let script = place.scripts.join("prime_cli.py");
    place.checks(Command::new(python).arg(script).env("PRIME", prime))
}

fn openai_node(place: &Place) -> std::result::Result<Vec<Check>, Missing> {
    if !succeeds(Command::new("node").arg("--version")) {
        return Err(Missing("there is no Node on the PATH".to_owned()));
    }
    let packages = place.work.join("node");
    let stamp = packages.join("installed.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == NODE_PACKAGE) {
        return node_checks(place, packages.as_os_str());
    }
    drop(std::fs::create_dir_all(&packages));
    drop(std::fs::write(
        packages.join("package.json"),
        "{\"private\":true}\n",
    ));
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let mut install = Command::new(npm);
    install.args([
        "install",
        "--silent",
        "--no-audit",
        "--no-fund",
        NODE_PACKAGE,
    ]);
    if !succeeds(install.current_dir(&packages)) {
        return Err(Missing(format!("npm cannot install {NODE_PACKAGE}")));
    }
    drop(std::fs::write(&stamp, NODE_PACKAGE));
    node_checks(place, packages.as_os_str())
}

fn node_checks(place: &Place, packages: &OsStr) -> std::result::Result<Vec<Check>, Missing> {
    let script = place.scripts.join("openai_client.mjs");
    place.checks(
        Command::new("node")
            .arg(script)
            .env("NODE_PACKAGES", packages),
    )
}

fn schemathesis_inference(place: &Place) -> std::result::Result<Vec<Check>, Missing> {
    schemathesis(place, "inference", "PRIME_INFERENCE_URL")
}

fn schemathesis_training(place: &Place) -> std::result::Result<Vec<Check>, Missing> {
    schemathesis(place, "training", "PRIME_API_BASE_URL")
}

fn schemathesis(place: &Place, api: &str, url: &str) -> std::result::Result<Vec<Check>, Missing> {
    let python = place.python("python", "requirements.txt", &[])?;
    let specification = place.specs.join(format!("{api}.yml"));
    let mut command = Command::new(python);
    command.arg(place.scripts.join("schemathesis_run.py"));
    command.args([OsStr::new(api), specification.as_os_str(), OsStr::new(url)]);
    place.checks(command.current_dir(&place.work))
}

fn llama(place: &Place) -> std::result::Result<Vec<Check>, Missing> {
    let python = place.python("llama", "llama-requirements.txt", &["--no-deps"])?;
    let script = place.scripts.join("llama_server.py");
    let mut command = Command::new(&place.cargo);
    command.args([
        "run",
        "--quiet",
        "-p",
        "prime-tests",
        "--example",
        "real_llama",
        "--",
    ]);
    Ok(checks(
        command.arg(python).arg(script).current_dir(&place.scripts),
    ))
}
