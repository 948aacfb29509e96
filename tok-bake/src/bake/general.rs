//! The road for tokenizers that no specialised engine runs: their steps are written down for the
//! general one.

use comptok_core::{
    blob::{Section, TokenFlags, field},
    engine::PRE_TOKENIZER_GENERAL,
    general::{self, Charsmap, cut, steps},
    pre_tokenizer::{Kind, Syntax},
};
use std::collections::{BTreeMap, BTreeSet};

use super::{BakeError, Baked, Options, added, cuts::Found, dfa, image::Image, models, tables};
use crate::error::quote;
use crate::spec::{
    AddedToken, Behavior, Decoder, Normalizer, PaddingStrategy, Pattern, Piece, PostProcessor,
    PreTokenizer, PrependScheme, Spec, TemplateToken,
};

/// Bakes for the general engine.
pub(super) fn bake(spec: &Spec, options: &Options) -> Result<Baked, BakeError> {
    let mut image = Image::empty(options.source);
    let model = models::write(&mut image, spec)?;
    let (mut tokens, mut warnings) = (model.tokens, model.warnings);
    image.set(field::PRE_TOKENIZER, PRE_TOKENIZER_GENERAL);
    image.set(field::FLAGS, model.flags);

    let section = section(spec, !model.byte_level)?;
    let pipeline = steps::Pipeline::parse(&section)
        .ok_or_else(|| BakeError::new("internal error while baking: steps cannot be read"))?;
    let normalize = |text: &str| general::normalized(&pipeline, text).into_owned();
    let mut added = added::check(spec, normalize, &mut warnings)?;
    let specials: BTreeSet<&str> = added::special_contents(spec);
    for token in &mut added {
        // The reference knows a special token by its text, as it shows when one is normalized.
        let shown = specials.contains(token.content.as_str());
        let special = if shown { TokenFlags::SPECIAL } else { 0 };
        let mapped = match model.byte_level {
            true => crate::byte_level::to_bytes(&token.content),
            false => Some(token.content.as_bytes().to_vec()),
        };
        let raw = if mapped.is_none() { TokenFlags::RAW } else { 0 };
        let bytes = mapped.unwrap_or_else(|| token.content.as_bytes().to_vec());
        // An entry of the vocabulary keeps its own text; what an added token shows is in its entry.
        let raw = if tokens.get(token.id).is_some() { 0 } else { raw };
        tokens.set(token.id, &bytes, TokenFlags::ADDED | special | raw)?;
    }
    restore_policy(spec, &mut added);
    if options.strict
        && let Some(warning) = warnings.first()
    {
        return Err(BakeError::new(format!("{warning} (an error because of `strict`)")));
    }
    tables::decode(&mut image, &tokens)?;
    added::write(&mut image, &added);
    image.section(Section::Pipeline, section);
    image.section(Section::Names, b"pattern\tgeneral\n".to_vec());
    image.fingerprint_all();
    Ok(Baked { blob: image.finish()?, warnings })
}

/// Whether the caller's policy governs a token depends on what the file says of its content.
fn restore_policy(spec: &Spec, added: &mut [AddedToken]) {
    let specials = added::special_contents(spec);
    for token in added {
        let content = spec.added_tokens.iter().find(|other| other.id == token.id);
        token.special = content.is_some_and(|content| specials.contains(content.content.as_str()));
    }
}

/// What a specialised engine leaves to its callers: post-processors and settings. Empty where the file
/// says nothing of it.
pub(super) fn around(spec: &Spec) -> Result<Vec<u8>, BakeError> {
    if spec.post_processor.is_none() && spec.truncation.is_none() && spec.padding.is_none() {
        return Ok(Vec::new());
    }
    let mut post_processors = Vec::new();
    if let Some(step) = &spec.post_processor {
        post_processor(step, &mut post_processors)
            .map_err(|error| error.in_part("post_processor"))?;
    }
    let mut decoders = Vec::new();
    if let Some(step) = &spec.decoder {
        decoder(step, &mut decoders)?;
    }
    let mut settings = Vec::new();
    self::settings(spec)?.write(&mut settings);
    Ok(steps::Pipeline::write([Vec::new(), Vec::new(), post_processors, decoders, settings]))
}

/// The steps of a `Spec`, as [`Pipeline`](steps::Pipeline) reads them. Without `maps`, the last
/// pre-tokenizer, a ByteLevel, leaves the text as it is.
///
/// # Errors
/// For patterns that no automaton matches, and parameters that make no sense.
pub fn section(spec: &Spec, maps: bool) -> Result<Vec<u8>, BakeError> {
    let mut parts: [Vec<u8>; 5] = Default::default();
    let [normalizers, pre_tokenizers, post_processors, decoders, settings] = &mut parts;
    if let Some(step) = &spec.normalizer {
        normalizer(step, normalizers).map_err(|error| error.in_part("normalizer"))?;
    }
    let cuts = super::cuts::pre_tokenizers(spec);
    for (number, step) in cuts.iter().enumerate() {
        pre_tokenizer(step, maps || number + 1 < cuts.len(), pre_tokenizers)
            .map_err(|error| error.in_part("pre_tokenizer"))?;
    }
    if let Some(step) = &spec.post_processor {
        post_processor(step, post_processors).map_err(|error| error.in_part("post_processor"))?;
    }
    if let Some(step) = &spec.decoder {
        decoder(step, decoders).map_err(|error| error.in_part("decoder"))?;
    }
    let Found { cuts, marks, open } = all_cuts(spec);
    steps::Settings { cuts, marks, open, ..self::settings(spec)? }.write(settings);
    Ok(steps::Pipeline::write(parts))
}

/// Where text may be cut.
fn all_cuts(spec: &Spec) -> Found {
    let found = super::cuts::of(spec);
    if found.cuts & cut::MARKS != 0 {
        return found;
    }
    let marks = super::marks::of(spec, found.cuts);
    // What stands behind a mark begins as a text does, without a space.
    let first = if marks != 0 { cut::FIRST } else { 0 };
    Found { cuts: found.cuts | first, marks, ..found }
}

fn normalizer(step: &Normalizer, out: &mut Vec<u8>) -> Result<(), BakeError> {
    let written = match step {
        Normalizer::Bert { clean_text, handle_chinese_chars, strip_accents, lowercase } => {
            steps::Normalizer::Bert {
                clean_text: *clean_text,
                chinese: *handle_chinese_chars,
                strip_accents: strip_accents.unwrap_or(*lowercase),
                lowercase: *lowercase,
            }
        }
        Normalizer::Nfc => steps::Normalizer::Nfc,
        Normalizer::Nfd => steps::Normalizer::Nfd,
        Normalizer::Nfkc => steps::Normalizer::Nfkc,
        Normalizer::Nfkd => steps::Normalizer::Nfkd,
        Normalizer::Lowercase => steps::Normalizer::Lowercase,
        Normalizer::StripAccents => steps::Normalizer::StripAccents,
        Normalizer::Nmt => steps::Normalizer::Nmt,
        Normalizer::ByteLevel => steps::Normalizer::ByteLevel,
        Normalizer::Strip { left, right } => {
            steps::Normalizer::Strip { left: *left, right: *right }
        }
        Normalizer::Replace { pattern, content } => {
            let image = Baking::to_replace(pattern)?;
            steps::Normalizer::Replace { pattern: image.pattern(), content }.write(out);
            return Ok(());
        }
        Normalizer::Prepend { prepend } => steps::Normalizer::Prepend(prepend),
        Normalizer::Precompiled { charsmap } => {
            if Charsmap::new(charsmap).is_none() {
                return Err(BakeError::new(format!(
                    "precompiled_charsmap: {} bytes are no table (wanted a length, so many bytes of \
                     a trie, and texts)",
                    charsmap.len()
                )));
            }
            steps::Normalizer::Precompiled(charsmap)
        }
        Normalizer::Sequence(steps) => {
            return steps.iter().try_for_each(|step| normalizer(step, out));
        }
    };
    written.write(out);
    Ok(())
}

/// A pattern and, if it needs one, its automaton.
enum Baking<'a> {
    Literal(&'a str),
    Scanner(Kind),
    Dfa(Vec<u8>),
    Looks(Vec<u8>),
}

impl<'a> Baking<'a> {
    fn of(pattern: &'a Pattern) -> Result<Self, BakeError> {
        let regex = match pattern {
            Pattern::String(text) => return Ok(Self::Literal(text)),
            Pattern::Regex(regex) => regex,
        };
        // What CLIP's pattern misses is not told apart by its scanner.
        if let Some(kind) = Kind::recognise(&[regex], Syntax::Oniguruma)
            && kind != Kind::Clip
        {
            return Ok(Self::Scanner(kind));
        }
        if let Ok(image) = dfa::bake(regex, Syntax::Oniguruma) {
            return Ok(Self::Dfa(image));
        }
        match dfa::bake_looks(regex, Syntax::Oniguruma) {
            Ok(image) => Ok(Self::Looks(image)),
            Err(error) => {
                let (regex, column, what) = (quote(regex), error.column, error.what);
                Err(BakeError::new(format!("pattern {regex}, column {column}: cannot bake {what}")))
            }
        }
    }

    /// One that does not match nothing. (A char in place of nothing belongs to no char of the text at its beginning,
    /// and the reference does with it what nobody can want.)
    fn to_replace(pattern: &'a Pattern) -> Result<Self, BakeError> {
        match (Self::of(pattern)?, pattern) {
            (Self::Looks(_), Pattern::Regex(regex)) if dfa::may_match_nothing(regex) => {
                let regex = quote(regex);
                Err(BakeError::new(format!("pattern {regex}: cannot bake a Replace of nothing")))
            }
            (baking, _) => Ok(baking),
        }
    }

    fn pattern(&self) -> steps::Pattern<'_> {
        match self {
            Self::Literal(text) => steps::Pattern::Literal(text),
            Self::Scanner(kind) => steps::Pattern::Scanner(*kind),
            Self::Dfa(image) => steps::Pattern::Dfa(image),
            Self::Looks(image) => steps::Pattern::Looks(image),
        }
    }
}

fn behavior(behavior: Behavior) -> steps::Behavior {
    match behavior {
        Behavior::Removed => steps::Behavior::Removed,
        Behavior::Isolated => steps::Behavior::Isolated,
        Behavior::MergedWithPrevious => steps::Behavior::MergedWithPrevious,
        Behavior::MergedWithNext => steps::Behavior::MergedWithNext,
        Behavior::Contiguous => steps::Behavior::Contiguous,
    }
}

fn pre_tokenizer(step: &PreTokenizer, maps: bool, out: &mut Vec<u8>) -> Result<(), BakeError> {
    let written = match step {
        PreTokenizer::ByteLevel { add_prefix_space, use_regex, .. } => {
            steps::PreTokenizer::ByteLevel {
                add_prefix_space: *add_prefix_space,
                use_regex: *use_regex,
                maps,
            }
        }
        PreTokenizer::Metaspace { replacement, prepend_scheme, split } => {
            steps::PreTokenizer::Metaspace {
                replacement: *replacement,
                prepend: match prepend_scheme {
                    PrependScheme::Always => steps::Prepend::Always,
                    PrependScheme::First => steps::Prepend::First,
                    PrependScheme::Never => steps::Prepend::Never,
                },
                split: *split,
            }
        }
        PreTokenizer::Split { pattern, behavior, invert } => {
            let image = Baking::of(pattern)?;
            steps::PreTokenizer::Split {
                pattern: image.pattern(),
                behavior: self::behavior(*behavior),
                invert: *invert,
            }
            .write(out);
            return Ok(());
        }
        PreTokenizer::Punctuation { behavior } => {
            steps::PreTokenizer::Punctuation(self::behavior(*behavior))
        }
        PreTokenizer::Digits { individual_digits } => {
            steps::PreTokenizer::Digits { individual: *individual_digits }
        }
        PreTokenizer::CharDelimiterSplit { delimiter } => {
            steps::PreTokenizer::Delimiter(*delimiter)
        }
        PreTokenizer::FixedLength { length } => match u32::try_from(*length) {
            Ok(length) if length > 0 => steps::PreTokenizer::FixedLength(length),
            _ => {
                return Err(BakeError::new(format!(
                    "pre-tokenizer FixedLength: length is {length} (wanted 1 to {})",
                    u32::MAX
                )));
            }
        },
        PreTokenizer::Bert => steps::PreTokenizer::Bert,
        PreTokenizer::Whitespace => steps::PreTokenizer::Whitespace,
        PreTokenizer::WhitespaceSplit => steps::PreTokenizer::WhitespaceSplit,
        PreTokenizer::UnicodeScripts => steps::PreTokenizer::UnicodeScripts,
        PreTokenizer::Sequence(steps) => {
            return steps.iter().try_for_each(|step| pre_tokenizer(step, maps, out));
        }
    };
    written.write(out);
    Ok(())
}

fn extra(token: &(String, u32)) -> steps::Extra<'_> {
    steps::Extra { id: token.1, text: &token.0 }
}

fn post_processor(step: &PostProcessor, out: &mut Vec<u8>) -> Result<(), BakeError> {
    match step {
        PostProcessor::Bert { sep, cls } => {
            steps::PostProcessor::Bert { sep: extra(sep), cls: extra(cls) }.write(out);
        }
        PostProcessor::Roberta { sep, cls, trim_offsets, add_prefix_space } => {
            steps::PostProcessor::Roberta {
                sep: extra(sep),
                cls: extra(cls),
                trim_offsets: *trim_offsets,
                add_prefix_space: *add_prefix_space,
            }
            .write(out);
        }
        PostProcessor::ByteLevel { trim_offsets, add_prefix_space, .. } => {
            let (trim_offsets, add_prefix_space) = (*trim_offsets, *add_prefix_space);
            steps::PostProcessor::ByteLevel { trim_offsets, add_prefix_space }.write(out);
        }
        PostProcessor::Template { single, pair, special_tokens } => {
            let single = template("single", single, special_tokens)?;
            let pair = template("pair", pair, special_tokens)?;
            steps::PostProcessor::Template {
                single: steps::Template(&single),
                pair: steps::Template(&pair),
            }
            .write(out);
        }
        PostProcessor::Sequence(steps) => {
            steps.iter().try_for_each(|step| post_processor(step, out))?;
        }
    }
    Ok(())
}

/// Each text has all of a template around it.
const MAX_TEMPLATE: usize = 4 << 20;

fn template(
    name: &str,
    pieces: &[Piece],
    special_tokens: &[TemplateToken],
) -> Result<Vec<u8>, BakeError> {
    let mut out = Vec::new();
    // The first of those with one name.
    let tokens: BTreeMap<&str, &TemplateToken> =
        special_tokens.iter().rev().map(|token| (token.id.as_str(), token)).collect();
    for piece in pieces {
        if out.len() > MAX_TEMPLATE {
            return Err(BakeError::new(format!(
                "post_processor.{name}: the template has more than {MAX_TEMPLATE} bytes of tokens"
            )));
        }
        match piece {
            // The reference fails when the template is used.
            Piece::Sequence { second: true, .. } if name == "single" => {
                return Err(BakeError::new(
                    "post_processor.single: the template asks for the second sequence",
                ));
            }
            Piece::Sequence { second, type_id } => {
                steps::Piece::Sequence { second: *second, type_id: *type_id }.write(&mut out);
            }
            Piece::SpecialToken { id, type_id } => {
                let token = tokens.get(id.as_str()).ok_or_else(|| {
                    BakeError::new(format!(
                        "post_processor.{name}: no special token {} (wanted one of special_tokens)",
                        quote(id)
                    ))
                })?;
                for (i, &id) in token.ids.iter().enumerate() {
                    let text = token.tokens.get(i).map_or("", String::as_str);
                    let token = steps::Extra { id, text };
                    steps::Piece::Special { token, type_id: *type_id, joined: i > 0 }
                        .write(&mut out);
                }
            }
        }
    }
    Ok(out)
}

fn decoder(step: &Decoder, out: &mut Vec<u8>) -> Result<(), BakeError> {
    let u32_of = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    let written = match step {
        Decoder::ByteLevel { .. } => steps::Decoder::ByteLevel,
        Decoder::WordPiece { prefix, cleanup } => {
            steps::Decoder::WordPiece { prefix, cleanup: *cleanup }
        }
        Decoder::Metaspace { replacement, prepend_scheme, .. } => steps::Decoder::Metaspace {
            replacement: *replacement,
            keeps_first: *prepend_scheme == PrependScheme::Never,
        },
        Decoder::Bpe { suffix } => steps::Decoder::Bpe { suffix },
        Decoder::Ctc { pad_token, word_delimiter_token, cleanup } => {
            let (pad, delimiter) = (pad_token, word_delimiter_token);
            steps::Decoder::Ctc { pad, delimiter, cleanup: *cleanup }
        }
        Decoder::ByteFallback => steps::Decoder::ByteFallback,
        Decoder::Fuse => steps::Decoder::Fuse,
        Decoder::Replace { pattern, content } => {
            let image = Baking::of(pattern)?;
            steps::Decoder::Replace { pattern: image.pattern(), content }.write(out);
            return Ok(());
        }
        Decoder::Strip { content, start, stop } => {
            steps::Decoder::Strip { content: *content, start: u32_of(*start), stop: u32_of(*stop) }
        }
        Decoder::Sequence(steps) => return steps.iter().try_for_each(|step| decoder(step, out)),
    };
    written.write(out);
    Ok(())
}

/// Encodings of so many tokens take some 200 MB.
const MAX_PADDING: u32 = 1 << 22;

/// What the file says beside the steps.
fn settings(spec: &Spec) -> Result<steps::Settings<'_>, BakeError> {
    // Lengths beyond any text mean the same as the largest one.
    let u32_of = |value: usize| u32::try_from(value).unwrap_or(u32::MAX - 1);
    let padding = spec.padding.as_ref().map(|padding| steps::Padding {
        fixed: match padding.strategy {
            PaddingStrategy::BatchLongest => None,
            PaddingStrategy::Fixed(length) => Some(u32_of(length)),
        },
        side: padding.direction,
        multiple: padding.pad_to_multiple_of.map(u32_of),
        token: steps::Extra { id: padding.pad_id, text: &padding.pad_token },
        type_id: padding.pad_type_id,
    });
    for (name, length) in [
        ("strategy", padding.and_then(|padding| padding.fixed)),
        ("pad_to_multiple_of", padding.and_then(|padding| padding.multiple)),
    ] {
        if let Some(length) = length.filter(|length| *length > MAX_PADDING) {
            return Err(BakeError::new(format!(
                "padding.{name}: {length} tokens, with more than {MAX_PADDING} each text needs too much memory"
            )));
        }
    }
    Ok(steps::Settings {
        post_processes: spec.post_processor.is_some(),
        decodes: spec.decoder.is_some(),
        asks_place: spec.pre_tokenizer.as_ref().is_some_and(asks_place),
        cuts: 0,
        marks: 0,
        open: 0,
        truncation: spec.truncation,
        padding,
    })
}

fn asks_place(step: &PreTokenizer) -> bool {
    match step {
        PreTokenizer::Metaspace { prepend_scheme, .. } => *prepend_scheme == PrependScheme::First,
        PreTokenizer::Sequence(steps) => steps.iter().any(asks_place),
        _ => false,
    }
}
