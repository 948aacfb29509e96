//! A long text of which threads encode parts.

use super::Output;
use alloc::vec::Vec;
use core::ops::Range;
use std::sync::{Mutex, PoisonError};

/// What comes of a text, put together as its parts come. They come about in their order, so that few of them
/// wait and their memory goes round.
pub(super) struct Whole<'o, R> {
    out: &'o mut R,
    /// Bytes of the text whose parts are there.
    done: usize,
    /// Parts that came before their turn.
    waiting: Vec<(Range<usize>, R)>,
}

impl<'o, R: Output> Whole<'o, R> {
    /// That of `text`, for `out`.
    pub(super) fn new(out: &'o mut R, text: &[u8]) -> Self {
        out.begin(text.len());
        Self { out, done: 0, waiting: Vec::new() }
    }

    /// Takes what comes of a part.
    pub(super) fn add(&mut self, part: Range<usize>, result: R, spare: &Spare<R>) {
        self.waiting.push((part, result));
        while let Some(next) = self.waiting.iter().position(|(part, _)| part.start == self.done) {
            let (part, result) = self.waiting.swap_remove(next);
            self.out.append(&result);
            self.done = part.end;
            spare.give(result);
        }
    }
}

/// Memory for parts, used again.
#[derive(Debug, Default)]
pub(super) struct Spare<R>(Mutex<Vec<R>>);

impl<R: Default> Spare<R> {
    pub(super) fn take(&self) -> R {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn give(&self, result: R) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(result);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn parts_come_in_any_order_and_memory_goes_round() {
        let text = [0; 40];
        let parts = [10..20, 20..21, 0..10, 30..40, 21..30];
        let mut out = vec![9; 3];
        let spare = Spare::default();
        let mut whole = Whole::new(&mut out, &text);
        for (i, part) in parts.into_iter().enumerate() {
            let mut result: Vec<u32> = spare.take();
            result.clear();
            result.extend(part.clone().map(|at| at as u32));
            whole.add(part, result, &spare);
            assert_eq!(whole.done, [0, 0, 21, 21, 40][i]);
        }
        assert_eq!(out, Vec::from_iter(0..40));
        assert_eq!(spare.0.into_inner().expect("nothing panicked").len(), 3);
    }
}
