//! Blobs mapped into memory.

use crate::{Tokenizer, storage::Storage};
use comptok_core::blob::FormatError;
use std::{fmt, fs::File, path::Path};

/// Why a blob could not be mapped.
#[derive(Debug)]
#[non_exhaustive]
pub enum MapError {
    /// What the system says.
    Io(std::io::Error),
    /// The file is not a blob that this build can use.
    Format(FormatError),
}

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Format(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for MapError {}

impl Tokenizer {
    /// The tokenizer of a `.ctok` file, mapped into memory: only the pages that are used are read.
    /// The header is checked; [`verify`](Self::verify) checks the content.
    ///
    /// # Errors
    ///
    /// If the file cannot be mapped, or is not a blob of this version.
    ///
    /// # Safety
    ///
    /// The file must not change while the tokenizer or a clone of it exists.
    pub unsafe fn map_file(path: impl AsRef<Path>) -> Result<Self, MapError> {
        let file = File::open(path).map_err(MapError::Io)?;
        // SAFETY: the caller promises that the file does not change while it is mapped.
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(MapError::Io)?;
        Self::from_storage(Storage::Mapped(map.into())).map_err(MapError::Format)
    }
}
