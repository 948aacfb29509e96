//! The bytes of a blob: a header and its sections.

use comptok_core::{
    blob::{ALIGN, FORMAT_VERSION, HEADER_LEN, Header, MAGIC, Section, content_check, field},
    engine::MODEL_BPE,
};

use sha2::{Digest, Sha256};

use super::{
    BakeError,
    pipeline::{Pipeline, Splitting},
};

#[derive(Clone)]
pub(super) struct Image {
    header: [u8; HEADER_LEN],
    sections: Vec<Vec<u8>>,
    /// What the fingerprint of a blob of the general engine is made of.
    identity: Sha256,
}

/// Sections that the others follow from, with what models and merges say themselves.
const SAID: [Section; 8] = [
    Section::ByteSymbols,
    Section::Symbols,
    Section::TokenEnds,
    Section::TokenBytes,
    Section::TokenFlags,
    Section::Added,
    Section::Dfa,
    Section::Pipeline,
];

/// Little-endian bytes of u32 values.
pub(super) fn le_bytes(values: &[u32]) -> Vec<u8> {
    let mut bytes = vec![0; 4 * values.len()];
    for (to, value) in bytes.as_chunks_mut().0.iter_mut().zip(values) {
        *to = value.to_le_bytes();
    }
    bytes
}

impl Image {
    pub(super) fn new(pipeline: &Pipeline, flags: u32, source: [u8; 32]) -> Self {
        let mut image = Self::empty(source);
        image.set(field::NORMALIZER, pipeline.normalizer);
        image.set(field::PRE_TOKENIZER, pipeline.pre_tokenizer.code());
        image.set(field::MODEL, MODEL_BPE);
        image.set(field::FLAGS, flags);
        if let Splitting::Dfa { image: tables, .. } = &pipeline.pre_tokenizer {
            image.section(Section::Dfa, tables.clone());
        }
        image
    }

    /// A header that names no stages, and no sections.
    pub(super) fn empty(source: [u8; 32]) -> Self {
        let mut image = Self {
            header: [0; HEADER_LEN],
            sections: vec![Vec::new(); Section::COUNT],
            identity: Sha256::new_with_prefix(b"comptok general fingerprint 2\n"),
        };
        image.header[..4].copy_from_slice(&MAGIC);
        image.header[field::SOURCE..][..32].copy_from_slice(&source);
        image.set(field::VERSION, FORMAT_VERSION);
        image
    }

    pub(super) fn set(&mut self, at: usize, value: u32) {
        self.header[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    pub(super) fn get(&self, at: usize) -> u32 {
        self.header[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    pub(super) fn section(&mut self, section: Section, bytes: Vec<u8>) {
        self.sections[section as usize] = bytes;
    }

    /// What is written at the same time by somebody else, for [`join`](Self::join): nothing so far.
    pub(super) fn part() -> Self {
        Self {
            header: [0; HEADER_LEN],
            sections: vec![Vec::new(); Section::COUNT],
            identity: Sha256::new(),
        }
    }

    /// Takes over the sections and the fields that were written to a part. None of them is in both.
    pub(super) fn join(&mut self, part: Self) {
        for (to, from) in self.header.iter_mut().zip(part.header) {
            debug_assert!(*to == 0 || from == 0, "a field is written twice");
            *to |= from;
        }
        for (to, from) in self.sections.iter_mut().zip(part.sections) {
            debug_assert!(to.is_empty() || from.is_empty(), "a section is written twice");
            if !from.is_empty() {
                *to = from;
            }
        }
    }

    /// Bytes in all sections.
    pub(super) fn sections_len(&self) -> usize {
        self.sections.iter().map(|section| section.len().next_multiple_of(ALIGN)).sum()
    }

    pub(super) fn fingerprint(&mut self, fingerprint: [u8; 32]) {
        self.header[field::FINGERPRINT..][..32].copy_from_slice(&fingerprint);
    }

    /// Something that ids depend on and that is in no section as it is here.
    pub(super) fn identity(&mut self, bytes: &[u8]) {
        self.identity.update((bytes.len() as u64).to_le_bytes());
        self.identity.update(bytes);
    }

    /// The pairs that merge, in the order of ranks.
    pub(super) fn identify_pairs(&mut self, pairs: &[(u32, u32)]) {
        let flat: Vec<u32> = pairs.iter().flat_map(|&(left, right)| [left, right]).collect();
        self.identity(&le_bytes(&flat));
    }

    /// The fingerprint of all that is said.
    pub(super) fn fingerprint_all(&mut self) {
        let mut hash = self.identity.clone();
        hash.update(&self.header[field::NORMALIZER..field::FINGERPRINT]);
        for section in SAID {
            let bytes = &self.sections[section as usize];
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        }
        self.fingerprint(hash.finalize().into());
    }

    /// Lines of `name`, tab, text: for people.
    pub(super) fn names(&mut self, pipeline: &Pipeline) {
        let (name, regexes) = match &pipeline.pre_tokenizer {
            Splitting::Hand(kind) => (kind.name(), kind.regex()),
            Splitting::Dfa { regex, .. } => ("dfa", &[regex.as_str()][..]),
        };
        let mut text = format!("pattern\t{name}\n");
        for regex in regexes {
            // Patterns in use hold raw line ends; a line stays a line.
            text += &format!("regex\t{}\n", regex.escape_debug());
        }
        self.section(Section::Names, text.into_bytes());
    }

    /// The blob as it is so far, without its check: for what is computed with the tables that are there.
    pub(super) fn draft(&self) -> Result<Vec<u8>, BakeError> {
        self.clone().joined()
    }

    /// Header and sections. The largest section's memory becomes that of all, since new memory costs more
    /// than a move; that of each other one is free again when it has its place.
    fn joined(mut self) -> Result<Vec<u8>, BakeError> {
        let mut header = self.header;
        let mut offset = HEADER_LEN;
        let (mut largest, mut place) = (0, HEADER_LEN.next_multiple_of(ALIGN));
        for (i, section) in self.sections.iter().enumerate() {
            offset = offset.next_multiple_of(ALIGN);
            let end = offset + section.len();
            if u32::try_from(end).is_err() {
                return Err(BakeError::unsupported("a blob of 4 GiB or more"));
            }
            let at = field::SECTIONS + 8 * i;
            header[at..at + 4].copy_from_slice(&(offset as u32).to_le_bytes());
            header[at + 4..at + 8].copy_from_slice(&(section.len() as u32).to_le_bytes());
            if section.len() > self.sections[largest].len() {
                (largest, place) = (i, offset);
            }
            offset = end;
        }
        let total = offset.next_multiple_of(ALIGN);
        header[field::TOTAL_LEN..][..8].copy_from_slice(&(total as u64).to_le_bytes());
        let mut blob = core::mem::take(&mut self.sections[largest]);
        let len = blob.len();
        // Who keeps it may move it to a cache line.
        blob.reserve_exact(total + ALIGN - len);
        blob.resize(total, 0);
        blob.copy_within(..len, place);
        blob[..HEADER_LEN].copy_from_slice(&header);
        let mut end = HEADER_LEN;
        for (i, section) in self.sections.into_iter().enumerate() {
            let start = end.next_multiple_of(ALIGN);
            blob[end..start].fill(0);
            end = start + if i == largest { len } else { section.len() };
            if i != largest {
                blob[start..end].copy_from_slice(&section);
            }
        }
        blob[end..].fill(0);
        Ok(blob)
    }

    /// The blob.
    pub(super) fn finish(self) -> Result<Vec<u8>, BakeError> {
        let mut blob = self.joined()?;
        let check = content_check(&blob);
        blob[field::CONTENT..][..8].copy_from_slice(&check.to_le_bytes());
        // What was written has to be readable: a mistake here must not reach a user.
        match Header::parse(&blob) {
            Ok(_) => Ok(blob),
            Err(error) => Err(BakeError::new(format!("internal error while baking: {error}"))),
        }
    }
}
