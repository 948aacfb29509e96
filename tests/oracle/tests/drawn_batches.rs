//! Drawn batches: texts, pairs and words, cut and padded as the file says or the caller, beside the reference's.

#[path = "drawn_encodings/files.rs"]
mod files;

use comptok::{FullOptions, Input, Offsets, Text, Tokenizer};
use comptok_core::model::Random;
use comptok_oracle::{asked, on_seeds};
use files::{compare, file, is, one, text};
use serde_json::{Value, json};
use tokenizers::InputSequence;

/// A text, or words.
#[derive(Debug, Clone)]
enum Drawn {
    Raw(String),
    Words(Vec<String>),
}

impl Drawn {
    fn new(random: &mut Random) -> Self {
        match random.below(3) {
            0 => Self::Words((0..random.below(4)).map(|_| text(random)).collect()),
            _ => Self::Raw((0..1 + random.below(2)).map(|_| text(random)).collect()),
        }
    }

    fn ours(&self) -> Text<'_> {
        match self {
            Self::Raw(text) => text.into(),
            Self::Words(words) => words.iter().map(String::as_str).collect::<Vec<_>>().into(),
        }
    }

    fn theirs(&self) -> InputSequence<'_> {
        match self {
            Self::Raw(text) => text.as_str().into(),
            Self::Words(words) => words.iter().map(String::as_str).collect::<Vec<_>>().into(),
        }
    }
}

fn truncation(random: &mut Random) -> Value {
    json!({"max_length": 2 + random.below(12), "stride": random.below(4),
        "strategy": one(random, &["LongestFirst", "LongestFirst", "OnlyFirst", "OnlySecond"]),
        "direction": one(random, &["Left", "Right"])})
}

fn padding(random: &mut Random) -> Value {
    let strategy = match random.below(3) {
        0 => json!({"Fixed": random.below(16)}),
        _ => json!("BatchLongest"),
    };
    let multiple = Some(random.below(9)).filter(|_| is(random, 2));
    json!({"strategy": strategy, "direction": one(random, &["Left", "Right"]),
        "pad_to_multiple_of": multiple, "pad_id": random.below(99), "pad_type_id": random.below(3),
        "pad_token": one(random, &["P", "a", "é", ""])})
}

/// What the reference makes of one text. As a whole: 0.23.2 itself stops where truncation will cut, and so loses what
/// overflows; 0.23.3 does what [`check`] does.
fn encoded(
    bare: &tokenizers::Tokenizer,
    text: &Drawn,
    type_id: u32,
    in_chars: bool,
) -> tokenizers::Result<tokenizers::Encoding> {
    let mut encoding = match in_chars {
        true => bare.encode_char_offsets(text.theirs(), false)?,
        false => bare.encode(text.theirs(), false)?,
    };
    encoding.set_type_ids(vec![type_id; encoding.len()]);
    Ok(encoding)
}

/// How many encodings were compared.
fn check(seed: u64) -> Result<usize, String> {
    let mut random = Random::new(seed);
    let random = &mut random;
    let mut file = file(random);
    let post_processor = file["post_processor"].to_string();
    // What overflows from each text of a template is combined with what overflows from all others.
    if is(random, 2) && post_processor.matches("\"Sequence\":").count() < 6 {
        file["truncation"] = truncation(random);
    }
    if !is(random, 3) {
        file["padding"] = padding(random);
    }
    let special = json!({"id": 1, "content": "[X]", "single_word": false, "lstrip": is(random, 2),
        "rstrip": is(random, 2), "normalized": false, "special": true});
    let word = json!({"id": 7, "content": "ab", "single_word": is(random, 2), "lstrip": is(random, 2),
        "rstrip": is(random, 2), "normalized": is(random, 2), "special": false});
    file["added_tokens"] = [special, word].into_iter().filter(|_| is(random, 2)).collect();
    let bytes = file.to_string();
    let name = |error: String| format!("seed {seed}: {error}\n{bytes}");
    let ours = Tokenizer::from_bytes(bytes.as_bytes());
    let theirs: Result<tokenizers::Tokenizer, _> = bytes.parse();
    let (Ok(ours), Ok(theirs)) = (ours, theirs) else { return Ok(0) };
    let mut bare = theirs.clone();
    bare.with_post_processor(None::<tokenizers::PostProcessorWrapper>).with_padding(None);
    bare.with_truncation(None).expect("none is right");
    let trims = post_processor.contains("\"trim_offsets\":true");
    let mut compared = 0;
    for _ in 0..4 {
        let drawn: Vec<(Drawn, Option<Drawn>)> = (0..random.below(6))
            .map(|_| (Drawn::new(random), is(random, 2).then(|| Drawn::new(random))))
            .collect();
        // The reference trims bytes by chars; where that is done, bytes follow from chars here.
        let (add, in_chars) = (is(random, 2), trims || is(random, 2));
        let options = FullOptions {
            add_special_tokens: add,
            offsets: if in_chars { Offsets::Chars } else { Offsets::Bytes },
            ..FullOptions::default()
        };
        let inputs = drawn.iter().map(|(first, second)| Input {
            first: first.ours(),
            second: second.as_ref().map(Drawn::ours),
        });
        let wanted = asked(|| {
            let mut all = Vec::new();
            for (first, second) in &drawn {
                let first = encoded(&bare, first, 0, in_chars)?;
                let second = second.as_ref().map(|text| encoded(&bare, text, 1, in_chars));
                all.push(theirs.post_process(first, second.transpose()?, add)?);
            }
            if let Some(padding) = theirs.get_padding() {
                tokenizers::pad_encodings(&mut all, padding)?;
            }
            Ok::<_, tokenizers::Error>(all)
        });
        let found = ours.encode_full_batch(inputs, &options);
        let case = || format!("add {add}, chars {in_chars}, {drawn:?}");
        match (found, wanted) {
            (Ok(found), Some(Ok(wanted))) => {
                for (number, pair) in found.iter().zip(&wanted).enumerate() {
                    let case = format!("{number} of {}", case());
                    compare(&case, pair).map_err(name)?;
                }
                if found.len() != wanted.len() {
                    return Err(name(format!("{}: {}", case(), found.len())));
                }
                compared += found.len();
            }
            // A stride that is too long is an error here though nothing has to be cut.
            (Err(error), Some(Ok(_))) if !error.to_string().starts_with("stride") => {
                return Err(name(format!("{}: {error}", case())));
            }
            (Ok(_), Some(Err(error))) => return Err(name(format!("{}: not {error}", case()))),
            _ => {}
        }
    }
    Ok(compared)
}

#[test]
fn batches_are_the_references() {
    on_seeds(500, "encodings", 4, check);
}
