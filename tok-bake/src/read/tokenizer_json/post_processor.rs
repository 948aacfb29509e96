//! Post-processors. The reference goes by their members, not by their tags.

use serde_json::Value;

use super::super::json::{
    Object, Problem, Result, Under, boolean, list, mismatch, object, string, u32,
};
use super::normalizer::unknown;
use super::pre_tokenizer::{ByteLevel, byte_level};
use crate::spec::{Piece, PostProcessor, TemplateToken};

const NAMES: &str = "RobertaProcessing, BertProcessing, ByteLevel, TemplateProcessing, Sequence";

type Attempt = fn(Object<'_>) -> Result<PostProcessor>;

pub(super) fn post_processor(value: &Value) -> Result<PostProcessor> {
    let members = object(value)?;
    let attempts: [(&str, Attempt); 5] = [
        ("RobertaProcessing", roberta),
        ("BertProcessing", bert),
        ("ByteLevel", byte_level_processor),
        ("TemplateProcessing", template),
        ("Sequence", sequence),
    ];
    if let Some(processor) = attempts.iter().find_map(|(_, attempt)| attempt(members).ok()) {
        return Ok(processor);
    }
    match attempts.iter().find(|(tag, _)| members.tag() == Some(tag)) {
        Some((_, attempt)) => attempt(members),
        None => Err(unknown(members.0, "post-processor", NAMES)),
    }
}

fn roberta(members: Object<'_>) -> Result<PostProcessor> {
    Ok(PostProcessor::Roberta {
        sep: members.get("sep", token)?,
        cls: members.get("cls", token)?,
        trim_offsets: members.get("trim_offsets", boolean)?,
        add_prefix_space: members.get("add_prefix_space", boolean)?,
    })
}

fn bert(members: Object<'_>) -> Result<PostProcessor> {
    let sep = members.get("sep", token)?;
    Ok(PostProcessor::Bert { sep, cls: members.get("cls", token)? })
}

fn byte_level_processor(members: Object<'_>) -> Result<PostProcessor> {
    let ByteLevel { add_prefix_space, trim_offsets, use_regex } = byte_level(members)?;
    Ok(PostProcessor::ByteLevel { add_prefix_space, trim_offsets, use_regex })
}

fn sequence(members: Object<'_>) -> Result<PostProcessor> {
    members.expect_tag("Sequence")?;
    members.get("processors", |value| list(value, post_processor)).map(PostProcessor::Sequence)
}

fn template(members: Object<'_>) -> Result<PostProcessor> {
    Ok(PostProcessor::Template {
        single: members.get("single", |value| list(value, piece))?,
        pair: members.get("pair", |value| list(value, piece))?,
        special_tokens: members.get("special_tokens", template_tokens)?,
    })
}

/// Tokens of a template, ordered by name. The name that counts is the key.
fn template_tokens(value: &Value) -> Result<Vec<TemplateToken>> {
    let mut tokens = Vec::new();
    for (id, value) in object(value)?.0 {
        tokens.push(template_token(id, value).under(id.as_str())?);
    }
    tokens.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    Ok(tokens)
}

fn template_token(id: &str, value: &Value) -> Result<TemplateToken> {
    let members = object(value)?;
    members.get("id", string)?;
    Ok(TemplateToken {
        id: id.to_owned(),
        ids: members.get("ids", |value| list(value, u32))?,
        tokens: members.get("tokens", |value| list(value, string))?,
    })
}

/// `{"Sequence": {"id": "A", "type_id": 0}}` or `{"SpecialToken": {"id": "[CLS]", "type_id": 0}}`.
fn piece(value: &Value) -> Result<Piece> {
    let mut members = object(value)?.0.iter();
    match (members.next(), members.next()) {
        (Some((kind, value)), None) if kind == "Sequence" => {
            sequence_piece(value).under("Sequence")
        }
        (Some((kind, value)), None) if kind == "SpecialToken" => {
            let special = |members: Object<'_>| {
                let id = members.get("id", string)?;
                Ok(Piece::SpecialToken { id, type_id: members.get("type_id", u32)? })
            };
            object(value).and_then(special).under("SpecialToken")
        }
        _ => Err(Problem::new("{\"Sequence\": …} or {\"SpecialToken\": …} is wanted")),
    }
}

fn sequence_piece(value: &Value) -> Result<Piece> {
    let members = object(value)?;
    let second = members.get("id", |id| match id.as_str() {
        Some("A") => Ok(false),
        Some("B") => Ok(true),
        _ => Err(mismatch(id, "\"A\" or \"B\"")),
    })?;
    Ok(Piece::Sequence { second, type_id: members.get("type_id", u32)? })
}

/// `["[SEP]", 102]`
fn token(value: &Value) -> Result<(String, u32)> {
    match value.as_array().map(Vec::as_slice) {
        Some([content, id]) => Ok((string(content).under(0)?, u32(id).under(1)?)),
        _ => Err(mismatch(value, "[token, id]")),
    }
}
