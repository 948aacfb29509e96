//! Which stages a `Spec` needs, and whether the engine has them.

use comptok_core::{
    blob::flags,
    engine::PRE_TOKENIZER_DFA,
    normalizer,
    pre_tokenizer::{Kind, Syntax, dfa::Dfa},
};

use super::{BakeError, dfa};
use crate::error::Warning;
use crate::spec::{Behavior, Bpe, Decoder, Family, Model, Normalizer, Pattern, PreTokenizer, Spec};

/// The stages around the model.
pub(super) struct Pipeline {
    pub(super) normalizer: u32,
    pub(super) pre_tokenizer: Splitting,
    pub(super) flags: u32,
}

/// How text is cut.
pub(super) enum Splitting {
    /// By a pattern that has a scanner.
    Hand(Kind),
    /// By an automaton.
    Dfa {
        /// What it was made from.
        regex: String,
        /// Its tables.
        image: Vec<u8>,
    },
}

impl Splitting {
    /// The number of the engine.
    pub(super) fn code(&self) -> u32 {
        match self {
            Self::Hand(kind) => kind.code(),
            Self::Dfa { .. } => PRE_TOKENIZER_DFA,
        }
    }

    /// Whether `text` is left whole.
    pub(super) fn keeps_whole(&self, text: &[u8], flags: u32) -> bool {
        match self {
            Self::Hand(kind) => {
                let drops = match kind.is_gap(text, 0) {
                    true => flags::DROPS_GAPS,
                    false => flags::DROPS_MATCHES,
                };
                kind.end(text, 0) == text.len() && flags & drops == 0
            }
            Self::Dfa { image, .. } => {
                let split = Dfa::parse(image).and_then(|dfa| dfa.split_at(text, 0));
                split.is_some_and(|split| {
                    let drops =
                        if split.is_match { flags::DROPS_MATCHES } else { flags::DROPS_GAPS };
                    split.end == text.len() && flags & drops == 0
                })
            }
        }
    }
}

/// Whether the pattern may leave `text` whole.
pub(crate) fn keeps_whole(spec: &Spec, text: &str) -> bool {
    let keeps = |stages: Pipeline| stages.pre_tokenizer.keeps_whole(text.as_bytes(), stages.flags);
    check(spec).map_or(true, keeps)
}

/// The stages of `spec`, or the first that the engine does not have.
pub(super) fn check(spec: &Spec) -> Result<Pipeline, BakeError> {
    let mut flags = 0;
    let model = match &spec.model {
        Model::Bpe(model) => model,
        Model::Unigram { .. } => {
            return Err(BakeError::unsupported("model Unigram").in_part("model"));
        }
        Model::WordPiece { .. } => {
            return Err(BakeError::unsupported("model WordPiece").in_part("model"));
        }
        Model::WordLevel { .. } => {
            return Err(BakeError::unsupported("model WordLevel").in_part("model"));
        }
        Model::SentencePiece(_) => {
            return Err(BakeError::unsupported("model SentencePiece").in_part("model"));
        }
    };
    check_bpe(model).map_err(|error| error.in_part("model"))?;
    if model.ignore_merges {
        flags |= flags::IGNORE_MERGES;
    }
    if spec.family == Family::Tiktoken {
        flags |= flags::TIKTOKEN;
    }
    let normalizer =
        check_normalizer(spec.normalizer.as_ref()).map_err(|error| error.in_part("normalizer"))?;
    let syntax = match spec.family {
        Family::HuggingFace | Family::SentencePiece => Syntax::Oniguruma,
        Family::Tiktoken => Syntax::FancyRegex,
    };
    let (pre_tokenizer, more) =
        check_pre_tokenizer(spec, syntax).map_err(|error| error.in_part("pre_tokenizer"))?;
    flags |= more;
    match &spec.decoder {
        Some(Decoder::ByteLevel { .. }) => {}
        _ => {
            let error = BakeError::unsupported("decoders other than ByteLevel");
            return Err(error.in_part("decoder"));
        }
    }
    if matches!(pre_tokenizer, Splitting::Hand(_)) && safe_cut(spec, flags) {
        flags |= flags::SAFE_CUT;
    }
    Ok(Pipeline { normalizer, pre_tokenizer, flags })
}

fn check_bpe(model: &Bpe) -> Result<(), BakeError> {
    let set = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    if model.dropout.is_some_and(|dropout| dropout > 0.0) {
        return Err(BakeError::unsupported("BPE with dropout"));
    }
    if set(&model.continuing_subword_prefix) {
        return Err(BakeError::unsupported("BPE with continuing_subword_prefix"));
    }
    if set(&model.end_of_word_suffix) {
        return Err(BakeError::unsupported("BPE with end_of_word_suffix"));
    }
    Ok(())
}

fn check_normalizer(normalizer: Option<&Normalizer>) -> Result<u32, BakeError> {
    match normalizer {
        None => Ok(normalizer::NONE),
        Some(Normalizer::Nfc) => Ok(normalizer::NFC),
        Some(Normalizer::Sequence(parts)) => match parts.as_slice() {
            [] => Ok(normalizer::NONE),
            [one] => check_normalizer(Some(one)),
            _ => Err(BakeError::unsupported("more than one normalizer")),
        },
        Some(_) => Err(BakeError::unsupported("normalizers other than NFC")),
    }
}

/// How text is cut, and the flags that go with it.
fn check_pre_tokenizer(spec: &Spec, syntax: Syntax) -> Result<(Splitting, u32), BakeError> {
    let steps = match &spec.pre_tokenizer {
        None => return Err(BakeError::unsupported("no pre-tokenizer")),
        Some(PreTokenizer::Sequence(steps)) => steps.as_slice(),
        Some(one) => std::slice::from_ref(one),
    };
    let mut patterns = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        let is_last = i + 1 == steps.len();
        match step {
            PreTokenizer::Split { pattern: Pattern::Regex(regex), behavior, invert } => {
                patterns.push((regex.as_str(), dropped(*behavior, *invert)?));
            }
            PreTokenizer::ByteLevel { add_prefix_space, use_regex: true, .. }
                if is_last && patterns.is_empty() =>
            {
                let prefix = if *add_prefix_space { flags::PREFIX_SPACE } else { 0 };
                return Ok((Splitting::Hand(Kind::Gpt2), prefix));
            }
            PreTokenizer::ByteLevel { add_prefix_space: false, use_regex: false, .. }
                if is_last && !patterns.is_empty() => {}
            PreTokenizer::ByteLevel { .. } => {
                return Err(BakeError::unsupported(
                    "a ByteLevel pre-tokenizer with these settings in this place",
                ));
            }
            other => {
                let name = format!("{other:?}");
                let name = name.split([' ', '(', '{']).next().unwrap_or_default();
                return Err(BakeError::unsupported(format_args!("pre-tokenizer {name}")));
            }
        }
    }
    if spec.family == Family::HuggingFace
        && !matches!(steps.last(), Some(PreTokenizer::ByteLevel { .. }))
    {
        return Err(BakeError::unsupported("a pre-tokenizer without ByteLevel at its end"));
    }
    let texts: Vec<&str> = patterns.iter().map(|&(regex, _)| regex).collect();
    let isolated = patterns.iter().all(|&(_, drops)| drops == 0);
    // What tiktoken's pattern misses is dropped there.
    let missed = if spec.family == Family::Tiktoken { flags::DROPS_GAPS } else { 0 };
    if let Some(kind) = Kind::recognise(&texts, syntax)
        && (isolated || kind == Kind::Clip)
    {
        // The other patterns miss nothing, or what they miss counts as a match.
        let drops = patterns.iter().fold(missed, |drops, &(_, more)| drops | more);
        return Ok((Splitting::Hand(kind), if kind == Kind::Clip { drops } else { 0 }));
    }
    let &[(regex, drops)] = patterns.as_slice() else {
        return Err(BakeError::unsupported(format_args!(
            "this sequence of patterns: {}",
            crate::error::quote(&texts.join(" then "))
        )));
    };
    let image = dfa::bake(regex, syntax).map_err(|error| {
        let (regex, column, what) = (crate::error::quote(regex), error.column, error.what);
        let error = format!("pattern {regex}, column {column}: cannot bake {what}");
        // The general engine may: it reads patterns that look around.
        BakeError { unsupported: true, ..BakeError::new(error) }
    })?;
    Ok((Splitting::Dfa { regex: regex.to_owned(), image }, drops | missed))
}

/// What a Split drops.
fn dropped(behavior: Behavior, invert: bool) -> Result<u32, BakeError> {
    match (behavior, invert) {
        (Behavior::Isolated, _) => Ok(0),
        (Behavior::Removed, true) => Ok(flags::DROPS_GAPS),
        (Behavior::Removed, false) => Ok(flags::DROPS_MATCHES),
        (other, _) => Err(BakeError::unsupported(format_args!("a Split that is {other:?}"))),
    }
}

/// Whether text may be cut between a letter or digit and white space although added tokens are
/// looked for in the parts.
fn safe_cut(spec: &Spec, flags: u32) -> bool {
    let is_space = |byte: &u8| byte.is_ascii_whitespace();
    // A char that is not ASCII may be a letter that is, once it is normalized.
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
    !spec.added_tokens.iter().filter(|token| token.normalized).any(|token| {
        let bytes = token.content.as_bytes();
        let straddles = bytes.windows(2).any(|pair| is_letter(&pair[0]) && is_space(&pair[1]));
        // A neighbour that decides about the match would be in the other part.
        let looks_left = token.single_word && bytes.first().is_some_and(is_space);
        // What follows a token gets a space in front, what follows a cut does not.
        let looks_right = (token.rstrip || flags & flags::PREFIX_SPACE != 0)
            && bytes.last().is_some_and(is_letter);
        straddles || looks_left || looks_right
    })
}

/// What happens to bytes without a token.
pub(super) fn check_missing(
    spec: &Spec,
    model: &Bpe,
    missing: &[u8],
    warnings: &mut Vec<Warning>,
) -> Result<(), BakeError> {
    if spec.family == Family::HuggingFace && (model.unk_token.is_some() || model.byte_fallback) {
        return Err(BakeError::unsupported(
            "unk_token and byte_fallback in a byte-level vocabulary that lacks bytes",
        ));
    }
    let names: Vec<String> = missing.iter().map(|byte| format!("0x{byte:02X}")).collect();
    let fate = match spec.family {
        Family::HuggingFace | Family::SentencePiece => {
            "are dropped from text, as the reference does"
        }
        Family::Tiktoken => "are an error in text",
    };
    let message = format!("bytes without a token {fate}: {}", names.join(" "));
    warnings.push(Warning::about("model", message));
    Ok(())
}
