//! What determines ids, hashed.
//!
//! Two blobs with the same fingerprint give the same ids for every text, whatever file they were
//! baked from and however their tables are laid out.

use sha2::{Digest, Sha256};

use super::{
    Tokens,
    bpe::Symbols,
    image::le_bytes,
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
    let mut hash = Sha256::new_with_prefix(b"comptok fingerprint 2\n");
    let head = [pipeline.normalizer, pipeline.pre_tokenizer.code(), flags];
    hash.update(le_bytes(&head));
    hash.update(le_bytes(&[symbols.ids.len() as u32]));
    hash.update(le_bytes(&symbols.ids));
    hash.update(le_bytes(&symbols.bytes));
    let pairs: Vec<u32> = symbols.pairs.iter().flat_map(|&(left, right)| [left, right]).collect();
    hash.update(le_bytes(&pairs));
    hash.update(le_bytes(&[tokens.id_limit()]));
    hash.update(&tokens.flags);
    let mut words = Vec::with_capacity(tokens.flags.len());
    let mut text = Vec::with_capacity(tokens.bytes.len());
    for token in tokens.iter() {
        let token = token.unwrap_or_default();
        words.push(token.len() as u32);
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
    hash.update(le_bytes(&words));
    hash.update(&text);
    hash.finalize().into()
}
