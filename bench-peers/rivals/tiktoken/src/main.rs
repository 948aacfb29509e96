//! tiktoken, the crate, with the vocabularies that it brings along.

use harness::{Error, Peer, Vocab};
use tiktoken::CoreBpe;

struct Tiktoken(&'static CoreBpe);

impl Peer for Tiktoken {
    type State = Vec<u32>;

    fn load(vocab: &Vocab) -> Result<Self, Error> {
        let name = match &*vocab.name {
            "r50k" => "r50k_base",
            "cl100k" => "cl100k_base",
            "o200k" => "o200k_base",
            name => name,
        };
        tiktoken::get_encoding(name).map(Self).ok_or(Error::Unsupported)
    }

    fn encode<'s>(&self, text: &str, ids: &'s mut Vec<u32>) -> &'s [u32] {
        *ids = self.0.encode(text);
        ids
    }

    fn count(&self, text: &str, _: &mut Vec<u32>) -> Option<usize> {
        Some(self.0.count(text))
    }

    fn decode(&self, ids: &[u32], text: &mut Vec<u8>) -> bool {
        *text = self.0.decode(ids);
        true
    }

    // Its threads are as many as RAYON_NUM_THREADS says.
    fn long(&self, text: &str, _: usize, ids: &mut Vec<u32>) -> bool {
        *ids = self.0.encode_parallel(text);
        true
    }
}

fn main() -> std::process::ExitCode {
    harness::main::<Tiktoken>()
}
