//! The vocabularies of models that are no byte-level BPE, in the forms that the libraries read.

use super::prepare::{shared, vocabs};
use comptok_bake::{
    FileOptions, bake_file, read,
    spec::{Model, Normalizer},
};
use serde_json::Value;
use std::fs;

/// Libraries that have such models.
pub(super) const RIVALS: [&str; 8] = [
    "comptok",
    "tokenizers-rc",
    "splintr",
    "tokie",
    "kitoken",
    "tokenizers",
    "sentencepiece",
    "flash-tokenizer",
];

/// Those that have no others.
pub(super) const ONLY: [&str; 2] = ["sentencepiece", "flash-tokenizer"];

/// A vocabulary, what it is, and where its files are in the shared folder.
struct Files {
    name: &'static str,
    about: &'static str,
    /// tokenizer.json, .model and vocab.txt; empty where there is none.
    json: &'static str,
    model: &'static str,
    txt: &'static str,
}

const FILES: [Files; 7] = [
    Files {
        name: "bert_uncased",
        about: "WordPiece, tokenizer.json",
        json: "tokenizer_json/bert_uncased.json.gz",
        model: "",
        txt: "wordpiece/bert_uncased_vocab.txt",
    },
    Files {
        name: "t5_small",
        about: "Unigram, tokenizer.json; the .model for sentencepiece has the same pieces and charsmap",
        json: "tokenizer_json/t5_small.json.gz",
        model: WRITTEN,
        txt: "",
    },
    Files {
        name: "xlnet",
        about: "Unigram, tokenizer.json; sentencepiece reads the published .model",
        json: "tokenizer_json/xlnet_base_cased.json.gz",
        model: "sentencepiece/xlnet_base_cased.model.gz",
        txt: "",
    },
    Files {
        name: "albert",
        about: "Unigram, .model",
        json: "",
        model: "sentencepiece/albert_30k_clean.model.gz",
        txt: "",
    },
    Files {
        name: "mistral01",
        about: "BPE of SentencePiece's kind, tokenizer.json; sentencepiece reads the published .model",
        json: "tokenizer_json/mistral01.json.gz",
        model: "sentencepiece/mistral_v1.model.gz",
        txt: "",
    },
    Files {
        name: "phi_3",
        about: "BPE of SentencePiece's kind, the vocabulary of Llama 2 and some tokens, tokenizer.json",
        json: "tokenizer_json/phi_3.json.gz",
        model: "",
        txt: "",
    },
    Files {
        name: "mistral_v1",
        about: "BPE of SentencePiece's kind, .model",
        json: "",
        model: "sentencepiece/mistral_v1.model.gz",
        txt: "",
    },
];

/// In place of a file: made from the tokenizer.json.
const WRITTEN: &str = "written";

pub(super) const NAMES: [&str; FILES.len()] = {
    let mut names = [""; FILES.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = FILES[at].name;
        at += 1;
    }
    names
};

fn files(vocab: &str) -> Option<&'static Files> {
    FILES.iter().find(|files| files.name == vocab)
}

/// Whether it is one of these.
pub(super) fn is_known(vocab: &str) -> bool {
    files(vocab).is_some()
}

/// Whether it comes as tokenizer.json, so that HuggingFace's ids count.
pub(super) fn is_json(vocab: &str) -> bool {
    files(vocab).is_some_and(|files| !files.json.is_empty())
}

/// What it is, for the report.
pub(super) fn about(vocab: &str) -> Option<&'static str> {
    Some(files(vocab)?.about)
}

/// Writes NAME.json, NAME.plain.json (without the list of added tokens), NAME.model, NAME.txt where there
/// are such, and NAME.ctok.
pub(super) fn write() -> Result<(), String> {
    let out = vocabs();
    fs::create_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    for Files { name, json, model, txt, .. } in &FILES {
        let put = |extension: &str, bytes: &[u8]| {
            let path = out.join(format!("{name}.{extension}"));
            fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))
        };
        let source = match json.is_empty() {
            true => shared(model)?,
            false => {
                let source = shared(json)?;
                put("json", &source)?;
                let mut plain: Value =
                    serde_json::from_slice(&source).map_err(|e| e.to_string())?;
                plain["added_tokens"] = Value::Array(Vec::new());
                put("plain.json", plain.to_string().as_bytes())?;
                source
            }
        };
        match *model {
            "" => {}
            WRITTEN => put("model", &unigram(&source)?)?,
            _ => put("model", &shared(model)?)?,
        }
        if !txt.is_empty() {
            put("txt", &shared(txt)?)?;
        }
        let baked = bake_file(&source, &FileOptions::default());
        put("ctok", &baked.map_err(|error| error.in_file(name))?.blob)?;
    }
    Ok(())
}

/// Pieces of T5's model that are no text.
const CONTROL: [&str; 2] = ["<pad>", "</s>"];

/// A SentencePiece model with the pieces, scores and charsmap of a tokenizer.json, and SentencePiece's
/// default rules for spaces.
fn unigram(json: &[u8]) -> Result<Vec<u8>, String> {
    let spec = read::read(json, read::Options::default()).map_err(|error| error.to_string())?.spec;
    let Model::Unigram { unk_id, pieces, .. } = &spec.model else {
        return Err("it is no Unigram".to_owned());
    };
    let mut model = Vec::new();
    for (id, (piece, score)) in pieces.iter().enumerate() {
        let kind = match piece.as_str() {
            _ if Some(id) == unk_id.map(|id| id as usize) => 2,
            piece if CONTROL.contains(&piece) => 3,
            piece if piece.starts_with("<extra_id_") => 4,
            _ => 1,
        };
        let mut message = Vec::new();
        bytes_field(&mut message, 1, piece.as_bytes());
        message.push(2 << 3 | 5);
        message.extend((*score as f32).to_le_bytes());
        message.extend([3 << 3, kind]);
        bytes_field(&mut model, 1, &message);
    }
    // The kind of model: Unigram.
    bytes_field(&mut model, 2, &[3 << 3, 1]);
    let mut rules = Vec::new();
    if let Some(Normalizer::Precompiled { charsmap }) = &spec.normalizer {
        bytes_field(&mut rules, 2, charsmap);
    }
    bytes_field(&mut model, 3, &rules);
    Ok(model)
}

/// A field of protobuf: number, length, bytes.
fn bytes_field(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    out.push(number << 3 | 2);
    let mut len = bytes.len();
    while len > 0x7F {
        out.push(len as u8 | 0x80);
        len >>= 7;
    }
    out.push(len as u8);
    out.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_model_has_the_pieces_and_scores() {
        let json = br#"{"added_tokens": [], "model": {"type": "Unigram", "unk_id": 2, "vocab": [["<pad>", 0.0],
            ["</s>", 0.0], ["<unk>", 0.0], ["\u2581", -2.5], ["a", -3.25], ["\u2581a", -4.0]]}}"#;
        let model = unigram(json).expect("it is a Unigram");
        let read = read::read(&model, read::Options::default()).expect("it is a model").spec;
        let Model::SentencePiece(model) = read.model else { panic!("{:?}", read.model) };
        let pieces: Vec<_> =
            model.pieces.iter().map(|piece| (piece.text.as_str(), piece.score)).collect();
        assert_eq!(pieces[3..], [("▁", -2.5), ("a", -3.25), ("▁a", -4.0)]);
    }

    #[test]
    fn long_fields_have_long_lengths() {
        let mut out = Vec::new();
        bytes_field(&mut out, 1, &[7; 300]);
        assert_eq!(out[..4], [10, 0xAC, 2, 7]);
        assert_eq!(out.len(), 303);
    }
}
