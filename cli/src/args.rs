//! The command line, and the text of `--help`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Encode, decode and count with any tokenizer; bake, convert and inspect tokenizer files.
#[derive(Debug, Parser)]
#[command(
    name = "comptok",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  comptok encode -t gpt2 README.md
  echo 'hello world' | comptok count -t cl100k_base
  comptok bake tokenizer.json -o tokenizer.ctok

Exit codes: 0 done; 1 the data is at fault or the answer is no; 2 the command line is."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Text to ids.
    Encode(Encode),
    /// Ids to text.
    Decode(Decode),
    /// How many tokens a text has.
    Count(Count),
    /// A tokenizer file to a blob, which loads in no time.
    Bake(Bake),
    /// A tokenizer file to a tokenizer.json that HuggingFace loads with the same ids.
    Convert(Convert),
    /// What is in a tokenizer.
    Inspect(Inspect),
    /// Texts to a tokenizer.
    Train(Box<crate::train::args::Train>),
    /// Texts to counted words, for train.
    CountWords(Box<crate::train::args::CountWords>),
    /// The bundled tokenizers.
    #[command(subcommand)]
    Vocab(Vocab),
    /// Write completions for a shell.
    #[command(
        after_help = "Example:\n  comptok completions bash > ~/.local/share/bash-completion/completions/comptok"
    )]
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// What a rank file does not say itself.
#[derive(Debug, Args)]
pub(crate) struct FileArgs {
    /// How a rank file cuts text: a known pattern (gpt2, cl100k, o200k, ...) or a regular expression
    #[arg(long, value_name = "NAME|REGEX")]
    pub(crate) pattern: Option<String>,
    /// A special token of a rank file; may be repeated
    #[arg(long = "special-token", value_name = "TEXT=ID", value_parser = special_token)]
    pub(crate) special_tokens: Vec<(String, u32)>,
}

fn special_token(text: &str) -> Result<(String, u32), String> {
    let wanted = || "wanted TEXT=ID, such as '<|endoftext|>=50256'".to_owned();
    // The text may have an equals sign, the id has none.
    let (token, id) = text.rsplit_once('=').ok_or_else(wanted)?;
    let id = id.parse().map_err(|_| wanted())?;
    if token.is_empty() { Err(wanted()) } else { Ok((token.to_owned(), id)) }
}

/// Which tokenizer to use.
#[derive(Debug, Args)]
pub(crate) struct TokenizerArgs {
    /// A bundled tokenizer (see `comptok vocab list`) or a file: .ctok, tokenizer.json, tiktoken ranks, and
    /// others; with the feature `hub` also hf://ORG/NAME[@REVISION]
    #[arg(short, long, value_name = "NAME|FILE")]
    pub(crate) tokenizer: String,
    #[command(flatten)]
    pub(crate) file: FileArgs,
}

/// What to do with special tokens that stand in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SpecialArg {
    /// They become their ids
    All,
    /// They are text like any other
    None,
    /// They are an error
    Forbid,
}

#[derive(Debug, Args)]
pub(crate) struct TextArgs {
    /// Special tokens that stand in the text
    #[arg(long, value_enum, default_value_t = SpecialArg::All)]
    pub(crate) special: SpecialArg,
    /// A byte without a token is an error also where the original tokenizer drops it, and text that is not
    /// UTF-8 where it would be U+FFFD
    #[arg(long)]
    pub(crate) strict: bool,
    /// Bytes of text that are read at a time, as long as it can be cut there
    #[arg(long, hide = true, default_value_t = 1 << 20, value_parser = window)]
    pub(crate) window: usize,
    /// Texts; - or none is the standard input
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

fn window(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&bytes| bytes > 0).ok_or_else(|| "wanted a size in bytes".to_owned())
}

/// How ids are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Decimal, with white space between
    Text,
    /// A JSON array on each line
    Jsonl,
    /// Two bytes each, little-endian
    U16,
    /// Four bytes each, little-endian
    U32,
}

/// What offsets count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OffsetsArg {
    /// Chars, as in Python
    Chars,
    /// Bytes
    Bytes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  comptok encode -t gpt2 README.md
  echo -n 'hello world' | comptok encode -t cl100k_base
  comptok encode -t o200k_base --show src/main.rs
  comptok encode -t tokenizer.json --jsonl texts.jsonl -o ids.jsonl
  echo '[\"a question\", \"an answer\"]' | comptok encode -t tokenizer.json --jsonl --full --offsets bytes
  comptok encode -t gpt2 --format u16 corpus.txt -o corpus.bin
  comptok encode -t my.tiktoken --pattern o200k --special-token '<|end|>=199999' a.txt

Text is taken as it is: a final newline counts. Nothing is added in front or behind, except with
--full, which also truncates and pads as the tokenizer's file says. With text and jsonl the ids of each file stand on a line of their own.")]
pub(crate) struct Encode {
    #[command(flatten)]
    pub(crate) tokenizer: TokenizerArgs,
    /// Each line is a JSON string; its ids are written as a JSON array, line for line
    #[arg(long, conflicts_with = "format")]
    pub(crate) jsonl: bool,
    /// With --jsonl: an object for each line, with ids, tokens, offsets, masks, word and sequence ids;
    /// tokens that the file adds in front and behind are there, and a line may also be a pair, ["a", "b"]
    #[arg(long, requires = "jsonl")]
    pub(crate) full: bool,
    /// What the offsets of --full count
    #[arg(long, value_enum, default_value_t = OffsetsArg::Chars, requires = "full")]
    pub(crate) offsets: OffsetsArg,
    /// Leave out the tokens that the file adds in front and behind (without --full they always are)
    #[arg(long)]
    pub(crate) no_special: bool,
    /// How ids are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Print the text itself, its tokens in colours (without colours: between │ and │)
    #[arg(long, conflicts_with_all = ["jsonl", "format"])]
    pub(crate) show: bool,
    /// Whether --show has colours; auto: on a terminal
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,
    /// Where to write; the file is complete or not there
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) text: TextArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  echo 31373 995 | comptok decode -t gpt2
  comptok decode -t tokenizer.json --jsonl ids.jsonl
  comptok decode -t gpt2 --format u16 corpus.bin -o corpus.txt

The text is written byte for byte, with nothing added. With jsonl it is what the reference libraries
say: U+FFFD for what is not UTF-8, nothing for ids without a token (with ranks these are an error).")]
pub(crate) struct Decode {
    #[command(flatten)]
    pub(crate) tokenizer: TokenizerArgs,
    /// Each line is a JSON array of ids; its text is written as a JSON string, line for line
    #[arg(long, conflicts_with = "format")]
    pub(crate) jsonl: bool,
    /// How ids are written; jsonl is the same as --jsonl
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Write U+FFFD for what is not UTF-8, as --jsonl always does
    #[arg(long, conflicts_with = "strict")]
    pub(crate) lossy: bool,
    /// With --jsonl: an error for ids without a token, and for text that is not UTF-8
    #[arg(long)]
    pub(crate) strict: bool,
    /// Leave special tokens out
    #[arg(long)]
    pub(crate) skip_special: bool,
    /// Where to write; the file is complete or not there
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Ids; - or none is the standard input
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  comptok count -t o200k_base src/*.rs
  comptok count -t cl100k_base --limit 8000 prompt.txt || echo too long
  comptok count -t gpt2 --jsonl texts.jsonl

Prints tokens, bytes and name of each file, and the total of more than one.")]
pub(crate) struct Count {
    #[command(flatten)]
    pub(crate) tokenizer: TokenizerArgs,
    /// Each line is a JSON string; its number of tokens is printed, line for line
    #[arg(long)]
    pub(crate) jsonl: bool,
    /// End with exit code 1 if there are more tokens: in all files together, or in any line
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    #[command(flatten)]
    pub(crate) text: TextArgs,
}

/// The files of a tokenizer.
#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    /// The tokenizer's file, or vocab.json and merges.txt
    #[arg(value_name = "FILE", required = true, num_args = 1..=2)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) file: FileArgs,
    /// What is worth a warning is an error
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  comptok bake tokenizer.json -o tokenizer.ctok
  comptok bake vocab.json merges.txt -o gpt2.ctok
  comptok bake tokenizer.json --profile corpus.txt -o tokenizer.ctok
  comptok bake o200k_base.tiktoken --pattern o200k --special-token '<|endoftext|>=199999' -o o200k.ctok")]
pub(crate) struct Bake {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Text like the one that will be encoded: its frequent words are then found at once
    #[arg(long, value_name = "FILE")]
    pub(crate) profile: Option<PathBuf>,
    /// Bytes by which the profile may make the blob larger
    #[arg(long, value_name = "N", default_value_t = 1 << 20, requires = "profile")]
    pub(crate) profile_bytes: usize,
    /// Where to write the blob
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  comptok convert o200k_base.tiktoken --pattern o200k --special-token '<|endoftext|>=199999' -o o200k.json
  comptok convert vocab.json merges.txt -o tokenizer.json

A .model of SentencePiece does more than tokenizer.json can say, so it is refused.")]
pub(crate) struct Convert {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Where to write the tokenizer.json; - is the standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  comptok inspect tokenizer.json
  comptok inspect gpt2 --corpus english.txt
  comptok inspect tokenizer.ctok --json | jq .sections
  comptok inspect --cpu")]
pub(crate) struct Inspect {
    /// A file of any format, vocab.json and merges.txt, or a bundled tokenizer
    #[arg(value_name = "NAME|FILE", required_unless_present = "cpu", num_args = 1..=2)]
    pub(crate) tokenizer: Vec<PathBuf>,
    /// What the processor has, and which kernel is chosen for it; needs no tokenizer
    #[arg(long, conflicts_with_all = ["tokenizer", "corpus", "pattern", "special_tokens"])]
    pub(crate) cpu: bool,
    #[command(flatten)]
    pub(crate) file: FileArgs,
    /// Look up the pre-tokens of this text, and say where their answers were found
    #[arg(long, value_name = "FILE")]
    pub(crate) corpus: Option<PathBuf>,
    /// One JSON object, for scripts
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Vocab {
    /// Names, sizes and fingerprints
    List {
        /// A JSON object on each line
        #[arg(long)]
        json: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_special_token_may_have_an_equals_sign() {
        assert_eq!(special_token("<|a=b|>=7"), Ok(("<|a=b|>".to_owned(), 7)));
        for text in ["", "=", "=7", "a=", "a=b", "a", "a=-1", "a=4294967296"] {
            assert!(special_token(text).is_err(), "{text}");
        }
    }
}
