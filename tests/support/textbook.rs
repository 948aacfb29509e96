//! Byte-pair encoding as a textbook has it, which is the specification, and small files for it.

// Every test that includes this file uses a part of it.
#![allow(dead_code)]

use comptok_bake::byte_level;
use std::fmt::{self, Write as _};

/// A list of tokens and a list of merges: what a tokenizer.json holds.
#[derive(Clone)]
pub(crate) struct Merges {
    /// A token's place is its id. Single bytes come first.
    pub(crate) vocab: Vec<Vec<u8>>,
    /// A merge's place is its rank.
    pub(crate) merges: Vec<(Vec<u8>, Vec<u8>)>,
    /// Pre-tokens that are tokens are not merged.
    pub(crate) ignore_merges: bool,
}

/// Merges the pair with the lowest rank, the first of several, until there is none.
fn merge(mut parts: Vec<Vec<u8>>, rank: impl Fn(&[u8], &[u8]) -> Option<usize>) -> Vec<Vec<u8>> {
    loop {
        let pairs = parts.windows(2).enumerate();
        let best = pairs.filter_map(|(at, pair)| Some((rank(&pair[0], &pair[1])?, at))).min();
        let Some((_, at)) = best else { return parts };
        let right = parts.remove(at + 1);
        parts[at].extend(right);
    }
}

impl Merges {
    /// Every byte but those in `without`; then the `pairs`, each of two tokens that are there (any
    /// number names one), if what they make is at most `longest` bytes.
    pub(crate) fn new(without: &[u8], pairs: &[(usize, usize)], longest: usize) -> Self {
        // Few bytes, so that merges meet each other's results.
        Self::over(" abcé中", without, pairs, longest)
    }

    /// The same with merges that begin with the bytes of `text`.
    pub(crate) fn over(
        text: &str,
        without: &[u8],
        pairs: &[(usize, usize)],
        longest: usize,
    ) -> Self {
        let mut vocab: Vec<Vec<u8>> =
            (0..=255).filter(|byte| !without.contains(byte)).map(|byte| vec![byte]).collect();
        let mut pool: Vec<Vec<u8>> =
            text.bytes().filter(|byte| !without.contains(byte)).map(|byte| vec![byte]).collect();
        let mut merges = Vec::new();
        for &(left, right) in pairs {
            let (left, right) = (&pool[left % pool.len()], &pool[right % pool.len()]);
            let both = [&left[..], right].concat();
            let merge = (left.clone(), right.clone());
            if both.len() > longest || merges.contains(&merge) {
                continue;
            }
            merges.push(merge);
            if !vocab.contains(&both) {
                vocab.push(both.clone());
                pool.push(both);
            }
        }
        Self { vocab, merges, ignore_merges: false }
    }

    /// The id of these bytes.
    pub(crate) fn id(&self, token: &[u8]) -> Option<u32> {
        self.vocab.iter().position(|other| other == token).map(|id| id as u32)
    }

    /// The ids of one pre-token. Bytes without a token are dropped.
    pub(crate) fn encode(&self, piece: &[u8]) -> Vec<u32> {
        if self.ignore_merges
            && let Some(id) = self.id(piece)
        {
            return vec![id];
        }
        let bytes = piece.iter().map(|&byte| vec![byte]);
        let parts = merge(bytes.filter(|byte| self.id(byte).is_some()).collect(), |left, right| {
            self.merges.iter().position(|(a, b)| a == left && b == right)
        });
        parts.iter().filter_map(|part| self.id(part)).collect()
    }

    /// As a tokenizer.json. `normalizer` is JSON.
    pub(crate) fn tokenizer_json(&self, normalizer: &str) -> Vec<u8> {
        let mut json = format!(
            r#"{{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],
            "normalizer":{normalizer},
            "pre_tokenizer":{{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}},
            "post_processor":null,"decoder":{{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}},
            "model":{{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,
            "end_of_word_suffix":null,"fuse_unk":false,"byte_fallback":false,"ignore_merges":{},"vocab":{{"#,
            self.ignore_merges
        );
        for (id, token) in self.vocab.iter().enumerate() {
            let comma = if id == 0 { "" } else { "," };
            write!(json, "{comma}{}:{id}", quote(&byte_level::to_text(token))).expect("a string");
        }
        json += r#"},"merges":["#;
        for (rank, (left, right)) in self.merges.iter().enumerate() {
            let comma = if rank == 0 { "" } else { "," };
            let (left, right) = (byte_level::to_text(left), byte_level::to_text(right));
            write!(json, "{comma}[{},{}]", quote(&left), quote(&right)).expect("a string");
        }
        json += "]}}";
        json.into_bytes()
    }
}

fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Tokens with ranks: what a rank file holds.
#[derive(Clone)]
pub(crate) struct Ranks(
    /// A token's place is its rank and its id.
    pub(crate) Vec<Vec<u8>>,
);

impl Ranks {
    /// Every byte, and `words`, which need not come from merges.
    pub(crate) fn new(words: &[String]) -> Self {
        let mut tokens: Vec<Vec<u8>> = (0..=255).map(|byte| vec![byte]).collect();
        for word in words {
            if !tokens.contains(&word.as_bytes().to_vec()) {
                tokens.push(word.as_bytes().to_vec());
            }
        }
        Self(tokens)
    }

    fn rank(&self, token: &[u8]) -> Option<usize> {
        self.0.iter().position(|other| other == token)
    }

    /// The ids of one pre-token.
    pub(crate) fn encode(&self, piece: &[u8]) -> Vec<u32> {
        if let Some(rank) = self.rank(piece) {
            return vec![rank as u32];
        }
        let parts = merge(piece.iter().map(|&byte| vec![byte]).collect(), |left, right| {
            self.rank(&[left, right].concat())
        });
        parts.iter().filter_map(|part| self.rank(part)).map(|rank| rank as u32).collect()
    }

    /// As a rank file.
    pub(crate) fn file(&self) -> Vec<u8> {
        let mut file = String::new();
        for (rank, token) in self.0.iter().enumerate() {
            writeln!(file, "{} {rank}", base64(token)).expect("a string");
        }
        file.into_bytes()
    }
}

fn base64(bytes: &[u8]) -> String {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits =
            (0..3).fold(0, |bits, at| bits << 8 | chunk.get(at).map_or(0, |&b| usize::from(b)));
        for at in 0..4 {
            let digit = if at <= chunk.len() { digits[bits >> (18 - 6 * at) & 63] } else { b'=' };
            text.push(char::from(digit));
        }
    }
    text
}

/// A list of all single bytes is no help in the report of a failure.
impl fmt::Debug for Merges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy;
        let merges: Vec<_> = self.merges.iter().map(|(a, b)| (text(a), text(b))).collect();
        let missing: Vec<u8> = (0..=255).filter(|&byte| self.id(&[byte]).is_none()).collect();
        write!(f, "{merges:?} without {missing:?}, ignore_merges: {}", self.ignore_merges)
    }
}

impl fmt::Debug for Ranks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.0.iter().skip(256).map(|token| String::from_utf8_lossy(token));
        f.debug_list().entries(words).finish()
    }
}
