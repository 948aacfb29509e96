//! Base64, as rank files and tables of replacements are written.

pub(crate) fn base64(bytes: &[u8]) -> String {
    const CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().chain([&0; 2]).take(3).fold(0, |bits, &b| bits << 8 | u32::from(b));
        let chars = (0..4).map(|i| char::from(CHARS[(bits >> (18 - 6 * i) & 63) as usize]));
        text.extend(chars.take(three.len() + 1));
        text.extend(std::iter::repeat_n('=', 3 - three.len()));
    }
    text
}
