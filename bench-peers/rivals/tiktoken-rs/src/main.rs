//! tiktoken-rs: the vocabularies that it brings along, and a rank file for the one it does not.

use harness::{Error, Peer, Vocab};
use tiktoken_rs::CoreBPE;

struct Tiktoken(CoreBPE);

impl Peer for Tiktoken {
    type State = Vec<u32>;

    fn load(vocab: &Vocab) -> Result<Self, Error> {
        Ok(Self(match &*vocab.name {
            "r50k" => tiktoken_rs::r50k_base()?,
            "cl100k" => tiktoken_rs::cl100k_base()?,
            "o200k" => tiktoken_rs::o200k_base()?,
            _ => {
                let ranks = vocab.tokens().into_iter().collect();
                CoreBPE::new(ranks, Default::default(), &vocab.pattern())?
            }
        }))
    }

    fn encode<'s>(&self, text: &str, ids: &'s mut Vec<u32>) -> &'s [u32] {
        *ids = self.0.encode_ordinary(text);
        ids
    }

    fn count(&self, text: &str, _: &mut Vec<u32>) -> Option<usize> {
        Some(self.0.count_ordinary(text))
    }

    fn decode(&self, ids: &[u32], text: &mut Vec<u8>) -> bool {
        self.0.decode_bytes(ids).map(|decoded| *text = decoded).is_ok()
    }
}

fn main() -> std::process::ExitCode {
    harness::main::<Tiktoken>()
}
