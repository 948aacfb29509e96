//! Reads sources with several threads, a table for each.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::file::{CountsFile, write_counts};
use super::table::{PADDING, Table, random_seed};
use super::{Chunk, Counts, Source};
use crate::watch::Phase;
use crate::{Splitter, TrainError, Watch};

/// What happens when the tables have grown to a number of bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Memory {
    /// They grow on.
    #[default]
    Unlimited,
    /// They are written to files in a folder, and added up at the end. The counts are exact.
    Spill {
        /// Bytes for the tables of all threads together.
        bytes: usize,
        /// Where the files are made, and removed again.
        folder: PathBuf,
    },
    /// The rarest words are forgotten: [`Counts::error`] is how much too low a count can be.
    Prune {
        /// Bytes for the tables of all threads together.
        bytes: usize,
    },
}

/// What happens to text that is not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InvalidUtf8 {
    /// It is an error that says where.
    #[default]
    Refuse,
    /// What is no char becomes U+FFFD.
    Replace,
}

/// Counts the pre-tokens of texts.
///
/// ```
/// use comptok_bake::{read::PatternArg, spec::Family};
/// use comptok_train::{Counter, Splitter, Texts};
///
/// let splitter = Splitter::byte_level(PatternArg::Named("gpt2"), Family::HuggingFace)?;
/// let mut counter = Counter::new(&splitter);
/// counter.count(Texts(["the cat", "the dog"].iter()), &())?;
/// let counts = counter.finish(&())?;
/// assert_eq!(counts.iter().find(|(word, _)| *word == b"the"), Some((&b"the"[..], 2)));
/// # Ok::<(), comptok_train::TrainError>(())
/// ```
#[derive(Debug)]
pub struct Counter<'s> {
    splitter: &'s Splitter,
    threads: usize,
    memory: Memory,
    invalid: InvalidUtf8,
    tables: Vec<Table>,
    bytes: u64,
    spilled: Vec<Spilled>,
    error: u64,
    lost: bool,
}

impl<'s> Counter<'s> {
    /// With as many threads as there are processors, and all the memory it takes.
    pub fn new(splitter: &'s Splitter) -> Self {
        Self {
            splitter,
            threads: crate::processors(),
            memory: Memory::Unlimited,
            invalid: InvalidUtf8::Refuse,
            tables: Vec::new(),
            bytes: 0,
            spilled: Vec::new(),
            error: 0,
            lost: false,
        }
    }

    /// How many threads count. The result is the same.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// How much memory the tables may use, about.
    pub fn memory(mut self, memory: Memory) -> Self {
        self.memory = memory;
        self
    }

    /// What happens to text that is not UTF-8.
    pub fn invalid(mut self, invalid: InvalidUtf8) -> Self {
        self.invalid = invalid;
        self
    }

    /// Bytes of text counted so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether all texts are counted that sources have handed out. Not after an error of [`count`](Self::count)
    /// that was not the source's: then the counts are of no use.
    pub fn is_whole(&self) -> bool {
        !self.lost
    }

    /// Words that were counted before, in a file that [`write_counts`] made, are added at the end.
    ///
    /// # Errors
    /// If it is no such file, or its words are of another unit.
    pub fn add_file(&mut self, path: impl Into<PathBuf>) -> Result<(), TrainError> {
        let path = path.into();
        let name = path.display().to_string();
        let file = File::open(&path).map_err(|error| TrainError::io(&name, error))?;
        if CountsFile::open(file, &name)?.unit() != self.splitter.unit() {
            let message = "its words are of another unit".to_owned();
            return Err(TrainError::Counts { name, message });
        }
        self.spilled.push(Spilled { path, ours: false });
        Ok(())
    }

    /// Counts all texts of a source, or as many as there were before `watch` said stop.
    ///
    /// # Errors
    /// What the source says: then what was counted until there stays counted. Text that is not UTF-8, and what
    /// happens to files that memory is spilled to.
    pub fn count<S: Source>(&mut self, source: S, watch: &dyn Watch) -> Result<(), TrainError> {
        let seed = self.tables.first().map_or_else(random_seed, Table::seed);
        self.tables.resize_with(self.threads.max(self.tables.len()), || Table::new(seed));
        let shared = Shared {
            source: Mutex::new(source),
            stop: AtomicBool::new(false),
            bytes: AtomicU64::new(self.bytes),
            outcome: Mutex::new(Outcome::default()),
            splitter: self.splitter,
            memory: &self.memory,
            invalid: self.invalid,
            share: self.tables.len(),
            watch,
        };
        match self.tables.as_mut_slice() {
            [table] => shared.work(table),
            tables => std::thread::scope(|scope| {
                for table in tables {
                    scope.spawn(|| shared.work(table));
                }
            }),
        }
        self.bytes = shared.bytes.into_inner();
        let outcome = shared.outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.spilled.extend(outcome.spilled);
        self.error = self.error.saturating_add(outcome.error);
        self.lost |= outcome.lost;
        outcome.failure.map_or(Ok(()), Err)
    }

    /// The words and their counts.
    ///
    /// # Errors
    /// What happens to the files that memory was spilled to.
    pub fn finish(mut self, watch: &dyn Watch) -> Result<Counts, TrainError> {
        let unit = self.splitter.unit();
        let tables = std::mem::take(&mut self.tables);
        watch.progress(Phase::Join, 0, tables.iter().map(|table| table.len() as u64).sum());
        let mut counts = Counts::from_tables(unit, tables);
        if !self.spilled.is_empty() {
            let mut last = Vec::new();
            counts.write(&mut last, "", "").map_err(|error| TrainError::io("memory", error))?;
            drop(counts);
            let files = open_all(&self.spilled, last)?;
            let mut joined = Counts::new(unit);
            self.error = self.error.saturating_add(CountsFile::merge(files, |word, count| {
                joined.push(word, count);
                Ok(())
            })?);
            counts = joined;
        }
        counts.error = self.error;
        Ok(counts)
    }

    /// Writes the words and their counts: see [`write_counts`]. What was spilled is not read into memory.
    ///
    /// # Errors
    /// What the writer says, and what happens to the files that memory was spilled to.
    pub fn finish_to(
        mut self,
        out: &mut dyn Write,
        name: &str,
        description: &str,
        position: &str,
    ) -> Result<(), TrainError> {
        let failed = |error| TrainError::io(name, error);
        let unit = self.splitter.unit();
        let mut counts = Counts::from_tables(unit, std::mem::take(&mut self.tables));
        counts.error = self.error;
        if self.spilled.is_empty() {
            return counts.write(out, description, position).map_err(failed);
        }
        let mut last = Vec::new();
        counts.write(&mut last, "", "").map_err(failed)?;
        drop(counts);
        let files = open_all(&self.spilled, last)?;
        CountsFile::join_as(files, out, name, [description, position])
    }
}

type AnyFile = CountsFile<Box<dyn std::io::Read>>;

/// The files, and what is still in memory.
fn open_all(spilled: &[Spilled], last: Vec<u8>) -> Result<Vec<AnyFile>, TrainError> {
    let open = |spilled: &Spilled| {
        let name = spilled.path.display().to_string();
        let file = File::open(&spilled.path).map_err(|error| TrainError::io(&name, error))?;
        CountsFile::open(Box::new(file) as Box<_>, &name)
    };
    let last = CountsFile::open(Box::new(std::io::Cursor::new(last)) as Box<_>, "memory");
    spilled.iter().map(open).chain(std::iter::once(last)).collect()
}

/// A file of counted words, which is removed in the end if it was made here.
#[derive(Debug)]
struct Spilled {
    path: PathBuf,
    ours: bool,
}

impl Drop for Spilled {
    fn drop(&mut self) {
        if self.ours {
            // It is in the way of nobody.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[derive(Debug, Default)]
struct Outcome {
    failure: Option<TrainError>,
    /// Texts were handed out that are not counted.
    lost: bool,
    spilled: Vec<Spilled>,
    error: u64,
}

/// What the threads have in common.
struct Shared<'a, S> {
    source: Mutex<S>,
    stop: AtomicBool,
    bytes: AtomicU64,
    outcome: Mutex<Outcome>,
    splitter: &'a Splitter,
    memory: &'a Memory,
    invalid: InvalidUtf8,
    /// Tables that share the memory.
    share: usize,
    watch: &'a dyn Watch,
}

impl<S: Source> Shared<'_, S> {
    fn work(&self, table: &mut Table) {
        let mut chunk = Chunk::default();
        while !self.stop.load(Ordering::Relaxed) && !self.watch.stop() {
            match self.step(table, &mut chunk) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    self.stop.store(true, Ordering::Relaxed);
                    let mut outcome = self.outcome();
                    outcome.failure.get_or_insert(error);
                    return;
                }
            }
        }
    }

    fn outcome(&self) -> std::sync::MutexGuard<'_, Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step(&self, table: &mut Table, chunk: &mut Chunk) -> Result<bool, TrainError> {
        {
            let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
            // A source that has failed is not asked again.
            if self.stop.load(Ordering::Relaxed) {
                return Ok(false);
            }
            let found =
                source.next(chunk).inspect_err(|_| self.stop.store(true, Ordering::Relaxed));
            if !found? {
                return Ok(false);
            }
        }
        let len = chunk.bytes.len();
        let counted = self.texts(table, chunk).and_then(|()| {
            let done = self.bytes.fetch_add(len as u64, Ordering::Relaxed) + len as u64;
            self.watch.progress(Phase::Count, done, 0);
            self.bound(table)
        });
        self.outcome().lost |= counted.is_err();
        counted.map(|()| true)
    }

    /// Counts the texts of a chunk.
    fn texts(&self, table: &mut Table, chunk: &mut Chunk) -> Result<(), TrainError> {
        let mut bytes = std::mem::take(&mut chunk.bytes);
        if let Err(error) = std::str::from_utf8(&bytes) {
            if self.invalid == InvalidUtf8::Refuse {
                let offset = chunk.offset + error.valid_up_to() as u64;
                return Err(TrainError::Utf8 { name: chunk.name.to_string(), offset });
            }
            (bytes, chunk.ends) = repair(&bytes, chunk.ends.take());
        }
        let len = bytes.len();
        bytes.resize(len + PADDING, 0);
        let mut each = |around: &[u8], start: usize, end: usize| table.add(around, start, end);
        let mut text = |start: usize, end: usize| {
            if start < end {
                self.splitter.split_in(&bytes, start, end, &mut each);
            }
        };
        let mut start = 0;
        match &chunk.ends {
            Some(ends) => {
                for &end in ends {
                    text(start, end);
                    start = end;
                }
            }
            None => {
                while let Some(line) = newline(&bytes[start..len]) {
                    text(start, start + line + 1);
                    start += line + 1;
                }
                text(start, len);
            }
        }
        table.settle();
        chunk.bytes = bytes;
        Ok(())
    }

    /// Makes room when a table has grown beyond its share.
    fn bound(&self, table: &mut Table) -> Result<(), TrainError> {
        match self.memory {
            Memory::Spill { bytes, folder } if table.memory() > bytes / self.share => {
                let full = std::mem::replace(table, Table::new(table.seed()));
                let counts = Counts::from_tables(self.splitter.unit(), vec![full]);
                let spilled = spill(counts, folder)?;
                self.outcome().spilled.push(spilled);
            }
            Memory::Prune { bytes } if table.memory() > bytes / self.share => {
                let mut least = 0;
                let before = table.len();
                while table.len() > before / 2 {
                    least = table.least_above(least);
                    table.prune(least);
                }
                let mut outcome = self.outcome();
                outcome.error = outcome.error.saturating_add(least);
            }
            _ => {}
        }
        Ok(())
    }
}

fn newline(bytes: &[u8]) -> Option<usize> {
    // Eight bytes at a time: the lowest set bit is the first newline.
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let other = u64::from_le_bytes(*word) ^ 0x0A0A_0A0A_0A0A_0A0A;
        let found = other.wrapping_sub(0x0101_0101_0101_0101) & !other & 0x8080_8080_8080_8080;
        if found != 0 {
            return Some(at * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let at = rest.iter().position(|byte| *byte == b'\n')?;
    Some(words.len() * 8 + at)
}

/// Every text with U+FFFD for what is no char.
fn repair(bytes: &[u8], ends: Option<Vec<usize>>) -> (Vec<u8>, Option<Vec<usize>>) {
    let lossy = |bytes| match String::from_utf8_lossy(bytes) {
        Cow::Borrowed(text) => text.as_bytes().to_vec(),
        Cow::Owned(text) => text.into_bytes(),
    };
    let Some(ends) = ends else { return (lossy(bytes), None) };
    let (mut repaired, mut moved, mut start) = (Vec::new(), Vec::new(), 0);
    for end in ends {
        repaired.extend(lossy(&bytes[start..end]));
        moved.push(repaired.len());
        start = end;
    }
    (repaired, Some(moved))
}

/// Writes words to a new file.
fn spill(mut counts: Counts, folder: &std::path::Path) -> Result<Spilled, TrainError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = folder.join(format!("comptok-{}-{number}.words", std::process::id()));
    let failed = |error| TrainError::io(path.display(), error);
    let file = File::create_new(&path).map_err(failed)?;
    let spilled = Spilled { path: path.clone(), ours: true };
    counts.sort();
    let mut out = BufWriter::with_capacity(1 << 16, file);
    write_counts(&mut out, counts.unit, "", "", 0, counts.iter()).map_err(failed)?;
    out.flush().map_err(failed)?;
    Ok(spilled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Lines, Texts};
    use comptok_bake::{read::PatternArg, spec::Family};

    fn splitter() -> Splitter {
        Splitter::byte_level(PatternArg::Named("gpt2"), Family::HuggingFace).expect("supported")
    }

    /// Words that differ, rare ones among frequent ones.
    fn text() -> String {
        let line = |n: u32| format!("the word {} and the word {} of {n}.\n", n % 17, n * n % 1009);
        (0..20_000).map(line).collect()
    }

    fn counted(counter: Counter<'_>, text: &str) -> Counts {
        let mut counter = counter;
        counter.count(Lines::new(text.as_bytes(), "x"), &()).expect("sound text");
        assert_eq!(counter.bytes(), text.len() as u64);
        let mut counts = counter.finish(&()).expect("it finishes");
        counts.sort();
        counts
    }

    #[test]
    fn threads_files_and_memory_change_nothing() {
        let (splitter, text) = (splitter(), text());
        let wanted = counted(Counter::new(&splitter).threads(1), &text);
        assert_eq!(
            wanted.iter().find(|(word, _)| *word == b" word"),
            Some((&b" word"[..], 40_000))
        );
        assert_eq!(counted(Counter::new(&splitter).threads(3), &text), wanted);
        let folder = std::env::temp_dir();
        let spill = || Memory::Spill { bytes: 1, folder: folder.clone() };
        assert_eq!(counted(Counter::new(&splitter).threads(2).memory(spill()), &text), wanted);
        let mut counter = Counter::new(&splitter).threads(2);
        counter.count(Texts(text.split_inclusive('\n')), &()).expect("sound text");
        let mut counts = counter.finish(&()).expect("it finishes");
        counts.sort();
        assert_eq!(counts, wanted);
        let mut counter = Counter::new(&splitter).threads(2).memory(spill());
        counter.count(Lines::new(text.as_bytes(), "x"), &()).expect("sound text");
        let mut bytes = Vec::new();
        counter.finish_to(&mut bytes, "y", "z", "").expect("memory");
        let file = CountsFile::open(&bytes[..], "y").expect("a sound file");
        assert_eq!((file.description(), file.position()), ("z", ""));
        assert_eq!(CountsFile::join(vec![file], 0).expect("sound"), wanted);
    }

    #[test]
    fn pruning_says_how_wrong_it_is() {
        let (splitter, text) = (splitter(), text());
        let exact = counted(Counter::new(&splitter), &text);
        let memory = Memory::Prune { bytes: 1 << 16 };
        let pruned = counted(Counter::new(&splitter).threads(2).memory(memory), &text);
        assert!(pruned.error() > 0 && pruned.len() < exact.len());
        let found: std::collections::HashMap<&[u8], u64> = pruned.iter().collect();
        for (word, count) in exact.iter() {
            let low = found.get(word).copied().unwrap_or(0);
            assert!(low <= count && count <= low + pruned.error());
        }
    }

    #[test]
    fn bad_bytes_are_refused_with_their_place_or_replaced() {
        let splitter = splitter();
        let bytes = [&b"good\n"[..], b"b\xFFd\n"].concat();
        let mut counter = Counter::new(&splitter);
        let error = counter.count(Lines::new(&bytes[..], "x"), &()).expect_err("a bad byte");
        assert_eq!(error.to_string(), "x: not UTF-8 at byte 6");
        let mut counter = Counter::new(&splitter).invalid(InvalidUtf8::Replace);
        counter.count(Lines::new(&bytes[..], "x"), &()).expect("it is replaced");
        let counts = counter.finish(&()).expect("it finishes");
        assert!(counts.iter().any(|(word, _)| word == "\u{FFFD}".as_bytes()));
    }

    #[test]
    fn long_lines_are_cut_or_refused() {
        let (splitter, text) = (splitter(), "some words ".repeat(300_000));
        let count = |lines: Lines<&[u8]>| {
            let mut counter = Counter::new(&splitter).threads(1);
            counter.count(lines, &()).map(|()| counter.finish(&()).expect("it finishes").total())
        };
        let lines = || Lines::new(text.as_bytes(), "x");
        assert_eq!(count(lines()).ok(), Some(600_001));
        assert_eq!(count(lines().limit(1 << 20).cut_long(true)).ok(), Some(600_001));
        assert_eq!(
            count(lines().limit(1 << 20)).expect_err("too long").to_string(),
            "x: the line at byte 0 is longer than 1048576 bytes"
        );
    }
}
