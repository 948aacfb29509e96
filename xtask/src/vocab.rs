//! Fills `vocab/` from the crate `tiktoken-rs`.

use crate::generate::{root, write_bytes};
use comptok_bake::{read, write};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const PACKAGE: &str = "tiktoken-rs";
const VERSION: &str = "0.12.1";

/// Rank files, copied as they are, and the sha256 that tiktoken 0.14 itself expects of them.
const RANKS: [(&str, &str); 4] = [
    ("r50k_base", "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930"),
    ("p50k_base", "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069"),
    ("cl100k_base", "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"),
    ("o200k_base", "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"),
];

pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let source = fetch()?;
    let asset = |name: &str| {
        let path = source.join("assets").join(name);
        fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let mut files = Vec::new();
    for (name, expected) in RANKS {
        let (name, bytes) = (format!("{name}.tiktoken"), asset(&format!("{name}.tiktoken"))?);
        let found = sha256(&bytes);
        if found != expected {
            return Err(format!("{name} of {PACKAGE} has sha256 {found}, expected {expected}"));
        }
        files.push((name, bytes));
    }
    let gpt2 = read::vocab_merges(&asset("encoder.json")?, &asset("vocab.bpe")?)
        .and_then(read::Read::strict)
        .map_err(|error| error.in_file("encoder.json, vocab.bpe"))?;
    let gpt2 = write::tokenizer_json(&gpt2).map_err(|error| error.to_string())?;
    files.push(("gpt2.json".to_owned(), gpt2.into_bytes()));
    files.sort();

    let mut sums = String::new();
    for (name, bytes) in &files {
        let _ = writeln!(sums, "{}  {name}", sha256(bytes));
        write_bytes(&format!("vocab/{name}"), bytes)?;
    }
    write_bytes("vocab/SHA256SUMS", sums.as_bytes())?;
    write_bytes("vocab/LICENSE-tiktoken-rs", licence(&source)?.as_bytes())?;
    write_bytes("vocab/README.md", readme().as_bytes())
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The directory of the package's source: cargo downloads it for a throwaway crate that depends on
/// it, and says where it lies.
fn fetch() -> Result<PathBuf, String> {
    let crate_dir = root().join("target").join("xtask-vocab");
    let manifest = format!(
        "[workspace]\n[package]\nname = \"fetch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [lib]\npath = \"lib.rs\"\n[dependencies]\n{PACKAGE} = \"={VERSION}\"\n"
    );
    let io = |error| format!("{}: {error}", crate_dir.display());
    fs::create_dir_all(&crate_dir).map_err(io)?;
    fs::write(crate_dir.join("Cargo.toml"), manifest).map_err(io)?;
    fs::write(crate_dir.join("lib.rs"), "").map_err(io)?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--quiet"])
        .current_dir(&crate_dir)
        .output()
        .map_err(|error| format!("cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|e| e.to_string())?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata lists no packages")?;
    let manifest = packages
        .iter()
        .find(|package| package["name"] == PACKAGE && package["version"] == VERSION)
        .and_then(|package| package["manifest_path"].as_str())
        .ok_or("cargo metadata does not list the package")?;
    Ok(PathBuf::from(manifest).parent().ok_or("a manifest lies in a directory")?.to_owned())
}

/// The licence. The package names MIT in its manifest and holds no text of it, so the text is the
/// standard one with the authors that the manifest names.
fn licence(source: &Path) -> Result<String, String> {
    let path = source.join("Cargo.toml");
    let manifest =
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let field = |name: &str| {
        let line = manifest.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
        line.ok_or(format!("the manifest of {PACKAGE} has no {name}"))
    };
    if field("license")? != "\"MIT\"" {
        return Err(format!("the licence of {PACKAGE} is no longer MIT: {}", field("license")?));
    }
    let authors = field("authors")?.trim_matches(['[', ']', '"']);
    let holder = authors.split(" <").next().unwrap_or(authors);
    let ours = fs::read_to_string(root().join("LICENSE-MIT")).map_err(|error| error.to_string())?;
    let body = ours
        .split_once("Permission is hereby granted")
        .ok_or("LICENSE-MIT is not the MIT licence")?
        .1;
    Ok(format!(
        "MIT License\n\nCopyright (c) {holder} (tiktoken-rs)\n\
         Copyright (c) 2022 OpenAI, Shantanu Jain (the rank files, from tiktoken)\n\n\
         Permission is hereby granted{body}"
    ))
}

fn readme() -> String {
    format!(
        "# Bundled vocabularies\n\n\
         Written by `cargo xtask vocab`; do not edit. `SHA256SUMS` has the sum of each file.\n\n\
         | File | Made from | How |\n| --- | --- | --- |\n{}\
         | gpt2.json | encoder.json, vocab.bpe | read and written again as a tokenizer.json |\n\n\
         Source: the crate `{PACKAGE}` {VERSION} (licence MIT, see LICENSE-tiktoken-rs), directory \
         `assets`. The rank files are those that tiktoken 0.14 downloads: the sums are the ones it \
         expects.\n\n\
         `p50k_edit` uses the file of `p50k_base` and `o200k_harmony` that of `o200k_base`, with \
         special tokens of their own. The first 50256 lines of `p50k_base` are `r50k_base`; both \
         are kept whole, so that each is exactly the file that its owner publishes (0.4 MB \
         compressed).\n\n\
         `fingerprints.csv` has, for each bundled tokenizer, the bytes and the beginning of the \
         fingerprint of its blob, and the bytes and hash of each section; `cargo xtask fingerprints` \
         writes it, and `--check` compares.\n",
        RANKS.map(|(name, _)| format!("| {name}.tiktoken | the same name | copied |\n")).concat()
    )
}
