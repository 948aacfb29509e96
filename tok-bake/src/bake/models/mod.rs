//! The tables of a model, for the general engine.

mod byte_bpe;
mod char_bpe;
mod section;
mod sentence_piece;
mod trie;
mod unigram;
mod word_level;
mod word_piece;
mod words;

pub(super) use unigram::UNK_PENALTY;

use comptok_core::{
    blob::{Section, TokenFlags, field, lookup::NONE},
    engine::MODEL_BPE,
    model::code,
};

use super::{
    BakeError, Tokens,
    image::{Image, le_bytes},
    tables,
};
use crate::error::Warning;
use crate::spec::{Alphabet, Bpe, Model, PreTokenizer, Spec, Vocab};

/// What the rest of the general engine's baking needs to know of a model.
pub(super) struct Baked {
    /// The model's tokens by id, as the vocabulary writes them; where [`Baked::byte_level`], the
    /// bytes that they stand for. Added tokens belong here too before `tables::decode` writes them.
    pub(super) tokens: Tokens,
    /// Pieces have to come as the bytes of the text, not as byte-level chars: the last step of the
    /// pre-tokenizer, ByteLevel, is then not done.
    pub(super) byte_level: bool,
    /// Bits of the header's flags.
    pub(super) flags: u32,
    /// Something to say about the vocabulary.
    pub(super) warnings: Vec<Warning>,
}

/// Writes the model's sections and its code.
pub(super) fn write(image: &mut Image, spec: &Spec) -> Result<Baked, BakeError> {
    // The header check wants this table in every blob.
    image.section(Section::ByteSymbols, le_bytes(&[NONE; 256]));
    let baked = match &spec.model {
        Model::Bpe(model) if is_byte_level(spec, model) => {
            image.set(field::MODEL, MODEL_BPE);
            byte_bpe::write(image, spec, model)
        }
        Model::Bpe(model) => {
            image.set(field::MODEL, code::CHAR_BPE);
            char_bpe::write(image, model)
        }
        Model::WordLevel { vocab, unk_token } => {
            image.set(field::MODEL, code::WORD_LEVEL);
            word_level::write(image, vocab, unk_token)
        }
        Model::SentencePiece(model) => {
            image.set(field::MODEL, code::SENTENCE_PIECE);
            sentence_piece::write(image, model)
        }
        Model::Unigram { unk_id, pieces, byte_fallback } => {
            image.set(field::MODEL, code::UNIGRAM);
            unigram::write(image, pieces, *unk_id, *byte_fallback)
        }
        Model::WordPiece {
            vocab,
            unk_token,
            continuing_subword_prefix: prefix,
            max_input_chars_per_word: max,
        } => {
            image.set(field::MODEL, code::WORD_PIECE);
            word_piece::write(image, vocab, unk_token, prefix, *max)
        }
    }?;
    // Level 0 may hold few of the tokens that are looked up by their text, and texts that are no token's
    // own, where two have one id.
    let longest = baked.tokens.iter().flatten().map(|token| token.len() as u32).max();
    let before = image.get(field::MAX_WHOLE_LEN);
    image.set(field::MAX_WHOLE_LEN, longest.unwrap_or_default().max(before));
    Ok(baked)
}

/// A blob that holds the model and nothing around it, for `comptok_core::model::Model`; no engine
/// runs it.
///
/// # Errors
///
/// [`BakeError`] for what the model cannot be.
pub fn model_alone(spec: &Spec) -> Result<Vec<u8>, BakeError> {
    let mut image = Image::empty([0; 32]);
    let baked = write(&mut image, spec)?;
    image.set(field::FLAGS, baked.flags);
    tables::decode(&mut image, &baked.tokens)?;
    image.finish()
}

/// Whether a BPE's pieces are bytes behind the byte-level alphabet, and nothing else.
///
/// What is left to BPE over chars gives the same answers, only slower: vocabularies with other
/// settings, and those that lack bytes and have something to put there.
fn is_byte_level(spec: &Spec, model: &Bpe) -> bool {
    if model.alphabet == Alphabet::Bytes {
        return true;
    }
    let set = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    let plain = !set(&model.continuing_subword_prefix)
        && !set(&model.end_of_word_suffix)
        && model.dropout.is_none_or(|dropout| dropout == 0.0);
    plain
        && ends_in_byte_level(spec.pre_tokenizer.as_ref())
        && (model.unk_token.is_none() && !model.byte_fallback || byte_bpe::has_all_bytes(model))
}

fn ends_in_byte_level(step: Option<&PreTokenizer>) -> bool {
    match step {
        Some(PreTokenizer::ByteLevel { .. }) => true,
        Some(PreTokenizer::Sequence(steps)) => ends_in_byte_level(steps.last()),
        _ => false,
    }
}

/// Tokens by id that stand for their own text.
fn plain_tokens(vocab: &Vocab) -> Result<Tokens, BakeError> {
    let mut tokens = Tokens::for_vocab(vocab);
    for (token, id) in vocab.iter() {
        tokens.set(id, token, TokenFlags::MODEL)?;
    }
    Ok(tokens)
}

/// The id of a token of the vocabulary.
fn id_of(vocab: &Vocab, token: &str) -> Option<u32> {
    vocab.iter().find(|&(text, _)| text == token.as_bytes()).map(|(_, id)| id)
}
