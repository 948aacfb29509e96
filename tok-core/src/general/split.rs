//! The pre-tokenizers: they cut text into parts, and some rewrite it.

use super::{
    matches,
    normalize::prepend,
    scripts,
    steps::{Behavior, Pattern, PreTokenizer, Prepend},
    text::{Split, Text},
};
use crate::{byte_level, pre_tokenizer::Kind, unicode::sets};
use alloc::vec::Vec;

/// Memory for one step.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    splits: Vec<Split>,
    found: Vec<(usize, usize, bool)>,
}

/// Applies one step to the parts of a text.
pub(crate) fn apply(
    step: &PreTokenizer<'_>,
    text: &mut Text<'_>,
    splits: &mut Vec<Split>,
    parts: &mut Parts,
) {
    let mut cutter = Cutter { parts, splits, text };
    match *step {
        PreTokenizer::ByteLevel { add_prefix_space, use_regex, maps } => {
            if add_prefix_space {
                prefix_space(cutter.text, cutter.splits);
            }
            if use_regex {
                cutter.cut(Behavior::Isolated, false, |text, each| {
                    matches::find(&Pattern::Scanner(Kind::Gpt2), text, each);
                });
            }
            if maps {
                to_byte_level(text, splits);
            }
        }
        PreTokenizer::Metaspace { replacement, prepend, split } => {
            metaspace(cutter.text, cutter.splits, replacement, prepend);
            if split {
                cutter.cut(Behavior::MergedWithNext, false, |text, each| {
                    matches::find_chars(text, |c| c == replacement, each);
                });
            }
        }
        PreTokenizer::Split { pattern, behavior, invert } => {
            cutter.cut(behavior, invert, |text, each| matches::find(&pattern, text, each));
        }
        PreTokenizer::Punctuation(behavior) => {
            cutter.cut(behavior, false, |text, each| {
                matches::find_chars(text, sets::is_punctuation, each);
            });
        }
        PreTokenizer::Digits { individual } => {
            let behavior = if individual { Behavior::Isolated } else { Behavior::Contiguous };
            cutter.cut(behavior, false, |text, each| {
                matches::find_chars(text, sets::is_numeric, each);
            });
        }
        PreTokenizer::Delimiter(delimiter) => {
            cutter.cut(Behavior::Removed, false, |text, each| {
                matches::find_chars(text, |c| c == delimiter, each);
            });
        }
        PreTokenizer::FixedLength(length) => {
            cutter.each(|text, put| {
                let mut start = 0;
                for (count, (at, _)) in text.char_indices().enumerate().skip(1) {
                    if count.is_multiple_of(length.max(1) as usize) {
                        put(start, at);
                        start = at;
                    }
                }
                put(start, text.len());
            });
        }
        PreTokenizer::Bert => cutter.each(bert),
        PreTokenizer::Whitespace => cutter.each(words),
        PreTokenizer::WhitespaceSplit => {
            cutter.cut(Behavior::Removed, false, |text, each| {
                matches::find_chars(text, char::is_whitespace, each);
            });
        }
        PreTokenizer::UnicodeScripts => cutter.each(scripts::cut),
    }
}

struct Cutter<'c, 't> {
    parts: &'c mut Parts,
    splits: &'c mut Vec<Split>,
    text: &'c mut Text<'t>,
}

impl Cutter<'_, '_> {
    /// Cuts each part where `cut` says; empty pieces do not count.
    fn each(&mut self, cut: impl Fn(&str, &mut dyn FnMut(usize, usize))) {
        let old = core::mem::take(self.splits);
        let mut new = core::mem::take(&mut self.parts.splits);
        new.clear();
        let text = &*self.text;
        for split in &old {
            let part = text.as_str().get(split.start..split.end).unwrap_or_default();
            cut(part, &mut |start, end| {
                if start == 0 && end == part.len() {
                    new.push(*split);
                } else if start < end {
                    new.push(text.split(split.start + start, split.start + end, split.group));
                }
            });
        }
        (*self.splits, self.parts.splits) = (new, old);
    }

    /// Cuts each part by what matches in it.
    fn cut(
        &mut self,
        behavior: Behavior,
        invert: bool,
        find: impl Fn(&str, &mut dyn FnMut(usize, usize, bool)),
    ) {
        let mut found = core::mem::take(&mut self.parts.found);
        {
            let found = core::cell::RefCell::new(&mut found);
            self.each(|text, put| match behavior {
                Behavior::Isolated => find(text, &mut |start, end, _| put(start, end)),
                Behavior::Removed => find(text, &mut |start, end, is_match| {
                    if is_match == invert {
                        put(start, end);
                    }
                }),
                _ => {
                    let mut found = found.borrow_mut();
                    found.clear();
                    find(text, &mut |start, end, is_match| {
                        found.push((start, end, is_match != invert));
                    });
                    merge(&found, behavior, put);
                }
            });
        }
        self.parts.found = found;
    }
}

/// Joins matches with their neighbours.
fn merge(found: &[(usize, usize, bool)], behavior: Behavior, put: &mut dyn FnMut(usize, usize)) {
    let mut open: Option<(usize, usize)> = None;
    for (i, &(start, end, is_match)) in found.iter().enumerate() {
        let before = i > 0 && found[i - 1].2;
        let joins = match behavior {
            Behavior::Contiguous => is_match == before,
            Behavior::MergedWithPrevious => is_match && !before,
            // The last of several matches in a row belongs to what follows.
            _ => before && !is_match,
        };
        match &mut open {
            Some(open) if joins => open.1 = end,
            _ => {
                if let Some((start, end)) = open {
                    put(start, end);
                }
                open = Some((start, end));
            }
        }
    }
    if let Some((start, end)) = open {
        put(start, end);
    }
}

/// White space is dropped, punctuation stands alone.
fn bert(text: &str, put: &mut dyn FnMut(usize, usize)) {
    let mut at = 0;
    for (start, c) in text.char_indices() {
        let space = c.is_whitespace();
        if space || sets::is_punctuation(c) {
            put(at, start);
            at = start + c.len_utf8();
            if !space {
                put(start, at);
            }
        }
    }
    put(at, text.len());
}

/// `\w+|[^\w\s]+`.
fn words(text: &str, put: &mut dyn FnMut(usize, usize)) {
    #[derive(PartialEq, Clone, Copy)]
    enum Is {
        Word,
        Space,
        Other,
    }
    let mut last = Is::Space;
    let mut at = 0;
    for (start, c) in text.char_indices() {
        let is = match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' => Is::Word,
            _ if c.is_whitespace() => Is::Space,
            _ if crate::unicode::is_word(c) => Is::Word,
            _ => Is::Other,
        };
        if is != last {
            if last != Is::Space {
                put(at, start);
            }
            (at, last) = (start, is);
        }
    }
    if last != Is::Space {
        put(at, text.len());
    }
}

/// Rewrites each part by `write`, which is told the part's text.
fn rewrite_each(
    text: &mut Text<'_>,
    splits: &mut [Split],
    mut write: impl FnMut(&str, &Split, &mut super::text::Rewriter<'_>),
) {
    let mut new = text.rewrite();
    for split in splits.iter_mut() {
        let part = text.as_str().get(split.start..split.end).unwrap_or_default();
        new.begin(split);
        let start = new.len();
        write(part, split, &mut new);
        (split.start, split.end) = (start, new.len());
    }
    let new = new.finish();
    text.set(new);
}

fn prefix_space(text: &mut Text<'_>, splits: &mut [Split]) {
    let lacks = |text: &str| !text.is_empty() && !text.starts_with(' ');
    let part = |split: &Split| text.as_str().get(split.start..split.end).unwrap_or_default();
    if splits.iter().any(|split| lacks(part(split))) {
        rewrite_each(text, splits, |part, _, new| {
            let mut kept = 0;
            if let Some(first) = part.chars().next().filter(|c| *c != ' ') {
                prepend(new, " ", first, first);
                kept = first.len_utf8();
            }
            new.keep(part.len() - kept);
        });
    }
}

fn to_byte_level(text: &mut Text<'_>, splits: &mut [Split]) {
    rewrite_each(text, splits, |part, _, new| {
        let mut kept = 0;
        for (at, c) in part.char_indices().filter(|(_, c)| !c.is_ascii_graphic()) {
            new.keep(at - kept);
            for (i, byte) in c.encode_utf8(&mut [0; 4]).bytes().enumerate() {
                let mapped = byte_level::char_of(byte);
                if i == 0 { new.put(mapped) } else { new.insert(mapped) }
            }
            kept = at + c.len_utf8();
        }
        new.keep(part.len() - kept);
    });
}

fn metaspace(text: &mut Text<'_>, splits: &mut [Split], replacement: char, scheme: Prepend) {
    let prefixed = |part: &str, split: &Split| {
        let scheme = match scheme {
            Prepend::Always => true,
            Prepend::First => split.place == 0,
            Prepend::Never => false,
        };
        scheme && !part.is_empty() && !part.starts_with([' ', replacement])
    };
    let part = |split: &Split| text.as_str().get(split.start..split.end).unwrap_or_default();
    if !splits.iter().any(|split| part(split).contains(' ') || prefixed(part(split), split)) {
        return;
    }
    rewrite_each(text, splits, |part, split, new| {
        let mut kept = 0;
        if prefixed(part, split)
            && let Some(first) = part.chars().next()
        {
            new.put(replacement);
            new.insert(first);
            kept = first.len_utf8();
        }
        for (at, _) in part.match_indices(' ') {
            new.keep(at - kept);
            new.put(replacement);
            kept = at + 1;
        }
        new.keep(part.len() - kept);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn cut(step: PreTokenizer<'_>, text: &str) -> Vec<alloc::string::String> {
        let mut body = Text::new(text, 0, true);
        let mut splits = vec![body.split(0, text.len(), 0)];
        apply(&step, &mut body, &mut splits, &mut Parts::default());
        splits.iter().map(|split| body.as_str()[split.start..split.end].into()).collect()
    }

    #[test]
    fn behaviours() {
        let parts = |behavior| {
            let pattern = Pattern::Literal("-");
            cut(PreTokenizer::Split { pattern, behavior, invert: false }, "the-final--countdown")
        };
        assert_eq!(parts(Behavior::Removed), ["the", "final", "countdown"]);
        assert_eq!(parts(Behavior::Isolated), ["the", "-", "final", "-", "-", "countdown"]);
        assert_eq!(parts(Behavior::MergedWithPrevious), ["the-", "final-", "-", "countdown"]);
        assert_eq!(parts(Behavior::MergedWithNext), ["the", "-final", "-", "-countdown"]);
        assert_eq!(parts(Behavior::Contiguous), ["the", "-", "final", "--", "countdown"]);
    }

    #[test]
    fn others() {
        assert_eq!(cut(PreTokenizer::Bert, " Hi,  you?"), ["Hi", ",", "you", "?"]);
        assert_eq!(cut(PreTokenizer::Whitespace, "a_b-=  c"), ["a_b", "-=", "c"]);
        assert_eq!(cut(PreTokenizer::FixedLength(2), "añb中c"), ["añ", "b中", "c"]);
        let step = PreTokenizer::ByteLevel { add_prefix_space: true, use_regex: true, maps: true };
        assert_eq!(cut(step, "é you"), ["ĠÃ©", "Ġyou"]);
        let step =
            PreTokenizer::Metaspace { replacement: '▁', prepend: Prepend::Always, split: true };
        assert_eq!(cut(step, "a  b"), ["▁a", "▁", "▁b"]);
    }
}
