//! `train list`: lists the runs.

use prime_ext::prime_platform_api::types::Run;
use prime_ext::{Client, Error};
use schemars::JsonSchema;
use serde::Serialize;

use super::run_view::{self, RunView};
use crate::context::{Context, block_on};
use crate::exit::Failure;
use crate::interrupt::until_interrupted;
use crate::output::Table;

/// List the runs of the account, newest first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
JSON: {\"runs\": [{\"id\", \"name\", \"status\", \"base_model\", \"environments\", \"max_steps\", \"batch_size\", \
\"gpu_count\", \"created_at\", \"updated_at\", …}], \"total\", \"page\", \"per_page\"}. --json-schema lists all fields.

Examples:
  prime-rs train list
  prime-rs train list --mine --num 5 --page 1
  prime-rs train list --all -o json")]
pub(crate) struct List {
    /// The runs of this team. Default: the team of the settings
    #[arg(short, long, value_name = "ID")]
    team: Option<String>,

    /// Only your own runs
    #[arg(long)]
    mine: bool,

    /// The number of runs per page
    #[arg(short, long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    num: u64,

    /// The page
    #[arg(short, long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    page: u64,

    /// List the runs of all pages. Each run is listed once, even if runs are created meanwhile
    #[arg(long, conflicts_with_all = ["num", "page"])]
    all: bool,
}

/// The runs as JSON, with the fields of the official client in its order.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Runs")]
pub(crate) struct View {
    runs: Vec<RunView>,
    total: u64,
    page: u64,
    per_page: u64,
}

struct Page {
    runs: Vec<Run>,
    total: u64,
}

impl List {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let client = match &self.team {
            Some(team) => client.team(team),
            None => client,
        };
        let page = block_on(until_interrupted(
            async {
                match self.all {
                    true => self.all(&client).await,
                    false => self.page(&client, context).await,
                }
            },
            || "interrupted".to_owned(),
        ))?;
        let out = &context.out;
        if out.is_json() {
            let runs = page
                .runs
                .iter()
                .map(RunView::new)
                .collect::<Result<_, _>>()?;
            let (number, size) = if self.all {
                (1, page.total)
            } else {
                (self.page, self.num)
            };
            let total = page.total;
            return out.json(&View {
                runs,
                total,
                page: number,
                per_page: size,
            });
        }
        if page.runs.is_empty() {
            out.note(match self.page {
                1 => "No runs. `prime-rs train FILE` starts one.",
                _ => "No more runs.",
            });
            return Ok(());
        }
        out.table(&table(&page.runs))?;
        match !self.all && page.total > self.page.saturating_mul(self.num) {
            true => out.note(&format!(
                "\n{} of {} runs. The next page: --page {}; all runs: --all",
                page.runs.len(),
                page.total,
                self.page + 1
            )),
            false => out.note(&format!("\nTotal: {}", page.total)),
        }
        Ok(())
    }

    async fn all(&self, client: &Client) -> Result<Page, Failure> {
        let list = client.runs().list();
        let mut list = if self.mine { list.mine() } else { list };
        let mut runs = Vec::new();
        while let Some(run) = list.try_next().await? {
            runs.push(run);
        }
        Ok(Page {
            total: runs.len() as u64,
            runs,
        })
    }

    async fn page(&self, client: &Client, context: &Context) -> Result<Page, Failure> {
        let call = client.on_behalf(client.platform_api().list_runs())?;
        let call = call.page(self.page).limit(self.num);
        let call = if self.mine { call.mine(true) } else { call };
        let response = call
            .send_with(client.context())
            .await
            .map_err(Error::from)?;
        for warning in response.warnings() {
            context.out.warn(&warning.to_string());
        }
        let page = response.into_value();
        if let Some(total) = page.total {
            return Ok(Page {
                runs: page.runs,
                total: u64::try_from(total).unwrap_or(0),
            });
        }
        // As in the official client: an older service returns all runs, and ignores the parameters.
        if self.mine {
            return Err(Failure::other("the service does not support --mine"));
        }
        let mut runs = page.runs;
        runs.sort_by_key(|run| std::cmp::Reverse(run.created_at));
        let (total, size) = (
            runs.len() as u64,
            usize::try_from(self.num).unwrap_or(usize::MAX),
        );
        let skip = usize::try_from(self.page - 1)
            .unwrap_or(usize::MAX)
            .saturating_mul(size);
        let runs = runs.into_iter().skip(skip).take(size).collect();
        Ok(Page { runs, total })
    }
}

fn table(runs: &[Run]) -> Table {
    let mut table = Table::new()
        .id("Id")
        .column("Name")
        .column("Status")
        .column("Model")
        .column("Environments")
        .number("Steps")
        .number("GPUs")
        .column("Created (UTC)")
        .optional(&["Environments", "GPUs", "Steps", "Model", "Name"]);
    for run in runs {
        table.row([
            run.id.clone(),
            run.name.clone().unwrap_or_else(|| "-".to_owned()),
            run.status.to_string(),
            run.base_model.clone().unwrap_or_else(|| "-".to_owned()),
            run_view::environments(run),
            run_view::number(run.max_steps),
            run_view::number(run.gpu_count),
            run_view::minute(run.created_at),
        ]);
    }
    table
}
