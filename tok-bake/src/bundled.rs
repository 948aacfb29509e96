//! The tokenizers that comptok bundles: what their files do not say.

/// A bundled tokenizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bundled {
    /// Its name, which is also the name of the feature that brings it in.
    pub name: &'static str,
    /// Its file in `vocab/`.
    pub file: &'static str,
    /// The name of its tables: those with the same ranks have the same, and follow each other in
    /// [`ALL`].
    pub tables: &'static str,
    /// The name of its pattern, for a rank file.
    pub pattern: Option<&'static str>,
    special: &'static [(&'static str, u32)],
    /// Ids whose special tokens are called after their number, `<|reserved_200013|>`.
    reserved: &'static [std::ops::Range<u32>],
}

const END: &str = "<|endoftext|>";
const ENDOFPROMPT: &str = "<|endofprompt|>";
const FIM_PREFIX: &str = "<|fim_prefix|>";
const FIM_MIDDLE: &str = "<|fim_middle|>";
const FIM_SUFFIX: &str = "<|fim_suffix|>";

/// All of them, in the order of their age.
pub const ALL: [Bundled; 7] = [
    Bundled {
        name: "gpt2",
        file: "gpt2.json",
        tables: "gpt2",
        pattern: None,
        special: &[],
        reserved: &[],
    },
    Bundled {
        name: "r50k_base",
        file: "r50k_base.tiktoken",
        tables: "gpt2",
        pattern: Some("r50k"),
        special: &[(END, 50256)],
        reserved: &[],
    },
    Bundled {
        name: "p50k_base",
        file: "p50k_base.tiktoken",
        tables: "p50k",
        pattern: Some("r50k"),
        special: &[(END, 50256)],
        reserved: &[],
    },
    Bundled {
        name: "p50k_edit",
        file: "p50k_base.tiktoken",
        tables: "p50k",
        pattern: Some("r50k"),
        special: &[(END, 50256), (FIM_PREFIX, 50281), (FIM_MIDDLE, 50282), (FIM_SUFFIX, 50283)],
        reserved: &[],
    },
    Bundled {
        name: "cl100k_base",
        file: "cl100k_base.tiktoken",
        tables: "cl100k",
        pattern: Some("cl100k"),
        special: &[
            (END, 100_257),
            (FIM_PREFIX, 100_258),
            (FIM_MIDDLE, 100_259),
            (FIM_SUFFIX, 100_260),
            (ENDOFPROMPT, 100_276),
        ],
        reserved: &[],
    },
    Bundled {
        name: "o200k_base",
        file: "o200k_base.tiktoken",
        tables: "o200k",
        pattern: Some("o200k"),
        special: &[(END, 199_999), (ENDOFPROMPT, 200_018)],
        reserved: &[],
    },
    Bundled {
        name: "o200k_harmony",
        file: "o200k_base.tiktoken",
        tables: "o200k",
        pattern: Some("o200k"),
        special: &[
            ("<|startoftext|>", 199_998),
            (END, 199_999),
            ("<|return|>", 200_002),
            ("<|constrain|>", 200_003),
            ("<|channel|>", 200_005),
            ("<|start|>", 200_006),
            ("<|end|>", 200_007),
            ("<|message|>", 200_008),
            ("<|call|>", 200_012),
            // The reference gives this id two spellings: this one, which it decodes to, and
            // `<|reserved_200018|>`.
            (ENDOFPROMPT, 200_018),
        ],
        reserved: &[200_000..200_002, 200_004..200_005, 200_009..200_012, 200_013..201_088],
    },
];

impl Bundled {
    /// The tokenizer of this name.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|bundled| bundled.name == name)
    }

    /// The special tokens that its file does not list, ordered by id.
    ///
    /// One id may have two: decoding gives the first of them.
    pub fn special_tokens(&self) -> Vec<(String, u32)> {
        let named = self.special.iter().map(|&(token, id)| (token.to_owned(), id));
        let reserved = self.reserved.iter().cloned().flatten();
        let mut tokens: Vec<(String, u32)> =
            named.chain(reserved.map(|id| (format!("<|reserved_{id}|>"), id))).collect();
        // Stable: a token that is named stays in front of a reserved one.
        tokens.sort_by_key(|&(_, id)| id);
        tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As tiktoken 0.14 says: number of special tokens, their ids, and the largest.
    #[test]
    fn special_tokens_are_those_of_the_reference() {
        let counts = ALL.map(|bundled| {
            let tokens = bundled.special_tokens();
            let mut ids: Vec<u32> = tokens.iter().map(|&(_, id)| id).collect();
            assert!(ids.is_sorted());
            ids.dedup();
            (bundled.name, tokens.len(), ids.len(), ids.last().copied().unwrap_or_default())
        });
        let expected = [
            ("gpt2", 0, 0, 0),
            ("r50k_base", 1, 1, 50_256),
            ("p50k_base", 1, 1, 50_256),
            ("p50k_edit", 4, 4, 50_283),
            ("cl100k_base", 5, 5, 100_276),
            ("o200k_base", 2, 2, 200_018),
            ("o200k_harmony", 1091, 1090, 201_087),
        ];
        assert_eq!(counts, expected);
    }

    #[test]
    fn the_id_with_two_spellings_has_its_name_first() {
        let tokens = ALL[6].special_tokens();
        let spellings: Vec<&str> =
            tokens.iter().filter(|token| token.1 == 200_018).map(|token| &*token.0).collect();
        assert_eq!(spellings, ["<|endofprompt|>", "<|reserved_200018|>"]);
        assert!(tokens.contains(&("<|reserved_201087|>".to_owned(), 201_087)));
    }
}
