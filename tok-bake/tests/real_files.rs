//! The real vocabularies: read, compared with what the reference says of them, written, read again.

mod common;

use std::collections::HashSet;
use std::time::Instant;

use common::{files, gunzip, header, shared};
use comptok_bake::read::{self, Format, Options, PatternArg};
use comptok_bake::spec::{AddedToken, Alphabet, Family, Merges, Model, Spec, Vocab};
use comptok_bake::write;

/// Ids of the model's tokens.
fn model_ids(spec: &Spec) -> HashSet<u32> {
    let ids = |vocab: &Vocab| vocab.iter().map(|(_, id)| id).collect();
    match &spec.model {
        Model::Bpe(bpe) => ids(&bpe.vocab),
        Model::WordPiece { vocab, .. } | Model::WordLevel { vocab, .. } => ids(vocab),
        Model::Unigram { pieces, .. } => (0..pieces.len() as u32).collect(),
        Model::SentencePiece(model) => (0..model.pieces.len() as u32).collect(),
    }
}

#[test]
fn every_tokenizer_json() {
    let Some(shared) = shared() else { return };
    let files = files(shared.join("vocabs/tokenizer_json"), ".json.gz");
    assert_eq!(files.len(), 24);
    for (name, path) in files {
        let bytes = gunzip(path);
        assert_eq!(read::recognise(&bytes), Format::TokenizerJson, "{name}");
        let start = Instant::now();
        let read = read::tokenizer_json(&bytes).unwrap_or_else(|e| panic!("{}", e.in_file(&name)));
        let elapsed = start.elapsed();
        assert_eq!(read::read(&bytes, Options::default()).as_ref(), Ok(&read), "{name}");
        let (spec, warnings) = (read.spec, read.warnings);
        assert_eq!(spec.family, Family::HuggingFace);

        let header = header(shared.join(format!("vectors/hf/{name}.jsonl.gz")));
        let mut ids = model_ids(&spec);
        assert_eq!(header["vocab_size_no_added"], ids.len(), "{name}");
        ids.extend(spec.added_tokens.iter().map(|token| token.id));
        assert_eq!(header["vocab_size"], ids.len(), "{name}");
        eprintln!("{name}: {} bytes in {elapsed:.0?}, {} warnings", bytes.len(), warnings.len());
        for warning in &warnings {
            eprintln!("  {}:{}: {warning}", warning.line, warning.column);
        }

        let written = write::tokenizer_json(&spec).unwrap_or_else(|e| panic!("{name}: {e}"));
        let again = read::tokenizer_json(written.as_bytes())
            .unwrap_or_else(|e| panic!("{}", e.in_file(&name)));
        assert_eq!(again.warnings, [], "{name}");
        // Not `assert_eq`, which would print two vocabularies.
        assert!(again.spec == spec, "{name}");
    }
}

#[test]
fn every_rank_file() {
    let Some(shared) = shared() else { return };
    let files = files(shared.join("vocabs/tiktoken"), ".tiktoken.gz");
    assert_eq!(files.len(), 6);
    for (name, path) in files {
        let bytes = gunzip(path);
        assert_eq!(read::recognise(&bytes), Format::Tiktoken, "{name}");
        let header = header(shared.join(format!("vectors/tiktoken/{name}.jsonl.gz")));
        let special_tokens: Vec<(String, u32)> = header["specials"]
            .as_object()
            .expect("a map")
            .iter()
            .map(|(content, id)| (content.clone(), id.as_u64().expect("an id") as u32))
            .collect();
        let pattern = PatternArg::Regex(header["pat_str"].as_str().expect("a pattern"));
        let start = Instant::now();
        let options = Options { pattern: Some(pattern), special_tokens: &special_tokens };
        let read = read::read(&bytes, options).unwrap_or_else(|e| panic!("{}", e.in_file(&name)));
        eprintln!("{name}: {} bytes in {:.0?}", bytes.len(), start.elapsed());
        let spec = read.strict().expect("nothing odd");
        assert_eq!(spec.family, Family::Tiktoken);
        let Model::Bpe(bpe) = &spec.model else { panic!("rank files are BPE") };
        assert_eq!((bpe.alphabet, &bpe.merges), (Alphabet::Bytes, &Merges::ByRank));
        let lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).count();
        assert_eq!(bpe.vocab.len(), lines, "{name}");
        let last = spec.added_tokens.iter().map(|token| token.id).chain(model_ids(&spec)).max();
        assert_eq!(header["max_token_value"], last.expect("not empty"), "{name}");
        let special = |token: &AddedToken| (token.content.clone(), token.id);
        let read_back: HashSet<_> = spec.added_tokens.iter().map(special).collect();
        assert_eq!(read_back, special_tokens.into_iter().collect(), "{name}");

        let start = Instant::now();
        let written = write::tokenizer_json(&spec).unwrap_or_else(|e| panic!("{name}: {e}"));
        eprintln!("  {} bytes written in {:.0?}", written.len(), start.elapsed());
        let again = read::tokenizer_json(written.as_bytes())
            .unwrap_or_else(|e| panic!("{}", e.in_file(&name)))
            .strict()
            .unwrap_or_else(|e| panic!("{}", e.in_file(&name)));
        assert_eq!(again.added_tokens, spec.added_tokens, "{name}");
        // Special tokens are in the model's vocabulary only where they need to be.
        let ids = |spec: &Spec| {
            let mut ids = model_ids(spec);
            ids.extend(spec.added_tokens.iter().map(|token| token.id));
            ids
        };
        assert_eq!(ids(&again), ids(&spec), "{name}");
    }
}
