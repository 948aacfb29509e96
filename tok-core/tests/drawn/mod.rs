//! What drawn texts are made of.

/// Numbers that look random, the same every time: each below the limit that it is asked for.
pub(crate) fn random() -> impl FnMut(usize) -> usize {
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    move |limit| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % limit
    }
}

/// Parts of texts, some of them not UTF-8.
pub(crate) const PARTS: &[&[u8]] = &[
    b"a",
    b"word",
    b"B",
    b"Big",
    b"'s",
    b"'LL",
    b"'",
    b"'re",
    b" ",
    b"  ",
    b" ",
    b"\n",
    b"\r\n",
    b"/",
    b"!",
    b"0",
    b"123",
    b"12345678",
    b"\t",
    b"(",
    b"\"",
    b".",
    b" the",
    b"\n    ",
    b"\x0b",
    "ſ".as_bytes(),
    "中".as_bytes(),
    "文字".as_bytes(),
    "か".as_bytes(),
    "ǅ".as_bytes(),
    "é".as_bytes(),
    "É".as_bytes(),
    "\u{301}".as_bytes(),
    "\u{3000}".as_bytes(),
    "\u{85}".as_bytes(),
    "²".as_bytes(),
    "—".as_bytes(),
    "“".as_bytes(),
    "👍🏽".as_bytes(),
    "\u{378}".as_bytes(),
    "\u{1}".as_bytes(),
    "при".as_bytes(),
    "ह".as_bytes(),
    "ि".as_bytes(),
    "ª".as_bytes(),
    b"\xFF",
    b"\x80",
    b"\xC3",
    b"\xE4\xB8",
    b"\xED\xA0\x80",
    b"\xC0\xA0",
    b"\xF0\x9F\x91",
    "゛".as_bytes(),
    b"\xF5",
    b"<|endoftext|>",
    b"<|startoftext|>",
    b"<|",
    b"<",
    "・".as_bytes(),
    "ーツ".as_bytes(),
    "㐀".as_bytes(),
    "\u{3040}".as_bytes(),
    "\u{9FA6}".as_bytes(),
    b"#ab",
];
