//! Spec → blob: everything that can be known from the vocabulary is computed here.
//!
//! The same `Spec` gives the same bytes on every host.

mod added;
mod bpe;
mod byte_pairs;
mod chars;
mod cuts;
pub mod dfa;
mod fingerprint;
mod general;
mod image;
mod join;
mod level0;
mod marks;
mod models;
mod pairs;
mod pipeline;
mod profile;
mod seams;
mod spines;
mod tables;
mod texts;

use comptok_core::{
    blob::{Section, TokenFlags, flags, lookup::NONE},
    normalizer,
    unicode::nfc,
};
use std::fmt;

use crate::spec::{Alphabet, Family, Model, Spec, Vocab};
use crate::{
    both::{WORTH_IT, both},
    byte_level,
    error::{Warning, quote_bytes},
};
use image::Image;
use profile::Counts;

pub use general::section as steps;
pub use join::join;
pub use models::model_alone;
pub(crate) use pipeline::keeps_whole;
pub use profile::Profile;

/// What bake does beside the `Spec`.
#[derive(Debug, Clone, Default)]
pub struct Options<'a> {
    /// sha256 of the source and of what was said about it; goes into the header as it is.
    pub source: [u8; 32],
    /// Warnings are errors.
    pub strict: bool,
    /// Frequent words of this text become answers, and are found first.
    pub profile: Option<Profile<'a>>,
}

/// A blob and what was noticed while it was baked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baked {
    /// The blob.
    pub blob: Vec<u8>,
    /// What a user may want to know. Paths lead into the `Spec`, where it was baked from one; of a file they
    /// have lines and columns.
    pub warnings: Vec<Warning>,
}

/// Why a `Spec` cannot be baked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BakeError {
    /// What stands in the way, and what to do.
    pub message: String,
    /// The part of the `Spec` at fault, as tokenizer.json names it (`normalizer`, `pre_tokenizer`, `model`,
    /// `post_processor`, `decoder`, `added_tokens`); empty where it is no single one.
    pub part: &'static str,
    /// The specialised engine cannot; the general one may.
    unsupported: bool,
}

impl BakeError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), part: "", unsupported: false }
    }

    /// The same error, about this part.
    fn in_part(self, part: &'static str) -> Self {
        Self { part, ..self }
    }

    /// For what the references can do and the engine cannot do yet.
    fn unsupported(what: impl fmt::Display) -> Self {
        Self { unsupported: true, ..Self::new(format!("not supported yet: {what}")) }
    }
}

impl fmt::Display for BakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BakeError {}

/// Largest id that a blob holds. Tables have an entry for each id up to the largest, so an id far
/// beyond the number of tokens would cost memory that no token needs.
const ID_LIMIT: u32 = 1 << 24;

/// Every token by id: the bytes that decoding it gives, and what it is.
#[derive(Default)]
struct Tokens {
    /// All bytes, in the order in which they came.
    bytes: Vec<u8>,
    /// Where those of an id are; the flags tell whether there are any.
    places: Vec<(u32, u32)>,
    flags: Vec<u8>,
}

impl Tokens {
    /// With room for a vocabulary.
    fn for_vocab(vocab: &Vocab) -> Self {
        Self {
            bytes: Vec::with_capacity(vocab.byte_len()),
            places: Vec::with_capacity(vocab.len()),
            flags: Vec::with_capacity(vocab.len()),
        }
    }

    fn set(&mut self, id: u32, bytes: &[u8], flags: u8) -> Result<(), BakeError> {
        if id >= ID_LIMIT {
            return Err(BakeError::unsupported(format_args!(
                "token {} has id {id}; ids go up to {}",
                quote_bytes(bytes),
                ID_LIMIT - 1
            )));
        }
        let at = id as usize;
        if at >= self.flags.len() {
            self.places.resize(at + 1, (0, 0));
            self.flags.resize(at + 1, 0);
        }
        if self.flags[at] & TokenFlags::PRESENT == 0 {
            let start = self.bytes.len() as u32;
            self.bytes.extend_from_slice(bytes);
            let end = u32::try_from(self.bytes.len());
            let end = end.map_err(|_| BakeError::unsupported("4 GiB of tokens"))?;
            self.places[at] = (start, end);
        }
        self.flags[at] |= flags | TokenFlags::PRESENT;
        Ok(())
    }

    fn get(&self, id: u32) -> Option<&[u8]> {
        let flags = *self.flags.get(id as usize)?;
        let (start, end) = self.places[id as usize];
        (flags & TokenFlags::PRESENT != 0).then(|| &self.bytes[start as usize..end as usize])
    }

    /// One more than the highest id.
    fn id_limit(&self) -> u32 {
        self.flags.len() as u32
    }

    /// By id, up to the highest.
    fn iter(&self) -> impl Iterator<Item = Option<&[u8]>> {
        (0..self.id_limit()).map(|id| self.get(id))
    }
}

/// Bakes a `Spec`.
///
/// # Errors
///
/// [`BakeError`] for what the engines cannot run, and with `strict` for anything worth a warning.
pub fn bake(spec: &Spec, options: &Options<'_>) -> Result<Baked, BakeError> {
    match specialised(spec, options) {
        Err(error) if error.unsupported && spec.family != Family::Tiktoken => {
            general::bake(spec, options).map_err(|general| {
                // What stands in the way of both is in the same place.
                let part =
                    if general == error.clone().in_part("") { error.part } else { general.part };
                general.in_part(part)
            })
        }
        other => other,
    }
}

/// Bakes for an engine of its own: byte-level BPE.
fn specialised(spec: &Spec, options: &Options<'_>) -> Result<Baked, BakeError> {
    let pipeline = pipeline::check(spec)?;
    let Model::Bpe(model) = &spec.model else {
        return Err(BakeError::unsupported("models other than BPE"));
    };
    let mut warnings = Vec::new();
    let byte_level = model.alphabet == Alphabet::Chars;

    // What each token decodes to: a token with a char that stands for no byte passes as it is.
    let texts = texts::Texts::of(&model.vocab, model.alphabet);
    let mut tokens = texts.tokens(&model.vocab).map_err(|error| error.in_part("model"))?;
    let symbols = bpe::symbols(model, &texts)?;
    for (entry, (_, id)) in model.vocab.iter().enumerate() {
        if symbols.of_entry[entry] == NONE {
            tokens.flags[id as usize] |= TokenFlags::UNREACHABLE;
        }
    }
    let normalize = |text: &str| match pipeline.normalizer {
        normalizer::NFC => nfc_of(text),
        _ => text.to_owned(),
    };
    let added = added::check(spec, normalize, &mut warnings)?;
    let specials = added::special_contents(spec);
    // What is said from here on is about the model.
    let warned_of_added = !warnings.is_empty();
    for token in &added {
        let mapped = byte_level::to_bytes(&token.content);
        let bytes = match &mapped {
            Some(mapped) if byte_level => mapped,
            _ => token.content.as_bytes(),
        };
        // The reference knows a special token by its text, as it shows when one is normalized.
        let shown = specials.contains(token.content.as_str());
        let special = if shown { TokenFlags::SPECIAL } else { 0 };
        let raw = if byte_level && mapped.is_none() { TokenFlags::RAW } else { 0 };
        // Of two texts of an id, a table for both merging and decoding holds one.
        if tokens.get(token.id).is_some_and(|text| text != bytes)
            && tokens.flags[token.id as usize] & TokenFlags::ADDED == 0
        {
            let error = BakeError::unsupported(format_args!(
                "added token {} has the id of another token",
                quote_bytes(bytes)
            ));
            return Err(error.in_part("added_tokens"));
        }
        let flags = TokenFlags::ADDED | special | raw;
        tokens.set(token.id, bytes, flags).map_err(|error| error.in_part("added_tokens"))?;
    }

    let missing = symbols.missing();
    let mut header = pipeline.flags;
    if !missing.is_empty() {
        header |= flags::MISSING_BYTES;
        pipeline::check_missing(spec, model, &missing, &mut warnings)?;
    }
    if added.iter().all(|token| token.special) {
        header |= flags::ALL_SPECIAL;
    }
    let unreachable = symbols.of_entry.iter().filter(|&&symbol| symbol == NONE).count();
    if unreachable > added.len() && !model.ignore_merges {
        let message = format!("{unreachable} vocabulary entries are made by no sequence of merges");
        warnings.push(Warning::about("model", message));
    }
    if options.strict
        && let Some(warning) = warnings.first()
    {
        let error = BakeError::new(format!("{warning} (an error because of `strict`)"));
        return Err(error.in_part(if warned_of_added { "added_tokens" } else { "model" }));
    }

    let mut image = Image::new(&pipeline, header, options.source);
    let whole = |text: &[u8]| pipeline.pre_tokenizer.keeps_whole(text, pipeline.flags);
    let words = level0::Words { model, texts: &texts, symbols: &symbols, keeps_whole: &whole };
    let (merging, others) = both(
        texts.len() >= WORTH_IT,
        || -> Result<(), BakeError> {
            tables::pairs(&mut image, &symbols)?;
            chars::write(&mut image, &symbols);
            seams::write(&mut image, &symbols);
            Ok(())
        },
        || {
            let mut part = Image::part();
            tables::decode(&mut part, &tokens)?;
            if options.profile.is_none() {
                words.write(&mut part)?;
            }
            added::write(&mut part, &added);
            part.section(Section::Pipeline, general::around(spec)?);
            part.names(&pipeline);
            part.fingerprint(fingerprint::of(&pipeline, header, &tokens, &symbols, &added));
            Ok(part)
        },
    );
    merging?;
    image.join(others?);
    if let Some(profile) = options.profile {
        let counts = Counts::of(profile, &image.clone().finish()?, &pipeline)?;
        words.write_with(&mut image, &counts)?;
    }
    Ok(Baked { blob: image.finish()?, warnings })
}

fn nfc_of(text: &str) -> String {
    let mut bytes = Vec::new();
    nfc::normalize(text.as_bytes(), |_, part| bytes.extend_from_slice(part));
    String::from_utf8_lossy(&bytes).into_owned()
}
