//! tokenizer.json, the file of HuggingFace `tokenizers`.
//!
//! What that library loads is read with the same meaning, its oddities included; what it refuses is
//! an error. Two things are not followed: structures written as arrays of their members, which no
//! version writes, and regular expressions are taken as they are.

mod added_tokens;
mod decoder;
mod model;
mod normalizer;
mod params;
mod post_processor;
mod pre_tokenizer;
mod version2;

use serde_json::Value;

use super::json::{
    Object, Problem, Result, Under, mismatch, object, one_of, optional, string, under, utf8,
    warnings,
};
use super::stream::{self, Document};
use super::{Read, fast};
use crate::error::ReadError;
use crate::spec::{Family, Model, Pattern, Spec};

/// Reads a tokenizer.json.
///
/// Ids of added tokens are those that HuggingFace `tokenizers` gives them on loading; where the
/// file says otherwise there is a warning.
pub fn tokenizer_json(bytes: &[u8]) -> std::result::Result<Read, ReadError> {
    let text = utf8(bytes)?;
    let document = match fast::document(text) {
        Some(document) => document,
        None => stream::read(text)?,
    };
    let mut oddities = Vec::new();
    let spec = spec(document, &mut oddities).map_err(|problem| problem.into_error(text))?;
    Ok(Read { spec, warnings: warnings(oddities, text) })
}

fn spec(mut document: Document, warnings: &mut Vec<Problem>) -> Result<Spec> {
    if version2::is_version2(&document.members) {
        version2::lower(&mut document)?;
    } else if document.members.contains_key("role_to_token") {
        return Err(
            Problem::new("unknown member; it belongs to version 2.0").under("role_to_token")
        );
    }
    let Document { members, model } = document;
    let members = Object(&members);
    members.get_or("version", (), |value| one_of(value, &[("1.0", ()), ("2.0", ())]))?;
    let Some(model) = model else {
        return Err(Problem::new("\"model\" is missing; is this a tokenizer.json?"));
    };
    let (mut model, tokens) = under("model", warnings, |warnings| model::model(model, warnings))?;
    // What the reference calls the model's size counts a piece that is listed twice as two.
    let size = match &model {
        Model::Unigram { pieces, .. } => pieces.len(),
        _ => tokens.vocab.len(),
    };
    let added_tokens =
        under("added_tokens", warnings, |warnings| match members.0.get("added_tokens") {
            Some(value) => added_tokens::added_tokens(value, &tokens, size, warnings),
            None => Ok(Vec::new()),
        })?;
    match &mut model {
        Model::Bpe(bpe) => bpe.vocab = tokens.vocab,
        Model::WordPiece { vocab, .. } | Model::WordLevel { vocab, .. } => *vocab = tokens.vocab,
        Model::Unigram { .. } | Model::SentencePiece(_) => {}
    }
    Ok(Spec {
        family: Family::HuggingFace,
        added_tokens,
        normalizer: component(members, "normalizer", normalizer::normalizer)?,
        pre_tokenizer: component(members, "pre_tokenizer", pre_tokenizer::pre_tokenizer)?,
        model,
        post_processor: component(members, "post_processor", post_processor::post_processor)?,
        decoder: component(members, "decoder", decoder::decoder)?,
        truncation: component(members, "truncation", params::truncation)?,
        padding: component(members, "padding", params::padding)?,
    })
}

/// A member that may be missing or null.
fn component<T>(
    members: Object<'_>,
    key: &str,
    read: impl Fn(&Value) -> Result<T>,
) -> Result<Option<T>> {
    members.get_or(key, None, optional(read))
}

/// `{"String": "…"}` or `{"Regex": "…"}`.
fn pattern(value: &Value) -> Result<Pattern> {
    let mut members = object(value)?.0.iter();
    match (members.next(), members.next()) {
        (Some((kind, text)), None) if kind == "String" => {
            string(text).map(Pattern::String).under("String")
        }
        (Some((kind, text)), None) if kind == "Regex" => {
            string(text).map(Pattern::Regex).under("Regex")
        }
        _ => Err(mismatch(value, "{\"String\": …} or {\"Regex\": …}")),
    }
}
