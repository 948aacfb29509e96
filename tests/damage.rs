//! Damaged blobs. What the header check lets through may give wrong answers; it never panics and never
//! runs on. Where the content is checked, nothing gets through.

#[path = "support/textbook.rs"]
mod textbook;

use comptok::{
    FullOptions, Scratch, Special, Tokenizer,
    load::{FileOptions, PatternArg, Profile},
};
use comptok_core::{
    blob::{FormatError, HEADER_LEN, Section, Tables},
    model::Random,
};
use textbook::{Merges, Ranks};

/// Blobs that have something in every section, in two or three of them.
fn blobs() -> Vec<Vec<u8>> {
    let pairs: Vec<(usize, usize)> = (0..90).map(|i| (i * 7 + i / 5, i * i + 3)).collect();
    let merges = Merges::new(b"", &pairs, 40);
    let json = String::from_utf8(merges.tokenizer_json(r#"{"type":"NFC"}"#)).expect("JSON");
    let id = merges.vocab.len();
    let added = |id: usize, content: &str, special: bool, normalized: bool| {
        format!(
            r#"{{"id":{id},"content":"{content}","single_word":{normalized},"lstrip":{special},
            "rstrip":false,"normalized":{normalized},"special":{special}}}"#
        )
    };
    let tokens = [
        added(id, "<|end|>", true, false),
        added(id + 1, "<|endless|>", true, false),
        added(id + 2, "cab", false, true),
    ]
    .join(",");
    let json = json.replace(r#""added_tokens":[]"#, &format!(r#""added_tokens":[{tokens}]"#));
    let ranks = Ranks::new(
        &["ab", "é", "è", " é", " the", "abcabcabcabcabcabcab", "internationalization"]
            .map(String::from),
    );
    let special_tokens = [("<|end|>".to_owned(), 1000)];
    // Words of several tokens, which are in the texts below.
    let text = b"the abcabcabcabcabcabcab things, internationalization of things ".repeat(3);
    let of_ranks = |pattern| {
        let options = FileOptions {
            pattern: Some(pattern),
            special_tokens: &special_tokens,
            profile: Some(Profile::new(&text)),
            ..FileOptions::default()
        };
        Tokenizer::from_bytes_with(&ranks.file(), &options).unwrap_or_else(|e| panic!("{e}"))
    };
    // Files that have every step and option between them.
    let general = |name: &str| {
        let file = format!("{}/tests/fixtures/general/{name}.json", env!("CARGO_MANIFEST_DIR"));
        Tokenizer::from_file(file).unwrap_or_else(|e| panic!("{e}"))
    };
    [
        general("word_piece"),
        general("unigram"),
        general("char_bpe"),
        Tokenizer::from_bytes(json.as_bytes()).unwrap_or_else(|e| panic!("{e}")),
        of_ranks(PatternArg::Named("o200k")),
        // No scanner is written for this one.
        of_ranks(PatternArg::Regex(r"[a-c]+| ?\d{1,2}|\s+(?!\S)|\s|.")),
    ]
    .map(|tokenizer| tokenizer.as_bytes().to_vec())
    .into()
}

/// Uses everything, and looks at nothing but whether it comes back.
fn use_all(tokenizer: &Tokenizer, texts: &[&[u8]]) {
    let mut scratch = Scratch::new();
    let mut slice = [0; 50];
    for text in texts {
        for special in [Special::All, Special::AsText, Special::Forbid] {
            if let Ok(ids) = tokenizer.encode(*text, special) {
                let _ = tokenizer.decode(&ids);
                let _ = tokenizer.decode_lossy(&ids, true);
            }
            let _ = tokenizer.count(*text, special);
            let _ = tokenizer.encode_to_slice(*text, special, &mut slice, &mut scratch);
            // A token takes no less than nothing, so the text's length bounds no count here.
            for span in tokenizer.tokens(*text, special, &mut scratch).take(10_000).flatten() {
                let _ = (span.id, text.get(span.start..span.end));
            }
        }
        let text = String::from_utf8_lossy(text);
        let _ = tokenizer.truncate(&text, 7);
        if let Ok(encoding) = tokenizer.encode_full((&*text, "ab abc"), &FullOptions::default()) {
            let _ = (encoding.char_to_token(3, 0), encoding.sequence_ids());
        }
    }
    for id in [0, 1, 97, 255, 256, 260, 300, 999, 1000, 1001, u32::MAX] {
        let _ = (tokenizer.token_bytes(id), tokenizer.is_special(id));
        let mut stream = tokenizer.decode_stream(false);
        let _ = (stream.step(id), stream.finish());
    }
    for bytes in ["a", "ab", " the", "<|end|>", "internationalization", "nothing"] {
        let _ = tokenizer.token_id(bytes);
    }
    let _ = (tokenizer.special_tokens().count(), tokenizer.verify(), tokenizer.notes());
}

fn texts() -> Vec<Vec<u8>> {
    let mut texts: Vec<Vec<u8>> = [
        "abc ab cab<|end|>a<|endless|> the internationalization of 123 things, e\u{301}t\u{E9} 中中",
        "abcabcabcabcabcabcab abcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcab",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    texts.push(vec![b'b', 0xFF, 0xE4, 0xB8, b' ', 0xC3]);
    texts
}

/// Damage that the content check does not see, and what comes of it.
fn try_static(damaged: &[u8], texts: &[&[u8]]) -> bool {
    // A few thousand small blobs, in a process that ends soon.
    let leaked: &'static [u8] = Box::leak(damaged.into());
    match Tokenizer::try_from_static(leaked) {
        Ok(tokenizer) => {
            use_all(&tokenizer, texts);
            true
        }
        Err(_) => false,
    }
}

#[test]
fn sections_are_in_some_blob() {
    let blobs = blobs();
    let absent: Vec<&str> = Section::ALL
        .into_iter()
        .filter(|&section| blobs.iter().all(|blob| section_range(blob, section).is_empty()))
        .map(Section::name)
        .collect();
    // Vocabularies as small as these need no table of byte pairs and no cold lines for longer words.
    assert_eq!(absent, ["byte_pairs", "short_cold", "whole_filter"]);
}

/// The sections that small vocabularies lack, in one that is bundled.
#[test]
fn bits_are_flipped_in_gpt2() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/vocab/gpt2.json");
    let blob = Tokenizer::from_file(file).unwrap_or_else(|e| panic!("{e}")).as_bytes().to_vec();
    let texts = texts();
    let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    let mut random = Random::new(6);
    for round in 0..9 {
        let section = [Section::BytePairs, Section::ShortCold, Section::WholeFilter][round % 3];
        let range = section_range(&blob, section);
        assert!(!range.is_empty());
        let mut damaged = blob.clone();
        for _ in 0..range.len() / 3 {
            damaged[range.start + random.below(range.len())] ^= 1 << random.below(8);
        }
        assert!(try_static(&damaged, &texts), "{round}");
    }
}

/// Where a section lies, as the header says.
fn section_range(blob: &[u8], section: Section) -> std::ops::Range<usize> {
    let at = comptok_core::blob::field::SECTIONS + 8 * section as usize;
    let number = |at: usize| {
        let bytes = blob[at..at + 4].try_into().expect("four bytes");
        u32::from_le_bytes(bytes) as usize
    };
    number(at)..number(at) + number(at + 4)
}

#[test]
fn bits_are_flipped_in_every_section() {
    let texts = texts();
    let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    let mut random = Random::new(4);
    let mut used = 0;
    for blob in blobs() {
        for section in Section::ALL {
            let range = section_range(&blob, section);
            if range.is_empty() {
                continue;
            }
            for round in 0..24 {
                let mut damaged = blob.clone();
                // One bit, then more and more, then whole words of ones.
                for _ in 0..1 << (round / 4) {
                    let at = range.start + random.below(range.len());
                    match round % 4 {
                        3 => damaged[at..(at + 4).min(range.end)].fill(0xFF),
                        2 => damaged[at] = random.below(256) as u8,
                        _ => damaged[at] ^= 1 << random.below(8),
                    }
                }
                used += usize::from(try_static(&damaged, &texts));
                if damaged != blob {
                    assert!(Tokenizer::from_bytes(&damaged).is_err(), "{}", section.name());
                }
            }
        }
    }
    assert!(used > 500, "{used}");
}

#[test]
fn sections_are_filled_with_one_byte() {
    let texts = texts();
    let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    for blob in blobs() {
        for section in Section::ALL {
            for byte in [0x00, 0x01, 0x7F, 0x80, 0xFF] {
                let mut damaged = blob.clone();
                damaged[section_range(&blob, section)].fill(byte);
                try_static(&damaged, &texts);
            }
        }
    }
}

#[test]
fn every_bit_of_the_header_is_flipped() {
    let texts = texts();
    let texts: Vec<&[u8]> = texts.iter().take(1).map(Vec::as_slice).collect();
    let blob = &blobs()[0];
    for bit in 0..HEADER_LEN * 8 {
        let mut damaged = blob.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        try_static(&damaged, &texts);
        assert!(Tokenizer::from_bytes(&damaged).is_err(), "bit {bit} of the header");
    }
}

#[test]
fn blobs_are_cut_short() {
    for blob in blobs() {
        let step = (blob.len() / 400).max(1);
        for len in (0..HEADER_LEN).chain((HEADER_LEN..blob.len()).step_by(step)) {
            let cut: &'static [u8] = Box::leak(blob[..len].into());
            let error = Tokenizer::try_from_static(cut).expect_err("a part is not a blob");
            assert!(
                matches!(error, FormatError::NotABlob | FormatError::Truncated { .. }),
                "{len}: {error}"
            );
            assert!(Tokenizer::from_bytes(&blob[..len]).is_err(), "{len}");
        }
        // Sections that end early, while the blob is as long as it says.
        for section in Section::ALL {
            let at = comptok_core::blob::field::SECTIONS + 8 * section as usize + 4;
            let len = section_range(&blob, section).len();
            for shorter in [0, len / 2, len.saturating_sub(4), len.saturating_sub(1)] {
                let mut damaged = blob.clone();
                damaged[at..at + 4].copy_from_slice(&(shorter as u32).to_le_bytes());
                let texts = texts();
                let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
                try_static(&damaged, &texts);
            }
        }
    }
}

/// The tables of a blob, even one that is damaged, lie inside it.
#[test]
fn tables_are_in_range() {
    let mut random = Random::new(5);
    for blob in blobs() {
        for _ in 0..200 {
            let mut damaged = blob.clone();
            let at = random.below(HEADER_LEN);
            damaged[at] = random.below(256) as u8;
            let leaked: &'static [u8] = Box::leak(damaged.into());
            if let Ok(tokenizer) = Tokenizer::try_from_static(leaked) {
                let tables = Tables::new(tokenizer.as_bytes(), tokenizer.header());
                for id in (0..2000).chain(u32::MAX - 3..=u32::MAX) {
                    let _ = (tables.token(id), tables.token_flags(id));
                }
            }
        }
    }
}
