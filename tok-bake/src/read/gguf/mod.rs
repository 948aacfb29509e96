//! GGUF, the file of llama.cpp: the tokenizer among its metadata. Tensors are not looked at, and need
//! not be there.

mod metadata;
mod patterns;

use super::sentencepiece::{check as check_pieces, is_charsmap};
use super::tokens::Tokens;
use super::vocab_txt::bert;
use super::{Read, tokenizer_json};
use crate::error::{ReadError, quote, quote_bytes};
use crate::spec::{
    AddedToken, Behavior, Bpe, Decoder, Family, Kind, Model, Normalizer, Pattern, Piece, PieceType,
    PostProcessor, PreTokenizer, SentencePiece, SpPiece, SpaceRules, Spec, TemplateToken, Vocab,
};
use metadata::{File, Value};
use patterns::Pre;

/// How the file begins.
pub(super) const MAGIC: &[u8; 4] = b"GGUF";

/// Reads the tokenizer of a GGUF file.
///
/// `llama` and `t5` are models of SentencePiece, `gpt2` is byte-level BPE, `gemma4` BPE over chars with ▁ for
/// spaces, `bert` is WordPiece. If the file holds a tokenizer.json, that is read instead.
///
/// # Errors
///
/// [`ReadError`] with the place in bytes, or the key.
pub fn gguf(bytes: &[u8]) -> Result<Read, ReadError> {
    let file = File::read(bytes)?;
    if let Some(Value::Text(json)) = file.get("tokenizer.huggingface.json") {
        return tokenizer_json(json);
    }
    let model = file.text("tokenizer.ggml.model")?;
    let spec = match model {
        "llama" => sentencepiece(&file, Kind::Bpe),
        "t5" => sentencepiece(&file, Kind::Unigram),
        "gpt2" => byte_level(&file),
        "gemma4" => spaced(&file),
        "bert" => word_piece(&file),
        other => Err(wrong(
            "tokenizer.ggml.model",
            &format!("found {}, one of llama, t5, gpt2, gemma4 and bert is wanted", quote(other)),
        )),
    }?;
    Ok(Read { spec, warnings: Vec::new() })
}

/// The names that `tokenizer.ggml.pre` may have, each with what it does to text.
pub fn gguf_patterns() -> impl Iterator<Item = (&'static str, PreTokenizer)> {
    patterns::names()
        .filter_map(|name| Some((name, PreTokenizer::Sequence(patterns::of(name)?.steps))))
}

fn wrong(key: &str, message: &str) -> ReadError {
    let message = format!("{key}: {message}");
    ReadError { line: 0, column: 0, path: key.to_owned(), message }
}

/// The tokens and their types.
fn tokens<'f>(file: &File<'f>) -> Result<Vec<(&'f str, PieceType)>, ReadError> {
    let key = "tokenizer.ggml.tokens";
    let Some(Value::Texts(texts)) = file.get(key) else {
        return Err(wrong(key, "an array of strings is wanted"));
    };
    let types = match file.get("tokenizer.ggml.token_type") {
        Some(Value::Numbers(types)) => types.as_slice(),
        _ => &[],
    };
    let mut tokens = Vec::with_capacity(texts.len());
    for (id, text) in texts.iter().enumerate() {
        let text = std::str::from_utf8(text)
            .map_err(|_| wrong(key, &format!("token {id}, {}, is not UTF-8", quote_bytes(text))))?;
        let kind = match types.get(id).map_or(1.0, |kind| *kind) as u32 {
            2 => PieceType::Unknown,
            3 => PieceType::Control,
            4 => PieceType::UserDefined,
            5 => PieceType::Unused,
            6 => PieceType::Byte,
            _ => PieceType::Normal,
        };
        tokens.push((text, kind));
    }
    Ok(tokens)
}

fn sentencepiece(file: &File<'_>, kind: Kind) -> Result<Spec, ReadError> {
    let tokens = tokens(file)?;
    let key = "tokenizer.ggml.scores";
    let Some(Value::Numbers(scores)) = file.get(key) else {
        return Err(wrong(key, "an array of numbers is wanted"));
    };
    if scores.len() != tokens.len() {
        let message = format!("found {} scores for {} tokens", scores.len(), tokens.len());
        return Err(wrong(key, &message));
    }
    if let Some(at) = scores.iter().position(|score| !score.is_finite()) {
        return Err(wrong(key, &format!("score {at} is not a finite number")));
    }
    // Tokens that a model has room for and no text are of the type unknown too; one is what stands for others.
    let is_unknown =
        |id: &usize| tokens.get(*id).is_some_and(|token| token.1 == PieceType::Unknown);
    let named = file.id("unknown_token_id").map(|id| id as usize).filter(is_unknown);
    let unknown = named.or_else(|| (0..tokens.len()).find(is_unknown));
    let piece = |(id, (&(text, kind), &score)): (usize, (&(&str, PieceType), &f64))| SpPiece {
        text: text.to_owned(),
        score: score as f32,
        kind: match kind {
            PieceType::Unknown if unknown != Some(id) => PieceType::Control,
            kind => kind,
        },
    };
    let pieces: Vec<SpPiece> = tokens.iter().zip(scores).enumerate().map(piece).collect();
    let charsmap = match file.get("tokenizer.ggml.precompiled_charsmap") {
        Some(Value::Numbers(bytes)) => bytes.iter().map(|&byte| byte as i64 as u8).collect(),
        _ => Vec::<u8>::new(),
    };
    if !charsmap.is_empty() && !is_charsmap(&charsmap) {
        let message = "the table of replacements is damaged";
        return Err(wrong("tokenizer.ggml.precompiled_charsmap", message));
    }
    let flag = |name: &str, or| file.flag(&format!("tokenizer.ggml.{name}")).unwrap_or(or);
    let mut model = SentencePiece {
        kind,
        byte_fallback: pieces.iter().any(|piece| piece.kind == PieceType::Byte),
        pieces,
        bos: None,
        eos: None,
        unk_surface: " \u{2047} ".to_owned(),
        treat_whitespace_as_suffix: false,
        normalizer: SpaceRules {
            charsmap,
            add_dummy_prefix: flag("add_space_prefix", true),
            remove_extra_whitespaces: flag("remove_extra_whitespaces", kind == Kind::Unigram),
            escape_whitespaces: true,
        },
        denormalizer: Vec::new(),
    };
    check_pieces(&model, &[])?;
    model.find_ends("<s>", "</s>");
    Ok(Spec { family: Family::SentencePiece, model: Model::SentencePiece(model), ..empty() })
}

/// A `Spec` without stages around the model.
fn empty() -> Spec {
    Spec {
        family: Family::HuggingFace,
        added_tokens: Vec::new(),
        normalizer: None,
        pre_tokenizer: None,
        model: Model::WordLevel { vocab: Vocab::default(), unk_token: String::new() },
        post_processor: None,
        decoder: None,
        truncation: None,
        padding: None,
    }
}

fn byte_level(file: &File<'_>) -> Result<Spec, ReadError> {
    let listed = tokens(file)?;
    let (vocab, pairs) = merges(file, &listed)?;
    let key = "tokenizer.ggml.pre";
    let pre = file.text(key).unwrap_or("default");
    let Some(Pre { steps, ignore_merges, adds_bos }) = patterns::of(pre) else {
        let known: Vec<_> = patterns::names().collect();
        let message = format!("unknown pattern {}; known are {}", quote(pre), known.join(", "));
        return Err(wrong(key, &message));
    };
    Ok(Spec {
        added_tokens: added(&listed),
        pre_tokenizer: Some(PreTokenizer::Sequence(steps)),
        model: Model::Bpe(Bpe { ignore_merges, ..Bpe::new(vocab, pairs) }),
        post_processor: ends(file, &listed, adds_bos),
        decoder: Some(Decoder::ByteLevel {
            add_prefix_space: true,
            trim_offsets: true,
            use_regex: true,
        }),
        ..empty()
    })
}

/// BPE over chars: spaces are ▁, lines are cut apart where a merge would join them with what is around, and chars
/// without a token become bytes.
fn spaced(file: &File<'_>) -> Result<Spec, ReadError> {
    let listed = tokens(file)?;
    let (vocab, pairs) = merges(file, &listed)?;
    let unknown = file.id("unknown_token_id").and_then(|id| listed.get(id as usize));
    let line = PreTokenizer::Split {
        pattern: Pattern::Regex(r"[^\n]+|[\n]+".to_owned()),
        behavior: Behavior::Isolated,
        invert: false,
    };
    let text = |id: u32| listed.get(id as usize).map_or("", |&(text, _)| text);
    let joins_lines = pairs
        .iter()
        .any(|&(left, right)| text(left).ends_with('\n') != text(right).starts_with('\n'));
    let is_known = listed.iter().any(|&(text, _)| text == "\n");
    Ok(Spec {
        added_tokens: added(&listed),
        normalizer: Some(Normalizer::Replace {
            pattern: Pattern::String(" ".to_owned()),
            content: "▁".to_owned(),
        }),
        pre_tokenizer: Some(line).filter(|_| joins_lines || !is_known),
        model: Model::Bpe(Bpe {
            unk_token: unknown.map(|&(text, _)| text.to_owned()),
            fuse_unk: true,
            byte_fallback: true,
            ..Bpe::new(vocab, pairs)
        }),
        post_processor: ends(file, &listed, true),
        decoder: Some(Decoder::Sequence(vec![
            Decoder::Replace {
                pattern: Pattern::String("▁".to_owned()), content: " ".to_owned()
            },
            Decoder::ByteFallback,
            Decoder::Fuse,
        ])),
        ..empty()
    })
}

/// A vocabulary and its merges, as pairs of ids.
type Merged = (Vocab, Vec<(u32, u32)>);

fn merges(file: &File<'_>, listed: &[(&str, PieceType)]) -> Result<Merged, ReadError> {
    let mut vocab = Vocab::with_capacity(listed.len(), 8 * listed.len());
    for (id, (text, _)) in (0u32..).zip(listed) {
        vocab.push(text.as_bytes(), id);
    }
    let (key, mut oddities) = ("tokenizer.ggml.merges", Vec::new());
    let tokens = Tokens::new(vocab, |token, _| token.into(), &mut oddities);
    let Some(Value::Texts(merges)) = file.get(key) else {
        return Err(wrong(key, "an array of strings is wanted"));
    };
    let mut parts = Vec::with_capacity(merges.len());
    for (rank, merge) in merges.iter().enumerate() {
        // A token may begin with a space of its own, so the first one is not the separator.
        let space = merge.iter().skip(1).position(|&byte| byte == b' ').map(|at| at + 1);
        match space {
            Some(at) => parts.push((rank, &merge[..at], &merge[at + 1..])),
            None => {
                let message = format!("merge {rank}, {}, has no space", quote_bytes(merge));
                return Err(wrong(key, &message));
            }
        }
    }
    let len = parts.len();
    let pairs = tokens
        .merges(parts.into_iter(), len, b"", &mut oddities)
        .map_err(|problem| wrong(key, &problem.into_line_error().message))?;
    Ok((tokens.vocab, pairs))
}

/// The tokens that are found in text.
fn added(listed: &[(&str, PieceType)]) -> Vec<AddedToken> {
    let added = |(id, &(text, kind)): (u32, &(&str, PieceType))| AddedToken {
        id,
        content: text.to_owned(),
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: kind != PieceType::UserDefined,
    };
    let is_added =
        |kind| matches!(kind, PieceType::Control | PieceType::UserDefined | PieceType::Unknown);
    (0..)
        .zip(listed)
        .filter(|(_, (text, kind))| is_added(*kind) && !text.is_empty())
        .map(added)
        .collect()
}

/// The tokens around a text, where the file wants some. `adds_bos` is for files that do not say.
fn ends(file: &File<'_>, listed: &[(&str, PieceType)], adds_bos: bool) -> Option<PostProcessor> {
    let end = |is_wanted: bool, key: &str| {
        let id = file.id(key).filter(|_| is_wanted)?;
        listed.get(id as usize).map(|&(text, _)| (text.to_owned(), id))
    };
    let says = |key: &str| file.flag(&format!("tokenizer.ggml.{key}"));
    let bos = end(says("add_bos_token").unwrap_or(adds_bos), "bos_token_id");
    let eos = end(says("add_eos_token").unwrap_or(false), "eos_token_id");
    if bos.is_none() && eos.is_none() {
        return None;
    }
    let around = |second: bool| {
        let type_id = u32::from(second);
        let special = |end: &Option<(String, u32)>| {
            end.as_ref().map(|(id, _)| Piece::SpecialToken { id: id.clone(), type_id })
        };
        let text = Piece::Sequence { second, type_id };
        [special(&bos), Some(text), special(&eos)].into_iter().flatten()
    };
    let mut special_tokens: Vec<TemplateToken> = Vec::new();
    for (text, id) in [&bos, &eos].into_iter().flatten() {
        if special_tokens.iter().all(|known| known.id != *text) {
            let tokens = vec![text.clone()];
            special_tokens.push(TemplateToken { id: text.clone(), ids: vec![*id], tokens });
        }
    }
    Some(PostProcessor::Template {
        single: around(false).collect(),
        pair: around(false).chain(around(true)).collect(),
        special_tokens,
    })
}

/// There, what begins a word has ▁ in front and what continues it nothing.
fn word_piece(file: &File<'_>) -> Result<Spec, ReadError> {
    let mut vocab = Vocab::default();
    for (id, (text, kind)) in (0u32..).zip(tokens(file)?) {
        match text.strip_prefix('▁') {
            _ if matches!(kind, PieceType::Control | PieceType::Unknown) => {
                vocab.push(text.as_bytes(), id);
            }
            Some(whole) => vocab.push(whole.as_bytes(), id),
            None => vocab.push(format!("##{text}").as_bytes(), id),
        }
    }
    let mut oddities = Vec::new();
    let tokens = Tokens::new(vocab, |token, _| token.into(), &mut oddities);
    Ok(bert(tokens, "##", None))
}
