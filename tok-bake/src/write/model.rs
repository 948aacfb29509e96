//! The model: its options, vocabulary and merges.

use super::json::Json;
use crate::byte_level;
use crate::error::{WriteError, quote, quote_bytes};
use crate::merges;
use crate::spec::{AddedToken, Alphabet, Bpe, Merges, Model, Spec, Vocab, VocabIndex};

/// The tokens of the model as the reference spells them, and its merges.
pub(super) struct Tokens {
    /// Ordered by id, UTF-8.
    vocab: Vocab,
    index: VocabIndex,
    /// Pieces of a Unigram model that are listed again later, and where.
    repeated: Vec<(usize, usize)>,
    /// Pairs of positions in `vocab`; empty for models without merges.
    merges: Vec<(usize, usize)>,
}

impl Tokens {
    /// Where the model's tokens are bytes, `listed` of the added tokens are in the vocabulary too.
    pub(super) fn new(spec: &Spec, listed: &[AddedToken]) -> Result<Self, WriteError> {
        let mut listed: Vec<(u32, Vec<u8>)> = match &spec.model {
            Model::Bpe(Bpe { vocab, alphabet: Alphabet::Bytes, .. }) => {
                let special = |token: &AddedToken| (token.id, token.content.clone().into_bytes());
                vocab
                    .iter()
                    .map(|(token, id)| (id, byte_level::to_text(token).into_bytes()))
                    .chain(listed.iter().map(special))
                    .collect()
            }
            Model::Bpe(Bpe { vocab, .. })
            | Model::WordPiece { vocab, .. }
            | Model::WordLevel { vocab, .. } => {
                vocab.iter().map(|(token, id)| (id, token.to_vec())).collect()
            }
            Model::SentencePiece(_) => {
                return Err(WriteError::new(
                    "a model of SentencePiece does more than tokenizer.json can say",
                ));
            }
            Model::Unigram { pieces, .. } => pieces
                .iter()
                .zip(0..)
                .map(|((piece, _), id)| (id, piece.clone().into_bytes()))
                .collect(),
        };
        listed.sort_by_key(|(id, _)| *id);
        let mut vocab = Vocab::with_capacity(listed.len(), 0);
        for (id, token) in &listed {
            if std::str::from_utf8(token).is_err() {
                let token = quote_bytes(token);
                return Err(WriteError::new(format!("token {token} (id {id}) is not UTF-8")));
            }
            vocab.push(token, *id);
        }
        let (index, repeated) = VocabIndex::new(&vocab);
        if !matches!(spec.model, Model::Unigram { .. })
            && let Some(&(first, later)) = repeated.first()
        {
            let ((id, token), (other, _)) = (&listed[first], &listed[later]);
            let token = quote_bytes(token);
            return Err(WriteError::new(format!(
                "ids {id} and {other} are both spelled {token}, a vocabulary can hold only one"
            )));
        }
        let mut tokens = Self { vocab, index, repeated, merges: Vec::new() };
        if let Model::Bpe(bpe) = &spec.model {
            tokens.merges = tokens.merges_of(bpe)?;
        }
        Ok(tokens)
    }

    fn merges_of(&self, bpe: &Bpe) -> Result<Vec<(usize, usize)>, WriteError> {
        let made;
        let pairs = match (&bpe.merges, bpe.alphabet) {
            (Merges::List(pairs), _) => pairs,
            (Merges::ByRank, Alphabet::Bytes) => {
                check_bytes(&bpe.vocab)?;
                made = merges::from_ranks(&bpe.vocab);
                &made
            }
            (Merges::ByRank, Alphabet::Chars) => {
                return Err(WriteError::new("merges by rank need a vocabulary of bytes"));
            }
        };
        let position = |id: u32| {
            self.position(id)
                .ok_or_else(|| WriteError::new(format!("a merge has id {id}, which has no token")))
        };
        pairs.iter().map(|&(left, right)| Ok((position(left)?, position(right)?))).collect()
    }

    /// The first token with an id.
    fn position(&self, id: u32) -> Option<usize> {
        let (mut low, mut high) = (0, self.vocab.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.vocab.get(middle) {
                Some((_, found)) if found < id => low = middle + 1,
                _ => high = middle,
            }
        }
        self.vocab.get(low).filter(|&(_, found)| found == id).map(|_| low)
    }

    /// The id that the reference finds for a token.
    fn id(&self, token: &[u8]) -> Option<u32> {
        let first = self.index.get(&self.vocab, token)?;
        let last = self.repeated.iter().rev().find(|&&(earlier, _)| earlier == first);
        let position = last.map_or(first, |&(_, later)| later);
        self.vocab.get(position).map(|(_, id)| id)
    }

    /// Whether the reference will give every added token its id: it numbers those that the model
    /// does not have from the model's size on.
    pub(super) fn check_added(&self, spec: &Spec) -> Result<(), WriteError> {
        let mut next_id = self.vocab.len() as u32;
        for AddedToken { id, content, .. } in &spec.added_tokens {
            let given = self.id(content.as_bytes()).unwrap_or_else(|| {
                next_id += 1;
                next_id - 1
            });
            if given != *id {
                let name = quote(content);
                return Err(WriteError::new(format!(
                    "added token {name} has id {id}, but HuggingFace tokenizers would give it {given}"
                )));
            }
        }
        Ok(())
    }

    pub(super) fn write(&self, json: &mut Json, model: &Model) {
        json.object(|json| match model {
            Model::Bpe(bpe) => {
                json.field("type", "BPE");
                json.field("dropout", bpe.dropout);
                json.field("unk_token", &bpe.unk_token);
                json.field("continuing_subword_prefix", &bpe.continuing_subword_prefix);
                json.field("end_of_word_suffix", &bpe.end_of_word_suffix);
                json.field("fuse_unk", bpe.fuse_unk);
                json.field("byte_fallback", bpe.byte_fallback);
                json.field("ignore_merges", bpe.ignore_merges);
                self.write_vocab(json);
                json.member("merges", |json| {
                    json.list(&self.merges, |json, &(left, right)| {
                        json.list([left, right], |json, part| json.scalar(self.text(part)));
                    });
                });
            }
            Model::WordPiece {
                unk_token,
                continuing_subword_prefix,
                max_input_chars_per_word,
                vocab: _,
            } => {
                json.field("type", "WordPiece");
                json.field("unk_token", unk_token);
                json.field("continuing_subword_prefix", continuing_subword_prefix);
                json.field("max_input_chars_per_word", max_input_chars_per_word);
                self.write_vocab(json);
            }
            Model::WordLevel { unk_token, vocab: _ } => {
                json.field("type", "WordLevel");
                self.write_vocab(json);
                json.field("unk_token", unk_token);
            }
            // `new` has refused it.
            Model::SentencePiece(_) => {}
            Model::Unigram { unk_id, pieces, byte_fallback } => {
                json.field("type", "Unigram");
                json.field("unk_id", unk_id);
                json.member("vocab", |json| {
                    json.list(pieces, |json, (piece, score)| {
                        json.array(|json| {
                            json.element(|json| json.scalar(piece));
                            json.element(|json| json.scalar(score));
                        });
                    });
                });
                json.field("byte_fallback", byte_fallback);
            }
        });
    }

    fn write_vocab(&self, json: &mut Json) {
        json.member("vocab", |json| self.write_vocab_object(json));
    }

    /// Tokens and their ids.
    pub(super) fn write_vocab_object(&self, json: &mut Json) {
        json.object(|json| {
            for (position, (_, id)) in self.vocab.iter().enumerate() {
                json.field(self.text(position), id);
            }
        });
    }

    /// The parts of each merge.
    pub(super) fn merge_texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.merges.iter().map(|&(left, right)| (self.text(left), self.text(right)))
    }

    fn text(&self, position: usize) -> &str {
        let (token, _) = self.vocab.get(position).unwrap_or_default();
        std::str::from_utf8(token).expect("checked by `new`")
    }
}

/// Of the added tokens of a vocabulary of bytes those that are in it too. That gives them their ids; but the model
/// ignores merges, and would take a word that is spelled like one of them for it where special tokens are text. Where
/// there may be such a word, only those are in it that have to be: the others are numbered from its size on.
pub(super) fn listed(spec: &Spec) -> &[AddedToken] {
    let Model::Bpe(bpe) = &spec.model else { return &[] };
    if !spec.added_tokens.iter().any(|token| crate::bake::keeps_whole(spec, &token.content)) {
        return &spec.added_tokens;
    }
    let size = bpe.vocab.len();
    let fits = |(at, token): &(usize, &AddedToken)| token.id as usize == size + at;
    let rest = spec.added_tokens.iter().enumerate().rev().take_while(fits).count();
    &spec.added_tokens[..spec.added_tokens.len() - rest]
}

/// The reference merges tokens, where ranks merge bytes that have none too.
fn check_bytes(vocab: &Vocab) -> Result<(), WriteError> {
    let mut known = [false; 256];
    for (token, _) in vocab.iter() {
        if let &[byte] = token {
            known[usize::from(byte)] = true;
        }
    }
    for (token, id) in vocab.iter() {
        if let Some(byte) = token.iter().find(|byte| !known[usize::from(**byte)]) {
            let token = quote_bytes(token);
            return Err(WriteError::new(format!(
                "token {token} (id {id}) has byte 0x{byte:02X}, which has no token, so no merges make it"
            )));
        }
    }
    Ok(())
}

/// Numbers that JSON cannot hold.
pub(super) fn check_numbers(model: &Model) -> Result<(), WriteError> {
    match model {
        Model::Bpe(Bpe { dropout: Some(dropout), .. }) if !dropout.is_finite() => {
            Err(WriteError::new(format!("dropout is {dropout}")))
        }
        Model::Unigram { pieces, .. } => {
            match pieces.iter().find(|(_, score)| !score.is_finite()) {
                Some((piece, score)) => {
                    Err(WriteError::new(format!("the score of {} is {score}", quote(piece))))
                }
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}
