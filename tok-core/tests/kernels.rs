//! Every tier equals the specification: masks byte by byte, and pre-tokens as the scalar scanner
//! finds them.

mod drawn;

use comptok_core::{
    Kernel,
    kernel::{Letters, Masks, Tier},
    pre_tokenizer::{
        Cl100k, Clip, DeepseekV3, Gpt2, Kimi, Llama3, O200k, Qwen2, Qwen3_5, R50k, Scanner, Tekken,
    },
};
use drawn::{PARTS, random};

/// Without optimizations a part has to do; CI runs all with them.
const SLOW: bool = cfg!(debug_assertions);

fn kernels() -> Vec<Kernel> {
    let kernels: Vec<Kernel> = Tier::ALL.into_iter().filter_map(Kernel::of).collect();
    let names: Vec<_> = kernels.iter().map(|kernel| kernel.tier().name()).collect();
    eprintln!("tiers of this machine: {}", names.join(", "));
    assert!(kernels.len() > 1 || cfg!(not(any(target_arch = "x86_64", target_arch = "aarch64"))));
    kernels
}

#[test]
fn masks_tell_every_byte_at_every_place() {
    for kernel in kernels() {
        for byte in 0..=255u8 {
            let mut block = [b'a'; 64];
            for at in 0..64 {
                block[at] = byte;
                assert_eq!(kernel.masks(&block), Masks::plain(&block), "{kernel:?} {byte} {at}");
                block[at] = byte.wrapping_add(at as u8);
            }
        }
    }
}

#[test]
fn letters_are_found_at_every_place() {
    let mut random = random();
    // Rows of letters and what stands beside them, whole, broken and cut off.
    let parts: Vec<&[u8]> = "áÎάωϏЀЯяѠאתؠىٟ٠กัาะ一龥鿿䶿〿ぁゖ゛ァヺ・ヿ가힣ힰ👍 a"
        .split("")
        .map(str::as_bytes)
        .chain([&b"\xE5"[..], b"\xE3\x81", b"\xD0", b"\x80"])
        .collect();
    for round in 0..if SLOW { 300 } else { 20_000 } {
        let few = 2 + random(parts.len() - 2);
        let mut text: Vec<u8> =
            std::iter::repeat_with(|| parts[random(few)]).take(80).flatten().copied().collect();
        text.rotate_left(round % 4);
        for kernel in kernels() {
            for block in text.windows(64).step_by(7).filter_map(<[u8]>::first_chunk) {
                assert_eq!(kernel.letters(block), Letters::plain(block), "{kernel:?} {block:x?}");
            }
        }
    }
}

fn spec<S: Scanner>(scanner: S, text: &[u8]) -> Vec<usize> {
    let (mut ends, mut at) = (Vec::new(), 0);
    while at < text.len() {
        at = scanner.end(text, at);
        ends.push(at);
    }
    ends
}

/// The ends with a kernel, asked for in batches of `batch`.
fn with<S: Scanner>(scanner: S, kernel: Kernel, text: &[u8], batch: usize) -> Vec<usize> {
    let (mut ends, mut at) = (Vec::new(), 0);
    let mut room = vec![0; batch];
    while at < text.len() {
        let count = scanner.fill_with(kernel, text, at, &mut room);
        assert!(count > 0 && count <= batch);
        ends.extend_from_slice(&room[..count]);
        at = room[count - 1];
    }
    ends
}

fn check<S: Scanner + std::fmt::Debug>(scanner: S, kernels: &[Kernel], text: &[u8]) {
    let wanted = spec(scanner, text);
    for &kernel in kernels {
        for batch in [136, 72, 5] {
            let found = with(scanner, kernel, text, batch);
            if found != wanted {
                let at = found.iter().zip(&wanted).position(|(a, b)| a != b).unwrap_or_default();
                let from = if at == 0 { 0 } else { wanted[at - 1] };
                panic!(
                    "{scanner:?} {kernel:?} batch {batch}: after {from}: {:?}, not {:?}\n{:?}",
                    found.get(at),
                    wanted.get(at),
                    String::from_utf8_lossy(&text[from..text.len().min(from + 100)])
                );
            }
        }
    }
}

fn check_all(kernels: &[Kernel], text: &[u8]) {
    check(Gpt2, kernels, text);
    check(R50k, kernels, text);
    check(Cl100k, kernels, text);
    check(Llama3, kernels, text);
    check(Qwen2, kernels, text);
    check(Qwen3_5, kernels, text);
    check(O200k, kernels, text);
    check(Tekken, kernels, text);
    check(Kimi, kernels, text);
    check(DeepseekV3, kernels, text);
    check(Clip, kernels, text);
}

#[test]
fn random_texts_of_parts() {
    let kernels = kernels();
    let mut random = random();
    for round in 0..if SLOW { 1500 } else { 60_000 } {
        // Few different parts in a text meet each other more often than many do.
        let few = 2 + random(if round % 2 == 0 { 5 } else { PARTS.len() - 2 });
        let chosen: Vec<&[u8]> = (0..few).map(|_| PARTS[random(PARTS.len())]).collect();
        let mut text = Vec::new();
        let len = 1 + random(200);
        while text.len() < len {
            text.extend_from_slice(chosen[random(few)]);
        }
        check_all(&kernels, &text);
    }
}

#[test]
fn every_length_around_the_edges_of_blocks() {
    let kernels = kernels();
    let mut random = random();
    for len in 0..=260 {
        for _ in 0..if SLOW { 1 } else { 8 } {
            let text: Vec<u8> = (0..len).map(|_| b" aB'st\n!0/\t\r"[random(12)]).collect();
            check_all(&kernels, &text);
        }
        for part in PARTS.iter().filter(|_| !SLOW || len % 8 < 2) {
            let text: Vec<u8> = part.iter().copied().cycle().take(len).collect();
            check_all(&kernels, &text);
        }
    }
}

#[test]
fn every_char_between_neighbours() {
    let kernels = kernels();
    for code in 0..=0x10FFFF {
        let Some(c) = char::from_u32(code) else { continue };
        if SLOW && code > 0x600 && code % 31 != 0 {
            continue;
        }
        // Beyond these planes only a few are told apart.
        if code > 0x30000 && code % 97 != 0 && !(0xE0000..0xE0200).contains(&code) {
            continue;
        }
        let text = format!("a{c}b {c} x{c}{c}A!{c}\n{c}'s{c} '{c}{c}1");
        for kernel in &kernels[1..] {
            let kernel = std::slice::from_ref(kernel);
            check(Gpt2, kernel, text.as_bytes());
            check(Cl100k, kernel, text.as_bytes());
            check(Qwen3_5, kernel, text.as_bytes());
            check(O200k, kernel, text.as_bytes());
            check(DeepseekV3, kernel, text.as_bytes());
            check(Clip, kernel, text.as_bytes());
            let text = format!("!ab{c}b  {c}!ab {c}1  {c}中{c}・\n{c} \n{c}");
            check(DeepseekV3, kernel, text.as_bytes());
            // So many beyond ASCII that letters are told apart all at once.
            let text = format!(
                "при{c}中文{c}Я{c}ど{c}{c}ก가{c} 、{c}при中文Якω{c} x{c}中文字日本語文字中文字{c}"
            );
            check_all(kernel, text.as_bytes());
        }
    }
}
