//! Models of SentencePiece.

use comptok_core::{
    blob::{
        Header, Section, Tables, TokenFlags,
        lookup::{LONG_MAX, NONE},
    },
    model::{
        self, code, param,
        sentence_piece::{WHOLE, flag, kind, own_param, own_part, piece_type},
    },
};

use super::super::{
    BakeError, Tokens,
    image::{Image, le_bytes},
};
use super::{Baked, section::Writer, trie::Builder, unigram::has_space_inside, words};
use crate::error::quote;
use crate::spec::{Kind, PieceType, SentencePiece, SpPiece};

/// What the score of an unknown char is below the lowest of the pieces.
const UNK_PENALTY: f32 = 10.0;
/// What sentencepiece 0.2.3 adds for each byte of a user-defined piece after the first.
const USER_DEFINED_BYTE: f32 = 0.1;

pub(super) fn write(image: &mut Image, model: &SentencePiece) -> Result<Baked, BakeError> {
    let pieces = &model.pieces;
    if model.kind.weighs()
        && let Some(piece) = pieces.iter().find(|piece| !piece.score.is_finite())
    {
        let name = quote(&piece.text);
        return Err(BakeError::new(format!("the score of {name} is not a number")));
    }
    let of_type =
        |wanted: PieceType| (0u32..).zip(pieces).filter(move |(_, piece)| piece.kind == wanted);
    let Some((unk, _)) = of_type(PieceType::Unknown).next() else {
        return Err(BakeError::new("the model has no unknown piece"));
    };
    let found = |kind: PieceType| {
        matches!(kind, PieceType::Normal | PieceType::UserDefined | PieceType::Unused)
    };
    let mut tokens = Tokens::default();
    for (id, piece) in (0u32..).zip(pieces) {
        let flags = match piece.kind {
            kind if found(kind) => TokenFlags::MODEL,
            PieceType::Byte => 0,
            _ => TokenFlags::SPECIAL,
        };
        tokens.set(id, piece.text.as_bytes(), flags)?;
    }
    let mut keys: Vec<(&[u8], u32)> = (0u32..)
        .zip(pieces)
        .filter(|(_, piece)| found(piece.kind))
        .map(|(id, piece)| (piece.text.as_bytes(), id))
        .collect();
    keys.sort_unstable();
    if let Some(two) = keys.windows(2).find(|two| two[0].0 == two[1].0) {
        let text = String::from_utf8_lossy(two[0].0);
        return Err(BakeError::new(format!("piece {} is there twice", quote(&text))));
    }
    let mut user_defined: Vec<(&[u8], u32)> =
        of_type(PieceType::UserDefined).map(|(id, piece)| (piece.text.as_bytes(), id)).collect();
    user_defined.sort_unstable();
    let mut bytes = [NONE; 256];
    for (byte, slot) in bytes.iter_mut().enumerate() {
        let name = format!("<0x{byte:02X}>");
        *slot = of_type(PieceType::Byte).find(|(_, p)| p.text == name).map_or(NONE, |(id, _)| id);
    }
    if model.byte_fallback && bytes.contains(&NONE) {
        return Err(BakeError::new("byte_fallback needs a piece for each byte"));
    }
    image.section(Section::ByteSymbols, le_bytes(&bytes));

    let mut section = Writer::new(code::SENTENCE_PIECE);
    let mut flags = 0;
    let mut set = |condition: bool, flag: u32| flags |= if condition { flag } else { 0 };
    set(model.byte_fallback, flag::BYTE_FALLBACK);
    set(model.normalizer.add_dummy_prefix, flag::DUMMY_PREFIX);
    set(model.normalizer.remove_extra_whitespaces, flag::REMOVE_SPACES);
    set(model.normalizer.escape_whitespaces, flag::ESCAPE_SPACES);
    set(model.treat_whitespace_as_suffix, flag::SPACE_AS_SUFFIX);
    set(!model.denormalizer.is_empty(), flag::DENORMALIZE);
    let has_unused = of_type(PieceType::Unused).next().is_some();
    set(has_unused, flag::UNUSED);
    set(!has_unused && keys.iter().all(|(text, _)| !has_space_inside(text)), flag::CUT);
    section.param(param::FLAGS, flags);
    section.param(param::UNK, unk);
    let kind = match model.kind {
        Kind::Unigram => kind::UNIGRAM,
        Kind::Bpe => kind::BPE,
        Kind::Word => kind::WORD,
        Kind::Char => kind::CHAR,
    };
    section.param(own_param::KIND, kind);
    section.param(own_param::BOS, model.bos.unwrap_or(NONE));
    section.param(own_param::EOS, model.eos.unwrap_or(NONE));
    let normal = of_type(PieceType::Normal).map(|(_, piece)| piece.score);
    let lowest = normal.fold(f32::MAX, f32::min);
    section.param(own_param::UNK_SCORE, (lowest - UNK_PENALTY).to_bits());
    let mut builder = Builder::new();
    section.param(own_param::ROOT, builder.add(&keys)?.0);
    section.param(own_param::USER_ROOT, builder.add(&user_defined)?.0);
    section.bytes(own_part::CELLS, &builder.finish())?;
    // What the search for the best way adds up.
    let score = |piece: &SpPiece| match (model.kind, piece.kind) {
        (Kind::Unigram, PieceType::UserDefined) => {
            USER_DEFINED_BYTE * (piece.text.len() as f32 - 1.0)
        }
        (Kind::Unigram, PieceType::Unknown) => lowest - UNK_PENALTY,
        _ => piece.score,
    };
    let scores: Vec<u8> = pieces.iter().flat_map(|piece| score(piece).to_le_bytes()).collect();
    section.bytes(own_part::SCORES, &scores)?;
    let types: Vec<u8> = pieces.iter().map(|piece| code_of(piece.kind)).collect();
    section.bytes(own_part::TYPES, &types)?;
    section.bytes(own_part::CHARSMAP, &model.normalizer.charsmap)?;
    section.bytes(own_part::DENORMALIZER, &model.denormalizer)?;
    section.bytes(own_part::UNK_SURFACE, model.unk_surface.as_bytes())?;
    words::write_extra(&mut section, Vec::new())?;

    // The better its score, the hotter a piece.
    let score = |id: u32| pieces.get(id as usize).map_or(0.0, |piece| piece.score);
    keys.sort_by(|a, b| score(b.1).total_cmp(&score(a.1)).then(a.1.cmp(&b.1)));
    words::write_level0(image, keys.iter().copied())?;
    section.identify(image);
    section.finish(image);
    if model.kind == Kind::Bpe && !has_unused {
        // What a piece's own text becomes, the model without these answers says.
        let marked = whole(image, &keys)?;
        words::write_level0(image, marked.into_iter())?;
    }
    Ok(Baked { tokens, byte_level: false, flags: 0, warnings: Vec::new() })
}

const fn code_of(kind: PieceType) -> u8 {
    match kind {
        PieceType::Normal => piece_type::NORMAL,
        PieceType::Unknown => piece_type::UNKNOWN,
        PieceType::Control => piece_type::CONTROL,
        PieceType::UserDefined => piece_type::USER_DEFINED,
        PieceType::Unused => piece_type::UNUSED,
        PieceType::Byte => piece_type::BYTE,
    }
}

/// The pieces, those marked that their own text becomes.
fn whole<'k>(image: &Image, keys: &[(&'k [u8], u32)]) -> Result<Vec<(&'k [u8], u32)>, BakeError> {
    let blob = image.draft()?;
    let unreadable = |_| BakeError::new("internal error while baking: the model is unreadable");
    let header = Header::parse(&blob).map_err(unreadable)?;
    let tables = Tables::new(&blob, &header);
    let Some(model::Model::SentencePiece(engine)) = model::Model::parse(&tables) else {
        return Err(BakeError::new("internal error while baking: no model"));
    };
    let mark = |&(text, id): &(&'k [u8], u32)| {
        let piece = std::str::from_utf8(text).ok().filter(|_| text.len() <= LONG_MAX);
        let becomes = piece.and_then(|piece| engine.merged(piece));
        (text, if becomes == Some(id) { id | WHOLE } else { id })
    };
    Ok(keys.iter().map(mark).collect())
}
