//! Text to pre-tokens, as the tokenizer to be will cut it.

use std::borrow::Cow;

use comptok_bake::Spec;
use comptok_bake::bake::{self, dfa};
use comptok_bake::read::PatternArg;
use comptok_bake::spec::{
    Behavior, Family, Model, Normalizer, Pattern, PreTokenizer, PrependScheme, Vocab,
};
use comptok_core::Kernel;
use comptok_core::general::{self, steps::Pipeline};
use comptok_core::pre_tokenizer::dfa::Dfa;
use comptok_core::pre_tokenizer::{
    Cl100k, Clip, DeepseekV3, Gpt2, Kimi, Kind, Llama3, O200k, Qwen2, Qwen3_5, R50k, Scanner,
    Syntax, Tekken,
};

use crate::TrainError;
use crate::count::PADDING;

/// What a word is made of before anything is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes: the pre-tokenizer is byte-level.
    Byte,
    /// Chars.
    Char,
}

/// Normalizes text and cuts it into pre-tokens.
#[derive(Debug, Clone)]
pub struct Splitter {
    normalizer: Option<Normalizer>,
    pre_tokenizer: Option<PreTokenizer>,
    family: Family,
    road: Road,
    unit: Unit,
}

/// How it is done.
#[derive(Debug, Clone)]
enum Road {
    /// By the general engine's normalizers, if there are any, and the scanners.
    Steps { normalize: Option<Vec<u8>>, steps: Vec<Step> },
    /// By the general engine's steps: for what the others do not do.
    General(Vec<u8>),
}

#[derive(Debug, Clone)]
enum Step {
    Hand(Kind),
    Dfa { image: Vec<u8>, matches: bool, gaps: bool },
    PrefixSpace,
    Metaspace { replacement: char, scheme: PrependScheme, split: bool },
}

impl Splitter {
    /// The splitter of a pre-tokenizer; without one, a text is one pre-token.
    ///
    /// A tokenizer of ranks (`Family::Tiktoken`) is byte-level as it is; for others it takes a
    /// `ByteLevel` step.
    ///
    /// # Errors
    /// For patterns that cannot be baked, and for ranks with pre-tokenizers that tiktoken does not have.
    pub fn new(pre_tokenizer: Option<PreTokenizer>, family: Family) -> Result<Self, TrainError> {
        Self::with_normalizer(None, pre_tokenizer, family)
    }

    /// As [`new`](Self::new), of text that a normalizer has rewritten.
    ///
    /// # Errors
    /// As [`new`](Self::new), and for a normalizer before ranks.
    pub fn with_normalizer(
        normalizer: Option<Normalizer>,
        pre_tokenizer: Option<PreTokenizer>,
        family: Family,
    ) -> Result<Self, TrainError> {
        if family == Family::Tiktoken && normalizer.is_some() {
            let what = "a normalizer before ranks: tiktoken has none";
            return Err(TrainError::Unsupported(what.into()));
        }
        let parts = parts(pre_tokenizer.as_ref());
        let byte_level = |part: &PreTokenizer| matches!(part, PreTokenizer::ByteLevel { .. });
        let unit = match family {
            Family::Tiktoken => Unit::Byte,
            _ if parts.last().is_some_and(byte_level) => Unit::Byte,
            _ => Unit::Char,
        };
        // Chars that stand for bytes are made before the end, or it matters where a part comes from.
        let places = |part| {
            matches!(part, &PreTokenizer::Metaspace { prepend_scheme: PrependScheme::First, .. })
        };
        let general = parts.iter().rev().skip(1).any(byte_level)
            || normalizer.is_some() && parts.iter().any(places);
        let steps = match general {
            true => None,
            false => steps(parts, family)?,
        };
        let road = match steps {
            Some(steps) => {
                let normalize = normalizer.clone().map(|normalizer| baked(Some(normalizer), None));
                Road::Steps { normalize: normalize.transpose()?, steps }
            }
            None if family == Family::Tiktoken => {
                let what = "pre-tokenizers other than patterns before ranks";
                return Err(TrainError::Unsupported(what.into()));
            }
            None => Road::General(baked(normalizer.clone(), pre_tokenizer.clone())?),
        };
        Ok(Self { normalizer, pre_tokenizer, family, road, unit })
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

    /// What happens to text before it is cut.
    pub fn normalizer(&self) -> Option<&Normalizer> {
        self.normalizer.as_ref()
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
        match &self.road {
            Road::Steps { normalize: None, steps } => matches!(steps.as_slice(), [Step::Hand(_)]),
            _ => false,
        }
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
        match &self.road {
            Road::Steps { normalize: None, steps } => cut(steps, around, start, end, each),
            Road::Steps { normalize: Some(section), steps } => {
                let text = String::from_utf8_lossy(&around[start..end]);
                let Some(pipeline) = Pipeline::parse(section) else { return };
                match general::normalized(&pipeline, &text) {
                    Cow::Borrowed(text) if text.len() == end - start => {
                        cut(steps, around, start, end, each);
                    }
                    text => {
                        let mut text = text.into_owned().into_bytes();
                        let len = text.len();
                        // So that words can be loaded whole.
                        text.resize(len + PADDING, 0);
                        if len > 0 {
                            cut(steps, &text, 0, len, each);
                        }
                    }
                }
            }
            Road::General(section) => {
                let text = String::from_utf8_lossy(&around[start..end]);
                if let Some(pipeline) = Pipeline::parse(section) {
                    general::parts(&pipeline, &text, |text, start, end| {
                        each(text.as_bytes(), start, end);
                    });
                }
            }
        }
    }
}

fn cut(
    steps: &[Step],
    around: &[u8],
    start: usize,
    end: usize,
    each: &mut impl FnMut(&[u8], usize, usize),
) {
    match steps {
        [Step::Hand(kind)] => hand_split(*kind, around, start, end, each),
        steps => steps_split(steps, around, start, end, true, each),
    }
}

fn parts(pre_tokenizer: Option<&PreTokenizer>) -> &[PreTokenizer] {
    match pre_tokenizer {
        None => &[],
        Some(PreTokenizer::Sequence(parts)) => parts,
        Some(one) => std::slice::from_ref(one),
    }
}

/// The general engine's steps.
fn baked(
    normalizer: Option<Normalizer>,
    pre_tokenizer: Option<PreTokenizer>,
) -> Result<Vec<u8>, TrainError> {
    let spec = Spec {
        family: Family::HuggingFace,
        added_tokens: Vec::new(),
        normalizer,
        pre_tokenizer,
        model: Model::WordLevel { vocab: Vocab::default(), unk_token: String::new() },
        post_processor: None,
        decoder: None,
        truncation: None,
        padding: None,
    };
    // The last step, a ByteLevel, leaves bytes as they are: the trainer knows their chars.
    bake::steps(&spec, false).map_err(|error| TrainError::Unsupported(error.to_string()))
}

/// The steps of a pre-tokenizer, if all of them have a scanner or an automaton.
fn steps(parts: &[PreTokenizer], family: Family) -> Result<Option<Vec<Step>>, TrainError> {
    let syntax = match family {
        Family::HuggingFace | Family::SentencePiece => Syntax::Oniguruma,
        Family::Tiktoken => Syntax::FancyRegex,
    };
    let mut steps = Vec::new();
    let mut at = 0;
    while let Some(part) = parts.get(at) {
        if let Some((kind, len)) = hand(&parts[at..], syntax) {
            steps.push(Step::Hand(kind));
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
                if *add_prefix_space {
                    steps.push(Step::PrefixSpace);
                }
                if !use_regex {
                    continue;
                }
                Step::Hand(Kind::Gpt2)
            }
            PreTokenizer::Split { pattern: Pattern::Regex(regex), behavior, invert } => {
                // What a pattern misses is dropped where tiktoken cuts by it.
                let (matches, gaps) = match (behavior, invert, family) {
                    (Behavior::Isolated, _, Family::Tiktoken) => (true, false),
                    (Behavior::Isolated, _, Family::HuggingFace) => (true, true),
                    (Behavior::Removed, true, _) => (true, false),
                    (Behavior::Removed, false, _) => (false, true),
                    _ => return Ok(None),
                };
                dfa(regex, syntax, matches, gaps)?
            }
            PreTokenizer::Whitespace => dfa(r"\w+|[^\w\s]+", Syntax::FancyRegex, true, false)?,
            PreTokenizer::WhitespaceSplit => dfa(r"\S+", Syntax::FancyRegex, true, false)?,
            &PreTokenizer::Metaspace { replacement, prepend_scheme: scheme, split } => {
                Step::Metaspace { replacement, scheme, split }
            }
            _ => return Ok(None),
        };
        steps.push(step);
    }
    Ok(Some(steps))
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
