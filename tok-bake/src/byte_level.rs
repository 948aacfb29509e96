//! The byte-level alphabet: one printable char for each byte.

pub use comptok_core::byte_level::{byte_of, char_of};

/// The bytes a byte-level string stands for; `None` if a char of it stands for none.
pub fn to_bytes(text: &str) -> Option<Vec<u8>> {
    text.chars().map(byte_of).collect()
}

/// Appends the bytes that a byte-level string stands for; `false` if a char of it stands for none, or if
/// it is no text.
pub(crate) fn append(text: &[u8], to: &mut Vec<u8>) -> bool {
    let mut rest = text;
    loop {
        // Nearly all chars are printable ASCII, or of two bytes.
        match *rest {
            [] => return true,
            [byte @ 0x21..=0x7E, ref after @ ..] => {
                to.push(byte);
                rest = after;
            }
            [first @ 0xC2..=0xC5, second @ 0x80..=0xBF, ref after @ ..] => {
                let code = u32::from(first & 0x1F) << 6 | u32::from(second & 0x3F);
                let Some(byte) = char::from_u32(code).and_then(byte_of) else { return false };
                to.push(byte);
                rest = after;
            }
            _ => return false,
        }
    }
}

/// The byte-level string of `bytes`.
pub fn to_text(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char_of(byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes() {
        assert_eq!(to_bytes("Ġthe").as_deref(), Some(&b" the"[..]));
        assert_eq!(to_text(b" the"), "Ġthe");
        assert_eq!(to_bytes("a b"), None);
        for char in (0..0x1_0000).filter_map(char::from_u32) {
            let (mut bytes, text) = (Vec::new(), format!("a{char}"));
            let appended = append(text.as_bytes(), &mut bytes).then_some(bytes);
            assert_eq!(appended, to_bytes(&text), "{text:?}");
        }
    }
}
