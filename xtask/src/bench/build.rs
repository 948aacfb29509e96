//! What `include_tokenizer!` costs a build: rustc's own time and memory for a crate with it, against
//! the same crate without.
//!
//! Time is the shorter of what the clock says and of what the processors worked: where other programs
//! run too, the clock counts theirs.

use super::{
    cargo, folder,
    measure::{median, run as measure},
    succeed, verdict,
};
use crate::generate::root;
use std::{
    ffi::OsString,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

const ROUNDS: usize = 5;
/// In the environment of a compiler that is to be measured: the file that gets a line for it.
const LOG: &str = "XTASK_RUSTC_LOG";

const O200K: &str = "include_tokenizer!(\"{root}/vocab/o200k_base.tiktoken\", pattern = \"o200k\", \
                     special_tokens = {\"<|endoftext|>\": 199999, \"<|endofprompt|>\": 200018})";
const GPT2: &str = "include_tokenizer!(\"{root}/vocab/gpt2.json\")";

/// Name, the macro, and budgets: seconds cold, MB cold, and seconds of another edit in debug and in
/// release, all beyond the crate without the macro.
const CASES: [(&str, &str, [f64; 4]); 2] = [
    ("o200k_base.tiktoken", O200K, [6.0, 300.0, 0.5, 1.0]),
    ("gpt2.json", GPT2, [2.5, 300.0, 0.5, 1.0]),
];

/// Seconds and MB.
#[derive(Debug, Clone, Copy)]
struct Rustc {
    seconds: f64,
    mb: f64,
}

pub(super) fn run() -> Result<(), String> {
    let user = User::new(folder("build"))?;
    let bare = [false, true].map(|release| user.rounds("loop {}", release, false));
    let [debug, release] = bare;
    let (debug, release) = (debug?, release?);
    println!("rustc's own time, medians of {ROUNDS}, comptok built before:\n");
    println!("| Crate | bake, s | bake, MB | another edit, s | the same, release, s |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    println!(
        "| without the macro | {:.2} | {:.0} | {:.2} | {:.2} |",
        debug.seconds, debug.mb, debug.seconds, release.seconds
    );
    let mut too_much = Vec::new();
    for (name, call, budgets) in CASES {
        let cold = user.rounds(call, false, true)?;
        let edit = user.rounds(call, false, false)?;
        let optimized = user.rounds(call, true, false)?;
        let more = [
            cold.seconds - debug.seconds,
            cold.mb - debug.mb,
            edit.seconds - debug.seconds,
            optimized.seconds - release.seconds,
        ];
        let [time, memory, edit, optimized] = more;
        println!("| {name} | +{time:.2} | +{memory:.0} | +{edit:.2} | +{optimized:.2} |");
        for (more, budget) in more.into_iter().zip(budgets) {
            if more > budget {
                too_much.push(format!("{name}: {more:.2} more, not {budget}"));
            }
        }
    }
    verdict(&too_much)
}

/// A crate that uses comptok.
struct User {
    folder: PathBuf,
}

impl User {
    fn new(folder: PathBuf) -> Result<Self, String> {
        let manifest = format!(
            "[workspace]\n[package]\nname = \"user\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
             [lib]\npath = \"lib.rs\"\n[dependencies]\ncomptok = {{ path = {:?} }}\n",
            root()
        );
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let user = Self { folder };
        user.write("Cargo.toml", &manifest)?;
        Ok(user)
    }

    fn write(&self, name: &str, content: &str) -> Result<(), String> {
        let path = self.folder.join(name);
        fs::write(&path, content).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Compiles the crate with `call` as its tokenizer, each time with another line in it.
    fn rounds(&self, call: &str, release: bool, cold: bool) -> Result<Rustc, String> {
        let call = call.replace("{root}", &root().display().to_string());
        let target = self.folder.join("target");
        let profile = target.join(if release { "release" } else { "debug" });
        let log = self.folder.join("rustc.log");
        let mut found = Vec::new();
        // The first round builds what the crate needs, and is not counted.
        for round in 0..=ROUNDS {
            let mut source = format!("pub fn edit() -> u32 {{ {round} }}\n");
            if call.contains("include_tokenizer") {
                let _ = writeln!(source, "use comptok::{{Tokenizer, include_tokenizer}};");
                let _ = writeln!(source, "pub static TOKENIZER: Tokenizer = {call};");
            } else {
                let _ = writeln!(source, "pub use comptok::Tokenizer;");
            }
            self.write("lib.rs", &source)?;
            let _ = fs::remove_file(&log);
            if cold {
                // Not there in the first round.
                let _ = fs::remove_dir_all(profile.join("comptok-blobs"));
            }
            let mut build = cargo(&target, "build");
            build.arg("--manifest-path").arg(self.folder.join("Cargo.toml"));
            if release {
                build.arg("--release");
            }
            let this = std::env::current_exe().map_err(|error| error.to_string())?;
            build.env("RUSTC_WORKSPACE_WRAPPER", this).env(LOG, &log).env("CARGO_INCREMENTAL", "1");
            succeed(&mut build)?;
            if round > 0 {
                found.push(last(&log)?);
            }
        }
        let micros = median(found.iter().map(|rustc| rustc.0)).unwrap_or_default();
        let kib = median(found.iter().map(|rustc| rustc.1)).unwrap_or_default();
        Ok(Rustc { seconds: micros as f64 / 1e6, mb: kib as f64 / 1024.0 })
    }
}

/// Microseconds and KiB of the compiler that ended last.
fn last(log: &Path) -> Result<(u64, u64), String> {
    let lines = fs::read_to_string(log).map_err(|error| format!("{}: {error}", log.display()))?;
    let mut numbers = lines.lines().last().unwrap_or_default().split(' ').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(micros)), Some(Ok(kib))) => Ok((micros, kib)),
        _ => Err("rustc has not run".to_owned()),
    }
}

/// Cargo runs this program in place of rustc when it is measured: the command line is rustc's.
/// `None` if this is not such a run.
pub(crate) fn as_rustc() -> Option<ExitCode> {
    let log = std::env::var_os(LOG)?;
    let line: Vec<OsString> = std::env::args_os().skip(1).collect();
    let (rustc, args) = line.split_first()?;
    let cost = match measure(Command::new(rustc).args(args)) {
        Ok(cost) => cost,
        Err(message) => {
            eprintln!("{message}");
            return Some(ExitCode::FAILURE);
        }
    };
    print!("{}", cost.stdout);
    let entry = format!("{} {}\n", cost.time.min(cost.cpu).as_micros(), cost.peak_kib);
    let file = fs::OpenOptions::new().create(true).append(true).open(log);
    let written = file.and_then(|mut file| file.write_all(entry.as_bytes()));
    let good = cost.status.success() && written.is_ok();
    Some(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
