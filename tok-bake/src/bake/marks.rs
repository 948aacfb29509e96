//! Between which punctuation and ASCII letters raw text may be cut as well as before spaces.
//!
//! "word" and "word," share an answer then. It holds for a mark that no piece has beside a letter, so that no merge
//! and no piece reaches across, and that the normalizer leaves alone. Two unknown chars side by side would
//! be one token, so of a letter and a mark one has to be known.

use comptok_core::general::{Charsmap, cut, mark};

use super::cuts::{flat_normalizers, flat_pre_tokenizers};
use crate::spec::{
    Alphabet, Bpe, Kind, Merges, Model, Normalizer, Pattern, PieceType, PreTokenizer,
    PrependScheme, SentencePiece, Spec,
};

/// Bits of [`mark`], for a pipeline that is cut so before spaces.
pub(super) fn of(spec: &Spec, cuts: u8) -> u32 {
    match &spec.model {
        _ if cuts & cut::MODEL == 0 => 0,
        Model::SentencePiece(model) => of_pieces(model),
        Model::Bpe(model) if is_one_part(spec) && leaves_ascii(spec) => {
            of_merges(model).unwrap_or(0)
        }
        _ => 0,
    }
}

/// Whether the pre-tokenizer only writes ▁ for spaces, or nothing: in front of a word inside a text it puts nothing.
fn is_one_part(spec: &Spec) -> bool {
    let mut steps = Vec::new();
    if let Some(step) = &spec.pre_tokenizer {
        flat_pre_tokenizers(step, &mut steps);
    }
    steps.iter().all(|step| match step {
        PreTokenizer::Metaspace { prepend_scheme, split: false, .. } => {
            matches!(prepend_scheme, PrependScheme::First | PrependScheme::Never)
        }
        _ => false,
    })
}

const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic()
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

    /// The marks to cut at, where the normalizer makes `becomes` of a letter, and leaves these marks alone.
    fn cuts(&self, becomes: impl Fn(u8) -> u8, leaves: impl Fn(u8) -> bool) -> u32 {
        let mut letters = (0..128u8).filter(|byte| is_letter(*byte));
        let all_known = letters.all(|letter| self.known[usize::from(becomes(letter) & 0x7F)]);
        let marks = (0..128u8).filter(|&byte| {
            let is_apart = mark(byte) != 0 && self.marks & mark(byte) == 0;
            is_apart && (all_known || self.known[usize::from(byte)]) && leaves(byte)
        });
        marks.fold(0, |marks, byte| marks | mark(byte))
    }
}

fn of_pieces(model: &SentencePiece) -> u32 {
    if !matches!(model.kind, Kind::Unigram | Kind::Bpe) {
        return 0;
    }
    let charsmap = &model.normalizer.charsmap;
    let mut met = Met::NONE;
    for piece in &model.pieces {
        let text = piece.text.as_bytes();
        match piece.kind {
            PieceType::Normal | PieceType::UserDefined | PieceType::Unused => {}
            PieceType::Control | PieceType::Unknown | PieceType::Byte => continue,
        }
        text.windows(2).for_each(|two| met.pair(two[0], two[1]));
        met.token(text);
        // With what stands behind it a letter may become another char.
        let mut chars = piece.text.chars().peekable();
        while let Some(c) = chars.next() {
            let is_other = |next: &char| !next.is_ascii() && *next != '▁';
            if !charsmap.is_empty() && chars.peek().is_some_and(is_other) {
                met.marks |= u8::try_from(c).map_or(0, mark);
            }
        }
    }
    if charsmap.is_empty() {
        return met.cuts(|letter| letter, |_| true);
    }
    let Some(map) = Charsmap::new(charsmap).filter(Charsmap::keeps_letters) else { return 0 };
    let becomes = |letter: u8| {
        let text = core::str::from_utf8(core::slice::from_ref(&letter)).unwrap_or_default();
        map.find(text).and_then(|text| text.bytes().next()).unwrap_or(letter)
    };
    met.cuts(becomes, |mark| map.leaves_alone(mark))
}

/// Whether the normalizer changes nothing but spaces, and the beginning of a text: with others a letter or a mark
/// may become another char with what stands behind it.
fn leaves_ascii(spec: &Spec) -> bool {
    let mut steps = Vec::new();
    if let Some(step) = &spec.normalizer {
        flat_normalizers(step, &mut steps);
    }
    steps.iter().all(|step| match step {
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
    Some(met.cuts(|letter| letter, |_| true))
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
