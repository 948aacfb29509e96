//! Memory that encoding works in.

use crate::Tokenizer;
#[cfg(feature = "alloc")]
use alloc::vec::Vec;
use comptok_core::{Cache, Kernel, Workspace, sink::Span};

/// Memory that encoding works in, kept by the caller between calls.
///
/// Any call may take a scratch from any other call. What it holds: memory for long pre-tokens
/// (from 65 bytes: 12 bytes for each of their bytes, and up to 16 where the normalizer changes the text), and
/// a cache of the answers for pre-tokens
/// that came before, which is emptied when another tokenizer comes. So a scratch for each
/// thread, and for each tokenizer that is used in turn with others, is fastest.
///
/// ```
/// let mut memory = [0; 4096];
/// let scratch = comptok::Scratch::lend(&mut memory);
/// # let _ = scratch;
/// ```
#[derive(Debug)]
pub struct Scratch<'m> {
    memory: Memory<'m>,
    kernel: Option<Kernel>,
    #[cfg(feature = "alloc")]
    answers: Answers,
    #[cfg(feature = "alloc")]
    pub(crate) spans: Vec<Span>,
    /// What the general engine works in, once it has.
    #[cfg(feature = "alloc")]
    general: Option<alloc::boxed::Box<comptok_core::general::Memory>>,
}

#[derive(Debug)]
enum Memory<'m> {
    Lent(&'m mut [u8]),
    #[cfg(feature = "alloc")]
    Owned(Vec<u8>),
}

/// The memory of the cache.
///
/// It begins small and grows with what it keeps: memory that is new costs more than a merge, and
/// a small cache is a fast one.
#[cfg(feature = "alloc")]
#[derive(Debug)]
struct Answers {
    bytes: Vec<u8>,
    /// What they may be.
    limit: usize,
    /// Whose answers they are.
    owner: [u8; 32],
    /// Answers kept since the cache has its size.
    kept: usize,
    /// Bytes of text seen without a cache.
    seen: usize,
}

/// Bytes of text that a new scratch encodes before it makes its cache.
#[cfg(feature = "alloc")]
const CACHE_AFTER: usize = 1024;

/// Bytes of the first cache.
#[cfg(feature = "alloc")]
const FIRST_CACHE: usize = 32 << 10;

#[cfg(feature = "alloc")]
impl Answers {
    const fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit, owner: [0; 32], kept: 0, seen: 0 }
    }

    /// The cache for a tokenizer that is about to encode `len` bytes.
    #[inline]
    fn cache(&mut self, owner: &[u8; 32], len: usize) -> Cache<'_> {
        // A line holds two answers at most.
        if self.kept > self.bytes.len() / 64 || self.owner != *owner {
            self.change(owner);
        } else if self.bytes.is_empty() {
            self.seen = self.seen.saturating_add(len);
            if self.seen >= CACHE_AFTER {
                self.grow(FIRST_CACHE);
            }
        }
        Cache::new(lines(&mut self.bytes)).counting(&mut self.kept)
    }

    #[cold]
    fn change(&mut self, owner: &[u8; 32]) {
        if self.owner != *owner {
            self.owner = *owner;
            self.bytes.fill(0);
        } else {
            self.grow(4 * self.bytes.len());
        }
        self.kept = 0;
    }

    #[cold]
    fn grow(&mut self, bytes: usize) {
        let bytes = bytes.min(self.limit);
        if bytes <= self.bytes.len() || bytes < 1024 {
            return;
        }
        // Zeros from the system: memory that is not used is not touched.
        let mut old = core::mem::replace(&mut self.bytes, alloc::vec![0; bytes]);
        Cache::new(lines(&mut self.bytes)).take_over(lines(&mut old));
    }
}

/// The lines in `bytes` that are lines of the processor's cache too.
#[cfg(feature = "alloc")]
fn lines(bytes: &mut [u8]) -> &mut [[u8; 64]] {
    let start = bytes.as_ptr().align_offset(64).min(bytes.len());
    bytes[start..].as_chunks_mut::<64>().0
}

impl<'m> Scratch<'m> {
    /// Bytes of cache in a [`new`](Self::new) scratch.
    #[cfg(feature = "alloc")]
    pub const CACHE: usize = 2 << 20;

    /// A scratch that allocates what it needs, and keeps it.
    #[cfg(feature = "alloc")]
    pub const fn new() -> Self {
        Self::with_cache(Self::CACHE)
    }

    /// As [`new`](Self::new), with a cache of up to `bytes` bytes; none with 0. It is allocated when
    /// the scratch has seen some text.
    #[cfg(feature = "alloc")]
    pub const fn with_cache(bytes: usize) -> Self {
        Self {
            memory: Memory::Owned(Vec::new()),
            kernel: None,
            answers: Answers::new(bytes),
            spans: Vec::new(),
            general: None,
        }
    }

    /// What the general engine works in for this tokenizer.
    #[cfg(feature = "alloc")]
    pub(crate) fn general(&mut self, tokenizer: &Tokenizer) -> &mut comptok_core::general::Memory {
        let memory = self.general.get_or_insert_default();
        // An answer has more to it there: places, and the raw word.
        memory.own(&tokenizer.header().fingerprint, self.answers.limit.saturating_mul(4));
        memory.kernel = self.kernel;
        memory
    }

    /// A scratch in the caller's memory, which never allocates and has no cache. Where it is too
    /// small, a call fails with [`EncodeError::Scratch`](crate::EncodeError::Scratch), which says
    /// what is needed.
    pub const fn lend(memory: &'m mut [u8]) -> Self {
        Self {
            memory: Memory::Lent(memory),
            kernel: None,
            #[cfg(feature = "alloc")]
            answers: Answers::new(0),
            #[cfg(feature = "alloc")]
            spans: Vec::new(),
            #[cfg(feature = "alloc")]
            general: None,
        }
    }

    /// The same with this kernel, in place of the best one for the processor. The ids are the same.
    #[must_use]
    pub fn kernel(mut self, kernel: Kernel) -> Self {
        self.kernel = Some(kernel);
        self
    }

    /// What an encode of `len` bytes works with.
    #[inline]
    pub(crate) fn workspace(&mut self, tokenizer: &Tokenizer, len: usize) -> Workspace<'_> {
        self.split(tokenizer, len).1
    }

    /// Room for spans, and the rest.
    #[inline]
    pub(crate) fn split(
        &mut self,
        tokenizer: &Tokenizer,
        len: usize,
    ) -> (&mut SpanRoom, Workspace<'_>) {
        let memory = match &mut self.memory {
            Memory::Lent(memory) => &mut **memory,
            #[cfg(feature = "alloc")]
            Memory::Owned(memory) => memory.as_mut_slice(),
        };
        let kernel = self.kernel.unwrap_or_else(Kernel::detect);
        #[cfg(feature = "alloc")]
        {
            let cache = self.answers.cache(&tokenizer.header().fingerprint, len);
            (&mut self.spans, Workspace { memory, kernel, cache })
        }
        #[cfg(not(feature = "alloc"))]
        {
            let _ = (tokenizer, len);
            (&mut [], Workspace { memory, kernel, cache: Cache::default() })
        }
    }

    #[cfg(feature = "std")]
    fn memory_len(&self) -> usize {
        match &self.memory {
            Memory::Lent(memory) => memory.len(),
            Memory::Owned(memory) => memory.len(),
        }
    }

    /// The room for spans.
    pub(crate) fn spans(&self) -> &[Span] {
        #[cfg(feature = "alloc")]
        return &self.spans;
        #[cfg(not(feature = "alloc"))]
        &[]
    }

    /// Makes room for so many spans, those that are there included; `false` if there is none.
    #[cold]
    pub(crate) fn grow_spans(&mut self, len: usize) -> bool {
        #[cfg(feature = "alloc")]
        {
            let more = len.saturating_sub(self.spans.len());
            if self.spans.try_reserve_exact(more).is_ok() {
                self.spans.resize(len, Span::default());
                return true;
            }
        }
        let _ = len;
        false
    }

    /// Makes room for `bytes`; `false` if the memory is lent, or if there is no more.
    #[cold]
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        #[cfg(feature = "alloc")]
        if let Memory::Owned(memory) = &mut self.memory
            && bytes > memory.len()
        {
            // What is in there is not needed, so nothing has to be copied.
            *memory = Vec::new();
            if Vec::<u8>::new().try_reserve_exact(bytes).is_ok() {
                // Zeros from the system: memory that is not used is not touched.
                *memory = alloc::vec![0; bytes];
                return true;
            }
        }
        let _ = bytes;
        false
    }
}

#[cfg(feature = "alloc")]
type SpanRoom = Vec<Span>;
#[cfg(not(feature = "alloc"))]
type SpanRoom = [Span];

#[cfg(feature = "alloc")]
impl Default for Scratch<'_> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "rayon")]
pub(crate) use own::Helpers;
#[cfg(feature = "std")]
pub(crate) use own::with_own;

/// Runs `f` with a new scratch: there are no threads.
#[cfg(all(feature = "alloc", not(feature = "std")))]
pub(crate) fn with_own<R>(f: impl FnOnce(&mut Scratch<'static>) -> R) -> R {
    f(&mut Scratch::new())
}

/// The scratches that threads keep.
#[cfg(feature = "std")]
#[cfg_attr(
    feature = "rayon",
    expect(clippy::vec_box, reason = "they go to other threads and come back as they are")
)]
mod own {
    use super::Scratch;
    use alloc::boxed::Box;
    #[cfg(feature = "rayon")]
    use alloc::vec::Vec;
    use core::cell::Cell;
    #[cfg(feature = "rayon")]
    use std::sync::{Mutex, PoisonError};

    /// On cache lines of its own, since what lies beside it may be another thread's.
    #[repr(align(128))]
    #[derive(Default)]
    struct Own(Scratch<'static>);

    std::thread_local! {
        static OWN: Cell<Option<Box<Own>>> = const { Cell::new(None) };
        #[cfg(feature = "rayon")]
        static HELPERS: Cell<Vec<Box<Own>>> = const { Cell::new(Vec::new()) };
    }

    /// Runs `f` with this thread's scratch.
    pub(crate) fn with_own<R>(f: impl FnOnce(&mut Scratch<'static>) -> R) -> R {
        // Taken out while in use, so that a call inside a call gets another one.
        let mut own = OWN.try_with(Cell::take).ok().flatten().unwrap_or_default();
        let result = f(&mut own.0);
        // A thread must not keep the memory of one extreme text for ever.
        if own.0.memory_len() <= 1 << 20 && own.0.spans.capacity() <= 1 << 15 {
            let _ = OWN.try_with(|place| place.set(Some(own)));
        }
        result
    }

    /// Scratches for threads that work for this one, and end before it does: it keeps what they know until it
    /// calls for help again.
    #[cfg(feature = "rayon")]
    pub(crate) struct Helpers(Mutex<Vec<Box<Own>>>);

    #[cfg(feature = "rayon")]
    impl Helpers {
        /// Those of this thread.
        pub(crate) fn take() -> Self {
            Self(Mutex::new(HELPERS.try_with(Cell::take).unwrap_or_default()))
        }

        /// Runs `f` in a thread that has just begun, with one of them as its scratch.
        pub(crate) fn lend<R>(&self, f: impl FnOnce() -> R) -> R {
            let all = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let own = all().pop();
            let _ = OWN.try_with(|place| place.set(own));
            let result = f();
            all().extend(OWN.try_with(Cell::take).ok().flatten());
            result
        }

        /// Keeps them for the next time, `len` at most.
        pub(crate) fn keep(self, len: usize) {
            let mut all = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
            all.truncate(len);
            let _ = HELPERS.try_with(|place| place.set(all));
        }
    }

    #[cfg(all(test, feature = "rayon"))]
    mod tests {
        use super::*;

        /// How often a helper's scratch has been used, this time included.
        fn uses(helpers: &Helpers) -> usize {
            let use_it = || {
                with_own(|scratch| {
                    scratch.spans.push(Default::default());
                    scratch.spans.len()
                })
            };
            std::thread::scope(|scope| {
                scope.spawn(|| helpers.lend(use_it)).join().expect("it does not panic")
            })
        }

        #[test]
        fn a_thread_keeps_the_scratches_of_those_that_helped_it() {
            for wanted in 1..4 {
                let helpers = Helpers::take();
                assert_eq!(uses(&helpers), wanted);
                helpers.keep(1);
            }
            Helpers::take().keep(0);
            assert_eq!(uses(&Helpers::take()), 1);
            with_own(|own| assert!(own.spans.is_empty()));
        }
    }
}
