//! A batch: a file of requests, and the file of their answers.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prime_ext::{Client, Usd};

use crate::control::Control;
use crate::engine::{End, Engine, Options, Outcome};
use crate::error::Error;
use crate::input::{Checked, Input, Requests, check};
use crate::ledger::sqlite::{Job, LedgerReader};
use crate::ledger::{Limits, SqliteLedger};
use crate::output::{Output, OutputWriter, write_errors};
use crate::price::Models;
use crate::report::Report;

/// A batch: a file of requests, and the file of their answers.
///
/// ```no_run
/// # async fn example(prime: prime_ext::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use prime_batch::Batch;
///
/// let report = Batch::open("questions.jsonl", "answers.jsonl").budget("25".parse()?).run(&prime).await?;
/// println!("{report}");
/// # Ok(())
/// # }
/// ```
///
/// The same program continues a batch that was stopped, killed or interrupted by a power failure. See the
/// [crate](crate) for what is guaranteed.
///
/// Besides the output, a batch writes two files, whose names derive from that of the output (`answers.jsonl`):
///
/// - `answers.errors.jsonl` has the requests that failed or are ambiguous. It exists only if there are any.
/// - `answers.jsonl.ledger` is the [ledger](crate::ledger), a SQLite database. Keep it with the output: without it, all
///   requests would be asked again, so that a batch refuses an output that has no ledger.
#[must_use = "a batch does nothing until `run`"]
pub struct Batch {
    input: Input,
    output: PathBuf,
    limits: Limits,
    options: Options,
    discards_content: bool,
    control: Control,
    /// In mutexes, so that a batch can be shared between threads although the functions cannot.
    on_checked: Mutex<Option<OnChecked>>,
    on_outcome: Mutex<Option<OnOutcome>>,
}

type OnChecked = Box<dyn FnOnce(&Checked) + Send>;

type OnOutcome = Box<dyn FnMut(&Outcome) + Send>;

/// An estimate of a batch, made before anything is paid.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Estimate {
    /// What the input has.
    pub input: Checked,
    /// The ids of the models that the service has.
    pub models: Vec<String>,
}

impl Batch {
    /// Creates a batch. The input is a path, for a file of JSON Lines, or an [`Input`].
    pub fn open(input: impl Into<Input>, output: impl Into<PathBuf>) -> Self {
        Self {
            input: input.into(),
            output: output.into(),
            limits: Limits::default(),
            options: Options::default(),
            discards_content: false,
            control: Control::new(),
            on_checked: Mutex::default(),
            on_outcome: Mutex::default(),
        }
    }

    /// Limits the cost, in US dollars. Before a request is sent, the upper bound of its cost is reserved: see
    /// [`Models::bound`]. Spend exceeds the budget only by the cost of requests that have no bound, which are sent only
    /// with [`allow_unpriced`](Self::allow_unpriced). The cost of earlier runs counts. Default: no limit.
    pub fn budget(mut self, budget: Usd) -> Self {
        self.limits.budget = Some(budget);
        self
    }

    /// Limits the number of requests in flight. The batch finds the number that the service accepts between these
    /// bounds. Default: 1 and 256.
    pub fn concurrency(mut self, min: u32, max: u32) -> Self {
        (self.limits.min_concurrency, self.limits.max_concurrency) = (min, max);
        self
    }

    /// Limits the requests of a minute. Default: no limit.
    pub fn requests_per_minute(mut self, requests: u32) -> Self {
        self.limits.requests_per_minute = Some(requests);
        self
    }

    /// Limits the prompt and completion tokens of a minute. They are estimated before a request is sent: a token for 4
    /// bytes of the body, and the mean number of completion tokens so far. Default: no limit.
    pub fn tokens_per_minute(mut self, tokens: u32) -> Self {
        self.limits.tokens_per_minute = Some(tokens);
        self
    }

    /// Asks requests again that failed in an earlier run.
    pub fn retry_failed(mut self) -> Self {
        self.options.again.failed = true;
        self
    }

    /// Asks requests again whose outcome is unknown, in this run and in earlier ones. **Such a request may be billed
    /// twice.**
    pub fn ask_ambiguous_again(mut self) -> Self {
        self.options.again.ambiguous = true;
        self
    }

    /// Sends requests under a budget although their cost has no upper bound.
    pub fn allow_unpriced(mut self) -> Self {
        self.options.allow_unpriced = true;
        self
    }

    /// Sets how often a request is sent again after the service refused it. Default: 10.
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.options.max_retries = retries;
        self
    }

    /// Sets how long the service may refuse all requests before the batch ends. Default: 10 minutes.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.options.patience = patience;
        self
    }

    /// Keeps prompts and answers out of the ledger: prompts are stored as hashes, and an answer is removed when its line
    /// of the output is on disk. The output can then not be written again from the ledger.
    pub fn discard_content(mut self) -> Self {
        self.discards_content = true;
        self
    }

    /// Sets the control that watches and stops the batch.
    pub fn control(mut self, control: &Control) -> Self {
        self.control = control.clone();
        self
    }

    /// Calls a function with the result of the check of the input, such as the largest cost, before anything is paid.
    pub fn on_checked(mut self, checked: impl FnOnce(&Checked) + Send + 'static) -> Self {
        self.on_checked = Mutex::new(Some(Box::new(checked)));
        self
    }

    /// Calls a function for each outcome, after it was recorded.
    pub fn on_outcome(mut self, each: impl FnMut(&Outcome) + Send + 'static) -> Self {
        self.on_outcome = Mutex::new(Some(Box::new(each)));
        self
    }

    /// Returns the path of the output. A [shard](Input::shard) has its own: `answers.3-of-16.jsonl`.
    pub fn output_path(&self) -> PathBuf {
        match self.input.get_shard() {
            None => self.output.clone(),
            Some(shard) => {
                let part = shard.to_string().replace('/', "-of-");
                with_infix(&self.output, &part)
            }
        }
    }

    /// Returns the path of the errors.
    pub fn errors_path(&self) -> PathBuf {
        with_infix(&self.output_path(), "errors")
    }

    /// Returns the path of the ledger.
    pub fn ledger_path(&self) -> PathBuf {
        ledger_path(&self.output_path())
    }

    /// Checks the input and adds up the upper bounds of the costs. Sends nothing but a request for the models.
    ///
    /// # Errors
    /// Returns an error if the models cannot be listed, or the input has errors.
    pub async fn estimate(&self, client: &Client) -> Result<Estimate, Error> {
        let (models, input) = self.check(client).await?;
        let models = models.ids().into_iter().map(str::to_owned).collect();
        Ok(Estimate { input, models })
    }

    async fn check(&self, client: &Client) -> Result<(Arc<Models>, Checked), Error> {
        let models = Arc::new(Models::of(client).await?);
        let (input, known) = (self.input.clone(), models.clone());
        let checked = blocking(move || check(&input, &known)).await?;
        Ok((models, checked))
    }

    /// Runs the batch to its end. If it ended before, this sends nothing and returns the same report.
    ///
    /// # Errors
    /// Returns an error if the input has errors, if a file cannot be read or written, or if another process runs the
    /// batch. Failed requests are no errors: the report has them.
    pub async fn run(mut self, client: &Client) -> Result<Report, Error> {
        self.check_paths()?;
        let (models, checked) = self.check(client).await?;
        self.limits.check()?;
        let ledger = self.open_ledger(client).await?;
        if let Some(on_checked) = get(&mut self.on_checked).take() {
            on_checked(&checked);
        }
        ledger.set_limits(self.limits).await?;
        let is_other_input = self.read_keys(&ledger, &checked).await?;
        self.control
            .update(|progress| progress.requests = Some(checked.requests));

        let (output, errors) = (self.output_path(), self.errors_path());
        let (path, shared) = (errors.clone(), ledger.clone());
        let writer = blocking(move || {
            let reader = LedgerReader::open(shared.path())?;
            let output = Output::open(&output, &reader, is_other_input)?;
            let (position, bytes) = output.sync()?;
            shared.output_written(position, bytes);
            write_errors(&path, &reader)?;
            OutputWriter::start(output, path, shared, reader)
        })
        .await?;

        let mut options = self.options.clone();
        options.directory = Some(directory(&self.output));
        let requests = futures_util::stream::iter(read(self.input.clone(), checked.clone()));
        let control = self.control.clone();
        let mut engine = Engine::new(client, ledger.clone(), models, requests, options, control);
        let mut first_error = None;
        while let Some(outcome) = engine.next().await {
            match outcome {
                Ok(outcome) => {
                    if let Some(each) = get(&mut self.on_outcome) {
                        each(&outcome);
                    }
                }
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        let end = engine.end();
        let written = blocking(move || writer.finish()).await;
        if let Some(error) = first_error {
            return Err(error);
        }
        written?;
        self.report(end).await
    }

    async fn report(&self, end: End) -> Result<Report, Error> {
        let (ledger, output, errors) = (self.ledger_path(), self.output_path(), self.errors_path());
        let progress = self.control.progress();
        blocking(move || Report::read(&ledger, output, errors, Some((end, progress)))).await
    }

    /// Refuses an output that would overwrite another file.
    fn check_paths(&self) -> Result<(), Error> {
        let (output, ledger) = (self.output_path(), self.ledger_path());
        let input = self.input.path();
        for path in [&output, &self.errors_path(), &ledger] {
            if same_file::is_same_file(path, input).unwrap_or(false) {
                let reason = format!("the file is the input {}", input.display());
                return Err(Error::Output {
                    path: path.clone(),
                    reason,
                });
            }
        }
        let is_new = !ledger.exists();
        for path in [&output, &self.errors_path()] {
            let metadata = std::fs::metadata(path);
            if is_new && metadata.is_ok_and(|metadata| metadata.len() > 0) {
                let reason = format!(
                    "the file exists, but its ledger {} does not: move the file away, or use another output file",
                    ledger.display()
                );
                return Err(Error::Output {
                    path: path.clone(),
                    reason,
                });
            }
        }
        Ok(())
    }

    async fn open_ledger(&self, client: &Client) -> Result<Arc<SqliteLedger>, Error> {
        let path = self.ledger_path();
        let job = Job {
            shard: self.input.get_shard().map(|shard| shard.to_string()),
            discards_content: self.discards_content,
            ..Job::of(client, self.input.path().display().to_string())
        };
        let opened = blocking(move || Ok(SqliteLedger::open(path, job)?));
        Ok(Arc::new(opened.await?))
    }

    /// Tells the ledger which requests are in the input, if the input changed since the last run. Returns whether it
    /// did.
    async fn read_keys(&self, ledger: &SqliteLedger, checked: &Checked) -> Result<bool, Error> {
        if ledger.input_digest().await? == Some(checked.digest) {
            return Ok(false);
        }
        if ledger.begin_input().await? {
            let mut requests = self.input.requests()?;
            let mut keys = Vec::new();
            while let Some(request) = requests.next()? {
                let Ok(request) = request else { continue };
                keys.push(request.key().clone());
                if keys.len() >= 4_096 {
                    ledger.mark_current(std::mem::take(&mut keys)).await?;
                }
            }
            ledger.mark_current(keys).await?;
        }
        ledger
            .finish_input(checked.digest, checked.requests)
            .await?;
        Ok(true)
    }
}

fn get<T>(mutex: &mut Mutex<T>) -> &mut T {
    mutex.get_mut().unwrap_or_else(PoisonError::into_inner)
}

/// Reads the requests of a checked input. Returns an error if the input has changed.
fn read(
    input: Input,
    checked: Checked,
) -> impl Iterator<Item = Result<crate::Request, Error>> + Send {
    let changed = Error::InputChanged(input.path().to_owned());
    let mut requests = Some(input.requests());
    let mut changed = Some(changed);
    std::iter::from_fn(move || {
        let reading: &mut Requests = match requests.as_mut()? {
            Ok(reading) => reading,
            Err(_) => return requests.take()?.err().map(Err),
        };
        match reading.next() {
            Ok(Some(Ok(request))) => Some(Ok(request)),
            Ok(None) if reading.digest() == checked.digest.0 => None,
            Ok(Some(Err(_)) | None) => {
                requests = None;
                changed.take().map(Err)
            }
            Err(error) => {
                requests = None;
                Some(Err(error))
            }
        }
    })
}

/// Returns the path of the ledger of an output: `answers.jsonl.ledger`.
pub fn ledger_path(output: &Path) -> PathBuf {
    let mut path = output.as_os_str().to_owned();
    path.push(".ledger");
    path.into()
}

/// Adds a part before the extension: `answers.errors.jsonl`.
pub(crate) fn with_infix(path: &Path, infix: &str) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(".");
    name.push(infix);
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

fn directory(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Runs work that reads or writes files, without blocking the requests in flight.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.unwrap_or_else(|error| Err(Error::Task(error.to_string())))
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("input", &self.input)
            .field("output", &self.output)
            .field("limits", &self.limits)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
