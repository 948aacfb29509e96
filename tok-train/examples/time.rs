use comptok_bake::read::pattern::PatternArg;
use comptok_train::*;
use std::time::Instant;
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let threads: usize = args[0].parse().unwrap();
    let size: usize = args[1].parse().unwrap();
    let ties = &args[2];

    let s =
        Splitter::byte_level(PatternArg::Named(&args[3]), comptok_bake::spec::Family::HuggingFace)
            .unwrap();
    let t = Instant::now();
    let mut c = Counter::new(&s).threads(threads);
    for f in &args[4..] {
        c.count(Lines::new(std::fs::File::open(f).unwrap(), f.as_str()), &()).unwrap();
    }
    eprintln!("count {:?}", t.elapsed());
    let counts = c.finish(&()).unwrap();
    eprintln!("joined {:?} {} words {} bytes", t.elapsed(), counts.len(), counts.byte_len());
    let tr = bpe::BpeTrainer {
        ties: if ties == "rustbpe" { bpe::Ties::RustBpe } else { bpe::Ties::HuggingFace },
        vocab_size: size,
        threads,
        initial_alphabet: if ties == "rustbpe" { Default::default() } else { bpe::byte_alphabet() },
        ..Default::default()
    };
    let r = tr.train(&counts, &()).unwrap();
    eprintln!("trained {:?} {} tokens {} merges", t.elapsed(), r.tokens().len(), r.merges().len());
    let mut h = 0u64;
    for (a, b, c) in r.merges() {
        for x in [a, b, c] {
            h = h.wrapping_mul(31).wrapping_add(*x as u64);
        }
    }
    eprintln!("hash {h:x}");
    if let Ok(out) = std::env::var("OUT") {
        let mut o = String::new();
        for (a, b, _) in r.merges() {
            use std::fmt::Write;
            let h = |t: u32| {
                r.tokens()[t as usize].iter().map(|b| format!("{b:02x}")).collect::<String>()
            };
            writeln!(o, "{} {}", h(*a), h(*b)).unwrap();
        }
        std::fs::write(out, o).unwrap();
    }
}
