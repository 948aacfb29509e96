//! Encoding by chance, from the caller's seed, and the best few ways to encode.

use crate::{EncodeError, Special, TokenId, Tokenizer};
use alloc::{string::String, vec::Vec};
use comptok_core::{
    Request, byte_level,
    general::{self, Memory, Normalized},
    model::{Model, Random},
    normalizer,
};

/// Draws among the ways to encode a text, from a seed of the caller's.
///
/// ```
/// # use comptok::{Sampler, Special, Tokenizer, include_tokenizer};
/// # static TOKENIZER: Tokenizer = include_tokenizer!("tests/fixtures/tiny.json");
/// let mut sampler = Sampler::new(7).dropout(0.5);
/// let ids = TOKENIZER.encode_sampled("the tokens", Special::All, &mut sampler)?;
/// assert_eq!(TOKENIZER.decode_lossy(&ids, false), "the tokens");
/// # Ok::<(), comptok::EncodeError>(())
/// ```
#[derive(Debug)]
pub struct Sampler {
    memory: Memory,
}

impl Sampler {
    /// Draws nothing yet. The same seed gives the same results everywhere.
    pub fn new(seed: u64) -> Self {
        let mut memory = Memory::default();
        memory.model.random = Random::new(seed);
        Self { memory }
    }

    /// With BPE, each merge is left out with this probability, instead of the file's own.
    #[must_use]
    pub fn dropout(mut self, probability: f32) -> Self {
        self.memory.model.dropout = Some(probability);
        self
    }

    /// With Unigram, a way is drawn from the `nbest_size` best, or from all ways with `None`; `alpha`
    /// says how much scores count: with 0 nothing is drawn, the best way is taken.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn unigram(mut self, nbest_size: Option<usize>, alpha: f64) -> Self {
        let sampling = comptok_core::model::unigram::Sampling { nbest_size, alpha };
        self.memory.model.sampling = Some(sampling);
        self
    }
}

impl Tokenizer {
    /// The ids of `text` as the sampler draws them.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode).
    pub fn encode_sampled(
        &self,
        text: &str,
        special: Special<'_>,
        sampler: &mut Sampler,
    ) -> Result<Vec<TokenId>, EncodeError> {
        let request = Request { text: text.as_bytes(), special, strict: false };
        let mut ids = Vec::new();
        if self.engine.general.is_none() {
            // A pre-token whose merges are not left out may be a token as a whole.
            if sampler.memory.model.dropout.is_none_or(|dropout| dropout <= 0.0) {
                return self.encode(text, special);
            }
            self.sample_bytes(&request, text, sampler, &mut ids)?;
            return Ok(ids);
        }
        general::encode_in(&self.tables(), &request, false, &mut sampler.memory, |found| {
            ids.push(found.id);
        })
        .map_err(|stop| self.error(stop, 0, 0))?;
        Ok(ids)
    }

    /// Cuts with the specialised engine, and merges each pre-token anew: it is what its tokens stand for.
    fn sample_bytes(
        &self,
        request: &Request<'_>,
        text: &str,
        sampler: &mut Sampler,
        ids: &mut Vec<TokenId>,
    ) -> Result<(), EncodeError> {
        let tables = self.tables();
        let Some(Model::Bpe(model)) = Model::parse(&tables) else { return Ok(()) };
        let (mut piece, mut word, mut tokens) = (Vec::new(), u32::MAX, Vec::new());
        let mut result = Ok(());
        let mut merge = |piece: &mut Vec<u8>, ids: &mut Vec<TokenId>| {
            tokens.clear();
            let merged = model.tokenize(piece, &mut sampler.memory.model, &mut tokens);
            ids.extend(tokens.iter().map(|token| token.id));
            piece.clear();
            merged
        };
        let cut = self.each_of_bytes(&tables, request, text, &mut |found| {
            if found.word != word || found.added {
                let merged = merge(&mut piece, ids);
                result = result.and(merged);
                word = found.word;
            }
            match found.added {
                true => ids.push(found.id),
                false => piece.extend_from_slice(tables.token(found.id).unwrap_or_default()),
            }
        });
        let last = merge(&mut piece, ids);
        cut.map_err(|stop| self.error(stop, 0, 0))?;
        result.and(last).map_err(|_| EncodeError::TooLong { at: 0 })
    }

    /// The ids of the `count` best ways to cut `text`, the best first, each with its score: the sum of
    /// its tokens' logarithms. Only Unigram weighs; with other models there is one way, with score 0.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode).
    pub fn nbest(
        &self,
        text: &str,
        special: Special<'_>,
        count: usize,
    ) -> Result<Vec<(Vec<TokenId>, f64)>, EncodeError> {
        if self.engine.general.is_none() {
            let ways = [(self.encode(text, special)?, 0.0)];
            return Ok(ways.into_iter().take(count).collect());
        }
        general::nbest(&self.tables(), text, special, count, &mut Memory::default())
            .map_err(|stop| self.error(stop, 0, 0))
    }

    /// The text of tokens that are given by the vocabulary's texts, as the decoder makes it of them.
    pub fn decode_tokens<'t>(&self, tokens: impl IntoIterator<Item = &'t str>) -> String {
        if self.engine.general.is_none() {
            let byte_level = |token: &str| -> Vec<u8> {
                let bytes: Option<_> = token.chars().map(byte_level::byte_of).collect();
                bytes.unwrap_or_else(|| token.as_bytes().to_vec())
            };
            let bytes: Vec<u8> = tokens.into_iter().flat_map(byte_level).collect();
            return String::from_utf8_lossy(&bytes).into_owned();
        }
        general::decode_tokens(&self.tables(), tokens.into_iter())
    }

    /// The ids that a model of SentencePiece puts at the beginning and at the end of a text where a
    /// caller wants them there; other files say it in their post-processor.
    pub fn sentence_ends(&self) -> [Option<TokenId>; 2] {
        match Model::parse(&self.tables()) {
            Some(Model::SentencePiece(model)) => model.ends(),
            _ => [None; 2],
        }
    }

    /// What the normalizer makes of `text`, which is taken as one stretch without added tokens, and for
    /// each char of it, and its end, the char of `text` where it comes from.
    pub fn normalize(&self, text: &str) -> (String, Vec<usize>) {
        if self.engine.general.is_none() && self.header().normalizer == normalizer::NFC {
            return Normalized::nfc(text, 0).with_places(text);
        }
        general::normalized_text(&self.tables(), text)
    }
}
