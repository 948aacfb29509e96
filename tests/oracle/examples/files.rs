//! Any tokenizer files beside their references, for those that are not among the vectors.
//!
//! ```text
//! cargo run --release --example files -- TEXTS FILE...
//! ```
//!
//! A tokenizer.json is compared with HuggingFace `tokenizers` 0.23: TEXTS texts of the corpora, of random chars and
//! of added tokens, encoded with all fields and without, and decoded. A GGUF file is compared with the ids that llama.cpp
//! keeps beside its vocabularies, `NAME.gguf.inp` and `NAME.gguf.out`.

#![allow(clippy::print_stdout)]

use std::path::Path;
use std::process::ExitCode;

use comptok::{FullOptions, Offsets, Setting, Special, Tokenizer};
use comptok_oracle::{
    random::{self, Random},
    samples,
};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let texts = arguments.next().and_then(|texts| texts.parse().ok()).unwrap_or(100);
    let mut all_agree = true;
    for file in arguments {
        let path = Path::new(&file);
        let compared = match path.extension().is_some_and(|extension| extension == "gguf") {
            true => with_llama_cpp(path),
            false => with_reference(path, texts),
        };
        match compared {
            Ok(said) => println!("{file}: {said}"),
            Err(said) => {
                all_agree = false;
                println!("{file}: DIFFERS: {said}");
            }
        }
    }
    if all_agree { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn with_llama_cpp(path: &Path) -> Result<String, String> {
    let ours = Tokenizer::from_file(path).map_err(|error| error.to_string())?;
    let beside = |end: &str| std::fs::read_to_string(format!("{}{end}", path.display()));
    let (Ok(texts), Ok(ids)) = (beside(".inp"), beside(".out")) else {
        return Ok(format!("loaded, {} tokens; nothing to compare with", ours.vocab_size()));
    };
    let mut count = 0;
    for (text, wanted) in texts.split("\n__ggml_vocab_test__\n").zip(ids.lines()) {
        let wanted: Vec<u32> =
            wanted.split_whitespace().map(|id| id.parse().expect("an id")).collect();
        let found = ours.encode(text, Special::All).map_err(|error| error.to_string())?;
        if found != wanted {
            return Err(format!("{text:?} is {found:?}, {wanted:?} there"));
        }
        count += 1;
    }
    Ok(format!("{count} texts are equal"))
}

fn with_reference(path: &Path, texts: usize) -> Result<String, String> {
    let file = std::fs::read(path).map_err(|error| error.to_string())?;
    let theirs = tokenizers::Tokenizer::from_bytes(&file);
    let (ours, theirs) = match (Tokenizer::from_bytes(&file), theirs) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(ours), Err(_)) => return Ok(format!("neither loads it: {ours}")),
        (Ok(_), Err(theirs)) => return Ok(format!("only comptok loads it: {theirs}")),
        (Err(ours), Ok(_)) => return Err(format!("only the reference loads it: {ours}")),
    };
    let added: Vec<String> =
        theirs.get_added_tokens_decoder().into_values().map(|token| token.content).collect();
    let real: Vec<String> =
        samples::corpus(5, 4_000_000, 2_000).into_iter().flat_map(|sample| sample.pieces).collect();
    let (mut random, mut tokens) = (Random::new(texts as u64), 0);
    for _ in 0..texts {
        let text = draw(&mut random, &real, &added);
        for add_special_tokens in [true, false] {
            tokens += same_encoding(&ours, &theirs, &text, add_special_tokens)?;
        }
        let ids = same_ids(&ours, &theirs, &text)?;
        let vocab = theirs.get_vocab_size(true);
        let some = (0..random.below(12)).map(|_| random.below(vocab) as u32);
        let ids: Vec<u32> = some.chain(ids.into_iter().take(40)).collect();
        for skip_special in [true, false] {
            let found = ours.decode_lossy(&ids, skip_special);
            let wanted = theirs.decode(&ids, skip_special).map_err(|error| error.to_string())?;
            if found != wanted {
                return Err(format!("{ids:?} decode to {found:?}, {wanted:?} there"));
            }
        }
    }
    Ok(format!("{texts} texts of {tokens} tokens are equal"))
}

/// Parts of real text, random chars, added tokens and runs.
fn draw(random: &mut Random, real: &[String], added: &[String]) -> String {
    let mut text = String::new();
    for _ in 0..1 + random.below(4) {
        match random.below(6) {
            0..=2 => match real.is_empty() {
                true => text += "The quick brown fox.\n",
                false => {
                    let part = random.pick::<String>(real);
                    let end = random.below(part.len() + 1);
                    text += &part[..(end..part.len())
                        .find(|&at| part.is_char_boundary(at))
                        .unwrap_or(part.len())];
                }
            },
            3 if !added.is_empty() => text += random.pick::<String>(added),
            3 | 4 => text += &random::text(random, 40),
            _ => {
                let runs = ["a", " ", "\n", "\t", "0", "▁", "é", "中", "ㅎ", "😀", "'", "\r\n"];
                text += &random.pick::<&str>(&runs).repeat(random.below(70));
            }
        }
    }
    text
}

fn same_encoding(
    ours: &Tokenizer,
    theirs: &tokenizers::Tokenizer,
    text: &str,
    add_special_tokens: bool,
) -> Result<usize, String> {
    let wanted = theirs
        .encode_char_offsets(text, add_special_tokens)
        .map_err(|error| format!("{text:?}: {error}"))?;
    let options = FullOptions {
        add_special_tokens,
        offsets: Offsets::Chars,
        truncation: Setting::OfFile,
        padding: Setting::OfFile,
        ..FullOptions::default()
    };
    let found = ours.encode_full(text, &options).map_err(|error| format!("{text:?}: {error}"))?;
    let same = [
        ("ids", found.ids() == wanted.get_ids()),
        ("offsets", found.offsets() == wanted.get_offsets()),
        ("type ids", found.type_ids() == wanted.get_type_ids()),
        ("special tokens", found.special_tokens_mask() == wanted.get_special_tokens_mask()),
        ("attention", found.attention_mask() == wanted.get_attention_mask()),
        ("words", found.word_ids() == wanted.get_word_ids()),
        ("tokens", found.tokens().eq(wanted.get_tokens())),
    ];
    match same.iter().find(|(_, same)| !same) {
        Some((what, _)) => Err(format!("{what} of {text:?}")),
        None => Ok(wanted.len()),
    }
}

fn same_ids(
    ours: &Tokenizer,
    theirs: &tokenizers::Tokenizer,
    text: &str,
) -> Result<Vec<u32>, String> {
    let found = ours.encode(text, Special::All).map_err(|error| format!("{text:?}: {error}"))?;
    let wanted = theirs.encode_fast(text, false).map_err(|error| format!("{text:?}: {error}"))?;
    // Ids alone are not truncated.
    let whole = wanted.get_overflowing().is_empty();
    match found == wanted.get_ids() || !whole {
        true => Ok(found),
        false => Err(format!("ids of {text:?}")),
    }
}
