//! Which vocabularies and libraries are measured together.

use super::{
    models, prepare,
    rivals::{ALL, Rival},
};

/// A command, its choices where the caller makes none, and its report.
#[derive(Debug)]
pub(in super::super) struct Suite {
    /// Of the command, and of the report in docs/bench.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) vocabs: &'static [&'static str],
    rivals: fn(&Rival) -> bool,
    /// What can be measured, in this order.
    pub(super) measures: &'static [&'static str],
    /// Corpora; empty for all.
    pub(super) only: &'static [&'static str],
    pub(super) seconds: usize,
    /// Whose ids count.
    pub(super) reference: &'static str,
    pub(super) prepare: fn() -> Result<(), String>,
}

/// The vocabularies of OpenAI and their like.
pub(in super::super) const PEERS: Suite = Suite {
    name: "peers",
    title: "comptok beside other libraries",
    vocabs: &prepare::VOCABS,
    rivals: |rival| !models::ONLY.contains(&rival.name),
    measures: &["start", "speed", "head", "messages", "parts", "threads"],
    only: &[],
    seconds: 3,
    reference: "tiktoken-rs (qwen2: tokenizers)",
    prepare: prepare::write,
};

/// WordPiece, Unigram and BPE of SentencePiece's kind.
pub(in super::super) const MODELS: Suite = Suite {
    name: "models",
    title: "WordPiece, Unigram and BPE of SentencePiece's kind beside other libraries",
    vocabs: &models::NAMES,
    rivals: |rival| models::RIVALS.contains(&rival.name),
    measures: &["load", "speed", "full"],
    only: &["english", "multilingual", "chat", "adversarial/cjk_random_nospace"],
    seconds: 1,
    reference: "tokenizers (of a .model: sentencepiece)",
    prepare: models::write,
};

impl Suite {
    pub(super) fn rivals(&self) -> impl Iterator<Item = &'static Rival> {
        ALL.iter().filter(|rival| (self.rivals)(rival))
    }

    /// Vocabularies by their names.
    pub(super) fn named_vocabs(&self, names: &str) -> Result<Vec<&'static str>, String> {
        let find = |name: &str| {
            let short = name.trim_end_matches("_base");
            let short = if short == "gpt2" { "r50k" } else { short };
            let known = self.vocabs.iter().find(|known| [name, short].contains(known));
            known
                .copied()
                .ok_or(format!("no vocabulary {name:?}; there are {}", self.vocabs.join(", ")))
        };
        names.split(',').map(find).collect()
    }

    /// Libraries by their names, and comptok.
    pub(super) fn named_rivals(&self, names: &str) -> Result<Vec<&'static Rival>, String> {
        let mut rivals = vec![&ALL[0]];
        for name in names.split(',').filter(|name| *name != "comptok") {
            let known = self.rivals().find(|rival| rival.name == name);
            rivals.push(known.ok_or_else(|| {
                let all: Vec<_> = self.rivals().map(|rival| rival.name).collect();
                format!("no rival {name:?}; there are {}", all.join(", "))
            })?);
        }
        Ok(rivals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rivals_are_chosen_by_name_and_comptok_is_always_there() {
        let names = |chosen: Result<Vec<&'static Rival>, String>| {
            chosen.map(|rivals| rivals.iter().map(|rival| rival.name).collect::<Vec<_>>())
        };
        assert_eq!(names(PEERS.named_rivals("splintr,comptok")), Ok(vec!["comptok", "splintr"]));
        assert!(PEERS.named_rivals("quicktok").is_err());
        assert!(PEERS.named_rivals("sentencepiece").is_err());
        assert_eq!(MODELS.rivals().count(), models::RIVALS.len());
        assert_eq!(PEERS.rivals().next(), MODELS.rivals().next());
    }

    #[test]
    fn vocabularies_have_short_names() {
        assert_eq!(PEERS.named_vocabs("gpt2,cl100k_base"), Ok(vec!["r50k", "cl100k"]));
        assert_eq!(MODELS.named_vocabs("t5_small"), Ok(vec!["t5_small"]));
        assert!(MODELS.named_vocabs("cl100k").is_err());
    }
}
