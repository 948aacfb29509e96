//! Where a blob lies. Only this file knows.

#[cfg(any(feature = "load", feature = "mmap"))]
use alloc::sync::Arc;
#[cfg(feature = "load")]
use alloc::vec::Vec;

#[derive(Clone)]
pub(crate) enum Storage {
    Static(&'static [u8]),
    #[cfg(feature = "load")]
    Heap(Arc<Heap>),
    #[cfg(feature = "mmap")]
    Mapped(Arc<memmap2::Mmap>),
}

/// Bytes that begin on a cache line.
#[cfg(feature = "load")]
pub(crate) struct Heap {
    bytes: Vec<u8>,
    start: usize,
}

impl Storage {
    /// A copy on the heap.
    #[cfg(feature = "load")]
    pub(crate) fn heap(blob: &[u8]) -> Self {
        let mut bytes = Vec::<u8>::with_capacity(blob.len() + comptok_core::blob::ALIGN);
        bytes.extend_from_slice(blob);
        Self::owned(bytes)
    }

    /// These bytes, moved to the next cache line.
    #[cfg(feature = "load")]
    pub(crate) fn owned(mut bytes: Vec<u8>) -> Self {
        const ALIGN: usize = comptok_core::blob::ALIGN;
        let len = bytes.len();
        bytes.reserve_exact(ALIGN);
        // Only speed depends on this: every read is of bytes.
        let start = bytes.as_ptr().align_offset(ALIGN).min(ALIGN);
        bytes.resize(len + start, 0);
        bytes.copy_within(..len, start);
        Self::Heap(Arc::new(Heap { bytes, start }))
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Static(bytes) => bytes,
            #[cfg(feature = "load")]
            Self::Heap(heap) => heap.bytes.get(heap.start..).unwrap_or_default(),
            #[cfg(feature = "mmap")]
            Self::Mapped(map) => map,
        }
    }
}
