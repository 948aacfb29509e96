//! The blob: one position-independent, little-endian, versioned byte image, read in place.
//!
//! A header of [`HEADER_LEN`] bytes, then the sections, each starting on a cache line. The header
//! check ([`Header::parse`]) makes reading safe; the content check ([`content_check`]) makes the
//! answers right. Every read of a section is in range by construction or checked, so a damaged
//! blob can give wrong ids and nothing worse.
//!
//! A blob may hold several tokenizers that differ in little, such as in their special tokens
//! (o200k_base and o200k_harmony). Each has a header of its own, all headers are chained, and their
//! sections may be the same bytes. The alternative, a small blob laid over another one, would give
//! every table read two places to look at; here a tokenizer is one header and one image as always,
//! and the engine does not know.

pub mod lookup;
mod tables;

pub use tables::{Line, Tables, TokenFlags, U32s, u32_at};

/// The first four bytes of every blob.
pub const MAGIC: [u8; 4] = *b"CTOK";

/// Bumped on any change of layout or meaning.
pub const FORMAT_VERSION: u32 = 13;

/// Bytes before the first section.
pub const HEADER_LEN: usize = 512;

/// Sections start at multiples of this.
pub const ALIGN: usize = 64;

/// Where things stand in the header.
pub mod field {
    /// Format version, u32.
    pub const VERSION: usize = 4;
    /// Bytes in the whole blob, u64.
    pub const TOTAL_LEN: usize = 8;
    /// Normalizer code, u32.
    pub const NORMALIZER: usize = 16;
    /// Pre-tokenizer code, u32.
    pub const PRE_TOKENIZER: usize = 20;
    /// Model code, u32.
    pub const MODEL: usize = 24;
    /// [`flags`](super::flags), u32.
    pub const FLAGS: usize = 28;
    /// What determines ids, 32 bytes.
    pub const FINGERPRINT: usize = 32;
    /// sha256 of the source and of the options, 32 bytes.
    pub const SOURCE: usize = 64;
    /// [`content_check`](super::content_check), u64.
    pub const CONTENT: usize = 96;
    /// Largest id + 1, u32.
    pub const ID_LIMIT: usize = 104;
    /// Ids that have a token, u32.
    pub const VOCAB_SIZE: usize = 108;
    /// Bytes in the longest entry that is looked up whole, u32.
    pub const MAX_WHOLE_LEN: usize = 112;
    /// Symbols that take part in merges, u32.
    pub const SYMBOLS: usize = 116;
    /// Offset of the next tokenizer's header in this blob, u32; 0 in the last one.
    pub const NEXT: usize = 120;
    /// Offset and length of each section, two u32 each.
    pub const SECTIONS: usize = 128;
}

/// Bits of the header's flags.
pub mod flags {
    /// A pre-token that is in the vocabulary is emitted whole, whatever the merges say.
    pub const IGNORE_MERGES: u32 = 1;
    /// A byte without a token is an error, and the search for special tokens goes on one byte
    /// after a disallowed one (tiktoken); else it is dropped, and a disallowed match is skipped
    /// whole (HuggingFace).
    pub const TIKTOKEN: u32 = 2;
    /// A space goes in front of text that does not begin with one.
    pub const PREFIX_SPACE: u32 = 4;
    /// A stretch of text may be cut between a letter or digit and white space (both ASCII).
    pub const SAFE_CUT: u32 = 8;
    /// Some byte has no token.
    pub const MISSING_BYTES: u32 = 16;
    /// Text that the pattern does not match is dropped.
    pub const DROPS_GAPS: u32 = 32;
    /// Text that the pattern matches is dropped.
    pub const DROPS_MATCHES: u32 = 64;
    /// All added tokens are special: where those are text, none has to be looked for.
    pub const ALL_SPECIAL: u32 = 128;
}

/// The sections of a blob, in order: what the first text needs stands together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Section {
    /// Level 0 for up to 7 bytes, hot lines.
    TinyHead,
    /// Level 0 for 8 to 15 bytes, hot lines.
    ShortHead,
    /// Symbol of each byte, u32.
    ByteSymbols,
    /// [`BytePair`](crate::model::bpe::BytePair) of each two ASCII bytes, 8 bytes each; empty for small
    /// vocabularies.
    BytePairs,
    /// Pages of characters, alone and after a space, u16 each: where each page stands in
    /// [`Section::Chars`].
    CharPages,
    /// What characters merge to, u32 each.
    Chars,
    /// Between which bytes that holds, 16 bytes each.
    CharSides,
    /// Symbols of characters that merge to several, u32.
    CharParts,
    /// Between which characters no merge crosses: masks of 256 bytes and a filter.
    CharSeams,
    /// Which keys of up to 15 bytes may be in level 0, u64 blocks.
    ShortFilter,
    /// Pilots of the table of pairs, u8.
    PairPilots,
    /// Level 0 for up to 7 bytes, the other lines.
    TinyCold,
    /// Level 0 for 8 to 15 bytes, the other lines.
    ShortCold,
    /// Answers of more than one id, u32.
    Answers,
    /// Id of each symbol up to the last that is not its own id, u32: in most vocabularies the bytes.
    Symbols,
    /// Merged symbol for pairs of symbols, u64 slots.
    Pairs,
    /// Pilots of the tier for 16 to 31 bytes, u16.
    LongPilots,
    /// Level 0 for 16 to 31 bytes, lines.
    Long,
    /// A bit for each entry of more than 31 bytes that is an answer, 1024 bytes; empty if there is none.
    WholeFilter,
    /// End of each token's bytes in [`Section::TokenBytes`], u32 each.
    TokenEnds,
    /// The bytes of all tokens, in id order. In a blob of several tokenizers an id that is not
    /// [present](TokenFlags::PRESENT) here may have bytes, those of another one's token.
    TokenBytes,
    /// [`TokenFlags`] of each id, u8.
    TokenFlags,
    /// Hash table from bytes to id, u32.
    Index,
    /// Added tokens.
    Added,
    /// Matcher for added tokens in raw text.
    RawMatcher,
    /// Matcher for added tokens in normalized text.
    NormalizedMatcher,
    /// Tables of a baked pre-tokenizer.
    Dfa,
    /// Names and texts for people.
    Names,
    /// The steps around the model, for the general engine.
    Pipeline,
    /// The tables of a model other than byte-level BPE.
    Model,
}

impl Section {
    /// How many there are.
    pub const COUNT: usize = 30;

    /// All, in order.
    pub const ALL: [Section; Self::COUNT] = [
        Section::TinyHead,
        Section::ShortHead,
        Section::ByteSymbols,
        Section::BytePairs,
        Section::CharPages,
        Section::Chars,
        Section::CharSides,
        Section::CharParts,
        Section::CharSeams,
        Section::ShortFilter,
        Section::PairPilots,
        Section::TinyCold,
        Section::ShortCold,
        Section::Answers,
        Section::Symbols,
        Section::Pairs,
        Section::LongPilots,
        Section::Long,
        Section::WholeFilter,
        Section::TokenEnds,
        Section::TokenBytes,
        Section::TokenFlags,
        Section::Index,
        Section::Added,
        Section::RawMatcher,
        Section::NormalizedMatcher,
        Section::Dfa,
        Section::Names,
        Section::Pipeline,
        Section::Model,
    ];

    /// A name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Section::TinyHead => "tiny_head",
            Section::TinyCold => "tiny_cold",
            Section::ShortHead => "short_head",
            Section::ShortCold => "short_cold",
            Section::Answers => "answers",
            Section::LongPilots => "long_pilots",
            Section::Long => "long",
            Section::WholeFilter => "whole_filter",
            Section::BytePairs => "byte_pairs",
            Section::ShortFilter => "short_filter",
            Section::PairPilots => "pair_pilots",
            Section::CharPages => "char_pages",
            Section::Chars => "chars",
            Section::CharSides => "char_sides",
            Section::CharParts => "char_parts",
            Section::CharSeams => "char_seams",
            Section::Pairs => "pairs",
            Section::Symbols => "symbols",
            Section::ByteSymbols => "byte_symbols",
            Section::TokenEnds => "token_ends",
            Section::TokenBytes => "token_bytes",
            Section::TokenFlags => "token_flags",
            Section::Index => "index",
            Section::Added => "added",
            Section::RawMatcher => "raw_matcher",
            Section::NormalizedMatcher => "normalized_matcher",
            Section::Dfa => "dfa",
            Section::Names => "names",
            Section::Pipeline => "pipeline",
            Section::Model => "model",
        }
    }
}

/// Why bytes are not a blob that this build can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormatError {
    /// The magic bytes are missing.
    NotABlob,
    /// Another format version.
    Version {
        /// The blob's.
        found: u32,
    },
    /// Fewer bytes than the header says.
    Truncated {
        /// Bytes that are there.
        len: usize,
        /// Bytes that the header needs.
        needed: usize,
    },
    /// A section lies outside the blob, or has an impossible length.
    Section {
        /// Its name.
        name: &'static str,
    },
    /// A normalizer, pre-tokenizer or model code that this build does not know.
    UnknownEngine {
        /// The pre-tokenizer's code.
        pre_tokenizer: u32,
    },
    /// The blob holds fewer tokenizers.
    NoMember {
        /// The one that was wanted, from 0.
        wanted: usize,
    },
    /// The content is not what was baked.
    Content,
}

impl core::fmt::Display for FormatError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotABlob => f.write_str("not a comptok blob (it does not begin with \"CTOK\")"),
            Self::Version { found } => write!(
                f,
                "blob has format version {found}, this build reads {FORMAT_VERSION}; bake it again \
                 with the comptok you link"
            ),
            Self::Truncated { len, needed } => {
                write!(f, "blob is cut short: {len} bytes, its header needs {needed}")
            }
            Self::Section { name } => {
                write!(f, "blob is damaged: section {name} has an impossible place or length")
            }
            Self::UnknownEngine { pre_tokenizer } => write!(
                f,
                "blob needs pre-tokenizer {pre_tokenizer}, which this build does not have; bake it \
                 again with the comptok you link"
            ),
            Self::NoMember { wanted } => {
                write!(f, "blob holds no tokenizer number {wanted} (the first is 0)")
            }
            Self::Content => f.write_str("blob is damaged: its content is not what was baked"),
        }
    }
}

impl core::error::Error for FormatError {}

/// A checked header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Normalizer code.
    pub normalizer: u32,
    /// Pre-tokenizer code.
    pub pre_tokenizer: u32,
    /// Model code.
    pub model: u32,
    /// Bits of [`flags`].
    pub flags: u32,
    /// Identifies what determines ids.
    pub fingerprint: [u8; 32],
    /// sha256 of the source and of the options.
    pub source: [u8; 32],
    /// What [`content_check`] gave when the blob was baked, for all its tokenizers together.
    pub content: u64,
    /// Largest id + 1.
    pub id_limit: u32,
    /// Ids that have a token.
    pub vocab_size: u32,
    /// Bytes in the longest entry that is looked up whole.
    pub max_whole_len: u32,
    /// Symbols that take part in merges.
    pub symbols: u32,
    /// Offset and length of each section.
    pub sections: [(u32, u32); Section::COUNT],
}

const fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    let mut i = 0;
    while i < N {
        out[i] = bytes[at + i];
        i += 1;
    }
    out
}

const fn u32_in(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(bytes, at))
}

const fn u64_in(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(bytes, at))
}

impl Header {
    /// Reads and checks the header at the front: what passes can be read safely.
    ///
    /// # Errors
    ///
    /// [`FormatError`], but never [`FormatError::Content`].
    pub const fn parse(blob: &[u8]) -> Result<Self, FormatError> {
        if blob.len() < 8 || u32_in(blob, 0) != u32::from_le_bytes(MAGIC) {
            return Err(FormatError::NotABlob);
        }
        let found = u32_in(blob, field::VERSION);
        if found != FORMAT_VERSION {
            return Err(FormatError::Version { found });
        }
        if blob.len() < HEADER_LEN {
            return Err(FormatError::Truncated { len: blob.len(), needed: HEADER_LEN });
        }
        let total = u64_in(blob, field::TOTAL_LEN);
        if total > blob.len() as u64 {
            return Err(FormatError::Truncated { len: blob.len(), needed: total as usize });
        }
        Self::parse_at(blob, 0)
    }

    /// Reads and checks the header of the tokenizer with this number, counted from 0.
    ///
    /// # Errors
    ///
    /// As for [`Header::parse`], and [`FormatError::NoMember`].
    pub const fn parse_member(blob: &[u8], number: usize) -> Result<Self, FormatError> {
        let mut header = Self::parse(blob);
        let (mut at, mut passed) = (0, 0);
        while passed < number && header.is_ok() {
            let next = u32_in(blob, at + field::NEXT) as usize;
            // Headers follow each other, so that the walk ends.
            if next <= at || next > blob.len() - HEADER_LEN {
                return Err(FormatError::NoMember { wanted: number });
            }
            header = Self::parse_at(blob, next);
            (at, passed) = (next, passed + 1);
        }
        header
    }

    /// The header at `at`, which is in range, of a blob that [`Header::parse`] began to check.
    const fn parse_at(blob: &[u8], at: usize) -> Result<Self, FormatError> {
        let total = u64_in(blob, field::TOTAL_LEN);
        let mut sections = [(0, 0); Section::COUNT];
        let mut i = 0;
        while i < Section::COUNT {
            let offset = u32_in(blob, at + field::SECTIONS + 8 * i);
            let len = u32_in(blob, at + field::SECTIONS + 8 * i + 4);
            if offset as u64 + len as u64 > total {
                return Err(FormatError::Section { name: Section::ALL[i].name() });
            }
            sections[i] = (offset, len);
            i += 1;
        }
        let header = Self {
            normalizer: u32_in(blob, at + field::NORMALIZER),
            pre_tokenizer: u32_in(blob, at + field::PRE_TOKENIZER),
            model: u32_in(blob, at + field::MODEL),
            flags: u32_in(blob, at + field::FLAGS),
            fingerprint: array(blob, at + field::FINGERPRINT),
            source: array(blob, at + field::SOURCE),
            content: u64_in(blob, field::CONTENT),
            id_limit: u32_in(blob, at + field::ID_LIMIT),
            vocab_size: u32_in(blob, at + field::VOCAB_SIZE),
            max_whole_len: u32_in(blob, at + field::MAX_WHOLE_LEN),
            symbols: u32_in(blob, at + field::SYMBOLS),
            sections,
        };
        match header.check_sections() {
            Ok(()) => Ok(header),
            Err(error) => Err(error),
        }
    }

    const fn len_of(&self, section: Section) -> usize {
        self.sections[section as usize].1 as usize
    }

    /// Lengths on which reading relies.
    const fn check_sections(&self) -> Result<(), FormatError> {
        let whole_lines = [
            Section::TinyHead,
            Section::TinyCold,
            Section::ShortHead,
            Section::ShortCold,
            Section::Long,
        ];
        let mut i = 0;
        while i < whole_lines.len() {
            if !self.len_of(whole_lines[i]).is_multiple_of(64) {
                return Err(FormatError::Section { name: whole_lines[i].name() });
            }
            i += 1;
        }
        let byte_pairs = self.len_of(Section::BytePairs);
        if byte_pairs != 0 && byte_pairs != 8 << 14 {
            return Err(FormatError::Section { name: Section::BytePairs.name() });
        }
        if self.len_of(Section::ByteSymbols) != 4 * 256 {
            return Err(FormatError::Section { name: Section::ByteSymbols.name() });
        }
        if self.len_of(Section::TokenEnds) as u64 != 4 * self.id_limit as u64 {
            return Err(FormatError::Section { name: Section::TokenEnds.name() });
        }
        if self.len_of(Section::TokenFlags) as u64 != self.id_limit as u64 {
            return Err(FormatError::Section { name: Section::TokenFlags.name() });
        }
        Ok(())
    }
}

/// A 64-bit check of everything but the check itself.
///
/// It finds damage, not malice: whoever can write the blob can write the check.
pub fn content_check(blob: &[u8]) -> u64 {
    let (before, after) = blob.split_at(field::CONTENT.min(blob.len()));
    let after = after.get(8..).unwrap_or_default();
    let mut state = blob.len() as u64;
    for part in [before, after] {
        let (words, rest) = part.as_chunks::<8>();
        for word in words {
            state = mix(state ^ u64::from_le_bytes(*word));
        }
        for &byte in rest {
            state = mix(state ^ u64::from(byte));
        }
    }
    state
}

// A bijection of `state`, so that a single changed word always changes the result.
fn mix(state: u64) -> u64 {
    let product = state.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    product ^ (product >> 32)
}
