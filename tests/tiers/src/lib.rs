//! Compares the kernels of a processor that runs no test harness: `.ci/tiers` builds this for aarch64
//! and WebAssembly.
#![no_std]

use comptok_core::{
    Kernel,
    kernel::{Letters, Masks, Tier},
    pre_tokenizer::{
        Cl100k, Clip, DeepseekV3, Gpt2, Kimi, Llama3, O200k, Qwen2, Qwen3_5, R50k, Scanner, Tekken,
    },
};

/// Parts of texts.
const PARTS: [&str; 32] = [
    "a",
    "B",
    "word",
    " ",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "'s",
    "'LL",
    "'",
    "/",
    "1",
    "123",
    "!",
    ".",
    "é",
    "\u{301}",
    "中",
    "か",
    "я",
    "ſ",
    "ǅ",
    "²",
    "\u{3000}",
    "\u{85}",
    "👍",
    "\u{378}",
    "<|",
    "<|endoftext|>",
    "・",
];

struct Random(u32);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % limit
    }
}

/// Whether a scanner finds with a kernel what it finds char by char.
fn is_same<S: Scanner>(scanner: S, kernel: Kernel, text: &[u8]) -> bool {
    let (mut at, mut ends) = (0, [0; 200]);
    while at < text.len() {
        let count = scanner.fill_with(kernel, text, at, &mut ends);
        if count == 0 {
            return false;
        }
        for &end in &ends[..count] {
            if scanner.end(text, at) != end {
                return false;
            }
            at = end;
        }
    }
    true
}

fn is_same_for_all(kernel: Kernel, text: &[u8]) -> bool {
    let block = text.first_chunk::<64>();
    block.is_none_or(|block| {
        kernel.masks(block) == Masks::plain(block) && kernel.letters(block) == Letters::plain(block)
    }) && is_same(Gpt2, kernel, text)
        && is_same(R50k, kernel, text)
        && is_same(Cl100k, kernel, text)
        && is_same(Llama3, kernel, text)
        && is_same(Qwen2, kernel, text)
        && is_same(Qwen3_5, kernel, text)
        && is_same(O200k, kernel, text)
        && is_same(Tekken, kernel, text)
        && is_same(Kimi, kernel, text)
        && is_same(DeepseekV3, kernel, text)
        && is_same(Clip, kernel, text)
}

/// Compares on so many random texts. Returns the number of kernels, or 100 if one differs.
#[unsafe(no_mangle)]
pub extern "C" fn check(rounds: u32) -> u32 {
    let (mut random, mut text, mut kernels) = (Random(0x9E37_79B9), [0; 400], 0);
    for kernel in Tier::ALL.into_iter().filter_map(Kernel::of) {
        kernels += 1;
        for round in 0..rounds {
            let (mut len, most) = (0, 1 + random.below(text.len()));
            while len < most {
                let byte = [random.below(256) as u8];
                let part = match round % 8 {
                    // Any bytes.
                    0 => &byte,
                    _ => PARTS[random.below(PARTS.len())].as_bytes(),
                };
                let part = &part[..part.len().min(most - len)];
                text[len..len + part.len()].copy_from_slice(part);
                len += part.len();
            }
            if !is_same_for_all(kernel, &text[..len]) {
                return 100;
            }
        }
    }
    kernels
}

#[cfg(any(target_os = "none", target_os = "unknown"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
