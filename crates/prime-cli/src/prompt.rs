//! Questions to the user. They are written to standard error, so that standard output has only results.

use std::io::{self, IsTerminal as _, Read as _};

use prime_ext::Secret;

use crate::context::Context;
use crate::exit::Failure;
use crate::interrupt::until_interrupted;

/// A key is not longer than this, in bytes.
const MAX_SECRET: u64 = 64 << 10;

/// Asks a question, unless `flag` answers it. Returns whether to go on.
///
/// Without a terminal, the question cannot be asked and the failure names the flag, `--yes` or `--force`.
pub(crate) fn confirm(
    context: &Context,
    question: &str,
    is_confirmed: bool,
    flag: &str,
    default: bool,
) -> Result<bool, Failure> {
    if is_confirmed {
        return Ok(true);
    }
    if !io::stdin().is_terminal() {
        let message = format!(
            "this needs a confirmation, and there is no terminal to ask for it: add {flag}; nothing was sent"
        );
        return Err(Failure::usage(message));
    }
    let choices = if default { "[Y/n]" } else { "[y/N]" };
    loop {
        context.out.error_text(&format!("{question} {choices}: "));
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer);
        let read =
            read.map_err(|error| Failure::other(format!("cannot read the answer: {error}")))?;
        let is_yes = match answer.trim().to_ascii_lowercase().as_str() {
            "" if read > 0 => default,
            // The end of the input.
            "" => false,
            "y" | "yes" => true,
            "n" | "no" => false,
            _ => continue,
        };
        if !is_yes {
            context.out.note("Cancelled. Nothing was sent or changed.");
        }
        return Ok(is_yes);
    }
}

/// Reads a secret: without echo from a terminal, otherwise all of standard input.
pub(crate) fn secret(question: &str) -> Result<Secret, Failure> {
    let unreadable = |error: io::Error| Failure::other(format!("cannot read the key: {error}"));
    if io::stdin().is_terminal() {
        let secret = rpassword::prompt_password(question).map_err(unreadable)?;
        return Ok(secret.trim().into());
    }
    let mut text = String::new();
    let read = io::stdin().take(MAX_SECRET).read_to_string(&mut text);
    read.map_err(unreadable)?;
    Ok(text.trim().into())
}

/// Reads a line, with a default. Ctrl-C and the end of the input are failures.
pub(crate) async fn line(
    context: &Context,
    question: &str,
    default: &str,
) -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "the value is missing, and there is no terminal to ask for it",
        ));
    }
    context.out.error_text(&format!("{question} [{default}]: "));
    // The thread is not waited for if Ctrl-C is pressed.
    let reader = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map(|_| answer)
    });
    let read = async {
        let read = reader.await.map_err(io::Error::other).flatten();
        read.map_err(|error| Failure::other(format!("cannot read the answer: {error}")))
    };
    let unchanged = || "interrupted; nothing was changed".to_owned();
    let answer = until_interrupted(read, unchanged).await;
    if answer.as_ref().map_or(true, String::is_empty) {
        context.out.error_text("\n");
    }
    match answer?.as_str() {
        "" => Err(Failure::usage(
            "the input ended before an answer; nothing was changed",
        )),
        answer if answer.trim().is_empty() => Ok(default.to_owned()),
        answer => Ok(answer.trim().to_owned()),
    }
}
