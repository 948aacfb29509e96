//! Where a text can be cut although only its beginning is known.

use crate::{Options, Tokenizer};
use alloc::vec::Vec;
use comptok_core::{
    added_tokens::{self, AddedFlags, Matcher, Special},
    blob::{Header, Tables, flags},
    engine::{MODEL_BPE, PRE_TOKENIZER_DFA},
    normalizer,
    pre_tokenizer::{Kind, LOOKAHEAD, dfa::Dfa, safe_cut},
    unicode::{self, nfc},
};
use core::ops::Range;

impl Tokenizer {
    /// A place where `text`, the beginning of a longer one, can be cut: the ids of `text[..place]`
    /// and those of all that follows it, with [`Options::continued`], are the ids of the whole,
    /// whatever comes after `text`. `None` if more text is needed to find one.
    ///
    /// A text that holds no more than a few pre-tokens may have none, any other text has. Text with
    /// a token that `options` forbids is not cut before it: encoding it is an error anyway.
    ///
    /// Takes time in proportion to the text at most, and as a rule looks at its end only.
    ///
    /// ```
    /// # #[cfg(feature = "gpt2")] {
    /// use comptok::{Options, Special, vocab::GPT2};
    /// let (text, options) = ("数字和文字，没有空格。".repeat(900), Options::new(Special::All));
    /// let place = GPT2.last_cut(&text, options).expect("there is one");
    /// let mut ids = GPT2.encode(&text[..place], options).expect("any text");
    /// let rest = [&text[place..], "更多"].concat();
    /// ids.extend(GPT2.encode(&rest, options.continued()).expect("any text"));
    /// assert_eq!(ids, GPT2.encode(&[&text, "更多"].concat(), options).expect("any text"));
    /// # }
    /// ```
    pub fn last_cut<'o, T: AsRef<[u8]> + ?Sized>(
        &self,
        text: &T,
        options: impl Into<Options<'o>>,
    ) -> Option<usize> {
        let (text, options) = (text.as_ref(), options.into());
        let finder = Finder::new(self.tables(), self.header(), options)?;
        finder.near_the_end(text).or_else(|| finder.anywhere(text))
    }
}

/// Ends that are kept to choose from, and half of those that are kept as the start of a proof.
const KEPT: usize = 1024;

/// Places that are tried in each stretch: they fail for a reason that their neighbours rarely share.
const TRIES: usize = 64;

/// Bytes in a char.
const CHAR: usize = 4;

#[expect(clippy::large_enum_variant, reason = "one at a time, on the stack")]
enum Splitter<'t> {
    Hand(Kind),
    Dfa(Dfa<'t>),
}

/// What is known of the tokenizer.
struct Finder<'t, 'o> {
    tables: Tables<'t>,
    splitter: Splitter<'t>,
    special: Special<'o>,
    continued: bool,
    nfc: bool,
    prefix_space: bool,
    raw: Option<Matcher<'t>>,
    normalized: Option<Matcher<'t>>,
    /// Bytes in the longest added token.
    longest: usize,
    /// An added token looks at its neighbours.
    looks_around: bool,
    /// An added token swallows white space.
    strips: bool,
}

/// A stretch of text between two added tokens.
#[derive(Clone, Copy)]
struct Stretch {
    start: usize,
    end: usize,
    /// It may go on.
    open: bool,
    /// The end of the token behind it.
    next: Option<usize>,
}

/// The end of a pre-token.
#[derive(Clone, Copy)]
struct End {
    at: usize,
    /// Text from here on had no part in it; unknown for a scanner.
    reach: usize,
}

impl<'t, 'o> Finder<'t, 'o> {
    /// `None` if the tokenizer has stages of which nothing is proven.
    fn new(tables: Tables<'t>, header: &Header, options: Options<'o>) -> Option<Self> {
        let known = header.model == MODEL_BPE
            && matches!(header.normalizer, normalizer::NONE | normalizer::NFC)
            && tables.model.is_empty();
        let splitter = match header.pre_tokenizer {
            PRE_TOKENIZER_DFA => Splitter::Dfa(Dfa::parse(tables.dfa)?),
            code => Splitter::Hand(Kind::from_code(code)?),
        };
        let tokens = || {
            let tokens = 0..added_tokens::added_len(&tables);
            tokens.filter_map(|index| added_tokens::added(&tables, index))
        };
        let any = |flags: u32| tokens().any(|token| token.flags.0 & flags != 0);
        let strips = any(AddedFlags::LSTRIP | AddedFlags::RSTRIP);
        known.then(|| Self {
            splitter,
            special: options.special,
            continued: options.continued,
            nfc: header.normalizer == normalizer::NFC,
            prefix_space: tables.has(flags::PREFIX_SPACE),
            raw: Matcher::new(tables.raw_matcher),
            normalized: Matcher::new(tables.normalized_matcher),
            longest: tokens().map(|token| token.content.len()).max().unwrap_or(0),
            looks_around: strips || any(AddedFlags::SINGLE_WORD),
            strips,
            tables,
        })
    }

    /// Matches that begin before this place do not depend on what follows `text`.
    fn settled(&self, text: &[u8]) -> usize {
        text.len().saturating_sub(self.longest + CHAR)
    }

    /// Where every pattern cuts, in the second half of the text.
    fn near_the_end(&self, text: &[u8]) -> Option<usize> {
        // Tokens in normalized text are no matter where bake found that they are none.
        let proven = self.nfc && self.tables.has(flags::SAFE_CUT);
        let known = !self.nfc || proven || self.normalized.is_none();
        if !known || !matches!(self.splitter, Splitter::Hand(_)) {
            return None;
        }
        let end = self.settled(text);
        let text_up_to = text.get(..end)?;
        let mut back = 256;
        while back <= end / 2 {
            let mut from = end - back;
            for _ in 0..TRIES {
                let Some(cut) = safe_cut(text_up_to, from) else { break };
                let is_apart = self.is_apart(self.raw.as_ref(), text, cut)
                    && (proven || self.is_apart(self.normalized.as_ref(), text, cut));
                if is_apart {
                    return Some(cut);
                }
                from = cut + 1;
            }
            back *= 4;
        }
        None
    }

    /// Whether the tokens of a matcher are the same on both sides of `at` as in the whole. (What is
    /// swallowed with a token is another matter.)
    fn is_apart(&self, matcher: Option<&Matcher<'_>>, text: &[u8], at: usize) -> bool {
        matcher.is_none_or(|matcher| {
            !matcher.around(text, at, self.longest).any(|(start, end)| {
                start < at && at < end
                    || self.looks_around
                    // Behind a token a text begins, and may get its space.
                    || self.prefix_space && start < at && end == at
            })
        })
    }

    /// Whether added tokens are the same on both sides of `at` as in the whole. `view` is the
    /// normalized text, and `view_at` the same place there.
    fn parts_tokens(&self, text: &[u8], view: &[u8], at: usize, view_at: usize) -> bool {
        let before = text.get(..at).unwrap_or_default();
        self.is_apart(self.raw.as_ref(), text, at)
            && self.is_apart(self.normalized.as_ref(), view, view_at)
            && (!self.strips || unicode::trim_end_space(before) == before.len())
    }

    /// The last place, found by cutting the text from its start as the engine does.
    fn anywhere(&self, text: &[u8]) -> Option<usize> {
        let mut end = self.settled(text);
        if self.nfc {
            end = end.min(nfc::stable_len(text));
        }
        if self.strips {
            // A token that follows may swallow this.
            end = unicode::trim_end_space(text.get(..end)?);
        }
        let mut last = None;
        let mut continued = self.continued;
        let result = self.stretches(self.raw.as_ref(), text, 0..end, true, |stretch| {
            let Stretch { start, mut end, open, .. } = stretch;
            if open && self.nfc {
                end = nfc::stable_len(text.get(..end).unwrap_or_default()).max(start);
            }
            let original = text.get(start..end).unwrap_or_default();
            let mut copy = Vec::new();
            let rewritten = self.nfc && !normalizer::is_nfc(original);
            let (view, first) = if rewritten {
                nfc::normalize(original, |_, bytes| copy.extend_from_slice(bytes));
                (copy.as_slice(), 0)
            } else {
                (text.get(..end).unwrap_or_default(), start)
            };
            let place = |at: usize| {
                if !rewritten {
                    return Some(at);
                }
                // The place in the text whose normal form ends here.
                let place = normalizer::original_place(original, at);
                let mut len = 0;
                nfc::normalize(original.get(..place)?, |_, bytes| len += bytes.len());
                (len == at).then_some(start + place)
            };
            let is_cut = |at: usize| {
                let place = place(at).filter(|&place| place > 0)?;
                let is_whole = !self.nfc || begins_anew(text, place);
                (is_whole && self.parts_tokens(text, view, place, at)).then_some(place)
            };
            let inner_end = if open { self.settled(view).max(first) } else { view.len() };
            let inner = first..inner_end;
            let _ = self.stretches(self.normalized.as_ref(), view, inner, open, |inner| {
                let prefixed = core::mem::take(&mut continued);
                let found = self.last_end(view, inner, prefixed, is_cut);
                last = inner.next.and_then(is_cut).or(found).or(last);
            });
            if let Some(next) = stretch.next
                && self.parts_tokens(text, text, next, next)
                && (!self.nfc || begins_anew(text, next))
            {
                last = Some(next);
            }
        });
        match result {
            // Encoding this text fails, whatever follows.
            Err(()) => Some(text.len()),
            Ok(()) => last,
        }
    }

    /// Calls `visit` with the stretches of a range between added tokens, in order. Fails at a
    /// forbidden one.
    fn stretches(
        &self,
        matcher: Option<&Matcher<'_>>,
        text: &[u8],
        Range { mut start, end }: Range<usize>,
        open: bool,
        mut visit: impl FnMut(Stretch),
    ) -> Result<(), ()> {
        let (origin, mut search) = (start, start);
        loop {
            let found = match matcher {
                None => None,
                Some(m) => {
                    let tables = &self.tables;
                    let special = self.special;
                    match added_tokens::next_match(tables, m, special, text, origin, search, start)
                    {
                        Ok(found) => found,
                        // In text that goes on, it may be the beginning of another token.
                        Err(found) if !open || found.at < self.settled(text) => return Err(()),
                        Err(found) => {
                            let end = end.min(found.at).max(start);
                            visit(Stretch { start, end, open, next: None });
                            return Ok(());
                        }
                    }
                }
            };
            let Some(found) = found else {
                visit(Stretch { start, end: end.max(start), open, next: None });
                return Ok(());
            };
            let stop = found.start.max(start);
            // The match begins `longest` bytes before its end, or later.
            let is_settled = !open
                || found.search + self.longest + CHAR <= text.len()
                    && found.end + CHAR <= text.len();
            if !is_settled {
                let end = end.min(stop).max(start);
                visit(Stretch { start, end, open, next: None });
                return Ok(());
            }
            visit(Stretch { start, end: stop, open: false, next: Some(found.end) });
            (start, search) = (found.end, found.search);
        }
    }

    /// The last end of a pre-token in a stretch of `view` for which `is_cut` has a place.
    fn last_end(
        &self,
        view: &[u8],
        stretch: Stretch,
        prefixed: bool,
        is_cut: impl Fn(usize) -> Option<usize>,
    ) -> Option<usize> {
        let Stretch { start, end, open, .. } = stretch;
        let content = view.get(start..end)?;
        let mut copy = Vec::new();
        let (text, shift) = match content.first() {
            Some(&first) if self.prefix_space && !prefixed && first != b' ' => {
                copy.push(b' ');
                copy.extend_from_slice(content);
                (copy.as_slice(), 1)
            }
            _ => (content, 0),
        };
        let (mut ends, mut start_of_ends, mut dropped_reach) = (Vec::new(), 0, 0);
        let mut at = 0;
        while at < text.len() {
            let (next, is_final) = match &self.splitter {
                Splitter::Hand(kind) => (End { at: kind.end(text, at), reach: 0 }, true),
                Splitter::Dfa(dfa) => match dfa.split_at(text, at) {
                    Some(split) => {
                        let end = End { at: split.end, reach: split.reach };
                        (end, !open || !split.touches_end)
                    }
                    None => break,
                },
            };
            if !is_final {
                break;
            }
            at = next.at;
            ends.push(next);
            if ends.len() >= 2 * KEPT {
                let gone = ends.drain(..KEPT);
                for end in gone {
                    (start_of_ends, dropped_reach) = (end.at, dropped_reach.max(end.reach));
                }
            }
        }
        let is_hand = matches!(self.splitter, Splitter::Hand(_));
        let held_back = if open && is_hand { LOOKAHEAD } else { 0 };
        let candidates = (0..ends.len().saturating_sub(held_back)).rev();
        candidates.take(TRIES).find_map(|index| {
            let cut = ends.get(index)?.at;
            // Cut here, the pre-tokens that look beyond have to be the same.
            let first = if is_hand {
                index.saturating_sub(LOOKAHEAD)
            } else if dropped_reach > cut {
                return None;
            } else {
                ends.iter().position(|end| end.reach > cut).unwrap_or(index)
            };
            let mut from = match first.checked_sub(1) {
                Some(before) => ends.get(before)?.at,
                None => start_of_ends,
            };
            let part = text.get(..cut)?;
            let is_same = ends.get(first..=index)?.iter().all(|end| {
                from = match &self.splitter {
                    Splitter::Hand(kind) => kind.end(part, from),
                    Splitter::Dfa(dfa) => dfa.split_at(part, from).map_or(0, |split| split.end),
                };
                from == end.at
            });
            if !is_same || cut < shift {
                return None;
            }
            is_cut(start + cut - shift)
        })
    }
}

/// Whether the char at `at` never touches what is before it when both are normalized.
fn begins_anew(text: &[u8], at: usize) -> bool {
    let tail = text.get(at..).unwrap_or_default();
    let len = tail.iter().skip(1).take_while(|byte| (0x80..0xC0).contains(*byte)).count() + 1;
    let end = (at + len).min(text.len());
    at < end && nfc::stable_len(&text[..end]) == at
}
