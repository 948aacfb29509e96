//! What the processor can do: telling the bytes of a block apart, 64 at once.
//!
//! A [`Kernel`] is chosen once for a call. It does what needs special instructions; what is made of the [`Masks`]
//! and [`Letters`] is the same code on every machine.

mod letters;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use letters::Letters;

/// Asks for the line with the beginning of what will be read soon, where the processor can be asked.
#[cfg(feature = "alloc")]
#[inline(always)]
pub(crate) fn ask<T>(what: &T) {
    #[cfg(target_arch = "x86_64")]
    x86::ask(what);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = what;
}

/// What is known of a block from the places of bytes from one value to another.
trait Ranges {
    /// `within` finds these bytes.
    fn of(within: impl Fn(u8, u8) -> u64) -> Self;
}

/// The bytes of a block that are from one value to another, one after the other.
fn plain(block: &[u8; 64]) -> impl Fn(u8, u8) -> u64 {
    |from, to| {
        let bits = block.iter().enumerate();
        bits.fold(0, |mask, (i, byte)| mask | u64::from((from..=to).contains(byte)) << i)
    }
}

/// The bytes of a block by kind: bit `i` stands for byte `i`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Masks {
    /// `a` to `z`.
    pub lower: u64,
    /// `A` to `Z`.
    pub upper: u64,
    /// `0` to `9`.
    pub digit: u64,
    /// The space, U+0020.
    pub blank: u64,
    /// U+0009, U+000B, U+000C.
    pub tab: u64,
    /// CR and LF.
    pub newline: u64,
    /// `'`.
    pub quote: u64,
    /// `/`.
    pub slash: u64,
    /// 0x80 and up.
    pub wide: u64,
}

impl Ranges for Masks {
    #[inline(always)]
    fn of(within: impl Fn(u8, u8) -> u64) -> Self {
        let newline = within(b'\n', b'\n') | within(b'\r', b'\r');
        Self {
            lower: within(b'a', b'z'),
            upper: within(b'A', b'Z'),
            digit: within(b'0', b'9'),
            blank: within(b' ', b' '),
            tab: within(b'\t', b'\r') & !newline,
            newline,
            quote: within(b'\'', b'\''),
            slash: within(b'/', b'/'),
            wide: within(0x80, 0xFF),
        }
    }
}

impl Masks {
    /// The specification: one byte after the other.
    pub fn plain(block: &[u8; 64]) -> Self {
        Self::of(plain(block))
    }
}

/// A set of instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tier {
    /// None: pre-tokens are found char by char.
    Scalar,
    /// What every x86-64 processor has.
    Sse2,
    /// x86-64 with AVX2.
    Avx2,
    /// x86-64 with AVX-512 BW.
    Avx512,
    /// What every aarch64 processor has.
    Neon,
    /// WebAssembly with fixed-width SIMD.
    Simd128,
}

impl Tier {
    /// All of them, the better after the worse.
    pub const ALL: [Self; 6] =
        [Self::Scalar, Self::Sse2, Self::Avx2, Self::Avx512, Self::Neon, Self::Simd128];

    /// A name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Sse2 => "sse2",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512bw",
            Self::Neon => "neon",
            Self::Simd128 => "simd128",
        }
    }

    /// Whether this processor has it. Without the feature `std`: whether it was compiled for
    /// processors that do.
    pub fn is_available(self) -> bool {
        match self {
            Self::Scalar => true,
            Self::Sse2 => cfg!(target_arch = "x86_64"),
            #[cfg(all(target_arch = "x86_64", feature = "std"))]
            Self::Avx2 => std::is_x86_feature_detected!("avx2"),
            #[cfg(all(target_arch = "x86_64", feature = "std"))]
            Self::Avx512 => std::is_x86_feature_detected!("avx512bw"),
            #[cfg(not(all(target_arch = "x86_64", feature = "std")))]
            Self::Avx2 => cfg!(all(target_arch = "x86_64", target_feature = "avx2")),
            #[cfg(not(all(target_arch = "x86_64", feature = "std")))]
            Self::Avx512 => cfg!(all(target_arch = "x86_64", target_feature = "avx512bw")),
            Self::Neon => cfg!(target_arch = "aarch64"),
            Self::Simd128 => cfg!(all(target_arch = "wasm32", target_feature = "simd128")),
        }
    }
}

/// A tier that this processor has.
#[derive(Clone, Copy)]
pub struct Kernel {
    tier: Tier,
    /// `None` for the scalar tier.
    calls: Option<Calls>,
}

/// May be called where the tier is available.
type Calls = (unsafe fn(&[u8; 64]) -> Masks, unsafe fn(&[u8; 64]) -> Letters);

impl core::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Kernel").field(&self.tier).finish()
    }
}

impl Kernel {
    /// Char by char: what all others must equal.
    pub const SCALAR: Self = Self { tier: Tier::Scalar, calls: None };

    /// The kernel of a tier; `None` where it is not available.
    pub fn of(tier: Tier) -> Option<Self> {
        if !tier.is_available() {
            return None;
        }
        let calls: Calls = match tier {
            #[cfg(target_arch = "x86_64")]
            Tier::Sse2 => (x86::sse2, x86::sse2),
            #[cfg(target_arch = "x86_64")]
            Tier::Avx2 => (x86::avx2, x86::avx2),
            #[cfg(target_arch = "x86_64")]
            Tier::Avx512 => (x86::avx512, x86::avx512),
            #[cfg(target_arch = "aarch64")]
            Tier::Neon => (neon::neon, neon::neon),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Tier::Simd128 => (wasm::simd128, wasm::simd128),
            _ => return (tier == Tier::Scalar).then_some(Self::SCALAR),
        };
        Some(Self { tier, calls: Some(calls) })
    }

    /// The best that is available.
    #[inline]
    pub fn detect() -> Self {
        Tier::ALL.iter().rev().find_map(|&tier| Self::of(tier)).unwrap_or(Self::SCALAR)
    }

    /// Its tier.
    pub const fn tier(self) -> Tier {
        self.tier
    }

    /// Whether it has masks: the scalar one has none.
    #[inline(always)]
    pub const fn has_masks(self) -> bool {
        self.calls.is_some()
    }

    /// The masks of a block.
    #[inline(always)]
    #[expect(unsafe_code, reason = "the instructions of a tier may be run where it is available")]
    pub fn masks(self, block: &[u8; 64]) -> Masks {
        match self.calls {
            // SAFETY: a function is stored here only by `of`, after its tier was found available.
            Some((masks, _)) => unsafe { masks(block) },
            None => Masks::plain(block),
        }
    }

    /// The letters beyond ASCII that their first bytes tell.
    #[inline(always)]
    #[expect(unsafe_code, reason = "the instructions of a tier may be run where it is available")]
    pub fn letters(self, block: &[u8; 64]) -> Letters {
        match self.calls {
            // SAFETY: as above.
            Some((_, letters)) => unsafe { letters(block) },
            None => Letters::plain(block),
        }
    }
}
