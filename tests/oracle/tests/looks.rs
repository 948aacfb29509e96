//! Baked patterns that look around, against the engines that they were written for.

use comptok_bake::bake::dfa::{bake, bake_looks};
use comptok_bake::spec::{Pattern, PreTokenizer};
use comptok_core::pre_tokenizer::Syntax;
use comptok_core::pre_tokenizer::looks::Looks;
use comptok_oracle::number;
use comptok_oracle::random::{self, Random};

/// Patterns of files that people use, and others for what these do not need.
const PATTERNS: &[&str] = &[
    // Cohere's newer models, SuperBPE, and digits in groups from the right in other spellings.
    r"\d{1,3}(?=(?:\d{3})*\b)",
    r"(?=(\d{3})+(?!\d))",
    r"(?<=\d)(?=(?:\d{3})+(?!\d))",
    r"\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))",
    r"(?<!\d)\d{1,2}(?=(?:\d{3})+\b)|\d{3}",
    r"\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s+(?!\S)|\s+",
    r" ?[^(\s|[.,!?…。，、।۔،])]+(?=\s)|\s+(?!\S)x|\S",
    r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^a-zA-Z]+",
    r"\b\w+\b|\B.",
    r"\bab?|c\b",
    r"^\s+|\w+$",
    r"^",
    r"$",
    r"\A[ab]|\b",
    r"x*",
    r"|a",
    r"a?(?=b)|(?<!a)b",
    r"(?:a(?=b)|b(?!a)){2,3}",
    r"(?:a(?!c))?b|c(?<=bc)",
    r"(?<=a|bc)[a-c]|(?<!c|ab)x",
    r"(?=a\B(?=\w))a+|(?<![^\n])-|y(?!(?=x)x)",
    r"a++(?=b)b|\w(?=\n)|1{2}(?<=\b11)",
    r"\d+?(?=x|$)|[^\d]",
    r"(?!a|\d)\w+",
    r"(?<=\s)(?=\S)",
    r"(?=\p{Han})|(?<=\p{Han})",
];

enum Engine {
    Onig(onig::Regex),
    Fancy(Box<fancy_regex::Regex>),
}

impl Engine {
    fn new(pattern: &str, syntax: Syntax) -> Option<Self> {
        match syntax {
            Syntax::Oniguruma => onig::Regex::new(pattern).ok().map(Self::Onig),
            Syntax::FancyRegex => {
                fancy_regex::Regex::new(pattern).ok().map(Box::new).map(Self::Fancy)
            }
        }
    }

    /// The parts and whether they are matches, as the reference's Split makes them.
    /// `None` where the engine gives up.
    fn parts(&self, text: &str) -> Option<Vec<(usize, usize, bool)>> {
        if text.is_empty() {
            return Some(Vec::new());
        }
        let found: Vec<(usize, usize)> = match self {
            Self::Onig(regex) => regex.find_iter(text).collect(),
            Self::Fancy(regex) => {
                let found = regex.find_iter(text).collect::<Result<Vec<_>, _>>().ok()?;
                found.iter().map(|found| (found.start(), found.end())).collect()
            }
        };
        let mut parts = Vec::new();
        let mut at = 0;
        for (start, end) in found {
            if at < start {
                parts.push((at, start, false));
            }
            parts.push((start, end, true));
            at = end;
        }
        if at < text.len() {
            parts.push((at, text.len(), false));
        }
        Some(parts)
    }

    /// Its iterator treats matches of nothing in another way, and nobody splits with it so.
    fn is_of_use(&self, texts: &[String]) -> bool {
        let matches_nothing = |text: &String| {
            self.parts(text).is_none_or(|parts| parts.iter().any(|part| part.0 == part.1))
        };
        matches!(self, Self::Onig(_)) || !texts.iter().any(matches_nothing)
    }
}

fn check(pattern: &str, looks: &Looks<'_>, engine: &Engine, text: &str) {
    // Whatever was in the memory before does not matter.
    let mut marks = vec![0xAA; text.len() + 9];
    let mut got = Vec::new();
    looks.find(text, &mut marks, |start, end, is_match| got.push((start, end, is_match)));
    if let Some(want) = engine.parts(text) {
        assert_eq!(got, want, "{pattern}: {text:?}");
    }
}

/// A text of the few chars that the patterns are about.
fn text(random: &mut Random, longest: usize) -> String {
    let chars = [
        "a", "b", "c", "x", "y", "A", "B", "1", "22", "345", " ", " ", "\n", "\r\n", "-", "_",
        "中", "é", "e\u{301}", "٣", "\u{3000}", "²",
    ];
    (0..random.below(longest)).map(|_| *random.pick(&chars)).collect()
}

/// The patterns of GGUF that have to be baked so.
fn patterns_of_gguf() -> Vec<String> {
    let mut patterns = Vec::new();
    for (_, steps) in comptok_bake::read::gguf_patterns() {
        let PreTokenizer::Sequence(steps) = steps else { continue };
        for step in steps {
            if let PreTokenizer::Split { pattern: Pattern::Regex(regex), .. } = step
                && bake(&regex, Syntax::Oniguruma).is_err()
            {
                patterns.push(regex);
            }
        }
    }
    patterns
}

#[test]
fn patterns_of_files() {
    let of_gguf = patterns_of_gguf();
    assert!(of_gguf.len() >= 4, "{of_gguf:?}");
    for pattern in PATTERNS.iter().copied().chain(of_gguf.iter().map(String::as_str)) {
        let mut engines = 0;
        for syntax in [Syntax::Oniguruma, Syntax::FancyRegex] {
            let Ok(image) = bake_looks(pattern, syntax) else { continue };
            let Some(engine) = Engine::new(pattern, syntax) else { continue };
            if !engine.is_of_use(&["a1 b\nAb中x".to_owned()]) {
                continue;
            }
            engines += 1;
            let looks = Looks::parse(&image).expect("just baked");
            let mut random = Random::new(9);
            for round in 0..3000 {
                check(pattern, &looks, &engine, &text(&mut random, 24));
                check(pattern, &looks, &engine, &random::text(&mut random, 1 + round % 80));
            }
            let long = text(&mut random, 4000).repeat(3);
            check(pattern, &looks, &engine, &long);
        }
        assert!(engines > 0, "{pattern}: {:?}", bake_looks(pattern, Syntax::Oniguruma).err());
    }
}

/// A pattern of a few chars, with looks in all places.
fn pattern(random: &mut Random, depth: usize) -> String {
    let atoms = [
        "a", "b", "[ab]", r"\d", r"\w", r"\s", ".", r"\b", r"\B", "^", "$", r"\A", r"\z", "中",
        "[^a]",
    ];
    let mut branches = Vec::new();
    for _ in 0..1 + random.below(5) / 3 {
        let mut branch = String::new();
        for _ in 0..1 + random.below(3) {
            let node = match random.below(if depth == 0 { 3 } else { 8 }) {
                3 | 4 => {
                    // Oniguruma takes a look-behind of one length for each branch, without looks in it.
                    let kind = *random.pick(&["(?=", "(?!", "(?<=", "(?<!"]);
                    let inner = match kind.contains('<') {
                        true => (*random.pick(&["a", "[ab]", r"\d", "ab|c", r"\w\s", "中|a"]))
                            .to_owned(),
                        false => pattern(random, depth - 1),
                    };
                    branch += &format!("{kind}{inner})");
                    continue;
                }
                5 => format!("(?:{})", pattern(random, depth - 1)),
                _ => (*random.pick(&atoms)).to_owned(),
            };
            let is_assertion = matches!(&*node, r"\b" | r"\B" | "^" | "$" | r"\A" | r"\z");
            branch += &node;
            if !is_assertion {
                let counts = ["", "", "", "?", "*", "+", "{1,2}", "{2}", "??", "+?", "++"];
                branch += *random.pick(&counts);
            }
        }
        branches.push(branch);
    }
    branches.join("|")
}

#[test]
fn drawn_patterns() {
    let cases = number("COMPTOK_CASES").unwrap_or(600);
    let seed = number("COMPTOK_SEED").unwrap_or(1);
    let mut random = Random::new(seed);
    let mut baked = 0;
    for _ in 0..cases {
        let pattern = pattern(&mut random, 2);
        for syntax in [Syntax::Oniguruma, Syntax::FancyRegex] {
            let (Ok(image), Some(engine)) =
                (bake_looks(&pattern, syntax), Engine::new(&pattern, syntax))
            else {
                continue;
            };
            let looks = Looks::parse(&image).expect("just baked");
            let texts: Vec<String> = (0..40).map(|_| text(&mut random, 16)).collect();
            if !engine.is_of_use(&texts) {
                continue;
            }
            for text in &texts {
                check(&pattern, &looks, &engine, text);
            }
            baked += 1;
        }
    }
    println!("{baked} patterns agree");
    assert!(baked * 3 > cases, "{baked} of {cases}");
}
