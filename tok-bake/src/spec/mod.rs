//! `Spec`: the parsed meaning of a tokenizer, one plain data type.
//!
//! Readers and trainers produce it, [`bake`](crate::bake) consumes it, and it writes back as a
//! tokenizer.json. It says everything the reference library knows about a file, including what the
//! engine cannot run yet; only `bake` decides what is supported.

mod components;
mod index;
mod sentence_piece;

use std::sync::OnceLock;

pub(crate) use index::{MergeChains, PairIndex, mix, random_seed, slots_for};

pub use components::{
    Behavior, Decoder, Normalizer, Pattern, Piece, PostProcessor, PreTokenizer, PrependScheme,
    TemplateToken,
};
pub use comptok_core::settings::{
    Direction, Padding, PaddingStrategy, Truncation, TruncationStrategy,
};
pub use index::VocabIndex;
pub use sentence_piece::{Kind, PieceType, SentencePiece, SpPiece, SpaceRules};

/// The parsed meaning of a tokenizer.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Which library's answers this tokenizer has to equal.
    pub family: Family,
    /// Tokens matched before the model, ordered by id. The ids are those the reference assigns, not
    /// those the file claims.
    pub added_tokens: Vec<AddedToken>,
    /// Rewrites the text of each stretch between added tokens.
    pub normalizer: Option<Normalizer>,
    /// Cuts the normalized text into pre-tokens.
    pub pre_tokenizer: Option<PreTokenizer>,
    /// Turns a pre-token into ids.
    pub model: Model,
    /// Adds tokens around the ids.
    pub post_processor: Option<PostProcessor>,
    /// Turns tokens back into text.
    pub decoder: Option<Decoder>,
    /// The file's own truncation setting.
    pub truncation: Option<Truncation>,
    /// The file's own padding setting.
    pub padding: Option<Padding>,
}

impl Spec {
    /// What a file of ranks means: `tiktoken`'s tokenizer.
    pub(crate) fn of_ranks(
        vocab: Vocab,
        pre_tokenizer: PreTokenizer,
        added_tokens: Vec<AddedToken>,
    ) -> Self {
        Self {
            family: Family::Tiktoken,
            added_tokens,
            normalizer: None,
            pre_tokenizer: Some(pre_tokenizer),
            model: Model::Bpe(Bpe::of_ranks(vocab)),
            post_processor: None,
            decoder: Some(Decoder::ByteLevel {
                add_prefix_space: true,
                trim_offsets: true,
                use_regex: true,
            }),
            truncation: None,
            padding: None,
        }
    }
}

/// The library whose behaviour a tokenizer follows where the libraries differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// HuggingFace `tokenizers`: a byte without a token is dropped, a discarded added token is
    /// skipped whole.
    HuggingFace,
    /// `tiktoken`: a byte without a token is an error, the search for special tokens goes on one
    /// byte after a disallowed one.
    Tiktoken,
    /// SentencePiece: the model does everything that is done to text and to ids, see
    /// [`SentencePiece`].
    SentencePiece,
}

/// A token that is matched before the model sees the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedToken {
    /// Its id.
    pub id: u32,
    /// The text it matches.
    pub content: String,
    /// Neighbours must not be word characters.
    pub single_word: bool,
    /// Swallows white space to its left.
    pub lstrip: bool,
    /// Swallows white space to its right.
    pub rstrip: bool,
    /// Matched, normalized itself, in the normalized text; else in the raw text.
    pub normalized: bool,
    /// Governed by the caller's special-token policy, and skipped by decode on request.
    pub special: bool,
}

/// The model: what turns a pre-token into ids.
#[derive(Debug, Clone, PartialEq)]
pub enum Model {
    /// Byte-pair encoding.
    Bpe(Bpe),
    /// Unigram language model.
    Unigram {
        /// Index into `pieces` of the unknown piece.
        unk_id: Option<u32>,
        /// Piece and score (a natural-log probability); the position is the id.
        pieces: Vec<(String, f64)>,
        /// Unknown characters become byte tokens.
        byte_fallback: bool,
    },
    /// Greedy longest match, as BERT has it.
    WordPiece {
        /// Token text and id.
        vocab: Vocab,
        /// Emitted for a word that cannot be split.
        unk_token: String,
        /// Marks pieces that continue a word, `##`.
        continuing_subword_prefix: String,
        /// Longer words (in chars) are unknown.
        max_input_chars_per_word: usize,
    },
    /// A model of SentencePiece.
    SentencePiece(SentencePiece),
    /// Whole pre-tokens only.
    WordLevel {
        /// Token text and id.
        vocab: Vocab,
        /// Emitted for anything else.
        unk_token: String,
    },
}

/// A byte-pair encoding.
#[derive(Debug, Clone, PartialEq)]
pub struct Bpe {
    /// The vocabulary.
    pub vocab: Vocab,
    /// What its keys are.
    pub alphabet: Alphabet,
    /// Which neighbours merge, and in which order.
    pub merges: Merges,
    /// A pre-token that is in the vocabulary is emitted whole, whatever the merges say.
    pub ignore_merges: bool,
    /// Probability with which a merge is left out.
    pub dropout: Option<f32>,
    /// Emitted for characters without a token.
    pub unk_token: Option<String>,
    /// Prefix of symbols that do not begin a word.
    pub continuing_subword_prefix: Option<String>,
    /// Suffix of the symbol that ends a word.
    pub end_of_word_suffix: Option<String>,
    /// Neighbouring unknown characters become one unknown token.
    pub fuse_unk: bool,
    /// Characters without a token become `<0xNN>` byte tokens.
    pub byte_fallback: bool,
}

impl Bpe {
    /// A vocabulary of text and its merges; everything else is off.
    pub const fn new(vocab: Vocab, merges: Vec<(u32, u32)>) -> Self {
        Self {
            vocab,
            alphabet: Alphabet::Chars,
            merges: Merges::List(merges),
            ignore_merges: false,
            dropout: None,
            unk_token: None,
            continuing_subword_prefix: None,
            end_of_word_suffix: None,
            fuse_unk: false,
            byte_fallback: false,
        }
    }

    /// Ranks: the vocabulary says by itself which bytes merge, and in which order.
    pub fn of_ranks(vocab: Vocab) -> Self {
        Self {
            alphabet: Alphabet::Bytes,
            merges: Merges::ByRank,
            ignore_merges: true,
            ..Self::new(vocab, Vec::new())
        }
    }
}

/// What the keys of a BPE vocabulary are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// The token's own bytes (rank files).
    Bytes,
    /// UTF-8 text as it stands in the file. For byte-level tokenizers each char stands for a byte,
    /// see [`byte_level`](crate::byte_level).
    Chars,
}

/// Which neighbours merge, and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merges {
    /// Any two whose concatenation is in the vocabulary; the lowest id first (rank files).
    ByRank,
    /// Pairs of ids, the earlier first. The ids are those of the two parts.
    List(Vec<(u32, u32)>),
}

/// Token bytes and ids in one arena. Readers order them by id, whatever the order in the file.
#[derive(Debug, Clone, Default)]
pub struct Vocab {
    bytes: Vec<u8>,
    entries: Vec<(u32, u32)>,
    /// Made when something is looked up, and kept: readers and bake ask for the same tokens.
    index: OnceLock<VocabIndex>,
}

impl PartialEq for Vocab {
    fn eq(&self, other: &Self) -> bool {
        (&self.bytes, &self.entries) == (&other.bytes, &other.entries)
    }
}

impl Eq for Vocab {}

impl Vocab {
    /// An empty vocabulary with room for `tokens` tokens of `bytes` bytes in all.
    pub fn with_capacity(tokens: usize, bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            entries: Vec::with_capacity(tokens),
            index: OnceLock::new(),
        }
    }

    /// Appends a token. Uniqueness is the reader's concern.
    pub fn push(&mut self, token: &[u8], id: u32) {
        self.bytes.extend_from_slice(token);
        self.end(id);
    }

    /// All bytes: those of the next token are appended before [`end`](Self::end).
    pub(crate) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Ends a token whose bytes were appended.
    #[inline]
    pub(crate) fn end(&mut self, id: u32) {
        if self.index.get().is_some() {
            self.index.take();
        }
        self.entries.push((self.bytes.len() as u32, id));
    }

    /// Finds entries by their bytes; of entries with the same bytes the first.
    pub(crate) fn index(&self) -> &VocabIndex {
        self.index.get_or_init(|| VocabIndex::new(self).0)
    }

    /// Keeps an index that was made of this vocabulary.
    pub(crate) fn with_index(self, index: VocabIndex) -> Self {
        Self { index: OnceLock::from(index), ..self }
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The length of all tokens together.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// The entry at position `index`: its bytes and its id.
    pub fn get(&self, index: usize) -> Option<(&[u8], u32)> {
        let &(end, id) = self.entries.get(index)?;
        let start = match index {
            0 => 0,
            _ => self.entries[index - 1].0,
        };
        Some((&self.bytes[start as usize..end as usize], id))
    }

    /// Token bytes and ids, in order of position.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], u32)> + Clone {
        let mut start = 0usize;
        self.entries.iter().map(move |&(end, id)| {
            let token = &self.bytes[start..end as usize];
            start = end as usize;
            (token, id)
        })
    }
}
