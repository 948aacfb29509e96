//! Where raw text may be cut into words that have the tokens they have in the whole.
//!
//! A cut stands before a space (or a line feed). Every normalizer of a list that is allowed here rewrites
//! both sides as it rewrites the whole: char by char, by neighbours that a space does not join, or by
//! patterns that do not match across it. The first pre-tokenizer then separates both sides anyway, and the
//! others look at one part at a time; or the model itself cuts there.

use comptok_core::{
    general::{Charsmap, cut, mark},
    pre_tokenizer::{Kind, Syntax},
};

use super::dfa;
use crate::spec::{
    Behavior, Model, Normalizer, Pattern, PieceType, PreTokenizer, PrependScheme, SentencePiece,
    Spec,
};

/// What is proven.
#[derive(Default)]
pub(super) struct Found {
    /// Bits of [`cut`]; 0 for nothing.
    pub(super) cuts: u16,
    /// With [`cut::MARKS`] the marks between which and letters text may be cut.
    pub(super) marks: u32,
    /// With [`cut::ASCII`] those behind which a space is no cut.
    pub(super) open: u32,
}

/// Where text may be cut.
pub(super) fn of(spec: &Spec) -> Found {
    let cuts = proven(spec).unwrap_or(0);
    // White space stays what it is.
    let stays = |step: &&Normalizer| is_by_char(step) && !matches!(step, Normalizer::Nmt);
    let between = match spec.model {
        Model::Bpe(_) if cuts & cut::MODEL == 0 && normalizers(spec).iter().all(stays) => {
            between_ascii(&pre_tokenizers(spec))
        }
        _ => None,
    };
    match between {
        None => Found { cuts, ..Found::default() },
        Some(found) if cuts == 0 => found,
        Some(Found { cuts: others, marks, .. }) => {
            Found { cuts: cuts | others & cut::MARKS, marks, open: 0 }
        }
    }
}

fn proven(spec: &Spec) -> Option<u16> {
    let (normalizers, pre_tokenizers) = (normalizers(spec), pre_tokenizers(spec));
    if let Model::SentencePiece(model) = &spec.model {
        let alone = normalizers.is_empty() && pre_tokenizers.is_empty();
        let cuts = cut::SPACE | cut::FIRST | cut::STRICT | cut::MODEL;
        return (alone && is_cut(model)).then_some(cuts);
    }
    let mut cuts = cut::SPACE;
    let drops_space = match (&pre_tokenizers[..], &spec.model) {
        (
            [
                PreTokenizer::Bert | PreTokenizer::Whitespace | PreTokenizer::WhitespaceSplit,
                rest @ ..,
            ],
            _,
        ) => {
            cuts |= cut::NEWLINE;
            if rest.iter().any(|step| asks_place(step)) {
                cuts |= cut::FIRST;
            }
            true
        }
        ([PreTokenizer::Metaspace { split: true, .. }, ..], _) => {
            cuts |= cut::FIRST;
            false
        }
        ([] | [PreTokenizer::Metaspace { split: false, replacement: '▁', .. }], Model::Bpe(_)) => {
            let writes = |step: &&Normalizer| {
                matches!(step, Normalizer::Replace { pattern: Pattern::String(text), content }
                    if text == " " && content == "▁")
            };
            if pre_tokenizers.is_empty() && !normalizers.iter().any(writes) {
                return None;
            }
            cuts |= cut::FIRST | cut::STRICT | cut::MODEL;
            false
        }
        (steps, Model::Bpe(_)) if normalizers.iter().all(|step| is_by_char(step)) => {
            cuts = separate(steps)? | cut::STRICT;
            false
        }
        _ => return None,
    };
    let (mut strips, mut may_remove) = (false, false);
    for step in &normalizers {
        match step {
            Normalizer::Bert { .. }
            | Normalizer::Nfc
            | Normalizer::Nfd
            | Normalizer::Nfkc
            | Normalizer::Nfkd
            | Normalizer::Lowercase
            | Normalizer::StripAccents
            | Normalizer::Nmt => {}
            Normalizer::Precompiled { charsmap } => {
                // What is removed at the beginning of a text is counted in another way.
                let map = Charsmap::new(charsmap)?;
                // It may take white space together with what extends it, if that is still there.
                if strips || [" ", "\n"].iter().any(|text| map.find(text) == Some("")) {
                    return None;
                }
                cuts |= cut::CLUSTERS;
            }
            // White space at the ends is dropped later in any case.
            Normalizer::Strip { .. } if drops_space => strips = true,
            // It stands in front of what is left of the text, which may be nothing of the first word.
            Normalizer::Prepend { .. } if may_remove => return None,
            Normalizer::Prepend { .. } => cuts |= cut::FIRST,
            Normalizer::Replace { pattern: Pattern::String(text), content } => {
                let is_space = text == " " && content == "▁" && !drops_space;
                if !is_space && (text.is_empty() || text.contains(char::is_whitespace)) {
                    return None;
                }
            }
            // What takes the place of the spaces has to separate as they do.
            Normalizer::Replace { pattern: Pattern::Regex(regex), content }
                if regex == " {2,}" && (content == " " || content == "▁" && !drops_space) =>
            {
                cuts |= cut::STRICT;
            }
            _ => return None,
        }
        may_remove |= removes(step);
    }
    // What stands alone anyway, and is a starter, so that no mark on one side is ordered with one on the other.
    if let ([Normalizer::Bert { handle_chinese_chars, .. }], [PreTokenizer::Bert]) =
        (&normalizers[..], &pre_tokenizers[..])
    {
        cuts |= cut::PUNCTUATION;
        if *handle_chinese_chars {
            cuts |= cut::CHINESE;
        }
    }
    Some(cuts)
}

/// Where a list of steps begins a part whatever stands around: at each space behind something else, since one step
/// does that by a pattern of byte-level BPE, and none looks beyond a part or leaves a char out. So it is at line feeds
/// behind letters and digits, and with GPT-2's pattern at the others too; another one beside it may give them to the
/// marks in front.
fn separate(steps: &[&PreTokenizer]) -> Option<u16> {
    let (mut cuts, mut at_lines, mut at_all_lines, mut is_mapped) = (0, true, true, false);
    for step in steps {
        match step {
            PreTokenizer::ByteLevel { add_prefix_space: false, use_regex, .. } => {
                if *use_regex && !is_mapped {
                    cuts |= cut::SPACE;
                }
                // What comes behind sees no spaces.
                is_mapped = true;
            }
            PreTokenizer::Split {
                pattern: Pattern::Regex(regex),
                behavior: Behavior::Isolated,
                invert: false,
            } => match Kind::recognise(&[regex], Syntax::Oniguruma) {
                Some(Kind::Clip | Kind::DeepseekV3) => return None,
                Some(_) if is_mapped => {}
                Some(kind) => {
                    cuts |= cut::SPACE;
                    at_all_lines &= matches!(kind, Kind::Gpt2 | Kind::R50k);
                }
                None => {
                    let apart = dfa::Apart::of(regex)?;
                    if !apart.at(b' ') {
                        return None;
                    }
                    at_lines &= apart.at(b'\n');
                }
            },
            PreTokenizer::Digits { .. }
            | PreTokenizer::Punctuation { behavior: Behavior::Isolated | Behavior::Contiguous } => {
            }
            _ => return None,
        }
    }
    let lines = match (at_lines, at_all_lines) {
        (true, true) => cut::NEWLINE,
        (true, false) => cut::LINE,
        (false, _) => 0,
    };
    Some(cuts | lines).filter(|_| cuts != 0)
}

/// A step that isolates what it matches.
enum Step {
    /// GPT-2's pattern, whose automaton takes longer to build than the others together.
    Gpt2,
    Pattern(Box<dfa::Places>),
    /// Chars of a set, of those that are ASCII.
    Set(fn(&u8) -> bool),
}

/// Where a list of patterns separates two ASCII chars whatever stands around: DeepSeek's first models cut in five or six
/// steps, none of which has a pattern of byte-level BPE.
fn between_ascii(steps: &[&PreTokenizer]) -> Option<Found> {
    let mut known = Vec::new();
    for step in steps {
        known.push(match step {
            PreTokenizer::ByteLevel { add_prefix_space: false, use_regex, .. } => {
                // What comes behind sees other chars.
                if *use_regex {
                    known.push(Step::Gpt2);
                }
                break;
            }
            PreTokenizer::Split {
                pattern: Pattern::Regex(regex),
                behavior: Behavior::Isolated,
                invert: false,
            } => match Kind::recognise(&[regex], Syntax::Oniguruma) {
                None => Step::Pattern(Box::new(dfa::Places::of(regex)?)),
                Some(Kind::Gpt2 | Kind::R50k) => Step::Gpt2,
                // Letters and marks in front of them are one part.
                Some(_) => return None,
            },
            PreTokenizer::Digits { .. } => Step::Set(u8::is_ascii_digit),
            PreTokenizer::Punctuation { behavior: Behavior::Isolated | Behavior::Contiguous } => {
                Step::Set(u8::is_ascii_punctuation)
            }
            _ => return None,
        });
    }
    // Up to the step that separates them, all leave the place as it is: no match has both chars, and where one of them is
    // always in a match, that ends or begins there.
    let is_cut = |before: u8, behind: u8| {
        for step in &known {
            let (passes, takes) = match step {
                Step::Gpt2 => (gpt2_passes(before, behind), true),
                Step::Pattern(step) => {
                    (step.passes(before, behind), step.takes(before) || step.takes(behind))
                }
                Step::Set(has) => {
                    let [before, behind] = [before, behind].map(|char| has(&char));
                    (!(before && behind), before || behind)
                }
            };
            if !passes || takes {
                return passes;
            }
        }
        false
    };
    let letters = || (b'A'..=b'Z').chain(b'a'..=b'z');
    if !letters().chain(b'0'..=b'9').all(|char| is_cut(char, b' ')) {
        return None;
    }
    let all_marks = || (b'!'..=b'~').filter(|char| mark(*char) != 0);
    let open = all_marks().filter(|&char| !is_cut(char, b' '));
    let apart = all_marks()
        .filter(|&char| letters().all(|letter| is_cut(letter, char) && is_cut(char, letter)));
    let bits = |marks: &mut dyn Iterator<Item = u8>| marks.fold(0, |bits, char| bits | mark(char));
    let (open, marks) = (bits(&mut { open }), bits(&mut { apart }));
    let at_lines = match known.first()? {
        Step::Pattern(step) => step.cuts_at_lines(),
        Step::Gpt2 | Step::Set(_) => false,
    };
    let lines = if at_lines { cut::NEWLINE } else { 0 };
    let cuts = cut::SPACE | cut::STRICT | cut::ASCII | cut::MARKS | lines;
    Some(Found { cuts, marks, open })
}

/// As [`dfa::Places::passes`], for GPT-2's pattern.
fn gpt2_passes(before: u8, behind: u8) -> bool {
    let kind = |char: u8| (char.is_ascii_alphabetic(), char.is_ascii_digit());
    let may_contract = before == b'\'' && b"stmdrvl".contains(&behind);
    behind == b' ' || kind(before) != kind(behind) && !may_contract
}

/// Whether a normalizer neither writes spaces for others nor others for spaces.
fn is_by_char(step: &Normalizer) -> bool {
    matches!(
        step,
        Normalizer::Nfc
            | Normalizer::Nfd
            | Normalizer::Nfkc
            | Normalizer::Nfkd
            | Normalizer::Lowercase
            | Normalizer::StripAccents
            | Normalizer::Nmt
    )
}

/// Whether nothing may be left of a word.
fn removes(step: &Normalizer) -> bool {
    match step {
        Normalizer::Replace { content, .. } => content.is_empty(),
        Normalizer::Bert { .. }
        | Normalizer::StripAccents
        | Normalizer::Nmt
        | Normalizer::Strip { .. }
        | Normalizer::Precompiled { .. } => true,
        _ => false,
    }
}

/// Whether a model of SentencePiece does to both sides of a space what it does to the whole, if it cuts there at
/// all: nothing that it replaces reaches across, and ▁ is never part of unknown text, which is one token.
fn is_cut(model: &SentencePiece) -> bool {
    let charsmap = &model.normalizer.charsmap;
    let reaches_across = !charsmap.is_empty()
        && Charsmap::new(charsmap).is_none_or(|map| !map.has_no_space())
        || (model.pieces.iter())
            .any(|piece| piece.kind == PieceType::UserDefined && piece.text.contains(' '));
    let has_space =
        model.pieces.iter().any(|piece| piece.kind == PieceType::Normal && piece.text == "▁");
    has_space && !reaches_across
}

fn asks_place(step: &PreTokenizer) -> bool {
    matches!(step, PreTokenizer::Metaspace { prepend_scheme: PrependScheme::First, .. })
}

/// The normalizers of all sequences, one after the other.
pub(super) fn normalizers(spec: &Spec) -> Vec<&Normalizer> {
    let mut steps = Vec::new();
    if let Some(step) = &spec.normalizer {
        flat_normalizers(step, &mut steps);
    }
    steps
}

/// The same for pre-tokenizers, without those that do nothing: Gemma's cuts at spaces, of which its normalizer
/// leaves none.
pub(super) fn pre_tokenizers(spec: &Spec) -> Vec<&PreTokenizer> {
    let mut steps = Vec::new();
    if let Some(step) = &spec.pre_tokenizer {
        flat_pre_tokenizers(step, &mut steps);
    }
    let leaves_no_space = normalizers(spec).last().is_some_and(|step| {
        matches!(step, Normalizer::Replace { pattern: Pattern::String(text), content }
            if text == " " && !content.contains(' '))
    });
    let does_nothing = |step: &PreTokenizer| {
        matches!(step, PreTokenizer::Split { pattern: Pattern::String(text), invert: false, .. }
            if text.contains(' '))
    };
    steps.retain(|step| !(leaves_no_space && does_nothing(step)));
    steps
}

fn flat_normalizers<'s>(step: &'s Normalizer, out: &mut Vec<&'s Normalizer>) {
    match step {
        Normalizer::Sequence(steps) => steps.iter().for_each(|step| flat_normalizers(step, out)),
        step => out.push(step),
    }
}

fn flat_pre_tokenizers<'s>(step: &'s PreTokenizer, out: &mut Vec<&'s PreTokenizer>) {
    match step {
        PreTokenizer::Sequence(steps) => {
            steps.iter().for_each(|step| flat_pre_tokenizers(step, out));
        }
        step => out.push(step),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::pattern::GPT2;

    #[test]
    fn the_rules_of_gpt2_are_those_of_its_automaton() {
        let places = dfa::Places::of(GPT2).expect("it can be baked");
        for before in b'!'..=b'~' {
            assert!(places.takes(before), "{before}");
            for behind in b' '..=b'~' {
                let found = gpt2_passes(before, behind);
                assert_eq!(found, places.passes(before, behind), "{before} {behind}");
            }
        }
    }
}
