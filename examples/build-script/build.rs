//! Bakes `vocab/chat.tiktoken`. A rank file does not say how to cut text and has no special tokens,
//! so that is said here; both can also be worked out by the script, which a macro could not do.

use comptok_bake::FileOptions;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let roles = ["system", "user", "assistant"];
    let special_tokens: Vec<(String, u32)> =
        roles.iter().zip(1000..).map(|(role, id)| (format!("<|{role}|>"), id)).collect();
    let options = FileOptions {
        pattern: Some("cl100k".into()),
        special_tokens: &special_tokens,
        ..FileOptions::default()
    };
    comptok_bake::build::vocabulary("chat", "vocab/chat.tiktoken", &options);
}
