//! WordLevel: a pre-token is a token or unknown.

use super::{ModelError, Parts, Token, find_word, param};
use crate::blob::{Tables, lookup::NONE};
use alloc::vec::Vec;

/// The model.
#[derive(Debug, Clone, Copy)]
pub struct WordLevel<'a> {
    pub(super) tables: &'a Tables<'a>,
    pub(super) parts: Parts<'a>,
}

impl WordLevel<'_> {
    pub(super) fn tokenize(&self, piece: &str, out: &mut Vec<Token>) -> Result<(), ModelError> {
        let id = match find_word(self.tables, &self.parts, piece.as_bytes()) {
            Some(id) => id,
            None => match self.parts.param(param::UNK) {
                NONE => return Err(ModelError::Unknown { at: 0 }),
                id => id,
            },
        };
        out.push(Token { id, start: 0, end: piece.len() as u32 });
        Ok(())
    }
}
