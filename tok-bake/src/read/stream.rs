//! The streaming part: vocabulary and merges go from the text into flat arenas, without a JSON
//! tree and without a `String` per entry. Everything else is small and becomes a [`Value`].

use std::{fmt, marker::PhantomData};

use serde_core::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::json::{Problem, Result, Step, describe, member, syntax_error};
use crate::error::{ReadError, quote_bytes};
use crate::spec::Vocab;

/// A tokenizer.json whose small parts are still JSON.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// The members but for `model`. If a key is repeated, the last one counts.
    pub(super) members: Map<String, Value>,
    pub(super) model: Option<RawModel>,
}

/// The model, before its type is known.
#[derive(Debug, Default)]
pub(super) struct RawModel {
    /// The members but for `vocab` and `merges`.
    pub(super) members: Map<String, Value>,
    pub(super) vocab: Option<RawVocab>,
    pub(super) merges: Option<RawMerges>,
}

/// What stands at `model.vocab`.
#[derive(Debug)]
pub(super) enum RawVocab {
    /// Tokens and ids in file order, repeated ones included.
    Map(Vocab),
    /// Pieces and scores.
    List(Vec<(String, f64)>),
}

/// What stands at `model.merges`. Only a BPE looks at it, so the first problem is kept for later.
#[derive(Debug, Default)]
pub(super) struct RawMerges {
    text: Vec<u8>,
    /// For each merge the end of its left part, and start and end of its right one. The left part
    /// starts where the last merge ended.
    parts: Vec<[u32; 3]>,
    form: Option<Form>,
    pub(super) problem: Option<Problem>,
}

/// How merges are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `"a b"`
    Line,
    /// `["a", "b"]`
    Pair,
}

/// A merge that the reference drops: a line that starts with `#version`.
const DROPPED: [u32; 3] = [u32::MAX; 3];

impl RawMerges {
    /// The merges, in file order, with their positions; dropped lines are left out.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &[u8], &[u8])> {
        let mut start = 0;
        self.parts.iter().enumerate().filter(|(_, parts)| **parts != DROPPED).map(
            move |(position, &[middle, right, end])| {
                let left = &self.text[start as usize..middle as usize];
                start = end;
                (position, left, &self.text[right as usize..end as usize])
            },
        )
    }

    /// The number of merges, dropped lines included.
    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }

    /// Appends a merge; its text is at the end of `self.text`, from `start`.
    fn push(&mut self, start: usize, entry: &Entry) -> Result<()> {
        let form = match entry {
            Entry { is_array: false, leaves: [Leaf::Text, _], .. } => Form::Line,
            Entry { is_array: true, count: 2, leaves: [Leaf::Text, Leaf::Text], .. } => Form::Pair,
            _ => {
                let found = entry.describe(&self.text[start..]);
                let message = format!("found {found}, \"a b\" or [\"a\", \"b\"] is wanted");
                return Err(Problem::new(message));
            }
        };
        if *self.form.get_or_insert(form) != form {
            let message = "the file writes some merges as \"a b\" and some as [\"a\", \"b\"]; \
                           write all of them as [\"a\", \"b\"]";
            return Err(Problem::new(message));
        }
        match form {
            Form::Line => self.push_line(start),
            Form::Pair => {
                self.push_pair(start + entry.lens[0]);
                Ok(())
            }
        }
    }

    /// No merges, and room for some.
    pub(super) fn with_capacity(merges: usize, bytes: usize) -> Self {
        Self {
            text: Vec::with_capacity(bytes),
            parts: Vec::with_capacity(merges),
            ..Self::default()
        }
    }

    /// The text of all merges: that of the next one is appended before it is pushed.
    pub(super) fn text(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }

    /// Appends a merge whose parts are at the end of the text, the right one from `middle`.
    pub(super) fn push_pair(&mut self, middle: usize) {
        self.parts.push([middle, middle, self.text.len()].map(|at| at as u32));
    }

    /// All of them are pairs, or lines.
    pub(super) fn of_form(self, is_pair: bool) -> Self {
        Self { form: Some(if is_pair { Form::Pair } else { Form::Line }), ..self }
    }

    /// Appends a merge written as one line; `line` is at the end of `self.text`, from `start`.
    pub(super) fn push_line(&mut self, start: usize) -> Result<()> {
        let line = &self.text[start..];
        if line.starts_with(b"#version") {
            self.text.truncate(start);
            self.parts.push(DROPPED);
            return Ok(());
        }
        let mut spaces = line.iter().enumerate().filter(|(_, byte)| **byte == b' ');
        match (spaces.next(), spaces.count()) {
            (Some((at, _)), 0) => {
                let middle = start + at;
                let parts = [middle, middle + 1, self.text.len()];
                self.parts.push(parts.map(|at| at as u32));
                Ok(())
            }
            (first, more) => {
                let position = self.parts.len();
                let spaces = more + usize::from(first.is_some());
                let message = format!(
                    "merge {position}: {} has {spaces} spaces, one is wanted between two tokens \
                     (tokens with spaces need the form [\"a\", \"b\"])",
                    quote_bytes(line)
                );
                Err(Problem::named(message))
            }
        }
    }

    /// Appends the lines of a merges.txt.
    pub(super) fn from_lines<'t>(lines: impl Iterator<Item = &'t str>) -> Self {
        let mut merges = Self { form: Some(Form::Line), ..Self::default() };
        for line in lines {
            let start = merges.text.len();
            merges.text.extend_from_slice(line.as_bytes());
            if let Err(problem) = merges.push_line(start) {
                merges.problem = Some(problem.under(merges.parts.len()));
                break;
            }
        }
        merges
    }
}

/// An object with large members, which are streamed, and small ones, which stay JSON.
pub(super) trait Raw: Default {
    /// The small members. If a key is repeated, the last one counts.
    fn members(&mut self) -> &mut Map<String, Value>;

    /// Reads the value of a large member; `false`, with nothing read, if this is a small one.
    fn large<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        fault: &mut Fault,
    ) -> std::result::Result<bool, A::Error>;
}

/// Reads the text, but interprets nothing.
pub(super) fn read<T: Raw>(text: &str) -> std::result::Result<T, ReadError> {
    let mut fault = Fault::default();
    let mut json = serde_json::Deserializer::from_str(text);
    RawSeed(&mut fault, PhantomData)
        .deserialize(&mut json)
        .and_then(|document| json.end().map(|()| document))
        .map_err(|error| fault.into_error(text, &error))
}

struct RawSeed<'a, T>(&'a mut Fault, PhantomData<T>);

impl<'de, T: Raw> DeserializeSeed<'de> for RawSeed<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> std::result::Result<T, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de, T: Raw> Visitor<'de> for RawSeed<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<T, A::Error> {
        let Self(fault, _) = self;
        let mut raw = T::default();
        while let Some(key) = map.next_key::<String>()? {
            let large = raw.large(&key, &mut map, fault);
            if !fault.at(large, || Step::from(&*key))? {
                let value = fault.at(map.next_value::<Value>(), || Step::from(&*key))?;
                raw.members().insert(key, value);
            }
        }
        Ok(raw)
    }
}

/// Reads a vocab.json.
pub(super) fn vocab_json(text: &str) -> std::result::Result<Vocab, ReadError> {
    let mut fault = Fault::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let vocab = VocabSeed(&mut fault)
        .deserialize(&mut json)
        .and_then(|vocab| json.end().map(|()| vocab))
        .map_err(|error| fault.into_error(text, &error))?;
    match vocab {
        RawVocab::Map(vocab) => Ok(vocab),
        RawVocab::List(_) => {
            Err(Problem::new("found an array, an object of token: id is wanted").into_error(text))
        }
    }
}

/// What stopped the parser. Visitors cannot return more than an error of the parser's own type, so
/// they leave the rest here.
#[derive(Debug, Default)]
pub(super) struct Fault {
    /// The path, from the inside out.
    steps: Vec<Step>,
    /// What we found wrong; `None` if it was the parser.
    problem: Option<Problem>,
}

impl Fault {
    /// Keeps the problem, and gives the parser an error to stop with.
    pub(super) fn stop<E: serde_core::de::Error>(&mut self, problem: Problem) -> E {
        self.problem = Some(problem);
        E::custom("stopped")
    }

    /// Notes on the way out where an error happened.
    pub(super) fn at<T, E>(
        &mut self,
        result: std::result::Result<T, E>,
        step: impl FnOnce() -> Step,
    ) -> std::result::Result<T, E> {
        if result.is_err() {
            self.steps.push(step());
        }
        result
    }

    pub(super) fn into_error(self, text: &str, error: &serde_json::Error) -> ReadError {
        let syntax = syntax_error(text, error);
        let problem = match self.problem {
            Some(problem) => problem,
            None if error.is_data() => Problem::new(in_our_words(&syntax.message)),
            None => return syntax,
        };
        self.steps.into_iter().fold(problem, Problem::under).into_error(text)
    }
}

/// The parser's message about a value of the wrong type.
fn in_our_words(message: &str) -> String {
    let parts = message.strip_prefix("not JSON: invalid type: ");
    match parts.and_then(|parts| parts.split_once(", expected ")) {
        Some(("sequence", wanted)) => format!("found an array, {wanted} is wanted"),
        Some((found, wanted)) => format!("found {found}, {wanted} is wanted"),
        None => message.to_owned(),
    }
}

/// The members of a tokenizer.json.
pub(super) const TOP_LEVEL: [&str; 9] = [
    "version",
    "truncation",
    "padding",
    "added_tokens",
    "normalizer",
    "pre_tokenizer",
    "post_processor",
    "decoder",
    "model",
];

impl Raw for Document {
    fn members(&mut self) -> &mut Map<String, Value> {
        &mut self.members
    }

    fn large<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        fault: &mut Fault,
    ) -> std::result::Result<bool, A::Error> {
        if key == "model" {
            self.model = Some(map.next_value_seed(RawSeed(fault, PhantomData))?);
        } else if !TOP_LEVEL.contains(&key) && key != "role_to_token" {
            let known = TOP_LEVEL.join(", ");
            return Err(fault.stop(Problem::new(format!("unknown member; known are {known}"))));
        }
        Ok(key == "model")
    }
}

impl Raw for RawModel {
    fn members(&mut self) -> &mut Map<String, Value> {
        &mut self.members
    }

    fn large<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        fault: &mut Fault,
    ) -> std::result::Result<bool, A::Error> {
        match key {
            "vocab" => self.vocab = Some(map.next_value_seed(VocabSeed(fault))?),
            "merges" => self.merges = Some(map.next_value_seed(MergesSeed(fault))?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

struct VocabSeed<'a>(&'a mut Fault);

impl<'de> DeserializeSeed<'de> for VocabSeed<'_> {
    type Value = RawVocab;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> std::result::Result<RawVocab, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for VocabSeed<'_> {
    type Value = RawVocab;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of token: id, or for Unigram an array of [token, score]")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<RawVocab, A::Error> {
        let Self(fault) = self;
        let mut vocab = Vocab::with_capacity(1 << 16, 1 << 19);
        let (mut token, mut text) = (Vec::new(), Vec::new());
        loop {
            token.clear();
            if map.next_key_seed(LeafSeed(&mut token))?.is_none() {
                return Ok(RawVocab::Map(vocab));
            }
            let position = vocab.len();
            let step = || member(position, &token);
            match fault.at(map.next_value_seed(LeafSeed(&mut text)), step)? {
                Leaf::Unsigned(id) if id <= u64::from(u32::MAX) => vocab.push(&token, id as u32),
                leaf => {
                    let wanted = "a token id from 0 to 4294967295";
                    let error = fault.stop(leaf.problem(&text, wanted));
                    return fault.at(Err(error), step);
                }
            }
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<RawVocab, A::Error> {
        let Self(fault) = self;
        let mut pieces: Vec<(String, f64)> = Vec::new();
        let mut text = Vec::new();
        loop {
            let position = || Step::Index(pieces.len());
            text.clear();
            let entry = seq.next_element_seed(EntrySeed(&mut text));
            let Some(entry) = fault.at(entry, position)? else {
                return Ok(RawVocab::List(pieces));
            };
            let Entry { leaves: [Leaf::Text, score], lens: [len, _], count: 2, is_array: true } =
                entry
            else {
                let problem = Problem::new(format!(
                    "found {}, [token, score] is wanted",
                    entry.describe(&text)
                ));
                let error = fault.stop(problem);
                return fault.at(Err(error), position);
            };
            let score = match score {
                Leaf::Float(score) => score,
                Leaf::Unsigned(score) => score as f64,
                Leaf::Negative(score) => score as f64,
                other => {
                    let problem = other.problem(&text[len..], "a score");
                    let error = fault.stop(problem.under(1));
                    return fault.at(Err(error), position);
                }
            };
            let piece = std::str::from_utf8(&text[..len]).expect("JSON strings are UTF-8");
            pieces.push((piece.to_owned(), score));
        }
    }
}

struct MergesSeed<'a>(&'a mut Fault);

impl MergesSeed<'_> {
    /// Not even an array, which matters to a BPE only.
    fn unusable<E>(leaf: Leaf, text: &str) -> std::result::Result<RawMerges, E> {
        let problem = leaf.problem(text.as_bytes(), "an array of merges");
        Ok(RawMerges { problem: Some(problem), ..RawMerges::default() })
    }
}

impl<'de> DeserializeSeed<'de> for MergesSeed<'_> {
    type Value = RawMerges;

    fn deserialize<D: Deserializer<'de>>(
        self,
        json: D,
    ) -> std::result::Result<RawMerges, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for MergesSeed<'_> {
    type Value = RawMerges;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of merges")
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<RawMerges, E> {
        Self::unusable(Leaf::Text, text)
    }

    fn visit_u64<E>(self, number: u64) -> std::result::Result<RawMerges, E> {
        Self::unusable(Leaf::Unsigned(number), "")
    }

    fn visit_i64<E>(self, number: i64) -> std::result::Result<RawMerges, E> {
        Self::unusable(Leaf::Negative(number), "")
    }

    fn visit_f64<E>(self, number: f64) -> std::result::Result<RawMerges, E> {
        Self::unusable(Leaf::Float(number), "")
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<RawMerges, E> {
        Self::unusable(Leaf::Bool(value), "")
    }

    fn visit_unit<E>(self) -> std::result::Result<RawMerges, E> {
        Self::unusable(Leaf::Null, "")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<RawMerges, A::Error> {
        IgnoredAny.visit_map(map)?;
        Self::unusable(Leaf::Object, "")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<RawMerges, A::Error> {
        let mut merges = RawMerges::with_capacity(1 << 16, 1 << 19);
        loop {
            let start = merges.text.len();
            let entry = seq.next_element_seed(EntrySeed(&mut merges.text));
            let position = merges.parts.len();
            let Some(entry) = self.0.at(entry, || Step::Index(position))? else {
                return Ok(merges);
            };
            if let Err(problem) = merges.push(start, &entry) {
                merges.problem = Some(problem.under(position));
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(merges);
            }
        }
    }
}

/// What a JSON value is; the text of a string is kept elsewhere.
#[derive(Debug, Clone, Copy)]
pub(super) enum Leaf {
    Text,
    Unsigned(u64),
    Negative(i64),
    Float(f64),
    Bool(bool),
    Null,
    Array,
    Object,
}

impl Leaf {
    /// For messages; `text` begins with the text of the string, if it is one.
    fn describe(self, text: &[u8]) -> String {
        let value = match self {
            Self::Text => return format!("the string {}", quote_bytes(text)),
            Self::Unsigned(number) => Value::from(number),
            Self::Negative(number) => Value::from(number),
            Self::Float(number) => Value::from(number),
            Self::Bool(value) => Value::from(value),
            Self::Null => Value::Null,
            Self::Array => Value::Array(Vec::new()),
            Self::Object => Value::Object(Map::new()),
        };
        describe(&value)
    }

    pub(super) fn problem(self, text: &[u8], wanted: &str) -> Problem {
        Problem::new(format!("found {}, {wanted} is wanted", self.describe(text)))
    }
}

/// Reads any value; a string's text is appended to the buffer, the inside of arrays and objects is
/// skipped.
pub(super) struct LeafSeed<'a>(pub(super) &'a mut Vec<u8>);

impl<'de> DeserializeSeed<'de> for LeafSeed<'_> {
    type Value = Leaf;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> std::result::Result<Leaf, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for LeafSeed<'_> {
    type Value = Leaf;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<Leaf, E> {
        self.0.extend_from_slice(text.as_bytes());
        Ok(Leaf::Text)
    }

    fn visit_u64<E>(self, number: u64) -> std::result::Result<Leaf, E> {
        Ok(Leaf::Unsigned(number))
    }

    fn visit_i64<E>(self, number: i64) -> std::result::Result<Leaf, E> {
        Ok(Leaf::Negative(number))
    }

    fn visit_f64<E>(self, number: f64) -> std::result::Result<Leaf, E> {
        Ok(Leaf::Float(number))
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Leaf, E> {
        Ok(Leaf::Bool(value))
    }

    fn visit_unit<E>(self) -> std::result::Result<Leaf, E> {
        Ok(Leaf::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> std::result::Result<Leaf, A::Error> {
        IgnoredAny.visit_seq(seq).map(|_| Leaf::Array)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<Leaf, A::Error> {
        IgnoredAny.visit_map(map).map(|_| Leaf::Object)
    }
}

/// An element of `merges`, or of a Unigram's `vocab`: mostly an array of two leaves.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Whether it is an array, else `leaves[0]` is the whole element.
    is_array: bool,
    /// The number of leaves.
    count: usize,
    /// The first two leaves.
    leaves: [Leaf; 2],
    /// Length of their texts, which follow each other in the buffer.
    lens: [usize; 2],
}

impl Entry {
    /// For messages; `text` begins with the entry's text.
    fn describe(&self, text: &[u8]) -> String {
        match (self.is_array, self.count) {
            (true, 2) => format!(
                "an array of {} and {}",
                self.leaves[0].describe(&text[..self.lens[0]]),
                self.leaves[1].describe(&text[self.lens[0]..])
            ),
            (true, count) => format!("an array of {count}"),
            (false, _) => self.leaves[0].describe(text),
        }
    }
}

/// Reads an [`Entry`]; the texts of its first two leaves are appended to the buffer.
struct EntrySeed<'a>(&'a mut Vec<u8>);

impl EntrySeed<'_> {
    fn leaf<E>(leaf: Leaf, len: usize) -> std::result::Result<Entry, E> {
        Ok(Entry { is_array: false, count: 1, leaves: [leaf, Leaf::Null], lens: [len, 0] })
    }
}

impl<'de> DeserializeSeed<'de> for EntrySeed<'_> {
    type Value = Entry;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> std::result::Result<Entry, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for EntrySeed<'_> {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<Entry, E> {
        self.0.extend_from_slice(text.as_bytes());
        Self::leaf(Leaf::Text, text.len())
    }

    fn visit_u64<E>(self, number: u64) -> std::result::Result<Entry, E> {
        Self::leaf(Leaf::Unsigned(number), 0)
    }

    fn visit_i64<E>(self, number: i64) -> std::result::Result<Entry, E> {
        Self::leaf(Leaf::Negative(number), 0)
    }

    fn visit_f64<E>(self, number: f64) -> std::result::Result<Entry, E> {
        Self::leaf(Leaf::Float(number), 0)
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Entry, E> {
        Self::leaf(Leaf::Bool(value), 0)
    }

    fn visit_unit<E>(self) -> std::result::Result<Entry, E> {
        Self::leaf(Leaf::Null, 0)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<Entry, A::Error> {
        IgnoredAny.visit_map(map)?;
        Self::leaf(Leaf::Object, 0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Entry, A::Error> {
        let mut entry = Entry { is_array: true, count: 0, leaves: [Leaf::Null; 2], lens: [0; 2] };
        while entry.count < 2 {
            let start = self.0.len();
            let Some(leaf) = seq.next_element_seed(LeafSeed(self.0))? else {
                return Ok(entry);
            };
            entry.leaves[entry.count] = leaf;
            entry.lens[entry.count] = self.0.len() - start;
            entry.count += 1;
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {
            entry.count += 1;
        }
        Ok(entry)
    }
}
