//! Reads a wallet: its balance and its billing rows.

mod reader;
mod row;
#[cfg(test)]
mod tests;

use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use openapi_runtime::{
    Error as CallError, IntoRequest as _, PayloadFault, Response, Timestamp, Warning,
};
use prime_training_api::builder::GetWallet;
use prime_training_api::types::{BillingEntry, WalletResponse};

use crate::call::Call;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::pages::{Options, Page};
use reader::{Filter, Reader};
use row::{RawPage, ReadRow};

/// The maximum number of rows per page. Source: the specification.
const MAX_PAGE_SIZE: u64 = 100;

/// The default maximum number of passes over the rows.
const MAX_PASSES: u32 = 8;

/// An account's wallet. Returned by [`Client::wallet`].
#[derive(Debug, Clone)]
pub struct Wallet {
    client: Client,
}

impl Wallet {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Returns the current balance and the newest row.
    ///
    /// # Errors
    /// Returns an error if the call fails or the row cannot be read: without the row, the wallet would look empty.
    /// [`billings`](Self::billings) reads rows one by one.
    pub fn get(&self) -> Call<WalletResponse> {
        Call::new(&self.client, async |client: Client| {
            let mut response = page(&client, 1, 0).await?;
            let is_odd = !response.warnings().is_empty();
            let sent = || RawPage::read(response.body()).map_or(0, |page| page.len());
            if is_odd && sent() > response.value().recent_billings.len() {
                return Err(unreadable(response));
            }
            let is_negative = response.value().total_billings < 0;
            response.add_warnings(
                is_negative
                    .then(|| Warning::new("total_billings", "it is negative, so it is unknown")),
            );
            Ok(response)
        })
    }

    /// Returns a [`Stream`] that yields every row once, newest first. No request is sent before the first row is
    /// awaited.
    ///
    /// Rows may be added and changed while they are read. The service moves a row to the front when the row changes. A
    /// reader that requests one page after another would miss such a row. `Billings` compares the number of rows that
    /// it has read with the number that the service reports, and reads the front again until no row is missing. Rows
    /// that are found this way come last. If rows are still missing after that, the last item is an
    /// [`ErrorKind::Incomplete`] error. Deleted rows are detected if the reported number decreases.
    ///
    /// One case is not detected: if a row is deleted and another row is added between two requests, the reported number
    /// stays the same, and a row that moves at the same time may be missed.
    ///
    /// A row that cannot be read, for example because its amount is not a number, is an
    /// [`ErrorKind::UnexpectedResponse`] error in its place. The rows after it follow: see [`Billings::try_next`].
    ///
    /// Each row has the values with which it was first read. [`Billings::changes`] returns later values. The stream
    /// stores less than 32 bytes per row.
    ///
    /// ```no_run
    /// # async fn example(lab: prime_ext::Client) -> Result<(), prime_ext::Error> {
    /// use std::time::{Duration, SystemTime};
    ///
    /// let yesterday = SystemTime::now() - Duration::from_secs(24 * 3600);
    /// let mut rows = lab.wallet().billings().resource_type("training").since(yesterday);
    /// while let Some(row) = rows.try_next().await? {
    ///     println!("{} {}", row.amount_usd, row.resource_id.as_deref().unwrap_or("(deleted)"));
    /// }
    /// for row in rows.changes() {
    ///     println!("{} was billed again and is now {}", row.id, row.amount_usd);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn billings(&self) -> Billings {
        let client = self.client.clone();
        Billings::new(Arc::new(move |offset, limit| {
            rows(client.clone(), offset, limit).boxed()
        }))
    }
}

async fn page(client: &Client, limit: u64, offset: u64) -> Result<Response<WalletResponse>, Error> {
    let call = client.on_behalf(client.training_api().get_wallet())?;
    let call = call.limit(limit).offset(offset);
    Ok(call.send_with(client.context()).await?)
}

/// Returns the error of a response with a row that cannot be read.
fn unreadable(response: Response<WalletResponse>) -> Error {
    let (_, meta, body) = response.into_parts();
    let fault = PayloadFault::of::<WalletResponse>(&body);
    let error = CallError::unreadable(&GetWallet::OPERATION, meta, body, fault);
    Error::from(error).with_operation(GetWallet::OPERATION.id)
}

async fn rows(client: Client, offset: u64, limit: u64) -> Result<Page<ReadRow>, Error> {
    let error = match page(&client, limit, offset).await {
        Ok(response) if response.warnings().is_empty() => {
            let wallet = response.into_value();
            let rows = wallet.recent_billings.into_iter().map(Ok);
            return page_of(rows.collect(), wallet.total_billings);
        }
        // Rows may have been omitted.
        Ok(response) => unreadable(response),
        Err(error) => error,
    };
    let is_unreadable = error.kind() == ErrorKind::UnexpectedResponse;
    let raw = error.body().filter(|_| is_unreadable);
    match (raw.and_then(|body| RawPage::read(body)), error.meta()) {
        (Some(raw), Some(meta)) => {
            let total = raw.total;
            page_of(raw.into_rows(meta), total)
        }
        _ => Err(error),
    }
}

fn page_of(rows: Vec<ReadRow>, total: i64) -> Result<Page<ReadRow>, Error> {
    let total = u64::try_from(total).map_err(|_| {
        let message = "the service reports a negative number of rows";
        Error::new(ErrorKind::Incomplete, message)
    })?;
    Ok(Page { rows, total })
}

/// Returns the time at which a row was last billed, or was updated if `last_billed_at` is missing.
fn billed_at(row: &BillingEntry) -> Timestamp {
    row.last_billed_at.unwrap_or(row.updated_at)
}

/// Requests a page. The arguments are its offset and the maximum number of its rows.
type FetchPage =
    Arc<dyn Fn(u64, u64) -> BoxFuture<'static, Result<Page<ReadRow>, Error>> + Send + Sync>;

#[derive(Debug, Clone)]
struct Settings {
    filter: Filter,
    limit: Option<u64>,
    options: Options,
}

/// A stream of the rows of a wallet. Returned by [`Wallet::billings`].
///
/// If a setting is changed after the first row was awaited, the next item is an error.
#[must_use = "streams do nothing unless polled"]
pub struct Billings {
    fetch: FetchPage,
    settings: Settings,
    /// Created when the first row is awaited.
    reader: Option<Reader>,
}

impl Billings {
    fn new(fetch: FetchPage) -> Self {
        let settings = Settings {
            filter: Filter::default(),
            limit: None,
            options: Options {
                offset: 0,
                page_size: MAX_PAGE_SIZE,
                read_ahead: 0,
                max_passes: MAX_PASSES,
            },
        };
        Self {
            fetch,
            settings,
            reader: None,
        }
    }

    /// Selects rows of a resource type, such as `compute`, `training`, `inference`, `disks`, `sandboxes` or `images`.
    /// The case is ignored.
    pub fn resource_type(self, kind: impl Into<String>) -> Self {
        self.set(|settings| settings.filter.resource_type = Some(kind.into()))
    }

    /// Selects rows of a resource, such as a run.
    pub fn resource_id(self, id: impl Into<String>) -> Self {
        self.set(|settings| settings.filter.resource_id = Some(id.into()))
    }

    /// Selects the row with this id, and limits the number of rows to 1.
    pub fn id(self, id: impl Into<String>) -> Self {
        self.set(|settings| settings.filter.id = Some(id.into()))
            .limit(1)
    }

    /// Selects rows whose `last_billed_at` is at or after this time. Reading stops at the first older row, unless the
    /// rows are not sorted by time.
    pub fn since(self, time: impl Into<Timestamp>) -> Self {
        self.set(|settings| settings.filter.since = Some(time.into()))
    }

    /// Selects rows whose `last_billed_at` is before this time. A row that was billed both before and after this time
    /// is not selected.
    pub fn until(self, time: impl Into<Timestamp>) -> Self {
        self.set(|settings| settings.filter.until = Some(time.into()))
    }

    /// Sets the maximum number of selected rows, including those that cannot be read. The default is no limit.
    ///
    /// The stream yields the rows that were the newest ones at some moment while they were read. It yields the rows of
    /// a page only after the next page has been read, because rows that move to the front may displace the last rows.
    pub fn limit(self, rows: u64) -> Self {
        self.set(|settings| settings.limit = Some(rows))
    }

    /// Sets the number of rows to skip at the front. Rows are skipped before filters apply. The default is 0.
    ///
    /// Rows are counted when reading begins. Rows that are added later do not change which rows are skipped. If an
    /// unread row moves to the front, reading fails with [`ErrorKind::Incomplete`], because that row cannot be
    /// distinguished from the skipped rows.
    pub fn offset(self, rows: u64) -> Self {
        self.set(|settings| settings.options.offset = rows)
    }

    /// Sets the number of rows per request, from 2 to 100. The default is 100. Pages overlap by one row.
    pub fn page_size(self, rows: u64) -> Self {
        self.set(|settings| settings.options.page_size = rows.clamp(2, MAX_PAGE_SIZE))
    }

    /// Sets the maximum number of passes over the rows. The first pass reads all rows. Later passes read the front
    /// again, to find rows that moved. The default is 8, and the minimum is 1.
    pub fn max_passes(self, passes: u32) -> Self {
        self.set(|settings| settings.options.max_passes = passes.max(1))
    }

    /// Sets how many pages are requested while the caller processes the previous page, up to 32. The default is 0: no
    /// page is requested that may not be needed.
    ///
    /// No task is spawned. Requests make progress only while a row is awaited. The service may process concurrent
    /// requests in any order, so that [`changes`](Self::changes) may return older values of a row.
    pub fn read_ahead(self, pages: usize) -> Self {
        self.set(|settings| settings.options.read_ahead = pages)
    }

    fn set(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(&mut self.settings);
        if self.reader.take().is_some() {
            self.fetch = Arc::new(|_, _| {
                let message =
                    "a setting was changed after the first row was read; set it before reading";
                ready(Err(Error::new(ErrorKind::Request, message))).boxed()
            });
        }
        self
    }

    /// Returns the next row, or `None` after the last.
    ///
    /// # Errors
    /// Returns an [`ErrorKind::UnexpectedResponse`] error in place of a row that cannot be read. The
    /// [`body`](openapi_runtime::Error::body) of the error is the JSON of the row. The next calls return the rows after
    /// it. Filters apply to such a row too, as far as its fields can be read.
    ///
    /// Returns an error if a page cannot be read or rows are missing. The next call then returns `None`.
    ///
    /// ```no_run
    /// # async fn example(mut rows: prime_ext::Billings) -> Result<(), prime_ext::Error> {
    /// use prime_ext::ErrorKind;
    ///
    /// loop {
    ///     match rows.try_next().await {
    ///         Ok(Some(row)) => println!("{}", row.amount_usd),
    ///         Ok(None) => break,
    ///         Err(error) if error.kind() == ErrorKind::UnexpectedResponse => eprintln!("{error}"),
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn try_next(&mut self) -> Result<Option<BillingEntry>, Error> {
        self.next().await.transpose()
    }

    /// Converts this into a stream that yields the same rows page by page.
    pub fn pages(self) -> BillingPages {
        BillingPages(self)
    }

    /// Reads all rows and sorts them by `last_billed_at`, newest first.
    ///
    /// # Errors
    /// Returns the same errors as [`try_next`](Self::try_next). Reading ends at the first error, even if it is the
    /// error of one row.
    pub async fn collect_newest_first(self) -> Result<Vec<BillingEntry>, Error> {
        let mut rows: Vec<_> = self.try_collect().await?;
        rows.sort_by_key(|row| std::cmp::Reverse(billed_at(row)));
        Ok(rows)
    }

    /// Returns the rows that were billed again after they were first read, with their latest values.
    ///
    /// Only rows that were read again are included. With [`until`](Self::until), rows that were not selected may be
    /// included.
    pub fn changes(&self) -> impl Iterator<Item = &BillingEntry> {
        self.reader.iter().flat_map(Reader::changes)
    }

    fn reader(&mut self) -> &mut Reader {
        let (fetch, settings) = (&self.fetch, &self.settings);
        self.reader
            .get_or_insert_with(|| Reader::new(fetch.clone(), settings.clone()))
    }
}

impl Stream for Billings {
    type Item = Result<BillingEntry, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let row = self.reader().poll_row(cx);
        row.map_err(|error| error.with_operation(GetWallet::OPERATION.id))
    }
}

impl std::fmt::Debug for Billings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Billings")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// A stream of the rows of a wallet, page by page. Returned by [`Billings::pages`].
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct BillingPages(Billings);

impl BillingPages {
    /// Returns the next page with at least one row, or `None` after the last. If a row cannot be read, the rows before
    /// and after it are two pages, with the error between them.
    ///
    /// # Errors
    /// Returns the same errors as [`Billings::try_next`].
    pub async fn try_next(&mut self) -> Result<Option<Vec<BillingEntry>>, Error> {
        self.next().await.transpose()
    }

    /// See [`Billings::changes`].
    pub fn changes(&self) -> impl Iterator<Item = &BillingEntry> {
        self.0.changes()
    }
}

impl Stream for BillingPages {
    type Item = Result<Vec<BillingEntry>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let rows = self.0.reader().poll_rows(cx);
        rows.map_err(|error| error.with_operation(GetWallet::OPERATION.id))
    }
}
