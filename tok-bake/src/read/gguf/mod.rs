//! GGUF, the file of llama.cpp: the tokenizer among its metadata. Tensors are not looked at, and need
//! not be there.

use super::pattern::PatternArg;
use super::sentencepiece::{check as check_pieces, is_charsmap};
use super::tokens::Tokens;
use super::vocab_txt::bert;
use super::{Read, tokenizer_json};
use crate::error::{ReadError, quote, quote_bytes};
use crate::spec::{
    AddedToken, Alphabet, Bpe, Decoder, Family, Kind, Merges, Model, PieceType, PreTokenizer,
    SentencePiece, SpPiece, SpaceRules, Spec, Vocab,
};

/// How the file begins.
pub(super) const MAGIC: &[u8; 4] = b"GGUF";

/// Patterns by the names in `tokenizer.ggml.pre`.
const PATTERNS: [(&str, &[&str]); 8] = [
    ("gpt2", &["default", "gpt-2", "gpt2", "phi-2", "mpt", "olmo", "roberta-bpe"]),
    ("llama3", &["llama3", "llama-v3", "llama-bpe"]),
    ("qwen2", &["qwen2"]),
    ("qwen3_5", &["qwen35", "qwen3_5"]),
    ("o200k", &["gpt-4o", "llama4"]),
    ("cl100k", &["dbrx", "cl100k"]),
    ("tekken", &["tekken"]),
    ("deepseek_v3", &["deepseek-v3", "deepseek-r1"]),
];

/// Reads the tokenizer of a GGUF file.
///
/// `llama` and `t5` are models of SentencePiece, `gpt2` is byte-level BPE, `bert` is WordPiece. If
/// the file holds a tokenizer.json, that is read instead.
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
        "bert" => word_piece(&file),
        other => Err(wrong(
            "tokenizer.ggml.model",
            &format!("found {}, one of llama, t5, gpt2 and bert is wanted", quote(other)),
        )),
    }?;
    Ok(Read { spec, warnings: Vec::new() })
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
    let piece = |(&(text, kind), &score): (&(&str, PieceType), &f64)| SpPiece {
        text: text.to_owned(),
        score: score as f32,
        kind,
    };
    let pieces: Vec<SpPiece> = tokens.iter().zip(scores).map(piece).collect();
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
    let mut vocab = Vocab::with_capacity(listed.len(), 8 * listed.len());
    for (id, (text, _)) in (0u32..).zip(&listed) {
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
    let key = "tokenizer.ggml.pre";
    let pre = file.text(key).unwrap_or("default");
    let Some((name, _)) = PATTERNS.iter().find(|(_, names)| names.contains(&pre)) else {
        return Err(wrong(key, &format!("unknown pattern {}", quote(pre))));
    };
    let split = PatternArg::Named(name).pre_tokenizer()?;
    let step =
        PreTokenizer::ByteLevel { add_prefix_space: false, trim_offsets: true, use_regex: false };
    let steps = match split {
        PreTokenizer::Sequence(mut steps) => {
            steps.push(step);
            steps
        }
        one => vec![one, step],
    };
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
    Ok(Spec {
        added_tokens: (0..)
            .zip(&listed)
            .filter(|(_, (text, kind))| is_added(*kind) && !text.is_empty())
            .map(added)
            .collect(),
        pre_tokenizer: Some(PreTokenizer::Sequence(steps)),
        model: Model::Bpe(Bpe {
            vocab: tokens.vocab,
            alphabet: Alphabet::Chars,
            merges: Merges::List(pairs),
            ignore_merges: matches!(*name, "llama3" | "tekken"),
            dropout: None,
            unk_token: None,
            continuing_subword_prefix: None,
            end_of_word_suffix: None,
            fuse_unk: false,
            byte_fallback: false,
        }),
        decoder: Some(Decoder::ByteLevel {
            add_prefix_space: true,
            trim_offsets: true,
            use_regex: true,
        }),
        ..empty()
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

/// A value of the metadata, as far as tokenizers need it.
enum Value<'a> {
    Number(f64),
    Text(&'a [u8]),
    Numbers(Vec<f64>),
    Texts(Vec<&'a [u8]>),
}

/// The metadata whose keys begin with `tokenizer.`.
struct File<'a> {
    values: Vec<(&'a [u8], Value<'a>)>,
}

/// Types of values, by number.
const TEXT: u32 = 8;
const ARRAY: u32 = 9;

/// Arrays in arrays are not this deep in any file.
const MAX_DEPTH: usize = 8;

impl<'a> File<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, ReadError> {
        let mut cursor = Cursor { bytes, at: 0 };
        if cursor.take(4)? != MAGIC {
            return Err(cursor.fault("this is not a GGUF file"));
        }
        let version = cursor.u32()?;
        if !(2..=3).contains(&version) {
            return Err(cursor.fault(&format!("found version {version}, 2 or 3 is wanted")));
        }
        cursor.u64()?;
        let count = cursor.u64()?;
        let mut values = Vec::new();
        for _ in 0..count {
            let key = cursor.text()?;
            let kind = cursor.u32()?;
            let wanted = key.starts_with(b"tokenizer.");
            if let Some(value) = cursor.value(kind, wanted, 0)? {
                values.push((key, value));
            }
        }
        Ok(Self { values })
    }

    fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.values.iter().find(|(found, _)| *found == key.as_bytes()).map(|(_, value)| value)
    }

    fn text(&self, key: &str) -> Result<&'a str, ReadError> {
        match self.get(key) {
            Some(Value::Text(text)) => {
                std::str::from_utf8(text).map_err(|_| wrong(key, "the string is not UTF-8"))
            }
            Some(_) => Err(wrong(key, "a string is wanted")),
            None => Err(wrong(key, "is missing")),
        }
    }

    fn flag(&self, key: &str) -> Option<bool> {
        match self.get(key) {
            Some(Value::Number(number)) => Some(*number != 0.0),
            _ => None,
        }
    }
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn fault(&self, message: &str) -> ReadError {
        ReadError::whole(format!("byte {}: {message}", self.at))
    }

    fn take(&mut self, len: u64) -> Result<&'a [u8], ReadError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = usize::try_from(len).ok().and_then(|len| rest.get(..len));
        let Some(taken) = taken else {
            return Err(self.fault(&format!("{len} bytes are wanted, {} are left", rest.len())));
        };
        self.at += taken.len();
        Ok(taken)
    }

    fn u32(&mut self) -> Result<u32, ReadError> {
        Ok(u32::from_le_bytes(*self.take(4)?.first_chunk().unwrap_or(&[0; 4])))
    }

    fn u64(&mut self) -> Result<u64, ReadError> {
        Ok(u64::from_le_bytes(*self.take(8)?.first_chunk().unwrap_or(&[0; 8])))
    }

    fn text(&mut self) -> Result<&'a [u8], ReadError> {
        let len = self.u64()?;
        self.take(len)
    }

    /// A number of a type that is one.
    fn number(&mut self, kind: u32) -> Result<f64, ReadError> {
        let len = match kind {
            0 | 1 | 7 => 1,
            2 | 3 => 2,
            4..=6 => 4,
            10..=12 => 8,
            _ => {
                return Err(self.fault(&format!("found value type {kind}, one up to 12 is wanted")));
            }
        };
        let bytes = self.take(len)?;
        let mut wide = [0; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        let bits = u64::from_le_bytes(wide);
        Ok(match kind {
            1 => f64::from(bits as u8 as i8),
            3 => f64::from(bits as u16 as i16),
            5 => f64::from(bits as u32 as i32),
            6 => f64::from(f32::from_bits(bits as u32)),
            11 => bits as i64 as f64,
            12 => f64::from_bits(bits),
            _ => bits as f64,
        })
    }

    /// A value; `None` if nobody wants it.
    fn value(
        &mut self,
        kind: u32,
        wanted: bool,
        depth: usize,
    ) -> Result<Option<Value<'a>>, ReadError> {
        match kind {
            TEXT => Ok(Some(Value::Text(self.text()?)).filter(|_| wanted)),
            ARRAY => {
                let (kind, len) = (self.u32()?, self.u64()?);
                if depth == MAX_DEPTH {
                    return Err(self.fault("arrays are too deep"));
                }
                // Elements are read one by one, so a length that lies costs no memory.
                let (mut numbers, mut texts) = (Vec::new(), Vec::new());
                for _ in 0..len {
                    match kind {
                        TEXT => {
                            let text = self.text()?;
                            if wanted {
                                texts.push(text);
                            }
                        }
                        ARRAY => {
                            self.value(ARRAY, false, depth + 1)?;
                        }
                        _ => {
                            let number = self.number(kind)?;
                            if wanted {
                                numbers.push(number);
                            }
                        }
                    }
                }
                let value = match kind {
                    TEXT => Value::Texts(texts),
                    _ => Value::Numbers(numbers),
                };
                Ok(Some(value).filter(|_| wanted))
            }
            _ => Ok(Some(Value::Number(self.number(kind)?)).filter(|_| wanted)),
        }
    }
}
