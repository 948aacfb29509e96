//! The metadata of a GGUF file: keys and values.

use super::{MAGIC, wrong};
use crate::error::ReadError;

/// A value of the metadata, as far as tokenizers need it.
pub(super) enum Value<'a> {
    Number(f64),
    Text(&'a [u8]),
    Numbers(Vec<f64>),
    Texts(Vec<&'a [u8]>),
}

/// The metadata whose keys begin with `tokenizer.`.
pub(super) struct File<'a> {
    values: Vec<(&'a [u8], Value<'a>)>,
}

/// Types of values, by number.
const TEXT: u32 = 8;
const ARRAY: u32 = 9;

/// Arrays in arrays are not this deep in any file.
const MAX_DEPTH: usize = 8;

impl<'a> File<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, ReadError> {
        let mut cursor = Cursor { bytes, at: 0 };
        if cursor.take(4)? != MAGIC {
            return Err(cursor.fault("this is not a GGUF file"));
        }
        let version = cursor.u32()?;
        if !(2..=3).contains(&version) {
            return Err(cursor.fault(&format!("found version {version}, 2 or 3 is wanted")));
        }
        cursor.u64()?;
        let count = cursor.u64()?;
        let mut values = Vec::new();
        for _ in 0..count {
            let key = cursor.text()?;
            let kind = cursor.u32()?;
            let wanted = key.starts_with(b"tokenizer.");
            if let Some(value) = cursor.value(kind, wanted, 0)? {
                values.push((key, value));
            }
        }
        Ok(Self { values })
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.values.iter().find(|(found, _)| *found == key.as_bytes()).map(|(_, value)| value)
    }

    pub(super) fn text(&self, key: &str) -> Result<&'a str, ReadError> {
        match self.get(key) {
            Some(Value::Text(text)) => {
                std::str::from_utf8(text).map_err(|_| wrong(key, "the string is not UTF-8"))
            }
            Some(_) => Err(wrong(key, "a string is wanted")),
            None => Err(wrong(key, "is missing")),
        }
    }

    /// The id at `tokenizer.ggml.` and this.
    pub(super) fn id(&self, name: &str) -> Option<u32> {
        match self.get(&format!("tokenizer.ggml.{name}")) {
            Some(Value::Number(number)) if (0.0..4294967295.0).contains(number) => {
                Some(*number as u32)
            }
            _ => None,
        }
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        match self.get(key) {
            Some(Value::Number(number)) => Some(*number != 0.0),
            _ => None,
        }
    }
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn fault(&self, message: &str) -> ReadError {
        ReadError::whole(format!("byte {}: {message}", self.at))
    }

    fn take(&mut self, len: u64) -> Result<&'a [u8], ReadError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = usize::try_from(len).ok().and_then(|len| rest.get(..len));
        let Some(taken) = taken else {
            return Err(self.fault(&format!("{len} bytes are wanted, {} are left", rest.len())));
        };
        self.at += taken.len();
        Ok(taken)
    }

    fn u32(&mut self) -> Result<u32, ReadError> {
        Ok(u32::from_le_bytes(*self.take(4)?.first_chunk().unwrap_or(&[0; 4])))
    }

    fn u64(&mut self) -> Result<u64, ReadError> {
        Ok(u64::from_le_bytes(*self.take(8)?.first_chunk().unwrap_or(&[0; 8])))
    }

    fn text(&mut self) -> Result<&'a [u8], ReadError> {
        let len = self.u64()?;
        self.take(len)
    }

    /// A number of a type that is one.
    fn number(&mut self, kind: u32) -> Result<f64, ReadError> {
        let len = match kind {
            0 | 1 | 7 => 1,
            2 | 3 => 2,
            4..=6 => 4,
            10..=12 => 8,
            _ => {
                return Err(self.fault(&format!("found value type {kind}, one up to 12 is wanted")));
            }
        };
        let bytes = self.take(len)?;
        let mut wide = [0; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        let bits = u64::from_le_bytes(wide);
        Ok(match kind {
            1 => f64::from(bits as u8 as i8),
            3 => f64::from(bits as u16 as i16),
            5 => f64::from(bits as u32 as i32),
            6 => f64::from(f32::from_bits(bits as u32)),
            11 => bits as i64 as f64,
            12 => f64::from_bits(bits),
            _ => bits as f64,
        })
    }

    /// A value; `None` if nobody wants it.
    fn value(
        &mut self,
        kind: u32,
        wanted: bool,
        depth: usize,
    ) -> Result<Option<Value<'a>>, ReadError> {
        match kind {
            TEXT => Ok(Some(Value::Text(self.text()?)).filter(|_| wanted)),
            ARRAY => {
                let (kind, len) = (self.u32()?, self.u64()?);
                if depth == MAX_DEPTH {
                    return Err(self.fault("arrays are too deep"));
                }
                // Elements are read one by one, so a length that lies costs no memory.
                let (mut numbers, mut texts) = (Vec::new(), Vec::new());
                for _ in 0..len {
                    match kind {
                        TEXT => {
                            let text = self.text()?;
                            if wanted {
                                texts.push(text);
                            }
                        }
                        ARRAY => {
                            self.value(ARRAY, false, depth + 1)?;
                        }
                        _ => {
                            let number = self.number(kind)?;
                            if wanted {
                                numbers.push(number);
                            }
                        }
                    }
                }
                let value = match kind {
                    TEXT => Value::Texts(texts),
                    _ => Value::Numbers(numbers),
                };
                Ok(Some(value).filter(|_| wanted))
            }
            _ => Ok(Some(Value::Number(self.number(kind)?)).filter(|_| wanted)),
        }
    }
}
