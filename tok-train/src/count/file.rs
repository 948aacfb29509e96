//! Counted words in a file: to go on later, to share the work among machines, and where memory is short.
//!
//! ```text
//! "ctWC", version, unit, description, position, error, words, total, checksum
//!                                           └ each word: bytes shared with the one before, further bytes, count
//! ```
//! Words are ordered by their bytes; numbers are LEB128.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, BufRead, BufReader, Read, Write};

use super::Counts;
use crate::{TrainError, Unit};

const MAGIC: [u8; 4] = *b"ctWC";
const VERSION: u8 = 2;
/// The longest word and the longest description that are read.
const LONGEST: u64 = 1 << 30;

/// Writes words, which must be ordered by their bytes, each once. `description` is for
/// [`CountsFile::join`], which joins files of one description only; `position` says where counting was
/// stopped, in words of the caller's, and is empty if it was not.
///
/// # Errors
/// What the writer says.
pub fn write_counts<'w>(
    out: &mut dyn Write,
    unit: Unit,
    description: &str,
    position: &str,
    error: u64,
    words: impl IntoIterator<Item = (&'w [u8], u64)>,
) -> io::Result<()> {
    let mut writer = Writer::new(out, unit, [description, position], error)?;
    for (word, count) in words {
        writer.word(word, count)?;
    }
    writer.finish()
}

/// Counts the bytes that pass, and adds them to a checksum.
#[derive(Debug, Default)]
struct Check(u64);

impl Check {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0.rotate_left(5) ^ u64::from(*byte)).wrapping_mul(0x517C_C1B7_2722_0A95);
        }
    }
}

struct Writer<'o> {
    out: &'o mut dyn Write,
    check: Check,
    buffer: Vec<u8>,
    before: Vec<u8>,
    words: u64,
    total: u64,
}

impl<'o> Writer<'o> {
    /// `texts` are the description and the position.
    fn new(out: &'o mut dyn Write, unit: Unit, texts: [&str; 2], error: u64) -> io::Result<Self> {
        let (check, before) = (Check::default(), Vec::new());
        let mut writer = Self { out, check, buffer: Vec::new(), before, words: 0, total: 0 };
        writer.buffer.extend_from_slice(&MAGIC);
        writer.buffer.push(VERSION);
        writer.buffer.push(u8::from(unit == Unit::Char));
        for text in texts {
            number(&mut writer.buffer, text.len() as u64);
            writer.buffer.extend_from_slice(text.as_bytes());
        }
        number(&mut writer.buffer, error);
        writer.flush()?;
        Ok(writer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.check.add(&self.buffer);
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    fn word(&mut self, word: &[u8], count: u64) -> io::Result<()> {
        let shared = self.before.iter().zip(word).take_while(|(a, b)| a == b).count();
        number(&mut self.buffer, shared as u64);
        number(&mut self.buffer, (word.len() - shared) as u64);
        self.buffer.extend_from_slice(&word[shared..]);
        number(&mut self.buffer, count);
        self.before.truncate(shared);
        self.before.extend_from_slice(&word[shared..]);
        self.words += 1;
        self.total = self.total.saturating_add(count);
        if self.buffer.len() > 1 << 15 { self.flush() } else { Ok(()) }
    }

    fn finish(mut self) -> io::Result<()> {
        // No word has no further bytes.
        number(&mut self.buffer, 0);
        number(&mut self.buffer, 0);
        number(&mut self.buffer, self.words);
        number(&mut self.buffer, self.total);
        self.flush()?;
        self.out.write_all(&self.check.0.to_le_bytes())
    }
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A file of counted words that is being read.
pub struct CountsFile<R> {
    input: BufReader<R>,
    name: String,
    check: Check,
    unit: Unit,
    description: String,
    position: String,
    error: u64,
    word: Vec<u8>,
    count: u64,
    words: u64,
    total: u64,
}

impl<R: Read> CountsFile<R> {
    /// Reads the head of a file, which messages call `name`.
    ///
    /// # Errors
    /// If it is no file of counted words.
    pub fn open(reader: R, name: &str) -> Result<Self, TrainError> {
        let mut file = Self {
            input: BufReader::with_capacity(1 << 16, reader),
            name: name.to_owned(),
            check: Check::default(),
            unit: Unit::Byte,
            description: String::new(),
            position: String::new(),
            error: 0,
            word: Vec::new(),
            count: 0,
            words: 0,
            total: 0,
        };
        let mut head = Vec::new();
        file.bytes(6, &mut head)?;
        if head[..4] != MAGIC {
            return Err(file.fault("not a file of counted words"));
        }
        if head[4] != VERSION {
            let message = format!("has version {}, this build reads {VERSION}", head[4]);
            return Err(file.fault(&message));
        }
        file.unit = if head[5] == 0 { Unit::Byte } else { Unit::Char };
        file.description = file.text()?;
        file.position = file.text()?;
        file.error = file.number()?;
        Ok(file)
    }

    fn text(&mut self) -> Result<String, TrainError> {
        let (len, mut text) = (self.number()?, Vec::new());
        self.bytes(len, &mut text)?;
        String::from_utf8(text).map_err(|_| self.fault("the description is not UTF-8"))
    }

    /// What [`write_counts`] was told.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Where counting was stopped; empty if it was not.
    pub fn position(&self) -> &str {
        &self.position
    }

    /// What the words are made of.
    pub fn unit(&self) -> Unit {
        self.unit
    }

    fn fault(&self, message: &str) -> TrainError {
        TrainError::Counts { name: self.name.clone(), message: message.to_owned() }
    }

    fn io(&self, error: io::Error) -> TrainError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => self.fault("ends too early"),
            _ => TrainError::io(&self.name, error),
        }
    }

    /// Appends so many bytes of the file to `out`.
    fn bytes(&mut self, len: u64, out: &mut Vec<u8>) -> Result<(), TrainError> {
        if len > LONGEST {
            return Err(self.fault("is damaged: a length makes no sense"));
        }
        let mut missing = len as usize;
        // Memory grows with what is there, not with what a damaged length claims.
        while missing > 0 {
            let found = self.input.fill_buf();
            let found = match found {
                Ok([]) => return Err(self.fault("ends too early")),
                Ok(found) => found,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.io(error)),
            };
            let taken = found.len().min(missing);
            self.check.add(&found[..taken]);
            out.extend_from_slice(&found[..taken]);
            self.input.consume(taken);
            missing -= taken;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<u64, TrainError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let mut byte = [0];
            self.input.read_exact(&mut byte).map_err(|error| self.io(error))?;
            self.check.add(&byte);
            value |= u64::from(byte[0] & 0x7F) << shift;
            if byte[0] < 0x80 {
                return Ok(value);
            }
        }
        Err(self.fault("is damaged: a number is too long"))
    }

    /// Goes to the next word; false at the end of the file.
    fn advance(&mut self) -> Result<bool, TrainError> {
        let (shared, further) = (self.number()?, self.number()?);
        if (shared, further) == (0, 0) {
            return self.end().map(|()| false);
        }
        let before = self.word.get(shared as usize..).map(<[u8]>::to_vec);
        let Some(before) = before else {
            return Err(self.fault("is damaged: a word shares too many bytes"));
        };
        let mut word = std::mem::take(&mut self.word);
        word.truncate(shared as usize);
        let result = self.bytes(further, &mut word);
        // So ordered, no word is there twice.
        let ordered = word[shared as usize..] > before[..];
        self.word = word;
        result?;
        self.count = self.number()?;
        if !ordered || self.count == 0 {
            return Err(self.fault("is damaged: words are not in order"));
        }
        self.words += 1;
        self.total = self.total.saturating_add(self.count);
        Ok(true)
    }

    fn end(&mut self) -> Result<(), TrainError> {
        let (words, total) = (self.number()?, self.number()?);
        let mut check = [0; 8];
        self.input.read_exact(&mut check).map_err(|error| self.io(error))?;
        let sound = self.check.0 == u64::from_le_bytes(check);
        if !sound || (words, total) != (self.words, self.total) {
            return Err(self.fault("is damaged: the checksum is wrong"));
        }
        match self.input.fill_buf() {
            Ok([]) => Ok(()),
            Ok(_) => Err(self.fault("goes on after its end")),
            Err(error) => Err(self.io(error)),
        }
    }

    /// Adds up the words of files, those that occur less often than `least` left out. Memory is that of
    /// the result.
    ///
    /// # Errors
    /// If a file is damaged, or they were counted in different ways.
    pub fn join(files: Vec<Self>, least: u64) -> Result<Counts, TrainError> {
        let mut joined = Counts::new(files.first().map_or(Unit::Byte, |file| file.unit));
        Self::fit(&files)?;
        joined.error = Self::merge(files, |word, count| {
            if count >= least {
                joined.push(word, count);
            }
            Ok(())
        })?;
        Ok(joined)
    }

    /// As [`join`](Self::join), to a file. Memory is that of a few words.
    ///
    /// # Errors
    /// As [`join`](Self::join), and what the writer says.
    pub fn join_to(files: Vec<Self>, out: &mut dyn Write, name: &str) -> Result<(), TrainError> {
        Self::fit(&files)?;
        let description = files.first().map(|file| file.description.clone()).unwrap_or_default();
        Self::join_as(files, out, name, [&description, ""])
    }

    pub(super) fn join_as(
        files: Vec<Self>,
        out: &mut dyn Write,
        name: &str,
        texts: [&str; 2],
    ) -> Result<(), TrainError> {
        let unit = files.first().map_or(Unit::Byte, |file| file.unit);
        let failed = |error| TrainError::io(name, error);
        let error = files.iter().fold(0u64, |sum, file| sum.saturating_add(file.error));
        let mut writer = Writer::new(out, unit, texts, error).map_err(failed)?;
        Self::merge(files, |word, count| writer.word(word, count).map_err(failed))?;
        writer.finish().map_err(failed)
    }

    /// Whether all were counted in the same way.
    fn fit(files: &[Self]) -> Result<(), TrainError> {
        let Some((first, rest)) = files.split_first() else { return Ok(()) };
        let fits =
            |file: &&Self| (&first.description, first.unit) == (&file.description, file.unit);
        match rest.iter().find(|file| !fits(file)) {
            None => Ok(()),
            Some(file) => {
                let (ours, theirs) = (&file.description, &first.description);
                let message = format!("was counted in another way ({ours:?}, not {theirs:?})");
                Err(file.fault(&message))
            }
        }
    }

    /// Words in order, and the sum of the errors.
    pub(super) fn merge(
        mut files: Vec<Self>,
        mut each: impl FnMut(&[u8], u64) -> Result<(), TrainError>,
    ) -> Result<u64, TrainError> {
        let mut heads = BinaryHeap::new();
        let mut error = 0u64;
        for (at, file) in files.iter_mut().enumerate() {
            error = error.saturating_add(file.error);
            if file.advance()? {
                heads.push(Reverse((file.word.clone(), at)));
            }
        }
        let mut word = Vec::new();
        let mut sum = 0u64;
        while let Some(Reverse((head, at))) = heads.pop() {
            if head != word {
                if sum > 0 {
                    each(&word, sum)?;
                }
                (word, sum) = (head, 0);
            }
            sum = sum.saturating_add(files[at].count);
            if files[at].advance()? {
                heads.push(Reverse((files[at].word.clone(), at)));
            }
        }
        if sum > 0 {
            each(&word, sum)?;
        }
        Ok(error)
    }
}

impl Counts {
    /// Writes the words: see [`write_counts`].
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(
        &mut self,
        out: &mut dyn Write,
        description: &str,
        position: &str,
    ) -> io::Result<()> {
        self.sort();
        write_counts(out, self.unit, description, position, self.error, self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(words: &[(&str, u64)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut counts = Counts::from_words(Unit::Char, words.iter().copied());
        counts.write(&mut bytes, "by hand", "here").expect("memory");
        bytes
    }

    fn open(bytes: &[u8]) -> Result<CountsFile<&[u8]>, TrainError> {
        CountsFile::open(bytes, "x")
    }

    #[test]
    fn files_are_added_up() {
        let a = file(&[("the", 3), ("then", 1), ("é", 300)]);
        let b = file(&[("a", 1), ("the", u64::from(u32::MAX)), ("thence", 2)]);
        let open = |bytes| open(bytes).expect("a sound file");
        assert_eq!(open(&a).position(), "here");
        let joined = CountsFile::join(vec![open(&a), open(&b)], 2).expect("they fit");
        let words: Vec<_> = joined.iter().collect();
        let wanted: [(&[u8], u64); 3] =
            [(b"the", 3 + u64::from(u32::MAX)), (b"thence", 2), ("é".as_bytes(), 300)];
        assert_eq!(words, wanted);
        let mut both = Vec::new();
        CountsFile::join_to(vec![open(&a), open(&b)], &mut both, "y").expect("memory");
        assert_eq!(CountsFile::join(vec![open(&both)], 2).expect("sound"), joined);
    }

    #[test]
    fn every_damage_is_noticed() {
        let bytes = file(&[("the", 3), ("then", 1), ("thé", 300)]);
        let read = |bytes: &[u8]| CountsFile::join(vec![open(bytes)?], 0);
        assert!(read(&bytes).is_ok());
        for len in 0..bytes.len() {
            assert!(read(&bytes[..len]).is_err(), "cut to {len}");
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[len] ^= 1 << bit;
                assert!(read(&damaged).is_err(), "byte {len}, bit {bit}");
            }
        }
        assert!(read(&[&bytes[..], b"x"].concat()).is_err());
    }

    #[test]
    fn other_ways_of_counting_do_not_mix() {
        let mut other = Vec::new();
        Counts::from_words(Unit::Char, [("a", 1)])
            .write(&mut other, "otherwise", "")
            .expect("memory");
        let a = file(&[("a", 1)]);
        let error =
            CountsFile::join(vec![open(&a).expect("sound"), open(&other).expect("sound")], 0);
        assert_eq!(
            error.expect_err("they differ").to_string(),
            "x: was counted in another way (\"otherwise\", not \"by hand\")"
        );
    }
}
