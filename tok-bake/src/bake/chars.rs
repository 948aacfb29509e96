//! Characters that merge on their own, proven: see [`comptok_core::model::bpe::chars`].

use comptok_core::{
    blob::{Section, lookup::NONE},
    model::bpe::chars::{CharEntry, PAGES, Sides, page_of},
};
use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, Hasher},
};

use super::{
    bpe::Symbols,
    image::{Image, le_bytes},
};
use crate::spec::{mix, random_seed};

/// Where [`Sides::NEVER`] stands.
const NEVER: usize = 1;

/// Bytes of a symbol that may be a part of a character, or of a space and one.
const PART: u32 = 4;

pub(super) fn write(image: &mut Image, symbols: &Symbols) {
    // Where a byte has no symbol, its neighbours become neighbours.
    if symbols.bytes.contains(&NONE) {
        return;
    }
    let merges = Merges::new(symbols);
    let mut tables = CharTables {
        // The first page is that of characters that have none.
        pages: vec![0; 2 * PAGES],
        chars: vec![0; 64],
        sides: vec![Sides::default(), Sides::NEVER],
        known: BTreeMap::from([(Sides::default(), 0), (Sides::NEVER, NEVER)]),
        parts: Vec::new(),
    };
    for first in (0x80..0x2_0000).step_by(64) {
        tables.page(&merges, first);
    }
    if tables.chars.len() == 64 {
        return;
    }
    image.section(
        Section::CharPages,
        tables.pages.iter().flat_map(|page| page.to_le_bytes()).collect(),
    );
    image.section(Section::Chars, le_bytes(&tables.chars));
    image.section(
        Section::CharSides,
        tables.sides.iter().flat_map(|sides| sides.to_bytes()).collect(),
    );
    image.section(Section::CharParts, le_bytes(&tables.parts));
}

/// What a stretch merges to, and where that holds.
struct Quiet {
    symbols: Vec<u32>,
    sides: Sides,
}

struct CharTables {
    pages: Vec<u16>,
    chars: Vec<u32>,
    sides: Vec<Sides>,
    known: BTreeMap<Sides, usize>,
    parts: Vec<u32>,
}

impl CharTables {
    /// The pages of 64 characters from `first` on, alone and after a space.
    fn page(&mut self, merges: &Merges<'_>, first: u32) {
        let mut buffer = [b' '; 5];
        let mut found: [Vec<(usize, Quiet)>; 2] = Default::default();
        let mut page = None;
        let mut plain = Vec::new();
        for char in (first..first + 64).filter_map(char::from_u32) {
            let len = char.encode_utf8(&mut buffer[1..]).len();
            let text = &buffer[1..=len];
            let Some((number, place, _)) = page_of(text, 0) else { continue };
            page = Some(number);
            if text.windows(2).all(|pair| merges.of_bytes(pair[0], pair[1]).is_none()) {
                plain.push(place);
                continue;
            }
            found[0].extend(merges.quiet(text, true).map(|quiet| (place, quiet)));
            found[1].extend(merges.quiet(&buffer[..=len], false).map(|quiet| (place, quiet)));
        }
        let Some(page) = page else { return };
        for (spaced, found) in found.iter().enumerate() {
            // Where none is one symbol, the script is rare in what the vocabulary was made from. Chinese
            // characters and emoji that are rare stand among others that are not.
            let rare = !found.iter().any(|(_, quiet)| quiet.symbols.len() == 1);
            if rare
                && (spaced == 1
                    || ![0x3400..0xD800, 0x1F000..0x1FB00]
                        .iter()
                        .any(|range| range.contains(&first)))
            {
                continue;
            }
            let Ok(number) = u16::try_from(self.chars.len() / 64) else { return };
            self.pages[2 * page + spaced] = number;
            self.chars.resize(self.chars.len() + 64, 0);
            for (place, quiet) in found {
                let entry = self.entry(quiet).unwrap_or(0);
                self.chars[usize::from(number) * 64 + place] = entry;
            }
            if spaced == 0 {
                for place in &plain {
                    self.chars[usize::from(number) * 64 + place] = CharEntry::BYTES.0;
                }
            }
        }
    }

    fn entry(&mut self, quiet: &Quiet) -> Option<u32> {
        let sides = match self.known.get(&quiet.sides) {
            Some(&known) => known,
            None if self.sides.len() == CharEntry::MAX_SIDES => NEVER,
            None => {
                self.known.insert(quiet.sides, self.sides.len());
                self.sides.push(quiet.sides);
                self.sides.len() - 1
            }
        };
        let value = match quiet.symbols[..] {
            [symbol] => symbol,
            _ => {
                let start = self.parts.len() as u32;
                self.parts.extend(&quiet.symbols);
                start
            }
        };
        ((value as usize) < CharEntry::MAX_VALUE)
            .then(|| CharEntry::new(quiet.symbols.len(), value, sides).0)
    }
}

/// The lowest products of a symbol with neighbours, by the byte next to it.
type ByByte = [u32; 64];

/// The two tables of a symbol, by number; the first of each is that of symbols without neighbours.
struct Neighbours {
    numbers: Vec<u32>,
    tables: Vec<(ByByte, u32)>,
}

impl Neighbours {
    fn new(symbols: usize) -> Self {
        Self { numbers: vec![0; symbols], tables: vec![([NONE; 64], NONE)] }
    }

    fn lower(&mut self, symbol: u32, byte: u8, product: u32) {
        let number = &mut self.numbers[symbol as usize];
        if *number == 0 {
            *number = self.tables.len() as u32;
            self.tables.push(([NONE; 64], NONE));
        }
        let (by_byte, ascii) = &mut self.tables[*number as usize];
        let slot = if byte < 0x80 { ascii } else { &mut by_byte[usize::from(byte & 63)] };
        *slot = product.min(*slot);
    }

    fn get(&self, symbol: u32) -> Option<&(ByByte, u32)> {
        match self.numbers[symbol as usize] {
            0 => None,
            number => self.tables.get(number as usize),
        }
    }
}

/// What is known of a symbol's bytes.
#[derive(Clone, Copy)]
struct Ends {
    first: u8,
    last: u8,
    len: u32,
    /// It may be a part of a character, or of a space and one: no byte is ASCII but a space in front.
    part: bool,
}

struct Merges<'s> {
    symbols: &'s Symbols,
    /// Pairs whose product is such a part, by left and right symbol.
    pairs: HashMap<u64, u32, Mixer>,
    /// The product of each two bytes.
    bytes: Vec<u32>,
    /// Of short symbols as the right part, by the last byte of the left: 80 to BF. Place 64 is all bytes
    /// below 80.
    after: Neighbours,
    /// Of short symbols as the left part, by the first byte of the right: C0 to FF. And all below 80.
    before: Neighbours,
}

/// Hashes the one word of a pair, with a seed that no file can know.
struct Mixer(u64);

impl BuildHasher for Mixer {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        Self(self.0)
    }
}

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = mix(self.0 ^ word, self.0);
    }
}

fn pair_key(left: u32, right: u32) -> u64 {
    u64::from(left) << 32 | u64::from(right)
}

impl<'s> Merges<'s> {
    fn new(symbols: &'s Symbols) -> Self {
        let first = symbols.byte_len() as u32;
        let ends = symbols.fold(
            |byte| {
                let part = byte >= 0x80 || byte == b' ';
                Ends { first: byte, last: byte, len: 1, part }
            },
            |left, right| Ends {
                first: left.first,
                last: right.last,
                len: left.len.saturating_add(right.len),
                part: left.part && right.part && right.first >= 0x80,
            },
        );
        let mut merges = Self {
            symbols,
            pairs: HashMap::with_hasher(Mixer(random_seed())),
            bytes: vec![NONE; 1 << 16],
            after: Neighbours::new(symbols.ids.len()),
            before: Neighbours::new(symbols.ids.len()),
        };
        for (product, &(left, right)) in (first..).zip(&symbols.pairs) {
            let (Some(l), Some(r)) = (ends[left as usize], ends[right as usize]) else { continue };
            if l.part && r.part && l.len + r.len <= PART + 1 {
                merges.pairs.insert(pair_key(left, right), product);
            }
            if l.len == 1 && r.len == 1 {
                merges.bytes[usize::from(l.first) << 8 | usize::from(r.first)] = product;
            }
            // Other bytes are no neighbours of a character; the engine begins with bytes there.
            if r.part && r.len <= PART + 1 && l.last < 0xC0 {
                merges.after.lower(right, l.last, product);
            }
            if l.part && l.len <= PART + 1 && !(0x80..0xC2).contains(&r.first) {
                merges.before.lower(left, r.first, product);
            }
        }
        merges
    }

    fn of_bytes(&self, left: u8, right: u8) -> Option<u32> {
        let product = self.bytes[usize::from(left) << 8 | usize::from(right)];
        (product != NONE).then_some(product)
    }

    /// What `text` merges to alone, and between which bytes it does so too; `None` if it is not less than
    /// its bytes, or if nothing is gained.
    fn quiet(&self, text: &[u8], open: bool) -> Option<Quiet> {
        let mut symbols: Vec<u32> =
            text.iter().map(|&byte| self.symbols.bytes[usize::from(byte)]).collect();
        let (mut first, mut last) = (vec![symbols[0]], vec![symbols[symbols.len() - 1]]);
        let mut highest = None;
        loop {
            let products =
                symbols.windows(2).map(|pair| self.pairs.get(&pair_key(pair[0], pair[1])));
            let Some((product, at)) =
                products.enumerate().filter_map(|(at, product)| Some((*product?, at))).min()
            else {
                break;
            };
            highest = highest.max(Some(product));
            symbols[at] = product;
            symbols.remove(at + 1);
            if at == 0 {
                first.push(product);
            }
            if at + 1 == symbols.len() {
                last.push(product);
            }
        }
        let highest = highest?;
        if symbols.len() > CharEntry::MAX_COUNT {
            return None;
        }
        // A bit for each byte next to which another merge would come before the highest one here.
        let loud = |table: &Neighbours, ends: &[u32]| {
            let (mut mask, mut ascii) = (0u64, false);
            for (by_byte, below) in ends.iter().filter_map(|&symbol| table.get(symbol)) {
                for (bit, &product) in by_byte.iter().enumerate() {
                    mask |= u64::from(product <= highest) << bit;
                }
                ascii |= *below <= highest;
            }
            (mask, ascii)
        };
        let (left, ascii_before) = if open { loud(&self.after, &first) } else { (0, false) };
        let (mut right, ascii_after) = loud(&self.before, &last);
        // No character begins with these two.
        right &= !3;
        right |= if ascii_after { Sides::ASCII_AFTER } else { 0 };
        right |= if ascii_before { Sides::ASCII_BEFORE } else { 0 };
        Some(Quiet { symbols, sides: Sides { left, right } })
    }
}
