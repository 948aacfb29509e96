//! The model: BPE, Unigram, WordPiece, WordLevel.

use super::super::json::{
    Object, Problem, Result, Step, Under, boolean, member, mismatch, one_of, optional, string, u32,
    under, usize,
};
use super::super::stream::{RawMerges, RawModel, RawVocab};
use super::super::tokens::Tokens;
use crate::spec::{Alphabet, Bpe, Merges, Model, Vocab};

/// The types, in the order in which the reference tries them on a model that names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bpe,
    WordPiece,
    WordLevel,
    Unigram,
}

const KINDS: [(&str, Kind); 4] = [
    ("BPE", Kind::Bpe),
    ("WordPiece", Kind::WordPiece),
    ("WordLevel", Kind::WordLevel),
    ("Unigram", Kind::Unigram),
];

/// Reads the model. The vocabulary of the first result is still empty, that of the second is what
/// belongs there (but for Unigram, which has its pieces).
pub(super) fn model(raw: RawModel, warnings: &mut Vec<Problem>) -> Result<(Model, Tokens)> {
    let RawModel { members, vocab, merges } = raw;
    let members = Object(&members);
    let kind = match members.0.get("type") {
        Some(tag) => Some(one_of(tag, &KINDS).under("type")?),
        None => None,
    };
    let Some(vocab) = vocab else {
        return Err(Problem::new("\"vocab\" is missing"));
    };
    let (tokens, pieces) = under("vocab", warnings, |warnings| match vocab {
        RawVocab::Map(listed) => Ok((Tokens::new(listed, member, warnings), None)),
        RawVocab::List(pieces) => {
            let mut listed = Vocab::with_capacity(pieces.len(), pieces.len() * 8);
            for (id, (piece, _)) in pieces.iter().enumerate() {
                listed.push(piece.as_bytes(), id as u32);
            }
            let tokens = Tokens::new(listed, |position, _| Step::Index(position), warnings);
            Ok((tokens, Some(pieces)))
        }
    })?;
    let parts = Parts { members, tokens: &tokens, pieces: pieces.as_deref(), merges: &merges };
    let mut model = match kind {
        Some(kind) => parts.read(kind, warnings)?,
        None => parts.guess(warnings)?,
    };
    if let Model::Unigram { pieces: empty, .. } = &mut model {
        *empty = pieces.unwrap_or_default();
    }
    Ok((model, tokens))
}

#[derive(Clone, Copy)]
struct Parts<'a> {
    members: Object<'a>,
    tokens: &'a Tokens,
    /// For a vocabulary that is a list.
    pieces: Option<&'a [(String, f64)]>,
    merges: &'a Option<RawMerges>,
}

impl Parts<'_> {
    fn read(self, kind: Kind, warnings: &mut Vec<Problem>) -> Result<Model> {
        let is_list = self.pieces.is_some();
        match (kind, is_list) {
            (Kind::Unigram, true) => self.unigram(),
            (Kind::Unigram, false) => {
                Err(Problem::new("found an object, an array of [token, score] is wanted")
                    .under("vocab"))
            }
            (_, true) => {
                Err(Problem::new("found an array, an object of token: id is wanted").under("vocab"))
            }
            (Kind::Bpe, false) => self.bpe(warnings).map(Model::Bpe),
            (Kind::WordPiece, false) => self.word_piece(),
            (Kind::WordLevel, false) => self.word_level(),
        }
    }

    /// A model that does not name its type is the first one that it can be read as.
    fn guess(self, warnings: &mut Vec<Problem>) -> Result<Model> {
        let mut problems = Vec::new();
        for (name, kind) in KINDS {
            let start = warnings.len();
            match self.read(kind, warnings) {
                Ok(model) => {
                    // A file with merges that cannot be read is more likely a damaged BPE.
                    if self.merges.is_some() && kind != Kind::Bpe {
                        warnings.push(Problem::new(format!(
                            "names no type; read as {name}, because it cannot be read as BPE"
                        )));
                    }
                    return Ok(model);
                }
                Err(problem) => {
                    warnings.truncate(start);
                    problems.push(problem);
                }
            }
        }
        let closest = match (self.pieces.is_some(), self.merges.is_some()) {
            (true, _) => 3,
            (_, true) => 0,
            _ => {
                return Err(Problem::new(
                    "\"type\" is missing, and the members fit no model: BPE has vocab and merges, WordPiece \
                     and WordLevel have vocab and unk_token, Unigram has a vocab that is an array",
                ));
            }
        };
        Err(problems.swap_remove(closest))
    }

    fn bpe(self, warnings: &mut Vec<Problem>) -> Result<Bpe> {
        let Self { members, tokens, merges, .. } = self;
        let text = |key| members.get_or(key, None, optional(string));
        let flag =
            |key| members.get_or(key, None, optional(boolean)).map(|flag| flag.unwrap_or(false));
        let dropout = members.get_or("dropout", None, optional(dropout))?;
        let prefix = text("continuing_subword_prefix")?;
        let bpe = Bpe {
            vocab: Vocab::default(),
            alphabet: Alphabet::Chars,
            merges: Merges::List(Vec::new()),
            ignore_merges: flag("ignore_merges")?,
            dropout,
            unk_token: text("unk_token")?,
            end_of_word_suffix: text("end_of_word_suffix")?,
            fuse_unk: flag("fuse_unk")?,
            byte_fallback: flag("byte_fallback")?,
            continuing_subword_prefix: prefix,
        };
        let Some(merges) = merges else {
            return Err(Problem::new("\"merges\" is missing"));
        };
        if let Some(problem) = &merges.problem {
            return Err(problem.clone()).under("merges");
        }
        let prefix = bpe.continuing_subword_prefix.as_deref().unwrap_or("").as_bytes();
        let pairs = under("merges", warnings, |warnings| {
            tokens.merges(merges.iter(), merges.len(), prefix, warnings)
        })?;
        Ok(Bpe { merges: Merges::List(pairs), ..bpe })
    }

    fn word_piece(self) -> Result<Model> {
        Ok(Model::WordPiece {
            vocab: Vocab::default(),
            unk_token: self.members.get("unk_token", string)?,
            continuing_subword_prefix: self.members.get("continuing_subword_prefix", string)?,
            max_input_chars_per_word: self.members.get("max_input_chars_per_word", usize)?,
        })
    }

    fn word_level(self) -> Result<Model> {
        let unk_token = self.members.get("unk_token", string)?;
        Ok(Model::WordLevel { vocab: Vocab::default(), unk_token })
    }

    fn unigram(self) -> Result<Model> {
        let pieces = self.pieces.unwrap_or_default();
        let unk_id = self.members.get_or("unk_id", None, optional(u32))?;
        if let Some(id) = unk_id
            && id as usize >= pieces.len()
        {
            let message = format!("found {id}, the vocabulary has {} pieces", pieces.len());
            return Err(Problem::new(message)).under("unk_id");
        }
        let byte_fallback = self.members.get_or("byte_fallback", false, boolean)?;
        Ok(Model::Unigram { unk_id, pieces: Vec::new(), byte_fallback })
    }
}

fn dropout(value: &serde_json::Value) -> Result<f32> {
    match value.as_f64() {
        Some(number) if (0.0..=1.0).contains(&(number as f32)) => Ok(number as f32),
        _ => Err(mismatch(value, "a number from 0 to 1")),
    }
}
