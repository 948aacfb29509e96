//! BERT's normalizer and pre-tokenizer in one walk.
//!
//! Both look at one char at a time, so what becomes of a char is found out once, by the steps themselves,
//! and remembered. Only canonical ordering looks at neighbours, and only at combining chars; of those that
//! are not removed the steps take care.

use super::{
    chars::{Kind, Slot},
    normalize,
    steps::{Normalizer, Pipeline, PreTokenizer},
    text::Text,
};
use crate::unicode::{
    forms::{self, Form},
    sets,
};

/// The one normalizer, if the pipeline has BERT's steps and no others.
pub(super) fn of<'a>(pipeline: &Pipeline<'a>) -> Option<Normalizer<'a>> {
    let mut normalizers = pipeline.normalizers();
    let step = normalizers.next().filter(|step| matches!(step, Normalizer::Bert { .. }))?;
    let mut pre_tokenizers = pipeline.pre_tokenizers();
    let is_bert = matches!(pre_tokenizers.next(), Some(PreTokenizer::Bert));
    let only = normalizers.next().is_none() && pre_tokenizers.next().is_none();
    (is_bert && only).then_some(step)
}

/// Asks the steps.
#[cold]
pub(super) fn learn(step: &Normalizer<'_>, c: char) -> Slot {
    let mut utf8 = [0; 4];
    let mut text = Text::new(c.encode_utf8(&mut utf8), 0, false);
    normalize::apply(step, &mut text);
    let all = text.as_str();
    let space = |c: char| c.is_whitespace();
    let trimmed = all.trim_matches(space);
    // Without marks to strip nothing is decomposed, so nothing is ordered.
    let orders = matches!(step, Normalizer::Bert { strip_accents: true, .. });
    let starts = !orders || trimmed.chars().all(is_starter);
    let one = trimmed.chars().nth(1).is_none();
    let kind = match () {
        () if !starts || trimmed.contains(space) => Kind::Other,
        () if all.is_empty() => Kind::Inside,
        () if trimmed.is_empty() => Kind::Space,
        () if one && (trimmed.len() < all.len() || trimmed.contains(sets::is_punctuation)) => {
            // Chinese chars stand between spaces. What has one on one side only is no such.
            let both = all.starts_with(space) == all.ends_with(space);
            if both { Kind::Alone } else { Kind::Other }
        }
        () if trimmed.len() < all.len() || trimmed.contains(sets::is_punctuation) => Kind::Other,
        () => Kind::Inside,
    };
    if kind == Kind::Other { Slot::new(kind, "") } else { Slot::new(kind, trimmed) }
}

/// Whether canonical ordering leaves a char where it is.
fn is_starter(c: char) -> bool {
    let mut text = alloc::string::String::from(c);
    // Of the lowest class that reordering moves.
    text.push('\u{334}');
    let mut last = None;
    forms::normalize(&text, Form::D, |c, _| last = Some(c));
    last == Some('\u{334}')
}

#[cfg(test)]
mod tests {
    use super::super::{chars::Chars, split, steps::PreTokenizer};
    use super::*;
    use alloc::{string::String, vec, vec::Vec};

    /// By the steps, one after the other.
    fn plain(step: &Normalizer<'_>, text: &str) -> Vec<String> {
        let mut text = Text::new(text, 0, false);
        normalize::apply(step, &mut text);
        let mut splits = vec![text.split(0, text.as_str().len(), 0)];
        split::apply(&PreTokenizer::Bert, &mut text, &mut splits, &mut split::Parts::default());
        let parts = splits.iter().map(|split| text.as_str()[split.start..split.end].into());
        parts.filter(|part: &String| !part.is_empty()).collect()
    }

    #[test]
    fn every_char_between_others_is_as_by_the_steps() {
        for flags in 0..16 {
            let step = Normalizer::Bert {
                clean_text: flags & 1 != 0,
                chinese: flags & 2 != 0,
                strip_accents: flags & 4 != 0,
                lowercase: flags & 8 != 0,
            };
            let mut chars = Chars::default();
            let (mut left, mut asked) = (0, 0);
            // All of the first planes' blocks with letters; of the others every 7th.
            let all = ('\0'..'\u{3000}').chain(('\u{3000}'..=char::MAX).step_by(7));
            for c in all.filter(|_| flags > 2 || flags == 0) {
                let text = alloc::format!("Aé{c}B\u{316}\u{301}{c}{c}");
                let mut found = Vec::new();
                let result = chars.split::<false, _>(
                    "",
                    &text,
                    |c| learn(&step, c),
                    |part, _| {
                        found.push(String::from(part));
                        Ok::<_, ()>(())
                    },
                );
                asked += 1;
                if super::super::cuts::is_punctuation(c) {
                    let [before, after] = ["aé\u{301} ", "\u{301}\u{316}x"];
                    let whole = plain(&step, &alloc::format!("{before}{c}{after}"));
                    let alone = String::from(c);
                    let parts = [before, &alone, after];
                    let parts = parts.iter().flat_map(|part| plain(&step, part));
                    assert!(parts.eq(whole), "{flags} {c:?}");
                }
                match result {
                    Some(_) => assert_eq!(found, plain(&step, &text), "{flags} {c:?}"),
                    None => left += 1,
                }
            }
            assert!(left * 20 <= asked, "{flags}: {left} of {asked} are left to the steps");
        }
    }
}
