//! Base64 with the standard alphabet and padding.
//!
//! Rank files are one base64 string per line, and an error has to name the column. A crate would
//! do, but it reports less and this is short.

use std::fmt;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Value of each base64 digit; 255 for other bytes.
const VALUES: [u8; 256] = {
    let mut table = [255; 256];
    let mut value = 0;
    while value < 64 {
        table[ALPHABET[value as usize] as usize] = value;
        value += 1;
    }
    table
};

/// Why a string is not base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base64Error {
    /// The byte at this position does not belong there.
    Byte(usize),
    /// The length is not a multiple of four.
    Length,
    /// The last digit has bits that stand for nothing.
    TrailingBits,
}

impl fmt::Display for Base64Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Byte(at) => write!(f, "at byte {}", at + 1),
            Self::Length => f.write_str("its length is wrong"),
            Self::TrailingBits => f.write_str("its last digit is wrong"),
        }
    }
}

/// Appends the bytes that `text` stands for to `out`; on an error `out` holds some of them.
pub(crate) fn decode_into(text: &[u8], out: &mut Vec<u8>) -> Result<(), Base64Error> {
    let digits = match text {
        [digits @ .., b'=', b'='] | [digits @ .., b'='] => digits,
        digits => digits,
    };
    let mut bits = 0u32;
    let mut bit_len = 0u32;
    let mut position = 0;
    while position < digits.len() {
        let value = VALUES[digits[position] as usize];
        if value == 255 {
            return Err(Base64Error::Byte(position));
        }
        bits = bits << 6 | value as u32;
        bit_len += 6;
        if bit_len >= 8 {
            bit_len -= 8;
            out.push((bits >> bit_len) as u8);
            bits &= (1 << bit_len) - 1;
        }
        position += 1;
    }
    // Four digits are three bytes; two digits need two signs of padding, three need one.
    if !text.len().is_multiple_of(4) || bit_len == 6 {
        return Err(Base64Error::Length);
    }
    if bits != 0 {
        return Err(Base64Error::TrailingBits);
    }
    Ok(())
}

/// The base64 string of `bytes`.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let [a, b, c] = [0, 1, 2].map(|i| chunk.get(i).copied().unwrap_or(0) as usize);
        let digits = [a >> 2, (a & 3) << 4 | b >> 4, (b & 15) << 2 | c >> 6, c & 63];
        for (i, digit) in digits.into_iter().enumerate() {
            text.push(if i > chunk.len() { '=' } else { ALPHABET[digit] as char });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Result<Vec<u8>, Base64Error> {
        let mut out = Vec::new();
        decode_into(text.as_bytes(), &mut out).map(|()| out)
    }

    #[test]
    fn known_strings() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"\xFF\xEF\xBE", "/+++"),
            (b"\0\0\0\0", "AAAAAA=="),
        ] {
            assert_eq!(encode(bytes), text);
            assert_eq!(decode(text).as_deref(), Ok(bytes));
        }
    }

    #[test]
    fn what_is_not_base64() {
        assert_eq!(decode("Zm9*"), Err(Base64Error::Byte(3)));
        assert_eq!(decode("Z=9v"), Err(Base64Error::Byte(1)));
        assert_eq!(decode("Zg=v"), Err(Base64Error::Byte(2)));
        assert_eq!(decode("===="), Err(Base64Error::Byte(0)));
        assert_eq!(decode("Zm9"), Err(Base64Error::Length));
        assert_eq!(decode("Zg="), Err(Base64Error::Length));
        assert_eq!(decode("Zm8=="), Err(Base64Error::Length));
        assert_eq!(decode("Zm9vZ==="), Err(Base64Error::Byte(5)));
        assert_eq!(decode("="), Err(Base64Error::Length));
        assert_eq!(decode("Zm9vZ"), Err(Base64Error::Length));
        assert_eq!(decode("Zh=="), Err(Base64Error::TrailingBits));
        assert_eq!(decode("Zm9="), Err(Base64Error::TrailingBits));
    }

    #[test]
    fn every_pair_of_bytes_survives() {
        for pair in 0..=u16::MAX {
            let bytes = [&pair.to_le_bytes()[..], b"x"].concat();
            for bytes in [&bytes[..1], &bytes[..2], &bytes[..]] {
                assert_eq!(decode(&encode(bytes)).as_deref(), Ok(bytes));
            }
        }
    }
}
