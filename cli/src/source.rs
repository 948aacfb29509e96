//! Tokenizers by name and from files.

use std::path::{Path, PathBuf};

use comptok::{Tokenizer, vocab};
use comptok_bake::bake::Profile;
use comptok_bake::read::{self, Format, PatternArg, Read};
use comptok_bake::{FileError, FileOptions, ReadError, Warning, bake_file, bake_vocab_merges};

use crate::Failure;
use crate::args::{FileArgs, TokenizerArgs};
use crate::io::{complain, read_file};

/// The bundled tokenizer of that name, or of the model of that name.
///
/// Names of models are open-ended (`gpt-4o-2024-05-13`), so a file of that name goes before them.
pub(crate) fn bundled(name: &str) -> Option<&'static Tokenizer> {
    let model = || if Path::new(name).exists() { None } else { vocab::for_model(name) };
    vocab::by_name(name).or_else(model)
}

/// The tokenizer that the arguments name.
pub(crate) fn tokenizer(args: &TokenizerArgs) -> Result<Tokenizer, Failure> {
    let name = &args.tokenizer;
    if let Some(tokenizer) = bundled(name) {
        refuse_file_args(name, &args.file)?;
        return Ok(tokenizer.clone());
    }
    if let Some(repository) = name.strip_prefix("hf://") {
        refuse_file_args(name, &args.file)?;
        return from_hub(name, repository);
    }
    let path = Path::new(name);
    if !path.exists() {
        let names: Vec<&str> = vocab::all().map(|bundled| bundled.0).collect();
        let names = names.join(", ");
        return Err(Failure::data(format!(
            "{name}: no such file and no bundled tokenizer; bundled are {names}"
        )));
    }
    let (blob, notices) = bake(&[path.to_owned()], &args.file, false, None)?;
    notices.iter().for_each(Notice::complain);
    from_blob(name, &blob)
}

/// The tokenizer of `org/name` or `org/name@revision`.
#[cfg(feature = "hub")]
fn from_hub(name: &str, repository: &str) -> Result<Tokenizer, Failure> {
    let (repository, revision) = match repository.split_once('@') {
        Some((repository, revision)) => (repository, Some(revision)),
        None => (repository, None),
    };
    Tokenizer::from_pretrained(repository, revision, None)
        .map_err(|error| Failure::data(format!("{name}: {error}")))
}

#[cfg(not(feature = "hub"))]
fn from_hub(name: &str, _: &str) -> Result<Tokenizer, Failure> {
    Err(Failure::data(format!(
        "{name}: this program was built without the hub; `cargo install comptok-cli --features hub` has it"
    )))
}

/// A tokenizer on a blob that was just baked or checked.
pub(crate) fn from_blob(name: &str, blob: &[u8]) -> Result<Tokenizer, Failure> {
    Tokenizer::from_bytes(blob).map_err(|error| Failure::data(format!("{name}: {error}")))
}

/// `--pattern` and `--special-token` are for files that need them.
pub(crate) fn refuse_file_args(name: &str, args: &FileArgs) -> Result<(), Failure> {
    let option = match args {
        FileArgs { pattern: Some(_), .. } => "--pattern",
        FileArgs { special_tokens, .. } if !special_tokens.is_empty() => "--special-token",
        _ => return Ok(()),
    };
    Err(Failure::Usage(format!(
        "{name} has its own pattern and special tokens; {option} is for rank files"
    )))
}

fn options<'a>(args: &'a FileArgs, strict: bool, profile: Option<Profile<'a>>) -> FileOptions<'a> {
    FileOptions {
        pattern: args.pattern.as_deref().map(PatternArg::from),
        special_tokens: &args.special_tokens,
        strict,
        profile,
    }
}

/// Bakes a file, or vocab.json with merges.txt: the blob, and what was noticed.
pub(crate) fn bake(
    files: &[PathBuf],
    args: &FileArgs,
    strict: bool,
    profile: Option<Profile<'_>>,
) -> Result<(Vec<u8>, Vec<Notice>), Failure> {
    let options = options(args, strict, profile);
    let files = Files::read(files)?;
    let baked = match &files {
        Files::One(name, bytes) => {
            if read::recognise(bytes) == Format::Blob {
                refuse_file_args(name, args)?;
                if profile.is_some() {
                    return Err(Failure::Usage(format!(
                        "{name}: --profile is for files that are baked; this is a blob"
                    )));
                }
            }
            bake_file(bytes, &options).map_err(|error| Failure::data(error.in_file(name)))
        }
        Files::Two(pair) => {
            refuse_file_args(&pair.vocab.0, args)?;
            bake_vocab_merges(&pair.vocab.1, &pair.merges.1, &options).map_err(
                |error| match error {
                    FileError::Read(error) => pair.failure(&error),
                    error => Failure::data(error.in_file(&pair.vocab.0)),
                },
            )
        }
    }?;
    let notices = files.notices(&baked.warnings);
    Ok((baked.blob, notices))
}

/// Reads a file, or vocab.json with merges.txt, and what was noticed.
pub(crate) fn spec(
    files: &[PathBuf],
    args: &FileArgs,
    strict: bool,
) -> Result<(comptok_bake::Spec, Vec<Notice>), Failure> {
    let files = Files::read(files)?;
    let read = match &files {
        Files::One(name, bytes) => {
            if read::recognise(bytes) == Format::Blob {
                return Err(Failure::data(format!(
                    "{name}: a blob does not hold what a tokenizer.json needs; convert the file \
                     that it was baked from"
                )));
            }
            let FileOptions { pattern, special_tokens, .. } = options(args, strict, None);
            read::read(bytes, read::Options { pattern, special_tokens })
                .map_err(|error| files.failure(&error))?
        }
        Files::Two(pair) => pair.read(args)?,
    };
    let notices = files.notices(&read.warnings);
    let spec =
        if strict { read.strict().map_err(|error| files.failure(&error))? } else { read.spec };
    Ok((spec, notices))
}

/// Something odd in a file, and where.
#[derive(Debug)]
pub(crate) struct Notice {
    pub(crate) place: String,
    pub(crate) message: String,
}

impl Notice {
    /// Tells it.
    pub(crate) fn complain(&self) {
        complain(&format!("{}: warning: {}", self.place, self.message));
    }
}

/// Names and contents.
enum Files {
    One(String, Vec<u8>),
    Two(Pair),
}

struct Pair {
    vocab: (String, Vec<u8>),
    merges: (String, Vec<u8>),
}

impl Files {
    fn read(files: &[PathBuf]) -> Result<Self, Failure> {
        let read = |path: &PathBuf| Ok((path.display().to_string(), read_file(path)?));
        match files {
            [one] => read(one).map(|(name, bytes)| Self::One(name, bytes)),
            [first, second] => {
                let (first, second) = (read(first)?, read(second)?);
                match (read::recognise(&first.1), read::recognise(&second.1)) {
                    (Format::VocabJson, _) => Ok(Self::Two(Pair { vocab: first, merges: second })),
                    (_, Format::VocabJson) => Ok(Self::Two(Pair { vocab: second, merges: first })),
                    (found, _) => Err(Failure::data(format!(
                        "{}: two files have to be vocab.json and merges.txt; this is {found}",
                        first.0
                    ))),
                }
            }
            _ => Err(Failure::Usage("wanted one file, or vocab.json and merges.txt".to_owned())),
        }
    }

    fn failure(&self, error: &ReadError) -> Failure {
        Failure::data(error.in_file(self.of(&error.path)))
    }

    /// The file that a path leads into.
    fn of(&self, path: &str) -> &str {
        match self {
            Self::One(name, _) => name,
            Self::Two(pair) => pair.of(path),
        }
    }

    fn notices(&self, warnings: &[Warning]) -> Vec<Notice> {
        let notice = |warning: &Warning| Notice {
            place: warning.place_in(self.of(&warning.path)),
            message: warning.message.clone(),
        };
        warnings.iter().map(notice).collect()
    }
}

impl Pair {
    fn read(&self, args: &FileArgs) -> Result<Read, Failure> {
        refuse_file_args(&self.vocab.0, args)?;
        read::vocab_merges(&self.vocab.1, &self.merges.1).map_err(|error| self.failure(&error))
    }

    fn failure(&self, error: &ReadError) -> Failure {
        Failure::data(error.in_file(self.of(&error.path)))
    }

    fn of(&self, path: &str) -> &str {
        if path.starts_with("merges") { &self.merges.0 } else { &self.vocab.0 }
    }
}
