//! The command lines of train and count-words.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use comptok_bake::spec::Normalizer;

/// What is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModelArg {
    Bpe,
    Wordpiece,
    Unigram,
    Wordlevel,
}

/// Whose answers a BPE has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TiesArg {
    /// As BpeTrainer of HuggingFace tokenizers
    Huggingface,
    /// As rustbpe; for rank files
    #[value(alias = "tiktoken")]
    Rustbpe,
}

/// The alphabet of a byte-level BPE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AlphabetArg {
    /// All 256 bytes
    Bytes,
    /// What occurs in the text
    Text,
}

/// What happens to text before it is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum NormalizerArg {
    Nfc,
    Nfd,
    Nfkc,
    Nfkd,
    Lowercase,
    StripAccents,
    /// Without white space at both ends
    Strip,
    Nmt,
    /// As BertNormalizer: cleaned, Chinese chars apart, lowercase, without accents
    Bert,
    /// The same with case and accents
    BertCased,
}

impl NormalizerArg {
    pub(super) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::from_str(name, false).ok()
    }

    pub(super) fn normalizer(self) -> Normalizer {
        let bert = |lowercase| Normalizer::Bert {
            clean_text: true,
            handle_chinese_chars: true,
            strip_accents: None,
            lowercase,
        };
        match self {
            Self::Nfc => Normalizer::Nfc,
            Self::Nfd => Normalizer::Nfd,
            Self::Nfkc => Normalizer::Nfkc,
            Self::Nfkd => Normalizer::Nfkd,
            Self::Lowercase => Normalizer::Lowercase,
            Self::StripAccents => Normalizer::StripAccents,
            Self::Strip => Normalizer::Strip { left: true, right: true },
            Self::Nmt => Normalizer::Nmt,
            Self::Bert => bert(true),
            Self::BertCased => bert(false),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhenFull {
    /// Counts go to files, and nothing is lost
    Spill,
    /// Rare words are forgotten; the report says how wrong counts can be
    Prune,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Invalid {
    /// It is an error that says where; nothing is kept
    Error,
    /// It becomes U+FFFD
    Replace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressArg {
    /// A bar on a terminal, else nothing
    Auto,
    /// A JSON object on each line of the standard error, and the report as one
    Json,
    None,
}

/// Texts, and how they are cut and counted.
#[derive(Debug, Args)]
pub(crate) struct CorpusArgs {
    /// What is to be trained
    #[arg(long, value_enum, default_value_t = ModelArg::Bpe)]
    pub(crate) model: ModelArg,
    /// How text is cut: a known pattern (gpt2, cl100k, o200k, ...) or a regular expression; for models
    /// other than BPE also bert, whitespace, whitespace-split, metaspace
    #[arg(long, value_name = "NAME|REGEX")]
    pub(crate) pattern: Option<String>,
    /// What happens to text before it is cut; may be repeated, the first one goes first
    #[arg(long = "normalizer", value_name = "NAME", value_enum)]
    pub(crate) normalizers: Vec<NormalizerArg>,
    /// Normalizer, pre-tokenizer and decoder are those of this tokenizer.json
    #[arg(long, value_name = "FILE", conflicts_with_all = ["pattern", "normalizers"])]
    pub(crate) from: Option<PathBuf>,
    /// Which library's merges a BPE has
    #[arg(long, value_enum, default_value_t = TiesArg::Huggingface)]
    pub(crate) ties: TiesArg,
    /// How many threads; the result is the same
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(crate) threads: Option<usize>,
    /// Each line is a JSON object, and this field of it a text
    #[arg(long, value_name = "FIELD")]
    pub(crate) jsonl: Option<String>,
    /// Files are Parquet, and this column of them has texts; of a folder all .parquet files
    #[arg(long, value_name = "NAME", conflicts_with = "jsonl")]
    pub(crate) column: Option<String>,
    /// Go on where counting was stopped: words that were saved then, and the same files
    #[arg(long, value_name = "WORDS")]
    pub(crate) resume: Option<PathBuf>,
    /// Text that is not UTF-8
    #[arg(long, value_enum, default_value_t = Invalid::Error)]
    pub(crate) invalid_utf8: Invalid,
    /// About how much memory counting may use, such as 500M or 4G
    #[arg(long, value_name = "BYTES", value_parser = size)]
    pub(crate) memory: Option<usize>,
    /// What happens when that is used up
    #[arg(long, value_enum, default_value_t = WhenFull::Spill)]
    pub(crate) when_full: WhenFull,
    /// Where counts go that do not fit into memory [default: the system's folder for such files]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) spill_folder: Option<PathBuf>,
    /// What is said while it works
    #[arg(long, value_enum, default_value_t = ProgressArg::Auto)]
    pub(crate) progress: ProgressArg,
    /// Texts, plain or .gz or .zst; of a folder all files; - or none is the standard input
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  comptok train --vocab-size 32000 --pattern cl100k -o tokenizer.json corpus.txt
  comptok train --vocab-size 50000 --ties rustbpe -o my.tiktoken -o my.ctok texts/*.zst
  comptok train --vocab-size 8000 -o vocab.json -o merges.txt --jsonl text texts.jsonl.gz
  comptok train --vocab-size 32000 -o tokenizer.json --column text texts.parquet
  comptok train --vocab-size 32000 --from old.json -o new.json corpus.txt
  comptok train --model wordpiece --normalizer bert --vocab-size 30000 --special-token '[UNK]' -o b.json a.txt
  comptok train --vocab-size 32000 --from-counts a.words b.words -o tokenizer.json

Each line is a text, with its newline. What the name of an output ends in says its format:
vocab.json, merges.txt, .json, .tiktoken or .ctok. Ctrl-C while pairs are merged saves a smaller
tokenizer; while words are counted it saves their counts beside the first output, as OUT.words, with
which --resume goes on.")]
pub(crate) struct Train {
    /// Tokens of the vocabulary; with ties like rustbpe special tokens come on top
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(crate) vocab_size: usize,
    /// Pairs, for wordlevel words, that are rarer do not become tokens
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) min_frequency: u64,
    /// A special token; may be repeated
    #[arg(long = "special-token", value_name = "T")]
    pub(crate) special_tokens: Vec<String>,
    /// What a BPE begins with
    #[arg(long, value_enum, default_value_t = AlphabetArg::Bytes)]
    pub(crate) alphabet: AlphabetArg,
    /// The largest alphabet; the rarest chars go
    #[arg(long, value_name = "N")]
    pub(crate) limit_alphabet: Option<usize>,
    /// BpeTrainer's max_token_length
    #[arg(long, value_name = "N")]
    pub(crate) max_token_length: Option<usize>,
    /// What unknown words are [default: [UNK] for wordpiece, <unk> for wordlevel and unigram]
    #[arg(long, value_name = "T")]
    pub(crate) unk_token: Option<String>,
    /// Train on words that were counted before, instead of texts
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["files", "resume"])]
    pub(crate) from_counts: Vec<PathBuf>,
    /// Also save the counted words
    #[arg(long, value_name = "FILE")]
    pub(crate) save_counts: Option<PathBuf>,
    /// Words that are rarer are not learned from
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) min_count: u64,
    /// Report the compression of these texts, a file or folder read as the others are (--jsonl, --column,
    /// compressed); they are not learned from
    #[arg(long, value_name = "FILE")]
    pub(crate) held_out: Option<PathBuf>,
    /// Where to write; may be repeated; a file is complete or not there
    #[arg(short, long = "output", value_name = "OUT", required = true)]
    pub(crate) outputs: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) corpus: CorpusArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  comptok count-words --pattern cl100k -o part1.words texts/part1/
  comptok count-words --join part1.words part2.words -o all.words
  comptok train --vocab-size 32000 --from-counts part1.words part2.words -o tokenizer.json")]
pub(crate) struct CountWords {
    /// Add up files of counted words, instead of counting
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["files", "resume"])]
    pub(crate) join: Vec<PathBuf>,
    /// Where to write the counted words; the file is complete or not there
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) corpus: CorpusArgs,
}

fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&n| n > 0).ok_or_else(|| "wanted a number from 1 on".to_owned())
}

/// Bytes, with K, M or G for powers of 1000.
fn size(text: &str) -> Result<usize, String> {
    let wanted = || "wanted a size such as 500M or 4G".to_owned();
    let (digits, unit) = match text.strip_suffix(['k', 'K', 'm', 'M', 'g', 'G']) {
        Some(digits) => match text.as_bytes().last() {
            Some(b'k' | b'K') => (digits, 1_000),
            Some(b'm' | b'M') => (digits, 1_000_000),
            _ => (digits, 1_000_000_000),
        },
        None => (text, 1),
    };
    let number: usize = digits.parse().map_err(|_| wanted())?;
    number.checked_mul(unit).filter(|&bytes| bytes > 0).ok_or_else(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("500M"), Ok(500_000_000));
        assert_eq!(size("4g"), Ok(4_000_000_000));
        assert_eq!(size("17"), Ok(17));
        for text in ["", "M", "-1", "0", "1T", "99999999999999G"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
