//! Counted words: what the trainers learn from.

use super::table::Table;
use crate::{TrainError, Unit};

/// Words, each once, and how often they occur.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    pub(super) unit: Unit,
    pub(super) bytes: Vec<u8>,
    pub(super) ends: Vec<usize>,
    pub(super) counts: Vec<u64>,
    /// How much too low a count may be, if rare words were forgotten while counting; words with no more
    /// than that may be absent.
    pub(super) error: u64,
}

impl Counts {
    /// No words.
    pub fn new(unit: Unit) -> Self {
        Self { unit, bytes: Vec::new(), ends: Vec::new(), counts: Vec::new(), error: 0 }
    }

    /// The words of an iterator, those that are equal added up.
    ///
    /// ```
    /// use comptok_train::{Counts, Unit};
    /// let counts = Counts::from_words(Unit::Char, [("low", 5), ("lower", 2), ("low", 1)]);
    /// assert_eq!(counts.iter().collect::<Vec<_>>(), [(&b"low"[..], 6), (b"lower", 2)]);
    /// ```
    pub fn from_words<W: AsRef<[u8]>>(
        unit: Unit,
        words: impl IntoIterator<Item = (W, u64)>,
    ) -> Self {
        let mut table = Table::new(super::table::random_seed());
        for (word, count) in words {
            table.add_slow(word.as_ref(), count);
        }
        let mut counts = Self::from_tables(unit, vec![table]);
        counts.sort();
        counts
    }

    /// All words of tables with one seed: the smaller ones go into the largest one, or where there are many
    /// words, one partition after the other, by a thread each.
    pub(super) fn from_tables(unit: Unit, mut tables: Vec<Table>) -> Self {
        /// Words from which on threads are worth their start.
        const MANY: usize = 1 << 20;
        let mut joined = Self::new(unit);
        if tables.len() <= 1 || tables.iter().map(Table::len).sum::<usize>() < MANY {
            tables.sort_by_key(Table::len);
            if let Some(mut largest) = tables.pop() {
                for table in &tables {
                    table.for_each(0, 1, |word, count| largest.add_slow(word, count));
                }
                joined.extend(&largest);
            }
            return joined;
        }
        let parts = tables.len();
        let tables = &tables;
        let partition = |part: usize| {
            let mut all = Table::new(super::table::random_seed());
            for table in tables {
                table.for_each(part, parts, |word, count| all.add_slow(word, count));
            }
            let mut counts = Self::new(unit);
            counts.extend(&all);
            counts
        };
        let partition = &partition;
        let joined_parts: Vec<Self> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..parts).map(|part| scope.spawn(move || partition(part))).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic inside")).collect()
        });
        for part in joined_parts {
            let moved = joined.bytes.len();
            joined.bytes.extend_from_slice(&part.bytes);
            joined.ends.extend(part.ends.iter().map(|end| end + moved));
            joined.counts.extend_from_slice(&part.counts);
        }
        joined
    }

    fn extend(&mut self, table: &Table) {
        self.ends.reserve(table.len());
        self.counts.reserve(table.len());
        table.for_each(0, 1, |word, count| self.push(word, count));
    }

    /// Appends a word that is not there yet.
    pub(super) fn push(&mut self, word: &[u8], count: u64) {
        self.bytes.extend_from_slice(word);
        self.ends.push(self.bytes.len());
        self.counts.push(count);
    }

    /// Orders the words by their bytes.
    pub(super) fn sort(&mut self) {
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        order.sort_unstable_by(|&a, &b| self.word(a as usize).cmp(self.word(b as usize)));
        let mut sorted = Self { error: self.error, ..Self::new(self.unit) };
        sorted.bytes.reserve(self.bytes.len());
        for at in order {
            sorted.push(self.word(at as usize), self.counts[at as usize]);
        }
        *self = sorted;
    }

    pub(super) fn word(&self, at: usize) -> &[u8] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.bytes[start..self.ends[at]]
    }

    /// What the words are made of.
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// The number of different words.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no word.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The length of all different words together.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// How often words occur, all together.
    pub fn total(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// How much too low a count may be: 0 unless memory ran out and rare words had to be forgotten.
    /// Words that occur no more often than that may be absent.
    pub fn error(&self) -> u64 {
        self.error
    }

    /// Words and counts.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], u64)> + Clone {
        let mut start = 0;
        self.ends.iter().zip(&self.counts).map(move |(&end, &count)| {
            let word = &self.bytes[start..end];
            start = end;
            (word, count)
        })
    }

    /// Forgets words that occur less often than `least`, and says how many they were.
    pub fn drop_rare(&mut self, least: u64) -> usize {
        let mut kept = Self { error: self.error, ..Self::new(self.unit) };
        for (word, count) in self.iter() {
            if count >= least {
                kept.push(word, count);
            }
        }
        let dropped = self.len() - kept.len();
        *self = kept;
        dropped
    }

    /// For trainers that take text: every word must be UTF-8.
    pub(crate) fn texts(&self) -> Result<impl Iterator<Item = (&str, u64)> + Clone, TrainError> {
        if self.unit == Unit::Byte {
            return Err(TrainError::Options(
                "the words were counted as bytes, not as chars".into(),
            ));
        }
        if std::str::from_utf8(&self.bytes).is_err() {
            return Err(TrainError::Options("a word is not UTF-8".into()));
        }
        Ok(self.iter().filter_map(|(word, count)| Some((std::str::from_utf8(word).ok()?, count))))
    }
}
