//! `comptok count`.

use std::path::Path;

use crate::args::Count;
use crate::io::{Input, Output, complain, paths};
use crate::lines::Lines;
use crate::progress::Progress;
use crate::source;
use crate::text::{Texts, failure, line_failure};
use crate::{Answer, Failure};

pub(crate) fn run(args: &Count) -> Result<Answer, Failure> {
    let tokenizer = source::tokenizer(&args.tokenizer)?;
    let texts = Texts::new(&tokenizer, &args.text);
    let paths = paths(&args.text.files);
    let mut output = Output::create(None)?;
    let progress = Progress::new(&paths, output.is_terminal());
    let over = |tokens: u64| args.limit.filter(|&limit| tokens > limit);
    let mut answer = Answer::Yes;
    if args.jsonl {
        for path in paths {
            let mut lines = Lines::new(Input::open(path)?);
            while let Some(line) = lines.next()? {
                progress.add(line.len());
                let text = lines.string()?;
                let tokens = tokenizer
                    .count(&text, texts.options)
                    .map_err(|error| line_failure(&lines.place(), &error))?;
                output.write(format!("{tokens}\n").as_bytes())?;
                if let Some(limit) = over(tokens as u64) {
                    complain(&format!("{}: {tokens} tokens, the limit is {limit}", lines.place()));
                    answer = Answer::No;
                }
            }
        }
    } else {
        let mut total = (0, 0);
        for path in &paths {
            let (tokens, bytes) = count(&texts, path, &progress)?;
            output.write(row(tokens, bytes, &path.display().to_string()).as_bytes())?;
            total = (total.0 + tokens, total.1 + bytes);
        }
        if paths.len() > 1 {
            output.write(row(total.0, total.1, "total").as_bytes())?;
        }
        if let Some(limit) = over(total.0) {
            complain(&format!("{} tokens, the limit is {limit}", total.0));
            answer = Answer::No;
        }
    }
    output.finish()?;
    Ok(answer)
}

/// Tokens and bytes of a file.
fn count(texts: &Texts<'_>, path: &Path, progress: &Progress) -> Result<(u64, u64), Failure> {
    let mut parts = texts.parts(Input::open(path)?);
    let name = parts.name.clone();
    let mut sum = (0, 0);
    while let Some(part) = parts.next()? {
        let tokens = texts
            .tokenizer
            .count(part.text, part.options)
            .map_err(|error| failure(&name, &part, error))?;
        sum = (sum.0 + tokens as u64, sum.1 + part.text.len() as u64);
        progress.add(part.text.len());
    }
    Ok(sum)
}

fn row(tokens: u64, bytes: u64, name: &str) -> String {
    format!("{tokens:>10} {bytes:>12} {name}\n")
}
