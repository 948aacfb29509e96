//! The vocabularies, in the forms that the libraries read.

use super::super::folder;
use crate::generate::root;
use comptok_bake::{
    FileOptions, bake_file,
    bundled::Bundled,
    read::{self, pattern::PatternArg},
    write as write_spec,
};
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

/// `r50k` is gpt2 too: the ids are the same, the files are not.
pub(super) const VOCABS: [&str; 4] = ["r50k", "cl100k", "o200k", "qwen2"];

/// Each one's pattern in the form that model files have, without possessive operators: fast paths of
/// other libraries look for exactly that text.
const PATTERNS: [(&str, &str); 4] =
    [("r50k", "gpt2"), ("cl100k", "llama3"), ("o200k", "o200k"), ("qwen2", "qwen2")];

/// Where the files are.
pub(in super::super) fn vocabs() -> PathBuf {
    folder("peers").join("vocab")
}

/// Writes NAME.json, NAME.plain.json (without added tokens), NAME.tiktoken, NAME.pattern and, for what
/// is not bundled, NAME.ctok.
pub(super) fn write() -> Result<(), String> {
    let io = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let out = vocabs();
    fs::create_dir_all(&out).map_err(|error| io(&out, error))?;
    for (name, pattern) in PATTERNS {
        let put = |extension: &str, bytes: &[u8]| {
            let path = out.join(format!("{name}.{extension}"));
            fs::write(&path, bytes).map_err(|error| io(&path, error))
        };
        let [json, ranks] = files(name, pattern)?;
        put("pattern", regex(pattern)?.as_bytes())?;
        put("tiktoken", &ranks)?;
        // The bundled ones are in the program.
        if Bundled::by_name(&format!("{name}_base")).is_none() {
            let baked = bake_file(&json, &FileOptions::default());
            put("ctok", &baked.map_err(|error| error.in_file(name))?.blob)?;
        }
        put("plain.json", plain(&json)?.as_bytes())?;
        put("json", &json)?;
    }
    Ok(())
}

/// A tokenizer.json without its added tokens, in the vocabulary too: some libraries have no call that
/// takes them for text, or refuse the gaps between their ids.
fn plain(json: &[u8]) -> Result<String, String> {
    let mut json: Value = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let added = json["added_tokens"].take();
    json["added_tokens"] = Value::Array(Vec::new());
    if let Some(vocab) = json["model"]["vocab"].as_object_mut() {
        for token in added.as_array().into_iter().flatten() {
            vocab.remove(token["content"].as_str().unwrap_or_default());
        }
    }
    Ok(json.to_string())
}

/// A shared vocabulary file, without its gzip.
pub(super) fn shared(name: &str) -> Result<Vec<u8>, String> {
    let shared = std::env::var_os("COMPTOK_SHARED").map(PathBuf::from);
    let path = shared.unwrap_or_else(|| root().join("../shared")).join("vocabs").join(name);
    let error = |error| format!("{}: {error}", path.display());
    let bytes = fs::read(&path).map_err(error)?;
    if !name.ends_with(".gz") {
        return Ok(bytes);
    }
    let mut unzipped = Vec::new();
    MultiGzDecoder::new(&*bytes).read_to_end(&mut unzipped).map_err(error)?;
    Ok(unzipped)
}

/// The tokenizer.json and the rank file.
fn files(name: &str, pattern: &str) -> Result<[Vec<u8>; 2], String> {
    let read_file =
        |path: PathBuf| fs::read(&path).map_err(|error| format!("{}: {error}", path.display()));
    let Some(bundled) = Bundled::by_name(&format!("{name}_base")) else {
        return Ok([
            shared("tokenizer_json/qwen2_base.json.gz")?,
            shared("tiktoken/qwen.tiktoken.gz")?,
        ]);
    };
    let ranks = read_file(root().join("vocab").join(bundled.file))?;
    let json = if name == "r50k" {
        read_file(root().join("vocab/gpt2.json"))?
    } else {
        let special_tokens = bundled.special_tokens();
        let pattern = Some(PatternArg::Named(pattern));
        let options = read::Options { pattern, special_tokens: &special_tokens };
        let spec = read::read(&ranks, options).map_err(|error| error.in_file(bundled.file))?.spec;
        write_spec::tokenizer_json(&spec).map_err(|error| error.to_string())?.into_bytes()
    };
    Ok([json, ranks])
}

/// The regular expression of this name.
fn regex(name: &str) -> Result<String, String> {
    use comptok_bake::spec::{Pattern, PreTokenizer};
    match PatternArg::Named(name).pre_tokenizer() {
        Ok(PreTokenizer::Split { pattern: Pattern::Regex(regex), .. }) => Ok(regex),
        Ok(_) => Err(format!("the pattern {name} is more than a regular expression")),
        Err(error) => Err(error.to_string()),
    }
}
