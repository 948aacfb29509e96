//! Constructors of components, with the reference's defaults.

use super::SpecError;
use crate::error::quote;
use crate::spec::{
    Behavior, Decoder, Normalizer, Pattern, Piece, PostProcessor, PreTokenizer, PrependScheme,
    TemplateToken,
};

impl From<&str> for Pattern {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl Pattern {
    /// A regular expression in the reference's syntax.
    pub fn regex(regex: impl Into<String>) -> Self {
        Self::Regex(regex.into())
    }
}

impl Normalizer {
    /// BERT's: text cleaned, Chinese characters set apart, and with `lowercase` accents stripped too.
    pub const fn bert(lowercase: bool) -> Self {
        Self::Bert { clean_text: true, handle_chinese_chars: true, strip_accents: None, lowercase }
    }

    /// Removes white space at both ends.
    pub const fn strip() -> Self {
        Self::Strip { left: true, right: true }
    }

    /// Replaces what a pattern matches; a `&str` matches itself.
    pub fn replace(pattern: impl Into<Pattern>, content: impl Into<String>) -> Self {
        Self::Replace { pattern: pattern.into(), content: content.into() }
    }

    /// Puts text in front.
    pub fn prepend(text: impl Into<String>) -> Self {
        Self::Prepend { prepend: text.into() }
    }
}

impl PreTokenizer {
    /// GPT-2's pattern, bytes as byte-level chars, and a space in front where none is.
    pub const fn byte_level() -> Self {
        Self::ByteLevel { add_prefix_space: true, trim_offsets: true, use_regex: true }
    }

    /// ▁ for spaces, and one in front.
    pub const fn metaspace() -> Self {
        let prepend_scheme = PrependScheme::Always;
        Self::Metaspace { replacement: '▁', prepend_scheme, split: true }
    }

    /// Splits where a pattern matches; a `&str` matches itself.
    pub fn split(pattern: impl Into<Pattern>, behavior: Behavior) -> Self {
        Self::Split { pattern: pattern.into(), behavior, invert: false }
    }

    /// Punctuation stands alone.
    pub const fn punctuation() -> Self {
        Self::Punctuation { behavior: Behavior::Isolated }
    }

    /// Runs of digits stand alone, or each digit.
    pub const fn digits(individual_digits: bool) -> Self {
        Self::Digits { individual_digits }
    }
}

impl PostProcessor {
    /// `[CLS] A [SEP] B [SEP]`, with these tokens and ids.
    pub fn bert(sep: (&str, u32), cls: (&str, u32)) -> Self {
        Self::Bert { sep: (sep.0.to_owned(), sep.1), cls: (cls.0.to_owned(), cls.1) }
    }

    /// `<s> A </s></s> B </s>`, with these tokens and ids, and offsets trimmed.
    pub fn roberta(sep: (&str, u32), cls: (&str, u32)) -> Self {
        let (sep, cls) = ((sep.0.to_owned(), sep.1), (cls.0.to_owned(), cls.1));
        Self::Roberta { sep, cls, trim_offsets: true, add_prefix_space: true }
    }

    /// Trims offsets.
    pub const fn byte_level() -> Self {
        Self::ByteLevel { add_prefix_space: true, trim_offsets: true, use_regex: true }
    }

    /// A template for one text and one for two: parts separated by spaces, `$A` and `$B` for the texts,
    /// names of special tokens, each with `:1` for another type than 0. `$` is `$A`, `$1` is `$A:1`.
    ///
    /// ```
    /// use comptok_bake::{compose::SpecError, spec::PostProcessor};
    /// let eos = [("</s>", 2)];
    /// PostProcessor::template("$A </s>", "$A </s> $B:1 </s>:1", eos)?;
    /// let error = PostProcessor::template("$A <s>", "$A $B", eos).unwrap_err();
    /// assert_eq!(error.to_string(), "post_processor.single: \"<s>\" is none of the special tokens");
    /// # Ok::<(), SpecError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If a part cannot be read, a name is none of `special_tokens`, or the template for two does not
    /// have both.
    pub fn template<T: Into<String>>(
        single: &str,
        pair: &str,
        special_tokens: impl IntoIterator<Item = (T, u32)>,
    ) -> Result<Self, SpecError> {
        let mut special_tokens: Vec<TemplateToken> = special_tokens
            .into_iter()
            .map(|(name, id)| {
                let name = name.into();
                TemplateToken { id: name.clone(), ids: vec![id], tokens: vec![name] }
            })
            .collect();
        special_tokens.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        let single = pieces(single, "post_processor.single")?;
        let pair = pieces(pair, "post_processor.pair")?;
        let template = Self::Template { single, pair, special_tokens };
        super::check::post_processor(&template)?;
        Ok(template)
    }
}

/// The parts of a template.
fn pieces(template: &str, part: &str) -> Result<Vec<Piece>, SpecError> {
    template.split_whitespace().map(|text| piece(text, part)).collect()
}

fn piece(text: &str, part: &str) -> Result<Piece, SpecError> {
    let wrong = || {
        let message = format!("found {}, $A, $B or a special token is wanted", quote(text));
        SpecError::new(part, message)
    };
    let (name, type_id) = match text.rsplit_once(':') {
        Some((name, id)) => (name, Some(id.parse::<u32>().map_err(|_| wrong())?)),
        None => (text, None),
    };
    let Some(sequence) = name.strip_prefix('$') else {
        if name.is_empty() {
            return Err(wrong());
        }
        let type_id = type_id.unwrap_or(0);
        return Ok(Piece::SpecialToken { id: name.to_owned(), type_id });
    };
    let (second, own) = match sequence {
        "" | "A" | "a" => (false, 0),
        "B" | "b" => (true, 0),
        number => (false, number.parse::<u32>().map_err(|_| wrong())?),
    };
    Ok(Piece::Sequence { second, type_id: type_id.unwrap_or(own) })
}

impl Decoder {
    /// Byte-level chars become bytes.
    pub const fn byte_level() -> Self {
        Self::ByteLevel { add_prefix_space: true, trim_offsets: true, use_regex: true }
    }

    /// Joins tokens that begin with `##`, and cleans up spaces.
    pub fn word_piece() -> Self {
        Self::WordPiece { prefix: "##".to_owned(), cleanup: true }
    }

    /// ▁ becomes a space, but in front.
    pub const fn metaspace() -> Self {
        let prepend_scheme = PrependScheme::Always;
        Self::Metaspace { replacement: '▁', prepend_scheme, split: true }
    }

    /// The suffix becomes a space.
    pub fn bpe(suffix: impl Into<String>) -> Self {
        Self::Bpe { suffix: suffix.into() }
    }

    /// Connectionist temporal classification with `<pad>` and `|`.
    pub fn ctc() -> Self {
        Self::Ctc {
            pad_token: "<pad>".to_owned(),
            word_delimiter_token: "|".to_owned(),
            cleanup: true,
        }
    }

    /// Replaces what a pattern matches in each token; a `&str` matches itself.
    pub fn replace(pattern: impl Into<Pattern>, content: impl Into<String>) -> Self {
        Self::Replace { pattern: pattern.into(), content: content.into() }
    }
}
