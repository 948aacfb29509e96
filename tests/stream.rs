//! Streams of ids through decoders that look around: what the definition says, in linear time.

#[path = "../tok-core/tests/drawn/mod.rs"]
#[expect(dead_code, reason = "other tests use all of it")]
mod drawn;

use std::time::{Duration, Instant};

use comptok::{TokenId, Tokenizer};

/// Tokens in front of those of bytes.
const TOKENS: [&str; 8] = ["<unk>", "a", "▁b", "\u{FFFD}", "##c", " \u{FFFD}", "▁", "é"];

const BYTE_LEVEL: &str =
    r#"{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}"#;

fn tokenizer(decoder: &str, byte_level: bool) -> Tokenizer {
    let mut vocab: Vec<String> = TOKENS.map(String::from).into();
    vocab.extend((0..=255u8).map(|byte| match byte_level {
        true => comptok_core::byte_level::char_of(byte).to_string(),
        false => format!("<0x{byte:02X}>"),
    }));
    let mut ids = serde_json::Map::new();
    for token in vocab {
        let id = ids.len();
        // Some chars are tokens already.
        ids.entry(token).or_insert(id.into());
    }
    let decoder: serde_json::Value = serde_json::from_str(decoder).expect("JSON");
    let json = serde_json::json!({
        "added_tokens": [], "normalizer": null, "pre_tokenizer": null, "post_processor": null,
        "decoder": decoder,
        "model": {"type": "WordLevel", "vocab": ids, "unk_token": "<unk>"},
    });
    Tokenizer::from_bytes(json.to_string().as_bytes()).expect("a tokenizer")
}

fn tokenizers() -> Vec<(&'static str, Tokenizer)> {
    let llama = r#"{"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
        {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}"#;
    vec![
        ("byte fallback", tokenizer(llama, false)),
        ("byte level", tokenizer(BYTE_LEVEL, true)),
        ("SentencePiece", sentence_piece(true)),
        ("SentencePiece with all spaces", sentence_piece(false)),
        (
            "CTC",
            tokenizer(
                r#"{"type": "CTC", "pad_token": "a", "word_delimiter_token": "▁", "cleanup": true}"#,
                false,
            ),
        ),
        (
            "WordPiece",
            tokenizer(r###"{"type": "WordPiece", "prefix": "##", "cleanup": true}"###, false),
        ),
        ("none", tokenizer("null", false)),
        (
            "Metaspace",
            tokenizer(
                r#"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}"#,
                false,
            ),
        ),
    ]
}

/// A `.model` with the same tokens, of which one is a control piece.
fn sentence_piece(removes_spaces: bool) -> Tokenizer {
    let mut model = Vec::new();
    let mut put = |piece: &str, kind: u8| {
        let len = piece.len() as u8;
        model.extend([10, len + 4, 10, len]);
        model.extend(piece.as_bytes());
        model.extend([24, kind]);
    };
    let pieces = TOKENS.into_iter().zip([2, 3, 1, 1, 1, 1, 1, 1]);
    pieces.for_each(|(piece, kind)| put(piece, kind));
    (0..=255u8).for_each(|byte| put(&format!("<0x{byte:02X}>"), 6));
    // BPE with byte fallback; the rules for spaces.
    model.extend([18, 5, 24, 2, 0x98, 2, 1]);
    model.extend([26, 2, 32, u8::from(removes_spaces)]);
    Tokenizer::from_bytes(&model).expect("a model")
}

/// The definition: all since the last text is decoded for each id.
#[derive(Default)]
struct Plain {
    ids: Vec<TokenId>,
    prefix: String,
    prefix_len: usize,
}

impl Plain {
    fn step(&mut self, tokenizer: &Tokenizer, id: TokenId) -> Result<Option<String>, ()> {
        let decode = |ids: &[TokenId]| tokenizer.decode(ids).expect("ids have tokens");
        if self.prefix.is_empty() && !self.ids.is_empty() {
            let prefix = decode(&self.ids);
            if !prefix.ends_with('\u{FFFD}') {
                (self.prefix, self.prefix_len) = (prefix, self.ids.len());
            }
        }
        self.ids.push(id);
        let text = decode(&self.ids);
        if text.len() <= self.prefix.len() || text.ends_with('\u{FFFD}') {
            return Ok(None);
        }
        let new = text.strip_prefix(&*self.prefix).ok_or(())?.to_owned();
        let kept = self.ids.len() - self.prefix_len;
        self.ids.drain(..self.prefix_len);
        (self.prefix, self.prefix_len) = (decode(&self.ids), kept);
        Ok(Some(new))
    }
}

#[test]
fn steps_are_those_of_the_definition() {
    let mut next = drawn::random();
    let (mut texts, mut nothing) = (0, 0);
    for (name, tokenizer) in tokenizers() {
        let id = |token: &str| tokenizer.token_to_id(token);
        let byte = |byte: u8| {
            let char = comptok_core::byte_level::char_of(byte).to_string();
            id(&format!("<0x{byte:02X}>")).or_else(|| id(&char)).expect("a token for each byte")
        };
        for _ in 0..3000 {
            let (mut stream, mut plain) = (tokenizer.decode_stream(false), Plain::default());
            let mut ids = Vec::new();
            for _ in 0..1 + next(12) {
                match next(4) {
                    0 => ids.extend(id(TOKENS[next(TOKENS.len())])),
                    1 => ids.push(byte([0x80, 0xE2, 0xC3, 0x41, 0xF0, 0xFF][next(6)])),
                    2 => ids
                        .extend("é€👍\u{FFFD}".as_bytes()[..1 + next(12)].iter().map(|&b| byte(b))),
                    _ => ids.extend("€".bytes().map(byte)),
                }
            }
            for (at, &id) in ids.iter().enumerate() {
                let found = stream.step(id).map_err(|_| ());
                assert_eq!(found, plain.step(&tokenizer, id), "{name}: {at} of {ids:?}");
                texts += usize::from(matches!(found, Ok(Some(_))));
                nothing += usize::from(matches!(found, Ok(None)));
            }
        }
    }
    assert!(texts > 1000 && nothing > 1000, "{texts} texts, {nothing} times nothing");
}

#[test]
fn a_long_run_of_replacement_characters_takes_linear_time() {
    for (name, tokenizer) in tokenizers() {
        let id = |token: &str| tokenizer.token_to_id(token);
        let broken = id("\u{FFFD}").expect("a token");
        let byte = id("<0x80>").or_else(|| id("\u{142}")).unwrap_or(broken);
        let id = |token: &str| id(token).expect("a token");
        let (nothing, space) = (id("a"), id("▁"));
        // Where they have no text.
        let is_empty = |id: TokenId| tokenizer.decode(&[id; 3]).is_ok_and(|text| text.is_empty());
        let empty = [nothing, space].map(|id| if is_empty(id) { id } else { broken });
        let runs =
            [[broken, broken], [byte, byte], [broken, byte], [empty[0]; 2], [empty[1]; 2], empty];
        for (number, ids) in runs.into_iter().enumerate() {
            if runs[..number].contains(&ids) {
                continue;
            }
            let time = |count: usize| {
                let start = Instant::now();
                let mut stream = tokenizer.decode_stream(false);
                for i in 0..count {
                    let found = stream.step(ids[i % 2]);
                    // Lone bytes are tokens like others where no decoder knows them.
                    if found.is_err() {
                        break;
                    }
                }
                start.elapsed()
            };
            let (mut short, mut long) = (Duration::MAX, Duration::MAX);
            for _ in 0..40 {
                (short, long) = (short.min(time(4000)), long.min(time(32_000)));
                // Quadratic time would be 64 times as long.
                if long < short * 20 {
                    break;
                }
            }
            assert!(long < short * 20, "{name}: {short:?} for 4000 ids, {long:?} for 32000");
        }
    }
}
