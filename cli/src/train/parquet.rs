//! A column of texts in Parquet files.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use comptok::train::{Chunk, Source, TrainError};
use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::args::Invalid;
use super::inputs::Placed;
use crate::io::is_dash;

/// Rows that are decoded at a time.
const ROWS: usize = 256;
/// Bytes that are handed out at a time, about.
const CHUNK: usize = 1 << 20;

/// Opens a file from a row on.
pub(super) fn open(
    path: &Path,
    column: &str,
    row: u64,
    invalid: Invalid,
) -> Result<Box<dyn Placed>, TrainError> {
    let name = path.display().to_string();
    if is_dash(path) {
        let what = "Parquet from the standard input: it begins at the file's end";
        return Err(TrainError::Unsupported(what.to_owned()));
    }
    let file = File::open(path).map_err(|error| TrainError::io(&name, error))?;
    let name: Arc<str> = Arc::from(name);
    let source = guarded(&name, || {
        let mut source = Parquet::new(file, Arc::clone(&name), column, invalid)?;
        source.skip(row)?;
        Ok(source)
    })?;
    Ok(Box::new(source))
}

fn fault(name: &str, message: impl std::fmt::Display) -> TrainError {
    TrainError::Counts { name: name.to_owned(), message: message.to_string() }
}

fn damaged(name: &str) -> impl Fn(ParquetError) -> TrainError {
    move |error| fault(name, error)
}

/// A damaged file may make the library panic: that is an error like others.
fn guarded<T>(name: &str, work: impl FnOnce() -> Result<T, TrainError>) -> Result<T, TrainError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(fault(name, "is damaged: its pages make no sense")))
}

struct Parquet {
    name: Arc<str>,
    column: String,
    invalid: Invalid,
    file: SerializedFileReader<File>,
    /// Number of the column.
    at: usize,
    /// The level of a text that is there; 0 if all are.
    full: i16,
    /// The next row group.
    group: usize,
    reader: Option<ColumnReaderImpl<ByteArrayType>>,
    /// Rows and bytes that were read.
    row: u64,
    bytes: u64,
    values: Vec<ByteArray>,
    levels: Vec<i16>,
}

impl Parquet {
    fn new(file: File, name: Arc<str>, column: &str, invalid: Invalid) -> Result<Self, TrainError> {
        let file = SerializedFileReader::new(file).map_err(damaged(&name))?;
        let schema = file.metadata().file_metadata().schema_descr_ptr();
        let names: Vec<String> = schema.columns().iter().map(|c| c.path().string()).collect();
        let Some(at) = names.iter().position(|found| found == column) else {
            let names = names.join(", ");
            return Err(fault(&name, format!("there is no column {column:?}, only {names}")));
        };
        let found = schema.column(at);
        let is_text =
            matches!(found.logical_type_ref(), Some(LogicalType::String | LogicalType::Json))
                || matches!(found.converted_type(), ConvertedType::UTF8 | ConvertedType::JSON);
        if found.physical_type() != Type::BYTE_ARRAY || !is_text {
            let is = match (found.logical_type_ref(), found.physical_type()) {
                (Some(logical), _) => format!("{logical:?}"),
                (None, physical) => physical.to_string(),
            };
            return Err(fault(&name, format!("column {column:?} is {is}, not text")));
        }
        if found.max_rep_level() > 0 {
            return Err(fault(
                &name,
                format!("column {column:?} is a list, not a text for each row"),
            ));
        }
        Ok(Self {
            name,
            column: column.to_owned(),
            invalid,
            at,
            full: found.max_def_level(),
            file,
            group: 0,
            reader: None,
            row: 0,
            bytes: 0,
            values: Vec::new(),
            levels: Vec::new(),
        })
    }

    /// Goes to a row, without reading what lies before it where it can.
    fn skip(&mut self, row: u64) -> Result<(), TrainError> {
        while self.row < row {
            let left = row - self.row;
            if self.reader.is_none() {
                let groups = self.file.metadata().row_groups();
                let Some(group) = groups.get(self.group) else {
                    return Err(fault(&self.name, "is shorter than when it was counted"));
                };
                let rows = group.num_rows().max(0) as u64;
                if rows <= left {
                    (self.row, self.group) = (self.row + rows, self.group + 1);
                    continue;
                }
                self.open_group()?;
            }
            if let Some(reader) = &mut self.reader {
                let name = &self.name;
                let most = usize::try_from(left).unwrap_or(usize::MAX);
                let skipped = reader.skip_records(most).map_err(damaged(name))?;
                if skipped == 0 {
                    self.reader = None;
                }
                self.row += skipped as u64;
            }
        }
        Ok(())
    }

    fn open_group(&mut self) -> Result<(), TrainError> {
        let failed = damaged(&self.name);
        let group = self.file.get_row_group(self.group).map_err(&failed)?;
        match group.get_column_reader(self.at).map_err(&failed)? {
            ColumnReader::ByteArrayColumnReader(reader) => self.reader = Some(reader),
            _ => return Err(fault(&self.name, "is damaged: the column is not what the file says")),
        }
        self.group += 1;
        Ok(())
    }

    fn read(&mut self, chunk: &mut Chunk) -> Result<bool, TrainError> {
        let mut ends = chunk.ends.take().unwrap_or_default();
        ends.clear();
        chunk.bytes.clear();
        chunk.name = Arc::clone(&self.name);
        chunk.offset = self.bytes;
        while chunk.bytes.len() < CHUNK {
            let Some(reader) = &mut self.reader else {
                if self.group >= self.file.num_row_groups() {
                    break;
                }
                self.open_group()?;
                continue;
            };
            self.values.clear();
            self.levels.clear();
            let levels = (self.full > 0).then_some(&mut self.levels);
            let read = reader.read_records(ROWS, levels, None, &mut self.values);
            let (rows, ..) = read.map_err(damaged(&self.name))?;
            if rows == 0 {
                self.reader = None;
            }
            let null = self.levels.iter().position(|level| *level < self.full);
            if let Some(null) = null {
                let (row, column) = (self.row + null as u64 + 1, &self.column);
                return Err(fault(&self.name, format!("row {row} of column {column:?} is null")));
            }
            for (row, value) in (self.row + 1..).zip(&self.values) {
                let text = value.data();
                // A byte of the file says nothing: its pages are compressed.
                if self.invalid == Invalid::Error
                    && let Err(error) = std::str::from_utf8(text)
                {
                    let (at, column) = (error.valid_up_to(), &self.column);
                    let what = format!("row {row} of column {column:?} is not UTF-8 at byte {at}");
                    return Err(fault(&self.name, what));
                }
                chunk.bytes.extend_from_slice(text);
                ends.push(chunk.bytes.len());
            }
            self.row += rows as u64;
        }
        self.bytes += chunk.bytes.len() as u64;
        let found = !ends.is_empty();
        chunk.ends = Some(ends);
        Ok(found)
    }
}

impl Source for Parquet {
    fn next(&mut self, chunk: &mut Chunk) -> Result<bool, TrainError> {
        let name = Arc::clone(&self.name);
        guarded(&name, || self.read(chunk))
    }
}

impl Placed for Parquet {
    fn place(&self) -> u64 {
        self.row
    }
}
