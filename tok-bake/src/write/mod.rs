//! The writer: [`Spec`] to tokenizer.json.

mod components;
mod files;
mod json;
mod model;
mod regex;

pub use files::{tiktoken, vocab_merges};

use crate::error::{WriteError, quote};
use crate::read::pattern;
use crate::spec::{Alphabet, Behavior, Family, Model, Pattern, PreTokenizer, Spec};
use json::Json;
use model::Tokens;

/// Writes a tokenizer.json from which HuggingFace `tokenizers` 0.23 gets the same ids.
///
/// The text is what that library writes itself. A tokenizer of ranks becomes a byte-level one: its
/// special tokens are listed in the model's vocabulary too, so that they keep their ids, unless they
/// keep them without and one is spelled like a word; merges are
/// those of [`merges::from_ranks`](crate::merges::from_ranks); and the pattern is put into the
/// syntax of Oniguruma.
///
/// # Errors
/// If the file would not mean the same: an added token cannot have its id, a special token is
/// spelled like an ordinary one, or the pattern has no equal.
pub fn tokenizer_json(spec: &Spec) -> Result<String, WriteError> {
    model::check_numbers(&spec.model)?;
    let tokens = Tokens::new(spec, model::listed(spec))?;
    tokens.check_added(spec)?;
    let pre_tokenizer = pre_tokenizer(spec)?;
    let mut json = Json::default();
    json.object(|json| {
        json.field("version", "1.0");
        components::optional(json, "truncation", spec.truncation.as_ref(), components::truncation);
        components::optional(json, "padding", spec.padding.as_ref(), components::padding);
        json.member("added_tokens", |json| {
            json.list(&spec.added_tokens, components::added_token);
        });
        components::optional(json, "normalizer", spec.normalizer.as_ref(), components::normalizer);
        components::optional(
            json,
            "pre_tokenizer",
            pre_tokenizer.as_ref(),
            components::pre_tokenizer,
        );
        components::optional(
            json,
            "post_processor",
            spec.post_processor.as_ref(),
            components::post_processor,
        );
        components::optional(json, "decoder", spec.decoder.as_ref(), components::decoder);
        json.member("model", |json| tokens.write(json, &spec.model));
    });
    Ok(json.into_string())
}

/// The pre-tokenizer as the reference needs it: with its syntax of patterns, and, where the model's
/// tokens are bytes, with the step that turns bytes into chars.
fn pre_tokenizer(spec: &Spec) -> Result<Option<PreTokenizer>, WriteError> {
    let translated = match (&spec.pre_tokenizer, spec.family) {
        (Some(pre_tokenizer), Family::Tiktoken) => {
            let mut pre_tokenizer = pre_tokenizer.clone();
            drop_unmatched(&mut pre_tokenizer);
            Some(translate(&pre_tokenizer)?)
        }
        (pre_tokenizer, _) => pre_tokenizer.clone(),
    };
    let Model::Bpe(bpe) = &spec.model else {
        return Ok(translated);
    };
    if bpe.alphabet == Alphabet::Chars {
        return Ok(translated);
    }
    let bytes =
        PreTokenizer::ByteLevel { add_prefix_space: false, trim_offsets: true, use_regex: false };
    let mut steps = match translated {
        Some(PreTokenizer::Sequence(steps)) => steps,
        Some(step) => vec![step],
        None => Vec::new(),
    };
    if steps.iter().any(|step| matches!(step, PreTokenizer::ByteLevel { .. })) {
        let message = "the model's tokens are bytes already, but the pre-tokenizer has ByteLevel";
        return Err(WriteError::new(message));
    }
    steps.push(bytes);
    Ok(Some(PreTokenizer::Sequence(steps)))
}

/// The pre-tokenizer with patterns of tiktoken in the syntax of the reference.
fn translate(pre_tokenizer: &PreTokenizer) -> Result<PreTokenizer, WriteError> {
    Ok(match pre_tokenizer {
        PreTokenizer::Split { pattern: Pattern::Regex(regex), behavior, invert } => {
            let onig = regex::to_onig(regex).map_err(|why| {
                WriteError::new(format!("pattern {} cannot be written: {why}", quote(regex)))
            })?;
            PreTokenizer::Split {
                pattern: Pattern::Regex(onig),
                behavior: *behavior,
                invert: *invert,
            }
        }
        PreTokenizer::Sequence(steps) => {
            PreTokenizer::Sequence(steps.iter().map(translate).collect::<Result<_, _>>()?)
        }
        other => other.clone(),
    })
}

/// Drops what a single pattern misses, as tiktoken does. The patterns that are known to miss
/// nothing stay as everybody writes them.
fn drop_unmatched(pre_tokenizer: &mut PreTokenizer) {
    if let PreTokenizer::Split { pattern: Pattern::Regex(regex), behavior, invert } = pre_tokenizer
        && (*behavior, *invert) == (Behavior::Isolated, false)
        && !pattern::matches_everything(regex)
    {
        (*behavior, *invert) = (Behavior::Removed, true);
    }
}
