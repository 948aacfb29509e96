//! Added tokens: matched in the text before the model sees it.
//!
//! Two matchers, as the reference has them: one for tokens that match raw text, one for tokens that
//! match normalized text. Both find the leftmost match, and of those the longest, with a trie. A
//! match that does not count (a special token the caller does not want, a neighbour that is a word
//! character) is skipped whole in HuggingFace's family; tiktoken looks again one byte later.

use crate::{
    blob::{Tables, U32s, flags, lookup::NONE, u32_at},
    swar, unicode,
};
use core::ops::Range;

/// What an added token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddedFlags(pub u32);

impl AddedFlags {
    /// Governed by the caller's policy.
    pub const SPECIAL: u32 = 1;
    /// Neighbours must not be word characters.
    pub const SINGLE_WORD: u32 = 2;
    /// Swallows white space to its left.
    pub const LSTRIP: u32 = 4;
    /// Swallows white space to its right.
    pub const RSTRIP: u32 = 8;
    /// Matched in normalized text.
    pub const NORMALIZED: u32 = 16;

    pub(crate) const fn has(self, flag: u32) -> bool {
        self.0 & flag != 0
    }
}

/// Bytes of an entry in the section.
pub const ENTRY_LEN: usize = 16;

/// One added token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Added<'a> {
    /// Its id.
    pub id: u32,
    /// The text it matches.
    pub content: &'a [u8],
    /// What it is.
    pub flags: AddedFlags,
}

impl Added<'_> {
    /// Whether the caller's policy governs it.
    pub const fn is_special(&self) -> bool {
        self.flags.has(AddedFlags::SPECIAL)
    }
}

/// The added token at `index`, in the order of the file.
pub fn added<'a>(tables: &Tables<'a>, index: u32) -> Option<Added<'a>> {
    let at = (index as usize).checked_mul(ENTRY_LEN)?.checked_add(4)?;
    let (words, _) = tables.added.get(at..at.checked_add(ENTRY_LEN)?)?.as_chunks::<4>();
    let word = |i| u32_at(words, i).unwrap_or_default();
    if index >= added_len(tables) {
        return None;
    }
    let (start, len) = (word(1) as usize, word(2) as usize);
    let content = tables.added.get(start..start.checked_add(len)?)?;
    Some(Added { id: word(0), content, flags: AddedFlags(word(3)) })
}

/// The number of added tokens. A damaged section has no more than fit into it, so that looking at all
/// of them takes no longer than reading it.
pub fn added_len(tables: &Tables<'_>) -> u32 {
    let Some((count, entries)) = tables.added.split_first_chunk() else { return 0 };
    let most = u32::try_from(entries.len() / ENTRY_LEN).unwrap_or(u32::MAX);
    u32::from_le_bytes(*count).min(most)
}

/// The added token with this id, in a blob whose entries are in order of id.
pub fn by_id<'a>(tables: &Tables<'a>, id: u32) -> Option<Added<'a>> {
    let (mut low, mut high) = (0, added_len(tables));
    while low < high {
        let middle = low.midpoint(high);
        let token = added(tables, middle)?;
        match token.id.cmp(&id) {
            core::cmp::Ordering::Equal => return Some(token),
            core::cmp::Ordering::Less => low = middle + 1,
            core::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}

/// What to do with special tokens that stand in the text.
///
/// Added tokens that are not special always match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special<'a> {
    /// They become their ids.
    All,
    /// They are text like any other.
    AsText,
    /// They are an error.
    Forbid,
    /// Those named become their ids. A name that is no special token of the tokenizer has no
    /// effect.
    Allow(&'a [&'a str], Others),
}

/// What to do with the special tokens that [`Special::Allow`] does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// They are text like any other.
    AsText,
    /// They are an error.
    Forbid,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Match,
    Text,
    Forbidden,
}

impl Special<'_> {
    fn verdict(&self, added: &Added<'_>) -> Verdict {
        if !added.is_special() {
            return Verdict::Match;
        }
        match self {
            Special::All => Verdict::Match,
            Special::AsText => Verdict::Text,
            Special::Forbid => Verdict::Forbidden,
            Special::Allow(names, others) => {
                if names.iter().any(|name| name.as_bytes() == added.content) {
                    Verdict::Match
                } else if *others == Others::AsText {
                    Verdict::Text
                } else {
                    Verdict::Forbidden
                }
            }
        }
    }
}

/// A trie over the contents of added tokens, read in place.
///
/// Words: nodes, first bytes (how many, then up to three of them), eight words with a bit for each
/// first byte; three words for each node (its first edge, how many, the token that ends here); a
/// word for each edge (byte, then child), sorted by byte within a node.
#[derive(Debug, Clone, Copy)]
pub struct Matcher<'a> {
    words: U32s<'a>,
    nodes: usize,
    first: First,
}

#[derive(Debug, Clone, Copy)]
enum First {
    /// All matches begin with one of these.
    Few([u8; 3]),
    Many,
}

/// Words before the nodes.
pub const MATCHER_HEADER: usize = 10;
/// Words of a node.
pub const MATCHER_NODE: usize = 3;

impl<'a> Matcher<'a> {
    /// A matcher on a section's bytes; `None` if there is nothing to match.
    #[inline]
    pub fn new(section: &'a [u8]) -> Option<Self> {
        let (words, _) = section.as_chunks::<4>();
        let nodes = u32_at(words, 0)? as usize;
        let [count, a, b, c] = *words.get(1)?;
        let first = if count <= 3 { First::Few([a, b, c]) } else { First::Many };
        Some(Self { words, nodes, first })
    }

    fn word(&self, at: usize) -> Option<u32> {
        u32_at(self.words, at)
    }

    /// The first place from `from` on where a match may begin.
    #[inline]
    fn candidate(&self, text: &[u8], from: usize) -> Option<usize> {
        let rest = text.get(from..)?;
        let found = match self.first {
            First::Few(bytes) => position_of(rest, bytes),
            First::Many => {
                let bits = self.words.get(2..MATCHER_HEADER)?;
                rest.iter().position(|&byte| {
                    let word =
                        bits.get(usize::from(byte >> 5)).map(|word| u32::from_le_bytes(*word));
                    word.unwrap_or_default() >> (byte & 31) & 1 != 0
                })
            }
        };
        found.map(|at| from + at)
    }

    /// The longest token at `at`: its end and its index.
    fn longest_at(&self, text: &[u8], at: usize) -> Option<(usize, u32)> {
        let mut found = None;
        self.each_at(text, at, |end, token| found = Some((end, token)));
        found
    }

    /// Calls `each` with the end and the index of every token at `at`, the shortest first.
    #[inline]
    fn each_at(&self, text: &[u8], at: usize, mut each: impl FnMut(usize, u32)) {
        let (mut node, mut end) = (0, at);
        let mut step = || {
            let base = MATCHER_HEADER + MATCHER_NODE * node;
            let (edge, edges) = (self.word(base)? as usize, self.word(base + 1)? as usize);
            match self.word(base + 2)? {
                NONE => {}
                token => each(end, token),
            }
            let byte = text.get(end)?;
            let start = MATCHER_HEADER + MATCHER_NODE * self.nodes + edge;
            let list = self.words.get(start..start + edges)?;
            let child = list.binary_search_by_key(byte, |word| word[0]).ok()?;
            let [_, a, b, c] = list[child];
            node = u32::from_le_bytes([a, b, c, 0]) as usize;
            end += 1;
            Some(())
        };
        while step().is_some() {}
    }

    /// The tokens whose contents begin at most `longest` bytes before `at`, or there, and end there or
    /// later: start and end. Of those with one start, the longest.
    pub fn around(
        &self,
        text: &[u8],
        at: usize,
        longest: usize,
    ) -> impl Iterator<Item = (usize, usize)> {
        let starts = at.saturating_sub(longest)..=at;
        starts
            .filter_map(move |start| Some((start, self.longest_at(text, start)?.0)))
            .filter(move |&(start, end)| end > start && end >= at)
    }

    /// The leftmost longest match from `from` on: start, end, index of the token.
    #[inline]
    fn find(&self, text: &[u8], from: usize) -> Option<(usize, usize, u32)> {
        let mut at = from;
        loop {
            at = self.candidate(text, at)?;
            if let Some((end, token)) = self.longest_at(text, at)
                && end > at
            {
                return Some((at, end, token));
            }
            at += 1;
        }
    }
}

/// The first place of any of three bytes.
#[inline]
fn position_of(text: &[u8], bytes: [u8; 3]) -> Option<usize> {
    let [a, b, c] = bytes;
    let is_one = a == b && b == c;
    // All bytes of a block, without a branch: the compiler makes vectors of it.
    let (blocks, _) = text.as_chunks::<64>();
    let clean = if is_one {
        blocks
            .iter()
            .take_while(|block| !block.iter().fold(false, |hit, &x| hit | (x == a)))
            .count()
    } else {
        let is = |x| (x == a) | (x == b) | (x == c);
        blocks.iter().take_while(|block| !block.iter().fold(false, |hit, &x| hit | is(x))).count()
    };
    // Then eight at a time.
    let [a, b, c] = bytes.map(swar::all);
    let (words, rest) = text.get(64 * clean..)?.as_chunks::<8>();
    for (word, at) in words.iter().zip((64 * clean..).step_by(8)) {
        let word = u64::from_le_bytes(*word);
        let others = if is_one { 0 } else { swar::zeros(word ^ b) | swar::zeros(word ^ c) };
        let hits = swar::zeros(word ^ a) | others;
        if hits != 0 {
            return Some(at + hits.trailing_zeros() as usize / 8);
        }
    }
    let at = rest.iter().position(|byte| bytes.contains(byte))?;
    Some(text.len() - rest.len() + at)
}

/// A match that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Start, with the white space that it swallows.
    pub start: usize,
    /// End, with the white space that it swallows.
    pub end: usize,
    /// Index of the added token.
    pub token: u32,
    /// Its id.
    pub id: u32,
    /// Where the search goes on.
    pub search: usize,
}

/// A special token that the caller forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forbidden {
    /// Index of the added token.
    pub token: u32,
    /// Where it stands.
    pub at: usize,
}

/// The next match in `text` that counts. The search begins at `search`; text before `done` belongs
/// to earlier matches; text before `origin` is out of sight.
///
/// # Errors
///
/// A special token that `special` forbids.
pub fn next_match(
    tables: &Tables<'_>,
    matcher: &Matcher<'_>,
    special: Special<'_>,
    text: &[u8],
    origin: usize,
    mut search: usize,
    done: usize,
) -> Result<Option<Found>, Forbidden> {
    while let Some((mut start, mut end, token)) = matcher.find(text, search) {
        let Some(added) = added(tables, token) else { return Ok(None) };
        search = end;
        match special.verdict(&added) {
            Verdict::Match => {
                // tiktoken looks for forbidden tokens first, wherever they stand.
                if matches!(special, Special::Allow(_, Others::Forbid))
                    && tables.has(flags::TIKTOKEN)
                    && let Some(found) = forbidden_from(tables, matcher, special, text, start..end)
                {
                    return Err(found);
                }
            }
            Verdict::Forbidden => return Err(Forbidden { token, at: start }),
            Verdict::Text => {
                if tables.has(flags::TIKTOKEN) {
                    search = start + 1;
                }
                continue;
            }
        }
        if added.flags.has(AddedFlags::SINGLE_WORD)
            && (unicode::ends_with_word(text.get(origin..start).unwrap_or_default())
                || unicode::starts_with_word(&text[end..]))
        {
            continue;
        }
        if added.flags.has(AddedFlags::LSTRIP) {
            // No farther than it may go: many tokens of white space stand behind each other.
            let before = text.get(done..start).unwrap_or_default();
            start = done + unicode::trim_end_space(before);
        }
        if added.flags.has(AddedFlags::RSTRIP) {
            // What lies between is white space that an earlier match has swallowed to its end.
            end = end.max(done);
            end += unicode::leading_space(&text[end..]);
        }
        // All of it was swallowed by the match before; an empty part of the text does not count.
        if start >= end {
            continue;
        }
        return Ok(Some(Found { start, end, token, id: added.id, search }));
    }
    Ok(None)
}

/// The first forbidden token that begins at one of these places.
#[cold]
fn forbidden_from(
    tables: &Tables<'_>,
    matcher: &Matcher<'_>,
    special: Special<'_>,
    text: &[u8],
    places: Range<usize>,
) -> Option<Forbidden> {
    places.into_iter().find_map(|at| {
        let mut forbidden = None;
        matcher.each_at(text, at, |_, token| {
            let is_forbidden = added(tables, token)
                .is_some_and(|added| special.verdict(&added) == Verdict::Forbidden);
            if is_forbidden {
                forbidden = Some(Forbidden { token, at });
            }
        });
        forbidden
    })
}

/// Whether the tokens that count in `text[at..]` alone are those that count there in the whole; none that counts lies
/// across `at`. It takes a match that does not count: one that lies across, or one that would count if what is
/// in front of it were not there.
pub fn is_apart(tables: &Tables<'_>, special: Special<'_>, text: &[u8], at: usize) -> bool {
    let (mut longest, mut may_not_count) = (0, false);
    for token in (0..added_len(tables)).filter_map(|index| added(tables, index)) {
        longest = longest.max(token.content.len());
        // What is in white space that another token swallows may count there only.
        may_not_count |= token.flags.has(AddedFlags::SINGLE_WORD | AddedFlags::RSTRIP)
            || special.verdict(&token) == Verdict::Text;
    }
    if !may_not_count {
        return true;
    }
    let follows_word = unicode::ends_with_word(text.get(..at).unwrap_or_default());
    let is_single =
        |token| added(tables, token).is_some_and(|token| token.flags.has(AddedFlags::SINGLE_WORD));
    let matchers = [tables.raw_matcher, tables.normalized_matcher];
    matchers.into_iter().filter_map(Matcher::new).all(|matcher| {
        let mut around = matcher.around(text, at, longest);
        let looks_back =
            follows_word && matcher.longest_at(text, at).is_some_and(|(_, token)| is_single(token));
        !looks_back && !around.any(|(start, end)| start < at && at < end)
    })
}

#[cfg(test)]
mod tests {
    use super::position_of;

    #[test]
    fn the_first_of_three_bytes_is_found_wherever_it_stands() {
        for bytes in [*b"<<<", *b"<[|", *b"aab", [0, 0x80, 0xFF]] {
            for len in 0..200 {
                // Neighbours of the bytes that are looked for, and nothing else, then one of them.
                let mut text = [0; 200];
                for (i, byte) in text.iter_mut().enumerate() {
                    let near = [bytes[0] ^ 1, bytes[1].wrapping_sub(1), bytes[2].wrapping_add(1)];
                    *byte = near[i % 3];
                    if bytes.contains(byte) {
                        *byte = b'x';
                    }
                }
                let text = &mut text[..len];
                assert_eq!(position_of(text, bytes), None);
                for at in (0..len).rev() {
                    text[at] = bytes[at % 3];
                    assert_eq!(position_of(text, bytes), Some(at), "{bytes:?} {len}");
                }
            }
        }
    }
}
