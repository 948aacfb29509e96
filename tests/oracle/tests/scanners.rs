//! Every scanner finds what its own pattern finds.

use comptok_core::pre_tokenizer::{
    Cl100k, Clip, DeepseekV3, Gpt2, Kimi, Kind, Llama3, O200k, Qwen2, Qwen3_5, R50k, Scanner,
    Syntax, Tekken,
};
use comptok_oracle::random::{self, Random};
use comptok_oracle::samples;
use comptok_oracle::split::{Regex, isolated};

/// A scanner and the regular expressions it has to agree with.
struct Pair<S> {
    scanner: S,
    regexes: Vec<Regex>,
    compared: usize,
    bytes: usize,
}

impl<S: Scanner> Pair<S> {
    fn new(scanner: S, patterns: &[&str], syntax: Syntax) -> Self {
        let regexes = patterns
            .iter()
            .map(|pattern| Regex::new(pattern, syntax).expect("the pattern compiles"))
            .collect();
        Self { scanner, regexes, compared: 0, bytes: 0 }
    }

    /// The ends that the scanner finds, a few at a time.
    fn scan(&self, text: &str) -> Vec<usize> {
        let (mut all, mut ends) = (Vec::new(), [0; 5]);
        loop {
            let start = all.last().copied().unwrap_or(0);
            let found = self.scanner.fill(text.as_bytes(), start, &mut ends);
            all.extend_from_slice(&ends[..found]);
            if found < ends.len() {
                return all;
            }
        }
    }

    fn compare(&mut self, text: &str) {
        let wanted = isolated(&self.regexes, text);
        let found = self.scan(text);
        if found != wanted {
            let same = wanted.iter().zip(&found).take_while(|(a, b)| a == b).count();
            let start = if same == 0 { 0 } else { wanted[same - 1] };
            let until = |ends: &[usize]| ends.get(same).map(|&end| &text[start..end]);
            panic!(
                "at byte {start} of {} the pattern finds {:?}, the scanner {:?}, before {:?}",
                text.len(),
                until(&wanted),
                until(&found),
                text[start..].chars().take(60).collect::<String>(),
            );
        }
        self.compared += 1;
        self.bytes += text.len();
    }
}

/// Where the pattern comes from.
fn syntax(kind: Kind) -> Syntax {
    match kind {
        Kind::R50k | Kind::Cl100k | Kind::Kimi => Syntax::FancyRegex,
        _ => Syntax::Oniguruma,
    }
}

fn pair<S: Scanner>(kind: Kind, scanner: S) -> Pair<S> {
    Pair::new(scanner, kind.regex(), syntax(kind))
}

/// On real text.
fn corpus<S: Scanner>(kind: Kind, scanner: S) {
    let mut pair = pair(kind, scanner);
    // fancy-regex gives up on white space of a million steps.
    let piece = if syntax(kind) == Syntax::FancyRegex { 10_000 } else { 30_000 };
    let samples = samples::corpus(kind.code().into(), 300_000, piece);
    for sample in &samples {
        for text in &sample.pieces {
            pair.compare(text);
        }
    }
    let name = kind.name();
    eprintln!("{name}: {} files, {} bytes compared", samples.len(), pair.bytes);
    if samples::shared().is_some() {
        assert!(samples.len() >= 15 && samples.iter().all(|sample| sample.len() >= 300_000));
        assert_eq!(pair.bytes, samples.iter().map(samples::Sample::len).sum::<usize>());
    }
}

/// On text made to be difficult.
fn random_text<S: Scanner>(kind: Kind, scanner: S) {
    let mut pair = pair(kind, scanner);
    let (mut random, mut longest) = (Random::new(0xC0 + u64::from(kind.code())), 0);
    let wanted = if samples::full() { 400_000 } else { 20_000 };
    for i in 0..wanted {
        let text = random::text(&mut random, if i % 4 == 0 { 16 } else { 200 });
        longest = longest.max(text.len());
        pair.compare(&text);
    }
    let (name, bytes) = (kind.name(), pair.bytes);
    eprintln!("{name}: {} random texts, {bytes} bytes, the longest {longest}", pair.compared);
    assert_eq!(pair.compared, wanted);
    assert!(bytes / wanted > 40 && longest > 200);
}

/// On every char.
fn chars<S: Scanner>(kind: Kind, scanner: S) {
    let mut pair = pair(kind, scanner);
    for c in '\0'..=char::MAX {
        pair.compare(c.encode_utf8(&mut [0; 4]));
        pair.compare(&format!("{c}{c}"));
        pair.compare(&format!("a{c}B'{c}"));
    }
    eprintln!("{}: {} texts with every char compared", kind.name(), pair.compared);
    assert_eq!(pair.compared, 3 * (0x11_0000 - 0x800));
}

/// The pattern spelled for the other engine finds the same.
fn other_syntax<S: Scanner>(kind: Kind, scanner: S) {
    for syntax in [Syntax::FancyRegex, Syntax::Oniguruma] {
        let mut pair = Pair::new(scanner, kind.regex_in(syntax), syntax);
        let mut random = Random::new(0x5E + u64::from(kind.code()));
        for _ in 0..3_000 {
            pair.compare(&random::text(&mut random, 100));
        }
        eprintln!("{}, {syntax:?}: {} random texts", kind.name(), pair.compared);
        assert_eq!(pair.compared, 3_000);
    }
}

macro_rules! scanners {
    ($($module:ident: $kind:ident $scanner:expr),* $(,)?) => {
        $(mod $module {
            use super::*;

            #[test]
            fn corpus() {
                super::corpus(Kind::$kind, $scanner);
            }

            #[test]
            fn random_text() {
                super::random_text(Kind::$kind, $scanner);
            }

            #[test]
            fn chars() {
                super::chars(Kind::$kind, $scanner);
            }

            #[test]
            fn other_syntax() {
                super::other_syntax(Kind::$kind, $scanner);
            }
        })*

        #[test]
        fn every_kind_is_compared() {
            assert_eq!([$(Kind::$kind),*], Kind::ALL);
        }

        /// Compares the scanner of `kind` with any patterns.
        fn compare_any(kind: Kind, patterns: &[&str], syntax: Syntax, texts: &[String]) -> usize {
            match kind {
                $(Kind::$kind => {
                    let mut pair = Pair::new($scanner, patterns, syntax);
                    texts.iter().for_each(|text| pair.compare(text));
                    pair.compared
                })*
            }
        }
    };
}

scanners! {
    gpt2: Gpt2 Gpt2,
    r50k: R50k R50k,
    cl100k: Cl100k Cl100k,
    llama3: Llama3 Llama3,
    qwen2: Qwen2 Qwen2,
    qwen3_5: Qwen3_5 Qwen3_5,
    o200k: O200k O200k,
    tekken: Tekken Tekken,
    deepseek_v3: DeepseekV3 DeepseekV3,
    kimi: Kimi Kimi,
    clip: Clip Clip,
}

/// What `recognise` takes for a pattern finds what the scanner finds, in the engine it was asked
/// for: every pattern with a few small changes.
#[test]
fn recognised_spellings() {
    let mut random = Random::new(0x4EC);
    let texts: Vec<String> = (0..400).map(|_| random::text(&mut random, 60)).collect();
    let (mut tried, mut recognised) = (0, std::collections::BTreeSet::new());
    for kind in Kind::ALL {
        for round in 0..6_000 {
            let syntax = [Syntax::FancyRegex, Syntax::Oniguruma][round % 2];
            let mut patterns: Vec<String> = kind.regex().iter().map(ToString::to_string).collect();
            for _ in 0..1 + random.below(4) {
                let which = random.below(patterns.len());
                respell(&mut patterns[which], &mut random);
            }
            let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
            tried += 1;
            let Some(kind) = Kind::recognise(&patterns, syntax) else { continue };
            let new = recognised.insert((syntax as u8, patterns.concat()));
            if new {
                assert_eq!(compare_any(kind, &patterns, syntax, &texts), texts.len());
            }
        }
    }
    eprintln!("{tried} patterns, {} different ones recognised", recognised.len());
    assert!(recognised.len() > 300);
}

/// One small change, which may or may not change what the pattern means.
fn respell(pattern: &mut String, random: &mut Random) {
    const EXCHANGES: &[[&str; 2]] = &[
        ["(?i:'s|'t|'re|'ve|'m|'ll|'d)", "'(?i:[sdmt]|ll|ve|re)"],
        ["'s|'t|'re|'ve|'m|'ll|'d", "'(?:[sdmt]|ll|ve|re)"],
        [r"\s++$|", ""],
        [r"|\s+(?!\S)", r"|\s++$|\s+(?!\S)"],
        [r"\r\n", "\r\n"],
        [r"\s*[\r\n]+", r"\s*[\r\n]"],
        [r"\s*[\r\n]|", r"\s*[\r\n]+|"],
        ["{1,3}", "{1,3}+"],
        ["{1,3}", ""],
        [r"|\p{N}|", r"|\p{N}{1,3}|"],
        ["{1,3}+", "{1,3}"],
        ["++", "+"],
        ["+|", "++|"],
        ["*|", "*+|"],
        ["*+|", "*|"],
        ["?", "?+"],
        ["?+", "?"],
        ["/", ""],
        ["(?i:", "(?:"],
    ];
    match random.below(8) {
        0 => {
            // Any char out.
            let at = random.below(pattern.chars().count());
            *pattern =
                pattern.chars().enumerate().filter(|(i, _)| *i != at).map(|(_, c)| c).collect();
        }
        1 if pattern.ends_with(r"\s+") => {
            pattern.pop();
        }
        2 if pattern.ends_with(r"\s") => pattern.push('+'),
        _ => {
            let [from, to] = random.pick(EXCHANGES);
            let places: Vec<usize> = pattern.match_indices(from).map(|(at, _)| at).collect();
            if !places.is_empty() {
                let at = *random.pick(&places);
                pattern.replace_range(at..at + from.len(), to);
            }
        }
    }
}
