//! From the bytes of a file to a blob, in one call.

use comptok_core::blob::{self, FormatError, Header};
use sha2::{Digest, Sha256};
use std::fmt;

use crate::{
    bake::{self, BakeError, Baked, Profile},
    both::both,
    error::{ReadError, Warning},
    read::{self, Format, Read, pattern::PatternArg},
    spec::Spec,
};

/// A smaller file is hashed before a thread has begun.
const LARGE: usize = 1 << 20;

/// What a file does not say itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileOptions<'a> {
    /// Cuts the text. Rank files need it, other files have their own.
    pub pattern: Option<PatternArg<'a>>,
    /// Special tokens and their ids, for rank files.
    pub special_tokens: &'a [(String, u32)],
    /// What is worth a warning is an error.
    pub strict: bool,
    /// Text whose frequent words are to be found at once. Ids do not depend on it.
    pub profile: Option<Profile<'a>>,
}

/// Why a file gives no blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileError {
    /// It cannot be read.
    Read(ReadError),
    /// It can be read, and the engine cannot run it.
    Bake(BakeError),
    /// It is a blob that this build cannot use.
    Blob(FormatError),
}

impl FileError {
    /// The message with the file's name in front, and line and column where they are known.
    pub fn in_file(&self, file: impl fmt::Display) -> String {
        match self {
            Self::Read(error) => error.in_file(file),
            Self::Bake(error) => format!("{file}: {error}"),
            Self::Blob(error) => format!("{file}: {error}"),
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Bake(error) => error.fmt(f),
            Self::Blob(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FileError {}

impl From<ReadError> for FileError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<BakeError> for FileError {
    fn from(error: BakeError) -> Self {
        Self::Bake(error)
    }
}

/// sha256 of a file and of the options that change what comes of it.
pub fn source_hash(bytes: &[u8], options: &FileOptions<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(bytes);
    let mut said = format!("\0comptok {}\0{}", blob::FORMAT_VERSION, env!("CARGO_PKG_VERSION"));
    match options.pattern {
        Some(PatternArg::Named(name)) => said += &format!("\0named {name}"),
        Some(PatternArg::Regex(regex)) => said += &format!("\0regex {regex}"),
        None => {}
    }
    for (token, id) in options.special_tokens {
        said += &format!("\0special {id} {token}");
    }
    if let Some(profile) = options.profile {
        said += &format!("\0profile {} {}\0", profile.max_bytes, profile.text.len());
    }
    hash.update(said);
    if let Some(profile) = options.profile {
        hash.update(profile.text);
    }
    hash.finalize().into()
}

/// Reads a tokenizer file of any supported format, recognised from its content, and bakes it. A
/// blob is checked and returned as it is, whatever the profile.
///
/// # Errors
///
/// [`FileError`], with the place in the file where there is one.
pub fn bake_file(bytes: &[u8], options: &FileOptions<'_>) -> Result<Baked, FileError> {
    if bytes.starts_with(&blob::MAGIC) {
        let header = Header::parse(bytes).map_err(FileError::Blob)?;
        if blob::content_check(bytes) != header.content {
            return Err(FileError::Blob(FormatError::Content));
        }
        return Ok(Baked { blob: bytes.to_vec(), warnings: Vec::new() });
    }
    let asked = read::Options { pattern: options.pattern, special_tokens: options.special_tokens };
    let (read, source) =
        both(bytes.len() >= LARGE, || read::read(bytes, asked), || source_hash(bytes, options));
    baked(read?, source, options, bytes)
}

/// The same for vocab.json and merges.txt, which say all themselves: pattern and special tokens are
/// not asked for. Errors about the merges have a path that begins with `merges`.
///
/// # Errors
///
/// [`FileError`], with the place in its file where there is one.
pub fn bake_vocab_merges(
    vocab: &[u8],
    merges: &[u8],
    options: &FileOptions<'_>,
) -> Result<Baked, FileError> {
    let read = read::vocab_merges(vocab, merges)?;
    let source = source_hash(&[vocab, merges].concat(), options);
    baked(read, source, options, vocab)
}

/// Bakes what was read of a file with these bytes, in which errors and warnings have their places.
fn baked(
    read: Read,
    source: [u8; 32],
    options: &FileOptions<'_>,
    bytes: &[u8],
) -> Result<Baked, FileError> {
    let mut warnings = read.warnings.clone();
    let spec = if options.strict { read.strict()? } else { read.spec };
    let options = bake::Options { source, strict: options.strict, profile: options.profile };
    let mut baked = bake::bake(&spec, &options).map_err(|error| placed(error.into(), bytes))?;
    for warning in &mut baked.warnings {
        place_warning(warning, &spec, bytes);
    }
    warnings.append(&mut baked.warnings);
    Ok(Baked { blob: baked.blob, warnings })
}

/// Gives a warning of bake its place, if the file says what it is about.
fn place_warning(warning: &mut Warning, spec: &Spec, bytes: &[u8]) {
    let index = warning.path.strip_prefix("added_tokens[").and_then(|path| path.strip_suffix(']'));
    let place = match (read::recognise(bytes), index) {
        (Format::TokenizerJson, Some(index)) => {
            let token = index.parse().ok().and_then(|index: usize| spec.added_tokens.get(index));
            let found = token.and_then(|token| read::place::of_added_token(bytes, &token.content));
            found.map(|(index, place)| {
                warning.path = format!("added_tokens[{index}]");
                place
            })
        }
        (Format::TokenizerJson, None) => read::place::of_member(bytes, &warning.path),
        // It is a vocabulary and nothing else.
        (Format::VocabJson, None) => Some((1, 1)),
        _ => None,
    };
    (warning.line, warning.column) = place.unwrap_or_default();
}

/// The error with its place, if the file says what is at fault.
fn placed(error: FileError, bytes: &[u8]) -> FileError {
    let FileError::Bake(BakeError { message, part, .. }) = &error else { return error };
    let (line, column) = match read::recognise(bytes) {
        // What is not there is at fault where it would be: in the outermost object.
        Format::TokenizerJson if !part.is_empty() => {
            read::place::of_member(bytes, part).unwrap_or((1, 1))
        }
        // It is a vocabulary and nothing else.
        Format::VocabJson if *part == "model" => (1, 1),
        _ => return error,
    };
    ReadError { line, column, path: (*part).to_owned(), message: message.clone() }.into()
}
