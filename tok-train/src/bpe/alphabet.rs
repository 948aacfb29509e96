//! Units to symbols: which bytes or chars a word is made of, and their numbers.

use std::collections::{BTreeMap, HashMap};

use comptok_bake::byte_level;

use super::words::Words;
use super::{BpeTrainer, Ties};
use crate::{Counts, TrainError, Unit};

/// Symbols by number, and the other way round.
#[derive(Debug, Default)]
pub(super) struct Symbols {
    /// As the vocabulary spells them: text, or bytes with [`Ties::RustBpe`].
    pub(super) tokens: Vec<Vec<u8>>,
    /// Units of each.
    pub(super) lens: Vec<usize>,
    numbers: HashMap<Vec<u8>, u32>,
}

impl Symbols {
    /// The number of a spelling, a new one if it has none.
    pub(super) fn number(&mut self, token: &[u8], len: usize) -> u32 {
        if let Some(&number) = self.numbers.get(token) {
            return number;
        }
        let number = self.push(token.to_vec(), len);
        self.numbers.insert(token.to_vec(), number);
        number
    }

    /// A symbol of its own, whatever its spelling.
    pub(super) fn push(&mut self, token: Vec<u8>, len: usize) -> u32 {
        self.tokens.push(token);
        self.lens.push(len);
        self.tokens.len() as u32 - 1
    }

    fn get(&self, token: &[u8]) -> Option<u32> {
        self.numbers.get(token).copied()
    }
}

/// Special tokens and the alphabet, and the words in its symbols; those of `long` symbols and more will be
/// linked.
pub(super) fn build(
    trainer: &BpeTrainer,
    counts: &Counts,
    long: usize,
) -> Result<(Symbols, Words), TrainError> {
    if trainer.ties == Ties::RustBpe {
        return bytes(counts, long);
    }
    let mut symbols = Symbols::default();
    for token in &trainer.special_tokens {
        symbols.number(token.as_bytes(), token.chars().count());
    }
    for c in alphabet(trainer, counts)? {
        symbols.number(c.encode_utf8(&mut [0; 4]).as_bytes(), 1);
    }
    let words = match counts.unit() {
        Unit::Byte => byte_words(trainer, counts, &mut symbols, long)?,
        Unit::Char => char_words(trainer, counts, &mut symbols, long)?,
    };
    Ok((symbols, words))
}

/// Every byte is its own symbol.
fn bytes(counts: &Counts, long: usize) -> Result<(Symbols, Words), TrainError> {
    if counts.unit() != Unit::Byte {
        return Err(TrainError::Options("ties like rustbpe need words of bytes".into()));
    }
    let mut symbols = Symbols::default();
    for byte in 0..=255u8 {
        symbols.push(vec![byte], 1);
    }
    let mut words = Words::new(long);
    let mut word = Vec::new();
    for (bytes, count) in counts.iter().filter(|(bytes, _)| bytes.len() > 1) {
        word.clear();
        word.extend(bytes.iter().map(|byte| u32::from(*byte)));
        words.push(&word, count)?;
    }
    Ok((symbols, words))
}

/// The chars to begin with, in their order.
fn alphabet(trainer: &BpeTrainer, counts: &Counts) -> Result<Vec<char>, TrainError> {
    let mut found: BTreeMap<char, u64> = BTreeMap::new();
    match counts.unit() {
        Unit::Byte => {
            let mut bytes = [0u64; 256];
            for (word, count) in counts.iter() {
                for byte in word {
                    let sum = &mut bytes[usize::from(*byte)];
                    *sum = sum.saturating_add(count);
                }
            }
            let seen = (0..=255u8).zip(bytes).filter(|(_, count)| *count > 0);
            found.extend(seen.map(|(byte, count)| (byte_level::char_of(byte), count)));
        }
        Unit::Char => {
            let mut chars = vec![0u64; 0x11_0000];
            for (word, count) in counts.texts()? {
                for c in word.chars() {
                    let sum = &mut chars[c as usize];
                    *sum = sum.saturating_add(count);
                }
            }
            let seen = (0..).zip(chars).filter(|(_, count)| *count > 0);
            found.extend(seen.filter_map(|(c, count)| Some((char::from_u32(c)?, count))));
        }
    }
    found.extend(trainer.initial_alphabet.iter().map(|c| (*c, u64::MAX)));
    let mut kept: Vec<(char, u64)> = found.into_iter().collect();
    if let Some(limit) = trainer.limit_alphabet
        && kept.len() > limit
    {
        // Among equally rare chars those with the larger code go.
        kept.sort_by_key(|&(c, count)| (std::cmp::Reverse(count), c));
        kept.truncate(limit);
        kept.sort_unstable();
    }
    Ok(kept.into_iter().map(|(c, _)| c).collect())
}

fn byte_words(
    trainer: &BpeTrainer,
    counts: &Counts,
    symbols: &mut Symbols,
    long: usize,
) -> Result<Words, TrainError> {
    if prefix(trainer).is_some() || suffix(trainer).is_some() {
        // Rare enough to go the way of chars.
        let texts = counts.iter().map(|(word, count)| (byte_level::to_text(word), count));
        return marked_words(
            trainer,
            texts.collect::<Vec<_>>().iter().map(|(w, c)| (&**w, *c)),
            symbols,
            long,
        );
    }
    let number = |byte: u8| {
        let c = byte_level::char_of(byte);
        symbols.get(c.encode_utf8(&mut [0; 4]).as_bytes())
    };
    let mut numbers = [None; 256];
    for (byte, slot) in (0..=255).zip(&mut numbers) {
        *slot = number(byte);
    }
    let mut words = Words::new(long);
    let mut word = Vec::new();
    for (bytes, count) in counts.iter() {
        word.clear();
        word.extend(bytes.iter().filter_map(|byte| numbers[usize::from(*byte)]));
        if word.len() > 1 {
            words.push(&word, count)?;
        }
    }
    Ok(words)
}

fn char_words(
    trainer: &BpeTrainer,
    counts: &Counts,
    symbols: &mut Symbols,
    long: usize,
) -> Result<Words, TrainError> {
    marked_words(trainer, counts.texts()?, symbols, long)
}

fn prefix(trainer: &BpeTrainer) -> Option<&str> {
    trainer.continuing_subword_prefix.as_deref().filter(|text| !text.is_empty())
}

fn suffix(trainer: &BpeTrainer) -> Option<&str> {
    trainer.end_of_word_suffix.as_deref().filter(|text| !text.is_empty())
}

/// Forms of a char: whether it begins the word, and whether it ends it.
fn form(first: bool, last: bool) -> usize {
    usize::from(!first) + 2 * usize::from(last)
}

/// Words of chars, with a prefix for chars that do not begin the word, and a suffix for the one that ends it.
fn marked_words<'a>(
    trainer: &BpeTrainer,
    texts: impl Iterator<Item = (&'a str, u64)>,
    symbols: &mut Symbols,
    long: usize,
) -> Result<Words, TrainError> {
    const UNKNOWN: u32 = u32::MAX;
    const NONE: u32 = u32::MAX - 1;
    let (prefix, suffix) = (prefix(trainer).unwrap_or(""), suffix(trainer).unwrap_or(""));
    let mut texts: Vec<(&str, u64)> = texts.collect();
    if !(prefix.is_empty() && suffix.is_empty()) {
        // Symbols get their numbers where they are first seen.
        texts.sort_unstable();
    }
    let mut numbers = vec![[UNKNOWN; 4]; 0x11_0000];
    let mut number = |c: char, form: usize| {
        let slot = &mut numbers[c as usize][form];
        if *slot == UNKNOWN {
            let prefix = if form & 1 == 1 { prefix } else { "" };
            let suffix = if form & 2 == 2 { suffix } else { "" };
            *slot = match symbols.get(c.encode_utf8(&mut [0; 4]).as_bytes()) {
                None => NONE,
                Some(plain) if prefix.is_empty() && suffix.is_empty() => plain,
                Some(_) => symbols.number(format!("{prefix}{c}{suffix}").as_bytes(), 1),
            };
        }
        *slot
    };
    let mut words = Words::new(long);
    let mut word = Vec::new();
    for (text, count) in texts {
        word.clear();
        let mut first = true;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let number = number(c, form(first, chars.peek().is_none()));
            if number != NONE {
                word.push(number);
            }
            first = false;
        }
        if word.len() > 1 {
            words.push(&word, count)?;
        }
    }
    Ok(words)
}
