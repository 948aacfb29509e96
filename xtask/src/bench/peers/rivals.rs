//! The libraries, and how their programs are built.

use super::{
    super::{cargo, folder, succeed},
    Options, models,
};
use crate::generate::root;
use std::{ffi::OsString, fs, path::PathBuf, process::Command};

/// A library under measurement.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rival {
    pub(super) name: &'static str,
    /// Its name where it is published.
    package: &'static str,
    kind: Kind,
}

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Kind {
    Rust,
    Python,
}

const fn rust(name: &'static str, package: &'static str) -> Rival {
    Rival { name, package, kind: Kind::Rust }
}

const fn python(name: &'static str, package: &'static str) -> Rival {
    Rival { name, package, kind: Kind::Python }
}

/// comptok first. Versions are pinned in bench-peers, in the manifests and in requirements.txt.
pub(super) const ALL: [Rival; 16] = [
    rust("comptok", "comptok"),
    rust("fastokens", "fastokens"),
    rust("tokenizers-rc", "tokenizers"),
    rust("splintr", "splintr"),
    rust("tiktoken", "tiktoken"),
    rust("tokie", "tokie"),
    rust("wordchipper", "wordchipper"),
    rust("bpe-openai", "bpe-openai"),
    rust("tiktoken-rs", "tiktoken-rs"),
    rust("kitoken", "kitoken"),
    rust("tokenizers", "tokenizers"),
    python("tiktoken-py", "tiktoken"),
    python("gigatoken", "gigatoken"),
    python("quicktok-v1", "quicktok-v1"),
    python("sentencepiece", "sentencepiece"),
    python("flash-tokenizer", "flash-tokenizer"),
];

const HUGGING_FACE: &[&str] = &["tokenizers", "tokenizers-rc", "comptok"];

/// Those whose ids count, in this order: the first that answers for a document is right.
pub(super) fn references(vocab: &str) -> &'static [&'static str] {
    // The rank files are tiktoken's; tokenizers' own rules are those of the model files.
    match vocab {
        "qwen2" => HUGGING_FACE,
        _ if models::is_json(vocab) => HUGGING_FACE,
        _ if models::is_known(vocab) => &["sentencepiece", "comptok"],
        _ => &["tiktoken-rs", "bpe-openai", "tokenizers", "comptok"],
    }
}

/// A program that can be run.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) name: &'static str,
    pub(super) version: String,
    command: Vec<OsString>,
    /// For its environment.
    tier: Option<String>,
    /// Whether it is to be measured; else it only says which ids are right.
    pub(super) timed: bool,
}

impl Program {
    /// The program in this mode, for this vocabulary, with so many threads of its own.
    pub(super) fn command(&self, mode: &str, vocab: &str, threads: usize) -> Command {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).args([mode, vocab]).arg(super::prepare::vocabs());
        let threads = threads.to_string();
        for variable in ["RAYON_NUM_THREADS", "FASTOKENS_BPE_THREADS", "OMP_NUM_THREADS"] {
            command.env(variable, &threads);
        }
        if let Some(tier) = &self.tier {
            command.env("COMPTOK_TIER", tier);
        }
        command.env("TOKENIZERS_PARALLELISM", if threads == "1" { "false" } else { "true" });
        command
    }
}

/// Builds what was chosen, and the first reference of each vocabulary.
pub(super) fn build(options: &Options) -> Result<Vec<Program>, String> {
    let mut programs = Vec::new();
    let references: Vec<_> =
        options.vocabs.iter().filter_map(|vocab| references(vocab).first()).collect();
    for rival in &ALL {
        let timed = options.rivals.contains(&rival);
        if !timed && !references.contains(&&rival.name) {
            continue;
        }
        let built = match rival.kind {
            Kind::Rust => build_rust(rival),
            Kind::Python => python_command(rival),
        };
        match built {
            Ok((version, command)) => {
                let tier = options.tier.clone();
                programs.push(Program { name: rival.name, version, command, tier, timed });
            }
            // One library that cannot be had must not keep the others from being measured.
            Err(error) if timed && rival.name != "comptok" => {
                eprintln!("LEFT OUT, {}: {error}", rival.name);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(programs)
}

fn build_rust(rival: &Rival) -> Result<(String, Vec<OsString>), String> {
    let target = folder("peers");
    let package = format!("peer-{}", rival.name);
    eprintln!("building {package} …");
    let workspace = root().join("bench-peers");
    let mut build = cargo(&target, "build");
    // One package at a time, so that no library changes the features of another's dependencies.
    build.args(["--release", "--package", &package]).current_dir(&workspace);
    succeed(&mut build)?;
    let version = match rival.name {
        "comptok" => {
            let manifest = fs::read_to_string(root().join("Cargo.toml"));
            let line = manifest.map_err(|e| e.to_string())?;
            let version = line.lines().find_map(|line| line.strip_prefix("version = \""));
            version.unwrap_or_default().trim_end_matches('"').to_owned()
        }
        name => {
            let manifest = workspace.join(format!("rivals/{name}/Cargo.toml"));
            pinned(&fs::read_to_string(&manifest).map_err(|e| e.to_string())?, rival.package)?
        }
    };
    Ok((version, vec![target.join("release").join(package).into()]))
}

/// The version that a manifest asks for.
fn pinned(manifest: &str, package: &str) -> Result<String, String> {
    let line = manifest.lines().find(|line| {
        line.strip_prefix(package).is_some_and(|rest| rest.trim_start().starts_with('='))
    });
    let version = line.and_then(|line| line.split_once("\"=")?.1.split('"').next());
    Ok(version.ok_or(format!("the manifest of {package} pins no version"))?.to_owned())
}

/// The Python packages are installed from the pinned list into an environment of their own.
fn python_command(rival: &Rival) -> Result<(String, Vec<OsString>), String> {
    let folder_ = root().join("bench-peers/python");
    let requirements = folder_.join("requirements.txt");
    let list = fs::read_to_string(&requirements).map_err(|e| e.to_string())?;
    let version = list
        .lines()
        .find_map(|line| line.strip_prefix(rival.package)?.strip_prefix("=="))
        .ok_or(format!("{} is not in requirements.txt", rival.package))?;
    let environment = folder("peers").join("venv");
    let python = environment.join("bin/python");
    let installed = environment.join("requirements.txt");
    if fs::read_to_string(&installed).ok().as_ref() != Some(&list) {
        eprintln!("installing bench-peers/python/requirements.txt …");
        succeed(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        let mut install = Command::new(&python);
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        succeed(install.arg("--requirement").arg(&requirements))?;
        fs::write(&installed, &list).map_err(|e| e.to_string())?;
    }
    let script: PathBuf = folder_.join("peer.py");
    Ok((version.to_owned(), vec![python.into(), script.into(), rival.name.into()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rival_is_pinned() {
        let workspace = root().join("bench-peers");
        let list =
            fs::read_to_string(workspace.join("python/requirements.txt")).expect("it is there");
        for rival in &ALL[1..] {
            let version = match rival.kind {
                Kind::Rust => {
                    let manifest = workspace.join(format!("rivals/{}/Cargo.toml", rival.name));
                    pinned(&fs::read_to_string(manifest).expect("it is there"), rival.package)
                }
                Kind::Python => {
                    let line = list.lines().find(|line| line.starts_with(rival.package));
                    line.and_then(|line| line.split_once("=="))
                        .map(|pin| pin.1.to_owned())
                        .ok_or_else(String::new)
                }
            };
            let version = version.expect(rival.name);
            assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{}: {version}", rival.name);
        }
    }
}
