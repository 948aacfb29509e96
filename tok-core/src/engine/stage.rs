//! Normalized text to ids: pre-tokens in batches, their answers in the hot heads looked up together.

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
    blob::{
        Tables, flags,
        lookup::{self, Key, NONE, SHORT_MAX, TINY_MAX, TinyKey, Value},
    },
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
        let (needed, first) = loop {
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
                break (needed, first);
            }
            if end == limit {
                return Ok(());
            }
            len = len.saturating_mul(2);
        };
        let (copy, rest) = workspace.memory.split_at_mut(needed);
        let from = sink.taken();
        let mut inner = Walk::at(0);
        let mut rest =
            Workspace { memory: rest, kernel: workspace.kernel, cache: Cache::default() };
        let result = self.pieces(copy, first, first, &mut inner, &mut rest, sink);
        let original = |at: usize| start + at.saturating_sub(1);
        for span in sink.spans_mut(from) {
            (span.start, span.end) = (original(span.start), original(span.end));
        }
        result.map_err(|stop| stop.moved(needed, original))?;
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
        let (mut ends, mut hot) = ([0; BATCH], [NONE; BATCH]);
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
            let ends = ends.get(..count).unwrap_or_default();
            // All hot answers first: the loads do not depend on each other, so the processor has
            // several cache misses under way at once.
            self.hot_answers(text, *done, ends, &mut hot);
            self.prefetch(text, *done, ends, &hot, &workspace.cache);
            for (&hot, &end) in hot.iter().zip(ends) {
                let start = *done;
                // No answer is all ones, which is not one id either.
                if let Some(id) = Value(hot).as_one()
                    && sink.room() > 0
                {
                    sink.one(id, start, end);
                    *done = end;
                    continue;
                }
                if P::DROPS && end & DROPPED != 0 {
                    *done = end & !DROPPED;
                    continue;
                }
                let piece = stretch.get(start..end).unwrap_or_default();
                if hot == NONE
                    && piece.len() <= SHORT_MAX
                    && let Some(key) = Key::load(text, start, piece.len())
                {
                    let hash = key.hash();
                    let (ids, count) = workspace.cache.short(key, hash);
                    if count > 0 && count <= sink.room() {
                        sink.few(self.tables, ids, count, start, piece);
                    } else {
                        self.words.short(key, hash, piece, start, workspace, sink)?;
                    }
                } else {
                    let result = self.words.other(hot, piece, start, workspace, sink);
                    if let Err(stop) = result {
                        let memory = &*workspace.memory;
                        *merged = Merged::after(self.tables, &stop, start, end, memory);
                        return Err(stop);
                    }
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

    /// The answers in the heads for pre-tokens that follow each other; NONE for others.
    #[inline(always)]
    fn hot_answers(&self, text: &[u8], from: usize, ends: &[usize], hot: &mut [u32; BATCH]) {
        let mut longer = [0u8; BATCH];
        let (mut start, mut count) = (from, 0);
        for (i, (hot, &end)) in hot.iter_mut().zip(ends).enumerate() {
            if P::DROPS && end & DROPPED != 0 {
                *hot = NONE;
                start = end & !DROPPED;
                continue;
            }
            let len = end.wrapping_sub(start);
            let key = match text.get(start..).and_then(<[u8]>::first_chunk::<8>) {
                Some(block) => TinyKey::load(block, len),
                None => text.get(start..end).and_then(TinyKey::new).unwrap_or(TinyKey(0)),
            };
            *hot = lookup::tiny_head(self.tables, key, key.hash());
            // Longer ones afterwards: a branch here would often be mispredicted.
            longer[count] = i as u8;
            count += usize::from(len > TINY_MAX);
            start = end;
        }
        for &i in &longer[..count] {
            let i = usize::from(i);
            let start = if i == 0 { from } else { ends[i - 1] & !DROPPED };
            let len = ends[i].wrapping_sub(start);
            if len <= SHORT_MAX
                && let Some(key) = Key::load(text, start, len)
            {
                hot[i] = lookup::short_head(self.tables, key, key.hash());
            }
        }
    }

    /// Asks for what will be read for the pre-tokens that are not in the heads: one after the other
    /// they would wait for memory each.
    #[inline(always)]
    fn prefetch(
        &self,
        text: &[u8],
        from: usize,
        ends: &[usize],
        hot: &[u32; BATCH],
        cache: &Cache<'_>,
    ) {
        let (mut missing, mut count) = ([0u8; BATCH], 0);
        for (i, &hot) in hot.iter().enumerate().take(ends.len()) {
            missing[count & 127] = i as u8;
            count += usize::from(hot == NONE);
        }
        for &i in missing.iter().take(count.min(128)) {
            let i = usize::from(i);
            let start = if i == 0 { from } else { ends[i - 1] & !DROPPED };
            let len = (ends[i] & !DROPPED).wrapping_sub(start);
            if len <= SHORT_MAX
                && let Some(key) = Key::load(text, start, len)
            {
                cache.prefetch_short(key.hash());
                lookup::prefetch_cold(self.tables, &text[start..start + len]);
            }
        }
    }
}
