//! The stages around the model, each member in the order in which the reference writes it.

use super::json::Json;
use crate::base64;
use crate::spec::{
    AddedToken, Behavior, Decoder, Direction, Normalizer, Padding, PaddingStrategy, Pattern, Piece,
    PostProcessor, PreTokenizer, PrependScheme, TemplateToken, Truncation, TruncationStrategy,
};

/// A component, or null.
pub(super) fn optional<T>(
    json: &mut Json,
    key: &str,
    value: Option<&T>,
    write: impl FnOnce(&mut Json, &T),
) {
    json.member(key, |json| match value {
        Some(value) => write(json, value),
        None => json.scalar(()),
    });
}

/// An object with its type in front.
fn tagged(json: &mut Json, tag: &str, members: impl FnOnce(&mut Json)) {
    json.object(|json| {
        json.field("type", tag);
        members(json);
    });
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Left => "Left",
        Direction::Right => "Right",
    }
}

pub(super) fn truncation(json: &mut Json, truncation: &Truncation) {
    let &Truncation { max_length, stride, strategy, direction: from } = truncation;
    json.object(|json| {
        json.field("direction", direction(from));
        json.field("max_length", max_length);
        json.field(
            "strategy",
            match strategy {
                TruncationStrategy::LongestFirst => "LongestFirst",
                TruncationStrategy::OnlyFirst => "OnlyFirst",
                TruncationStrategy::OnlySecond => "OnlySecond",
            },
        );
        json.field("stride", stride);
    });
}

pub(super) fn padding(json: &mut Json, padding: &Padding) {
    let Padding { strategy, direction: on, pad_to_multiple_of, pad_id, pad_type_id, pad_token } =
        padding;
    json.object(|json| {
        json.member("strategy", |json| match strategy {
            PaddingStrategy::BatchLongest => json.scalar("BatchLongest"),
            PaddingStrategy::Fixed(len) => json.object(|json| json.field("Fixed", len)),
        });
        json.field("direction", direction(*on));
        json.field("pad_to_multiple_of", pad_to_multiple_of);
        json.field("pad_id", pad_id);
        json.field("pad_type_id", pad_type_id);
        json.field("pad_token", pad_token);
    });
}

pub(super) fn added_token(json: &mut Json, token: &AddedToken) {
    let AddedToken { id, content, single_word, lstrip, rstrip, normalized, special } = token;
    json.object(|json| {
        json.field("id", id);
        json.field("content", content);
        json.field("single_word", single_word);
        json.field("lstrip", lstrip);
        json.field("rstrip", rstrip);
        json.field("normalized", normalized);
        json.field("special", special);
    });
}

pub(super) fn normalizer(json: &mut Json, normalizer_: &Normalizer) {
    let unit = |json: &mut Json, tag| tagged(json, tag, |_| {});
    match normalizer_ {
        Normalizer::Bert { clean_text, handle_chinese_chars, strip_accents, lowercase } => {
            tagged(json, "BertNormalizer", |json| {
                json.field("clean_text", clean_text);
                json.field("handle_chinese_chars", handle_chinese_chars);
                json.field("strip_accents", strip_accents);
                json.field("lowercase", lowercase);
            });
        }
        Normalizer::Nfc => unit(json, "NFC"),
        Normalizer::Nfd => unit(json, "NFD"),
        Normalizer::Nfkc => unit(json, "NFKC"),
        Normalizer::Nfkd => unit(json, "NFKD"),
        Normalizer::Lowercase => unit(json, "Lowercase"),
        Normalizer::StripAccents => unit(json, "StripAccents"),
        Normalizer::Nmt => unit(json, "Nmt"),
        Normalizer::ByteLevel => unit(json, "ByteLevel"),
        Normalizer::Strip { left, right } => tagged(json, "Strip", |json| {
            json.field("strip_left", left);
            json.field("strip_right", right);
        }),
        Normalizer::Replace { pattern, content } => replace(json, pattern, content),
        Normalizer::Prepend { prepend } => {
            tagged(json, "Prepend", |json| json.field("prepend", prepend));
        }
        Normalizer::Precompiled { charsmap } => tagged(json, "Precompiled", |json| {
            json.field("precompiled_charsmap", base64::encode(charsmap));
        }),
        Normalizer::Sequence(steps) => tagged(json, "Sequence", |json| {
            json.member("normalizers", |json| json.list(steps, normalizer));
        }),
    }
}

fn pattern(json: &mut Json, pattern: &Pattern) {
    json.object(|json| match pattern {
        Pattern::String(text) => json.field("String", text),
        Pattern::Regex(regex) => json.field("Regex", regex),
    });
}

/// Normalizer and decoder.
fn replace(json: &mut Json, pattern_: &Pattern, content: &str) {
    tagged(json, "Replace", |json| {
        json.member("pattern", |json| pattern(json, pattern_));
        json.field("content", content);
    });
}

/// Pre-tokenizer, post-processor and decoder.
fn byte_level(json: &mut Json, add_prefix_space: bool, trim_offsets: bool, use_regex: bool) {
    tagged(json, "ByteLevel", |json| {
        json.field("add_prefix_space", add_prefix_space);
        json.field("trim_offsets", trim_offsets);
        json.field("use_regex", use_regex);
    });
}

/// Pre-tokenizer and decoder.
fn metaspace(json: &mut Json, replacement: char, scheme: PrependScheme, split: bool) {
    tagged(json, "Metaspace", |json| {
        json.field("replacement", replacement);
        json.field(
            "prepend_scheme",
            match scheme {
                PrependScheme::Always => "always",
                PrependScheme::First => "first",
                PrependScheme::Never => "never",
            },
        );
        json.field("split", split);
    });
}

fn behavior(behavior: Behavior) -> &'static str {
    match behavior {
        Behavior::Removed => "Removed",
        Behavior::Isolated => "Isolated",
        Behavior::MergedWithPrevious => "MergedWithPrevious",
        Behavior::MergedWithNext => "MergedWithNext",
        Behavior::Contiguous => "Contiguous",
    }
}

pub(super) fn pre_tokenizer(json: &mut Json, pre_tokenizer_: &PreTokenizer) {
    let unit = |json: &mut Json, tag| tagged(json, tag, |_| {});
    match pre_tokenizer_ {
        &PreTokenizer::ByteLevel { add_prefix_space, trim_offsets, use_regex } => {
            byte_level(json, add_prefix_space, trim_offsets, use_regex);
        }
        &PreTokenizer::Metaspace { replacement, prepend_scheme, split } => {
            metaspace(json, replacement, prepend_scheme, split);
        }
        PreTokenizer::Split { pattern: matched, behavior: delimiters, invert } => {
            tagged(json, "Split", |json| {
                json.member("pattern", |json| pattern(json, matched));
                json.field("behavior", behavior(*delimiters));
                json.field("invert", invert);
            });
        }
        &PreTokenizer::Punctuation { behavior: delimiters } => {
            tagged(json, "Punctuation", |json| json.field("behavior", behavior(delimiters)));
        }
        PreTokenizer::Digits { individual_digits } => {
            tagged(json, "Digits", |json| json.field("individual_digits", individual_digits));
        }
        PreTokenizer::CharDelimiterSplit { delimiter } => {
            tagged(json, "CharDelimiterSplit", |json| json.field("delimiter", delimiter));
        }
        PreTokenizer::FixedLength { length } => {
            tagged(json, "FixedLength", |json| json.field("length", length));
        }
        PreTokenizer::Bert => unit(json, "BertPreTokenizer"),
        PreTokenizer::Whitespace => unit(json, "Whitespace"),
        PreTokenizer::WhitespaceSplit => unit(json, "WhitespaceSplit"),
        PreTokenizer::UnicodeScripts => unit(json, "UnicodeScripts"),
        PreTokenizer::Sequence(steps) => tagged(json, "Sequence", |json| {
            json.member("pretokenizers", |json| json.list(steps, pre_tokenizer));
        }),
    }
}

pub(super) fn post_processor(json: &mut Json, processor: &PostProcessor) {
    match processor {
        PostProcessor::Bert { sep, cls } => tagged(json, "BertProcessing", |json| {
            json.member("sep", |json| token(json, sep));
            json.member("cls", |json| token(json, cls));
        }),
        PostProcessor::Roberta { sep, cls, trim_offsets, add_prefix_space } => {
            tagged(json, "RobertaProcessing", |json| {
                json.member("sep", |json| token(json, sep));
                json.member("cls", |json| token(json, cls));
                json.field("trim_offsets", trim_offsets);
                json.field("add_prefix_space", add_prefix_space);
            });
        }
        &PostProcessor::ByteLevel { add_prefix_space, trim_offsets, use_regex } => {
            byte_level(json, add_prefix_space, trim_offsets, use_regex);
        }
        PostProcessor::Template { single, pair, special_tokens } => {
            tagged(json, "TemplateProcessing", |json| {
                json.member("single", |json| json.list(single, piece));
                json.member("pair", |json| json.list(pair, piece));
                json.member("special_tokens", |json| {
                    json.object(|json| special_tokens.iter().for_each(|t| template_token(json, t)));
                });
            });
        }
        PostProcessor::Sequence(steps) => tagged(json, "Sequence", |json| {
            json.member("processors", |json| json.list(steps, post_processor));
        }),
    }
}

fn token(json: &mut Json, (content, id): &(String, u32)) {
    json.array(|json| {
        json.element(|json| json.scalar(content));
        json.element(|json| json.scalar(id));
    });
}

fn piece(json: &mut Json, piece: &Piece) {
    let (kind, id, type_id) = match piece {
        Piece::Sequence { second, type_id } => {
            ("Sequence", if *second { "B" } else { "A" }, type_id)
        }
        Piece::SpecialToken { id, type_id } => ("SpecialToken", id.as_str(), type_id),
    };
    json.object(|json| {
        json.member(kind, |json| {
            json.object(|json| {
                json.field("id", id);
                json.field("type_id", type_id);
            });
        });
    });
}

fn template_token(json: &mut Json, token: &TemplateToken) {
    let TemplateToken { id, ids, tokens } = token;
    json.member(id, |json| {
        json.object(|json| {
            json.field("id", id);
            json.member("ids", |json| json.list(ids, |json, id| json.scalar(id)));
            json.member("tokens", |json| json.list(tokens, |json, token| json.scalar(token)));
        });
    });
}

pub(super) fn decoder(json: &mut Json, decoder_: &Decoder) {
    match decoder_ {
        &Decoder::ByteLevel { add_prefix_space, trim_offsets, use_regex } => {
            byte_level(json, add_prefix_space, trim_offsets, use_regex);
        }
        Decoder::WordPiece { prefix, cleanup } => tagged(json, "WordPiece", |json| {
            json.field("prefix", prefix);
            json.field("cleanup", cleanup);
        }),
        &Decoder::Metaspace { replacement, prepend_scheme, split } => {
            metaspace(json, replacement, prepend_scheme, split);
        }
        Decoder::Bpe { suffix } => tagged(json, "BPEDecoder", |json| json.field("suffix", suffix)),
        Decoder::Ctc { pad_token, word_delimiter_token, cleanup } => tagged(json, "CTC", |json| {
            json.field("pad_token", pad_token);
            json.field("word_delimiter_token", word_delimiter_token);
            json.field("cleanup", cleanup);
        }),
        Decoder::ByteFallback => tagged(json, "ByteFallback", |_| {}),
        Decoder::Fuse => tagged(json, "Fuse", |_| {}),
        Decoder::Replace { pattern, content } => replace(json, pattern, content),
        Decoder::Strip { content, start, stop } => tagged(json, "Strip", |json| {
            json.field("content", content);
            json.field("start", start);
            json.field("stop", stop);
        }),
        Decoder::Sequence(steps) => tagged(json, "Sequence", |json| {
            json.member("decoders", |json| json.list(steps, decoder));
        }),
    }
}
