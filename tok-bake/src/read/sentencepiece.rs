//! `.model`, SentencePiece's file: a protobuf message, read by hand.

use comptok_core::general::Charsmap;

use super::Read;
use crate::error::{ReadError, quote, quote_bytes};
use crate::spec::{
    Family, Kind, Model, PieceType, SentencePiece, SpPiece, SpaceRules, Spec, Vocab, VocabIndex,
};

/// Reads a `.model`.
///
/// # Errors
///
/// [`ReadError`] with the place in the file, in bytes.
pub fn sentencepiece(bytes: &[u8]) -> Result<Read, ReadError> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(ReadError::whole("the file is larger than 4 GiB"));
    }
    let mut model = SentencePiece::default();
    let mut places = Vec::new();
    let mut ends = ["<s>".to_owned(), "</s>".to_owned()];
    for field in Fields::new(bytes, 0) {
        let field = field?;
        match field.number {
            1 => {
                places.push(field.at);
                model.pieces.push(piece(&field.message()?)?);
            }
            2 => trainer(&field.message()?, &mut model, &mut ends)?,
            3 => normalizer(&field.message()?, &mut model.normalizer)?,
            5 => {
                for field in field.message()? {
                    let field = field?;
                    if field.number == 2 {
                        model.denormalizer = field.bytes()?.to_vec();
                    }
                }
            }
            _ => {}
        }
    }
    check(&model, &places)?;
    model.find_ends(&ends[0], &ends[1]);
    let spec = Spec {
        family: Family::SentencePiece,
        added_tokens: Vec::new(),
        normalizer: None,
        pre_tokenizer: None,
        model: Model::SentencePiece(model),
        post_processor: None,
        decoder: None,
        truncation: None,
        padding: None,
    };
    Ok(Read { spec, warnings: Vec::new() })
}

fn piece(fields: &Fields<'_>) -> Result<SpPiece, ReadError> {
    let mut piece = SpPiece { text: String::new(), score: 0.0, kind: PieceType::Normal };
    for field in fields.clone() {
        let field = field?;
        match field.number {
            1 => piece.text = field.text()?.to_owned(),
            2 => piece.score = field.float()?,
            3 => {
                piece.kind = match field.number_value()? {
                    1 => PieceType::Normal,
                    2 => PieceType::Unknown,
                    3 => PieceType::Control,
                    4 => PieceType::UserDefined,
                    5 => PieceType::Unused,
                    6 => PieceType::Byte,
                    other => {
                        let message =
                            format!("found piece type {other}, one from 1 to 6 is wanted");
                        return Err(field.fault(message));
                    }
                };
            }
            _ => {}
        }
    }
    if piece.text.is_empty() {
        return Err(fault(fields.place, "found a piece without text"));
    }
    Ok(piece)
}

/// Reads what the trainer noted; `ends` are the names of the pieces that mark both ends of a text.
fn trainer(
    fields: &Fields<'_>,
    model: &mut SentencePiece,
    ends: &mut [String; 2],
) -> Result<(), ReadError> {
    for field in fields.clone() {
        let field = field?;
        match field.number {
            3 => {
                model.kind = match field.number_value()? {
                    1 => Kind::Unigram,
                    2 => Kind::Bpe,
                    3 => Kind::Word,
                    4 => Kind::Char,
                    other => {
                        let message =
                            format!("found model type {other}, one from 1 to 4 is wanted");
                        return Err(field.fault(message));
                    }
                };
            }
            24 => model.treat_whitespace_as_suffix = field.flag()?,
            35 => model.byte_fallback = field.flag()?,
            44 => model.unk_surface = field.text()?.to_owned(),
            46 => ends[0] = field.text()?.to_owned(),
            47 => ends[1] = field.text()?.to_owned(),
            _ => {}
        }
    }
    Ok(())
}

fn normalizer(fields: &Fields<'_>, rules: &mut SpaceRules) -> Result<(), ReadError> {
    for field in fields.clone() {
        let field = field?;
        match field.number {
            2 => {
                let table = field.bytes()?;
                if !table.is_empty() && !is_charsmap(table) {
                    let message = "the table of replacements is damaged";
                    return Err(field.fault(message));
                }
                rules.charsmap = table.to_vec();
            }
            3 => rules.add_dummy_prefix = field.flag()?,
            4 => rules.remove_extra_whitespaces = field.flag()?,
            5 => rules.escape_whitespaces = field.flag()?,
            _ => {}
        }
    }
    Ok(())
}

/// Length of the trie, the trie, and texts that each end in a zero byte. None is long: what a char
/// becomes bounds what a text may grow to.
pub(super) fn is_charsmap(table: &[u8]) -> bool {
    let Some((len, rest)) = table.split_first_chunk::<4>() else { return false };
    let len = u32::from_le_bytes(*len) as usize;
    len.is_multiple_of(4)
        && rest.get(len..).is_some_and(|texts| {
            texts.last() == Some(&0)
                && texts.split(|byte| *byte == 0).all(|text| text.len() <= Charsmap::MAX_TEXT)
        })
}

/// What the library wants of pieces. `places` are where they stand.
pub(super) fn check(model: &SentencePiece, places: &[usize]) -> Result<(), ReadError> {
    let pieces = &model.pieces;
    if pieces.is_empty() {
        return Err(ReadError::whole("no pieces; is this a SentencePiece model?"));
    }
    let at = |number: usize| places.get(number).copied().unwrap_or_default();
    let is_reserved =
        |kind| matches!(kind, PieceType::Unknown | PieceType::Control | PieceType::Byte);
    // Reserved pieces and those found in text may share a text, two of one sort may not.
    for reserved in [false, true] {
        let (mut vocab, mut numbers) = (Vocab::default(), Vec::new());
        for (number, piece) in pieces.iter().enumerate() {
            if is_reserved(piece.kind) == reserved {
                vocab.push(piece.text.as_bytes(), number as u32);
                numbers.push(number);
            }
        }
        if let Some(&(first, later)) = VocabIndex::new(&vocab).1.first() {
            let (first, later) = (numbers[first], numbers[later]);
            let name = quote(&pieces[later].text);
            return Err(fault(at(later), format!("piece {later}, {name}, is piece {first} again")));
        }
    }
    if model.kind.weighs()
        && let Some(id) = pieces.iter().position(|piece| !piece.score.is_finite())
    {
        let name = quote(&pieces[id].text);
        return Err(fault(
            at(id),
            format!("the score of piece {id}, {name}, is not a finite number"),
        ));
    }
    let mut unknown = (0..pieces.len()).filter(|&id| pieces[id].kind == PieceType::Unknown);
    match (unknown.next(), unknown.next()) {
        (Some(_), None) => {}
        (None, _) => return Err(ReadError::whole("no piece is of the type unknown (2)")),
        (Some(first), Some(second)) => {
            let message = format!("piece {second} is of the type unknown (2), as piece {first} is");
            return Err(fault(at(second), message));
        }
    }
    for (id, piece) in pieces.iter().enumerate().filter(|(_, piece)| piece.kind == PieceType::Byte)
    {
        let digits = piece.text.strip_prefix("<0x").and_then(|text| text.strip_suffix('>'));
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte);
        if !digits.is_some_and(|digits| digits.len() == 2 && digits.bytes().all(is_digit)) {
            let name = quote(&piece.text);
            return Err(fault(at(id), format!("found byte piece {name}, <0xNN> is wanted")));
        }
        if !model.byte_fallback {
            let message = format!("piece {id} is a byte, but the model has no byte_fallback");
            return Err(fault(at(id), message));
        }
    }
    let bytes = pieces.iter().filter(|piece| piece.kind == PieceType::Byte).count();
    if model.byte_fallback && bytes != 256 {
        let message = format!("byte_fallback needs a piece for each byte, there are {bytes}");
        return Err(ReadError::whole(message));
    }
    Ok(())
}

fn fault(at: usize, message: impl std::fmt::Display) -> ReadError {
    ReadError::whole(format!("byte {at}: {message}"))
}

/// The fields of a message, one after the other.
#[derive(Clone)]
struct Fields<'a> {
    rest: &'a [u8],
    /// Where `rest` begins in the file.
    at: usize,
    /// Where the message begins.
    place: usize,
}

/// A field: its number, and its value.
struct Field<'a> {
    number: u64,
    value: Value<'a>,
    /// Where it begins in the file, and where its value ends.
    at: usize,
    end: usize,
}

enum Value<'a> {
    Number(u64),
    Fixed32([u8; 4]),
    Fixed64,
    Bytes(&'a [u8]),
}

impl<'a> Fields<'a> {
    fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { rest: bytes, at, place: at }
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], ReadError> {
        match self.rest.split_at_checked(len) {
            Some((taken, rest)) => {
                (self.rest, self.at) = (rest, self.at + len);
                Ok(taken)
            }
            None => {
                let left = self.rest.len();
                Err(fault(self.at, format!("{len} bytes are wanted, {left} are left")))
            }
        }
    }

    fn varint(&mut self) -> Result<u64, ReadError> {
        let (start, mut value) = (self.at, 0u64);
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?.first().copied().unwrap_or_default();
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(fault(start, "found a number of more than ten bytes"))
    }

    fn field(&mut self) -> Result<Field<'a>, ReadError> {
        let at = self.at;
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Number(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed64)?,
            2 => {
                let len = self.varint()?;
                let len = usize::try_from(len).unwrap_or(usize::MAX);
                Value::Bytes(self.take(len)?)
            }
            5 => Value::Fixed32(*self.take(4)?.first_chunk().unwrap_or(&[0; 4])),
            other => {
                let message = format!("found wire type {other}, one of 0, 1, 2 and 5 is wanted");
                return Err(fault(at, message));
            }
        };
        Ok(Field { number: tag >> 3, value, at, end: self.at })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

impl<'a> Field<'a> {
    fn fault(&self, message: impl std::fmt::Display) -> ReadError {
        fault(self.at, message)
    }

    fn wanted(&self, wanted: &str) -> ReadError {
        let found = match self.value {
            Value::Number(_) => "a varint",
            Value::Fixed32(_) => "four bytes",
            Value::Fixed64 => "eight bytes",
            Value::Bytes(_) => "a string of bytes",
        };
        self.fault(format!("field {}: found {found}, {wanted} is wanted", self.number))
    }

    fn bytes(&self) -> Result<&'a [u8], ReadError> {
        match self.value {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(self.wanted("a string of bytes")),
        }
    }

    fn message(&self) -> Result<Fields<'a>, ReadError> {
        let bytes = self.bytes()?;
        Ok(Fields::new(bytes, self.end - bytes.len()))
    }

    fn text(&self) -> Result<&'a str, ReadError> {
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes)
            .map_err(|_| self.fault(format!("{} is not UTF-8", quote_bytes(bytes))))
    }

    fn float(&self) -> Result<f32, ReadError> {
        match self.value {
            Value::Fixed32(bytes) => Ok(f32::from_le_bytes(bytes)),
            _ => Err(self.wanted("a float of four bytes")),
        }
    }

    fn number_value(&self) -> Result<u64, ReadError> {
        match self.value {
            Value::Number(number) => Ok(number),
            _ => Err(self.wanted("a varint")),
        }
    }

    fn flag(&self) -> Result<bool, ReadError> {
        self.number_value().map(|number| number != 0)
    }
}
