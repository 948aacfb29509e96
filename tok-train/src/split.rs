//! Text to pre-tokens, as the tokenizer to be will cut it.

use comptok_bake::bake::dfa;
use comptok_bake::read::PatternArg;
use comptok_bake::spec::{Behavior, Family, Pattern, PreTokenizer, PrependScheme};
use comptok_core::Kernel;
use comptok_core::pre_tokenizer::dfa::Dfa;
use comptok_core::pre_tokenizer::{
    Cl100k, Clip, DeepseekV3, Gpt2, Kimi, Kind, Llama3, O200k, Qwen2, Qwen3_5, R50k, Scanner,
    Syntax, Tekken,
};

use crate::TrainError;

/// What a word is made of before anything is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes: the pre-tokenizer is byte-level.
    Byte,
    /// Chars.
    Char,
}

/// Cuts text into pre-tokens.
#[derive(Debug, Clone)]
pub struct Splitter {
    pre_tokenizer: Option<PreTokenizer>,
    family: Family,
    steps: Vec<Step>,
    unit: Unit,
}

#[derive(Debug, Clone)]
enum Step {
    Hand(Kind),
    Dfa { image: Vec<u8>, matches: bool, gaps: bool },
    PrefixSpace,
    Metaspace { replacement: char, scheme: PrependScheme, split: bool },
}

/// White space apart, and every punctuation char alone.
const BERT: &str = r"[^\s\p{P}$+<=>^`|~]+|[\p{P}$+<=>^`|~]";

impl Splitter {
    /// The splitter of a pre-tokenizer; without one, a text is one pre-token.
    ///
    /// A tokenizer of ranks (`Family::Tiktoken`) is byte-level as it is; for others it takes a
    /// `ByteLevel` step.
    ///
    /// # Errors
    /// For pre-tokenizers that training does not support, and patterns that cannot be baked.
    pub fn new(pre_tokenizer: Option<PreTokenizer>, family: Family) -> Result<Self, TrainError> {
        let mut splitter = Self {
            steps: Vec::new(),
            unit: if family == Family::Tiktoken { Unit::Byte } else { Unit::Char },
            pre_tokenizer,
            family,
        };
        let parts: &[PreTokenizer] = match &splitter.pre_tokenizer {
            None => &[],
            Some(PreTokenizer::Sequence(parts)) => parts,
            Some(one) => std::slice::from_ref(one),
        };
        let syntax = match family {
            Family::HuggingFace | Family::SentencePiece => Syntax::Oniguruma,
            Family::Tiktoken => Syntax::FancyRegex,
        };
        let mut at = 0;
        while let Some(part) = parts.get(at) {
            if let Some((kind, len)) = hand(&parts[at..], syntax) {
                splitter.steps.push(Step::Hand(kind));
                at += len;
                continue;
            }
            at += 1;
            let dfa = |pattern, syntax, matches, gaps| match dfa::bake(pattern, syntax) {
                Ok(image) => Ok(Step::Dfa { image, matches, gaps }),
                Err(error) => Err(TrainError::Unsupported(format!("this pattern: {error}"))),
            };
            let step = match part {
                PreTokenizer::ByteLevel { add_prefix_space, use_regex, .. } => {
                    splitter.unit = Unit::Byte;
                    if *add_prefix_space {
                        splitter.steps.push(Step::PrefixSpace);
                    }
                    if !use_regex {
                        continue;
                    }
                    Step::Hand(Kind::Gpt2)
                }
                PreTokenizer::Split { pattern, behavior, invert } => {
                    let regex = match pattern {
                        Pattern::Regex(regex) => regex.clone(),
                        Pattern::String(text) => escape(text),
                    };
                    // What a pattern misses is dropped where tiktoken cuts by it.
                    let (matches, gaps) = match (behavior, invert, family) {
                        (Behavior::Isolated, _, Family::Tiktoken) => (true, false),
                        (Behavior::Isolated, _, Family::HuggingFace) => (true, true),
                        (Behavior::Removed, true, _) => (true, false),
                        (Behavior::Removed, false, _) => (false, true),
                        (other, ..) => {
                            let what = format!("a Split that is {other:?}");
                            return Err(TrainError::Unsupported(what));
                        }
                    };
                    dfa(&regex, syntax, matches, gaps)?
                }
                PreTokenizer::Whitespace => dfa(r"\w+|[^\w\s]+", Syntax::FancyRegex, true, false)?,
                PreTokenizer::WhitespaceSplit => dfa(r"\S+", Syntax::FancyRegex, true, false)?,
                PreTokenizer::Bert => dfa(BERT, Syntax::FancyRegex, true, false)?,
                &PreTokenizer::Metaspace { replacement, prepend_scheme: scheme, split } => {
                    Step::Metaspace { replacement, scheme, split }
                }
                other => {
                    let name = format!("{other:?}");
                    let name = name.split([' ', '(', '{']).next().unwrap_or_default();
                    return Err(TrainError::Unsupported(format!("pre-tokenizer {name}")));
                }
            };
            splitter.steps.push(step);
        }
        Ok(splitter)
    }

    /// Byte-level, by a pattern: with `Family::HuggingFace` as a Split and a ByteLevel step, for `gpt2` as
    /// the ByteLevel step that has it built in.
    ///
    /// # Errors
    /// If there is no pattern of that name, and as [`new`](Self::new).
    pub fn byte_level(pattern: PatternArg<'_>, family: Family) -> Result<Self, TrainError> {
        let named = pattern.pre_tokenizer().map_err(|error| TrainError::Options(error.message))?;
        if family == Family::Tiktoken {
            return Self::new(Some(named), family);
        }
        let byte_level = |use_regex| PreTokenizer::ByteLevel {
            add_prefix_space: false,
            trim_offsets: true,
            use_regex,
        };
        let kind = match pattern {
            PatternArg::Named(name) => Kind::from_name(name).filter(|kind| *kind != Kind::Clip),
            PatternArg::Regex(_) => None,
        };
        let mut steps = match (kind, named) {
            (Some(Kind::Gpt2), _) => return Self::new(Some(byte_level(true)), family),
            (Some(kind), _) => kind.regex_in(Syntax::Oniguruma).iter().map(isolated).collect(),
            (None, PreTokenizer::Sequence(steps)) => steps,
            (None, one) => vec![one],
        };
        steps.push(byte_level(false));
        Self::new(Some(PreTokenizer::Sequence(steps)), family)
    }

    /// The pre-tokenizer it cuts like.
    pub fn pre_tokenizer(&self) -> Option<&PreTokenizer> {
        self.pre_tokenizer.as_ref()
    }

    /// The library whose tokenizers cut like this.
    pub fn family(&self) -> Family {
        self.family
    }

    /// What words are made of.
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// Whether a long text may be cut at [`safe_cut`](comptok_core::pre_tokenizer::safe_cut).
    pub fn may_cut(&self) -> bool {
        matches!(self.steps.as_slice(), [Step::Hand(_)])
    }

    /// Calls `each` with every pre-token of a text: the bytes around it, its start and its end.
    pub fn split(&self, text: &[u8], mut each: impl FnMut(&[u8], usize, usize)) {
        if !text.is_empty() {
            self.split_in(text, 0, text.len(), &mut each);
        }
    }

    /// As [`split`](Self::split), for a text inside of others.
    pub(crate) fn split_in(
        &self,
        around: &[u8],
        start: usize,
        end: usize,
        each: &mut impl FnMut(&[u8], usize, usize),
    ) {
        match self.steps.as_slice() {
            [Step::Hand(kind)] => hand_split(*kind, around, start, end, each),
            steps => steps_split(steps, around, start, end, true, each),
        }
    }
}

/// The scanner for the first steps, and how many steps it stands for.
fn hand(parts: &[PreTokenizer], syntax: Syntax) -> Option<(Kind, usize)> {
    let regex = |part: &PreTokenizer| match part {
        PreTokenizer::Split {
            pattern: Pattern::Regex(regex),
            behavior: Behavior::Isolated,
            ..
        } => Some(regex.clone()),
        _ => None,
    };
    let regexes: Vec<String> = parts.iter().map_while(regex).collect();
    (1..=regexes.len()).rev().find_map(|len| {
        let texts: Vec<&str> = regexes[..len].iter().map(String::as_str).collect();
        // What CLIP's misses may have to be dropped, which the automaton knows.
        let kind = Kind::recognise(&texts, syntax).filter(|kind| *kind != Kind::Clip);
        kind.map(|kind| (kind, len))
    })
}

/// A Split that keeps everything.
fn isolated(regex: &&str) -> PreTokenizer {
    let pattern = Pattern::Regex((*regex).to_owned());
    PreTokenizer::Split { pattern, behavior: Behavior::Isolated, invert: false }
}

/// A literal as a regular expression.
fn escape(text: &str) -> String {
    text.chars().fold(String::new(), |mut regex, c| {
        if c.is_ascii_punctuation() {
            regex.push('\\');
        }
        regex.push(c);
        regex
    })
}

fn hand_split(
    kind: Kind,
    around: &[u8],
    start: usize,
    end: usize,
    each: &mut impl FnMut(&[u8], usize, usize),
) {
    match kind {
        Kind::Gpt2 => scan(Gpt2, around, start, end, each),
        Kind::R50k => scan(R50k, around, start, end, each),
        Kind::Cl100k => scan(Cl100k, around, start, end, each),
        Kind::Llama3 => scan(Llama3, around, start, end, each),
        Kind::Qwen2 => scan(Qwen2, around, start, end, each),
        Kind::Qwen3_5 => scan(Qwen3_5, around, start, end, each),
        Kind::O200k => scan(O200k, around, start, end, each),
        Kind::Tekken => scan(Tekken, around, start, end, each),
        Kind::DeepseekV3 => scan(DeepseekV3, around, start, end, each),
        Kind::Kimi => scan(Kimi, around, start, end, each),
        Kind::Clip => scan(Clip, around, start, end, each),
    }
}

fn scan<S: Scanner>(
    scanner: S,
    around: &[u8],
    start: usize,
    end: usize,
    each: &mut impl FnMut(&[u8], usize, usize),
) {
    let text = &around[start..end];
    let kernel = Kernel::detect();
    let mut ends = [0; 136];
    let mut at = 0;
    while at < text.len() {
        let found = scanner.fill_with(kernel, text, at, &mut ends);
        for &next in &ends[..found] {
            each(around, start + at, start + next);
            at = next;
        }
        if found == 0 {
            return;
        }
    }
}

fn steps_split(
    steps: &[Step],
    around: &[u8],
    start: usize,
    end: usize,
    first: bool,
    each: &mut dyn FnMut(&[u8], usize, usize),
) {
    let Some((step, rest)) = steps.split_first() else {
        return each(around, start, end);
    };
    // As deep as there are steps.
    let mut part = |around: &[u8], from: usize, to: usize, first: bool| {
        steps_split(rest, around, from, to, first, each);
    };
    match step {
        Step::Hand(kind) => {
            hand_split(*kind, around, start, end, &mut |around: &[u8], from, to| {
                part(around, from, to, first && from == start);
            });
        }
        Step::Dfa { image, matches, gaps } => {
            let Some(dfa) = Dfa::parse(image) else { return };
            for found in dfa.splits(&around[start..end]) {
                if if found.is_match { *matches } else { *gaps } {
                    let is_first = first && found.start == 0;
                    part(around, start + found.start, start + found.end, is_first);
                }
            }
        }
        Step::PrefixSpace => {
            let text = &around[start..end];
            if text.starts_with(b" ") {
                part(around, start, end, first);
            } else {
                let text = [b" ", text].concat();
                part(&text, 0, text.len(), first);
            }
        }
        Step::Metaspace { replacement, scheme, split } => {
            let mut mark = [0; 4];
            let mark = replacement.encode_utf8(&mut mark).as_bytes();
            let text = &around[start..end];
            let prepend = match scheme {
                PrependScheme::Always => true,
                PrependScheme::First => first,
                PrependScheme::Never => false,
            };
            let mut marked = Vec::with_capacity(text.len() * 2 + mark.len());
            if prepend && !text.starts_with(mark) && !text.starts_with(b" ") {
                marked.extend_from_slice(mark);
            }
            for byte in text {
                match byte {
                    b' ' => marked.extend_from_slice(mark),
                    other => marked.push(*other),
                }
            }
            let mut from = 0;
            for at in 1..marked.len() {
                if *split && marked[at..].starts_with(mark) {
                    part(&marked, from, at, first && from == 0);
                    from = at;
                }
            }
            part(&marked, from, marked.len(), first && from == 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(splitter: &Splitter, text: &str) -> Vec<String> {
        let mut words = Vec::new();
        splitter.split(text.as_bytes(), |around, start, end| {
            words.push(String::from_utf8_lossy(&around[start..end]).into_owned());
        });
        words
    }

    #[test]
    fn texts_are_cut_as_their_pre_tokenizer_says() {
        let named = |name, family| {
            Splitter::byte_level(PatternArg::Named(name), family).expect("a known name")
        };
        let (huggingface, tiktoken) = (Family::HuggingFace, Family::Tiktoken);
        let metaspace = |scheme| PreTokenizer::Metaspace {
            replacement: '▁',
            prepend_scheme: scheme,
            split: true,
        };
        let hf = |part| Splitter::new(Some(part), Family::HuggingFace).expect("supported");
        for (splitter, text, wanted) in [
            (named("gpt2", huggingface), "a b  c\n", &["a", " b", " ", " c", "\n"][..]),
            (named("deepseek_v3", huggingface), "a12345", &["a", "123", "45"]),
            (named("cl100k", huggingface), "it's 12345", &["it", "'s", " ", "123", "45"]),
            (named("cl100k", tiktoken), "it's 12345", &["it", "'s", " ", "123", "45"]),
            (named("clip", huggingface), "a 12\n", &["a", "1", "2"]),
            (hf(PreTokenizer::Whitespace), "it's 5€!", &["it", "'", "s", "5", "€!"]),
            (hf(PreTokenizer::WhitespaceSplit), " it's  5!", &["it's", "5!"]),
            (hf(PreTokenizer::Bert), "it's $5.", &["it", "'", "s", "$", "5", "."]),
            (hf(metaspace(PrependScheme::Always)), "a  b", &["▁a", "▁", "▁b"]),
            (hf(metaspace(PrependScheme::Never)), "a b", &["a", "▁b"]),
            (
                hf(PreTokenizer::Sequence(vec![
                    PreTokenizer::WhitespaceSplit,
                    metaspace(PrependScheme::First),
                ])),
                "a b",
                &["▁a", "b"],
            ),
            (
                hf(PreTokenizer::ByteLevel {
                    add_prefix_space: true,
                    trim_offsets: true,
                    use_regex: true,
                }),
                "a b",
                &[" a", " b"],
            ),
            (Splitter::new(None, Family::HuggingFace).expect("none"), "a b", &["a b"]),
        ] {
            assert_eq!(words(&splitter, text), wanted, "{:?}", splitter.pre_tokenizer());
        }
    }
}
