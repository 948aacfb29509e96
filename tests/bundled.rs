//! The bundled vocabularies, where several of them share one blob.

mod common;

use common::{ids, rows, shared};
use comptok::{Special, vocab};
use std::ptr;

/// As tiktoken 0.14 records them: ids with text, special tokens, and every token's id.
#[test]
fn ids_are_those_of_the_references() {
    let Some(shared) = shared() else { return };
    for (name, tokenizer) in vocab::all() {
        let (folder, file) = match name {
            "gpt2" => ("hf", "gpt2"),
            // No vectors of its own; its text is cut and merged as that of o200k_base.
            "o200k_harmony" => ("tiktoken", "o200k_base"),
            _ => ("tiktoken", name),
        };
        let (header, rows) = rows(&shared.join(format!("vectors/{folder}/{file}.jsonl.gz")));
        if folder == "tiktoken" && name == file {
            assert_eq!(header["n_vocab"].as_u64(), Some(tokenizer.id_limit().into()), "{name}");
            let specials = header["specials"].as_object().expect("specials");
            assert_eq!(tokenizer.special_tokens().count(), specials.len(), "{name}");
            for (token, id) in specials {
                assert_eq!(tokenizer.token_id(token).map(u64::from), id.as_u64(), "{name} {token}");
            }
        }
        let mut checked = 0;
        for row in &rows {
            let Some(text) = row["text"].as_str() else { continue };
            let (policy, wanted) = match folder {
                "hf" if row["kind"] == "single" => (Special::All, &row["special"]["ids"]),
                "hf" => continue,
                _ => (Special::AsText, &row["ordinary"]),
            };
            let found = tokenizer.encode(text, policy).expect("nothing is forbidden");
            assert_eq!(found, ids(wanted), "{name}: {text:?}");
            assert_eq!(tokenizer.decode(&found).as_deref(), Ok(text), "{name}");
            checked += 1;
        }
        eprintln!("{name}: {checked} rows");
        assert_eq!(checked, 352, "{name}");
    }
}

#[test]
fn the_same_ranks_are_one_blob() {
    let blob = |name| vocab::by_name(name).expect("all features are on").as_bytes();
    for (a, b) in
        [("gpt2", "r50k_base"), ("p50k_base", "p50k_edit"), ("o200k_base", "o200k_harmony")]
    {
        assert!(ptr::eq(blob(a), blob(b)), "{a}, {b}");
    }
    for (name, tokenizer) in vocab::all() {
        assert_eq!(tokenizer.verify(), Ok(()), "{name}");
    }
}

#[test]
fn each_has_its_own_special_tokens() {
    let (base, harmony) = (&vocab::O200K_BASE, &vocab::O200K_HARMONY);
    let text = "<|start|>a<|endofprompt|>";
    assert_eq!(harmony.encode(text, Special::All).as_deref(), Ok(&[200_006, 64, 200_018][..]));
    let ids = base.encode(text, Special::All);
    assert_eq!(ids.as_deref(), Ok(&[27, 91, 5236, 91, 29, 64, 200_018][..]));
    assert_eq!((base.token_id("<|start|>"), base.token_bytes(200_006)), (None, None));
    assert!(base.decode(&[200_006]).is_err());
    assert_eq!((base.vocab_size(), harmony.vocab_size()), (200_000, 201_088));
    assert_eq!((base.id_limit(), harmony.id_limit()), (200_019, 201_088));
    assert_eq!(base.iter().count(), base.vocab_size());
    assert_ne!(base.fingerprint(), harmony.fingerprint());
    assert_eq!(
        (vocab::P50K_EDIT.token_id("<|fim_suffix|>"), vocab::P50K_BASE.token_id("<|fim_suffix|>")),
        (Some(50_283), None)
    );
}

/// tiktoken gives 200018 two spellings.
#[test]
fn harmony_has_an_id_with_two_spellings() {
    let harmony = &vocab::O200K_HARMONY;
    let both = "<|endofprompt|><|reserved_200018|>";
    assert_eq!(harmony.encode(both, Special::All).as_deref(), Ok(&[200_018, 200_018][..]));
    assert_eq!(harmony.token_id("<|reserved_200018|>"), Some(200_018));
    assert_eq!(harmony.decode(&[200_018]).as_deref(), Ok("<|endofprompt|>"));
    assert_eq!(harmony.special_tokens().count(), 1091);
}
