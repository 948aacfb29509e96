//! Test material that lies beside the workspace.

use std::io::Read as _;
use std::path::PathBuf;

use flate2::read::MultiGzDecoder;
use serde_json::Value;

/// The folder of the test material; `None`, loudly, if it is absent (an error if CI=true).
pub(crate) fn shared() -> Option<PathBuf> {
    let folder = match std::env::var_os("COMPTOK_SHARED") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
    };
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is absent", folder.display());
    eprintln!("skipped: ../shared is absent");
    None
}

/// The contents of a gzipped file.
pub(crate) fn gunzip(path: PathBuf) -> Vec<u8> {
    let file = std::fs::File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut bytes = Vec::new();
    MultiGzDecoder::new(file).read_to_end(&mut bytes).expect("a gzip file");
    bytes
}

/// Files of a folder that end in `end`: their names without it, and their paths, sorted.
pub(crate) fn files(folder: PathBuf, end: &str) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = paths
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.strip_suffix(end)?.to_owned();
            Some((name, path))
        })
        .collect();
    files.sort();
    files
}

/// The first row of a file of vectors.
pub(crate) fn header(path: PathBuf) -> Value {
    let bytes = gunzip(path);
    let line = bytes.split(|&byte| byte == b'\n').next().expect("a row");
    serde_json::from_slice(line).expect("a header")
}
