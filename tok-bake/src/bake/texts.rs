//! The bytes that the entries of a byte-level vocabulary stand for, in one arena.

use comptok_core::blob::TokenFlags;

use super::{BakeError, Tokens};
use crate::byte_level;
use crate::spec::{Alphabet, Vocab};

/// By entry: its bytes, or none where it has a char that stands for no byte.
pub(super) struct Texts {
    bytes: Vec<u8>,
    /// Where an entry's bytes end, and whether it has some.
    ends: Vec<(u32, bool)>,
}

impl Texts {
    pub(super) fn of(vocab: &Vocab, alphabet: Alphabet) -> Self {
        let mut bytes = Vec::with_capacity(vocab.byte_len());
        let mut ends = Vec::with_capacity(vocab.len());
        for (token, _) in vocab.iter() {
            let start = bytes.len();
            let mapped = match alphabet {
                Alphabet::Chars => byte_level::append(token, &mut bytes),
                Alphabet::Bytes => {
                    bytes.extend_from_slice(token);
                    true
                }
            };
            if !mapped {
                bytes.truncate(start);
            }
            // No longer than the vocabulary's own arena.
            ends.push((bytes.len() as u32, mapped));
        }
        Self { bytes, ends }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, entry: usize) -> Option<&[u8]> {
        let &(end, mapped) = self.ends.get(entry)?;
        let start = entry.checked_sub(1).map_or(0, |before| self.ends[before].0);
        mapped.then(|| &self.bytes[start as usize..end as usize])
    }

    /// In the order of entries.
    pub(super) fn iter(&self) -> impl Iterator<Item = Option<&[u8]>> {
        (0..self.len()).map(|entry| self.get(entry))
    }

    /// What each token decodes to: a token with a char that stands for no byte passes as it is.
    pub(super) fn tokens(&self, vocab: &Vocab) -> Result<Tokens, BakeError> {
        let mut tokens = Tokens::for_vocab(vocab);
        for ((token, id), text) in vocab.iter().zip(self.iter()) {
            let raw = if text.is_none() { TokenFlags::RAW } else { 0 };
            tokens.set(id, text.unwrap_or(token), TokenFlags::MODEL | raw)?;
        }
        Ok(tokens)
    }
}
