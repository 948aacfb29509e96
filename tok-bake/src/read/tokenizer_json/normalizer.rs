//! Normalizers.

use serde_json::{Map, Value};

use super::super::json::{
    Object, Problem, Result, boolean, describe, list, mismatch, object, optional, string,
};
use super::pattern;
use crate::base64;
use crate::spec::Normalizer;

/// The names that the reference knows as a tag.
const NAMES: &str = "BertNormalizer, Strip, StripAccents, NFC, NFD, NFKC, NFKD, Sequence, \
                     Lowercase, Nmt, Precompiled, Replace, Prepend, ByteLevel";

pub(super) fn normalizer(value: &Value) -> Result<Normalizer> {
    let members = object(value)?;
    match members.tag() {
        Some("Bert") => bert(members),
        Some("Strip") => strip(members),
        Some("Sequence") => sequence(members),
        Some("Precompiled") => precompiled(members),
        Some("Replace") => replace(members),
        Some("Prepend") => prepend(members),
        Some("StripAccents") => Ok(Normalizer::StripAccents),
        Some("NFC") => Ok(Normalizer::Nfc),
        Some("NFD") => Ok(Normalizer::Nfd),
        Some("NFKC") => Ok(Normalizer::Nfkc),
        Some("NFKD") => Ok(Normalizer::Nfkd),
        Some("Lowercase") => Ok(Normalizer::Lowercase),
        Some("Nmt") => Ok(Normalizer::Nmt),
        Some("ByteLevel") => Ok(Normalizer::ByteLevel),
        tag => untagged(members, tag),
    }
}

/// Anything else is what its members fit first; the tag does not matter, and `BertNormalizer`, the
/// usual one, is among those.
fn untagged(members: Object<'_>, tag: Option<&str>) -> Result<Normalizer> {
    let attempts = [bert, strip, sequence, replace, prepend];
    let fits = |attempt: &fn(Object<'_>) -> Result<Normalizer>| attempt(members).ok();
    let attempts: [fn(Object<'_>) -> Result<Normalizer>; 5] = attempts;
    match (attempts.iter().find_map(fits), tag) {
        (Some(normalizer), _) => Ok(normalizer),
        (None, Some("BertNormalizer")) => bert(members),
        (None, _) => Err(unknown(members.0, "normalizer", NAMES)),
    }
}

/// A component whose type is missing or unknown.
pub(super) fn unknown(members: &Map<String, Value>, what: &str, names: &str) -> Problem {
    match members.get("type") {
        None => Problem::new(format!("\"type\" is missing; known are {names}")),
        Some(tag) => {
            let found = describe(tag);
            Problem::new(format!("found {found}, which is no {what}; known are {names}"))
                .under("type")
        }
    }
}

fn bert(members: Object<'_>) -> Result<Normalizer> {
    Ok(Normalizer::Bert {
        clean_text: members.get("clean_text", boolean)?,
        handle_chinese_chars: members.get("handle_chinese_chars", boolean)?,
        strip_accents: members.get_or("strip_accents", None, optional(boolean))?,
        lowercase: members.get("lowercase", boolean)?,
    })
}

fn strip(members: Object<'_>) -> Result<Normalizer> {
    let left = members.get("strip_left", boolean)?;
    Ok(Normalizer::Strip { left, right: members.get("strip_right", boolean)? })
}

fn sequence(members: Object<'_>) -> Result<Normalizer> {
    members.get("normalizers", |value| list(value, normalizer)).map(Normalizer::Sequence)
}

fn replace(members: Object<'_>) -> Result<Normalizer> {
    let pattern = members.get("pattern", pattern)?;
    Ok(Normalizer::Replace { pattern, content: members.get("content", string)? })
}

fn prepend(members: Object<'_>) -> Result<Normalizer> {
    members.get("prepend", string).map(|prepend| Normalizer::Prepend { prepend })
}

fn precompiled(members: Object<'_>) -> Result<Normalizer> {
    members
        .get("precompiled_charsmap", charsmap)
        .map(|charsmap| Normalizer::Precompiled { charsmap })
}

/// Base64 of a little-endian length, that many bytes of a double array, and UTF-8 text.
fn charsmap(value: &Value) -> Result<Vec<u8>> {
    let text = value.as_str().ok_or_else(|| mismatch(value, "a string"))?;
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    base64::decode_into(text.as_bytes(), &mut bytes)
        .map_err(|error| Problem::new(format!("not base64 ({error})")))?;
    let Some((head, rest)) = bytes.split_first_chunk::<4>() else {
        return Err(Problem::new("not a character map (shorter than its header)"));
    };
    let trie_len = u32::from_le_bytes(*head) as usize / 4 * 4;
    match rest.get(trie_len..).map(std::str::from_utf8) {
        None => Err(Problem::new(format!(
            "not a character map (its header announces {trie_len} bytes, {} follow)",
            rest.len()
        ))),
        Some(Err(_)) => Err(Problem::new("not a character map (its texts are not UTF-8)")),
        Some(Ok(_)) => Ok(bytes),
    }
}
