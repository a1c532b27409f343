//! The sections of the page.

use std::fmt;

use prime_ext::UsdSum;

use super::chart;
use super::collect::{Contents, Example, Failures, Model};
use super::table::{Column, head, row};
use super::text::{self, Escaped, count, percent, plural, usd};
use crate::ledger::State;

/// The style sheet.
const STYLE: &str = include_str!("page.css");

/// Nothing may be loaded or run, should a text get past the escaping.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// The page.
pub(super) struct Page<'a> {
    pub(super) contents: &'a Contents,
    /// When the page is written, in milliseconds since 1970.
    pub(super) now: i64,
}

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let output = &self.contents.output;
        let name = output.file_name().unwrap_or(output.as_os_str());
        let name = name.display().to_string();
        let name = Escaped(&name);
        writeln!(
            f,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n\
             <title>Batch {name}</title>\n<link rel=\"icon\" href=\"data:,\">\n\
             <style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n\
             <p class=\"kind\">Batch report</p>\n<h1><bdi>{name}</bdi></h1>\n<p class=\"lead\">{}</p>",
            self.summary()
        )?;
        self.states(f)?;
        self.figures(f)?;
        writeln!(f, "</header>\n<main>")?;
        self.charts(f)?;
        self.models(f)?;
        self.failures(f)?;
        self.ambiguous(f)?;
        self.job(f)?;
        writeln!(
            f,
            "</main>\n<footer><p>Written on {} by prime-batch {}. Times are in UTC. The page has no prompts and no \
             answers, unless a message quotes them.</p></footer>\n</body>\n</html>",
            text::time(self.now, text::DATE_TIME),
            env!("CARGO_PKG_VERSION")
        )
    }
}

impl Page<'_> {
    /// Returns the number of requests of the input.
    fn all(&self) -> u64 {
        self.contents.counts.iter().sum()
    }

    /// Returns what became of the batch, in a sentence.
    fn summary(&self) -> String {
        let all = self.all();
        let [answered, failed, ambiguous, sent, unsent] = [
            State::Answered,
            State::Failed,
            State::Ambiguous,
            State::Sent,
            State::Unsent,
        ]
        .map(|state| self.contents.count(state));
        let is_running = self.contents.job.is_running;
        if all == 0 {
            let text = if is_running {
                "The batch has begun. No request was sent yet."
            } else {
                "The batch has no requests."
            };
            return text.to_owned();
        }
        let mut parts = Vec::new();
        for (number, what) in [
            (failed, "failed"),
            (ambiguous, "ambiguous"),
            (
                sent,
                if is_running {
                    "in flight"
                } else {
                    "interrupted"
                },
            ),
            (unsent, "not sent"),
        ] {
            if number > 0 {
                parts.push(format!("{} {what}", count(number)));
            }
        }
        let answered = match (answered == all, all) {
            (true, 1) => "The request was answered".to_owned(),
            (true, all) => format!("All {} requests were answered", count(all)),
            _ => format!("{} of {} answered", count(answered), plural(all, "request")),
        };
        let begin = if is_running { "Running: " } else { "" };
        let rest = match parts.is_empty() {
            true => String::new(),
            false => format!(", {}", parts.join(", ")),
        };
        format!("{begin}{answered}{rest}.")
    }

    /// Writes the number of requests in each state.
    fn states(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.all();
        let is_running = self.contents.job.is_running;
        let states = [
            (State::Answered, "answered", "Answered"),
            (State::Failed, "failed", "Failed"),
            (State::Ambiguous, "ambiguous", "Ambiguous"),
            (
                State::Sent,
                "sent",
                if is_running {
                    "In flight"
                } else {
                    "Interrupted"
                },
            ),
            (State::Unsent, "unsent", "Not sent"),
        ];
        f.write_str("<div class=\"progress\" aria-hidden=\"true\">")?;
        for (state, class, _) in states {
            let number = self.contents.count(state);
            if number > 0 {
                let share = 100.0 * number as f64 / all as f64;
                write!(
                    f,
                    "<i class=\"{class}\" style=\"flex-basis:{share:.2}%\"></i>"
                )?;
            }
        }
        writeln!(f, "</div>\n<dl class=\"states\">")?;
        for (state, class, name) in states {
            let number = self.contents.count(state);
            writeln!(
                f,
                "<div><dt><i class=\"key {class}\"></i>{name}</dt><dd>{} <small>{}</small></dd></div>",
                count(number),
                percent(number, all)
            )?;
        }
        writeln!(f, "</dl>")
    }

    /// Writes the figures that matter most.
    fn figures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.contents.total();
        let totals = &total.totals;
        writeln!(f, "<dl class=\"figures\">")?;
        let mut figure = |name: &str, value: &str, notes: &[String]| {
            write!(f, "<div><dt>{name}</dt><dd>{value}")?;
            for note in notes {
                write!(f, "<small>{note}</small>")?;
            }
            writeln!(f, "</dd></div>")
        };
        let mut notes = Vec::new();
        if !totals.estimated_cost.is_zero() {
            notes.push(format!("+ {} estimated", usd(totals.estimated_cost, 2)));
        }
        if totals.with_unknown_cost > 0 {
            notes.push(format!("+ {}", unknown_cost(&total, 2)));
        }
        if let Some(budget) = self.contents.job.limits.budget {
            let budget = UsdSum::from(budget);
            let all = [totals.known_cost, totals.estimated_cost, totals.held];
            let spent = text::dollars(all.into_iter().sum());
            let share = 100.0 * spent / text::dollars(budget).max(f64::MIN_POSITIVE);
            let share = match budget.is_zero() {
                true => String::new(),
                false => format!(", {share:.1} % used"),
            };
            notes.push(format!("budget {}{share}", usd(budget, 2)));
        } else {
            notes.push("no budget".to_owned());
        }
        figure("Cost, known", &usd(totals.known_cost, 2), &notes)?;
        let all = self.contents.timeline.total();
        let latency = |percent| all.latencies.percentile(percent).map(text::duration);
        let half = latency(50).unwrap_or_else(|| "–".to_owned());
        let notes = latency(95).map(|most| format!("p95 {most}"));
        figure("Latency, p50", &half, notes.as_slice())?;
        let active = self.contents.timeline.active();
        let has_rate = self.contents.timeline.len() > 1;
        let rate = match has_rate {
            true => chart::mean_rate(all.done(), active),
            false => "–".to_owned(),
        };
        let notes = match has_rate {
            true => vec![format!("in {}", text::duration(active.unsigned_abs()))],
            false => vec!["too short to tell".to_owned()],
        };
        figure("Throughput", &rate, &notes)?;
        let tokens = totals.prompt_tokens + totals.completion_tokens;
        let mut notes = vec![
            format!("{} prompt", count(totals.prompt_tokens)),
            format!("{} completion", count(totals.completion_tokens)),
        ];
        if total.without_tokens > 0 {
            let answers = plural(total.without_tokens, "answer");
            notes.push(format!("unknown for {answers}"));
        }
        figure("Tokens", &count(tokens), &notes)?;
        writeln!(f, "</dl>")
    }

    fn charts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let timeline = &self.contents.timeline;
        writeln!(
            f,
            "<section aria-labelledby=\"time\">\n<h2 id=\"time\">Over time</h2>"
        )?;
        if timeline.len() < 2 {
            let text = match timeline.len() {
                0 => "No request was done yet.".to_owned(),
                _ => format!(
                    "All outcomes arrived within {}. There is nothing to show over time.",
                    text::duration(timeline.width().unsigned_abs())
                ),
            };
            return writeln!(f, "<p>{text}</p>\n</section>");
        }
        let pause = match timeline.slots().any(|slot| slot.interval.is_none()) {
            true => " A gray band is a time without requests, which is shown shortened.",
            false => "",
        };
        writeln!(
            f,
            "<p class=\"note\">Each step covers {}, the first and the last one perhaps less.{pause} Times are in UTC.</p>",
            text::duration(timeline.width().unsigned_abs())
        )?;
        write!(f, "{}", chart::throughput(timeline))?;
        match chart::latency(timeline) {
            Some(chart) => write!(f, "{chart}")?,
            None => writeln!(f, "<h3>Latency</h3>\n<p>No request was answered.</p>")?,
        }
        match chart::cost(timeline, self.contents.job.limits.budget) {
            Some(chart) => write!(f, "{chart}")?,
            None => writeln!(f, "<h3>Cost</h3>\n<p>Nothing was billed.</p>")?,
        }
        self.intervals(f)?;
        writeln!(f, "</section>")
    }

    /// Writes the values of the charts as a table.
    fn intervals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let timeline = &self.contents.timeline;
        writeln!(
            f,
            "<details>\n<summary>The charts as a table</summary>\n\
             <div class=\"scroll\" role=\"region\" aria-label=\"The charts as a table\" tabindex=\"0\">\n<table>\n<thead><tr>"
        )?;
        for name in [
            "Time",
            "Answered",
            "Failed",
            "Ambiguous",
            "p50",
            "p95",
            "Known",
            "Estimated",
            "Unknown, at most",
        ] {
            write!(f, "<th scope=\"col\">{name}</th>")?;
        }
        writeln!(f, "</tr></thead>\n<tbody>")?;
        let intervals = || {
            timeline
                .slots()
                .filter_map(|slot| Some((slot, slot.interval?)))
        };
        let amounts = intervals().flat_map(|(_, interval)| {
            [interval.known_cost, interval.estimated_cost, interval.held]
        });
        let places = text::places(amounts);
        for (slot, interval) in intervals() {
            let time = text::time(slot.time, "%Y-%m-%d ");
            let time = time + &text::time(slot.time, timeline.time_format());
            write!(f, "<tr><th scope=\"row\">{time}</th>")?;
            for number in [interval.answered, interval.failed, interval.ambiguous] {
                write!(f, "<td>{}</td>", count(number))?;
            }
            for percent in [50, 95] {
                let latency = interval.latencies.percentile(percent);
                let latency = latency.map_or_else(|| "–".to_owned(), text::duration);
                write!(f, "<td>{latency}</td>")?;
            }
            for amount in [interval.known_cost, interval.estimated_cost, interval.held] {
                write!(f, "<td>{}</td>", usd(amount, places))?;
            }
            writeln!(f, "</tr>")?;
        }
        writeln!(f, "</tbody>\n</table>\n</div>\n</details>")
    }

    fn models(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let models = &self.contents.models;
        writeln!(
            f,
            "<section aria-labelledby=\"models\">\n<h2 id=\"models\">Models</h2>"
        )?;
        if models.named.is_empty() {
            return writeln!(f, "<p>No request was sent yet.</p>\n</section>");
        }
        if self.contents.outdated > 0 {
            writeln!(
                f,
                "<p>The sums include {} that {} no longer in the input.</p>",
                plural(self.contents.outdated, "request"),
                if self.contents.outdated == 1 {
                    "is"
                } else {
                    "are"
                }
            )?;
        }
        head(
            f,
            "stacked",
            "Tokens and cost of each model",
            &MODEL_COLUMNS,
        )?;
        let sorted = models.sorted_by(|model| model.totals.attempts);
        let total = self.contents.total();
        let places = |amount: fn(&Model) -> UsdSum| {
            text::places(sorted.iter().map(|(_, model)| amount(model)))
        };
        let places = [
            places(|model| model.totals.known_cost),
            places(|model| model.totals.estimated_cost),
            places(|model| model.totals.held),
        ];
        for (name, model) in &sorted {
            let name = match name {
                Some(name) => format!("<bdi>{}</bdi>", Escaped(name)),
                None => "other models".to_owned(),
            };
            model_row(f, &name, model, places)?;
        }
        if sorted.len() > 1 {
            writeln!(f, "</tbody>\n<tfoot role=\"rowgroup\">")?;
            model_row(f, "All models", &total, places)?;
            return writeln!(f, "</tfoot>\n</table>\n</section>");
        }
        writeln!(f, "</tbody>\n</table>\n</section>")
    }

    fn failures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.contents.count(State::Failed);
        writeln!(
            f,
            "<section aria-labelledby=\"failures\">\n<h2 id=\"failures\">Failures</h2>"
        )?;
        if failed == 0 {
            return writeln!(f, "<p>No request failed.</p>\n</section>");
        }
        let errors = self.contents.errors.display().to_string();
        writeln!(
            f,
            "<p>{} failed. They are in <bdi class=\"path\">{}</bdi>, and are asked again only on request.</p>",
            plural(failed, "request"),
            Escaped(&errors)
        )?;
        for (name, failures) in self.contents.failures.sorted_by(|failures| failures.count) {
            self.kind(f, name, failures)?;
        }
        writeln!(f, "</section>")
    }

    fn kind(
        &self,
        f: &mut fmt::Formatter<'_>,
        name: Option<&str>,
        failures: &Failures,
    ) -> fmt::Result {
        let failed = self.contents.count(State::Failed);
        let title = match name {
            Some(name) => format!("<bdi>{}</bdi>", Escaped(name)),
            None => "Other kinds".to_owned(),
        };
        let (number, share) = (count(failures.count), percent(failures.count, failed));
        writeln!(
            f,
            "<h3>{title} <small>{number}, {share} of the failures</small></h3>"
        )?;
        let caption = match failures.count > failures.examples.len() as u64 {
            true => "The first of these requests",
            false => "These requests",
        };
        let columns = [("Line", "number"), ("Id", "id"), ("Message", "text")];
        head(f, "stacked examples", caption, &columns)?;
        for example in &failures.examples {
            let texts = [count(example.line), bdi(&example.id), bdi(&example.message)];
            row(f, &columns, texts)?;
        }
        writeln!(f, "</tbody>\n</table>")
    }

    fn ambiguous(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ambiguous = self.contents.count(State::Ambiguous);
        writeln!(
            f,
            "<section aria-labelledby=\"ambiguous\">\n<h2 id=\"ambiguous\">Ambiguous requests</h2>"
        )?;
        if ambiguous == 0 {
            return writeln!(f, "<p>No request is ambiguous.</p>\n</section>");
        }
        writeln!(
            f,
            "<p>{} may have been carried out and billed, but {} no answer. If they are asked again, they may be billed \
             twice.</p>",
            plural(ambiguous, "request"),
            if ambiguous == 1 { "has" } else { "have" }
        )?;
        let columns = [
            ("Line", "number"),
            ("Id", "id"),
            ("Model", "text"),
            ("Sent", "time"),
            ("Attempts", "number"),
            ("Reason", "text"),
        ];
        head(
            f,
            "stacked",
            "In the order in which they were sent first",
            &columns,
        )?;
        for example in &self.contents.ambiguous {
            let Example {
                line,
                id,
                model,
                sent_at,
                attempts,
                message,
            } = example;
            let texts = [
                count(*line),
                bdi(id),
                bdi(model),
                text::time(*sent_at, text::DATE_TIME),
                count((*attempts).into()),
                bdi(message),
            ];
            row(f, &columns, texts)?;
        }
        writeln!(f, "</tbody>\n</table>")?;
        let more = ambiguous.saturating_sub(self.contents.ambiguous.len() as u64);
        if more > 0 {
            let errors = self.contents.errors.display().to_string();
            writeln!(
                f,
                "<p>And {} more, which are in <bdi class=\"path\">{}</bdi>.</p>",
                count(more),
                Escaped(&errors)
            )?;
        }
        writeln!(f, "</section>")
    }

    /// Writes what the batch belongs to, its limits and its files.
    fn job(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Contents { job, .. } = self.contents;
        let limits = job.limits;
        writeln!(
            f,
            "<section aria-labelledby=\"job\">\n<h2 id=\"job\">Job</h2>\n<dl class=\"facts\">"
        )?;
        let mut fact = |name: &str, value: &str| {
            let value = Escaped(value);
            writeln!(f, "<div><dt>{name}</dt><dd><bdi>{value}</bdi></dd></div>")
        };
        let date = |time: Option<i64>| match time {
            Some(time) => text::time(time, text::DATE_TIME),
            None => "–".to_owned(),
        };
        fact("Endpoint", &job.job.endpoint)?;
        let account = job.job.team.as_ref();
        let account = account.map_or_else(|| "personal".to_owned(), |team| format!("team {team}"));
        fact("Account", &account)?;
        fact("Input", &job.job.input)?;
        if let Some(shard) = &job.job.shard {
            fact("Shard", shard)?;
        }
        let requests = job.requests.map(count);
        fact(
            "Requests",
            &requests.unwrap_or_else(|| "the input was not read to its end".to_owned()),
        )?;
        for (name, path) in [
            ("Output", &self.contents.output),
            ("Errors", &self.contents.errors),
            ("Ledger", &self.contents.ledger),
        ] {
            let missing = if path.exists() {
                ""
            } else {
                " (does not exist)"
            };
            fact(name, &format!("{}{missing}", path.display()))?;
        }
        let content = match job.job.discards_content {
            true => "in the output only",
            false => "in the ledger and in the output",
        };
        fact("Answers", content)?;
        fact("Created", &date(Some(job.created_at)))?;
        fact("First sent", &date(self.contents.first_sent))?;
        fact("Last done", &date(self.contents.last_done))?;
        if let Some(owner) = &job.owner {
            let name = if job.is_running {
                "Running in"
            } else {
                "Ran last in"
            };
            fact(name, owner)?;
        }
        let attempts = self.contents.total().totals;
        fact(
            "Attempts",
            &match attempts.unknown_attempts {
                0 => count(attempts.attempts),
                unknown => format!(
                    "{}, of which {} may have been carried out without an answer",
                    count(attempts.attempts),
                    count(unknown)
                ),
            },
        )?;
        let budget = limits.budget.map(|budget| usd(budget.into(), 2));
        fact("Budget", &budget.unwrap_or_else(|| "none".to_owned()))?;
        let level = job.level.map(|level| format!(", last {level}"));
        fact(
            "In flight",
            &format!(
                "{} to {}{}",
                count(limits.min_concurrency.into()),
                count(limits.max_concurrency.into()),
                level.unwrap_or_default()
            ),
        )?;
        for (name, limit) in [
            ("Requests a minute", limits.requests_per_minute),
            ("Tokens a minute", limits.tokens_per_minute),
        ] {
            if let Some(limit) = limit {
                fact(name, &format!("at most {}", count(limit.into())))?;
            }
        }
        writeln!(f, "</dl>\n</section>")
    }
}

fn bdi(text: &str) -> String {
    format!("<bdi>{}</bdi>", Escaped(text))
}

/// Returns how many requests have an unknown cost, and what it is at most.
fn unknown_cost(model: &Model, places: usize) -> String {
    let requests = plural(model.totals.with_unknown_cost, "request");
    match model.without_bound {
        0 => format!(
            "at most {} unknown, for {requests}",
            usd(model.totals.held, places)
        ),
        without => format!(
            "unknown for {requests}, of which {} {} no upper bound",
            count(without),
            if without == 1 { "has" } else { "have" }
        ),
    }
}

/// The columns of the table of models.
const MODEL_COLUMNS: [Column; 7] = [
    ("Model", "id"),
    ("Answered", "number"),
    ("Prompt tokens", "number"),
    ("Completion tokens", "number"),
    ("Cost known", "number"),
    ("Estimated", "number"),
    ("Unknown", "number"),
];

/// Writes the row of a model. The numbers are the decimal places of its costs.
fn model_row(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    model: &Model,
    [known, estimated, held]: [usize; 3],
) -> fmt::Result {
    let totals = &model.totals;
    let mut answered = count(totals.answered);
    for (number, what) in [(totals.failed, "failed"), (totals.ambiguous, "ambiguous")] {
        if number > 0 {
            answered.push_str(&format!("<small>{} {what}</small>", count(number)));
        }
    }
    let mut completion = count(totals.completion_tokens);
    if model.without_tokens > 0 {
        let answers = plural(model.without_tokens, "answer");
        completion.push_str(&format!("<small>unknown for {answers}</small>"));
    }
    let mut unknown = "–".to_owned();
    let bounded = totals.with_unknown_cost.saturating_sub(model.without_bound);
    if bounded > 0 {
        let requests = plural(bounded, "request");
        unknown = format!("≤ {}<small>{requests}</small>", usd(totals.held, held));
    }
    if model.without_bound > 0 {
        let requests = plural(model.without_bound, "request");
        unknown.push_str(&format!("<small>{requests} without upper bound</small>"));
    }
    let texts = [
        name.to_owned(),
        answered,
        count(totals.prompt_tokens),
        completion,
        usd(totals.known_cost, known),
        usd(totals.estimated_cost, estimated),
        unknown,
    ];
    row(f, &MODEL_COLUMNS, texts)
}

#[cfg(test)]
mod tests;
