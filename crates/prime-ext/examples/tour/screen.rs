//! Prints the output of the tour.

use std::io::{IsTerminal as _, Write as _};

use prime_ext::Error;

/// Prints a line. Ignores errors, such as a closed pipe, where `println!` would panic.
macro_rules! say {
    ($($arguments:tt)*) => {{
        let _ = writeln!(std::io::stdout(), $($arguments)*);
    }};
}

/// Prints headings, facts and text. Uses colours on a terminal.
#[derive(Clone)]
pub(crate) struct Screen {
    colours: bool,
}

impl Screen {
    pub(crate) fn new() -> Self {
        let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { colours }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colours {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    pub(crate) fn title(&self, title: &str, detail: &str) {
        say!("{}  {}", self.paint("1", title), self.paint("2", detail));
    }

    /// Prints the heading of a stop: what happens, and the code that does it.
    pub(crate) fn stop(&self, what: &str, code: &str) {
        say!("\n{}  {}", self.paint("1;36", what), self.paint("2", code));
    }

    pub(crate) fn fact(&self, name: &str, value: impl std::fmt::Display) {
        say!("  {}  {value}", self.paint("2", &format!("{name:>9}")));
    }

    pub(crate) fn line(&self, text: impl std::fmt::Display) {
        say!("  {text}");
    }

    /// Prints a piece of text as it arrives.
    pub(crate) fn piece(&self, text: &str) {
        let _ = write!(
            std::io::stdout(),
            "{}",
            text.replace("\n\n", "\n").replace('\n', "\n  ")
        );
        let _ = std::io::stdout().flush();
    }

    pub(crate) fn error(&self, error: &Error) {
        say!("  {}", self.paint("33", &error.to_string()));
    }

    pub(crate) fn missing(&self, error: &Error) {
        say!(
            "  {}",
            self.paint("33", &format!("this service does not have this: {error}"))
        );
    }

    pub(crate) fn skipped(&self, what: &str, why: &str) {
        say!("\n{}", self.paint("2", &format!("skipped: {what}: {why}")));
    }

    pub(crate) fn end(&self, text: &str) {
        say!("\n{}", self.paint("1", text));
    }
}
