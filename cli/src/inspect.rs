//! `comptok inspect`.

use std::fmt::Write;

use comptok::Tokenizer;
use comptok_core::blob::{Line, Section, Tables, TokenFlags, flags, lookup, lookup::NONE, u32_at};
use comptok_core::engine::PRE_TOKENIZER_GENERAL;
use comptok_core::normalizer;
use serde_json::{Value, json};

use crate::args::Inspect;
use crate::cpu::Cpu;
use crate::io::print;
use crate::probes::{self, Probes};
use crate::steps::{self, Steps};
use crate::vocab::hex;
use crate::{Answer, Failure, source};

/// Entries that are shown of a list that may be long.
const EXAMPLES: usize = 8;

pub(crate) fn run(args: &Inspect) -> Result<Answer, Failure> {
    if args.cpu {
        let cpu = Cpu::detect();
        let text = if args.json { format!("{}\n", cpu.json()) } else { cpu.text() };
        print(text.as_bytes())?;
        return Ok(Answer::Yes);
    }
    let names: Vec<String> = args.tokenizer.iter().map(|path| path.display().to_string()).collect();
    let name = names.join(", ");
    let bundled = match names.as_slice() {
        [one] => source::bundled(one),
        _ => None,
    };
    let (tokenizer, warnings) = match bundled {
        Some(tokenizer) => {
            source::refuse_file_args(&name, &args.file)?;
            (tokenizer.clone(), Vec::new())
        }
        None => {
            let (blob, notices) = source::bake(&args.tokenizer, &args.file, false, None)?;
            let said = notices.iter().map(|notice| format!("{}: {}", notice.place, notice.message));
            (source::from_blob(&name, &blob)?, said.collect())
        }
    };
    let probes = match &args.corpus {
        Some(corpus) => Some(probes::run(&tokenizer, corpus)?),
        None => None,
    };
    let report = Report::new(name, &tokenizer, warnings, probes);
    let text = if args.json { format!("{}\n", report.json()) } else { report.text() };
    print(text.as_bytes())?;
    Ok(Answer::Yes)
}

struct Token {
    id: u32,
    bytes: Vec<u8>,
}

/// Everything that is said about a tokenizer.
struct Report {
    name: String,
    kind: &'static str,
    /// Whether its alphabet is bytes, so that there is something to say of each.
    has_bytes: bool,
    family: &'static str,
    steps: Option<Steps>,
    normalizer: String,
    pattern: String,
    regexes: Vec<String>,
    flags: Vec<&'static str>,
    vocab_size: usize,
    id_limit: u32,
    symbols: u32,
    blob_bytes: usize,
    fingerprint: String,
    source: String,
    special: Vec<(u32, String)>,
    added: Vec<(u32, String)>,
    unreachable: Vec<Token>,
    missing_bytes: Vec<u8>,
    longest: Option<Token>,
    sections: Vec<(&'static str, u32)>,
    /// Answers in the head, in the cold lines, and in the tier for 16 to 31 bytes.
    answers: [usize; 3],
    warnings: Vec<String>,
    probes: Option<Probes>,
}

impl Report {
    fn new(
        name: String,
        tokenizer: &Tokenizer,
        warnings: Vec<String>,
        probes: Option<Probes>,
    ) -> Self {
        let header = tokenizer.header();
        let tables = Tables::new(tokenizer.as_bytes(), header);
        let token = |(id, bytes): (u32, &[u8])| Token { id, bytes: bytes.to_vec() };
        let notes = tokenizer.notes();
        let noted = |wanted| notes.lines().filter_map(move |line| note(line, wanted));
        let names = |special| {
            let tokens = tokenizer.added_tokens().filter(move |token| token.special == special);
            tokens.map(|token| (token.id, token.content.to_owned())).collect()
        };
        // Added tokens that are listed in the vocabulary too need no merges.
        let unreachable = |id| {
            let token = tables.token_flags(id);
            token.is_unreachable() && token.0 & TokenFlags::ADDED == 0
        };
        let model = |id| tables.token_flags(id).is_model();
        let byte = |byte: &u8| {
            let symbol = u32_at(tables.byte_symbols, usize::from(*byte))?;
            Some(tables.symbol_id(symbol))
        };
        let (kind, has_bytes) = steps::kind(&tables);
        let general = header.pre_tokenizer == PRE_TOKENIZER_GENERAL;
        Self {
            name,
            kind,
            has_bytes,
            steps: if general { Steps::of(&tables) } else { None },
            family: match kind {
                steps::SENTENCE_PIECE => "SentencePiece",
                _ if tables.has(flags::TIKTOKEN) => "tiktoken",
                _ => "HuggingFace",
            },
            normalizer: match header.normalizer {
                normalizer::NONE => "none".to_owned(),
                normalizer::NFC => "NFC".to_owned(),
                other => format!("number {other}"),
            },
            pattern: noted("pattern").next().unwrap_or("unknown").to_owned(),
            regexes: noted("regex").map(unescape).collect(),
            flags: FLAGS.iter().filter(|flag| tables.has(flag.0)).map(|flag| flag.1).collect(),
            vocab_size: tokenizer.vocab_size(),
            id_limit: tokenizer.id_limit(),
            symbols: header.symbols,
            blob_bytes: tokenizer.as_bytes().len(),
            fingerprint: hex(&tokenizer.fingerprint()),
            source: hex(&header.source),
            special: names(true),
            added: names(false),
            unreachable: tokenizer.iter().filter(|&(id, _)| unreachable(id)).map(token).collect(),
            missing_bytes: (0..=255)
                .filter(|it| has_bytes && byte(it).is_none_or(|it| it == NONE))
                .collect(),
            longest: tokenizer
                .iter()
                .filter(|&(id, _)| model(id))
                // The first of those that are equally long.
                .reduce(|longest, next| if next.1.len() > longest.1.len() { next } else { longest })
                .map(token),
            sections: Section::ALL
                .iter()
                .map(|&section| (section.name(), header.sections[section as usize].1))
                .collect(),
            answers: [
                tables.tiny_head.iter().map(tiny).chain(tables.short_head.iter().map(short)).sum(),
                tables.tiny_cold.iter().map(tiny).chain(tables.short_cold.iter().map(short)).sum(),
                // The last byte of a key is its length.
                tables.long.iter().filter(|line| line[31] != 0).count(),
            ],
            warnings,
            probes,
        }
    }

    fn json(&self) -> Value {
        let tokens = |tokens: &[(u32, String)]| -> Vec<Value> {
            tokens.iter().map(|(id, text)| json!({ "id": id, "content": text })).collect()
        };
        let token = |token: &Token| json!({ "id": token.id, "bytes": hex(&token.bytes) });
        let sections: serde_json::Map<String, Value> =
            self.sections.iter().map(|&(name, len)| (name.to_owned(), len.into())).collect();
        let [head, cold, long] = self.answers;
        json!({
            "name": self.name,
            "kind": self.kind,
            "family": self.family,
            "steps": self.steps.as_ref().map(|steps| json!({
                "normalizers": steps.normalizers,
                "pre_tokenizers": steps.pre_tokenizers,
                "post_processors": steps.post_processors,
                "decoders": steps.decoders,
            })),
            "normalizer": self.normalizer,
            "pattern": self.pattern,
            "regexes": self.regexes,
            "flags": self.flags,
            "vocab_size": self.vocab_size,
            "id_limit": self.id_limit,
            "symbols": self.symbols,
            "blob_bytes": self.blob_bytes,
            "fingerprint": self.fingerprint,
            "source": self.source,
            "special_tokens": tokens(&self.special),
            "other_added_tokens": tokens(&self.added),
            "unreachable": self.unreachable.iter().map(token).collect::<Vec<_>>(),
            "missing_bytes": self.missing_bytes,
            "longest": self.longest.as_ref().map(token),
            "sections": sections,
            "answers": { "head": head, "cold": cold, "long": long },
            "warnings": self.warnings,
            "probes": self.probes.map(|probes| json!({
                "pre_tokens": probes.total(),
                "head": probes.head,
                "cold": probes.cold,
                "long": probes.long,
                "whole": probes.whole,
                "merged": probes.merged,
            })),
        })
    }

    fn text(&self) -> String {
        let mut text = Rows(format!("{}\n", self.name));
        match self.family {
            "SentencePiece" => text.row("kind", self.kind),
            family => text.row("kind", format_args!("{}, as {family} has it", self.kind)),
        }
        if !self.flags.is_empty() {
            text.row("", self.flags.join("; "));
        }
        match &self.steps {
            // Its own normalizer belongs to the model.
            Some(_) if self.family == "SentencePiece" => {}
            Some(steps) => {
                text.steps("normalizer", &steps.normalizers);
                text.steps("pre-tokenizer", &steps.pre_tokenizers);
                text.steps("post-processor", &steps.post_processors);
                text.steps("decoder", &steps.decoders);
            }
            None => {
                text.row("normalizer", &self.normalizer);
                text.row("pattern", &self.pattern);
            }
        }
        for regex in &self.regexes {
            text.row("", regex);
        }
        text.row(
            "vocabulary",
            format_args!("{} tokens, ids below {}", self.vocab_size, self.id_limit),
        );
        if self.has_bytes {
            text.row("symbols", format_args!("{} take part in merges", self.symbols));
        }
        text.list("special tokens", &self.special);
        text.list("other added", &self.added);
        if self.has_bytes {
            text.row(
                "unreachable",
                match self.unreachable.as_slice() {
                    [] => "none: merges make every entry".to_owned(),
                    entries => {
                        let shown: Vec<String> =
                            entries.iter().take(EXAMPLES).map(Token::shown).collect();
                        let more = if entries.len() > EXAMPLES { ", …" } else { "" };
                        format!(
                            "{} entries that no merges make: {}{more}",
                            entries.len(),
                            shown.join(", ")
                        )
                    }
                },
            );
            text.row(
                "bytes",
                match self.missing_bytes.as_slice() {
                    [] => "all 256 have a token".to_owned(),
                    missing => {
                        let names: Vec<String> =
                            missing.iter().map(|byte| format!("0x{byte:02X}")).collect();
                        format!("{} without a token: {}", missing.len(), names.join(" "))
                    }
                },
            );
        }
        if let Some(longest) = &self.longest {
            text.row("longest", format_args!("{} bytes: {}", longest.bytes.len(), longest.shown()));
        }
        let [head, cold, long] = self.answers;
        text.row(
            "answers",
            format_args!("{head} in the head, {cold} cold, {long} of 16 to 31 bytes"),
        );
        if let Some(probes) = &self.probes {
            text.probes(probes);
        }
        text.row("fingerprint", &self.fingerprint);
        text.row("source", &self.source);
        text.row("blob", format_args!("{} bytes", self.blob_bytes));
        for (name, len) in self.sections.iter().filter(|section| section.1 > 0) {
            text.row("", format_args!("{name:<18} {len:>10}"));
        }
        for warning in &self.warnings {
            text.row("warning", warning);
        }
        text.0
    }
}

impl Token {
    fn shown(&self) -> String {
        let text = match std::str::from_utf8(&self.bytes) {
            Ok(text) => text.escape_debug().to_string(),
            Err(_) => self.bytes.escape_ascii().to_string(),
        };
        let cut = match text.char_indices().nth(60) {
            Some((end, _)) => format!("\"{}\"…", &text[..end]),
            None => format!("\"{text}\""),
        };
        format!("{cut} ({})", self.id)
    }
}

/// Flags, in words.
const FLAGS: [(u32, &str); 7] = [
    (flags::IGNORE_MERGES, "a pre-token in the vocabulary is taken whole, whatever the merges say"),
    (flags::PREFIX_SPACE, "a space goes in front of text that does not begin with one"),
    (flags::SAFE_CUT, "text may be cut between a letter or digit and white space"),
    (flags::MISSING_BYTES, "some bytes have no token"),
    (flags::DROPS_MATCHES, "text that the pattern matches is dropped"),
    (flags::DROPS_GAPS, "text that the pattern does not match is dropped"),
    (flags::TIKTOKEN, "a byte without a token is an error"),
];

/// The text of a note, if it is of the wanted name.
fn note<'n>(line: &'n str, wanted: &str) -> Option<&'n str> {
    line.strip_prefix(wanted)?.strip_prefix('\t')
}

/// A pattern from a note. Escapes of control characters stay: they mean the same to a pattern.
fn unescape(note: &str) -> String {
    let (mut text, mut rest) = (String::new(), note);
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let (char, len) = unescaped(after).unwrap_or(('\\', 0));
        text.push(char);
        rest = after.get(len..).unwrap_or_default();
    }
    text + rest
}

/// The character that the escape stands for whose backslash is gone, and the length of the escape.
fn unescaped(escape: &str) -> Option<(char, usize)> {
    if let Some(hex) = escape.strip_prefix("u{") {
        let (hex, _) = hex.split_once('}')?;
        let char = char::from_u32(u32::from_str_radix(hex, 16).ok()?)?;
        return Some((char, hex.len() + 3)).filter(|_| !char.is_control());
    }
    let char = escape.chars().next()?;
    matches!(char, '\\' | '\'' | '"').then_some((char, 1))
}

/// Keys in a line for up to 7 bytes.
fn tiny(line: &Line) -> usize {
    keys::<8>(line, lookup::TINY_PER_LINE)
}

/// Keys in a line for 8 to 15 bytes.
fn short(line: &Line) -> usize {
    keys::<16>(line, lookup::SHORT_PER_LINE)
}

fn keys<const LEN: usize>(line: &Line, slots: usize) -> usize {
    // A key ends with its length, which is 0 in a free place.
    let (keys, _) = line.as_chunks::<LEN>();
    keys.iter().take(slots).filter(|key| key.last() != Some(&0)).count()
}

/// Names on the left, what they are on the right.
struct Rows(String);

impl Rows {
    fn row(&mut self, name: &str, what: impl std::fmt::Display) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "  {name:<16}{what}");
    }

    /// Steps in the order in which they are taken.
    fn steps(&mut self, name: &str, steps: &[&str]) {
        match steps {
            [] => self.row(name, "none"),
            steps => self.row(name, steps.join(", ")),
        }
    }

    fn list(&mut self, name: &str, tokens: &[(u32, String)]) {
        self.row(name, tokens.len());
        for (id, text) in tokens.iter().take(EXAMPLES) {
            self.row("", format_args!("{id:>8} {text:?}"));
        }
        if tokens.len() > EXAMPLES {
            self.row(
                "",
                format_args!("{:>8} {} more (--json has all)", "", tokens.len() - EXAMPLES),
            );
        }
    }

    fn probes(&mut self, probes: &Probes) {
        let total = probes.total();
        self.row("probes", format_args!("{total} pre-tokens"));
        let rows = [
            ("hot head", probes.head),
            ("cold lines", probes.cold),
            ("16 to 31 bytes", probes.long),
            ("longer, whole", probes.whole),
            ("merged", probes.merged),
        ];
        for (name, count) in rows {
            let share = 100.0 * count as f64 / total.max(1) as f64;
            self.row("", format_args!("{name:<18} {count:>10} {share:>6.2} %"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_read_back_from_notes() {
        for pattern in
            [r"'s|\p{L}+|\s+(?!\S)", r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"##, "", "\\"]
        {
            assert_eq!(unescape(&pattern.escape_debug().to_string()), pattern);
        }
        assert_eq!(unescape(&"[\r\n]".escape_debug().to_string()), r"[\r\n]");
    }
}
