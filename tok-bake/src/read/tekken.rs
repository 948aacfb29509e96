//! tekken.json, Mistral's file of ranks: the pattern, special tokens and ranks in one.
//!
//! Special tokens come first; the id of an ordinary token is its rank plus their number. The file
//! may hold more ranks than the vocabulary has places for: those are not used.

use std::fmt;

use serde_core::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::Read;
use super::json::{
    Object, Problem, Result, Step, Under, describe, list, object, string, u32, under, utf8,
    warnings,
};
use super::stream::{self, Fault, Leaf, LeafSeed, Raw};
use crate::base64;
use crate::error::{ReadError, quote, quote_bytes};
use crate::spec::{AddedToken, Behavior, Pattern, PreTokenizer, Spec, Vocab, VocabIndex};

/// The special tokens of files that do not list them; the others are `<SPECIAL_n>`.
const SPECIAL: [&str; 20] = [
    "<unk>",
    "<s>",
    "</s>",
    "[INST]",
    "[/INST]",
    "[AVAILABLE_TOOLS]",
    "[/AVAILABLE_TOOLS]",
    "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]",
    "[TOOL_CALLS]",
    "[IMG]",
    "<pad>",
    "[IMG_BREAK]",
    "[IMG_END]",
    "[PREFIX]",
    "[MIDDLE]",
    "[SUFFIX]",
    "[SYSTEM_PROMPT]",
    "[/SYSTEM_PROMPT]",
    "[TOOL_CONTENT]",
];

/// Reads a tekken.json.
///
/// # Errors
///
/// [`ReadError`] with the path in the JSON.
pub fn tekken(bytes: &[u8]) -> std::result::Result<Read, ReadError> {
    let text = utf8(bytes)?;
    let document = stream::read(text)?;
    let mut oddities = Vec::new();
    let spec = spec(document, &mut oddities).map_err(|problem| problem.into_error(text))?;
    Ok(Read { spec, warnings: warnings(oddities, text) })
}

/// The file with its small parts still JSON.
#[derive(Default)]
struct Document {
    members: Map<String, Value>,
    /// Tokens and ranks, in file order.
    vocab: Option<Vocab>,
}

fn spec(document: Document, warnings: &mut Vec<Problem>) -> Result<Spec> {
    let Document { members, vocab } = document;
    let members = Object(&members);
    let config = members.get("config", object)?;
    let read = |key, read: fn(&Value) -> Result<u32>| config.get(key, read).under("config");
    let size = read("default_vocab_size", u32)?;
    let special_len = read("default_num_special_tokens", u32)?;
    let pattern = config.get("pattern", string).under("config")?;
    let Some(listed) = vocab else {
        return Err(Problem::new("\"vocab\" is missing"));
    };
    let Some(room) = size.checked_sub(special_len) else {
        let message = format!("found {special_len}, the vocabulary has {size} tokens");
        return Err(Problem::new(message)).under("default_num_special_tokens").under("config");
    };
    let special = under("special_tokens", warnings, |_| match members.0.get("special_tokens") {
        None | Some(Value::Null) => special_tokens(&[], special_len),
        Some(value) => special_tokens(&list(value, special_token)?, special_len),
    })?;
    let vocab = ranks(&listed, room, special_len).under("vocab")?;
    if (vocab.len() as u64) < u64::from(room) {
        let message = format!(
            "the vocabulary has room for {room} ordinary tokens, there are {}",
            vocab.len()
        );
        warnings.push(Problem::new(message).under("vocab"));
    }
    let pre_tokenizer = PreTokenizer::Split {
        pattern: Pattern::Regex(pattern),
        behavior: Behavior::Isolated,
        invert: false,
    };
    Ok(Spec::of_ranks(vocab, pre_tokenizer, special))
}

/// Rank and text of a listed special token.
fn special_token(value: &Value) -> Result<(u32, String)> {
    let members = object(value)?;
    Ok((members.get("rank", u32)?, members.get("token_str", string)?))
}

/// All special tokens; those that are not listed have their usual names.
fn special_tokens(listed: &[(u32, String)], len: u32) -> Result<Vec<AddedToken>> {
    // A token of at least ten bytes for each number: more than this is no file's vocabulary.
    if len > 1 << 20 {
        return Err(Problem::new(format!("{len} special tokens are too many")));
    }
    let mut names: Vec<Option<String>> = vec![None; len as usize];
    for (index, (rank, name)) in listed.iter().enumerate() {
        let problem = |message| Err(Problem::new(message).under(index));
        let Some(slot) = names.get_mut(*rank as usize) else {
            return problem(format!("found rank {rank}, the file has {len} special tokens"));
        };
        if name.is_empty() {
            return problem("found an empty token_str, text is wanted".to_owned());
        }
        if slot.replace(name.clone()).is_some() {
            return problem(format!("rank {rank} is listed twice"));
        }
    }
    for (rank, slot) in names.iter_mut().enumerate() {
        let usual = SPECIAL.get(rank).filter(|_| listed.is_empty());
        slot.get_or_insert_with(|| {
            usual.map_or_else(|| format!("<SPECIAL_{rank}>"), |name| (*name).to_owned())
        });
    }
    let names: Vec<String> = names.into_iter().flatten().collect();
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    if let Some(two) = sorted.windows(2).find(|two| two[0] == two[1]) {
        return Err(Problem::new(format!("{} is listed twice", quote(two[0]))));
    }
    let token = |(id, content)| AddedToken {
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
    };
    Ok((0..).zip(names).map(token).collect())
}

/// The tokens with a rank below `room`, by rank, with `first` added to it.
fn ranks(listed: &Vocab, room: u32, first: u32) -> Result<Vocab> {
    let mut order: Vec<(u32, usize)> = listed
        .iter()
        .enumerate()
        .filter(|(_, (_, rank))| *rank < room)
        .map(|(position, (_, rank))| (rank, position))
        .collect();
    order.sort_unstable();
    if let Some(two) = order.windows(2).find(|two| two[0].0 == two[1].0) {
        let (rank, position) = two[1];
        let message = format!("rank {rank} is listed twice (first in element {})", two[0].1);
        return Err(Problem::new(message).under(position));
    }
    let mut vocab = Vocab::with_capacity(order.len(), listed.byte_len());
    for &(rank, position) in &order {
        let token = listed.get(position).unwrap_or_default().0;
        vocab.push(token, rank + first);
    }
    if let Some(&(earlier, later)) = VocabIndex::new(&vocab).1.first() {
        let token = quote_bytes(vocab.get(later).unwrap_or_default().0);
        let message =
            format!("token {token} is listed twice (first in element {})", order[earlier].1);
        return Err(Problem::new(message).under(order[later].1));
    }
    Ok(vocab)
}

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
        if key == "vocab" {
            self.vocab = Some(map.next_value_seed(VocabSeed(fault))?);
        }
        Ok(key == "vocab")
    }
}

struct VocabSeed<'a>(&'a mut Fault);

impl<'de> DeserializeSeed<'de> for VocabSeed<'_> {
    type Value = Vocab;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> std::result::Result<Vocab, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for VocabSeed<'_> {
    type Value = Vocab;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of {rank, token_bytes}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Vocab, A::Error> {
        let Self(fault) = self;
        let mut vocab = Vocab::with_capacity(1 << 17, 1 << 20);
        let mut token = Vec::new();
        loop {
            let position = vocab.len();
            token.clear();
            let entry = seq.next_element_seed(EntrySeed { fault: &mut *fault, token: &mut token });
            match fault.at(entry, || Step::Index(position))? {
                None => return Ok(vocab),
                Some(rank) => vocab.push(&token, rank),
            }
        }
    }
}

/// An element of `vocab`: puts its bytes into `token` and gives its rank.
struct EntrySeed<'a> {
    fault: &'a mut Fault,
    token: &'a mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for EntrySeed<'_> {
    type Value = u32;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> std::result::Result<u32, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EntrySeed<'_> {
    type Value = u32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with rank and token_bytes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<u32, A::Error> {
        let Self { fault, token } = self;
        let (mut rank, mut has_bytes) = (None, false);
        let (mut key, mut text) = (Vec::new(), Vec::new());
        loop {
            key.clear();
            text.clear();
            if map.next_key_seed(LeafSeed(&mut key))?.is_none() {
                break;
            }
            let step = || Step::Key(String::from_utf8_lossy(&key).into_owned());
            let leaf = fault.at(map.next_value_seed(LeafSeed(&mut text)), step)?;
            let problem = match (&*key, leaf) {
                // The largest number is no rank; with the special tokens ids stay below it.
                (b"rank", Leaf::Unsigned(number)) if number < 1 << 31 => {
                    rank = Some(number as u32);
                    continue;
                }
                (b"rank", leaf) => leaf.problem(&text, "a rank from 0 to 2147483647"),
                (b"token_bytes", Leaf::Text) => {
                    token.clear();
                    has_bytes = true;
                    match base64::decode_into(&text, token) {
                        Ok(()) => continue,
                        Err(error) => {
                            let found = describe(&String::from_utf8_lossy(&text).into());
                            Problem::new(format!("found {found}, base64 is wanted ({error})"))
                        }
                    }
                }
                (b"token_bytes", leaf) => leaf.problem(&text, "base64"),
                _ => continue,
            };
            let error = fault.stop(problem);
            return fault.at(Err(error), step);
        }
        match (rank, has_bytes) {
            (Some(rank), true) => Ok(rank),
            (None, _) => Err(fault.stop(Problem::new("\"rank\" is missing"))),
            (_, false) => Err(fault.stop(Problem::new("\"token_bytes\" is missing"))),
        }
    }
}
