//! What training gives.

use comptok_bake::Spec;
use comptok_bake::spec::{AddedToken, Alphabet, Bpe, Decoder, Family, Model, PreTokenizer, Vocab};

use crate::bpe::{BpeTrainer, Ties};
use crate::{Counts, Splitter, Unit};

/// A trained model and its special tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    tokens: Vec<Vec<u8>>,
    merges: Vec<(u32, u32, u32)>,
    model: Model,
    added: Vec<AddedToken>,
    unit: Unit,
    compression: Option<Compression>,
}

/// How many tokens a text becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compression {
    /// Bytes of the text, in its pre-tokens.
    pub bytes: u64,
    /// Tokens.
    pub tokens: u64,
}

impl Compression {
    /// Bytes per token.
    pub fn ratio(self) -> f64 {
        self.bytes as f64 / self.tokens.max(1) as f64
    }
}

impl Trained {
    /// The vocabulary by id, as the model spells it: bytes with [`Ties::RustBpe`], else text, where
    /// byte-level chars stand for bytes.
    pub fn tokens(&self) -> &[Vec<u8>] {
        &self.tokens
    }

    /// Merges in their order: the two parts and what they make. Empty for models without.
    pub fn merges(&self) -> &[(u32, u32, u32)] {
        &self.merges
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// How many tokens the counted words are, for a BPE: the trainer knows.
    pub fn compression(&self) -> Option<Compression> {
        self.compression
    }

    pub(crate) fn measure(&mut self, counts: &Counts, gone: u64) {
        let unit = self.unit;
        let sums = counts.iter().fold((0u64, 0u64), |(bytes, units), (word, count)| {
            let len = match unit {
                Unit::Byte => word.len(),
                Unit::Char => word.iter().filter(|byte| **byte & 0xC0 != 0x80).count(),
            };
            let more = |sum: u64, len: usize| sum.saturating_add(count.saturating_mul(len as u64));
            (more(bytes, word.len()), more(units, len))
        });
        let tokens = sums.1.saturating_sub(gone);
        self.compression = Some(Compression { bytes: sums.0, tokens });
    }

    /// The tokenizer: the model with the stages that the splitter has. The decoder is the one that goes
    /// with the pre-tokenizer.
    pub fn spec(self, splitter: &Splitter) -> Spec {
        let steps = match splitter.pre_tokenizer() {
            Some(PreTokenizer::Sequence(steps)) => steps.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        let metaspace = steps.iter().find_map(|step| match step {
            &PreTokenizer::Metaspace { replacement, prepend_scheme, split } => {
                Some(Decoder::Metaspace { replacement, prepend_scheme, split })
            }
            _ => None,
        });
        let decoder = match &self.model {
            _ if self.unit == Unit::Byte => Some(Decoder::ByteLevel {
                add_prefix_space: true,
                trim_offsets: true,
                use_regex: true,
            }),
            Model::WordPiece { continuing_subword_prefix, .. } => Some(Decoder::WordPiece {
                prefix: continuing_subword_prefix.clone(),
                cleanup: true,
            }),
            Model::Bpe(Bpe { end_of_word_suffix: Some(suffix), .. }) => {
                Some(Decoder::Bpe { suffix: suffix.clone() })
            }
            _ => metaspace,
        };
        let family = match &self.model {
            Model::Bpe(Bpe { alphabet: Alphabet::Bytes, .. }) => Family::Tiktoken,
            _ => Family::HuggingFace,
        };
        let mut pre_tokenizer = splitter.pre_tokenizer().cloned();
        if family == Family::Tiktoken {
            // Bytes are what the model has: no step makes chars of them.
            if let Some(PreTokenizer::Sequence(steps)) = &mut pre_tokenizer {
                steps.retain(|step| {
                    !matches!(step, PreTokenizer::ByteLevel { use_regex: false, .. })
                });
                if let [one] = steps.as_slice() {
                    pre_tokenizer = Some(one.clone());
                }
            }
        }
        Spec {
            family,
            added_tokens: self.added,
            normalizer: splitter.normalizer().cloned(),
            pre_tokenizer,
            model: self.model,
            post_processor: None,
            decoder,
            truncation: None,
            padding: None,
        }
    }

    pub(crate) fn bpe(
        trainer: &BpeTrainer,
        unit: Unit,
        tokens: Vec<Vec<u8>>,
        merges: Vec<(u32, u32, u32)>,
    ) -> Self {
        let by_rank = trainer.ties == Ties::RustBpe;
        let vocab = vocab(&tokens, by_rank);
        let pairs = merges.iter().map(|&(left, right, _)| (left, right)).collect();
        let first = if trainer.specials_last(unit) { tokens.len() as u32 } else { 0 };
        let added = added(&trainer.special_tokens, &tokens, first);
        let model = Model::Bpe(Bpe {
            continuing_subword_prefix: trainer.continuing_subword_prefix.clone(),
            end_of_word_suffix: trainer.end_of_word_suffix.clone(),
            ..match by_rank {
                true => Bpe::of_ranks(vocab),
                false => Bpe::new(vocab, pairs),
            }
        });
        Self { tokens, merges, model, added, unit, compression: None }
    }
}

impl Trained {
    /// A vocabulary of texts, special tokens among them.
    pub(crate) fn of_words(
        tokens: Vec<Vec<u8>>,
        special_tokens: &[String],
        model: impl FnOnce(Vocab) -> Model,
    ) -> Self {
        let model = model(vocab(&tokens, false));
        let added = added(special_tokens, &tokens, 0);
        let merges = Vec::new();
        Self { tokens, merges, model, added, unit: Unit::Char, compression: None }
    }
}

impl Trained {
    pub(crate) fn unigram(
        pieces: Vec<(String, f64)>,
        unk_id: Option<u32>,
        special_tokens: &[String],
    ) -> Self {
        let tokens: Vec<Vec<u8>> =
            pieces.iter().map(|(piece, _)| piece.clone().into_bytes()).collect();
        let added = added(special_tokens, &tokens, 0);
        let model = Model::Unigram { unk_id, pieces, byte_fallback: false };
        Self { tokens, merges: Vec::new(), model, added, unit: Unit::Char, compression: None }
    }
}

/// The vocabulary of tokens in order. Of several that are spelled alike a rank file keeps the last, as
/// a dictionary of ranks does.
fn vocab(tokens: &[Vec<u8>], once: bool) -> Vocab {
    let last: std::collections::HashMap<&[u8], usize> =
        tokens.iter().enumerate().map(|(id, token)| (&**token, id)).collect();
    let bytes = tokens.iter().map(Vec::len).sum();
    let mut vocab = Vocab::with_capacity(tokens.len(), bytes);
    for (id, token) in tokens.iter().enumerate() {
        if !once || last.get(&**token) == Some(&id) {
            vocab.push(token, id as u32);
        }
    }
    vocab
}

/// Special tokens with the ids of their spelling, or those from `first` on.
fn added(special: &[String], tokens: &[Vec<u8>], first: u32) -> Vec<AddedToken> {
    let mut names: Vec<&String> = Vec::new();
    for name in special {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let ids = names.iter().zip(0..).map(|(name, at)| match first {
        // The first tokens are the special ones. A Unigram may have one as a piece too, which then counts.
        0 => tokens.iter().rposition(|token| token == name.as_bytes()).unwrap_or_default() as u32,
        first => first + at,
    });
    let token = |(id, name): (u32, &&String)| AddedToken {
        id,
        content: (*name).clone(),
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
    };
    let mut added: Vec<AddedToken> = ids.zip(&names).map(token).collect();
    added.sort_by_key(|token| token.id);
    added
}
