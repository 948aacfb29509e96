//! Drawn decoders, in any order, on any ids: the texts of the reference, whole and as a stream.

#[path = "../../drawn/fewer.rs"]
mod fewer;

use comptok::{DecodeError, Tokenizer};
use comptok_core::{byte_level, model::Random};
use comptok_oracle::{asked, seeds};
use fewer::fewer;
use serde_json::{Value, json};

/// What tokens are made of.
const PARTS: [&str; 40] = [
    "a", "b", "ab", " ", "  ", "▁", "▁a", "a▁", "##", "##a", "</w>", "a</w>", "é", "中", "👍",
    "\u{fffd}", "\u{301}", "<0x41>", "<0xE4>", "<0xB8>", "<0xAD>", "<0xFF>", "<0xf0>", "<0x4>",
    "<0x+4>", "|", "<pad>", "-", "'", "n't", " do not", " 's", " .", "?", "\n", "Ġ", "Ġa", "ä",
    "¸", "",
];

/// What patterns look for and put in place.
const TEXTS: [&str; 10] = ["a", " ", "▁", "##", "é", "", "\u{fffd}", "ab", "<0x41>", "'"];

fn one<T: Copy>(random: &mut Random, of: &[T]) -> T {
    of[random.below(of.len())]
}

fn is(random: &mut Random, of: usize) -> bool {
    random.below(of) == 0
}

fn decoder(random: &mut Random) -> Value {
    match random.below(12) {
        0 => {
            json!({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true})
        }
        1 => {
            json!({"type": "WordPiece", "prefix": one(random, &["##", "a", ""]), "cleanup": is(random, 2)})
        }
        2 => json!({"type": "Metaspace", "replacement": one(random, &["▁", "a", "é"]),
            "prepend_scheme": one(random, &["always", "first", "never"]), "split": is(random, 2)}),
        3 => json!({"type": "BPEDecoder", "suffix": one(random, &["</w>", "a", ""])}),
        4 => json!({"type": "CTC", "pad_token": one(random, &["<pad>", "a", ""]),
            "word_delimiter_token": one(random, &["|", "▁", " "]), "cleanup": is(random, 2)}),
        5 | 6 => json!({"type": "ByteFallback"}),
        7 => json!({"type": "Fuse"}),
        8 | 9 => {
            json!({"type": "Replace", "pattern": {"String": one(random, &TEXTS)}, "content": one(random, &TEXTS)})
        }
        10 => json!({"type": "Replace",
            "pattern": {"Regex": one(random, &[" +", "a|b", r"\s", "^ ", " $", "[^a]", r"(?=a)", "a*"])},
            "content": one(random, &TEXTS)}),
        _ => json!({"type": "Strip", "content": one(random, &[" ", "a", "é"]),
            "start": random.below(4), "stop": random.below(4)}),
    }
}

/// Tokens, some of them added; a decoder.
fn file(random: &mut Random) -> Value {
    let mut texts: Vec<String> = vec!["<unk>".into()];
    for _ in 0..1 + random.below(30) {
        let count = 1 + random.below(2);
        let text: String = (0..count).map(|_| one(random, &PARTS)).collect();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    let added = random.below(4).min(texts.len());
    let from = texts.len() - added;
    let added: Vec<Value> = texts[from..]
        .iter()
        .zip(from..)
        // The reference takes none that are empty.
        .filter(|(content, _)| !content.is_empty())
        .map(|(content, id)| {
            json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": is(random, 4), "special": is(random, 2)})
        })
        .collect();
    // Some are tokens of the model too.
    let in_model = texts.len() - if is(random, 2) { added.len() } else { 0 };
    let vocab: serde_json::Map<String, Value> =
        texts[..in_model].iter().enumerate().map(|(id, text)| (text.clone(), id.into())).collect();
    let decoder = match random.below(8) {
        0 => Value::Null,
        1 | 2 => decoder(random),
        _ => {
            let steps: Vec<Value> = (0..random.below(5)).map(|_| decoder(random)).collect();
            json!({"type": "Sequence", "decoders": steps})
        }
    };
    json!({"version": "1.0", "truncation": null, "padding": null, "added_tokens": added,
        "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": decoder,
        "model": {"type": "WordLevel", "vocab": vocab, "unk_token": "<unk>"}})
}

/// Tokens of every byte and others, and a decoder of bytes: what the specialised engine decodes.
fn bytes(random: &mut Random) -> Value {
    let bytes = (0..=255).map(|byte| byte_level::char_of(byte).to_string());
    let mut texts: Vec<String> = bytes.collect();
    for _ in 0..random.below(20) {
        let parts = (0..1 + random.below(3)).map(|_| one(random, &PARTS).as_bytes());
        let mut bytes: Vec<u8> = parts.flatten().copied().collect();
        bytes.truncate(bytes.len() - random.below(bytes.len() + 1).min(2));
        let text: String = bytes.into_iter().map(byte_level::char_of).collect();
        if !text.is_empty() && !texts.contains(&text) {
            texts.push(text);
        }
    }
    let vocab: serde_json::Map<String, Value> =
        texts.iter().enumerate().map(|(id, text)| (text.clone(), id.into())).collect();
    let contents = ["<x>", "é", "\u{fffd}", "a b", " ", "▁"];
    let added: Vec<Value> = contents
        .iter()
        .filter(|_| random.below(2) == 0)
        .collect::<Vec<_>>()
        .into_iter()
        .zip(texts.len()..)
        .map(|(content, id)| {
            json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": is(random, 2)})
        })
        .collect();
    let byte_level = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    json!({"version": "1.0", "truncation": null, "padding": null, "added_tokens": added,
        "normalizer": null, "pre_tokenizer": byte_level, "post_processor": null, "decoder": byte_level,
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false,
            "ignore_merges": true, "vocab": vocab, "merges": []}})
}

/// Both libraries' tokenizers of a file, unless both refuse it.
fn both(file: &Value) -> Result<Option<(Tokenizer, tokenizers::Tokenizer)>, String> {
    let text = file.to_string();
    let theirs = asked(|| text.parse::<tokenizers::Tokenizer>());
    match (Tokenizer::from_bytes(text.as_bytes()), theirs) {
        (Ok(ours), Some(Ok(theirs))) => Ok(Some((ours, theirs))),
        (Err(error), Some(Ok(_))) if !error.to_string().contains("cannot bake") => {
            Err(format!("refused: {error}"))
        }
        _ => Ok(None),
    }
}

fn check(ours: &Tokenizer, theirs: &tokenizers::Tokenizer, ids: &[u32]) -> Result<usize, String> {
    let decoder = serde_json::to_string(&theirs.get_decoder()).map_err(|e| e.to_string())?;
    let is_ctc = decoder.contains("CTC");
    let mut compared = 0;
    for skip in [false, true] {
        let found = ours.decode_lossy(ids, skip);
        if let Some(Ok(wanted)) = asked(|| theirs.decode(ids, skip)) {
            if found != wanted {
                return Err(format!("decode({skip}) {found:?}\nnot {wanted:?}"));
            }
            compared += 1;
        }
        let known: Vec<u32> =
            ids.iter().copied().filter(|&id| ours.id_to_token(id).is_some()).collect();
        let all = ours.decode(ids);
        match (skip, all) {
            (false, Ok(all)) if known.len() < ids.len() => return Err(format!("decoded {all:?}")),
            (false, Ok(all)) if all != found => {
                return Err(format!("decode {all:?}\nnot {found:?}"));
            }
            (false, Err(DecodeError::UnknownId { id, index })) => {
                let first = ids.iter().position(|id| !known.contains(id));
                if Some(index) != first || ids[index] != id {
                    return Err(format!("unknown id {id} at {index}"));
                }
            }
            _ => {}
        }
        // Steps are the reference's up to an error; all text comes out, where all of it goes on.
        let (mut stream, mut wanted) = (ours.decode_stream(skip), theirs.decode_stream(skip));
        let (mut text, mut is_same) = (String::new(), true);
        for (at, &id) in ids.iter().enumerate() {
            match (stream.step(id), asked(|| wanted.step(id))) {
                (Ok(found), Some(Ok(wanted))) if found == wanted => text.extend(found),
                (Err(DecodeError::UnknownId { .. }), Some(Ok(None))) => {}
                // CTC leaves an id out that comes again, so the stream does not keep it; the reference does.
                (Err(DecodeError::Rewritten { .. }), _) if is_ctc => {
                    is_same = false;
                    break;
                }
                (Err(_), Some(Err(_))) | (_, None) => {
                    is_same = false;
                    break;
                }
                (found, wanted) => {
                    return Err(format!("stream({skip}), {at}: {found:?}\nnot {wanted:?}"));
                }
            }
        }
        if is_same {
            compared += 1;
            let before = text.clone();
            text.extend(stream.finish());
            if stream.finish().is_some() {
                return Err(format!("stream({skip}): it is finished"));
            }
            let is_of_bytes = ours.token_id([0xFF]).is_some();
            if is_of_bytes && text != ours.decode_lossy(&known, skip) {
                return Err(format!("stream({skip}) {text:?} after {before:?}\nnot {found:?}"));
            }
        }
    }
    Ok(compared)
}

/// The same wrong answer with fewer ids and steps.
fn smaller(file: &Value, ids: &[u32]) -> String {
    let wrong = |file: &Value, ids: &[u32]| {
        let found = both(file).and_then(|both| match both {
            Some((ours, theirs)) => check(&ours, &theirs, ids),
            None => Ok(0),
        });
        found.err()
    };
    let (mut file, mut ids) = (file.clone(), ids.to_vec());
    loop {
        let mut less = fewer(&mut ids, |ids| wrong(&file, ids).is_some());
        for pointer in ["/decoder/decoders", "/added_tokens"] {
            let Some(mut list) = file.pointer(pointer).and_then(Value::as_array).cloned() else {
                continue;
            };
            less |= fewer(&mut list, |list| {
                let mut other = file.clone();
                *other.pointer_mut(pointer).expect("it is there") = list.into();
                wrong(&other, &ids).is_some()
            });
            *file.pointer_mut(pointer).expect("it is there") = list.into();
        }
        if !less {
            let texts: Vec<&String> = file["model"]["vocab"]
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(_, id)| ids.iter().any(|other| **id == *other))
                .map(|(text, _)| text)
                .collect();
            return format!(
                "{ids:?} {texts:?} {} {}\n{}",
                file["decoder"],
                file["added_tokens"],
                wrong(&file, &ids).unwrap_or_default()
            );
        }
    }
}

fn run(draw: fn(&mut Random) -> Value) {
    let seeds = seeds(1500);
    let cases = seeds.end - seeds.start;
    std::panic::set_hook(Box::new(|_| ()));
    let (mut failures, mut compared) = (Vec::new(), 0);
    for seed in seeds {
        let mut random = Random::new(seed);
        let file = draw(&mut random);
        let (ours, theirs) = match both(&file) {
            Ok(Some(both)) => both,
            Ok(None) => continue,
            Err(error) => {
                failures.push(format!("seed {seed}: {error}\n{file}"));
                continue;
            }
        };
        for _ in 0..20 {
            let most = ours.vocab_size() + 3;
            let ids: Vec<u32> = (0..random.below(16)).map(|_| random.below(most) as u32).collect();
            match check(&ours, &theirs, &ids) {
                Ok(count) => compared += count,
                Err(error) => {
                    failures.push(format!("seed {seed}: {error}\n{}", smaller(&file, &ids)));
                    break;
                }
            }
        }
        if failures.len() > 4 {
            break;
        }
    }
    // The hook is quiet, for the reference panics often.
    println!("{compared} texts\n{}", failures.join("\n\n"));
    assert!(failures.is_empty());
    assert!(compared as u64 > 20 * cases, "{compared}");
}

#[test]
fn decoders_in_any_order() {
    run(file);
}

#[test]
fn bytes_of_any_tokens() {
    run(bytes);
}
