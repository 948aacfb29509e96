//! What the generators of source files share.

use std::fmt::{LowerHex, Write as _};
use std::fs;
use std::path::PathBuf;

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}

/// Writes `content` to `path` (relative to the workspace root), unless it holds exactly that already:
/// an untouched file rebuilds nothing.
pub(crate) fn write(path: &str, content: &str) -> Result<(), String> {
    write_bytes(path, content.as_bytes())
}

/// The same for content that is not text.
pub(crate) fn write_bytes(path: &str, content: &[u8]) -> Result<(), String> {
    let full = root().join(path);
    if fs::read(&full).is_ok_and(|old| old == content) {
        eprintln!("{path}: unchanged");
        return Ok(());
    }
    fs::write(&full, content).map_err(|error| format!("{path}: {error}"))?;
    eprintln!("{path}: written, {} bytes", content.len());
    Ok(())
}

/// Appends a documented `static` array of integers.
pub(crate) fn push_array<T: LowerHex>(
    out: &mut String,
    doc: &str,
    name: &str,
    element: &str,
    values: &[T],
) {
    let _ = write!(out, "\n/// {doc}\n#[rustfmt::skip]\n");
    let _ = write!(out, "pub(super) static {name}: [{element}; {}] = [", values.len());
    let mut column = usize::MAX;
    for value in values {
        let text = format!("{value:#x},");
        if column.saturating_add(text.len()) > 98 {
            out.push_str("\n    ");
            column = 4;
        }
        out.push_str(&text);
        column += text.len();
    }
    out.push_str("\n];\n");
}

/// Splits a table by code point into blocks and shares the equal ones: the first table gives the
/// number of a code point's block, the second holds the blocks. `SHIFT` is log2 of a block's length.
/// The blocks that are `first` get the lowest numbers; how many they are comes last.
pub(crate) fn two_stage<const SHIFT: usize>(
    values: &[u16],
    first: impl Fn(&[u16]) -> bool,
) -> (Vec<u8>, Vec<u16>, usize) {
    let mut unique = Vec::<&[u16]>::new();
    for block in values.chunks(1 << SHIFT) {
        if !unique.contains(&block) {
            unique.push(block);
        }
    }
    unique.sort_by_key(|block| !first(block));
    let number_of = |block| unique.iter().position(|old| *old == block).expect("all are there");
    let to_byte = |number| u8::try_from(number).expect("the tables here have few blocks");
    let index = values.chunks(1 << SHIFT).map(|block| to_byte(number_of(block))).collect();
    (index, unique.concat(), unique.iter().filter(|block| first(block)).count())
}
