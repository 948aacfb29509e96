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

fn is_extending(c: char) -> bool {
    c >= '\u{300}' && contains(&EXTENDS, c)
}

#[cfg(test)]
mod tests {
    use super::cluster_len;

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
        ] {
            assert_eq!(cluster_len(text), len, "{text:?}");
        }
    }
}
