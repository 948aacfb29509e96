//! Level 0: the answers for whole pre-tokens, placed so that the hot ones are found first.

use comptok_core::blob::{
    Section, field,
    lookup::{
        self, Key, LONG_MAX, Link, LongKey, NONE, SHORT_MAX, SHORT_PER_LINE, TINY_PER_LINE,
        TinyKey, Value, head_line,
    },
};

use std::{cmp::Reverse, collections::HashSet};

use super::{
    BakeError,
    bpe::Symbols,
    image::{Image, le_bytes},
    profile::Counts,
    texts::Texts,
};
use crate::spec::Bpe;

/// Keys for each head line of the tier for up to 7 bytes: the fewer lines, the more of them stay in
/// the processor's cache; the more, the more hits are in the head. With these, 95 to 97 of 100 pre-tokens of
/// english that have an answer have it there.
const TINY_PER_HEAD: usize = 10;

/// The same of the tier for 8 to 15 bytes.
const SHORT_PER_HEAD: usize = 5;

/// An entry of a tier: its hash and its place in the list of keys.
#[derive(Clone, Copy)]
struct Entry<K> {
    key: K,
    hash: u64,
    value: Value,
}

/// What can be an answer.
pub(super) struct Words<'w> {
    pub(super) model: &'w Bpe,
    pub(super) texts: &'w Texts,
    pub(super) symbols: &'w Symbols,
    /// Whether the pre-tokenizer leaves a text whole.
    pub(super) keeps_whole: &'w (dyn Fn(&[u8]) -> bool + Sync),
}

impl<'w> Words<'w> {
    pub(super) fn write(&self, image: &mut Image) -> Result<(), BakeError> {
        let words = self.vocabulary();
        write_words(image, &words)
    }

    /// As [`write`](Self::write), with the counts and answers of a profile, as many as its bound lets
    /// in.
    pub(super) fn write_with(&self, image: &mut Image, counts: &Counts) -> Result<(), BakeError> {
        self.write(image)?;
        let (plain, most) = (image.clone(), image.sections_len() + counts.max_bytes);
        let known = self.vocabulary();
        let whole: HashSet<&[u8]> = known.iter().map(|&(text, _)| text).collect();
        let mut new: Vec<&(Vec<u8>, Vec<u32>)> =
            counts.answers.iter().filter(|(text, _)| !whole.contains(text.as_slice())).collect();
        // A key takes 16 bytes and more, so this is far from too few.
        new.truncate(counts.max_bytes / 16);
        loop {
            let (mut words, mut ids) = (known.clone(), Vec::new());
            for (text, answer) in &new {
                // What cannot be said in a value is merged as before.
                if ids.len() <= Value::MAX_START && answer.len() <= Value::MAX_COUNT {
                    words.push((text, Value::many(ids.len(), answer.len())));
                    ids.extend_from_slice(answer);
                }
            }
            let count = |text: &[u8]| counts.words.get(text).copied().unwrap_or(0);
            // Words of the same count, and those that the text has not, stay in their order.
            words.sort_by_key(|&(text, _)| Reverse(count(text)));
            place(image, &words, &ids)?;
            let len = image.sections_len();
            if len <= most {
                return Ok(());
            }
            if new.is_empty() {
                *image = plain;
                return Ok(());
            }
            let grown = len - (most - counts.max_bytes);
            let fitting = new.len() as u64 * counts.max_bytes as u64 / grown as u64;
            new.truncate((fitting as usize).saturating_sub(new.len() / 64 + 1));
        }
    }

    /// Vocabulary entries that are answers, the hottest first.
    fn vocabulary(&self) -> Vec<(&'w [u8], Value)> {
        let Self { model, texts, symbols, keeps_whole } = *self;
        let heat = |entry: usize| heat(symbols.of_entry[entry], texts.get(entry));
        let mut order: Vec<(u64, u32)> =
            (0u32..).take(texts.len()).map(|entry| (heat(entry as usize), entry)).collect();
        order.sort_unstable();
        let mut words = Vec::with_capacity(order.len());
        for (_, entry) in order {
            let entry = entry as usize;
            let Some(text) = texts.get(entry).filter(|text| !text.is_empty()) else {
                continue;
            };
            let Some((_, id)) = model.vocab.get(entry) else { continue };
            let reachable = symbols.of_entry[entry] != NONE;
            // The merges of a reachable entry end in its one symbol; another entry is an answer only
            // where merges are ignored. An entry that is never a pre-token would waste a place.
            let answers = match reachable {
                true => keeps_whole(text),
                false => model.ignore_merges,
            };
            if answers {
                words.push((text, Value::one(id)));
            }
        }
        words
    }
}

/// Writes level 0 for texts and their answers, the hottest first. No text may be there twice.
pub(super) fn write_words(image: &mut Image, words: &[(&[u8], Value)]) -> Result<(), BakeError> {
    let longest = words.iter().map(|(text, _)| text.len()).max().unwrap_or(0);
    image.set(field::MAX_WHOLE_LEN, longest as u32);
    place(image, words, &[])
}

/// Places words, the hottest first.
fn place(image: &mut Image, words: &[(&[u8], Value)], answers: &[u32]) -> Result<(), BakeError> {
    let (mut tiny, mut short, mut long) = (Vec::new(), Vec::new(), Vec::new());
    let mut filter = Vec::new();
    for &(text, value) in words {
        if let Some(key) = TinyKey::new(text) {
            tiny.push(Entry { key: key.0, hash: key.hash(), value });
        } else if let Some(key) = Key::new(text) {
            debug_assert!(text.len() <= SHORT_MAX);
            let key = key.0;
            short.push(Entry { key, hash: Key(key).hash(), value });
        } else if let Some(key) = LongKey::new(text) {
            debug_assert!(text.len() <= LONG_MAX);
            long.push(Entry { key, hash: key.hash(), value });
        } else {
            filter.resize(lookup::WHOLE_FILTER, 0u8);
            let (byte, bit) = lookup::whole_bit(text);
            filter[byte] |= 1 << bit;
        }
    }
    image.section(Section::WholeFilter, filter);
    image.section(Section::ShortFilter, short_filter(words));
    let (head, cold) = tier(&tiny, TINY_PER_LINE, TINY_PER_HEAD)?;
    image.section(Section::TinyHead, head);
    image.section(Section::TinyCold, cold);
    let (head, cold) = tier(&short, SHORT_PER_LINE, SHORT_PER_HEAD)?;
    image.section(Section::ShortHead, head);
    image.section(Section::ShortCold, cold);
    let (pilots, lines) = long_tier(&long)?;
    image.section(Section::LongPilots, pilots);
    image.section(Section::Long, lines);
    image.section(Section::Answers, le_bytes(answers));
    Ok(())
}

/// The filter of keys of up to 15 bytes.
fn short_filter(words: &[(&[u8], Value)]) -> Vec<u8> {
    let keys = || words.iter().filter_map(|(text, _)| Key::new(text));
    let mut blocks = vec![0; (keys().count() * lookup::FILTER_BITS).div_ceil(64)];
    for key in keys() {
        let (block, bits) = lookup::filter_bits(key, blocks.len());
        blocks[block] |= bits;
    }
    let blocks: Vec<[u8; 8]> = blocks.iter().map(|block: &u64| block.to_le_bytes()).collect();
    blocks.into_flattened()
}

/// The hotter an entry, the lower. Rank tells how frequent a token is, but one that begins inside a
/// word is rarely a pre-token: those count as if their rank were four times as high (+1.5 % of
/// o200k's hits on english in the head, measured for 2, 4 and 8). What no merges make comes last.
fn heat(symbol: u32, text: Option<&[u8]>) -> u64 {
    let inside = text.is_some_and(|text| {
        text.len() > 1 && (text[0].is_ascii_lowercase() || !text[0].is_ascii())
    });
    u64::from(symbol) * if inside { 4 } else { 1 }
}

/// A key of a tier with lines: its bytes as they stand there.
trait LineKey: Copy {
    fn write(self, to: &mut [u8]);
}

impl LineKey for u64 {
    fn write(self, to: &mut [u8]) {
        to.copy_from_slice(&self.to_le_bytes());
    }
}

impl LineKey for u128 {
    fn write(self, to: &mut [u8]) {
        to.copy_from_slice(&self.to_le_bytes());
    }
}

/// Writes an entry to slot `slot` of a line with `keys` keys; the values come after the keys.
fn put<K: LineKey>(lines: &mut [u8], line: usize, slot: usize, keys: usize, entry: &Entry<K>) {
    let line = &mut lines[64 * line..64 * line + 64];
    let len = size_of::<K>();
    entry.key.write(&mut line[len * slot..len * (slot + 1)]);
    let value = len * keys + 4 * slot;
    line[value..value + 4].copy_from_slice(&entry.value.0.to_le_bytes());
}

/// The lines of a tier: those of the head, with the hottest `keys` keys of each, and the others.
fn tier<K: LineKey>(
    entries: &[Entry<K>],
    keys: usize,
    per_head: usize,
) -> Result<(Vec<u8>, Vec<u8>), BakeError> {
    let heads = entries.len() / per_head + 1;
    let (groups, ends) = by_line(entries, heads);
    let mut head = vec![0u8; 64 * heads];
    let (mut cold, mut start) = (Vec::new(), 0);
    for (line, end) in ends.into_iter().enumerate() {
        let group = &groups[start..end];
        start = end;
        let (hot, rest) = group.split_at(group.len().min(keys));
        for (slot, entry) in hot.iter().enumerate() {
            put(&mut head, line, slot, keys, entry);
        }
        if rest.is_empty() {
            continue;
        }
        let first = cold.len() / 64;
        let (lines, seed) = spread(rest, keys)?;
        if first + lines > Link::MAX_START {
            return Err(BakeError::unsupported("a vocabulary of this size"));
        }
        cold.resize(64 * (first + lines), 0);
        let mut filled = [0; Link::MAX_LINES];
        for entry in rest {
            let offset = Link::offset(entry.hash, seed, lines);
            put(&mut cold, first + offset, filled[offset], keys, entry);
            filled[offset] += 1;
        }
        let link = Link::new(first, lines, seed);
        head[64 * line + 60..64 * line + 64].copy_from_slice(&link.0.to_le_bytes());
    }
    Ok((head, cold))
}

/// The entries of each head line one after the other, in their order, and where each line's end.
fn by_line<K: Copy>(entries: &[Entry<K>], heads: usize) -> (Vec<Entry<K>>, Vec<usize>) {
    let mut ends = vec![0; heads];
    for entry in entries {
        ends[head_line(entry.hash, heads)] += 1;
    }
    let mut sum = 0;
    for end in &mut ends {
        // Where the line begins, until its entries are there.
        sum += core::mem::replace(end, sum);
    }
    let mut groups = entries.to_vec();
    for entry in entries {
        let end = &mut ends[head_line(entry.hash, heads)];
        groups[*end] = *entry;
        *end += 1;
    }
    (groups, ends)
}

/// The fewest lines, and a seed, for which no line gets more keys than it holds.
fn spread<K>(entries: &[Entry<K>], keys: usize) -> Result<(usize, u32), BakeError> {
    let fewest = entries.len().div_ceil(keys);
    for lines in fewest..=Link::MAX_LINES {
        for seed in 0..Link::SEEDS {
            let mut filled = [0; Link::MAX_LINES];
            let fits = entries.iter().all(|entry| {
                let count = &mut filled[Link::offset(entry.hash, seed, lines)];
                *count += 1;
                *count <= keys
            });
            if fits {
                return Ok((lines, seed));
            }
        }
    }
    Err(BakeError::new("internal error while baking: words with one hash find no place"))
}

fn long_tier(entries: &[Entry<LongKey>]) -> Result<(Vec<u8>, Vec<u8>), BakeError> {
    if entries.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let mut lines = entries.len() + entries.len() / 4 + 1;
    loop {
        if let Some(done) = place_long(entries, lines) {
            return Ok(done);
        }
        lines += lines / 8 + 1;
        if lines > 16 * entries.len() + 64 {
            return Err(BakeError::new("internal error while baking: long words find no place"));
        }
    }
}

/// Places groups of keys, the largest first, each by the first pilot that finds free lines.
fn place_long(entries: &[Entry<LongKey>], lines: usize) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut groups = vec![Vec::new(); entries.len() / 4 + 1];
    for entry in entries {
        groups[lookup::pilot_index(entry.hash, entries.len() / 4 + 1)].push(*entry);
    }
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_key(|&group| std::cmp::Reverse(groups[group].len()));
    let mut pilots = vec![0u8; 2 * groups.len()];
    let mut taken = vec![false; lines];
    let mut bytes = vec![0u8; 64 * lines];
    for group in order {
        let keys = &groups[group];
        let pilot = (0..=u16::MAX).find(|&pilot| {
            let places: Vec<usize> =
                keys.iter().map(|key| lookup::long_line(key.hash, pilot, lines)).collect();
            places
                .iter()
                .enumerate()
                .all(|(i, place)| !taken[*place] && !places[..i].contains(place))
        })?;
        pilots[2 * group..2 * group + 2].copy_from_slice(&pilot.to_le_bytes());
        for entry in keys {
            let line = lookup::long_line(entry.hash, pilot, lines);
            taken[line] = true;
            bytes[64 * line..64 * line + 32].copy_from_slice(&entry.key.0);
            bytes[64 * line + 32..64 * line + 36].copy_from_slice(&entry.value.0.to_le_bytes());
        }
    }
    Some((pilots, bytes))
}
