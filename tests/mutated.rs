//! Damaged tokenizer files through the general engine: an error or a tokenizer, never a panic, and what loads
//! encodes anything.

use comptok::{FullOptions, Scratch, Special, Tokenizer};
use comptok_core::model::Random;

/// Files of the common kinds, small.
const FILES: [&str; 7] = [
    include_str!("fixtures/general/char_bpe.json"),
    include_str!("fixtures/general/unigram.json"),
    include_str!("fixtures/general/word_piece.json"),
    // BERT.
    r###"{"version":"1.0","truncation":{"direction":"Right","max_length":7,"strategy":"LongestFirst","stride":2},"padding":null,"added_tokens":[{"id":0,"content":"[UNK]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},{"id":1,"content":"[CLS]","single_word":true,"lstrip":true,"rstrip":true,"normalized":true,"special":true}],"normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],"special_tokens":{"[CLS]":{"id":"[CLS]","ids":[1],"tokens":["[CLS]"]}}},"decoder":{"type":"WordPiece","prefix":"##","cleanup":true},"model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{"[UNK]":0,"[CLS]":1,"a":2,"##a":3,"##b":4,"ab":5,"中":6,"the":7}}}"###,
    // T5.
    r###"{"version":"1.0","truncation":null,"padding":{"strategy":"BatchLongest","direction":"Right","pad_to_multiple_of":8,"pad_id":0,"pad_type_id":0,"pad_token":"<pad>"},"added_tokens":[{"id":0,"content":"<pad>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],"normalizer":{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "}]},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Metaspace","replacement":"▁","add_prefix_space":true}]},"post_processor":null,"decoder":{"type":"Metaspace","replacement":"▁","add_prefix_space":true},"model":{"type":"Unigram","unk_id":1,"vocab":[["<pad>",0.0],["<unk>",0.0],["▁",-2.0],["▁the",-3.5],["t",-4],["h",-4.5],["e",-1e1],["he",-6]],"byte_fallback":false}}"###,
    // Llama.
    r###"{"version":"1.0","truncation":null,"padding":null,"added_tokens":[{"id":0,"content":"<s>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],"normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]},"pre_tokenizer":null,"post_processor":{"type":"BertProcessing","sep":["<s>",0],"cls":["<s>",0]},"decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},"model":{"type":"BPE","dropout":null,"unk_token":"<unk>","continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":true,"byte_fallback":true,"ignore_merges":false,"vocab":{"<s>":0,"<unk>":1,"▁":2,"a":3,"b":4,"▁a":5,"ab":6,"▁ab":7,"<0x0A>":8},"merges":["▁ a","a b","▁ ab"]}}"###,
    // GPT-2, with a pattern of its own.
    r###"{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":{"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"Lowercase"},{"type":"StripAccents"}]},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\s?\\p{L}+|\\d"},"behavior":"MergedWithNext","invert":false},{"type":"Digits","individual_digits":true},{"type":"Punctuation","behavior":"Contiguous"},{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}]},"post_processor":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},"decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},"model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":"","end_of_word_suffix":"","fuse_unk":false,"byte_fallback":false,"ignore_merges":true,"vocab":{"a":0,"b":1,"Ġ":2,"Ġa":3,"ab":4},"merges":[["Ġ","a"],["a","b"]]}}"###,
];

/// What mutations write.
const SCRAPS: [&str; 24] = [
    "0",
    "-1",
    "1e999",
    "4294967295",
    "18446744073709551616",
    "null",
    "true",
    "false",
    "\"\"",
    "\"▁\"",
    "{}",
    "[]",
    "\\u0000",
    "\\ud800",
    "a{1000}",
    "(?=a)",
    "(a*)*",
    "[^\\s]",
    "\"type\":\"Strip\",",
    "\"é\u{301}\"",
    "##",
    "\u{FFFD}",
    "99999",
    "\"a\"",
];

const TEXTS: [&str; 6] = [
    "",
    "the ab  aab [CLS] ab中 <s> the\n\na b",
    "é\u{301}\u{301} 👍🏽 \u{0}\u{ad}\u{200b} ½ ﬁ İ \u{1d160} ▁▁a ##a",
    " ",
    "\r\n\t\u{a0}\u{3000}x",
    "zéa xyz 12 3.4, abababababababababababababababababab",
];

/// A file with a few changes: bytes, scraps, pieces that go, move or come twice.
fn mutated(random: &mut Random) -> Vec<u8> {
    let mut file = FILES[random.below(FILES.len())].as_bytes().to_vec();
    for _ in 0..1 + random.below(2) {
        let (at, other) = (random.below(file.len().max(1)), random.below(file.len().max(1)));
        let end = (at + 1 + random.below(12)).min(file.len());
        match random.below(10) {
            0 => file[at] = random.below(256) as u8,
            1 => file[at] ^= 1 << random.below(8),
            2 => drop(file.drain(at..end)),
            3 => {
                let scrap = SCRAPS[random.below(SCRAPS.len())].bytes();
                drop(file.splice(at..end, scrap));
            }
            // A letter for a letter, mostly in a token.
            5..8 => {
                let vocabulary = file.len() / 2 + random.below((file.len() / 2).max(1));
                if let Some(letter) = file[vocabulary..].iter().position(u8::is_ascii_lowercase) {
                    file[vocabulary + letter] = b'a' + random.below(26) as u8;
                }
            }
            // In place of a whole number, so that the file mostly stays JSON.
            4 => {
                if let Some(digit) = file[at..].iter().position(u8::is_ascii_digit) {
                    let scrap = SCRAPS[random.below(SCRAPS.len())].bytes();
                    drop(file.splice(at + digit..at + digit + 1, scrap));
                }
            }
            _ => {
                let part = file[at..end].to_vec();
                drop(file.splice(other..other, part));
            }
        }
    }
    file
}

#[test]
fn ten_thousand_files() {
    let (mut loaded, mut random) = (0, Random::new(4));
    let mut scratch = Scratch::new();
    for _ in 0..10_000 {
        let file = mutated(&mut random);
        let Ok(tokenizer) = Tokenizer::from_bytes(&file) else { continue };
        loaded += 1;
        for text in TEXTS {
            let mut ids = Vec::new();
            let _ = tokenizer.encode_into(text, Special::All, &mut ids, &mut scratch);
            let _ = tokenizer.encode_full((text, TEXTS[1]), &FullOptions::default());
            let _ = tokenizer.decode_lossy(&ids, true);
            let mut stream = tokenizer.decode_stream(false);
            ids.iter().for_each(|&id| drop(stream.step(id)));
            let _ = stream.finish();
        }
    }
    // Most of them are broken, and some are tokenizers.
    assert!((500..9_500).contains(&loaded), "{loaded}");
}
