//! Markdown, charts and JSON of what was measured.

use super::{
    super::succeed,
    Options,
    chart::{self, Bar},
    check::{Check, Verdict},
    corpora::Corpus,
    models,
    more::{Head, Messages},
    reach,
    rivals::Program,
    round::{Results, Speed, Start, middle, typical},
    setting::About,
};
use crate::generate::{root, write as write_file};
use serde_json::json;
use std::{fmt::Write as _, fs, process::Command};

pub(super) fn write(
    options: &Options,
    corpora: &[Corpus],
    programs: &[Program],
    results: &Results,
) -> Result<(), String> {
    let report = Report {
        options,
        corpora,
        programs: programs.iter().filter(|program| program.timed).collect(),
        results,
    };
    fs::create_dir_all(root().join("docs/bench")).map_err(|error| error.to_string())?;
    let mut text = report.head()?;
    for vocab in &options.vocabs {
        report.vocabulary(vocab, &mut text)?;
    }
    report.differences(&mut text);
    let name = options.tier.as_deref().unwrap_or(options.suite.name);
    write_file(&format!("docs/bench/{name}.md"), &text)?;
    println!("{text}");
    if let Some(path) = &options.json {
        fs::write(path, report.rows()).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

pub(super) struct Report<'a> {
    options: &'a Options,
    pub(super) corpora: &'a [Corpus],
    pub(super) programs: Vec<&'a Program>,
    pub(super) results: &'a Results,
}

impl Report<'_> {
    fn head(&self) -> Result<String, String> {
        let git = |args: &[&str]| succeed(Command::new("git").args(args).current_dir(root()));
        let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
        let changed = !git(&["status", "--porcelain", "--untracked-files=no"])?.trim().is_empty();
        let rustc = succeed(Command::new("rustc").arg("--version"))?;
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let mut text = format!(
            "# {}\n\n\
             Written by `{}`.\n\n\
             - machine: {}, {} processors, {}\n\
             - commit: {}{}; {}\n\
             - medians of {} interleaved rounds; each round of each library is a process of its own, on one \
             processor. First: the first pass after the load. Warm: the passes after it.\n\
             - MB/s of processor time (1 MB is 10^6 bytes), ids only, documents of 64 KiB cut at line ends; \
             (whole): the file as one document; chat: each line on its own.\n\
             - a pass ends after {} s; a library with less than a tenth of the fastest one's speed has one \
             round.\n\
             - release builds, fat LTO, one codegen unit, no target-cpu: kernels are chosen at run time{}.\n\
             - ids are compared before any time is taken; a library whose ids differ is marked ✗, with the share \
             of documents that do.\n\n\
             | library | version |\n| --- | --- |\n",
            self.options.suite.title,
            self.options.command,
            model.map_or("unknown", |(_, model)| model),
            std::thread::available_parallelism().map_or(0, usize::from),
            std::env::consts::ARCH,
            commit.trim(),
            if changed { ", with changes" } else { "" },
            rustc.trim(),
            self.options.rounds,
            self.options.seconds,
            self.options.tier.as_ref().map_or_else(String::new, |tier| {
                format!("; comptok is told to use the tier {tier} (but by its batches and threads)")
            }),
        );
        for program in &self.programs {
            let _ = writeln!(text, "| {} | {} |", program.name, program.version);
        }
        Ok(text)
    }

    fn vocabulary(&self, vocab: &str, text: &mut String) -> Result<(), String> {
        let _ = write!(text, "\n## {vocab}\n\n");
        if let Some(about) = models::about(vocab) {
            let _ = write!(text, "{about}.\n\n");
        }
        self.speeds(vocab, text);
        self.ratios(vocab, text);
        self.adversarial(vocab, text);
        self.heads(vocab, text);
        self.messages(vocab, text);
        self.parts(vocab, text);
        self.threads(vocab, text);
        self.loads(vocab, text);
        self.full(vocab, text);
        self.files(vocab, text);
        if self.options.suite.name == "peers" {
            reach::write(self, vocab, text);
        }
        let charted = |corpus: &&Corpus| self.options.tier.is_none() && !corpus.is_adversarial();
        for corpus in self.corpora.iter().filter(charted) {
            let mut bars: Vec<Bar> = Vec::new();
            for program in &self.programs {
                let speed = |pass| self.speed(program.name, vocab, corpus, pass);
                if let (Some(first), Some(warm)) = (speed("first"), speed("warm")) {
                    let ours = program.name == "comptok";
                    bars.push(Bar { label: program.name.to_owned(), values: [first, warm], ours });
                }
            }
            bars.sort_by(|a, b| b.values[1].total_cmp(&a.values[1]));
            if bars.is_empty() {
                continue;
            }
            let name = format!("{vocab}-{}.svg", corpus.slug());
            let title = format!("{vocab}, {}", corpus.name);
            write_file(&format!("docs/bench/{name}"), &chart::bars(&title, &bars))?;
            if corpus.cut == "documents" {
                let _ = writeln!(text, "\n![{title}]({name})");
            }
        }
        Ok(())
    }

    pub(super) fn speed(
        &self,
        rival: &str,
        vocab: &str,
        corpus: &Corpus,
        pass: &str,
    ) -> Option<f64> {
        Some(self.results.speed(rival, vocab, corpus, pass)?.mb_per_s)
    }

    fn check(&self, vocab: &str, corpus: &Corpus) -> Option<&Check> {
        let mut checks = self.results.checks.iter();
        checks.find(|check| check.vocab == vocab && check.corpus == corpus.name)
    }

    fn verdict(&self, rival: &str, vocab: &str, corpus: &Corpus) -> Option<&Verdict> {
        Some(self.check(vocab, corpus)?.of(rival))
    }

    fn cell(&self, rival: &str, vocab: &str, corpus: &Corpus) -> String {
        let mark = match self.verdict(rival, vocab, corpus) {
            Some(Verdict::Equal) => String::new(),
            Some(Verdict::Differs { wrong, .. }) => {
                let documents = self.check(vocab, corpus).map_or(0, |check| check.documents);
                format!(" ✗ {wrong}/{documents}")
            }
            Some(Verdict::Failed(_)) => return "failed".to_owned(),
            Some(Verdict::Unsupported) | None => return "–".to_owned(),
        };
        let speed = |pass| self.speed(rival, vocab, corpus, pass);
        match (speed("first"), speed("warm")) {
            (Some(first), Some(warm)) => format!("{} / {}{mark}", round(first), round(warm)),
            _ => "failed".to_owned(),
        }
    }

    fn speeds(&self, vocab: &str, text: &mut String) {
        let corpora: Vec<_> =
            self.corpora.iter().filter(|corpus| !corpus.is_adversarial()).collect();
        if corpora.is_empty() {
            return;
        }
        text.push_str("MB/s, first / warm:\n\n| library |");
        for corpus in &corpora {
            let _ = write!(text, " {} |", corpus.name);
        }
        let _ = write!(text, "\n| --- |{}\n", " ---: |".repeat(corpora.len()));
        for program in &self.programs {
            let _ = write!(text, "| {} |", program.name);
            for corpus in &corpora {
                let _ = write!(text, " {} |", self.cell(program.name, vocab, corpus));
            }
            text.push('\n');
        }
    }

    /// The fastest other library whose ids are right.
    pub(super) fn best(&self, vocab: &str, corpus: &Corpus, pass: &str) -> Option<(&str, f64)> {
        let others = self.programs.iter().filter(|program| {
            program.name != "comptok"
                && self.verdict(program.name, vocab, corpus) == Some(&Verdict::Equal)
        });
        let speed = |program: &&Program| self.speed(program.name, vocab, corpus, pass);
        others
            .filter_map(|program| Some((program.name, speed(program)?)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
    }

    fn ratios(&self, vocab: &str, text: &mut String) {
        let mut lines = String::new();
        for corpus in self.corpora.iter().filter(|corpus| !corpus.is_adversarial()) {
            for pass in ["first", "warm"] {
                let ours = self.speed("comptok", vocab, corpus, pass);
                if let (Some(ours), Some((name, best))) = (ours, self.best(vocab, corpus, pass)) {
                    let _ = writeln!(
                        lines,
                        "| {} | {pass} | {} | {} ({name}) | {:.2} |",
                        corpus.name,
                        round(ours),
                        round(best),
                        ours / best
                    );
                }
            }
        }
        if !lines.is_empty() {
            text.push_str(
                "\ncomptok beside the best other library with equal ids:\n\n\
                 | corpus | pass | comptok | best other | ratio |\n| --- | --- | ---: | ---: | ---: |\n",
            );
            text.push_str(&lines);
        }
    }

    fn adversarial(&self, vocab: &str, text: &mut String) {
        let corpora: Vec<_> =
            self.corpora.iter().filter(|corpus| corpus.is_adversarial()).collect();
        if corpora.is_empty() {
            return;
        }
        text.push_str("\nAdversarial files, each as one document, MB/s, first / warm:\n\n| file |");
        for program in &self.programs {
            let _ = write!(text, " {} |", program.name);
        }
        text.push_str(" comptok's ratio to the best, first / warm |");
        let columns = self.programs.len() + 1;
        let _ = write!(text, "\n| --- |{}\n", " ---: |".repeat(columns));
        for corpus in &corpora {
            let _ = write!(text, "| {} |", corpus.name.trim_start_matches("adversarial/"));
            for program in &self.programs {
                let _ = write!(text, " {} |", self.cell(program.name, vocab, corpus));
            }
            let ratio = |pass| {
                let ours = self.speed("comptok", vocab, corpus, pass)?;
                Some(format!("{:.1}", ours / self.best(vocab, corpus, pass)?.1))
            };
            let ratio = |pass| ratio(pass).unwrap_or_else(|| "–".to_owned());
            let _ = writeln!(text, " {} / {} |", ratio("first"), ratio("warm"));
        }
        text.push_str(
            "\nThe same files: how much longer twice the text takes, and the peak of the first pass over what \
             was resident before it, in MiB:\n\n| file |",
        );
        for program in &self.programs {
            let _ = write!(text, " {} |", program.name);
        }
        let _ = write!(text, "\n| --- |{}\n", " ---: |".repeat(self.programs.len()));
        for corpus in &corpora {
            let _ = write!(text, "| {} |", corpus.name.trim_start_matches("adversarial/"));
            for program in &self.programs {
                let twice = self.twice(program.name, vocab, corpus);
                let twice = twice.map_or_else(|| "–".to_owned(), |twice| format!("× {twice:.2}"));
                let extra = self.extra_kib(program.name, vocab, corpus);
                let extra = extra.map_or_else(
                    || "–".to_owned(),
                    |(kib, _)| format!("{:.1}", kib as f64 / 1024.0),
                );
                let _ = write!(text, " {twice}, {extra} |");
            }
            text.push('\n');
        }
    }

    /// How much longer twice the text takes.
    pub(super) fn twice(&self, rival: &str, vocab: &str, corpus: &Corpus) -> Option<f64> {
        let warm = self.speed(rival, vocab, corpus, "warm")?;
        Some(2.0 * warm / self.speed(rival, vocab, corpus, "twice")?)
    }

    /// The largest peak of a first pass over what was resident before it, and the number of ids.
    pub(super) fn extra_kib(
        &self,
        rival: &str,
        vocab: &str,
        corpus: &Corpus,
    ) -> Option<(u64, u64)> {
        let all = self.results.memory.iter();
        let of = all.filter(|memory| memory.about.is(rival, vocab, corpus));
        of.map(|memory| (memory.extra_kib, memory.ids)).max()
    }

    /// The medians for the first text of a process: nanoseconds for each byte, later, page faults.
    pub(super) fn first_text(&self, rival: &str, vocab: &str, corpus: &Corpus) -> Option<[f64; 3]> {
        let of = |value: fn(&Head) -> f64| {
            let all = self.results.heads.iter();
            let of = all.filter(|head| head.about.is(rival, vocab, corpus));
            middle(&of.map(value).collect::<Vec<_>>())
        };
        Some([of(|head| head.ns_per_byte)?, of(|head| head.steady)?, of(|head| head.faults)?])
    }

    fn heads(&self, vocab: &str, text: &mut String) {
        let mut lines = String::new();
        for corpus in self.corpora {
            for program in &self.programs {
                let Some([first, steady, faults]) = self.first_text(program.name, vocab, corpus)
                else {
                    continue;
                };
                let _ = writeln!(
                    lines,
                    "| {} | {} | {first:.1} | {steady:.2} | {:.1} | {faults} |",
                    corpus.name,
                    program.name,
                    first / steady
                );
            }
        }
        if !lines.is_empty() {
            let _ = write!(
                text,
                "\nThe first 4 KiB of text after the load, nanoseconds for each byte:\n\n\
                 | corpus | library | first 4 KiB | steady | ratio | page faults |\n\
                 | --- | --- |{}\n{lines}",
                " ---: |".repeat(4)
            );
        }
    }

    /// Of nanoseconds for each byte of a message.
    pub(super) fn percentiles(&self, rival: &str, vocab: &str, pass: &str) -> Option<(f64, f64)> {
        let of = |value: fn(&Messages) -> f64| {
            let all = self.results.messages.iter();
            let of = all.filter(|m| (m.about.rival, m.about.vocab, m.pass) == (rival, vocab, pass));
            middle(&of.map(value).collect::<Vec<_>>())
        };
        Some((of(|messages| messages.p50)?, of(|messages| messages.p99)?))
    }

    fn messages(&self, vocab: &str, text: &mut String) {
        let mut lines = String::new();
        for program in &self.programs {
            let percentiles = |pass| {
                let (p50, p99) = self.percentiles(program.name, vocab, pass)?;
                Some(format!("{p50:.2} | {p99:.2} | {:.2}", p99 / p50))
            };
            if let (Some(first), Some(warm)) = (percentiles("first"), percentiles("warm")) {
                let _ = writeln!(lines, "| {} | {first} | {warm} |", program.name);
            }
        }
        if !lines.is_empty() {
            let _ = write!(
                text,
                "\nEach message of 64 bytes and more on its own, nanoseconds for each byte:\n\n\
                 | library | first, p50 | p99 | p99/p50 | warm, p50 | p99 | p99/p50 |\n\
                 | --- |{}\n{lines}",
                " ---: |".repeat(6)
            );
        }
    }

    fn parts(&self, vocab: &str, text: &mut String) {
        let mut lines = String::new();
        for corpus in self.corpora {
            for program in &self.programs {
                let speed = |pass| self.speed(program.name, vocab, corpus, pass).map(round);
                let Some(encode) = speed("encode") else { continue };
                let [count, decode] =
                    ["count", "decode"].map(|pass| speed(pass).unwrap_or_else(|| "–".to_owned()));
                let _ = writeln!(
                    lines,
                    "| {} | {} | {encode} | {count} | {decode} |",
                    corpus.name, program.name
                );
            }
        }
        if !lines.is_empty() {
            let _ = write!(
                text,
                "\nEncode, count without a list of ids, and decode, all warm, MB/s of text:\n\n\
                 | corpus | library | encode | count | decode |\n| --- | --- | ---: | ---: | ---: |\n{lines}"
            );
        }
    }

    fn threads(&self, vocab: &str, text: &mut String) {
        let mut lines = String::new();
        for corpus in self.corpora {
            for program in &self.programs {
                let speed = |pass| self.results.speed(program.name, vocab, corpus, pass);
                let Some(two) = speed("two") else { continue };
                let cell = |pass| match speed(pass) {
                    Some(Speed { mb_per_s, spread: [low, high], .. }) => {
                        let share = mb_per_s / two.mb_per_s;
                        let [mb, low, high] = [mb_per_s, low, high].map(round);
                        format!("{mb} ({low}–{high}), {share:.2}")
                    }
                    None => "–".to_owned(),
                };
                let call = if corpus.cut == "whole" { "long" } else { "batch" };
                let one = self.speed(program.name, vocab, corpus, "warm");
                let scaling = one.zip(speed(call)).map_or_else(
                    || "–".to_owned(),
                    |(one, own)| format!("{:.2}", own.mb_per_s / one),
                );
                let _ = writeln!(
                    lines,
                    "| {} | {} | {} ({}–{}) | {} | {} | {scaling} |",
                    corpus.name,
                    program.name,
                    round(two.mb_per_s),
                    round(two.spread[0]),
                    round(two.spread[1]),
                    cell(call),
                    cell("threads"),
                );
            }
        }
        if !lines.is_empty() {
            let _ = write!(
                text,
                "\nTwo threads, MB/s of wall time, with the slowest and the fastest round, and the share of what \
                 two processes reach side by side. Own call: the library's batch, or its call for one long \
                 text, comptok's into lists that are kept; threads: two threads that share the tokenizer. Scaling: own call by one thread's warm \
                 passes.\n\n\
                 | corpus | library | two processes | own call | threads | scaling |\n\
                 | --- | --- | ---: | ---: | ---: | ---: |\n{lines}"
            );
        }
    }

    fn loads(&self, vocab: &str, text: &mut String) {
        if self.results.starts.iter().all(|start| start.vocab != vocab) {
            return;
        }
        text.push_str(
            "\nStart-up: from process start to exit, one short text encoded. Heap: what the allocator has \
             given out after the load; resident: memory of its own then. Peak: of the first pass, all of the \
             process.\n\n\
             | library | start-up, ms | page faults | heap, MB | resident, MB | peak, MB |\n\
             | --- | ---: | ---: | ---: | ---: | ---: |\n",
        );
        for program in &self.programs {
            let of = |start: &&Start| start.rival == program.name && start.vocab == vocab;
            let starts: Vec<&Start> = self.results.starts.iter().filter(of).collect();
            let Some((ms, faults, _)) = typical(&starts) else { continue };
            let of = |about: &About| about.rival == program.name && about.vocab == vocab;
            let memory = self.results.memory.iter().filter(|memory| of(&memory.about));
            let largest = |of: fn(&super::round::Memory) -> u64| {
                memory.clone().map(of).max().unwrap_or_default() as f64
            };
            let _ = writeln!(
                text,
                "| {} | {ms:.1} | {faults} | {:.1} | {:.1} | {:.1} |",
                program.name,
                largest(|memory| memory.heap_bytes) / 1e6,
                largest(|memory| memory.anonymous_kib) / 1024.0,
                largest(|memory| memory.peak_kib) / 1024.0,
            );
        }
    }

    fn full(&self, vocab: &str, text: &mut String) {
        let mut lines = String::new();
        for corpus in self.corpora {
            let all = || {
                let all = self.results.fulls.iter();
                all.filter(|full| (full.about.vocab, &full.about.corpus) == (vocab, &corpus.name))
            };
            let ours = all().find(|full| full.about.rival == "comptok").map(|full| full.mb_per_s);
            for full in all() {
                let wrong = match full.wrong {
                    Some((0, count)) => format!("{count} equal"),
                    Some((wrong, count)) => format!("{wrong} of {count} differ"),
                    None => "–".to_owned(),
                };
                let ratio = ours.map_or(0.0, |ours| ours / full.mb_per_s);
                let speed = round(full.mb_per_s);
                let _ = writeln!(
                    lines,
                    "| {} | {} | {speed} | {ratio:.1} | {wrong} |",
                    corpus.name, full.about.rival
                );
            }
        }
        if !lines.is_empty() {
            text.push_str(
                "\nWhole encodings with the post-processor's tokens and offsets in bytes, MB/s, warm; documents \
                 whose ids and offsets equal those of tokenizers:\n\n\
                 | corpus | library | MB/s | comptok's ratio | documents |\n| --- | --- | ---: | ---: | --- |\n",
            );
            text.push_str(&lines);
        }
    }

    /// How long it takes to load a file.
    fn files(&self, vocab: &str, text: &mut String) {
        let mut lines = String::new();
        for program in &self.programs {
            for from in ["json", "model", "ctok", "own"] {
                let all = self.results.loads.iter();
                let of = all.filter(|load| {
                    (load.rival, load.vocab, load.from) == (program.name, vocab, from)
                });
                let Some(ms) = middle(&of.map(|load| load.ms).collect::<Vec<_>>()) else {
                    continue;
                };
                let way = match from {
                    "json" => "tokenizer.json, at run time",
                    "model" => ".model, at run time",
                    "ctok" => ".ctok, mapped",
                    _ => "its file",
                };
                let _ = writeln!(lines, "| {} | {way} | {ms:.2} |", program.name);
            }
        }
        if !lines.is_empty() {
            text.push_str(
                "\nLoad of a file in a fresh process, up to the first id (without the start of the process):\n\n\
                 | library | from | ms |\n| --- | --- | ---: |\n",
            );
            text.push_str(&lines);
        }
    }

    fn differences(&self, text: &mut String) {
        text.push_str("\n## Ids\n\n");
        let (mut equal, mut lines) = (0, String::new());
        for check in &self.results.checks {
            for (rival, verdict) in &check.verdicts {
                let where_ = format!("{rival}, {}, {}", check.vocab, check.corpus);
                let documents = check.documents;
                let _ = match verdict {
                    Verdict::Equal => {
                        equal += 1;
                        Ok(())
                    }
                    Verdict::Unsupported => Ok(()),
                    Verdict::Failed(why) => writeln!(lines, "- {where_}: failed, {why}"),
                    Verdict::Differs { wrong, panicked, first } => writeln!(
                        lines,
                        "- {where_}: {wrong} of {documents} documents differ ({panicked} by a panic) from \
                         {}; {first}",
                        check.reference
                    ),
                };
            }
        }
        let _ = writeln!(
            text,
            "Compared with the ids of {}, or of the next that answers where it fails: {equal} comparisons of a library with a corpus are equal{}",
            self.options.suite.reference,
            if lines.is_empty() { "." } else { ", these are not:\n" }
        );
        text.push_str(&lines);
        for failure in &self.results.failures {
            let _ = writeln!(text, "- {failure}");
        }
    }

    fn rows(&self) -> String {
        let mut rows = Vec::new();
        for vocab in &self.options.vocabs {
            for corpus in self.corpora {
                for program in &self.programs {
                    for pass in ["first", "warm"] {
                        let results = &self.results;
                        let Some(Speed { mb_per_s, rounds, bytes, .. }) =
                            results.speed(program.name, vocab, corpus, pass)
                        else {
                            continue;
                        };
                        let verdict = self.verdict(program.name, vocab, corpus);
                        let mut row = json!({
                            "rival": program.name,
                            "version": program.version,
                            "vocab": vocab,
                            "corpus": corpus.name,
                            "pass": pass,
                            "mb_per_s": (mb_per_s * 100.0).round() / 100.0,
                            "bytes": bytes,
                            "rounds": rounds,
                            "ids_equal": verdict == Some(&Verdict::Equal),
                        });
                        if let Some((p50, p99)) = self.percentiles(program.name, vocab, pass)
                            && corpus.cut == "lines"
                        {
                            row["p50_ns_per_byte"] = p50.into();
                            row["p99_ns_per_byte"] = p99.into();
                        }
                        rows.push(row.to_string());
                    }
                }
            }
        }
        rows.extend(self.results.fulls.iter().map(|full| {
            json!({
                "rival": full.about.rival,
                "vocab": full.about.vocab,
                "corpus": full.about.corpus,
                "pass": "full",
                "mb_per_s": (full.mb_per_s * 100.0).round() / 100.0,
                "documents_wrong": full.wrong.map(|(wrong, _)| wrong),
                "documents": full.wrong.map(|(_, count)| count),
            })
            .to_string()
        }));
        rows.extend(self.results.loads.iter().map(|load| {
            let (rival, vocab, from) = (load.rival, load.vocab, load.from);
            json!({"rival": rival, "vocab": vocab, "pass": "load", "from": from, "ms": load.ms})
                .to_string()
        }));
        format!("[\n{}\n]\n", rows.join(",\n"))
    }
}

/// Three digits.
pub(super) fn round(speed: f64) -> String {
    if speed < 10.0 { format!("{speed:.1}") } else { format!("{speed:.0}") }
}
