//! Memory that encoding works in.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;
use comptok_core::sink::Span;

/// Memory that encoding works in, kept by the caller between calls.
///
/// A scratch belongs to no tokenizer: any call may take one from any other call. Most text needs
/// none of it; a long pre-token (from 65 bytes) needs 16 bytes for each of its bytes.
///
/// ```
/// let mut memory = [0; 4096];
/// let scratch = comptok::Scratch::lend(&mut memory);
/// # let _ = scratch;
/// ```
#[derive(Debug)]
pub struct Scratch<'m> {
    memory: Memory<'m>,
    #[cfg(feature = "alloc")]
    pub(crate) spans: Vec<Span>,
}

#[derive(Debug)]
enum Memory<'m> {
    Lent(&'m mut [u8]),
    #[cfg(feature = "alloc")]
    Owned(Vec<u8>),
}

impl<'m> Scratch<'m> {
    /// A scratch that allocates what it needs, and keeps it.
    #[cfg(feature = "alloc")]
    pub const fn new() -> Self {
        Self { memory: Memory::Owned(Vec::new()), spans: Vec::new() }
    }

    /// A scratch in the caller's memory, which never allocates. Where it is too small, a call fails
    /// with [`EncodeError::Scratch`](crate::EncodeError::Scratch), which says what is needed.
    pub const fn lend(memory: &'m mut [u8]) -> Self {
        Self {
            memory: Memory::Lent(memory),
            #[cfg(feature = "alloc")]
            spans: Vec::new(),
        }
    }

    pub(crate) fn memory(&mut self) -> &mut [u8] {
        match &mut self.memory {
            Memory::Lent(memory) => memory,
            #[cfg(feature = "alloc")]
            Memory::Owned(memory) => memory,
        }
    }

    /// Room for spans, and the memory.
    pub(crate) fn split(&mut self) -> (&mut [Span], &mut [u8]) {
        let memory = match &mut self.memory {
            Memory::Lent(memory) => &mut **memory,
            #[cfg(feature = "alloc")]
            Memory::Owned(memory) => memory.as_mut_slice(),
        };
        #[cfg(feature = "alloc")]
        let spans = self.spans.as_mut_slice();
        #[cfg(not(feature = "alloc"))]
        let spans = &mut [];
        (spans, memory)
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
            memory.clear();
            if memory.try_reserve_exact(bytes).is_ok() {
                memory.resize(bytes, 0);
                return true;
            }
        }
        let _ = bytes;
        false
    }
}

#[cfg(feature = "alloc")]
impl Default for Scratch<'_> {
    fn default() -> Self {
        Self::new()
    }
}

/// Runs `f` with this thread's scratch, or with a new one where there are no threads.
#[cfg(feature = "alloc")]
pub(crate) fn with_own<R>(f: impl FnOnce(&mut Scratch<'static>) -> R) -> R {
    #[cfg(feature = "std")]
    {
        use core::cell::Cell;
        std::thread_local! {
            static OWN: Cell<Option<Scratch<'static>>> = const { Cell::new(None) };
        }
        // Taken out while in use, so that a call inside a call gets another one.
        let mut scratch = OWN.try_with(Cell::take).ok().flatten().unwrap_or_default();
        let result = f(&mut scratch);
        // A thread must not keep the memory of one extreme text for ever.
        if scratch.memory().len() <= 1 << 20 && scratch.spans.capacity() <= 1 << 15 {
            let _ = OWN.try_with(|own| own.set(Some(scratch)));
        }
        result
    }
    #[cfg(not(feature = "std"))]
    f(&mut Scratch::new())
}
