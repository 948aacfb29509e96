//! Unigram: a trie of the pieces, scores, level 0.

use comptok_core::{
    blob::{
        Header, Section, Tables, TokenFlags,
        lookup::{LONG_MAX, NONE},
    },
    model::{
        self, Scratch,
        char_bpe::SPACE,
        code, param,
        unigram::{flag, own_param, own_part},
    },
};

use super::super::{
    BakeError, Tokens,
    image::{Image, le_bytes},
};
use super::{Baked, section::Writer, trie::{Builder, sorted}, words};

/// What the score of an unknown char is below the lowest of the pieces.
const UNK_PENALTY: f64 = 10.0;

pub(super) fn write(
    image: &mut Image,
    pieces: &[(String, f64)],
    unk_id: Option<u32>,
    byte_fallback: bool,
) -> Result<Baked, BakeError> {
    let mut tokens = Tokens::default();
    for (id, (text, _)) in (0u32..).zip(pieces) {
        tokens.set(id, text.as_bytes(), TokenFlags::MODEL)?;
    }
    // Of pieces with one text the last counts.
    let sorted = sorted(pieces.iter().map(|(text, _)| text.as_bytes()).zip(0u32..));
    let mut keys: Vec<(&[u8], u32)> = Vec::with_capacity(sorted.len());
    let mut repeated: Vec<(&[u8], u32)> = Vec::new();
    for (text, id) in sorted {
        match keys.last_mut().filter(|(last, _)| *last == text) {
            Some(last) => {
                last.1 = id;
                match repeated.last_mut().filter(|(last, _)| *last == text) {
                    Some(last) => last.1 = id,
                    None => repeated.push((text, id)),
                }
            }
            None => keys.push((text, id)),
        }
    }
    let find = |text: &[u8]| {
        keys.binary_search_by(|(key, _)| (*key).cmp(text)).map_or(NONE, |at| keys[at].1)
    };
    let mut builder = Builder::new();
    let (root, _) = builder.add(&keys)?;
    let mut bytes = [NONE; 256];
    for (byte, id) in bytes.iter_mut().enumerate() {
        *id = find(format!("<0x{byte:02X}>").as_bytes());
    }
    image.section(Section::ByteSymbols, le_bytes(&bytes));

    let mut section = Writer::new(code::UNIGRAM);
    let mut flags = if byte_fallback { flag::BYTE_FALLBACK } else { 0 };
    if find(SPACE) != NONE && keys.iter().all(|(text, _)| !has_space_inside(text)) {
        flags |= flag::CUT;
    }
    section.param(param::FLAGS, flags);
    section.param(param::UNK, unk_id.unwrap_or(NONE));
    section.param(own_param::ROOT, root);
    section.derived(own_part::CELLS, &builder.finish())?;
    let lowest = pieces.iter().fold(
        f64::INFINITY,
        |low, (_, score)| {
            if *score < low { *score } else { low }
        },
    );
    let scores = pieces.iter().map(|(_, score)| *score).chain([lowest - UNK_PENALTY]);
    let scores: Vec<u8> = scores.flat_map(f64::to_le_bytes).collect();
    section.bytes(own_part::SCORES, &scores)?;
    words::write_extra(&mut section, repeated)?;
    // Level 0 is filled with the answers of the model without it.
    section.clone().finish(image);
    let mut hot = answers(image, &keys)?;
    // The likelier a piece, the hotter.
    let score = |id: u32| pieces.get(id as usize).map_or(0.0, |(_, score)| *score);
    hot.sort_by(|a, b| score(b.1).total_cmp(&score(a.1)).then(a.1.cmp(&b.1)));
    words::write_level0(image, hot.into_iter())?;
    section.identify(image);
    section.finish(image);
    Ok(Baked { tokens, byte_level: false, flags: 0, warnings: Vec::new() })
}

/// Whether ▁ stands in a text behind another char.
pub(super) fn has_space_inside(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(after) = rest.strip_prefix(SPACE) {
        rest = after;
    }
    rest.windows(SPACE.len()).any(|window| window == SPACE)
}

/// The pieces that are their own best way.
fn answers<'k>(image: &Image, keys: &[(&'k [u8], u32)]) -> Result<Vec<(&'k [u8], u32)>, BakeError> {
    let blob = image.draft()?;
    let unreadable = |_| BakeError::new("internal error while baking: the model is unreadable");
    let header = Header::parse(&blob).map_err(unreadable)?;
    let tables = Tables::new(&blob, &header);
    let Some(model::Model::Unigram(engine)) = model::Model::parse(&tables) else {
        return Err(BakeError::new("internal error while baking: no model"));
    };
    let (mut scratch, mut out) = (Scratch::default(), Vec::new());
    let mut answers = Vec::new();
    for &(text, id) in keys.iter().filter(|(text, _)| (1..=LONG_MAX).contains(&text.len())) {
        let Ok(piece) = std::str::from_utf8(text) else { continue };
        out.clear();
        if engine.searched(piece, &mut scratch, &mut out).is_ok()
            && let [token] = out[..]
            && (token.id, token.start, token.end as usize) == (id, 0, text.len())
        {
            answers.push((text, id));
        }
    }
    Ok(answers)
}
