//! kitoken, from a rank file, or from a tokenizer.json or a .model where that says more.

use harness::{Error, Peer, Vocab};
use kitoken::{Kitoken, SpecialTokenKind};

/// Special tokens are taken for text.
const NONE: &[SpecialTokenKind] = &[];

struct Kit(Kitoken);

impl Peer for Kit {
    type State = Vec<u32>;

    fn load(vocab: &Vocab) -> Result<Self, Error> {
        Ok(Self(match &*vocab.name {
            "r50k" | "cl100k" | "o200k" => Kitoken::from_tiktoken_file(vocab.ranks())?,
            _ => match vocab.given("json") {
                Ok(json) => Kitoken::from_tokenizers_file(json)?,
                Err(_) => Kitoken::from_sentencepiece_file(vocab.given("model")?)?,
            },
        }))
    }

    fn encode<'s>(&self, text: &str, ids: &'s mut Vec<u32>) -> &'s [u32] {
        *ids = self.0.encode(text, NONE).expect("any text can be encoded");
        ids
    }

    fn decode(&self, ids: &[u32], text: &mut Vec<u8>) -> bool {
        self.0.decode(ids, true).map(|decoded| *text = decoded).is_ok()
    }
}

fn main() -> std::process::ExitCode {
    harness::main::<Kit>()
}
