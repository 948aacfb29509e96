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
    fn batch(&self, texts: &[&str], _: usize) -> Option<Vec<Vec<u32>>> {
        let all = self.0.encode(texts, &self.1).wait().ok()?;
        Some(
            all.iter().map(|encoding| PipelineToken::cast_slice(encoding.ids()).to_vec()).collect(),
        )
    }

    fn long(&self, text: &str, _: usize) -> Option<Vec<u32>> {
        let all = self.0.encode(text, &self.1).wait().ok()?;
        Some(PipelineToken::cast_slice(all.first()?.ids()).to_vec())
    }
}

fn main() -> std::process::ExitCode {
    harness::main::<HuggingFace>()
}
