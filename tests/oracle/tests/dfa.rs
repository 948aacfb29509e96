//! Baked patterns against the engines that they were written for.

use comptok_bake::bake::dfa::{Flavor, bake, property_names};
use comptok_core::pre_tokenizer::dfa::Dfa;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::OnceLock;

const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
const R50K: &str =
    r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s";
const CL100K: &str = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s";
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN3_5: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const O200K: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const DEEPSEEK_2: &str = "[一-龥぀-ゟ゠-ヿ]+";
const DEEPSEEK_3: &str = r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"##;
const CLIP: &str =
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

fn tekken() -> String {
    let without_tails = O200K.replace("(?i:'s|'t|'re|'ve|'m|'ll|'d)?", "");
    without_tails.replace(r"\p{N}{1,3}", r"\p{N}")
}

fn kimi() -> String {
    let letters = |class: &str| class.replace(r"\p{M}]", r"\p{M}&&[^\p{Han}]]");
    format!(r"[\p{{Han}}]+|{}", letters(O200K).replace(r"[\r\n/]*", r"[\r\n]*"))
}

/// Every pattern of the pre-tokenizers, and its engine.
fn known_patterns() -> Vec<(&'static str, String, Flavor)> {
    let qwen2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}");
    vec![
        ("gpt2", GPT2.into(), Flavor::Onig),
        ("r50k", R50K.into(), Flavor::Tiktoken),
        ("cl100k", CL100K.into(), Flavor::Tiktoken),
        ("llama3", LLAMA3.into(), Flavor::Onig),
        ("llama3 as tiktoken", LLAMA3.into(), Flavor::Tiktoken),
        ("qwen2", qwen2, Flavor::Onig),
        ("qwen3_5", QWEN3_5.into(), Flavor::Onig),
        ("o200k", O200K.into(), Flavor::Tiktoken),
        ("o200k as export", O200K.into(), Flavor::Onig),
        ("tekken", tekken(), Flavor::Tiktoken),
        ("kimi", kimi(), Flavor::Tiktoken),
        ("deepseek 1", r"\p{N}{1,3}".into(), Flavor::Onig),
        ("deepseek 2", DEEPSEEK_2.into(), Flavor::Onig),
        ("deepseek 3", DEEPSEEK_3.into(), Flavor::Onig),
        ("clip", CLIP.into(), Flavor::Onig),
        ("falcon", "[0-9][0-9][0-9]".into(), Flavor::Onig),
    ]
}

/// Patterns that nobody uses, for what the others do not need.
const MADE_UP: &[&str] = &[
    r"\w+|[^\w\s]+",
    "a+b|c",
    "[0-9]+x|[a-z]",
    r#""[^"]*"|\w+"#,
    r"\s+$",
    r"\s+$|\w",
    r"x|\s+(?!\S)",
    r"x|\s+(?!\S)|\s\d+y",
    r"\s[\d\s]+x|\s+(?!\S)|\w+",
    r"(?:a|\s+(?!\S)|(b))|\s",
    r"\s*[\r\n]|[^\s]{2,5}|\s+(?!\S)",
    r"a.c|.b+?|[b-y]*?z",
    r"(?:ab|a)(?:c|bcd)|b?c?d",
    r"(?>a+)b|(?>\p{L}|x)1|a*+[^a]",
    r"(?:\d{2}|\d)+-|\d",
    r"(?:a++b?)*c|[ab]",
    r"\p{Han}|\p{Latin}+|\P{L}",
    r"[a-f&&[^b-d]]+|[[x-z]1]|[^\d&&[^5]]",
    r"(?i:k+|[a-s]'S)|\S",
    r"(?i)abc|x(?-i:yz)|d",
    r" ?[^(\s|[.,!?…。，、।۔،])]+",
    r"é+|e\x{301}|\u00e8|[\x41-C]",
    r"(?<name>a|b)+|\*\.\-\/\#",
    r"(\n|\r\n)+$|\z|q",
    r"\h{2}|\H",
    r"[\w-]+|[-a]|[+\-*/]+",
    r"(?s:.)(?m:.)|\n",
];

/// What the engine splits a text into: the matches and what is between them.
fn reference(pattern: &Reference, text: &str) -> Vec<(Range<usize>, bool)> {
    let matches: Vec<Range<usize>> = match pattern {
        Reference::Onig(regex) => regex.find_iter(text).map(|(start, end)| start..end).collect(),
        Reference::Tiktoken(regex) => {
            regex.find_iter(text).map(|found| found.expect("no limit is hit").range()).collect()
        }
    };
    let mut splits = Vec::new();
    let mut at = 0;
    for found in matches {
        if at < found.start {
            splits.push((at..found.start, false));
        }
        at = found.end;
        splits.push((found, true));
    }
    if at < text.len() {
        splits.push((at..text.len(), false));
    }
    splits
}

enum Reference {
    Onig(onig::Regex),
    Tiktoken(Box<fancy_regex::Regex>),
}

impl Reference {
    fn new(pattern: &str, flavor: Flavor) -> Result<Self, String> {
        match flavor {
            Flavor::Onig => onig::Regex::new(pattern).map(Self::Onig).map_err(|e| e.to_string()),
            Flavor::Tiktoken => fancy_regex::Regex::new(pattern)
                .map(|regex| Self::Tiktoken(Box::new(regex)))
                .map_err(|e| e.to_string()),
        }
    }
}

/// xorshift: seeded, and the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// Text of what is hard: white space of all lengths, contractions, case, marks, digits of many scripts, ends
/// of ranges.
fn nasty(random: &mut Random, length: usize) -> String {
    const PIECES: &[&str] = &[
        " ",
        " ",
        "  ",
        "\n",
        "\r\n",
        "\t",
        "\u{A0}",
        "\u{3000}",
        "\u{2028}",
        "\u{85}",
        "\u{200D}",
        "'s",
        "'S",
        "'ſ",
        "'ll",
        "'LL",
        "'Re",
        "'ve",
        "'",
        "’s",
        "a",
        "b",
        "c",
        "ab",
        "abc",
        "abcd",
        "X",
        "xyz",
        "K",
        "\u{212A}",
        "Ab",
        "ǅ",
        "ʰ",
        "ª",
        "é",
        "e\u{301}",
        "\u{301}",
        "ñ",
        "ß",
        "İ",
        "я",
        "Я",
        "中",
        "文",
        "々",
        "ひ",
        "ゟ",
        "カ",
        "ー",
        "龥",
        "한",
        "ก",
        "ำ",
        "א",
        "ع",
        "0",
        "1",
        "12",
        "123x",
        "4567",
        "٣",
        "²",
        "½",
        "Ⅷ",
        "५",
        ".",
        ",",
        "!",
        "?!",
        "-",
        "\"",
        "\"q\"",
        "(",
        "|",
        "/",
        "//",
        "\\",
        "<|endoftext|>",
        "\u{FFFD}",
        "\u{10FFFF}",
        "\u{E000}",
        "😀",
        "👨\u{200D}👩",
        "\0",
        "\x0B",
        "q",
        "z",
        "y",
        "d",
        "+*/",
        "5",
    ];
    let mut text = String::new();
    while text.len() < length {
        match random.below(12) {
            0 => text.extend(char::from_u32(random.below(0x3_0000) as u32)),
            1 => text.extend(char::from_u32(random.below(0x300) as u32)),
            _ => text.push_str(random.pick(PIECES)),
        }
    }
    text
}

fn check(name: &str, dfa: &Dfa<'_>, reference_pattern: &Reference, text: &str) -> usize {
    let want = reference(reference_pattern, text);
    let mut got = dfa.splits(text.as_bytes());
    for (range, is_match) in &want {
        let split = got.next();
        assert_eq!(
            split.map(|split| (split.range(), split.is_match)),
            Some((range.clone(), *is_match)),
            "{name}: {:?}",
            text.get(range.start.saturating_sub(20)..)
                .unwrap_or(text)
                .chars()
                .take(80)
                .collect::<String>()
        );
    }
    assert_eq!(got.next(), None, "{name}: {text:?}");
    want.len()
}

fn shared() -> Option<PathBuf> {
    let root = std::env::var_os("COMPTOK_SHARED")
        .map_or(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    if root.join("corpus").is_dir() {
        return Some(root);
    }
    assert!(std::env::var_os("CI").is_none(), "../shared is absent");
    eprintln!("skipped: ../shared is absent");
    None
}

/// Some 100 KB of each corpus file, from places all over it.
fn samples() -> &'static [String] {
    static SAMPLES: OnceLock<Vec<String>> = OnceLock::new();
    SAMPLES.get_or_init(|| {
        let Some(root) = shared() else { return Vec::new() };
        let mut samples = Vec::new();
        for folder in ["corpus", "corpus/adversarial"] {
            let mut files: Vec<PathBuf> = std::fs::read_dir(root.join(folder))
                .expect("the folder is there")
                .map(|entry| entry.expect("it is readable").path())
                .filter(|path| path.extension().is_some_and(|end| end == "txt"))
                .collect();
            files.sort();
            for file in files {
                let text = std::fs::read_to_string(&file).expect("the corpus is text");
                let (pieces, length) = if folder == "corpus" { (8, 12_000) } else { (1, 20_000) };
                for piece in 0..pieces {
                    let start = text.floor_char_boundary(text.len() / pieces * piece);
                    let end = text.floor_char_boundary((start + length).min(text.len()));
                    samples.push(text[start..end].to_owned());
                }
            }
        }
        assert!(samples.len() > 40, "{}", samples.len());
        samples
    })
}

#[test]
fn known_patterns_on_nasty_and_real_text() {
    for (name, pattern, flavor) in known_patterns() {
        let image = bake(&pattern, flavor).unwrap_or_else(|error| panic!("{name}: {error}"));
        let dfa = Dfa::parse(&image).expect("a baked image");
        let reference = Reference::new(&pattern, flavor).expect("the engine takes it");
        let mut random = Random(0xC0FF_EE00_1234_5677);
        let mut pieces = 0;
        for round in 0..3000 {
            let text = nasty(&mut random, 1 + round % 120);
            pieces += check(name, &dfa, &reference, &text);
        }
        assert!(pieces > 10_000, "{name}: {pieces}");
        for text in samples() {
            pieces += check(name, &dfa, &reference, text);
        }
        println!("{name}: {} bytes, {pieces} pieces agree", image.len());
    }
}

#[test]
fn made_up_patterns() {
    for pattern in MADE_UP {
        let mut flavors = 0;
        for flavor in [Flavor::Onig, Flavor::Tiktoken] {
            let image = match bake(pattern, flavor) {
                Ok(image) => image,
                Err(_) => continue,
            };
            flavors += 1;
            let dfa = Dfa::parse(&image).expect("a baked image");
            let reference =
                Reference::new(pattern, flavor).expect("what we take, the engine takes");
            let mut random = Random(7);
            for round in 0..4000 {
                let text = nasty(&mut random, 1 + round % 60);
                check(pattern, &dfa, &reference, &text);
            }
        }
        assert!(flavors > 0, "{pattern}: {:?}", bake(pattern, Flavor::Onig).err());
    }
}

/// Every char, in one text; each char apart from its neighbours.
fn all_chars() -> &'static str {
    static ALL: OnceLock<String> = OnceLock::new();
    ALL.get_or_init(|| ('\0'..=char::MAX).filter(|c| *c != ' ').flat_map(|c| [c, ' ']).collect())
}

#[test]
fn properties_are_those_of_the_engines() {
    let mut names = 0;
    for name in property_names() {
        for flavor in [Flavor::Onig, Flavor::Tiktoken] {
            let pattern = format!(r"\p{{{name}}}");
            let image = bake(&pattern, flavor).expect("a name");
            let dfa = Dfa::parse(&image).expect("a baked image");
            let reference = Reference::new(&pattern, flavor).expect("the engine knows it");
            check(name, &dfa, &reference, all_chars());
            names += 1;
        }
    }
    assert!(names > 200, "{names}");
    for class in [r"\s", r"\S", r"\d", r"\D", r"\w", r"\W", r"\h", r"."] {
        for flavor in [Flavor::Onig, Flavor::Tiktoken] {
            let image = bake(class, flavor).expect("a class");
            let dfa = Dfa::parse(&image).expect("a baked image");
            check(class, &dfa, &Reference::new(class, flavor).expect("a class"), all_chars());
        }
    }
    let posix = ["alpha", "alnum", "digit", "lower", "upper", "space", "cntrl", "punct", "xdigit"];
    let mut taken = BTreeSet::new();
    for name in posix {
        for flavor in [Flavor::Onig, Flavor::Tiktoken] {
            for pattern in [format!("[[:{name}:]]"), format!("[[:^{name}:]]")] {
                let Ok(image) = bake(&pattern, flavor) else { continue };
                let dfa = Dfa::parse(&image).expect("a baked image");
                let reference = Reference::new(&pattern, flavor).expect("a class");
                check(&pattern, &dfa, &reference, all_chars());
                taken.insert((name, flavor == Flavor::Onig));
            }
        }
    }
    assert_eq!(taken.len(), 16, "{taken:?}");
}

#[test]
fn letters_but_for_their_case() {
    for letter in ('a'..='z').chain(['A', 'K', 'S', '0', '\'']) {
        for pattern in [format!("(?i:{letter})"), format!("(?i:[{letter}!])")] {
            for flavor in [Flavor::Onig, Flavor::Tiktoken] {
                let image = bake(&pattern, flavor).expect("a letter");
                let dfa = Dfa::parse(&image).expect("a baked image");
                let reference = Reference::new(&pattern, flavor).expect("a letter");
                check(&pattern, &dfa, &reference, all_chars());
            }
        }
    }
}

#[test]
fn escaped_punctuation_is_itself() {
    for c in ('!'..='~').filter(char::is_ascii_punctuation) {
        for pattern in [format!("\\{c}"), format!("[\\{c}]"), format!("[^\\{c}]")] {
            for flavor in [Flavor::Onig, Flavor::Tiktoken] {
                let Ok(image) = bake(&pattern, flavor) else {
                    assert!(matches!(c, '<' | '>'), "{pattern}");
                    continue;
                };
                let dfa = Dfa::parse(&image).expect("a baked image");
                let reference = Reference::new(&pattern, flavor).expect("the engine takes it");
                let text: String = ('\0'..='\u{FF}').collect();
                check(&pattern, &dfa, &reference, &text);
            }
        }
    }
}

#[test]
fn the_end_is_reported_when_more_text_could_matter() {
    let mut random = Random(5);
    for (name, pattern, flavor) in known_patterns() {
        let image = bake(&pattern, flavor).expect("it can be baked");
        let dfa = Dfa::parse(&image).expect("a baked image");
        for _ in 0..300 {
            let (text, more) = (nasty(&mut random, 20), nasty(&mut random, 20));
            let longer = text.clone() + &more;
            let whole: Vec<_> = dfa.splits(longer.as_bytes()).collect();
            for (split, with_more) in dfa.splits(text.as_bytes()).zip(whole) {
                if split.touches_end {
                    break;
                }
                assert_eq!(
                    (split.range(), split.is_match),
                    (with_more.range(), with_more.is_match),
                    "{name}"
                );
            }
        }
    }
}
