//! `comptok encode --jsonl --full`: everything about the tokens of a line.

use std::path::Path;

use comptok::{Encoding, FullError, FullOptions, Offsets};
use serde_json::{Map, Value};

use crate::Failure;
use crate::args::OffsetsArg;
use crate::io::{Input, Output};
use crate::lines::Lines;
use crate::progress::Progress;
use crate::text::{Texts, line_failure};

/// How lines are encoded in full.
pub(crate) struct Full<'f> {
    pub(crate) texts: &'f Texts<'f>,
    pub(crate) offsets: OffsetsArg,
    pub(crate) add_special_tokens: bool,
}

impl Full<'_> {
    /// Writes an object for each line of a file.
    pub(crate) fn lines(
        &self,
        path: &Path,
        output: &mut Output,
        progress: &Progress,
    ) -> Result<(), Failure> {
        let options = FullOptions {
            add_special_tokens: self.add_special_tokens,
            offsets: match self.offsets {
                OffsetsArg::Chars => Offsets::Chars,
                OffsetsArg::Bytes => Offsets::Bytes,
            },
            special: self.texts.options.special,
            ..FullOptions::default()
        };
        let tokenizer = self.texts.tokenizer;
        let truncates = tokenizer.truncation().is_some();
        let mut lines = Lines::new(Input::open(path)?);
        while let Some(line) = lines.next()? {
            let len = line.len();
            let (first, second) = lines.string_or_pair()?;
            let encoding = match &second {
                Some(second) => tokenizer.encode_full((&first, second), &options),
                None => tokenizer.encode_full(&first, &options),
            };
            let encoding = encoding.map_err(|error| match error {
                FullError::Encode(error) => line_failure(&lines.place(), &error),
                other => Failure::data(format!("{}: {other}", lines.place())),
            })?;
            let mut bytes = object(&encoding, truncates).to_string().into_bytes();
            bytes.push(b'\n');
            output.write(&bytes)?;
            progress.add(len);
        }
        Ok(())
    }
}

/// The fields as HuggingFace's Python `Encoding` names and shapes them.
fn object(encoding: &Encoding, truncates: bool) -> Value {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    let pair = |&(start, end): &(usize, usize)| Value::from(vec![start, end]);
    put("ids", encoding.ids().into());
    put("tokens", encoding.tokens().collect());
    put("offsets", encoding.offsets().iter().map(pair).collect());
    put("type_ids", encoding.type_ids().into());
    put("attention_mask", encoding.attention_mask().into());
    put("special_tokens_mask", encoding.special_tokens_mask().into());
    put("word_ids", encoding.word_ids().iter().map(|id| Value::from(*id)).collect());
    put("sequence_ids", encoding.sequence_ids().into_iter().map(Value::from).collect());
    if truncates {
        let parts = encoding.overflowing().iter().map(object_of_part);
        put("overflowing", parts.collect());
    }
    Value::Object(object)
}

fn object_of_part(part: &Encoding) -> Value {
    object(part, true)
}
