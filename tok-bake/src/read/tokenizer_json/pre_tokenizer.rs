//! Pre-tokenizers.

use serde_json::Value;

use super::super::json::{
    Object, Problem, Result, boolean, character, list, object, one_of, optional, string, usize,
};
use super::normalizer::unknown;
use super::pattern;
use crate::spec::{Behavior, PreTokenizer, PrependScheme};

const NAMES: &str = "BertPreTokenizer, ByteLevel, CharDelimiterSplit, Metaspace, Whitespace, \
                     Sequence, Split, Punctuation, WhitespaceSplit, Digits, UnicodeScripts, \
                     FixedLength";

pub(super) fn pre_tokenizer(value: &Value) -> Result<PreTokenizer> {
    let members = object(value)?;
    Ok(match members.tag() {
        Some("BertPreTokenizer") => PreTokenizer::Bert,
        Some("ByteLevel") => {
            let ByteLevel { add_prefix_space, trim_offsets, use_regex } = byte_level(members)?;
            PreTokenizer::ByteLevel { add_prefix_space, trim_offsets, use_regex }
        }
        Some("CharDelimiterSplit") => {
            PreTokenizer::CharDelimiterSplit { delimiter: members.get("delimiter", character)? }
        }
        Some("Metaspace") => {
            let Metaspace { replacement, prepend_scheme, split } = metaspace(members)?;
            PreTokenizer::Metaspace { replacement, prepend_scheme, split }
        }
        Some("Whitespace") => PreTokenizer::Whitespace,
        Some("Sequence") => PreTokenizer::Sequence(
            members.get("pretokenizers", |value| list(value, pre_tokenizer))?,
        ),
        Some("Split") => PreTokenizer::Split {
            pattern: members.get("pattern", pattern)?,
            behavior: members.get("behavior", behavior)?,
            invert: members.get("invert", boolean)?,
        },
        Some("Punctuation") => PreTokenizer::Punctuation {
            behavior: members.get_or("behavior", Behavior::Isolated, behavior)?,
        },
        Some("WhitespaceSplit") => PreTokenizer::WhitespaceSplit,
        Some("Digits") => {
            PreTokenizer::Digits { individual_digits: members.get("individual_digits", boolean)? }
        }
        Some("UnicodeScripts") => PreTokenizer::UnicodeScripts,
        Some("FixedLength") => {
            PreTokenizer::FixedLength { length: members.get_or("length", 5, usize)? }
        }
        _ => return Err(unknown(members.0, "pre-tokenizer", NAMES)),
    })
}

fn behavior(value: &Value) -> Result<Behavior> {
    one_of(
        value,
        &[
            ("Removed", Behavior::Removed),
            ("Isolated", Behavior::Isolated),
            ("MergedWithPrevious", Behavior::MergedWithPrevious),
            ("MergedWithNext", Behavior::MergedWithNext),
            ("Contiguous", Behavior::Contiguous),
        ],
    )
}

/// The members that a ByteLevel has as pre-tokenizer, post-processor and decoder.
pub(super) struct ByteLevel {
    pub(super) add_prefix_space: bool,
    pub(super) trim_offsets: bool,
    pub(super) use_regex: bool,
}

pub(super) fn byte_level(members: Object<'_>) -> Result<ByteLevel> {
    members.expect_tag("ByteLevel")?;
    Ok(ByteLevel {
        add_prefix_space: members.get("add_prefix_space", boolean)?,
        trim_offsets: members.get("trim_offsets", boolean)?,
        use_regex: members.get_or("use_regex", true, boolean)?,
    })
}

/// The members that a Metaspace has as pre-tokenizer and decoder.
pub(super) struct Metaspace {
    pub(super) replacement: char,
    pub(super) prepend_scheme: PrependScheme,
    pub(super) split: bool,
}

/// Files of older versions have `add_prefix_space` where newer ones have `prepend_scheme`, and
/// `str_rep`, which repeats `replacement`.
pub(super) fn metaspace(members: Object<'_>) -> Result<Metaspace> {
    let schemes = [
        ("first", PrependScheme::First),
        ("never", PrependScheme::Never),
        ("always", PrependScheme::Always),
    ];
    let scheme = |value| one_of(value, &schemes);
    let prepend_scheme = members.get_or("prepend_scheme", PrependScheme::Always, scheme)?;
    let add_prefix_space = members.get_or("add_prefix_space", None, optional(boolean))?;
    if add_prefix_space == Some(false) && prepend_scheme != PrependScheme::Never {
        return Err(Problem::new(
            "\"add_prefix_space\": false contradicts prepend_scheme, which is \"always\" unless it \
             is given; the reference refuses the file, write \"prepend_scheme\": \"never\"",
        ));
    }
    members.get_or("str_rep", None, optional(string))?;
    Ok(Metaspace {
        replacement: members.get("replacement", character)?,
        prepend_scheme,
        split: members.get_or("split", None, optional(boolean))?.unwrap_or(true),
    })
}
