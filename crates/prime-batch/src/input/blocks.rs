//! Reads a file in large blocks, of which some stay in memory.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::store::Source;

/// The size of the ranges that are read at once, and how many are kept: the columns are in different places.
const BLOCK: u64 = 4 << 20;
const KEPT_BLOCKS: usize = 4;

/// A file of which some ranges are in memory.
pub(super) struct Blocks {
    source: Source,
    kept: Arc<Mutex<VecDeque<(u64, Bytes)>>>,
}

impl Blocks {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            kept: Arc::default(),
        }
    }

    fn get(&self, start: u64, length: u64) -> io::Result<Bytes> {
        let end = start.saturating_add(length);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let has =
            |(first, block): &&(u64, Bytes)| *first <= start && end <= *first + block.len() as u64;
        if let Some((first, block)) = kept.iter().find(has) {
            let offset = usize::try_from(start - first).unwrap_or(usize::MAX);
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            return Ok(block.slice(offset..offset + length));
        }
        if end > self.source.size() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let block_end = end.max(start.saturating_add(BLOCK)).min(self.source.size());
        let mut block = Vec::new();
        self.source
            .read(start..block_end)?
            .read_to_end(&mut block)?;
        let block = Bytes::from(block);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if block.len() < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if kept.len() >= KEPT_BLOCKS {
            kept.pop_front();
        }
        kept.push_back((start, block.clone()));
        Ok(block.slice(..length))
    }
}

impl Length for Blocks {
    fn len(&self) -> u64 {
        self.source.size()
    }
}

impl ChunkReader for Blocks {
    type T = BlockReader;

    fn get_read(&self, start: u64) -> Result<BlockReader, ParquetError> {
        let blocks = Self {
            source: self.source.clone(),
            kept: self.kept.clone(),
        };
        Ok(BlockReader { blocks, start })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        Ok(self.get(start, length as u64)?)
    }
}

/// Reads a file from a place.
pub(super) struct BlockReader {
    blocks: Blocks,
    start: u64,
}

impl Read for BlockReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.blocks.source.size().saturating_sub(self.start);
        let length = (buffer.len() as u64).min(rest).min(8 << 10);
        let bytes = self.blocks.get(self.start, length)?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        self.start += bytes.len() as u64;
        Ok(bytes.len())
    }
}
