//! UnicodeScripts: cuts where the script changes.

use crate::unicode::scripts::{SCRIPTS, STARTS};

/// The script of chars that belong to any.
const ANY: u8 = 0;

fn script(c: char) -> u8 {
    let next = STARTS.partition_point(|start| *start <= u32::from(c));
    next.checked_sub(1).and_then(|at| SCRIPTS.get(at)).copied().unwrap_or(ANY)
}

/// The parts of `text`. What stands before the first char of a script is in none of them, as the
/// reference has it.
pub(crate) fn cut(text: &str, put: &mut dyn FnMut(usize, usize)) {
    let mut last = ANY;
    let mut start = None;
    for (at, c) in text.char_indices() {
        let script = script(c);
        if script == ANY {
            continue;
        }
        if script != last {
            if let Some(start) = start {
                put(start, at);
            }
            start = Some(at);
        }
        last = script;
    }
    if let Some(start) = start {
        put(start, text.len());
    }
}
