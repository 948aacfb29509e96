//! Which tokens merges can make, and by which pair each is made.

use comptok_core::{
    blob::lookup::{NONE, PairEntry},
    model::bpe::{Pairs, SHORT, Word, merge_heap, merge_short, words_for},
};
use std::cell::Cell;

use super::{BakeError, spines, texts::Texts};
use crate::{
    both::{WORTH_IT, both},
    merges,
    spec::{Bpe, Merges, Vocab, slots_for},
};

/// Symbols as the engine numbers them: bytes first, then what merges make, by rank.
pub(super) struct Symbols {
    /// The symbol of each byte; NONE if it has neither token nor symbol.
    pub(super) bytes: [u32; 256],
    /// The id of each symbol; NONE for that of a byte without a token.
    pub(super) ids: Vec<u32>,
    /// For each symbol that is not a byte, in order: left and right symbol.
    pub(super) pairs: Vec<(u32, u32)>,
    /// For each vocabulary entry, its symbol; NONE if merges never make it. Behind them, those of bytes
    /// without a token.
    pub(super) of_entry: Vec<u32>,
}

impl Symbols {
    /// The bytes that have no token.
    pub(super) fn missing(&self) -> Vec<u8> {
        let has_id = |symbol: u32| self.ids.get(symbol as usize).is_some_and(|&id| id != NONE);
        (0..=255).filter(|&byte| !has_id(self.bytes[usize::from(byte)])).collect()
    }

    /// How many symbols are bytes.
    pub(super) fn byte_len(&self) -> usize {
        self.ids.len() - self.pairs.len()
    }

    /// Something about each symbol, from the same about the bytes that it is made of.
    pub(super) fn fold<T: Copy>(
        &self,
        byte: impl Fn(u8) -> T,
        join: impl Fn(T, T) -> T,
    ) -> Vec<Option<T>> {
        let first = self.byte_len() as u32;
        let mut known = vec![None; self.ids.len()];
        for (value, &symbol) in (0..=255).zip(&self.bytes) {
            if let Some(slot) = known.get_mut(symbol as usize) {
                *slot = Some(byte(value));
            }
        }
        // Parts may have higher numbers than what they make, so in as many passes as that needs.
        let mut todo = true;
        while todo {
            todo = false;
            for (product, &(left, right)) in (first..).zip(&self.pairs) {
                if known[product as usize].is_none()
                    && let (Some(left), Some(right)) = (known[left as usize], known[right as usize])
                {
                    known[product as usize] = Some(join(left, right));
                    todo = true;
                }
            }
        }
        known
    }
}

/// The symbols of a model. `texts` are the bytes that the entries stand for; `None` for entries
/// that stand for none.
pub(super) fn symbols(model: &Bpe, texts: &Texts) -> Result<Symbols, BakeError> {
    let max = PairEntry::MAX_SYMBOLS;
    if texts.len() >= max - 256 {
        return Err(BakeError::unsupported(format_args!("more than {} tokens", max - 257)));
    }
    let mut bytes = [NONE; 256];
    for (entry, text) in texts.iter().enumerate() {
        if let Some(text) = text
            && let &[byte] = text
        {
            bytes[usize::from(byte)] = entry as u32;
        }
    }
    let mut entries = texts.len();
    if matches!(model.merges, Merges::ByRank) {
        // Ranks know bytes only, so that one without a token is merged into longer tokens all the same.
        for byte in bytes.iter_mut().filter(|byte| **byte == NONE) {
            *byte = entries as u32;
            entries += 1;
        }
    }
    let made = match &model.merges {
        Merges::ByRank => by_rank(model, texts, &bytes),
        Merges::List(list) => by_list(model, texts, &bytes, list)?,
    };

    // Renumber: bytes in byte order, then products in the order in which they were made.
    let id_of = |entry: u32| model.vocab.get(entry as usize).map_or(NONE, |(_, id)| id);
    let mut symbols = Symbols {
        bytes: [NONE; 256],
        ids: Vec::with_capacity(made.len() + 256),
        pairs: Vec::with_capacity(made.len()),
        of_entry: vec![NONE; entries],
    };
    for (byte, &entry) in bytes.iter().enumerate() {
        if entry != NONE {
            let symbol = symbols.ids.len() as u32;
            symbols.bytes[byte] = symbol;
            symbols.of_entry[entry as usize] = symbol;
            symbols.ids.push(id_of(entry));
        }
    }
    for made in &made {
        symbols.of_entry[made.entry as usize] = symbols.ids.len() as u32;
        symbols.ids.push(id_of(made.entry));
    }
    // In a second pass, because a part may have a higher rank than what it is part of.
    for made in &made {
        let symbol = |entry: u32| symbols.of_entry[entry as usize];
        let pair = (symbol(made.left), symbol(made.right));
        symbols.pairs.push(pair);
    }
    Ok(symbols)
}

/// An entry that merges make, and its only pair.
pub(super) struct Made {
    pub(super) entry: u32,
    pub(super) left: u32,
    pub(super) right: u32,
}

/// Pairs of entries while they are being found: a flat table, cheap at opt-level 0.
pub(super) struct Table {
    slots: Vec<u64>,
    bytes: [u32; 256],
    /// The entry that a rank makes.
    products: Vec<u32>,
    /// The rank of the merge made last.
    last: Cell<u32>,
}

impl Table {
    pub(super) fn new(pairs: usize, bytes: [u32; 256]) -> Self {
        let slots = vec![0; slots_for(pairs)];
        Self { slots, bytes, products: Vec::new(), last: Cell::new(NONE) }
    }

    /// The slot of a pair, or the free slot where it would be.
    fn slot(&self, key: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize & mask;
        while self.slots[at] != 0 && self.slots[at] >> 22 != key {
            at = (at + 1) & mask;
        }
        at
    }

    /// A later pair replaces an equal earlier one, as in the reference; `true` if there is one.
    pub(super) fn insert(&mut self, left: u32, right: u32, rank: u32) -> bool {
        let entry = PairEntry::new(left, right, rank).0;
        let at = self.slot(entry >> 22);
        core::mem::replace(&mut self.slots[at], entry) != 0
    }

    /// Merges `text`; the entry that it becomes, if it becomes one.
    fn merge(&self, text: &[u8], words: &mut Vec<Word>) -> Vec<u32> {
        if text.len() <= SHORT {
            let mut symbols = [0; SHORT];
            let count = merge_short(self, text, &mut symbols);
            return symbols[..count].to_vec();
        }
        words.resize(words_for(text.len()), [0; 8]);
        let count = merge_heap(self, text, words).unwrap_or(0);
        words[..count].iter().map(|word| u64::from_ne_bytes(*word) as u32).collect()
    }
}

impl Pairs for Table {
    fn rank(&self, left: u32, right: u32) -> u32 {
        let key = PairEntry::new(left, right, 0).0 >> 22;
        match self.slots[self.slot(key)] {
            0 => NONE,
            entry => (entry as u32 & ((1 << 22) - 1)) >> 1,
        }
    }

    fn product(&self, rank: u32) -> u32 {
        self.last.set(rank);
        self.products[rank as usize]
    }

    fn byte(&self, byte: u8) -> u32 {
        self.bytes[usize::from(byte)]
    }
}

/// Rank files: an entry is made from the two parts into which lower ranks turn its bytes.
fn by_rank(model: &Bpe, texts: &Texts, bytes: &[u32; 256]) -> Vec<Made> {
    let mut table = Table::new(texts.len(), *bytes);
    // Entries are in order of id, which is their rank.
    table.products = (0..texts.len() as u32).collect();
    let (mut made, mut words, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for (entry, text) in texts.iter().enumerate() {
        let Some(text) = text.filter(|text| text.len() > 1) else { continue };
        match table.merge(text, &mut words)[..] {
            [left, right] => {
                table.insert(left, right, entry as u32);
                made.push(Made { entry: entry as u32, left, right });
            }
            _ => rest.push(text),
        }
    }
    // What lower ranks do not make could still be made from parts of higher rank. No file in use
    // has such an entry; for one that has, everything is worked out again from the definition.
    let index = model.vocab.index();
    let mut splitter = merges::Splitter::new(&model.vocab, index);
    if rest.iter().all(|text| splitter.parts(text).is_none()) {
        return made;
    }
    let entry_of = |part: &[u8]| match *part {
        [byte] => Some(bytes[usize::from(byte)]),
        _ => index.get(&model.vocab, part).map(|entry| entry as u32),
    };
    made.clear();
    for (entry, text) in texts.iter().enumerate() {
        let Some(text) = text.filter(|text| text.len() > 1) else { continue };
        if let Some(middle) = splitter.parts(text)
            && let (Some(left), Some(right)) =
                (entry_of(&text[..middle]), entry_of(&text[middle..]))
        {
            made.push(Made { entry: entry as u32, left, right });
        }
    }
    made
}

/// Merge lists: an entry is made if the whole list makes it from its own bytes.
fn by_list(
    model: &Bpe,
    texts: &Texts,
    bytes: &[u32; 256],
    list: &[(u32, u32)],
) -> Result<Vec<Made>, BakeError> {
    if list.len() >= PairEntry::MAX_SYMBOLS {
        let max = PairEntry::MAX_SYMBOLS - 1;
        return Err(BakeError::unsupported(format_args!("more than {max} merges")));
    }
    let largest = model.vocab.iter().map(|(_, id)| id).max().unwrap_or(0);
    let mut entry_of = vec![NONE; largest as usize + 1];
    for (entry, (_, id)) in model.vocab.iter().enumerate() {
        entry_of[id as usize] = entry as u32;
    }
    let entry = |id: u32| entry_of.get(id as usize).copied().unwrap_or(NONE);
    let (table, made) = both(
        list.len() >= WORTH_IT,
        || {
            let (mut table, mut is_unique) = (Table::new(list.len(), *bytes), true);
            let mut sides = Vec::with_capacity(list.len());
            for (rank, &(left, right)) in (0..).zip(list) {
                let (left, right) = (entry(left), entry(right));
                sides.push((left, right));
                is_unique &= !table.insert(left, right, rank);
            }
            (table, sides, is_unique)
        },
        || products(&model.vocab, list, entry),
    );
    let (mut table, sides, is_unique) = table;
    table.products = made?;
    let merges = spines::List { sides: &sides, products: &table.products, is_unique };
    match spines::made(&merges, &table, bytes, texts.len()) {
        Some(made) => Ok(made),
        None => Ok(in_any_order(&merges, texts, &table, bytes).made()),
    }
}

/// What each merge makes, if the vocabulary has all of it.
fn products(
    vocab: &Vocab,
    list: &[(u32, u32)],
    entry: impl Fn(u32) -> u32,
) -> Result<Vec<u32>, BakeError> {
    let (index, mut last) = (vocab.index(), 0);
    let text = |id: u32| vocab.get(entry(id) as usize).map_or(&[][..], |(token, _)| token);
    let (mut products, mut product) = (Vec::with_capacity(list.len()), Vec::new());
    for (rank, &(left, right)) in list.iter().enumerate() {
        product.clear();
        product.extend_from_slice(text(left));
        product.extend_from_slice(text(right));
        let Some(made) = index.get_near(vocab, &product, &mut last) else {
            return Err(BakeError::new(format!(
                "merge {rank} makes {}, which is not in the vocabulary",
                crate::error::quote_bytes(&product)
            )));
        };
        products.push(made as u32);
    }
    Ok(products)
}

/// The same for any order of merges.
fn in_any_order<'l>(
    merges: &'l spines::List<'l>,
    texts: &Texts,
    table: &Table,
    bytes: &[u32; 256],
) -> spines::Anyhow<'l> {
    let lens: Vec<u32> =
        texts.iter().map(|text| text.map_or(0, |text| text.len() as u32)).collect();
    let starts = bytes.iter().copied().filter(|&byte| byte != NONE);
    let mut words = Vec::new();
    spines::Anyhow::new(merges, table, starts, &lens, |entry| {
        let text = texts.get(entry as usize)?;
        (table.merge(text, &mut words) == [entry]).then(|| table.last.get())
    })
}

/// The same again, as it is defined: each entry's bytes are merged.
#[cfg(test)]
fn by_merging(texts: &Texts, table: &Table, sides: &[(u32, u32)]) -> Vec<Made> {
    let (mut made, mut words) = (Vec::new(), Vec::new());
    for (entry, text) in texts.iter().enumerate() {
        let Some(text) = text.filter(|text| text.len() > 1) else { continue };
        if text.iter().any(|&byte| table.byte(byte) == NONE) {
            continue;
        }
        if table.merge(text, &mut words) == [entry as u32] {
            let rank = table.last.get();
            let (left, right) = sides[rank as usize];
            made.push((rank, Made { entry: entry as u32, left, right }));
        }
    }
    // Each rank makes one entry, so the order is total.
    made.sort_unstable_by_key(|&(rank, _)| rank);
    made.into_iter().map(|(_, made)| made).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Alphabet;
    use comptok_core::model::Random;

    #[test]
    fn spines_say_what_merging_says() {
        let mut random = Random::new(7);
        let mut next = |limit| random.below(limit);
        let (mut quiet, mut loud, mut unordered) = (0, 0, 0);
        for _ in 0..4000 {
            // Few letters, so that merges get in each other's way.
            let letters = 1 + next(3);
            let mut tokens: Vec<Vec<u8>> = (0..letters).map(|at| vec![b'a' + at as u8]).collect();
            let mut bytes = [NONE; 256];
            for (entry, token) in tokens.iter().enumerate() {
                bytes[usize::from(token[0])] = entry as u32;
            }
            let (mut sides, mut products) = (Vec::new(), Vec::new());
            for _ in 0..next(20) {
                let (left, right) = (next(tokens.len()), next(tokens.len()));
                let whole = [&tokens[left][..], &tokens[right]].concat();
                let known = tokens.iter().position(|token| *token == whole);
                let product = known.unwrap_or(tokens.len());
                if known.is_none() {
                    tokens.push(whole);
                }
                sides.push((left as u32, right as u32));
                products.push(product as u32);
            }
            let mut table = Table::new(sides.len(), bytes);
            let mut is_unique = true;
            for (rank, &(left, right)) in sides.iter().enumerate() {
                is_unique &= !table.insert(left, right, rank as u32);
            }
            table.products = products;
            let mut vocab = Vocab::default();
            for (id, token) in tokens.iter().enumerate() {
                vocab.push(token, id as u32);
            }
            let texts = Texts::of(&vocab, Alphabet::Bytes);
            let merges = spines::List { sides: &sides, products: &table.products, is_unique };
            let wanted = by_merging(&texts, &table, &sides);
            let plain = |made: &[Made]| -> Vec<(u32, u32, u32)> {
                made.iter().map(|made| (made.entry, made.left, made.right)).collect()
            };
            let anyhow = in_any_order(&merges, &texts, &table, &bytes).made();
            assert_eq!(plain(&anyhow), plain(&wanted), "{tokens:?} {sides:?}");
            let Some(found) = spines::made(&merges, &table, &bytes, tokens.len()) else {
                unordered += anyhow.len();
                continue;
            };
            assert_eq!(plain(&found), plain(&wanted), "{tokens:?} {sides:?}");
            quiet += found.len();
            loud += tokens.len() - letters - found.len();
        }
        assert!(quiet > 1000 && loud > 100, "{quiet} are made, {loud} are not");
        assert!(unordered > 1000, "{unordered} are made in any order");
    }
}
