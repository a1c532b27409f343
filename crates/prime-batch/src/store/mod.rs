//! Reads inputs in parts, and writes the parts of an output.
//!
//! | file | contents |
//! |---|---|
//! | `mod` | [`Source`] and [`Store`]: a file and a directory, or an object and a prefix |
//! | `object` | object stores (feature `object-store`) |

#[cfg(feature = "object-store")]
mod object;

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Returns whether a path is a URL.
pub(crate) fn is_url(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.contains("://"))
}

#[cfg(not(feature = "object-store"))]
fn unsupported() -> io::Error {
    let reason = "this program was built without object stores (feature `object-store`)";
    io::Error::new(io::ErrorKind::Unsupported, reason)
}

/// A file that is read in parts.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    kind: SourceKind,
    size: u64,
}

#[derive(Debug, Clone)]
enum SourceKind {
    File(PathBuf),
    #[cfg(feature = "object-store")]
    Object(object::Object),
}

impl Source {
    /// Opens a file, or the object of a URL. Blocks.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        if is_url(path) {
            #[cfg(not(feature = "object-store"))]
            return Err(unsupported());
            #[cfg(feature = "object-store")]
            {
                let (object, size) = object::Object::open(path)?;
                let kind = SourceKind::Object(object);
                return Ok(Self { kind, size });
            }
        }
        let metadata = std::fs::metadata(path)?;
        if !metadata.is_file() {
            let reason =
                "not a regular file; the input is read twice, and again if the batch is resumed";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        Ok(Self {
            kind: SourceKind::File(path.to_owned()),
            size: metadata.len(),
        })
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Reads a range of bytes. Blocks.
    pub(crate) fn read(&self, bytes: Range<u64>) -> io::Result<Box<dyn Read + Send>> {
        match &self.kind {
            SourceKind::File(path) => {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(bytes.start))?;
                Ok(Box::new(file.take(bytes.end.saturating_sub(bytes.start))))
            }
            #[cfg(feature = "object-store")]
            SourceKind::Object(object) => Ok(Box::new(object.read(bytes))),
        }
    }
}

/// A directory, or the objects below a prefix.
#[cfg(feature = "postgres")]
#[derive(Debug, Clone)]
pub(crate) enum Store {
    Directory(PathBuf),
    #[cfg(feature = "object-store")]
    Objects(object::Objects),
}

#[cfg(feature = "postgres")]
impl Store {
    /// Opens a directory, which is created with its first file, or the prefix of a URL.
    pub(crate) fn open(path: &str) -> io::Result<Self> {
        if is_url(Path::new(path)) {
            #[cfg(not(feature = "object-store"))]
            return Err(unsupported());
            #[cfg(feature = "object-store")]
            return Ok(Self::Objects(object::Objects::open(path)?));
        }
        Ok(Self::Directory(path.into()))
    }

    /// Writes a file, or replaces it, completely or not at all.
    pub(crate) async fn put(&self, name: &str, contents: Vec<u8>) -> io::Result<()> {
        match self {
            Self::Directory(directory) => {
                let (directory, name) = (directory.clone(), name.to_owned());
                let put = move || replace(&directory, &name, &contents);
                tokio::task::spawn_blocking(put)
                    .await
                    .map_err(io::Error::other)?
            }
            #[cfg(feature = "object-store")]
            Self::Objects(objects) => objects.put(name, contents).await,
        }
    }

    /// Returns whether there is a file whose name a function accepts.
    pub(crate) async fn has(&self, is_wanted: fn(&str) -> bool) -> io::Result<bool> {
        match self {
            Self::Directory(directory) => {
                let directory = directory.clone();
                let has = move || match std::fs::read_dir(directory) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
                    Err(error) => Err(error),
                    Ok(entries) => {
                        for entry in entries {
                            if is_wanted(&entry?.file_name().to_string_lossy()) {
                                return Ok(true);
                            }
                        }
                        Ok(false)
                    }
                };
                tokio::task::spawn_blocking(has)
                    .await
                    .map_err(io::Error::other)?
            }
            #[cfg(feature = "object-store")]
            Self::Objects(objects) => objects.has(is_wanted).await,
        }
    }

    /// Removes a file, if it exists.
    pub(crate) async fn remove(&self, name: &str) -> io::Result<()> {
        match self {
            Self::Directory(directory) => {
                let path = directory.join(name);
                let remove = move || match std::fs::remove_file(path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                    _ => Ok(()),
                };
                tokio::task::spawn_blocking(remove)
                    .await
                    .map_err(io::Error::other)?
            }
            #[cfg(feature = "object-store")]
            Self::Objects(objects) => objects.remove(name).await,
        }
    }
}

/// Writes a file beside the old one, which it replaces when it is on disk. Two processes may do so at the same time.
#[cfg(feature = "postgres")]
fn replace(directory: &Path, name: &str, contents: &[u8]) -> io::Result<()> {
    use std::io::Write as _;

    std::fs::create_dir_all(directory)?;
    let temporary = directory.join(format!(".{name}.{:016x}", fastrand::u64(..)));
    let written = File::create_new(&temporary).and_then(|mut file| {
        file.write_all(contents)?;
        file.sync_data()
    });
    let replaced = written.and_then(|()| std::fs::rename(&temporary, directory.join(name)));
    if replaced.is_err() {
        // The first error is the one to report.
        let _ = std::fs::remove_file(&temporary);
    }
    replaced
}
