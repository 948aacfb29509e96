//! The older formats: rank files, and vocab.json with merges.txt.

use super::json::Json;
use super::model::Tokens;
use crate::error::{WriteError, quote_bytes};
use crate::spec::{Alphabet, Bpe, Model, Spec};
use crate::{base64, byte_level};

fn bpe(spec: &Spec) -> Result<&Bpe, WriteError> {
    match &spec.model {
        Model::Bpe(bpe) => Ok(bpe),
        _ => Err(WriteError::new("only a BPE model can be written so")),
    }
}

/// Writes a `.tiktoken` rank file. A token's rank is its id; pattern and special tokens are not in such a
/// file.
///
/// Merges by rank are not always the same as a list of merges: any two neighbours that make a token merge.
///
/// # Errors
/// If the model is no byte-level BPE, or a byte has no token.
pub fn tiktoken(spec: &Spec) -> Result<String, WriteError> {
    let bpe = bpe(spec)?;
    let mut ranks: Vec<(u32, Vec<u8>)> = Vec::with_capacity(bpe.vocab.len());
    for (token, id) in bpe.vocab.iter() {
        if spec.added_tokens.iter().any(|added| added.id == id) {
            continue;
        }
        let bytes = match bpe.alphabet {
            Alphabet::Bytes => Some(token.to_vec()),
            Alphabet::Chars => std::str::from_utf8(token).ok().and_then(byte_level::to_bytes),
        };
        let Some(bytes) = bytes else {
            let token = quote_bytes(token);
            return Err(WriteError::new(format!("token {token} does not stand for bytes")));
        };
        ranks.push((id, bytes));
    }
    let has = |byte: u8| ranks.iter().any(|(_, bytes)| bytes == &[byte]);
    if let Some(byte) = (0..=255).find(|byte| !has(*byte)) {
        let message = format!("byte 0x{byte:02X} has no token, and a rank file needs all 256");
        return Err(WriteError::new(message));
    }
    ranks.sort_unstable();
    let line = |(rank, bytes): &(u32, Vec<u8>)| format!("{} {rank}\n", base64::encode(bytes));
    Ok(ranks.iter().map(line).collect())
}

/// Writes vocab.json and merges.txt.
///
/// # Errors
/// If the model is no BPE, or a token has white space, which merges.txt cannot hold.
pub fn vocab_merges(spec: &Spec) -> Result<(String, String), WriteError> {
    bpe(spec)?;
    let tokens = Tokens::new(spec, &spec.added_tokens)?;
    let mut json = Json::default();
    tokens.write_vocab_object(&mut json);
    let mut merges = String::from("#version: 0.2\n");
    for (left, right) in tokens.merge_texts() {
        if let Some(token) = [left, right].into_iter().find(|token| token.contains([' ', '\n'])) {
            let token = quote_bytes(token.as_bytes());
            return Err(WriteError::new(format!("merges.txt cannot hold {token}")));
        }
        merges.push_str(left);
        merges.push(' ');
        merges.push_str(right);
        merges.push('\n');
    }
    Ok((json.into_string(), merges))
}
