//! Runs third-party clients and validators against the simulator, and the SDK against a third-party server and with
//! recorded responses.
//!
//! Uses the machine's Python and Node, and installs packages from PyPI and npm into the target directory. A
//! suite whose requirements are missing is reported in the table. Every suite prints one line per check: `ok`
//! or `failed`, a tab, the check's name and, for a failure, a tab and the reason.

mod cluster;

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::project::Project;
use crate::{Error, Result, documents, python};

/// The npm package of OpenAI's client, with the version that the suite was tested with.
const OPENAI_NODE: &str = "openai@6.49.0";

/// The npm packages of the MCP client and of the MCP inspector, with the versions that the suite was tested with.
const MCP_NODE: &str = "@modelcontextprotocol/sdk@1.32.2 @modelcontextprotocol/inspector@2.12.0";

/// The suites.
const SUITES: [(&str, Run); 14] = [
    ("openai-python", openai_python),
    ("openai-node", openai_node),
    ("prime-cli", prime_cli),
    ("cli", cli),
    ("batch", batch),
    ("batch-llama", batch_llama),
    ("cluster", cluster::cluster),
    ("mcp", mcp),
    ("schemathesis-inference", schemathesis_inference),
    ("schemathesis-training", schemathesis_training),
    ("llama", llama),
    ("recordings", recordings),
    ("codegen", codegen),
    ("report", report),
];

type Run = fn(&Environment) -> std::result::Result<Vec<Check>, Missing>;

/// A missing requirement of a suite.
struct Missing(String);

/// One line of the table.
struct Check {
    suite: &'static str,
    name: String,
    /// The reason of a failure. `None` if the check passed.
    failure: Option<String>,
    missing: bool,
}

/// Paths of scripts, specifications and programs.
struct Environment {
    /// `tests/real`.
    scripts: PathBuf,
    specs: PathBuf,
    /// The folder of installed packages and logs.
    work: PathBuf,
    simulator: PathBuf,
    cli: PathBuf,
    cargo: PathBuf,
}

/// Runs all suites, or only the given ones. Returns the table and whether every check passed. With `strict`,
/// a suite that could not run counts as a failure.
///
/// # Errors
/// Returns an error if the simulator cannot be built or a suite is unknown.
pub fn run(project: &Project, only: &[String], strict: bool) -> Result<(String, bool)> {
    let names: Vec<_> = SUITES.iter().map(|(name, _)| *name).collect();
    if let Some(unknown) = only.iter().find(|name| !names.contains(&name.as_str())) {
        let names = names.join(", ");
        return Err(Error::new(format!(
            "unknown suite '{unknown}'; expected one of: {names}"
        )));
    }
    let env = Environment::prepare(project)?;
    let mut checks = Vec::new();
    for (name, run) in SUITES {
        if !only.is_empty() && !only.iter().any(|only| only == name) {
            continue;
        }
        eprintln!("{name} …");
        match run(&env) {
            Ok(results) => checks.extend(results.into_iter().map(|check| Check {
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
    let success = checks
        .iter()
        .all(|check| check.failure.is_none() && !(strict && check.missing));
    Ok((table(&checks), success))
}

fn table(checks: &[Check]) -> String {
    let max_width = |text: fn(&Check) -> &str| {
        let lengths = checks.iter().map(|check| text(check).chars().count());
        lengths.max().unwrap_or(0)
    };
    let (suite, name) = (
        max_width(|check| check.suite),
        max_width(|check| &check.name),
    );
    let mut text = String::new();
    for check in checks {
        let outcome = match (&check.failure, check.missing) {
            (_, true) => "missing".to_owned(),
            (None, _) => "ok".to_owned(),
            (Some(reason), _) => format!("FAILED  {reason}"),
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

impl Environment {
    fn prepare(project: &Project) -> Result<Self> {
        let cargo = std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from);
        let target = project.target();
        let built = Command::new(&cargo)
            .args(["build", "--quiet", "-p", "prime-sim", "-p", "prime-cli"])
            .current_dir(project.path("."))
            .status();
        if !built.is_ok_and(|status| status.success()) {
            return Err(Error::new(
                "cannot build the simulator and the command line",
            ));
        }
        let work = target.join("conformance");
        std::fs::create_dir_all(&work).map_err(|error| Error::file(&work, &error))?;
        let program = |name: &str| {
            let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
            target.join("debug").join(file)
        };
        Ok(Self {
            scripts: project.path("tests/real"),
            specs: project.path("specs"),
            simulator: program("prime-sim"),
            cli: program("prime-rs"),
            work,
            cargo,
        })
    }

    /// Returns a Python interpreter with the given requirements.
    fn python(
        &self,
        name: &str,
        requirements: &str,
        more: &[&str],
    ) -> std::result::Result<PathBuf, Missing> {
        let requirements = self.scripts.join(requirements);
        python::with_packages(&self.work.join(name), &requirements, more).map_err(Missing)
    }

    /// Returns the folder of installed npm packages, which are installed when their names change.
    fn node(&self, name: &str, packages: &str) -> std::result::Result<PathBuf, Missing> {
        if !python::succeeds(Command::new("node").arg("--version")) {
            return Err(Missing("Node is not on the PATH".to_owned()));
        }
        let folder = self.work.join(name);
        let stamp = folder.join("installed.txt");
        if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == packages) {
            return Ok(folder);
        }
        drop(std::fs::create_dir_all(&folder));
        let package = folder.join("package.json");
        drop(std::fs::write(package, "{\"private\":true}\n"));
        let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
        let mut install = Command::new(npm);
        install
            .args(["install", "--silent", "--no-audit", "--no-fund"])
            .args(packages.split(' '))
            .current_dir(&folder);
        if !python::succeeds(&mut install) {
            return Err(Missing(format!("npm failed to install {packages}")));
        }
        drop(std::fs::write(&stamp, packages));
        Ok(folder)
    }

    /// Starts a new simulator with some options.
    fn simulator(&self, options: &[&str]) -> std::result::Result<Simulator, Missing> {
        let failed = |error: &dyn std::fmt::Display| Missing(format!("prime-sim: {error}"));
        let mut child = Command::new(&self.simulator)
            .args(["--json", "--seed", "7", "--token-delay", "0"])
            .args(options)
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
        // Drain further output so that the simulator never blocks on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Simulator { child, ready })
    }

    /// Tells a program the paths of the simulator and the command line.
    fn programs<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("PRIME_SIM", &self.simulator)
            .env("PRIME_RS", &self.cli)
    }

    /// Runs a program configured for a new simulator, and parses its checks.
    fn checks(&self, command: &mut Command) -> std::result::Result<Vec<Check>, Missing> {
        self.checks_with(&[], command)
    }

    /// Like [`checks`](Self::checks), with options of the simulator.
    fn checks_with(
        &self,
        options: &[&str],
        command: &mut Command,
    ) -> std::result::Result<Vec<Check>, Missing> {
        let simulator = self.simulator(options)?;
        for name in ["PRIME_API_KEY", "PRIME_API_BASE_URL", "PRIME_INFERENCE_URL"] {
            command.env(name, simulator.setting(name));
        }
        command
            .env("TEAM", simulator.setting("PRIME_TEAM_ID"))
            .env_remove("PRIME_TEAM_ID")
            .env_remove("PRIME_CONTEXT");
        Ok(checks(command))
    }
}

/// A running simulator, killed on drop.
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

/// Runs a program and parses the checks that it prints. A program without output counts as failed.
fn checks(command: &mut Command) -> Vec<Check> {
    let program = Path::new(command.get_program()).display().to_string();
    let failed = |reason: String| Check {
        suite: "",
        name: "runs to completion".to_owned(),
        failure: Some(reason),
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
    let reported = checks.iter().any(|check| check.failure.is_some());
    if checks.is_empty() || (!output.status.success() && !reported) {
        checks.push(failed(format!("{program}: {}", output.status)));
    }
    checks
}

fn openai_python(env: &Environment) -> std::result::Result<Vec<Check>, Missing> {
    let python = env.python("python", "requirements.txt", &[])?;
    env.checks(Command::new(python).arg(env.scripts.join("openai_client.py")))
}

fn prime_cli(env: &Environment) -> std::result::Result<Vec<Check>, Missing> {
    let python = env.python("python", "requirements.txt", &[])?;
    let prime = python.with_file_name(format!("prime{}", std::env::consts::EXE_SUFFIX));
    let script = env.scripts.join("prime_cli.py");
    env.checks(Command::new(python).arg(script).env("PRIME", prime))
}

/// Runs the provider's command line and ours side by side.
fn cli(env: &Environment) -> std::result::Result<Vec<Check>, Missing> {
    let python = env.python("python", "requirements.txt", &[])?;
    let prime = python.with_file_name(format!("prime{}", std::env::consts::EXE_SUFFIX));
    let script = env.scripts.join("cli_side_by_side.py");
    let mut command = Command::new(python);
    command
        .arg(script)
        .env("PRIME", prime)
        .env("PRIME_RS", &env.cli);
    // Slow enough to pause and to restart runs with both programs before they end.
    env.checks_with(&["--time-scale", "2"], &mut command)
}

fn openai_node(env: &Environment) -> std::result::Result<Vec<Check>, Missing> {
    let packages = env.node("node", OPENAI_NODE)?;
    let script = env.scripts.join("openai_client.mjs");
    env.checks(
        Command::new("node")
            .arg(script)
            .env("NODE_PACKAGES", packages),
    )
}

fn batch(env: &Environment) -> std::result::Result<Vec<Check>, Missing> {
    let python = env.python("batch", "batch-requirements.txt", &[])?;
    let (vllm, script) = (env.work.join("vllm"), env.scripts.join("vllm_types.py"));
    if !python::succeeds(Command::new(&python).arg(script).arg(&vllm)) {
        let reason = "pip failed to download the source distribution of vllm";
        return Err(Missing(reason.to_owned()));
    }
    let script = env.scripts.join("batch.py");
    Ok(checks(
        env.programs(Command::new(python).arg(script))
            .env("VLLM", vllm),
    ))
}

fn batch_llama(env: &Environment) -> std::result::Result<Vec<Check>, Missing> {
    let python = env.python("llama", "llama-requirements.txt", &["--no-deps"])?;
    let script = env.scripts.join("batch_llama.py");
    Ok(checks(env.programs(Command::new(python).arg(script))))
}

fn mcp(env: &Environment) -> std::result::Result<Vec<Check>, Missing> {
    let python = env.python("mcp", "mcp-requirements.txt", &[])?;
    let packages = env.node("node-mcp", MCP_NODE)?;
    let script = env.scripts.join("mcp_client.py");
    let mut all = checks(env.programs(Command::new(python).arg(script)));
    let mut command = Command::new("node");
    command
        .arg(env.scripts.join("mcp_client.mjs"))
        .env("NODE_PACKAGES", packages);
    let faults = env.scripts.join("mcp.toml").display().to_string();
    let options = ["--script", &faults, "--token-delay", "50"];
    all.extend(env.checks_with(&options, env.programs(&mut command))?);
    Ok(all)
}

fn schemathesis_inference(env: &Environment) -> std::result::Result<Vec<Check>, Missing> {
    schemathesis(env, "inference", "PRIME_INFERENCE_URL")
}

fn schemathesis_training(env: &Environment) -> std::result::Result<Vec<Check>, Missing> {
    schemathesis(env, "training", "PRIME_API_BASE_URL")
}

fn schemathesis(
    env: &Environment,
    api: &str,
    url: &str,
) -> std::result::Result<Vec<Check>, Missing> {
    let python = env.python("python", "requirements.txt", &[])?;
    let specification = env.specs.join(format!("{api}.yml"));
    let mut command = Command::new(python);
    command.arg(env.scripts.join("schemathesis_run.py"));
    command.args([OsStr::new(api), specification.as_os_str(), OsStr::new(url)]);
    env.checks(command.current_dir(&env.work))
}

fn llama(env: &Environment) -> std::result::Result<Vec<Check>, Missing> {
    let python = env.python("llama", "llama-requirements.txt", &["--no-deps"])?;
    let script = env.scripts.join("llama_server.py");
    let mut command = Command::new(&env.cargo);
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
        command.arg(python).arg(script).current_dir(&env.scripts),
    ))
}

/// The variable with the folder of recordings.
const RECORDINGS: &str = "PRIME_RECORDINGS";

fn recordings(env: &Environment) -> std::result::Result<Vec<Check>, Missing> {
    let folder = std::env::var_os(RECORDINGS)
        .and_then(|folder| std::path::absolute(folder).ok())
        .ok_or_else(|| Missing(format!("{RECORDINGS} is not a folder of recordings")))?;
    let python = env.python("python", "requirements.txt", &[])?;
    let mut command = Command::new(python);
    command.arg(env.scripts.join("recordings.py")).arg(&folder);
    command.arg(&env.cargo).args([
        "run",
        "--quiet",
        "-p",
        "prime-tests",
        "--example",
        "recordings",
        "--",
    ]);
    Ok(checks(command.arg(folder).current_dir(&env.scripts)))
}

/// The variable with the folder of OpenAPI documents.
const DOCUMENTS: &str = "OPENAPI_DOCUMENTS";

fn codegen(env: &Environment) -> std::result::Result<Vec<Check>, Missing> {
    let folder = std::env::var_os(DOCUMENTS)
        .and_then(|folder| std::path::absolute(folder).ok())
        .ok_or_else(|| Missing(format!("{DOCUMENTS} is not a folder of OpenAPI documents")))?;
    let root = env.work.join("codegen");
    let installed = Command::new(&env.cargo)
        .args(["install", "--quiet", "--locked", "--root"])
        .arg(&root)
        .args(["--path", "../../crates/openapi-codegen"])
        .current_dir(&env.scripts)
        .status();
    if !installed.is_ok_and(|status| status.success()) {
        return Err(Missing("cannot install openapi-codegen".to_owned()));
    }
    let generator = root.join(format!(
        "bin/openapi-codegen{}",
        std::env::consts::EXE_SUFFIX
    ));
    let outcomes = documents::generate_all(&generator, &folder, &root.join("crates"));
    let outcomes = outcomes.map_err(|error| Missing(error.to_string()))?;
    let checks = outcomes.into_iter().map(|(name, failure)| Check {
        suite: "",
        name,
        failure,
        missing: false,
    });
    Ok(checks.collect())
}

/// The names of Chromium on the PATH.
const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// Loads the pages about batches in a browser.
fn report(env: &Environment) -> std::result::Result<Vec<Check>, Missing> {
    let browser = BROWSERS
        .into_iter()
        .find(|browser| python::succeeds(Command::new(browser).arg("--version")))
        .ok_or_else(|| Missing("Chromium is not on the PATH".to_owned()))?;
    let python = env.python("report-python", "report-requirements.txt", &[])?;
    let mut command = Command::new(python);
    command.arg(env.scripts.join("report_pages.py"));
    command.arg(browser).arg(env.work.join("report"));
    command.arg(&env.cargo).args([
        "run",
        "--quiet",
        "-p",
        "prime-batch",
        "--example",
        "report_pages",
        "--",
    ]);
    Ok(checks(command.current_dir(&env.scripts)))
}
