//! What can be measured.

use crate::{
    Error, Peer, Vocab,
    corpus::Cut,
    measure::{Clock, cpu_nanos, forget_peak, heap_bytes, page_faults, status_kib},
};
use std::{
    fs,
    io::{BufWriter, Read as _, Write as _},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

const USAGE: &str = "usage: start VOCAB FOLDER TEXT | load VOCAB FOLDER EXTENSION | ids VOCAB FOLDER FILE CUT OUT | \
    speed|each|parts|full VOCAB FOLDER FILE CUT WARM SECONDS | threads VOCAB FOLDER FILE CUT PASSES N | \
    head|paced VOCAB FOLDER FILE CUT SECONDS";

pub(crate) fn run<P: Peer>(args: &[&str]) -> Result<(), Error> {
    // A library that panics on some text is counted; what it says would only hide the counts.
    std::panic::set_hook(Box::new(|_| ()));
    let &[mode, name, folder, ref rest @ ..] = args else { return Err(USAGE.into()) };
    let vocab = Vocab { name: name.to_owned(), folder: folder.into() };
    if let ("start", [text]) = (mode, rest) {
        return start::<P>(&vocab, text);
    }
    if let ("load", [extension]) = (mode, rest) {
        return load::<P>(&vocab, extension);
    }
    let &[file, cut, ref rest @ ..] = rest else { return Err(USAGE.into()) };
    let mut text = fs::read_to_string(file).map_err(|e| format!("{file}: {e}"))?;
    // To see how the time grows.
    let cut = if cut == "twice" {
        text = text.repeat(2);
        "whole"
    } else {
        cut
    };
    let run = Run { vocab: &vocab, documents: &Cut::named(cut)?.apply(&text) };
    match (mode, rest) {
        ("ids", [out]) => ids::<P>(run, out),
        ("speed", [warm, seconds]) => speed::<P>(run, number(warm)?, number(seconds)?),
        ("each", [warm, _]) => each::<P>(run, number(warm)?),
        ("parts", [warm, seconds]) => parts::<P>(run, number(warm)?, number(seconds)?),
        ("full", [warm, seconds]) => full::<P>(run, number(warm)?, number(seconds)?),
        ("threads", [passes, threads]) => threaded::<P>(run, number(passes)?, number(threads)?),
        ("head", [seconds]) => head::<P>(run, number(seconds)?),
        ("paced", [seconds]) => paced::<P>(run, number(seconds)?),
        _ => Err(USAGE.into()),
    }
}

/// What a mode measures.
#[derive(Clone, Copy)]
struct Run<'a> {
    vocab: &'a Vocab,
    documents: &'a [&'a str],
}

fn number(text: &str) -> Result<usize, Error> {
    Ok(text.parse().map_err(|e| format!("{text:?}: {e}"))?)
}

/// The first id, for a clock that runs outside.
fn start<P: Peer>(vocab: &Vocab, text: &str) -> Result<(), Error> {
    let (peer, mut state) = (P::load(vocab)?, P::State::default());
    println!("{}", peer.encode(text, &mut state).first().ok_or("no ids")?);
    Ok(())
}

/// How long a load takes in a fresh process, to the first id.
fn load<P: Peer>(vocab: &Vocab, extension: &str) -> Result<(), Error> {
    let clock = Clock::start();
    let (peer, mut state) = (P::load_from(vocab, extension)?, P::State::default());
    let ids = peer.encode("a", &mut state).len();
    let (cpu, wall) = clock.read();
    println!("{{\"load\":{ids},\"cpu_ns\":{cpu},\"wall_ns\":{}}}", wall.as_nanos());
    Ok(())
}

/// Whole encodings: first a sum of all ids and offsets, then warm passes.
fn full<P: Peer>(
    Run { vocab, documents }: Run<'_>,
    warm: usize,
    seconds: usize,
) -> Result<(), Error> {
    let peer = P::load(vocab)?;
    let clock = Clock::start();
    let (mut rows, mut done) = (Vec::new(), 0);
    let enough = || clock.is_past(seconds);
    for document in documents {
        rows.clear();
        if peer.full(document, Some(&mut rows)).is_none() {
            return Err(Error::Unsupported);
        }
        // FNV-1a of the numbers: equal sums mean equal encodings. Of each document, because a slow
        // library has time for fewer.
        let sum = rows.iter().flatten().fold(0xCBF2_9CE4_8422_2325_u64, |sum, &number| {
            (sum ^ number as u64).wrapping_mul(0x100_0000_01B3)
        });
        println!("{{\"sum\":\"{sum:016x}\"}}");
        done += 1;
        if enough() {
            break;
        }
    }
    let documents = &documents[..done];
    for _ in 0..if enough() { 1 } else { warm } {
        let (mut pass, clock) = (Pass::default(), Clock::start());
        for document in documents {
            pass.ids += peer.full(document, None).unwrap_or_default();
            pass.bytes += document.len();
            pass.documents += 1;
        }
        let (cpu, wall) = clock.read();
        pass.print("full", cpu, wall);
    }
    Ok(())
}

/// Encodes; `None` if the library panicked.
fn encode<'s, P: Peer>(peer: &P, text: &str, state: &'s mut P::State) -> Option<&'s [u32]> {
    unless_panic(|| peer.encode(text, state))
}

fn unless_panic<R>(call: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(call)).ok()
}

/// Writes the ids of each document after their number; `u32::MAX` where the library failed.
fn ids<P: Peer>(Run { vocab, documents }: Run<'_>, out: &str) -> Result<(), Error> {
    let peer = P::load(vocab)?;
    let mut state = P::State::default();
    let mut file = BufWriter::new(fs::File::create(out)?);
    for document in documents {
        let Some(ids) = encode(&peer, document, &mut state) else {
            file.write_all(&u32::MAX.to_le_bytes())?;
            continue;
        };
        file.write_all(&u32::try_from(ids.len())?.to_le_bytes())?;
        for id in ids {
            file.write_all(&id.to_le_bytes())?;
        }
    }
    Ok(file.flush()?)
}

/// One pass over the documents.
#[derive(Default)]
struct Pass {
    documents: usize,
    failed: usize,
    bytes: usize,
    ids: usize,
}

impl Pass {
    /// Ends early when it is `enough`: what is slow must not take all day.
    fn run<P: Peer>(
        peer: &P,
        documents: &[&str],
        state: &mut P::State,
        enough: impl Fn() -> bool,
    ) -> Self {
        let mut pass = Self::default();
        for (number, document) in documents.iter().enumerate() {
            match encode(peer, document, state) {
                Some(ids) => {
                    pass.bytes += document.len();
                    pass.ids += ids.len();
                }
                None => pass.failed += 1,
            }
            pass.documents += 1;
            // The clock is asked often enough to stop in time, and not for each message.
            let large = document.len() > 4096 || number % 64 == 63;
            if large && enough() {
                break;
            }
        }
        pass
    }

    fn print(&self, name: &str, cpu: u64, wall: Duration) {
        println!(
            "{{\"pass\":\"{name}\",\"documents\":{},\"failed\":{},\"bytes\":{},\"ids\":{},\"cpu_ns\":{cpu},\
             \"wall_ns\":{}}}",
            self.documents,
            self.failed,
            self.bytes,
            self.ids,
            wall.as_nanos()
        );
    }
}

/// The first pass, which finds everything as the load left it, and the next ones; memory.
fn speed<P: Peer>(
    Run { vocab, documents }: Run<'_>,
    warm: usize,
    seconds: usize,
) -> Result<(), Error> {
    let (heap, anonymous) = (heap_bytes(), status_kib("RssAnon"));
    let start = Instant::now();
    let peer = P::load(vocab)?;
    let load = start.elapsed();
    let heap = heap_bytes().saturating_sub(heap);
    let anonymous = status_kib("RssAnon").saturating_sub(anonymous);
    let mut state = P::State::default();
    let load_peak = status_kib("VmHWM");
    forget_peak();
    let (before, file) = (status_kib("VmRSS"), status_kib("RssFile"));
    let (mut part, mut passes) = (documents, 0..=warm);
    while let Some(number) = passes.next() {
        let (faults, clock) = (page_faults(), Clock::start());
        // Processor time, so that a busy machine measures the same text.
        let enough = || number == 0 && clock.is_past(seconds);
        let pass = Pass::run(&peer, part, &mut state, enough);
        let (cpu, wall) = clock.read();
        pass.print(if number == 0 { "first" } else { "warm" }, cpu, wall);
        if number == 0 {
            // Pages of the program's own file are no memory of the library's.
            let read = status_kib("RssFile").saturating_sub(file);
            let extra = status_kib("VmHWM").saturating_sub(before + read);
            println!(
                "{{\"memory\":true,\"load_ns\":{},\"heap_bytes\":{heap},\"anonymous_kib\":{anonymous},\
                 \"load_peak_kib\":{load_peak},\"peak_kib\":{},\"extra_kib\":{extra},\"faults\":{}}}",
                load.as_nanos(),
                status_kib("VmHWM").max(load_peak),
                page_faults() - faults,
            );
            // Later passes read what the first one did, and no more; one is enough of what is slow.
            part = &documents[..pass.documents];
            if cpu > seconds as u64 * 1_000_000_000 {
                passes = 1..=warm.min(1);
            }
        }
    }
    Ok(())
}

/// Bytes of text that come first.
const HEAD: usize = 4096;

/// The first text after the load, with its page faults, and how long such text takes later.
fn head<P: Peer>(Run { vocab, documents }: Run<'_>, seconds: usize) -> Result<(), Error> {
    let peer = P::load(vocab)?;
    let mut state = P::State::default();
    let text = documents.first().ok_or("no text")?;
    let first = (0..=HEAD.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
    let text = &text[..first.unwrap_or_default()];
    let (faults, cpu) = (page_faults(), cpu_nanos());
    encode(&peer, text, &mut state).ok_or("it panics")?;
    let (cpu, faults) = (cpu_nanos() - cpu, page_faults() - faults);
    let per_byte = |cpu: u64, bytes: usize| cpu as f64 / bytes.max(1) as f64;
    let head = per_byte(cpu, text.len());
    let clock = Clock::start();
    let enough = || clock.is_past(seconds);
    let documents = &documents[..Pass::run(&peer, documents, &mut state, enough).documents];
    let mut rates = Vec::new();
    for _ in 0..3 {
        let cpu = cpu_nanos();
        let pass = Pass::run(&peer, documents, &mut state, || false);
        rates.push(per_byte(cpu_nanos() - cpu, pass.bytes));
    }
    rates.sort_by(f64::total_cmp);
    println!(
        "{{\"pass\":\"head\",\"bytes\":{},\"ns_per_byte\":{head:.3},\"steady_ns_per_byte\":{:.3},\
         \"faults\":{faults}}}",
        text.len(),
        rates[1]
    );
    Ok(())
}

/// Each document on its own: percentiles of nanoseconds for each byte, of those of 64 bytes and more.
fn each<P: Peer>(Run { vocab, documents }: Run<'_>, warm: usize) -> Result<(), Error> {
    let peer = P::load(vocab)?;
    let mut state = P::State::default();
    // What asking the clock twice costs is not the library's.
    let clock = {
        let mut costs: Vec<Duration> = (0..1001).map(|_| Instant::now().elapsed()).collect();
        costs.sort_unstable();
        costs[500]
    };
    for number in 0..=warm {
        let mut rates = Vec::with_capacity(documents.len());
        for document in documents {
            let start = Instant::now();
            let done = encode(&peer, document, &mut state).is_some();
            let time = start.elapsed().saturating_sub(clock);
            if done && document.len() >= 64 {
                rates.push(time.as_nanos() as f64 / document.len() as f64);
            }
        }
        rates.sort_by(f64::total_cmp);
        let at = |share: f64| rates.get((rates.len() as f64 * share) as usize).copied();
        let [p50, p90, p99] = [0.50, 0.90, 0.99].map(|share| at(share).unwrap_or(0.0));
        println!(
            "{{\"pass\":\"{}\",\"messages\":{},\"p50\":{p50:.3},\"p90\":{p90:.3},\"p99\":{p99:.3}}}",
            if number == 0 { "first" } else { "warm" },
            rates.len()
        );
    }
    Ok(())
}

/// Encode, count and decode in turns, all warm.
fn parts<P: Peer>(
    Run { vocab, documents }: Run<'_>,
    warm: usize,
    seconds: usize,
) -> Result<(), Error> {
    let peer = P::load(vocab)?;
    let mut state = P::State::default();
    let clock = Clock::start();
    let enough = || clock.is_past(seconds);
    let first = Pass::run(&peer, documents, &mut state, enough);
    let documents = &documents[..first.documents];
    let all = all_ids(&peer, documents, &mut state);
    let longest = documents.iter().map(|document| document.len()).max().unwrap_or(0);
    let mut text = vec![1; longest + 64];
    for number in 0..=warm {
        let clock = Clock::start();
        let pass = Pass::run(&peer, documents, &mut state, || false);
        let (cpu, wall) = clock.read();
        if number > 0 {
            pass.print("encode", cpu, wall);
        }

        let clock = Clock::start();
        let counts: Option<Vec<usize>> =
            documents.iter().map(|document| peer.count(document, &mut state)).collect();
        let (cpu, wall) = clock.read();
        if let Some(counts) = counts
            && number > 0
        {
            let counted = Pass { ids: counts.iter().sum(), ..pass };
            counted.print("count", cpu, wall);
        }

        let clock = Clock::start();
        let mut decoded = Pass::default();
        for ids in &all {
            if peer.decode(ids, &mut text) {
                decoded.bytes += text.len();
                decoded.documents += 1;
                decoded.ids += ids.len();
            }
        }
        let (cpu, wall) = clock.read();
        if number > 0 && decoded.documents > 0 {
            decoded.failed = all.len() - decoded.documents;
            decoded.print("decode", cpu, wall);
        }
    }
    // The texts come back as they were, or the decoding was not worth timing.
    let wrong = documents
        .iter()
        .zip(&all)
        .filter(|(document, ids)| peer.decode(ids, &mut text) && text != document.as_bytes());
    println!("{{\"pass\":\"decoded\",\"wrong\":{}}}", wrong.count());
    Ok(())
}

/// Many threads at once: by the library's own call, and by threads that share the tokenizer.
fn threaded<P: Peer>(
    Run { vocab, documents }: Run<'_>,
    passes: usize,
    threads: usize,
) -> Result<(), Error> {
    let peer = P::load(vocab)?;
    let bytes: usize = documents.iter().map(|document| document.len()).sum();
    // What one thread finds.
    let alone = all_ids(&peer, documents, &mut P::State::default());
    let report = |name: &str, number: usize, clock: Clock, all: &[Vec<u32>]| {
        let (cpu, wall) = clock.read();
        // Compared after the clock has been read.
        let ids = all.iter().map(Vec::len).sum();
        let failed = alone.iter().zip(all).filter(|(alone, all)| alone != all).count();
        let pass = Pass { documents: documents.len(), failed, bytes, ids };
        // The first pass starts the threads and finds cold caches.
        pass.print(&format!("{name}{}", if number == 0 { " first" } else { "" }), cpu, wall);
    };
    let mut all = vec![Vec::new()];
    for number in 0..=passes {
        // What is not used again is freed before the clock starts.
        if !P::KEEPS {
            all = vec![Vec::new()];
        }
        let clock = Clock::start();
        if let [document] = documents {
            if peer.long(document, threads, &mut all[0]) {
                report("long", number, clock, &all);
            }
        } else if peer.batch(documents, threads, &mut all) {
            report("batch", number, clock, &all);
        }
    }
    drop(all);
    if documents.len() > 1 {
        for number in 0..=passes {
            let clock = Clock::start();
            let all = by_threads(&peer, documents, threads);
            report("threads", number, clock, &all);
        }
    }
    Ok(())
}

/// The ids of each document; none where the library failed.
fn all_ids<P: Peer>(peer: &P, documents: &[&str], state: &mut P::State) -> Vec<Vec<u32>> {
    let ids = |document: &&str| encode(peer, document, state).map(<[u32]>::to_vec);
    documents.iter().map(ids).map(Option::unwrap_or_default).collect()
}

/// Threads that take the next document each; the ids of all, in order.
fn by_threads<P: Peer>(peer: &P, documents: &[&str], threads: usize) -> Vec<Vec<u32>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut state, mut kept) = (P::State::default(), Vec::new());
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(document) = documents.get(number) else { return kept };
            let ids = encode(peer, document, &mut state).map(<[u32]>::to_vec);
            kept.push((number, ids.unwrap_or_default()));
        }
    };
    let mut all = vec![Vec::new(); documents.len()];
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for (number, ids) in handles.into_iter().filter_map(|handle| handle.join().ok()).flatten() {
            all[number] = ids;
        }
    });
    all
}

/// Warms up, says so, and on a byte from standard input encodes for so many seconds: to be run twice
/// at the same time.
fn paced<P: Peer>(Run { vocab, documents }: Run<'_>, seconds: usize) -> Result<(), Error> {
    let peer = P::load(vocab)?;
    let mut state = P::State::default();
    let limit = Duration::from_secs(seconds as u64);
    let start = Instant::now();
    Pass::run(&peer, documents, &mut state, || start.elapsed() > limit);
    println!("ready");
    std::io::stdin().read_exact(&mut [0])?;
    let (start, clock) = (Instant::now(), Clock::start());
    let mut sum = Pass::default();
    while start.elapsed() < limit {
        let pass = Pass::run(&peer, documents, &mut state, || start.elapsed() > limit);
        sum.bytes += pass.bytes;
        sum.ids += pass.ids;
        sum.documents += pass.documents;
        sum.failed += pass.failed;
    }
    let (cpu, wall) = clock.read();
    sum.print("paced", cpu, wall);
    Ok(())
}
