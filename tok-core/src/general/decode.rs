//! The decoders: from the texts of tokens to the text of all.

use super::{
    matches,
    steps::{Decoder, Pipeline},
};
use crate::{added_tokens, blob::Tables, byte_level, model::Model};
use alloc::{
    borrow::Cow,
    string::{String, ToString},
    vec,
    vec::Vec,
};

/// The text of ids; those without a token are left out, and with the switch special ones.
pub(super) fn decode_ids(tables: &Tables<'_>, ids: &[u32], skip_special: bool) -> String {
    if let Some(Model::SentencePiece(model)) = Model::parse(tables) {
        let skip = |id: u32| skip_special && tables.token_flags(id).is_special();
        return model.decode(ids.iter().copied().filter(|&id| !skip(id)));
    }
    let (Some(pipeline), Some(model)) = (Pipeline::parse(tables.pipeline), Model::parse(tables))
    else {
        return String::new();
    };
    let shown = ids.iter().filter(|&&id| !(skip_special && tables.token_flags(id).is_special()));
    let tokens = shown.filter_map(|&id| token_text(tables, &model, id)).collect();
    decode(&pipeline, tokens)
}

/// The text of tokens, written as the vocabulary writes them.
pub fn decode_tokens<'t>(tables: &Tables<'_>, tokens: impl Iterator<Item = &'t str>) -> String {
    if let Some(Model::SentencePiece(model)) = Model::parse(tables) {
        return model.decode_pieces(tokens);
    }
    match Pipeline::parse(tables.pipeline) {
        Some(pipeline) => decode(&pipeline, tokens.map(Cow::Borrowed).collect()),
        None => String::new(),
    }
}

/// The text that an id stands for: of an added token, what it matches, though the model may know the id
/// by another text.
pub fn token_text<'a>(tables: &Tables<'a>, model: &Model<'a>, id: u32) -> Option<Cow<'a, str>> {
    if tables.token_flags(id).is_added()
        && let Some(added) = added_tokens::by_id(tables, id)
    {
        return Some(String::from_utf8_lossy(added.content));
    }
    model.token_text(id)
}

/// The text of tokens.
pub(super) fn decode<'a>(pipeline: &Pipeline<'_>, tokens: Vec<Cow<'a, str>>) -> String {
    if !pipeline.settings.decodes {
        return tokens.join(" ");
    }
    let mut tokens = tokens;
    for step in pipeline.decoders() {
        tokens = apply(&step, tokens);
    }
    tokens.concat()
}

pub(super) fn apply<'a>(step: &Decoder<'_>, mut tokens: Vec<Cow<'a, str>>) -> Vec<Cow<'a, str>> {
    match *step {
        Decoder::ByteLevel => {
            let mut bytes = Vec::new();
            for token in &tokens {
                let from = bytes.len();
                for c in token.chars() {
                    match byte_level::byte_of(c) {
                        Some(byte) => bytes.push(byte),
                        None => {
                            bytes.truncate(from);
                            bytes.extend_from_slice(token.as_bytes());
                            break;
                        }
                    }
                }
            }
            vec![Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())]
        }
        Decoder::WordPiece { prefix, cleanup } => {
            for (i, token) in tokens.iter_mut().enumerate() {
                if i > 0 {
                    *token = match token.strip_prefix(prefix) {
                        Some(rest) => Cow::Owned(rest.to_string()),
                        None => Cow::Owned([" ", token].concat()),
                    };
                }
                if cleanup {
                    clean_up(token);
                }
            }
            tokens
        }
        Decoder::Metaspace { replacement, keeps_first } => {
            for (i, token) in tokens.iter_mut().enumerate() {
                if token.contains(replacement) {
                    let to = if i == 0 && !keeps_first { "" } else { " " };
                    *token = Cow::Owned(token.replace(replacement, to));
                }
            }
            tokens
        }
        Decoder::Bpe { suffix } => {
            let last = tokens.len().saturating_sub(1);
            for (i, token) in tokens.iter_mut().enumerate() {
                let to = if i == last { "" } else { " " };
                *token = Cow::Owned(token.replace(suffix, to));
            }
            tokens
        }
        Decoder::Ctc { pad, delimiter, cleanup } => {
            tokens.dedup();
            for token in &mut tokens {
                *token = Cow::Owned(token.replace(pad, ""));
                if cleanup {
                    clean_up(token);
                    *token = Cow::Owned(token.replace(delimiter, " "));
                }
            }
            tokens.retain(|token| !token.is_empty());
            tokens
        }
        Decoder::ByteFallback => {
            let mut out = Vec::with_capacity(tokens.len());
            let mut bytes = Vec::new();
            for token in tokens {
                match fallback_byte(&token) {
                    Some(byte) => bytes.push(byte),
                    None => {
                        put_bytes(&mut bytes, &mut out);
                        out.push(token);
                    }
                }
            }
            put_bytes(&mut bytes, &mut out);
            out
        }
        Decoder::Fuse => vec![Cow::Owned(tokens.concat())],
        Decoder::Replace { pattern, content } => {
            for token in &mut tokens {
                if matches::occurs(&pattern, token) {
                    let mut new = String::with_capacity(token.len());
                    matches::find(&pattern, token, |start, end, is_match| {
                        let part = token.get(start..end).unwrap_or_default();
                        new.push_str(if is_match { content } else { part });
                    });
                    *token = Cow::Owned(new);
                }
            }
            tokens
        }
        Decoder::Strip { content, start, stop } => {
            for token in &mut tokens {
                let is_content = |c: &char| *c == content;
                let len = content.len_utf8();
                let first = token.chars().take(start as usize).take_while(is_content).count();
                let last = token.chars().rev().take(stop as usize).take_while(is_content).count();
                let (from, to) = (first * len, token.len() - last * len);
                if (from, to) != (0, token.len()) {
                    // Where both ends want the same chars nothing is left.
                    *token = Cow::Owned(token.get(from..to).unwrap_or_default().to_string());
                }
            }
            tokens
        }
    }
}

/// The byte of a token `<0xNN>`.
pub(super) fn fallback_byte(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    if digits.len() != 2 { None } else { u8::from_str_radix(digits, 16).ok() }
}

/// Writes gathered bytes as text, or U+FFFD for each if they are none.
fn put_bytes(bytes: &mut Vec<u8>, out: &mut Vec<Cow<'_, str>>) {
    if bytes.is_empty() {
        return;
    }
    match core::str::from_utf8(bytes) {
        Ok(text) => out.push(Cow::Owned(text.to_string())),
        Err(_) => out.extend(bytes.iter().map(|_| Cow::Borrowed("\u{FFFD}"))),
    }
    bytes.clear();
}

/// What English wants no space before, replaced in this order.
const CLEANUP: [(&str, &str); 11] = [
    (" .", "."),
    (" ?", "?"),
    (" !", "!"),
    (" ,", ","),
    (" ' ", "'"),
    (" n't", "n't"),
    (" 'm", "'m"),
    (" do not", " don't"),
    (" 's", "'s"),
    (" 've", "'ve"),
    (" 're", "'re"),
];

fn clean_up(token: &mut Cow<'_, str>) {
    if !token.contains(' ') {
        return;
    }
    for (from, to) in CLEANUP {
        if token.contains(from) {
            *token = Cow::Owned(token.replace(from, to));
        }
    }
}
