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

/// Places of tokens in a pre-token, as the reference counts them where some bytes have no token: in byte-level text,
/// from its beginning, and the bytes that are dropped do not count. Where that leads is a byte of that text, which
/// belongs to a byte of the pre-token.
pub(crate) struct Counted<'p, K> {
    piece: &'p [u8],
    /// The bytes that are not dropped.
    known: K,
    /// Where the next token begins in byte-level text.
    next: usize,
    /// A byte of the pre-token, and where its char begins.
    at: usize,
    begins: usize,
}

impl<'p, K: Iterator<Item = u8>> Counted<'p, K> {
    pub(crate) const fn new(piece: &'p [u8], known: K) -> Self {
        Self { piece, known, next: 0, at: 0, begins: 0 }
    }

    /// Where the next token, of `len` bytes, begins and ends.
    pub(crate) fn token(&mut self, len: usize) -> (usize, usize) {
        let width = |byte: u8| char_of(byte).len_utf8();
        let from = self.next;
        self.next += self.known.by_ref().take(len).map(width).sum::<usize>();
        (self.place(from), self.place(self.next.saturating_sub(1)) + 1)
    }

    fn place(&mut self, wanted: usize) -> usize {
        while let Some(&byte) = self.piece.get(self.at) {
            let width = char_of(byte).len_utf8();
            if wanted < self.begins + width {
                break;
            }
            (self.at, self.begins) = (self.at + 1, self.begins + width);
        }
        self.at
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
