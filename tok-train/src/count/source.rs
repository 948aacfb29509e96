//! Where texts come from.

use std::io::Read;
use std::sync::Arc;

use super::table::PADDING;
use crate::TrainError;

/// Bytes that are handed to a thread at a time.
pub(super) const CHUNK: usize = 1 << 20;

/// Some texts.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The texts, one after the other.
    pub bytes: Vec<u8>,
    /// The end of each text; `None` if each line is one, with its newline.
    pub ends: Option<Vec<usize>>,
    /// Where they come from, for messages.
    pub name: Arc<str>,
    /// Of the first byte, from the beginning of the file.
    pub offset: u64,
}

/// Hands out texts, a chunk at a time.
pub trait Source: Send {
    /// Puts some texts into `chunk`, which still has those of an earlier call, and returns false when
    /// there are no more.
    ///
    /// # Errors
    /// What the source finds wrong.
    fn next(&mut self, chunk: &mut Chunk) -> Result<bool, TrainError>;
}

/// The texts of an iterator.
#[derive(Debug)]
pub struct Texts<I>(pub I);

impl<T: AsRef<str>, I: Iterator<Item = T> + Send> Source for Texts<I> {
    fn next(&mut self, chunk: &mut Chunk) -> Result<bool, TrainError> {
        chunk.bytes.clear();
        let mut ends = chunk.ends.take().unwrap_or_default();
        ends.clear();
        while chunk.bytes.len() < CHUNK
            && let Some(text) = self.0.next()
        {
            chunk.bytes.extend_from_slice(text.as_ref().as_bytes());
            ends.push(chunk.bytes.len());
        }
        let found = !ends.is_empty();
        chunk.ends = Some(ends);
        Ok(found)
    }
}

/// The lines of a file or stream, each with its newline.
pub struct Lines<R> {
    reader: R,
    name: Arc<str>,
    /// What was read beyond the last line that was handed out.
    rest: Vec<u8>,
    offset: u64,
    limit: usize,
    cut: bool,
    ended: bool,
}

impl<R: Read> Lines<R> {
    /// Lines of `reader`; messages call it `name`. No line may be longer than a gigabyte.
    pub fn new(reader: R, name: impl Into<Arc<str>>) -> Self {
        Self {
            reader,
            name: name.into(),
            rest: Vec::new(),
            offset: 0,
            limit: 1 << 30,
            cut: false,
            ended: false,
        }
    }

    /// The longest line allowed.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// What `reader` gives comes after so many bytes of the file: for places and messages.
    pub fn after(mut self, bytes: u64) -> Self {
        self.offset = bytes;
        self
    }

    /// Where in the file the texts end that were handed out.
    pub fn position(&self) -> u64 {
        self.offset
    }

    /// Lines much longer than a megabyte are handed out in parts, cut between an ASCII letter or digit
    /// and white space. To be set only where that changes no pre-token: see
    /// [`safe_cut`](comptok_core::pre_tokenizer::safe_cut).
    pub fn cut_long(mut self, cut: bool) -> Self {
        self.cut = cut;
        self
    }

    /// Where texts may end in what has been read; 0 if nowhere.
    fn place(&self, bytes: &[u8]) -> usize {
        if let Some(newline) = bytes.iter().rposition(|byte| *byte == b'\n') {
            return newline + 1;
        }
        if !self.cut {
            return 0;
        }
        let is_cut = |pair: &[u8]| {
            pair[0].is_ascii_alphanumeric() && matches!(pair[1], b' ' | b'\t' | b'\r')
        };
        bytes.windows(2).rposition(is_cut).map_or(0, |at| at + 1)
    }
}

impl<R: Read + Send> Source for Lines<R> {
    fn next(&mut self, chunk: &mut Chunk) -> Result<bool, TrainError> {
        chunk.ends = None;
        chunk.name = self.name.clone();
        chunk.offset = self.offset;
        let bytes = &mut chunk.bytes;
        bytes.clear();
        bytes.append(&mut self.rest);
        let mut wanted = CHUNK;
        loop {
            while !self.ended && bytes.len() < wanted {
                let start = bytes.len();
                // Room for the padding as well, so that nothing moves when it is appended.
                bytes.reserve(wanted - start + PADDING);
                bytes.resize(wanted, 0);
                let got = loop {
                    match self.reader.read(&mut bytes[start..]) {
                        Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                        other => break other,
                    }
                };
                let got = got.map_err(|error| TrainError::io(&self.name, error));
                bytes.truncate(start + *got.as_ref().unwrap_or(&0));
                self.ended = got? == 0;
            }
            if self.ended {
                self.offset += bytes.len() as u64;
                return Ok(!bytes.is_empty());
            }
            let end = self.place(bytes);
            if end > 0 {
                self.rest.extend_from_slice(&bytes[end..]);
                bytes.truncate(end);
                self.offset += end as u64;
                return Ok(true);
            }
            if bytes.len() >= self.limit {
                let (name, offset) = (self.name.to_string(), self.offset);
                return Err(TrainError::TooLong { name, offset, limit: self.limit });
            }
            wanted = bytes.len().saturating_mul(2).min(self.limit);
        }
    }
}

/// One source after the other.
#[derive(Debug)]
pub struct Chain<I, S> {
    sources: I,
    current: Option<S>,
}

impl<I, S> Chain<I, S> {
    /// What the iterator opens, one after the other.
    pub fn new(sources: I) -> Self {
        Self { sources, current: None }
    }
}

impl<S: Source, I: Iterator<Item = Result<S, TrainError>> + Send> Source for Chain<I, S> {
    fn next(&mut self, chunk: &mut Chunk) -> Result<bool, TrainError> {
        loop {
            if let Some(source) = &mut self.current
                && source.next(chunk)?
            {
                return Ok(true);
            }
            match self.sources.next() {
                Some(source) => self.current = Some(source?),
                None => return Ok(false),
            }
        }
    }
}

impl<S: Source + ?Sized> Source for Box<S> {
    fn next(&mut self, chunk: &mut Chunk) -> Result<bool, TrainError> {
        (**self).next(chunk)
    }
}
