//! splintr: the vocabularies that it brings along, a rank file or a tokenizer.json for those it does not.

use harness::{Error, Peer, Vocab};
use splintr::{
    AnyTokenizer, FxHashMap, SpecialMode, Tokenizer, from_json_path, pretrained::from_pretrained,
};

enum Splintr {
    Bundled(Box<AnyTokenizer>),
    /// From a tokenizer.json, which may add tokens: they are left out by another call, which finds special
    /// tokens in text.
    File(Box<AnyTokenizer>),
    Ranks(Box<Tokenizer>),
}

impl Peer for Splintr {
    type State = Vec<u32>;

    fn load(vocab: &Vocab) -> Result<Self, Error> {
        let bundled = |name| Ok(Self::Bundled(Box::new(from_pretrained(name)?)));
        match &*vocab.name {
            "cl100k" => bundled("cl100k_base"),
            "o200k" => bundled("o200k_base"),
            "qwen2" => bundled("qwen2"),
            "r50k" => {
                let ranks = std::fs::read(vocab.ranks())?;
                let none = FxHashMap::<String, u32>::default();
                let tokenizer = Tokenizer::from_bytes(&ranks, &vocab.pattern(), none)?;
                Ok(Self::Ranks(Box::new(tokenizer)))
            }
            _ => Ok(Self::File(Box::new(from_json_path(vocab.given("json")?)?))),
        }
    }

    fn encode<'s>(&self, text: &str, ids: &'s mut Vec<u32>) -> &'s [u32] {
        *ids = match self {
            Self::Bundled(tokenizer) => {
                let mode = SpecialMode::Ordinary;
                tokenizer.encode_with(text, &mode).expect("no token is forbidden")
            }
            Self::File(tokenizer) => tokenizer.encode_raw(text),
            Self::Ranks(tokenizer) => tokenizer.encode_ordinary(text),
        };
        ids
    }

    fn decode(&self, ids: &[u32], text: &mut Vec<u8>) -> bool {
        let decoded = match self {
            Self::Bundled(tokenizer) | Self::File(tokenizer) => tokenizer.decode(ids).ok(),
            Self::Ranks(tokenizer) => tokenizer.decode(ids).ok(),
        };
        decoded.map(|decoded| *text = decoded.into_bytes()).is_some()
    }

    // Its threads are as many as RAYON_NUM_THREADS says.
    fn batch(&self, texts: &[&str], _: usize, ids: &mut Vec<Vec<u32>>) -> bool {
        match self {
            Self::Bundled(tokenizer) => {
                let all = tokenizer.encode_batch_with(texts, &SpecialMode::Ordinary);
                all.map(|all| *ids = all).is_ok()
            }
            Self::File(_) | Self::Ranks(_) => false,
        }
    }

    // Special tokens cannot be taken for text here.
    fn long(&self, text: &str, _: usize, ids: &mut Vec<u32>) -> bool {
        *ids = match self {
            Self::Bundled(tokenizer) => tokenizer.encode_rayon(text),
            Self::File(_) => return false,
            Self::Ranks(tokenizer) => tokenizer.encode_rayon(text),
        };
        true
    }
}

fn main() -> std::process::ExitCode {
    harness::main::<Splintr>()
}
