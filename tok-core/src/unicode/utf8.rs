//! Chars out of bytes that need not be UTF-8.

/// Stands for a byte that is no UTF-8, plus the byte.
pub(crate) const INVALID: u32 = 0x11_0000;

/// The char at `at` and its length; a byte that begins no valid one is `INVALID` + itself. `None` at
/// the end.
#[inline]
pub(crate) fn decode(text: &[u8], at: usize) -> Option<(u32, usize)> {
    let rest = text.get(at..)?;
    let &lead = rest.first()?;
    let low =
        |index: usize| rest.get(index).filter(|&b| b & 0xC0 == 0x80).map(|b| u32::from(b & 0x3F));
    let lead32 = u32::from(lead);
    let decoded = match lead {
        0..=0x7F => Some((lead32, 1)),
        0xC2..=0xDF => low(1).map(|b| ((lead32 & 0x1F) << 6 | b, 2)),
        0xE0..=0xEF => low(1)
            .zip(low(2))
            .map(|(b, c)| (lead32 & 0xF) << 12 | b << 6 | c)
            .filter(|code| !matches!(code, 0..0x800 | 0xD800..0xE000))
            .map(|code| (code, 3)),
        0xF0..=0xF4 => low(1)
            .zip(low(2))
            .zip(low(3))
            .map(|((b, c), d)| (lead32 & 7) << 18 | b << 12 | c << 6 | d)
            .filter(|code| matches!(code, 0x1_0000..0x11_0000))
            .map(|code| (code, 4)),
        _ => None,
    };
    Some(decoded.unwrap_or((INVALID + lead32, 1)))
}
