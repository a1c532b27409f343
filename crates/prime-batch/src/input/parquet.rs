//! Reads the prompts of a Parquet file.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::path::Path;

use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::reader::FileReader as _;
use parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};
use sha2::{Digest as _, Sha256};

use super::Columns;
use super::blocks::Blocks;
use crate::store::Source;

/// The number of rows that are read at once.
const BATCH: usize = 1_024;

/// A prompt and its id, or why the row cannot be used.
pub(super) type PromptRow = Result<(String, String), String>;

/// The rows of a Parquet file, or of a part of it.
pub(super) struct Rows {
    file: SerializedFileReader<Blocks>,
    /// The places of the columns with the prompts and the ids.
    prompt: usize,
    id: Option<usize>,
    /// The rows that are not read yet, counted from 0.
    rest: Range<u64>,
    /// The next group of rows, and the number of its first row.
    group: (usize, u64),
    open: Option<Group>,
    batch: VecDeque<PromptRow>,
    hasher: Sha256,
}

/// The columns of a group of rows.
struct Group {
    prompts: Column,
    ids: Option<Column>,
    end: u64,
}

/// A column of values.
struct Column {
    values: Values,
    /// The level of a value that is not null. It is 0 if no value can be null.
    present: i16,
}

enum Values {
    Text(Box<ColumnReaderImpl<ByteArrayType>>),
    Int(Box<ColumnReaderImpl<Int32Type>>),
    Long(Box<ColumnReaderImpl<Int64Type>>),
}

impl Rows {
    /// Reads some rows of a file, or all.
    pub(super) fn open(
        path: &Path,
        columns: &Columns,
        rows: Option<Range<u64>>,
    ) -> io::Result<Self> {
        let blocks = Blocks::new(Source::open(path)?);
        let options = ReadOptionsBuilder::new().with_page_index().build();
        let file = SerializedFileReader::new_with_options(blocks, options).map_err(invalid)?;
        let count: i64 = file.metadata().file_metadata().num_rows();
        let find = |name: &str| find(&file, name);
        Ok(Self {
            prompt: find(&columns.prompt)?,
            id: columns.id.as_deref().map(find).transpose()?,
            rest: rows.unwrap_or(0..u64::try_from(count).unwrap_or(0)),
            file,
            group: (0, 0),
            open: None,
            batch: VecDeque::new(),
            hasher: Sha256::new(),
        })
    }

    /// Returns the next row and its number, counted from 1.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, PromptRow)>> {
        if self.batch.is_empty() {
            self.fill().map_err(invalid)?;
        }
        let Some(row) = self.batch.pop_front() else {
            return Ok(None);
        };
        self.rest.start += 1;
        if let Ok((id, prompt)) = &row {
            for text in [id, prompt] {
                // The length separates two texts.
                self.hasher.update((text.len() as u64).to_le_bytes());
                self.hasher.update(text);
            }
        }
        Ok(Some((self.rest.start, row)))
    }

    /// Returns the place of the row that was read last.
    pub(super) fn place(&self) -> Range<u64> {
        self.rest.start.saturating_sub(1)..self.rest.start
    }

    pub(super) fn digest(&self) -> [u8; 32] {
        self.hasher.clone().finalize().into()
    }

    /// Reads rows, until there are some or none are left.
    fn fill(&mut self) -> Result<(), ParquetError> {
        while self.batch.is_empty() && !self.rest.is_empty() {
            let start = self.rest.start;
            let group = match &mut self.open {
                Some(group) if group.end > start => group,
                open => {
                    let (number, first) = self.group;
                    if number >= self.file.num_row_groups() {
                        return Err(ParquetError::EOF("rows are missing".to_owned()));
                    }
                    let reader = self.file.get_row_group(number)?;
                    let rows = u64::try_from(reader.metadata().num_rows()).unwrap_or(0);
                    self.group = (number + 1, first + rows);
                    if first + rows <= start {
                        continue;
                    }
                    let skip = usize::try_from(start - first).unwrap_or(usize::MAX);
                    let column = |place: usize| -> Result<Column, ParquetError> {
                        let mut column = Column::new(reader.get_column_reader(place)?)?;
                        let descriptor = reader.metadata().column(place).column_descr_ptr();
                        column.present = descriptor.max_def_level();
                        column.skip(skip)?;
                        Ok(column)
                    };
                    open.insert(Group {
                        prompts: column(self.prompt)?,
                        ids: self.id.map(column).transpose()?,
                        end: first + rows,
                    })
                }
            };
            let count = (group.end.min(self.rest.end) - start).min(BATCH as u64);
            let count = usize::try_from(count).unwrap_or(BATCH);
            let prompts = group.prompts.read(count)?;
            let ids = group.ids.as_mut().map(|ids| ids.read(count)).transpose()?;
            let mut ids = ids.map(Vec::into_iter);
            for (row, prompt) in (start + 1..).zip(prompts) {
                let id = match &mut ids {
                    Some(ids) => ids.next().flatten(),
                    None => Some(Ok(format!("row-{row}"))),
                };
                self.batch.push_back(prompt_row(id, prompt));
            }
        }
        Ok(())
    }
}

type Cell = Option<Result<String, String>>;

fn prompt_row(id: Cell, prompt: Cell) -> PromptRow {
    let id = id.ok_or("the id is null")??;
    let prompt = prompt.ok_or("the prompt is null")??;
    match prompt.trim().is_empty() {
        true => Err("the prompt is empty".to_owned()),
        false => Ok((id, prompt)),
    }
}

/// Finds a column by its name.
fn find(file: &SerializedFileReader<Blocks>, name: &str) -> io::Result<usize> {
    let schema = file.metadata().file_metadata().schema_descr();
    let mut columns = schema.columns().iter();
    let place = columns.position(|column| column.path().string() == name);
    let missing = |reason: String| io::Error::new(io::ErrorKind::InvalidInput, reason);
    let Some(place) = place else {
        let names = schema.columns().iter().map(|column| column.path().string());
        let names: Vec<String> = names.take(20).collect();
        let reason = format!(
            "there is no column {name:?}; the columns are {}",
            names.join(", ")
        );
        return Err(missing(reason));
    };
    match schema.column(place).max_rep_level() {
        0 => Ok(place),
        _ => Err(missing(format!("the column {name:?} has lists"))),
    }
}

fn invalid(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::new(io::ErrorKind::InvalidData, error),
        },
        error => io::Error::new(io::ErrorKind::InvalidData, error),
    }
}

impl Column {
    fn new(reader: ColumnReader) -> Result<Self, ParquetError> {
        let values = match reader {
            ColumnReader::ByteArrayColumnReader(reader) => Values::Text(Box::new(reader)),
            ColumnReader::Int32ColumnReader(reader) => Values::Int(Box::new(reader)),
            ColumnReader::Int64ColumnReader(reader) => Values::Long(Box::new(reader)),
            _ => {
                let reason = "prompts are texts, and ids are texts or integers";
                return Err(ParquetError::General(reason.to_owned()));
            }
        };
        Ok(Self { values, present: 0 })
    }

    fn skip(&mut self, rows: usize) -> Result<(), ParquetError> {
        let skipped = match &mut self.values {
            Values::Text(reader) => reader.skip_records(rows)?,
            Values::Int(reader) => reader.skip_records(rows)?,
            Values::Long(reader) => reader.skip_records(rows)?,
        };
        match skipped == rows {
            true => Ok(()),
            false => Err(ParquetError::EOF("rows are missing".to_owned())),
        }
    }

    fn read(&mut self, rows: usize) -> Result<Vec<Cell>, ParquetError> {
        let present = self.present;
        match &mut self.values {
            Values::Text(reader) => read(reader, rows, present, |text: &ByteArray| {
                let text = std::str::from_utf8(text.data());
                text.map(str::to_owned)
                    .map_err(|_| "not valid UTF-8".to_owned())
            }),
            Values::Int(reader) => read(reader, rows, present, |id| Ok(id.to_string())),
            Values::Long(reader) => read(reader, rows, present, |id| Ok(id.to_string())),
        }
    }
}

/// Reads values, with `None` for null. `present` is the level of a value that is not null, or 0 if all are not.
fn read<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
    present: i16,
    convert: impl Fn(&T::T) -> Result<String, String>,
) -> Result<Vec<Cell>, ParquetError> {
    let (mut cells, mut values, mut levels) = (Vec::with_capacity(rows), Vec::new(), Vec::new());
    while cells.len() < rows {
        values.clear();
        levels.clear();
        let left = rows - cells.len();
        let definitions = (present > 0).then_some(&mut levels);
        let (read, _, _) = reader.read_records(left, definitions, None, &mut values)?;
        if read == 0 {
            return Err(ParquetError::EOF("rows are missing".to_owned()));
        }
        let mut values = values.iter().map(&convert);
        if present > 0 {
            cells.extend(levels.iter().map(|level| match *level == present {
                true => values.next(),
                false => None,
            }));
        } else {
            cells.extend(values.map(Some));
        }
    }
    Ok(cells)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use std::fs::File;
    use std::path::PathBuf;
    use std::sync::Arc;

    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use super::*;

    /// Writes a file with three groups of 1,500 rows. Each seventh prompt is null.
    fn file(name: &str) -> PathBuf {
        let name = format!("prime-batch-{}-{name}.parquet", std::process::id());
        let path = std::env::temp_dir().join(name);
        let schema = "message rows {
            optional binary prompt (UTF8);
            required int64 id;
            required binary key (UTF8);
            optional group nested { required binary text (UTF8); }
            repeated binary words (UTF8);
        }";
        let schema = Arc::new(parse_message_type(schema).unwrap());
        // Small pages, so that pages are skipped.
        let properties = WriterProperties::builder().set_data_page_row_count_limit(100);
        let properties = Arc::new(properties.set_write_batch_size(50).build());
        let file = File::create(&path).unwrap();
        let mut writer = SerializedFileWriter::new(file, schema, properties).unwrap();
        for group in 0..3_i64 {
            let rows = group * 1_500..(group + 1) * 1_500;
            let is_null = |row: &i64| row % 7 == 6;
            let text = |row: i64| ByteArray::from(format!("text {row}").into_bytes());
            let present: Vec<_> = rows.clone().filter(|row| !is_null(row)).map(text).collect();
            let levels: Vec<i16> = rows.clone().map(|row| i16::from(!is_null(&row))).collect();
            let all: Vec<_> = rows.clone().map(text).collect();
            let ids: Vec<i64> = rows.clone().collect();
            let zeros = vec![0; ids.len()];
            let mut group = writer.next_row_group().unwrap();
            for column in 0..5 {
                let mut column_writer = group.next_column().unwrap().unwrap();
                match column {
                    1 => {
                        let typed = column_writer.typed::<Int64Type>();
                        typed.write_batch(&ids, None, None).unwrap();
                    }
                    2 => {
                        let typed = column_writer.typed::<ByteArrayType>();
                        typed.write_batch(&all, None, None).unwrap();
                    }
                    4 => {
                        let typed = column_writer.typed::<ByteArrayType>();
                        typed.write_batch(&[], Some(&zeros), Some(&zeros)).unwrap();
                    }
                    _ => {
                        let typed = column_writer.typed::<ByteArrayType>();
                        typed.write_batch(&present, Some(&levels), None).unwrap();
                    }
                }
                column_writer.close().unwrap();
            }
            group.close().unwrap();
        }
        writer.close().unwrap();
        path
    }

    fn columns(prompt: &str, id: Option<&str>) -> Columns {
        Columns {
            prompt: prompt.to_owned(),
            id: id.map(str::to_owned),
        }
    }

    fn read_all(path: &Path, columns: &Columns, rows: Option<Range<u64>>) -> Vec<(u64, PromptRow)> {
        let mut reader = Rows::open(path, columns, rows).unwrap();
        std::iter::from_fn(|| reader.next().unwrap()).collect()
    }

    #[test]
    fn parts_have_the_rows_of_the_file() {
        let path = file("parts");
        for columns in [columns("prompt", Some("id")), columns("nested.text", None)] {
            let all = read_all(&path, &columns, None);
            assert_eq!(all.len(), 4_500);
            for (row, (number, read)) in (0..).zip(&all) {
                assert_eq!(*number, row + 1);
                let expected = match row % 7 {
                    6 => Err("the prompt is null".to_owned()),
                    _ if columns.id.is_some() => Ok((row.to_string(), format!("text {row}"))),
                    _ => Ok((format!("row-{number}"), format!("text {row}"))),
                };
                assert_eq!(*read, expected);
            }
            for part in [
                0..1,
                0..100,
                1_450..1_550,
                2_999..3_001,
                3_000..4_500,
                1_400..3_100,
                4_499..4_500,
            ] {
                let expected = &all[part.start as usize..part.end as usize];
                assert_eq!(
                    read_all(&path, &columns, Some(part.clone())),
                    expected,
                    "{part:?}"
                );
            }
        }
        let missing = Rows::open(&path, &columns("question", None), None)
            .err()
            .unwrap();
        assert!(missing.to_string().contains("prompt, id, key"), "{missing}");
        let lists = Rows::open(&path, &columns("words", None), None)
            .err()
            .unwrap();
        assert!(lists.to_string().contains("lists"), "{lists}");
        // More rows than there are.
        let mut reader = Rows::open(&path, &columns("key", None), Some(4_490..4_600)).unwrap();
        assert!(std::iter::from_fn(|| reader.next().transpose()).any(|row| row.is_err()));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn another_file_is_an_error() {
        let path = std::env::temp_dir().join(format!("prime-batch-{}.not", std::process::id()));
        for contents in [
            &b""[..],
            b"PAR1",
            b"a text that is not a Parquet file, but long enough",
        ] {
            std::fs::write(&path, contents).unwrap();
            assert!(Rows::open(&path, &columns("prompt", None), None).is_err());
        }
        std::fs::remove_file(path).unwrap();
    }
}
