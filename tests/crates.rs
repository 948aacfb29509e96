//! `include_tokenizer!` and `include_baked!` in other crates: renamed, re-exported, `no_std`; and when
//! the tokenizer is baked again.

#![cfg(feature = "macros")]

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Copies the crates to where they can be changed, next to the vocabulary that they include.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (from, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        let to = to.join(&name);
        if name == "target" || name == "Cargo.lock" {
            continue;
        } else if from.is_dir() {
            copy(&from, &to)?;
        } else if name == "Cargo.toml" {
            // Paths to comptok are relative to the original.
            let root = env!("CARGO_MANIFEST_DIR").replace('\\', "/");
            let text = fs::read_to_string(&from)?;
            let text = text.replace("\"../../..\"", &format!("\"{root}\""));
            let text = text.replace("\"../..\"", &format!("\"{root}\""));
            fs::write(to, text.replace("\"../../tok-bake\"", &format!("\"{root}/tok-bake\"")))?;
        } else {
            fs::copy(from, to)?;
        }
    }
    Ok(())
}

struct Crates {
    folder: PathBuf,
}

impl Crates {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("crates");
        copy(&root.join("tests/crates"), &folder).expect("the crates are copied");
        // The same versions as here, so that nothing has to be fetched.
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).expect("a lock file");
        let crates = Self { folder };
        let _ = fs::remove_dir_all(crates.blobs());
        crates
    }

    fn blobs(&self) -> PathBuf {
        self.folder.join("target/debug/comptok-blobs")
    }

    fn set_vocabulary(&self, text: &str) {
        for member in ["app", "bare"] {
            fs::write(self.folder.join(member).join("words.json"), text).expect("written");
        }
    }

    /// Builds and runs the program; gives its output and cargo's.
    fn run(&self) -> (String, String) {
        let output = Command::new(env!("CARGO"))
            .args(["run", "--offline", "--package", "app", "--target-dir", "target"])
            .current_dir(&self.folder)
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .output()
            .expect("cargo runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{out}\n{err}");
        (out, err)
    }

    /// The blobs and their time stamps.
    fn stamps(&self) -> Vec<(PathBuf, SystemTime)> {
        let entries = fs::read_dir(self.blobs()).expect("the blobs are there");
        let mut stamps: Vec<_> = entries
            .map(|entry| {
                let entry = entry.expect("an entry");
                let modified = entry.metadata().and_then(|data| data.modified());
                (entry.path(), modified.expect("a time stamp"))
            })
            .collect();
        stamps.sort();
        stamps
    }
}

fn lines(ids: &str) -> String {
    format!("macro {ids}\nbuild {ids}\nbare {ids}\n")
}

#[test]
fn other_crates_include_what_changes_and_bake_nothing_else() {
    let crates = Crates::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let vocabulary = fs::read_to_string(fixtures.join("tiny.json")).expect("the fixture");
    crates.set_vocabulary(&vocabulary);
    assert_eq!(crates.run().0, lines("[257, 268, 115]"));
    // One source, one blob, however many crates include it.
    let baked = crates.stamps();
    assert_eq!(baked.len(), 1, "{baked:?}");

    // No change: cargo compiles nothing. (A blob that looked newer than its compiler would.)
    let (_, messages) = crates.run();
    assert!(!messages.contains("Compiling"), "{messages}");

    // An unrelated edit compiles and bakes nothing; a blob that is written again has another stamp.
    // The stamp is an old one, which cargo takes for unchanged.
    let stamp = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let blob = fs::File::options().write(true).open(&baked[0].0).expect("the blob");
    blob.set_modified(stamp).expect("a new time stamp");
    drop(blob);
    let main = crates.folder.join("app/src/main.rs");
    let program = fs::read_to_string(&main).expect("the program");
    fs::write(&main, program.replace("the tokens", "the token")).expect("written");
    let (output, messages) = crates.run();
    assert!(messages.contains("Compiling app"), "{messages}");
    assert_eq!(output, lines("[257, 268]"));
    assert_eq!(crates.stamps(), [(baked[0].0.clone(), stamp)]);

    // Another vocabulary is another tokenizer, without an edit of the program: here "token" is not
    // merged with the space in front. What is odd about it is told, and stops nobody.
    let missing = fs::read_to_string(fixtures.join("missing_bytes.json")).expect("the fixture");
    let merge = "   [\n    \"Ġ\",\n    \"token\"\n   ],\n";
    assert!(missing.contains(merge));
    crates.set_vocabulary(&missing.replace(merge, ""));
    let (output, messages) = crates.run();
    assert_eq!(output, lines("[257, 32, 267]"));
    assert!(messages.contains("warning: words.json:"), "{messages}");
    assert!(messages.contains(": bytes without a token"), "{messages}");
    assert_eq!(crates.stamps().len(), 2);
}
