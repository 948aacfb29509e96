//! Writing [`Section::Model`]: a head of words, then the parts.

use comptok_core::{
    blob::Section,
    model::{HEAD_WORDS, Parts, param},
};

use std::ops::Range;

use super::super::{
    BakeError,
    image::{Image, le_bytes},
};

#[derive(Clone)]
pub(super) struct Writer {
    head: [u32; HEAD_WORDS],
    /// Room for the head, which is of whole cache lines, and the parts.
    parts: Vec<u8>,
    /// The parts that follow from tokens and parameters: where they are.
    derived: Vec<Range<usize>>,
}

impl Writer {
    pub(super) fn new(code: u32) -> Self {
        let mut head = [0; HEAD_WORDS];
        head[param::CODE] = code;
        Self { head, parts: vec![0; 4 * HEAD_WORDS], derived: Vec::new() }
    }

    pub(super) fn param(&mut self, number: usize, value: u32) {
        self.head[number] = value;
    }

    /// Makes room for so many bytes, so that nothing is moved later.
    pub(super) fn reserve(&mut self, bytes: usize) {
        self.parts.reserve_exact(bytes);
    }

    /// Adds a part, which `write` appends; it begins on a cache line of the blob.
    fn part(&mut self, number: usize, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), BakeError> {
        self.parts.resize(self.parts.len().next_multiple_of(64), 0);
        let (place, start) = (Parts::place(number), self.parts.len());
        write(&mut self.parts);
        let word = |value: usize| {
            u32::try_from(value).map_err(|_| BakeError::unsupported("a model of 4 GiB or more"))
        };
        self.head[place] = word(start)?;
        self.head[place + 1] = word(self.parts.len() - start)?;
        Ok(())
    }

    /// Adds a part.
    pub(super) fn bytes(&mut self, number: usize, bytes: &[u8]) -> Result<(), BakeError> {
        self.part(number, |parts| parts.extend_from_slice(bytes))
    }

    /// Adds what follows from tokens and other parts: a fingerprint does not need it.
    pub(super) fn derived(
        &mut self,
        number: usize,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), BakeError> {
        let mut start = 0;
        self.part(number, |parts| {
            start = parts.len();
            write(parts);
        })?;
        self.derived.push(start..self.parts.len());
        Ok(())
    }

    pub(super) fn u32s(&mut self, number: usize, values: &[u32]) -> Result<(), BakeError> {
        self.bytes(number, &le_bytes(values))
    }

    pub(super) fn finish(self, image: &mut Image) {
        let mut bytes = self.parts;
        bytes[..4 * HEAD_WORDS].copy_from_slice(&le_bytes(&self.head));
        image.section(Section::Model, bytes);
    }

    /// What the fingerprint has of this.
    pub(super) fn identify(&self, image: &mut Image) {
        image.identity(&le_bytes(&self.head));
        let mut from = 4 * HEAD_WORDS;
        for derived in &self.derived {
            image.identity(&self.parts[from..derived.start]);
            from = derived.end;
        }
        image.identity(&self.parts[from..]);
    }
}
