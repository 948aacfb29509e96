//! The four normal forms with the reference's alignments, of Unicode 9 as it has them.

use super::code_points::{COMPATIBLE, COMPATIBLE_ENDS, COMPATIBLE_PARTS};
use super::nfc::{self, CHAR, CLASS_SHIFT, DECOMPOSES, INSERTED};
use alloc::vec::Vec;

/// A normal form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    C,
    D,
    Kc,
    Kd,
}

impl Form {
    const fn is_compatible(self) -> bool {
        matches!(self, Self::Kc | Self::Kd)
    }

    const fn composes(self) -> bool {
        matches!(self, Self::C | Self::Kc)
    }
}

/// Whether `text` surely is in this form.
pub(crate) fn is_normal(text: &str, form: Form) -> bool {
    if text.is_ascii() {
        return true;
    }
    if form.composes() && !nfc::is_nfc(text.as_bytes()) {
        return false;
    }
    text.chars().all(|c| {
        let canonical = form.composes() || is_stable(c);
        c.is_ascii() || canonical && !(form.is_compatible() && compatible(c).is_some())
    })
}

/// Whether `c` neither decomposes canonically nor moves.
fn is_stable(c: char) -> bool {
    let value = nfc::value(u32::from(c));
    value < DECOMPOSES && value & 0xFF == 0 && !('\u{AC00}'..='\u{D7A3}').contains(&c)
}

/// The compatibility decomposition of `c` where it is not the canonical one.
fn compatible(c: char) -> Option<&'static [u32]> {
    let at = COMPATIBLE.binary_search(&u32::from(c)).ok()?;
    let start = if at == 0 { 0 } else { usize::from(*COMPATIBLE_ENDS.get(at - 1)?) };
    COMPATIBLE_PARTS.get(start..usize::from(*COMPATIBLE_ENDS.get(at)?))
}

/// A char on its way, and the reference's count of the change that it is.
#[derive(Clone, Copy)]
struct Item {
    class: u8,
    char: u32,
    change: isize,
}

/// Calls `emit` with each char of the normal form and its change: 1 for a char that is new, 0 for one in
/// place of the next char of `text`, −n for one in place of the next with n more dropped.
pub(crate) fn normalize(text: &str, form: Form, mut emit: impl FnMut(char, isize)) {
    let mut composer = Composer { composes: form.composes(), composee: None, blocked: Vec::new() };
    // Marks in a row, to be put in order when the row ends.
    let mut run: Vec<Item> = Vec::new();
    for c in text.chars() {
        decompose(c, form.is_compatible(), |item| {
            if item.class == 0 {
                flush(&mut run, &mut composer, &mut emit);
                composer.take(item, &mut emit);
            } else {
                run.push(item);
            }
        });
    }
    flush(&mut run, &mut composer, &mut emit);
    composer.finish(&mut emit);
}

fn flush(run: &mut Vec<Item>, composer: &mut Composer, emit: &mut impl FnMut(char, isize)) {
    if run.is_empty() {
        return;
    }
    // Stable, as the order within a class counts.
    run.sort_by_key(|item| item.class);
    for item in run.drain(..) {
        composer.take(item, emit);
    }
}

fn decompose(c: char, compatible_too: bool, mut take: impl FnMut(Item)) {
    if c.is_ascii() {
        return take(Item { class: 0, char: c.into(), change: 0 });
    }
    if compatible_too && let Some(parts) = compatible(c) {
        for (i, &part) in parts.iter().enumerate() {
            let value = nfc::value(part);
            let class = if value < DECOMPOSES { value & 0xFF } else { 0 };
            take(Item { class: class as u8, char: part, change: isize::from(i > 0) });
        }
        return;
    }
    let (parts, count) = nfc::parts(c.into());
    for part in parts.iter().take(count) {
        take(Item {
            class: (part >> CLASS_SHIFT) as u8,
            char: part & CHAR & !INSERTED,
            change: isize::from(part & INSERTED != 0),
        });
    }
}

/// Composes chars that come in canonical order.
struct Composer {
    composes: bool,
    /// The last starter.
    composee: Option<Item>,
    /// Marks after it that stay.
    blocked: Vec<Item>,
}

impl Composer {
    fn take(&mut self, item: Item, emit: &mut impl FnMut(char, isize)) {
        if !self.composes {
            return put(item, emit);
        }
        let Some(composee) = &mut self.composee else {
            if item.class == 0 {
                self.composee = Some(item);
            } else {
                put(item, emit);
            }
            return;
        };
        let free = self.blocked.last().is_none_or(|last| last.class < item.class);
        if free && let Some(composed) = nfc::compose(composee.char, item.char) {
            composee.char = composed;
            composee.change += item.change - 1;
        } else if item.class == 0 {
            self.finish(emit);
            self.composee = Some(item);
        } else {
            self.blocked.push(item);
        }
    }

    fn finish(&mut self, emit: &mut impl FnMut(char, isize)) {
        if let Some(composee) = self.composee.take() {
            put(composee, emit);
        }
        for item in self.blocked.drain(..) {
            put(item, emit);
        }
    }
}

fn put(item: Item, emit: &mut impl FnMut(char, isize)) {
    emit(char::from_u32(item.char).unwrap_or('\u{FFFD}'), item.change);
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn form(text: &str, form: Form) -> (String, Vec<isize>) {
        let (mut out, mut changes) = (String::new(), Vec::new());
        normalize(text, form, |c, change| {
            out.push(c);
            changes.push(change);
        });
        (out, changes)
    }

    #[test]
    fn forms_and_changes() {
        assert_eq!(form("é", Form::D), ("e\u{301}".into(), [0, 1].into()));
        assert_eq!(form("e\u{301}x", Form::C), ("éx".into(), [-1, 0].into()));
        assert_eq!(form("ﬁ", Form::Kc), ("fi".into(), [0, 1].into()));
        assert_eq!(form("각", Form::Kd).0, "\u{1100}\u{1161}\u{11A8}");
        assert_eq!(form("\u{1100}\u{1161}\u{11A8}", Form::Kc), ("각".into(), [-2].into()));
        assert_eq!(form("q\u{307}\u{323}", Form::C).0, "q\u{323}\u{307}");
    }

    /// The other implementation, which the specialised engines use.
    #[test]
    fn composed_as_in_nfc() {
        for text in ["", "a\u{301}\u{323}b", "\u{1E0A}\u{323}", "\u{344}", "가\u{11A8}", "\u{301}a"]
        {
            let mut other = Vec::new();
            nfc::normalize(text.as_bytes(), |_, bytes| other.extend_from_slice(bytes));
            assert_eq!(form(text, Form::C).0.as_bytes(), other, "{text:?}");
        }
    }
}
