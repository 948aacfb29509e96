//! Tokenizers of the hub: from a cache of our own, with the network forbidden.
#![cfg(feature = "hub")]

mod common;

use common::{Dir, Tiny, command};

/// Where the hub's cache holds a file.
fn cached(dir: &Dir) -> std::io::Result<String> {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let model = std::path::PathBuf::from(dir.path("hub/models--org--name"));
    let snapshot = model.join("snapshots").join(commit);
    std::fs::create_dir_all(&snapshot)?;
    std::fs::create_dir_all(model.join("refs"))?;
    std::fs::write(model.join("refs/main"), commit)?;
    let json = Tiny::default().json();
    std::fs::write(snapshot.join("tokenizer.json"), &json)?;
    Ok(json)
}

#[test]
fn a_repository_is_a_tokenizer() -> std::io::Result<()> {
    let dir = Dir::new("hub");
    let json = dir.file("tokenizer.json", cached(&dir)?);
    let text = dir.file("text", "the thing and the other");
    let run = |tokenizer: &str| {
        let mut command = command(&["encode", "-t", tokenizer, &text]);
        command.env("HF_HOME", dir.path("")).env("HF_HUB_OFFLINE", "1").env_remove("HF_TOKEN");
        command.output().expect("it runs")
    };
    let (file, hub) = (run(&json), run("hf://org/name"));
    assert!(file.status.success() && hub.status.success(), "{hub:?}");
    assert_eq!(file.stdout, hub.stdout);
    assert!(!hub.stdout.is_empty());
    for absent in ["hf://org/other", "hf://org/name@v2"] {
        let run = run(absent);
        let message = String::from_utf8_lossy(&run.stderr);
        assert!(!run.status.success() && message.contains(absent), "{message}");
    }
    Ok(())
}
