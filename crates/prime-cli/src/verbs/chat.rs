//! `chat`: a conversation in the terminal.

use std::io::{self, IsTerminal as _};
use std::path::Path;

use prime_ext::tools::ToolEvent;
use prime_ext::{ChatDelta, Client, Conversation};
use tokio::sync::mpsc;

use crate::context::{Context, block_on};
use crate::exit::Failure;
use crate::interrupt::interrupted;
use crate::verbs::inference::Parameters;

/// Talk with a model in the terminal
///
/// Each line is a question. Ctrl-C cancels an answer, and ends the conversation if there is no answer to cancel. If
/// standard input is not a terminal, each of its lines is a question, and the first failure ends the conversation.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Commands in a conversation:
  /save FILE   save the conversation        /cost   show the tokens and the cost
  /load FILE   continue a saved one         /undo   forget the last question and its answer
  /model ID    use another model            /quit   end the conversation

JSON: a line {\"messages\", \"spent\"} for each question and its answer, and a line \"spent\" for each /cost.

Examples:
  prime-rs chat sim/echo
  prime-rs chat sim/echo --system \"Be brief.\" --max-tokens 200
  printf 'Hello\\n/save talk.json\\n' | prime-rs chat sim/echo
  printf 'And now?\\n/cost\\n' | prime-rs chat --load talk.json")]
pub(crate) struct Chat {
    /// The id of the model: see `prime-rs inference models`
    #[arg(required_unless_present = "load")]
    model: Option<String>,

    #[command(flatten)]
    parameters: Parameters,

    /// Continue a saved conversation
    #[arg(long, value_name = "FILE", conflicts_with = "system")]
    load: Option<std::path::PathBuf>,
}

const HELP: &str = "/save FILE, /load FILE, /model ID, /cost, /undo, /quit";

/// What to do after a line.
enum Next {
    Continue,
    Quit,
}

struct Session<'a> {
    context: &'a Context,
    client: Client,
    parameters: Parameters,
    conversation: Conversation,
    is_terminal: bool,
}

impl Chat {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let mut conversation = match &self.load {
            Some(path) => load(path)?,
            None => {
                let conversation = Conversation::new(self.model.clone().unwrap_or_default());
                match &self.parameters.system {
                    Some(system) => conversation.system(system.as_str()),
                    None => conversation,
                }
            }
        };
        if let Some(model) = self.model {
            conversation.set_model(model);
        }
        let session = Session {
            context,
            client,
            parameters: self.parameters,
            conversation,
            is_terminal: io::stdin().is_terminal(),
        };
        block_on(session.run())
    }
}

impl Session<'_> {
    async fn run(mut self) -> Result<(), Failure> {
        let out = &self.context.out;
        if self.is_terminal {
            out.note(&format!("{}. Commands: {HELP}", self.conversation.model()));
        }
        let mut lines = lines();
        loop {
            if self.is_terminal {
                let prompt = out.error_style().bold("> ");
                out.error_text(&prompt);
            }
            let line = tokio::select! {
                biased;
                () = interrupted() => {
                    out.note("");
                    return Err(self.unsaved(Failure::interrupted("interrupted")));
                }
                line = lines.recv() => line,
            };
            let Some(line) = line else {
                if self.is_terminal {
                    out.note("");
                }
                return Ok(());
            };
            let line = line
                .map_err(|error| Failure::other(format!("cannot read standard input: {error}")))?;
            match self.answer(line.trim()).await {
                Ok(Next::Continue) => {}
                Ok(Next::Quit) => return Ok(()),
                Err(Failure::BrokenPipe) => return Err(Failure::BrokenPipe),
                // A person reads the message and goes on.
                Err(failure) if self.is_terminal => out.failure(&failure),
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Says that the conversation is lost.
    fn unsaved(&self, failure: Failure) -> Failure {
        match self.conversation.turns().is_empty() {
            true => failure,
            false => failure.with_note("the conversation was not saved; /save FILE saves it"),
        }
    }

    async fn answer(&mut self, line: &str) -> Result<Next, Failure> {
        let (command, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let argument = argument.trim();
        let out = &self.context.out;
        match (command, argument) {
            ("", _) => {}
            ("/quit" | "/exit", _) => return Ok(Next::Quit),
            ("/help", _) => out.note(HELP),
            ("/cost", _) => self.cost()?,
            ("/undo", _) => match self.conversation.pop_turn() {
                Some(_) => out.note("Forgot the last question and its answer."),
                None => out.note("There is nothing to forget."),
            },
            ("/save" | "/load" | "/model", "") => {
                return Err(Failure::usage(format!(
                    "{command} needs an argument: {HELP}"
                )));
            }
            ("/save", path) => {
                save(&self.conversation, Path::new(path))?;
                out.note(&format!("Saved in {path}."));
            }
            ("/load", path) => {
                self.conversation = load(Path::new(path))?;
                let turns = self.conversation.turns().len();
                out.note(&format!(
                    "Loaded {turns} questions and answers with {}.",
                    self.conversation.model()
                ));
            }
            ("/model", model) => self.conversation.set_model(model),
            (command, _) if command.starts_with('/') && !command[1..].contains('/') => {
                return Err(Failure::usage(format!(
                    "unknown command {command}; there are: {HELP}"
                )));
            }
            _ => self.ask(line).await?,
        }
        Ok(Next::Continue)
    }

    fn cost(&self) -> Result<(), Failure> {
        let spent = self.conversation.spent();
        match self.context.out.is_json() {
            true => self.context.out.json_line(&spent),
            false => self.context.out.line(&format!(
                "{spent}; {} prompt tokens, {} completion tokens",
                spent.prompt_tokens, spent.completion_tokens
            )),
        }
    }

    async fn ask(&mut self, question: &str) -> Result<(), Failure> {
        let Self {
            context,
            client,
            parameters,
            conversation,
            ..
        } = self;
        let out = &context.out;
        let asked = conversation.ask(client, question);
        let mut answer = asked
            .request(|request| parameters.apply(request).include_cost())
            .stream();
        let mut is_reasoning = false;
        let is_shown = !out.is_json();
        let end = loop {
            let event = tokio::select! {
                biased;
                event = answer.try_next() => event.map_err(Failure::from),
                () = interrupted() => Err(Failure::interrupted(
                    "cancelled; the answer is not part of the conversation, and may be billed",
                )),
            };
            match event {
                Ok(None) => break Ok(()),
                Err(failure) => break Err(failure),
                Ok(Some(ToolEvent::Delta(ChatDelta::Reasoning(text)))) if is_shown => {
                    is_reasoning = true;
                    let text = crate::output::printable(&text, true);
                    out.error_text(&out.error_style().dim(&text));
                }
                Ok(Some(ToolEvent::Delta(ChatDelta::Text(text)))) if is_shown => {
                    if std::mem::take(&mut is_reasoning) {
                        out.error_text("\n\n");
                    }
                    out.foreign(&text)?;
                }
                Ok(Some(_)) => {}
            }
        };
        drop(answer);
        if is_shown {
            out.line("")?;
        }
        end?;
        if !is_shown && let Some(turn) = conversation.turns().last() {
            out.json_line(turn)?;
        }
        Ok(())
    }
}

/// Reads the lines of standard input on a thread of their own, so that Ctrl-C is noticed while a line is awaited.
fn lines() -> mpsc::Receiver<io::Result<String>> {
    let (send, receive) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in io::stdin().lines() {
            if send.blocking_send(line).is_err() {
                break;
            }
        }
    });
    receive
}

fn load(path: &Path) -> Result<Conversation, Failure> {
    let json = std::fs::read(path);
    let json =
        json.map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
    serde_json::from_slice(&json).map_err(|error| {
        Failure::usage(format!(
            "{} is not a saved conversation: {error}",
            path.display()
        ))
    })
}

/// Saves a conversation. The file is replaced as a whole, and only its owner can read it.
fn save(conversation: &Conversation, path: &Path) -> Result<(), Failure> {
    let failed =
        |error: io::Error| Failure::other(format!("cannot write {}: {error}", path.display()));
    let json = serde_json::to_vec(conversation).map_err(|error| failed(error.into()))?;
    crate::settings::replace_bytes(path, &json).map_err(failed)
}
