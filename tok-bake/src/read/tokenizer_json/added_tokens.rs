//! Added tokens, with the ids that the reference gives them.

use std::collections::HashMap;

use serde_json::Value;

use super::super::json::{Object, Problem, Result, boolean, list, object, string, u32};
use super::super::tokens::Tokens;
use crate::error::quote;
use crate::spec::AddedToken;

/// Reads the list. A token that the model has keeps its id; the others are numbered from the
/// model's `size` on, in the order of the list. The ids of the file are not used.
pub(super) fn added_tokens(
    value: &Value,
    model: &Tokens,
    size: usize,
    warnings: &mut Vec<Problem>,
) -> Result<Vec<AddedToken>> {
    let listed = list(value, |value| object(value).and_then(added_token))?;
    let mut next_id = size as u32;
    // Ids by content, and the tokens by id: where two have one id, the last one stays.
    let mut ids: HashMap<String, u32> = HashMap::new();
    let mut by_id: HashMap<u32, usize> = HashMap::new();
    let mut tokens: Vec<Option<AddedToken>> = Vec::with_capacity(listed.len());
    for (position, mut token) in listed.into_iter().enumerate() {
        let name = quote(&token.content);
        let mut warn = |message| warnings.push(Problem::new(message).under(position));
        if token.content.is_empty() {
            warn("its content is empty; it is ignored".to_owned());
            tokens.push(None);
            continue;
        }
        let known = ids.get(&token.content).copied();
        let id = match known.or_else(|| model.id(token.content.as_bytes())) {
            Some(id) => id,
            None => {
                next_id += 1;
                next_id - 1
            }
        };
        if known.is_some() {
            warn(format!("{name} is listed twice; the last one counts"));
        } else if id != token.id {
            warn(format!("{name} is listed with id {}; it is {id}, as in the reference", token.id));
        }
        token.id = id;
        ids.insert(token.content.clone(), id);
        if let Some(before) = by_id.insert(id, position)
            && let Some(before) = tokens[before].take()
        {
            if before.content == token.content {
                // Contents that have been special once stay special.
                token.special |= before.special;
            } else {
                let before = quote(&before.content);
                warn(format!("{name} takes the id {id} of {before}, which is never found now"));
            }
        }
        tokens.push(Some(token));
    }
    let mut tokens: Vec<_> = tokens.into_iter().flatten().collect();
    tokens.sort_unstable_by_key(|token| token.id);
    Ok(tokens)
}

fn added_token(members: Object<'_>) -> Result<AddedToken> {
    Ok(AddedToken {
        id: members.get("id", u32)?,
        content: members.get("content", string)?,
        single_word: members.get("single_word", boolean)?,
        lstrip: members.get("lstrip", boolean)?,
        rstrip: members.get("rstrip", boolean)?,
        normalized: members.get("normalized", boolean)?,
        special: members.get("special", boolean)?,
    })
}
