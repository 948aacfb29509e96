//! Where patterns match.

use super::steps::Pattern;
use crate::pre_tokenizer::{dfa::Dfa, looks::Looks};
use alloc::vec::Vec;

/// Calls `each` with the parts of `text` in order, and whether the pattern matches them. They cover the
/// text; an empty literal matches, empty, before every char and at the end.
pub(crate) fn find(pattern: &Pattern<'_>, text: &str, mut each: impl FnMut(usize, usize, bool)) {
    match pattern {
        Pattern::Literal("") => {
            let mut at = 0;
            for (next, _) in text.char_indices() {
                if next > at {
                    each(at, next, false);
                }
                each(next, next, true);
                at = next;
            }
            if at < text.len() {
                each(at, text.len(), false);
                each(text.len(), text.len(), true);
            }
        }
        Pattern::Literal(literal) => {
            let mut at = 0;
            for (start, found) in text.match_indices(literal) {
                if start > at {
                    each(at, start, false);
                }
                at = start + found.len();
                each(start, at, true);
            }
            if at < text.len() {
                each(at, text.len(), false);
            }
        }
        Pattern::Scanner(kind) => {
            let mut at = 0;
            while at < text.len() {
                let end = kind.end(text.as_bytes(), at).clamp(at + 1, text.len());
                each(at, end, true);
                at = end;
            }
        }
        Pattern::Dfa(image) => match Dfa::parse(image) {
            Some(dfa) => {
                let mut at = 0;
                while let Some(split) = dfa.split_at(text.as_bytes(), at) {
                    // A damaged image must not cut a char.
                    let end = (split.end..text.len())
                        .find(|&end| text.is_char_boundary(end))
                        .unwrap_or(text.len());
                    each(at, end, split.is_match);
                    at = end;
                }
            }
            None => each(0, text.len(), false),
        },
        Pattern::Looks(image) => match Looks::parse(image) {
            Some(looks) => {
                // Most parts are short.
                let (mut few, mut many) = ([0; 256], Vec::new());
                let marks = match few.get_mut(..=text.len()) {
                    Some(marks) => marks,
                    None => {
                        many.resize(text.len() + 1, 0);
                        &mut many[..]
                    }
                };
                looks.find(text, marks, each);
            }
            None => each(0, text.len(), false),
        },
    }
}

/// Whether the pattern matches anywhere.
pub(crate) fn occurs(pattern: &Pattern<'_>, text: &str) -> bool {
    match pattern {
        Pattern::Literal(literal) => text.contains(literal),
        _ => {
            let mut found = false;
            find(pattern, text, |_, _, is_match| found |= is_match);
            found
        }
    }
}

/// As [`find`], for chars of which each one is a match.
pub(crate) fn find_chars(
    text: &str,
    is_match: impl Fn(char) -> bool,
    mut each: impl FnMut(usize, usize, bool),
) {
    let mut at = 0;
    for (start, c) in text.char_indices().filter(|(_, c)| is_match(*c)) {
        if start > at {
            each(at, start, false);
        }
        at = start + c.len_utf8();
        each(start, at, true);
    }
    if at < text.len() {
        each(at, text.len(), false);
    }
}
