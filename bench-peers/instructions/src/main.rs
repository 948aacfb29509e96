//! Work to be counted by callgrind: `VOCABULARY FILE encode|count|decode PASSES`. One more pass, and
//! the difference is what a pass costs.

use comptok::{Options, Scratch, Special, vocab};
use std::process::ExitCode;

const ORDINARY: Options<'static> = Options::new(Special::AsText);

/// Pieces of the file, and the bytes of each: about 1 MB from all over it.
const PIECES: usize = 8;
const PIECE: usize = 128 << 10;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args.iter().map(|arg| &**arg).collect::<Vec<_>>()) {
        Ok(bytes) => {
            println!("{bytes}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// Does the work, and returns how many bytes of text a pass has.
fn run(args: &[&str]) -> Result<usize, String> {
    let &[vocab, file, part, passes] = args else {
        return Err("usage: VOCABULARY FILE encode|count|decode PASSES".to_owned());
    };
    let tokenizer = match vocab {
        "cl100k" => &vocab::CL100K_BASE,
        "o200k" => &vocab::O200K_BASE,
        _ => return Err(format!("no vocabulary {vocab:?}")),
    };
    let passes: usize = passes.parse().map_err(|e| format!("{passes:?}: {e}"))?;
    let text = sample(&std::fs::read(file).map_err(|e| format!("{file}: {e}"))?);
    let mut scratch = Scratch::new();
    let mut ids = Vec::with_capacity(text.len());
    let fail = |error: comptok::EncodeError| error.to_string();
    match part {
        "encode" => {
            for _ in 0..passes {
                ids.clear();
                tokenizer.encode_into(&text, ORDINARY, &mut ids, &mut scratch).map_err(fail)?;
            }
        }
        "count" => {
            for _ in 0..passes {
                tokenizer.count_with(&text, ORDINARY, &mut scratch).map_err(fail)?;
            }
        }
        "decode" => {
            tokenizer.encode_into(&text, ORDINARY, &mut ids, &mut scratch).map_err(fail)?;
            let mut bytes = Vec::with_capacity(8 * ids.len());
            for _ in 0..passes {
                bytes.clear();
                tokenizer.decode_into(&ids, &mut bytes).map_err(|error| error.to_string())?;
            }
        }
        _ => return Err(format!("a part is encode, count or decode, not {part:?}")),
    }
    Ok(text.len())
}

/// Pieces from all over the text, each of whole lines.
fn sample(text: &[u8]) -> Vec<u8> {
    let line = |at: usize| {
        let newline = text[at..].iter().position(|&byte| byte == b'\n');
        newline.map_or(text.len(), |newline| at + newline + 1)
    };
    let mut sample = Vec::new();
    for piece in 0..PIECES {
        let start = text.len() / PIECES * piece;
        let start = if start == 0 { 0 } else { line(start) };
        sample.extend_from_slice(&text[start..line((start + PIECE).min(text.len()))]);
    }
    sample
}
