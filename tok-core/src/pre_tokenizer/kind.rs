//! The patterns that have a scanner: their names, numbers and spellings.

use super::{
    Cl100k, Clip, DeepseekV3, Gpt2, Kimi, Llama3, O200k, Qwen2, Qwen3_5, R50k, Scanner, Tekken,
};

/// A pattern that has a hand-written scanner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// GPT-2 as HuggingFace has it: [`Gpt2`](super::Gpt2).
    Gpt2,
    /// r50k, p50k and gpt2 as tiktoken has them: [`R50k`](super::R50k).
    R50k,
    /// cl100k as tiktoken has it: [`Cl100k`](super::Cl100k).
    Cl100k,
    /// Llama 3, and cl100k as exported to HuggingFace: [`Llama3`](super::Llama3).
    Llama3,
    /// Qwen 1 to 3: [`Qwen2`](super::Qwen2).
    Qwen2,
    /// Qwen 3.5: [`Qwen3_5`](super::Qwen3_5).
    Qwen3_5,
    /// o200k, gpt-oss, Llama 4: [`O200k`](super::O200k).
    O200k,
    /// Mistral's tekken: [`Tekken`](super::Tekken).
    Tekken,
    /// DeepSeek-V3: [`DeepseekV3`](super::DeepseekV3).
    DeepseekV3,
    /// Kimi K2: [`Kimi`](super::Kimi).
    Kimi,
    /// CLIP: [`Clip`](super::Clip).
    Clip,
}

/// The syntax that a pattern is written in. Where the same text means the same in both, it does not
/// matter; `x{1,3}+` is possessive in one and a repeated group in the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// That of the fancy-regex crate, which tiktoken uses.
    FancyRegex,
    /// That of oniguruma, which HuggingFace tokenizers uses.
    Oniguruma,
}

/// The ways to write one alternative of a pattern. Each matches the same text at every place, so
/// they can be exchanged one by one.
type Spellings = &'static [&'static str];

const PLAIN_CONTRACTION: Spellings = &["'s|'t|'re|'ve|'m|'ll|'d", "'(?:[sdmt]|ll|ve|re)"];
const CONTRACTION: Spellings = &["(?i:'s|'t|'re|'ve|'m|'ll|'d)", "'(?i:[sdmt]|ll|ve|re)"];

const GPT2_LETTERS: Spellings = &[r" ?\p{L}+", r" ?\p{L}++"];
const GPT2_NUMBERS: Spellings = &[r" ?\p{N}+", r" ?\p{N}++"];
const GPT2_REST: Spellings = &[r" ?[^\s\p{L}\p{N}]+", r" ?[^\s\p{L}\p{N}]++"];

// The prefix is no letter, so giving it back never helps.
const LETTERS: Spellings = &[
    r"[^\r\n\p{L}\p{N}]?\p{L}+",
    r"[^\r\n\p{L}\p{N}]?\p{L}++",
    r"[^\r\n\p{L}\p{N}]?+\p{L}+",
    r"[^\r\n\p{L}\p{N}]?+\p{L}++",
];
// Here it may be a mark, and then it does.
const LETTERS_AND_MARKS: Spellings =
    &[r"[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+", r"[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]++"];
const NUMBER: Spellings = &[r"\p{N}"];
const NUMBERS: Spellings = &[r"\p{N}{1,3}", r"\p{N}{1,3}+"];
const REST: Spellings = &[
    r" ?[^\s\p{L}\p{N}]+[\r\n]*",
    r" ?[^\s\p{L}\p{N}]++[\r\n]*",
    r" ?[^\s\p{L}\p{N}]+[\r\n]*+",
    r" ?[^\s\p{L}\p{N}]++[\r\n]*+",
];
const REST_WITHOUT_MARKS: Spellings = &[
    r" ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*",
    r" ?[^\s\p{L}\p{M}\p{N}]++[\r\n]*",
    r" ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*+",
    r" ?[^\s\p{L}\p{M}\p{N}]++[\r\n]*+",
];
const REST_WITH_SLASH: Spellings = &[
    r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
    r" ?[^\s\p{L}\p{N}]++[\r\n/]*",
    r" ?[^\s\p{L}\p{N}]+[\r\n/]*+",
    r" ?[^\s\p{L}\p{N}]++[\r\n/]*+",
];

const O200K_LOWER: Spellings = &[
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
];
const O200K_UPPER: Spellings = &[
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
];
const TEKKEN_LOWER: Spellings =
    &[r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"];
const TEKKEN_UPPER: Spellings =
    &[r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"];

// What follows `\s++` is no newline, so `$` means the end of the text even where it is that of a line.
const FINAL_SPACE: Spellings = &[r"\s++$"];
// `\s*` takes newlines too, and gives back the last one only.
const LINES: Spellings = &[r"\s*[\r\n]+", r"\s*[\r\n]"];
const SPACE_BEFORE_SPACE: Spellings = &[r"\s+(?!\S)"];
// Reached with a single char: longer runs have a char that white space follows.
const SPACE: Spellings = &[r"\s+", r"\s"];

const GPT2: &[Spellings] =
    &[PLAIN_CONTRACTION, GPT2_LETTERS, GPT2_NUMBERS, GPT2_REST, SPACE_BEFORE_SPACE, SPACE];
const R50K: &[Spellings] = &[
    PLAIN_CONTRACTION,
    GPT2_LETTERS,
    GPT2_NUMBERS,
    GPT2_REST,
    FINAL_SPACE,
    SPACE_BEFORE_SPACE,
    SPACE,
];
const CL100K: &[Spellings] =
    &[CONTRACTION, LETTERS, NUMBERS, REST, FINAL_SPACE, LINES, SPACE_BEFORE_SPACE, SPACE];
const LLAMA3: &[Spellings] =
    &[CONTRACTION, LETTERS, NUMBERS, REST, LINES, SPACE_BEFORE_SPACE, SPACE];
const QWEN2: &[Spellings] = &[CONTRACTION, LETTERS, NUMBER, REST, LINES, SPACE_BEFORE_SPACE, SPACE];
const QWEN3_5: &[Spellings] =
    &[CONTRACTION, LETTERS_AND_MARKS, NUMBER, REST_WITHOUT_MARKS, LINES, SPACE_BEFORE_SPACE, SPACE];
const O200K: &[Spellings] =
    &[O200K_LOWER, O200K_UPPER, NUMBERS, REST_WITH_SLASH, LINES, SPACE_BEFORE_SPACE, SPACE];
const TEKKEN: &[Spellings] =
    &[TEKKEN_LOWER, TEKKEN_UPPER, NUMBER, REST_WITH_SLASH, LINES, SPACE_BEFORE_SPACE, SPACE];

const HAN: Spellings = &[r"[\p{Han}]+", r"\p{Han}+"];
const KIMI_LOWER: Spellings = &[
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
];
const KIMI_UPPER: Spellings = &[
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
];
const KIMI: &[Spellings] =
    &[HAN, KIMI_LOWER, KIMI_UPPER, NUMBERS, REST, LINES, SPACE_BEFORE_SPACE, SPACE];

const CLIP_START: Spellings = &[r"<\|startoftext\|>"];
const CLIP_END: Spellings = &[r"<\|endoftext\|>"];
const CLIP_LETTERS: Spellings = &[r"[\p{L}]+", r"\p{L}+"];
const CLIP_NUMBER: Spellings = &[r"[\p{N}]", r"\p{N}"];
const CLIP_REST: Spellings = &[r"[^\s\p{L}\p{N}]+"];
const CLIP: &[Spellings] =
    &[CLIP_START, CLIP_END, PLAIN_CONTRACTION, CLIP_LETTERS, CLIP_NUMBER, CLIP_REST];

const DEEPSEEK_V3_CJK: Spellings = &["[一-龥぀-ゟ゠-ヿ]+"];
const DEEPSEEK_V3_SIGN_AND_LETTERS: Spellings =
    &[r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"##];
const DEEPSEEK_V3_LETTERS: Spellings = &[r"[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"];
const DEEPSEEK_V3_SIGNS: Spellings = &[r" ?[\p{P}\p{S}]+[\r\n]*"];
const DEEPSEEK_V3: &[Spellings] = &[
    DEEPSEEK_V3_SIGN_AND_LETTERS,
    DEEPSEEK_V3_LETTERS,
    DEEPSEEK_V3_SIGNS,
    LINES,
    SPACE_BEFORE_SPACE,
    SPACE,
];

impl Kind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Gpt2,
        Self::R50k,
        Self::Cl100k,
        Self::Llama3,
        Self::Qwen2,
        Self::Qwen3_5,
        Self::O200k,
        Self::Tekken,
        Self::DeepseekV3,
        Self::Kimi,
        Self::Clip,
    ];

    /// The name of the pattern, as options and arguments have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gpt2 => "gpt2",
            Self::R50k => "r50k",
            Self::Cl100k => "cl100k",
            Self::Llama3 => "llama3",
            Self::Qwen2 => "qwen2",
            Self::Qwen3_5 => "qwen3_5",
            Self::O200k => "o200k",
            Self::Tekken => "tekken",
            Self::DeepseekV3 => "deepseek_v3",
            Self::Kimi => "kimi",
            Self::Clip => "clip",
        }
    }

    /// The pattern of that name, or of tiktoken's encoding of that name. (`gpt2` is both: tiktoken's
    /// pattern for it finds the same pre-tokens.)
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "r50k_base" | "p50k" | "p50k_base" | "p50k_edit" => Some(Self::R50k),
            "cl100k_base" => Some(Self::Cl100k),
            "o200k_base" | "o200k_harmony" => Some(Self::O200k),
            _ => Self::ALL.into_iter().find(|kind| kind.name() == name),
        }
    }

    /// The number of the pattern in a blob: never 0, never changed, never given to another.
    pub const fn code(self) -> u32 {
        match self {
            Self::Gpt2 => 1,
            Self::R50k => 2,
            Self::Cl100k => 3,
            Self::Llama3 => 4,
            Self::Qwen2 => 5,
            Self::Qwen3_5 => 6,
            Self::O200k => 7,
            Self::Tekken => 8,
            Self::DeepseekV3 => 9,
            Self::Kimi => 10,
            Self::Clip => 11,
        }
    }

    /// The pattern of that number.
    pub const fn from_code(code: u32) -> Option<Self> {
        let mut i = 0;
        while i < Self::ALL.len() {
            if Self::ALL[i].code() == code {
                return Some(Self::ALL[i]);
            }
            i += 1;
        }
        None
    }

    /// The end of the pre-token that starts at `start`, as [`Scanner::end`] has it.
    ///
    /// For host code that does not know the pattern beforehand.
    pub fn end(self, text: &[u8], start: usize) -> usize {
        match self {
            Self::Gpt2 => Gpt2.end(text, start),
            Self::R50k => R50k.end(text, start),
            Self::Cl100k => Cl100k.end(text, start),
            Self::Llama3 => Llama3.end(text, start),
            Self::Qwen2 => Qwen2.end(text, start),
            Self::Qwen3_5 => Qwen3_5.end(text, start),
            Self::O200k => O200k.end(text, start),
            Self::Tekken => Tekken.end(text, start),
            Self::DeepseekV3 => DeepseekV3.end(text, start),
            Self::Kimi => Kimi.end(text, start),
            Self::Clip => Clip.end(text, start),
        }
    }

    /// Whether the pattern leaves the pre-token at `start` unmatched, as [`Scanner::is_gap`] has it.
    pub fn is_gap(self, text: &[u8], start: usize) -> bool {
        self == Self::Clip && Clip.is_gap(text, start)
    }

    /// The pattern verbatim, in the syntax of the library it comes from (fancy-regex for `r50k` and
    /// `cl100k`): more than one where the text is split repeatedly, matches isolated each time.
    pub const fn regex(self) -> &'static [&'static str] {
        match self {
            Self::Gpt2 => {
                &[r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"]
            }
            Self::R50k => &[
                r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s",
            ],
            Self::Cl100k => &[
                r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
            ],
            Self::Llama3 => &[
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            ],
            Self::Qwen2 => &[
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            ],
            Self::Qwen3_5 => &[
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            ],
            Self::O200k => &[
                r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            ],
            Self::Tekken => &[
                r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            ],
            Self::Kimi => &[
                r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            ],
            Self::Clip => &[
                r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
            ],
            Self::DeepseekV3 => &[
                r"\p{N}{1,3}",
                "[一-龥぀-ゟ゠-ヿ]+",
                r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"##,
            ],
        }
    }

    /// [`regex`](Self::regex), respelled where the verbatim text means something else in `syntax`.
    pub const fn regex_in(self, syntax: Syntax) -> &'static [&'static str] {
        match (self, syntax) {
            (Self::Cl100k, Syntax::Oniguruma) => &[
                r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
            ],
            _ => self.regex(),
        }
    }

    /// The scanner that finds exactly what splitting by `patterns`, one after the other with matches
    /// isolated, finds. `None` also for patterns that would be equal but are spelled in a way that
    /// nobody does.
    pub fn recognise(patterns: &[&str], syntax: Syntax) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| {
            let splits = kind.spellings();
            splits.len() == patterns.len()
                && splits
                    .iter()
                    .zip(patterns)
                    .all(|(split, pattern)| spells(split, pattern, syntax))
        })
    }

    /// The alternatives of each split.
    const fn spellings(self) -> &'static [&'static [Spellings]] {
        match self {
            Self::Gpt2 => &[GPT2],
            Self::R50k => &[R50K],
            Self::Cl100k => &[CL100K],
            Self::Llama3 => &[LLAMA3],
            Self::Qwen2 => &[QWEN2],
            Self::Qwen3_5 => &[QWEN3_5],
            Self::O200k => &[O200K],
            Self::Tekken => &[TEKKEN],
            Self::DeepseekV3 => &[&[NUMBERS], &[DEEPSEEK_V3_CJK], DEEPSEEK_V3],
            Self::Kimi => &[KIMI],
            Self::Clip => &[CLIP],
        }
    }
}

/// Whether `pattern` is these alternatives and no more.
fn spells(alternatives: &[Spellings], pattern: &str, syntax: Syntax) -> bool {
    let mut rest = Some(pattern);
    for spellings in alternatives {
        rest = rest.and_then(|rest| strip_alternative(rest, spellings, syntax));
    }
    // Each alternative took the bar behind it; there is none behind the last.
    rest == Some("") && !pattern.ends_with('|')
}

/// What follows the first alternative of `pattern` and its bar, if that is one of `spellings`.
fn strip_alternative<'a>(pattern: &'a str, spellings: &[&str], syntax: Syntax) -> Option<&'a str> {
    let possible = |spelling: &&&str| syntax == Syntax::FancyRegex || !spelling.ends_with("{1,3}+");
    spellings.iter().filter(possible).find_map(|spelling| {
        let rest = strip(pattern, spelling)?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('|') }
    })
}

/// What follows `spelling`, whose `\r` and `\n` may be the chars themselves.
fn strip<'a>(pattern: &'a str, spelling: &str) -> Option<&'a str> {
    let (mut pattern, mut spelling) = (pattern, spelling);
    while let Some(wanted) = spelling.chars().next() {
        let raw = [(r"\r", '\r'), (r"\n", '\n')].into_iter().find_map(|(escape, char)| {
            Some((pattern.strip_prefix(char)?, spelling.strip_prefix(escape)?))
        });
        (pattern, spelling) = match raw {
            Some(rests) => rests,
            None => (pattern.strip_prefix(wanted)?, &spelling[wanted.len_utf8()..]),
        };
    }
    Some(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Syntax; 2] = [Syntax::FancyRegex, Syntax::Oniguruma];

    #[test]
    fn names_and_codes_lead_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
            assert_eq!(Kind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(Kind::from_name("p50k_base"), Some(Kind::R50k));
        assert_eq!(Kind::from_name("o200k_base"), Some(Kind::O200k));
        assert_eq!(Kind::from_name(""), None);
        assert_eq!(Kind::from_code(0), None);
        assert_eq!(Kind::from_code(12), None);
    }

    #[test]
    fn every_pattern_is_recognised() {
        for kind in Kind::ALL {
            assert_eq!(Kind::recognise(kind.regex(), Syntax::FancyRegex), Some(kind));
            for syntax in BOTH {
                assert_eq!(Kind::recognise(kind.regex_in(syntax), syntax), Some(kind));
            }
        }
        // Possessive here, a repeated group there.
        assert_eq!(Kind::recognise(Kind::Cl100k.regex(), Syntax::Oniguruma), None);
    }

    #[test]
    fn other_spellings_are_recognised() {
        let spellings = [
            // tiktoken's older forms.
            (
                r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
                Kind::Gpt2,
            ),
            (
                r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
                Kind::Llama3,
            ),
            // Line breaks as they are.
            (
                "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
                Kind::Qwen2,
            ),
        ];
        for (pattern, kind) in spellings {
            for syntax in BOTH {
                assert_eq!(Kind::recognise(&[pattern], syntax), Some(kind), "{pattern}");
            }
        }
    }

    #[test]
    fn near_misses_are_not() {
        let [llama3] = Kind::Llama3.regex() else { panic!("one pattern") };
        let [numbers, cjk, last] = Kind::DeepseekV3.regex() else { panic!("three patterns") };
        let misses: &[&[&str]] = &[
            &[],
            &[""],
            &["|"],
            &[&llama3[1..]],
            &[&llama3[..llama3.len() - 1], "+"],
            &[llama3, llama3],
            &[numbers, cjk],
            &[cjk, numbers, last],
            // A bar behind the last alternative matches the empty text.
            &[r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+|"],
            // Two digits, as some trainers have it.
            &[
                r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
            ],
            // Possessive, the prefix keeps a lone mark from being a word.
            &[
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?+[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            ],
            // An escaped backslash and an n.
            &[
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            ],
        ];
        for patterns in misses {
            for syntax in BOTH {
                assert_eq!(Kind::recognise(patterns, syntax), None, "{patterns:?}");
            }
        }
    }
}
