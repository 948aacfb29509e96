//! Where the pre-tokens of a text find their answers.

use std::path::Path;

use comptok::{Options, Special, Tokenizer};
use comptok_core::blob::lookup::{self, Key, LongKey, NONE, SHORT_MAX};
use comptok_core::blob::{Tables, flags};
use comptok_core::normalizer;
use comptok_core::pre_tokenizer::Kind;
use comptok_core::pre_tokenizer::dfa::Dfa;

use crate::Failure;
use crate::io::{Input, is_dash};
use crate::progress::Progress;
use crate::windows::Windows;

/// How many pre-tokens were answered by what.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Probes {
    /// The hot lines: one cache line read.
    pub(crate) head: u64,
    /// The other lines for up to 15 bytes: two read.
    pub(crate) cold: u64,
    /// The tier for 16 to 31 bytes.
    pub(crate) long: u64,
    /// The whole vocabulary, for longer ones.
    pub(crate) whole: u64,
    /// None of them: they are merged.
    pub(crate) merged: u64,
}

impl Probes {
    pub(crate) fn total(&self) -> u64 {
        self.head + self.cold + self.long + self.whole + self.merged
    }

    fn add(&mut self, tables: &Tables<'_>, piece: &[u8]) {
        let place = match Key::new(piece) {
            Some(key) if lookup::find_head(tables, key) != NONE => &mut self.head,
            Some(key) if lookup::find_short(tables, key) != NONE => &mut self.cold,
            Some(_) => &mut self.merged,
            None => self.longer(tables, piece),
        };
        *place += 1;
    }

    fn longer(&mut self, tables: &Tables<'_>, piece: &[u8]) -> &mut u64 {
        debug_assert!(piece.len() > SHORT_MAX);
        if let Some(key) = LongKey::new(piece) {
            return match lookup::find_long(tables, &key, key.hash()) {
                Some(_) => &mut self.long,
                None => &mut self.merged,
            };
        }
        let is_answer = |id| {
            let token = tables.token_flags(id);
            token.is_model() && (tables.has(flags::IGNORE_MERGES) || !token.is_unreachable())
        };
        let known = piece.len() <= tables.max_whole_len;
        match lookup::find_id(tables, piece).filter(|&id| known && is_answer(id)) {
            Some(_) => &mut self.whole,
            None => &mut self.merged,
        }
    }
}

/// Looks up the pre-tokens of a text, added tokens taken as text.
pub(crate) fn run(tokenizer: &Tokenizer, corpus: &Path) -> Result<Probes, Failure> {
    let header = tokenizer.header();
    let tables = Tables::new(tokenizer.as_bytes(), header);
    let kind = Kind::from_code(header.pre_tokenizer);
    let dfa = Dfa::parse(tables.dfa);
    let progress = Progress::new(&[corpus], is_dash(corpus));
    let Input { name, reader } = Input::open(corpus)?;
    let options = Options::new(Special::AsText);
    let mut windows = Windows::new(reader, tokenizer, options, 1 << 20);
    let (mut probes, mut memory) = (Probes::default(), Vec::new());
    while let Some(window) = windows.next().map_err(|error| Failure::io(&name, &error))? {
        progress.add(window.text.len());
        let text = match header.normalizer == normalizer::NFC && !normalizer::is_nfc(window.text) {
            true => nfc(window.text, &mut memory),
            false => window.text,
        };
        if let Some(kind) = kind {
            let mut start = 0;
            while start < text.len() {
                let end = kind.end(text, start);
                probes.add(&tables, text.get(start..end).unwrap_or_default());
                start = end;
            }
        } else if let Some(dfa) = &dfa {
            for split in dfa.splits(text) {
                let dropped = if split.is_match { flags::DROPS_MATCHES } else { flags::DROPS_GAPS };
                if !tables.has(dropped) {
                    probes.add(&tables, text.get(split.range()).unwrap_or_default());
                }
            }
        }
    }
    Ok(probes)
}

/// The NFC of `text`, in `memory`.
fn nfc<'m>(text: &[u8], memory: &'m mut Vec<u8>) -> &'m [u8] {
    let len = loop {
        match normalizer::write_nfc(text, memory) {
            Ok(len) => break len,
            Err(needed) => memory.resize(needed, 0),
        }
    };
    &memory[..len]
}
