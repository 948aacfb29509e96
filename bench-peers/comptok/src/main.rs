//! comptok: bundled vocabularies, and a baked file for those that are not.

use comptok::{
    FullOptions, Kernel, Options, Scratch, Setting, Special, Tier, TokenId, Tokenizer, vocab,
};
use harness::{Error, Peer, Vocab};

const ORDINARY: Options<'static> = Options::new(Special::AsText);

/// Offsets in bytes are the default.
const FULL: FullOptions<'static> = FullOptions {
    truncation: Setting::Off,
    padding: Setting::Off,
    add_special_tokens: true,
    offsets: comptok::Offsets::Bytes,
    special: Special::AsText,
};

struct Comptok(Tokenizer);

struct State {
    scratch: Scratch<'static>,
    ids: Vec<TokenId>,
}

impl Default for State {
    /// With the kernel of the tier that COMPTOK_TIER names, or of the best one.
    fn default() -> Self {
        let scratch = match std::env::var("COMPTOK_TIER") {
            Ok(name) => {
                let tier = Tier::ALL.into_iter().find(|tier| tier.name() == name);
                let kernel = tier.and_then(Kernel::of).expect("a tier of this processor");
                Scratch::new().kernel(kernel)
            }
            Err(_) => Scratch::new(),
        };
        Self { scratch, ids: Vec::new() }
    }
}

impl Peer for Comptok {
    type State = State;

    fn load(vocab: &Vocab) -> Result<Self, Error> {
        Ok(Self(match &*vocab.name {
            "r50k" => vocab::R50K_BASE.clone(),
            "cl100k" => vocab::CL100K_BASE.clone(),
            "o200k" => vocab::O200K_BASE.clone(),
            _ => Tokenizer::from_file(vocab.file("ctok"))?,
        }))
    }

    fn load_from(vocab: &Vocab, extension: &str) -> Result<Self, Error> {
        let file = vocab.given(extension)?;
        Ok(Self(match extension {
            // SAFETY: nobody writes to the prepared files while programs run.
            "ctok" => unsafe { Tokenizer::map_file(file)? },
            _ => Tokenizer::from_file(file)?,
        }))
    }

    fn full(&self, text: &str, rows: Option<&mut Vec<[usize; 3]>>) -> Option<usize> {
        let encoding = self.0.encode_full(text, &FULL).ok()?;
        if let Some(rows) = rows {
            let all = encoding.ids().iter().zip(encoding.offsets());
            rows.extend(all.map(|(&id, &(start, end))| [id as usize, start, end]));
        }
        Some(encoding.len())
    }

    fn encode<'s>(&self, text: &str, state: &'s mut State) -> &'s [u32] {
        let State { scratch, ids } = state;
        ids.clear();
        self.0.encode_into(text, ORDINARY, ids, scratch).expect("memory can grow");
        ids
    }

    fn count(&self, text: &str, state: &mut State) -> Option<usize> {
        Some(self.0.count_with(text, ORDINARY, &mut state.scratch).expect("memory can grow"))
    }

    fn decode(&self, ids: &[u32], text: &mut Vec<u8>) -> bool {
        text.clear();
        self.0.decode_into(ids, text).is_ok()
    }

    fn batch(&self, texts: &[&str], threads: usize, ids: &mut Vec<Vec<u32>>) -> bool {
        self.0.encode_batch_into(threads, texts, ORDINARY, ids).is_ok()
    }

    fn long(&self, text: &str, threads: usize, ids: &mut Vec<u32>) -> bool {
        self.0.encode_parallel_into(threads, text, ORDINARY, ids).is_ok()
    }

    const KEEPS: bool = true;
}

fn main() -> std::process::ExitCode {
    harness::main::<Comptok>()
}
