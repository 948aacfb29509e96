//! Tokenizers that share a blob answer as they do alone.

use comptok_bake::{FileOptions, bake::join, bake_file, bundled::Bundled};
use comptok_core::blob::{FormatError, Header, Section, Tables, content_check, lookup::find_id};
use std::path::Path;

fn baked(name: &str) -> Vec<u8> {
    let bundled = Bundled::by_name(name).expect("one of ours");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vocab").join(bundled.file);
    let special_tokens = bundled.special_tokens();
    let pattern = bundled.pattern.map(Into::into);
    let options =
        FileOptions { pattern, special_tokens: &special_tokens, ..FileOptions::default() };
    let bytes = std::fs::read(path).expect("the file is part of the project");
    bake_file(&bytes, &options).expect("it bakes").blob
}

/// Every id, every token, and all that is copied as it is.
fn same_answers(alone: &[u8], joined: &[u8], number: usize) {
    let a = Header::parse(alone).expect("just baked");
    let b = Header::parse_member(joined, number).expect("just joined");
    assert_eq!((a.fingerprint, a.source, a.flags), (b.fingerprint, b.source, b.flags));
    assert_eq!((a.id_limit, a.vocab_size, a.symbols), (b.id_limit, b.vocab_size, b.symbols));
    assert_eq!((a.pre_tokenizer, a.max_whole_len), (b.pre_tokenizer, b.max_whole_len));
    let (ta, tb) = (Tables::new(alone, &a), Tables::new(joined, &b));
    let mut tokens = 0;
    for id in 0..a.id_limit + 2 {
        assert_eq!(ta.token(id), tb.token(id), "{id}");
        assert_eq!(ta.token_flags(id), tb.token_flags(id), "{id}");
        if let Some(token) = ta.token(id) {
            tokens += 1;
            assert_eq!(find_id(&ta, token), find_id(&tb, token), "{id}");
        }
    }
    assert_eq!(tokens, a.vocab_size);
    for section in Section::ALL {
        if !matches!(section, Section::TokenEnds | Section::TokenBytes | Section::Index) {
            let at = |blob, header: &Header| -> Vec<u8> {
                let (offset, len) = header.sections[section as usize];
                let blob: &[u8] = blob;
                blob[offset as usize..][..len as usize].to_vec()
            };
            assert!(at(alone, &a) == at(joined, &b), "{}", section.name());
        }
    }
}

/// Joins two, and says how many bytes the second one adds.
fn joined(first: &str, second: &str, absent: &str) -> usize {
    let (a, b) = (baked(first), baked(second));
    let both = join(&[&a, &b]).expect("they can be joined");
    same_answers(&a, &both, 0);
    same_answers(&b, &both, 1);
    let header = Header::parse(&both).expect("just joined");
    assert_eq!(header.content, content_check(&both));
    let tables = Tables::new(&both, &header);
    assert_eq!(find_id(&tables, absent.as_bytes()), None, "{absent} is not {first}'s");
    assert_eq!(
        Header::parse_member(&both, 2),
        Err(FormatError::NoMember { wanted: 2 }),
        "there are two"
    );
    both.len() - a.len()
}

#[test]
fn other_special_tokens_share_everything_else() {
    // The flags of 50,284 ids, a header, and few bytes of special tokens.
    let added = joined("p50k_base", "p50k_edit", "<|fim_prefix|>");
    assert!(added < 53_000, "{added}");
}

#[test]
fn another_pattern_shares_what_is_the_same() {
    let added = joined("gpt2", "r50k_base", "nothing has this name");
    assert!(added < 2_000_000, "{added}");
}

#[test]
fn a_reserved_token_without_a_base_belongs_to_one_only() {
    // The largest pair, with 1089 ids that the first one does not have.
    let added = joined("o200k_base", "o200k_harmony", "<|return|>");
    assert!(added < 330_000, "{added}");
}

#[test]
fn what_is_no_blob_is_refused() {
    let blob = baked("r50k_base");
    assert_eq!(join(&[&blob, b"text"]), Err(FormatError::NotABlob));
    let both = join(&[&blob, &blob]).expect("the same twice");
    assert!(both.len() < blob.len() + 1024);
    assert!(join(&[&both, &blob]).is_err());
    let mut damaged = blob.clone();
    let last = damaged.len() - 100;
    damaged[last] ^= 1;
    assert_eq!(join(&[&damaged]), Err(FormatError::Content));
}

/// Any number in the place that leads to the next header: an error or a header that is in range.
#[test]
fn a_damaged_chain_is_an_error() {
    let blob = baked("r50k_base");
    let both = join(&[&blob, &blob]).expect("the same twice");
    for next in [1, 511, 512, 513, both.len() - 512, both.len() - 511, both.len(), usize::MAX] {
        let mut damaged = both.clone();
        damaged[120..124].copy_from_slice(&(next as u32).to_le_bytes());
        for number in 1..4 {
            if let Ok(header) = Header::parse_member(&damaged, number) {
                assert_eq!((next, number), (512, 1));
                assert_eq!(header.vocab_size, 50_257);
            }
        }
    }
}
