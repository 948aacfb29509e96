//! Texts from files, folders and the standard input, compressed or not.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
        if is_dash(path) {
            found.push(path.clone());
        } else {
            walk(path, &mut found)?;
        }
    }
    Ok(found)
}

fn walk(path: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
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
                () if kind.is_file() => found.push(entry.path()),
                () => {}
            }
        }
    }
    found[first..].sort();
    Ok(())
}

/// Opens a file as a source of texts.
pub(super) fn open(
    path: &Path,
    args: &CorpusArgs,
    may_cut: bool,
) -> Result<Box<dyn Source>, TrainError> {
    let name = if is_dash(path) { "-".to_owned() } else { path.display().to_string() };
    let failed = |error| TrainError::io(&name, error);
    let raw: Box<dyn Read + Send> = match is_dash(path) {
        true => Box::new(io::stdin()),
        false => Box::new(File::open(path).map_err(failed)?),
    };
    let mut raw = BufReader::with_capacity(1 << 16, raw);
    let reader: Box<dyn Read + Send> = match raw.fill_buf().map_err(failed)? {
        [0x1F, 0x8B, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(raw)),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Box::new(Zstd::new(raw)),
        _ => Box::new(raw),
    };
    let lines = Lines::new(reader, &*name);
    Ok(match &args.jsonl {
        Some(field) => {
            Box::new(Json { lines, field: field.clone(), raw: Chunk::default(), line: 0 })
        }
        None => Box::new(lines.cut_long(may_cut)),
    })
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
