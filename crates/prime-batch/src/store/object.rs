//! Object stores: `s3://`, `gs://`, `az://` and `file://`.

use std::io::{self, Read};
use std::ops::Range;
use std::path::Path as FilePath;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
#[cfg(feature = "postgres")]
use futures_util::TryStreamExt as _;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, parse_url_opts};
use tokio::runtime::Handle;

/// The size of the ranges that are read at once.
const BLOCK: u64 = 8 << 20;

/// The prefixes of the environment variables that object stores read, such as their keys.
const VARIABLES: [&str; 3] = ["AWS_", "AZURE_", "GOOGLE_"];

/// Opens the store of a URL. Credentials come from the environment, or from the machine that the process runs on.
fn open(url: &str) -> io::Result<(Arc<dyn ObjectStore>, Path)> {
    // Nothing else chooses the cryptography of this client. Another choice of the process stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let invalid = |reason: String| io::Error::new(io::ErrorKind::InvalidInput, reason);
    let parsed = url
        .parse()
        .map_err(|_| invalid("the URL is invalid".to_owned()))?;
    let variables = std::env::vars_os().filter_map(|(name, value)| {
        let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
        let is_known = VARIABLES.iter().any(|prefix| name.starts_with(prefix));
        is_known.then(|| (name.to_ascii_lowercase(), value))
    });
    let (store, path) =
        parse_url_opts(&parsed, variables).map_err(|error| invalid(error.to_string()))?;
    Ok((store.into(), path))
}

fn error(error: object_store::Error) -> io::Error {
    let kind = match &error {
        object_store::Error::NotFound { .. } => io::ErrorKind::NotFound,
        object_store::Error::PermissionDenied { .. }
        | object_store::Error::Unauthenticated { .. } => io::ErrorKind::PermissionDenied,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

/// An object that is read in parts.
#[derive(Debug, Clone)]
pub(super) struct Object {
    store: Arc<dyn ObjectStore>,
    path: Path,
}

impl Object {
    /// Opens the object of a URL. Returns its size. Blocks.
    pub(super) fn open(url: &FilePath) -> io::Result<(Self, u64)> {
        let (store, path) = open(&url.to_string_lossy())?;
        let object = Self { store, path };
        let metadata = object.clone();
        let size = blocking(async move { metadata.store.head(&metadata.path).await })?;
        Ok((object, size.size))
    }

    /// Reads a range of bytes.
    pub(super) fn read(&self, bytes: Range<u64>) -> ObjectReader {
        let mut reader = ObjectReader {
            object: self.clone(),
            rest: bytes,
            block: Bytes::new(),
            next: None,
        };
        reader.fetch();
        reader
    }
}

/// Reads a range of an object. The next block is fetched while the one before is used.
pub(super) struct ObjectReader {
    object: Object,
    /// The range that is not fetched yet.
    rest: Range<u64>,
    block: Bytes,
    next: Option<Receiver<Result<Bytes, object_store::Error>>>,
}

impl ObjectReader {
    fn fetch(&mut self) {
        if self.rest.is_empty() {
            return;
        }
        let end = self.rest.end.min(self.rest.start + BLOCK);
        let range = self.rest.start..end;
        self.rest.start = end;
        let Object { store, path } = self.object.clone();
        self.next = Some(start(async move { store.get_range(&path, range).await }));
    }
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.block.is_empty()
            && let Some(next) = self.next.take()
        {
            self.block = wait(&next)?;
            self.fetch();
        }
        let read = buffer.len().min(self.block.len());
        buffer[..read].copy_from_slice(&self.block.split_to(read));
        Ok(read)
    }
}

/// The objects below a prefix.
#[cfg(feature = "postgres")]
#[derive(Debug, Clone)]
pub(crate) struct Objects {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
}

#[cfg(feature = "postgres")]
impl Objects {
    pub(super) fn open(url: &str) -> io::Result<Self> {
        let (store, prefix) = open(url)?;
        Ok(Self { store, prefix })
    }

    pub(super) async fn put(&self, name: &str, contents: Vec<u8>) -> io::Result<()> {
        let path = self.prefix.clone().join(name);
        let put = self.store.put(&path, contents.into()).await;
        put.map(drop).map_err(error)
    }

    pub(super) async fn has(&self, is_wanted: fn(&str) -> bool) -> io::Result<bool> {
        let mut objects = self.store.list(Some(&self.prefix));
        while let Some(object) = objects.try_next().await.map_err(error)? {
            if object.location.filename().is_some_and(is_wanted) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) async fn remove(&self, name: &str) -> io::Result<()> {
        match self.store.delete(&self.prefix.clone().join(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(failed) => Err(error(failed)),
        }
    }
}

/// Starts work in a thread of its own, so that a thread that waits for it blocks no other work.
fn start<T: Send + 'static>(
    work: impl Future<Output = Result<T, object_store::Error>> + Send + 'static,
) -> Receiver<Result<T, object_store::Error>> {
    let (sender, receiver) = mpsc::channel();
    if let Some(runtime) = runtime() {
        runtime.spawn(async move {
            // Nobody waits if the reader was dropped.
            let _ = sender.send(work.await);
        });
    }
    receiver
}

fn wait<T>(receiver: &Receiver<Result<T, object_store::Error>>) -> io::Result<T> {
    let received = receiver.recv();
    let ended = received.map_err(|_| io::Error::other("the thread that reads objects ended"))?;
    ended.map_err(error)
}

fn blocking<T: Send + 'static>(
    work: impl Future<Output = Result<T, object_store::Error>> + Send + 'static,
) -> io::Result<T> {
    wait(&start(work))
}

/// Returns the runtime of the thread that reads objects. `None` if it cannot be started.
fn runtime() -> Option<Handle> {
    static RUNTIME: OnceLock<Option<Handle>> = OnceLock::new();
    let start = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build().ok()?;
        let handle = runtime.handle().clone();
        let thread = std::thread::Builder::new().name("batch-objects".to_owned());
        let run = move || runtime.block_on(std::future::pending::<()>());
        thread.spawn(run).ok().map(|_| handle)
    };
    RUNTIME.get_or_init(start).clone()
}
