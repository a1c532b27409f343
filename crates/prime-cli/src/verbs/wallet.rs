//! `wallet`: the balance and the billing rows.

use std::collections::BTreeMap;

use prime_ext::prime_training_api::types::WalletResponse;
use prime_ext::{Account, BillingEntry, Client, Error, ErrorKind, UsdSum};
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::{Context, block_on};
use crate::exit::Failure;
use crate::interrupt::until_interrupted;
use crate::output::time::IsoTime;
use crate::output::{Progress, Table, number};

/// Show the balance and the billing rows of the account, newest first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
JSON: {\"wallet_id\", \"team_id\", \"balance_usd\", \"currency\", \"total_billings\", \"recent_billings\": [{\"id\", \
\"created_at\", \"updated_at\", \"last_billed_at\", \"amount_usd\", \"currency\", \"resource_type\", \"resource_id\"}]}. \
With --by, also \"sums\": {\"by_day\"?: [{\"day\", \"rows\", \"amount_usd\"}], \"by_resource_type\"?:
[{\"resource_type\", \"rows\", \"amount_usd\"}]}.

Examples:
  prime-rs wallet
  prime-rs wallet --limit 50 -o json
  prime-rs wallet --all
  prime-rs wallet --by day --by resource-type")]
pub(crate) struct Wallet {
    /// The number of rows, from 1 to 100
    #[arg(short = 'n', long, value_name = "NUMBER", default_value_t = 20,
          value_parser = clap::value_parser!(u64).range(1..=100))]
    limit: u64,

    /// Show all rows. Each row is read once, even if rows are added while they are read
    #[arg(long, conflicts_with = "limit")]
    all: bool,

    /// Show the sums of all rows by day (UTC, of the last time a row was billed) or by resource type
    #[arg(long, value_name = "KEY", conflicts_with = "limit")]
    by: Vec<By>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum By {
    Day,
    #[value(alias = "type")]
    ResourceType,
}

/// A wallet as JSON, with the fields of the official client in its order.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Wallet")]
pub(crate) struct View<'a> {
    wallet_id: &'a str,
    team_id: Option<&'a str>,
    balance_usd: prime_ext::Usd,
    currency: &'a str,
    total_billings: i64,
    recent_billings: Vec<Row<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sums: Option<Sums<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct Row<'a> {
    id: &'a str,
    created_at: IsoTime,
    updated_at: IsoTime,
    last_billed_at: Option<IsoTime>,
    amount_usd: prime_ext::Usd,
    currency: &'a str,
    resource_type: &'a str,
    resource_id: Option<&'a str>,
}

#[derive(Serialize, JsonSchema, Default)]
struct Sums<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    by_day: Option<Vec<DaySum>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by_resource_type: Option<Vec<TypeSum<'a>>>,
}

#[derive(Serialize, JsonSchema)]
struct DaySum {
    day: String,
    rows: u64,
    #[schemars(with = "String")]
    amount_usd: UsdSum,
}

#[derive(Serialize, JsonSchema)]
struct TypeSum<'a> {
    resource_type: &'a str,
    rows: u64,
    #[schemars(with = "String")]
    amount_usd: UsdSum,
}

impl Wallet {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let is_all = self.all || !self.by.is_empty();
        let (wallet, unreadable) = block_on(until_interrupted(
            async {
                match is_all {
                    true => all(&client, context).await,
                    false => newest(&client, self.limit, context).await,
                }
            },
            || "interrupted before all rows were read".to_owned(),
        ))?;
        let sums = (!self.by.is_empty()).then(|| sums(&wallet.recent_billings, &self.by));
        match context.out.is_json() {
            true => context.out.json(&view(&wallet, sums))?,
            false => self.show(&wallet, sums, &client, context)?,
        }
        match unreadable {
            0 => Ok(()),
            rows => Err(Failure::other(format!(
                "{rows} rows cannot be read, and are not part of the output"
            ))),
        }
    }

    fn show(
        &self,
        wallet: &WalletResponse,
        sums: Option<Sums<'_>>,
        client: &Client,
        context: &Context,
    ) -> Result<(), Failure> {
        let (out, style) = (&context.out, context.out.style());
        let account = match client.account() {
            Account::Team(id) => {
                format!("team {}", context.settings()?.team_name(id).unwrap_or(id))
            }
            _ => "personal".to_owned(),
        };
        let balance = style.green(&number::usd(wallet.balance_usd));
        let (currency, id) = (
            style.dim(&wallet.currency),
            style.dim(&format!("wallet id: {}", wallet.wallet_id)),
        );
        let (title, account) = (style.bold("Wallet"), style.dim(&format!("({account})")));
        let total = wallet.total_billings;
        out.text(&format!(
            "{title}  {account}\n  Balance:  {balance} {currency}\n  Billings: {total} total\n  {id}\n\n"
        ))?;
        let rows = &wallet.recent_billings;
        if let Some(sums) = sums {
            return show_sums(&sums, context);
        }
        if rows.is_empty() {
            return out.line("No billing rows yet.");
        }
        out.line(&style.bold(&format!(
            "The newest {} of {total} billing rows",
            rows.len()
        )))?;
        let mut table = Table::new()
            .column("When (UTC)")
            .column("Resource")
            .number("Amount");
        for row in rows {
            let resource = match &row.resource_id {
                Some(id) => format!("{} ({id})", row.resource_type),
                None => row.resource_type.clone(),
            };
            let when = billed_at(row).utc().format("%Y-%m-%d %H:%M").to_string();
            table.row([when, resource, number::usd(row.amount_usd)]);
        }
        out.table(&table)
    }
}

fn show_sums(sums: &Sums<'_>, context: &Context) -> Result<(), Failure> {
    let columns = |name: &str| Table::new().column(name).number("Rows").number("Amount");
    let cells = |name: &str, rows: u64, amount: UsdSum| {
        [name.to_owned(), rows.to_string(), number::usd(amount.usd())]
    };
    if let Some(days) = &sums.by_day {
        let mut table = columns("Day (UTC)");
        for sum in days {
            table.row(cells(&sum.day, sum.rows, sum.amount_usd));
        }
        context.out.table(&table)?;
    }
    if let Some(types) = &sums.by_resource_type {
        if sums.by_day.is_some() {
            context.out.line("")?;
        }
        let mut table = columns("Resource type");
        for sum in types {
            table.row(cells(sum.resource_type, sum.rows, sum.amount_usd));
        }
        context.out.table(&table)?;
    }
    Ok(())
}

/// Requests the newest rows, as the official client does. Also returns how many rows cannot be read.
async fn newest(
    client: &Client,
    limit: u64,
    context: &Context,
) -> Result<(WalletResponse, u64), Failure> {
    let call = client.on_behalf(client.training_api().get_wallet())?;
    let response = call.limit(limit).send_with(client.context()).await;
    let response = response.map_err(Error::from)?;
    for warning in response.warnings() {
        context.out.warn(&warning.to_string());
    }
    // Rows that cannot be read are left out, with a warning.
    let is_odd = !response.warnings().is_empty();
    let wallet = response.into_value();
    let expected = u64::try_from(wallet.total_billings).unwrap_or(0).min(limit);
    let missing = expected.saturating_sub(wallet.recent_billings.len() as u64);
    Ok((wallet, if is_odd { missing } else { 0 }))
}

/// Reads all rows. Also returns how many rows cannot be read.
async fn all(client: &Client, context: &Context) -> Result<(WalletResponse, u64), Failure> {
    let (mut wallet, _) = newest(client, 1, context).await?;
    wallet.recent_billings.clear();
    let total = u64::try_from(wallet.total_billings).unwrap_or(0);
    let mut progress = Progress::new(&context.out, total, "rows");
    let (mut unreadable, mut sum) = (0, UsdSum::default());
    let mut rows = client.wallet().billings();
    loop {
        match rows.try_next().await {
            Ok(Some(row)) => {
                sum += row.amount_usd;
                wallet.recent_billings.push(row);
                let detail = format!(", {}", number::usd(sum.usd()));
                progress.update(wallet.recent_billings.len() as u64, &detail);
            }
            Ok(None) => break,
            // Only this row cannot be read.
            Err(error) if error.kind() == ErrorKind::UnexpectedResponse => {
                unreadable += 1;
                context.out.warn(&error.to_string());
            }
            Err(error) => return Err(error.into()),
        }
    }
    drop(progress);
    wallet
        .recent_billings
        .sort_by_key(|row| std::cmp::Reverse(billed_at(row)));
    Ok((wallet, unreadable))
}

fn billed_at(row: &BillingEntry) -> prime_ext::Timestamp {
    row.last_billed_at.unwrap_or(row.updated_at)
}

fn sums<'a>(rows: &'a [BillingEntry], by: &[By]) -> Sums<'a> {
    let mut days: BTreeMap<String, (u64, UsdSum)> = BTreeMap::new();
    let mut types: BTreeMap<&str, (u64, UsdSum)> = BTreeMap::new();
    for row in rows {
        let day = billed_at(row).utc().format("%Y-%m-%d").to_string();
        for (count, sum) in [
            days.entry(day).or_default(),
            types.entry(&row.resource_type).or_default(),
        ] {
            *count += 1;
            *sum += row.amount_usd;
        }
    }
    let days = days.into_iter().rev();
    let days = days.map(|(day, (rows, amount_usd))| DaySum {
        day,
        rows,
        amount_usd,
    });
    let types = types.into_iter();
    let types = types.map(|(resource_type, (rows, amount_usd))| TypeSum {
        resource_type,
        rows,
        amount_usd,
    });
    Sums {
        by_day: by.contains(&By::Day).then(|| days.collect()),
        by_resource_type: by.contains(&By::ResourceType).then(|| types.collect()),
    }
}

fn view<'a>(wallet: &'a WalletResponse, sums: Option<Sums<'a>>) -> View<'a> {
    let rows = wallet.recent_billings.iter().map(|row| Row {
        id: &row.id,
        created_at: IsoTime(row.created_at),
        updated_at: IsoTime(row.updated_at),
        last_billed_at: row.last_billed_at.map(IsoTime),
        amount_usd: row.amount_usd,
        currency: &row.currency,
        resource_type: &row.resource_type,
        resource_id: row.resource_id.as_deref(),
    });
    View {
        wallet_id: &wallet.wallet_id,
        team_id: wallet.team_id.as_deref(),
        balance_usd: wallet.balance_usd,
        currency: &wallet.currency,
        total_billings: wallet.total_billings,
        recent_billings: rows.collect(),
        sums,
    }
}
