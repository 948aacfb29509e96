//! Every entry of the bundled vocabularies: what merges can make of its bytes, and what `encode` does.

#[path = "support/bundled.rs"]
mod bundled;

use bundled::load;
use comptok_core::{
    blob::Tables,
    model::bpe::{SHORT, TablePairs, merge_bits, merge_long, words_for},
};

/// What the merges alone make of `bytes`.
fn merged(tables: &Tables<'_>, bytes: &[u8]) -> Vec<u32> {
    let pairs = TablePairs(tables);
    if bytes.len() <= SHORT {
        let mut symbols = [0; SHORT];
        let count = merge_bits(&pairs, bytes, &mut symbols).unwrap_or(0);
        return symbols[..count].iter().map(|&symbol| pairs.id(symbol)).collect();
    }
    let mut words = vec![[0; 8]; words_for(bytes.len())];
    let len_of = |symbol| tables.token(pairs.id(symbol)).map_or(0, <[u8]>::len);
    let count = merge_long(&pairs, bytes, len_of, &mut words).expect("there is room");
    let symbols = words[..count].iter().map(|word| u64::from_ne_bytes(*word) as u32);
    symbols.map(|symbol| pairs.id(symbol)).collect()
}

/// Entries of a vocabulary by what becomes of their bytes.
#[derive(Debug, PartialEq, Eq)]
struct Entries {
    all: usize,
    /// Merges do not make them.
    unreachable: usize,
    /// Not UTF-8: no text has them alone.
    not_text: usize,
    /// Text that `encode` gives other ids, because the pattern cuts it.
    cut: usize,
}

fn check(name: &str, wanted: Entries) {
    let tokenizer = load(name);
    assert_eq!(tokenizer.verify(), Ok(()));
    let tables = Tables::new(tokenizer.as_bytes(), tokenizer.header());
    let mut found = Entries { all: 0, unreachable: 0, not_text: 0, cut: 0 };
    for (id, bytes) in tokenizer.iter() {
        let flags = tables.token_flags(id);
        if !flags.is_model() {
            continue;
        }
        found.all += 1;
        let reachable = merged(&tables, bytes) == [id];
        assert_eq!(reachable, !flags.is_unreachable(), "{name}: {id}");
        assert_eq!(tokenizer.token_id(bytes), Some(id), "{name}");
        found.unreachable += usize::from(!reachable);
        match std::str::from_utf8(bytes) {
            Err(_) => found.not_text += 1,
            Ok(text) => {
                let ids = tokenizer.encode_ordinary(text);
                assert_eq!(tokenizer.decode(&ids).as_deref(), Ok(text), "{name}: {id}");
                found.cut += usize::from(ids != [id]);
            }
        }
    }
    assert_eq!(found, wanted, "{name}");
}

#[test]
fn gpt2() {
    check("gpt2", Entries { all: 50_257, unreachable: 1, not_text: 344, cut: 1 });
}

#[test]
fn r50k_base() {
    check("r50k_base", Entries { all: 50_256, unreachable: 0, not_text: 344, cut: 0 });
}

#[test]
fn p50k_base() {
    check("p50k_base", Entries { all: 50_280, unreachable: 0, not_text: 344, cut: 0 });
}

#[test]
fn cl100k_base() {
    check("cl100k_base", Entries { all: 100_256, unreachable: 0, not_text: 773, cut: 0 });
}

#[test]
fn o200k_base() {
    check("o200k_base", Entries { all: 199_998, unreachable: 0, not_text: 1_562, cut: 12 });
}
