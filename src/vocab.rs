//! The bundled vocabularies, each behind the feature of its name.
//!
//! They are baked while comptok compiles; using one loads and parses nothing. Those with the same
//! ranks (`gpt2` and `r50k_base`, `p50k_base` and `p50k_edit`, `o200k_base` and `o200k_harmony`)
//! share their tables in a program that has both.
//!
#![cfg_attr(feature = "cl100k_base", doc = "```")]
#![cfg_attr(not(feature = "cl100k_base"), doc = "```ignore")]
//! use comptok::vocab;
//!
//! assert_eq!(vocab::CL100K_BASE.encode_ordinary("hello world"), [15339, 1917]);
//! assert_eq!(vocab::name_for_model("gpt-4"), Some("cl100k_base"));
//! assert!(vocab::for_model("gpt-4").is_some());
//! ```

#[cfg(feature = "__bake")]
use crate::__private::Aligned;
use crate::Tokenizer;

/// The names of all vocabularies that comptok can bundle, whatever features are on.
pub const NAMES: [&str; 7] =
    ["gpt2", "r50k_base", "p50k_base", "p50k_edit", "cl100k_base", "o200k_base", "o200k_harmony"];

/// A blob that build.rs has baked; each section of it starts on a cache line, if the blob does.
macro_rules! baked {
    ($features:meta, $name:ident, $file:literal) => {
        #[cfg($features)]
        static $name: &[u8] = {
            static BLOB: &Aligned<[u8]> =
                &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/", $file, ".ctok")));
            &BLOB.0
        };
    };
}

baked!(any(feature = "gpt2", feature = "r50k_base"), GPT2_TABLES, "gpt2");
baked!(any(feature = "p50k_base", feature = "p50k_edit"), P50K_TABLES, "p50k");
baked!(feature = "cl100k_base", CL100K_TABLES, "cl100k");
baked!(any(feature = "o200k_base", feature = "o200k_harmony"), O200K_TABLES, "o200k");

/// GPT-2, with the ids and the behaviour of HuggingFace's `gpt2`.
#[cfg(feature = "gpt2")]
pub static GPT2: Tokenizer = Tokenizer::from_static(GPT2_TABLES);

/// tiktoken's `r50k_base`: GPT-3 and its kin.
#[cfg(feature = "r50k_base")]
pub static R50K_BASE: Tokenizer =
    Tokenizer::from_static_member(GPT2_TABLES, cfg!(feature = "gpt2") as usize);

/// tiktoken's `p50k_base`: Codex, text-davinci-002 and -003.
#[cfg(feature = "p50k_base")]
pub static P50K_BASE: Tokenizer = Tokenizer::from_static(P50K_TABLES);

/// tiktoken's `p50k_edit`: `p50k_base` with special tokens to fill in the middle.
#[cfg(feature = "p50k_edit")]
pub static P50K_EDIT: Tokenizer =
    Tokenizer::from_static_member(P50K_TABLES, cfg!(feature = "p50k_base") as usize);

/// tiktoken's `cl100k_base`: GPT-3.5, GPT-4, text-embedding-3.
#[cfg(feature = "cl100k_base")]
pub static CL100K_BASE: Tokenizer = Tokenizer::from_static(CL100K_TABLES);

/// tiktoken's `o200k_base`: GPT-4o, GPT-4.1, GPT-5, o1, o3, o4-mini.
#[cfg(feature = "o200k_base")]
pub static O200K_BASE: Tokenizer = Tokenizer::from_static(O200K_TABLES);

/// tiktoken's `o200k_harmony`: gpt-oss. It is `o200k_base` with 1091 special tokens.
///
/// Two of them, `<|endofprompt|>` and `<|reserved_200018|>`, have the same id; decoding gives the
/// former, as in the reference.
#[cfg(feature = "o200k_harmony")]
pub static O200K_HARMONY: Tokenizer =
    Tokenizer::from_static_member(O200K_TABLES, cfg!(feature = "o200k_base") as usize);

/// The vocabulary of this name (one of [`NAMES`]); `None` if its feature is off.
pub fn by_name(name: &str) -> Option<&'static Tokenizer> {
    match name {
        #[cfg(feature = "gpt2")]
        "gpt2" => Some(&GPT2),
        #[cfg(feature = "r50k_base")]
        "r50k_base" => Some(&R50K_BASE),
        #[cfg(feature = "p50k_base")]
        "p50k_base" => Some(&P50K_BASE),
        #[cfg(feature = "p50k_edit")]
        "p50k_edit" => Some(&P50K_EDIT),
        #[cfg(feature = "cl100k_base")]
        "cl100k_base" => Some(&CL100K_BASE),
        #[cfg(feature = "o200k_base")]
        "o200k_base" => Some(&O200K_BASE),
        #[cfg(feature = "o200k_harmony")]
        "o200k_harmony" => Some(&O200K_HARMONY),
        _ => None,
    }
}

/// The names and vocabularies whose features are on.
pub fn all() -> impl Iterator<Item = (&'static str, &'static Tokenizer)> {
    NAMES.into_iter().filter_map(|name| Some((name, by_name(name)?)))
}

/// The vocabulary of an OpenAI model, as [`name_for_model`] names it; `None` also if its feature is
/// off.
pub fn for_model(model: &str) -> Option<&'static Tokenizer> {
    by_name(name_for_model(model)?)
}

/// The name of the vocabulary of an OpenAI model, as tiktoken 0.14 has it.
///
/// Versions and fine-tuned models are told by how their names begin (`gpt-4o-2024-05-13`,
/// `ft:gpt-4o:mine`), so that a model that does not exist may get a vocabulary too.
pub fn name_for_model(model: &str) -> Option<&'static str> {
    let whole = MODELS.iter().find(|(_, models)| models.contains(&model));
    if let Some((name, _)) = whole {
        return Some(name);
    }
    let (_, name) = PREFIXES.iter().find(|(prefix, _)| model.starts_with(prefix))?;
    Some(name)
}

const MODELS: [(&str, &[&str]); 6] = [
    ("o200k_base", &["o1", "o3", "o4-mini", "gpt-5", "gpt-4.1", "gpt-4o"]),
    (
        "cl100k_base",
        &[
            "gpt-4",
            "gpt-3.5-turbo",
            "gpt-3.5",
            "gpt-35-turbo",
            "davinci-002",
            "babbage-002",
            "text-embedding-ada-002",
            "text-embedding-3-small",
            "text-embedding-3-large",
        ],
    ),
    (
        "p50k_base",
        &[
            "text-davinci-003",
            "text-davinci-002",
            "code-davinci-002",
            "code-davinci-001",
            "code-cushman-002",
            "code-cushman-001",
            "davinci-codex",
            "cushman-codex",
        ],
    ),
    ("p50k_edit", &["text-davinci-edit-001", "code-davinci-edit-001"]),
    (
        "r50k_base",
        &[
            "text-davinci-001",
            "text-curie-001",
            "text-babbage-001",
            "text-ada-001",
            "davinci",
            "curie",
            "babbage",
            "ada",
            "text-similarity-davinci-001",
            "text-similarity-curie-001",
            "text-similarity-babbage-001",
            "text-similarity-ada-001",
            "text-search-davinci-doc-001",
            "text-search-curie-doc-001",
            "text-search-babbage-doc-001",
            "text-search-ada-doc-001",
            "code-search-babbage-code-001",
            "code-search-ada-code-001",
        ],
    ),
    ("gpt2", &["gpt2", "gpt-2"]),
];

/// In the order in which they are tried.
const PREFIXES: [(&str, &str); 17] = [
    ("o1-", "o200k_base"),
    ("o3-", "o200k_base"),
    ("o4-mini-", "o200k_base"),
    ("gpt-5", "o200k_base"),
    ("gpt-4.5-", "o200k_base"),
    ("gpt-4.1-", "o200k_base"),
    ("chatgpt-4o-", "o200k_base"),
    ("gpt-4o-", "o200k_base"),
    ("gpt-4-", "cl100k_base"),
    ("gpt-3.5-turbo-", "cl100k_base"),
    ("gpt-35-turbo-", "cl100k_base"),
    ("gpt-oss-", "o200k_harmony"),
    ("ft:gpt-4o", "o200k_base"),
    ("ft:gpt-4", "cl100k_base"),
    ("ft:gpt-3.5-turbo", "cl100k_base"),
    ("ft:davinci-002", "cl100k_base"),
    ("ft:babbage-002", "cl100k_base"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_have_the_vocabularies_of_the_reference() {
        for (model, name) in [
            ("gpt-4o", Some("o200k_base")),
            ("gpt-4o-2024-05-13", Some("o200k_base")),
            ("gpt-4", Some("cl100k_base")),
            ("gpt-4-32k", Some("cl100k_base")),
            ("gpt-4.1-nano", Some("o200k_base")),
            ("gpt-5.2", Some("o200k_base")),
            ("gpt-oss-120b", Some("o200k_harmony")),
            ("ft:gpt-4o:mine", Some("o200k_base")),
            ("ft:gpt-4:mine", Some("cl100k_base")),
            ("davinci", Some("r50k_base")),
            ("text-davinci-edit-001", Some("p50k_edit")),
            ("gpt-2", Some("gpt2")),
            ("gpt-4.2", None),
            ("ft:curie", None),
            ("", None),
        ] {
            assert_eq!(name_for_model(model), name, "{model}");
        }
    }

    #[test]
    fn all_are_found_by_name() {
        for (name, tokenizer) in all() {
            assert!(by_name(name).is_some_and(|found| core::ptr::eq(found, tokenizer)), "{name}");
        }
        for (name, _) in MODELS {
            assert!(NAMES.contains(&name));
        }
        assert!(by_name("o200k").is_none());
    }
}
