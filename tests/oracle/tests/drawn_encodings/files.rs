//! Files with all kinds of post-processors, texts for them, and encodings beside those of the reference.

use comptok_core::model::Random;
use comptok_oracle::same;
use serde_json::{Value, json};

pub(crate) fn one<T: Clone>(random: &mut Random, of: &[T]) -> T {
    of[random.below(of.len())].clone()
}

pub(crate) fn is(random: &mut Random, of: usize) -> bool {
    random.below(of) == 0
}

fn piece(random: &mut Random) -> Value {
    match random.below(4) {
        0 => json!({"SpecialToken": {"id": one(random, &["S", "X"]), "type_id": random.below(3)}}),
        1 => json!({"Sequence": {"id": "B", "type_id": random.below(3)}}),
        _ => json!({"Sequence": {"id": "A", "type_id": random.below(3)}}),
    }
}

fn post_processor(random: &mut Random) -> Value {
    let [trim, prefix] = [0; 2].map(|_| is(random, 2));
    match random.below(5) {
        0 => Value::Null,
        1 => json!({"type": "BertProcessing", "sep": ["[X]", 1], "cls": ["<s>", 0]}),
        2 => json!({"type": "RobertaProcessing", "sep": ["[X]", 1], "cls": ["<s>", 0],
            "trim_offsets": trim, "add_prefix_space": prefix}),
        3 => {
            json!({"type": "ByteLevel", "trim_offsets": trim, "add_prefix_space": prefix, "use_regex": true})
        }
        _ => {
            let single: Vec<Value> = (0..1 + random.below(4))
                .map(|_| piece(random))
                .filter(|piece| piece["Sequence"]["id"] != "B")
                .collect();
            let pair: Vec<Value> = (0..1 + random.below(5)).map(|_| piece(random)).collect();
            json!({"type": "TemplateProcessing", "single": single, "pair": pair,
                "special_tokens": {"S": {"id": "S", "ids": [0, 1], "tokens": ["<s>", "[X]"]},
                    "X": {"id": "X", "ids": [1], "tokens": ["[X]"]}}})
        }
    }
}

pub(crate) fn file(random: &mut Random) -> Value {
    let post_processor = match random.below(3) {
        0 => {
            let steps: Vec<Value> = (0..random.below(3)).map(|_| post_processor(random)).collect();
            let steps: Vec<Value> = steps.into_iter().filter(|step| !step.is_null()).collect();
            json!({"type": "Sequence", "processors": steps})
        }
        _ => post_processor(random),
    };
    let pre_tokenizer = match random.below(3) {
        0 => {
            json!({"type": "ByteLevel", "add_prefix_space": is(random, 2), "trim_offsets": true, "use_regex": true})
        }
        1 => json!({"type": "Whitespace"}),
        _ => {
            json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true})
        }
    };
    let tokens = ["<s>", "[X]", "a", "b", "Ġ", "▁", "c", "ab", "Ġa", "▁a", "<unk>"];
    let vocab: serde_json::Map<String, Value> =
        tokens.iter().enumerate().map(|(id, token)| ((*token).to_owned(), id.into())).collect();
    json!({"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": null, "pre_tokenizer": pre_tokenizer, "post_processor": post_processor,
        "decoder": null,
        "model": {"type": "BPE", "dropout": null, "unk_token": "<unk>", "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": is(random, 2), "byte_fallback": false,
            "ignore_merges": false, "vocab": vocab,
            "merges": [["a", "b"], ["Ġ", "a"], ["▁", "a"]]}})
}

pub(crate) fn text(random: &mut Random) -> String {
    (0..random.below(9))
        .map(|_| one(random, &["a", "b", "ab", " ", "  ", "c", "é", "中", "x"]))
        .collect()
}

pub(crate) fn compare(
    name: &str,
    (ours, theirs): (&comptok::Encoding, &tokenizers::Encoding),
) -> Result<(), String> {
    same!(ours.ids(), theirs.get_ids(), "{name}: ids");
    same!(ours.tokens().collect::<Vec<_>>(), theirs.get_tokens().to_vec(), "{name}: tokens");
    same!(ours.offsets(), theirs.get_offsets(), "{name}: offsets");
    same!(ours.type_ids(), theirs.get_type_ids(), "{name}: types");
    same!(ours.word_ids(), theirs.get_word_ids(), "{name}: words");
    same!(ours.special_tokens_mask(), theirs.get_special_tokens_mask(), "{name}: special");
    same!(ours.attention_mask(), theirs.get_attention_mask(), "{name}: attention");
    same!(ours.n_sequences(), theirs.n_sequences(), "{name}: sequences");
    same!(ours.sequence_ids(), theirs.get_sequence_ids(), "{name}: sequences");
    same!(ours.overflowing().len(), theirs.get_overflowing().len(), "{name}: parts");
    for (number, parts) in ours.overflowing().iter().zip(theirs.get_overflowing()).enumerate() {
        compare(&format!("{name}, part {number}"), parts)?;
    }
    Ok(())
}
