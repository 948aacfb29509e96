//! A comptok tokenizer beside the reference library's of the same file.

use std::{io::Read as _, path::Path};

use comptok::{
    Tokenizer,
    load::{FileOptions, PatternArg},
};
use comptok_bake::{bundled::Bundled, read, write};
use comptok_core::pre_tokenizer::Kind;
use tiktoken_rs::CoreBPE;

/// A tokenizer of a reference library.
pub enum Reference {
    /// `tiktoken-rs`.
    Tiktoken(Box<CoreBPE>),
    /// `tokenizers`: one that matches special tokens and one that takes them for text.
    HuggingFace(Box<[tokenizers::Tokenizer; 2]>),
}

impl Reference {
    /// `tiktoken-rs`'s tokenizer of this name.
    ///
    /// # Panics
    /// If there is none.
    pub fn tiktoken(name: &str) -> Self {
        let core = match name {
            "r50k_base" => tiktoken_rs::r50k_base(),
            "p50k_base" => tiktoken_rs::p50k_base(),
            "p50k_edit" => tiktoken_rs::p50k_edit(),
            "cl100k_base" => tiktoken_rs::cl100k_base(),
            "o200k_base" => tiktoken_rs::o200k_base(),
            "o200k_harmony" => Ok(harmony()),
            _ => panic!("tiktoken-rs has no {name}"),
        };
        Self::Tiktoken(Box::new(core.expect("it holds its own files")))
    }

    /// What `tokenizers` makes of a tokenizer.json.
    ///
    /// # Panics
    /// If it refuses the file.
    pub fn hugging_face(json: &[u8]) -> Self {
        let load = |special_as_text| {
            let mut tokenizer = tokenizers::Tokenizer::from_bytes(json)
                .unwrap_or_else(|e| panic!("tokenizers refuses the file: {e}"));
            tokenizer.set_encode_special_tokens(special_as_text);
            tokenizer
        };
        Self::HuggingFace(Box::new([load(false), load(true)]))
    }

    /// The library and its version, as in this package's lock file.
    pub fn library(&self) -> String {
        let name = match self {
            Self::Tiktoken(_) => "tiktoken-rs",
            Self::HuggingFace(_) => "tokenizers",
        };
        let lock = include_str!("../Cargo.lock");
        let (_, rest) = lock.split_once(&format!("name = \"{name}\"\n")).expect("it is locked");
        let version = rest.split('"').nth(1).expect("packages have a version");
        format!("{name} {version}")
    }

    /// All special tokens matched.
    ///
    /// # Panics
    /// If the library fails.
    pub fn special(&self, text: &str) -> Vec<u32> {
        match self {
            Self::Tiktoken(core) => core.encode_with_special_tokens(text),
            Self::HuggingFace(both) => hugging_face_ids(&both[0], text),
        }
    }

    /// Special tokens taken for text.
    ///
    /// # Panics
    /// If the library fails.
    pub fn ordinary(&self, text: &str) -> Vec<u32> {
        match self {
            Self::Tiktoken(core) => core.encode_ordinary(text),
            Self::HuggingFace(both) => hugging_face_ids(&both[1], text),
        }
    }
}

fn hugging_face_ids(tokenizer: &tokenizers::Tokenizer, text: &str) -> Vec<u32> {
    tokenizer.encode_fast(text, false).expect("any text can be encoded").get_ids().to_vec()
}

/// The content of a gzipped file.
///
/// # Panics
/// If it cannot be read.
pub fn unzip(path: &Path) -> Vec<u8> {
    let file = std::fs::File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(file).read_to_end(&mut bytes).expect("a gzip file");
    bytes
}

/// o200k_harmony with the special tokens that tiktoken gives it: its own and those of o200k_base, of
/// which `tiktoken-rs` leaves one out, `<|endofprompt|>`.
fn harmony() -> CoreBPE {
    let (base, harmony) = (tiktoken_rs::o200k_base(), tiktoken_rs::o200k_harmony());
    let (base, harmony) = (base.expect("its own file"), harmony.expect("its own file"));
    let specials = [&base, &harmony].into_iter().flat_map(|core| {
        let id = |name: &str| core.encode_with_special_tokens(name)[0];
        core.special_tokens().into_iter().map(move |name| (name.to_owned(), id(name)))
    });
    let specials = specials.collect();
    // The ids before the first special token are the ranks.
    let ranks = (0..199_998).map(|rank| (base.decode_bytes(&[rank]).expect("a rank"), rank));
    let [pattern] = Kind::O200k.regex() else { panic!("it is one pattern") };
    CoreBPE::new(ranks.collect(), specials, pattern).expect("what the library makes itself")
}

/// A bundled tokenizer, from the rank file in `vocab/`.
fn bundled(name: &str) -> (Vec<u8>, PatternArg<'static>, Vec<(String, u32)>) {
    let bundled = Bundled::by_name(name).expect("it is bundled");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vocab").join(bundled.file);
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let pattern = PatternArg::Named(bundled.pattern.expect("it is a rank file"));
    (bytes, pattern, bundled.special_tokens())
}

/// comptok's tokenizer of a bundled rank file.
///
/// # Panics
/// If there is none of this name.
pub fn from_ranks(name: &str) -> Tokenizer {
    let (bytes, pattern, special_tokens) = bundled(name);
    let options = FileOptions {
        pattern: Some(pattern),
        special_tokens: &special_tokens,
        ..FileOptions::default()
    };
    Tokenizer::from_bytes_with(&bytes, &options).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The tokenizer.json that `convert` writes of a bundled rank file.
///
/// # Panics
/// If there is none of this name.
pub fn converted(name: &str) -> Vec<u8> {
    let (bytes, pattern, special_tokens) = bundled(name);
    let options = read::Options { pattern: Some(pattern), special_tokens: &special_tokens };
    let spec = read::read(&bytes, options).unwrap_or_else(|e| panic!("{name}: {e}")).spec;
    write::tokenizer_json(&spec).expect("it has a tokenizer.json").into_bytes()
}
