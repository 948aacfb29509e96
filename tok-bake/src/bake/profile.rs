//! Answers for the words of a user's own text.
//!
//! The text is cut as the engine cuts it. How often each pre-token stands in it decides which lines
//! of level 0 are hot, and the frequent ones that are several tokens become answers of their own,
//! merged by the engine on the tables that were just baked. Which ids a text has does not change.

use comptok_core::{
    blob::{Header, Tables, flags, lookup::LONG_MAX, lookup::NONE},
    model::bpe::{Pairs, SHORT, TablePairs, merge_bits},
    normalizer,
    pre_tokenizer::dfa::Dfa,
    unicode::nfc,
};
use std::{collections::HashMap, fmt};

use super::{
    BakeError,
    pipeline::{Pipeline, Splitting},
};

/// Text that is like the one that will be encoded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Profile<'a> {
    /// The text. Of a long one, the first [`Profile::MAX_TEXT`] bytes count.
    pub text: &'a [u8],
    /// Bytes by which the blob may grow.
    pub max_bytes: usize,
}

impl<'a> Profile<'a> {
    /// Bytes by which a blob grows, unless other things are said.
    pub const MAX_BYTES: usize = 1 << 20;

    /// Bytes that are looked at.
    pub const MAX_TEXT: usize = 64 << 20;

    /// A profile with the default bound.
    pub const fn new(text: &'a [u8]) -> Self {
        Self { text, max_bytes: Self::MAX_BYTES }
    }
}

impl fmt::Debug for Profile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Profile({} bytes of text, {} more at most)", self.text.len(), self.max_bytes)
    }
}

/// What a profile says of a vocabulary.
#[derive(Default)]
pub(super) struct Counts {
    /// How often each pre-token of up to 31 bytes stands in the text.
    pub(super) words: HashMap<Vec<u8>, u64>,
    /// Those that stand there twice and more and are several tokens: the most frequent first, with
    /// their ids.
    pub(super) answers: Vec<(Vec<u8>, Vec<u32>)>,
    pub(super) max_bytes: usize,
}

impl Counts {
    /// Counts with the tables of a blob that lacks level 0.
    pub(super) fn of(
        profile: Profile<'_>,
        blob: &[u8],
        pipeline: &Pipeline,
    ) -> Result<Self, BakeError> {
        let header = Header::parse(blob)
            .map_err(|error| BakeError::new(format!("internal error while baking: {error}")))?;
        let tables = Tables::new(blob, &header);
        let text = &profile.text[..profile.text.len().min(Profile::MAX_TEXT)];
        let words = count(text, pipeline);
        let mut answers: Vec<(Vec<u8>, Vec<u32>)> = Vec::new();
        for (word, &count) in &words {
            if count > 1
                && let Some(ids) = merged(&tables, word)
            {
                answers.push((word.clone(), ids));
            }
        }
        // In one order, whatever that of the map.
        answers.sort_by(|(a, _), (b, _)| words[b].cmp(&words[a]).then_with(|| a.cmp(b)));
        Ok(Self { words, answers, max_bytes: profile.max_bytes })
    }
}

/// The ids of a word that is several tokens; `None` also where the engine would have to look at more
/// than the word.
fn merged(tables: &Tables<'_>, word: &[u8]) -> Option<Vec<u32>> {
    let pairs = TablePairs(tables);
    if word.iter().any(|&byte| pairs.byte(byte) == NONE) {
        return None;
    }
    let mut symbols = [0; SHORT];
    let count = merge_bits(&pairs, word, &mut symbols).unwrap_or(0);
    let ids: Vec<u32> = symbols.get(..count)?.iter().map(|&symbol| pairs.id(symbol)).collect();
    // In rank files a byte that has no token has a symbol.
    (count > 1 && !ids.contains(&NONE)).then_some(ids)
}

/// How often each pre-token stands in `text`.
fn count(text: &[u8], pipeline: &Pipeline) -> HashMap<Vec<u8>, u64> {
    let mut normalized = Vec::new();
    let text = if pipeline.normalizer == normalizer::NFC && !normalizer::is_nfc(text) {
        nfc::normalize(text, |_, bytes| normalized.extend_from_slice(bytes));
        &normalized
    } else {
        text
    };
    let mut words = HashMap::new();
    let mut add = |word: &[u8], is_match: bool| {
        let drops = if is_match { flags::DROPS_MATCHES } else { flags::DROPS_GAPS };
        if word.len() > LONG_MAX || pipeline.flags & drops != 0 {
            return;
        }
        match words.get_mut(word) {
            Some(count) => *count += 1,
            None => {
                words.insert(word.to_vec(), 1);
            }
        }
    };
    match &pipeline.pre_tokenizer {
        Splitting::Hand(kind) => {
            let mut start = 0;
            while start < text.len() {
                let end = kind.end(text, start);
                add(&text[start..end], !kind.is_gap(text, start));
                start = end;
            }
        }
        Splitting::Dfa { image, .. } => {
            for split in Dfa::parse(image).iter().flat_map(|dfa| dfa.splits(text)) {
                add(text.get(split.range()).unwrap_or_default(), split.is_match);
            }
        }
    }
    words
}
