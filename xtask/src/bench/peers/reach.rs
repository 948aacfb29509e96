//! What comptok is to reach, and what it reached in this run.

use super::{
    corpora::Corpus,
    report::{Report, round},
    round::Speed,
};
use comptok_core::pre_tokenizer::{Cl100k, O200k, Qwen2, R50k, Scanner};
use std::{fmt::Write as _, fs};

/// A number, and what it is to be.
#[derive(Debug, PartialEq)]
struct Line {
    what: &'static str,
    corpus: String,
    wanted: String,
    found: String,
    met: bool,
}

/// How a number may lie to its bound.
#[derive(Debug, Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Line {
    fn new(what: &'static str, corpus: &Corpus, bound: Bound, found: f64) -> Self {
        let (wanted, met) = match bound {
            Bound::AtLeast(least) => (format!("≥ {least}"), found >= least),
            Bound::AtMost(most) => (format!("≤ {most}"), found <= most),
        };
        Self { what, corpus: corpus.name.clone(), wanted, found: format!("{found:.2}"), met }
    }
}

/// comptok's share of the best other library's speed: english, code, multilingual and chat, cut as they are
/// asked for.
const RATIOS: [(&str, &str, f64); 7] = [
    ("english", "first", 2.0),
    ("english", "warm", 1.3),
    ("code", "first", 2.0),
    ("code", "warm", 1.3),
    ("multilingual", "first", 2.5),
    ("multilingual", "warm", 2.0),
    ("chat", "first", 3.0),
];

/// Writes what was measured of all that is to be reached.
pub(super) fn write(report: &Report<'_>, vocab: &str, text: &mut String) {
    let mut lines = Vec::new();
    for corpus in report.corpora {
        if corpus.is_adversarial() {
            adversarial(report, vocab, corpus, &mut lines);
        } else {
            usual(report, vocab, corpus, &mut lines);
            threads(report, vocab, corpus, &mut lines);
        }
    }
    if lines.is_empty() {
        return;
    }
    let met = lines.iter().filter(|line| line.met).count();
    let _ = write!(
        text,
        "\nTo be reached, medians of this run, {met} of {} met:\n\n\
         | what | corpus | wanted | found | met |\n| --- | --- | ---: | ---: | --- |\n",
        lines.len()
    );
    for Line { what, corpus, wanted, found, met } in lines {
        let met = if met { "yes" } else { "**no**" };
        let _ = writeln!(text, "| {what} | {corpus} | {wanted} | {found} | {met} |");
    }
}

/// Passes, messages, the first text, count and decode.
fn usual(report: &Report<'_>, vocab: &str, corpus: &Corpus, lines: &mut Vec<Line>) {
    let ours = |pass| report.speed("comptok", vocab, corpus, pass);
    let plain = corpus.name.split(' ').next().unwrap_or_default();
    for (_, pass, least) in RATIOS.into_iter().filter(|(name, ..)| *name == plain) {
        if let (Some(ours), Some((_, best))) = (ours(pass), report.best(vocab, corpus, pass)) {
            let what = if pass == "first" { "first pass, × best" } else { "warm, × best" };
            lines.push(Line::new(what, corpus, Bound::AtLeast(least), ours / best));
        }
    }
    if corpus.cut == "lines"
        && let Some((p50, p99)) = report.percentiles("comptok", vocab, "first")
    {
        lines.push(Line::new("messages, p99/p50", corpus, Bound::AtMost(2.5), p99 / p50));
    }
    if let Some([first, steady, _]) = report.first_text("comptok", vocab, corpus) {
        lines.push(Line::new("first 4 KiB, × steady", corpus, Bound::AtMost(4.0), first / steady));
    }
    if let (Some(encode), Some(count)) = (ours("encode"), ours("count")) {
        lines.push(Line::new("count, × encode", corpus, Bound::AtLeast(1.0), count / encode));
    }
    if let Some(decode) = ours("decode") {
        let best = report.best(vocab, corpus, "decode").map_or(f64::INFINITY, |(_, best)| best);
        lines.push(either(
            "decode",
            corpus,
            decode,
            [(1500.0, " MB/s"), (3.0 * best, " MB/s, 3 × best")],
        ));
    }
}

/// A speed that is to reach one of two.
fn either(what: &'static str, corpus: &Corpus, found: f64, least: [(f64, &str); 2]) -> Line {
    let wanted: Vec<_> = least
        .iter()
        .filter(|(least, _)| least.is_finite())
        .map(|(least, unit)| format!("≥ {}{unit}", round(*least)))
        .collect();
    Line {
        what,
        corpus: corpus.name.clone(),
        wanted: wanted.join(" or "),
        found: round(found),
        met: least.iter().any(|(least, _)| found >= *least),
    }
}

fn threads(report: &Report<'_>, vocab: &str, corpus: &Corpus, lines: &mut Vec<Line>) {
    let speed = |rival: &str, pass| report.results.speed(rival, vocab, corpus, pass);
    let (call, least) = if corpus.cut == "whole" { ("long", 0.85) } else { ("batch", 0.90) };
    let Some(Speed { mb_per_s: own, .. }) = speed("comptok", call) else { return };
    if let Some(two) = speed("comptok", "two") {
        let what = "two threads, × two processes";
        lines.push(Line::new(what, corpus, Bound::AtLeast(least), own / two.mb_per_s));
    }
    let scaling = |rival: &str| Some(speed(rival, call)?.mb_per_s / speed(rival, "warm")?.mb_per_s);
    let others = report.programs.iter().filter(|program| program.name != "comptok");
    let best = others.filter_map(|program| scaling(program.name)).fold(0.0, f64::max);
    if let Some(scaling) = scaling("comptok")
        && best > 0.0
    {
        let least = (best * 100.0).round() / 100.0;
        lines.push(Line::new("two threads, scaling", corpus, Bound::AtLeast(least), scaling));
    }
}

fn adversarial(report: &Report<'_>, vocab: &str, corpus: &Corpus, lines: &mut Vec<Line>) {
    for pass in ["first", "warm"] {
        let Some(ours) = report.speed("comptok", vocab, corpus, pass) else { continue };
        let best = report.best(vocab, corpus, pass).map_or(f64::INFINITY, |(_, best)| best);
        let (what, slow) = match pass {
            "first" => ("first pass", "first pass, MB/s"),
            _ => ("warm", "warm, MB/s"),
        };
        lines.push(either(what, corpus, ours, [(100.0, " MB/s"), (3.0 * best, " MB/s, 3 × best")]));
        lines.push(Line::new(slow, corpus, Bound::AtLeast(25.0), ours));
    }
    if let Some(twice) = report.twice("comptok", vocab, corpus) {
        lines.push(Line::new("twice the text, × time", corpus, Bound::AtMost(2.2), twice));
    }
    if let Some((kib, ids)) = report.extra_kib("comptok", vocab, corpus)
        && let Some(longest) = longest(vocab, corpus)
    {
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let most = mib((4 << 20) + 16 * longest + 4 * ids);
        let most = (most * 10.0).round() / 10.0;
        let what = "extra memory, MiB";
        lines.push(Line::new(what, corpus, Bound::AtMost(most), mib(kib << 10)));
    }
}

/// Bytes of the longest pre-token.
fn longest(vocab: &str, corpus: &Corpus) -> Option<u64> {
    fn of<S: Scanner>(scanner: S, text: &[u8]) -> u64 {
        let (mut at, mut longest) = (0, 0);
        while at < text.len() {
            let end = scanner.end(text, at);
            (at, longest) = (end, longest.max(end - at));
        }
        longest as u64
    }
    let text = fs::read(&corpus.file).ok()?;
    match vocab {
        "r50k" => Some(of(R50k, &text)),
        "cl100k" => Some(of(Cl100k, &text)),
        "o200k" => Some(of(O200k, &text)),
        "qwen2" => Some(of(Qwen2, &text)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_met_on_the_right_side_of_its_bound() {
        let corpus = Corpus { name: "a".to_owned(), file: "a.txt".into(), cut: "whole" };
        let line = |bound, found| Line::new("x", &corpus, bound, found).met;
        assert!(line(Bound::AtLeast(2.0), 2.0) && !line(Bound::AtLeast(2.0), 1.99));
        assert!(line(Bound::AtMost(2.2), 2.2) && !line(Bound::AtMost(2.2), 2.21));
        let either = |found| either("x", &corpus, found, [(100.0, ""), (30.0, ", 3 × best")]);
        assert!(either(31.0).met && !either(29.0).met);
        assert_eq!(either(31.0).wanted, "≥ 100 or ≥ 30, 3 × best");
    }
}
