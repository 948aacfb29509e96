//! Work to be counted by callgrind: `VOCABULARY FILE encode|count|decode PASSES`. One more pass, and
//! the difference is what a pass costs. `VOCABULARY FILE allocations` counts those of a first and of a
//! second pass.

use comptok::{Options, Scratch, Special, vocab};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    process::ExitCode,
    sync::atomic::{AtomicUsize, Ordering},
};

/// The system's allocator, and how often it was asked for how much.
struct Counting;

static CALLS: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on as it is to `System`; that a block that grows is moved by the default
// `realloc`, through `alloc` and `dealloc`, is allowed.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block came from `System`, through the functions above.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Calls and bytes so far.
fn allocated() -> [usize; 2] {
    [CALLS.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed)]
}

const ORDINARY: Options<'static> = Options::new(Special::AsText);

/// Pieces of the file, and the bytes of each: about 1 MB from all over it.
const PIECES: usize = 8;
const PIECE: usize = 128 << 10;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args.iter().map(|arg| &**arg).collect::<Vec<_>>()) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// Does the work, and returns how many bytes of text a pass has; or calls and bytes of a first pass, and
/// calls and bytes of a second one.
fn run(args: &[&str]) -> Result<String, String> {
    let (vocab, file, part, passes) = match *args {
        [vocab, file, part, passes] => (vocab, file, part, passes),
        [vocab, file, "allocations"] => (vocab, file, "allocations", "0"),
        _ => {
            return Err(
                "usage: VOCABULARY FILE encode|count|decode PASSES | allocations".to_owned()
            );
        }
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
        "allocations" => {
            let mut pass = || {
                ids.clear();
                let before = allocated();
                tokenizer.encode_into(&text, ORDINARY, &mut ids, &mut scratch).map_err(fail)?;
                let after = allocated();
                Ok::<_, String>(format!("{} {}", after[0] - before[0], after[1] - before[1]))
            };
            let first = pass()?;
            return Ok(format!("{first} {}", pass()?));
        }
        _ => return Err(format!("a part is encode, count or decode, not {part:?}")),
    }
    Ok(text.len().to_string())
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
