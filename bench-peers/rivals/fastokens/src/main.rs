//! fastokens, from a tokenizer.json without added tokens: it refuses gaps between ids.

use fastokens::{AddedTokenPolicy, Tokenizer};
use harness::{Error, Peer, Vocab};

struct Fastokens(Tokenizer);

impl Peer for Fastokens {
    type State = Vec<u32>;

    fn load(vocab: &Vocab) -> Result<Self, Error> {
        Ok(Self(Tokenizer::from_file(&vocab.file("plain.json"))?))
    }

    fn encode<'s>(&self, text: &str, ids: &'s mut Vec<u32>) -> &'s [u32] {
        *ids = self.0.encode_ordinary(text).expect("any text can be encoded");
        ids
    }

    fn decode(&self, ids: &[u32], text: &mut Vec<u8>) -> bool {
        self.0.decode(ids, false).map(|decoded| *text = decoded.into_bytes()).is_ok()
    }

    // Its threads are as many as FASTOKENS_BPE_THREADS says.
    fn batch(&self, texts: &[&str], _: usize, ids: &mut Vec<Vec<u32>>) -> bool {
        let all = self.0.encode_batch_with_policy(texts, false, AddedTokenPolicy::None);
        all.map(|all| *ids = all).is_ok()
    }

    fn long(&self, text: &str, _: usize, ids: &mut Vec<u32>) -> bool {
        self.0.encode_ordinary(text).map(|all| *ids = all).is_ok()
    }
}

fn main() -> std::process::ExitCode {
    harness::main::<Fastokens>()
}
