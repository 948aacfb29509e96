//! Where the shared test material lies, and how it is read.

use serde_json::Value;
use std::{
    io::Read,
    path::{Path, PathBuf},
};

/// `../shared` beside the workspace, or where `COMPTOK_SHARED` points. `None` where it is absent,
/// which is said aloud; with `CI=true` that is a failure.
pub(crate) fn shared() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = std::env::var_os("COMPTOK_SHARED").map_or(root.join("../shared"), PathBuf::from);
    if path.join("vectors").is_dir() {
        return Some(path);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is absent", path.display());
    eprintln!("SKIPPED: {} is absent", path.display());
    None
}

/// The content of a gzipped file.
pub(crate) fn unzip(path: &Path) -> Vec<u8> {
    let file = std::fs::File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(file)
        .read_to_end(&mut bytes)
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    bytes
}

/// The rows of a gzipped file of JSON lines: its header, and the others.
pub(crate) fn rows(path: &Path) -> (Value, Vec<Value>) {
    let bytes = unzip(path);
    let mut rows = bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).map(|line| {
        serde_json::from_slice::<Value>(line).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    });
    (rows.next().expect("a header"), rows.collect())
}

/// An array of ids.
pub(crate) fn ids(value: &Value) -> Vec<u32> {
    let array = value.as_array().expect("an array of ids");
    array.iter().map(|id| id.as_u64().expect("an id") as u32).collect()
}
