//! Text made to be difficult, the same for the same seed.

/// A small deterministic generator (SplitMix64).
pub struct Random(u64);

impl Random {
    /// Starts from `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number less than `limit`, which must not be 0.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.bits() % limit as u64) as usize
    }

    /// One of `items`, which must not be empty.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// Strings that patterns treat alike, or that look as if they did. A line is drawn first, then a
/// string of it, so that rare kinds are as frequent as common ones.
const KINDS: &[&[&str]] = &[
    // Contractions and what resembles them. U+017F folds to s, U+212A to k.
    &["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'T", "'RE", "'vE", "'M", "'lL", "'D"],
    &["'\u{17F}", "'\u{212A}", "'k", "'l", "'r", "'v", "'\u{FB06}", "\u{149}", "\u{2019}s", "'l'l"],
    &["'", "''", " '", "\u{2019}", "\"", "`"],
    &["a", "b", "e", "l", "m", "r", "s", "t", "v", "z"],
    &["a", "the", "ing", "lower"],
    &["A", "B", "D", "L", "M", "S", "T", "Z"],
    &["A", "The", "UPPER", "I", "camelCase", "HTTPServer"],
    &["ß", "é", "я", "ω", "\u{17F}", "\u{212B}", "µ", "ﬁ", "ﬆ", "𝐚", "ꭰ"],
    &["É", "Я", "Ω", "\u{212A}", "İ", "𝐀", "Ꭰ", "ẞ"],
    &["ǅ", "ǈ", "ᾈ", "ῼ"],
    // Modifier letters, other letters.
    &["ʰ", "ˈ", "ー", "々", "〱", "ـ", "ᵃ", "𞥋", "ゝ", "ヽ"],
    &["ª", "º", "ƻ", "א", "ب", "क", "ก", "中", "国", "か", "カ", "한", "𠀀", "ʔ"],
    // The edges of the ranges that DeepSeek's second pattern spells out.
    &[
        "\u{3040}", "\u{3041}", "\u{309F}", "\u{30A0}", "\u{30FF}", "\u{303F}", "\u{3100}",
        "\u{3105}",
    ],
    &[
        "\u{4DFF}", "\u{4E00}", "\u{9FA5}", "\u{9FA6}", "\u{3097}", "\u{3098}", "\u{309B}",
        "\u{30FB}",
    ],
    &["\u{301}", "\u{308}", "\u{903}", "\u{20DD}", "\u{3099}", "\u{309A}", "\u{FE0F}", "\u{93F}"],
    &["0", "1", "23", "456", "7890", "3.14"],
    &["٣", "५", "²", "½", "Ⅷ", "〇", "〡", "①", "𝟘", "𐄇", "᧚"],
    // White space, then what only looks like it.
    &[" ", " ", " ", "  ", "    "],
    &["\n", "\r", "\r\n", "\n\n", "\n\r", "\r\r\n"],
    &["\n", "\n ", " \n", "\t\n", "\u{3000}\n", "\n\u{A0}"],
    &["\t", "\u{B}", "\u{C}", "\u{85}", "\u{A0}", "\u{1680}", "\u{2003}", "\u{200A}"],
    &["\u{2028}", "\u{2029}", "\u{202F}", "\u{205F}", "\u{3000}"],
    &["\u{200B}", "\u{200D}", "\u{FEFF}", "\u{180E}", "\u{2060}", "\u{1C}", "\u{1F}"],
    &[
        "!", "?", ".", ",", "-", "_", "(", ")", "*", "#", "%", "&", "@", "\\", "[", "]", "{", ";",
        ":",
    ],
    &["/", "//", "/\n", "\n/", "!/\r\n/", "://"],
    &["$", "+", "<", "=", ">", "^", "`", "|", "~"],
    &["«", "…", "、", "。", "“", "–", "§", "·", "𐄀"],
    &["€", "©", "×", "→", "´", "¨", "゛", "𝄞"],
    &[
        "👍🏽",
        "👨\u{200D}👩\u{200D}👧",
        "🇩🇪",
        "❤\u{FE0F}",
        "1\u{FE0F}\u{20E3}",
        "🏴\u{E0067}\u{E007F}",
    ],
    // Controls, unassigned, private use, not characters.
    &["\0", "\u{1}", "\u{8}", "\u{E}", "\u{7F}", "\u{80}", "\u{9F}", "\u{AD}"],
    &["\u{378}", "\u{E000}", "\u{FFFF}", "\u{10FFFF}", "\u{F0000}", "\u{1FFFE}", "\u{2E9A}"],
];

/// A difficult text of up to `most` bytes, give or take the last string: a mix of few kinds, with
/// runs, now and then any char.
pub fn text(random: &mut Random, most: usize) -> String {
    let wanted = random.below(most + 1);
    // Few kinds at a time: patterns are difficult where the same kinds meet again and again.
    let kinds: Vec<&[&str]> =
        (0..1 + random.below(6)).map(|_| *random.pick::<&[&str]>(KINDS)).collect();
    let mut text = String::new();
    while text.len() < wanted {
        let part = match random.below(16) {
            0 => any_char(random).to_string(),
            1 => string(random, KINDS).to_owned(),
            _ => string(random, &kinds).to_owned(),
        };
        let times = match random.below(24) {
            0 => 1 + random.below(40),
            1..=4 => 1 + random.below(4),
            _ => 1,
        };
        text.push_str(&part.repeat(times));
    }
    text
}

fn string<'a>(random: &mut Random, kinds: &[&[&'a str]]) -> &'a str {
    let kind: &[&str] = random.pick::<&[&str]>(kinds);
    random.pick::<&str>(kind)
}

/// Any char, those of the first planes more often.
pub fn any_char(random: &mut Random) -> char {
    let limit = *random.pick(&[0x100, 0x800, 0x3000, 0x1_0000, 0x2_0000, 0x11_0000]);
    loop {
        if let Some(c) = char::from_u32(random.below(limit) as u32) {
            return c;
        }
    }
}
