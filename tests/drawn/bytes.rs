//! Byte-level BPE, drawn: tokenizer.json files and rank files over a few chars, and texts for them.
//!
//! Merges are mostly those of neighbours in a text of these chars, so that they happen; their order is now and then
//! another one than that in which they were found. Tokens have the lengths at which tables change.

mod base64;
#[path = "../support/patterns.rs"]
mod patterns;

use std::collections::{BTreeMap, BTreeSet};

use base64::base64;
use comptok_core::{
    byte_level,
    model::Random,
    pre_tokenizer::{Kind, Syntax},
};
use patterns::BAKED;
use serde_json::{Value, json};

/// What tokens and texts are made of.
const CHARS: [&str; 48] = [
    "a", "b", "c", "A", "B", "e", "s", "S", "t", "l", "é", "É", "Ж", "ж", "ß", "ſ", "中", "文",
    "あ", "ー", "한", "ก", "ี", "가", "़", "क", "\u{301}", "👍", "🏽", "\u{200d}", "1", "2", "٣",
    "²", " ", " ", "  ", "\n", "\r", "\t", "!", "'", ".", "/", "。", "，", "\u{a0}", "\u{3000}",
];
/// What patterns and added tokens look at.
const EDGES: [&str; 61] = [
    "'s", "'S", "’s", "'ſ", "'re", "'RE", "'lL", "'ve", "'t", "''", " 's", "a's", "A'S", " ", "  ",
    "   ", "\n", "\r\n", "\n\n", " \n", "\n ", "\t", "\u{85}", "\u{a0}", "\u{3000}", "\u{2028}",
    "\0", "\u{1}", "\u{7f}", "\u{ad}", "1", "12", "1234", "٣٣٣٣", "²", "½", "Ⅷ", "!", "!!", "!\n",
    "/\n", "://", "_", "#ab", "$", "ǅ", "ʰ", "ª", "ＡＢ", "e\u{301}", "\u{301}", "\u{345}",
    "\u{11a8}", "\u{212b}", "\u{212a}", "👍🏽", "\u{378}", "\u{fffd}", "<|", "<x", "，",
];
/// Bytes of words, around the lengths at which another table or another way begins.
const LENS: [usize; 30] = [
    1, 2, 6, 7, 8, 9, 14, 15, 16, 17, 23, 24, 30, 31, 32, 33, 40, 62, 63, 64, 65, 66, 70, 127, 128,
    191, 192, 193, 200, 300,
];
/// Contents of added tokens; others are made of the chars.
const ADDED: [&str; 26] = [
    "<x>",
    "<x",
    "<|endoftext|>",
    "<|",
    "a b",
    " a",
    "a ",
    "a",
    "ab",
    "abc",
    " ",
    "  ",
    "\n",
    "\n\n",
    "é",
    "\u{301}",
    "e\u{301}",
    "\u{212b}",
    "中",
    "中文",
    "。",
    "' s",
    "1",
    "12",
    "\u{3000}",
    "\u{a0}a",
];

/// A tokenizer, and what its texts are made of.
pub(crate) struct Drawn {
    /// The file.
    pub(crate) file: Vec<u8>,
    /// What tells it from others.
    pub(crate) name: String,
    /// Of a rank file: its pattern, its ranks, and special tokens.
    pub(crate) ranks: Option<Ranks>,
    /// The same by the textbook, for text that the references do not take; where that is easily said.
    pub(crate) textbook: Option<Textbook>,
    chars: Vec<&'static str>,
    tokens: Vec<Vec<u8>>,
    added: Vec<String>,
}

/// What the library is made of for a rank file.
#[derive(Clone)]
pub(crate) struct Ranks {
    /// How text is cut.
    pub(crate) pattern: &'static str,
    /// All tokens.
    pub(crate) tokens: Vec<(Vec<u8>, u32)>,
    /// Special tokens.
    pub(crate) special: Vec<(String, u32)>,
}

impl Ranks {
    /// The rank file.
    pub(crate) fn file(&self) -> Vec<u8> {
        let lines = self.tokens.iter();
        let lines = lines.map(|(token, rank)| format!("{} {rank}\n", base64(token)));
        lines.collect::<String>().into_bytes()
    }
}

fn one<T: Copy>(random: &mut Random, of: &[T]) -> T {
    of[random.below(of.len())]
}

fn is(random: &mut Random, of: usize) -> bool {
    random.below(of) == 0
}

fn chars(random: &mut Random) -> Vec<&'static str> {
    let count = 1 + one(random, &[2, 3, 5, 8, 12]);
    // Few letters get in each other's way.
    let of = if is(random, 3) { &CHARS[..5] } else { &CHARS[..] };
    let mut chars: Vec<&str> = (0..count).map(|_| one(random, of)).collect();
    if is(random, 2) {
        chars.push(" ");
    }
    chars
}

/// So many bytes of the chars, in turn, at random or one of them; the last ones are `a`.
fn run(random: &mut Random, chars: &[&str], len: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (first, way) = (random.below(chars.len()), random.below(3));
    for i in 0.. {
        let char = match way {
            0 => chars[first],
            1 => chars[(first + i) % chars.len()],
            _ => one(random, chars),
        };
        if bytes.len() + char.len() > len {
            break;
        }
        bytes.extend(char.bytes());
    }
    bytes.resize(len, b'a');
    bytes
}

/// The parts of a merge.
type Pair = (Vec<u8>, Vec<u8>);

/// Merges in their order.
type Merges = Vec<Pair>;

/// Adds merges that make a token of any two parts, and these of any two.
fn halve(random: &mut Random, token: &[u8], known: &mut BTreeSet<Vec<u8>>, merges: &mut Merges) {
    if token.len() > 1 && known.insert(token.to_vec()) {
        let (left, right) = token.split_at(1 + random.below(token.len() - 1));
        halve(random, left, known, merges);
        halve(random, right, known, merges);
        merges.push((left.to_vec(), right.to_vec()));
    }
}

fn merges(random: &mut Random, chars: &[&str]) -> Merges {
    let (mut merges, mut known) = (Vec::new(), BTreeSet::new());
    let len = 40 + random.below(200);
    let bytes = run(random, chars, len);
    let mut symbols: Vec<Vec<u8>> = bytes.iter().map(|&byte| vec![byte]).collect();
    let longest = one(random, &[3, 6, 16, 40, 100]);
    for _ in 0..one(random, &[0, 4, 12, 30, 80, 250]) {
        let all: Vec<&Vec<u8>> = symbols.iter().chain(&known).collect();
        let (left, right) = match random.below(6) {
            0 => (one(random, &all).clone(), one(random, &all).clone()),
            _ => {
                let at = random.below(symbols.len().max(2) - 1);
                match symbols.get(at..at + 2) {
                    Some([left, right]) => (left.clone(), right.clone()),
                    _ => continue,
                }
            }
        };
        let whole = [&left[..], &right].concat();
        if whole.len() > longest {
            continue;
        }
        known.insert(whole.clone());
        let mut at = 0;
        while at + 1 < symbols.len() {
            if symbols[at] == left && symbols[at + 1] == right {
                symbols[at].clone_from(&whole);
                symbols.remove(at + 1);
            }
            at += 1;
        }
        merges.push((left, right));
    }
    for _ in 0..one(random, &[0, 0, 1, 3, 6]) {
        let len = one(random, &LENS[..23]);
        let token = run(random, chars, len);
        halve(random, &token, &mut known, &mut merges);
    }
    // Other ways to the same tokens, and the same way again.
    let tokens: Vec<Vec<u8>> = known.into_iter().filter(|token| token.len() > 2).collect();
    if !tokens.is_empty() {
        for _ in 0..one(random, &[0, 0, 2, 8]) {
            let token = &tokens[random.below(tokens.len())];
            let (left, right) = token.split_at(1 + random.below(token.len() - 1));
            let is_token =
                |part: &[u8]| part.len() == 1 || merges.iter().any(|(l, r)| is_whole(l, r, part));
            if is_token(left) && is_token(right) {
                merges.push((left.to_vec(), right.to_vec()));
            }
        }
    }
    // What two bytes make merges before them, but behind what else the byte behind them may become.
    if is(random, 3) {
        let [a, b, c, d] = [0; 4].map(|_| vec![bytes[random.below(bytes.len())]]);
        merges.push(([&a[..], &b].concat(), c.clone()));
        merges.extend([(c, d), (a, b)]);
    }
    let len = merges.len();
    match random.below(4) {
        0 if len > 1 => (1..len).rev().for_each(|i| merges.swap(i, random.below(i + 1))),
        1 if len > 1 => {
            (0..1 + len / 8).for_each(|_| merges.swap(random.below(len), random.below(len)));
        }
        _ => {}
    }
    // Large vocabularies have a table of what two ASCII bytes become. These are no text.
    if is(random, 8) {
        let pairs = (0xC0..=0xFF).flat_map(|a| (0..0x40).map(move |b| (vec![a], vec![b])));
        let at = one(random, &[0, len]);
        merges.splice(at..at, pairs);
    }
    merges
}

fn is_whole(left: &[u8], right: &[u8], whole: &[u8]) -> bool {
    left.len() + right.len() == whole.len() && whole.starts_with(left) && whole.ends_with(right)
}

/// Entries that merges may not make.
fn others(random: &mut Random, chars: &[&str]) -> Vec<Vec<u8>> {
    // Now and then so many that tables have lines behind the first.
    let count = if is(random, 60) { 3000 } else { one(random, &[0, 0, 3, 8, 20]) };
    let mut others = Vec::new();
    for _ in 0..count {
        let len = if is(random, 2) { 2 + random.below(5) } else { one(random, &LENS[..23]) };
        others.push(run(random, chars, len));
    }
    others
}

fn shown(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| byte_level::char_of(byte)).collect()
}

/// Added tokens: contents, of which no two are the same.
fn contents(random: &mut Random, chars: &[&str]) -> Vec<String> {
    let mut contents = BTreeSet::new();
    for _ in 0..one(random, &[0, 0, 1, 2, 4, 6]) {
        contents.insert(match random.below(3) {
            0 => (0..1 + random.below(3)).map(|_| one(random, chars)).collect(),
            _ => one(random, &ADDED).to_owned(),
        });
    }
    let mut contents: Vec<String> = contents.into_iter().collect();
    (1..contents.len()).rev().for_each(|i| contents.swap(i, random.below(i + 1)));
    contents
}

fn byte_level_step(prefix: bool, regex: bool, trim: bool) -> Value {
    json!({"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": trim, "use_regex": regex})
}

/// A pre-tokenizer, and which scanner it is.
fn pre_tokenizer(random: &mut Random) -> (Value, Option<Kind>) {
    let split = |pattern: &str, behavior: &str, invert: bool| json!({"type": "Split", "pattern": {"Regex": pattern}, "behavior": behavior, "invert": invert});
    let (mut steps, known): (Vec<Value>, _) = match random.below(16) {
        0..4 => {
            let prefix = is(random, 2);
            let step = byte_level_step(prefix, true, is(random, 2));
            return (step, (!prefix).then_some(Kind::Gpt2));
        }
        4..13 => {
            let kind = one(random, &Kind::ALL);
            let (behavior, invert) = match kind == Kind::Clip && is(random, 2) {
                true => ("Removed", true),
                false => ("Isolated", false),
            };
            let patterns = kind.regex_in(Syntax::Oniguruma).iter();
            let steps = patterns.map(|pattern| split(pattern, behavior, invert));
            (steps.collect(), (behavior == "Isolated").then_some(kind))
        }
        13..15 => {
            let pattern = one(random, &BAKED);
            let behaviors =
                [("Isolated", false), ("Isolated", true), ("Removed", true), ("Removed", false)];
            let (behavior, invert) = one(random, &behaviors);
            (vec![split(pattern, behavior, invert)], None)
        }
        // These take the general way.
        _ => {
            let behaviors = ["Isolated", "MergedWithNext", "MergedWithPrevious", "Contiguous"];
            let behavior = one(random, &behaviors);
            let step = split(one(random, &BAKED), behavior, is(random, 2));
            let last = byte_level_step(is(random, 2), is(random, 2), true);
            return (json!({"type": "Sequence", "pretokenizers": [step, last]}), None);
        }
    };
    steps.push(byte_level_step(false, false, true));
    (json!({"type": "Sequence", "pretokenizers": steps}), known)
}

fn post_processor(random: &mut Random) -> Value {
    let byte_level = byte_level_step(is(random, 2), true, is(random, 2));
    let template = json!({"type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "S", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"S": {"id": "S", "ids": [0], "tokens": ["S"]}}});
    match random.below(5) {
        0 => Value::Null,
        1 | 2 => byte_level,
        3 => template,
        _ => json!({"type": "Sequence", "processors": [byte_level, template]}),
    }
}

/// A tokenizer.json.
pub(crate) fn tokenizer_json(seed: u64) -> Drawn {
    let mut random = Random::new(seed);
    let random = &mut random;
    let chars = chars(random);
    let (mut merges, mut others) = (merges(random, &chars), others(random, &chars));
    // Bytes that have no token, and what would have been made of them.
    let mut lacks = Vec::new();
    if is(random, 5) {
        let bytes: Vec<u8> = chars.concat().bytes().collect();
        lacks.extend((0..1 + random.below(2)).map(|_| one(random, &bytes)));
    }
    let has = |token: &[u8]| !token.iter().any(|byte| lacks.contains(byte));
    merges.retain(|(left, right)| has(left) && has(right));
    let products = merges.iter().map(|(left, right)| [&left[..], right].concat());
    let bytes = (0..=255).filter(|byte| !lacks.contains(byte)).map(|byte| vec![byte]);
    let mut seen = BTreeSet::new();
    let mut vocab: Vec<Vec<u8>> = bytes.chain(products).collect();
    vocab.append(&mut others);
    vocab.retain(|token| seen.insert(token.clone()));
    let tokens = vocab.clone();
    let unk = is(random, 4);
    let mut names: Vec<String> = vocab.iter().map(|token| shown(token)).collect();
    if unk {
        names.push("<unk>".to_owned());
    }
    // Entries with chars that stand for no byte.
    names
        .extend(["a\u{3000}", "中", "a b"].map(String::from).into_iter().filter(|_| is(random, 8)));
    if is(random, 2) {
        (1..names.len()).rev().for_each(|i| names.swap(i, random.below(i + 1)));
    }
    let (hole, far) =
        (random.below(names.len()), if is(random, 8) { 1 + random.below(9) } else { 0 });
    let id = |at: usize| if at < hole { at } else { at + far };
    let vocab: serde_json::Map<String, Value> =
        names.into_iter().enumerate().map(|(at, name)| (name, id(at).into())).collect();
    let (pre_tokenizer, kind) = pre_tokenizer(random);
    let ignore_merges = is(random, 3);
    let normalizer = if is(random, 3) { json!({"type": "NFC"}) } else { Value::Null };
    let contents = contents(random, &chars);
    let textbook = kind.filter(|_| normalizer.is_null() && contents.is_empty() && lacks.is_empty());
    let textbook = textbook.map(|kind| Textbook {
        kind,
        ids: tokens
            .iter()
            .map(|t| (t.clone(), vocab[&shown(t)].as_u64().unwrap_or(0) as u32))
            .collect(),
        // Of equal pairs the last one counts.
        merges: Some(merges.iter().cloned().zip(0..).collect()),
        whole: ignore_merges,
    });
    let pairs = is(random, 2);
    let merges = merges.iter().map(|(left, right)| match pairs {
        true => json!([shown(left), shown(right)]),
        false => json!(format!("{} {}", shown(left), shown(right))),
    });
    let added: Vec<Value> = contents
        .iter()
        .zip(id(vocab.len())..)
        .map(|(content, id)| {
            json!({"id": id, "content": content, "single_word": is(random, 5), "lstrip": is(random, 5),
                "rstrip": is(random, 5), "normalized": is(random, 2), "special": is(random, 2)})
        })
        .collect();
    let model = json!({
        "type": "BPE", "dropout": null, "unk_token": (unk.then_some("<unk>")),
        "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": is(random, 2),
        "byte_fallback": is(random, 8), "ignore_merges": ignore_merges, "vocab": vocab,
        "merges": (merges.collect::<Value>()),
    });
    let file = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added,
        "normalizer": normalizer, "pre_tokenizer": pre_tokenizer,
        "post_processor": (post_processor(random)), "decoder": (byte_level_step(true, true, true)),
        "model": model,
    });
    let name = format!("tokenizer.json, seed {seed}");
    Drawn {
        file: file.to_string().into_bytes(),
        name,
        ranks: None,
        textbook,
        chars,
        tokens,
        added: contents,
    }
}

/// A rank file.
pub(crate) fn ranks(seed: u64) -> Drawn {
    let mut random = Random::new(!seed);
    let random = &mut random;
    let chars = chars(random);
    let (merges, mut others) = (merges(random, &chars), others(random, &chars));
    let mut lacks = Vec::new();
    if is(random, 5) {
        let bytes: Vec<u8> = chars.concat().bytes().collect();
        lacks.push(one(random, &bytes));
    }
    let bytes = (0..=255).filter(|byte| !lacks.contains(byte)).map(|byte| vec![byte]);
    let products = merges.iter().map(|(left, right)| [&left[..], right].concat());
    let mut seen = BTreeSet::new();
    let mut tokens: Vec<Vec<u8>> = bytes.chain(products).collect();
    tokens.append(&mut others);
    tokens.retain(|token| seen.insert(token.clone()) && !is(random, 20));
    if is(random, 3) {
        (1..tokens.len()).rev().for_each(|i| tokens.swap(i, random.below(i + 1)));
    }
    let far = if is(random, 4) { 1 + random.below(9) as u32 } else { 0 };
    let first = tokens.len() as u32 + far;
    let hole = random.below(tokens.len());
    let rank = |at: usize| if at < hole { at as u32 } else { at as u32 + far };
    // The library may find the shorter of two that begin alike.
    let mut added: Vec<String> = Vec::new();
    for content in contents(random, &chars) {
        if !added.iter().any(|other| other.starts_with(&content) || content.starts_with(&**other)) {
            added.push(content);
        }
    }
    let (pattern, kind) = match is(random, 4) {
        true => (one(random, &BAKED), None),
        false => loop {
            let kind = one(random, &Kind::ALL);
            if let [pattern] = kind.regex_in(Syntax::FancyRegex) {
                // What this one misses is dropped.
                break (*pattern, Some(kind).filter(|kind| *kind != Kind::Clip));
            }
        },
    };
    let ranks = Ranks {
        pattern,
        tokens: tokens.iter().cloned().enumerate().map(|(at, token)| (token, rank(at))).collect(),
        special: added.iter().cloned().zip(first..).collect(),
    };
    let textbook = kind.filter(|_| added.is_empty()).map(|kind| Textbook {
        kind,
        ids: ranks.tokens.iter().cloned().collect(),
        merges: None,
        whole: true,
    });
    let name = format!("ranks, seed {seed}");
    Drawn { file: ranks.file(), name, ranks: Some(ranks), textbook, chars, tokens, added }
}

impl Drawn {
    /// A text.
    pub(crate) fn text(&self, random: &mut Random) -> String {
        let mut text = String::new();
        let most = one(random, &[2, 8, 20]);
        for _ in 0..1 + random.below(most) {
            match random.below(12) {
                0 if is(random, 20) => {
                    let chars: Vec<&str> = self.chars.iter().copied().filter(is_letter).collect();
                    let len = 600 + random.below(4000);
                    if !chars.is_empty() {
                        text += &String::from_utf8_lossy(&run(random, &chars, len));
                    }
                }
                0..4 => (0..1 + random.below(8)).for_each(|_| text += one(random, &self.chars)),
                4 => {
                    let len = one(random, &LENS);
                    let len = if is(random, 40) { 1000 } else { len };
                    text += &String::from_utf8_lossy(&run(random, &self.chars, len));
                }
                5 => {
                    let len = one(random, &LENS);
                    text += &self.word(random, len);
                }
                6 | 7 => {
                    let token = &self.tokens[random.below(self.tokens.len())];
                    let times = 1 + random.below(2);
                    (0..times).for_each(|_| text += &String::from_utf8_lossy(token));
                }
                8 if !self.added.is_empty() => {
                    let content = &self.added[random.below(self.added.len())];
                    text += one(random, &["", "", " ", "  ", "a", "\n"]);
                    text.extend(content.chars().take(if is(random, 4) { 1 } else { 99 }));
                    text += one(random, &["", "", " ", "  ", "a", "\n"]);
                }
                9 => {
                    text += one(
                        random,
                        &["one", "Two", "👨‍👩‍👧", " the", "\u{1100}\u{1161}", "<|endoftext|>"],
                    )
                }
                10 => text += " ",
                _ => text += one(random, &EDGES),
            }
        }
        text
    }

    /// So many bytes of letters, if the chars have some.
    pub(crate) fn word(&self, random: &mut Random, len: usize) -> String {
        let chars: Vec<&str> = self.chars.iter().copied().filter(is_letter).collect();
        let chars = if chars.is_empty() { vec!["a"] } else { chars };
        String::from_utf8_lossy(&run(random, &chars, len)).into_owned()
    }

    /// Bytes that are not all chars.
    pub(crate) fn bytes(&self, random: &mut Random) -> Vec<u8> {
        let mut bytes = self.text(random).into_bytes();
        for _ in 0..1 + random.below(4) {
            let at = random.below(bytes.len() + 1);
            match random.below(3) {
                0 => bytes.insert(at, one(random, &[0x80, 0xBF, 0xC0, 0xC3, 0xE4, 0xF0, 0xFF])),
                1 if at < bytes.len() => _ = bytes.remove(at),
                _ => {
                    let token = &self.tokens[random.below(self.tokens.len())];
                    bytes.splice(at..at, token.iter().copied());
                }
            }
        }
        bytes
    }
}

fn is_letter(text: &&str) -> bool {
    text.chars().all(char::is_alphabetic)
}

/// A tokenizer without added tokens and normalizer.
pub(crate) struct Textbook {
    kind: Kind,
    ids: BTreeMap<Vec<u8>, u32>,
    /// The places of merges in their list; none where ranks say what merges.
    merges: Option<BTreeMap<Pair, usize>>,
    /// What is in the vocabulary as a whole is not merged.
    whole: bool,
}

impl Textbook {
    /// The ids of a text; `None` where a byte has no token.
    pub(crate) fn ids(&self, text: &[u8]) -> Option<Vec<u32>> {
        let (mut ids, mut start) = (Vec::new(), 0);
        while start < text.len() {
            let end = self.kind.end(text, start);
            match self.ids.get(&text[start..end]) {
                Some(&id) if self.whole => ids.push(id),
                _ => {
                    for token in self.merged(&text[start..end]) {
                        ids.push(*self.ids.get(&token)?);
                    }
                }
            }
            start = end;
        }
        Some(ids)
    }

    /// The lowest rank, the leftmost of them, until there is none.
    fn merged(&self, text: &[u8]) -> Vec<Vec<u8>> {
        let mut parts: Vec<Vec<u8>> = text.iter().map(|&byte| vec![byte]).collect();
        loop {
            let pairs = parts.windows(2).enumerate();
            let ranks = pairs.filter_map(|(at, two)| {
                let rank = match &self.merges {
                    Some(merges) => *merges.get(&(two[0].clone(), two[1].clone()))?,
                    None => *self.ids.get(&two.concat())? as usize,
                };
                Some((rank, at))
            });
            let Some((_, at)) = ranks.min() else { return parts };
            let right = parts.remove(at + 1);
            parts[at].extend(right);
        }
    }
}
