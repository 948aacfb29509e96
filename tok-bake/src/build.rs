//! For build scripts: a vocabulary file becomes `$OUT_DIR/name.ctok`.
//!
//! What goes wrong is told to cargo, which stops the build and shows the message; so these functions
//! return nothing. They also tell cargo which files to watch.
//!
//! ```no_run
//! // In the main function of build.rs:
//! let options = comptok_bake::FileOptions::default();
//! comptok_bake::build::vocabulary("mine", "vocab/mine.json", &options);
//! ```

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
};

use crate::{
    FileOptions, bake,
    bundled::{self, Bundled},
    error::Warning,
};

/// Bakes the tokenizer file at `path`, relative to the package's directory, into
/// `$OUT_DIR/name.ctok`, from where `comptok::include_baked!("name")` takes it.
pub fn vocabulary(name: &str, path: impl AsRef<Path>, options: &FileOptions<'_>) {
    tell(bake_at(path.as_ref(), options).and_then(|baked| {
        write_changed(name, &baked.blob)?;
        let file = path.as_ref();
        let warning =
            |warning: &Warning| format!("{}: {warning}", warning.place_in(file.display()));
        Ok(baked.warnings.iter().map(warning).collect())
    }));
}

/// The text at `path`, relative to the package's directory, for [`Profile`](bake::Profile).
///
/// ```no_run
/// use comptok_bake::{FileOptions, bake::Profile, build};
/// let text = build::profile("corpus.txt");
/// let options = FileOptions { profile: Some(Profile::new(&text)), ..FileOptions::default() };
/// build::vocabulary("mine", "vocab/mine.json", &options);
/// ```
pub fn profile(path: impl AsRef<Path>) -> Vec<u8> {
    let text = read(path.as_ref());
    let missing = text.as_ref().err().cloned();
    tell(missing.map_or(Ok(Vec::new()), Err));
    text.unwrap_or_default()
}

/// Bakes tokenizers that comptok bundles from their files in `dir`.
///
/// `wanted` says which, by name. Those with the same tables go into one blob in the order of
/// [`bundled::ALL`]; it is named after [`Bundled::tables`].
pub fn bundled(dir: impl AsRef<Path>, wanted: impl Fn(&str) -> bool) {
    let wanted: Vec<&Bundled> =
        bundled::ALL.iter().filter(|bundled| wanted(bundled.name)).collect();
    for group in wanted.chunk_by(|a, b| a.tables == b.tables) {
        tell(bake_group(dir.as_ref(), group).and_then(|blob| {
            write_changed(group[0].tables, &blob)?;
            Ok(Vec::new())
        }));
    }
}

fn bake_group(dir: &Path, group: &[&Bundled]) -> Result<Vec<u8>, String> {
    let mut blobs = Vec::with_capacity(group.len());
    for bundled in group {
        let special_tokens = bundled.special_tokens();
        let pattern = bundled.pattern.map(Into::into);
        let options =
            FileOptions { pattern, special_tokens: &special_tokens, ..FileOptions::default() };
        blobs.push(bake_at(&dir.join(bundled.file), &options)?.blob);
    }
    match &mut *blobs {
        [blob] => Ok(std::mem::take(blob)),
        _ => {
            let blobs: Vec<&[u8]> = blobs.iter().map(|blob| &**blob).collect();
            bake::join(&blobs).map_err(|error| format!("{}: {error}", group[0].tables))
        }
    }
}

fn bake_at(path: &Path, options: &FileOptions<'_>) -> Result<crate::Baked, String> {
    let bytes = read(path)?;
    crate::bake_file(&bytes, options).map_err(|error| error.in_file(path.display()))
}

/// A file, which cargo is told to watch.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let full = match env::var_os("CARGO_MANIFEST_DIR") {
        Some(package) => PathBuf::from(package).join(path),
        None => path.to_owned(),
    };
    say(format_args!("rerun-if-changed={}", full.display()));
    fs::read(&full).map_err(|error| format!("{}: {error}", full.display()))
}

/// A file that is the same is left alone, so that nothing that includes it is compiled again.
fn write_changed(name: &str, blob: &[u8]) -> Result<(), String> {
    let out = env::var_os("OUT_DIR")
        .ok_or("OUT_DIR is not set; this function is for build scripts, which cargo runs")?;
    let path = Path::new(&out).join(format!("{name}.ctok"));
    if fs::read(&path).is_ok_and(|old| old == blob) {
        return Ok(());
    }
    fs::write(&path, blob).map_err(|error| format!("{}: {error}", path.display()))
}

fn tell(result: Result<Vec<String>, String>) {
    match result {
        Ok(warnings) => {
            for warning in warnings {
                say(format_args!("warning={}", one_line(&warning)));
            }
        }
        Err(message) => say(format_args!("error={}", one_line(&message))),
    }
}

/// Cargo ends an instruction where the line ends.
fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

fn say(instruction: std::fmt::Arguments<'_>) {
    // A cargo that no longer listens has its own reasons, and nobody else is there to be told.
    let _ = writeln!(std::io::stdout(), "cargo::{instruction}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_file_and_fit_in_a_line() {
        let error = bake_at(Path::new("no/such.json"), &FileOptions::default());
        let error = error.expect_err("there is none");
        assert!(error.contains("no/such.json: "), "{error}");
        let error = bake_at(Path::new("Cargo.toml"), &FileOptions::default());
        assert_eq!(
            error.expect_err("no tokenizer"),
            "Cargo.toml: unknown format; known are tokenizer.json, tekken.json, tiktoken ranks, \
             SentencePiece models, vocab.txt, CLIP's merges, GGUF, vocab.json with merges.txt"
        );
        assert_eq!(one_line("a\r\nb"), "a  b");
    }

    #[test]
    fn tokenizers_with_the_same_tables_make_one_blob() {
        let pick = |name| Bundled::by_name(name).expect("one of ours");
        let dir = Path::new("../vocab");
        let one = bake_group(dir, &[pick("p50k_edit")]).expect("it bakes");
        let two = bake_group(dir, &[pick("p50k_base"), pick("p50k_edit")]).expect("they bake");
        assert!(two.len() < one.len() + one.len() / 50, "{} {}", one.len(), two.len());
    }
}
