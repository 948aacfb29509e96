//! Normalized text to ids: pre-tokens in batches, each looked up in the cache.

use core::marker::PhantomData;

use super::{
    Request, Stop,
    merged::Merged,
    progress::{Margin, Walk},
    splitter::{DROPPED, Splitter},
    words::Words,
};
use crate::{
    Cache, Kernel, Workspace,
    added_tokens::Matcher,
    blob::{Tables, flags, lookup::SHORT_MAX},
    cache::Word,
    sink::Sink,
};

/// Pre-tokens that are looked up together: a block's and some more.
const BATCH: usize = 136;
/// Everything that stays the same while a chunk is encoded.
pub(super) struct Stage<'s, 't, P> {
    tables: &'s Tables<'t>,
    request: &'s Request<'s>,
    matcher: Option<&'s Matcher<'t>>,
    words: Words<'s, 't>,
    splitter: PhantomData<P>,
}

impl<'s, 't, P: Splitter> Stage<'s, 't, P> {
    pub(super) fn new(
        tables: &'s Tables<'t>,
        request: &'s Request<'s>,
        matcher: Option<&'s Matcher<'t>>,
    ) -> Self {
        Self { tables, request, matcher, words: Words { tables, request }, splitter: PhantomData }
    }

    /// Encodes normalized text from `walk.done` on; with `margin` as far as it does not depend on what
    /// will follow.
    pub(super) fn run<K: Sink>(
        &self,
        text: &[u8],
        margin: Option<Margin>,
        walk: &mut Walk,
        workspace: &mut Workspace<'_>,
        sink: &mut K,
    ) -> Result<(), Stop> {
        loop {
            walk.open(self.tables, self.matcher, self.request.special, text, margin)?;
            let limit = walk.limit;
            if self.tables.has(flags::PREFIX_SPACE) && !walk.prefixed && walk.done < limit {
                self.prefix(text, walk, workspace, sink)?;
                if !walk.prefixed {
                    return Ok(());
                }
            }
            let stop = match walk.goes_on {
                true => self.certain(text, walk, workspace.kernel),
                false => limit,
            };
            self.pieces(text, limit, stop, walk, workspace, sink)?;
            if walk.goes_on || !walk.close(sink)? {
                return Ok(());
            }
        }
    }

    /// Where to stop in a stretch that goes on.
    #[cold]
    fn certain(&self, text: &[u8], walk: &Walk, kernel: Kernel) -> usize {
        let stop = P::certain(self.tables, kernel, &text[..walk.limit], walk.done);
        // The search for added tokens goes on there, so none may lie around it, ignored or not.
        let is_apart = self.matcher.is_none_or(|matcher| {
            let mut around = matcher.around(text, stop, text.len() - walk.limit);
            !around.any(|(from, end)| from < stop && stop < end)
        });
        if is_apart { stop } else { walk.done }
    }

    /// Encodes the first pre-token of a stretch with a space in front of it. In a stretch that goes on
    /// it may be unknown: then nothing is done.
    #[cold]
    fn prefix<K: Sink>(
        &self,
        text: &[u8],
        walk: &mut Walk,
        workspace: &mut Workspace<'_>,
        sink: &mut K,
    ) -> Result<(), Stop> {
        let (start, limit) = (walk.done, walk.limit);
        if text[start] == b' ' {
            walk.prefixed = true;
            return Ok(());
        }
        // As much of the stretch as it takes to know its first pre-token.
        let mut len = 64;
        let first = loop {
            let end = limit.min(start + len);
            let needed = end - start + 1;
            if workspace.memory.len() < needed {
                return Err(Stop::Scratch { bytes: needed, at: start });
            }
            let copy = &mut workspace.memory[..needed];
            copy[0] = b' ';
            copy[1..].copy_from_slice(&text[start..end]);
            // A fill that finds nothing leaves the whole copy.
            let mut ends = [needed];
            P::fill(self.tables, workspace.kernel, copy, 0, &mut ends);
            let first = ends[0] & !DROPPED;
            if end == limit && !walk.goes_on
                || first <= P::certain(self.tables, workspace.kernel, copy, 0)
            {
                break first;
            }
            if end == limit {
                return Ok(());
            }
            len = len.saturating_mul(2);
        };
        let (copy, rest) = workspace.memory.split_at_mut(first);
        let from = sink.taken();
        let mut inner = Walk::at(0);
        let mut rest =
            Workspace { memory: rest, kernel: workspace.kernel, cache: Cache::default() };
        let result = self.pieces(copy, first, first, &mut inner, &mut rest, sink);
        let original = |at: usize| start + at.saturating_sub(1);
        for span in sink.spans_mut(from) {
            (span.start, span.end) = (original(span.start), original(span.end));
        }
        result.map_err(|stop| stop.moved(first, original))?;
        walk.done = start + first.saturating_sub(1);
        walk.prefixed = true;
        Ok(())
    }

    /// Encodes `text[walk.done..limit]`, which holds no added token, up to `stop`, where a pre-token ends.
    #[inline]
    fn pieces<K: Sink>(
        &self,
        text: &[u8],
        limit: usize,
        stop: usize,
        walk: &mut Walk,
        workspace: &mut Workspace<'_>,
        sink: &mut K,
    ) -> Result<(), Stop> {
        let Walk { done, merged, .. } = walk;
        let mut ends = [0; BATCH];
        let stretch = &text[..limit];
        if merged.is_some() {
            self.kept(&stretch[..stop], done, merged, workspace.memory, sink)?;
        }
        while *done < stop {
            let mut count = P::fill(self.tables, workspace.kernel, stretch, *done, &mut ends);
            while count > 0 && ends[count - 1] & !DROPPED > stop {
                count -= 1;
            }
            if count == 0 {
                *done = stop;
            }
            let mut ends = ends.get(..count).unwrap_or_default();
            loop {
                let known = self.known(text, *done, ends, &workspace.cache, sink);
                if let Some(&end) = known.checked_sub(1).and_then(|last| ends.get(last)) {
                    *done = end;
                }
                let Some((&end, rest)) = ends.get(known..).and_then(<[usize]>::split_first) else {
                    break;
                };
                ends = rest;
                if P::DROPS && end & DROPPED != 0 {
                    *done = end & !DROPPED;
                    continue;
                }
                let piece = stretch.get(*done..end).unwrap_or_default();
                let block = text.get(*done..).and_then(<[u8]>::first_chunk);
                if let Err(stop) = self.words.encode(piece, block, *done, workspace, sink) {
                    let memory = &*workspace.memory;
                    *merged = Merged::after(self.tables, &stop, *done, end, memory);
                    return Err(stop);
                }
                *done = end;
            }
        }
        Ok(())
    }

    /// Takes up a long pre-token that is merged.
    #[cold]
    fn kept<K: Sink>(
        &self,
        text: &[u8],
        done: &mut usize,
        merged: &mut Option<Merged>,
        memory: &[u8],
        sink: &mut K,
    ) -> Result<(), Stop> {
        if let Some(kept) = merged.take()
            && kept.start == *done
            && let Some(piece) = text.get(kept.start..kept.end)
            && let Some(ids) = kept.ids(self.tables, memory)
        {
            if sink.room() < kept.count {
                *merged = Some(kept);
                return Err(Stop::Full { needed: kept.count });
            }
            sink.many(self.tables, ids, kept.start, piece);
            *done = kept.end;
        }
        Ok(())
    }

    /// Writes what the cache knows of pre-tokens that follow each other, up to the first of which it
    /// knows nothing; gives their number. What is needed for that stays in registers.
    #[inline(always)]
    fn known<K: Sink>(
        &self,
        text: &[u8],
        from: usize,
        ends: &[usize],
        cache: &Cache<'_>,
        sink: &mut K,
    ) -> usize {
        let mut rest = text.get(from..).unwrap_or_default();
        let mut count = 0;
        let mut here = core::mem::take(sink);
        for &end in ends {
            let start = text.len() - rest.len();
            let len = end.wrapping_sub(start);
            let Some(block) = rest.first_chunk::<16>() else { break };
            if len > SHORT_MAX {
                break;
            }
            let Some(answer) = cache.short(Word::load(block, len)) else { break };
            if !answer.is_plain()
                || !here.few(self.tables, answer.plain(), answer.count(), start, &rest[..len])
            {
                break;
            }
            rest = &rest[len..];
            count += 1;
        }
        *sink = here;
        count
    }
}
