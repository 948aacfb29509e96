//! What training leaves: files and a report.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use comptok::train::{Chunk, Compression, Phase, Source, TrainError};
use comptok::{Options, Special, Tokenizer};
use comptok_bake::{Spec, write};

use super::args::{CorpusArgs, Invalid};
use super::failure;
use super::inputs::{Files, Place, files_of};
use crate::Failure;
use crate::io::Output;

/// How an output is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    TokenizerJson,
    VocabJson,
    MergesTxt,
    Tiktoken,
    Blob,
}

/// What the names of the outputs say.
pub(super) fn formats(outputs: &[PathBuf]) -> Result<Vec<Format>, Failure> {
    let format = |path: &PathBuf| {
        let name = path.to_string_lossy();
        let ends = |end: &str| name.ends_with(end);
        match () {
            () if ends("vocab.json") => Ok(Format::VocabJson),
            () if ends("merges.txt") => Ok(Format::MergesTxt),
            () if ends(".json") || name == "-" => Ok(Format::TokenizerJson),
            () if ends(".tiktoken") => Ok(Format::Tiktoken),
            () if ends(".ctok") => Ok(Format::Blob),
            () => Err(Failure::Usage(format!(
                "{name}: the name of an output ends in vocab.json, merges.txt, .json, .tiktoken or \
                 .ctok"
            ))),
        }
    };
    outputs.iter().map(format).collect()
}

/// Writes every output beside its place, and when all are written, puts all of them there.
pub(super) fn save(spec: &Spec, outputs: &[PathBuf], formats: &[Format]) -> Result<(), Failure> {
    let mut ready = Vec::new();
    for (path, format) in outputs.iter().zip(formats) {
        let failed =
            |error: &dyn std::fmt::Display| Failure::data(format!("{}: {error}", path.display()));
        let text = |result: Result<String, _>| result.map(String::into_bytes);
        let bytes = match format {
            Format::TokenizerJson => text(write::tokenizer_json(spec)).map_err(|e| failed(&e))?,
            Format::Tiktoken => text(write::tiktoken(spec)).map_err(|e| failed(&e))?,
            Format::VocabJson => {
                text(write::vocab_merges(spec).map(|both| both.0)).map_err(|e| failed(&e))?
            }
            Format::MergesTxt => {
                text(write::vocab_merges(spec).map(|both| both.1)).map_err(|e| failed(&e))?
            }
            Format::Blob => {
                let options = comptok_bake::bake::Options::default();
                comptok_bake::bake(spec, &options).map_err(|e| failed(&e))?.blob
            }
        };
        let mut output = Output::create(Some(path))?;
        output.write(&bytes)?;
        ready.push(output);
    }
    ready.into_iter().try_for_each(Output::finish)
}

/// Tokens of texts that were not learned from, read as those that were.
pub(super) fn held_out(
    spec: &Spec,
    path: Option<&Path>,
    args: &CorpusArgs,
) -> Result<Option<Compression>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let name = path.display();
    let tokenizer = Tokenizer::from_spec(spec)
        .map_err(|error| Failure::data(format!("{name}: cannot be encoded: {error}")))?;
    let mut source = Files::new(args, false, files_of(path, args)?, Place::default());
    let (mut sum, mut chunk) = (Compression { bytes: 0, tokens: 0 }, Chunk::default());
    while source.next(&mut chunk).map_err(failure)? {
        sum.bytes += chunk.bytes.len() as u64;
        let ends = chunk.ends.take().unwrap_or_else(|| line_ends(&chunk.bytes));
        let mut start = 0;
        for end in ends {
            let bytes = chunk.bytes.get(start..end).unwrap_or_default();
            let text = match (std::str::from_utf8(bytes), args.invalid_utf8) {
                (Ok(text), _) => Cow::Borrowed(text),
                (Err(_), Invalid::Replace) => String::from_utf8_lossy(bytes),
                (Err(error), Invalid::Error) => {
                    let offset = chunk.offset + (start + error.valid_up_to()) as u64;
                    return Err(failure(TrainError::Utf8 { name: chunk.name.to_string(), offset }));
                }
            };
            let tokens = tokenizer.count(&*text, Options::new(Special::AsText));
            let tokens =
                tokens.map_err(|error| Failure::data(format!("{}: {error}", chunk.name)))?;
            sum.tokens += tokens as u64;
            start = end;
        }
    }
    Ok(Some(sum))
}

/// Where each line ends, its newline included.
fn line_ends(bytes: &[u8]) -> Vec<usize> {
    let mut end = 0;
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let ends = lines.map(|line| {
        end += line.len();
        end
    });
    ends.collect()
}

/// What was learned from.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) text_bytes: Option<u64>,
    pub(super) words: usize,
    pub(super) dropped: usize,
    pub(super) total: u64,
    pub(super) error: u64,
}

#[derive(Debug)]
pub(super) struct Report {
    pub(super) tokens: usize,
    pub(super) counted: Counted,
    pub(super) compression: Option<Compression>,
    pub(super) held_out: Option<Compression>,
    pub(super) phases: Vec<(Phase, Duration)>,
    pub(super) seconds: f64,
    pub(super) stopped: bool,
}

impl Report {
    pub(super) fn text(&self, json: bool) -> String {
        let Counted { text_bytes, words, dropped, total, error } = self.counted;
        let phases = || self.phases.iter().map(|(phase, time)| (phase.name(), time.as_secs_f64()));
        if json {
            let compression = |sum: Option<Compression>| {
                sum.map(|sum| {
                    serde_json::json!({
                        "bytes": sum.bytes, "tokens": sum.tokens, "bytes_per_token": sum.ratio(),
                    })
                })
            };
            let seconds: serde_json::Map<_, _> =
                phases().map(|(name, seconds)| (name.to_owned(), seconds.into())).collect();
            let report = serde_json::json!({
                "vocab_size": self.tokens,
                "text_bytes": text_bytes,
                "words": words,
                "words_dropped": dropped,
                "words_total": total,
                "count_error": error,
                "text": compression(self.compression),
                "held_out": compression(self.held_out),
                "seconds": seconds,
                "seconds_all": self.seconds,
                "stopped": self.stopped,
            });
            return format!("{report}\n");
        }
        let mut text =
            format!("{} tokens, learned from {total} words, {words} different", self.tokens);
        if let Some(bytes) = text_bytes {
            let _ = write!(text, ", in {bytes} bytes");
        }
        text.push('\n');
        if dropped > 0 {
            let _ = writeln!(text, "{dropped} rare words were left out");
        }
        if error > 0 {
            let _ = writeln!(text, "counts may be too low by up to {error}: memory ran out");
        }
        for (name, sum) in [("this text", self.compression), ("held-out text", self.held_out)] {
            if let Some(sum) = sum {
                let _ = writeln!(text, "{:.3} bytes per token on {name}", sum.ratio());
            }
        }
        let times: Vec<String> = phases().map(|(name, s)| format!("{name} {s:.2} s")).collect();
        let _ = writeln!(text, "{:.2} s: {}", self.seconds, times.join(", "));
        text
    }
}
