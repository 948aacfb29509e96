//! The byte-level alphabet: one printable char for each byte.

pub use comptok_core::byte_level::{byte_of, char_of};

/// The bytes a byte-level string stands for; `None` if a char of it stands for none.
pub fn to_bytes(text: &str) -> Option<Vec<u8>> {
    text.chars().map(byte_of).collect()
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
    }
}
