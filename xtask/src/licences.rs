//! Licences of all dependencies, against the list in deny.toml. (cargo-deny checks more, where it is
//! installed; this needs nothing but cargo.)

use std::{path::Path, process::Command};

use serde_json::Value;

/// Fails if a package offers none of the licences of the list, or needs another one beside them.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let list = std::fs::read_to_string(root.join("deny.toml")).map_err(|e| e.to_string())?;
    let allowed = allowed(&list);
    if allowed.is_empty() {
        return Err("deny.toml allows nothing".to_owned());
    }
    let mut command = Command::new("cargo");
    command.args(["metadata", "--format-version", "1", "--all-features", "--locked"]);
    let output = command.current_dir(root).output().map_err(|e| format!("cargo: {e}"))?;
    let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|e| e.to_string())?;
    let packages = metadata["packages"].as_array().ok_or("no packages")?;
    let mut refused = Vec::new();
    for package in packages {
        let private = package["publish"].as_array().is_some_and(Vec::is_empty);
        let licence = package["license"].as_str().unwrap_or_default();
        if !private && !offers(licence, &allowed) {
            refused.push(format!("{} {}: {licence:?}", package["name"], package["version"]));
        }
    }
    eprintln!("{} packages, {} with other licences", packages.len(), refused.len());
    if refused.is_empty() { Ok(()) } else { Err(refused.join("\n")) }
}

/// The quoted lines of `allow = [`.
fn allowed(list: &str) -> Vec<&str> {
    let lines = list.lines().map(str::trim).skip_while(|line| *line != "allow = [");
    let lines = lines.skip(1).take_while(|line| *line != "]");
    lines.filter_map(|line| line.strip_prefix('"')?.split('"').next()).collect()
}

/// Whether an SPDX expression of names, AND, OR and parentheses can be met. `/` is an old OR.
fn offers(expression: &str, allowed: &[&str]) -> bool {
    let text = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut at = 0;
    any(&words, &mut at, allowed) == Some(true) && at == words.len()
}

fn any(words: &[&str], at: &mut usize, allowed: &[&str]) -> Option<bool> {
    let mut result = all(words, at, allowed)?;
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        result |= all(words, at, allowed)?;
    }
    Some(result)
}

fn all(words: &[&str], at: &mut usize, allowed: &[&str]) -> Option<bool> {
    let mut result = one(words, at, allowed)?;
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        result &= one(words, at, allowed)?;
    }
    Some(result)
}

fn one(words: &[&str], at: &mut usize, allowed: &[&str]) -> Option<bool> {
    let word = words.get(*at)?;
    *at += 1;
    if *word != "(" {
        // An exception belongs to the name; none is in the list.
        if words.get(*at) == Some(&"WITH") {
            *at += 2;
            return Some(false);
        }
        return Some(allowed.contains(word));
    }
    let result = any(words, at, allowed)?;
    *at += 1;
    (words.get(*at - 1) == Some(&")")).then_some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        let allowed = ["MIT", "Zlib"];
        for (expression, wanted) in [
            ("MIT", true),
            ("Apache-2.0 OR MIT", true),
            ("Apache-2.0/MIT", true),
            ("(Apache-2.0 OR MIT) AND Zlib", true),
            ("(Apache-2.0 OR MIT) AND BSD-3-Clause", false),
            ("MIT AND (Zlib", false),
            ("Apache-2.0 WITH LLVM-exception OR MIT", true),
            ("MIT WITH LLVM-exception", false),
            ("GPL-3.0", false),
            ("", false),
        ] {
            assert_eq!(offers(expression, &allowed), wanted, "{expression:?}");
        }
    }
}
