//! How `tokenizer.ggml.pre` cuts text.

use crate::read::pattern::PatternArg;
use crate::spec::{Behavior, Pattern, PreTokenizer};

/// A step of cutting; each cuts what the ones before have left.
enum Step {
    /// One of the patterns with a name of their own.
    Named(&'static str),
    /// What this finds stands on its own, and so does what is between.
    Regex(&'static str),
    /// Runs of punctuation stand on their own.
    Punctuation,
    /// GPT-2's pattern, and bytes become chars here, not at the end.
    Gpt2AsChars,
    /// Runs of digits stand on their own.
    Digits,
}

use Step::{Digits, Gpt2AsChars, Named, Punctuation, Regex};

/// What some names say.
struct Entry {
    names: &'static [&'static str],
    steps: &'static [Step],
    /// Whether an entry of the vocabulary is an answer whatever merges make of it.
    ignore_merges: bool,
    /// Whether text begins with the token for that where the file does not say.
    adds_bos: bool,
}

const fn entry(names: &'static [&'static str], steps: &'static [Step]) -> Entry {
    Entry { names, steps, ignore_merges: false, adds_bos: false }
}

const fn ignoring_merges(names: &'static [&'static str], steps: &'static [Step]) -> Entry {
    Entry { ignore_merges: true, ..entry(names, steps) }
}

const fn beginning(entry: Entry) -> Entry {
    Entry { adds_bos: true, ..entry }
}

const DIGIT: Step = Regex(r"\p{N}");

/// What the models behind the names cut by. `whitespace` has no byte-level vocabulary.
const ENTRIES: &[Entry] = &[
    entry(
        &[
            "default",
            "gpt-2",
            "gpt2",
            "phi-2",
            "mpt",
            "olmo",
            "roberta-bpe",
            "jina-es",
            "jina-de",
            "jina-v1-en",
            "jina-v2-es",
            "jina-v2-de",
            "jina-v2-code",
            "gigachat",
            "a.x-4.0",
            "mellum",
            "modern-bert",
            "jais",
            "trillion",
            "granite-docling",
            "exaone4",
        ],
        &[Named("gpt2")],
    ),
    beginning(ignoring_merges(
        &[
            "llama3",
            "llama-v3",
            "llama-bpe",
            "falcon3",
            "falcon-h1",
            "pixtral",
            "midm-2.0",
            "lfm2",
            "jina-v5-nano",
        ],
        &[Named("llama3")],
    )),
    ignoring_merges(&["glm4", "glm5"], &[Named("llama3")]),
    entry(&["dbrx", "smaug-bpe", "chatglm-bpe"], &[Named("llama3")]),
    entry(&["cl100k"], &[Named("cl100k")]),
    entry(
        &[
            "qwen2",
            "deepseek-r1-qwen",
            "kormo",
            "f2llmv2",
            "stablelm2",
            "hunyuan",
            "solar-open",
            "megrez",
            "grok-2",
        ],
        &[Named("qwen2")],
    ),
    entry(&["qwen35", "qwen3_5"], &[Named("qwen3_5")]),
    entry(&["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"], &[Named("o200k")]),
    ignoring_merges(&["granite-embed-multi-97m"], &[Named("o200k")]),
    beginning(ignoring_merges(&["tekken"], &[Named("tekken")])),
    entry(&["kimi-k2"], &[Named("kimi")]),
    entry(
        &["deepseek-v3", "deepseek-r1", "hunyuan-dense", "joyai-llm", "hy_v4"],
        &[Named("deepseek_v3")],
    ),
    entry(
        &[
            "starcoder",
            "refact",
            "command-r",
            "smollm",
            "codeshell",
            "exaone",
            "minerva-7b",
            "mellum2",
        ],
        &[DIGIT, Named("gpt2")],
    ),
    entry(&["falcon"], &[Punctuation, Gpt2AsChars, Digits, Regex("[0-9][0-9][0-9]")]),
    entry(
        &["deepseek-coder"],
        &[
            Regex(r"[\r\n]"),
            Regex(r"\s?\p{L}+"),
            Regex(r"\s?\p{P}+"),
            Regex("[\u{4E00}-\u{9FA5}\u{0800}-\u{4E00}\u{AC00}-\u{D7FF}]+"),
            DIGIT,
        ],
    ),
    entry(
        &["deepseek-llm"],
        &[
            Regex(r"[\r\n]"),
            Regex(concat!(
                "\\s?[A-Za-z\u{00B5}\u{00C0}-\u{00D6}\u{00D8}-\u{00F6}\u{00F8}-\u{01BA}\u{01BC}-",
                "\u{01BF}\u{01C4}-\u{0293}\u{0295}-\u{02AF}\u{0370}-\u{0373}\u{0376}\u{0377}\u{037B}-",
                "\u{037D}\u{037F}\u{0386}\u{0388}-\u{038A}\u{038C}\u{038E}-\u{03A1}\u{03A3}-\u{03F5}",
                "\u{03F7}-\u{0481}\u{048A}-\u{052F}\u{0531}-\u{0556}\u{10A0}-\u{10C5}\u{13A0}-",
                "\u{13F5}\u{13F8}-\u{13FD}\u{1C90}-\u{1CBA}\u{1CBD}-\u{1CBF}\u{1D00}-\u{1D2B}\u{1D6B}",
                "-\u{1D77}\u{1D79}-\u{1D9A}\u{1E00}-\u{1F15}\u{1F18}-\u{1F1D}\u{1F20}-\u{1F45}",
                "\u{1F48}-\u{1F4D}\u{1F50}-\u{1F57}\u{1F59}\u{1F5B}\u{1F5D}\u{1F5F}-\u{1F7D}\u{1F80}-",
                "\u{1FB4}\u{1FB6}-\u{1FBC}\u{1FBE}\u{1FC2}-\u{1FC4}\u{1FC6}-\u{1FCC}\u{1FD0}-\u{1FD3}",
                "\u{1FD6}-\u{1FDB}\u{1FE0}-\u{1FEC}\u{1FF2}-\u{1FF4}\u{1FF6}-\u{1FFC}\u{2102}\u{2107}",
                "\u{210A}-\u{2113}\u{2115}\u{2119}-\u{211D}\u{2124}\u{2126}\u{2128}\u{212A}-\u{212D}",
                "\u{212F}-\u{2134}\u{2139}\u{213C}-\u{213F}\u{2145}-\u{2149}\u{214E}\u{2183}\u{2184}",
                "\u{2C00}-\u{2C7B}\u{2C7E}-\u{2CE4}\u{2CEB}-\u{2CEE}\u{2CF2}\u{2CF3}\u{A640}-\u{A66D}",
                "\u{A680}-\u{A69B}\u{A722}-\u{A76F}\u{A771}-\u{A787}\u{A78B}-\u{A78E}\u{AB70}-",
                "\u{ABBF}\u{FB00}-\u{FB06}\u{FB13}-\u{FB17}\u{FF21}-\u{FF3A}\u{FF41}-\u{FF5A}",
                "\u{10400}-\u{1044F}\u{104B0}-\u{104D3}\u{104D8}-\u{104FB}\u{10C80}-\u{10CB2}",
                "\u{10CC0}-\u{10CF2}\u{118A0}-\u{118DF}\u{1E900}-\u{1E943}]+",
            )),
            Regex(
                "\\s?[!-/:-~\u{FF01}-\u{FF0F}\u{FF1A}-\u{FF5E}\u{2018}-\u{201F}\u{3000}-\u{3002}]+",
            ),
            Regex(r"\s+$"),
            Regex("[\u{4E00}-\u{9FA5}\u{0800}-\u{4E00}\u{AC00}-\u{D7FF}]+"),
            DIGIT,
        ],
    ),
    entry(
        &["poro-chat", "bloom", "gpt3-finnish"],
        &[Regex(" ?[^(\\s|.,!?\u{2026}\u{3002}\u{FF0C}\u{3001}\u{0964}\u{06D4}\u{060C})]+")],
    ),
    entry(
        &["viking"],
        &[Regex(" ?[^(\\s|.,!?\u{2026}\u{3002}\u{FF0C}\u{3001}\u{0964}\u{06D4}\u{060C})]+"), DIGIT],
    ),
    entry(&["superbpe"], &[Regex(r"\p{N}+"), Regex(r"(?=(\d{3})+(?!\d))")]),
    entry(&["tiny_aya", "cohere2moe"], &[Regex(r"\d{1,3}(?=(?:\d{3})*\b)"), Named("o200k")]),
    entry(
        &["jais-2"],
        &[Regex(concat!(
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|",
            r"\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|",
            r"\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}",
        ))],
    ),
    ignoring_merges(
        &["afmoe"],
        &[
            // Groups of three from the right.
            Regex(r"\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))"),
            Regex(concat!(
                r"[\x{4E00}-\x{9FFF}\x{3400}-\x{4DBF}\x{F900}-\x{FAFF}\x{3040}-\x{309F}\x{30A0}-\x{30FF}\x{FF65}-\x{FF9F}",
                r"\x{2F00}-\x{2FDF}\x{0E40}-\x{0E7F}\x{0E80}-\x{0EFF}\x{1780}-\x{17FF}\x{1000}-\x{109F}\x{AA60}-\x{AA7F}",
                r"\x{A9E0}-\x{A9FF}\x{AC00}-\x{D7AF}\x{1100}-\x{11FF}]+",
            )),
            Regex(concat!(
                r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|"##,
                r" ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            )),
        ],
    ),
    ignoring_merges(
        &["youtu"],
        &[
            Regex(concat!(
                "[\u{AC00}-\u{D7A3}\u{3131}-\u{318E}]+|[\u{FF01}\u{2026}\u{201C}\u{201D}\u{2018}",
                "\u{2019}\u{2014}\u{FF1A}\u{FF1B}\u{FF0C}\u{3001}-\u{303F}\u{FE30}-\u{FE4F}]+|[",
                "\u{3105}-\u{312F}]+|[\u{4E00}-\u{9FA5}\u{3040}-\u{309F}\u{30A0}-\u{30FF}]+",
            )),
            Regex(concat!(
                r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
                r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*",
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
                r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            )),
        ],
    ),
    entry(
        &["spark2_5"],
        &[
            Regex(r"\p{N}{1,3}"),
            Regex("[\u{4E00}-\u{9FA5}\u{3040}-\u{309F}\u{30A0}-\u{30FF}]+"),
            Regex(concat!(
                "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p",
                "{L}\\p{M}]+| ?[\\p{P}\\p{S}]+|[\r\n]|\\s+(?!\\S)|\\s+",
            )),
            DIGIT,
        ],
    ),
    beginning(entry(
        &["chameleon"],
        &[
            Regex("<sentinel:[0-9]+>"),
            Regex("(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z"),
            Regex(r"([\t\n]|    |  )"),
            DIGIT,
            Regex(r"[\p{P}!-/:-@\[-`{-~]"),
            Named("gpt2"),
        ],
    )),
    entry(
        &["bailingmoe", "bailingmoe2", "llada-moe"],
        &[Regex(concat!(
            r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}",
            r"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
        ))],
    ),
    entry(
        &["seed-coder"],
        &[Regex(concat!(
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}",
            r"| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+",
        ))],
    ),
    entry(
        &["ufakzeka"],
        &[Regex(
            r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        )],
    ),
    entry(&["laguna"], &[Regex(r"[^\n]+|[\n]+"), Named("qwen2")]),
    entry(
        &["exaone-moe"],
        &[Regex(concat!(
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+",
            r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+",
        ))],
    ),
    ignoring_merges(
        &["minicpm5"],
        &[
            Regex(r"\p{N}{1,3}"),
            Regex(concat!(
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+",
                r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            )),
        ],
    ),
];

/// What a name says.
pub(super) struct Pre {
    /// The last one, or one before, makes chars of bytes.
    pub(super) steps: Vec<PreTokenizer>,
    pub(super) ignore_merges: bool,
    pub(super) adds_bos: bool,
}

/// All names.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().flat_map(|entry| entry.names.iter().copied())
}

pub(super) fn of(name: &str) -> Option<Pre> {
    let entry = ENTRIES.iter().find(|entry| entry.names.contains(&name))?;
    let byte_level = |use_regex| PreTokenizer::ByteLevel {
        add_prefix_space: false,
        trim_offsets: true,
        use_regex,
    };
    let mut steps = Vec::new();
    for step in entry.steps {
        match step {
            Named(name) => match PatternArg::Named(name).pre_tokenizer().ok()? {
                PreTokenizer::Sequence(several) => steps.extend(several),
                one => steps.push(one),
            },
            Regex(regex) => steps.push(PreTokenizer::Split {
                pattern: Pattern::Regex((*regex).to_owned()),
                behavior: Behavior::Isolated,
                invert: false,
            }),
            Punctuation => steps.push(PreTokenizer::Punctuation { behavior: Behavior::Contiguous }),
            Gpt2AsChars => steps.push(byte_level(true)),
            Digits => steps.push(PreTokenizer::Digits { individual_digits: false }),
        }
    }
    if !steps.contains(&byte_level(true)) {
        steps.push(byte_level(false));
    }
    let Entry { ignore_merges, adds_bos, .. } = *entry;
    Some(Pre { steps, ignore_merges, adds_bos })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bake,
        spec::{Model, Spec},
    };

    #[test]
    fn every_name_can_be_baked() {
        let plain = crate::read::read(
            br#"{"model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}"#,
            crate::read::Options::default(),
        );
        let plain = plain.expect("it is a tokenizer").spec;
        assert!(matches!(plain.model, Model::WordLevel { .. }));
        for name in names() {
            let steps = of(name).expect("it is known").steps;
            let pre_tokenizer = Some(PreTokenizer::Sequence(steps));
            let spec = Spec { pre_tokenizer, ..plain.clone() };
            if let Err(error) = bake(&spec, &bake::Options::default()) {
                panic!("{name}: {error}");
            }
        }
    }

    #[test]
    fn no_name_is_there_twice() {
        let mut names: Vec<_> = names().collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|two| two[0] != two[1]), "{names:?}");
    }
}
