//! bpe-openai, with the vocabularies that it brings along.

use bpe_openai::Tokenizer;
use harness::{Error, Peer, Vocab};

struct BpeOpenai(&'static Tokenizer);

impl Peer for BpeOpenai {
    type State = Vec<u32>;

    fn load(vocab: &Vocab) -> Result<Self, Error> {
        match &*vocab.name {
            "cl100k" => Ok(Self(bpe_openai::cl100k_base())),
            "o200k" => Ok(Self(bpe_openai::o200k_base())),
            _ => Err(Error::Unsupported),
        }
    }

    fn encode<'s>(&self, text: &str, ids: &'s mut Vec<u32>) -> &'s [u32] {
        *ids = self.0.encode(text);
        ids
    }

    fn count(&self, text: &str, _: &mut Vec<u32>) -> Option<usize> {
        Some(self.0.count(text))
    }

    fn decode(&self, ids: &[u32], text: &mut Vec<u8>) -> bool {
        self.0.decode(ids).map(|decoded| *text = decoded.into_bytes()).is_some()
    }
}

fn main() -> std::process::ExitCode {
    harness::main::<BpeOpenai>()
}
