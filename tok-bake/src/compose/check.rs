//! Checks of components that somebody has put together.

use comptok_core::general::Charsmap;

use super::SpecError;
use crate::error::quote;
use crate::spec::{Normalizer, Pattern, Piece, PostProcessor, PreTokenizer, Spec, TemplateToken};

pub(super) fn spec(spec: &Spec) -> Result<(), SpecError> {
    if let Some(step) = &spec.normalizer {
        normalizer(step)?;
    }
    if let Some(step) = &spec.pre_tokenizer {
        pre_tokenizer(step)?;
    }
    if let Some(step) = &spec.post_processor {
        post_processor(step)?;
    }
    if let Some(truncation) = spec.truncation
        && truncation.stride > 0
        && truncation.stride >= truncation.max_length
    {
        let (stride, most) = (truncation.stride, truncation.max_length);
        let message = format!("found {stride}, less than max_length, {most}, is wanted");
        return Err(SpecError::new("truncation.stride", message));
    }
    if let Some(padding) = &spec.padding
        && padding.pad_to_multiple_of == Some(0)
    {
        return Err(SpecError::new("padding.pad_to_multiple_of", "found 0, 1 or more is wanted"));
    }
    Ok(())
}

fn pattern(pattern: &Pattern, part: &str) -> Result<(), SpecError> {
    match pattern {
        Pattern::Regex(regex) if regex.is_empty() => {
            Err(SpecError::new(part, "the regular expression is empty"))
        }
        _ => Ok(()),
    }
}

fn normalizer(step: &Normalizer) -> Result<(), SpecError> {
    match step {
        Normalizer::Sequence(steps) => steps.iter().try_for_each(normalizer),
        Normalizer::Replace { pattern: by, .. } => pattern(by, "normalizer.pattern"),
        Normalizer::Precompiled { charsmap } if Charsmap::new(charsmap).is_none() => {
            Err(SpecError::new("normalizer.precompiled_charsmap", "the table is damaged"))
        }
        _ => Ok(()),
    }
}

fn pre_tokenizer(step: &PreTokenizer) -> Result<(), SpecError> {
    match step {
        PreTokenizer::Sequence(steps) => steps.iter().try_for_each(pre_tokenizer),
        PreTokenizer::Split { pattern: by, .. } => pattern(by, "pre_tokenizer.pattern"),
        PreTokenizer::FixedLength { length: 0 } => {
            Err(SpecError::new("pre_tokenizer.length", "found 0, 1 or more is wanted"))
        }
        _ => Ok(()),
    }
}

pub(super) fn post_processor(step: &PostProcessor) -> Result<(), SpecError> {
    match step {
        PostProcessor::Sequence(steps) => steps.iter().try_for_each(post_processor),
        PostProcessor::Template { single, pair, special_tokens } => {
            template(single, special_tokens, "post_processor.single")?;
            template(pair, special_tokens, "post_processor.pair")?;
            let is = |wanted: bool| move |piece: &Piece| matches!(piece, Piece::Sequence { second, .. } if *second == wanted);
            if single.iter().any(is(true)) {
                let message = "$B is there, and there is one text only";
                return Err(SpecError::new("post_processor.single", message));
            }
            if !pair.iter().any(is(false)) || !pair.iter().any(is(true)) {
                let message = "both $A and $B are wanted";
                return Err(SpecError::new("post_processor.pair", message));
            }
            let uneven = special_tokens.iter().find(|token| token.ids.len() != token.tokens.len());
            if let Some(TemplateToken { id, ids, tokens }) = uneven {
                let (name, ids, tokens) = (quote(id), ids.len(), tokens.len());
                let message = format!("{name} has {ids} ids and {tokens} tokens");
                return Err(SpecError::new("post_processor.special_tokens", message));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn template(pieces: &[Piece], tokens: &[TemplateToken], part: &str) -> Result<(), SpecError> {
    for piece in pieces {
        if let Piece::SpecialToken { id, .. } = piece
            && tokens.iter().all(|token| token.id != *id)
        {
            let message = format!("{} is none of the special tokens", quote(id));
            return Err(SpecError::new(part, message));
        }
    }
    Ok(())
}
