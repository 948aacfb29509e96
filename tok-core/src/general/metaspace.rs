//! Metaspace's words in one walk.
//!
//! ```text
//! T5      charsmap or nothing, white space splits, ▁ in front: char by char
//! Llama   a space becomes ▁
//! ```
//! A charsmap looks at clusters: one that it does not know, it takes char by char. So a char that begins no entry
//! stays what it is alone, whatever extends it.

use super::{
    chars::{Chars, Kind, Place, Slot},
    charsmap::Charsmap,
    matches,
    steps::{Normalizer, Pattern, Pipeline, PreTokenizer, Prepend},
};
use crate::unicode::graphemes;

const SPACE: &str = "▁";

/// The steps of a pipeline whose words need no more than a walk.
#[derive(Debug, Clone, Copy)]
pub(super) enum Steps<'t> {
    /// A space becomes ▁, and nothing else happens.
    Spaces,
    /// White space splits, and ▁ stands in front of each part.
    Parts { map: Option<Charsmap<'t>>, only_ascii: bool },
}

/// The steps, if they are of that kind. The beginning of a text is not asked about.
pub(super) fn of<'t>(pipeline: &Pipeline<'t>) -> Option<Steps<'t>> {
    let mut pre_tokenizers = pipeline.pre_tokenizers();
    let steps = [(); 3].map(|()| pre_tokenizers.next());
    match steps {
        [None, ..]
        | [Some(PreTokenizer::Metaspace { replacement: '▁', split: false, .. }), None, _] => {
            let writes = |step: &Normalizer<'_>| {
                matches!(step, Normalizer::Replace { pattern: Pattern::Literal(" "), content }
                    if *content == SPACE)
            };
            let known = |step| matches!(step, Normalizer::Prepend(_)) || writes(&step);
            let all = pipeline.normalizers().all(known);
            let spaces = steps[0].is_some() || pipeline.normalizers().any(|step| writes(&step));
            (all && spaces).then_some(Steps::Spaces)
        }
        [
            Some(PreTokenizer::WhitespaceSplit),
            Some(PreTokenizer::Metaspace { replacement: '▁', prepend: Prepend::Always, .. }),
            None,
        ] => {
            let (mut map, mut only_ascii) = (None, false);
            for step in pipeline.normalizers() {
                match step {
                    Normalizer::Precompiled(table) if map.is_none() => {
                        map = Some(Charsmap::new(table)?);
                    }
                    // They leave ASCII as it is, or are asked about each word.
                    Normalizer::Nfc
                    | Normalizer::Nfd
                    | Normalizer::Nfkc
                    | Normalizer::Nfkd
                    | Normalizer::StripAccents
                    | Normalizer::Replace { .. } => only_ascii = true,
                    _ => return None,
                }
            }
            Some(Steps::Parts { map, only_ascii })
        }
        _ => None,
    }
}

impl Steps<'_> {
    /// Calls `put` with what the model gets of a word that does not begin the text; `None` where that is left to
    /// the steps.
    pub(super) fn split<const PLACES: bool, E>(
        &self,
        pipeline: &Pipeline<'_>,
        chars: &mut Chars,
        word: &str,
        put: impl FnMut(&str, &[Place]) -> Result<(), E>,
    ) -> Option<Result<(), E>> {
        match self {
            // Another place may have something put in front, but where there are cuts at marks.
            Self::Spaces if !word.starts_with(' ') && pipeline.settings.marks == 0 => None,
            Self::Spaces if PLACES => chars.split::<PLACES, E>("", word, learn_space, put),
            Self::Spaces => Some(chars.replace(word, SPACE, put)),
            Self::Parts { map, only_ascii } => {
                let replaces = |step| match step {
                    Normalizer::Replace { pattern, .. } => matches::occurs(&pattern, word),
                    _ => false,
                };
                if *only_ascii && pipeline.normalizers().any(replaces) {
                    return None;
                }
                chars.split::<PLACES, E>(
                    SPACE,
                    word,
                    |c| learn_part(map.as_ref(), *only_ascii, c),
                    put,
                )
            }
        }
    }
}

#[cold]
fn learn_space(c: char) -> Slot {
    let mut utf8 = [0; 4];
    Slot::new(Kind::Inside, if c == ' ' { SPACE } else { c.encode_utf8(&mut utf8) })
}

#[cold]
fn learn_part(map: Option<&Charsmap<'_>>, only_ascii: bool, c: char) -> Slot {
    let mut utf8 = [0; 4];
    let alone: &str = c.encode_utf8(&mut utf8);
    let text = map.and_then(|map| map.find(alone)).unwrap_or(alone);
    let is_space = !text.is_empty() && text.chars().all(char::is_whitespace);
    let begins = map.is_some_and(|map| map.begins(alone));
    let kind = match () {
        () if only_ascii && !matches!(c, ' '..='~' | '\n') => Kind::Other,
        // With what follows, it is one cluster.
        () if c == '\r' || begins && graphemes::joins(c, 'x', false) => Kind::Other,
        () if is_space => Kind::Space,
        () if text.contains(char::is_whitespace) || text.contains('▁') => Kind::Other,
        () => Kind::Inside,
    };
    let mut slot = Slot::new(kind, text);
    (slot.extends, slot.is_open) = (graphemes::is_extending(c), begins);
    // What is removed is counted as a change of the char before.
    slot.moves = text.is_empty();
    slot
}
