//! The file of errors.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use super::{line, temporary};
use crate::error::Error;
use crate::ledger::State;
use crate::ledger::sqlite::LedgerReader;

/// Writes the requests that failed or are ambiguous to a new file, which replaces the old one. If there are none, the
/// old one is removed. Returns their number.
pub(crate) fn write_errors(path: &Path, ledger: &LedgerReader) -> Result<u64, Error> {
    let temporary = temporary(path);
    let mut file: Option<BufWriter<File>> = None;
    let mut count = 0;
    let in_temporary = |error: io::Error| Error::file(&temporary, error);
    ledger.for_each(&[State::Failed, State::Ambiguous], true, |row| {
        if !row.is_current {
            return Ok(());
        }
        count += 1;
        let file = match &mut file {
            Some(file) => file,
            None => {
                let created = File::create(&temporary).map_err(in_temporary)?;
                file.insert(BufWriter::new(created))
            }
        };
        file.write_all(&line::error(&row)).map_err(in_temporary)
    })?;
    let Some(file) = file else {
        return match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::file(path, error)),
            _ => Ok(0),
        };
    };
    let file = file
        .into_inner()
        .map_err(|e| in_temporary(e.into_error()))?;
    file.sync_data().map_err(in_temporary)?;
    std::fs::rename(&temporary, path).map_err(|e| Error::file(path, e))?;
    Ok(count)
}
