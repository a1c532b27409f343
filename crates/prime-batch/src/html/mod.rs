//! A page of HTML about a batch.
//!
//! | file | contents |
//! |---|---|
//! | `mod` | [`write`]: writes the page |
//! | `collect` | what the page shows, read from the ledger in bounded memory |
//! | `timeline` | what happened when, in a fixed number of intervals |
//! | `histogram` | latencies, for percentiles |
//! | `page` | the sections of the page |
//! | `table` | tables |
//! | `chart`, `axis` | charts over time, as SVG |
//! | `text` | texts, numbers, times and amounts |
//! | `page.css` | the style sheet, which is part of the page |
//!
//! The ids and the messages come from others: [`text::Escaped`] writes them.

mod axis;
mod chart;
mod collect;
mod histogram;
mod page;
mod table;
mod text;
mod timeline;

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

pub(crate) use self::collect::Contents;
use self::page::Page;
use crate::error::Error;
use crate::ledger::sqlite::now;
use crate::output::temporary;

/// Writes the page of a batch to a new file, which replaces the old one.
pub(crate) fn write(output: &Path, path: &Path) -> Result<(), Error> {
    let contents = Contents::read(output)?;
    let input = Path::new(&contents.job.job.input);
    for own in [output, &contents.errors, &contents.ledger, input] {
        if own == path || same_file::is_same_file(own, path).unwrap_or(false) {
            return Err(Error::Output {
                path: path.to_owned(),
                reason: "the file belongs to the batch: choose another for the page".to_owned(),
            });
        }
    }
    write_contents(&contents, path)
}

/// Writes a page to a new file, which replaces the old one.
pub(crate) fn write_contents(contents: &Contents, path: &Path) -> Result<(), Error> {
    let page = Page {
        contents,
        now: now(),
    };
    let temporary = temporary(path);
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(page.to_string().as_bytes())?;
        file.sync_data()
    });
    let replaced = written
        .map_err(|error| Error::file(&temporary, error))
        .and_then(|()| std::fs::rename(&temporary, path).map_err(|error| Error::file(path, error)));
    if replaced.is_err() {
        // What remains of the new file is of no use. The first error is the one to report.
        let _ = std::fs::remove_file(&temporary);
    }
    replaced
}
