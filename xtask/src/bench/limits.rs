//! How fast comptok could be at most, and what its cache makes of that: the loop alone, where every word is
//! in the cache, and whole texts with caches of several sizes.

use super::{cargo, folder, succeed};
use crate::generate::root;
use std::process::Command;

const TEXTS: [&str; 3] = ["english", "code", "multilingual"];

pub(super) fn run() -> Result<(), String> {
    let target = folder("peers");
    let mut build = cargo(&target, "build");
    build.args(["--release", "--package", "startup"]);
    succeed(build.current_dir(root().join("bench-peers")))?;

    let shared = std::env::var_os("COMPTOK_SHARED").map(Into::into);
    let corpus = shared.unwrap_or_else(|| root().join("../shared")).join("corpus");
    let mut rows: Vec<String> = Vec::new();
    for text in TEXTS {
        let file = corpus.join(text).with_extension("txt");
        if !file.is_file() {
            return Err(format!("{} is absent", file.display()));
        }
        let found = succeed(Command::new(target.join("release/limits")).arg(file))?;
        for (number, line) in found.lines().enumerate() {
            let [size, first, warm] = line.split(' ').collect::<Vec<_>>()[..] else {
                return Err(format!("limits printed {line:?}"));
            };
            if rows.len() <= number {
                rows.push(match size {
                    "0" => "| the first 64 KiB of it, again and again |".to_owned(),
                    size => format!("| {size} KiB |"),
                });
            }
            let cell = if first == "0" { warm.to_owned() } else { format!("{first} / {warm}") };
            rows[number] += &format!(" {cell} |");
        }
    }
    println!(
        "cl100k_base, documents of 64 KiB, MB/s, first pass / warm, by the size of the cache:\n"
    );
    println!("| cache | {} |\n| --- |{}", TEXTS.join(" | "), " ---: |".repeat(TEXTS.len()));
    for row in rows {
        println!("{row}");
    }
    Ok(())
}
