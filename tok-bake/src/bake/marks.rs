//! Between which punctuation and ASCII letters raw text may be cut as well as before spaces.
//!
//! "word" and "word," share an answer then. It holds for a mark that no piece has beside a letter, so that no merge
//! and no piece reaches across, and that the normalizer leaves alone. Two unknown chars side by side would
//! be one token, so of a letter and a mark one has to be known.

use comptok_core::general::{Charsmap, cut, mark};

use super::{
    cuts::{normalizers, pre_tokenizers},
    models::UNK_PENALTY,
};
use crate::spec::{
    Alphabet, Bpe, Kind, Merges, Model, Normalizer, Pattern, PieceType, PreTokenizer,
    PrependScheme, SentencePiece, Spec,
};

/// Bits of [`mark`], for a pipeline that is cut so before spaces.
pub(super) fn of(spec: &Spec, cuts: u16) -> u32 {
    let is_cut = cuts & cut::MODEL != 0;
    match &spec.model {
        Model::SentencePiece(model) if is_cut => of_pieces(model),
        Model::Bpe(model) if is_cut && is_one_part(spec) && leaves_ascii(spec) => {
            of_merges(model).unwrap_or(0)
        }
        Model::Unigram { pieces, unk_id, .. } if cuts != 0 => match charsmap_in_front(spec) {
            Some(charsmap) => of_scored(pieces, *unk_id, charsmap),
            None => 0,
        },
        _ => 0,
    }
}

/// The table of T5's steps, which put ▁ in front of what white space separates; empty for none.
fn charsmap_in_front(spec: &Spec) -> Option<&[u8]> {
    let [
        PreTokenizer::WhitespaceSplit,
        PreTokenizer::Metaspace {
            replacement: '▁', prepend_scheme: PrependScheme::Always, ..
        },
    ] = pre_tokenizers(spec)[..]
    else {
        return None;
    };
    match normalizers(spec)[..] {
        [] => Some(&[]),
        [Normalizer::Precompiled { charsmap }] => Some(charsmap),
        _ => None,
    }
}

/// Whether the pre-tokenizer only writes ▁ for spaces, or nothing: in front of a word inside a text it puts nothing.
fn is_one_part(spec: &Spec) -> bool {
    pre_tokenizers(spec).iter().all(|step| match step {
        PreTokenizer::Metaspace { prepend_scheme, split: false, .. } => {
            matches!(prepend_scheme, PrependScheme::First | PrependScheme::Never)
        }
        _ => false,
    })
}

const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic()
}

/// What becomes of letters.
struct Letters<'c> {
    /// The table of replacements, and how many of its nodes are reached by each ASCII char.
    map: Option<(Charsmap<'c>, [u32; 128])>,
    /// First chars of what letters become, with what follows them.
    become_chars: Vec<char>,
}

impl<'c> Letters<'c> {
    /// By a table of replacements, empty for none; `None` where they become what is no word.
    fn of(charsmap: &'c [u8]) -> Option<Self> {
        if charsmap.is_empty() {
            return Some(Self { map: None, become_chars: Vec::new() });
        }
        let map = Charsmap::new(charsmap)?;
        let nodes = map.nodes();
        Some(Self { map: Some((map, nodes)), become_chars: map.letters_become(&nodes)? })
    }
}

/// What stands beside what.
#[derive(Debug)]
struct Met {
    /// Marks beside letters.
    marks: u32,
    /// Chars that have a token.
    known: [bool; 128],
}

impl Met {
    const NONE: Self = Self { marks: 0, known: [false; 128] };

    fn pair(&mut self, left: u8, right: u8) {
        self.marks |= if is_letter(left) { mark(right) } else { 0 };
        self.marks |= if is_letter(right) { mark(left) } else { 0 };
    }

    fn token(&mut self, text: &[u8]) {
        if let &[byte @ ..0x80] = text {
            self.known[usize::from(byte)] = true;
        }
    }

    /// A piece of text, where a letter may become what begins with one of these chars.
    fn piece(&mut self, text: &str, letters: &Letters<'_>) {
        text.as_bytes().windows(2).for_each(|two| self.pair(two[0], two[1]));
        for (at, &byte) in text.as_bytes().iter().enumerate().filter(|(_, byte)| mark(**byte) != 0)
        {
            let next = text.get(at + 1..).and_then(|rest| rest.chars().next());
            if next.is_some_and(|next| letters.become_chars.binary_search(&next).is_ok()) {
                self.marks |= mark(byte);
            }
        }
    }

    /// The marks to cut at.
    fn cuts_with(mut self, letters: &Letters<'_>) -> u32 {
        let Some((_, nodes)) = letters.map else { return self.cuts(self.knows_letters()) };
        let replaced = (0..128u8).filter(|byte| nodes[usize::from(*byte)] > 0);
        self.marks |= replaced.fold(0, |marks, byte| marks | mark(byte));
        // A letter may become a char that has no token.
        self.cuts(false)
    }

    /// Whether all ASCII letters have a token.
    fn knows_letters(&self) -> bool {
        (0..128u8).filter(|byte| is_letter(*byte)).all(|letter| self.known[usize::from(letter)])
    }

    /// The marks to cut at: those that have a token, or all where what stands beside them has one.
    fn cuts(&self, all: bool) -> u32 {
        let marks = (0..128u8).filter(|&byte| {
            let is_apart = mark(byte) != 0 && self.marks & mark(byte) == 0;
            is_apart && (all || self.known[usize::from(byte)])
        });
        marks.fold(0, |marks, byte| marks | mark(byte))
    }
}

fn of_pieces(model: &SentencePiece) -> u32 {
    if !matches!(model.kind, Kind::Unigram | Kind::Bpe) {
        return 0;
    }
    let Some(letters) = Letters::of(&model.normalizer.charsmap) else { return 0 };
    let mut met = Met::NONE;
    for piece in &model.pieces {
        match piece.kind {
            PieceType::Normal | PieceType::UserDefined | PieceType::Unused => {}
            PieceType::Control | PieceType::Unknown | PieceType::Byte => continue,
        }
        met.piece(&piece.text, &letters);
        if piece.kind != PieceType::Unused {
            met.token(piece.text.as_bytes());
        }
    }
    met.cuts_with(&letters)
}

/// Most bytes that a byte becomes, and what a score is less than: with longer texts and larger sums more would be
/// rounded than [`NEAR`](comptok_core::model::unigram::NEAR) allows.
const MOST_GROWTH: usize = 63;
const SCORE_MAX: f64 = 32.0;

/// The same for pieces with scores of a tokenizer.json. Ways through a word are compared by their sums from its
/// beginning there: from a place in it they compare the same unless they are near to each other, which the engine
/// sees to.
fn of_scored(pieces: &[(String, f64)], unk_id: Option<u32>, charsmap: &[u8]) -> u32 {
    let Some(letters) = Letters::of(charsmap) else { return 0 };
    let is_space = |text: &str| text.chars().all(char::is_whitespace) && !text.is_empty();
    let is_apart = |(map, nodes): (Charsmap<'_>, [u32; 128])| {
        let breaks = ["\r", "\n"].iter().all(|text| map.find(text).is_none_or(is_space));
        breaks
            && nodes[usize::from(b' ')] == 0
            && map.keeps_clusters_apart()
            && map.longest_text() <= MOST_GROWTH
    };
    let lowest = pieces.iter().fold(0.0, |lowest: f64, (_, score)| lowest.min(*score));
    let is_low = |score: f64| score.abs() < SCORE_MAX;
    if !letters.map.is_none_or(is_apart)
        || !is_low(lowest - UNK_PENALTY)
        || !pieces.iter().all(|&(_, score)| is_low(score))
    {
        return 0;
    }
    let mut met = Met::NONE;
    for (id, (text, _)) in (0u32..).zip(pieces) {
        met.piece(text, &letters);
        if Some(id) != unk_id {
            met.token(text.as_bytes());
        }
    }
    met.cuts_with(&letters)
}

/// Whether the normalizer changes nothing but spaces, and the beginning of a text: with others a letter or a mark
/// may become another char with what stands behind it.
fn leaves_ascii(spec: &Spec) -> bool {
    normalizers(spec).iter().all(|step| match step {
        Normalizer::Prepend { .. } => true,
        Normalizer::Replace { pattern: Pattern::String(text), content } => {
            text == " " && content == "▁"
        }
        _ => false,
    })
}

fn of_merges(model: &Bpe) -> Option<u32> {
    let Merges::List(list) = &model.merges else { return None };
    let marked = model.continuing_subword_prefix.as_ref().or(model.end_of_word_suffix.as_ref());
    if model.alphabet != Alphabet::Chars
        || model.ignore_merges
        || marked.is_some_and(|text| !text.is_empty())
    {
        return None;
    }
    // What merges make has neighbours that some merge joins.
    let (mut met, mut ends) = (Met::NONE, Vec::new());
    for (text, id) in model.vocab.iter() {
        met.token(text);
        let id = usize::try_from(id).ok().filter(|id| *id < 1 << 24)?;
        if ends.len() <= id {
            ends.resize(id + 1, [0, 0]);
        }
        ends[id] = [*text.first()?, *text.last()?];
    }
    for &(left, right) in list {
        let (left, right) = (ends.get(left as usize)?, ends.get(right as usize)?);
        met.pair(left[1], right[0]);
    }
    Some(met.cuts(met.knows_letters()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{SpPiece, Vocab};

    fn set(marks: u32) -> String {
        (0..128u8).filter(|&byte| mark(byte) & marks != 0).map(char::from).collect()
    }

    #[test]
    fn marks_have_a_bit_each() {
        assert_eq!((0..=255).fold(0, |all, byte| all + mark(byte).count_ones()), 32);
        assert_eq!(set(u32::MAX).len(), 32);
    }

    fn pieces(texts: &[(&str, PieceType)]) -> SentencePiece {
        let letters = (b'a'..=b'z').chain(b'A'..=b'Z').map(|b| char::from(b).to_string());
        let all = letters.map(|text| (text, PieceType::Normal));
        let all = all.chain(texts.iter().map(|&(text, kind)| (text.to_owned(), kind)));
        let pieces = all.map(|(text, kind)| SpPiece { text, score: -1.0, kind }).collect();
        SentencePiece { pieces, ..SentencePiece::default() }
    }

    #[test]
    fn a_mark_that_a_piece_has_beside_a_letter_is_no_place_to_cut() {
        let all = set(u32::MAX);
        let without =
            |marks: &str| -> String { all.chars().filter(|c| !marks.contains(*c)).collect() };
        let normal = |text| (text, PieceType::Normal);
        assert_eq!(set(of_pieces(&pieces(&[normal(","), normal("▁("), normal("1,0")]))), all);
        assert_eq!(set(of_pieces(&pieces(&[normal("a,")]))), without(","));
        let found = of_pieces(&pieces(&[("<x>", PieceType::UserDefined), normal("1.a")]));
        assert_eq!(set(found), without("<>."));
        // What is never found in text.
        let controls = [("</s>", PieceType::Control), ("<0x0A>", PieceType::Byte)];
        assert_eq!(set(of_pieces(&pieces(&controls))), all);
        // An unknown letter beside an unknown mark.
        let mut some = pieces(&[normal(","), normal("!")]);
        some.pieces.remove(3);
        assert_eq!(set(of_pieces(&some)), "!,");
        some.kind = Kind::Word;
        assert_eq!(of_pieces(&some), 0);
    }

    #[test]
    fn merges_say_what_stands_beside_a_letter() {
        let texts = ["a", "b", ",", "ab", "b,", "<s>", "1", ",1", "▁"];
        let mut vocab = Vocab::default();
        texts.iter().zip(0..).for_each(|(text, id)| vocab.push(text.as_bytes(), id));
        let of = |merges: &[(u32, u32)]| of_merges(&Bpe::new(vocab.clone(), merges.to_vec()));
        // The other letters are not known, so marks have to be.
        assert_eq!(of(&[(0, 1), (2, 6)]).map(set).as_deref(), Some(","));
        assert_eq!(of(&[(0, 1), (1, 2)]).map(set).as_deref(), Some(""));
        let whole = Bpe { ignore_merges: true, ..Bpe::new(vocab.clone(), Vec::new()) };
        assert_eq!(of_merges(&whole), None);
    }
}
