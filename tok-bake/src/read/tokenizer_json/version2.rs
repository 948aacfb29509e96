//! tokenizer.json 2.0, the form that `tokenizers` 1.0 writes, put back into the form of 1.0.
//!
//! It says the same with other components: whether the model is byte-level is a member of the model,
//! Metaspace is a normalizer and a Split, and templates hold their ids. Everything else is read as
//! it always was.

use serde_json::{Map, Value, json};

use super::super::json::{Problem, Result, Under, mismatch};
use super::super::stream::{Document, RawModel, RawVocab};
use std::collections::BTreeMap;

/// Whether the file says that it is of this form.
pub(super) fn is_version2(members: &Map<String, Value>) -> bool {
    members.get("version").and_then(Value::as_str) == Some("2.0")
}

/// Rewrites the file's members.
pub(super) fn lower(document: &mut Document) -> Result<()> {
    let members = &mut document.members;
    members.insert("version".to_owned(), json!("1.0"));
    // The names that a file gives to roles of tokens change no id.
    members.remove("role_to_token");
    metaspace(members)?;
    let names = names(members.get("added_tokens"));
    if let Some(post_processor) = members.get_mut("post_processor") {
        template(post_processor, &names, document.model.as_ref()).under("post_processor")?;
    }
    let Some(model) = &mut document.model else { return Ok(()) };
    match model.members.remove("byte_level") {
        None | Some(Value::Bool(false)) => {}
        Some(Value::Bool(true)) => {
            let step = json!({"type": "ByteLevel", "add_prefix_space": false,
                "trim_offsets": true, "use_regex": false});
            append(members, step);
        }
        Some(other) => {
            return Err(mismatch(&other, "true or false").under("byte_level").under("model"));
        }
    }
    Ok(())
}

/// Ids and contents of the added tokens.
fn names(added_tokens: Option<&Value>) -> BTreeMap<u64, String> {
    let tokens = added_tokens.and_then(Value::as_array).into_iter().flatten();
    tokens
        .filter_map(|token| {
            Some((token.get("id")?.as_u64()?, token.get("content")?.as_str()?.to_owned()))
        })
        .collect()
}

/// The text of a token that a template names by its id.
fn name_of(id: &Value, names: &BTreeMap<u64, String>, model: Option<&RawModel>) -> String {
    let number = id.as_u64().unwrap_or(u64::MAX);
    if let Some(name) = names.get(&number) {
        return name.clone();
    }
    let text = match model.and_then(|model| model.vocab.as_ref()) {
        Some(RawVocab::Map(vocab)) => vocab
            .iter()
            .find(|(_, id)| u64::from(*id) == number)
            .map(|(token, _)| String::from_utf8_lossy(token).into_owned()),
        Some(RawVocab::List(pieces)) => {
            usize::try_from(number).ok().and_then(|id| pieces.get(id)).map(|(text, _)| text.clone())
        }
        None => None,
    };
    text.unwrap_or_else(|| id.to_string())
}

fn tag(value: &Value) -> Option<&str> {
    value.get("type")?.as_str()
}

/// Puts a step behind the pre-tokenizer.
fn append(members: &mut Map<String, Value>, step: Value) {
    let steps = match members.remove("pre_tokenizer") {
        None | Some(Value::Null) => {
            members.insert("pre_tokenizer".to_owned(), step);
            return;
        }
        Some(Value::Object(mut one)) if one.get("type") == Some(&json!("Sequence")) => {
            match one.remove("pretokenizers") {
                Some(Value::Array(mut steps)) => {
                    steps.push(step);
                    Value::Array(steps)
                }
                other => other.unwrap_or_default(),
            }
        }
        Some(one) => json!([one, step]),
    };
    let sequence = json!({"type": "Sequence", "pretokenizers": steps});
    members.insert("pre_tokenizer".to_owned(), sequence);
}

/// A MetaspaceNormalizer at the end of the normalizers, and a Split before its replacement, are
/// Metaspace; without the Split, one that does not split.
fn metaspace(members: &mut Map<String, Value>) -> Result<()> {
    let normalizer = members.get_mut("normalizer");
    let is_metaspace = |value: &Value| tag(value) == Some("MetaspaceNormalizer");
    let found = match normalizer {
        Some(value) if is_metaspace(value) => value.take(),
        Some(Value::Object(sequence)) => {
            let steps = sequence.get_mut("normalizers").and_then(Value::as_array_mut);
            match steps.and_then(|steps| steps.pop_if(|last| is_metaspace(last))) {
                Some(last) => last,
                None => return Ok(()),
            }
        }
        _ => return Ok(()),
    };
    let problem = |message: &str| Err(Problem::new(message).under("normalizer"));
    let Some(replacement) = found.get("replacement").and_then(Value::as_str) else {
        return problem("\"replacement\" of the MetaspaceNormalizer is missing");
    };
    let Some(prepend) = found.get("prepend").and_then(Value::as_str) else {
        return problem("\"prepend\" of the MetaspaceNormalizer is missing");
    };
    let drops = found.get("drop_whitespace").and_then(Value::as_bool).unwrap_or(false);
    let cuts = match members.get("pre_tokenizer") {
        None | Some(Value::Null) => false,
        Some(split) => {
            let pattern = split.get("pattern").and_then(|pattern| pattern.get("String"));
            let is_its_own = tag(split) == Some("Split")
                && pattern.and_then(Value::as_str) == Some(replacement)
                && split.get("behavior").and_then(Value::as_str) == Some("MergedWithNext");
            if !is_its_own {
                return Err(Problem::new(
                    "beside a MetaspaceNormalizer a Split before its replacement is wanted",
                )
                .under("pre_tokenizer"));
            }
            true
        }
    };
    let metaspace = json!({"type": "Metaspace", "replacement": replacement,
        "prepend_scheme": prepend, "split": cuts});
    let step = match drops {
        true => json!({"type": "Sequence",
            "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace]}),
        false => metaspace,
    };
    members.insert("pre_tokenizer".to_owned(), step);
    Ok(())
}

/// Pieces with ids become names, and a table of them.
fn template(
    value: &mut Value,
    names: &BTreeMap<u64, String>,
    model: Option<&RawModel>,
) -> Result<()> {
    let Some(members) = value.as_object_mut() else { return Ok(()) };
    if members.get("type").and_then(Value::as_str) != Some("TemplateProcessing")
        || members.contains_key("special_tokens")
    {
        return Ok(());
    }
    let mut table = Map::new();
    for key in ["single", "pair"] {
        let Some(Value::Array(pieces)) = members.get_mut(key) else { continue };
        for (index, piece) in pieces.iter_mut().enumerate() {
            let type_id = piece.get("type_id").cloned().unwrap_or(json!(0));
            *piece = if let Some(sequence) = piece.get("seq") {
                json!({"Sequence": {"id": sequence, "type_id": type_id}})
            } else if let Some(ids) = piece.get("ids").and_then(Value::as_array) {
                let name = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
                let tokens: Value = ids.iter().map(|id| json!(name_of(id, names, model))).collect();
                table.insert(name.clone(), json!({"id": name, "ids": ids, "tokens": tokens}));
                json!({"SpecialToken": {"id": name, "type_id": type_id}})
            } else {
                let problem = mismatch(piece, "{\"seq\": …} or {\"ids\": …}");
                return Err(problem.under(index).under(key));
            };
        }
    }
    members.insert("special_tokens".to_owned(), Value::Object(table));
    Ok(())
}
