//! The stages around the model, as the reference's JSON has them.
#![expect(missing_docs, reason = "fields keep the names that the reference documents")]

/// Rewrites text before it is cut.
#[derive(Debug, Clone, PartialEq)]
pub enum Normalizer {
    /// What BERT does to text. `strip_accents: None` follows `lowercase`.
    Bert {
        clean_text: bool,
        handle_chinese_chars: bool,
        strip_accents: Option<bool>,
        lowercase: bool,
    },
    /// Unicode NFC.
    Nfc,
    /// Unicode NFD.
    Nfd,
    /// Unicode NFKC.
    Nfkc,
    /// Unicode NFKD.
    Nfkd,
    /// Lower case, char by char.
    Lowercase,
    /// Removes accents (combining marks).
    StripAccents,
    /// The fixed tables of NMT.
    Nmt,
    /// Every byte becomes its byte-level char.
    ByteLevel,
    /// Removes white space at the ends.
    Strip { left: bool, right: bool },
    /// Replaces what a pattern matches.
    Replace { pattern: Pattern, content: String },
    /// Puts text in front, unless the input is empty.
    Prepend { prepend: String },
    /// SentencePiece's compiled table, decoded from base64.
    Precompiled { charsmap: Vec<u8> },
    /// One after the other.
    Sequence(Vec<Normalizer>),
}

/// A literal string or a regular expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// Matches itself.
    String(String),
    /// A regular expression in the reference's (oniguruma's) syntax.
    Regex(String),
}

/// What happens to the delimiters of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behavior {
    /// They are dropped.
    Removed,
    /// Each is a pre-token.
    Isolated,
    /// Each ends the pre-token before it.
    MergedWithPrevious,
    /// Each begins the pre-token after it.
    MergedWithNext,
    /// Neighbouring ones form one pre-token.
    Contiguous,
}

/// When Metaspace puts its replacement in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrependScheme {
    /// Before every stretch of text.
    Always,
    /// Before the first one only.
    First,
    /// Nowhere.
    Never,
}

/// Cuts text into pre-tokens.
#[derive(Debug, Clone, PartialEq)]
pub enum PreTokenizer {
    /// Bytes become byte-level chars; `use_regex` also splits by GPT-2's pattern.
    ByteLevel { add_prefix_space: bool, trim_offsets: bool, use_regex: bool },
    /// White space becomes `replacement`.
    Metaspace { replacement: char, prepend_scheme: PrependScheme, split: bool },
    /// Splits where a pattern matches.
    Split { pattern: Pattern, behavior: Behavior, invert: bool },
    /// Splits at punctuation.
    Punctuation { behavior: Behavior },
    /// Splits digits from the rest.
    Digits { individual_digits: bool },
    /// Splits at one char, which is dropped.
    CharDelimiterSplit { delimiter: char },
    /// Pieces of a fixed number of chars.
    FixedLength { length: usize },
    /// What BERT does.
    Bert,
    /// `\w+|[^\w\s]+`.
    Whitespace,
    /// Splits at white space.
    WhitespaceSplit,
    /// Splits where the script changes.
    UnicodeScripts,
    /// One after the other.
    Sequence(Vec<PreTokenizer>),
}

/// Adds tokens around the ids, or trims offsets.
#[derive(Debug, Clone, PartialEq)]
pub enum PostProcessor {
    /// `[CLS] A [SEP] B [SEP]`.
    Bert { sep: (String, u32), cls: (String, u32) },
    /// `<s> A </s></s> B </s>`.
    Roberta { sep: (String, u32), cls: (String, u32), trim_offsets: bool, add_prefix_space: bool },
    /// Trims offsets only.
    ByteLevel { add_prefix_space: bool, trim_offsets: bool, use_regex: bool },
    /// A template for one and for two sequences.
    Template { single: Vec<Piece>, pair: Vec<Piece>, special_tokens: Vec<TemplateToken> },
    /// One after the other.
    Sequence(Vec<PostProcessor>),
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// The first (`A`) or second (`B`) sequence.
    Sequence { second: bool, type_id: u32 },
    /// A special token, by its name in the template.
    SpecialToken { id: String, type_id: u32 },
}

/// A special token of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateToken {
    /// Its name in the template.
    pub id: String,
    /// The ids it stands for.
    pub ids: Vec<u32>,
    /// Their texts.
    pub tokens: Vec<String>,
}

/// Turns tokens back into text.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoder {
    /// Byte-level chars become bytes.
    ByteLevel { add_prefix_space: bool, trim_offsets: bool, use_regex: bool },
    /// Joins WordPiece's continuations.
    WordPiece { prefix: String, cleanup: bool },
    /// `replacement` becomes a space.
    Metaspace { replacement: char, prepend_scheme: PrependScheme, split: bool },
    /// The word suffix becomes a space.
    Bpe { suffix: String },
    /// Connectionist temporal classification.
    Ctc { pad_token: String, word_delimiter_token: String, cleanup: bool },
    /// `<0xNN>` become bytes.
    ByteFallback,
    /// All tokens become one.
    Fuse,
    /// Replaces what a pattern matches in each token.
    Replace { pattern: Pattern, content: String },
    /// Strips up to `start` and `stop` chars `content` from the ends of each token.
    Strip { content: char, start: usize, stop: usize },
    /// One after the other.
    Sequence(Vec<Decoder>),
}
