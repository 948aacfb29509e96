//! `comptok inspect --cpu`: what the processor has, and what is made of it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use comptok::{Kernel, Tier};
use serde_json::{Value, json};

/// Where Linux describes processors.
const SYSTEM: &str = "/sys/devices/system/cpu";

/// What is known of this machine.
pub(crate) struct Cpu {
    features: Vec<&'static str>,
    /// Tiers that were built for this architecture, and whether they can run.
    tiers: Vec<(&'static str, bool)>,
    chosen: &'static str,
    caches: Vec<Cache>,
    /// Threads that may run at once.
    threads: Option<usize>,
    /// Cores that they share.
    cores: Option<usize>,
}

struct Cache {
    name: String,
    bytes: Option<u64>,
}

impl Cpu {
    pub(crate) fn detect() -> Self {
        let is_ours = |tier: &Tier| match tier {
            Tier::Sse2 | Tier::Avx2 | Tier::Avx512 => cfg!(target_arch = "x86_64"),
            Tier::Neon => cfg!(target_arch = "aarch64"),
            Tier::Simd128 => cfg!(target_arch = "wasm32"),
            _ => true,
        };
        let tiers = Tier::ALL.iter().filter(|tier| is_ours(tier));
        Self {
            features: features(),
            tiers: tiers.map(|tier| (tier.name(), tier.is_available())).collect(),
            chosen: Kernel::detect().tier().name(),
            caches: caches(Path::new(SYSTEM)),
            threads: std::thread::available_parallelism().ok().map(usize::from),
            cores: cores(Path::new(SYSTEM)),
        }
    }

    /// Why the kernel is the one that it is.
    fn reason(&self) -> String {
        let absent: Vec<&str> =
            self.tiers.iter().filter(|tier| !tier.1).map(|tier| tier.0).collect();
        match (self.tiers.last(), absent.as_slice()) {
            (Some(best), _) if best.0 == self.chosen => {
                format!("the best there is for {}", std::env::consts::ARCH)
            }
            (_, absent) => format!("the processor does not have {}", absent.join(", ")),
        }
    }

    pub(crate) fn json(&self) -> Value {
        let caches: serde_json::Map<String, Value> =
            self.caches.iter().map(|cache| (cache.name.clone(), cache.bytes.into())).collect();
        let tiers: serde_json::Map<String, Value> =
            self.tiers.iter().map(|&(name, is_there)| (name.to_owned(), is_there.into())).collect();
        json!({
            "architecture": std::env::consts::ARCH,
            "features": self.features,
            "kernels": tiers,
            "kernel": self.chosen,
            "reason": self.reason(),
            "cache_bytes": caches,
            "threads": self.threads,
            "cores": self.cores,
        })
    }

    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}\n", std::env::consts::ARCH);
        let mut row = |name: &str, what: String| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {name:<16}{what}");
        };
        let or_unknown = |value: Option<usize>| match value {
            Some(value) => value.to_string(),
            None => "unknown".to_owned(),
        };
        row(
            "features",
            match self.features.as_slice() {
                [] => "none that is used".to_owned(),
                features => features.join(" "),
            },
        );
        row("kernel", format!("{}: {}", self.chosen, self.reason()));
        for (name, is_there) in &self.tiers {
            row("", format!("{name:<10} {}", if *is_there { "can run" } else { "cannot run" }));
        }
        for cache in &self.caches {
            let size = match cache.bytes {
                Some(bytes) => format!("{} KiB", bytes >> 10),
                None => "unknown".to_owned(),
            };
            row(&format!("{} cache", cache.name), size);
        }
        row("threads", or_unknown(self.threads));
        row("cores", or_unknown(self.cores));
        text
    }
}

/// Features that a kernel needs, or may need one day.
fn features() -> Vec<&'static str> {
    let mut found = Vec::new();
    macro_rules! look_for {
        ($detected:ident: $($name:tt)*) => {
            $(if std::arch::$detected!($name) {
                found.push($name);
            })*
        };
    }
    #[cfg(target_arch = "x86_64")]
    look_for!(is_x86_feature_detected:
        "sse2" "ssse3" "sse4.1" "sse4.2" "popcnt" "avx" "avx2" "bmi1" "bmi2" "avx512f" "avx512bw"
        "avx512vl" "avx512vbmi" "avx512vbmi2");
    #[cfg(target_arch = "aarch64")]
    look_for!(is_aarch64_feature_detected: "neon" "sve" "sve2");
    if cfg!(all(target_arch = "wasm32", target_feature = "simd128")) {
        found.push("simd128");
    }
    found
}

fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// The caches of the first processor: data and common ones.
fn caches(system: &Path) -> Vec<Cache> {
    let mut sizes = [None; 3];
    for index in 0..8 {
        let folder = system.join(format!("cpu0/cache/index{index}"));
        let level = read(&folder.join("level")).and_then(|level| level.parse::<usize>().ok());
        let is_code = read(&folder.join("type")).is_none_or(|kind| kind == "Instruction");
        if let Some(size) = level.and_then(|level| sizes.get_mut(level.wrapping_sub(1)))
            && !is_code
        {
            *size = read(&folder.join("size")).as_deref().and_then(bytes);
        }
    }
    let names = ["L1", "L2", "L3"];
    names
        .into_iter()
        .zip(sizes)
        .map(|(name, bytes)| Cache { name: name.to_owned(), bytes })
        .collect()
}

/// A size such as `48K`.
fn bytes(text: &str) -> Option<u64> {
    let (digits, shift) = match text.strip_suffix(['K', 'M', 'G']) {
        Some(digits) if text.ends_with('K') => (digits, 10),
        Some(digits) if text.ends_with('M') => (digits, 20),
        Some(digits) => (digits, 30),
        None => (text, 0),
    };
    digits.parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// How many cores the processors of the system belong to.
fn cores(system: &Path) -> Option<usize> {
    let mut cores = BTreeSet::new();
    for entry in fs::read_dir(system).ok()?.flatten() {
        let topology = entry.path().join("topology");
        let number = |name| read(&topology.join(name)).and_then(|id| id.parse::<i64>().ok());
        if let (Some(package), Some(core)) = (number("physical_package_id"), number("core_id")) {
            cores.insert((package, core));
        }
    }
    Some(cores.len()).filter(|&cores| cores > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        assert_eq!(bytes("48K"), Some(48 << 10));
        assert_eq!(bytes("2M"), Some(2 << 20));
        assert_eq!(bytes("512"), Some(512));
        assert_eq!(bytes(""), None);
        assert_eq!(bytes("K"), None);
    }

    #[test]
    fn what_is_not_described_is_unknown() {
        let nowhere = Path::new("/nowhere");
        assert!(caches(nowhere).iter().all(|cache| cache.bytes.is_none()));
        assert_eq!(cores(nowhere), None);
        let cpu = Cpu { caches: caches(nowhere), cores: None, ..Cpu::detect() };
        let text = cpu.text();
        assert!(text.contains("L2 cache        unknown"), "{text}");
        assert!(cpu.json()["cache_bytes"]["L3"].is_null());
    }

    #[test]
    fn the_kernel_can_run_and_has_a_reason() {
        let cpu = Cpu::detect();
        assert!(cpu.tiers.contains(&(cpu.chosen, true)));
        let (name, _) = cpu.tiers[0];
        let poor = Cpu { tiers: vec![(name, true), ("better", false)], chosen: name, ..cpu };
        assert_eq!(poor.reason(), "the processor does not have better");
    }
}
