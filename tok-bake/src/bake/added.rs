//! Added tokens: the list, and the matchers.

use comptok_core::{
    added_tokens::{AddedFlags, ENTRY_LEN},
    blob::{Section, lookup::NONE},
};
use std::collections::{BTreeMap, BTreeSet};

use super::{
    BakeError,
    image::{Image, le_bytes},
};
use crate::error::{Warning, quote};
use crate::spec::{AddedToken, Spec};

/// Bytes of an added token at most. A search may look at as many for each byte of a text.
const MAX_LEN: usize = 1024;

/// The added tokens as the engine matches them: without empty ones, normalized ones normalized.
///
/// # Errors
/// For one of more than [`MAX_LEN`] bytes.
pub(super) fn check(
    spec: &Spec,
    normalize: impl Fn(&str) -> String,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<AddedToken>, BakeError> {
    let mut tokens: Vec<AddedToken> = Vec::new();
    let mut seen = BTreeMap::new();
    for (index, token) in spec.added_tokens.iter().enumerate() {
        if token.content.is_empty() {
            continue;
        }
        let mut warn = |message: String| {
            warnings.push(Warning::about(format!("added_tokens[{index}]"), message));
        };
        let mut token = token.clone();
        if token.normalized {
            let content = normalize(&token.content);
            if content.is_empty() {
                warn(format!(
                    "added token {} ({}) is empty when normalized, and never matches (the reference \
                     finds it between chars)",
                    token.id,
                    quote(&token.content)
                ));
            }
            token.content = content;
        }
        if token.content.len() > MAX_LEN {
            let error = BakeError::unsupported(format_args!(
                "added token {index}, of {} bytes (at most {MAX_LEN}: a search may look at as many for each byte of a text)",
                token.content.len()
            ));
            return Err(error.in_part("added_tokens"));
        }
        match seen.get(&(token.normalized, token.content.clone())) {
            Some(&id) if id == token.id => {}
            Some(id) => warn(format!(
                "added tokens {id} and {} both match {}; the first one counts (the reference \
                 takes either)",
                token.id,
                quote(&token.content)
            )),
            None => {
                seen.insert((token.normalized, token.content.clone()), token.id);
                tokens.push(token);
            }
        }
    }
    Ok(tokens)
}

/// What special tokens match, as the file has it.
pub(super) fn special_contents(spec: &Spec) -> BTreeSet<&str> {
    let special = spec.added_tokens.iter().filter(|token| token.special);
    special.map(|token| token.content.as_str()).collect()
}

pub(super) fn write(image: &mut Image, tokens: &[AddedToken]) {
    let mut entries = vec![tokens.len() as u32];
    let mut contents = Vec::new();
    let base = 4 + ENTRY_LEN * tokens.len();
    for token in tokens {
        let set = |condition: bool, flag: u32| if condition { flag } else { 0 };
        let flags = set(token.special, AddedFlags::SPECIAL)
            | set(token.single_word, AddedFlags::SINGLE_WORD)
            | set(token.lstrip, AddedFlags::LSTRIP)
            | set(token.rstrip, AddedFlags::RSTRIP)
            | set(token.normalized, AddedFlags::NORMALIZED);
        let start = (base + contents.len()) as u32;
        entries.extend([token.id, start, token.content.len() as u32, flags]);
        contents.extend_from_slice(token.content.as_bytes());
    }
    let mut bytes = le_bytes(&entries);
    bytes.extend_from_slice(&contents);
    image.section(Section::Added, bytes);
    for (section, normalized) in [(Section::RawMatcher, false), (Section::NormalizedMatcher, true)]
    {
        let chosen = tokens.iter().enumerate().filter(|(_, token)| token.normalized == normalized);
        let chosen: Vec<(u32, &[u8])> =
            chosen.map(|(index, token)| (index as u32, token.content.as_bytes())).collect();
        if !chosen.is_empty() {
            image.section(section, le_bytes(&matcher(&chosen)));
        }
    }
}

#[derive(Default)]
struct Node {
    children: BTreeMap<u8, usize>,
    token: Option<u32>,
}

/// A trie in the layout of [`comptok_core::added_tokens::Matcher`].
fn matcher(tokens: &[(u32, &[u8])]) -> Vec<u32> {
    let mut nodes = vec![Node::default()];
    for &(index, content) in tokens {
        let mut at = 0;
        for &byte in content {
            let next = nodes.len();
            let child = *nodes[at].children.entry(byte).or_insert(next);
            if child == next {
                nodes.push(Node::default());
            }
            at = child;
        }
        nodes[at].token.get_or_insert(index);
    }
    let first: Vec<u8> = nodes[0].children.keys().copied().collect();
    let few = |i: usize| *first.get(i).or(first.first()).unwrap_or(&0);
    let count = first.len().min(255) as u8;
    let mut words = vec![nodes.len() as u32, u32::from_le_bytes([count, few(0), few(1), few(2)])];
    let mut bits = [0u32; 8];
    for &byte in &first {
        bits[usize::from(byte >> 5)] |= 1 << (byte & 31);
    }
    words.extend(bits);
    let mut edges = Vec::new();
    for node in &nodes {
        let token = node.token.unwrap_or(NONE);
        words.extend([edges.len() as u32, node.children.len() as u32, token]);
        edges.extend(
            node.children.iter().map(|(&byte, &child)| u32::from(byte) | (child as u32) << 8),
        );
    }
    words.extend(edges);
    words
}
