//! What determines ids, hashed.
//!
//! Two blobs with the same fingerprint give the same ids for every text, whatever file they were
//! baked from and however their tables are laid out.

use sha2::{Digest, Sha256};

use super::{
    Tokens,
    bpe::Symbols,
    pipeline::{Pipeline, Splitting},
};
use crate::spec::AddedToken;

pub(super) fn of(
    pipeline: &Pipeline,
    flags: u32,
    tokens: &Tokens,
    symbols: &Symbols,
    added: &[AddedToken],
) -> [u8; 32] {
    let mut words = Vec::new();
    words.extend([pipeline.normalizer, pipeline.pre_tokenizer.code(), flags]);
    words.push(symbols.ids.len() as u32);
    words.extend(&symbols.ids);
    words.extend(&symbols.bytes);
    words.extend(symbols.pairs.iter().flat_map(|&(left, right)| [left, right]));
    words.push(tokens.id_limit());
    let mut text = Vec::new();
    for (token, &flags) in tokens.iter().zip(&tokens.flags) {
        let token = token.unwrap_or_default();
        words.extend([u32::from(flags), token.len() as u32]);
        text.extend_from_slice(token);
    }
    words.push(added.len() as u32);
    for token in added {
        let flags =
            [token.single_word, token.lstrip, token.rstrip, token.normalized, token.special];
        words.extend([token.id, token.content.len() as u32]);
        words.extend(flags.map(u32::from));
        text.extend_from_slice(token.content.as_bytes());
    }
    if let Splitting::Dfa { image, .. } = &pipeline.pre_tokenizer {
        text.extend_from_slice(image);
    }
    let mut hash = Sha256::new();
    hash.update(b"comptok fingerprint 1\n");
    hash.update(super::image::le_bytes(&words));
    hash.update(&text);
    hash.finalize().into()
}
