//! What the tools share.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prime_batch::{Control, Models};
use prime_ext::cost::Reservation;
use prime_ext::{Client, Meter, Usd};

use crate::tool::{Fault, Needs};

/// What a [`Server`](crate::Server) allows. By default, it only reads.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Options {
    max_usd: Option<Usd>,
    allow_runs: bool,
}

impl Options {
    /// Creates options that allow nothing but reading.
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows chat and batches, up to this many US dollars.
    pub fn allow_spend(mut self, max_usd: Usd) -> Self {
        self.max_usd = Some(max_usd);
        self
    }

    /// Allows to create and delete training runs. The limit of [`allow_spend`](Self::allow_spend) does not cover them.
    pub fn allow_runs(mut self) -> Self {
        self.allow_runs = true;
        self
    }

    pub(crate) fn allows(&self, needs: Needs) -> bool {
        match needs {
            Needs::Nothing => true,
            Needs::Spending => self.max_usd.is_some(),
            Needs::Runs => self.allow_runs,
        }
    }
}

/// What the tools share. There is one for the process, so that a client cannot get another limit by connecting again.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) options: Options,
    pub(crate) meter: Meter,
    models: Mutex<Option<(Instant, Arc<Models>)>>,
    batches: Mutex<HashMap<PathBuf, Control>>,
    /// Cloned by each call that is finished although its client is gone.
    unfinished: Arc<()>,
}

/// How long a list of models is used.
const MODELS_AGE: Duration = Duration::from_secs(300);

impl Session {
    pub(crate) fn new(client: Client, options: Options) -> Self {
        Self {
            client,
            options,
            meter: Meter::new(),
            models: Mutex::default(),
            batches: Mutex::default(),
            unfinished: Arc::default(),
        }
    }

    /// Returns the models with their prices.
    pub(crate) async fn models(&self) -> Result<Arc<Models>, Fault> {
        let known = lock(&self.models).clone();
        if let Some((_, models)) = known.filter(|(at, _)| at.elapsed() < MODELS_AGE) {
            return Ok(models);
        }
        let models = Arc::new(Models::new(&self.client.models().list().await?));
        *lock(&self.models) = Some((Instant::now(), models.clone()));
        Ok(models)
    }

    /// Reserves an amount from the limit of this process.
    pub(crate) fn reserve(&self, amount: Usd) -> Result<Reservation, Fault> {
        let limit = self.options.max_usd.unwrap_or_default();
        self.meter.reserve(amount, limit).ok_or_else(|| {
            Fault::new(format!(
                "this may cost ${amount}, and ${} of the limit of ${limit} are left: ask for less, for example with a \
                 smaller max_tokens, or ask the user to start the server with a higher --max-usd",
                self.left()
            ))
        })
    }

    /// Returns what is left of the limit.
    pub(crate) fn left(&self) -> Usd {
        let spent = self.meter.total();
        let mut used = self.meter.reserved_amount();
        used += spent.known;
        used += spent.estimated;
        let left = self.options.max_usd.unwrap_or_default() - used.usd();
        left.max(Usd::ZERO)
    }

    /// Returns the limit.
    pub(crate) fn limit(&self) -> Option<Usd> {
        self.options.max_usd
    }

    /// Adds a batch that runs. Returns `None` if this process runs it already.
    pub(crate) fn add_batch(&self, output: &Path) -> Option<Control> {
        let mut batches = lock(&self.batches);
        if batches.contains_key(output) {
            return None;
        }
        let control = Control::new();
        batches.insert(output.to_owned(), control.clone());
        Some(control)
    }

    pub(crate) fn remove_batch(&self, output: &Path) {
        lock(&self.batches).remove(output);
    }

    pub(crate) fn batch(&self, output: &Path) -> Option<Control> {
        lock(&self.batches).get(output).cloned()
    }

    /// Runs a call to its end, also if it is cancelled or its client is gone.
    pub(crate) async fn finish<T: Send + 'static>(
        &self,
        call: impl Future<Output = Result<T, Fault>> + Send + 'static,
    ) -> Result<T, Fault> {
        let unfinished = self.unfinished.clone();
        let task = tokio::spawn(async move {
            let result = call.await;
            drop(unfinished);
            result
        });
        let failed = |error| Err(Fault::new(format!("the call failed: {error}")));
        task.await.unwrap_or_else(failed)
    }

    /// Stops all batches, and waits until their requests in flight and all calls of [`finish`](Self::finish) are
    /// finished, for a limited time.
    pub(crate) async fn stop_batches(&self, patience: Duration) {
        let begin = Instant::now();
        loop {
            let controls: Vec<Control> = lock(&self.batches).values().cloned().collect();
            let is_finished = controls.is_empty() && Arc::strong_count(&self.unfinished) == 1;
            if is_finished || begin.elapsed() > patience {
                return;
            }
            controls.iter().for_each(Control::stop);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
