//! tokenizers, the release candidate of its rewrite, from a tokenizer.json.

use harness::{Error, Peer, Vocab};
use tokenizers::pipeline::{EncodeOptions, PipelineToken, PipelineTokenizer};

struct HuggingFace(PipelineTokenizer, EncodeOptions);

impl Peer for HuggingFace {
    type State = Vec<PipelineToken>;

    fn load(vocab: &Vocab) -> Result<Self, Error> {
        // What an older version wrote is brought up to date first, as its documentation asks.
        let json = tokenizers::canonicalize_file(vocab.given("json")?)?;
        let options = EncodeOptions { encode_special_tokens: true, ..EncodeOptions::no_specials() };
        Ok(Self(tokenizers::from_json(&json)?, options))
    }

    fn encode<'s>(&self, text: &str, ids: &'s mut Vec<PipelineToken>) -> &'s [u32] {
        ids.clear();
        self.0.encode_into(text, &self.1, ids).expect("any text can be encoded");
        PipelineToken::cast_slice(ids)
    }

    fn decode(&self, ids: &[u32], text: &mut Vec<u8>) -> bool {
        self.0.decode(ids, false).map(|decoded| *text = decoded.into_bytes()).is_ok()
    }

    // Its threads are as many as RAYON_NUM_THREADS says.
    fn batch(&self, texts: &[&str], _: usize, ids: &mut Vec<Vec<u32>>) -> bool {
        let Ok(all) = self.0.encode(texts, &self.1).wait() else { return false };
        *ids =
            all.iter().map(|encoding| PipelineToken::cast_slice(encoding.ids()).to_vec()).collect();
        true
    }

    fn long(&self, text: &str, _: usize, ids: &mut Vec<u32>) -> bool {
        let all = self.0.encode(text, &self.1).wait().ok();
        let Some(first) = all.as_ref().and_then(|all| all.first()) else { return false };
        *ids = PipelineToken::cast_slice(first.ids()).to_vec();
        true
    }
}

fn main() -> std::process::ExitCode {
    harness::main::<HuggingFace>()
}
