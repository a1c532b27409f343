//! Wallets: balance and rows.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use prime_training_api::operations::GET_WALLET;
use prime_training_api::types::{BillingEntry, WalletResponse};

use crate::account::on_behalf;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::pages::{self, Page, PageFuture};

/// Rows of one page: the most that the specification allows.
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
    pub async fn get(&self) -> Result<WalletResponse, Error> {
        page(&self.client, 1, 0).await
    }

    /// Every row, newest first, each once. Nothing is asked until the first row is.
    ///
    /// The table may move while it is read: what moved is gone back for, and if rows cannot be
    /// accounted for, the last item is an error of [`ErrorKind::Incomplete`].
    pub fn billings(&self) -> Billings {
        let client = self.client.clone();
        let fetch = move |offset: u64| -> PageFuture<BillingEntry> {
            let client = client.clone();
            Box::pin(async move {
                let wallet = page(&client, PAGE, offset).await?;
                let total = u64::try_from(wallet.total_billings).map_err(|_| {
                    let message = "the service counts fewer than no rows";
                    Error::new(ErrorKind::Incomplete, message).of(&GET_WALLET)
                })?;
                Ok(Page {
                    items: wallet.recent_billings,
                    total,
                })
            })
        };
        Billings(pages::items(PAGE, fetch, |row| &row.id))
    }
}

async fn page(client: &Client, limit: u64, offset: u64) -> Result<WalletResponse, Error> {
    let call = on_behalf(client.account(), client.training_api().get_wallet())?;
    let call = call.limit(limit).offset(offset);
    let wallet = call
        .send()
        .await
        .map_err(|e| Error::of_call(&GET_WALLET, e))?;
    Ok(wallet.into_inner())
}

/// The rows of a wallet. From [`Wallet::billings`].
#[must_use = "nothing is asked until the first row is"]
pub struct Billings(Pin<Box<dyn Stream<Item = Result<BillingEntry, Error>> + Send>>);

impl Billings {
    /// The next row; nothing after the last.
    ///
    /// # Errors
    /// If a page cannot be read, or rows cannot be accounted for. Nothing comes after an error.
    pub async fn try_next(&mut self) -> Result<Option<BillingEntry>, Error> {
        std::future::poll_fn(|cx| self.0.as_mut().poll_next(cx))
            .await
            .transpose()
    }
}

impl Stream for Billings {
    type Item = Result<BillingEntry, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl std::fmt::Debug for Billings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Billings")
    }
}
