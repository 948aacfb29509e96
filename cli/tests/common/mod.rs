//! Runs the command, and makes small tokenizers for it.
#![allow(dead_code, reason = "each test file uses a part")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use comptok_bake::byte_level::char_of;

/// What a run left behind.
pub(crate) struct Run {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

impl Run {
    /// The standard output of a run that went well and had nothing to say.
    #[track_caller]
    pub(crate) fn bytes(self) -> Vec<u8> {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""));
        self.stdout
    }

    /// As [`bytes`](Self::bytes), for text.
    #[track_caller]
    pub(crate) fn text(self) -> String {
        String::from_utf8(self.bytes()).expect("text")
    }

    /// Asserts that the run failed with this code and exactly this message.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, message: &str) {
        assert_eq!((self.code, self.stderr), (Some(code), format!("comptok: {message}\n")));
    }
}

pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_comptok"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the command with this input.
pub(crate) fn comptok(args: &[&str], input: impl AsRef<[u8]>) -> Run {
    let mut child = command(args).spawn().expect("the command starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.as_ref().to_vec();
    // From another thread: the command may write before it has read everything, or not read at all.
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("the command ends");
    writer.join().expect("the writer ends");
    Run {
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).expect("messages are text"),
        code: output.status.code(),
    }
}

/// A directory for the files of a test, empty at its start and removed at its end.
pub(crate) struct Dir(PathBuf);

impl Dir {
    pub(crate) fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    /// The path of a file in it.
    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("a path that is text").to_owned()
    }

    /// Writes a file in it.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).expect("a file");
        path
    }

    /// The names in it.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).expect("a directory");
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.expect("an entry").file_name().into_string().expect("a name that is text")
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Settings of a small byte-level tokenizer: 256 bytes and a few merges.
#[derive(Default)]
pub(crate) struct Tiny<'t> {
    /// Content and members such as `"rstrip": true`.
    pub(crate) added: &'t [(&'t str, &'t [&'t str])],
    pub(crate) nfc: bool,
    pub(crate) prefix_space: bool,
    /// This byte has no token.
    pub(crate) missing: Option<u8>,
}

/// Pairs that merge, by their bytes.
const MERGES: [(&str, &str); 8] = [
    ("t", "h"),
    ("th", "e"),
    (" ", "the"),
    ("i", "n"),
    ("a", "n"),
    (" ", " "),
    ("\n", "\n"),
    ("an", "d"),
];

impl Tiny<'_> {
    fn vocab(&self) -> Vec<String> {
        let text = |text: &str| text.bytes().map(char_of).collect::<String>();
        let bytes = (0..=255).filter(|&byte| Some(byte) != self.missing);
        let bytes = bytes.map(|byte: u8| char_of(byte).to_string());
        bytes.chain(MERGES.iter().map(|(a, b)| text(a) + &text(b))).collect()
    }

    /// As vocab.json and merges.txt.
    pub(crate) fn files(&self) -> (String, String) {
        let text = |text: &str| text.bytes().map(char_of).collect::<String>();
        let vocab = self.vocab();
        let ids = vocab.iter().enumerate().map(|(id, token)| (token.clone(), id.into()));
        let vocab = serde_json::Value::Object(ids.collect());
        let merges = MERGES.iter().map(|(a, b)| format!("{} {}\n", text(a), text(b)));
        (vocab.to_string(), format!("#version: 0.2\n{}", merges.collect::<String>()))
    }

    /// As tokenizer.json.
    pub(crate) fn json(&self) -> String {
        let (vocab, merges) = self.files();
        let merges: Vec<&str> = merges.lines().skip(1).collect();
        let first = self.vocab().len();
        let added: Vec<String> = self
            .added
            .iter()
            .enumerate()
            .map(|(i, (content, members))| {
                let flag = |name: &str| {
                    let value = members.contains(&name);
                    format!("{name:?}: {value}")
                };
                let flags = ["single_word", "lstrip", "rstrip", "normalized"].map(flag);
                let special = !members.contains(&"ordinary");
                format!(
                    "{{\"id\": {}, \"content\": {content:?}, \"special\": {special}, {}}}",
                    first + i,
                    flags.join(", "),
                )
            })
            .collect();
        format!(
            "{{\"version\": \"1.0\", \"added_tokens\": [{}], \"normalizer\": {}, \
             \"pre_tokenizer\": {{\"type\": \"ByteLevel\", \"add_prefix_space\": {}, \
             \"trim_offsets\": true, \"use_regex\": true}}, \"post_processor\": null, \
             \"decoder\": {{\"type\": \"ByteLevel\", \"add_prefix_space\": true, \
             \"trim_offsets\": true, \"use_regex\": true}}, \"model\": {{\"type\": \"BPE\", \"vocab\": {vocab}, \
             \"merges\": {}}}}}",
            added.join(", "),
            if self.nfc { "{\"type\": \"NFC\"}" } else { "null" },
            self.prefix_space,
            serde_json::json!(merges),
        )
    }
}
