//! Texts from files, folders and the standard input, compressed or not.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use comptok::train::{Chunk, Lines, Source, TrainError};
use serde_json::Value;

use super::args::CorpusArgs;
use crate::Failure;
use crate::io::is_dash;

/// The files to read: of a folder all files in it, by name.
pub(super) fn files(args: &CorpusArgs) -> Result<Vec<PathBuf>, Failure> {
    if args.files.is_empty() {
        return Ok(vec![PathBuf::from("-")]);
    }
    let mut found = Vec::new();
    for path in &args.files {
        found.extend(files_of(path, args)?);
    }
    Ok(found)
}

/// The files of a path.
pub(super) fn files_of(path: &Path, args: &CorpusArgs) -> Result<Vec<PathBuf>, Failure> {
    if is_dash(path) {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    walk(path, args.column.is_some(), &mut found)?;
    Ok(found)
}

fn walk(path: &Path, parquet: bool, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |error| Failure::io(path.display(), &error);
    // Folders wait here: depth is no matter.
    if !fs::metadata(path).map_err(failed)?.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    let mut waiting = vec![path.to_owned()];
    let first = found.len();
    while let Some(folder) = waiting.pop() {
        let failed = |error| Failure::io(folder.display(), &error);
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            // Links are not followed: they could go in circles.
            let kind = entry.file_type().map_err(failed)?;
            match () {
                () if kind.is_dir() => waiting.push(entry.path()),
                () if parquet && entry.path().extension().is_none_or(|end| end != "parquet") => {}
                () if kind.is_file() => found.push(entry.path()),
                () => {}
            }
        }
    }
    found[first..].sort();
    Ok(())
}

/// A source that knows how much of it was handed out: bytes of text, or rows.
pub(super) trait Placed: Source {
    fn place(&self) -> u64;
}

impl<R: Read + Send> Placed for Lines<R> {
    fn place(&self) -> u64 {
        self.position()
    }
}

/// How far the files have been handed out, which is where counting goes on another time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Number of the file, from 0.
    file: usize,
    /// Its name; empty at the end of all.
    name: String,
    at: u64,
    /// Bytes of text up to there.
    pub(super) bytes: u64,
}

impl Place {
    /// In words, for files of counts.
    pub(super) fn describe(&self) -> String {
        let Self { file, name, at, bytes } = self;
        serde_json::json!({"file": file, "name": name, "at": at, "bytes": bytes}).to_string()
    }

    /// The other way round, for these files.
    pub(super) fn from_description(text: &str, files: &[PathBuf]) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        let number = |name: &str| value[name].as_u64();
        let place = (|| {
            Some(Self {
                file: usize::try_from(number("file")?).ok()?,
                name: value["name"].as_str()?.to_owned(),
                at: number("at")?,
                bytes: number("bytes")?,
            })
        })();
        let place = place.ok_or("was not stopped: there is nothing to resume")?;
        let there = files.get(place.file).map(|path| path.display().to_string());
        match there {
            None if place.name.is_empty() => Ok(place),
            Some(name) if name == place.name => Ok(place),
            _ => Err(format!(
                "was stopped in {}, file {} of those that were counted, which is not among these",
                place.name,
                place.file + 1,
            )),
        }
    }
}

/// The texts of files, one after the other.
pub(super) struct Files<'a> {
    args: &'a CorpusArgs,
    may_cut: bool,
    paths: Vec<PathBuf>,
    current: Option<Box<dyn Placed>>,
    place: Arc<Mutex<Place>>,
}

impl<'a> Files<'a> {
    /// From a place on.
    pub(super) fn new(
        args: &'a CorpusArgs,
        may_cut: bool,
        paths: Vec<PathBuf>,
        place: Place,
    ) -> Self {
        Self { args, may_cut, paths, current: None, place: Arc::new(Mutex::new(place)) }
    }

    /// Where it is, also when it is in other hands.
    pub(super) fn place(&self) -> Arc<Mutex<Place>> {
        Arc::clone(&self.place)
    }
}

impl Source for Files<'_> {
    fn next(&mut self, chunk: &mut Chunk) -> Result<bool, TrainError> {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let Some(path) = self.paths.get(place.file) else {
                place.name.clear();
                return Ok(false);
            };
            if self.current.is_none() {
                place.name = path.display().to_string();
                self.current = Some(open(path, self.args, self.may_cut, place.at)?);
            }
            if let Some(source) = &mut self.current {
                if source.next(chunk)? {
                    place.at = source.place();
                    place.bytes += chunk.bytes.len() as u64;
                    return Ok(true);
                }
                self.current = None;
                (place.file, place.at) = (place.file + 1, 0);
            }
        }
    }
}

/// Opens a file as a source of texts, from a place on.
fn open(
    path: &Path,
    args: &CorpusArgs,
    may_cut: bool,
    at: u64,
) -> Result<Box<dyn Placed>, TrainError> {
    if let Some(column) = &args.column {
        return super::parquet::open(path, column, at, args.invalid_utf8);
    }
    let name = if is_dash(path) { "-".to_owned() } else { path.display().to_string() };
    let failed = |error| TrainError::io(&name, error);
    let raw: Box<dyn Read + Send> = match is_dash(path) {
        true => Box::new(io::stdin()),
        false => Box::new(File::open(path).map_err(failed)?),
    };
    let mut raw = BufReader::with_capacity(1 << 16, raw);
    let mut reader: Box<dyn Read + Send> = match raw.fill_buf().map_err(failed)? {
        [0x1F, 0x8B, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(raw)),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Box::new(Zstd::new(raw)),
        _ => Box::new(raw),
    };
    let line = skip(&mut reader, at).map_err(failed)?;
    let lines = Lines::new(reader, &*name).after(at);
    Ok(match &args.jsonl {
        Some(field) => Box::new(Json { lines, field: field.clone(), raw: Chunk::default(), line }),
        None => Box::new(lines.cut_long(may_cut)),
    })
}

/// Reads over so many bytes, and counts their newlines.
fn skip(reader: &mut dyn Read, bytes: u64) -> io::Result<u64> {
    let (mut left, mut lines, mut buffer) = (bytes, 0, vec![0; 1 << 16]);
    while left > 0 {
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        match reader.read(&mut buffer[..most]) {
            Ok(0) => return Err(io::Error::other("is shorter than when it was counted")),
            Ok(got) => {
                lines += buffer[..got].iter().filter(|byte| **byte == b'\n').count() as u64;
                left -= got as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(lines)
}

/// Frames of zstd, one after the other.
struct Zstd<R: Read> {
    state: ZstdState<R>,
}

enum ZstdState<R: Read> {
    Between(R),
    Inside(Box<ruzstd::decoding::StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>),
    Ended,
}

impl<R: BufRead> Zstd<R> {
    fn new(reader: R) -> Self {
        Self { state: ZstdState::Between(reader) }
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.state = match std::mem::replace(&mut self.state, ZstdState::Ended) {
                ZstdState::Ended => return Ok(0),
                ZstdState::Between(mut reader) => {
                    if reader.fill_buf()?.is_empty() {
                        return Ok(0);
                    }
                    let decoder = ruzstd::decoding::StreamingDecoder::new(reader)
                        .map_err(|error| io::Error::other(format!("zstd: {error}")))?;
                    ZstdState::Inside(Box::new(decoder))
                }
                ZstdState::Inside(mut decoder) => match decoder.read(buffer)? {
                    0 if !buffer.is_empty() => ZstdState::Between(decoder.into_inner()),
                    got => {
                        self.state = ZstdState::Inside(decoder);
                        return Ok(got);
                    }
                },
            };
        }
    }
}

/// A field of JSON objects, one on each line.
struct Json<R> {
    lines: Lines<R>,
    field: String,
    raw: Chunk,
    line: u64,
}

impl<R: Read + Send> Placed for Json<R> {
    fn place(&self) -> u64 {
        self.lines.position()
    }
}

impl<R: Read + Send> Source for Json<R> {
    fn next(&mut self, chunk: &mut Chunk) -> Result<bool, TrainError> {
        let mut ends = chunk.ends.take().unwrap_or_default();
        ends.clear();
        chunk.bytes.clear();
        if !self.lines.next(&mut self.raw)? {
            return Ok(false);
        }
        chunk.name = Arc::clone(&self.raw.name);
        for line in self.raw.bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line += 1;
            if line.trim_ascii().is_empty() {
                continue;
            }
            let wrong = |what: String| {
                let name = format!("{}:{}", self.raw.name, self.line);
                TrainError::Counts { name, message: what }
            };
            let value: Value = serde_json::from_slice(line)
                .map_err(|error| wrong(format!("wanted a JSON object: {error}")))?;
            match value.get(&self.field) {
                Some(Value::String(text)) => {
                    chunk.bytes.extend_from_slice(text.as_bytes());
                    ends.push(chunk.bytes.len());
                }
                Some(_) => return Err(wrong(format!("{:?} is not a string", self.field))),
                None => return Err(wrong(format!("there is no {:?}", self.field))),
            }
        }
        chunk.ends = Some(ends);
        Ok(true)
    }
}
