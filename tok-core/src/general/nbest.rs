//! The best ways to cut a text: those of its parts, combined.

use super::{
    Memory,
    run::{Piece, pieces},
    tokens::stop,
};
use crate::{
    added_tokens::Special,
    blob::Tables,
    engine::Stop,
    model::{Model, Token},
};
use alloc::vec::Vec;

/// The ids of a way to cut a text, and the sum of its scores.
pub type Way = (Vec<u32>, f64);

/// The `count` best ways to cut a text, the best first, with their scores. A model that weighs nothing
/// has one, with score 0.
///
/// # Errors
///
/// As [`encode`](super::encode).
pub fn nbest(
    tables: &Tables<'_>,
    text: &str,
    special: Special<'_>,
    count: usize,
    memory: &mut Memory,
) -> Result<Vec<Way>, Stop> {
    let mut ways: Vec<Way> = Vec::new();
    let Some(model) = Model::parse(tables).filter(|_| count > 0) else { return Ok(ways) };
    if u32::try_from(text.len()).is_err() {
        return Err(Stop::TooLong { at: 0 });
    }
    ways.push((Vec::new(), 0.0));
    let Memory { splits, parts, model: scratch, tokens, .. } = memory;
    pieces(tables, text, special, true, (splits, parts), &mut |piece| match piece {
        Piece::Added(found) => {
            ways.iter_mut().for_each(|(ids, _)| ids.push(found.id));
            Ok(())
        }
        Piece::Part(text, split, _) => {
            let part = text.as_str().get(split.start..split.end).unwrap_or_default();
            let more = match model.nbest(part, count, scratch) {
                Some(more) => more,
                None => {
                    tokens.clear();
                    model
                        .tokenize(part, scratch, tokens)
                        .map_err(|error| stop(error, tables, text, split))?;
                    [(tokens.clone(), 0.0)].into()
                }
            };
            if !more.is_empty() {
                ways = combine(&ways, &more, count);
            }
            Ok(())
        }
    })?;
    Ok(ways)
}

/// The best of all pairs of a way to a place and a way on from it; both lists have the best first.
fn combine(ways: &[Way], more: &[(Vec<Token>, f64)], count: usize) -> Vec<Way> {
    // A pair before which there are `count` better ones cannot be among the best.
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (i, (_, first)) in ways.iter().enumerate() {
        let rest = more.iter().take(count.div_ceil(i + 1));
        pairs.extend(rest.enumerate().map(|(j, (_, second))| (first + second, i, j)));
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    pairs.truncate(count);
    let join = |(score, i, j): (f64, usize, usize)| {
        let more = more[j].0.iter().map(|token| token.id);
        (ways[i].0.iter().copied().chain(more).collect(), score)
    };
    pairs.into_iter().map(join).collect()
}
