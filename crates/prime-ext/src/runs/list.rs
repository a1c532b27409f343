//! Lists the runs of an account.

use std::collections::{HashSet, VecDeque};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;
use futures_util::stream::try_unfold;
use openapi_runtime::lenient::RawValue;
use openapi_runtime::{IntoRequest as _, Response};
use prime_platform_api::builder;
use prime_platform_api::types::{Run, RunPage};
use serde::Deserialize;

use crate::client::Client;
use crate::error::{Error, ErrorKind};

/// The number of runs per page that the provider's own client requests. The largest number that the service accepts is
/// unknown.
pub(super) const PAGE_SIZE: u64 = 20;

/// The maximum number of passes over the pages.
const MAX_PASSES: u32 = 3;

/// A stream of the runs of an account. Returned by [`Runs::list`](super::Runs::list).
///
/// If a setting is changed after the first run was awaited, the next item is an error.
#[must_use = "streams do nothing unless polled"]
pub struct RunList {
    /// Present until the first poll.
    reader: Option<Reader>,
    runs: BoxStream<'static, Result<Run, Error>>,
}

impl RunList {
    pub(super) fn new(client: Client) -> Self {
        Self {
            reader: Some(Reader {
                client,
                mine: false,
                page_size: PAGE_SIZE,
                page: 1,
                pass: 1,
                read_in_pass: 0,
                seen: HashSet::new(),
                ready: VecDeque::new(),
                done: false,
            }),
            runs: futures_util::stream::empty().boxed(),
        }
    }

    /// Omits runs of other users: of other members of the team, or of all users if the key belongs to an administrator.
    pub fn mine(self) -> Self {
        self.set(|reader| reader.mine = true)
    }

    /// Sets the number of runs per request, at least 1. The default is 20. The largest number that the service accepts
    /// is unknown.
    pub fn page_size(self, runs: u64) -> Self {
        self.set(|reader| reader.page_size = runs.max(1))
    }

    fn set(mut self, set: impl FnOnce(&mut Reader)) -> Self {
        match &mut self.reader {
            Some(reader) => set(reader),
            None => {
                let message = "a setting was changed after the first run was read; set it before";
                let error = Error::new(ErrorKind::Request, message);
                self.runs = futures_util::stream::iter([Err(error)]).boxed();
            }
        }
        self
    }

    /// Returns the next run, or `None` after the last.
    ///
    /// # Errors
    /// Returns an error if a page or a run cannot be read, or if runs are missing. The next call then returns `None`.
    pub async fn try_next(&mut self) -> Result<Option<Run>, Error> {
        self.next().await.transpose()
    }
}

impl Stream for RunList {
    type Item = Result<Run, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(reader) = self.reader.take() {
            let next = async |mut reader: Reader| {
                let run = reader.next().await.map_err(named)?;
                Ok(run.map(|run| (run, reader)))
            };
            self.runs = try_unfold(reader, next).boxed();
        }
        self.runs.poll_next_unpin(cx)
    }
}

impl std::fmt::Debug for RunList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunList").finish_non_exhaustive()
    }
}

fn named(error: Error) -> Error {
    error.with_operation(builder::ListRuns::OPERATION.id)
}

/// Reads the pages.
struct Reader {
    client: Client,
    mine: bool,
    page_size: u64,
    /// The next page.
    page: u64,
    pass: u32,
    /// The number of runs on the pages of this pass.
    read_in_pass: u64,
    /// The ids of all runs that were read.
    seen: HashSet<String>,
    ready: VecDeque<Run>,
    done: bool,
}

impl Reader {
    async fn next(&mut self) -> Result<Option<Run>, Error> {
        while self.ready.is_empty() && !self.done {
            self.read_page().await?;
        }
        Ok(self.ready.pop_front())
    }

    async fn read_page(&mut self) -> Result<(), Error> {
        let response = page(&self.client, self.mine, self.page, self.page_size).await?;
        let page = complete(response)?;
        let read = page.runs.len() as u64;
        let new = page.runs.into_iter();
        let new = new.filter(|run| self.seen.insert(run.id.clone()));
        self.ready.extend(new);
        let Some(total) = page.total else {
            // Older servers return all runs, and ignore the parameters.
            self.done = true;
            return match self.mine {
                true => Err(incomplete("the service does not support `mine`")),
                false => Ok(()),
            };
        };
        let total = u64::try_from(total)
            .map_err(|_| incomplete("the service reports a negative number of runs"))?;
        self.page += 1;
        self.read_in_pass += read;
        if read > 0 && self.read_in_pass < total {
            return Ok(());
        }
        // Runs that were created or deleted meanwhile move the others to other pages.
        let seen = self.seen.len() as u64;
        if seen >= total {
            self.done = true;
        } else if self.pass < MAX_PASSES {
            (self.page, self.read_in_pass) = (1, 0);
            self.pass += 1;
        } else {
            return Err(incomplete(&format!(
                "only {seen} of {total} runs were found"
            )));
        }
        Ok(())
    }
}

fn incomplete(message: &str) -> Error {
    Error::new(ErrorKind::Incomplete, message)
}

/// Requests a page.
pub(super) async fn page(
    client: &Client,
    mine: bool,
    page: u64,
    limit: u64,
) -> Result<Response<RunPage>, Error> {
    let call = client.on_behalf(client.platform_api().list_runs())?;
    let call = call.page(page).limit(limit);
    let call = if mine { call.mine(true) } else { call };
    Ok(call.send_with(client.context()).await?)
}

/// Rejects a page with a run that could not be read.
fn complete(response: Response<RunPage>) -> Result<RunPage, Error> {
    #[derive(Deserialize)]
    struct RawPage<'a> {
        #[serde(borrow)]
        runs: Vec<&'a RawValue>,
    }
    let read = response.value().runs.len();
    let sent = || serde_json::from_slice::<RawPage<'_>>(response.body()).map(|raw| raw.runs.len());
    if !response.warnings().is_empty() && sent().is_ok_and(|sent| sent > read) {
        let (_, meta, body) = response.into_parts();
        let message = "a run cannot be read";
        return Err(Error::unexpected(message, meta, body));
    }
    Ok(response.into_value())
}
