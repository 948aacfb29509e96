//! Several blobs → one, in which they share the tables that they have in common.

use comptok_core::blob::{
    ALIGN, FormatError, HEADER_LEN, Header, Section, Tables, content_check, field,
    lookup::{NONE, hash_bytes, index_slots},
};
use std::borrow::Cow;

use super::image::le_bytes;

/// A blob that holds the tokenizers of all `blobs`, in their order.
///
/// [`Header::parse_member`] finds each; [`Header::parse`] finds the first. What is the same in two of
/// them is there once. Tokenizers that agree on the bytes of every id that they both have also share
/// the tables from ids to bytes and back: those hold the tokens of all, and the flags, which each
/// keeps for itself, say which of the ids are its own.
///
/// # Errors
///
/// If one of `blobs` is none, is damaged, or holds several tokenizers already.
pub fn join(blobs: &[&[u8]]) -> Result<Vec<u8>, FormatError> {
    let mut members = Vec::with_capacity(blobs.len());
    for blob in blobs {
        let header = Header::parse(blob)?;
        if header.content != content_check(blob) {
            return Err(FormatError::Content);
        }
        if Header::parse_member(blob, 1).is_ok() {
            return Err(FormatError::Section { name: "of another tokenizer" });
        }
        members.push(Member::new(blob, &header));
    }
    share_tokens(&mut members);

    let mut joined = Vec::new();
    for member in &members {
        joined.extend_from_slice(member.header);
    }
    for section in 0..Section::COUNT {
        // The longest first: where another one is its beginning, it lies there already.
        let mut order: Vec<usize> = (0..members.len()).collect();
        order.sort_by_key(|&member| usize::MAX - members[member].sections[section].len());
        let mut placed: Vec<(&[u8], usize)> = Vec::new();
        for member in order {
            let bytes = &*members[member].sections[section];
            let known = placed.iter().find(|(there, _)| there.starts_with(bytes));
            let offset = match known {
                Some(&(_, offset)) => offset,
                None => {
                    joined.resize(joined.len().next_multiple_of(ALIGN), 0);
                    let offset = joined.len();
                    joined.extend_from_slice(bytes);
                    placed.push((bytes, offset));
                    offset
                }
            };
            let at = member * HEADER_LEN + field::SECTIONS + 8 * section;
            set(&mut joined, at, offset)?;
            set(&mut joined, at + 4, bytes.len())?;
        }
    }
    joined.resize(joined.len().next_multiple_of(ALIGN), 0);
    let total = joined.len() as u64;
    for member in 0..members.len() {
        let at = member * HEADER_LEN;
        let next = if member + 1 < members.len() { at + HEADER_LEN } else { 0 };
        set(&mut joined, at + field::NEXT, next)?;
        joined[at + field::TOTAL_LEN..][..8].copy_from_slice(&total.to_le_bytes());
        // One check for the whole, in the first header.
        joined[at + field::CONTENT..][..8].fill(0);
    }
    let check = content_check(&joined);
    joined[field::CONTENT..][..8].copy_from_slice(&check.to_le_bytes());
    for number in 0..members.len() {
        Header::parse_member(&joined, number)?;
    }
    Ok(joined)
}

fn set(joined: &mut [u8], at: usize, value: usize) -> Result<(), FormatError> {
    let value = u32::try_from(value).map_err(|_| FormatError::Section { name: "beyond 4 GiB" })?;
    joined[at..at + 4].copy_from_slice(&value.to_le_bytes());
    Ok(())
}

struct Member<'b> {
    tables: Tables<'b>,
    id_limit: u32,
    header: &'b [u8],
    sections: Vec<Cow<'b, [u8]>>,
}

impl<'b> Member<'b> {
    fn new(blob: &'b [u8], header: &Header) -> Self {
        let section = |&(offset, len): &(u32, u32)| {
            Cow::Borrowed(&blob[offset as usize..offset as usize + len as usize])
        };
        Self {
            tables: Tables::new(blob, header),
            id_limit: header.id_limit,
            header: &blob[..HEADER_LEN],
            sections: header.sections.iter().map(section).collect(),
        }
    }
}

/// Gives all members one list of tokens and one index, if there is one that is right for each.
fn share_tokens(members: &mut [Member<'_>]) {
    let limit = members.iter().map(|member| member.id_limit).max().unwrap_or_default();
    let (mut ends, mut bytes) = (Vec::with_capacity(limit as usize), Vec::new());
    let mut ids = [Vec::new(), Vec::new()];
    for id in 0..limit {
        let mut said = None;
        for member in members.iter() {
            let Some(token) = member.tables.token(id) else { continue };
            let is_model = member.tables.token_flags(id).is_model();
            match said {
                None => said = Some((token, is_model)),
                // The model's tokens come first in the index, so this too has to be the same.
                Some(other) if other != (token, is_model) => return,
                Some(_) => {}
            }
        }
        if let Some((token, is_model)) = said {
            bytes.extend_from_slice(token);
            ids[usize::from(!is_model)].push(id);
        }
        let Ok(end) = u32::try_from(bytes.len()) else { return };
        ends.push(end);
    }
    // Every id has its slot, also where its bytes are those of another one: that one may belong to
    // another member. A search passes over ids that its own tokenizer does not have.
    let mut index = vec![NONE; 2 * ids.iter().map(Vec::len).sum::<usize>() + 1];
    for id in ids.into_iter().flatten() {
        let end = ends[id as usize] as usize;
        let start = id.checked_sub(1).map_or(0, |before| ends[before as usize] as usize);
        let hash = hash_bytes(&bytes[start..end]);
        let free = index_slots(hash, index.len()).find(|&slot| index[slot] == NONE);
        index[free.expect("there are more slots than ids")] = id;
    }
    let (ends, index) = (le_bytes(&ends), le_bytes(&index));
    for member in members {
        let own = 4 * member.id_limit as usize;
        member.sections[Section::TokenEnds as usize] = Cow::Owned(ends[..own].to_vec());
        member.sections[Section::TokenBytes as usize] = Cow::Owned(bytes.clone());
        member.sections[Section::Index as usize] = Cow::Owned(index.clone());
    }
}
