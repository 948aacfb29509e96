//! tokie, from a tokenizer.json without added tokens: it has no call that takes them for text.

use harness::{Error, Peer, Vocab};
use tokie::Tokenizer;

struct Tokie(Tokenizer);

impl Peer for Tokie {
    type State = Vec<u32>;

    fn load(vocab: &Vocab) -> Result<Self, Error> {
        Ok(Self(Tokenizer::from_json(vocab.given("plain.json")?)?))
    }

    fn encode<'s>(&self, text: &str, ids: &'s mut Vec<u32>) -> &'s [u32] {
        *ids = self.0.encode_ids(text, false);
        ids
    }

    fn full(&self, text: &str, rows: Option<&mut Vec<[usize; 3]>>) -> Option<usize> {
        let encoding = self.0.encode_with_offsets(text, true);
        if let Some(rows) = rows {
            let all = encoding.ids.iter().zip(&encoding.offsets);
            rows.extend(all.map(|(&id, &(start, end))| [id as usize, start, end]));
        }
        Some(encoding.ids.len())
    }

    fn count(&self, text: &str, _: &mut Vec<u32>) -> Option<usize> {
        Some(self.0.count_tokens(text))
    }

    fn decode(&self, ids: &[u32], text: &mut Vec<u8>) -> bool {
        *text = self.0.decode_bytes(ids);
        true
    }

    // Its threads are as many as there are processors.
    fn batch(&self, texts: &[&str], _: usize, ids: &mut Vec<Vec<u32>>) -> bool {
        let all = self.0.encode_batch(texts, false);
        *ids = all.into_iter().map(|encoding| encoding.ids).collect();
        true
    }
}

fn main() -> std::process::ExitCode {
    harness::main::<Tokie>()
}
