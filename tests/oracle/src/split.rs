//! Splitting by a regular expression, as the reference libraries do it.

use comptok_core::pre_tokenizer::Syntax;

/// A compiled pattern of either engine.
pub enum Regex {
    /// For [`Syntax::FancyRegex`].
    Fancy(fancy_regex::Regex),
    /// For [`Syntax::Oniguruma`].
    Onig(onig::Regex),
}

impl Regex {
    /// Compiles `pattern`.
    ///
    /// # Errors
    /// What the engine says of the pattern.
    pub fn new(pattern: &str, syntax: Syntax) -> Result<Self, String> {
        match syntax {
            Syntax::FancyRegex => {
                fancy_regex::Regex::new(pattern).map(Self::Fancy).map_err(|error| error.to_string())
            }
            Syntax::Oniguruma => onig::Regex::new(pattern)
                .map(Self::Onig)
                .map_err(|error| error.description().to_owned()),
        }
    }

    /// Start and end of all matches.
    ///
    /// # Panics
    /// If the engine gives up.
    fn matches(&self, text: &str) -> Vec<(usize, usize)> {
        match self {
            Self::Fancy(regex) => regex
                .find_iter(text)
                .map(|found| {
                    let found = found.expect("within the backtracking limit");
                    (found.start(), found.end())
                })
                .collect(),
            Self::Onig(regex) => regex.find_iter(text).collect(),
        }
    }
}

/// Splits by one pattern after the other, matches isolated, and returns the ends of all pieces.
///
/// What a pattern misses between two matches is one piece. The pieces of a pattern are what the
/// next one sees.
pub fn isolated(regexes: &[Regex], text: &str) -> Vec<usize> {
    let mut ends = if text.is_empty() { Vec::new() } else { vec![text.len()] };
    for regex in regexes {
        let (mut finer, mut start) = (Vec::new(), 0);
        for end in ends {
            let mut at = start;
            for (from, to) in regex.matches(&text[start..end]) {
                finer.extend([start + from, start + to].into_iter().filter(|&cut| cut > at));
                at = start + to;
            }
            finer.extend((at < end).then_some(end));
            start = end;
        }
        ends = finer;
    }
    ends
}
