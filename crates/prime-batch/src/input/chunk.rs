//! Parts of an input, each of which a worker asks.

use std::ops::Range;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Columns, Input, Template};
use crate::error::Error;
use crate::key::Key;
use crate::request::Request;

/// A part of an input: some requests that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// Where it is in the file: its bytes, or its rows.
    pub(crate) place: Range<u64>,
    /// The line or row of its first request, counted from 1.
    pub(crate) first_line: u64,
    pub(crate) requests: u32,
    /// A hash of its keys.
    pub(crate) digest: [u8; 16],
}

/// Splits an input into chunks, while it is checked.
pub(crate) struct Chunks {
    size: u32,
    chunks: Vec<Chunk>,
    open: Option<(Chunk, Sha256)>,
}

impl Chunks {
    /// Splits an input into chunks with this many requests.
    pub(crate) fn new(size: u32) -> Self {
        Self {
            size: size.max(1),
            chunks: Vec::new(),
            open: None,
        }
    }

    /// Adds a request and its place in the file.
    pub(crate) fn add(&mut self, request: &Request, place: Range<u64>) {
        let (chunk, hasher) = self.open.get_or_insert_with(|| {
            let chunk = Chunk {
                place: place.clone(),
                first_line: request.line(),
                requests: 0,
                digest: [0; 16],
            };
            (chunk, Sha256::new())
        });
        chunk.place.end = place.end;
        chunk.requests += 1;
        add_key(hasher, request.key());
        if chunk.requests >= self.size {
            self.close();
        }
    }

    fn close(&mut self) {
        if let Some((mut chunk, hasher)) = self.open.take() {
            chunk.digest = digest(hasher);
            self.chunks.push(chunk);
        }
    }

    /// Returns the chunks, in the order of the input.
    pub(crate) fn finish(mut self) -> Vec<Chunk> {
        self.close();
        self.chunks
    }
}

impl Input {
    /// Reads the requests of a chunk.
    ///
    /// # Errors
    /// Returns an error if the input cannot be read, or if it has changed.
    pub(crate) fn read_chunk(&self, chunk: &Chunk) -> Result<Vec<Request>, Error> {
        let in_file = |error| Error::file(&self.path, error);
        let part = (chunk.place.clone(), chunk.first_line);
        let mut requests = self.part(Some(part)).map_err(in_file)?;
        let mut read = Vec::with_capacity(chunk.requests as usize);
        let mut hasher = Sha256::new();
        while let Some(request) = requests.next()? {
            let Ok(request) = request else {
                return Err(Error::InputChanged(self.path.clone()));
            };
            add_key(&mut hasher, request.key());
            read.push(request);
        }
        match digest(hasher) == chunk.digest {
            true => Ok(read),
            false => Err(Error::InputChanged(self.path.clone())),
        }
    }

    /// Returns how the file is read, for the ledger.
    pub(crate) fn format(&self) -> Value {
        let template = self.template.as_ref();
        let columns = self.columns.as_ref();
        let columns = columns.map(|columns| json!({"prompt": columns.prompt, "id": columns.id}));
        json!({"template": template.map(Template::value), "columns": columns})
    }

    /// Returns the input of a path and a [`format`](Self::format).
    pub(crate) fn from_format(path: &str, format: &Value) -> Result<Self, Error> {
        let mut input = Self::new(path);
        if !format["template"].is_null() {
            let template = Template::new(format["template"].clone());
            let template = template.map_err(|error| Error::Option(error.to_string()))?;
            input = input.template(template);
        }
        if let Some(prompt) = format["columns"]["prompt"].as_str() {
            let id = format["columns"]["id"].as_str();
            input.columns = Some(Columns {
                prompt: prompt.to_owned(),
                id: id.map(str::to_owned),
            });
        }
        Ok(input)
    }
}

fn add_key(hasher: &mut Sha256, key: &Key) {
    // The length separates the id from the hash.
    hasher.update((key.id.len() as u64).to_le_bytes());
    hasher.update(&key.id);
    hasher.update(key.hash.0);
}

fn digest(hasher: Sha256) -> [u8; 16] {
    let digest: [u8; 32] = hasher.finalize().into();
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    half
}
