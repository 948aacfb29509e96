//! Files and streams: where text comes from, where answers go.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Read, StdoutLock, Write};
use std::path::{Path, PathBuf};

use crate::Failure;

/// Writes a message for people. If nobody listens, that is no reason to fail.
pub(crate) fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "comptok: {message}");
}

/// Writes to the standard output and is done.
pub(crate) fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let result = stdout.write_all(bytes).and_then(|()| stdout.flush());
    result.map_err(|error| Failure::io("standard output", &error))
}

/// Whether a path means the standard input or output.
pub(crate) fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// All that stands in a file.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    if is_dash(path) {
        let mut bytes = Vec::new();
        let result = io::stdin().lock().read_to_end(&mut bytes);
        return result.map(|_| bytes).map_err(|error| Failure::io("standard input", &error));
    }
    fs::read(path).map_err(|error| Failure::io(path.display(), &error))
}

/// Something to read.
pub(crate) struct Input {
    /// What messages call it.
    pub(crate) name: String,
    pub(crate) reader: Box<dyn Read>,
}

impl Input {
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        if is_dash(path) {
            return Ok(Self { name: "-".to_owned(), reader: Box::new(io::stdin().lock()) });
        }
        let name = path.display().to_string();
        let failed = |error| Failure::io(&name, &error);
        let file = File::open(path).map_err(failed)?;
        // On Unix a directory can be opened, and fails at the first read, with fewer words.
        if file.metadata().map_err(failed)?.is_dir() {
            return Err(Failure::data(format!("{name}: is a directory")));
        }
        Ok(Self { name, reader: Box::new(file) })
    }
}

/// The paths to read: the standard input if there are none.
pub(crate) fn paths(files: &[PathBuf]) -> Vec<&Path> {
    if files.is_empty() {
        return vec![Path::new("-")];
    }
    files.iter().map(PathBuf::as_path).collect()
}

/// Somewhere to write.
pub(crate) struct Output {
    name: String,
    sink: Sink,
}

enum Sink {
    Stdout(BufWriter<StdoutLock<'static>>),
    /// A device or a pipe, which cannot be replaced.
    Direct(BufWriter<File>),
    /// A file beside the one that is wanted, which takes its place when all is written.
    Beside(BufWriter<File>, Beside),
}

/// A file that is removed unless it is kept.
struct Beside {
    path: PathBuf,
    wanted: PathBuf,
    keep: bool,
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.keep {
            // Best effort: the command has failed already, and says why.
            let _ = fs::remove_file(&self.path);
        }
    }
}

const BUFFER: usize = 1 << 16;

impl Output {
    /// The standard output for `None` and for `-`.
    pub(crate) fn create(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path.filter(|path| !is_dash(path)) else {
            let stdout = BufWriter::with_capacity(BUFFER, io::stdout().lock());
            return Ok(Self { name: "standard output".to_owned(), sink: Sink::Stdout(stdout) });
        };
        let name = path.display().to_string();
        let failed = |error| Failure::io(&name, &error);
        // What a link points to is replaced, not the link.
        let wanted = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let sink = match fs::metadata(&wanted) {
            Ok(there) if there.is_dir() => {
                return Err(Failure::data(format!("{name}: is a directory")));
            }
            Ok(there) if !there.is_file() => {
                let file = File::options().write(true).open(&wanted).map_err(failed)?;
                Sink::Direct(BufWriter::with_capacity(BUFFER, file))
            }
            there => {
                let mut beside = wanted.clone().into_os_string();
                beside.push(format!(".{}.tmp", std::process::id()));
                let path = PathBuf::from(beside);
                let file = File::create_new(&path).map_err(failed)?;
                let beside = Beside { path, wanted, keep: false };
                if let Ok(there) = there {
                    fs::set_permissions(&beside.path, there.permissions()).map_err(failed)?;
                }
                Sink::Beside(BufWriter::with_capacity(BUFFER, file), beside)
            }
        };
        Ok(Self { name, sink })
    }

    /// Whether people see what is written.
    pub(crate) fn is_terminal(&self) -> bool {
        match &self.sink {
            Sink::Stdout(stdout) => stdout.get_ref().is_terminal(),
            Sink::Direct(file) => file.get_ref().is_terminal(),
            Sink::Beside(..) => false,
        }
    }

    fn writer(&mut self) -> &mut dyn Write {
        match &mut self.sink {
            Sink::Stdout(stdout) => stdout,
            Sink::Direct(file) | Sink::Beside(file, _) => file,
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let result = self.writer().write_all(bytes);
        result.map_err(|error| Failure::io(&self.name, &error))
    }

    /// To be called when all is written: only then is a new file in its place.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        let flushed = self.writer().flush();
        let Self { name, sink } = self;
        let placed = flushed.and_then(|()| match sink {
            Sink::Stdout(_) | Sink::Direct(_) => Ok(()),
            Sink::Beside(file, mut beside) => {
                drop(file);
                fs::rename(&beside.path, &beside.wanted)?;
                beside.keep = true;
                Ok(())
            }
        });
        placed.map_err(|error| Failure::io(name, &error))
    }
}
