//! Real text to compare on: seeded samples of the corpus files, or all of them.

use crate::random::Random;
use std::path::PathBuf;

/// The folder of the test material; `None`, with a loud word, where it is absent.
///
/// # Panics
/// If it is absent with `CI=true`.
pub fn shared() -> Option<PathBuf> {
    let path = std::env::var_os("COMPTOK_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    if path.is_dir() {
        return Some(path);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is absent", path.display());
    eprintln!("skipped: ../shared is absent");
    None
}

/// Whether to compare on everything: `COMPTOK_FULL=1`.
pub fn full() -> bool {
    std::env::var("COMPTOK_FULL").as_deref() == Ok("1")
}

/// A corpus file.
pub struct Sample {
    /// Its name in the corpus folder.
    pub name: String,
    /// Pieces of it, each of the bytes asked for (and what completes the last char).
    pub pieces: Vec<String>,
}

impl Sample {
    /// The bytes of all pieces.
    pub fn len(&self) -> usize {
        self.pieces.iter().map(String::len).sum()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// About `wanted` bytes of every corpus file, adversarial ones included, in pieces of `piece` bytes from
/// all over it; the whole files, cut into such pieces, if [`full`].
pub fn corpus(seed: u64, wanted: usize, piece: usize) -> Vec<Sample> {
    let Some(shared) = shared() else { return Vec::new() };
    let mut samples = Vec::new();
    for folder in ["", "adversarial/"] {
        let files = std::fs::read_dir(shared.join("corpus").join(folder)).expect("a folder");
        for file in files {
            let path = file.expect("a readable folder").path();
            let Some(stem) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if !stem.ends_with(".txt") {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("the corpus is UTF-8");
            let name = format!("{folder}{stem}");
            samples.push(Sample { pieces: pieces(&text, seed, wanted, piece), name });
        }
    }
    samples.sort_by(|a, b| a.name.cmp(&b.name));
    samples
}

fn pieces(text: &str, seed: u64, wanted: usize, piece: usize) -> Vec<String> {
    let cut = |from: usize| {
        let boundary = |mut at: usize| {
            while !text.is_char_boundary(at) {
                at += 1;
            }
            at
        };
        let from = boundary(from);
        text[from..boundary((from + piece).min(text.len()))].to_owned()
    };
    if full() || text.len() <= wanted {
        let mut pieces = Vec::new();
        let mut from = 0;
        while from < text.len() {
            pieces.push(cut(from));
            from += pieces.last().map_or(0, String::len);
        }
        return pieces;
    }
    let mut random = Random::new(seed ^ text.len() as u64);
    let mut from: Vec<usize> =
        (0..wanted.div_ceil(piece)).map(|_| random.below(text.len() - piece)).collect();
    // The end of a text is special to many patterns.
    from.extend([0, text.len() - piece]);
    from.into_iter().map(cut).collect()
}
