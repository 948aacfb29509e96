//! The pre-tokenizer stage as the loop sees it, and the choice of one.

use super::{Engine, engine};
use crate::{
    Kernel,
    blob::{Tables, flags},
    pre_tokenizer::{
        Cl100k, Clip, DeepseekV3, Gpt2, Kimi, Kind, LOOKAHEAD, Llama3, O200k, Qwen2, Qwen3_5, R50k,
        Scanner, Tekken, dfa::Dfa,
    },
};

/// The pre-tokenizer stage as the loop sees it.
pub(super) trait Splitter {
    /// Pre-tokens may be marked as dropped.
    const DROPS: bool;
    const NAME: &'static str;

    /// As [`Scanner::fill_with`]; with `DROPS`, the top bit of an end says that the pre-token is
    /// dropped.
    fn fill(
        tables: &Tables<'_>,
        kernel: Kernel,
        text: &[u8],
        start: usize,
        ends: &mut [usize],
    ) -> usize;

    /// The last end of a pre-token of `text[start..]` that is one whatever follows the text; `start`
    /// if there is none.
    fn certain(tables: &Tables<'_>, kernel: Kernel, text: &[u8], start: usize) -> usize {
        let (mut ends, mut last) = ([0; 64], [start; LOOKAHEAD + 1]);
        while last[LOOKAHEAD] < text.len() {
            let count = Self::fill(tables, kernel, text, last[LOOKAHEAD], &mut ends);
            if count == 0 {
                break;
            }
            for end in &ends[..count] {
                last.copy_within(1.., 0);
                last[LOOKAHEAD] = end & !DROPPED;
            }
        }
        last[0]
    }
}

/// A pattern written out by hand.
pub(super) struct Hand<S>(S);

/// The pre-tokenizer code of a baked automaton.
pub const PRE_TOKENIZER_DFA: u32 = 64;

/// The pre-tokenizer code of steps that the general engine interprets.
pub const PRE_TOKENIZER_GENERAL: u32 = 65;

/// A pattern that became an automaton when it was baked.
pub(super) struct Baked;

impl Splitter for Baked {
    const DROPS: bool = true;
    const NAME: &'static str = "dfa";

    fn fill(
        tables: &Tables<'_>,
        _: Kernel,
        text: &[u8],
        start: usize,
        ends: &mut [usize],
    ) -> usize {
        let Some(dfa) = Dfa::parse(tables.dfa) else { return 0 };
        let (mut at, mut count) = (start, 0);
        while let Some(slot) = ends.get_mut(count)
            && let Some(split) = dfa.split_at(text, at)
        {
            let flag = if split.is_match { flags::DROPS_MATCHES } else { flags::DROPS_GAPS };
            *slot = split.end | if tables.has(flag) { DROPPED } else { 0 };
            (at, count) = (split.end, count + 1);
        }
        count
    }

    fn certain(tables: &Tables<'_>, _: Kernel, text: &[u8], start: usize) -> usize {
        let Some(dfa) = Dfa::parse(tables.dfa) else { return start };
        let mut at = start;
        while let Some(split) = dfa.split_at(text, at)
            && !split.touches_end
        {
            at = split.end;
        }
        at
    }
}

macro_rules! hand {
    ($($kind:ident),*) => {
        $(impl Splitter for Hand<$kind> {
            const DROPS: bool = <$kind as Scanner>::HAS_GAPS;
            const NAME: &'static str = Kind::$kind.name();

            #[inline(always)]
            fn fill(
                tables: &Tables<'_>,
                kernel: Kernel,
                text: &[u8],
                start: usize,
                ends: &mut [usize],
            ) -> usize {
                let count = $kind.fill_with(kernel, text, start, ends);
                if Self::DROPS {
                    let mut start = start;
                    for end in ends.iter_mut().take(count) {
                        let is_gap = $kind.is_gap(text, start);
                        start = *end;
                        let flag = if is_gap { flags::DROPS_GAPS } else { flags::DROPS_MATCHES };
                        *end |= if tables.has(flag) { DROPPED } else { 0 };
                    }
                }
                count
            }
        })*

        pub(super) const fn pick<const NFC: bool>(code: u32) -> Option<&'static Engine> {
            if code == PRE_TOKENIZER_DFA {
                return Some(const { &engine::<Baked, NFC>() });
            }
            match Kind::from_code(code) {
                $(Some(Kind::$kind) => {
                    // A static is compiled in this crate. A promoted constant's functions would be
                    // compiled again wherever an engine is chosen: 1 to 2 s of a release build of
                    // every crate that includes a tokenizer.
                    static PLAIN: Engine = engine::<Hand<$kind>, false>();
                    static WITH_NFC: Engine = engine::<Hand<$kind>, true>();
                    Some(if NFC { &WITH_NFC } else { &PLAIN })
                })*
                None => None,
            }
        }
    };
}

hand!(Gpt2, R50k, Cl100k, Llama3, Qwen2, Qwen3_5, O200k, Tekken, DeepseekV3, Kimi, Clip);

/// Set in the end of a pre-token that is dropped.
pub(super) const DROPPED: usize = 1 << (usize::BITS - 1);
