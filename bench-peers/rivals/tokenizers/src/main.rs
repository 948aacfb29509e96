//! tokenizers, the stable release, from a tokenizer.json.

use harness::{Error, Peer, Vocab};
use tokenizers::{Encoding, Tokenizer};

struct HuggingFace(Tokenizer);

impl Peer for HuggingFace {
    type State = Option<Encoding>;

    fn load(vocab: &Vocab) -> Result<Self, Error> {
        let mut tokenizer = Tokenizer::from_file(vocab.given("json")?)?;
        tokenizer.set_encode_special_tokens(true);
        tokenizer.with_padding(None).with_truncation(None)?;
        Ok(Self(tokenizer))
    }

    fn encode<'s>(&self, text: &str, encoding: &'s mut Option<Encoding>) -> &'s [u32] {
        let new = self.0.encode_fast(text, false).expect("any text can be encoded");
        encoding.insert(new).get_ids()
    }

    fn full(&self, text: &str, rows: Option<&mut Vec<[usize; 3]>>) -> Option<usize> {
        let encoding = self.0.encode(text, true).ok()?;
        if let Some(rows) = rows {
            let all = encoding.get_ids().iter().zip(encoding.get_offsets());
            rows.extend(all.map(|(&id, &(start, end))| [id as usize, start, end]));
        }
        Some(encoding.len())
    }

    fn decode(&self, ids: &[u32], text: &mut Vec<u8>) -> bool {
        self.0.decode(ids, false).map(|decoded| *text = decoded.into_bytes()).is_ok()
    }

    // Its threads are as many as RAYON_NUM_THREADS says.
    fn batch(&self, texts: &[&str], _: usize, ids: &mut Vec<Vec<u32>>) -> bool {
        let all: Result<Vec<Encoding>, _> = self.0.encode_batch_fast(texts.to_vec(), false);
        all.map(|all| *ids = all.iter().map(|encoding| encoding.get_ids().to_vec()).collect())
            .is_ok()
    }
}

fn main() -> std::process::ExitCode {
    harness::main::<HuggingFace>()
}
