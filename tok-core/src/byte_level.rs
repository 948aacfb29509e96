//! The byte-level alphabet: one printable char for each byte.
//!
//! Bytes that are printable Latin-1 stand for themselves; the other 68 are U+0100 and up, in byte
//! order.

/// Whether a byte stands for itself.
const fn is_printable(byte: u8) -> bool {
    matches!(byte, 0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF)
}

const TO_CHAR: [char; 256] = {
    let mut table = ['\0'; 256];
    let mut next = 0x100u32;
    let mut byte = 0usize;
    while byte < 256 {
        table[byte] = if is_printable(byte as u8) {
            byte as u8 as char
        } else {
            next += 1;
            match char::from_u32(next - 1) {
                Some(c) => c,
                None => panic!("U+0100..U+0144 are chars"),
            }
        };
        byte += 1;
    }
    table
};

/// U+0100..=U+0143 back to bytes.
const FROM_HIGH: [u8; 68] = {
    let mut table = [0; 68];
    let mut byte = 0usize;
    while byte < 256 {
        if !is_printable(byte as u8) {
            table[TO_CHAR[byte] as usize - 0x100] = byte as u8;
        }
        byte += 1;
    }
    table
};

/// The char that stands for `byte`.
pub const fn char_of(byte: u8) -> char {
    TO_CHAR[byte as usize]
}

/// The byte that `c` stands for, if it stands for one.
pub const fn byte_of(c: char) -> Option<u8> {
    match c as u32 {
        code @ 0x100..=0x143 => Some(FROM_HIGH[code as usize - 0x100]),
        code @ 0..=0xFF if is_printable(code as u8) => Some(code as u8),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_its_own_char() {
        for byte in 0..=255 {
            assert_eq!(byte_of(char_of(byte)), Some(byte));
        }
        assert_eq!((char_of(b' '), char_of(0), char_of(0xAD)), ('Ġ', 'Ā', '\u{143}'));
        assert_eq!(byte_of(' '), None);
        assert_eq!(byte_of('\u{144}'), None);
    }
}
