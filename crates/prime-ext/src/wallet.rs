//! Wallets: balance and rows.

use std::hash::{Hash as _, Hasher};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::TryStreamExt as _;
use openapi_runtime::{IntoRequest as _, Response, Timestamp};
use prime_training_api::builder::GetWallet;
use prime_training_api::types::{BillingEntry, WalletResponse};

use crate::account::on_behalf;
use crate::call::Call;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::pages::{At, Page, PageFuture, Pages, Rows, Table, Total, Want};

/// The most rows of a page. Source: the specification.
const PAGE: u64 = 100;

/// An account's wallet. From [`Client::wallet`].
#[derive(Debug, Clone)]
pub struct Wallet {
    client: Client,
}

impl Wallet {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The balance now, with the newest row.
    ///
    /// # Errors
    /// If the call fails.
    pub fn get(&self) -> Call<WalletResponse> {
        Call::new(&self.client, async |client: Client| {
            page(&client, 1, 0).await
        })
    }

    /// Every row, newest first, each once. Nothing is asked until the first row is.
    ///
    /// The table may move while it is read: what moved is gone back for, and comes last; if rows cannot
    /// be accounted for, the last item is an error of [`ErrorKind::Incomplete`]. How that works is told
    /// at [`pages`](crate::pages).
    ///
    /// ```no_run
    /// # async fn example(lab: prime_ext::Client) -> Result<(), prime_ext::Error> {
    /// use std::time::{Duration, SystemTime};
    ///
    /// let yesterday = SystemTime::now() - Duration::from_secs(24 * 3600);
    /// let mut rows = lab.wallet().billings().resource_type("training").since(yesterday);
    /// while let Some(row) = rows.try_next().await? {
    ///     println!("{} {}", row.amount_usd, row.resource_id.as_deref().unwrap_or("gone"));
    /// }
    /// for row in rows.changes() {
    ///     println!("{} was billed again meanwhile, and is {} now", row.id, row.amount_usd);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn billings(&self) -> Billings {
        let ledger = Ledger {
            client: self.client.clone(),
            filter: Filter::default(),
        };
        Billings(Rows::new(ledger).page_size(PAGE))
    }
}

async fn page(client: &Client, limit: u64, offset: u64) -> Result<Response<WalletResponse>, Error> {
    let call = on_behalf(client.account(), client.training_api().get_wallet())?;
    let call = call.limit(limit).offset(offset);
    Ok(call.send_with(client.context()).await?)
}

/// The rows of a wallet. From [`Wallet::billings`].
///
/// What is set after the first row was asked for has no effect.
#[must_use = "nothing is asked until the first row is"]
pub struct Billings(Rows<Ledger>);

impl Billings {
    /// Only rows of a resource type: `compute`, `training`, `inference`, `disks`, `sandboxes`, `images`,
    /// or whatever the service bills next. Without regard to case.
    pub fn resource_type(self, kind: impl Into<String>) -> Self {
        let kind = Some(kind.into());
        self.filter(|filter| filter.resource_type = kind)
    }

    /// Only rows of a resource, such as a run.
    pub fn resource_id(self, id: impl Into<String>) -> Self {
        let id = Some(id.into());
        self.filter(|filter| filter.resource_id = id)
    }

    /// Only the row of this id. Reading ends where it is found.
    pub fn id(self, id: impl Into<String>) -> Self {
        let id = Some(id.into());
        self.filter(|filter| filter.id = id).limit(1)
    }

    /// Only rows that were billed then or later, by `last_billed_at`. Reading ends at the first row that
    /// was not.
    pub fn since(self, time: impl Into<Timestamp>) -> Self {
        let time = Some(time.into());
        self.filter(|filter| filter.since = time)
    }

    /// Only rows that were billed earlier, by `last_billed_at`. A row that was billed in time and is
    /// billed again has the later time and is not among them.
    pub fn until(self, time: impl Into<Timestamp>) -> Self {
        let time = Some(time.into());
        self.filter(|filter| filter.until = time)
    }

    /// At most this many rows, of those that the filters leave: [`Rows::limit`].
    pub fn limit(self, rows: u64) -> Self {
        Self(self.0.limit(rows))
    }

    /// Leaves out rows at the front, before filters: [`Rows::offset`].
    pub fn offset(self, rows: u64) -> Self {
        Self(self.0.offset(rows))
    }

    /// Rows of one answer, 1 to 100. Default: 100.
    pub fn page_size(self, rows: u64) -> Self {
        Self(self.0.page_size(rows.min(PAGE)))
    }

    /// How often the table is gone through: [`Rows::max_passes`].
    pub fn max_passes(self, passes: u32) -> Self {
        Self(self.0.max_passes(passes))
    }

    /// Pages that are asked for ahead: [`Rows::read_ahead`]. Default: none.
    pub fn read_ahead(self, pages: usize) -> Self {
        Self(self.0.read_ahead(pages))
    }

    fn filter(mut self, set: impl FnOnce(&mut Filter)) -> Self {
        set(&mut self.0.table_mut().filter);
        self
    }

    /// The next row; nothing after the last.
    ///
    /// # Errors
    /// If a page cannot be read, or rows cannot be accounted for. Nothing comes after an error.
    pub async fn try_next(&mut self) -> Result<Option<BillingEntry>, Error> {
        self.0.try_next().await
    }

    /// The same rows a page at a time.
    pub fn pages(self) -> Pages<Ledger> {
        self.0.pages()
    }

    /// Reads all, and puts in order what came late: newest first, by `last_billed_at`.
    ///
    /// # Errors
    /// As [`try_next`](Self::try_next).
    pub async fn newest_first(self) -> Result<Vec<BillingEntry>, Error> {
        let mut rows: Vec<_> = self.0.try_collect().await?;
        rows.sort_by_key(|row| std::cmp::Reverse(billed(row)));
        Ok(rows)
    }

    /// Rows that were given, and were met again with other values since they were billed again
    /// meanwhile: as they were met last ([`Rows::changes`]).
    pub fn changes(&self) -> impl Iterator<Item = &BillingEntry> {
        self.0.changes()
    }
}

impl Stream for Billings {
    type Item = Result<BillingEntry, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(cx)
    }
}

impl std::fmt::Debug for Billings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A wallet's rows as a [`Table`].
#[derive(Debug)]
pub struct Ledger {
    client: Client,
    filter: Filter,
}

#[derive(Debug, Default)]
struct Filter {
    resource_type: Option<String>,
    resource_id: Option<String>,
    id: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Table for Ledger {
    type Row = BillingEntry;

    fn page(&self, at: &At, limit: u64) -> PageFuture<BillingEntry> {
        let offset = match at {
            At::Offset(offset) => *offset,
            At::Number(_) | At::Cursor(_) => 0,
        };
        let client = self.client.clone();
        Box::pin(async move {
            let wallet = page(&client, limit, offset).await?.into_value();
            let total = u64::try_from(wallet.total_billings).map_err(|_| {
                let message = "the service counts fewer than no rows";
                Error::new(ErrorKind::Incomplete, message)
            })?;
            Ok(Page::new(wallet.recent_billings, Total::Rows(total)))
        })
    }

    fn id<'a>(&self, row: &'a BillingEntry) -> &'a str {
        &row.id
    }

    fn version(&self, row: &BillingEntry, mut state: &mut dyn Hasher) {
        (row.amount_usd, row.last_billed_at, row.updated_at).hash(&mut state);
    }

    fn want(&self, row: &BillingEntry) -> Want {
        let filter = &self.filter;
        if filter
            .since
            .is_some_and(|since| row.last_billed_at.is_some_and(|billed| billed < since))
        {
            return Want::Past;
        }
        let same = |wanted: &Option<String>, is: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| is == Some(wanted))
        };
        let time = billed(row);
        let takes = same(&filter.id, Some(&row.id))
            && same(&filter.resource_id, row.resource_id.as_deref())
            && filter
                .resource_type
                .as_deref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(&row.resource_type))
            && filter.since.is_none_or(|since| time >= since)
            && filter.until.is_none_or(|until| time < until);
        if takes { Want::Take } else { Want::Skip }
    }

    fn wants_all(&self) -> bool {
        let Filter {
            resource_type,
            resource_id,
            id,
            since,
            until,
        } = &self.filter;
        let texts = [resource_type, resource_id, id];
        let times = [since, until];
        texts.iter().all(|text| text.is_none()) && times.iter().all(|time| time.is_none())
    }

    fn explain(&self, error: Error) -> Error {
        error.with_operation(GetWallet::OPERATION.id)
    }
}

/// When a row was billed last, as far as it says.
fn billed(row: &BillingEntry) -> Timestamp {
    row.last_billed_at.unwrap_or(row.updated_at)
}
