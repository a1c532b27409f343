//! Questions to the user. They are written to standard error, so that standard output has only results.

use std::io::{self, IsTerminal as _, Read as _};

use prime_ext::Secret;

use crate::context::Context;
use crate::exit::Failure;

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
            context.out.note("Cancelled. Nothing was sent.");
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

/// Reads a line, with a default.
pub(crate) fn line(context: &Context, question: &str, default: &str) -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "the value is missing, and there is no terminal to ask for it",
        ));
    }
    context.out.error_text(&format!("{question} [{default}]: "));
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    let read = read.map_err(|error| Failure::other(format!("cannot read the answer: {error}")))?;
    if read == 0 {
        context.out.error_text("\n");
        return Err(Failure::usage(
            "the input ended before an answer; nothing was changed",
        ));
    }
    let answer = answer.trim();
    Ok(if answer.is_empty() {
        default.to_owned()
    } else {
        answer.to_owned()
    })
}
