//! The text to encode: every .txt file of a folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A file, and how it is cut into documents.
#[derive(Debug, Clone)]
pub(super) struct Corpus {
    /// The file's name without the extension, with what distinguishes it.
    pub(super) name: String,
    pub(super) file: PathBuf,
    /// `documents` (64 KiB), `whole` or `lines` (a message on each).
    pub(super) cut: &'static str,
}

impl Corpus {
    /// Each file in documents and whole; `chat` is lines; the files of the folder `adversarial` are
    /// whole only.
    pub(super) fn in_folder(folder: &Path, only: &[String]) -> Result<Vec<Self>, String> {
        let mut corpora = Vec::new();
        for (name, file) in texts(folder)? {
            let new = |name, cut| Self { name, file: file.clone(), cut };
            if name == "chat" {
                corpora.push(new(name, "lines"));
            } else {
                corpora.push(new(name.clone(), "documents"));
                corpora.push(new(format!("{name} (whole)"), "whole"));
            }
        }
        let hard = folder.join("adversarial");
        if hard.is_dir() {
            for (name, file) in texts(&hard)? {
                corpora.push(Self { name: format!("adversarial/{name}"), file, cut: "whole" });
            }
        }
        if !only.is_empty() {
            corpora.retain(|corpus| only.iter().any(|name| corpus.is(name)));
        }
        // Documents first, then whole files: what is asked most comes first.
        corpora.sort_by_key(|corpus| (corpus.is_adversarial(), corpus.cut == "whole"));
        if corpora.is_empty() {
            return Err(format!("{}: no .txt file to encode", folder.display()));
        }
        Ok(corpora)
    }

    fn is(&self, name: &str) -> bool {
        self.name == name || name == "adversarial" && self.is_adversarial()
    }

    pub(super) fn is_adversarial(&self) -> bool {
        self.name.starts_with("adversarial/")
    }

    /// As part of a file's name.
    pub(super) fn slug(&self) -> String {
        self.name.replace(['/', ' '], "-").replace(['(', ')'], "")
    }
}

fn texts(folder: &Path) -> Result<Vec<(String, PathBuf)>, String> {
    let error = |error| format!("{}: {error}", folder.display());
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).map_err(error)? {
        let file = entry.map_err(error)?.path();
        if file.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let bytes = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        // Most libraries take nothing but UTF-8.
        match (std::str::from_utf8(&bytes), file.file_stem()) {
            (Ok(text), Some(stem)) if !text.is_empty() => {
                texts.push((stem.to_string_lossy().into_owned(), file));
            }
            _ => eprintln!("LEFT OUT, {}: it is empty or not UTF-8", file.display()),
        }
    }
    texts.sort();
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_text_files_is_cut_by_their_names() {
        let folder = std::env::temp_dir().join(format!("comptok-corpora-{}", std::process::id()));
        fs::create_dir_all(folder.join("adversarial")).expect("a temporary folder");
        for name in ["b.txt", "chat.txt", "notes.md", "adversarial/a run.txt"] {
            fs::write(folder.join(name), "text").expect("a temporary file");
        }
        fs::write(folder.join("latin1.txt"), b"caf\xE9").expect("a temporary file");
        let found = |only: &[String]| {
            let corpora = Corpus::in_folder(&folder, only).expect("there are some");
            corpora.into_iter().map(|corpus| (corpus.name, corpus.cut)).collect::<Vec<_>>()
        };
        let all = [
            ("b", "documents"),
            ("chat", "lines"),
            ("b (whole)", "whole"),
            ("adversarial/a run", "whole"),
        ];
        assert_eq!(found(&[]), all.map(|(name, cut)| (name.to_owned(), cut)));
        assert_eq!(found(&["b".to_owned()]), [("b".to_owned(), "documents")]);
        assert_eq!(found(&["adversarial".to_owned()]).len(), 1);
        assert!(Corpus::in_folder(&folder, &["none".to_owned()]).is_err());
        fs::remove_dir_all(&folder).expect("it is ours");
    }
}
