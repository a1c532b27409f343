//! What a command writes: tables for people, JSON for programs.
//!
//! Results go to standard output, everything else to standard error. Nothing but JSON is written to standard output if
//! JSON is requested.

pub(crate) mod json;
pub(crate) mod number;
mod progress;
mod sparkline;
mod style;
mod table;
pub(crate) mod time;

use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;
use serde_json::value::RawValue;

pub(crate) use progress::Progress;
pub(crate) use sparkline::sparkline;
pub(crate) use style::Style;
pub(crate) use table::Table;

use crate::exit::{Failure, Report};

/// The format of the results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[value(alias = "text")]
    Table,
    /// For programs
    Json,
}

/// The width of a terminal whose width is unknown.
const DEFAULT_WIDTH: usize = 80;

/// Where and how results are written.
#[derive(Debug)]
pub(crate) struct Out {
    json: bool,
    plain: bool,
    /// The styles of standard output and of standard error.
    styles: [Style; 2],
}

impl Out {
    pub(crate) fn new(format: Format, plain: bool, no_color: bool) -> Self {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let dumb = variable("TERM").is_some_and(|term| term == "dumb");
        let color = !plain && !no_color && !dumb && variable("NO_COLOR").is_none();
        let terminals = [io::stdout().is_terminal(), io::stderr().is_terminal()];
        #[cfg(windows)]
        let color = color && anstyle_query::windows::enable_ansi_colors().unwrap_or(true);
        Self {
            json: format == Format::Json,
            plain: plain || dumb,
            styles: terminals.map(|terminal| Style::new(color && terminal)),
        }
    }

    /// Returns whether results are written as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Returns whether standard output is a terminal on which text can be replaced.
    pub(crate) fn is_live(&self) -> bool {
        !self.json && !self.plain && io::stdout().is_terminal()
    }

    /// Returns whether text on standard error can be replaced, if it is a terminal.
    pub(crate) fn is_live_on_error(&self) -> bool {
        !self.json && !self.plain
    }

    /// Returns the style of standard output.
    pub(crate) fn style(&self) -> Style {
        self.styles[0]
    }

    /// Returns the number of columns of standard output, or `None` if lines may have any length.
    pub(crate) fn width(&self) -> Option<usize> {
        self.width_of(io::stdout().is_terminal())
    }

    /// Returns the number of columns of standard error, or `None` if lines may have any length.
    fn error_width(&self) -> Option<usize> {
        self.width_of(io::stderr().is_terminal())
    }

    fn width_of(&self, is_terminal: bool) -> Option<usize> {
        if self.plain || !is_terminal {
            return None;
        }
        let size = terminal_size::terminal_size();
        Some(size.map_or(DEFAULT_WIDTH, |(width, _)| usize::from(width.0)))
    }

    /// Writes a text to standard output.
    pub(crate) fn text(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        written.map_err(|error| Failure::output(&error))
    }

    /// Writes a line to standard output.
    pub(crate) fn line(&self, line: &str) -> Result<(), Failure> {
        self.text(&format!("{line}\n"))
    }

    /// Writes a text that a service sent to standard output. On a terminal, control characters are left out, because
    /// they could change what is displayed.
    pub(crate) fn foreign(&self, text: &str) -> Result<(), Failure> {
        match io::stdout().is_terminal() {
            true => self.text(&printable(text, true)),
            false => self.text(text),
        }
    }

    /// Writes a table to standard output.
    pub(crate) fn table(&self, table: &Table) -> Result<(), Failure> {
        self.text(&table.render(self.width(), self.style()))
    }

    /// Writes a value as indented JSON.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value)
            .map_err(|error| Failure::other(format!("cannot write JSON: {error}")))?;
        self.line(&json::indent(&text))
    }

    /// Writes a value as a line of JSON.
    pub(crate) fn json_line(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value)
            .map_err(|error| Failure::other(format!("cannot write JSON: {error}")))?;
        self.line(&text)
    }

    /// Writes the JSON that a service sent, with all its fields and digits. If the service did not send valid JSON, writes
    /// `value` instead.
    pub(crate) fn received(&self, json: &[u8], value: &impl Serialize) -> Result<(), Failure> {
        match serde_json::from_slice::<&RawValue>(json) {
            Ok(json) => self.line(&json::indent(json.get())),
            Err(_) => self.json(value),
        }
    }

    /// Writes a message to standard error, unless results are written as JSON.
    pub(crate) fn note(&self, message: &str) {
        if !self.json {
            let width = self.error_width();
            let lines: String = message
                .split('\n')
                .map(|line| wrapped(line, width))
                .collect();
            self.error_text(&lines);
        }
    }

    /// Writes a warning to standard error.
    pub(crate) fn warn(&self, warning: &str) {
        let warning = printable(warning, false);
        match self.json {
            true => self.error_text(&format!("{}\n", serde_json::json!({ "warning": warning }))),
            false => {
                let text = wrapped(&format!("warning: {warning}"), self.error_width());
                let label = self.styles[1].yellow("warning:");
                self.error_text(&text.replacen("warning:", &label, 1));
            }
        }
    }

    /// Writes a failure to standard error.
    pub(crate) fn failure(&self, failure: &Failure) {
        let Failure::Error(report) = failure else {
            return;
        };
        match self.json {
            true => self.error_text(&format!("{}\n", serde_json::json!({ "error": report }))),
            false => {
                // The errors of an input have a line each.
                let text = format!("error: {}", printable(&report.message, true));
                let lines = text.lines().map(|line| wrapped(line, self.error_width()));
                let text: String = lines.collect();
                let label = self.styles[1].red("error:");
                let text = text.replacen("error:", &label, 1);
                self.error_text(&format!("{text}{}", self.possible_runs(report)));
            }
        }
    }

    /// Shows the runs that a failed call may have created, and what to do with them.
    fn possible_runs(&self, report: &Report) -> String {
        let Some(runs) = report
            .possible_runs
            .as_ref()
            .filter(|runs| !runs.is_empty())
        else {
            return String::new();
        };
        let mut table = Table::new()
            .id("Id")
            .column("Name")
            .column("Status")
            .column("Created (UTC)");
        for run in runs {
            let name = run.name.as_deref().unwrap_or("-");
            let created = run.created_at.utc().format("%Y-%m-%d %H:%M:%S").to_string();
            table.row([&run.id, name, &run.status, &created]);
        }
        let (title, id) = match &runs[..] {
            [run] => ("This run may be it:", printable(&run.id, false)),
            _ => ("One of these runs may be it:", "ID".to_owned()),
        };
        format!(
            "\n{title}\n\n{}\n\
             Look at it:  prime-rs train get {id}\n\
             End it:      prime-rs train delete {id}\n",
            table.render(self.error_width(), self.styles[1])
        )
    }

    /// Writes a text to standard error. That it cannot be written is no failure: the results matter more.
    pub(crate) fn error_text(&self, text: &str) {
        let mut out = io::stderr().lock();
        drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
    }

    /// Returns the style of standard error.
    pub(crate) fn error_style(&self) -> Style {
        self.styles[1]
    }
}

/// Returns a line, wrapped after words if there is a width. A longer word is not broken.
pub(crate) fn wrapped(line: &str, width: Option<usize>) -> String {
    let words = line.trim_start_matches(' ');
    let mut text = line[..line.len() - words.len()].to_owned();
    let indent = text.len();
    let mut column = 0;
    for word in words.split(' ') {
        let length = word.chars().count();
        if column == 0 {
            column = indent + length;
        } else if width.is_some_and(|width| column + 1 + length > width) {
            text.push('\n');
            column = length;
        } else {
            text.push(' ');
            column += 1 + length;
        }
        text.push_str(word);
    }
    text.push('\n');
    text
}

/// Leaves out control characters. Line feeds and tabs are kept if `lines` is set, and are replaced by spaces otherwise.
pub(crate) fn printable(text: &str, lines: bool) -> String {
    let keep = |c: char| match c {
        '\n' | '\t' if lines => Some(c),
        '\n' | '\t' => Some(' '),
        c if c.is_control() => None,
        c => Some(c),
    };
    text.chars().filter_map(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn lines_are_wrapped_after_words() {
        assert_eq!(wrapped("one two three", None), "one two three\n");
        assert_eq!(wrapped("one two three", Some(7)), "one two\nthree\n");
        assert_eq!(
            wrapped("a longerthanaline b  c", Some(7)),
            "a\nlongerthanaline\nb  c\n"
        );
    }
}
