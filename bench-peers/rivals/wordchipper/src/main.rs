//! wordchipper, from a rank file, with its accelerated lexers.

use harness::{Error, Peer, Vocab};
use std::sync::Arc;
use wordchipper::{
    TokenDecoder as _, TokenEncoder as _, Tokenizer, TokenizerOptions, UnifiedTokenVocab,
    pretrained::openai::OATokenizer, spanners::TextSpanningConfig, vocab::SpecialFilter,
    vocab::io::load_base64_unified_vocab_path,
};

struct Wordchipper(Arc<Tokenizer<u32>>);

impl Peer for Wordchipper {
    type State = Vec<u32>;

    fn load(vocab: &Vocab) -> Result<Self, Error> {
        let known = match &*vocab.name {
            "r50k" => Some(OATokenizer::R50kBase),
            "cl100k" => Some(OATokenizer::Cl100kBase),
            "o200k" => Some(OATokenizer::O200kBase),
            _ => None,
        };
        let tables: UnifiedTokenVocab<u32> = match known {
            Some(known) => known.load_path(vocab.ranks())?,
            None => {
                let spanning = TextSpanningConfig::from_pattern(vocab.pattern());
                load_base64_unified_vocab_path(vocab.ranks(), spanning)?
            }
        };
        let options = TokenizerOptions::default().with_accelerated_lexers(true);
        Ok(Self(options.build(Arc::new(tables))))
    }

    fn encode<'s>(&self, text: &str, ids: &'s mut Vec<u32>) -> &'s [u32] {
        ids.clear();
        let encoded = self.0.try_encode_append(text, ids, Some(&SpecialFilter::IncludeNone));
        encoded.expect("any text can be encoded");
        ids
    }

    fn decode(&self, ids: &[u32], text: &mut Vec<u8>) -> bool {
        self.0.try_decode_to_bytes(ids).map(|decoded| *text = decoded.value).is_ok()
    }
}

fn main() -> std::process::ExitCode {
    harness::main::<Wordchipper>()
}
