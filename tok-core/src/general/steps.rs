//! The steps around the model as `Section::Pipeline` holds them: read in place, one after the other.
//!
//! ```text
//! section   version, then (offset, length) of five parts, u32 each
//! part      steps, each a tag byte and its fields: u32 for numbers, u8 for switches,
//!           length and bytes for text
//! ```
//! Nested sequences are flat here, which means the same. Bake writes with the `write` that stands
//! beside each `read`, so that the two agree.

use crate::{
    pre_tokenizer::Kind,
    settings::{Direction, Truncation, TruncationStrategy},
};
use alloc::vec::Vec;

/// Changes whenever the layout or its meaning does.
pub const VERSION: u32 = 2;

/// The parts of the section, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Part {
    /// [`Normalizer`] steps.
    Normalizers,
    /// [`PreTokenizer`] steps.
    PreTokenizers,
    /// [`PostProcessor`] steps.
    PostProcessors,
    /// [`Decoder`] steps.
    Decoders,
    /// One [`Settings`].
    Settings,
}

const PARTS: usize = 5;

/// A checked view of the section.
#[derive(Debug, Clone, Copy)]
pub struct Pipeline<'a> {
    parts: [&'a [u8]; PARTS],
    /// What applies to the whole.
    pub settings: Settings<'a>,
}

impl<'a> Pipeline<'a> {
    /// Reads the header, in constant time. `None` if it is no pipeline or of another version.
    pub fn parse(section: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(section);
        if reader.u32()? != VERSION {
            return None;
        }
        let mut parts: [&[u8]; PARTS] = [&[]; PARTS];
        for part in &mut parts {
            let (start, len) = (reader.u32()? as usize, reader.u32()? as usize);
            *part = section.get(start..start.checked_add(len)?)?;
        }
        let settings = Settings::read(&mut Reader(parts[Part::Settings as usize]))?;
        Some(Self { parts, settings })
    }

    /// Joins parts to a section.
    pub fn write(parts: [Vec<u8>; PARTS]) -> Vec<u8> {
        let mut out = Vec::new();
        put_u32(&mut out, VERSION);
        let mut start = 4 + 8 * PARTS;
        for part in &parts {
            put_u32(&mut out, start as u32);
            put_u32(&mut out, part.len() as u32);
            start += part.len();
        }
        out.extend(parts.into_iter().flatten());
        out
    }

    /// The normalizers, first to last.
    pub fn normalizers(&self) -> impl Iterator<Item = Normalizer<'a>> + Clone + use<'a> {
        steps(self.parts[Part::Normalizers as usize], Normalizer::read)
    }

    /// The pre-tokenizers, first to last.
    pub fn pre_tokenizers(&self) -> impl Iterator<Item = PreTokenizer<'a>> + use<'a> {
        steps(self.parts[Part::PreTokenizers as usize], PreTokenizer::read)
    }

    /// The post-processors, first to last.
    pub fn post_processors(&self) -> impl Iterator<Item = PostProcessor<'a>> + use<'a> {
        steps(self.parts[Part::PostProcessors as usize], PostProcessor::read)
    }

    /// The decoders, first to last.
    pub fn decoders(&self) -> impl Iterator<Item = Decoder<'a>> + use<'a> {
        steps(self.parts[Part::Decoders as usize], Decoder::read)
    }
}

/// Steps up to the first that is damaged.
fn steps<'a, T>(
    part: &'a [u8],
    read: fn(&mut Reader<'a>) -> Option<T>,
) -> impl Iterator<Item = T> + Clone + use<'a, T> {
    let mut reader = Reader(part);
    core::iter::from_fn(move || read(&mut reader))
}

/// Reads fields from the front.
#[derive(Debug, Clone, Copy)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn u8(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn bool(&mut self) -> Option<bool> {
        Some(self.u8()? != 0)
    }

    fn u32(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*first))
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = self.u32()? as usize;
        let (first, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(first)
    }

    fn text(&mut self) -> Option<&'a str> {
        core::str::from_utf8(self.bytes()?).ok()
    }

    fn char(&mut self) -> Option<char> {
        char::from_u32(self.u32()?)
    }
}

fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u32(out, bytes.len() as u32);
    out.extend_from_slice(bytes);
}

/// What a pattern matches.
#[derive(Debug, Clone, Copy)]
pub enum Pattern<'a> {
    /// This text.
    Literal(&'a str),
    /// What a hand-written scanner finds; it leaves nothing out.
    Scanner(Kind),
    /// What a baked automaton finds.
    Dfa(&'a [u8]),
    /// What baked automata find that look around.
    Looks(&'a [u8]),
}

impl<'a> Pattern<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(match reader.u8()? {
            0 => Self::Literal(reader.text()?),
            1 => Self::Scanner(Kind::from_code(reader.u32()?)?),
            2 => Self::Dfa(reader.bytes()?),
            3 => Self::Looks(reader.bytes()?),
            _ => return None,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Literal(text) => {
                out.push(0);
                put_bytes(out, text.as_bytes());
            }
            Self::Scanner(kind) => {
                out.push(1);
                put_u32(out, kind.code());
            }
            Self::Dfa(image) => {
                out.push(2);
                put_bytes(out, image);
            }
            Self::Looks(image) => {
                out.push(3);
                put_bytes(out, image);
            }
        }
    }
}

/// What happens to the delimiters of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "names of the reference")]
pub enum Behavior {
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

impl Behavior {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        use Behavior::*;
        let all = [Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous];
        all.get(usize::from(reader.u8()?)).copied()
    }
}

/// When Metaspace puts its replacement in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "names of the reference")]
pub enum Prepend {
    Always,
    First,
    Never,
}

impl Prepend {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        [Self::Always, Self::First, Self::Never].get(usize::from(reader.u8()?)).copied()
    }
}

/// A normalizer.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "names of the reference")]
pub enum Normalizer<'a> {
    Bert { clean_text: bool, chinese: bool, strip_accents: bool, lowercase: bool },
    Nfc,
    Nfd,
    Nfkc,
    Nfkd,
    Lowercase,
    StripAccents,
    Nmt,
    ByteLevel,
    Strip { left: bool, right: bool },
    Replace { pattern: Pattern<'a>, content: &'a str },
    Prepend(&'a str),
    Precompiled(&'a [u8]),
}

impl<'a> Normalizer<'a> {
    /// Whether it does nothing but write ▁ for spaces, or put something in front.
    pub(super) fn writes_only_spaces(&self) -> bool {
        match self {
            Self::Prepend(_) => true,
            Self::Replace { pattern: Pattern::Literal(text), content } => {
                (*text, *content) == (" ", "▁")
            }
            _ => false,
        }
    }

    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(match reader.u8()? {
            0 => Self::Bert {
                clean_text: reader.bool()?,
                chinese: reader.bool()?,
                strip_accents: reader.bool()?,
                lowercase: reader.bool()?,
            },
            1 => Self::Nfc,
            2 => Self::Nfd,
            3 => Self::Nfkc,
            4 => Self::Nfkd,
            5 => Self::Lowercase,
            6 => Self::StripAccents,
            7 => Self::Nmt,
            8 => Self::ByteLevel,
            9 => Self::Strip { left: reader.bool()?, right: reader.bool()? },
            10 => Self::Replace { pattern: Pattern::read(reader)?, content: reader.text()? },
            11 => Self::Prepend(reader.text()?),
            12 => Self::Precompiled(reader.bytes()?),
            _ => return None,
        })
    }

    /// Appends the step to its part.
    pub fn write(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Bert { clean_text, chinese, strip_accents, lowercase } => {
                let switches = [clean_text, chinese, strip_accents, lowercase];
                out.push(0);
                out.extend(switches.map(u8::from));
            }
            Self::Nfc => out.push(1),
            Self::Nfd => out.push(2),
            Self::Nfkc => out.push(3),
            Self::Nfkd => out.push(4),
            Self::Lowercase => out.push(5),
            Self::StripAccents => out.push(6),
            Self::Nmt => out.push(7),
            Self::ByteLevel => out.push(8),
            Self::Strip { left, right } => out.extend([9, u8::from(left), u8::from(right)]),
            Self::Replace { pattern, content } => {
                out.push(10);
                pattern.write(out);
                put_bytes(out, content.as_bytes());
            }
            Self::Prepend(text) => {
                out.push(11);
                put_bytes(out, text.as_bytes());
            }
            Self::Precompiled(charsmap) => {
                out.push(12);
                put_bytes(out, charsmap);
            }
        }
    }
}

/// A pre-tokenizer.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "names of the reference")]
pub enum PreTokenizer<'a> {
    /// Without `maps`, the text stays as it is and the model takes its bytes.
    ByteLevel {
        add_prefix_space: bool,
        use_regex: bool,
        maps: bool,
    },
    Metaspace {
        replacement: char,
        prepend: Prepend,
        split: bool,
    },
    Split {
        pattern: Pattern<'a>,
        behavior: Behavior,
        invert: bool,
    },
    Punctuation(Behavior),
    Digits {
        individual: bool,
    },
    Delimiter(char),
    FixedLength(u32),
    Bert,
    Whitespace,
    WhitespaceSplit,
    UnicodeScripts,
}

impl<'a> PreTokenizer<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(match reader.u8()? {
            0 => Self::ByteLevel {
                add_prefix_space: reader.bool()?,
                use_regex: reader.bool()?,
                maps: reader.bool()?,
            },
            1 => Self::Metaspace {
                replacement: reader.char()?,
                prepend: Prepend::read(reader)?,
                split: reader.bool()?,
            },
            2 => Self::Split {
                pattern: Pattern::read(reader)?,
                behavior: Behavior::read(reader)?,
                invert: reader.bool()?,
            },
            3 => Self::Punctuation(Behavior::read(reader)?),
            4 => Self::Digits { individual: reader.bool()? },
            5 => Self::Delimiter(reader.char()?),
            6 => Self::FixedLength(reader.u32()?),
            7 => Self::Bert,
            8 => Self::Whitespace,
            9 => Self::WhitespaceSplit,
            10 => Self::UnicodeScripts,
            _ => return None,
        })
    }

    /// Appends the step to its part.
    pub fn write(&self, out: &mut Vec<u8>) {
        match *self {
            Self::ByteLevel { add_prefix_space, use_regex, maps } => {
                out.push(0);
                out.extend([add_prefix_space, use_regex, maps].map(u8::from));
            }
            Self::Metaspace { replacement, prepend, split } => {
                out.push(1);
                put_u32(out, replacement.into());
                out.extend([prepend as u8, u8::from(split)]);
            }
            Self::Split { pattern, behavior, invert } => {
                out.push(2);
                pattern.write(out);
                out.extend([behavior as u8, u8::from(invert)]);
            }
            Self::Punctuation(behavior) => out.extend([3, behavior as u8]),
            Self::Digits { individual } => out.extend([4, u8::from(individual)]),
            Self::Delimiter(delimiter) => {
                out.push(5);
                put_u32(out, delimiter.into());
            }
            Self::FixedLength(length) => {
                out.push(6);
                put_u32(out, length);
            }
            Self::Bert => out.push(7),
            Self::Whitespace => out.push(8),
            Self::WhitespaceSplit => out.push(9),
            Self::UnicodeScripts => out.push(10),
        }
    }
}

/// A token that a post-processor adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extra<'a> {
    /// Its id.
    pub id: u32,
    /// Its text.
    pub text: &'a str,
}

impl<'a> Extra<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self { id: reader.u32()?, text: reader.text()? })
    }

    fn write(&self, out: &mut Vec<u8>) {
        put_u32(out, self.id);
        put_bytes(out, self.text.as_bytes());
    }
}

/// A post-processor.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "names of the reference")]
pub enum PostProcessor<'a> {
    Bert { sep: Extra<'a>, cls: Extra<'a> },
    Roberta { sep: Extra<'a>, cls: Extra<'a>, trim_offsets: bool, add_prefix_space: bool },
    ByteLevel { trim_offsets: bool, add_prefix_space: bool },
    Template { single: Template<'a>, pair: Template<'a> },
}

impl<'a> PostProcessor<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(match reader.u8()? {
            0 => Self::Bert { sep: Extra::read(reader)?, cls: Extra::read(reader)? },
            1 => Self::Roberta {
                sep: Extra::read(reader)?,
                cls: Extra::read(reader)?,
                trim_offsets: reader.bool()?,
                add_prefix_space: reader.bool()?,
            },
            2 => Self::ByteLevel { trim_offsets: reader.bool()?, add_prefix_space: reader.bool()? },
            3 => Self::Template {
                single: Template(reader.bytes()?),
                pair: Template(reader.bytes()?),
            },
            _ => return None,
        })
    }

    /// Appends the step to its part.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Bert { sep, cls } => {
                out.push(0);
                sep.write(out);
                cls.write(out);
            }
            Self::Roberta { sep, cls, trim_offsets, add_prefix_space } => {
                out.push(1);
                sep.write(out);
                cls.write(out);
                out.extend([u8::from(*trim_offsets), u8::from(*add_prefix_space)]);
            }
            Self::ByteLevel { trim_offsets, add_prefix_space } => {
                out.extend([2, u8::from(*trim_offsets), u8::from(*add_prefix_space)]);
            }
            Self::Template { single, pair } => {
                out.push(3);
                put_bytes(out, single.0);
                put_bytes(out, pair.0);
            }
        }
    }
}

/// The pieces of a template.
#[derive(Debug, Clone, Copy)]
pub struct Template<'a>(pub &'a [u8]);

/// A piece of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// The first or the second text.
    Sequence {
        /// The second one.
        second: bool,
        /// Type of its tokens.
        type_id: u32,
    },
    /// A special token.
    Special {
        /// The token.
        token: Extra<'a>,
        /// Its type.
        type_id: u32,
        /// It belongs to the piece before: one special token may stand for several ids.
        joined: bool,
    },
}

impl<'a> Template<'a> {
    /// The pieces, first to last.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'a>> + use<'a> {
        steps(self.0, |reader| {
            Some(match reader.u8()? {
                0 => Piece::Sequence { second: reader.bool()?, type_id: reader.u32()? },
                1 => Piece::Special {
                    token: Extra::read(reader)?,
                    type_id: reader.u32()?,
                    joined: reader.bool()?,
                },
                _ => return None,
            })
        })
    }
}

impl Piece<'_> {
    /// Appends the piece to a template.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Sequence { second, type_id } => {
                out.extend([0, u8::from(*second)]);
                put_u32(out, *type_id);
            }
            Self::Special { token, type_id, joined } => {
                out.push(1);
                token.write(out);
                put_u32(out, *type_id);
                out.push((*joined).into());
            }
        }
    }
}

/// A decoder.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "names of the reference")]
pub enum Decoder<'a> {
    ByteLevel,
    WordPiece { prefix: &'a str, cleanup: bool },
    Metaspace { replacement: char, keeps_first: bool },
    Bpe { suffix: &'a str },
    Ctc { pad: &'a str, delimiter: &'a str, cleanup: bool },
    ByteFallback,
    Fuse,
    Replace { pattern: Pattern<'a>, content: &'a str },
    Strip { content: char, start: u32, stop: u32 },
}

impl<'a> Decoder<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(match reader.u8()? {
            0 => Self::ByteLevel,
            1 => Self::WordPiece { prefix: reader.text()?, cleanup: reader.bool()? },
            2 => Self::Metaspace { replacement: reader.char()?, keeps_first: reader.bool()? },
            3 => Self::Bpe { suffix: reader.text()? },
            4 => Self::Ctc {
                pad: reader.text()?,
                delimiter: reader.text()?,
                cleanup: reader.bool()?,
            },
            5 => Self::ByteFallback,
            6 => Self::Fuse,
            7 => Self::Replace { pattern: Pattern::read(reader)?, content: reader.text()? },
            8 => Self::Strip { content: reader.char()?, start: reader.u32()?, stop: reader.u32()? },
            _ => return None,
        })
    }

    /// Appends the step to its part.
    pub fn write(&self, out: &mut Vec<u8>) {
        match *self {
            Self::ByteLevel => out.push(0),
            Self::WordPiece { prefix, cleanup } => {
                out.push(1);
                put_bytes(out, prefix.as_bytes());
                out.push(cleanup.into());
            }
            Self::Metaspace { replacement, keeps_first } => {
                out.push(2);
                put_u32(out, replacement.into());
                out.push(keeps_first.into());
            }
            Self::Bpe { suffix } => {
                out.push(3);
                put_bytes(out, suffix.as_bytes());
            }
            Self::Ctc { pad, delimiter, cleanup } => {
                out.push(4);
                put_bytes(out, pad.as_bytes());
                put_bytes(out, delimiter.as_bytes());
                out.push(cleanup.into());
            }
            Self::ByteFallback => out.push(5),
            Self::Fuse => out.push(6),
            Self::Replace { pattern, content } => {
                out.push(7);
                pattern.write(out);
                put_bytes(out, content.as_bytes());
            }
            Self::Strip { content, start, stop } => {
                out.push(8);
                put_u32(out, content.into());
                put_u32(out, start);
                put_u32(out, stop);
            }
        }
    }
}

/// The file's own padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Padding<'a> {
    /// To this length; `None` for the longest of the batch.
    pub fixed: Option<u32>,
    /// On which side.
    pub side: Direction,
    /// Then up to a multiple of this.
    pub multiple: Option<u32>,
    /// The padding token.
    pub token: Extra<'a>,
    /// Its type.
    pub type_id: u32,
}

/// What applies to the whole pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings<'a> {
    /// There is a post-processor, though it may do nothing.
    pub post_processes: bool,
    /// There is a decoder; without one, tokens are joined by spaces.
    pub decodes: bool,
    /// A step asks where in the original text it stands, so alignments are kept in any case.
    pub asks_place: bool,
    /// Where raw text may be cut into words: bits of [`cut`](super::cuts::cut).
    pub cuts: u16,
    /// The ASCII punctuation between which and ASCII letters there are cuts: bits of [`mark`](super::cuts::mark).
    pub marks: u32,
    /// The punctuation behind which a space is no cut.
    pub open: u32,
    /// The file's truncation.
    pub truncation: Option<Truncation>,
    /// The file's padding.
    pub padding: Option<Padding<'a>>,
}

impl<'a> Settings<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let side = |left: bool| if left { Direction::Left } else { Direction::Right };
        let optional = |value: u32| value.checked_sub(1);
        Some(Self {
            post_processes: reader.bool()?,
            decodes: reader.bool()?,
            asks_place: reader.bool()?,
            cuts: u16::from_le_bytes([reader.u8()?, reader.u8()?]),
            marks: reader.u32()?,
            open: reader.u32()?,
            truncation: match reader.bool()? {
                false => None,
                true => Some(Truncation {
                    max_length: reader.u32()? as usize,
                    stride: reader.u32()? as usize,
                    strategy: match reader.u8()? {
                        0 => TruncationStrategy::LongestFirst,
                        1 => TruncationStrategy::OnlyFirst,
                        _ => TruncationStrategy::OnlySecond,
                    },
                    direction: side(reader.bool()?),
                }),
            },
            padding: match reader.bool()? {
                false => None,
                true => Some(Padding {
                    fixed: optional(reader.u32()?),
                    side: side(reader.bool()?),
                    multiple: optional(reader.u32()?),
                    token: Extra::read(reader)?,
                    type_id: reader.u32()?,
                }),
            },
        })
    }

    /// Appends the settings to their part.
    pub fn write(&self, out: &mut Vec<u8>) {
        let optional = |value: Option<u32>| value.map_or(0, |value| value.saturating_add(1));
        out.push(self.post_processes.into());
        out.push(self.decodes.into());
        out.push(self.asks_place.into());
        out.extend_from_slice(&self.cuts.to_le_bytes());
        out.extend_from_slice(&self.marks.to_le_bytes());
        out.extend_from_slice(&self.open.to_le_bytes());
        out.push(self.truncation.is_some().into());
        if let Some(truncation) = &self.truncation {
            // A blob has 32 bits for a length; a text has no more tokens than that.
            let length = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
            put_u32(out, length(truncation.max_length));
            put_u32(out, length(truncation.stride));
            out.push(match truncation.strategy {
                TruncationStrategy::LongestFirst => 0,
                TruncationStrategy::OnlyFirst => 1,
                TruncationStrategy::OnlySecond => 2,
            });
            out.push((truncation.direction == Direction::Left).into());
        }
        out.push(self.padding.is_some().into());
        if let Some(padding) = &self.padding {
            put_u32(out, optional(padding.fixed));
            out.push((padding.side == Direction::Left).into());
            put_u32(out, optional(padding.multiple));
            padding.token.write(out);
            put_u32(out, padding.type_id);
        }
    }
}
