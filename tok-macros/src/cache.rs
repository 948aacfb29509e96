//! Where blobs are kept between builds.
//!
//! `include_bytes!` needs a file, and a crate without a build script has no `OUT_DIR`. A proc macro
//! runs inside rustc, so the command line says where cargo's target folder is. A blob's name says
//! what it was made of, so a file that exists is never written again, and any number of compilers
//! may look for it, or write it, at the same time.

use comptok_core::blob::{FORMAT_VERSION, HEADER_LEN, MAGIC, field};
use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// The folder inside the target folder.
const FOLDER: &str = "comptok-blobs";

/// A folder for blobs, and which baker fills it.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    folder: PathBuf,
    /// Blobs of another build of this crate are not used: the same source could give other bytes.
    baker: u64,
}

/// A blob on disk.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Blob {
    pub(crate) path: PathBuf,
    pub(crate) len: usize,
}

impl Cache {
    /// The cache of the compiler with this command line; `None` if it does not say where its output
    /// goes and no `other` folder (cargo's `OUT_DIR` and the like) is known.
    pub(crate) fn find(
        command_line: impl Iterator<Item = OsString>,
        other: Option<PathBuf>,
    ) -> Option<Self> {
        let (mut out_dir, mut libraries) = (None, Vec::new());
        let mut line = expanded(command_line).into_iter();
        while let Some(arg) = line.next() {
            let Some(text) = arg.to_str() else { continue };
            if text == "--out-dir" {
                out_dir = line.next().map(PathBuf::from);
            } else if let Some(path) = text.strip_prefix("--out-dir=") {
                out_dir = Some(PathBuf::from(path));
            } else if text == "-L" {
                let path = line.next().and_then(|path| path.into_string().ok());
                libraries.extend(path.as_deref().and_then(dependency_folder));
            } else if let Some(path) = text.strip_prefix("-L") {
                libraries.extend(dependency_folder(path));
            }
        }
        // Cargo's folder of dependencies first: examples, tests and doc tests (whose own output folder
        // is gone when they end) then share what the library baked.
        let is_deps = |path: &&PathBuf| path.file_name().is_some_and(|name| name == "deps");
        let shared = libraries.iter().find(is_deps).or(out_dir.as_ref().filter(is_deps));
        let shared = shared.and_then(|path| path.parent()).map(Path::to_path_buf);
        let place = shared.or(out_dir).or(other)?;
        let folder = std::path::absolute(place).ok()?.join(FOLDER);
        Some(Self { folder, baker: baker(&libraries) })
    }

    /// Where a blob with this key is kept.
    fn path(&self, key: Key) -> PathBuf {
        self.folder.join(format!("{:032x}-{:x}.ctok", key.0, self.baker))
    }

    /// The blob with this key, if it is there. Only its header is read.
    pub(crate) fn get(&self, key: Key) -> Option<Blob> {
        let path = self.path(key);
        let mut file = File::open(&path).ok()?;
        let len = file.metadata().ok()?.len();
        let mut header = [0; HEADER_LEN];
        file.read_exact(&mut header).ok()?;
        // `Header::parse` wants all bytes there, so its check against the length is made here.
        let is = |place: usize, wanted: &[u8]| header[place..].starts_with(wanted);
        let is_whole = is(field::TOTAL_LEN, &len.to_le_bytes());
        let is_readable = is(0, &MAGIC) && is(field::VERSION, &FORMAT_VERSION.to_le_bytes());
        (is_whole && is_readable).then_some(Blob { path, len: usize::try_from(len).ok()? })
    }

    /// Keeps a blob, with the time stamp of its source.
    pub(crate) fn put(&self, key: Key, blob: &[u8], modified: SystemTime) -> io::Result<Blob> {
        fs::create_dir_all(&self.folder)?;
        let path = self.path(key);
        let temporary = self.folder.join(unique_name());
        let written =
            write(&temporary, blob, modified).and_then(|()| fs::rename(&temporary, &path));
        if let Err(error) = written {
            let _ = fs::remove_file(&temporary);
            // Some systems do not replace a file that another compiler has open; it is the same one.
            return self.get(key).ok_or(error);
        }
        Ok(Blob { path, len: blob.len() })
    }
}

/// What a blob was made of: 128 bits of the source, of the profile and of all that was said about it.
///
/// A macro runs without optimizations at each compilation, where sha256 does 25 MB/s: 0.15 s for
/// o200k and 0.35 s for Qwen's tokenizer.json, more than all else that an unrelated edit costs. This
/// does 500 MB/s. It finds changes and not forgeries; a blob that somebody puts here on purpose can
/// hold anything anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(u128);

impl Key {
    pub(crate) fn new(source: &[u8], profile: &[u8], said: &str) -> Self {
        let mut lanes = [0; 2];
        for part in [source, profile, said.as_bytes()] {
            mix(&mut lanes, part.len() as u64);
            let (words, rest) = part.as_chunks::<8>();
            for word in words {
                mix(&mut lanes, u64::from_le_bytes(*word));
            }
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            mix(&mut lanes, u64::from_le_bytes(last));
        }
        mix(&mut lanes, 0);
        Self(u128::from(lanes[0]) << 64 | u128::from(lanes[1]))
    }
}

// For each lane a bijection of the lane for every word, and of the word for every lane, so that one
// changed word always changes both.
fn mix(lanes: &mut [u64; 2], word: u64) {
    let first = (lanes[0] ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let second = (lanes[1] ^ word.rotate_left(32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    *lanes = [first ^ (first >> 32), second ^ (second >> 29)];
}

fn write(path: &Path, blob: &[u8], modified: SystemTime) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(blob)?;
    // Cargo takes a file that is newer than the start of its compiler for one that has changed since,
    // and would compile once more.
    file.set_modified(modified)
}

fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{}-{count}.tmp", std::process::id())
}

/// The command line, with `@file` arguments replaced by the lines of the file.
fn expanded(command_line: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut all = Vec::new();
    for arg in command_line {
        match arg.to_str().and_then(|arg| arg.strip_prefix('@')).map(fs::read_to_string) {
            Some(Ok(lines)) => all.extend(lines.lines().map(OsString::from)),
            _ => all.push(arg),
        }
    }
    all
}

/// The folder in the argument of `-L`, if it holds the crates that cargo built.
fn dependency_folder(argument: &str) -> Option<PathBuf> {
    argument.strip_prefix("dependency=").map(PathBuf::from)
}

/// Identifies this build of this crate, by the newest of its libraries in cargo's folders; 0 if there
/// is none. A version number would do for releases, but not while somebody changes comptok.
fn baker(folders: &[PathBuf]) -> u64 {
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    let ours = entries.filter(|entry| {
        let name = entry.file_name();
        name.to_str().is_some_and(|name| {
            // Windows has no `lib` in front.
            name.strip_prefix("lib").unwrap_or(name).starts_with("comptok_macros-")
                && name.ends_with(std::env::consts::DLL_SUFFIX)
        })
    });
    let age = |time: SystemTime| Some(time.duration_since(UNIX_EPOCH).ok()?.as_nanos() as u64);
    ours.filter_map(|entry| age(entry.metadata().ok()?.modified().ok()?)).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::env;
    use std::time::Duration;

    const KEY: Key = Key(7);

    /// As much of a blob as `get` looks at.
    fn blob() -> Vec<u8> {
        let mut blob = vec![0; HEADER_LEN + 100];
        blob[..4].copy_from_slice(&MAGIC);
        blob[field::VERSION..][..4].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        let len = blob.len() as u64;
        blob[field::TOTAL_LEN..][..8].copy_from_slice(&len.to_le_bytes());
        blob
    }

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("comptok-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a temporary folder");
        folder
    }

    fn find(line: &[&str]) -> Option<PathBuf> {
        let cache = Cache::find(line.iter().map(OsString::from), None);
        cache.map(|cache| cache.folder)
    }

    #[test]
    fn the_command_line_says_where() {
        let found = |line: &[&str]| {
            let here = env::current_dir().expect("a current folder");
            let folder = find(line)?;
            Some(folder.strip_prefix(here).expect("a folder here").display().to_string())
        };
        let shared = Some(Path::new("t").join("debug").join(FOLDER).display().to_string());
        assert_eq!(found(&["rustc", "--out-dir", "t/debug/deps"]), shared);
        assert_eq!(found(&["rustc", "--out-dir=t/debug/deps"]), shared);
        // The examples and the doc tests of a crate.
        assert_eq!(
            found(&["--out-dir", "t/debug/examples", "-L", "dependency=t/debug/deps"]),
            shared
        );
        assert_eq!(found(&["--out-dir", "/temp", "-Ldependency=t/debug/deps"]), shared);
        let own = Some(Path::new("o").join(FOLDER).display().to_string());
        assert_eq!(found(&["-L", "native=t/deps", "--out-dir", "o"]), own);
        assert_eq!(found(&["-L", "dependency=t/x", "--out-dir", "o"]), own);
        assert_eq!(find(&["rustc", "x.rs", "-L", "t/deps"]), None);
        assert_eq!(find(&["rustc", "--out-dir"]), None);
    }

    #[test]
    fn arguments_in_a_file_count() {
        let folder = folder("arguments");
        let file = folder.join("args");
        fs::write(&file, "--crate-name\nx\n-L\ndependency=t/deps\n").expect("written");
        let argument = format!("@{}", file.display());
        assert!(
            find(&["rustc", &argument]).is_some_and(|found| found.ends_with("t/comptok-blobs"))
        );
        assert_eq!(find(&["rustc", "@no such file"]), None);
        let _ = fs::remove_dir_all(folder);
    }

    #[test]
    fn another_folder_serves_when_the_command_line_is_silent() {
        let cache = Cache::find(["rustc".into()].into_iter(), Some("/o".into())).expect("a folder");
        assert!(cache.folder.ends_with(Path::new("o").join(FOLDER)));
    }

    #[test]
    fn what_was_put_is_got_and_as_old_as_its_source() {
        let folder = folder("put");
        let cache = Cache { folder: folder.clone(), baker: 1 };
        assert_eq!(cache.get(KEY), None);
        let modified = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let put = cache.put(KEY, &blob(), modified).expect("written");
        assert_eq!(put.len, HEADER_LEN + 100);
        let stamp = fs::metadata(&put.path).and_then(|data| data.modified()).expect("a stamp");
        assert_eq!(stamp, modified);
        assert_eq!(cache.get(KEY), Some(put));
        // Not for another key, not for another baker.
        assert_eq!(cache.get(Key(8)), None);
        assert_eq!(Cache { baker: 2, ..cache.clone() }.get(KEY), None);
        // Nothing else is left behind.
        assert_eq!(fs::read_dir(cache.folder).expect("the folder").count(), 1);
        let _ = fs::remove_dir_all(folder);
    }

    #[test]
    fn any_change_gives_another_key() {
        let source: Vec<u8> = (0..100).collect();
        let mut keys = vec![Key::new(&source, b"", "x").0, Key::new(&source, b"", "").0];
        keys.extend((0..100).map(|len| Key::new(&source[..len], b"", "x").0));
        for at in 0..800 {
            let mut other = source.clone();
            other[at / 8] ^= 1 << (at % 8);
            keys.push(Key::new(&other, b"", "x").0);
        }
        // What moves from the source to the words about it, and zeros at the end.
        keys.push(Key::new(&source[..96], b"", "abcdx").0);
        keys.push(Key::new(&[&source[..], &[0]].concat(), b"", "x").0);
        keys.push(Key::new(&[0; 8], b"", "").0);
        keys.push(Key::new(&[0; 16], b"", "").0);
        keys.push(Key::new(&source, b"x", "").0);
        keys.push(Key::new(&source, b"x", "x").0);
        let len = keys.len();
        for half in [|key: u128| key as u64, |key: u128| (key >> 64) as u64] {
            let mut halves: Vec<u64> = keys.iter().map(|&key| half(key)).collect();
            halves.sort_unstable();
            halves.dedup();
            assert_eq!(halves.len(), len);
        }
    }

    #[test]
    fn a_damaged_blob_is_not_got() {
        let folder = folder("damaged");
        let cache = Cache { folder: folder.clone(), baker: 1 };
        let good = blob();
        let mut damaged = vec![good[..good.len() - 1].to_vec(), good[..100].to_vec(), Vec::new()];
        for place in [0, field::VERSION, field::TOTAL_LEN + 7] {
            let mut bytes = good.clone();
            bytes[place] ^= 1;
            damaged.push(bytes);
        }
        for bytes in damaged {
            cache.put(KEY, &bytes, UNIX_EPOCH).expect("written");
            assert_eq!(cache.get(KEY), None);
        }
        cache.put(KEY, &good, UNIX_EPOCH).expect("written over the damaged one");
        assert!(cache.get(KEY).is_some());
        let _ = fs::remove_dir_all(folder);
    }
}
