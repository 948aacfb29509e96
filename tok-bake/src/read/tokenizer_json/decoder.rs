//! Decoders.

use serde_json::Value;

use super::super::json::{Object, Result, boolean, character, list, object, string, usize};
use super::normalizer::unknown;
use super::pattern;
use super::pre_tokenizer::{ByteLevel, Metaspace, byte_level, metaspace};
use crate::spec::Decoder;

const NAMES: &str = "BPEDecoder, ByteLevel, WordPiece, Metaspace, CTC, Sequence, Replace, Fuse, \
                     Strip, ByteFallback";

pub(super) fn decoder(value: &Value) -> Result<Decoder> {
    let members = object(value)?;
    match members.tag() {
        Some("BPEDecoder") => bpe(members),
        Some("ByteLevel") => {
            let ByteLevel { add_prefix_space, trim_offsets, use_regex } = byte_level(members)?;
            Ok(Decoder::ByteLevel { add_prefix_space, trim_offsets, use_regex })
        }
        Some("WordPiece") => word_piece(members),
        Some("Metaspace") => {
            let Metaspace { replacement, prepend_scheme, split } = metaspace(members)?;
            Ok(Decoder::Metaspace { replacement, prepend_scheme, split })
        }
        Some("CTC") => ctc(members),
        Some("Sequence") => {
            members.get("decoders", |value| list(value, decoder)).map(Decoder::Sequence)
        }
        Some("Replace") => replace(members),
        Some("Fuse") => Ok(Decoder::Fuse),
        Some("Strip") => strip(members),
        Some("ByteFallback") => Ok(Decoder::ByteFallback),
        _ => untagged(members),
    }
}

/// A decoder with another tag, or none, is what its members fit first.
fn untagged(members: Object<'_>) -> Result<Decoder> {
    let attempts: [fn(Object<'_>) -> Result<Decoder>; 5] = [bpe, word_piece, ctc, replace, strip];
    match attempts.iter().find_map(|attempt| attempt(members).ok()) {
        Some(decoder) => Ok(decoder),
        None => Err(unknown(members.0, "decoder", NAMES)),
    }
}

fn bpe(members: Object<'_>) -> Result<Decoder> {
    members.get("suffix", string).map(|suffix| Decoder::Bpe { suffix })
}

fn word_piece(members: Object<'_>) -> Result<Decoder> {
    let prefix = members.get("prefix", string)?;
    Ok(Decoder::WordPiece { prefix, cleanup: members.get("cleanup", boolean)? })
}

fn ctc(members: Object<'_>) -> Result<Decoder> {
    Ok(Decoder::Ctc {
        pad_token: members.get("pad_token", string)?,
        word_delimiter_token: members.get("word_delimiter_token", string)?,
        cleanup: members.get("cleanup", boolean)?,
    })
}

fn replace(members: Object<'_>) -> Result<Decoder> {
    let pattern = members.get("pattern", pattern)?;
    Ok(Decoder::Replace { pattern, content: members.get("content", string)? })
}

fn strip(members: Object<'_>) -> Result<Decoder> {
    Ok(Decoder::Strip {
        content: members.get("content", character)?,
        start: members.get("start", usize)?,
        stop: members.get("stop", usize)?,
    })
}
