//! Tokenizers from files, at run time.

use crate::{Tokenizer, storage::Storage};
use comptok_bake::{BakeError, bake_file};
use comptok_core::blob::{FormatError, MAGIC};
use core::fmt;
use std::{
    path::{Path, PathBuf},
    string::{String, ToString},
};

pub use comptok_bake::{
    FileError, FileOptions, Spec, bake::Profile, compose, read::pattern::PatternArg, spec,
    spec::Family,
};

/// Why a tokenizer could not be loaded.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoadError {
    /// The file could not be read.
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The file's content gives no tokenizer.
    File {
        /// The file; empty where the bytes came from elsewhere.
        path: PathBuf,
        /// Why.
        error: FileError,
    },
    /// The hub does not have it, or does not give it.
    #[cfg(feature = "hub")]
    Hub {
        /// The repository.
        repository: String,
        /// Its revision.
        revision: String,
        /// What was asked for, and what came of it.
        message: String,
    },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, error } => write!(f, "{}: {error}", path.display()),
            Self::File { path, error } if path.as_os_str().is_empty() => error.fmt(f),
            #[cfg(feature = "hub")]
            Self::Hub { repository, revision, message } => {
                write!(f, "{repository} ({revision}): {message}")
            }
            Self::File { path, error } => f.write_str(&error.in_file(path.display())),
        }
    }
}

impl std::error::Error for LoadError {}

impl From<FileError> for LoadError {
    fn from(error: FileError) -> Self {
        Self::File { path: PathBuf::new(), error }
    }
}

impl From<FormatError> for LoadError {
    fn from(error: FormatError) -> Self {
        FileError::Blob(error).into()
    }
}

impl From<BakeError> for LoadError {
    fn from(error: BakeError) -> Self {
        FileError::Bake(error).into()
    }
}

impl Tokenizer {
    /// The tokenizer in these bytes: a blob, which is checked in full, or a file of any supported
    /// format, which is baked.
    ///
    /// # Errors
    ///
    /// If the bytes are no such file, or need something that the engine does not have.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        Self::from_bytes_with(bytes, &FileOptions::default())
    }

    /// As [`from_bytes`](Self::from_bytes), for formats that do not say everything themselves.
    ///
    /// # Errors
    ///
    /// As [`from_bytes`](Self::from_bytes).
    pub fn from_bytes_with(bytes: &[u8], options: &FileOptions<'_>) -> Result<Self, LoadError> {
        if bytes.starts_with(&MAGIC) {
            let tokenizer = Self::from_storage(Storage::heap(bytes))?;
            tokenizer.verify()?;
            return Ok(tokenizer);
        }
        let baked = bake_file(bytes, options)?;
        Ok(Self::from_storage(Storage::owned(baked.blob))?)
    }

    /// The tokenizer in a file: see [`from_bytes`](Self::from_bytes).
    ///
    /// # Errors
    ///
    /// If the file cannot be read, and as [`from_bytes`](Self::from_bytes).
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        Self::from_file_with(path, &FileOptions::default())
    }

    /// As [`from_file`](Self::from_file), for formats that do not say everything themselves.
    ///
    /// # Errors
    ///
    /// As [`from_file`](Self::from_file).
    pub fn from_file_with(
        path: impl AsRef<Path>,
        options: &FileOptions<'_>,
    ) -> Result<Self, LoadError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path)
            .map_err(|error| LoadError::Io { path: path.to_path_buf(), error })?;
        Self::from_bytes_with(&bytes, options).map_err(|error| match error {
            LoadError::File { error, .. } => LoadError::File { path: path.to_path_buf(), error },
            other => other,
        })
    }

    /// The tokenizer that a [`Spec`] describes.
    ///
    /// # Errors
    ///
    /// If the engine does not have what it needs.
    pub fn from_spec(spec: &Spec) -> Result<Self, LoadError> {
        let baked = comptok_bake::bake(spec, &comptok_bake::bake::Options::default())?;
        Ok(Self::from_storage(Storage::owned(baked.blob))?)
    }

    /// The blob's notes for people: lines of a name, a tab, and a text.
    pub fn notes(&self) -> String {
        String::from_utf8_lossy(self.tables().names).to_string()
    }
}
