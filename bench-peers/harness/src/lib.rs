//! What the programs that each measure one tokenizer library share: the library's calls behind one
//! trait, and the measurements, which are the same for all. A program prints one JSON object for
//! each thing it measured; `cargo xtask bench peers` runs the programs in turns and reads them.

mod corpus;
mod measure;
mod modes;

use std::{fmt, path::PathBuf, process::ExitCode};

/// A tokenizer library under measurement.
pub trait Peer: Sized + Sync {
    /// What a thread keeps between calls: the list of ids, and memory if the library asks for some.
    type State: Default;

    /// The tokenizer of this name, in the way that the library's users load it.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the library has no such vocabulary.
    fn load(vocab: &Vocab) -> Result<Self, Error>;

    /// The tokenizer from a file of this kind (`json`, `model` or `ctok`), for those that can be loaded
    /// in more ways than one.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the library has no such way.
    fn load_from(vocab: &Vocab, extension: &str) -> Result<Self, Error> {
        if extension == "own" { Self::load(vocab) } else { Err(Error::Unsupported) }
    }

    /// The number of tokens of a whole encoding, with the post-processor's tokens and with offsets in
    /// bytes; where asked, id, start and end of each. `None` if the library gives no offsets.
    fn full(&self, _text: &str, _rows: Option<&mut Vec<[usize; 3]>>) -> Option<usize> {
        None
    }

    /// The ids of `text`, special tokens taken for text, by the library's fastest call that gives
    /// them all. A library that fails may panic: that is counted.
    fn encode<'s>(&self, text: &str, state: &'s mut Self::State) -> &'s [u32];

    /// The number of ids, if the library can tell without a list of them.
    fn count(&self, _text: &str, _state: &mut Self::State) -> Option<usize> {
        None
    }

    /// Replaces `text` by that of `ids`; `false` if the library cannot decode.
    fn decode(&self, _ids: &[u32], _text: &mut Vec<u8>) -> bool {
        false
    }

    /// Writes the ids of many texts by the library's own threads, if it has such a call; else `false`. In
    /// `ids` are those of the last call if [`KEEPS`](Self::KEEPS) says so, else nothing.
    fn batch(&self, _texts: &[&str], _threads: usize, _ids: &mut Vec<Vec<u32>>) -> bool {
        false
    }

    /// The same for one long text.
    fn long(&self, _text: &str, _threads: usize, _ids: &mut Vec<u32>) -> bool {
        false
    }

    /// Whether these two write into lists that are there.
    const KEEPS: bool = false;
}

/// Which vocabulary to load, and where its files are.
pub struct Vocab {
    /// `r50k`, `cl100k`, `o200k`, `qwen2`, or a model's file.
    pub name: String,
    folder: PathBuf,
}

impl Vocab {
    /// Its tokenizer.json.
    pub fn json(&self) -> PathBuf {
        self.file("json")
    }

    /// Its rank file, as tiktoken has them.
    pub fn ranks(&self) -> PathBuf {
        self.file("tiktoken")
    }

    /// Its file with this extension.
    pub fn file(&self, extension: &str) -> PathBuf {
        self.folder.join(format!("{}.{extension}", self.name))
    }

    /// Its file with this extension, if it is one of those that it comes in.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if it is not.
    pub fn given(&self, extension: &str) -> Result<PathBuf, Error> {
        Some(self.file(extension)).filter(|path| path.is_file()).ok_or(Error::Unsupported)
    }

    /// The pattern that goes with the rank file, in the form that needs no possessive operators.
    ///
    /// # Panics
    /// If the file that has it is absent.
    pub fn pattern(&self) -> String {
        let path = self.file("pattern");
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// The tokens of the rank file, with their ranks.
    ///
    /// # Panics
    /// If the file is absent or is no rank file.
    pub fn tokens(&self) -> Vec<(Vec<u8>, u32)> {
        let path = self.ranks();
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let line = |line: &str| {
            let (token, rank) = line.split_once(' ')?;
            Some((corpus::base64(token)?, rank.parse().ok()?))
        };
        text.lines().map(|text| line(text).expect("a token and its rank")).collect()
    }
}

/// Why a library has no such tokenizer.
#[derive(Debug)]
pub enum Error {
    /// It has none of this name.
    Unsupported,
    /// It refuses the file.
    Refused(String),
}

impl<T: fmt::Display> From<T> for Error {
    fn from(error: T) -> Self {
        Self::Refused(error.to_string())
    }
}

/// The program of one library: `MODE VOCABULARY FOLDER …`.
pub fn main<P: Peer>() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match modes::run::<P>(&args.iter().map(|arg| &**arg).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        // The chore leaves out what a library does not have.
        Err(Error::Unsupported) => ExitCode::from(3),
        Err(Error::Refused(message)) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
