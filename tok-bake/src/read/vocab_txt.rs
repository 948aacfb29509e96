//! vocab.txt, BERT's file: a token on each line, the number of the line is its id.

use super::Read;
use super::json::{Problem, utf8};
use super::tokens::Tokens;
use crate::error::ReadError;
use crate::spec::{
    AddedToken, Decoder, Family, Model, Normalizer, Piece, PostProcessor, PreTokenizer, Spec,
    TemplateToken, Vocab,
};

const UNKNOWN: &str = "[UNK]";
const SPECIAL: [&str; 5] = ["[PAD]", UNKNOWN, "[CLS]", "[SEP]", "[MASK]"];

/// Reads a vocab.txt as the vocabulary of a BERT.
///
/// The file says nothing of what happens to text. Text becomes lower case unless one token in fifty or
/// more has a capital letter, which could never match then. `[CLS]` and `[SEP]` go around it, if the
/// file has them.
///
/// # Errors
///
/// [`ReadError`] with the line.
pub fn vocab_txt(bytes: &[u8]) -> Result<Read, ReadError> {
    let text = utf8(bytes)?;
    let mut listed = Vocab::with_capacity(bytes.len() / 8, bytes.len());
    for (id, line) in (0u32..).zip(text.lines()) {
        listed.push(line.trim_end().as_bytes(), id);
    }
    if listed.is_empty() {
        return Err(ReadError::whole("no tokens: the file is empty"));
    }
    let mut oddities = Vec::new();
    let tokens = Tokens::new(listed, |line, _| line.into(), &mut oddities);
    if tokens.id(UNKNOWN.as_bytes()).is_none() {
        return Err(ReadError::whole(format!(
            "no line is {UNKNOWN}; is this a vocab.txt of BERT?"
        )));
    }
    let warnings = oddities.into_iter().map(Problem::into_line_error).map(Into::into).collect();
    Ok(Read { spec: bert(tokens, "##", None), warnings })
}

/// What BERT does around a vocabulary. Without `lowercase` the vocabulary tells.
pub(super) fn bert(tokens: Tokens, prefix: &str, lowercase: Option<bool>) -> Spec {
    let capital = |token: &[u8]| {
        let text = std::str::from_utf8(token).unwrap_or_default();
        text.chars().any(char::is_uppercase) && !(text.starts_with('[') && text.ends_with(']'))
    };
    let capitals = || tokens.vocab.iter().filter(|(token, _)| capital(token)).count();
    let lowercase = lowercase.unwrap_or_else(|| 50 * capitals() < tokens.vocab.len());
    let special = |content: &str| {
        Some(AddedToken {
            id: tokens.id(content.as_bytes())?,
            content: content.to_owned(),
            single_word: false,
            lstrip: false,
            rstrip: false,
            normalized: false,
            special: true,
        })
    };
    let mut added_tokens: Vec<AddedToken> = SPECIAL.into_iter().filter_map(special).collect();
    added_tokens.sort_by_key(|token| token.id);
    let post_processor = match (tokens.id(b"[CLS]"), tokens.id(b"[SEP]")) {
        (Some(cls), Some(sep)) => Some(template(cls, sep)),
        _ => None,
    };
    Spec {
        family: Family::HuggingFace,
        added_tokens,
        normalizer: Some(Normalizer::Bert {
            clean_text: true,
            handle_chinese_chars: true,
            strip_accents: None,
            lowercase,
        }),
        pre_tokenizer: Some(PreTokenizer::Bert),
        model: Model::WordPiece {
            vocab: tokens.vocab,
            unk_token: UNKNOWN.to_owned(),
            continuing_subword_prefix: prefix.to_owned(),
            max_input_chars_per_word: 100,
        },
        post_processor,
        decoder: Some(Decoder::WordPiece { prefix: prefix.to_owned(), cleanup: true }),
        truncation: None,
        padding: None,
    }
}

/// `[CLS] A [SEP]`, `[CLS] A [SEP] B [SEP]`.
fn template(cls: u32, sep: u32) -> PostProcessor {
    let special = |id: &str, type_id: u32| Piece::SpecialToken { id: id.to_owned(), type_id };
    let token = |name: &str, id: u32| TemplateToken {
        id: name.to_owned(),
        ids: vec![id],
        tokens: vec![name.to_owned()],
    };
    let single = vec![
        special("[CLS]", 0),
        Piece::Sequence { second: false, type_id: 0 },
        special("[SEP]", 0),
    ];
    let mut pair = single.clone();
    pair.extend([Piece::Sequence { second: true, type_id: 1 }, special("[SEP]", 1)]);
    PostProcessor::Template {
        single,
        pair,
        special_tokens: vec![token("[CLS]", cls), token("[SEP]", sep)],
    }
}
