//! What allocates, and what does not. Has its own `main`: the first call of the process is counted too.

use comptok::{Options, Scratch, Span, Special, Tokenizer, vocab::CL100K_BASE};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    hint::black_box,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// Counts what is asked for, calls and bytes.
struct Counting;

static CALLS: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);

fn count(bytes: usize) {
    CALLS.fetch_add(1, Relaxed);
    BYTES.fetch_add(bytes, Relaxed);
}

// SAFETY: everything is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promise is the one that is asked for; below too.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: as above.
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Allocations and bytes while `f` runs.
fn during<R>(f: impl FnOnce() -> R) -> ((usize, usize), R) {
    let before = (CALLS.load(Relaxed), BYTES.load(Relaxed));
    let result = black_box(f());
    ((CALLS.load(Relaxed) - before.0, BYTES.load(Relaxed) - before.1), result)
}

const NOTHING: (usize, usize) = (0, 0);

fn main() {
    // The first thing that the process does with the tokenizer. A word of more than 64 bytes needs memory,
    // which is lent.
    let text = concat!(
        "Hello world, naïve 🤗!<|endoftext|>\n",
        "aVeryLongWordThatIsLongerThanTheSixtyFourBytesUpToWhichNoMemoryIsNeededAtAll and more"
    );
    let (mut ids, mut memory, mut spans) = ([0; 128], [0; 2048], [Span::default(); 128]);
    let (allocated, len) = during(|| {
        let mut scratch = Scratch::lend(&mut memory);
        CL100K_BASE.encode_to_slice(text, Special::All, &mut ids, &mut scratch)
    });
    assert_eq!(allocated, NOTHING, "encode_to_slice");
    let ids = &ids[..len.expect("nothing is forbidden")];

    let (allocated, len) = during(|| {
        let mut scratch = Scratch::lend(&mut memory);
        let tokens = CL100K_BASE.tokens_in(text, Special::All, &mut spans, &mut scratch);
        tokens.flatten().zip(ids).filter(|(span, id)| span.id == **id).count()
    });
    assert_eq!((allocated, len), (NOTHING, ids.len()), "tokens_in");

    // Counting works: a vector is made.
    let (allocated, found) = during(|| CL100K_BASE.encode(text, Special::All));
    assert!(allocated.0 > 0 && allocated.1 >= 4 * ids.len(), "{allocated:?}");
    assert_eq!(found.as_deref(), Ok(ids));

    warm(&CL100K_BASE, text);
    let nfc = include_str!("fixtures/tiny.json")
        .replace("\"normalizer\": null", "\"normalizer\": {\"type\": \"NFC\"}");
    assert!(nfc.contains("NFC"));
    let nfc = Tokenizer::from_bytes(nfc.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
    warm(&nfc, "the token, de\u{301}ja\u{300} vu. \u{212B}");
    let prefix = include_str!("fixtures/tiny.json")
        .replace("\"add_prefix_space\": false", "\"add_prefix_space\": true");
    let prefix = Tokenizer::from_bytes(prefix.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
    warm(&prefix, text);
}

/// Once a call has had its memory, calls like it allocate nothing.
fn warm(tokenizer: &Tokenizer, text: &str) {
    let text = &text.repeat(50);
    let mut scratch = Scratch::new();
    let whole = tokenizer.encode(text, Special::All).expect("nothing is forbidden");
    let mut ids = Vec::with_capacity(2 * text.len());
    let mut bytes = Vec::with_capacity(4 * whole.len() + text.len());
    let mut slice = vec![0; whole.len()];
    for round in 0..3 {
        let (allocated, _) = during(|| {
            ids.clear();
            tokenizer.encode_into(text, Special::All, &mut ids, &mut scratch)
        });
        assert!(round == 0 || allocated == NOTHING, "encode_into: {allocated:?}");
        assert_eq!(ids, whole);

        let options = Options::new(Special::All);
        let (allocated, count) = during(|| tokenizer.count_with(text, options, &mut scratch));
        assert_eq!((allocated, count), (NOTHING, Ok(whole.len())), "count_with");

        let (allocated, len) =
            during(|| tokenizer.encode_to_slice(text, options, slice.as_mut_slice(), &mut scratch));
        assert_eq!((allocated, len), (NOTHING, Ok(whole.len())), "encode_to_slice");

        let (allocated, count) =
            during(|| tokenizer.tokens(text, options, &mut scratch).flatten().count());
        assert!(round == 0 || allocated == NOTHING, "tokens: {allocated:?}");
        assert_eq!(count, whole.len());

        let (allocated, result) = during(|| {
            bytes.clear();
            tokenizer.decode_into(&whole, &mut bytes)
        });
        assert_eq!((allocated, result), (NOTHING, Ok(())), "decode_into");
    }
}
