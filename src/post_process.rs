//! Post-processors: the tokens around texts, the types, and trimmed offsets.

use crate::{Encoding, TruncationError};
use alloc::{vec, vec::Vec};
use comptok_core::general::steps::{Extra, Piece, Pipeline, PostProcessor};

/// How many tokens the steps add to one text, or to a pair.
pub(crate) fn added_len(pipeline: Option<&Pipeline<'_>>, is_pair: bool) -> usize {
    let Some(pipeline) = pipeline else { return 0 };
    pipeline
        .post_processors()
        .map(|step| match step {
            PostProcessor::Bert { .. } => 2 + usize::from(is_pair),
            PostProcessor::Roberta { .. } => 2 + 2 * usize::from(is_pair),
            PostProcessor::ByteLevel { .. } => 0,
            PostProcessor::Template { single, pair } => {
                let template = if is_pair { pair } else { single };
                template.pieces().filter(|piece| matches!(piece, Piece::Special { .. })).count()
            }
        })
        .sum()
}

/// Whether some step takes white space out of offsets.
pub(crate) fn trims(pipeline: &Pipeline<'_>) -> bool {
    let mut steps = pipeline.post_processors();
    pipeline.settings.post_processes
        && steps.any(|step| match step {
            PostProcessor::ByteLevel { trim_offsets, .. }
            | PostProcessor::Roberta { trim_offsets, .. } => trim_offsets,
            PostProcessor::Bert { .. } | PostProcessor::Template { .. } => false,
        })
}

/// One encoding of one or two.
pub(crate) fn process(
    pipeline: Option<&Pipeline<'_>>,
    encodings: Vec<Encoding>,
    add_special_tokens: bool,
) -> Result<Encoding, TruncationError> {
    let mut encodings = encodings;
    let Some(pipeline) = pipeline.filter(|pipeline| pipeline.settings.post_processes) else {
        if let [_] = &mut encodings[..] {
            return Ok(encodings.pop().unwrap_or_default());
        }
        for (sequence, encoding) in encodings.iter_mut().enumerate() {
            encoding.set_sequence_id(sequence);
        }
        return Ok(Encoding::merge(encodings, false));
    };
    for (sequence, encoding) in encodings.iter_mut().enumerate() {
        encoding.set_sequence_id(sequence);
        encoding.overflowing_mut().iter_mut().for_each(|part| part.set_sequence_id(sequence));
        encoding.set_type_ids(sequence as u32);
    }
    for step in pipeline.post_processors() {
        encodings = apply(&step, encodings, add_special_tokens)?;
    }
    Ok(Encoding::merge(encodings, false))
}

fn apply(
    step: &PostProcessor<'_>,
    mut encodings: Vec<Encoding>,
    add_special_tokens: bool,
) -> Result<Vec<Encoding>, TruncationError> {
    match *step {
        PostProcessor::ByteLevel { trim_offsets, add_prefix_space } => {
            if trim_offsets {
                encodings.iter_mut().for_each(|encoding| trim_all(encoding, add_prefix_space));
            }
            for (sequence, encoding) in encodings.iter_mut().enumerate() {
                encoding.set_sequence_id(sequence);
            }
            Ok(encodings)
        }
        PostProcessor::Roberta { sep, cls, trim_offsets, add_prefix_space } => {
            for encoding in &mut encodings {
                if trim_offsets {
                    trim_all(encoding, add_prefix_space);
                }
                encoding.set_type_ids(0);
            }
            if !add_special_tokens {
                return Ok(encodings);
            }
            let (cls, sep) = (special(&cls, 0), special(&sep, 0));
            let around = |i: usize, encoding: &Encoding, overflows: bool| {
                let before = if i == 0 { &cls } else { &sep };
                let mut whole = encoding.between(i.min(1), Some(before), Some(&sep));
                // All types are 0 here; the first text's overflow too.
                if overflows {
                    whole.set_type_ids(0);
                }
                whole
            };
            Ok(surround(encodings, around))
        }
        PostProcessor::Bert { sep, cls } => {
            if !add_special_tokens {
                return Ok(encodings);
            }
            let (cls, first_sep) = (special(&cls, 0), special(&sep, 0));
            let second_sep = special(&sep, 1);
            let around = |i: usize, encoding: &Encoding, _| match i {
                0 => encoding.between(0, Some(&cls), Some(&first_sep)),
                _ => encoding.between(1, None, Some(&second_sep)),
            };
            Ok(surround(encodings, around))
        }
        PostProcessor::Template { single, pair } => {
            let template = match encodings.len() {
                1 => single,
                2 => pair,
                _ => return Err(TruncationError::Template { encodings: encodings.len() }),
            };
            // The last piece that asks for a text takes it.
            let mut last = [0; 2];
            for (number, piece) in template.pieces().enumerate() {
                if let Piece::Sequence { second, .. } = piece {
                    last[usize::from(second)] = number;
                }
            }
            let mut out: Vec<Encoding> = Vec::new();
            for (number, piece) in template.pieces().enumerate() {
                match piece {
                    Piece::Sequence { second, type_id } => {
                        let sequence = usize::from(second);
                        if let Some(encoding) = encodings.get_mut(sequence) {
                            encoding.set_type_ids(type_id);
                            encoding.set_sequence_id(sequence);
                            out.push(match number == last[sequence] {
                                true => core::mem::take(encoding),
                                false => encoding.clone(),
                            });
                        }
                    }
                    Piece::Special { token, type_id, joined } if add_special_tokens => {
                        let token = special(&token, type_id);
                        match out.last_mut() {
                            Some(before) if joined => before.merge_with(token, false),
                            _ => out.push(token),
                        }
                    }
                    Piece::Special { .. } => {}
                }
            }
            Ok(out)
        }
    }
}

fn special(token: &Extra<'_>, type_id: u32) -> Encoding {
    Encoding::special(token.id, token.text, type_id)
}

/// Puts tokens around each encoding and around what overflows from it.
fn surround(
    encodings: Vec<Encoding>,
    around: impl Fn(usize, &Encoding, bool) -> Encoding,
) -> Vec<Encoding> {
    let numbered = encodings.into_iter().enumerate();
    let each = numbered.map(|(i, mut encoding)| {
        let mut whole = around(i, &encoding, false);
        let parts = encoding.take_overflowing();
        *whole.overflowing_mut() = parts.iter().map(|part| around(i, part, true)).collect();
        whole
    });
    each.collect()
}

fn trim_all(encoding: &mut Encoding, add_prefix_space: bool) {
    trim(encoding, add_prefix_space);
    encoding.overflowing_mut().iter_mut().for_each(|part| trim(part, add_prefix_space));
}

/// Takes white space at the ends of tokens out of their offsets.
fn trim(encoding: &mut Encoding, add_prefix_space: bool) {
    let is_space = |c: &char| *c == '\u{120}' || c.is_whitespace();
    let spaces: Vec<(usize, usize)> = encoding
        .tokens()
        .map(|token| {
            let leading = token.chars().take_while(is_space).count();
            (leading, token.chars().rev().take_while(is_space).count())
        })
        .collect();
    for (i, ((start, end), (mut leading, trailing))) in
        encoding.offsets_mut().iter_mut().zip(spaces).enumerate()
    {
        // A single space at the very beginning may be one that was added.
        if leading == 1 && add_prefix_space && (i == 0 || *start == 0) {
            leading = 0;
        }
        *start = (*start + leading).min(*end);
        if trailing > 0 && *end >= trailing {
            *end = (*end - trailing).max(*start);
        }
    }
}

/// Both texts cut so that they have no more than `max_length` tokens together.
pub(crate) fn truncate(
    encodings: &mut [Encoding],
    truncation: &crate::Truncation,
    max_length: usize,
) -> Result<(), TruncationError> {
    use crate::TruncationStrategy::{LongestFirst, OnlyFirst, OnlySecond};
    let (stride, direction) = (truncation.stride, truncation.direction);
    if max_length == 0 {
        return encodings.iter_mut().try_for_each(|one| one.truncate(0, stride, direction));
    }
    let total: usize = encodings.iter().map(Encoding::len).sum();
    let Some(surplus) = total.checked_sub(max_length).filter(|surplus| *surplus > 0) else {
        return Ok(());
    };
    let lens = match (truncation.strategy, &*encodings) {
        (LongestFirst, [first, second]) => {
            let (mut short, mut long) = (first.len(), second.len());
            let swapped = short > long;
            if swapped {
                core::mem::swap(&mut short, &mut long);
            }
            // The longer one gives, down to the shorter one's length; then both do.
            long = if short > max_length { short } else { short.max(max_length - short) };
            if short + long > max_length {
                short = max_length / 2;
                long = short + max_length % 2;
            }
            if swapped { vec![long, short] } else { vec![short, long] }
        }
        (LongestFirst, _) => vec![max_length],
        (strategy @ (OnlyFirst | OnlySecond), all) => {
            let chosen = usize::from(strategy == OnlySecond);
            let target = all.get(chosen).ok_or(TruncationError::NoSecond)?;
            if target.len() <= surplus {
                return Err(TruncationError::TooShort { len: target.len(), surplus });
            }
            let mut lens: Vec<usize> = all.iter().map(Encoding::len).collect();
            lens[chosen] -= surplus;
            lens
        }
    };
    for (encoding, len) in encodings.iter_mut().zip(lens) {
        encoding.truncate(len, stride, direction)?;
    }
    Ok(())
}
