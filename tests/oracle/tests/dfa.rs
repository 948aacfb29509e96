//! Baked patterns against the engines that they were written for.

use comptok_bake::bake::dfa::{bake, property_names};
use comptok_bake::spec::{Pattern, PreTokenizer};
use comptok_core::pre_tokenizer::dfa::Dfa;
use comptok_core::pre_tokenizer::{
    Cl100k, Clip, DeepseekV3, Gpt2, Kimi, Kind, Llama3, O200k, Qwen2, Qwen3_5, R50k, Scanner,
    Syntax, Tekken,
};
use comptok_oracle::random::{self, Random};
use comptok_oracle::samples;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::OnceLock;

const CLIP: &str =
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

fn kimi() -> String {
    let [o200k] = Kind::O200k.regex() else { panic!("it is one pattern") };
    let letters = o200k.replace(r"\p{M}]", r"\p{M}&&[^\p{Han}]]");
    format!(r"[\p{{Han}}]+|{}", letters.replace(r"[\r\n/]*", r"[\r\n]*"))
}

/// Every pattern of the pre-tokenizers, in every engine that takes it.
fn known_patterns() -> Vec<(String, String, Syntax)> {
    let mut patterns = vec![
        ("clip".to_owned(), CLIP.to_owned(), Syntax::Oniguruma),
        ("falcon".to_owned(), "[0-9][0-9][0-9]".to_owned(), Syntax::Oniguruma),
        ("kimi".to_owned(), kimi(), Syntax::FancyRegex),
        // Not the one that fancy-regex reads: a `+` after counts repeats.
        ("cl100k as export".to_owned(), Kind::Cl100k.regex()[0].to_owned(), Syntax::Oniguruma),
    ];
    for kind in Kind::ALL {
        for syntax in [Syntax::FancyRegex, Syntax::Oniguruma] {
            for (number, pattern) in (1..).zip(kind.regex_in(syntax)) {
                patterns.push((
                    format!("{kind:?} {number} {syntax:?}"),
                    (*pattern).to_owned(),
                    syntax,
                ));
            }
        }
    }
    for (name, steps) in comptok_bake::read::gguf_patterns() {
        let PreTokenizer::Sequence(steps) = steps else { panic!("{name} has steps") };
        for step in steps {
            if let PreTokenizer::Split { pattern: Pattern::Regex(regex), .. } = step
                && patterns
                    .iter()
                    .all(|(_, known, syntax)| *known != regex || *syntax != Syntax::Oniguruma)
                // The others look around: tests/looks.rs.
                && bake(&regex, Syntax::Oniguruma).is_ok()
            {
                patterns.push((format!("{name} of GGUF"), regex, Syntax::Oniguruma));
            }
        }
    }
    patterns
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
    r"(?>a+)b|(?>[\p{L}x])1|a*+[^a]",
    r"(?:\d{2}|\d){1,3}-|\d",
    r"(?:a++b)*c|[ab]",
    r"\p{Han}|\p{Latin}+|\P{L}",
    r"[a-f&&[^b-d]]+|[[x-z]1]|[^\d&&[^5]]",
    r"(?i:k+|[a-s]'S)|\S",
    r"(?i)abc|x(?-i:yz)|d",
    r" ?[^(\s|[.,!?…。，、।۔،])]+",
    r"é+|e\x{301}|\u00e8|[\x41-C]",
    r"(?<name>a|b)+|\*\.\-\/\#",
    r"(\n|\r\n)+$|[a-z]\z|q",
    r"\h{2}|\H",
    r"[\w-]+|[-a]|[+\-*/]+",
    r"(?s:.)(?m:.)|\n",
    r"(?:\s\S)++|\s++$|.",
    r"\S{2,3}+|a",
    r"[!-/:-~]+|[^ -~]",
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
    fn new(pattern: &str, syntax: Syntax) -> Result<Self, String> {
        match syntax {
            Syntax::Oniguruma => {
                onig::Regex::new(pattern).map(Self::Onig).map_err(|e| e.to_string())
            }
            Syntax::FancyRegex => fancy_regex::Regex::new(pattern)
                .map(|regex| Self::Tiktoken(Box::new(regex)))
                .map_err(|e| e.to_string()),
        }
    }
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

#[test]
fn known_patterns_on_difficult_and_real_text() {
    let samples = samples::corpus(11, 60_000, 10_000);
    for (name, pattern, syntax) in known_patterns() {
        let image = bake(&pattern, syntax).unwrap_or_else(|error| panic!("{name}: {error}"));
        let dfa = Dfa::parse(&image).expect("a baked image");
        let reference = Reference::new(&pattern, syntax).expect("the engine takes it");
        let mut random = Random::new(0xC0FF_EE00);
        let mut pieces = 0;
        for round in 0..4000 {
            let mut text = random::text(&mut random, 1 + round % 160);
            // What only patterns with words of their own find.
            match round % 8 {
                0 => text.insert_str(0, "<sentinel:12>"),
                1 => text += "IMGIMGABIZ",
                _ => {}
            }
            pieces += check(&name, &dfa, &reference, &text);
        }
        assert!(pieces > 4_200, "{name}: {pieces}");
        for text in samples.iter().flat_map(|sample| &sample.pieces) {
            pieces += check(&name, &dfa, &reference, text);
        }
        println!("{name}: {} bytes, {pieces} pieces agree", image.len());
    }
}

#[test]
fn made_up_patterns() {
    for pattern in MADE_UP {
        let mut syntaxes = 0;
        for syntax in [Syntax::Oniguruma, Syntax::FancyRegex] {
            let Ok(image) = bake(pattern, syntax) else { continue };
            syntaxes += 1;
            let dfa = Dfa::parse(&image).expect("a baked image");
            let reference =
                Reference::new(pattern, syntax).expect("what we take, the engine takes");
            let mut random = Random::new(7);
            for round in 0..4000 {
                check(pattern, &dfa, &reference, &random::text(&mut random, 1 + round % 60));
                // The few chars that the patterns are about.
                let chars = [
                    "a", "b", "c", "d", "x", "y", "z", "1", "22", " ", " ", "\n", "\r\n", "\"",
                    "-", "中", "K",
                ];
                let text: String = (0..random.below(14)).map(|_| *random.pick(&chars)).collect();
                check(pattern, &dfa, &reference, &text);
            }
        }
        assert!(syntaxes > 0, "{pattern}: {:?}", bake(pattern, Syntax::Oniguruma).err());
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
        for syntax in [Syntax::Oniguruma, Syntax::FancyRegex] {
            let pattern = format!(r"\p{{{name}}}");
            let image = bake(&pattern, syntax).expect("a name");
            let dfa = Dfa::parse(&image).expect("a baked image");
            let reference = Reference::new(&pattern, syntax).expect("the engine knows it");
            check(name, &dfa, &reference, all_chars());
            names += 1;
        }
    }
    assert!(names > 200, "{names}");
    let classes = [r"\s", r"\S", r"\d", r"\D", r"\w", r"\W", r"\h", r"\H"];
    let in_brackets =
        classes.iter().flat_map(|class| [format!("[{class}]"), format!("[^{class}]")]);
    let single = classes.iter().map(|class| class.to_string());
    let others = [".", r"[^\w\s]", r"[\w&&\S]", r"[[^\W]]", r"[\p{L}\d]"].map(String::from);
    for class in single.chain(in_brackets).chain(others) {
        let class = &*class;
        for syntax in [Syntax::Oniguruma, Syntax::FancyRegex] {
            let image = bake(class, syntax).expect("a class");
            let dfa = Dfa::parse(&image).expect("a baked image");
            check(class, &dfa, &Reference::new(class, syntax).expect("a class"), all_chars());
        }
    }
    let posix = ["alpha", "alnum", "digit", "lower", "upper", "space", "cntrl", "punct", "xdigit"];
    let mut taken = BTreeSet::new();
    for name in posix {
        for syntax in [Syntax::Oniguruma, Syntax::FancyRegex] {
            for pattern in [format!("[[:{name}:]]"), format!("[[:^{name}:]]")] {
                let Ok(image) = bake(&pattern, syntax) else { continue };
                let dfa = Dfa::parse(&image).expect("a baked image");
                let reference = Reference::new(&pattern, syntax).expect("a class");
                check(&pattern, &dfa, &reference, all_chars());
                taken.insert((name, syntax == Syntax::Oniguruma));
            }
        }
    }
    assert_eq!(taken.len(), 16, "{taken:?}");
}

/// The shared table says what a class is to the libraries themselves, and not just to their engines.
#[test]
fn classes_are_those_of_the_libraries() {
    let Some(root) = samples::shared() else { return };
    let file =
        std::fs::File::open(root.join("vectors/unicode_tables.json.gz")).expect("it is there");
    let tables: serde_json::Value =
        serde_json::from_reader(flate2::read::GzDecoder::new(file)).expect("it is JSON");
    let mut classes = 0;
    for (name, ranges) in tables["sets"].as_object().expect("it has sets") {
        let (pattern, syntax) = match name.split_once(' ') {
            Some(("onig", pattern)) => (pattern, Syntax::Oniguruma),
            Some(("tiktoken", pattern)) => (pattern, Syntax::FancyRegex),
            _ => continue,
        };
        let image = bake(pattern, syntax).expect("a class");
        let dfa = Dfa::parse(&image).expect("a baked image");
        let matched: Vec<u32> = dfa
            .splits(all_chars().as_bytes())
            .filter(|split| split.is_match)
            .flat_map(|split| all_chars()[split.range()].chars().map(u32::from))
            .filter(|c| *c != u32::from(' '))
            .collect();
        let bounds = |range: &serde_json::Value| {
            let bound = |at: usize| range[at].as_u64().expect("a code point") as u32;
            bound(0)..=bound(1)
        };
        let wanted: Vec<u32> = ranges
            .as_array()
            .expect("it has ranges")
            .iter()
            .flat_map(bounds)
            .filter(|code| char::from_u32(*code).is_some_and(|c| c != ' '))
            .collect();
        assert!(matched == wanted, "{name}: {} chars for {}", matched.len(), wanted.len());
        classes += 1;
    }
    assert_eq!(classes, 37);
}

#[test]
fn letters_but_for_their_case() {
    for letter in ('a'..='z').chain(['A', 'K', 'S', '0', '\'']) {
        for pattern in [format!("(?i:{letter})"), format!("(?i:[{letter}!])")] {
            for syntax in [Syntax::Oniguruma, Syntax::FancyRegex] {
                let image = bake(&pattern, syntax).expect("a letter");
                let dfa = Dfa::parse(&image).expect("a baked image");
                let reference = Reference::new(&pattern, syntax).expect("a letter");
                check(&pattern, &dfa, &reference, all_chars());
            }
        }
    }
}

#[test]
fn escaped_punctuation_is_itself() {
    for c in ('!'..='~').filter(char::is_ascii_punctuation) {
        for pattern in [format!("\\{c}"), format!("[\\{c}]"), format!("[^\\{c}]")] {
            for syntax in [Syntax::Oniguruma, Syntax::FancyRegex] {
                let Ok(image) = bake(&pattern, syntax) else {
                    assert!(matches!(c, '<' | '>'), "{pattern}");
                    continue;
                };
                let dfa = Dfa::parse(&image).expect("a baked image");
                let reference = Reference::new(&pattern, syntax).expect("the engine takes it");
                let text: String = ('\0'..='\u{FF}').collect();
                check(&pattern, &dfa, &reference, &text);
            }
        }
    }
}

/// A text like [`random::text`], and perhaps with bytes that are not UTF-8.
fn bytes(random: &mut Random) -> Vec<u8> {
    let mut text = random::text(random, 40).into_bytes();
    for _ in 0..random.below(4) {
        let at = random.below(text.len() + 1);
        match random.below(3) {
            0 => text.truncate(at),
            1 => text.insert(at, random.bits() as u8),
            _ => drop(text.drain(at..text.len().min(at + 1))),
        }
    }
    text
}

#[test]
fn the_end_is_reported_when_more_text_could_matter() {
    let mut random = Random::new(5);
    let made_up = MADE_UP
        .iter()
        .map(|pattern| (pattern.to_string(), pattern.to_string(), Syntax::FancyRegex));
    for (name, pattern, syntax) in known_patterns().into_iter().chain(made_up) {
        let Ok(image) = bake(&pattern, syntax) else { continue };
        let dfa = Dfa::parse(&image).expect("a baked image");
        for _ in 0..400 {
            let (text, more) = (bytes(&mut random), bytes(&mut random));
            let longer = [&text[..], &more].concat();
            let whole: Vec<_> = dfa.splits(&longer).collect();
            for (split, with_more) in dfa.splits(&text).zip(whole) {
                if split.touches_end {
                    break;
                }
                let part = |split: comptok_core::pre_tokenizer::dfa::Split| {
                    (split.range(), split.is_match)
                };
                assert_eq!(part(split), part(with_more), "{name}: {text:?} + {more:?}");
            }
        }
    }
}

/// What is not UTF-8 is the same to a baked pattern as to the scanner of that pattern.
#[test]
fn baked_patterns_are_the_scanners_on_any_bytes() {
    fn compare<S: Scanner>(kind: Kind, scanner: S) {
        let syntax = if kind == Kind::Cl100k { Syntax::FancyRegex } else { Syntax::Oniguruma };
        let images: Vec<Vec<u8>> = kind
            .regex()
            .iter()
            .map(|pattern| bake(pattern, syntax).expect("it is known"))
            .collect();
        let mut random = Random::new(3);
        for _ in 0..20_000 {
            let text = bytes(&mut random);
            // One split after the other.
            let whole = 0..text.len();
            let mut parts = vec![whole];
            for image in &images {
                let dfa = Dfa::parse(image).expect("a baked image");
                let split = |part: Range<usize>| {
                    let splits: Vec<_> = dfa.splits(&text[part.clone()]).collect();
                    splits.into_iter().map(move |s| part.start + s.start..part.start + s.end)
                };
                parts = parts.into_iter().flat_map(split).collect();
            }
            let mut at = 0;
            for part in parts {
                assert_eq!(at..scanner.end(&text, at), part, "{kind:?}: {text:?}");
                at = part.end;
            }
        }
    }
    compare(Kind::Gpt2, Gpt2);
    compare(Kind::R50k, R50k);
    compare(Kind::Cl100k, Cl100k);
    compare(Kind::Llama3, Llama3);
    compare(Kind::Qwen2, Qwen2);
    compare(Kind::Qwen3_5, Qwen3_5);
    compare(Kind::O200k, O200k);
    compare(Kind::Tekken, Tekken);
    compare(Kind::DeepseekV3, DeepseekV3);
    compare(Kind::Kimi, Kimi);
    compare(Kind::Clip, Clip);
}

#[test]
fn what_cannot_be_the_same_is_refused() {
    for (pattern, syntax, column) in [
        (r"a(?=b)", Syntax::Oniguruma, 2),
        (r"ab(?!\s)", Syntax::Oniguruma, 3),
        (r"x|\s*(?!\S)", Syntax::Oniguruma, 6),
        (r"(?<=a)b", Syntax::FancyRegex, 1),
        (r"(a)\1", Syntax::FancyRegex, 4),
        (r"\bword\b", Syntax::Oniguruma, 1),
        (r"^a", Syntax::Oniguruma, 1),
        (r"(?:ab|a)++b", Syntax::FancyRegex, 9),
        (r"a++a", Syntax::FancyRegex, 2),
        (r"(?:a++b?)*c", Syntax::FancyRegex, 5),
        (r"(?>a|ab)c", Syntax::FancyRegex, 1),
        (r"a*", Syntax::Oniguruma, 1),
        (r"(?:a*)+", Syntax::Oniguruma, 1),
        (r"[[:punct:]]", Syntax::Oniguruma, 2),
        (r"\p{Emoji}", Syntax::Oniguruma, 1),
        (r"a{2}?", Syntax::Oniguruma, 2),
        (r"(?i:ß)", Syntax::FancyRegex, 5),
        (r"(?i:ss)", Syntax::Oniguruma, 6),
        (r"a(?i)b", Syntax::Oniguruma, 2),
        (r"(a", Syntax::FancyRegex, 1),
        (r"a)", Syntax::FancyRegex, 2),
        (r"[a", Syntax::FancyRegex, 1),
        (r"[]a]", Syntax::FancyRegex, 2),
        (r"\xE9", Syntax::Oniguruma, 1),
        (r"x{1001}", Syntax::Oniguruma, 2),
        (r"(?:(?:\p{L}{1000}){1000}){1000}", Syntax::Oniguruma, 1),
    ] {
        let error = bake(pattern, syntax).expect_err(pattern);
        assert_eq!(error.column, column, "{pattern}: {error}");
        assert!(error.to_string().starts_with("pattern, column "), "{error}");
    }
    let deep = "(".repeat(100_000) + "a" + &")".repeat(100_000);
    assert!(bake(&deep, Syntax::FancyRegex).is_err());
    let deep = "[".repeat(100_000) + "a" + &"]".repeat(100_000);
    assert!(bake(&deep, Syntax::FancyRegex).is_err());
}
