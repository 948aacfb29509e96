//! `comptok decode`.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, ErrorKind, Read};

use comptok::{DecodeError, Tokenizer};
use comptok_core::blob::{Header, Tables, flags};
use comptok_core::decoder::incomplete_suffix;
use comptok_core::engine::PRE_TOKENIZER_GENERAL;

use crate::args::{Decode, Format};
use crate::io::{Input, Output, paths};
use crate::lines::Lines;
use crate::progress::Progress;
use crate::{Answer, Failure, source};

/// Ids that are read at a time, and decoded where each has its own bytes.
const BATCH: usize = 1 << 14;

pub(crate) fn run(args: &Decode) -> Result<Answer, Failure> {
    let tokenizer = source::tokenizer(&args.tokenizer)?;
    let paths = paths(&args.files);
    let mut output = Output::create(args.output.as_deref())?;
    let progress = Progress::new(&paths, output.is_terminal());
    let skipped = match args.skip_special {
        true => tokenizer.special_tokens().map(|token| token.id).collect(),
        false => HashSet::new(),
    };
    let header = Header::parse(tokenizer.as_bytes());
    let has_ranks = header
        .as_ref()
        .is_ok_and(|header| Tables::new(tokenizer.as_bytes(), header).has(flags::TIKTOKEN));
    // What a token becomes may depend on those beside it.
    let is_whole = header.is_ok_and(|header| header.pre_tokenizer == PRE_TOKENIZER_GENERAL);
    let format = if args.jsonl { Format::Jsonl } else { args.format };
    for path in paths {
        let mut job = Job {
            tokenizer: &tokenizer,
            skipped: &skipped,
            lossy: args.lossy,
            strict: args.strict,
            has_ranks,
            batch_len: if is_whole { usize::MAX } else { BATCH },
            output: &mut output,
            progress: &progress,
            batch: Vec::new(),
            places: Vec::new(),
            bytes: Vec::new(),
        };
        let input = Input::open(path)?;
        match format {
            Format::Text => job.text(input)?,
            Format::Jsonl => job.lines(input)?,
            Format::U16 => job.binary::<2>(input, |bytes| u16::from_le_bytes(bytes).into())?,
            Format::U32 => job.binary::<4>(input, u32::from_le_bytes)?,
        }
    }
    output.finish()?;
    Ok(Answer::Yes)
}

struct Job<'j> {
    tokenizer: &'j Tokenizer,
    skipped: &'j HashSet<u32>,
    lossy: bool,
    /// Nothing is left out or replaced.
    strict: bool,
    /// The tokenizer is of ranks, as tiktoken's are.
    has_ranks: bool,
    /// Ids that are decoded at a time.
    batch_len: usize,
    output: &'j mut Output,
    progress: &'j Progress,
    batch: Vec<u32>,
    /// Line, or byte, of each id in the batch.
    places: Vec<u64>,
    /// Decoded, and not written yet.
    bytes: Vec<u8>,
}

impl Job<'_> {
    /// Ids in decimal, with white space between.
    fn text(&mut self, input: Input) -> Result<(), Failure> {
        let mut reader = BufReader::with_capacity(1 << 16, input.reader);
        let name = input.name;
        let place = |line: u64| format!("{name}:{line}");
        let (mut word, mut line) = (Vec::new(), 1);
        loop {
            let chunk = match reader.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                chunk => chunk.map_err(|error| Failure::io(&name, &error))?,
            };
            let len = chunk.len();
            // The end of the input ends the last word.
            let chunk = if len == 0 { &b"\0"[..] } else { chunk };
            for &byte in chunk {
                if !byte.is_ascii_whitespace() && len > 0 {
                    // Longer words are no ids, and a message needs no more of them.
                    if word.len() < 40 {
                        word.push(byte);
                    }
                    continue;
                }
                if !word.is_empty() {
                    let id = number(&word).ok_or_else(|| no_id(&place(line), &word))?;
                    word.clear();
                    self.push(id, line, &place)?;
                }
                line += u64::from(byte == b'\n');
            }
            if len == 0 {
                break;
            }
            reader.consume(len);
            self.progress.add(len);
        }
        self.end(&place)
    }

    /// Ids of `N` bytes.
    fn binary<const N: usize>(
        &mut self,
        input: Input,
        id: impl Fn([u8; N]) -> u32,
    ) -> Result<(), Failure> {
        let Input { name, mut reader } = input;
        let place = |at: u64| format!("{name}: byte {at}");
        let (mut buffer, mut at) = (Vec::new(), 0);
        loop {
            buffer.clear();
            let read = reader.by_ref().take((N * BATCH) as u64).read_to_end(&mut buffer);
            let read = read.map_err(|error| Failure::io(&name, &error))?;
            let (ids, rest) = buffer.as_chunks::<N>();
            if !rest.is_empty() {
                let bytes = at + read as u64;
                return Err(Failure::data(format!(
                    "{name}: {bytes} bytes are no whole number of u{} ids",
                    8 * N
                )));
            }
            for &bytes in ids {
                self.push(id(bytes), at, &place)?;
                at += N as u64;
            }
            self.progress.add(read);
            if read < N * BATCH {
                return self.end(&place);
            }
        }
    }

    /// A JSON array on each line.
    fn lines(&mut self, input: Input) -> Result<(), Failure> {
        let mut lines = Lines::new(input);
        while let Some(line) = lines.next()? {
            self.progress.add(line.len());
            for id in lines.ids()? {
                if !self.skipped.contains(&id) {
                    self.batch.push(id);
                }
            }
            let text = match self.tokenizer.decode_lossy(&self.batch, false) {
                text if self.is_lenient(&text) => {
                    self.batch.clear();
                    text
                }
                _ => self.exact(&lines.place())?,
            };
            let mut json = serde_json::to_vec(&text)
                .map_err(|error| Failure::data(format!("{}: {error}", lines.place())))?;
            json.push(b'\n');
            self.output.write(&json)?;
        }
        Ok(())
    }

    /// Whether a line may be decoded as the reference libraries do: U+FFFD for what is not UTF-8, and nothing for ids
    /// without a token, but with ranks, where these are an error.
    fn is_lenient(&self, text: &str) -> bool {
        let is_known = |&id: &u32| self.tokenizer.token_bytes(id).is_some();
        let suspicious = text.contains(char::REPLACEMENT_CHARACTER);
        if self.strict {
            return !suspicious && self.batch.iter().all(is_known);
        }
        !self.has_ranks || self.batch.iter().all(is_known)
    }

    /// The text of the batch, in which nothing is left out or replaced.
    fn exact(&mut self, place: &str) -> Result<String, Failure> {
        self.places.resize(self.batch.len(), 0);
        self.decode(&|_| place.to_owned())?;
        let bytes = std::mem::take(&mut self.bytes);
        String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Failure::data(format!("{place}: byte {at} of the text is not UTF-8"))
        })
    }

    fn push(&mut self, id: u32, at: u64, place: &dyn Fn(u64) -> String) -> Result<(), Failure> {
        if self.skipped.contains(&id) {
            return Ok(());
        }
        self.batch.push(id);
        self.places.push(at);
        if self.batch.len() < self.batch_len {
            return Ok(());
        }
        self.decode(place)?;
        self.write(true)
    }

    fn end(&mut self, place: &dyn Fn(u64) -> String) -> Result<(), Failure> {
        self.decode(place)?;
        self.write(false)
    }

    /// Decodes the batch.
    fn decode(&mut self, place: &dyn Fn(u64) -> String) -> Result<(), Failure> {
        if let Err(error) = self.tokenizer.decode_into(&self.batch, &mut self.bytes) {
            let mut ids = self.batch.iter().zip(&self.places);
            let found = ids.find(|&(&id, _)| self.tokenizer.decode_bytes(&[id]).is_err());
            let at = found.map_or(0, |(_, &at)| at);
            let message = match (error, found) {
                // Its place in the batch says nothing.
                (DecodeError::UnknownId { id, .. }, Some(_)) if id < self.tokenizer.id_limit() => {
                    format!("id {id} has no token")
                }
                // Most often it is simply too large.
                (DecodeError::UnknownId { id, .. }, Some(_)) => format!(
                    "id {id} has no token; ids of this tokenizer are below {}",
                    self.tokenizer.id_limit()
                ),
                _ => error.to_string(),
            };
            return Err(Failure::data(format!("{}: {message}", place(at))));
        }
        self.batch.clear();
        self.places.clear();
        Ok(())
    }

    /// Writes what has been decoded. If more follows, it may complete the last character.
    fn write(&mut self, more: bool) -> Result<(), Failure> {
        if !self.lossy {
            self.output.write(&self.bytes)?;
            self.bytes.clear();
            return Ok(());
        }
        let keep = if more { incomplete_suffix(&self.bytes) } else { 0 };
        let rest = self.bytes.split_off(self.bytes.len() - keep);
        self.output.write(String::from_utf8_lossy(&self.bytes).as_bytes())?;
        self.bytes = rest;
        Ok(())
    }
}

/// Digits only: a sign is not part of an id.
fn number(word: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(word).ok()?;
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn no_id(place: &str, word: &[u8]) -> Failure {
    let hint = if word.starts_with(b"[") { "; for JSON lines use --jsonl" } else { "" };
    let word = String::from_utf8_lossy(word);
    Failure::data(format!("{place}: wanted an id, found {word:?}{hint}"))
}
