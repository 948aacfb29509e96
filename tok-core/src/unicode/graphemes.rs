//! Where a user-perceived character ends, as far as SentencePiece's normalizer asks: it treats whole
//! clusters of up to five bytes. No rule for Korean syllables, flags and Indic conjuncts can make or
//! break such a cluster, since what they join takes six bytes and more.

use super::code_points::{CONTROL, EXTENDS, PICTOGRAPHS, PREPENDS};
use super::sets::contains;

/// The length of the cluster that `text` begins with; 0 if it is empty.
pub(crate) fn cluster_len(text: &str) -> usize {
    let mut chars = text.chars();
    let Some(mut last) = chars.next() else { return 0 };
    let mut len = last.len_utf8();
    // Most chars are clusters.
    if chars.clone().next().is_some_and(|next| is_apart(last, next)) {
        return len;
    }
    // Pictograph, then anything that extends it.
    let mut pictograph = contains(&PICTOGRAPHS, last);
    for c in chars {
        if !joins(last, c, pictograph) {
            return len;
        }
        pictograph = contains(&PICTOGRAPHS, c) || pictograph && is_extending(c);
        len += c.len_utf8();
        last = c;
    }
    len
}

/// Whether two neighbours belong to one cluster.
pub(crate) fn joins(last: char, next: char, pictograph: bool) -> bool {
    if last.is_ascii() && next.is_ascii() {
        return last == '\r' && next == '\n';
    }
    if contains(&CONTROL, last) || contains(&CONTROL, next) {
        return false;
    }
    is_extending(next)
        || contains(&PREPENDS, last)
        || last == '\u{200D}' && pictograph && contains(&PICTOGRAPHS, next)
}

/// The chars that belong to the cluster of what follows them.
pub(crate) fn prepended() -> impl Iterator<Item = char> {
    let (ranges, _) = PREPENDS.as_chunks::<2>();
    ranges.iter().flat_map(|&[first, last]| first..=last).filter_map(char::from_u32)
}

/// Whether two chars at the beginning of a text are known not to belong together.
fn is_apart(first: char, next: char) -> bool {
    // What these ranges leave out may join with what follows.
    let begins = !matches!(first, '\r' | '\u{600}'..'\u{2000}' | '\u{10000}'..);
    // What they have joins with nothing before it.
    begins
        && matches!(next, ..'\u{300}' | '\u{370}'..'\u{483}' | '\u{48A}'..'\u{591}'
            | '\u{3100}'..'\u{A66F}' | '\u{AC00}'..='\u{D7A3}')
}

/// Whether a char belongs to the cluster of the one before it, unless that is a control character.
pub(crate) fn is_extending(c: char) -> bool {
    c >= '\u{300}' && contains(&EXTENDS, c)
}

#[cfg(test)]
mod tests {
    use super::cluster_len;
    use alloc::vec::Vec;

    #[test]
    fn chars_that_are_apart_never_join() {
        let chars = || '\0'..=char::MAX;
        let next: Vec<char> = chars().filter(|&next| super::is_apart('a', next)).collect();
        assert!(next.iter().all(|&next| !super::joins('é', next, false)));
        for first in chars().filter(|&first| super::is_apart(first, 'é')) {
            assert!(['é', ' ', 'я', '中'].iter().all(|&next| !super::joins(first, next, false)));
        }
    }

    #[test]
    fn clusters() {
        for (text, len) in [
            ("", 0),
            ("ab", 1),
            ("\r\nx", 2),
            ("\n\r", 1),
            ("e\u{301}x", 3),
            ("\n\u{301}", 1),
            ("\u{600}1x", 3),
            ("©\u{200D}©x", 7),
            ("a\u{200D}©", 4),
            ("e\u{301}\u{302}", 5),
            // Marks of Unicode 17.
            (",\u{1ACF}x", 4),
            (",\u{1E6E3}", 5),
        ] {
            assert_eq!(cluster_len(text), len, "{text:?}");
        }
    }
}
