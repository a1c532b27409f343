//! Snapshots of `--help`; runs every example.

#[cfg(unix)]
use std::process::Command;

#[cfg(unix)]
use crate::batch;
use crate::common::Cli;
#[cfg(unix)]
use crate::common::Ran;

/// Returns the help of the program and of every command, with the words of each command.
pub(crate) fn pages(cli: &Cli) -> Vec<(Vec<String>, String)> {
    let (mut open, mut pages) = (vec![Vec::<String>::new()], Vec::new());
    while let Some(words) = open.pop() {
        let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
        arguments.push("--help");
        // `sim --help` is the help of the simulator.
        let text = match words.first().is_some_and(|word| word == "sim") {
            true => cli.run(&["help", "sim"]),
            false => cli.run(&arguments),
        };
        let text = text.succeeds().stdout;
        let commands = text.lines().skip_while(|line| *line != "Commands:").skip(1);
        for line in commands.take_while(|line| !line.is_empty()) {
            let name = line
                .strip_prefix("  ")
                .and_then(|line| line.split(' ').next());
            if let Some(name) = name.filter(|name| !name.is_empty() && *name != "help") {
                let mut words = words.clone();
                words.push(name.to_owned());
                open.push(words);
            }
        }
        pages.push((words, text));
    }
    pages.sort();
    pages
}

#[tokio::test(flavor = "multi_thread")]
async fn help_is_as_in_the_snapshot() {
    let cli = Cli::start().await;
    let pages = pages(&cli);
    assert!(pages.len() > 30, "{}", pages.len());
    let title = |words: &[String]| {
        ["prime-rs"]
            .into_iter()
            .chain(words.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let text: Vec<String> = pages
        .iter()
        .map(|(words, text)| format!("==== {}\n\n{text}", title(words)))
        .collect();
    insta::assert_snapshot!("help", text.join("\n"));
    for (words, text) in &pages {
        for line in text.lines().skip_while(|line| *line != "Examples:") {
            assert!(line.chars().count() <= 100, "{words:?}: {line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg(unix)]
async fn every_example_runs() {
    let cli = Cli::start().await;
    let mut count = 0;
    for (words, text) in pages(&cli) {
        // The simulator is another program.
        if words.first().is_some_and(|word| word == "sim") {
            continue;
        }
        let lines = text.lines().skip_while(|line| *line != "Examples:").skip(1);
        let examples: Vec<&str> = lines.map_while(|line| line.strip_prefix("  ")).collect();
        run_examples(&examples).await;
        count += examples.len();
    }
    assert!(count > 30, "{count}");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg(unix)]
async fn every_example_of_the_readme_runs() {
    let readme = include_str!("../../../../README.md");
    let lines = readme.lines().filter_map(|line| line.strip_prefix("    "));
    let commands = lines.map(|line| line.split(" # ").next().unwrap_or_default().trim());
    let is_example = |line: &&str| line.starts_with("prime-rs ") || line.contains("| prime-rs ");
    let examples: Vec<&str> = commands.filter(is_example).collect();
    assert!(examples.len() >= 10, "{examples:?}");
    run_examples(&examples).await;
}

/// Runs the examples of a page, which build on each other. `run_123` stands for a run, `run_paused` for a paused one, and
/// `my-team` for a team.
#[cfg(unix)]
async fn run_examples(examples: &[&str]) {
    let ending = Cli::start().await;
    // Runs that do not end.
    let stopped = Cli::with_stopped_clock().await;
    for cli in [&ending, &stopped] {
        cli.sim
            .add_team(prime_sim::Team::new("my-team").member("owner"));
    }
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_prime-rs"));
    let directories = [bin.parent().unwrap(), "/usr/bin".as_ref(), "/bin".as_ref()];
    let path = std::env::join_paths(directories).unwrap();
    batch::write_questions(&ending, 3);
    ending.write("prompts.txt", "Why?\nHow?\n");
    if examples.iter().any(|example| example.contains(" batch ")) {
        ending.run(&batch::RUN).succeeds();
    }
    for example in examples {
        let must_run = ["pause", "resume", "restart"]
            .iter()
            .any(|verb| example.contains(&format!("train {verb} ")));
        let (cli, example) = match must_run {
            true if example.contains("run_paused") => (
                &stopped,
                example.replace("run_paused", &stopped.paused_run()),
            ),
            true => (&stopped, example.replace("run_123", &stopped.running_run())),
            false => (&ending, example.replace("run_123", &ending.start_run())),
        };
        drop(std::fs::remove_file(cli.home.join("run.token")));
        let mut shell = Command::new("bash");
        cli.prepare(&mut shell);
        shell.env("PATH", &path).env("PRIME_KEY", cli.sim.key());
        shell.args(["-o", "pipefail", "-c", &example]);
        let ran = Ran::from(shell.output().unwrap());
        assert_eq!(ran.code, Some(0), "{example}: {ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn completions_and_man_pages_name_the_verbs() {
    let cli = Cli::start().await;
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = cli.run(&["completions", shell]).succeeds().stdout;
        assert!(script.contains("inference"), "{shell}");
    }
    assert!(cli.run(&["man"]).succeeds().stdout.contains("Exit codes"));
    cli.run(&["man", "--directory", "man1"]).succeeds();
    let page = std::fs::read_to_string(cli.home.join("man1/prime-rs-train-create.1")).unwrap();
    assert!(page.contains("save\\-token"), "{page}");
}

/// The examples of the man pages are those of the help, all of which run.
#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_man_pages_are_those_of_the_help() {
    let cli = Cli::start().await;
    let examples = |text: &str| -> Vec<String> {
        let lines = text.lines().skip_while(|line| *line != "Examples:").skip(1);
        let lines = lines.map_while(|line| line.strip_prefix("  "));
        lines.map(str::to_owned).collect()
    };
    cli.run(&["man", "--directory", "man1"]).succeeds();
    let mut count = 0;
    for (words, help) in pages(&cli) {
        let name = ["prime-rs".to_owned()].into_iter().chain(words.clone());
        let name = name.collect::<Vec<_>>().join("-");
        let page = std::fs::read_to_string(cli.home.join(format!("man1/{name}.1"))).unwrap();
        let page = page.replace("\\-", "-").replace("\\*(Aq", "'");
        let page = page.replace("\\\\", "\\").replace("\\(aq", "'");
        assert_eq!(examples(&page), examples(&help), "{words:?}");
        count += examples(&help).len();
    }
    assert!(count > 50, "{count}");
}

/// The simulator is another program. A script in its place shows that the examples reach it.
#[tokio::test(flavor = "multi_thread")]
#[cfg(unix)]
async fn the_examples_of_the_simulator_start_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let cli = Cli::start().await;
    let program = cli.home.join("prime-rs");
    std::fs::copy(env!("CARGO_BIN_EXE_prime-rs"), &program).unwrap();
    let script = cli.write("prime-sim", "#!/bin/sh\necho \"prime-sim $*\"\nexit 3\n");
    std::fs::set_permissions(script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let help = cli.run(&["help", "sim"]).succeeds().stdout;
    let lines = help.lines().skip_while(|line| *line != "Examples:").skip(1);
    let examples: Vec<&str> = lines
        .map_while(|line| line.strip_prefix("  prime-rs sim "))
        .collect();
    assert!(examples.len() >= 2, "{help}");
    for example in examples {
        let mut command = Command::new(&program);
        cli.prepare(&mut command);
        command.arg("sim").args(example.split(' '));
        let ran = Ran::from(command.output().unwrap());
        assert_eq!(
            (ran.code, ran.stdout),
            (Some(3), format!("prime-sim {example}\n"))
        );
    }
}
