//! The arguments.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory as _, Parser, Subcommand};

use crate::context::Context;
use crate::exit::{self, Failure};
use crate::output::{Format, Out};
use crate::verbs;

/// Prime Intellect: models, chat, wallet and training runs
#[derive(Debug, Parser)]
#[command(
    name = "prime-rs",
    // Without .exe on Windows.
    bin_name = "prime-rs",
    version,
    disable_version_flag = true,
    propagate_version = false,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = AFTER_HELP,
)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,

    /// Use these settings for this command: a name that `config save` has saved, or `production`
    #[arg(short, long, value_name = "NAME")]
    context: Option<String>,

    /// Print the version
    #[arg(short = 'v', long, visible_short_alias = 'V', action = ArgAction::Version)]
    version: Option<bool>,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Args)]
struct Global {
    /// How results are written: table or json [default: table]
    #[arg(short, long, global = true, value_name = "FORMAT", value_enum, default_value_t = Format::Table,
          hide_possible_values = true, hide_default_value = true, help_heading = GLOBAL)]
    output: Format,

    /// Write simple tables without colors
    #[arg(long, global = true, help_heading = GLOBAL)]
    plain: bool,

    /// Write no colors. The variable NO_COLOR has the same effect
    #[arg(long, global = true, help_heading = GLOBAL)]
    no_color: bool,

    /// Send the API key to another machine over http://, where others may read it. PRIME_RS_ALLOW_HTTP=1 has the same
    /// effect
    #[arg(long, global = true, help_heading = GLOBAL)]
    allow_http: bool,

    /// Print the JSON Schema of what the command writes with -o json, and do nothing else
    #[arg(long, global = true, help_heading = GLOBAL)]
    json_schema: bool,
}

const GLOBAL: &str = "Global options";

const AFTER_HELP: &str = "\
Examples:
  prime-rs inference models --search llama
  prime-rs inference chat sim/echo \"Hello\"
  prime-rs wallet --by day
  prime-rs train rl.toml --yes

Settings come from the environment (PRIME_API_KEY, PRIME_TEAM_ID, …), from the context that \
--context or PRIME_CONTEXT names, and from ~/.prime/config.json, in this order.

Exit codes:
    0  success, also if the output is closed early or you answer no
    1  failure
    2  wrong usage, or a confirmation that cannot be asked for; nothing was sent
    3  no API key, or the key is not accepted
    4  the account has no funds
    5  the model, run or team does not exist
    6  too many requests, or a quota is used up
    7  the outcome is unknown: check before you run the command again
  130  interrupted

With -o json, a failure is a line of JSON on standard error: {\"error\": {\"kind\", \"exit_code\", \
\"message\", \"status\"?, \"code\"?, \"request_id\"?, \"retry_after_seconds\"?, \"outcome_unknown\", \
\"possible_runs\"?: [{\"id\", \"name\", \"status\", \"created_at\"}]}}";

#[derive(Debug, Subcommand)]
enum Verb {
    /// List models, and ask them questions
    #[command(subcommand, arg_required_else_help = true)]
    Inference(verbs::inference::Verb),
    /// Ask the requests of a file
    #[command(subcommand, arg_required_else_help = true)]
    Batch(verbs::batch::Verb),
    /// Talk with a model in the terminal
    Chat(verbs::chat::Chat),
    /// Start and manage training runs
    #[command(
        subcommand,
        alias = "rl",
        arg_required_else_help = true,
        after_help = "\
`prime-rs train FILE` is short for `prime-rs train create FILE`.

Examples:
  prime-rs train rl.toml --yes
  prime-rs train list
  prime-rs train logs run_123 --follow
  prime-rs train stop run_123 --force"
    )]
    Train(verbs::train::Verb),
    /// Show the balance and the billing rows
    Wallet(verbs::wallet::Wallet),
    /// Save an API key
    Login(verbs::login::Login),
    /// Remove the API key, the team and the user from the settings
    Logout(verbs::logout::Logout),
    /// Select the account that is billed
    Switch(verbs::switch::Switch),
    /// Show the owner of the API key
    Whoami(verbs::whoami::Whoami),
    /// List your teams
    #[command(subcommand, arg_required_else_help = true)]
    Teams(verbs::teams::Verb),
    /// Show and change the settings
    #[command(subcommand, arg_required_else_help = true)]
    Config(verbs::config::Verb),
    /// Check the settings, the connection and the key. This costs nothing
    Doctor(verbs::doctor::Doctor),
    Mcp(verbs::mcp::Mcp),
    /// Run the simulator of both services
    Sim(verbs::sim::Sim),
    /// Write a completion script
    Completions(verbs::completions::Completions),
    /// Write the man pages
    Man(verbs::man::Man),
}

impl Verb {
    fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Inference(verb) => verb.run(context),
            Self::Batch(verb) => verb.run(context),
            Self::Chat(verb) => verb.run(context),
            Self::Train(verb) => verb.run(context),
            Self::Wallet(verb) => verb.run(context),
            Self::Login(verb) => verb.run(context),
            Self::Logout(verb) => verb.run(context),
            Self::Switch(verb) => verb.run(context),
            Self::Whoami(verb) => verb.run(context),
            Self::Teams(verb) => verb.run(context),
            Self::Config(verb) => verb.run(context),
            Self::Doctor(verb) => verb.run(context),
            Self::Mcp(verb) => verb.run(context),
            Self::Sim(verb) => verb.run(),
            Self::Completions(verb) => verb.run(context),
            Self::Man(verb) => verb.run(context),
        }
    }
}

/// Runs the program.
pub(crate) fn main() -> ExitCode {
    let arguments = with_default_verb(std::env::args_os().collect());
    if let Some(shown) = json_schema(&arguments) {
        return shown;
    }
    if let Some(failure) = run_on_cluster(&arguments) {
        return finish(Err(failure), &Out::new(format_of(&arguments), true, true));
    }
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error, &arguments),
    };
    let Global {
        output,
        plain,
        no_color,
        allow_http,
        json_schema: _,
    } = cli.global;
    let context = Context {
        out: Out::new(output, plain, no_color),
        name: cli.context,
        allow_http: allow_http
            || std::env::var_os("PRIME_RS_ALLOW_HTTP").is_some_and(|value| value == "1"),
    };
    finish(cli.verb.run(&context), &context.out)
}

/// Runs `prime-rs-batch` instead of this program if the arguments are about a batch on a cluster. Returns only if they
/// are not, or if that program cannot be run.
fn run_on_cluster(arguments: &[OsString]) -> Option<Failure> {
    let batch = positional(arguments, 1).filter(|i| arguments[*i] == "batch")?;
    let verb = positional(arguments, batch + 1)?;
    let failure = verbs::batch::cluster::dispatch(arguments, batch, verb)?;
    // The help is also here.
    let wants_help = arguments
        .iter()
        .any(|text| text == "--help" || text == "-h");
    (!wants_help).then_some(failure)
}

/// Returns the place of the first argument that is no global option.
fn positional(arguments: &[OsString], from: usize) -> Option<usize> {
    let mut i = from;
    loop {
        match arguments.get(i)?.to_str() {
            Some("-o" | "--output" | "-c" | "--context") => i += 2,
            Some("--plain" | "--no-color" | "--allow-http" | "--json-schema") => i += 1,
            Some(text) if text.starts_with("--output=") || text.starts_with("--context=") => i += 1,
            Some(text) if text.starts_with("-o") || text.starts_with("-c") => i += 1,
            _ => return Some(i),
        }
    }
}

/// Inserts `create` after `train`, unless one of its verbs follows, as the official client does.
fn with_default_verb(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let train =
        positional(&arguments, 1).filter(|i| arguments[*i] == "train" || arguments[*i] == "rl");
    let Some((train, next)) =
        train.and_then(|train| Some((train, positional(&arguments, train + 1)?)))
    else {
        return arguments;
    };
    let command = Cli::command();
    let verbs = command.find_subcommand("train");
    let is_verb = verbs.is_some_and(|verbs| verbs.find_subcommand(&arguments[next]).is_some());
    let is_help = ["help", "-h", "--help"]
        .iter()
        .any(|help| arguments[next] == *help);
    if !is_verb && !is_help {
        arguments.insert(train + 1, "create".into());
    }
    arguments
}

/// Prints the JSON Schema of a verb if `--json-schema` is among the arguments. Other arguments of the verb, even those
/// that it requires, are not read.
fn json_schema(arguments: &[OsString]) -> Option<ExitCode> {
    let arguments: Vec<&str> = arguments.iter().filter_map(|text| text.to_str()).collect();
    let arguments: Vec<&str> = arguments
        .into_iter()
        .take_while(|text| *text != "--")
        .collect();
    if !arguments.contains(&"--json-schema") {
        return None;
    }
    let command = Cli::command();
    let (mut at, mut verb) = (&command, Vec::new());
    let mut arguments = arguments.into_iter();
    while let Some(text) = arguments.next() {
        if let "-c" | "--context" | "-o" | "--output" = text {
            arguments.next();
        } else if let Some(next) = at.find_subcommand(text) {
            at = next;
            verb.push(next.get_name());
        }
    }
    let out = Out::new(Format::Table, true, true);
    let schema = verbs::schema::of(&verb)
        .ok_or_else(|| Failure::usage(format!("`prime-rs {}` writes no JSON", verb.join(" "))));
    Some(finish(schema.and_then(|schema| out.json(&schema)), &out))
}

fn finish(done: Result<(), Failure>, out: &Out) -> ExitCode {
    match done {
        Ok(()) | Err(Failure::BrokenPipe) => ExitCode::SUCCESS,
        Err(failure) => {
            out.failure(&failure);
            failure.exit_code()
        }
    }
}

/// Writes the help or the version, or what is wrong with the arguments.
fn refuse(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let out = Out::new(format_of(arguments), true, true);
    let text = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => finish(out.text(&text), &out),
        _ if out.is_json() => {
            let message = text.trim().trim_start_matches("error: ");
            finish(Err(Failure::usage(message)), &out)
        }
        _ => {
            out.error_text(&text);
            exit::Exit::Usage.into()
        }
    }
}

/// Returns the format that arguments ask for which are wrong in some other way.
fn format_of(arguments: &[OsString]) -> Format {
    let texts: Vec<&str> = arguments.iter().filter_map(|text| text.to_str()).collect();
    let attached = ["-ojson", "-o=json", "--output=json"];
    let is_json = texts.iter().any(|text| attached.contains(text))
        || texts
            .windows(2)
            .any(|pair| matches!(pair, ["-o" | "--output", "json"]));
    if is_json { Format::Json } else { Format::Table }
}
