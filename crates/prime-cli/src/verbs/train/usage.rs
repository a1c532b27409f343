//! `train usage`: the tokens and the cost of a run.

use std::time::{Duration, Instant};

use prime_ext::Usd;
use prime_ext::prime_training_api::types::RunUsageResponse;

use super::usage_view::{self, View};
use crate::context::{Context, block_on};
use crate::exit::Failure;
use crate::interrupt::until_interrupted;
use crate::output::{Style, number, sparkline};
use crate::prompt;

/// Show the tokens and the cost of a run
#[derive(Debug, clap::Args)]
#[command(after_help = "\
JSON: {\"run_id\", \"run_name\", \"base_model\", \"status\", \"training\": {\"tokens\", \"input_tokens\", \"output_tokens\", \
\"cost_usd\"}, \"inference\": {the same}, \"total_tokens\", \"total_cost_usd\", \"pricing\": {\"training_per_mtok\", \
\"inference_input_per_mtok\", \"inference_output_per_mtok\"}, \"record_count\"}. With --watch, a line of JSON for each \
change.

Examples:
  prime-rs train usage run_123
  prime-rs train usage run_123 -o json
  prime-rs train usage run_123 --watch --interval 2
  prime-rs train usage run_123 --watch --interval 2 --delete-at-cost 25 --yes")]
pub(crate) struct Usage {
    /// The id of the run
    #[arg(value_name = "RUN")]
    run_id: String,

    /// Show each change until the run ends
    #[arg(short, long)]
    watch: bool,

    /// The time between two requests of a watch, in seconds, at least 2
    #[arg(short = 'n', long, value_name = "SECONDS", default_value_t = 30,
          value_parser = clap::value_parser!(u64).range(2..))]
    interval: u64,

    /// Delete the run when it has cost this many dollars. It works only while this command runs, and the cost may be
    /// reported late
    #[arg(long, value_name = "USD", requires = "watch")]
    delete_at_cost: Option<Usd>,

    /// Do not ask for a confirmation of --delete-at-cost
    #[arg(short, long, visible_alias = "force", visible_short_alias = 'f')]
    yes: bool,
}

/// The maximum number of values of a sparkline.
const CHART_WIDTH: usize = 40;

impl Usage {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        if let Some(limit) = self.delete_at_cost {
            let question = format!("Delete the run {} when it has cost ${limit}?", self.run_id);
            if !prompt::confirm(context, &question, self.yes, "--yes", false)? {
                return Ok(());
            }
        }
        if self.watch {
            let run = self.run_id.clone();
            let resume = move || {
                format!(
                    "interrupted; the run continues; to watch it again: prime-rs train usage {run} --watch"
                )
            };
            return block_on(until_interrupted(self.watch(context), resume));
        }
        let client = context.client()?;
        let response = block_on(until_interrupted(
            async { Ok(client.runs().usage(&self.run_id).with_response().await?) },
            || "interrupted".to_owned(),
        ))?;
        for warning in response.warnings() {
            context.out.warn(&warning.to_string());
        }
        let usage = response.value();
        match context.out.is_json() {
            true => context.out.json(&View::new(usage)),
            false => {
                context
                    .out
                    .text(&usage_view::title(usage, context.out.style()))?;
                context.out.table(&usage_view::table(usage))
            }
        }
    }

    async fn watch(self, context: &Context) -> Result<(), Failure> {
        let mut watch = context
            .client()?
            .runs()
            .watch(&self.run_id)
            .every(Duration::from_secs(self.interval));
        if let Some(limit) = self.delete_at_cost {
            watch = watch.delete_at_cost(limit);
        }
        let mut screen = Screen::new(context);
        while let Some(usage) = watch.try_next().await? {
            screen.show(&usage)?;
        }
        if let Some(deletion) = watch.deletion() {
            context
                .out
                .warn(&format!("the run reached its cost limit: {deletion}"));
        }
        Ok(())
    }
}

/// Shows one usage after another.
struct Screen<'a> {
    context: &'a Context,
    begin: Instant,
    /// The cost and the tokens at each change, and when it was seen.
    history: Vec<(Instant, f64, f64)>,
    /// The number of lines that are shown.
    lines: usize,
}

impl<'a> Screen<'a> {
    fn new(context: &'a Context) -> Self {
        Self {
            context,
            begin: Instant::now(),
            history: Vec::new(),
            lines: 0,
        }
    }

    fn show(&mut self, usage: &RunUsageResponse) -> Result<(), Failure> {
        let out = &self.context.out;
        if out.is_json() {
            return out.json_line(&View::new(usage));
        }
        if !out.is_live() {
            let (status, cost) = (usage_view::status(usage), usage_view::cost(usage));
            let tokens = number::tokens(usage.total_tokens);
            return out.line(&format!(
                "{}  {status}  {tokens} tokens  {cost}",
                usage.run_id
            ));
        }
        let cost = usage.total_cost_usd.to_string().parse().unwrap_or(0.0);
        self.history
            .push((Instant::now(), cost, usage.total_tokens as f64));
        let width = out.width();
        let render = |style| {
            let title = usage_view::title(usage, style);
            let table = usage_view::table(usage).render(width, style);
            format!("{title}{table}{}", self.charts(style))
        };
        let text = render(out.style());
        let up = match self.lines {
            0 => String::new(),
            lines => format!("\x1b[{lines}A\x1b[J"),
        };
        // A line that is longer than the terminal is wide takes several rows.
        let rows = |line: &str| {
            line.chars()
                .count()
                .div_ceil(width.unwrap_or(usize::MAX))
                .max(1)
        };
        self.lines = render(Style::new(false)).lines().map(rows).sum();
        out.text(&format!("{up}{text}"))
    }

    /// What was spent between two changes, and the rates since the first one.
    fn charts(&self, style: Style) -> String {
        let seconds = self.begin.elapsed().as_secs();
        let mut text = format!(
            "\nwatched for {}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        );
        let (Some(first), Some(last)) = (self.history.first(), self.history.last()) else {
            return text;
        };
        let hours = (last.0 - first.0).as_secs_f64() / 3600.0;
        if hours > 0.0 {
            text.push_str(&format!(", ${:.2} per hour", (last.1 - first.1) / hours));
            text.push_str(&format!(
                ", {} tokens per hour",
                number::tokens(((last.2 - first.2) / hours) as i64)
            ));
        }
        text.push('\n');
        let steps = |value: fn(&(Instant, f64, f64)) -> f64| -> Vec<f64> {
            self.history
                .windows(2)
                .map(|pair| (value(&pair[1]) - value(&pair[0])).max(0.0))
                .collect()
        };
        let charts = [("cost", steps(|at| at.1)), ("tokens", steps(|at| at.2))];
        for (name, steps) in charts.into_iter().filter(|(_, steps)| !steps.is_empty()) {
            let chart = sparkline(&steps, CHART_WIDTH);
            text.push_str(&format!("{name:<7} {}\n", style.green(&chart)));
        }
        text
    }
}
