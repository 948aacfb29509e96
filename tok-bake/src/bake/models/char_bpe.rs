//! BPE over chars: symbols, pairs, the table of chars, level 0, and where text may be cut.

use comptok_core::{
    blob::{
        Header, Section, Tables, field,
        lookup::{LONG_MAX, NONE, PairEntry},
    },
    general::mark,
    model::{
        self, Joins, Scratch,
        bpe::Pairs,
        char_bpe::{SPACE, flag, own_param, own_part},
        code, param,
    },
};
use std::collections::BTreeMap;

use super::super::{
    BakeError,
    bpe::Table,
    image::{Image, le_bytes},
    pairs as pair_table,
    spines::{Anyhow, List},
};
use super::{Baked, plain_tokens, section::Writer, words};
use crate::error::quote_bytes;
use crate::spec::{Bpe, Merges};

pub(super) fn write(image: &mut Image, model: &Bpe) -> Result<Baked, BakeError> {
    let tokens = plain_tokens(&model.vocab)?;
    let symbols = Symbols::new(model)?;
    let prefix = model.continuing_subword_prefix.as_deref().unwrap_or_default();
    let suffix = model.end_of_word_suffix.as_deref().unwrap_or_default();
    let (pairs, products) = pairs(model, &symbols, prefix)?;
    image.set(field::SYMBOLS, symbols.ids.len() as u32);
    image.section(Section::Symbols, le_bytes(&symbols.ids));
    pair_table::write(image, &pairs, 0)?;
    image.identify_pairs(&pairs);

    let mut bytes = [NONE; 256];
    for (byte, symbol) in bytes.iter_mut().enumerate() {
        *symbol = symbols.of(format!("<0x{byte:02X}>").as_bytes());
    }
    image.section(Section::ByteSymbols, le_bytes(&bytes));

    let mut section = Writer::new(code::CHAR_BPE);
    let unk = model.unk_token.as_ref().map(|unk| symbols.of(unk.as_bytes()));
    let mut flags = 0;
    let mut set = |condition: bool, flag: u32| flags |= if condition { flag } else { 0 };
    set(model.fuse_unk, flag::FUSE_UNK);
    set(model.byte_fallback, flag::BYTE_FALLBACK);
    set(model.ignore_merges, flag::IGNORE_MERGES);
    set(unk.is_some(), flag::HAS_UNK);
    // With `ignore_merges` level 0 also holds what is an answer for a whole piece only.
    let plain = prefix.is_empty() && suffix.is_empty() && !model.ignore_merges;
    let open = if plain { open_marks(model, &symbols, &bytes) } else { None };
    set(open.is_some(), flag::CUT);
    section.param(own_param::OPEN, open.unwrap_or(0));
    section.param(param::FLAGS, flags);
    section.param(param::UNK, unk.unwrap_or(NONE));
    section.param(own_param::DROPOUT, model.dropout.unwrap_or(0.0).to_bits());
    section.u32s(own_part::PRODUCTS, &products)?;
    section.bytes(own_part::PREFIX, prefix.as_bytes())?;
    section.bytes(own_part::SUFFIX, suffix.as_bytes())?;
    for (marks, before, behind) in
        [(0, "", ""), (1, prefix, ""), (2, "", suffix), (3, prefix, suffix)]
    {
        let is_used =
            (marks & 1 == 0) == before.is_empty() && (marks & 2 == 0) == behind.is_empty();
        if is_used {
            let (blocks, pages) = chars(model, &symbols, before, behind)?;
            section.derived(own_part::BLOCKS + 2 * marks, |to| to.extend(blocks))?;
            section.derived(own_part::PAGES + 2 * marks, |to| to.extend(le_bytes(&pages)))?;
        }
    }
    if prefix.is_empty() && suffix.is_empty() {
        let joins = joins(model, &symbols, &bytes, (&pairs, &products));
        section.derived(own_part::JOINS, |to| to.extend(joins))?;
    }
    // Level 0 is filled with the answers of the model without it.
    let mut hot = match proven(model, &symbols, &pairs, &products) {
        Some(answers) => answers,
        None => {
            section.clone().finish(image);
            answers(image, model, suffix)?
        }
    };
    if model.ignore_merges {
        // An entry is its own answer, whatever merges make of its text.
        let entries: BTreeMap<&[u8], u32> =
            model.vocab.iter().filter(|(text, _)| !text.is_empty()).collect();
        hot.retain(|(text, _)| !entries.contains_key(text));
        hot.extend(entries);
    }
    // Ids are in the order of merges in most vocabularies.
    hot.sort_unstable_by_key(|&(text, id)| (id, text));
    hot.dedup();
    words::write_level0(image, hot.into_iter())?;
    words::write_extra(&mut section, words::hidden(model.vocab.iter(), &tokens))?;
    section.identify(image);
    section.finish(image);
    Ok(Baked { tokens, byte_level: false, flags: 0, warnings: Vec::new() })
}

/// The numbering: symbols in the order of ids.
struct Symbols<'m> {
    model: &'m Bpe,
    ids: Vec<u32>,
    /// The symbol of each id, where ids are not far apart.
    dense: Vec<u32>,
}

impl<'m> Symbols<'m> {
    fn new(model: &'m Bpe) -> Result<Self, BakeError> {
        let mut ids: Vec<u32> = model.vocab.iter().map(|(_, id)| id).collect();
        ids.sort_unstable();
        ids.dedup();
        let max = PairEntry::MAX_SYMBOLS - 1;
        if ids.len() > max {
            return Err(BakeError::unsupported(format_args!("more than {max} tokens")));
        }
        let last = ids.last().map_or(0, |&id| id as usize);
        let mut dense = Vec::new();
        if last < 4 * ids.len() {
            dense.resize(last + 1, NONE);
            for (&id, symbol) in ids.iter().zip(0u32..) {
                dense[id as usize] = symbol;
            }
        }
        Ok(Self { model, ids, dense })
    }

    fn of_id(&self, id: u32) -> u32 {
        if self.dense.is_empty() {
            return self.ids.binary_search(&id).map_or(NONE, |at| at as u32);
        }
        self.dense.get(id as usize).copied().unwrap_or(NONE)
    }

    /// As [`of`](Self::of), for texts in the order of entries.
    fn near(&self, text: &[u8], last: &mut usize) -> u32 {
        let entry = self.model.vocab.index().get_near(&self.model.vocab, text, last);
        let entry = entry.and_then(|entry| self.model.vocab.get(entry));
        entry.map_or(NONE, |(_, id)| self.of_id(id))
    }

    /// The symbol of a text; NONE if it is not in the vocabulary.
    fn of(&self, text: &[u8]) -> u32 {
        self.model.vocab.index().id(&self.model.vocab, text).map_or(NONE, |id| self.of_id(id))
    }
}

/// Pairs in the order of ranks, and what each makes.
type Ranked = (Vec<(u32, u32)>, Vec<u32>);

/// The merges of a model.
fn pairs(model: &Bpe, symbols: &Symbols<'_>, prefix: &str) -> Result<Ranked, BakeError> {
    let Merges::List(list) = &model.merges else {
        return Err(BakeError::unsupported("ranks without merges in a BPE over chars"));
    };
    let max = PairEntry::MAX_SYMBOLS - 1;
    if list.len() > max {
        return Err(BakeError::unsupported(format_args!("more than {max} merges")));
    }
    let texts = texts(model, symbols);
    let (mut pairs, mut products) = (Vec::with_capacity(list.len()), Vec::new());
    let (mut whole, mut last) = (Vec::new(), 0);
    for (rank, &(left, right)) in list.iter().enumerate() {
        let pair = (symbols.of_id(left), symbols.of_id(right));
        let text = |symbol: u32| texts.get(symbol as usize).copied();
        let (Some(left), Some(right)) = (text(pair.0), text(pair.1)) else {
            return Err(BakeError::new(format!("merge {rank} has an id without a token")));
        };
        whole.clear();
        whole.extend_from_slice(left);
        whole.extend_from_slice(right.get(prefix.len()..).unwrap_or_default());
        let product = symbols.near(&whole, &mut last);
        if product == NONE {
            return Err(BakeError::new(format!(
                "merge {rank} makes {}, which is not in the vocabulary",
                quote_bytes(&whole)
            )));
        }
        pairs.push(pair);
        products.push(product);
    }
    Ok((pairs, products))
}

/// The text of each symbol.
fn texts<'m>(model: &'m Bpe, symbols: &Symbols<'m>) -> Vec<&'m [u8]> {
    let mut texts: Vec<Option<&[u8]>> = vec![None; symbols.ids.len()];
    for (text, id) in model.vocab.iter() {
        if let Some(slot) = texts.get_mut(symbols.of_id(id) as usize) {
            slot.get_or_insert(text);
        }
    }
    texts.into_iter().map(Option::unwrap_or_default).collect()
}

/// Text may be cut before ▁ where another char precedes it, since no merge crosses that place; but for these
/// marks, bits of [`mark`]. `None` where nothing of that holds.
fn open_marks(model: &Bpe, symbols: &Symbols<'_>, bytes: &[u32; 256]) -> Option<u32> {
    let Merges::List(list) = &model.merges else { return None };
    // A char that is dropped would bring its neighbours together, and an unknown token that itself
    // ends in ▁ would stand for a char that does not.
    let unk = model.unk_token.as_deref().filter(|unk| symbols.of(unk.as_bytes()) != NONE);
    let never_drops = unk.is_some() || model.byte_fallback && !bytes.contains(&NONE);
    let ends_in_space = |text: &[u8]| text.ends_with(SPACE);
    if !never_drops
        || symbols.of(SPACE) == NONE
        || unk.is_some_and(|unk| ends_in_space(unk.as_bytes()))
    {
        return None;
    }
    // What a text does, by symbol: texts themselves are far apart in memory.
    let texts = texts(model, symbols);
    let spaces: Vec<(bool, bool)> =
        texts.iter().map(|text| (text.starts_with(SPACE), ends_in_space(text))).collect();
    let spaces = |id: u32| spaces.get(symbols.of_id(id) as usize).copied().unwrap_or_default();
    let mut open = 0;
    for &(left, right) in list {
        if spaces(right).0 && !spaces(left).1 {
            let left = texts.get(symbols.of_id(left) as usize)?;
            // Of another char cuts could not be told apart byte by byte.
            open |= Some(mark(*left.last()?)).filter(|mark| *mark != 0)?;
        }
    }
    // What stands for other chars ends in > too.
    let unk = unk.map_or(NONE, |unk| symbols.of(unk.as_bytes()));
    let stands_for_others = |id: u32| {
        let symbol = symbols.of_id(id);
        symbol != NONE && (symbol == unk || bytes.contains(&symbol))
    };
    let merges_others =
        || list.iter().any(|&(left, right)| stands_for_others(left) || stands_for_others(right));
    Some(open).filter(|open| *open == 0 || !merges_others())
}

/// At one end of a symbol's text, the symbols before any merge that can stand there; there are two where a
/// symbol is a char, or a byte, and the product of merges.
type Ends = [u32; 2];

/// Adds `new` to `ends`: whether that changed them, or `None` if there is no room.
fn add(ends: &mut Ends, new: Ends) -> Option<bool> {
    let mut changed = false;
    for symbol in new.into_iter().filter(|symbol| *symbol != NONE) {
        if !ends.contains(&symbol) {
            *ends.iter_mut().find(|slot| **slot == NONE)? = symbol;
            changed = true;
        }
    }
    Some(changed)
}

/// The filter of pairs of first symbols that merges can join; empty if that cannot be told.
fn joins(
    model: &Bpe,
    symbols: &Symbols<'_>,
    bytes: &[u32; 256],
    (pairs, products): (&[(u32, u32)], &[u32]),
) -> Vec<u8> {
    filled_joins(model, symbols, bytes, (pairs, products)).unwrap_or_default()
}

fn filled_joins(
    model: &Bpe,
    symbols: &Symbols<'_>,
    bytes: &[u32; 256],
    (pairs, products): (&[(u32, u32)], &[u32]),
) -> Option<Vec<u8>> {
    let mut firsts: Vec<Ends> = vec![[NONE; 2]; symbols.ids.len()];
    let unk = model.unk_token.as_ref().map_or(NONE, |unk| symbols.of(unk.as_bytes()));
    let chars = model.vocab.iter().filter(|(text, _)| {
        std::str::from_utf8(text).is_ok_and(|text| text.chars().nth(1).is_none())
    });
    let single = chars.map(|(_, id)| symbols.of_id(id));
    for symbol in single.chain(bytes.iter().copied()).chain([unk]).filter(|s| *s != NONE) {
        firsts[symbol as usize] = [symbol, NONE];
    }
    let mut lasts = firsts.clone();
    // Merges come after those that make their parts, as a rule: the second round finds nothing new.
    let mut rounds = 0;
    loop {
        let mut changed = false;
        for (&(left, right), &product) in pairs.iter().zip(products) {
            let (first, last) = (firsts[left as usize], lasts[right as usize]);
            changed |= add(&mut firsts[product as usize], first)?;
            changed |= add(&mut lasts[product as usize], last)?;
        }
        if !changed {
            break;
        }
        rounds += 1;
        if rounds > 16 {
            return None;
        }
    }
    // About one bit of sixteen is set, if each merge joins another pair; most do not.
    let len = (pairs.len() / 2).next_power_of_two().clamp(1 << 9, 1 << 18);
    let mut filter = vec![0u8; len];
    for &(left, right) in pairs {
        let firsts = firsts[right as usize];
        for &last in lasts[left as usize].iter().filter(|symbol| **symbol != NONE) {
            for &first in firsts.iter().filter(|symbol| **symbol != NONE) {
                let bit = Joins::bit(len, last, first);
                filter[bit >> 3] |= 1 << (bit & 7);
            }
        }
    }
    Some(filter)
}

/// Symbols of all chars with what stands before and behind them: page numbers and pages.
fn chars(
    model: &Bpe,
    symbols: &Symbols<'_>,
    before: &str,
    behind: &str,
) -> Result<(Vec<u8>, Vec<u32>), BakeError> {
    let mut blocks: BTreeMap<u32, [u32; 64]> = BTreeMap::new();
    // A char has four bytes at most; longer texts need not be looked at.
    let most = before.len() + 4 + behind.len();
    for (text, id) in model.vocab.iter().filter(|(text, _)| text.len() <= most) {
        let c = text
            .strip_prefix(before.as_bytes())
            .and_then(|text| text.strip_suffix(behind.as_bytes()))
            .and_then(|text| std::str::from_utf8(text).ok())
            .and_then(|text| {
                let mut chars = text.chars();
                chars.next().filter(|_| chars.next().is_none())
            });
        if let Some(c) = c {
            let code = c as u32;
            let block = blocks.entry(code >> 6).or_insert([NONE; 64]);
            block[code as usize & 63] = symbols.of_id(id);
        }
    }
    let mut numbers = vec![0u16; (char::MAX as usize >> 6) + 1];
    let mut pages = vec![NONE; 64];
    for (&block, page) in &blocks {
        // There are fewer than 2^15 blocks.
        numbers[block as usize] = (pages.len() / 64) as u16;
        pages.extend(page);
    }
    let numbers = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    Ok((numbers, pages))
}

/// The pieces that become one token, from the merges; `None` where that takes merging.
fn proven<'m>(
    model: &'m Bpe,
    symbols: &Symbols<'m>,
    pairs: &[(u32, u32)],
    products: &[u32],
) -> Option<Vec<(&'m [u8], u32)>> {
    // With a prefix or a suffix a token's text does not say which symbols it begins with, and a symbol
    // may have several texts.
    let is_set = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    if is_set(&model.continuing_subword_prefix)
        || is_set(&model.end_of_word_suffix)
        || symbols.ids.len() != model.vocab.len()
    {
        return None;
    }
    let texts = texts(model, symbols);
    let lens: Vec<u32> = texts.iter().map(|text| text.len() as u32).collect();
    let is_char = |text: &[u8]| !text.is_empty() && char_len(text) == text.len();
    let mut table = Table::new(pairs.len(), [NONE; 256]);
    let mut is_unique = true;
    for (rank, &(left, right)) in pairs.iter().enumerate() {
        is_unique &= !table.insert(left, right, rank as u32);
    }
    let list = List { sides: pairs, products, is_unique };
    let chars = (0u32..).zip(&texts).filter(|(_, text)| is_char(text)).map(|(symbol, _)| symbol);
    let mut parts = Vec::new();
    let made = Anyhow::new(&list, &table, chars, &lens, |symbol| {
        let mut rest = texts.get(symbol as usize).copied()?;
        // Longer ones are no answers, nor parts of one.
        if rest.len() > LONG_MAX {
            return None;
        }
        parts.clear();
        while !rest.is_empty() {
            let (char, after) = rest.split_at(char_len(rest));
            parts.push(symbols.of(char));
            rest = after;
        }
        last_merge(&table, products, &mut parts).filter(|_| parts == [symbol])
    });
    let answers = (0u32..).zip(texts.into_iter().zip(&symbols.ids));
    let answers = answers.filter(|&(symbol, (text, _))| {
        (1..=LONG_MAX).contains(&text.len()) && made.is_made(symbol)
    });
    Some(answers.map(|(_, (text, &id))| (text, id)).collect())
}

/// Merges symbols, of which there are few; the merge that came last.
fn last_merge(table: &Table, products: &[u32], symbols: &mut Vec<u32>) -> Option<u32> {
    let mut last = None;
    loop {
        let ranks = symbols.windows(2).map(|pair| table.rank(pair[0], pair[1]));
        let Some((rank, at)) = ranks.zip(0usize..).min().filter(|&(rank, _)| rank != NONE) else {
            return last;
        };
        symbols[at] = products[rank as usize];
        symbols.remove(at + 1);
        last = Some(rank);
    }
}

/// Bytes of the first char, as its first byte says, but no more than there are.
fn char_len(text: &[u8]) -> usize {
    let len = match text.first() {
        Some(0..0xC0) | None => 1,
        Some(0xC0..0xE0) => 2,
        Some(0xE0..0xF0) => 3,
        Some(_) => 4,
    };
    len.min(text.len())
}

/// The pieces that become one token, among those that could.
fn answers<'m>(
    image: &Image,
    model: &'m Bpe,
    suffix: &str,
) -> Result<Vec<(&'m [u8], u32)>, BakeError> {
    let blob = image.draft()?;
    let unreadable = |_| BakeError::new("internal error while baking: the model is unreadable");
    let header = Header::parse(&blob).map_err(unreadable)?;
    let tables = Tables::new(&blob, &header);
    let Some(model::Model::CharBpe(engine)) = model::Model::parse(&tables) else {
        return Err(BakeError::new("internal error while baking: no model"));
    };
    let (mut scratch, mut out) = (Scratch::default(), Vec::new());
    let mut answers = Vec::new();
    for (text, _) in model.vocab.iter() {
        let piece = text.strip_suffix(suffix.as_bytes()).and_then(|p| std::str::from_utf8(p).ok());
        let Some(piece) = piece.filter(|piece| (1..=LONG_MAX).contains(&piece.len())) else {
            continue;
        };
        out.clear();
        let whole = 0..piece.len() as u32;
        if engine.merged(piece, &mut scratch, &mut out).is_ok()
            && let [token] = out[..]
            && (token.start..token.end) == whole
        {
            answers.push((piece.as_bytes(), token.id));
        }
    }
    Ok(answers)
}
