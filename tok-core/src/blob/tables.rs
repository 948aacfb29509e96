//! `Tables`: the sections of a blob as slices of what they hold.

use super::{Header, Section};
use crate::model::bpe::byte_pairs::BytePairs;

/// One cache line.
pub type Line = [u8; 64];

/// Little-endian u32 values, read with [`u32_at`].
pub type U32s<'a> = &'a [[u8; 4]];

/// The value at `index`, if it is there.
#[inline(always)]
pub fn u32_at(values: U32s<'_>, index: usize) -> Option<u32> {
    values.get(index).map(|bytes| u32::from_le_bytes(*bytes))
}

/// What an id is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenFlags(pub u8);

impl TokenFlags {
    /// The id has a token.
    pub const PRESENT: u8 = 1;
    /// It is a special token.
    pub const SPECIAL: u8 = 2;
    /// It is an added token.
    pub const ADDED: u8 = 4;
    /// It is a vocabulary entry that no sequence of merges makes.
    pub const UNREACHABLE: u8 = 8;
    /// It is in the model's vocabulary.
    pub const MODEL: u8 = 16;
    /// Its bytes are its text as it stands, in a vocabulary whose tokens are byte-level.
    pub const RAW: u8 = 32;

    /// Whether the id has a token.
    pub const fn is_present(self) -> bool {
        self.0 & Self::PRESENT != 0
    }

    /// Whether it is a special token.
    pub const fn is_special(self) -> bool {
        self.0 & Self::SPECIAL != 0
    }

    /// Whether it is in the model's vocabulary.
    pub const fn is_model(self) -> bool {
        self.0 & Self::MODEL != 0
    }

    /// Whether it is an added token.
    pub const fn is_added(self) -> bool {
        self.0 & Self::ADDED != 0
    }

    /// Whether its bytes are its text, although others' are byte-level.
    pub const fn is_raw(self) -> bool {
        self.0 & Self::RAW != 0
    }

    /// Whether it is a vocabulary entry that no sequence of merges makes.
    pub const fn is_unreachable(self) -> bool {
        self.0 & Self::UNREACHABLE != 0
    }
}

/// A checked view of a blob's sections. Making one is a few slice operations.
#[derive(Debug, Clone, Copy)]
pub struct Tables<'a> {
    /// Bits of [`flags`](super::flags).
    pub flags: u32,
    /// Bytes in the longest entry that is looked up whole.
    pub max_whole_len: usize,
    /// Level 0 for up to 7 bytes, hot lines.
    pub tiny_head: &'a [Line],
    /// Level 0 for up to 7 bytes, the other lines.
    pub tiny_cold: &'a [Line],
    /// Level 0 for 8 to 15 bytes, hot lines.
    pub short_head: &'a [Line],
    /// Level 0 for 8 to 15 bytes, the other lines.
    pub short_cold: &'a [Line],
    /// Which keys of up to 15 bytes may be in level 0.
    pub short_filter: &'a [[u8; 8]],
    /// Answers of more than one id.
    pub answers: U32s<'a>,
    /// Pilots of the tier for 16 to 31 bytes.
    pub long_pilots: &'a [[u8; 2]],
    /// Level 0 for 16 to 31 bytes.
    pub long: &'a [Line],
    /// A bit for each entry of more than 31 bytes that is an answer.
    pub whole_filter: &'a [u8],
    /// What is known of each two ASCII bytes.
    pub byte_pairs: Option<&'a BytePairs>,
    /// Where each page of characters stands in `chars`, alone and after a space.
    pub char_pages: &'a [[u8; 2]],
    /// What characters merge to.
    pub chars: U32s<'a>,
    /// Between which bytes that holds.
    pub char_sides: &'a [[u8; 16]],
    /// Symbols of characters that merge to several.
    pub char_parts: U32s<'a>,
    /// Between which characters no merge crosses: [`Seams`](crate::model::bpe::seams::Seams).
    pub char_seams: &'a [u8],
    /// Pilots of the pairs.
    pub pair_pilots: &'a [u8],
    /// Merged symbol for pairs of symbols.
    pub pairs: &'a [[u8; 8]],
    /// Id of each symbol up to the last that is not its own id.
    pub symbols: U32s<'a>,
    /// Symbol of each byte.
    pub byte_symbols: &'a [[u8; 4]; 256],
    /// End of each token's bytes.
    pub token_ends: U32s<'a>,
    /// The bytes of all tokens.
    pub token_bytes: &'a [u8],
    /// Flags of each id.
    pub token_flags: &'a [u8],
    /// Hash table from bytes to id.
    pub index: U32s<'a>,
    /// Added tokens.
    pub added: &'a [u8],
    /// Matcher for added tokens in raw text.
    pub raw_matcher: &'a [u8],
    /// Matcher for added tokens in normalized text.
    pub normalized_matcher: &'a [u8],
    /// Tables of a baked pre-tokenizer.
    pub dfa: &'a [u8],
    /// Names and texts for people.
    pub names: &'a [u8],
    /// The steps around the model, for the general engine.
    pub pipeline: &'a [u8],
    /// The tables of a model other than byte-level BPE.
    pub model: &'a [u8],
}

static NO_SYMBOLS: [[u8; 4]; 256] = [[0xFF; 4]; 256];

impl<'a> Tables<'a> {
    /// The tables of `blob`, whose header is `header`.
    ///
    /// With a header of another blob the tables are empty or wrong, and reading them is safe.
    #[inline]
    pub fn new(blob: &'a [u8], header: &Header) -> Self {
        let section = |section: Section| {
            let (offset, len) = header.sections[section as usize];
            blob.get(offset as usize..offset as usize + len as usize).unwrap_or_default()
        };
        let lines = |s: Section| section(s).as_chunks::<64>().0;
        let u32s = |s: Section| section(s).as_chunks::<4>().0;
        let u64s = |s: Section| section(s).as_chunks::<8>().0;
        Self {
            flags: header.flags,
            max_whole_len: header.max_whole_len as usize,
            tiny_head: lines(Section::TinyHead),
            tiny_cold: lines(Section::TinyCold),
            short_head: lines(Section::ShortHead),
            short_cold: lines(Section::ShortCold),
            short_filter: u64s(Section::ShortFilter),
            answers: u32s(Section::Answers),
            long_pilots: section(Section::LongPilots).as_chunks::<2>().0,
            long: lines(Section::Long),
            whole_filter: section(Section::WholeFilter),
            byte_pairs: section(Section::BytePairs).as_chunks::<8>().0.try_into().ok(),
            char_pages: section(Section::CharPages).as_chunks::<2>().0,
            chars: u32s(Section::Chars),
            char_sides: section(Section::CharSides).as_chunks::<16>().0,
            char_parts: u32s(Section::CharParts),
            char_seams: section(Section::CharSeams),
            pair_pilots: section(Section::PairPilots),
            pairs: u64s(Section::Pairs),
            symbols: u32s(Section::Symbols),
            byte_symbols: u32s(Section::ByteSymbols).try_into().unwrap_or(&NO_SYMBOLS),
            token_ends: u32s(Section::TokenEnds),
            token_bytes: section(Section::TokenBytes),
            token_flags: section(Section::TokenFlags),
            index: u32s(Section::Index),
            added: section(Section::Added),
            raw_matcher: section(Section::RawMatcher),
            normalized_matcher: section(Section::NormalizedMatcher),
            dfa: section(Section::Dfa),
            names: section(Section::Names),
            pipeline: section(Section::Pipeline),
            model: section(Section::Model),
        }
    }

    /// The id of a symbol; [`NONE`](super::lookup::NONE) for that of a byte without a token.
    #[inline(always)]
    pub fn symbol_id(&self, symbol: u32) -> u32 {
        u32_at(self.symbols, symbol as usize).unwrap_or(symbol)
    }

    /// Whether all bits of `flag` are set.
    #[inline(always)]
    pub const fn has(&self, flag: u32) -> bool {
        self.flags & flag == flag
    }

    /// The bytes of token `id`; `None` if the id has no token.
    #[inline]
    pub fn token(&self, id: u32) -> Option<&'a [u8]> {
        if !self.token_flags(id).is_present() {
            return None;
        }
        let end = u32_at(self.token_ends, id as usize)?;
        let start = match id {
            0 => 0,
            _ => u32_at(self.token_ends, id as usize - 1)?,
        };
        self.token_bytes.get(start as usize..end as usize)
    }

    /// What `id` is.
    #[inline]
    pub fn token_flags(&self, id: u32) -> TokenFlags {
        TokenFlags(self.token_flags.get(id as usize).copied().unwrap_or_default())
    }
}
