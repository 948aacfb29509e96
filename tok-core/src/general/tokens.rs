//! From pieces to tokens: each part through the model, or word by word where most have been seen before.

use super::{
    Found, Memory,
    cuts::{Cuts, cut},
    ends::WordEnds,
    normalize,
    run::{Piece, Run, each_added, pieces},
    steps::{Normalizer, Pipeline, PreTokenizer},
    text::{Split, Text},
    walk::Walk,
    words::{self, WordToken},
};
use crate::{
    Kernel,
    added_tokens::Special,
    blob::Tables,
    byte_level,
    engine::Stop,
    model::{Model, ModelError, Token},
    unicode::graphemes,
};

/// Calls `emit` with each token.
pub(super) fn run(
    tables: &Tables<'_>,
    text: &str,
    special: Special<'_>,
    aligned: bool,
    memory: &mut Memory,
    emit: &mut impl FnMut(Found<'_>),
) -> Result<(), Stop> {
    let (Some(model), Some(pipeline)) = (Model::parse(tables), Pipeline::parse(tables.pipeline))
    else {
        return Ok(());
    };
    if memory.words.is_some()
        && !matches!(model, Model::SentencePiece(_))
        && super::may_cut(tables, &pipeline, &model, memory)
    {
        return by_words(tables, &pipeline, &model, text, special, aligned, memory, emit);
    }
    let Memory { splits, parts, model: scratch, tokens, .. } = memory;
    pieces(tables, text, special, aligned, (splits, parts), &mut |piece| match piece {
        Piece::Added(found) => {
            emit(found);
            Ok(())
        }
        Piece::Part(text, split, word) => {
            tokens.clear();
            let part = text.as_str().get(split.start..split.end).unwrap_or_default();
            model
                .tokenize(part, scratch, tokens)
                .map_err(|error| stop(error, tables, text, split))?;
            let source = |number| model.source(scratch, number);
            place(text, split, word, tokens, aligned, &source, emit);
            Ok(())
        }
    })
}

/// As [`run`], word by word: most words have been seen before.
#[expect(clippy::too_many_arguments, reason = "what one encode has")]
fn by_words(
    tables: &Tables<'_>,
    pipeline: &Pipeline<'_>,
    model: &Model<'_>,
    text: &str,
    special: Special<'_>,
    aligned: bool,
    memory: &mut Memory,
    emit: &mut impl FnMut(Found<'_>),
) -> Result<(), Stop> {
    let Memory {
        splits, parts, model: scratch, tokens, words, answer, placed, seen, kernel, ..
    } = memory;
    let Some(words) = words else { return Ok(()) };
    let kernel = kernel.unwrap_or_else(Kernel::detect);
    let chars = &mut seen.get_or_insert_default().chars;
    let walk = Walk::of(pipeline);
    let settings = &pipeline.settings;
    let mut run = Run {
        tables,
        pipeline: *pipeline,
        special,
        normalized: None,
        aligned: aligned || settings.asks_place,
        splits: core::mem::take(splits),
        parts: core::mem::take(parts),
        word: 0,
    };
    let (is_strict, first_differs) =
        (settings.cuts & cut::STRICT != 0, settings.cuts & cut::FIRST != 0);
    let one_part = settings.cuts & cut::MODEL != 0;
    // A word that begins with what a table removes seems to stand earlier than it does, unless it follows something.
    let may_forget =
        aligned && pipeline.normalizers().any(|step| matches!(step, Normalizer::Precompiled(_)));
    let forgets = |text: &str| may_forget && normalize::forgets(pipeline.normalizers(), text);
    let forgets_space = forgets(" a");
    let forgets_word = |stretch: &str, at: usize| {
        let Some(word) = stretch.get(at..).filter(|word| may_forget && !word.is_empty()) else {
            return false;
        };
        // A space is alone but for what extends it.
        match word.strip_prefix(' ').map(|rest| rest.chars().next()) {
            Some(Some(next)) if !graphemes::is_extending(next) => forgets_space,
            _ => forgets(word),
        }
    };
    // Parts are counted, and a mark mostly does not begin one.
    let at_marks = one_part || settings.cuts & cut::MARKS != 0;
    let marks = if at_marks { settings.marks } else { 0 };
    let cutter = Cuts::for_steps(settings.cuts, marks, model.open() | settings.open);
    let result = each_added(tables, pipeline, special, text.as_bytes(), |found, start, end| {
        if let Some(found) = found {
            let (source, word) = (text.get(start..end).unwrap_or_default(), run.word);
            emit(Found { id: found.id, start, end, word, source, added: true });
            run.word += 1;
            return Ok(());
        }
        let stretch = text.get(start..end).unwrap_or_default();
        let forgets = forgets(stretch);
        let mut ends = WordEnds::new(cutter, kernel, stretch);
        let word_end = |ends: &mut WordEnds<'_>, at: usize| {
            let mut to = ends.end(at);
            while forgets_word(stretch, to) {
                to = ends.end(to);
            }
            to
        };
        let (mut at, number, mut parts_seen) = (0, run.word, 0);
        while at < stretch.len() {
            // Where the model cuts, all is one part.
            if one_part {
                (run.word, parts_seen) = (number, parts_seen.max(run.word - number));
            }
            let mut to = if forgets { stretch.len() } else { word_end(&mut ends, at) };
            if let Some((text, len)) = ends.ahead() {
                words.ask(text, len);
            }
            let is_first = at == 0 && (first_differs || forgets);
            let rest = stretch.as_bytes().get(at..).unwrap_or_default();
            if !is_first && let Some((tokens, parts)) = words.get(rest, to - at, aligned) {
                let base = start + at;
                for token in tokens {
                    let WordToken { id, start, end, word } = WordToken::unpack(*token);
                    let (start, end) = match aligned {
                        true => (base + usize::from(start), base + usize::from(end)),
                        false => (0, 0),
                    };
                    let word = run.word + u32::from(word);
                    emit(Found { id, start, end, word, source: "", added: false });
                }
                run.word += parts;
                at = to;
                continue;
            }
            let mut cut = at;
            let mut is_open = is_strict && run.is_open(&stretch[cut..to]);
            while is_open && to < stretch.len() {
                cut = to;
                to = word_end(&mut ends, to);
                is_open = run.is_open(&stretch[cut..to]);
            }
            let (word, base) = (&stretch[at..to], start + at);
            let before = run.word;
            let walked = walk.filter(|_| !is_first).and_then(|walk| {
                walk.tokens(pipeline, chars, word, (model, scratch), tokens, placed)
            });
            if let Some(parts) = walked {
                for (number, &token) in placed.tokens.iter().enumerate() {
                    let (mut start, mut end) = (0, 0);
                    if aligned {
                        start = base + usize::from(token.start);
                        end = base + usize::from(token.end);
                    }
                    let (id, word) = (token.id, before + u32::from(token.word));
                    let source = placed.source(number);
                    emit(Found { id, start, end, word, source, added: false });
                }
                run.word += parts;
                let keeps = cut == at && !is_open && !placed.has_sources;
                if keeps && word.len() <= words::WORD_MAX {
                    words.put(word.as_bytes(), &placed.tokens, parts, true);
                }
                at = to;
                continue;
            }
            answer.clear();
            // What is open at the end of a text is no word before a space.
            let mut keeps = !is_first && cut == at && !is_open && word.len() <= words::WORD_MAX;
            run.stretch(word, base, at > 0, &mut |piece| {
                let Piece::Part(text, split, number) = piece else { return Ok(()) };
                tokens.clear();
                let part = text.as_str().get(split.start..split.end).unwrap_or_default();
                model
                    .tokenize(part, scratch, tokens)
                    .map_err(|error| stop(error, tables, text, split))?;
                let source = |number| model.source(scratch, number);
                let odd = place(text, split, number, tokens, aligned, &source, &mut |found| {
                    let fits = !aligned || found.start >= base && found.end <= base + word.len();
                    keeps &= fits && !model.shows_source(found.id);
                    let place = |at: usize| if aligned { at.wrapping_sub(base) as u8 } else { 0 };
                    answer.push(WordToken {
                        id: found.id,
                        start: place(found.start),
                        end: place(found.end),
                        word: (number - before) as u8,
                    });
                    emit(found);
                });
                keeps &= !odd;
                Ok(())
            })?;
            // A word of so many bytes has no more parts than a byte counts.
            if keeps && run.word - before <= 0xFF {
                words.put(word.as_bytes(), answer, run.word - before, aligned);
            }
            at = to;
        }
        if one_part {
            run.word = number + parts_seen.max(run.word - number).min(1);
        }
        Ok(())
    });
    (*splits, *parts) = (run.splits, run.parts);
    result
}

/// Where the model has no answer.
pub(super) fn stop(error: ModelError, tables: &Tables<'_>, text: &Text<'_>, split: &Split) -> Stop {
    match error {
        ModelError::Unknown { at } => {
            let from = split.start + at;
            let place = text.original(from, from + 1).map_or(0, |range| range.0);
            Stop::Unknown { at: place }
        }
        ModelError::NoToken { at, byte } => no_token(tables, text, split.start + at, byte),
        ModelError::TooLong => Stop::TooLong { at: split.place as usize },
    }
}

/// Where the byte stands that has no token: `from` is its place in the text after the steps, or that of a char of
/// which it is the first byte.
#[cold]
fn no_token(tables: &Tables<'_>, text: &Text<'_>, from: usize, byte: u8) -> Stop {
    let (at, end) = text.original(from, from + 1).unwrap_or_default();
    let last = end.saturating_sub(at + 1);
    let steps = Pipeline::parse(tables.pipeline);
    let maps_bytes = steps.is_some_and(|steps| {
        steps.normalizers().any(|step| matches!(step, Normalizer::ByteLevel))
            || (steps.pre_tokenizers())
                .any(|step| matches!(step, PreTokenizer::ByteLevel { maps: true, .. }))
    });
    let Some((before, behind)) = text.as_str().split_at_checked(from) else {
        // Models of bytes count within chars.
        let inside = (0..from).rev().find(|&at| text.as_str().is_char_boundary(at));
        return Stop::NoToken { byte, at: at + (from - inside.unwrap_or(from)).min(last) };
    };
    match behind.chars().next().and_then(byte_level::byte_of).filter(|_| maps_bytes) {
        // The chars that stand for the bytes of one come from the same place.
        Some(byte) => {
            let same = |place: &usize| text.original(*place, place + 1) == Some((at, end));
            let others = before.char_indices().rev().map(|(place, _)| place);
            Stop::NoToken { byte, at: at + others.take(last).take_while(same).count() }
        }
        None => Stop::NoToken { byte, at },
    }
}

/// Emits the tokens of one part; says whether the place of one is the model's own, which does not move with
/// the part.
fn place<'s>(
    text: &Text<'_>,
    split: &Split,
    word: u32,
    tokens: &[Token],
    aligned: bool,
    source: &dyn Fn(usize) -> Option<&'s str>,
    emit: &mut impl FnMut(Found<'_>),
) -> bool {
    let mut odd = false;
    let part = text.as_str().get(split.start..split.end).unwrap_or_default();
    for (number, token) in tokens.iter().enumerate() {
        let (from, to) = (token.start as usize, token.end as usize);
        let place = split.place as usize;
        // What lies outside of the part, or goes backwards, is left as the model says it.
        let (start, end) = match () {
            () if !aligned => (0, 0),
            () if from == to => (place + from, place + to),
            () if to > part.len() => {
                odd = true;
                (from, to)
            }
            () => text.original(split.start + from, split.start + to).unwrap_or_else(|| {
                odd = true;
                (from, to)
            }),
        };
        let source = source(number).or(part.get(from..to)).unwrap_or_default();
        emit(Found { id: token.id, start, end, word, source, added: false });
    }
    odd
}
